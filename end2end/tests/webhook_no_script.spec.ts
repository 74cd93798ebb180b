// The Webhook tab with scripts off, and before WASM is there: everything but copying and saving works.
import { Line, canAddLines, newSecret } from "../fixtures/line.ts";
import { type Guest, newWamid, secondsAgo, text, writes } from "../fixtures/meta.ts";
import { expect, test } from "../fixtures/test.ts";

test.skip(!canAddLines, "needs a server of its own");
test.use({ role: "admin" });

const guest: Guest = { bsuid: "NL.750", name: "Sanne", waId: "31600000750" };
const [first, second] = [newWamid(), newWamid()];
const inForce = { timeout: 2_000, intervals: [50] };
let line: Line;

test.beforeAll(async () => {
  line = await Line.open("Paper desk");
  await line.tell(writes(guest, text("First"), secondsAgo(20), first), writes(guest, text("Second"), secondsAgo(10), second));
});

test.describe("with scripts off", () => {
  test.use({ javaScriptEnabled: false });

  test.beforeEach(({ complaints }) => {
    // The browser wonders what the WASM was loaded for, when a page is open for long.
    complaints.expect(/was preloaded using link preload but not used/);
  });

  test("it is set up; refusals stand beside their field; the token is shown once", async ({ webhook, page, complaints }) => {
    complaints.expect(/status of 4\d\d/);
    const bare = Line.bare("Typewriter desk");
    const [appSecret, callbackPath] = [newSecret(), `/api/webhooks/whatsapp/${newSecret()}`];
    await webhook.open(bare.webhookPath);
    await webhook.secret.input.fill("too short a secret");
    await webhook.setUpButton.click();
    await expect(webhook.secret.hint).toHaveText("The app secret must have at least 32 characters.");
    expect(page.url(), "the secret is not in the address").not.toContain("too");
    await expect(webhook.badge).toHaveText("Not set up");

    await webhook.fillPath("/accounts");
    await webhook.secret.input.fill(appSecret);
    await webhook.setUpButton.click();
    await expect(webhook.path.hint).toHaveText(/^The callback path must be/);

    await webhook.fillPath(callbackPath);
    await webhook.secret.input.fill(appSecret);
    await webhook.setUpButton.click();
    await expect(webhook.badge).toHaveText("Not verified");
    const verifyToken = await webhook.issuedToken.inputValue();
    bare.learn({ callbackPath, verifyToken, appSecret });
    await bare.verify();

    await webhook.open(bare.webhookPath);
    await expect(webhook.badge).toHaveText("Verified");
    await expect(webhook.issuedBox).toHaveCount(0);
    expect(await page.content()).not.toContain(verifyToken);
  });

  test("the verify token is rotated, and shown once", async ({ webhook }) => {
    await webhook.open(line.webhookPath);
    await expect(webhook.rotateButton).toBeHidden();
    await webhook.rotate.click();
    await webhook.rotateButton.click();
    const old = line.verifyToken;
    line.learn({ verifyToken: await webhook.issuedToken.inputValue() });
    await expect.poll(() => line.challenge(old), inForce).toBe(403);
    expect(await line.challenge()).toBe(200);
    await webhook.open(line.webhookPath);
    await expect(webhook.issuedBox).toHaveCount(0);
  });

  test("a form refused where a token is shown says so on the tab", async ({ webhook, page }) => {
    await webhook.open(line.webhookPath);
    await webhook.rotate.click();
    await webhook.rotateButton.click();
    line.learn({ verifyToken: await webhook.issuedToken.inputValue() });
    await webhook.rotate.click();
    await webhook.ownToken.input.fill("too short");
    await webhook.rotateButton.click();
    await webhook.rotate.click();
    await expect(webhook.ownToken.hint).toHaveText("The verify token must have at least 16 characters.");
    expect(new URL(page.url()).pathname).toBe(line.webhookPath);
  });

  test("it is switched off and on", async ({ webhook, page }) => {
    await webhook.open(line.webhookPath);
    await webhook.disable.click();
    await webhook.disableButton.click();
    await expect(webhook.badge).toHaveText("Disabled");
    await expect(webhook.notice).toHaveText("Webhook disabled.");
    const landed = `${process.env.BASE_URL}${line.webhookPath}?done=disabled`;
    expect(page.url(), "it is a page that can be loaded again").toBe(landed);
    await expect(webhook.saveButton).toBeDisabled();
    await expect.poll(() => line.challenge(), inForce).toBe(403);
    await webhook.enableButton.click();
    await expect(webhook.badge).toHaveText("Verified");
    await expect(webhook.notice).toHaveText("Webhook enabled.");
    await webhook.open(line.webhookPath);
    await expect(webhook.notice).toHaveCount(0);
  });

  test("what is saved is said to be, and what is refused after it is not", async ({ webhook, page }) => {
    await webhook.open(line.webhookPath);
    const appSecret = newSecret();
    await webhook.secret.input.fill(appSecret);
    await webhook.overlap.selectOption("day");
    await webhook.saveButton.click();
    await expect(webhook.notice).toHaveText("Saved.");
    line.learn({ appSecret });

    await webhook.unfold();
    await webhook.fillPath("/accounts");
    await webhook.saveButton.click();
    await expect(webhook.path.hint).toHaveText(/^The callback path must be/);
    await expect(webhook.path.hint, "what was refused is not folded up").toBeVisible();
    await expect(webhook.notice).toHaveCount(0);
    await page.goto(`${line.webhookPath}?done=<b>anything</b>`);
    await expect(webhook.badge).toHaveText("Verified");
    await expect(webhook.notice).toHaveCount(0);
  });

  test("the log is filtered and paged, an event opened, read and closed", async ({ webhook, event, page }) => {
    const { log } = webhook;
    await webhook.open(line.webhookPath);
    await expect(log.refresh).toBeHidden();
    await log.search.fill(first);
    await log.type.selectOption("message");
    await log.apply.click();
    await expect(log.rows).toHaveCount(1);
    await expect(log.search).toHaveValue(first);
    await expect(log.type).toHaveValue("message");
    await log.state("Processed").click();
    await expect(log.search, "the state leaves the rest as it is").toHaveValue(first);
    await log.size(50).click();
    await expect(log.rows).toHaveCount(1);
    await log.link(first).click();
    await expect(event.payload).toContainText("First");
    await expect(event.copyPayload).toBeHidden();
    await expect(event.download).toBeVisible();
    await event.headersSign.click();
    await expect(event.headers).toBeVisible();
    await event.close.click();
    await expect(log.rows).toHaveCount(1);
    expect(new URL(page.url()).searchParams.get("q")).toBe(first);
    await log.clear.click();
    await expect(log.rows).toHaveCount(2);
  });

  test("an event is sent through again", async ({ webhook, event, visit }) => {
    await webhook.open(line.webhookPath);
    await webhook.log.link(second).click();
    await event.replay.click();
    await event.replayButton.click();
    await expect(event.title).toHaveText("message · text");
    await expect(event.said).toHaveText("It is processed again: see its way.");
    await line.settled();
    await visit();
    await expect(event.badge).toHaveText("Processed");
  });
});

test("before WASM is there, rows are readable, and the event's link and the set-up work", async ({
  webhook,
  event,
  page,
  complaints,
}) => {
  complaints.expect(/ERR_FAILED|Failed to fetch|preload/);
  await page.route("**/*.wasm", (route) => route.abort());
  await page.goto(line.webhookPath);
  await expect(webhook.badge).toHaveText("Verified");
  await expect(webhook.log.row(first)).toContainText("message · text");
  await webhook.log.link(first).click();
  await expect(event.payload).toContainText("First");
  await expect(event.copyPayload).toBeHidden();
  await event.close.click();
  await expect(webhook.log.row(first)).toBeVisible();
  await webhook.log.state("Failed").click();
  await expect(webhook.log.empty).toContainText("No such events");
  await page.goBack();
  await webhook.unfold();
  await webhook.rotate.click();
  await expect(webhook.rotateButton).toBeVisible();
  await expect(page.locator("html")).not.toHaveAttribute("data-hydrated");
});
