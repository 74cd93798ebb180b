// More than a hundred texts, each of which runs a script if anything takes it for more than a text: let in by all ways,
// shown on all screens, and none runs. The policy would hold them up as well; that it had to would be a complaint.
import { type Page } from "@playwright/test";
import { Line, canAddLines } from "../fixtures/line.ts";
import { type Change, type Content, type Guest, has, newWamid, secondsAgo, text, writes } from "../fixtures/meta.ts";
import { dialogsOf, expectNoMarkup } from "../fixtures/mischief.ts";
import { expect, refusal, test } from "../fixtures/test.ts";
import { inPortions, vectors } from "../fixtures/vectors.ts";

test.skip(!canAddLines, "needs a server of its own");
test.use({ role: "admin" });

/** Vectors on one screen: messages of one contact, values of one form. */
const portion = 20;
const portions = inPortions(portion);
let line: Line;
const failed: string[] = [];
/** Of each portion, the event whose payload has all of it, as names and as values. */
const gathered: string[] = [];

/** What one guest, whose names are vectors themselves, sends of a portion. */
function changesOf(some: string[], number: number): Change[] {
  const at = (place: number) => some[place % some.length]!;
  const waId = String(15_550_100_000 + number);
  const guest: Guest = { bsuid: `US.${number}${at(0)}`, name: at(1), username: at(2), waId };
  const contents: Content[] = some.flatMap((vector, place): Content[] => [
    text(vector),
    { type: "document", document: { id: "1", filename: vector, caption: at(place + 1), mime_type: at(place + 2) } },
  ]);
  contents.push(
    { type: "location", location: { latitude: 1, longitude: 2, name: at(3), address: at(4), url: at(5) } },
    { type: "contacts", contacts: [{ name: { formatted_name: at(6) }, urls: [{ url: at(7) }], phones: [{ phone: at(8) }] }] },
    { type: "button", button: { text: at(9), payload: at(10) } },
    { type: "interactive", interactive: { type: "list_reply", list_reply: { id: at(11), title: at(12), description: at(13) } } },
    { type: "unsupported", errors: [{ code: 131051, title: at(14), message: at(15), error_data: { details: at(16) } }] },
    { type: at(17), [at(18)]: { note: at(19) } },
  );
  const messages = contents.map((content, place) => writes(guest, content, secondsAgo(5_000 - 50 * number - place)));
  const template = { event: "REJECTED", message_template_name: at(0), message_template_language: at(1), reason: at(2) };
  const sent = newWamid();
  const refused = has(guest, sent, "failed");
  const statuses = refused.value.statuses as Record<string, unknown>[];
  statuses[0]!.errors = [{ code: 131026, title: at(3), message: at(4), href: at(5), error_data: { details: at(6) } }];
  return [...messages, { field: "message_template_status_update", value: template }, { field: at(7), value: { [at(8)]: at(9) } }, refused];
}

test.beforeAll(async () => {
  test.setTimeout(120_000);
  expect(vectors.length).toBeGreaterThanOrEqual(100);
  line = await Line.open(vectors[0]!);
  for (const [number, some] of portions.entries()) {
    await line.tell(...changesOf(some, number));
    const doomed = `wamid.${number}.${some[0]!}`;
    const guest = { bsuid: `US.doomed${number}`, name: some[0]!, waId: String(15_550_200_000 + number) };
    await line.tell(writes(guest, text("Doomed"), secondsAgo(9_000), doomed));
    failed.push(line.eventAbout(doomed));
    line.giveUp(failed.at(-1)!, some.join("\n"));
    const all = { ...text(some.join("\n")), all: Object.fromEntries(some.map((vector) => [vector, vector])) };
    const wamid = newWamid();
    await line.tell(writes(guest, all, secondsAgo(8_000), wamid));
    gathered.push(line.eventAbout(wamid));
  }
});

/** Nothing ran on any page that was shown, and nothing of it is an element. */
async function expectQuiet(page: Page, opened: string[]): Promise<void> {
  await expectNoMarkup(page);
  expect(opened).toEqual([]);
}

test("in conversations, their messages and the list", async ({ visit, thread, page }) => {
  test.setTimeout(120_000);
  const opened = dialogsOf(page);
  await visit(line.path);
  await expectQuiet(page, opened);
  for (const conversation of line.conversationIds()) {
    await visit(`${line.path}/${conversation}`);
    await expect(thread.messages.first()).toBeVisible();
    await expectQuiet(page, opened);
    while ((await thread.older.count()) > 0) {
      await visit((await thread.older.getAttribute("href"))!);
      await expect(thread.messages.first()).toBeVisible();
      await expectQuiet(page, opened);
    }
    await visit(`${line.path}/${conversation}/erase`);
    await expectQuiet(page, opened);
  }
});

test("in the event log and in events", async ({ webhook, event, visit, page }) => {
  test.setTimeout(180_000);
  const opened = dialogsOf(page);
  await webhook.open(`${line.webhookPath}?size=100`);
  await expectQuiet(page, opened);
  for (const [number, id] of gathered.entries()) {
    await visit(`${line.webhookPath}/events/${id}`);
    await expect(event.payload).toBeVisible();
    await expectQuiet(page, opened);
    // Each vector is there, and is a text.
    const shown = (await event.payload.textContent())!;
    const marks = portions[number]!.flatMap((vector) => vector.match(/ran \d+'/) ?? []);
    expect(marks.filter((mark) => !shown.includes(mark))).toEqual([]);
  }
  const some = line.eventIds().filter((_, place) => place % 9 === 0);
  for (const id of [...failed, ...some]) {
    await visit(`${line.webhookPath}/events/${id}`);
    await expect(event.payload).toBeVisible();
    await expectQuiet(page, opened);
  }
});

test("in addresses: searches, filters, cursors, ids and paths", async ({ complaints, page, visit }) => {
  test.setTimeout(240_000);
  // Most of them lead nowhere, which the browser notes.
  complaints.expect(refusal);
  // Nor is it a day, which the browser notes too.
  complaints.expect(/does not conform to the required format, "yyyy-MM-dd"/);
  const opened = dialogsOf(page);
  const at = (place: number) => encodeURIComponent(vectors[place % vectors.length]!);
  for (let place = 0; place < vectors.length; place += 6) {
    const [one, two, three, four, five, six] = [0, 1, 2, 3, 4, 5].map((more) => at(place + more));
    for (const path of [
      `${line.path}?q=${one}&cursor=${two}`,
      `${line.path}?q=${three}`,
      `${line.webhookPath}?q=${four}&type=${five}&state=${six}&cursor=${one}`,
      `${line.webhookPath}?from=${two}&to=${three}&q=${five}&size=${four}`,
      `/accounts/${line.accountId}/activity?person=${five}&action=${six}&cursor=${one}&from=${two}`,
      `/people?after=${three}&__path=${four}&__err=${five}`,
      `/accounts/${six}`,
      `/${six}`,
    ]) {
      await visit(path);
      await expectQuiet(page, opened);
    }
  }
  await visit(`${line.path}?q=${at(0)}`);
  await expect(page.getByRole("searchbox", { name: "Search conversations" })).toHaveValue(vectors[0]!);
});

test("in what a form says was refused", async ({ webhook, page, visit }) => {
  test.setTimeout(120_000);
  const opened = dialogsOf(page);
  for (const some of portions) {
    const refused = JSON.stringify({ Invalid: { field: some[0]!, message: some.join(" ") } });
    const encoded = Buffer.from(refused).toString("base64url");
    await visit(`${line.webhookPath}?${new URLSearchParams({ __path: "/api/save_webhook", __err: encoded })}`);
    await expect(webhook.log.card).toBeVisible();
    await expectQuiet(page, opened);
  }
});

test.describe("to somebody who is not signed in", () => {
  test.use({ role: "nobody" });

  test("in where the sign-in leads to", async ({ page, visit }) => {
    test.setTimeout(120_000);
    const opened = dialogsOf(page);
    for (const vector of vectors.filter((_, place) => place % 3 === 0)) {
      await visit(`/sign-in?next=${encodeURIComponent(vector)}`);
      await expectQuiet(page, opened);
    }
  });
});

test("a page that does run them is noticed", async ({ complaints, page }) => {
  // The negative control: the same texts, each in a page that takes it for markup.
  test.setTimeout(90_000);
  complaints.expect(/./);
  const opened = dialogsOf(page);
  const body = vectors.join("\n</script></style></template></noscript></title></textarea></select></svg></math>-->\n");
  await page.route("**/careless", (route) => route.fulfill({ contentType: "text/html", body: `<!doctype html><body>${body}` }));
  await page.goto("/careless", { waitUntil: "commit" });
  await expect.poll(() => new Set(opened).size, { timeout: 40_000 }).toBeGreaterThanOrEqual(20);
  await expect(expectNoMarkup(page)).rejects.toThrow();
});

test("an address that leads away, or a handler, is noticed by itself", async ({ page }) => {
  // The negative control of each single check.
  const show = async (markup: string) => {
    await page.route("**/careless", (route) => {
      const body = `<!doctype html><link rel="icon" href="data:,"><main>${markup}</main>`;
      return route.fulfill({ contentType: "text/html", body });
    });
    await page.goto("/careless");
    await page.unroute("**/careless");
  };
  await show(`<a href="/people">x</a><form action="/api/theme"></form><input src="/x">`);
  await expectNoMarkup(page);
  for (const [markup, what] of [
    [`<a href="javascript:alert(1)">x</a>`, /a href=javascript:/],
    [`<a href=" JaVa\tScRiPt:alert(1)">x</a>`, /a href= JaVa/],
    [`<a href="//evil.example/x">x</a>`, /a href=\/\/evil/],
    [`<svg><a xlink:href="javascript:alert(1)">x</a></svg>`, /a xlink:href=/],
    [`<a href="https://">x</a>`, /a href=https/],
    [`<form action="https://evil.example/"></form>`, /form action=https/],
    [`<button formaction="data:text/html,x">x</button>`, /button formaction=data/],
    [`<input src="//evil.example/x.js">`, /input src=/],
    [`<p onclick="alert(1)">x</p>`, /p onclick=/],
    [`<p ONFOCUS="alert(1)">x</p>`, /p onfocus=/],
  ] as const) {
    await show(markup);
    await expect(expectNoMarkup(page), markup).rejects.toThrow(what);
  }
});

test("where a page takes them for markup, its policy holds them up, and that is heard", async ({ complaints, page }) => {
  // A real page with its real policy, into which they are put as they are.
  test.setTimeout(60_000);
  const opened = dialogsOf(page);
  const some = vectors.slice(0, portion * 2);
  await page.route("**/people", async (route) => {
    const answer = await route.fetch();
    const body = (await answer.text()).replace("</main>", () => `${some.join("\n</script></style></svg>\n")}</main>`);
    const policy = answer.headers()["content-security-policy"]!;
    const headers = { "content-type": "text/html; charset=utf-8", "content-security-policy": policy };
    await route.fulfill({ status: answer.status(), headers, body });
  });
  await page.goto("/people", { waitUntil: "commit" });
  for (const breach of [/policy breached: script-src-elem/, /policy breached: script-src-attr/]) {
    await expect(() => expect(() => complaints.verify()).toThrow(breach)).toPass({ timeout: 20_000 });
  }
  expect(opened).toEqual([]);
  await expect(expectNoMarkup(page)).rejects.toThrow();
  complaints.expect(/./);
});
