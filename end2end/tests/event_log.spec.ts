// The event log: what is filtered and where one is stands in the URL; pages follow each other without gap or double.
import type { Page } from "@playwright/test";
import { tabTo } from "../fixtures/keyboard.ts";
import { Line, canAddLines } from "../fixtures/line.ts";
import { type Change, type Guest, body, has, isTold, newWamid, secondsAgo, text, writes } from "../fixtures/meta.ts";
import { expect, test } from "../fixtures/test.ts";

test.skip(!canAddLines, "needs a server of its own");

const guest: Guest = { bsuid: "ES.720", name: "Nuria", waId: "34600000720" };
const day = 24 * 60 * 60;
const quickly = { intervals: [20, 50] };

/** What a search for it in the address says. */
const parameter = (page: Page, name: string) => new URL(page.url()).searchParams.get(name);

test.describe("filters", () => {
  test.describe.configure({ mode: "serial" });
  let line: Line;
  const [today, yesterday, longAgo, told, dead, unknown] = Array.from({ length: 6 }, newWamid) as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];

  test.beforeAll(async () => {
    line = await Line.open("Filter desk");
    await line.tell(
      writes(guest, text("Long ago"), secondsAgo(20 * day), longAgo),
      writes(guest, text("Yesterday"), secondsAgo(day), yesterday),
      isTold(guest, text("An answer"), secondsAgo(30), told),
      has(guest, told, "read", secondsAgo(20)),
      writes(guest, text("Doomed"), secondsAgo(10), dead),
      writes(guest, text("Today"), secondsAgo(5), today),
    );
    line.giveUp(line.eventAbout(dead), "the disk was on fire");
    const elsewhere = { ...line.number, wabaId: "999000999000", phoneNumberId: "999000999001" };
    await line.postRaw(body(elsewhere, [writes(guest, text("Whose am I?"), secondsAgo(5), unknown)]));
    await line.postRaw('{"this is": "no envelope of Meta"}');
  });

  test("everything that is the account's is there, newest first", async ({ webhook }) => {
    await webhook.open(line.webhookPath);
    const titles = ["message · text", "message · text", "status · read", "echo · text", "message · text", "message · text"];
    await expect(webhook.log.links).toContainText(titles);
    await expect.poll(() => webhook.log.ids(), quickly).toEqual(line.eventIds());
    await expect(webhook.log.state("All of this number")).toHaveAttribute("aria-current", "true");
    await expect(webhook.log.clear).toBeHidden();
  });

  for (const [screen, width] of [["a phone", 390], ["a tablet", 1024], ["a small laptop", 1201]] as const) {
    test(`on ${screen} a row says what it says elsewhere, and is no wider than the screen`, async ({ webhook, page }) => {
      await page.setViewportSize({ width, height: 800 });
      await webhook.open(line.webhookPath);
      const cells = webhook.log.row(today).locator("> *");
      await expect(cells).toHaveCount(7);
      for (const cell of await cells.all()) await expect(cell).toBeVisible();
      await expect(cells.nth(1), "its own time").toContainText(/\d\d:\d\d:\d\d/);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    });
  }

  test("a state shows those only, in the URL too", async ({ webhook, page, visit }) => {
    const { log } = webhook;
    const badges = async () => [...new Set(await log.rows.locator(".badge").allTextContents())];
    await webhook.open(line.webhookPath);
    for (const [name, word, badge] of [
      ["Failed", "dead", "Given up"],
      ["Processed", "processed", "Processed"],
      ["Quarantined", "quarantined", "Quarantined"],
      ["Unrouted", "unrouted", "Unrouted"],
    ] as const) {
      await log.state(name).click();
      await expect.poll(badges, quickly).toEqual([badge]);
      expect(parameter(page, "state")).toBe(word);
      await expect(log.state(name)).toHaveAttribute("aria-current", "true");
      await expect(log.state("All of this number")).not.toHaveAttribute("aria-current");
    }
    await visit();
    await expect.poll(badges, quickly).toEqual(["Unrouted"]);
    await expect(log.state("Unrouted")).toHaveAttribute("aria-current", "true");
  });

  test("what is not processed is a filter beside the states, in the URL too", async ({ webhook, page, visit }) => {
    const { log } = webhook;
    const badges = async () => (await log.rows.locator(".badge").allTextContents()).sort();
    await webhook.open(`${line.webhookPath}?state=processed`);
    await log.state("Not processed").click();
    await expect.poll(badges, quickly).toEqual(["Given up", "Quarantined"]);
    expect([parameter(page, "processed"), parameter(page, "state")]).toEqual(["no", null]);
    await visit();
    await expect.poll(badges, quickly).toEqual(["Given up", "Quarantined"]);
    await expect(log.state("Not processed")).toHaveAttribute("aria-current", "true");
    await expect(log.state("All of this number")).not.toHaveAttribute("aria-current");
    await log.type.selectOption("message");
    await log.apply.click();
    await expect(log.row(dead)).toBeVisible();
    expect([parameter(page, "processed"), parameter(page, "type")]).toEqual(["no", "message"]);
    await log.state("Failed").click();
    await expect.poll(() => parameter(page, "processed")).toBeNull();
    await log.clear.click();
    await expect(log.row(today)).toBeVisible();
  });

  test("what is nobody's is shown with the one who signed it, and only when asked for", async ({ webhook }) => {
    await webhook.open(`${line.webhookPath}?state=unrouted`);
    await expect(webhook.log.row(unknown)).toBeVisible();
    await webhook.log.state("All of this number").click();
    await expect(webhook.log.row(today)).toBeVisible();
    await expect(webhook.log.row(unknown)).toHaveCount(0);
  });

  test("a type, a range of days, and a search narrow it together", async ({ webhook, page }) => {
    const { log } = webhook;
    await webhook.open(line.webhookPath);
    await log.type.selectOption("message");
    await log.apply.click();
    await expect(log.links).toHaveText(["message · text", "message · text", "message · text", "message · text"]);

    const date = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString().slice(0, 10);
    await log.to.fill(date(day - 3600));
    await log.from.fill(date(2 * day));
    await log.apply.click();
    await expect(log.row(yesterday)).toBeVisible();
    await expect(log.row(longAgo)).toHaveCount(0);
    expect(parameter(page, "from")).toBe(date(2 * day));

    await log.clear.click();
    await expect(log.row(longAgo)).toBeVisible();
    await expect(log.type).toHaveValue("");
    await expect(log.from).toHaveValue("");
    expect(page.url()).not.toContain("?");

    await log.search.fill(longAgo.slice(-12));
    await log.search.press("Enter");
    await expect(log.row(longAgo)).toBeVisible();
    await expect(log.rows).toHaveCount(1);
  });

  test("a day alone is a range", async ({ webhook }) => {
    const { log } = webhook;
    const then = new Date(Date.now() - 20 * day * 1000).toISOString().slice(0, 10);
    await webhook.open(line.webhookPath);
    await log.from.fill(then);
    await log.to.fill(then);
    await log.apply.click();
    await expect(log.rows).toHaveCount(1);
    await expect(log.row(longAgo)).toBeVisible();
  });

  test("all of it outlives a reload, comes back with the back button, and is shared by its address", async ({
    webhook,
    visit,
    page,
    browser,
    sessions,
  }) => {
    const { log } = webhook;
    await webhook.open(line.webhookPath);
    await log.state("Processed").click();
    await expect.poll(() => parameter(page, "state")).toBe("processed");
    await log.type.selectOption("status");
    await log.search.fill(told);
    await log.apply.click();
    await expect(log.rows).toHaveCount(1);
    const address = page.url();

    await visit();
    await expect(log.rows).toHaveCount(1);
    await expect(log.type).toHaveValue("status");
    await expect(log.search).toHaveValue(told);
    await expect(log.state("Processed")).toHaveAttribute("aria-current", "true");

    await log.state("All of this number").click();
    await expect.poll(() => parameter(page, "state")).toBeNull();
    await expect(log.search, "the state leaves the rest as it is").toHaveValue(told);
    await page.goBack();
    await expect(log.state("Processed")).toHaveAttribute("aria-current", "true");
    await page.goBack();
    await expect(log.search).toHaveValue("");
    await expect(log.type).toHaveValue("");

    const other = await browser.newContext({ storageState: await sessions("admin"), baseURL: process.env.BASE_URL });
    const colleague = await other.newPage();
    await colleague.goto(address);
    await expect(colleague.locator(".log tbody th a")).toHaveText("status · read");
    await expect(colleague.getByRole("searchbox")).toHaveValue(told);
    await other.close();
  });

  test("where nothing matches, it says so and leads back", async ({ webhook, visit, page }) => {
    for (const query of [
      "q=zzzzzz",
      // What means something to a database is a letter like any other.
      "q=%25",
      "q=_",
      "q=%27+or+%27%27%3D%27",
      "type=hologram",
      "to=2015-12-31",
    ]) {
      await page.goto(`${line.webhookPath}?${query}`);
      await expect(webhook.log.empty, query).toContainText("No such events");
    }
    await visit();
    await webhook.log.empty.getByRole("link", { name: "Show all events" }).click();
    await expect(webhook.log.row(today)).toBeVisible();
    expect(page.url()).not.toContain("?");
  });

  test("nonsense in the address is named, or ignored where there is a plain reading", async ({
    webhook,
    complaints,
    page,
  }) => {
    complaints.expect(/status of 400|does not conform to the required format/);
    for (const query of ["cursor=nonsense", "from=yesterday", "to=2026-02-30"]) {
      const answer = await page.goto(`${line.webhookPath}?${query}`);
      expect(answer?.status(), query).toBe(400);
      await expect(webhook.log.card.getByRole("alert")).toBeVisible();
    }
    await webhook.open(`${line.webhookPath}?size=7&state=asleep`);
    await expect(webhook.log.size(25)).toHaveAttribute("aria-current", "true");
    await expect(webhook.log.state("All of this number")).toHaveAttribute("aria-current", "true");
  });

  test("what comes meanwhile is there after Refresh", async ({ webhook }) => {
    await webhook.open(line.webhookPath);
    await expect(webhook.log.row(today)).toBeVisible();
    const late = newWamid();
    await line.tell(writes(guest, text("Late"), secondsAgo(0), late));
    await webhook.log.refresh.click();
    await expect(webhook.log.row(late)).toBeVisible();
  });

  test("without a mouse: filter, open, close, go on", async ({ webhook, event, page }) => {
    const { keyboard } = page;
    await webhook.open(line.webhookPath);
    await tabTo(page, "Processed");
    await keyboard.press("Enter");
    await expect(webhook.log.state("Processed")).toHaveAttribute("aria-current", "true");
    await tabTo(page, "Search ids and keys");
    await keyboard.type(yesterday);
    await keyboard.press("Enter");
    await expect(webhook.log.rows).toHaveCount(1);
    await expect(webhook.log.search, "one may go on typing").toBeFocused();
    await tabTo(page, "message · text");
    // The ring lies around the whole row.
    expect(await webhook.log.links.first().evaluate((link) => getComputedStyle(link, "::after").outlineStyle)).toBe("solid");
    await keyboard.press("Enter");
    await expect(event.payload).toContainText("Yesterday");
    await keyboard.press("Escape");
    await expect(event.dialog).toHaveCount(0);
    await expect(webhook.log.links.first()).toBeFocused();
    await expect(webhook.log.search).toHaveValue(yesterday);
  });
});

test.describe("pages", () => {
  test.describe.configure({ mode: "serial" });
  let line: Line;

  test.beforeAll(async () => {
    line = await Line.open("Busy desk");
    for (let batch = 0; batch < 5; batch += 1) {
      // Four events share each second, so that a page may end among equals.
      const changes = Array.from({ length: 100 }, (_, place): Change => {
        const number = batch * 100 + place;
        return writes(guest, text(`Number ${number}`), secondsAgo(1000 - Math.floor(number / 4)));
      });
      await line.post(...changes);
    }
    await line.settled();
  });

  test("500 events, forwards and back, without gap or double, even while new ones arrive", async ({ webhook }) => {
    test.slow();
    const { log } = webhook;
    const all = line.eventIds();
    expect(all).toHaveLength(500);
    const shows = async (page: number) => {
      const expected = all.slice(page * 25, page * 25 + 25);
      await expect.poll(() => log.ids(), { ...quickly, message: `page ${page + 1}` }).toEqual(expected);
    };
    await webhook.open(line.webhookPath);
    await shows(0);
    await expect(log.newer).toHaveCount(0);
    await line.tell(writes(guest, text("Meanwhile"), secondsAgo(0)));
    for (let page = 1; page < 20; page += 1) {
      await log.older.click();
      await shows(page);
    }
    await expect(log.older).toHaveCount(0);
    await expect(log.pager).toContainText("End of the log");
    for (let page = 18; page >= 0; page -= 1) {
      await log.newer.click();
      await shows(page);
    }
    await log.newer.click();
    const newest = line.eventIds().slice(0, 25);
    await expect.poll(() => log.ids(), { ...quickly, message: "no page of one row" }).toEqual(newest);
    await expect(log.newer).toHaveCount(0);
  });

  test("the newest page is told of what is new, whichever way one came to it", async ({ webhook, page }) => {
    const { log } = webhook;
    await webhook.open(line.webhookPath);
    const first = line.eventIds().slice(0, 25);
    await log.older.click();
    await expect.poll(() => log.ids(), quickly).toEqual(line.eventIds().slice(25, 50));
    await log.newer.click();
    await expect.poll(() => log.ids(), quickly).toEqual(first);
    await expect(log.newer).toHaveCount(0);
    await line.tell(writes(guest, text("Just now"), secondsAgo(0)));
    await page.getByRole("button", { name: "1 new" }).click();
    await expect.poll(() => log.ids(), quickly).toEqual(line.eventIds().slice(0, 25));
    expect(parameter(page, "cursor"), "the first page").toBeNull();
  });

  test("from anywhere one link leads to the newest", async ({ webhook, page }) => {
    const { log } = webhook;
    await webhook.open(`${line.webhookPath}?size=50`);
    await expect(log.newest).toHaveCount(0);
    for (const turned of [1, 2]) {
      await log.older.click();
      await expect.poll(() => log.ids(), quickly).toEqual(line.eventIds().slice(turned * 50, turned * 50 + 50));
    }
    await log.newest.click();
    await expect.poll(() => log.ids(), quickly).toEqual(line.eventIds().slice(0, 50));
    expect([parameter(page, "cursor"), parameter(page, "size")]).toEqual([null, "50"]);
    await expect(log.newest).toHaveCount(0);
    await expect(log.heading, "the link that was pressed is gone").toBeFocused();
  });

  test("without a mouse: where a page has no such link, the heading has the focus", async ({ webhook }) => {
    const { log } = webhook;
    const all = line.eventIds();
    await webhook.open(`${line.webhookPath}?size=100`);
    const pages = Math.ceil(all.length / 100);
    for (let turned = 1; turned < pages; turned += 1) {
      await log.older.focus();
      await log.older.press("Enter");
      await expect.poll(() => log.ids(), quickly).toEqual(all.slice(turned * 100, turned * 100 + 100));
      if (turned < pages - 1) await expect(log.older, "one may go on pressing").toBeFocused();
    }
    await expect(log.older).toHaveCount(0);
    await expect(log.heading).toBeFocused();
  });

  test("the size of a page is in the URL and begins at the first one", async ({ webhook, visit, page }) => {
    const { log } = webhook;
    await webhook.open(line.webhookPath);
    await expect(log.rows).toHaveCount(25);
    await log.older.click();
    await expect.poll(() => parameter(page, "cursor")).not.toBeNull();
    await log.size(100).click();
    await expect(log.rows).toHaveCount(100);
    expect([parameter(page, "size"), parameter(page, "cursor")]).toEqual(["100", null]);
    await log.older.click();
    const second = line.eventIds().slice(100, 200);
    await expect.poll(() => log.ids(), quickly).toEqual(second);
    await visit();
    await expect.poll(() => log.ids(), quickly).toEqual(second);
    await log.size(50).click();
    await expect(log.rows).toHaveCount(50);
    await expect(log.size(50)).toHaveAttribute("aria-current", "true");
    await page.goBack();
    await expect.poll(() => log.ids(), quickly).toEqual(second);
  });

  test("an event opened on the third page leaves the log where it is", async ({ webhook, event, page }) => {
    const { log } = webhook;
    await webhook.open(line.webhookPath);
    for (const turned of [1, 2]) {
      await log.older.click();
      await expect.poll(() => log.ids(), quickly).toEqual(line.eventIds().slice(turned * 25, turned * 25 + 25));
    }
    const address = page.url();
    await log.links.nth(20).click();
    await expect(event.title).toBeVisible();
    expect(parameter(page, "cursor")).toBe(new URL(address).searchParams.get("cursor"));
    await event.close.click();
    await expect(page).toHaveURL(address);
    await expect.poll(() => log.ids(), quickly).toEqual(line.eventIds().slice(50, 75));
    await expect(log.links.nth(20)).toBeFocused();
    await expect(log.links.nth(20)).toBeInViewport();
  });

  test("filters hold over the pages, and begin at the first one", async ({ webhook, page }) => {
    const { log } = webhook;
    await webhook.open(`${line.webhookPath}?type=message&size=100`);
    await log.older.click();
    await expect.poll(() => log.ids(), quickly).toEqual(line.eventIds().slice(100, 200));
    expect(parameter(page, "type")).toBe("message");
    await log.state("Processed").click();
    await expect.poll(() => log.ids(), quickly).toEqual(line.eventIds().slice(0, 100));
    expect([parameter(page, "cursor"), parameter(page, "size")]).toEqual([null, "100"]);
  });

  test("a new log says what to do instead of showing pages", async ({ webhook }) => {
    const fresh = Line.add("Idle desk");
    await webhook.open(fresh.webhookPath);
    await expect(webhook.log.empty).toContainText("No events yet");
    await expect(webhook.log.pager).toHaveCount(0);
    await expect(webhook.next).toContainText("Let Meta verify the callback");
  });
});
