// One event: over the log and as a page of its own, what it says, and sending it through again.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { demoAccounts } from "../fixtures/demo.ts";
import { Line, canAddLines } from "../fixtures/line.ts";
import { type Guest, body, has, isTold, newWamid, secondsAgo, signature, text, writes } from "../fixtures/meta.ts";
import { expect, test } from "../fixtures/test.ts";

test.skip(!canAddLines, "needs a server of its own");
test.use({ role: "manager" });

const guest: Guest = { bsuid: "FR.730", name: "Zoé Martin", waId: "33600000730" };
const [asked, told, doomed, broken] = [newWamid(), newWamid(), newWamid(), newWamid()];
let line: Line;
let post: string;
/** The address of the event about a message. */
const path = (objectId: string) => `${line.webhookPath}/events/${line.eventAbout(objectId)}`;

test.beforeAll(async () => {
  line = await Line.open("Event desk");
  post = body(line.number, [
    writes(guest, text("Is it raining? ☔"), secondsAgo(50), asked),
    isTold(guest, text("It is."), secondsAgo(40), told),
    has(guest, told, "read", secondsAgo(30)),
  ]);
  await line.postRaw(post);
  await line.postRaw(post);
  // PostgreSQL's JSON cannot hold half an emoji; Meta sends such.
  await line.postRaw(body(line.number, [writes(guest, text("cut \ud83c"), secondsAgo(20), broken)]));
  await line.tell(writes(guest, text("Doomed"), secondsAgo(10), doomed));
  line.giveUp(line.eventAbout(doomed), "the disk was on fire");
});

test("from the log it opens over it; Esc, the backdrop and Close each lead back to the very row", async ({
  webhook,
  event,
  page,
}) => {
  const address = `${line.webhookPath}?state=processed&size=50`;
  await webhook.open(address);
  const closings = {
    Escape: () => page.keyboard.press("Escape"),
    backdrop: () => page.mouse.click(4, 4),
    Close: () => event.close.click(),
  };
  for (const [name, close] of Object.entries(closings)) {
    await webhook.log.link(asked).click();
    await expect(event.title, name).toHaveText("message · text");
    await expect(page).toHaveURL(`${path(asked)}?state=processed&size=50`);
    await expect(page).toHaveTitle("message · text · Waypost");
    expect(await event.isModal()).toBe(true);
    await expect(page.locator("dialog.event:focus, dialog.event :focus"), name).toHaveCount(1);
    await close();
    await expect(event.dialog, name).toHaveCount(0);
    await expect(page).toHaveURL(address);
    await expect(webhook.log.link(asked), `${name} gives the focus back`).toBeFocused();
    await expect(page).toHaveTitle("Event desk · Waypost");
  }
});

test("the back button closes it, and forward opens it again", async ({ webhook, event, page }) => {
  await webhook.open(line.webhookPath);
  await webhook.log.link(told).first().click();
  await expect(event.title).toBeVisible();
  await page.goBack();
  await expect(event.dialog).toHaveCount(0);
  await page.goForward();
  await expect(event.title).toBeVisible();
  expect(await event.isModal()).toBe(true);
});

test("the focus stays within the dialog", async ({ webhook, event, page }) => {
  await webhook.open(line.webhookPath);
  await webhook.log.link(asked).click();
  await expect(event.payload).toBeVisible();
  for (let pressed = 0; pressed < 30; pressed += 1) {
    await page.keyboard.press("Tab");
    const outside = await page.evaluate(() => {
      const focused = document.activeElement;
      return focused && focused !== document.body && !focused.closest("dialog") ? focused.outerHTML : "";
    });
    expect(outside).toBe("");
  }
});

test("by its address it is a page, and says all that is known", async ({ webhook, visit, event, page }) => {
  await visit(path(asked));
  expect(await event.isModal()).toBe(false);
  await expect(webhook.log.card).toBeHidden();
  await expect(event.title).toHaveText("message · text");
  await expect(event.objectId).toHaveText(asked);
  await expect(event.badge).toHaveText("Processed");

  await expect(event.payload).toContainText('"body": "Is it raining? ☔"');
  await expect(event.payload.locator(".k").first()).toBeVisible();
  await expect(event.raw).toBeHidden();
  await event.rawSign.click();
  await expect(event.raw, "as Meta escaped it").toContainText("Is it raining? \\u2614");

  await expect(event.way).toContainText(["Received, signature right", /^Processed by .+/]);
  await expect(event.fact("Seen")).toHaveText(/^2 times, last \d\d:\d\d:\d\d$/);
  await expect(event.fact("Size")).toHaveText(`${Buffer.byteLength(post).toLocaleString("en-US")} bytes`);
  await expect(event.fact("Secret")).toHaveText("current");
  await expect(event.fact("Received")).toHaveText(/^\d+ \w{3} \d{4}, \d\d:\d\d:\d\d UTC$/);
  const sha256 = createHash("sha256").update(post).digest("hex");
  await expect(event.fact("SHA-256").locator("code")).toHaveAttribute("title", sha256);
  await expect(event.fact("Signature").locator("code")).toHaveAttribute("title", signature(line.appSecret, post));
  await event.headersSign.click();
  await expect(event.headers).toContainText("application/json");

  await event.close.click();
  await expect(page).toHaveURL(line.webhookPath);
  await expect(webhook.log.card).toBeVisible();
  await expect(webhook.log.link(asked)).toBeFocused();
});

test("a page is left by Esc too", async ({ visit, event, webhook, page }) => {
  await visit(`${path(asked)}?type=message`);
  await page.keyboard.press("Escape");
  await expect(event.dialog).toHaveCount(0);
  await expect(page).toHaveURL(`${line.webhookPath}?type=message`);
  await expect(webhook.log.row(asked)).toBeVisible();
});

test("the other updates of its POST are one click away", async ({ visit, event, page }) => {
  await visit(`${path(asked)}?size=50`);
  await expect(event.siblings).toHaveText([/^2\. echo · text/, /^3\. status · read/]);
  await event.siblings.first().getByRole("link").click();
  await expect(event.title).toHaveText("echo · text");
  await expect(event.payload).toContainText("It is.");
  await expect(event.siblings).toHaveText([/^1\. message · text/, /^3\. status · read/]);
  expect(new URL(page.url()).search).toBe("?size=50");
  await page.goBack();
  await expect(event.title).toHaveText("message · text");
});

test("what it became leads to the contact, the conversation and the very message", async ({
  visit,
  conversations,
  event,
  thread,
  page,
}) => {
  await visit(path(asked));
  await expect(event.became).toContainText("Is it raining? ☔");
  await expect(event.becameContact).toHaveText(guest.name);
  await event.becameContact.click();
  await expect(page).toHaveURL(`${line.path}?q=${guest.waId}`);
  await expect(conversations.link(guest.name)).toBeVisible();

  await visit(path(asked));
  await event.becameConversation.click();
  await expect(thread.title).toHaveText(guest.name);
  await expect(page).toHaveURL(`${line.path}/${line.conversationIds()[0]}`);

  await visit(path(asked));
  await event.becameMessage.click();
  const { item } = thread.message("Is it raining? ☔");
  await expect(item).toBeInViewport();
  expect(await item.evaluate((item) => item.matches(":target")), "it is marked").toBe(true);
  await expect(page).toHaveURL(/\?at=[0-9a-f-]+#m-[0-9a-f-]+$/);
});

test("the payload is copied whole, and the bytes are saved as they came", async ({ visit, event, context, page }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await visit(path(asked));
  await event.copyPayload.click();
  await expect(event.dialog.getByText("Copied", { exact: true })).toBeVisible();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(JSON.stringify(JSON.parse(copied))).toContain('"body":"Is it raining? ☔"');
  const saving = page.waitForEvent("download");
  await event.download.click();
  const file = await saving;
  expect(file.suggestedFilename()).toBe(`${line.eventAbout(asked)}.json`);
  const saved = readFileSync(await file.path(), "utf8");
  expect(saved).toBe(await event.raw.textContent());
  expect(post, "as Meta escaped it").toContain(saved);
});

test("what the database cannot hold is shown as its bytes", async ({ webhook, visit, event }) => {
  await visit(`${line.webhookPath}?state=quarantined`);
  await webhook.log.links.first().click();
  await expect(event.badge).toHaveText("Quarantined");
  await expect(event.dialog).toContainText("The database cannot hold this as JSON. Here are its bytes.");
  await expect(event.raw).toContainText("cut \\ud83c");
  await expect(event.replay).toHaveCount(0);
});

test("what was processed is sent through again, with no second effect", async ({ webhook, visit, event, thread }) => {
  await visit(line.webhookPath);
  await webhook.log.link(asked).click();
  await event.replay.click();
  await expect(event.dialog).toContainText("the effect comes once");
  await event.replayButton.click();
  await expect(event.said).toHaveText("It is processed again: see its way.");
  await expect(event.replayButton).toBeHidden();
  await line.settled();
  await expect(event.badge, "by itself").toHaveText("Processed");
  await visit();
  await expect(event.said).toBeEmpty();
  await visit(`/accounts/${line.accountId}/conversations/${line.conversationIds()[0]}`);
  await expect(thread.message("Is it raining? ☔").item).toHaveCount(1);
});

test("what was given up says why, and works the next time", async ({ webhook, visit, event }) => {
  await visit(line.webhookPath);
  await expect(webhook.strip).toContainText("1 given up, see why");
  await webhook.strip.getByRole("link").click();
  await expect(webhook.log.rows).toHaveCount(1);
  await webhook.log.link(doomed).click();
  await expect(event.badge).toHaveText("Given up");
  await expect(event.way.filter({ hasText: "Try 8 failed: the disk was on fire by end2end" })).toHaveCount(1);
  await event.replay.click();
  await event.replayButton.click();
  await expect(event.said).not.toBeEmpty();
  await line.settled();
  await expect(event.badge, "by itself").toHaveText("Processed");
  await expect(event.way, "what went wrong stays told").toContainText(["Received", "Try 8 failed", "Processed"]);
  await event.close.click();
  await expect(webhook.log.empty, "nothing is given up any more").toBeVisible();
  await expect(webhook.strip).toContainText("Everything is processed.");
});

test("what waits is looked at until its end has come, and what one does meanwhile is left alone", async ({
  visit,
  event,
}) => {
  const slow = line.eventAbout(told);
  line.hold(slow);
  await visit(path(told));
  await expect(event.badge).toHaveText("Waiting");
  await event.rawSign.click();
  line.release(slow);
  await expect(event.badge).toHaveText("Processed", { timeout: 15_000 });
  await expect(event.raw, "it stays unfolded").toBeVisible();
});

test("what somebody else sent through meanwhile is refused with its reason", async ({ visit, event, complaints }) => {
  complaints.expect(/status of 4\d\d/);
  await visit(path(told));
  await event.replay.click();
  await expect(event.replayButton).toBeVisible();
  line.hold(line.eventAbout(told));
  await event.replayButton.click();
  await expect(event.refusal).toContainText("Only an event that was processed or given up can be sent through again.");
  line.release(line.eventAbout(told));
});

test("an event that is not there says so, whatever its address", async ({ webhook, event, visit, complaints }) => {
  complaints.expect(/status of 404/);
  for (const id of ["01900000-0000-7000-8000-000000000000", "nothing", "%3Cb%3E"]) {
    const answer = await visit(`${line.webhookPath}/events/${id}`);
    expect(answer.status(), id).toBe(404);
    await expect(event.missing).toBeVisible();
  }
  await visit(line.webhookPath);
  await expect(webhook.log.row(asked)).toBeVisible();
});

test("the payload folds, and is searched with all that is folded", async ({ event, visit }) => {
  await visit(path(asked));
  const inside = event.payload.locator(".l", { hasText: '"id": "' + asked });
  await expect(inside).toBeVisible();
  await event.payload.locator("summary").first().click();
  await expect(inside).toBeHidden();

  const { search, found } = event;
  await search.fill("RAINING");
  await expect(found).toHaveText("1 of 1");
  await expect(inside, "what hid the line is open again").toBeVisible();
  await expect(event.payload.locator(".here")).toContainText("Is it raining?");
  await search.fill('"id"');
  await expect(found).toHaveText(/^1 of [2-9]/);
  await search.press("Enter");
  await expect(found).toHaveText(/^2 of [2-9]/);
  await search.fill("snowing");
  await expect(found).toHaveText("Not found");
  await search.fill("");
  await expect(found).toBeEmpty();
  await expect(event.payload.locator(".hit")).toHaveCount(0);
});

test("a message leads to its event, and the event to the conversation", async ({ conversations, event, thread, page, visit }) => {
  await visit(line.path);
  await conversations.link(guest.name).click();
  await thread.messages.filter({ hasText: "Is it raining?" }).getByRole("link", { name: "raw event" }).click();
  await expect(event.title).toHaveText("message · text");
  await expect(page).toHaveURL(path(asked));
  await event.becameConversation.click();
  await expect(thread.title).toHaveText(guest.name);
});

test("a post of the demo has come with Meta's headers", async ({ accounts, webhook, event }) => {
  await accounts.open();
  await accounts.link(demoAccounts.support.name).click();
  await webhook.log.links.last().click();
  await expect(event.headersSign).toHaveText("Headers kept (2)");
  await event.headersSign.click();
  await expect(event.headers).toContainText("facebookexternalua");
});
