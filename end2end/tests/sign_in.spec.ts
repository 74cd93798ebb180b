// Coming in and going out.
import { type Role, demoAccounts, demoNames, demoPassword, demoUsers } from "../fixtures/demo.ts";
import { expect, refusal, test } from "../fixtures/test.ts";

test.describe("somebody who is not signed in", () => {
  test.use({ role: "nobody" });

  test("comes in with the right password", async ({ signIn, accounts, frame, page }) => {
    await signIn.open();
    await expect(signIn.email).toBeFocused();
    await signIn.submit(demoUsers.admin, demoPassword);

    await expect(accounts.heading).toBeVisible();
    await expect(page).toHaveURL("/");
    await expect(frame.person).toContainText(demoNames.admin);
    await expect(frame.person).toContainText("Acme Travel · admin");
  });

  for (const [what, email] of [
    ["a wrong password", demoUsers.viewer],
    ["an unknown address", "nobody@demo.waypost"],
  ] as const) {
    test(`is refused with ${what}, and not told which it was`, async ({ signIn, complaints, page }) => {
      complaints.expect(refusal);
      await signIn.open();
      await signIn.submit(email, "not the password");

      await expect(signIn.refusal).toHaveText("E-mail address or password is wrong.");
      await expect(signIn.email).toHaveValue(email);
      await expect(signIn.email).toHaveAttribute("aria-invalid", "true");
      await expect(signIn.password).toHaveAttribute("aria-invalid", "true");
      await expect(signIn.password).toBeFocused();
      await expect(page).toHaveURL("/sign-in");
      expect(await page.context().cookies()).toEqual([]);
    });
  }

  test("comes in after a refusal", async ({ signIn, accounts, complaints }) => {
    complaints.expect(refusal);
    await signIn.open();
    await signIn.submit(demoUsers.viewer, "not the password");
    await expect(signIn.refusal).not.toBeEmpty();
    await signIn.submit(demoUsers.viewer, demoPassword);
    await expect(accounts.heading).toBeVisible();
  });

  test("comes back to the deep link", async ({ signIn, accounts, conversations, visit, page }) => {
    await signIn.open();
    await signIn.submit(demoUsers.viewer, demoPassword);
    await accounts.openConversations(demoAccounts.support.name);
    await conversations.find("lena");
    await conversations.link("Lena Ortiz").click();
    await expect(page).toHaveURL(/conversations\/[0-9a-f-]+\?q=lena$/);
    const deepLink = page.url();

    await page.context().clearCookies();
    await visit(deepLink);
    await expect(signIn.heading).toBeVisible();
    await expect(page).toHaveURL(/\/sign-in\?next=%2Faccounts%2F/);

    await signIn.submit(demoUsers.viewer, demoPassword);
    await expect(page).toHaveURL(deepLink);
    await expect(page.getByRole("heading", { name: "Lena Ortiz" })).toBeVisible();
    await expect(conversations.search).toHaveValue("lena");
  });

  for (const foreign of ["https://example.com/", "//example.com/", "/\\example.com/"]) {
    test(`is not sent on to ${foreign}`, async ({ signIn, accounts, page }) => {
      await signIn.open(foreign);
      await signIn.submit(demoUsers.viewer, demoPassword);
      await expect(accounts.heading).toBeVisible();
      await expect(page).toHaveURL("/");
    });
  }

  test("who signed out is out: neither the back button nor the old cookie shows a thing", async ({
    signIn,
    accounts,
    frame,
    visit,
    page,
  }) => {
    await signIn.open();
    await signIn.submit(demoUsers.viewer, demoPassword);
    await accounts.openConversations(demoAccounts.support.name);
    await expect(page.getByText("Lena Ortiz")).toBeVisible();
    const cookies = await page.context().cookies();

    await frame.signOutButton.click();
    await expect(signIn.heading).toBeVisible();
    await expect(page).toHaveURL("/sign-in");
    expect(await page.context().cookies()).toEqual([]);

    await page.goBack();
    await expect(signIn.heading).toBeVisible();
    await expect(page.getByText("Lena Ortiz")).toHaveCount(0);
    await expect(frame.person).toHaveCount(0);

    await page.context().addCookies(cookies);
    await visit("/");
    await expect(signIn.heading).toBeVisible();
  });
});

for (const role of ["admin", "manager", "viewer"] satisfies Role[]) {
  test.describe(`the ${role}`, () => {
    test.use({ role });

    test("sees the accounts and reads the conversations", async ({ accounts, conversations, thread, frame }) => {
      await accounts.open();
      await expect(frame.person).toContainText(demoNames[role]);
      await expect(frame.person).toContainText(role);
      await expect(accounts.row(demoAccounts.booking.name)).toBeVisible();
      await accounts.openConversations(demoAccounts.support.name);
      await expect(conversations.titles).toHaveText(["Lena Ortiz", "@marco.b", "Joana Prado", "+33612345678"]);
      await conversations.link("Joana Prado").click();
      await expect(thread.messages).toHaveCount(4);
    });
  });
}
