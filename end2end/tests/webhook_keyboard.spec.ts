// All that an admin does on the Webhook tab, without a mouse; at each stop one sees where one is.
import type { Page } from "@playwright/test";
import { expectRing, tabBackTo, tabTo } from "../fixtures/keyboard.ts";
import { Line, canAddLines, newSecret } from "../fixtures/line.ts";
import { type Guest, body, secondsAgo, text, writes } from "../fixtures/meta.ts";
import { expect, test } from "../fixtures/test.ts";

test.skip(!canAddLines, "needs a server of its own");
test.use({ role: "admin" });

const guest: Guest = { bsuid: "PL.950", name: "Ola", waId: "48600000950" };

/** What is changed in the console is in force at the door within a second. */
const inForce = { timeout: 2_000, intervals: [50] };

/** What the set-up is folded up behind once events arrive. */
const setUp = "Callback URL, verify token, app secret";

const freshBody = (line: Line) => body(line.number, [writes(guest, text("Hello"), secondsAgo(0))]);

async function goTo(page: Page, name: string): Promise<void> {
  await tabTo(page, name);
  await expectRing(page);
}

async function press(page: Page, name: string): Promise<void> {
  await goTo(page, name);
  await page.keyboard.press("Enter");
}

test("one sets the webhook up, and copies the token", async ({ visit, webhook, context, page }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const bare = Line.bare("Key desk");
  const appSecret = newSecret();
  await visit(bare.webhookPath);
  await goTo(page, "App secret");
  await page.keyboard.type(appSecret);
  await press(page, "Set up the webhook");
  await expect(webhook.badge).toHaveText("Not verified");
  // It stands above the form.
  await expect(webhook.issuedBox).toBeVisible();
  await tabBackTo(page, "Copy the verify token");
  await expectRing(page);
  await page.keyboard.press("Enter");
  const verifyToken = await webhook.issuedToken.inputValue();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(verifyToken);
  bare.learn({ callbackPath: await webhook.callbackPath.inputValue(), verifyToken, appSecret });
  await bare.verify();
});

test.describe("of a webhook in use", () => {
  test.describe.configure({ mode: "serial" });
  let line: Line;

  test.beforeAll(async () => {
    line = await Line.open("Worn key desk");
    await line.tell(...Array.from({ length: 60 }, (_, number) => writes(guest, text(`Number ${number}`), secondsAgo(600 - number))));
  });

  test("one gives a new secret and chooses how long the old one stays", async ({ visit, webhook, page }) => {
    const [old, appSecret] = [line.appSecret, newSecret()];
    await visit(line.webhookPath);
    await press(page, setUp);
    await goTo(page, "App secret");
    await page.keyboard.type(appSecret);
    await goTo(page, "The old secret");
    await expect(webhook.overlap).toHaveValue("day");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowUp");
    await expect(webhook.overlap).toHaveValue("none");
    await press(page, "Save");
    await expect(webhook.toast).toHaveText("Saved.");
    line.learn({ appSecret });
    await expect.poll(() => line.postRaw(freshBody(line)), inForce).toBe(200);
    expect(await line.postRaw(freshBody(line), old)).toBe(403);
  });

  test("one rotates the verify token", async ({ visit, webhook, page }) => {
    await visit(line.webhookPath);
    await press(page, setUp);
    await press(page, "Rotate…");
    await press(page, "Rotate the verify token");
    await expect(webhook.issuedBox).toBeVisible();
    await expect(webhook.rotateButton).toBeHidden();
    line.learn({ verifyToken: await webhook.issuedToken.inputValue() });
    await expect.poll(() => line.challenge(), inForce).toBe(200);
  });

  test("one switches it off and on", async ({ visit, webhook, page }) => {
    await visit(line.webhookPath);
    await press(page, "Disable…");
    await press(page, "Disable the webhook");
    await expect(webhook.badge).toHaveText("Disabled");
    await visit();
    await press(page, "Enable the webhook");
    await expect(webhook.badge).toHaveText("Verified");
  });

  test("one turns the pages of the log, forwards and back", async ({ visit, webhook, page }) => {
    await line.settled();
    const ids = line.eventIds();
    const shows = async (turned: number) => await expect.poll(() => webhook.log.ids()).toEqual(ids.slice(turned * 25, turned * 25 + 25));
    const turn = async (name: string) => {
      await tabBackTo(page, name);
      await expectRing(page);
      await page.keyboard.press("Enter");
    };
    await visit(line.webhookPath);
    await shows(0);
    await turn("Older");
    await shows(1);
    await visit();
    await turn("Older");
    await shows(2);
    await visit();
    await turn("Newer");
    await shows(1);
    await visit();
    await turn("Newer");
    await shows(0);
  });
});

test("one checks a tunnel", async ({ visit, webhookCards, page }) => {
  const line = await Line.open("Tunnel key desk");
  await visit(line.webhookPath);
  await goTo(page, "Public URL of the tunnel");
  await page.keyboard.type(process.env.BASE_URL!);
  await press(page, "Check");
  await expect(webhookCards.said).toContainText("200: right");
});

test("a focus that cannot be seen is noticed", async ({ visit, page }) => {
  const line = await Line.open("Dark key desk");
  await visit(line.webhookPath);
  await tabTo(page, "Disable…");
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(":focus-visible { outline: none !important }");
    document.adoptedStyleSheets.push(sheet);
  });
  await expect(expectRing(page)).rejects.toThrow();
});
