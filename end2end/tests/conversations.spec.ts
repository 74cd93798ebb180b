// The list of an account's conversations.
import { demoAccounts } from "../fixtures/demo.ts";
import { Line, canAddLines } from "../fixtures/line.ts";
import { type Guest, secondsAgo, text, writes } from "../fixtures/meta.ts";
import { expect, test } from "../fixtures/test.ts";

const support = demoAccounts.support.name;
const everybody = ["Lena Ortiz", "@marco.b", "Joana Prado", "+33612345678"];

test("whoever wrote last stands first, with the last message and how far it came", async ({ conversations, page }) => {
  await conversations.openByName(support);
  await expect(conversations.titles).toHaveText(everybody);
  await expect(conversations.row("Lena Ortiz")).toContainText("One moment, I am checking.");
  await expect(conversations.row("Lena Ortiz").locator(".tick + .sr-only")).toHaveText("sent");
  await expect(conversations.row("Joana Prado").locator(".tick + .sr-only")).toHaveText("failed");
  await expect(conversations.row("@marco.b")).toContainText("Sent to the wrong person, sorry");
  await expect(conversations.row("+33612345678")).toContainText("Please call me");
  await expect(conversations.invitation).toBeVisible();
  await expect(page).toHaveTitle("Support line · Waypost");
});

for (const [what, words, found] of [
  ["part of a name, in any case", "ORT", ["Lena Ortiz"]],
  ["a number", "3361234", ["+33612345678"]],
  ["a number with its plus", "+55119", ["Joana Prado"]],
  ["a username with its @", "@marco", ["@marco.b"]],
  ["a username that a name hides", "@joprado", ["Joana Prado"]],
  ["nothing but blanks", "   ", everybody],
] as const) {
  test(`the search finds ${what}`, async ({ conversations }) => {
    await conversations.openByName(support);
    await conversations.find(words);
    await expect(conversations.titles).toHaveText(found);
  });
}

for (const words of ["zzz", "%", "_", "' or ''='"]) {
  test(`the search for ${words} finds nobody, says where it looked, and leads back`, async ({ conversations }) => {
    await conversations.openByName(support);
    await conversations.find(words);
    await expect(conversations.empty.getByRole("heading")).toHaveText("Nobody found");
    await expect(conversations.empty).toContainText("Names, numbers, usernames and ids were searched.");
    await conversations.empty.getByRole("link", { name: "Show all conversations" }).click();
    await expect(conversations.titles).toHaveText(everybody);
    await expect(conversations.search).toHaveValue("");
  });
}

test("the search outlives a reload and an opened thread, and the button does it too", async ({
  conversations,
  thread,
  visit,
  page,
}) => {
  await conversations.openByName(support);
  await conversations.search.fill("o");
  await conversations.searchButton.click();
  await expect(conversations.titles).toHaveText(["Lena Ortiz", "@marco.b", "Joana Prado"]);
  await conversations.link("Joana Prado").click();
  await expect(thread.title).toHaveText("Joana Prado");
  await expect(conversations.link("Joana Prado")).toHaveAttribute("aria-current", "page");

  await visit();
  await expect(conversations.titles).toHaveText(["Lena Ortiz", "@marco.b", "Joana Prado"]);
  await expect(conversations.search).toHaveValue("o");
  await expect(thread.title).toHaveText("Joana Prado");
  await expect(page).toHaveTitle("Joana Prado · Waypost");

  // What is searched for next is beside the thread that stays open.
  await conversations.find("lena");
  await expect(conversations.titles).toHaveText(["Lena Ortiz"]);
  await expect(thread.title).toHaveText("Joana Prado");
});

test("the back button goes from thread to thread", async ({ conversations, thread, page }) => {
  await conversations.openByName(support);
  await conversations.link("Lena Ortiz").click();
  await expect(thread.title).toHaveText("Lena Ortiz");
  await conversations.link("@marco.b").click();
  await expect(thread.title).toHaveText("@marco.b");
  await page.goBack();
  await expect(thread.title).toHaveText("Lena Ortiz");
  await page.goBack();
  await expect(conversations.invitation).toBeVisible();
});

test("a link that leads to no page of the list says so", async ({ conversations, visit, complaints, page }) => {
  complaints.expect(/status of 400/);
  await conversations.openByName(support);
  const answer = await visit(`${page.url()}?cursor=nonsense`);
  expect(answer.status()).toBe(400);
  await expect(conversations.list.getByRole("alert")).toContainText("This link leads to no page of the list.");
});

test.describe("on a narrow screen", () => {
  test.use({ viewport: { width: 390, height: 800 } });

  test("there is the list or the thread, with a way back", async ({ conversations, thread, page }) => {
    await conversations.openByName(support);
    await expect(conversations.list).toBeVisible();
    await expect(conversations.invitation).toBeHidden();

    await conversations.link("Lena Ortiz").click();
    await expect(thread.message("Is the 14:30 to Lisbon on time?").item).toBeVisible();
    await expect(conversations.list).toBeHidden();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);

    await thread.back.click();
    await expect(conversations.rows).toHaveCount(4);
    await expect(conversations.list).toBeVisible();
    await expect(thread.pane).toHaveCount(0);
  });
});

test.describe("with more conversations than fit on a page", () => {
  test.skip(!canAddLines, "needs a server of its own");
  test.describe.configure({ mode: "serial" });

  let line: Line;
  /** The newest first. */
  const guests = Array.from({ length: 70 }, (_, place): Guest => {
    const number = String(place + 1).padStart(2, "0");
    return { bsuid: `DE.90${number}`, name: `Guest ${number}`, waId: `4915100000${number}` };
  });
  const names = guests.map((guest) => guest.name);

  test.beforeAll(async () => {
    line = await Line.open("Front desk");
    await line.tell(...guests.map((guest, place) => writes(guest, text(`From ${guest.name}`), secondsAgo(place * 10))));
  });

  test("they come thirty at a time, each one once", async ({ conversations }) => {
    await conversations.open(line.path);
    await expect(conversations.titles).toHaveText(names.slice(0, 30));
    await expect(conversations.newest).toHaveCount(0);
    await conversations.older.click();
    await expect(conversations.titles).toHaveText(names.slice(30, 60));
    await conversations.older.click();
    await expect(conversations.titles).toHaveText(names.slice(60));
    await expect(conversations.older).toHaveCount(0);
    await conversations.newest.click();
    await expect(conversations.titles).toHaveText(names.slice(0, 30));
  });

  test("a thread opened on the second page leaves the list where it is", async ({ conversations, thread, visit }) => {
    await conversations.open(line.path);
    await conversations.older.click();
    await conversations.link("Guest 42").click();
    await expect(thread.message("From Guest 42").item).toBeVisible();
    await expect(conversations.titles).toHaveText(names.slice(30, 60));
    await visit();
    await expect(conversations.titles).toHaveText(names.slice(30, 60));
  });

  test("the search finds somebody of the last page, from any page", async ({ conversations }) => {
    await conversations.open(line.path);
    await conversations.older.click();
    await expect(conversations.titles).toHaveText(names.slice(30, 60));
    await conversations.find("guest 69");
    await expect(conversations.titles).toHaveText(["Guest 69"]);
  });
});

test.describe("what belongs to somebody else", () => {
  test.skip(!canAddLines, "needs a server of its own");

  test("is not there: neither by its own address nor beside one's own account", async ({
    conversations,
    thread,
    visit,
    complaints,
    page,
  }) => {
    complaints.expect(/status of 404/);
    const foreign = await Line.open("Reception", "Harbour Hotel");
    await foreign.tell(writes({ bsuid: "FR.77", name: "Foreign Guest", waId: "33600000077" }, text("Not for you")));
    const [id] = foreign.conversationIds();
    await conversations.openByName(support);
    const own = new URL(page.url()).pathname;

    const nobodys = "01890000-0000-7000-8000-000000000000";
    for (const path of [foreign.path, `${foreign.path}/${id}`, `${own}/${id}`, `${own}/${nobodys}`, `${own}/x`]) {
      const answer = await visit(path);
      expect(answer.status(), path).toBe(404);
      await expect(page.getByText("Nothing here").first(), path).toBeVisible();
      await expect(page.getByText("Not for you"), path).toHaveCount(0);
      await expect(page.getByText("Foreign Guest"), path).toHaveCount(0);
      await expect(thread.messages, path).toHaveCount(0);
    }
  });
});

test("an address that leads nowhere is a 404 with a way home", async ({ accounts, visit, complaints, page }) => {
  complaints.expect(/status of 404/);
  const answer = await visit("/no/such/page");
  expect(answer.status()).toBe(404);
  await expect(page.getByRole("heading", { name: "There is no such page" })).toBeVisible();
  await page.getByRole("link", { name: "Go to the accounts" }).click();
  await expect(accounts.heading).toBeVisible();
});
