// Each state that an event can be in: found by its filter, named alike in the log and on the event, and why it is so.
import { Line, canAddLines } from "../fixtures/line.ts";
import { type Guest, body, newWamid, secondsAgo, text, writes } from "../fixtures/meta.ts";
import { expect, test } from "../fixtures/test.ts";

test.skip(!canAddLines, "needs a server of its own");
test.use({ role: "manager" });
test.describe.configure({ mode: "serial" });

const guest: Guest = { bsuid: "GR.780", name: "Eleni", waId: "306900000780" };
const [waits, retried, processed, doomed, broken, nobodys] = Array.from({ length: 6 }, newWamid) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
let line: Line;

test.beforeAll(async () => {
  line = await Line.open("States desk");
  await line.tell(
    writes(guest, text("Waits"), secondsAgo(50), waits),
    writes(guest, text("Retried"), secondsAgo(40), retried),
    writes(guest, text("Done"), secondsAgo(30), processed),
    writes(guest, text("Doomed"), secondsAgo(20), doomed),
  );
  // PostgreSQL's JSON cannot hold half an emoji; Meta sends such.
  await line.post(writes(guest, text("cut \ud83c"), secondsAgo(10), broken));
  const elsewhere = { ...line.number, wabaId: "888000888000", phoneNumberId: "888000888001" };
  expect(await line.postRaw(body(elsewhere, [writes(guest, text("Whose am I?"), secondsAgo(5), nobodys)]))).toBe(200);
  await line.settled();
  line.hold(line.eventAbout(waits));
  line.stumble(line.eventAbout(retried), "the disk was full");
  line.giveUp(line.eventAbout(doomed), "the disk was on fire");
});

test("each filter finds its own, and the event says why it is so", async ({ webhook, event, page }) => {
  const { log } = webhook;
  await webhook.open(line.webhookPath);
  for (const [filter, word, badges, about, why] of [
    ["Waiting", "pending", ["Retrying", "Waiting"], waits, /^Next try/],
    ["Waiting", "pending", ["Retrying", "Waiting"], retried, /^Try 1 failed: the disk was full/],
    ["Processed", "processed", ["Processed"], processed, /^Processed by /],
    ["Failed", "dead", ["Given up"], doomed, /^Try 8 failed: the disk was on fire/],
    ["Unrouted", "unrouted", ["Unrouted"], nobodys, /^No account has this number or WABA/],
  ] as const) {
    await test.step(`${filter}: ${why.source}`, async () => {
      await log.state(filter).click();
      await expect(log.rows.locator(".badge")).toHaveText([...badges]);
      expect(new URL(page.url()).searchParams.get("state")).toBe(word);
      const badge = await log.row(about).locator(".badge").textContent();
      await log.link(about).click();
      await expect(event.objectId).toHaveText(about);
      await expect(event.badge).toHaveText(badge!);
      await expect(event.way.filter({ hasText: why })).toHaveCount(1);
      await event.close.click();
      await expect(log.state(filter), "the filter is kept").toHaveAttribute("aria-current", "true");
    });
  }
});

test("“Quarantined” finds what the database cannot hold, and its page shows the bytes", async ({ webhook, event }) => {
  const { log } = webhook;
  await webhook.open(`${line.webhookPath}?state=quarantined`);
  await expect(log.rows.locator(".badge")).toHaveText(["Quarantined"]);
  await log.links.first().click();
  await expect(event.badge).toHaveText("Quarantined");
  await expect(event.dialog).toContainText("The database cannot hold this as JSON. Here are its bytes.");
  await expect(event.raw).toBeVisible();
  await expect(event.raw).toContainText(broken);
  await expect(event.raw).toContainText("cut \\ud83c");
});

test("what was waiting leaves “Waiting” once a worker had it", async ({ webhook, page }) => {
  const { log } = webhook;
  await webhook.open(`${line.webhookPath}?state=pending`);
  await expect(log.rows).toHaveCount(2);
  line.release(line.eventAbout(waits));
  line.release(line.eventAbout(retried));
  await line.settled();
  await log.refresh.click();
  await expect(log.empty).toContainText("No such events");
  await log.state("Processed").click();
  await expect(log.row(waits).locator(".badge")).toHaveText("Processed");
  await expect(log.row(retried).locator(".badge")).toHaveText("Processed");
  await page.goBack();
  await expect(log.empty).toContainText("Nothing in the log matches these filters.");
});
