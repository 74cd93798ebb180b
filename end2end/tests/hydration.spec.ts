// The page the server writes is taken over in the browser, and nothing is amiss on the way:
// a missing file, a blocked script or a page that differs from the server's would be
// reported on the console.
import { expect as plainly, test as anybody } from "@playwright/test";
import { demoAccounts } from "../fixtures/demo.ts";
import { expect, test } from "../fixtures/test.ts";

anybody("the first page is taken over by the browser without a complaint", async ({ page }) => {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });

  await page.goto("/");
  await plainly(page.locator("html[data-hydrated]")).toBeAttached();

  plainly(complaints).toEqual([]);
});

test("what the server has read is not read once more in the browser", async ({ accounts, page, webhook }) => {
  const reads: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST") reads.push(new URL(request.url()).pathname);
  });
  await accounts.open();
  expect(reads).toEqual([]);

  await accounts.link(demoAccounts.support.name).click();
  await expect(webhook.log.rows.first()).toBeVisible();
  expect(reads.sort()).toEqual(["/api/events", "/api/webhook"]);
  await webhook.open(page.url());
  await page.waitForLoadState("networkidle");
  expect(reads, "nothing more on the page that was loaded anew").toHaveLength(2);
});
