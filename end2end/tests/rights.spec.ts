// Every change that the console knows, asked of its server function directly: by somebody who is not signed in, by a role
// that may not, for things of another company, and by a form on somebody else's page. Each is refused, and nothing is
// changed. The changes of the Webhook tab's set-up are also in tests/webhook_rights.spec.ts.
import { randomInt } from "node:crypto";
import type { APIRequestContext } from "@playwright/test";
import { type Role, demoUsers } from "../fixtures/demo.ts";
import { Line, canAddLines, newSecret } from "../fixtures/line.ts";
import { type Guest, secondsAgo, text, writes } from "../fixtures/meta.ts";
import { records, userId, waypost } from "../fixtures/operator.ts";
import { addPerson, freshEmail } from "../fixtures/person.ts";
import { expect, test as base } from "../fixtures/test.ts";

base.skip(!canAddLines, "needs a server of its own");

type Form = Record<string, string>;

/** Which things a change names. */
interface Named {
  account: string;
  event: string;
  conversation: string;
  person: string;
}

const guest: Guest = { bsuid: "DK.790", name: "Freja", waId: "4520000790" };
const nobody = { cookies: [], origins: [] };
let own: Named;
let foreign: Named;

/** Asks server functions for somebody. */
const test = base.extend<{ caller: (who: Role | "nobody") => Promise<APIRequestContext> }>({
  caller: async ({ playwright, sessions }, use) => {
    const opened: APIRequestContext[] = [];
    await use(async (who) => {
      const storageState = who === "nobody" ? nobody : await sessions(who);
      const context = await playwright.request.newContext({ baseURL: process.env.BASE_URL, storageState });
      opened.push(context);
      return context;
    });
    await Promise.all(opened.map((context) => context.dispose()));
  },
});

test.beforeAll(async () => {
  const line = await Line.open("Table desk");
  await line.tell(writes(guest, text("Ours"), secondsAgo(5)));
  const person = await addPerson("Ida Iversen", "viewer");
  const [ownEvent, ownConversation] = [line.eventIds()[0]!, line.conversationIds()[0]!];
  own = { account: line.accountId, event: ownEvent, conversation: ownConversation, person: userId(person.email) };

  const theirs = await Line.open("Their desk", "Harbour Hotel");
  await theirs.tell(writes(guest, text("Theirs"), secondsAgo(5)));
  const email = freshEmail();
  const flags = ["--company", "Harbour Hotel", "--name", "Jo Jansen", "--email", email, "--role", "viewer"];
  waypost(["user", "add", ...flags], `${newSecret()}\n`);
  const [event, conversation] = [theirs.eventIds()[0]!, theirs.conversationIds()[0]!];
  foreign = { account: theirs.accountId, event, conversation, person: userId(email) };
});

/** Every change of a company's things, as its form posts it: all of them are right but for who asks. */
function changes({ account, event, conversation, person }: Named): Record<string, Form> {
  const [phoneNumberId, wabaId] = [String(randomInt(10 ** 14)), String(randomInt(10 ** 14))];
  return {
    save_webhook: { "form[account]": account, "form[app_secret]": newSecret() },
    rotate_token: { "form[account]": account },
    set_enabled: { "form[account]": account, "form[enabled]": "false" },
    replay: { "event[account]": account, "event[event]": event },
    send_test: { "form[account]": account, "form[kind]": "text" },
    // Nobody listens there.
    check_tunnel: { "form[account]": account, "form[public_url]": "http://127.0.0.1:1" },
    add_account: { "form[name]": "Refused desk", "form[phone_number_id]": phoneNumberId, "form[waba_id]": wabaId },
    add_user: { "form[name]": "Refused Person", "form[email]": freshEmail(), "form[role]": "admin" },
    set_active: { "form[user]": person, "form[active]": "false" },
    erase_contact: { "form[account]": account, "form[conversation]": conversation, "form[word]": "erase" },
  };
}

/** What is asked about one's own session. */
const wish = "a password of one's own";
const ofOneself: Record<string, Form> = {
  change_password: { "form[current]": "whatever it is", "form[new]": wish, "form[again]": wish },
  sign_out_everywhere: {},
};

function reads({ account, event, conversation }: Named): Record<string, Form> {
  return {
    webhook: { account },
    events: { "query[account]": account },
    event: { "event[account]": account, "event[event]": event },
    conversations: { "query[account]": account },
    thread: { "query[account]": account, "query[conversation]": conversation },
    activity: { "query[account]": account },
  };
}

async function answer(browser: APIRequestContext, action: string, form: Form): Promise<[number, unknown]> {
  const answered = await browser.post(`/api/${action}`, { form });
  return [answered.status(), await answered.json()];
}

for (const [role, forbidden] of [
  ["viewer", ["send_test", "check_tunnel", "add_account", "add_user", "set_active", "erase_contact"]],
  ["manager", ["check_tunnel", "add_account", "add_user", "set_active", "erase_contact"]],
] satisfies [Role, string[]][]) {
  test(`a ${role} is refused what the role may not, as a script and as a form, and nothing is changed`, async ({ caller }) => {
    const browser = await caller(role);
    const before = records();
    const forms = changes(own);
    for (const action of forbidden) {
      const form = forms[action]!;
      expect(await answer(browser, action, form), action).toEqual([403, "Forbidden"]);
      const headers = { Accept: "text/html", Referer: `${process.env.BASE_URL}/people` };
      const page = await browser.post(`/api/${action}`, { form, headers, maxRedirects: 0 });
      expect([302, 403], action).toContain(page.status());
    }
    expect(records()).toBe(before);
  });
}

test("somebody who is not signed in is refused everything, and nothing is changed", async ({ caller }) => {
  const browser = await caller("nobody");
  const before = records();
  for (const [action, form] of Object.entries({ ...changes(own), ...ofOneself })) {
    expect(await answer(browser, action, form), action).toEqual([401, "SignedOut"]);
  }
  expect(records()).toBe(before);
});

test("an admin is told of another company's things what is told of nothing, and none is changed", async ({ caller }) => {
  const browser = await caller("admin");
  const nowhere = "01900000-0000-7000-8000-000000000000";
  const nothing = { account: nowhere, event: nowhere, conversation: nowhere, person: nowhere };
  // Who adds something names no id of theirs.
  const asked = ({ add_account: _, add_user: __, ...forms }: Record<string, Form>) => Object.entries(forms);
  const before = records();
  for (const named of [foreign, nothing, { ...nothing, account: "' or 1=1 --", person: "../x" }]) {
    for (const [action, form] of [...asked(changes(named)), ...Object.entries(reads(named))]) {
      expect(await answer(browser, action, form), `${action} ${named.account}`).toEqual([404, "NotFound"]);
    }
  }
  // Their things under one's own account.
  const within = { ...foreign, account: own.account };
  const [{ replay, erase_contact }, { event, thread }] = [changes(within), reads(within)];
  for (const [action, form] of Object.entries({ replay, erase_contact, event, thread })) {
    expect(await answer(browser, action, form!), action).toEqual([404, "NotFound"]);
  }
  expect(records()).toBe(before);
});

test("an admin does nothing by a form on somebody else's page", async ({ caller }) => {
  const browser = await caller("admin");
  const before = records();
  const elsewhere: Form[] = [{ Origin: "https://evil.example" }, { "Sec-Fetch-Site": "cross-site" }];
  for (const headers of elsewhere) {
    for (const [action, form] of Object.entries({ ...changes(own), ...ofOneself })) {
      expect((await browser.post(`/api/${action}`, { form, headers })).status(), action).toBe(403);
    }
  }
  expect(records()).toBe(before);
  expect((await answer(browser, "viewer", {}))[0], "nobody was signed out").toBe(200);
});

test("an admin does not shut themselves out", async ({ caller }) => {
  const browser = await caller("admin");
  const before = records();
  const [status, refusal] = await answer(browser, "set_active", changes({ ...own, person: userId(demoUsers.admin) }).set_active!);
  expect(status).toBe(422);
  expect(refusal).toMatchObject({ Invalid: { message: "You cannot deactivate yourself." } });
  expect(records()).toBe(before);
});

test("the very same forms work for an admin", async ({ caller }) => {
  const browser = await caller("admin");
  const forms = changes(own);
  // Switching off is the last, since nothing else of the tab works then.
  const { set_enabled: last, ...others } = forms;
  for (const [action, form] of [...Object.entries(others), ["set_enabled", last!] as const]) {
    const before = records();
    expect((await answer(browser, action, form))[0], action).toBe(200);
    // Asking through a tunnel changes nothing.
    if (action !== "check_tunnel") expect(records(), action).not.toBe(before);
  }
});
