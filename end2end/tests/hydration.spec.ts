// The page the server writes is taken over in the browser, and nothing is amiss on the way:
// a missing file, a blocked script or a page that differs from the server's would be
// reported on the console.
import { expect, test } from "@playwright/test";

test("the first page is taken over by the browser without a complaint", async ({ page }) => {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });

  await page.goto("/");
  await expect(page.locator("html[data-hydrated]")).toBeAttached();

  expect(complaints).toEqual([]);
});
