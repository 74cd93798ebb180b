// How an account's webhook is doing, at the top of its tab: state, last event, counts, what was refused and why; and
// beside it what to do about each.
import { Line, canAddLines, newSecret } from "../fixtures/line.ts";
import { type Guest, body, newWamid, secondsAgo, signature, text, writes } from "../fixtures/meta.ts";
import { expect, test } from "../fixtures/test.ts";

test.skip(!canAddLines, "needs a server of its own");
test.use({ role: "admin" });
test.describe.configure({ mode: "serial" });

const guest: Guest = { bsuid: "PT.770", name: "Rui", waId: "351910000770" };
const hour = 60 * 60;
let line: Line;

/** Refusals are written in the background, several at once: the tab is loaded until it tells of them. */
const soon = { timeout: 10_000, intervals: [200, 500] };

test.beforeAll(() => {
  line = Line.add("Strip desk");
});

test("before Meta has verified, nothing came, and the two values to paste are named", async ({ webhook, strip }) => {
  await webhook.open(line.webhookPath);
  await expect(webhook.badge).toHaveText("Not verified");
  await expect(strip.lastEvent).toHaveText(["None yet", "See what to do next, below."]);
  await expect(strip.lastHour).toHaveText(["0", "0 in the last day"]);
  await expect(strip.stuck).toHaveText(["0 · 0", "Everything is processed."]);
  await expect(strip.refused).toHaveText(["0", "No post was turned away."]);
  await expect(strip.steps, "one thing at a time").toHaveCount(1);
  const advice = strip.step("Let Meta verify the callback");
  await expect(advice).toContainText("Paste callback URL and verify token in Meta's App Dashboard → WhatsApp → Configuration");
  await expect(webhook.callbackUrl).toHaveValue(line.callbackUrl);
});

test("what is posted too early is told as such", async ({ webhook, strip }) => {
  expect(await line.postRaw(body(line.number, [writes(guest, text("Early"))]))).toBe(403);
  await expect(async () => {
    await webhook.open(line.webhookPath);
    await expect(strip.refused).toHaveText(["1", "1 unverified"], { timeout: 200 });
  }).toPass(soon);
  const advice = strip.step("One request was refused in the last day: unverified");
  await expect(advice).toContainText("press “Verify and save” in its dashboard");
});

test("verified and without an event, the WABA is to be subscribed, by a request that is copied whole", async ({
  webhook,
  strip,
  context,
  page,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await line.verify();
  await webhook.open(line.webhookPath);
  await expect(webhook.badge).toHaveText("Verified");
  await expect(webhook.since, "nobody else does it").toHaveText(/^Verified Since (\d+ s ago|just now) by Meta$/);
  await expect(strip.step("Done: Meta verified the callback")).toHaveCount(1);
  const advice = strip.step("Subscribe the WhatsApp Business Account");
  await expect(advice).toContainText("Subscribe to the field “messages”");
  const request = `POST /${line.number.wabaId}/subscribed_apps`;
  await expect(advice.locator("code")).toHaveText(request);
  await advice.getByRole("button", { name: "Copy the request" }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(request);
});

test("what came is counted, late or not, and the last of it named", async ({ webhook, strip }) => {
  const image = { type: "image", image: { id: "1", mime_type: "image/jpeg", sha256: "x" } };
  await line.tell(
    writes(guest, text("Days ago"), secondsAgo(50 * hour)),
    writes(guest, text("Hours ago"), secondsAgo(3 * hour)),
    writes(guest, text("Minutes ago"), secondsAgo(10 * 60)),
    writes(guest, image, secondsAgo(5 * 60)),
  );
  await webhook.open(line.webhookPath);
  await expect(strip.lastEvent).toHaveText([/^(\d+ s|5 min) ago$|^just now$/, "message · image"]);
  await expect(strip.lastEvent.locator("time")).toHaveAttribute("title", /^\d+ \w{3} \d{4}, \d\d:\d\d:\d\d UTC$/);
  await expect(strip.lastHour).toHaveText(["4", "4 in the last day"]);
  await expect(strip.stuck).toHaveText(["0 · 0", "Everything is processed."]);
  await expect(strip.step("Done: Signed events arrive")).toHaveCount(1);
  await expect(strip.step("Subscribe the WhatsApp Business Account")).toHaveCount(0);
});

test("what waits and what was given up is counted, and one click away", async ({ webhook, strip, page }) => {
  const [waits, doomed] = [newWamid(), newWamid()];
  await line.tell(writes(guest, text("Waits"), secondsAgo(60), waits), writes(guest, text("Doomed"), secondsAgo(50), doomed));
  line.hold(line.eventAbout(waits));
  await webhook.open(line.webhookPath);
  await expect(strip.stuck).toHaveText(["1 · 0", "See which ones wait"]);
  await strip.stuck.getByRole("link").click();
  await expect(page).toHaveURL(/\?state=pending$/);
  await expect(webhook.log.row(waits)).toBeVisible();
  await expect(webhook.log.rows).toHaveCount(1);

  line.giveUp(line.eventAbout(doomed), "the disk was on fire");
  await webhook.open(line.webhookPath);
  await expect(strip.stuck).toHaveText(["1 · 1", "1 given up, see why"]);
  await strip.stuck.getByRole("link").click();
  await expect(page).toHaveURL(/\?state=dead$/);
  await expect(webhook.log.row(doomed)).toBeVisible();
  await expect(webhook.log.rows).toHaveCount(1);
  line.release(line.eventAbout(waits));
});

test("a wrong signature and a missing one are told with their counts, and what to check", async ({ webhook, strip }) => {
  const raw = body(line.number, [writes(guest, text("Forged"))]);
  for (const proof of [signature(newSecret(), raw), signature(newSecret(), raw), "sha256=nonsense"]) {
    expect(await line.postWith(raw, { "X-Hub-Signature-256": proof })).toBe(403);
  }
  expect(await line.postWith(raw, {})).toBe(403);
  await expect(async () => {
    await webhook.open(line.webhookPath);
    // The most frequent reason first.
    await expect(strip.refused).toHaveText(["5", "3 bad signature, 1 missing signature, 1 unverified"], { timeout: 200 });
  }).toPass(soon);
  const advice = strip.step("3 were refused in the last day: bad signature");
  await expect(advice).toContainText("Check the app secret: it is the one under App settings → Basic, not an access token");
  await expect(advice.locator("time").first()).toHaveAttribute("datetime", /^\d{4}-\d\d-\d\dT/);
  await expect(strip.step("One request was refused in the last day: missing signature")).toContainText("they were not Meta's");
  await expect(webhook.log.card, "nothing of it is kept").not.toContainText("Forged");
});

test("switched off, the badge says since when and by whom", async ({ webhook, strip }) => {
  await webhook.open(line.webhookPath);
  await webhook.disable.click();
  await webhook.disableButton.click();
  await expect(webhook.badge).toHaveText("Disabled");
  await expect(webhook.since).toHaveText(/^Disabled Since (\d+ s ago|just now) by Ana Ribeiro/);
  await expect(webhook.since.locator("time")).toHaveAttribute("title", /UTC$/);
  await expect(strip.steps.first()).toContainText("It was switched off by Ana Ribeiro");
});
