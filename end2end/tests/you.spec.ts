// One's own account, with scripts and without. Each test has somebody of its own: sessions of the demo's people
// are shared.
import { addPerson, signedIn } from "../fixtures/person.ts";
import { expect, test } from "../fixtures/test.ts";

const fresh = "another password for tests";

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? "somebody" : "somebody without scripts", () => {
    test.use({ role: "nobody", javaScriptEnabled });

    test("changes the own password and stays signed in", async ({ signIn, accounts, frame, you, page }) => {
      const person = await addPerson("Eva Engel", "viewer");
      await signIn.open();
      await signIn.submit(person.email, person.password);
      await expect(accounts.heading).toBeVisible();
      await frame.person.click();
      await expect(you.heading).toBeVisible();
      await expect(page).toHaveTitle("Your account · Waypost");

      await you.change("not the password", fresh);
      await expect(you.refusal).toHaveText("The current password is wrong.");
      await expect(you.current).toHaveAttribute("aria-invalid", "true");
      await expect(you.current).toHaveValue("");
      await you.change(person.password, fresh, `${fresh}!`);
      await expect(you.refusal).toHaveText("The new password was not typed the same twice.");
      await you.change(person.password, fresh);
      await expect(you.notice).toHaveText("Your password was changed. All your other sessions have ended.");

      await frame.signOutButton.click();
      await expect(signIn.heading).toBeVisible();
      await signIn.submit(person.email, fresh);
      await expect(accounts.heading).toBeVisible();
    });

    test("sees where they are signed in, and signs out everywhere", async ({ signIn, accounts, you, browser }) => {
      const person = await addPerson("Finn Fabre", "manager");
      const phone = await signedIn(browser, person);
      await signIn.open();
      await signIn.submit(person.email, person.password);
      await expect(accounts.heading).toBeVisible();
      await you.open();
      await expect(you.sessions).toHaveCount(2);
      await expect(you.sessions.filter({ hasText: "This one" })).toHaveCount(1);
      await you.signOutEverywhere.click();
      await expect(signIn.heading).toBeVisible();
      await phone.goto("/");
      await expect(phone).toHaveURL(/\/sign-in/);
      await phone.context().close();
    });
  });
}

test("the browser asks for a password that is long enough", async ({ you }) => {
  await you.open();
  await you.change("whatever", "too short");
  expect(await you.new.evaluate((field: HTMLInputElement) => field.validity.tooShort)).toBe(true);
  await expect(you.refusal).toHaveCount(0);
});
