// An account's Activity tab: who changed what and when.
import { demoAccounts, demoNames } from "../fixtures/demo.ts";
import { Line, canAddLines } from "../fixtures/line.ts";
import { text, writes } from "../fixtures/meta.ts";
import { expect, test } from "../fixtures/test.ts";

const support = demoAccounts.support.name;
const replayed = `${demoNames.manager} had an event processed again`;
const rotated = `${demoNames.admin} put a new verify token in place`;

test("each entry says who did what, when, and what it was before and after", async ({ activity, page }) => {
  await activity.openByName(support);
  await expect(page).toHaveTitle("Support line · Waypost");
  await expect(activity.entry(replayed).first()).toBeVisible();
  await expect(activity.changes(replayed).first()).toContainText("processed → pending");
  await expect(activity.entry(rotated).first().locator("time").last()).toHaveText(/ ago$|^just now$/);
  await expect(activity.entry("Command line added the account")).toHaveCount(1);
  await expect(activity.entry("added a person").first()).toContainText("Whole company");
  await expect(activity.pager).toContainText(/That is all|Newest first/);
});

test("an entry about an event leads to it", async ({ activity, page }) => {
  await activity.openByName(support);
  await activity.entry(replayed).first().getByRole("link", { name: "Event" }).click();
  await expect(page).toHaveURL(/\/webhook\/events\//);
});

test("person and action narrow the list, are in the address, and are cleared", async ({ activity, visit, page }) => {
  await activity.openByName(support);
  await activity.person.selectOption(demoNames.manager);
  await activity.apply.click();
  await expect(page).toHaveURL(/[?&]person=/);
  await expect(activity.entry(demoNames.admin)).toHaveCount(0);
  await expect(activity.entry(replayed).first()).toBeVisible();

  await visit();
  await expect(activity.person.locator("option:checked")).toHaveText(demoNames.manager);
  await activity.action.selectOption("Verify token rotated");
  await activity.apply.click();
  await expect(activity.empty.getByRole("heading")).toHaveText("Nothing found");
  await activity.clear.click();
  await expect(page).toHaveURL(/\/activity$/);
  await expect(activity.entry(rotated).first()).toBeVisible();
  await expect(activity.person).toHaveValue("");
  await expect(activity.action).toHaveValue("");
  await page.goBack();
  await expect(activity.empty).toBeVisible();
  await expect(activity.action.locator("option:checked")).toHaveText("Verify token rotated");
});

test("days narrow the list", async ({ activity, page }) => {
  await activity.openByName(support);
  await activity.to.fill("2024-01-01");
  await activity.apply.click();
  await expect(page).toHaveURL(/[?&]to=2024/);
  await expect(activity.empty).toContainText("Nothing that was done matches these filters.");
  await activity.empty.getByRole("link", { name: "Show all activity" }).click();
  await expect(activity.entries.first()).toBeVisible();
  await expect(activity.to).toHaveValue("");
});

test("what the workers did stands apart", async ({ activity, page }) => {
  await activity.openByName(support);
  await expect(activity.entry("Worker")).toHaveCount(0);
  await activity.processing.click();
  await expect(page).toHaveURL(/\?kind=processing$/);
  await expect(activity.entry("Worker seed processed").first()).toBeVisible();
  await expect(activity.person).toHaveCount(0);
  await expect(activity.processing).toHaveAttribute("aria-current", "true");
  await activity.people.click();
  await expect(activity.person).toBeVisible();
});

test("a new account begins with itself, then tells of Meta and of what was processed", async ({ activity, page }) => {
  test.skip(!canAddLines, "needs a server of its own");
  const line = Line.add("Early desk");
  const address = `/accounts/${line.accountId}/activity`;
  await activity.open(`${address}?kind=processing`);
  await expect(activity.empty.getByRole("heading")).toHaveText("Nothing was processed yet");
  await activity.open(address);
  await expect(activity.changes("Command line added the account")).toContainText("Early desk");

  await line.verify();
  await line.tell(writes({ bsuid: "DE.7", name: "Ada", waId: "491510000007" }, text("Hello")));
  await activity.open(address);
  await expect(activity.entries.first()).toContainText("Meta verified the webhook");
  await expect(activity.changes("Meta verified the webhook")).toContainText("unverified → verified");
  await activity.processing.click();
  await expect(activity.entries).toHaveText([/processed an event/]);
  await expect(page).toHaveURL(/\?kind=processing$/);
});

test("a long list is read to its end and from its beginning", async ({ activity }) => {
  test.skip(!canAddLines, "needs a server of its own");
  const line = Line.add("Busy desk");
  // Each right answer to Meta's challenge is told.
  for (let times = 0; times < 35; times++) await line.verify();
  await activity.open(`/accounts/${line.accountId}/activity?person=meta`);
  await expect(activity.entries).toHaveCount(30);
  await expect(activity.newest).toHaveCount(0);
  await activity.older.click();
  await expect(activity.entries).toHaveCount(5);
  await expect(activity.pager).toContainText("That is all");
  await activity.newest.click();
  await expect(activity.entries).toHaveCount(30);
});

test("an account that is not there has no activity", async ({ visit, complaints, page }) => {
  complaints.expect(/status of 404/);
  const answer = await visit("/accounts/01900000-0000-7000-8000-000000000000/activity");
  expect(answer.status()).toBe(404);
  await expect(page.getByRole("heading", { name: "Nothing here" })).toBeVisible();
  await expect(page.getByRole("main").getByRole("combobox")).toHaveCount(0);
});

test.describe("narrow", () => {
  test.use({ viewport: { width: 390, height: 800 } });

  test("nothing is wider than the screen", async ({ activity, page }) => {
    await activity.openByName(support);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
  });
});

test.describe("with scripts off", () => {
  test.use({ javaScriptEnabled: false });

  test("the list is filtered, switched and read", async ({ activity, page }) => {
    await activity.openByName(support);
    await activity.person.selectOption(demoNames.manager);
    await activity.apply.click();
    await expect(page).toHaveURL(/person=/);
    await expect(activity.entry(replayed).first()).toBeVisible();
    await expect(activity.entry(demoNames.admin)).toHaveCount(0);
    await expect(activity.person.locator("option:checked")).toHaveText(demoNames.manager);
    await activity.clear.click();
    await expect(activity.entry(rotated).first()).toBeVisible();
    await activity.processing.click();
    await expect(activity.entry("Worker seed processed").first()).toBeVisible();
  });
});
