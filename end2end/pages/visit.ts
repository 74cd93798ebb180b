import type { Page, Response } from "@playwright/test";
import { expect } from "@playwright/test";

/** Opens a path, or loads the page anew, and waits until it answers to clicks. */
export type Visit = (path?: string) => Promise<Response>;

/**
 * With scripts on, a page answers once the browser has taken it over from the server. The pages that stay as the server
 * drew them have no script to wait for.
 */
export function visitor(page: Page, hasScripts: boolean): Visit {
  return async (path) => {
    const response = path === undefined ? await page.reload() : await page.goto(path);
    if (!response) throw new Error("there was no answer");
    if (hasScripts && (await page.locator("link[rel=modulepreload]").count()) > 0) await hydrated(page);
    return response;
  };
}

export async function hydrated(page: Page): Promise<void> {
  await expect(page.locator("html[data-hydrated]")).toBeAttached();
}
