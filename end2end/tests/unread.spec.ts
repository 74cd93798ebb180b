// What is unread: counted beside each conversation, and gone once it was opened.
import { Line, canAddLines } from "../fixtures/line.ts";
import { type Guest, text, writes } from "../fixtures/meta.ts";
import { expect, test } from "../fixtures/test.ts";

test.skip(!canAddLines, "needs a server of its own");

const pia: Guest = { bsuid: "ES.740", name: "Pia", waId: "34600000740" };
const quim: Guest = { bsuid: "ES.741", name: "Quim", waId: "34600000741" };

test("opening a conversation is reading it", async ({ conversations, thread, visit }) => {
  const line = await Line.open("Unread desk");
  await line.tell(writes(pia, text("One")), writes(pia, text("Two")), writes(quim, text("Hello")));
  await visit(line.path);
  const unread = (name: string) => conversations.rows.filter({ hasText: name }).locator(".unread");
  await expect(unread("Pia")).toHaveText(/^\s*2\s*unread\s*$/);
  await expect(unread("Quim")).toHaveText(/^\s*1\s*unread\s*$/);

  await conversations.link("Pia").click();
  await expect(thread.title).toHaveText("Pia");
  await expect(unread("Pia")).toBeHidden();
  await expect(unread("Quim")).toBeVisible();
  await conversations.link("Quim").click();
  await expect(thread.title).toHaveText("Quim");
  await expect(unread("Pia")).toHaveCount(0);

  await visit(line.path);
  await expect(unread("Quim")).toHaveCount(0);
});
