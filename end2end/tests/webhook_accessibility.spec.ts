// The Webhook tab in both themes and at both widths, by axe's rules; nothing makes the page wider than the screen.
import type { Page } from "@playwright/test";
import { checkThemes } from "../fixtures/barriers.ts";
import { Line, canAddLines } from "../fixtures/line.ts";
import { type Guest, has, isTold, newWamid, secondsAgo, text, writes } from "../fixtures/meta.ts";
import { expect, refusal, test } from "../fixtures/test.ts";

test.skip(!canAddLines, "needs a server of its own");
test.use({ role: "admin" });

const guest: Guest = { bsuid: "SE.760", name: "Åsa", waId: "46700000760" };
const [told, asked, doomed] = [newWamid(), newWamid(), newWamid()];
let line: Line;
let bare: Line;

test.beforeAll(async () => {
  line = await Line.open("Open desk");
  bare = Line.bare("Closed desk");
  await line.tell(
    writes(guest, text("x".repeat(400)), secondsAgo(50), asked),
    isTold(guest, text("An answer"), secondsAgo(40), told),
    has(guest, told, "read", secondsAgo(30)),
    writes(guest, text("Doomed"), secondsAgo(10), doomed),
  );
  line.giveUp(line.eventAbout(doomed), `no room for ${"y".repeat(200)}`);
});

async function checkAll(page: Page, screen: string): Promise<void> {
  const width = page.viewportSize()!.width;
  expect(await page.evaluate(() => document.documentElement.scrollWidth), `${screen} is as wide as the screen`).toBeLessThanOrEqual(width);
  await checkThemes(page, screen);
}

for (const width of [1280, 390]) {
  test.describe(`at ${width} px`, () => {
    test.use({ viewport: { width, height: 800 } });

    test("the tab, its questions and an event are free of barriers", async ({ webhook, event, visit, page }) => {
      test.slow();
      await webhook.open(line.webhookPath);
      await expect(webhook.log.rows).toHaveCount(4);
      await webhook.rotate.click();
      await expect(webhook.rotateButton).toBeVisible();
      await checkAll(page, "the tab and the question whether to rotate");

      await webhook.disable.click();
      await expect(webhook.disableButton, "the question lies on the screen").toBeInViewport({ ratio: 1 });
      await expect(webhook.rotateButton, "one question at a time").toBeHidden();
      await webhook.disable.click();
      await webhook.log.link(doomed).click();
      await expect(event.payload).toBeVisible();
      expect(await event.isModal()).toBe(true);
      await event.replay.click();
      await expect(event.replayButton).toBeInViewport({ ratio: 1 });
      await checkAll(page, "an event over the log and the question whether to replay it");

      await visit(`${line.webhookPath}/events/${line.eventAbout(asked)}`);
      await event.rawSign.click();
      await event.headersSign.click();
      await checkAll(page, "an event's page");
    });

    test("the set-up is free of barriers, with errors and with a token", async ({ webhook, complaints, page }) => {
      complaints.expect(refusal);
      await webhook.open(bare.webhookPath);
      await webhook.fillPath("/accounts");
      await webhook.secret.input.fill("too short");
      await webhook.secret.input.press("Enter");
      await expect(webhook.secret.input).toHaveAttribute("aria-invalid", "true");
      await expect(webhook.path.input).toHaveAttribute("aria-invalid", "true");
      await checkAll(page, "the set-up with errors");

      await webhook.open(line.webhookPath);
      await webhook.rotate.click();
      await webhook.rotateButton.click();
      await expect(webhook.issuedBox).toBeVisible();
      await checkAll(page, "a token shown once");
    });
  });
}
