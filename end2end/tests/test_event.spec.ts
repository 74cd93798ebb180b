// A test event from the Webhook tab, and help with a tunnel on a developer's machine.
import { check } from "../fixtures/barriers.ts";
import { Line, canAddLines } from "../fixtures/line.ts";
import { expect, test } from "../fixtures/test.ts";
import { unfold } from "../pages/folds.ts";

test.skip(!canAddLines, "needs a server of its own");

const switchedOff = "The webhook is switched off: every post is refused with 403, and a test event with them. Enable it first.";
let line: Line;
test.beforeAll(async () => {
  line = await Line.open("Trial line");
});

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? "with scripts" : "without scripts", () => {
    test.use({ javaScriptEnabled, role: "admin" });

    test("a test event is sent and its page opens", async ({ webhookCards, page }) => {
      await webhookCards.open(line.accountId);
      await webhookCards.kind.selectOption({ label: "Image" });
      await webhookCards.send.click();
      await expect(page).toHaveURL(/\/webhook\/events\/[^/?]+$/);
      await expect(webhookCards.eventTitle).toHaveText("message · image");
      await expect(page.locator("dialog.event")).toContainText("Waypost test");
    });

    test("a test event that comes too late is refused, and it is said why", async ({ webhookCards, page }) => {
      const late = await Line.open("Late line");
      await webhookCards.open(late.accountId);
      const form = { "form[account]": late.accountId, "form[enabled]": "false" };
      expect((await page.request.post("/api/set_enabled", { form })).ok()).toBe(true);
      await webhookCards.send.click();
      await expect(page, "the page that answers").toHaveURL(/\/webhook\?.*send_test/);
      const said = page.getByRole("alert").or(webhookCards.testEvent).filter({ hasText: switchedOff });
      await expect(said.first()).toBeVisible();
      expect(late.eventIds()).toEqual([]);
    });

    test("a tunnel that leads here is right, another is not, and no other URL is asked", async ({ webhookCards }) => {
      await webhookCards.open(line.accountId);
      await expect(webhookCards.commands.first()).toHaveText(/^ngrok http \d+$/);
      await expect(webhookCards.commands.nth(1)).toHaveText(/^cloudflared tunnel --url http:\/\/localhost:\d+$/);
      await webhookCards.publicUrl.fill(process.env.BASE_URL!);
      await webhookCards.check.click();
      await expect(webhookCards.said).toContainText("200: right, the URL leads to this server");
      await webhookCards.publicUrl.fill("http://127.0.0.1:1");
      await webhookCards.check.click();
      await expect(webhookCards.said).toContainText("No answer: nothing is there");
      await webhookCards.publicUrl.fill("http://example.com");
      await webhookCards.check.click();
      await expect(webhookCards.said).toContainText("Please give the URL that the tunnel printed");
    });
  });
}

test.describe("an admin", () => {
  test.use({ role: "admin" });

  test("finds the callback URL under the public one, and both again after a reload", async ({ webhookCards, visit }) => {
    await webhookCards.open(line.accountId);
    await webhookCards.publicUrl.fill("https://something.ngrok-free.app/");
    const callback = `https://something.ngrok-free.app${new URL(line.callbackUrl).pathname}`;
    await expect(webhookCards.commands.last()).toHaveText(callback);
    await visit();
    await webhookCards.unfold();
    await expect(webhookCards.publicUrl).toHaveValue("https://something.ngrok-free.app/");
    await expect(webhookCards.commands.last()).toHaveText(callback);
    await webhookCards.publicUrl.fill("something");
    await expect(webhookCards.commands).toHaveCount(2);
  });

  for (const colorScheme of ["light", "dark"] as const) {
    test(`finds both cards free of barriers, ${colorScheme} and narrow`, async ({ webhookCards, context, page }) => {
      await page.setViewportSize({ width: 390, height: 800 });
      await context.addCookies([{ name: "theme", value: colorScheme, url: process.env.BASE_URL! }]);
      await webhookCards.open(line.accountId);
      await webhookCards.publicUrl.fill("https://something.ngrok-free.app");
      await expect(webhookCards.commands).toHaveCount(3);
      await check(page, `both cards, ${colorScheme}`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(overflow, "nothing is wider than the screen").toBeLessThanOrEqual(0);
    });
  }

  test("is told why nothing can be sent before Meta has verified", async ({ webhookCards }) => {
    const silent = Line.add("Silent line");
    await webhookCards.open(silent.accountId);
    await expect(webhookCards.testEvent).toContainText("Meta has not verified the callback yet");
    await expect(webhookCards.send).toHaveCount(0);
  });
});

test("a manager sends test events, and is not asked about tunnels", async ({ browser, sessions }) => {
  const context = await browser.newContext({ storageState: await sessions("manager") });
  const page = await context.newPage();
  await page.goto(`${process.env.BASE_URL}/accounts/${line.accountId}/webhook`);
  await unfold(page);
  await expect(page.getByRole("button", { name: "Send a test event" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Local development" })).toHaveCount(0);
  await context.close();
});

test("a viewer is offered neither", async ({ webhookCards, page }) => {
  await webhookCards.open(line.accountId);
  await expect(page.getByRole("heading", { name: "Events", exact: true })).toBeVisible();
  await expect(webhookCards.testEvent).toHaveCount(0);
  await expect(webhookCards.tunnel).toHaveCount(0);
});
