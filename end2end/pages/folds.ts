import type { Locator, Page } from "@playwright/test";

/** What the Webhook tab folds up once it is in use. */
export function folds(page: Page): Locator {
  return page.locator("details.fold");
}

/** Opens all of them that can be seen. */
export async function unfold(page: Page): Promise<void> {
  const signs = page.locator("details.fold:not([open]) > summary:visible");
  while ((await signs.count()) > 0) await signs.first().click();
}
