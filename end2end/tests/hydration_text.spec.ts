// Each page that the browser takes over says the same before and after, to the word.
import type { Page } from "@playwright/test";
import { demoAccounts } from "../fixtures/demo.ts";
import { Line, canAddLines } from "../fixtures/line.ts";
import { type Guest, has, isTold, newWamid, secondsAgo, text, writes } from "../fixtures/meta.ts";
import { expectSameText } from "../fixtures/taken_over.ts";
import { expect, test } from "../fixtures/test.ts";
import type { Visit } from "../pages/visit.ts";

test.use({ role: "admin" });

/** Opens a page and compares. `settled` is what is on it. */
async function compare(page: Page, visit: Visit, path: string, settled: string): Promise<void> {
  const answer = await visit(path);
  await expect(page.locator("main")).toContainText(settled);
  await expectSameText(page, answer);
}

test.describe("signed out", () => {
  test.use({ role: "nobody" });

  test("the form, before and after a refusal that came without WASM", async ({ page, visit }) => {
    await compare(page, visit, "/sign-in?next=/people", "Sign in");
    const wrong = Buffer.from(JSON.stringify("WrongCredentials")).toString("base64url");
    await compare(page, visit, `/sign-in?${new URLSearchParams({ __path: "/api/sign_in", __err: wrong })}`, "Sign in");
    await expect(page.getByRole("alert")).not.toBeEmpty();
  });
});

test("accounts, conversations, a thread, and what is not there", async ({ conversations, thread, page, visit, complaints }) => {
  complaints.expect(/status of 404/);
  await compare(page, visit, "/", demoAccounts.support.name);
  await conversations.openByName(demoAccounts.support.name);
  const list = page.url();
  await compare(page, visit, list, "Lena Ortiz");
  await compare(page, visit, `${list}?q=zzz`, "Nobody found");
  for (const title of ["Lena Ortiz", "Joana Prado", "@marco.b", "+33612345678"]) {
    await visit(list);
    await conversations.link(title).click();
    // It has been read by now, so that no number changes any more.
    await expect(thread.title).toHaveText(title);
    await visit();
    await compare(page, visit, page.url(), title);
  }
  await compare(page, visit, `${list}/nothing`, "Nothing here");
  await compare(page, visit, "/accounts/nothing/webhook", "Nothing here");
  await compare(page, visit, "/nothing", "There is no such page");
});

test.describe("the Webhook tab", () => {
  test.skip(!canAddLines, "needs a server of its own");

  const guest: Guest = { bsuid: "IS.930", name: "Æsa & <b>Björk</b>", waId: "3540000930" };
  const [asked, told, doomed] = [newWamid(), newWamid(), newWamid()];
  let line: Line;

  test.beforeAll(async () => {
    line = await Line.open("Same desk");
    await line.tell(
      writes(guest, text("An old one"), secondsAgo(40 * 24 * 3600)),
      writes(guest, text("</main><b>Not &amp; here</b>"), secondsAgo(50), asked),
      isTold(guest, text("An answer"), secondsAgo(40), told),
      has(guest, told, "read", secondsAgo(30)),
      writes(guest, text("Doomed"), secondsAgo(10), doomed),
    );
    line.giveUp(line.eventAbout(doomed), "the disk was on fire");
    await line.postRaw("{}", "not the secret");
  });

  test("with events, filtered, and not set up at all", async ({ page, visit }) => {
    await compare(page, visit, line.webhookPath, "message · text");
    await compare(page, visit, `${line.webhookPath}?type=message&size=50&to=2015-12-31`, "No such events");
    await compare(page, visit, Line.bare("Bare same desk").webhookPath, "Set up the webhook");
    await compare(page, visit, Line.add("New same desk").webhookPath, "Let Meta verify the callback");
  });

  test("an event that was given up, and one whose text looks like markup", async ({ page, visit, complaints }) => {
    complaints.expect(/status of 404/);
    await compare(page, visit, `${line.webhookPath}/events/${line.eventAbout(doomed)}`, "the disk was on fire");
    await compare(page, visit, `${line.webhookPath}/events/${line.eventAbout(asked)}`, "Not &amp; here");
    await compare(page, visit, `${line.webhookPath}/events/nothing`, "Nothing here");
  });

  test("a word or a time that differs is noticed", async ({ page, visit }) => {
    const answer = await visit(line.webhookPath);
    await expectSameText(page, answer);
    await page.locator("main time").first().evaluate((time) => (time.textContent = "QQQ"));
    await expect(expectSameText(page, answer)).rejects.toThrow("QQQ");
  });
});
