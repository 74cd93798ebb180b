// Texts from outside that look like markup are shown as text, wherever they come in and wherever they are shown.
import { Line, canAddLines } from "../fixtures/line.ts";
import { type Change, type Guest, newWamid, secondsAgo, text, writes } from "../fixtures/meta.ts";
import { bite, breakout, dialogsOf, expectNoMarkup } from "../fixtures/mischief.ts";
import { expect, test } from "../fixtures/test.ts";

test.skip(!canAddLines, "needs a server of its own");
test.use({ role: "admin" });

const mallory: Guest = { bsuid: bite("bsuid"), name: bite("name"), waId: "15550006667", username: bite("username") };
const told = newWamid();
const doomed = `wamid.${bite("id")}`;
let line: Line;

test.beforeAll(async () => {
  line = await Line.open(bite("account"));
  const changes: Change[] = [
    writes(mallory, text(`${bite("text")}${breakout}`), secondsAgo(60), told),
    writes(mallory, { type: "document", document: { id: "1", filename: bite("file"), caption: bite("caption") } }, secondsAgo(50)),
    writes(mallory, { type: bite("type"), [bite("member")]: { note: bite("value") } }, secondsAgo(40)),
    writes(mallory, { type: "unsupported", errors: [{ code: 131051, title: bite("title") }] }, secondsAgo(30)),
    { field: bite("field"), value: { event: bite("event"), [bite("key")]: bite("member") } },
    writes(mallory, text("Doomed"), secondsAgo(10), doomed),
  ];
  await line.tell(...changes);
  line.giveUp(line.eventAbout(doomed), bite("error"));
});

test("in the log, the strip, the head and the filters", async ({ webhook, page }) => {
  const opened = dialogsOf(page);
  for (const query of ["", `?q=${encodeURIComponent(bite("q"))}`, `?type=${encodeURIComponent(bite("type"))}`]) {
    await webhook.open(`${line.webhookPath}${query}`);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(line.name);
    await expect(page).toHaveTitle(`${line.name} · Waypost`);
    await expectNoMarkup(page);
  }
  await expect(webhook.log.type).toHaveValue(bite("type"));
  await webhook.log.clear.click();
  await expect(webhook.log.row(doomed)).toBeVisible();
  await expect(webhook.log.card).toContainText(bite("type").slice(0, 40));
  await expectNoMarkup(page);
  expect(opened).toEqual([]);
});

test("in an event, over the log and as a page", async ({ webhook, event, visit, page }) => {
  const opened = dialogsOf(page);
  await webhook.open(line.webhookPath);
  await webhook.log.link(told).click();
  for (const reloaded of [false, true]) {
    // Once as the browser drew it, once as the server did.
    if (reloaded) await visit();
    await expect(event.payload).toContainText(bite("name").slice(0, 12));
    await expect(event.payload).toContainText("</script></textarea></title>");
    await expect(event.becameContact).toHaveText(bite("name"));
    await expect(event.became).toContainText(bite("text").slice(0, 30));
    await expectNoMarkup(page);
  }
  await visit(`${line.webhookPath}/events/${line.eventAbout(doomed)}`);
  await expect(event.objectId).toHaveText(doomed);
  await expect(event.way.filter({ hasText: "Try 8 failed" })).toContainText(bite("error"));
  await expectNoMarkup(page);
  const others = event.siblings.getByRole("link");
  for (let place = 0; place < (await others.count()); place += 1) {
    const title = (await others.nth(place).textContent())!.replace(/^\d+\. /, "");
    await others.nth(place).click();
    await expect(event.title).toHaveText(title);
    await expect(page).toHaveTitle(`${title} · Waypost`);
    await expect(event.payload).toBeVisible();
    await expectNoMarkup(page);
  }
  expect(opened).toEqual([]);
});

test("in the conversation that it became", async ({ visit, thread, page }) => {
  const opened = dialogsOf(page);
  await visit(`${line.path}/${line.conversationIds()[0]}`);
  await expect(thread.title).toHaveText(mallory.name);
  await expect(thread.message(bite("file")).item).toBeVisible();
  await expect(thread.message(bite("caption")).item).toBeVisible();
  await expectNoMarkup(page);
  expect(opened).toEqual([]);
});

test("in what a link or a form says was refused", async ({ visit, webhook, page }) => {
  const opened = dialogsOf(page);
  const refused = JSON.stringify({ Invalid: { field: "app_secret", message: bite("message") } });
  const encoded = Buffer.from(refused).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
  const query = new URLSearchParams({ __path: "/api/save_webhook", __err: encoded });
  await visit(`${line.webhookPath}?${query}`);
  await expect(webhook.secret.hint, "whatever the link says").toHaveText(
    "That was not accepted. Please check it and try again.",
  );
  expect(await page.locator("main").innerText()).not.toContain("'message'");
  await expectNoMarkup(page);
  expect(opened).toEqual([]);
});
