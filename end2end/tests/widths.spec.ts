// Between a phone and a very wide screen: nothing makes a page wider than the screen, and no line becomes endless.
import type { Page } from "@playwright/test";
import { demoAccounts } from "../fixtures/demo.ts";
import { expect, test } from "../fixtures/test.ts";

const support = demoAccounts.support.name;

/** As wide as `main` becomes. */
const widest = 1600;

async function expectFit(page: Page, screen: string): Promise<void> {
  const { over, main } = await page.evaluate(() => ({
    over: document.documentElement.scrollWidth - window.innerWidth,
    main: document.querySelector("main")!.getBoundingClientRect().width,
  }));
  expect(over, `${screen} is as wide as the screen`).toBeLessThanOrEqual(0);
  expect(main, screen).toBeLessThanOrEqual(widest);
}

test.use({ role: "admin" });

for (const width of [1024, 1920, 2560]) {
  test(`every screen fits into ${width} px`, async ({ accounts, conversations, thread, webhook, event, activity, people, you, visit, page }) => {
    test.slow();
    await page.setViewportSize({ width, height: 800 });
    await accounts.open();
    await expectFit(page, "accounts");
    await accounts.addButton.click();
    await expectFit(page, "adding an account");

    await conversations.openByName(support);
    await conversations.link("Lena Ortiz").click();
    await expect(thread.title).toHaveText("Lena Ortiz");
    await thread.disclose();
    await expectFit(page, "a thread");

    await accounts.open();
    await accounts.link(support).click();
    await expect(webhook.log.rows.first()).toBeVisible();
    await expectFit(page, "the Webhook tab");
    await webhook.unfold();
    await webhook.rotate.click();
    await expect(webhook.rotateButton).toBeVisible();
    await expectFit(page, "the Webhook tab, unfolded");
    await webhook.log.links.first().click();
    await expect(event.payload).toBeVisible();
    await expectFit(page, "an event over the log");
    await visit();
    await event.headersSign.click();
    await expectFit(page, "an event's page");

    await activity.openByName(support);
    await expectFit(page, "activity");
    await people.open();
    await people.addButton.click();
    await expectFit(page, "people");
    await you.open();
    await expectFit(page, "the own account");
  });
}

test("at 1280 px the filters of the activity are one row, and so is their button", async ({ activity, page }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await activity.openByName(support);
  const [first, last] = [await activity.person.boundingBox(), await activity.apply.boundingBox()];
  expect(Math.abs(first!.y - last!.y)).toBeLessThan(8);
});
