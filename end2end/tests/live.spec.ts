// New events on an open log: told of at once, shown when the reader asks, and never moving a row by themselves.
import type { Route } from "@playwright/test";
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

  await page.getByRole("button", { name: word(3) }).press("Enter");
  await expect(webhook.log.rows).toHaveCount(4);
  await expect(webhook.log.heading, "the button is hidden").toBeFocused();
  await expect(page.getByRole("button", { name: / new$/ })).toBeHidden();
  await line.post(writes(guest, text("Four")));
  await expect(page.getByRole("button", { name: word(1) })).toBeVisible();
});

test("the numbers above follow the log: when the button is pressed, and at Refresh", async ({ webhook, strip, page }) => {
  const line = await Line.open("Counting desk");
  await line.tell(writes(guest, text("Before")));
  await webhook.open(line.webhookPath);
  await expect(strip.lastHour.first()).toHaveText("1");
  await line.tell(writes(guest, text("One")), writes(guest, { type: "image", image: { id: "1", mime_type: "image/jpeg" } }));
  await page.getByRole("button", { name: word(2) }).click();
  await expect(strip.lastHour.first()).toHaveText("3");
  await expect(strip.lastEvent.last()).toHaveText("message · image");
  await line.tell(writes(guest, text("Late"), secondsAgo(3 * 24 * 60 * 60)));
  await webhook.log.refresh.click();
  await expect(strip.lastHour, "what comes late has come").toHaveText(["4", "4 in the last day"]);
  await expect(strip.lastEvent.last()).toHaveText("message · text");
});

test("a stream that was turned away is asked for again", async ({ webhook, page, complaints }) => {
  complaints.expect(/status of 503/);
  const line = await Line.open("Stubborn desk");
  await line.tell(writes(guest, text("Before")));
  let turnedAway = 0;
  const isRestarting = async (route: Route) => {
    turnedAway += 1;
    await route.fulfill({ status: 503 });
  };
  await page.route("**/api/live/events?*", isRestarting, { times: 1 });
  await webhook.open(line.webhookPath);
  await expect.poll(() => turnedAway).toBe(1);
  await line.post(writes(guest, text("After")));
  await expect(page.getByRole("button", { name: word(1) })).toBeVisible({ timeout: 15_000 });
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
