// New events on an open log: told of at once, shown when the reader asks, and never moving a row by themselves.
import { Line, canAddLines } from "../fixtures/line.ts";
import { type Guest, has, isTold, newWamid, secondsAgo, text, writes } from "../fixtures/meta.ts";
import { expect, test } from "../fixtures/test.ts";

test.skip(!canAddLines, "needs a server of its own");

const guest: Guest = { bsuid: "ES.730", name: "Olga", waId: "34600000730" };
const word = (count: number) => `${count} new`;

test("what arrives is counted on a button, and shown when it is pressed", async ({ webhook, page }) => {
  const line = await Line.open("Live desk");
  await line.tell(writes(guest, text("Before")));
  await webhook.open(line.webhookPath);
  await expect(webhook.log.rows).toHaveCount(1);
  const first = webhook.log.rows.first();
  const place = await first.boundingBox();

  await line.post(writes(guest, text("One")), writes(guest, text("Two")));
  await expect(page.getByRole("button", { name: word(2) })).toBeVisible();
  await line.post(writes(guest, text("Three")));
  await expect(page.getByRole("button", { name: word(3) })).toBeVisible();
  await expect(webhook.log.rows).toHaveCount(1);
  expect(await first.boundingBox(), "the row has stayed where it was").toEqual(place);

  await page.getByRole("button", { name: word(3) }).click();
  await expect(webhook.log.rows).toHaveCount(4);
  await expect(page.getByRole("button", { name: / new$/ })).toBeHidden();
  await line.post(writes(guest, text("Four")));
  await expect(page.getByRole("button", { name: word(1) })).toBeVisible();
});

test("an empty log shows its first event by itself", async ({ webhook }) => {
  const line = await Line.open("First desk");
  await webhook.open(line.webhookPath);
  await expect(webhook.log.rows).toHaveCount(0);
  await line.post(writes(guest, text("Hello")));
  await expect(webhook.log.rows).toHaveCount(1);
});

test("a filtered log is told of what it would show only", async ({ webhook }) => {
  const line = await Line.open("Narrow desk");
  await line.tell(writes(guest, text("Before")));
  await webhook.open(`${line.webhookPath}?type=status`);
  await expect(webhook.log.rows).toHaveCount(0);
  await line.post(writes(guest, text("One")));
  await line.settled();
  // A status is what it waits for: it comes by itself, and is alone.
  const told = newWamid();
  await line.post(isTold(guest, text("An answer"), secondsAgo(2), told), has(guest, told, "sent", secondsAgo(1)));
  await expect(webhook.log.rows).toHaveCount(1);
  await expect(webhook.log.rows).toContainText("status · sent");
});
