// While something is read, and when it could not be: the event log, an event, the conversations and a thread, each on the
// way there in the browser. What the server answers is held back, lost, or replaced.
import type { Locator, Page } from "@playwright/test";
import { demoAccounts } from "../fixtures/demo.ts";
import { type Failure, fail, hold, noted, requestId } from "../fixtures/disturbance.ts";
import { expect, test } from "../fixtures/test.ts";
import { ReadStates } from "../pages/read_states.ts";

const support = demoAccounts.support.name;

/** A read, where it is shown, the way to it, and what shows that it is there. */
interface Read {
  name: string;
  /** The server function. */
  asks: string;
  place: string;
  /** Where one is before. */
  from: "" | "webhook" | "conversations";
  go: (page: Page) => Promise<void>;
  there: (page: Page) => Locator;
}

const openAccount = async (page: Page) => await page.getByRole("link", { name: support, exact: true }).click();

const reads: Read[] = [
  {
    name: "the numbers and the set-up",
    asks: "webhook",
    place: ".webhook >",
    from: "",
    go: openAccount,
    there: (page) => page.getByRole("region", { name: "Set up" }),
  },
  {
    name: "the event log",
    asks: "events",
    place: ".events",
    from: "",
    go: openAccount,
    there: (page) => page.locator(".events tbody tr").first(),
  },
  {
    name: "an event",
    asks: "event",
    place: "dialog.event",
    from: "webhook",
    go: async (page) => await page.locator(".events tbody th a").first().click(),
    there: (page) => page.getByRole("region", { name: "Payload" }),
  },
  {
    name: "the conversations",
    asks: "conversations",
    place: ".chat-list",
    from: "webhook",
    go: async (page) => await page.getByRole("navigation", { name: "Account", exact: true }).getByRole("link", { name: "Conversations" }).click(),
    there: (page) => page.locator(".rows > li").first(),
  },
  {
    name: "a thread",
    asks: "thread",
    place: ".pane.thread",
    from: "conversations",
    go: async (page) => await page.locator(".rows > li a").first().click(),
    there: (page) => page.locator(".msg").first(),
  },
];

for (const { name, asks, place, from, go, there } of reads) {
  test.describe(name, () => {
    test.beforeEach(async ({ accounts, conversations, page }) => {
      if (from === "conversations") return await conversations.openByName(support);
      await accounts.open();
      if (from === "webhook") {
        await openAccount(page);
        await expect(page.locator(".events tbody tr").first()).toBeVisible();
      }
    });

    test("is a skeleton, then an error where the answer is lost, and there after “Try again”", async ({ complaints, page }) => {
      complaints.expect(noted);
      const shown = new ReadStates(page, place);
      const mend = await fail(page, asks, "lost");
      const release = await hold(page, asks);
      await go(page);
      await expect(shown.skeleton).toBeVisible();
      await expect(shown.skeleton).toContainText("Loading…");
      await expect(shown.skeleton).toHaveRole("status");
      await expect(there(page)).toHaveCount(0);

      await release();
      await expect(shown.sentence).toHaveText("The server could not be reached.");
      await expect(shown.error).toHaveRole("alert");
      await expect(shown.error).toContainText("Please check the connection, then try again.");
      await expect(shown.skeleton).toHaveCount(0);
      await expect(shown.request, "no request, no number of one").toHaveCount(0);

      // It stays as it is for as long as it fails.
      await Promise.all([page.waitForRequest(`**/api/${asks}`), shown.tryAgain.click()]);
      await expect(shown.sentence).toBeVisible();
      await mend();
      await shown.tryAgain.click();
      await expect(there(page)).toBeVisible();
      await expect(shown.error).toHaveCount(0);
    });
  });
}

test.describe("what is on the screen already", () => {
  test.beforeEach(async ({ accounts, webhook, page }) => {
    await accounts.open();
    await openAccount(page);
    await expect(webhook.log.rows.first()).toBeVisible();
  });

  test("stays there while the log is read again", async ({ webhook, page }) => {
    const { log } = webhook;
    const shown = new ReadStates(page, ".events");
    const before = await log.ids();
    const release = await hold(page, "events");
    await log.state("Failed").click();
    await expect(log.state("Failed")).toHaveAttribute("aria-current", "true");
    expect(await log.ids()).toEqual(before);
    await expect(shown.skeleton).toHaveCount(0);
    await release();
    await expect.poll(() => log.ids()).not.toEqual(before);
  });

  for (const [how, sentence, advice] of [
    ["unavailable", "Something went wrong on our side.", "give the number below to support"],
    ["nonsense", "The server could not be reached.", "Please check the connection, then try again."],
  ] satisfies [Failure, string, string][]) {
    test(`makes way for a filter's error (${how}), and the rows are there after “Try again”`, async ({ webhook, complaints, page }) => {
      complaints.expect(noted);
      const shown = new ReadStates(page, ".events");
      const mend = await fail(page, "events", how);
      await webhook.log.state("Processed").click();
      await expect(shown.sentence).toHaveText(sentence);
      await expect(shown.error).toContainText(advice);
      await expect(shown.request).toHaveText(how === "unavailable" ? [`Request ${requestId}`] : []);
      await mend();
      await shown.tryAgain.click();
      await expect(webhook.log.rows.first()).toBeVisible();
      await expect(page, "it is the filter's answer").toHaveURL(/\?state=processed$/);
    });
  }

  test("makes way for the error when reading it again fails, and the rest of the tab does not", async ({
    webhook,
    complaints,
    page,
  }) => {
    complaints.expect(noted);
    const shown = new ReadStates(page, ".events");
    const mend = await fail(page, "events", "lost");
    await webhook.log.refresh.click();
    await expect(shown.sentence).toHaveText("The server could not be reached.");
    await expect(webhook.badge).toBeVisible();
    await mend();
    await webhook.log.refresh.click();
    await expect(webhook.log.rows.first()).toBeVisible();
  });

  test("an event that could not be read is closed like any other", async ({ webhook, event, complaints, page }) => {
    complaints.expect(noted);
    const address = page.url();
    await fail(page, "event", "lost");
    await webhook.log.links.first().click();
    await expect(new ReadStates(page, "dialog.event").sentence).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(event.dialog).toHaveCount(0);
    await expect(page).toHaveURL(address);
    await expect(webhook.log.links.first()).toBeFocused();
  });
});
