// The rules for callback path, app secret and verify token: beside the field in the browser, and on the server, whatever
// the browser has let through. Blanks around a value are no part of it.
import type { APIRequestContext } from "@playwright/test";
import { Line, canAddLines, newSecret } from "../fixtures/line.ts";
import { body, secondsAgo, text, writes } from "../fixtures/meta.ts";
import { expect, test } from "../fixtures/test.ts";
import type { Field } from "../pages/webhook.ts";

test.skip(!canAddLines, "needs a server of its own");
test.use({ role: "admin" });

const guest = { bsuid: "CZ.800", name: "Petr", waId: "420600000800" };
const door = "/api/webhooks/whatsapp";
const tooLong = "The callback path must have at most 200 characters.";
const noDoor = /^The callback path must be \/api\/webhooks\/whatsapp/;
const shortSecret = "The app secret must have at least 32 characters.";
const shortToken = "The verify token must have at least 16 characters.";
/** What is changed in the console is in force at the door within a second. */
const inForce = { timeout: 3_000, intervals: [50] };

/** A path of so many characters. */
const pathOf = (length: number) => `${door}/${newSecret()}`.padEnd(length, "x");

let line: Line;
test.beforeAll(async () => {
  line = await Line.open("Rules desk");
});

async function ask(browser: APIRequestContext, action: string, form: Record<string, string>): Promise<[number, unknown]> {
  const answer = await browser.post(`/api/${action}`, { form: { "form[account]": line.accountId, ...form } });
  return [answer.status(), await answer.json()];
}

/** What is wrong is said when the field is left, and taken back when it is right. */
async function expectRule(field: Field, wrong: string, rule: string | RegExp, right: string): Promise<void> {
  await field.input.fill(wrong);
  await field.input.blur();
  await expect(field.hint, wrong).toHaveText(rule);
  await expect(field.input, wrong).toHaveAttribute("aria-invalid", "true");
  await field.input.fill(right);
  await expect(field.input, right).not.toHaveAttribute("aria-invalid");
  await expect(field.hint, right).not.toHaveText(rule);
}

test("beside the field: a secret and a token are measured without the blanks around them", async ({ webhook }) => {
  await webhook.open(line.webhookPath);
  await expectRule(webhook.secret, "s".repeat(31), shortSecret, "s".repeat(32));
  await expectRule(webhook.secret, `    ${"s".repeat(31)}    `, shortSecret, ` ${"s".repeat(32)} `);
  await webhook.rotate.click();
  await expectRule(webhook.ownToken, "t".repeat(15), shortToken, "t".repeat(16));
  await expectRule(webhook.ownToken, `    ${"t".repeat(15)}    `, shortToken, ` ${"t".repeat(16)} `);
});

test("beside the field: a callback path leads to the door, in 200 characters", async ({ webhook }) => {
  await webhook.open(line.webhookPath);
  await webhook.unfoldPath();
  await expectRule(webhook.path, pathOf(201), tooLong, pathOf(200));
  await expectRule(webhook.path, door.slice(1), noDoor, `  ${door}/rules  `);
});

test("on the server: what breaks a rule is refused with the rule and its field, and nothing is changed", async ({ request }) => {
  const before = line.state();
  for (const [action, field, value, rule] of [
    ["save_webhook", "callback_path", pathOf(201), tooLong],
    ["save_webhook", "callback_path", door.slice(1), noDoor],
    ["save_webhook", "callback_path", "/accounts", noDoor],
    ["save_webhook", "callback_path", `http://acme.travel${door}`, noDoor],
    ["save_webhook", "callback_path", `${door}/a b`, /must have no blanks/],
    ["save_webhook", "callback_path", `${door}?x=1`, /must have no blanks, query/],
    ["save_webhook", "app_secret", "s".repeat(31), shortSecret],
    ["save_webhook", "app_secret", ` \t${"s".repeat(31)}\n `, shortSecret],
    ["rotate_token", "own", "t".repeat(15), shortToken],
    ["rotate_token", "own", ` \t${"t".repeat(15)}\n `, shortToken],
  ] as const) {
    const [status, refusal] = await ask(request, action, { [`form[${field}]`]: value });
    expect(status, value).toBe(422);
    const message = typeof rule === "string" ? rule : expect.stringMatching(rule);
    expect(refusal, value).toEqual({ Invalid: { field: field === "own" ? "verify_token" : field, message } });
  }
  expect(line.state()).toBe(before);
  expect(await line.challenge()).toBe(200);
});

test("on the server: what just keeps them is taken without the blanks around it, and so it is at the door", async ({ request, webhook }) => {
  const verifyToken = newSecret().slice(0, 16);
  expect(await ask(request, "rotate_token", { "form[own]": `\t ${verifyToken}\n` })).toEqual([200, { verify_token: verifyToken }]);
  line.learn({ verifyToken });
  await expect.poll(() => line.challenge(), inForce).toBe(200);

  const [appSecret, callbackPath] = [newSecret(), pathOf(200)];
  const form = { "form[app_secret]": ` ${appSecret}\n`, "form[callback_path]": ` ${callbackPath}\t`, "form[overlap]": "none" };
  expect((await ask(request, "save_webhook", form))[0]).toBe(200);
  line.learn({ appSecret, callbackPath });
  await expect.poll(() => line.challenge(), inForce).toBe(200);
  const raw = () => body(line.number, [writes(guest, text("Hello"), secondsAgo(0))]);
  await expect.poll(() => line.postRaw(raw()), inForce).toBe(200);
  await webhook.open(line.webhookPath);
  await expect(webhook.callbackUrl).toHaveValue(process.env.BASE_URL + callbackPath);
});
