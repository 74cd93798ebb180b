// Who sees and may do what on the Webhook tab. What is not offered is asked for directly, and refused.
import type { APIRequestContext, PlaywrightWorkerArgs } from "@playwright/test";
import type { Role } from "../fixtures/demo.ts";
import { Line, canAddLines, newSecret } from "../fixtures/line.ts";
import { type Guest, newWamid, secondsAgo, text, writes } from "../fixtures/meta.ts";
import { expect, test } from "../fixtures/test.ts";

test.skip(!canAddLines, "needs a server of its own");

const guest: Guest = { bsuid: "IT.740", name: "Pia", waId: "39300000740" };
const asked = newWamid();
let line: Line;
let foreign: Line;

test.beforeAll(async () => {
  line = await Line.open("Rights desk");
  foreign = await Line.open("Lobby", "Harbour Hotel");
  await line.tell(writes(guest, text("Hello"), secondsAgo(5), asked));
  await foreign.tell(writes(guest, text("Harbour only"), secondsAgo(5)));
});

/** Every change that there is on the tab, as its form posts it. */
function changes(to: Line, event: string): Record<string, Record<string, string>> {
  return {
    save_webhook: { "form[account]": to.accountId, "form[app_secret]": newSecret() },
    rotate_token: { "form[account]": to.accountId },
    set_enabled: { "form[account]": to.accountId, "form[enabled]": "false" },
    replay: { "event[account]": to.accountId, "event[event]": event },
  };
}

type Playwright = PlaywrightWorkerArgs["playwright"];
type Sessions = (role: Role) => Promise<{ cookies: []; origins: [] }>;

async function caller(playwright: Playwright, sessions: Sessions, role: Role): Promise<APIRequestContext> {
  return await playwright.request.newContext({ baseURL: process.env.BASE_URL, storageState: await sessions(role) });
}

test.describe("a viewer", () => {
  test.use({ role: "viewer" });

  test("reads everything and is offered no change", async ({ webhook, event, visit, page }) => {
    await webhook.open(line.webhookPath);
    await expect(webhook.badge).toHaveText("Verified");
    await expect(webhook.callbackUrl).toHaveValue(line.callbackUrl);
    await expect(webhook.callbackPath).toHaveValue(line.callbackPath);
    await expect(webhook.log.row(asked)).toBeVisible();
    for (const change of [webhook.rotate, webhook.disable, webhook.saveButton, webhook.path.input, webhook.secret.input]) {
      await expect(change).toHaveCount(0);
    }
    await expect(webhook.setUp.locator("form")).toHaveCount(0);
    await visit(`${line.webhookPath}/events/${line.eventAbout(asked)}`);
    await expect(event.payload).toContainText("Hello");
    await expect(event.replay).toHaveCount(0);
    await expect(page.locator("dialog form")).toHaveCount(0);
  });

  test("is told who can set it up", async ({ webhook }) => {
    const bare = Line.bare("Nobody's desk");
    await webhook.open(bare.webhookPath);
    await expect(webhook.badge).toHaveText("Not set up");
    await expect(webhook.next).toContainText("An admin of the company can do it here.");
    await expect(webhook.setUpButton).toHaveCount(0);
  });
});

test.describe("a manager", () => {
  test.use({ role: "manager" });

  test("is offered the switch and the replay, and nothing that a secret hangs on", async ({ webhook, event, visit }) => {
    await webhook.open(line.webhookPath);
    await expect(webhook.disable).toBeVisible();
    for (const change of [webhook.rotate, webhook.saveButton, webhook.path.input, webhook.secret.input]) {
      await expect(change).toHaveCount(0);
    }
    await visit(`${line.webhookPath}/events/${line.eventAbout(asked)}`);
    await expect(event.replay).toBeVisible();
  });

  test("switches it off and on", async ({ webhook }) => {
    await webhook.open(line.webhookPath);
    await webhook.disable.click();
    await webhook.disableButton.click();
    await expect(webhook.badge).toHaveText("Disabled");
    await expect(webhook.since).toContainText("by Marco Bianchi");
    await webhook.enableButton.click();
    await expect(webhook.badge).toHaveText("Verified");
  });
});

for (const [role, forbidden] of [
  ["viewer", ["save_webhook", "rotate_token", "set_enabled", "replay"]],
  ["manager", ["save_webhook", "rotate_token"]],
] as const) {
  test(`what is not offered to a ${role} is refused when asked for, and changes nothing`, async ({
    playwright,
    sessions,
  }) => {
    const browser = await caller(playwright, sessions, role);
    const before = line.state();
    for (const action of forbidden) {
      const form = changes(line, line.eventAbout(asked))[action]!;
      const answer = await browser.post(`/api/${action}`, { form });
      expect([answer.status(), await answer.json()], action).toEqual([403, "Forbidden"]);
      // As a form without scripts asks for it.
      const headers = { Accept: "text/html", Referer: process.env.BASE_URL + line.webhookPath };
      const page = await browser.post(`/api/${action}`, { form, headers, maxRedirects: 0 });
      expect([302, 403], action).toContain(page.status());
    }
    expect(line.state()).toBe(before);
    expect(await line.challenge(), "the token is the old one").toBe(200);
    await browser.dispose();
  });
}

test("nobody who is not signed in changes or reads anything", async ({ playwright }) => {
  const storageState = { cookies: [], origins: [] };
  const browser = await playwright.request.newContext({ baseURL: process.env.BASE_URL, storageState });
  const before = line.state();
  const reads = {
    webhook: { account: line.accountId },
    events: { "query[account]": line.accountId },
    event: { "event[account]": line.accountId, "event[event]": line.eventAbout(asked) },
  };
  for (const [action, form] of Object.entries({ ...changes(line, line.eventAbout(asked)), ...reads })) {
    const answer = await browser.post(`/api/${action}`, { form });
    expect([answer.status(), await answer.json()], action).toEqual([401, "SignedOut"]);
  }
  expect(line.state()).toBe(before);
  await browser.dispose();
});

test.describe("an admin", () => {
  test.use({ role: "admin" });

  test("is told of another company's account, log and event what is told of nothing", async ({
    visit,
    page,
    complaints,
    playwright,
    sessions,
  }) => {
    complaints.expect(/status of 404/);
    const event = foreign.eventIds()[0]!;
    const addresses = [
      foreign.webhookPath,
      `${foreign.webhookPath}?state=processed`,
      `${foreign.webhookPath}/events/${event}`,
      // Their event under one's own account.
      `${line.webhookPath}/events/${event}`,
    ];
    for (const address of addresses) {
      const answer = await visit(address);
      expect(answer.status(), address).toBe(404);
      await expect(page.getByText("Nothing here").filter({ visible: true })).toHaveCount(1);
      expect(await page.content()).not.toMatch(/Harbour|Lobby/);
    }
    const browser = await caller(playwright, sessions, "admin");
    const before = [line.state(), foreign.state()];
    for (const [action, form] of Object.entries(changes(foreign, event))) {
      const answer = await browser.post(`/api/${action}`, { form });
      expect([answer.status(), await answer.json()], action).toEqual([404, "NotFound"]);
    }
    const theirs = { "event[account]": line.accountId, "event[event]": event };
    expect((await browser.post("/api/replay", { form: theirs })).status()).toBe(404);
    expect([line.state(), foreign.state()]).toEqual(before);
    expect(await foreign.challenge()).toBe(200);
    await browser.dispose();
  });

  test("does nothing by a form on somebody else's page", async ({ playwright, sessions }) => {
    const browser = await caller(playwright, sessions, "admin");
    const before = line.state();
    const elsewhere: Record<string, string>[] = [{ Origin: "https://evil.example" }, { "Sec-Fetch-Site": "cross-site" }];
    for (const headers of elsewhere) {
      for (const [action, form] of Object.entries(changes(line, line.eventAbout(asked)))) {
        expect((await browser.post(`/api/${action}`, { form, headers })).status(), action).toBe(403);
      }
    }
    expect(line.state()).toBe(before);
    await browser.dispose();
  });
});
