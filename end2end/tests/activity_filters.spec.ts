// The Activity tab's filters together: days, person and action, with results and without.
import { demoNames } from "../fixtures/demo.ts";
import { Line, canAddLines } from "../fixtures/line.ts";
import { expect, test } from "../fixtures/test.ts";

test.skip(!canAddLines, "needs a server of its own");

const { admin, manager } = demoNames;
const day = (ago: number) => new Date(Date.now() - ago * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
let address: string;

test.beforeAll(async ({ playwright, sessions }) => {
  const line = await Line.open("Ledger desk");
  address = `/accounts/${line.accountId}/activity`;
  for (const [role, enabled] of [["admin", false], ["admin", true], ["manager", false], ["manager", true]] as const) {
    const browser = await playwright.request.newContext({ baseURL: process.env.BASE_URL, storageState: await sessions(role) });
    const form = { "form[account]": line.accountId, "form[enabled]": String(enabled) };
    expect((await browser.post("/api/set_enabled", { form })).ok()).toBe(true);
    await browser.dispose();
  }
});

test("days alone: today has it all, yesterday nothing, and an end before the beginning nothing", async ({ activity, page, visit }) => {
  await activity.open(address);
  const all = await activity.entries.count();
  expect(all).toBeGreaterThanOrEqual(6);
  await activity.from.fill(day(0));
  await activity.to.fill(day(0));
  await activity.apply.click();
  await expect(page).toHaveURL(new RegExp(`from=${day(0)}&to=${day(0)}`));
  await expect(activity.entries).toHaveCount(all);
  await visit();
  await expect(activity.from).toHaveValue(day(0));
  await expect(activity.entries).toHaveCount(all);

  for (const [from, to] of [["", day(1)], [day(-1), ""], [day(0), day(1)]] as const) {
    await activity.from.fill(from);
    await activity.to.fill(to);
    await activity.apply.click();
    await expect(activity.empty, `${from} to ${to}`).toContainText("Nothing that was done matches these filters.");
  }
  await activity.clear.click();
  await expect(activity.entries).toHaveCount(all);
  await expect(activity.from).toHaveValue("");
});

test("person, action and days narrow it together, and each of them alone leaves more", async ({ activity, page }) => {
  await activity.open(address);
  await activity.person.selectOption(manager);
  await activity.action.selectOption("Webhook disabled");
  await activity.from.fill(day(1));
  await activity.to.fill(day(0));
  await activity.apply.click();
  await expect(activity.entries).toHaveText([new RegExp(`^${manager} disabled the webhook`)]);
  const query = new URL(page.url()).searchParams;
  expect([query.get("action"), query.get("from"), query.get("to")]).toEqual(["webhook.disabled", day(1), day(0)]);

  await activity.person.selectOption("Everybody");
  await activity.apply.click();
  await expect(activity.entries).toHaveText([`${manager} disabled`, `${admin} disabled`].map((words) => new RegExp(`^${words}`)));

  await activity.person.selectOption(admin);
  await activity.action.selectOption("All actions");
  await activity.apply.click();
  // Other specs add people to the company in the meantime.
  const ofTheWebhook = activity.entries.filter({ hasText: "the webhook" });
  await expect(ofTheWebhook).toHaveText([`${admin} enabled`, `${admin} disabled`].map((words) => new RegExp(`^${words}`)));

  // Both of them were there, but not on that day.
  await activity.action.selectOption("Webhook enabled");
  await activity.to.fill(day(1));
  await activity.apply.click();
  await expect(activity.empty.getByRole("heading")).toHaveText("Nothing found");
  await expect(activity.person.locator("option:checked"), "what was chosen is kept").toHaveText(admin);
  await activity.empty.getByRole("link", { name: "Show all activity" }).click();
  await expect(activity.entry(manager)).toHaveCount(2);
});
