// Everything can be read with scripts off.
import { demoAccounts, demoPassword, demoUsers } from "../fixtures/demo.ts";
import { expect, test } from "../fixtures/test.ts";

test.use({ javaScriptEnabled: false });
const support = demoAccounts.support.name;

test.describe("somebody who is not signed in", () => {
  test.use({ role: "nobody" });

  test("comes in, back to where they wanted to be, and goes out again", async ({
    signIn,
    conversations,
    accounts,
    frame,
    visit,
    page,
  }) => {
    await visit("/");
    await expect(signIn.heading).toBeVisible();
    await signIn.submit(demoUsers.manager, demoPassword);
    await expect(accounts.heading).toBeVisible();
    await accounts.openConversations(support);
    await expect(conversations.rows).toHaveCount(4);
    const address = page.url();

    await frame.signOutButton.click();
    await expect(signIn.heading).toBeVisible();
    await visit(`${address}?q=lena`);
    await expect(signIn.heading).toBeVisible();
    await signIn.submit(demoUsers.manager, demoPassword);
    await expect(page).toHaveURL(`${address}?q=lena`);
    await expect(conversations.titles).toHaveText(["Lena Ortiz"]);

    await frame.signOutButton.click();
    await expect(signIn.heading).toBeVisible();
    await page.goBack();
    await expect(page.getByText("Lena Ortiz")).toHaveCount(0);
    await visit("/");
    await expect(signIn.heading).toBeVisible();
  });

  test("is refused with a wrong password, and can try again", async ({ signIn, accounts, page }) => {
    await signIn.open();
    await signIn.submit(demoUsers.manager, "not the password");
    await expect(signIn.refusal).toHaveText("E-mail address or password is wrong.");
    expect(page.url(), "the password is not in the address").not.toContain("not%20the");
    await signIn.submit(demoUsers.manager, demoPassword);
    await expect(accounts.heading).toBeVisible();
  });

  test("is still sent back to the deep link after a refusal", async ({ signIn, visit, complaints, page }) => {
    complaints.expect(/status of 404/);
    await visit("/accounts/01890000-0000-7000-8000-000000000000/conversations");
    await signIn.submit(demoUsers.manager, "not the password");
    await expect(signIn.refusal).not.toBeEmpty();
    await signIn.submit(demoUsers.manager, demoPassword);
    await expect(page).toHaveURL("/accounts/01890000-0000-7000-8000-000000000000/conversations");
  });
});

test("the accounts are listed; what needs scripts is not offered", async ({ accounts }) => {
  await accounts.open();
  await expect(accounts.row(support)).toContainText("Verified");
  await expect(accounts.row(demoAccounts.booking.name)).toContainText("Nothing yet");
  await expect(accounts.copyButton(support)).toBeHidden();
});

test("the theme is chosen by a form, and the page stays the one it was", async ({ accounts, frame, page }) => {
  await accounts.open();
  await frame.theme.selectOption("dark");
  await page.getByRole("button", { name: "Apply the theme" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await expect(page).toHaveURL("/");
  await page.reload();
  await expect(frame.theme).toHaveValue("dark");
});

test("conversations are searched and read, timelines disclosed", async ({ conversations, thread, page }) => {
  await conversations.openByName(support);
  await expect(conversations.rows).toHaveCount(4);
  await conversations.search.fill("lena");
  await conversations.searchButton.click();
  await expect(conversations.titles).toHaveText(["Lena Ortiz"]);
  await conversations.link("Lena Ortiz").click();
  await expect(page).toHaveTitle("Lena Ortiz · Waypost");
  await expect(thread.messages).toHaveCount(5);
  await expect(conversations.titles).toHaveText(["Lena Ortiz"]);

  const asked = thread.message("Of course, what is it about?");
  await expect(asked.reactions).toHaveText(["👍 1"]);
  await expect(asked.steps.first()).toBeHidden();
  await asked.deliverySign.click();
  await expect(asked.steps).toHaveText([/^sent/, /^delivered/, /^read/]);
  await expect(asked.steps.first()).toBeVisible();
  await expect(thread.message("One moment, I am checking.").item).toBeInViewport();

  await conversations.search.fill("nobody of this name");
  await conversations.searchButton.click();
  await expect(conversations.empty).toContainText("Nobody found");
  await conversations.empty.getByRole("link").click();
  await expect(conversations.rows).toHaveCount(4);
});

test("an empty list says what to do", async ({ conversations }) => {
  await conversations.openByName(demoAccounts.booking.name);
  await expect(conversations.empty).toContainText("Write to the number");
});
