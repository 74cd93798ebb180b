// The states that a screen is in for a while, by axe's rules, in both themes and at both widths: what the specs of whole
// screens do not come past. Where the rest of the page is checked elsewhere, only the part that is new is.
import { checkFit } from "../fixtures/barriers.ts";
import { demoAccounts } from "../fixtures/demo.ts";
import { fail, hold, noted } from "../fixtures/disturbance.ts";
import { Line, canAddLines } from "../fixtures/line.ts";
import { type Guest, newWamid, secondsAgo, text, writes } from "../fixtures/meta.ts";
import { expect, refusal, test } from "../fixtures/test.ts";
import { ReadStates } from "../pages/read_states.ts";

test.skip(!canAddLines, "needs a server of its own");
test.use({ role: "admin" });

const guest: Guest = { bsuid: "FI.810", name: "Aino", waId: "358400000810" };
const [whole, broken] = [newWamid(), newWamid()];
let line: Line;

test.beforeAll(async () => {
  line = await Line.open("Odd desk");
  await line.post(writes(guest, text("Whole"), secondsAgo(20), whole), writes(guest, text(`cut \ud83c ${"z".repeat(300)}`), secondsAgo(10), broken));
  await line.settled();
});

for (const width of [1280, 390]) {
  test.describe(`at ${width} px`, () => {
    test.use({ viewport: { width, height: 800 } });

    test("a log that is on its way, could not be read, finds nothing, or is told of something new", async ({
      webhook,
      accounts,
      complaints,
      page,
    }) => {
      test.slow();
      complaints.expect(noted);
      const shown = new ReadStates(page, ".events");
      await accounts.open();
      const mend = await fail(page, "events", "unavailable");
      const release = await hold(page, "events");
      await accounts.link(line.name).click();
      await expect(shown.skeleton).toBeVisible();
      await expect(webhook.setUp).toBeVisible();
      await checkFit(page, "a log on its way", ".events");
      await release();
      await expect(shown.request).toBeVisible();
      await checkFit(page, "a log that could not be read", ".events");
      await mend();
      await shown.tryAgain.click();
      await expect(webhook.log.row(broken)).toBeVisible();

      const pill = page.getByRole("button", { name: / new$/ });
      await line.post(writes(guest, text("Another"), secondsAgo(0)));
      await expect(pill).toBeVisible();
      await checkFit(page, "something new", ".events");
      await expect(pill).toBeVisible();

      await webhook.log.state("Failed").click();
      await expect(webhook.log.empty).toContainText("No such events");
      await checkFit(page, "a filter that finds nothing", ".events");
      await line.settled();
    });

    test("an event whose bytes are all that there is", async ({ visit, event, page }) => {
      await visit(`${line.webhookPath}?state=quarantined`);
      await page.locator(".events tbody th a").first().click();
      await expect(event.badge).toHaveText("Quarantined");
      await visit();
      await expect(event.raw).toBeVisible();
      await checkFit(page, "a quarantined event");
    });

    test("an account that is set up, has nothing yet, and is switched off", async ({ webhook, page }) => {
      const quiet = await Line.open(`Quiet desk ${width}`);
      await webhook.open(quiet.webhookPath);
      await expect(webhook.log.empty).toContainText("No events yet");
      await webhook.disable.click();
      await webhook.disableButton.click();
      await expect(webhook.badge).toHaveText("Disabled");
      await expect(webhook.toast).toHaveText("Webhook disabled.");
      await checkFit(page, "a toast", ".toasts");
      await expect(webhook.toast, "it was there all the while").toHaveText("Webhook disabled.");
      await checkFit(page, "a webhook that is switched off, with an empty log");
    });

    test("a token and a tunnel that are refused beside their fields", async ({ webhook, webhookCards, complaints, page }) => {
      complaints.expect(refusal);
      await webhook.open(line.webhookPath);
      await webhook.rotate.click();
      await webhook.ownToken.input.fill("too-short");
      await webhook.ownToken.input.press("Enter");
      await expect(webhook.ownToken.input).toHaveAttribute("aria-invalid", "true");
      await checkFit(page, "a refused token", ".token");
      await webhookCards.publicUrl.fill("nonsense");
      await webhookCards.check.click();
      await expect(webhookCards.said).toContainText("Please give the URL");
      await checkFit(page, "a refused tunnel", ".tunnel");
    });

    test("a thread and an event that could not be read", async ({ conversations, complaints, page }) => {
      complaints.expect(noted);
      await conversations.openByName(demoAccounts.support.name);
      await fail(page, "thread", "lost");
      await conversations.link("Lena Ortiz").click();
      await expect(new ReadStates(page, ".pane.thread").sentence).toBeVisible();
      await checkFit(page, "a thread that could not be read", ".pane.thread");
      await page.goto(line.webhookPath);
      await expect(page.locator("html[data-hydrated]")).toBeAttached();
      await fail(page, "event", "lost");
      await page.locator(".events tbody th a").first().click();
      await expect(new ReadStates(page, "dialog.event").sentence).toBeVisible();
      await checkFit(page, "an event that could not be read", "dialog.event");
    });

    test("an event that is not there", async ({ visit, event, complaints, page }) => {
      complaints.expect(/status of 404/);
      await visit(`${line.webhookPath}/events/01900000-0000-7000-8000-000000000000`);
      await expect(event.missing).toBeVisible();
      await checkFit(page, "an event that is not there");
    });

    test("a payload that is searched, with hits", async ({ visit, event, page }) => {
      await visit(`${line.webhookPath}/events/${line.eventAbout(whole)}`);
      await event.search.fill("WHOLE");
      await expect(event.found).toHaveText("1 of 1");
      await expect(event.payload.locator(".hit").first()).toBeVisible();
      await checkFit(page, "a payload with a hit", "dialog.event");
      await event.search.fill("snowing");
      await expect(event.found).toHaveText("Not found");
      await checkFit(page, "a payload without one", "dialog.event");
    });

    test("activity that a filter has left nothing of", async ({ activity, page }) => {
      await activity.open(`/accounts/${line.accountId}/activity?to=2024-01-01`);
      await expect(activity.empty).toContainText("Nothing that was done matches these filters.");
      await checkFit(page, "activity with a filter that finds nothing");
    });

    test.describe("as somebody who only looks", () => {
      test.use({ role: "viewer" });

      test("the Webhook tab", async ({ webhook, page }) => {
        await webhook.open(line.webhookPath);
        await expect(webhook.badge).toHaveText("Verified");
        await expect(webhook.log.row(broken)).toBeVisible();
        await expect(webhook.disable).toHaveCount(0);
        await checkFit(page, "the Webhook tab of a viewer");
      });
    });
  });
}
