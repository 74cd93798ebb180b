// Takes the pictures of docs/screens, when asked to: `SCREENS=1 npx playwright test screens`. Every screen in both themes
// and at both widths, as `name-theme-width.png`.
import type { Page } from "@playwright/test";
import { join } from "node:path";
import { demoAccounts } from "../fixtures/demo.ts";
import { Line, canAddLines } from "../fixtures/line.ts";
import { expect, test } from "../fixtures/test.ts";

const folder = join(import.meta.dirname, "../../docs/screens");
const support = demoAccounts.support.name;

test.skip(!process.env.SCREENS, "only when SCREENS is set");

const themes = ["light", "dark"] as const;
const widths = [1280, 390];

async function take(page: Page, name: string): Promise<void> {
  // The pointer and the focus would show.
  await page.mouse.move(0, 0);
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.screenshot({ path: join(folder, `${name}.png`), animations: "disabled" });
}

for (const theme of themes) {
  for (const width of widths) {
    test.describe(`${theme}, ${width} px`, () => {
      const picture = async (page: Page, name: string) => await take(page, `${name}-${theme}-${width}`);

      test.use({ viewport: { width, height: 800 }, role: "admin" });
      test.beforeEach(async ({ context }) => {
        await context.addCookies([{ name: "theme", value: theme, url: process.env.BASE_URL! }]);
      });

      test("accounts, conversations, a thread", async ({ accounts, conversations, thread, page }) => {
        await accounts.open();
        await picture(page, "accounts");
        await conversations.openByName(support);
        await expect(conversations.rows).toHaveCount(4);
        // Where there is room, the thread is beside the list: one picture shows both.
        if (width < 1280) await picture(page, "conversations");
        await conversations.link("Lena Ortiz").click();
        await expect(thread.messages).toHaveCount(5);
        await picture(page, width < 1280 ? "thread" : "conversations");
      });

      test("the Webhook tab, its log, an event", async ({ accounts, webhook, event, page }) => {
        await accounts.open();
        await accounts.link(support).click();
        await expect(webhook.setUp).toBeVisible();
        await expect(webhook.log.rows.first()).toBeVisible();
        await picture(page, "webhook");
        await page.locator("#events").evaluate((head) => head.scrollIntoView());
        await picture(page, "events");
        await webhook.log.links.first().click();
        await expect(event.payload).toBeVisible();
        await picture(page, "event");
      });

      test("activity, people, the own account", async ({ activity, people, you, page }) => {
        await activity.openByName(support);
        await picture(page, "activity");
        await people.open();
        await expect(people.heading).toBeVisible();
        await picture(page, "people");
        await you.open();
        await expect(you.heading).toBeVisible();
        await picture(page, "you");
      });

      test.describe("signed out", () => {
        test.use({ role: "nobody" });

        test("sign-in", async ({ signIn, page }) => {
          await signIn.open();
          await picture(page, "sign-in");
        });
      });
    });
  }
}

// After all others: the account that it adds would be in their pictures.
test.describe("the first set-up, and erasing somebody", () => {
  test.skip(!canAddLines, "needs a server of its own");
  test.use({ role: "admin" });
  let bare: Line;
  test.beforeAll(() => {
    bare = Line.bare("Night desk");
  });

  for (const theme of themes) {
    for (const width of widths) {
      test(`${theme}, ${width} px`, async ({ webhook, conversations, thread, context, page }) => {
        await context.addCookies([{ name: "theme", value: theme, url: process.env.BASE_URL! }]);
        await page.setViewportSize({ width, height: 800 });
        await webhook.open(bare.webhookPath);
        await expect(webhook.setUpButton).toBeVisible();
        await take(page, `set-up-${theme}-${width}`);
        await conversations.openByName(support);
        await conversations.link("Lena Ortiz").click();
        await expect(thread.title).toHaveText("Lena Ortiz");
        await thread.erase.click();
        await expect(page.getByRole("button", { name: "Erase for good" })).toBeVisible();
        await take(page, `erase-${theme}-${width}`);
      });
    }
  }
});
