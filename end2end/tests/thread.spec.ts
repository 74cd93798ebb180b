// One conversation: what the demo's people wrote, then every other kind of message.
import type { Locator } from "@playwright/test";
import { demoAccounts } from "../fixtures/demo.ts";
import { Line, canAddLines } from "../fixtures/line.ts";
import { type Content, type Guest, has, isTold, newWamid, secondsAgo, text, writes } from "../fixtures/meta.ts";
import { expect, test } from "../fixtures/test.ts";

const support = demoAccounts.support.name;
const day = 24 * 60 * 60;

test("Lena's: a reaction, a document, an answer, and ticks that disclose when", async ({ conversations, thread }) => {
  await conversations.openByName(support);
  await conversations.link("Lena Ortiz").click();
  await expect(thread.title).toHaveText("Lena Ortiz");
  await expect(thread.subtitle).toHaveText("+4915123456789");
  await expect(thread.messages).toHaveCount(5);

  const asked = thread.message("Of course, what is it about?");
  await expect(asked.item).toHaveClass(/\bout\b/);
  await expect(asked.reactions).toHaveText(["👍 1"]);
  await expect(asked.deliverySign).toHaveText("✓✓ read");
  await expect(asked.steps).toHaveCount(3);
  await expect(asked.steps.first()).toBeHidden();
  await asked.deliverySign.click();
  await expect(asked.steps.first()).toBeVisible();
  await expect(asked.steps).toHaveText([/^sent /, /^delivered /, /^read \d+ \w{3} \d{4}, \d\d:\d\d:\d\d UTC raw event$/]);
  await asked.deliverySign.click();
  await expect(asked.steps.first()).toBeHidden();

  const document = thread.message("itinerary.pdf");
  await expect(document.item).toHaveClass(/\bin\b/);
  await expect(document.attachment).toContainText("application/pdf");
  await expect(document.words).toHaveText("This one.");

  const answer = thread.message("Is the 14:30 to Lisbon on time?");
  await expect(answer.quote).toHaveText("In answer to: The company, Of course, what is it about?");
  await expect(answer.delivery).toHaveCount(0);

  await expect(thread.message("One moment, I am checking.").deliverySign).toHaveText("✓ sent");
});

test("Joana's: an edit, a voice message, and a failure with its reason", async ({ conversations, thread }) => {
  await conversations.openByName(support);
  await conversations.link("Joana Prado").click();
  await expect(thread.subtitle).toHaveText("@joprado");
  await expect(thread.messages).toHaveCount(4);

  await expect(thread.message("My trip was cancelled, and now?").footer).toContainText("edited");
  await expect(thread.pane).not.toContainText("cancelld");
  await expect(thread.message("Your refund is on its way.").deliverySign).toHaveText("✓✓ delivered");
  await expect(thread.message("Voice message").attachment).toContainText("audio/ogg; codecs=opus");

  const failed = thread.message("Would you like a voucher instead?");
  await expect(failed.deliverySign).toHaveText("✕ failed");
  await expect(failed.steps.filter({ hasText: "Re-engagement message" })).toBeVisible();
});

test("Marco's: a photo, and what was taken back", async ({ conversations, thread }) => {
  await conversations.openByName(support);
  await conversations.link("@marco.b").click();
  await expect(thread.title).toHaveText("@marco.b");
  await expect(thread.messages).toHaveCount(3);
  await expect(thread.message("Photo").attachment).toContainText("image/jpeg");
  await expect(thread.message("Photo").words).toHaveText("boarding pass");
  const wrong = thread.message("Sent to the wrong person, sorry");
  await expect(wrong.item).toContainText("Taken back. It had said:");
  await expect(wrong.words).toHaveCSS("text-decoration-line", "line-through");
});

test("a number's: a place and a pressed button", async ({ conversations, thread }) => {
  await conversations.openByName(support);
  await conversations.link("+33612345678").click();
  await expect(thread.message("Gate B22").attachment).toContainText("Lisbon Airport, Terminal 1 · 38.7756, -9.1354");
  await expect(thread.message("Please call me").attachment).toBeVisible();
});

test.describe("on a line of its own", () => {
  test.skip(!canAddLines, "needs a server of its own");
  test.describe.configure({ mode: "serial" });

  let line: Line;
  const guest = (name: string, place: number): Guest => ({ bsuid: `BR.80${place}`, name, waId: `551190000080${place}` });
  const [kindly, daily, chatty, wordy, unsure, traced] = [
    guest("Kinds", 1),
    guest("Days", 2),
    guest("Many", 3),
    guest("Wide", 4),
    guest("Progress", 5),
    guest("Traced", 6),
  ] as [Guest, Guest, Guest, Guest, Guest, Guest];

  test.beforeAll(async () => {
    line = await Line.open("Back office");
  });

  test("every other kind of message has a face", async ({ conversations, thread }) => {
    const kinds: Content[] = [
      { type: "sticker", sticker: { id: "1", mime_type: "image/webp", animated: false } },
      { type: "video", video: { id: "2", mime_type: "video/mp4", caption: "The queue" } },
      {
        type: "contacts",
        contacts: [{ name: { formatted_name: "Ann Lee" }, phones: [{ phone: "+1 650 555 0100" }] }],
      },
      { type: "order", order: { catalog_id: "7", text: "Both, please", product_items: [{ quantity: 1 }, { quantity: 2 }] } },
      { type: "button", button: { payload: "yes", text: "Yes, please" } },
      {
        type: "interactive",
        interactive: { type: "list_reply", list_reply: { id: "w", title: "Window", description: "Row 12" } },
      },
      { type: "system", system: { type: "user_changed_number", body: "Kinds changed the number", wa_id: "551190000089" } },
      { type: "unsupported", errors: [{ code: 131051, title: "Message type unknown" }] },
      { type: "hologram", hologram: { id: "9" } },
    ];
    await line.tell(...kinds.map((kind, place) => writes(kindly, kind, secondsAgo(100 - place))));
    await conversations.open(line.path);
    await conversations.link("Kinds").click();

    await expect(thread.message("Sticker").attachment).toContainText("image/webp");
    await expect(thread.message("Video").words).toHaveText("The queue");
    await expect(thread.message("Contact").words).toHaveText("Ann Lee · +1 650 555 0100");
    await expect(thread.message("Order").attachment).toContainText("2 lines");
    await expect(thread.message("Order").words).toHaveText("Both, please");
    await expect(thread.message("Yes, please").item).toBeVisible();
    await expect(thread.message("Window").attachment).toContainText("Row 12");
    await expect(thread.notes).toContainText(["Kinds changed the number"]);
    await expect(thread.message("Not shown: unsupported").attachment).toContainText("Message type unknown");
    await expect(thread.message("Not shown: hologram").item).toBeVisible();
  });

  test("each day is announced once", async ({ conversations, thread }) => {
    // At noon, so that a run at midnight does not move a message to another day.
    const noon = Math.floor(Date.now() / 1000 / day) * day + day / 2;
    const at = (daysBack: number) => String(Math.min(noon - daysBack * day, Math.floor(Date.now() / 1000)));
    await line.tell(
      writes(daily, text("Long ago"), at(400)),
      writes(daily, text("Three days ago"), at(3)),
      writes(daily, text("Yesterday, once"), at(1)),
      writes(daily, text("Yesterday, twice"), at(1)),
      writes(daily, text("Now"), at(0)),
    );
    await conversations.open(line.path);
    await conversations.link("Days").click();
    const [longAgo, lately] = [label(noon - 400 * day), label(noon - 3 * day)];
    await expect(thread.days).toHaveText([longAgo, lately, "Yesterday", "Today"]);
  });

  test("messages come fifty at a time, the newest in view", async ({ conversations, thread }) => {
    const words = Array.from({ length: 120 }, (_, place) => `Message ${place + 1}`);
    await line.tell(...words.map((said, place) => writes(chatty, text(said), secondsAgo(1000 - place))));
    await conversations.open(line.path);
    await conversations.link("Many").click();
    const said = thread.messages.locator(".words");

    await expect(said).toHaveText(words.slice(70));
    await expect(thread.message("Message 120").item).toBeInViewport();
    await thread.older.click();
    await expect(said).toHaveText(words.slice(20, 70));
    await thread.older.click();
    await expect(said).toHaveText(words.slice(0, 20));
    await expect(thread.older).toHaveCount(0);
    await thread.newest.click();
    await expect(said).toHaveText(words.slice(70));
    await expect(thread.newest).toHaveCount(0);
  });

  test("opened in the middle, it is read on page by page up to the newest", async ({ conversations, thread, page, visit }) => {
    const words = Array.from({ length: 120 }, (_, place) => `Message ${place + 1}`);
    await conversations.open(line.path);
    await conversations.link("Many").click();
    await thread.older.click();
    await thread.older.click();
    const id = await thread.message("Message 10").item.getAttribute("id");
    const said = thread.messages.locator(".words");
    await visit(`${new URL(page.url()).pathname}?at=${id!.replace("m-", "")}`);
    await expect(said).toHaveText(words.slice(0, 35));
    await expect(thread.newest).toBeVisible();
    await thread.newer.click();
    await expect(said).toHaveText(words.slice(35, 85));
    await expect(thread.newer, "the rest is on the newest page").toHaveCount(0);
    await thread.newest.click();
    await expect(said).toHaveText(words.slice(70));
    await expect(thread.newer).toHaveCount(0);
  });

  test("all that is folded into a message leads to what Meta sent, each to its own", async ({
    conversations,
    event,
    thread,
    visit,
  }) => {
    const [draft, wrong, told] = [newWamid(), newWamid(), newWamid()];
    const edit = (body: string): Content => ({ type: "edit", edit: { original_message_id: draft, message: text(body) } });
    await line.tell(
      writes(traced, text("Frist"), secondsAgo(90), draft),
      writes(traced, edit("Fisrt"), secondsAgo(80)),
      writes(traced, edit("First"), secondsAgo(70)),
      writes(traced, text("Wrong person"), secondsAgo(60), wrong),
      writes(traced, { type: "revoke", revoke: { original_message_id: wrong } }, secondsAgo(50)),
      isTold(traced, text("Noted."), secondsAgo(40), told),
      has(traced, told, "delivered", secondsAgo(30)),
      writes(traced, { type: "reaction", reaction: { message_id: told, emoji: "🎉" } }, secondsAgo(20)),
    );
    await conversations.open(line.path);
    await conversations.link("Traced").click();
    const [first, taken, noted] = ["First", "Wrong person", "Noted."].map((words) => thread.message(words));
    await noted!.deliverySign.click();
    const links: [Locator, string][] = [
      [first!.rawEvent, "message · text"],
      [first!.footer.getByRole("link", { name: "edited" }).first(), "message · edit"],
      [first!.footer.getByRole("link", { name: "edited" }).last(), "message · edit"],
      [taken!.rawEvent, "message · text"],
      [taken!.footer.getByRole("link", { name: "taken back" }), "message · revoke"],
      [noted!.steps.getByRole("link", { name: "raw event" }), "status · delivered"],
      [noted!.reactions.getByRole("link", { name: "🎉" }), "message · reaction"],
    ];
    const found: [string, string][] = [];
    for (const [link, title] of links) found.push([(await link.getAttribute("href"))!, title]);
    expect(new Set(found.map(([href]) => href)).size, "each leads elsewhere").toBe(links.length);
    for (const [href, title] of found) {
      await visit(href);
      await expect(event.title).toHaveText(title);
    }
  });

  test("statuses only move up, whatever their order; a reaction can be taken back", async ({
    conversations,
    thread,
    visit,
  }) => {
    const [told, asked] = [newWamid(), newWamid()];
    const reacts = (emoji: string, at: string) =>
      writes(unsure, { type: "reaction", reaction: { message_id: told, emoji } }, at);
    await line.tell(
      writes(unsure, text("Are you there?"), secondsAgo(60), asked),
      has(unsure, told, "read", secondsAgo(40)),
    );
    await conversations.open(line.path);
    await conversations.link("Progress").click();
    await expect(thread.message("Message not seen here").deliverySign).toHaveText("✓✓ read");

    await line.tell(
      isTold(unsure, { ...text("Yes."), context: { id: asked } }, secondsAgo(50), told),
      has(unsure, told, "sent", secondsAgo(50)),
      has(unsure, told, "delivered", secondsAgo(45)),
      reacts("🎉", secondsAgo(30)),
    );
    await visit();
    const answer = thread.message("Yes.");
    await expect(answer.deliverySign).toHaveText("✓✓ read");
    await expect(answer.steps).toHaveText([/^sent/, /^delivered/, /^read/]);
    await expect(answer.quote).toHaveText("In answer to: The contact, Are you there?");
    await expect(answer.reactions).toHaveText(["🎉 1"]);

    await line.tell(reacts("", secondsAgo(20)));
    await visit();
    await expect(answer.item).toBeVisible();
    await expect(answer.reactions).toHaveCount(0);
  });

  test("a word without end does not widen the page", async ({ conversations, thread, page }) => {
    await line.tell(writes(wordy, text("x".repeat(4000))));
    await page.setViewportSize({ width: 390, height: 800 });
    await conversations.open(line.path);
    await conversations.link("Wide").click();
    await expect(thread.messages).toHaveCount(1);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    const overflow = await thread.scroll.evaluate((box) => box.scrollWidth - box.clientWidth);
    expect(overflow).toBeLessThanOrEqual(0);
  });

  test("text that looks like markup is shown as text, wherever it stands", async ({ conversations, thread, page }) => {
    const bite = (place: string) => `<img src=x onerror="document.title='${place}'"><script>document.title='${place}'</script>`;
    const mallory: Guest = { bsuid: "US.666", name: bite("name"), waId: "15550006666" };
    const first = newWamid();
    await line.tell(
      writes(mallory, text(bite("text")), secondsAgo(9), first),
      writes(mallory, { type: "image", image: { id: "1", mime_type: bite("type"), caption: bite("caption") } }, secondsAgo(8)),
      writes(mallory, { type: "document", document: { id: "2", filename: bite("file") } }, secondsAgo(7)),
      writes(mallory, { type: "location", location: { latitude: 1, longitude: 2, name: bite("place") } }, secondsAgo(6)),
      writes(mallory, { type: "system", system: { body: bite("note") } }, secondsAgo(5)),
      writes(mallory, { type: "reaction", reaction: { message_id: first, emoji: "<b>b</b>" } }, secondsAgo(4)),
      writes(mallory, { ...text("</script></textarea>-->&amp;"), context: { id: first } }, secondsAgo(3)),
    );
    await conversations.open(line.path);
    await expect(conversations.link(bite("name"))).toContainText("</script></textarea>-->&amp;");
    await conversations.link(bite("name")).click();
    await expect(thread.title).toHaveText(bite("name"));
    for (const hydrated of [false, true]) {
      // Once as the browser drew it, once as the server did.
      if (hydrated) await page.reload();
      await expect(thread.message(bite("text")).reactions).toHaveText(["<b>b</b> 1"]);
      await expect(thread.message(bite("caption")).attachment).toContainText(bite("type"));
      await expect(thread.message(bite("file")).item).toBeVisible();
      await expect(thread.message(bite("place")).item).toBeVisible();
      await expect(thread.notes).toContainText([bite("note")]);
      await expect(thread.message("</script></textarea>-->&amp;").quote).toContainText(bite("text").slice(0, 40));
      await expect(page.locator("img, .pane script, .pane b")).toHaveCount(0);
      await expect(page).toHaveTitle(`${bite("name")} · Waypost`);
    }
  });
});

/** `20 Nov`, with the year if it is not this one. */
function label(seconds: number): string {
  const date = new Date(seconds * 1000);
  const month = date.toLocaleDateString("en-US", { month: "short", timeZone: "UTC" });
  const short = `${date.getUTCDate()} ${month}`;
  return date.getUTCFullYear() === new Date().getUTCFullYear() ? short : `${short} ${date.getUTCFullYear()}`;
}
