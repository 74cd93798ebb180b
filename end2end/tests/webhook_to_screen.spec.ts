// From Meta's signed body to the screen.
import { Line, canAddLines } from "../fixtures/line.ts";
import { type Guest, body, has, isTold, newWamid, secondsAgo, signature, text, writes } from "../fixtures/meta.ts";
import { expect, test } from "../fixtures/test.ts";

test.skip(!canAddLines, "needs a server of its own");
test.describe.configure({ mode: "serial" });

/** From Meta's 200 to the page that shows it. */
const promised = 1_000;
const guest: Guest = { bsuid: "PT.100", name: "Inês Çelik 🌊", waId: "351910000100" };
let line: Line;

test.beforeAll(async () => {
  line = await Line.open("Ticket desk");
});

test("a message is in the list within a second, without anybody's help but a reload", async ({
  conversations,
  visit,
}) => {
  await conversations.open(line.path);
  await expect(conversations.empty).toContainText("No conversations yet");

  await line.post(writes(guest, text("Olá! Is the ferry running?")));
  await expect(async () => {
    await visit();
    await expect(conversations.row(guest.name)).toContainText("Olá! Is the ferry running?", { timeout: 1 });
  }).toPass({ timeout: promised, intervals: [0] });
});

test("the next one moves the conversation up and is in its thread", async ({ conversations, thread, visit }) => {
  const other: Guest = { bsuid: "PT.101", name: "Somebody Else", waId: "351910000101" };
  await line.tell(writes(other, text("Me too"), secondsAgo(-1)));
  await conversations.open(line.path);
  await expect(conversations.titles).toHaveText([other.name, guest.name]);

  await line.tell(writes(guest, text("Hello?"), secondsAgo(-2)));
  await visit();
  await expect(conversations.titles).toHaveText([guest.name, other.name]);
  await conversations.link(guest.name).click();
  await expect(thread.messages).toHaveCount(2);
});

test("an answer's ticks follow its statuses", async ({ conversations, thread, visit }) => {
  const answered = newWamid();
  await line.tell(isTold(guest, text("It is."), secondsAgo(-3), answered), has(guest, answered, "sent"));
  await conversations.open(line.path);
  await conversations.link(guest.name).click();
  const answer = thread.message("It is.");
  for (const [status, sign] of [
    ["delivered", "✓✓ delivered"],
    ["read", "✓✓ read"],
  ] as const) {
    await line.tell(has(guest, answered, status));
    await visit();
    await expect(answer.deliverySign).toHaveText(sign);
  }
});

test("what comes twice is shown once", async ({ conversations, thread }) => {
  const twice = writes(guest, text("Only once, please"), secondsAgo(-4));
  await line.tell(twice);
  await line.tell(twice);
  await conversations.open(line.path);
  await conversations.link(guest.name).click();
  await expect(thread.message("Only once, please").item).toHaveCount(1);
});

test("what was not signed with the app secret is refused and never shown", async ({ conversations, request }) => {
  const raw = body(line.number, [writes(guest, text("Forged"), secondsAgo(-9))]);
  const refused: Record<string, string>[] = [{}, { "X-Hub-Signature-256": signature("another secret", raw) }];
  for (const headers of refused) {
    const answer = await request.post(line.callbackUrl, { data: Buffer.from(raw), headers });
    expect(answer.status()).toBe(403);
  }
  await line.tell(writes(guest, text("The last word"), secondsAgo(-5)));
  await conversations.open(line.path);
  await expect(conversations.row(guest.name)).toContainText("The last word");
});
