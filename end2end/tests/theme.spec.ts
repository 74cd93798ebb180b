// Light and dark.
import { type Page } from "@playwright/test";
import { expect, test } from "../fixtures/test.ts";

/** How bright the page is, from 0 to 255. */
async function brightness(page: Page): Promise<number> {
  const colour = await page.evaluate(() => {
    const pixel = document.createElement("canvas").getContext("2d")!;
    pixel.fillStyle = getComputedStyle(document.body).backgroundColor;
    pixel.fillRect(0, 0, 1, 1);
    return [...pixel.getImageData(0, 0, 1, 1).data];
  });
  return ((colour[0] ?? 0) + (colour[1] ?? 0) + (colour[2] ?? 0)) / 3;
}

test("the system decides until somebody chooses", async ({ accounts, frame, page }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await accounts.open();
  await expect(frame.theme).toHaveValue("system");
  expect(await brightness(page)).toBeLessThan(64);
  await page.emulateMedia({ colorScheme: "light" });
  expect(await brightness(page)).toBeGreaterThan(192);
});

for (const [choice, system] of [
  ["dark", "light"],
  ["light", "dark"],
] as const) {
  test(`${choice} is remembered and there from the first byte, on a system that is ${system}`, async ({
    accounts,
    frame,
    visit,
    page,
  }) => {
    const looks = async () => ((await brightness(page)) < 128 ? "dark" : "light");
    await page.emulateMedia({ colorScheme: system });
    await accounts.open();
    expect(await looks()).toBe(system);
    await frame.theme.selectOption(choice);
    await expect(page.locator("html")).toHaveAttribute("data-theme", choice);
    expect(await looks()).toBe(choice);

    const html = await (await visit()).text();
    expect(html).toMatch(new RegExp(`^<!DOCTYPE html><html[^>]* data-theme="${choice}"`));
    await expect(frame.theme).toHaveValue(choice);
    expect(await looks()).toBe(choice);

    const [cookie] = (await page.context().cookies()).filter(({ name }) => name === "theme");
    expect(cookie?.value).toBe(choice);
    expect(cookie?.expires, "it outlives the browser").toBeGreaterThan(Date.now() / 1000 + 300 * 24 * 60 * 60);

    await frame.theme.selectOption("system");
    expect(await looks()).toBe(system);
  });
}

test.describe("before anybody signed in", () => {
  test.use({ role: "nobody" });

  test("the form is drawn in the colours that were chosen", async ({ signIn, context, page }) => {
    await context.addCookies([{ name: "theme", value: "dark", url: process.env.BASE_URL! }]);
    await signIn.open();
    expect(await brightness(page)).toBeLessThan(64);
  });
});
