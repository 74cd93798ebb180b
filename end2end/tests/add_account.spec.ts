// An admin adds a number from the start page, with scripts and without.
import { randomInt } from "node:crypto";
import { demoAccounts } from "../fixtures/demo.ts";
import { expect, test } from "../fixtures/test.ts";

test("a viewer is not offered to", async ({ accounts }) => {
  await accounts.open();
  await expect(accounts.addButton).toHaveCount(0);
});

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? "an admin" : "an admin without scripts", () => {
    test.use({ role: "admin", javaScriptEnabled });

    test("lands where the webhook is set up", async ({ accounts, page }) => {
      const phoneNumberId = String(randomInt(10 ** 14, 10 ** 14 + 2 ** 47));
      await accounts.open();
      await accounts.add({ name: "Night desk", phoneNumberId, wabaId: "3003", display: "+1 555 078 3890" });
      await expect(page).toHaveURL(/\/accounts\/[0-9a-f-]+\/webhook$/);
      await expect(page.getByRole("heading", { level: 1 })).toHaveText("Night desk");
      await expect(page.getByRole("button", { name: "Set up the webhook" })).toBeVisible();
    });

    test("is told that the number is there already, above the open form", async ({ accounts, page }) => {
      await accounts.open();
      const display = "+1 555 078 3899";
      await accounts.add({ name: "Twin", phoneNumberId: demoAccounts.support.phoneNumberId, wabaId: "3003", display });
      await expect(accounts.refusal).toHaveText("An account with this phone number id is already there.");
      await expect(page.getByLabel("Phone number id", { exact: true })).toHaveAttribute("aria-invalid", "true");
      await expect(accounts.rows.filter({ hasText: "Twin" })).toHaveCount(0);
    });

    test("types nothing again after a refusal but what was wrong", async ({ accounts, page }) => {
      const field = (name: string) => page.getByLabel(name, { exact: true });
      const name = `Second try ${javaScriptEnabled}`;
      await accounts.open();
      await accounts.add({ name, phoneNumberId: demoAccounts.support.phoneNumberId, wabaId: "3003", display: "+1 555 078 3898" });
      await expect(accounts.refusal).toBeVisible();
      await expect(field("Name")).toHaveValue(name);
      await expect(field("WABA id")).toHaveValue("3003");
      await expect(field("Display number")).toHaveValue("+1 555 078 3898");
      expect(page.url(), "none of it is in the address").not.toContain("555");

      await field("Phone number id").fill("+1 555");
      await page.getByRole("button", { name: "Add this account" }).click();
      await expect(accounts.refusal, "refused twice").toBeVisible();
      await expect(field("Name")).toHaveValue(name);
      await field("Phone number id").fill(String(randomInt(10 ** 14, 10 ** 14 + 2 ** 47)));
      await page.getByRole("button", { name: "Add this account" }).click();
      await expect(page).toHaveURL(/\/accounts\/[0-9a-f-]+\/webhook$/);
      await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
    });
  });
}

test.describe("an admin's form", () => {
  test.use({ role: "admin" });

  test("says beside a field what is wrong as soon as it is left, and takes it back as soon as it is right", async ({ accounts, page }) => {
    await accounts.open();
    await accounts.addButton.click();
    for (const [label, hint, wrong, right, rule] of [
      ["Phone number id", "phone_number_id", "10 65", "1065", "The phone number id must be 1 to 64 letters and digits."],
      ["WABA id", "waba_id", "30;03", "3003", "The WABA id must be 1 to 64 letters and digits."],
      ["Display number", "display_phone_number", "ask Ana", "+1 555 078", /^The display number must be at most 40 digits/],
    ] as const) {
      const field = page.getByLabel(label, { exact: true });
      const said = page.locator(`#${hint}-hint`);
      const before = await said.textContent();
      await field.fill(wrong);
      await expect(said, "not while one types").toHaveText(before!);
      await field.blur();
      await expect(said).toHaveText(rule);
      await expect(field).toHaveAttribute("aria-invalid", "true");
      await field.fill(right);
      await expect(said).toHaveText(before!);
      await expect(field).not.toHaveAttribute("aria-invalid");
    }
  });
});
