// Takes the pictures of docs/screens, when asked to: `SCREENS=1 npx playwright test screens`.
import type { Page } from "@playwright/test";
import { join } from "node:path";
import { demoAccounts } from "../fixtures/demo.ts";
import { expect, test } from "../fixtures/test.ts";

const folder = join(import.meta.dirname, "../../docs/screens");
const support = demoAccounts.support.name;

test.skip(!process.env.SCREENS, "only when SCREENS is set");

for (const theme of ["light", "dark"] as const) {
  test.describe(theme, () => {
    const wide = { width: 1280, height: 800 };
    const narrow = { width: 390, height: 800 };
    const picture = async (page: Page, name: string) => {
      // The pointer and the focus would show.
      await page.mouse.move(0, 0);
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
      const width = page.viewportSize()?.width;
      await page.screenshot({ path: join(folder, `${name}-${theme}-${width}.png`), animations: "disabled" });
    };

    test.use({ viewport: wide, role: "admin" });
    test.beforeEach(async ({ context }) => {
      await context.addCookies([{ name: "theme", value: theme, url: process.env.BASE_URL! }]);
    });

    test("accounts and conversations", async ({ accounts, conversations, thread, page }) => {
      await accounts.open();
      await picture(page, "accounts");
      await conversations.openByName(support);
      await conversations.link("Lena Ortiz").click();
      await expect(thread.messages).toHaveCount(5);
      await picture(page, "conversations");
      await page.setViewportSize(narrow);
      await picture(page, "thread");
    });

    test("the Webhook tab and an event", async ({ accounts, page }) => {
      await accounts.open();
      await accounts.row(support).getByRole("link", { name: support }).click();
      await expect(page.getByRole("heading", { name: "Events", exact: true })).toBeVisible();
      await expect(page.locator(".log tbody tr").first()).toBeVisible();
      await picture(page, "webhook");
      await page.locator(".log tbody th a").first().click();
      await expect(page.getByRole("region", { name: "Payload" })).toBeVisible();
      await picture(page, "event");
      await page.setViewportSize(narrow);
      await picture(page, "event");
      await page.keyboard.press("Escape");
      await expect(page.locator("dialog.event")).toHaveCount(0);
      await page.evaluate(() => scrollTo(0, 0));
      await picture(page, "webhook");
      await page.locator("#events").evaluate((head) => head.scrollIntoView());
      await picture(page, "events");
    });

    test("activity, people, the own account", async ({ activity, people, page }) => {
      await activity.openByName(support);
      await picture(page, "activity");
      await people.open();
      await picture(page, "people");
      await page.goto("/you");
      await picture(page, "you");
      await page.setViewportSize(narrow);
      await page.goBack();
      await picture(page, "people");
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
