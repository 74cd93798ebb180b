// What the event log says of an event: which columns there are, and what stands in each.
import type { Locator } from "@playwright/test";
import { Line, canAddLines } from "../fixtures/line.ts";
import { type Guest, newWamid, secondsAgo, text, writes } from "../fixtures/meta.ts";
import { expect, test } from "../fixtures/test.ts";

test.skip(!canAddLines, "needs a server of its own");

const guest: Guest = { bsuid: "PT.830", name: "Inês", waId: "351900000830" };
const [late, doomed] = [newWamid(), newWamid()];
const happened = secondsAgo(5 * 60 * 60);
let line: Line;

test.beforeAll(async () => {
  line = await Line.open("Column desk");
  await line.tell(writes(guest, text("Late"), happened, late), writes(guest, text("Doomed"), secondsAgo(10), doomed));
  line.giveUp(line.eventAbout(doomed), "the disk was on fire");
});

/** The first moment that a cell names. */
async function moment(cell: Locator): Promise<number> {
  return Date.parse((await cell.locator("time").first().getAttribute("datetime"))!);
}

test("the columns are these, in this order", async ({ webhook }) => {
  await webhook.open(line.webhookPath);
  await expect(webhook.log.headers).toHaveText([
    "Received",
    "Event time",
    "Type",
    "Object",
    "Dedup key",
    "State",
    "Attempts",
  ]);
});

test("when it came is told apart from when it happened", async ({ webhook }) => {
  const { log } = webhook;
  await webhook.open(line.webhookPath);
  const received = await log.cell(late, "Received");
  const happening = await log.cell(late, "Event time");
  const then = Number(happened) * 1000;
  const clock = new Date(then).toISOString().slice(11, 19);
  await expect(happening).toHaveText(new RegExp(`${clock}$`));
  expect(await moment(happening)).toBe(then);

  await expect(received).toHaveText(/\d\d:\d\d:\d\d(just now|\d+ (s|min) ago)$/);
  await expect(received).not.toContainText(clock);
  expect(Date.now() - (await moment(received)), "it came during this spec").toBeLessThan(5 * 60 * 1000);
});

test("what it is about, its key, its state and its tries stand under their headers", async ({ webhook }) => {
  const { log } = webhook;
  await webhook.open(line.webhookPath);
  for (const [wamid, state, tries] of [[late, "Processed", "1 try"], [doomed, "Given up", "8 tries"]] as const) {
    const key = `msg:${line.number.phoneNumberId}:${wamid}:text`;
    await expect(await log.cell(wamid, "Type")).toHaveText("message · text");
    for (const [header, whole] of [["Object", wamid], ["Dedup key", key]] as const) {
      const id = (await log.cell(wamid, header)).locator("code");
      await expect(id).toHaveAttribute("title", whole);
      await expect(id, "both of its ends are shown").toHaveText(`${whole.slice(0, 8)}…${whole.slice(-4)}`);
    }
    await expect(await log.cell(wamid, "State")).toHaveText(state);
    await expect(await log.cell(wamid, "Attempts")).toHaveText(tries);
  }
});
