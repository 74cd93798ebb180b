// The card "Local development": what it says to type and to paste is copied whole, and the public URL stays in this browser.
import { Line, canAddLines } from "../fixtures/line.ts";
import { expect, test } from "../fixtures/test.ts";

test.skip(!canAddLines, "needs a server of its own");
test.use({ role: "admin" });

const publicUrl = "https://quiet-otter.ngrok-free.app";
let line: Line;

test.beforeAll(async () => {
  line = await Line.open("Tunnel line");
});

test("each copy button copies the text beside it", async ({ webhookCards, context, page }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await webhookCards.open(line.accountId);
  await webhookCards.publicUrl.fill(publicUrl);
  const { port } = new URL(process.env.BASE_URL!);
  const expected = [
    ["Copy the command", `ngrok http ${port}`],
    ["Copy the command", `cloudflared tunnel --url http://localhost:${port}`],
    ["Copy the callback URL", publicUrl + line.callbackPath],
  ] as const;
  await expect(webhookCards.commands).toHaveText(expected.map(([, text]) => text));
  for (const [name, text] of expected) {
    const row = webhookCards.tunnel.locator("p", { has: page.getByText(text, { exact: true }) });
    await row.getByRole("button", { name }).click();
    await expect(row.getByText("Copied", { exact: true })).toBeVisible();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(text);
  }
});

test("the public URL is kept in this browser alone: over a reload, for the other accounts, and by no server", async ({
  webhookCards,
  browser,
  sessions,
  visit,
}) => {
  const other = await Line.open("Second tunnel line");
  const before = line.state();
  await webhookCards.open(line.accountId);
  await webhookCards.publicUrl.fill(publicUrl);
  await visit();
  await expect(webhookCards.publicUrl).toHaveValue(publicUrl);
  await webhookCards.open(other.accountId);
  await expect(webhookCards.publicUrl).toHaveValue(publicUrl);
  await expect(webhookCards.commands.last()).toHaveText(publicUrl + other.callbackPath);
  expect(line.state()).toBe(before);

  const context = await browser.newContext({ storageState: await sessions("admin"), baseURL: process.env.BASE_URL });
  const elsewhere = await context.newPage();
  await elsewhere.goto(line.webhookPath);
  await expect(elsewhere.locator("html[data-hydrated]")).toBeAttached();
  await expect(elsewhere.getByRole("textbox", { name: "Public URL of the tunnel" })).toHaveValue("");
  await context.close();

  await webhookCards.publicUrl.fill("");
  await visit();
  await expect(webhookCards.publicUrl, "what is emptied is forgotten").toHaveValue("");
});
