// Who may come in, and whom an admin adds; with scripts and without.
import { demoNames, demoUsers } from "../fixtures/demo.ts";
import { addPerson, freshEmail, signedIn } from "../fixtures/person.ts";
import { expect, test } from "../fixtures/test.ts";

test("everybody sees who is there, and a viewer is offered no change", async ({ accounts, frame, people, page }) => {
  await accounts.open();
  await frame.peopleLink.click();
  await expect(people.heading).toBeVisible();
  await expect(page).toHaveTitle("People · Waypost");
  await expect(frame.peopleLink).toHaveAttribute("aria-current", "page");
  await expect(people.row(demoUsers.admin)).toContainText(demoNames.admin);
  await expect(people.row(demoUsers.viewer)).toContainText("You");
  await expect(people.addButton).toHaveCount(0);
  await expect(page.locator("summary", { hasText: "Deactivate" })).toHaveCount(0);
});

test("a link in the side bar leads back to the accounts", async ({ accounts, frame, people }) => {
  await people.open();
  await frame.accountsLink.click();
  await expect(accounts.heading).toBeVisible();
});

test.describe("the first password", () => {
  test.use({ role: "admin" });

  test("is copied whole, by keyboard too", async ({ people, context, page }) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await people.open();
    await people.add("Celia Campos", freshEmail(), "viewer");
    await people.copyPassword.focus();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("status").getByText("Copied", { exact: true })).toBeVisible();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(await people.firstPassword.inputValue());
  });

  test.describe("without scripts", () => {
    test.use({ javaScriptEnabled: false });

    test("has no button that would do nothing", async ({ people }) => {
      await people.open();
      await people.add("Celia Campos", freshEmail(), "viewer");
      await expect(people.firstPassword).toBeVisible();
      await expect(people.copyPassword).toHaveCount(0);
    });
  });
});

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? "an admin" : "an admin without scripts", () => {
    test.use({ role: "admin", javaScriptEnabled });

    test("adds somebody, who signs in with the password that is shown once", async ({ people, page, browser }) => {
      const email = freshEmail();
      await people.open();
      await people.add("Cleo Costa", email, "manager");
      await expect(people.firstPassword).toBeVisible();
      const password = await people.firstPassword.inputValue();
      await people.back.click();
      await expect(people.row(email)).toContainText("manager");
      expect(await page.content()).not.toContain(password);

      const theirs = await signedIn(browser, { name: "Cleo Costa", email, password });
      await theirs.context().close();
    });

    test("is told at the field what is wrong, and the form stays open", async ({ people }) => {
      await people.open();
      await people.add("Cleo Costa", demoUsers.viewer, "manager");
      await expect(people.refusal).toHaveText("The e-mail address is already in use.");
      await expect(people.email).toHaveAttribute("aria-invalid", "true");
      await expect(people.name, "what was typed is still there").toHaveValue("Cleo Costa");
      await expect(people.email).toHaveValue(demoUsers.viewer);
      await expect(people.role).toHaveValue("manager");
      await people.email.fill(freshEmail());
      await people.submit.click();
      await expect(people.firstPassword).toBeVisible();
    });

    test("deactivates somebody, who is out at once, and reactivates them", async ({ people, browser }) => {
      const person = await addPerson("Dan Duarte", "viewer");
      const theirs = await signedIn(browser, person);
      await people.open();
      await people.deactivate(person.name, person.email);
      await expect(people.notice).toContainText("Deactivated.");
      await expect(people.row(person.email)).toContainText("Deactivated");
      await theirs.goto("/");
      await expect(theirs).toHaveURL(/\/sign-in/);
      await theirs.context().close();

      await people.row(person.email).getByRole("button", { name: `Reactivate ${person.name}` }).click();
      await expect(people.notice).toContainText("Reactivated.");
      await expect(people.row(person.email)).toContainText("Active");
    });
  });
}

test.describe("the admin's own row", () => {
  test.use({ role: "admin" });

  test("offers no way to shut oneself out", async ({ people }) => {
    await people.open();
    await expect(people.row(demoUsers.admin)).toContainText("You");
    await expect(people.row(demoUsers.admin).locator("summary, button")).toHaveCount(0);
    await expect(people.row(demoUsers.viewer).locator("summary")).toHaveCount(1);
  });
});
