// Every screen in both themes and at both widths, by axe's rules; and the way through them
// without a mouse.
import type { Locator, Page } from "@playwright/test";
import { check } from "../fixtures/barriers.ts";
import { demoAccounts, demoPassword, demoUsers } from "../fixtures/demo.ts";
import { freshEmail } from "../fixtures/person.ts";
import { tabTo } from "../fixtures/keyboard.ts";
import { expect, refusal, test } from "../fixtures/test.ts";

const widths = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 800 } };
const support = demoAccounts.support.name;

for (const theme of ["light", "dark"] as const) {
  for (const [width, viewport] of Object.entries(widths)) {
    test.describe(`${theme} and ${width}`, () => {
      test.use({ viewport });
      test.beforeEach(async ({ context }) => {
        await context.addCookies([{ name: "theme", value: theme, url: process.env.BASE_URL! }]);
      });

      test("the console's screens are free of barriers", async ({ accounts, activity, conversations, thread, visit, complaints, page }) => {
        // Many screens, and axe takes its time with each.
        test.slow();
        complaints.expect(/status of 404/);
        await accounts.open();
        await check(page, "accounts");

        await conversations.openByName(support);
        const list = page.url();
        await expect(conversations.rows).toHaveCount(4);
        await check(page, "conversations");
        await visit(`${list}?q=zzz`);
        await check(page, "nobody found");

        for (const title of ["Lena Ortiz", "Joana Prado", "@marco.b", "+33612345678"]) {
          await visit(list);
          await conversations.link(title).click();
          await expect(thread.title).toHaveText(title);
          await thread.disclose();
          await check(page, `the thread of ${title}`);
        }

        await conversations.openByName(demoAccounts.booking.name);
        await check(page, "no conversations");
        await activity.openByName(support);
        await check(page, "activity");
        await activity.processing.click();
        await expect(activity.person).toHaveCount(0);
        await check(page, "processing");
        await visit(`${list}/nothing`);
        await expect(thread.missing).toBeVisible();
        await check(page, "no such conversation");
        await visit("/accounts/nothing/conversations");
        await check(page, "no such account");
        await visit("/nothing");
        await check(page, "no such page");
      });

      test.describe("an admin", () => {
        test.use({ role: "admin" });

        test("the page that erases somebody's data is free of barriers", async ({ conversations, thread, page }) => {
          await conversations.openByName(support);
          await conversations.link("Lena Ortiz").click();
          await thread.erase.click();
          await expect(page.getByRole("button", { name: "Erase for good" })).toBeVisible();
          await check(page, "erasing somebody's data");
        });

        test("the forms about people and accounts are free of barriers", async ({ accounts, people, you, page }) => {
          test.slow();
          await accounts.open();
          await accounts.addButton.click();
          await check(page, "adding an account");
          await people.open();
          await people.addButton.click();
          await check(page, "adding a person");
          await people.add("Ana again", demoUsers.admin, "viewer");
          await expect(people.refusal).toBeVisible();
          await check(page, "the refusal of a person");
          await people.open();
          await people.row(demoUsers.viewer).locator("summary").click();
          await check(page, "deactivating");
          await people.open();
          await people.add("Axel", freshEmail(), "viewer");
          await expect(people.firstPassword).toBeVisible();
          await check(page, "the first password");
          await you.open();
          await check(page, "one's own account");
          expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "it fits").toBe(true);
          await people.open();
          expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "it fits").toBe(true);
        });
      });

      test.describe("signed out", () => {
        test.use({ role: "nobody" });

        test("the form is free of barriers, before and after a refusal", async ({ signIn, complaints, page }) => {
          complaints.expect(refusal);
          await signIn.open();
          await check(page, "the form");
          await signIn.submit("nobody@demo.waypost", "not the password");
          await expect(signIn.refusal).not.toBeEmpty();
          await check(page, "the refusal");
        });
      });
    });
  }
}

test("a barrier is noticed, and so is what is only best practice", async ({ accounts, page }) => {
  await accounts.open();
  for (const [markup, rule] of [
    ["<h5>Too deep</h5>", /heading-order/],
    ["<input type=text>", /label/],
    ["<main>Twice</main>", /landmark-no-duplicate-main/],
  ] as const) {
    await page.locator("main").evaluate((main, html) => {
      main.insertAdjacentHTML("beforeend", `<div id="barrier">${html}</div>`);
    }, markup);
    await expect(check(page, markup)).rejects.toThrow(rule);
    await page.locator("#barrier").evaluate((barrier) => barrier.remove());
  }
  await check(page, "without them");
});

test.describe("without a mouse", () => {
  test.use({ role: "nobody" });

  test("one signs in, opens a conversation and reads it to the end", async ({ signIn, conversations, thread, page }) => {
    const { keyboard } = page;
    await signIn.open();
    await keyboard.type(demoUsers.viewer);
    await keyboard.press("Tab");
    await keyboard.type(demoPassword);
    await keyboard.press("Enter");

    await tabTo(page, support);
    await keyboard.press("Enter");
    await tabTo(page, "Conversations");
    await keyboard.press("Enter");
    await expect(conversations.rows).toHaveCount(4);

    await tabTo(page, /^Lena Ortiz/);
    await keyboard.press("ArrowDown");
    await expect(conversations.link("@marco.b")).toBeFocused();
    await keyboard.press("ArrowUp");
    await expect(conversations.link("Lena Ortiz")).toBeFocused();
    await keyboard.press("Enter");
    await expect(thread.title).toHaveText("Lena Ortiz");
    await expect(conversations.link("Lena Ortiz"), "the place in the list is kept").toBeFocused();

    // The messages themselves can be scrolled, and each timeline opened.
    await tabTo(page, "Messages");
    await keyboard.press("End");
    await expect(thread.message("One moment, I am checking.").item).toBeInViewport();
    await tabToSign(page, thread.message("Of course, what is it about?").deliverySign);
    await keyboard.press("Enter");
    await expect(thread.message("Of course, what is it about?").steps.first()).toBeVisible();
    await tabToSign(page, thread.message("One moment, I am checking.").deliverySign);
    await expect(thread.message("One moment, I am checking.").deliverySign).toBeInViewport();
  });

  test("the content is one key away, and what has the focus can be seen", async ({ signIn, accounts, page }) => {
    await signIn.open();
    await signIn.submit(demoUsers.viewer, demoPassword);
    await expect(accounts.heading).toBeVisible();
    await page.reload();
    await expect(page.locator("html[data-hydrated]")).toBeAttached();
    await page.keyboard.press("Tab");
    const skip = page.getByRole("link", { name: "Skip to content" });
    await expect(skip).toBeFocused();
    await expect(skip).toBeInViewport();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    const first = accounts.rows.getByRole("link").first();
    await expect(first).toBeFocused();
    // The ring lies around the whole row.
    expect(await first.evaluate((link) => getComputedStyle(link, "::after").outlineStyle)).toBe("solid");
  });
});

/** Presses Tab until this has the focus: links to raw events lie on the way. */
async function tabToSign(page: Page, sign: Locator): Promise<void> {
  await expect(async () => {
    await page.keyboard.press("Tab");
    await expect(sign).toBeFocused({ timeout: 50 });
  }).toPass({ intervals: [20], timeout: 5_000 });
}
