// Names that people of the company give are shown as text too, however much they look like markup.
import { randomInt } from "node:crypto";
import { bite, dialogsOf, expectNoMarkup } from "../fixtures/mischief.ts";
import { type Person, addPerson, freshEmail } from "../fixtures/person.ts";
import { expect, test } from "../fixtures/test.ts";

test.use({ role: "nobody" });

const account = bite("account");
const headers = { Accept: "application/json" };
let person: Person;

test.beforeAll(async () => {
  person = await addPerson(bite("person"), "admin", `<img/src=x/onerror=alert(1)>${freshEmail()}`);
});

test.beforeEach(async ({ page }) => {
  // Directly: no browser sends a form with such an address.
  const form = { "credentials[email]": person.email, "credentials[password]": person.password };
  expect((await page.request.post("/api/sign_in", { form, headers })).ok(), "they could not sign in").toBe(true);
});

test("on the start page, in the side bar, among the people and in what was done", async ({
  accounts,
  activity,
  frame,
  people,
  page,
  visit,
}) => {
  const opened = dialogsOf(page);
  const id = String(randomInt(10 ** 14, 10 ** 14 + 2 ** 47));
  const form = { "form[name]": account, "form[phone_number_id]": id, "form[waba_id]": "3003" };
  const added = await page.request.post("/api/add_account", { form, headers });
  expect(added.ok(), "the account was not added").toBe(true);
  const accountId = (await added.json()) as string;

  await test.step("Accounts and the side bar", async () => {
    await accounts.open();
    await expect(accounts.rows.filter({ hasText: account })).not.toHaveCount(0);
    await expect(frame.person).toContainText(person.name);
    await expect(frame.person).toHaveAttribute("title", person.email);
    await expect(page).toHaveTitle("Accounts · Waypost");
    await expectNoMarkup(page);
  });

  await test.step("People", async () => {
    await people.open();
    await expect(people.row(person.email)).toContainText(person.name);
    await expect(page).toHaveTitle("People · Waypost");
    await expectNoMarkup(page);
  });

  await test.step("Activity", async () => {
    await visit(`/accounts/${accountId}/activity`);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(account);
    await expect(page).toHaveTitle(`${account} · Waypost`);
    await expect(activity.entry(`${person.name} added the account`)).toHaveCount(1);
    await expect(activity.changes(`${person.name} added the account`)).toContainText(account);
    await expect(activity.entry(person.email)).toHaveCount(1);
    await expectNoMarkup(page);
    await activity.person.selectOption(person.name);
    await activity.apply.click();
    await expect(page).toHaveURL(/[?&]person=/);
    await expect(activity.entry(`${person.name} added the account`)).toHaveCount(1);
    await expectNoMarkup(page);
  });

  expect(opened).toEqual([]);
});
