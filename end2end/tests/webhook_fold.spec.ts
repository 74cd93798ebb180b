// Once events arrive, what is rarely needed is folded up: the log is what the tab is opened for.
import { checkFit } from "../fixtures/barriers.ts";
import { Line, canAddLines } from "../fixtures/line.ts";
import { type Guest, newWamid, secondsAgo, text, writes } from "../fixtures/meta.ts";
import { expect, test } from "../fixtures/test.ts";
import { folds } from "../pages/folds.ts";

test.skip(!canAddLines, "needs a server of its own");
test.use({ role: "admin" });

const guest: Guest = { bsuid: "NL.940", name: "Saskia", waId: "31600000940" };
const first = newWamid();
let used: Line;

test.beforeAll(async () => {
  used = await Line.open("Used desk");
  await used.tell(writes(guest, text("Hello"), secondsAgo(5), first));
});

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? "with scripts" : "without scripts", () => {
    test.use({ javaScriptEnabled });

    test("in use, set-up, test event and tunnel are one key away", async ({ visit, webhook, webhookCards, page }) => {
      await visit(used.webhookPath);
      await expect(folds(page)).toHaveCount(3);
      for (const hidden of [webhook.callbackUrl, webhook.secret.input, webhookCards.send, webhookCards.publicUrl]) {
        await expect(hidden).toBeHidden();
      }
      await expect(webhook.badge, "how it stands is not folded up").toHaveText("Verified");
      await expect(webhook.disable).toBeVisible();
      await page.getByText("Callback URL, verify token, app secret").press("Enter");
      await expect(webhook.callbackUrl).toHaveValue(used.callbackUrl);
      await expect(webhook.secret.input).toBeVisible();
    });

    test("before that, nothing is folded up", async ({ visit, webhook, webhookCards }) => {
      const fresh = await Line.open(`Fresh desk ${javaScriptEnabled}`);
      await visit(fresh.webhookPath);
      await expect(webhook.callbackUrl).toBeVisible();
      await expect(webhookCards.send).toBeVisible();
      await expect(webhookCards.publicUrl).toBeVisible();
      await visit(Line.bare(`Bare desk ${javaScriptEnabled}`).webhookPath);
      await expect(webhook.setUpButton).toBeVisible();
    });
  });
}

test("what lies open when the first event comes is not folded up under the hand", async ({ visit, webhook, page }) => {
  const fresh = await Line.open("Busy hands desk");
  await visit(fresh.webhookPath);
  await webhook.secret.input.fill("half a sec");
  await fresh.tell(writes(guest, text("The first"), secondsAgo(0)));
  await webhook.rotate.click();
  await webhook.rotateButton.click();
  await expect(webhook.next, "the tab was read again").toContainText("Signed events arrive");
  await expect(webhook.secret.input).toBeVisible();
  await expect(webhook.secret.input).toHaveValue("half a sec");
  await visit();
  await expect(webhook.secret.input).toBeHidden();
  await expect(folds(page).first()).not.toHaveAttribute("open");
});

for (const [width, most] of [
  [1280, 1000],
  [390, 1600],
] as const) {
  test(`at ${width} px the log is not far below, and nothing is amiss`, async ({ visit, webhook, page }) => {
    test.slow();
    await page.setViewportSize({ width, height: 800 });
    await visit(used.webhookPath);
    await expect(webhook.log.row(first)).toBeVisible();
    const top = () => page.locator("#events").evaluate((head) => head.getBoundingClientRect().top + window.scrollY);
    const folded = await top();
    expect(folded).toBeLessThan(most);
    await checkFit(page, "a tab in use, folded up");
    await webhook.unfold();
    expect(await top()).toBeGreaterThan(folded + 200);
  });
}
