// The start page: one row an account.
import { demoAccounts } from "../fixtures/demo.ts";
import { Line, canAddLines } from "../fixtures/line.ts";
import { text, writes } from "../fixtures/meta.ts";
import { expect, test } from "../fixtures/test.ts";

const { support, booking } = demoAccounts;

test("an account's row says what it is and how it is doing", async ({ accounts, page }) => {
  await accounts.open();
  await expect(page).toHaveTitle("Accounts · Waypost");
  const row = accounts.row(support.name);
  await expect(row.getByRole("cell").nth(0)).toHaveText(support.number);
  await expect(row.getByRole("cell").nth(1)).toContainText("10654035…2922");
  await expect(row.getByRole("cell").nth(2)).toHaveText("Verified");
  await expect(row.getByRole("cell").nth(3)).toHaveText(/ ago$|^just now$/);
  await expect(row.locator("time")).toHaveAttribute("title", /^\d+ \w{3} \d{4}, \d\d:\d\d:\d\d UTC$/);
});

test("an account that never heard of Meta says so", async ({ accounts }) => {
  await accounts.open();
  await expect(accounts.row(booking.name)).toContainText(booking.number);
  await expect(accounts.row(booking.name)).toContainText("Nothing yet");
});

test("the side bar counts the accounts", async ({ accounts, frame }) => {
  await accounts.open();
  const rows = await accounts.rows.count();
  expect(rows).toBeGreaterThanOrEqual(2);
  await expect(frame.accountsLink).toHaveText(`Accounts ${rows}`);
  await expect(frame.accountsLink).toHaveAttribute("aria-current", "page");
});

test("the phone number id is copied whole", async ({ accounts, context, page }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await accounts.open();
  await accounts.copyButton(support.name).click();
  await expect(accounts.row(support.name).getByRole("status")).toHaveText("Copied");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(support.phoneNumberId);
  await expect(page).toHaveURL("/");
});

test("a row opens the account's webhook, and the crumbs lead back", async ({ accounts, conversations, page }) => {
  await accounts.open();
  // Anywhere in the row will do: the link covers it.
  await accounts.row(booking.name).click({ position: { x: 500, y: 4 } });
  await expect(conversations.heading).toHaveText(booking.name);
  await expect(page).toHaveURL(/\/accounts\/[0-9a-f-]+\/webhook$/);
  await expect(page).toHaveTitle("Booking desk · Waypost");
  await page.getByRole("navigation", { name: "Breadcrumb" }).getByRole("link", { name: "Accounts" }).click();
  await expect(accounts.heading).toBeVisible();
});

test("an account without messages says how to get one", async ({ conversations }) => {
  await conversations.openByName(booking.name);
  await expect(conversations.empty.getByRole("heading")).toHaveText("No conversations yet");
  await expect(conversations.empty).toContainText("Write to the number");
});

test("the address of an account leads to its webhook", async ({ conversations, visit, page }) => {
  await conversations.openByName(support.name);
  const address = page.url();
  await visit(address.replace(/\/conversations$/, ""));
  await expect(page).toHaveURL(address.replace(/conversations$/, "webhook"));
  await expect(page.getByRole("heading", { name: "Events" })).toBeVisible();
});

test("a new account is waiting for Meta, then verified, then says when it last heard of it", async ({
  accounts,
  conversations,
}) => {
  test.skip(!canAddLines, "needs a server of its own");
  const line = Line.add("Night desk");
  await accounts.open();
  await expect(accounts.row(line.name)).toContainText("Not verified");
  await conversations.open(line.path);
  await expect(conversations.empty).toContainText("Meta has not verified the webhook yet");

  await line.verify();
  await accounts.open();
  await expect(accounts.row(line.name)).toContainText("Verified");
  await expect(accounts.row(line.name)).toContainText("Nothing yet");

  await line.tell(writes({ bsuid: "DE.1", name: "Ada", waId: "491510000001" }, text("Hello")));
  await accounts.open();
  await expect(accounts.row(line.name).locator("time")).toHaveText(/ s ago$|^just now$/);
});
