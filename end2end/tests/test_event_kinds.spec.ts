// Every kind of test event that the card offers: it becomes a row of that kind, and its page opens.
import { Line, canAddLines } from "../fixtures/line.ts";
import { expect, test } from "../fixtures/test.ts";

test.skip(!canAddLines, "needs a server of its own");
// The form is a plain one, and pages without scripts are quick: tests/test_event.spec.ts sends one with scripts.
test.use({ role: "admin", javaScriptEnabled: false });

/** Each choice of the form, what the event is called, and what is behind it in the same body. */
const kinds: [choice: string, title: string, along: string[]][] = [
  ["Text message", "message · text", []],
  ["Image", "message · image", []],
  ["Location", "message · location", []],
  ["Reaction", "message · reaction", ["message · text"]],
  ["Status: sent", "status · sent", ["echo · text"]],
  ["Status: delivered", "status · delivered", ["echo · text"]],
  ["Status: read", "status · read", ["echo · text"]],
  ["Status: failed", "status · failed", ["echo · text"]],
  ["Call", "call · connect", []],
  ["Template approved", "change · message template status update", []],
  ["Three messages at once", "message · text", ["message · image", "message · location"]],
];

test("each of them opens what it became, and all of it is in the log", async ({ webhookCards, webhook, event, page }) => {
  test.slow();
  const line = await Line.open("Kinds line");
  await webhookCards.open(line.accountId);
  await expect(webhookCards.kind.locator("option")).toHaveText(kinds.map(([choice]) => choice));

  for (const [choice, title, along] of kinds) {
    await test.step(choice, async () => {
      const known = line.eventIds();
      await webhookCards.unfold();
      await webhookCards.kind.selectOption({ label: choice });
      await webhookCards.send.click();
      await expect(page).toHaveURL(/\/webhook\/events\/[^/?]+$/);
      await expect(event.title).toHaveText(title);
      const opened = page.url().split("/").at(-1)!;
      await event.close.click();
      await expect(page.locator(`#event-${opened}`)).toHaveText(title);
      // All rows that are new, whatever their order.
      const fresh = line.eventIds().filter((id) => !known.includes(id));
      const titles = await Promise.all(fresh.map((id) => page.locator(`#event-${id}`).innerText()));
      expect(titles.map((text) => text.trim()).sort()).toEqual([title, ...along].sort());
    });
  }

  await line.settled();
  await webhook.open(line.webhookPath);
  const badges = await webhook.log.rows.locator(".badge").allTextContents();
  expect([...new Set(badges)], "all of it is processed").toEqual(["Processed"]);
});
