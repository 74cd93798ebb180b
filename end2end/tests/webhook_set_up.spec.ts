// The Webhook tab's upper half: set-up, verify token, app secret, and the switch; each checked at the door too.
import { Line, canAddLines, newSecret } from "../fixtures/line.ts";
import { body, secondsAgo, text, writes } from "../fixtures/meta.ts";
import { expect, refusal, test } from "../fixtures/test.ts";

test.skip(!canAddLines, "needs a server of its own");
test.use({ role: "admin" });

const guest = { bsuid: "DE.710", name: "Jan", waId: "491510000710" };

/** What is changed in the console is in force at the door within a second. */
const inForce = { timeout: 2_000, intervals: [50] };

/** A signed body that the door has not seen. */
function freshBody(line: Line): string {
  return body(line.number, [writes(guest, text("Hello"), secondsAgo(0))]);
}

test("what Meta does is on the tab without a reload", async ({ webhook, strip }) => {
  const line = Line.add("Waiting desk");
  const soon = { timeout: 10_000 };
  await webhook.open(line.webhookPath);
  await expect(webhook.badge).toHaveText("Not verified");
  await webhook.secret.input.fill("what somebody is just typing");
  await expect.poll(() => line.challenge("another-token-altogether"), inForce).toBe(403);
  await expect(strip.refused.first(), "a wrong challenge is told too").toHaveText("1", soon);
  await line.verify();
  await expect(webhook.badge).toHaveText("Verified", soon);
  await expect(strip.step("Done: Meta verified the callback")).toHaveCount(1);
  await expect(strip.step("Subscribe the WhatsApp Business Account")).toHaveCount(1);
  await expect(webhook.secret.input, "nothing is lost").toHaveValue("what somebody is just typing");
  await line.post(writes(guest, text("Hello"), secondsAgo(0)));
  await expect(strip.lastEvent.last()).toHaveText("message · text", soon);
  await expect(strip.step("Done: Signed events arrive")).toHaveCount(1);
});

test.describe("setting up for the first time", () => {
  test.describe.configure({ mode: "serial" });
  let line: Line;
  test.beforeAll(() => {
    line = Line.bare("Set-up desk");
  });

  test("nothing is set up, and that is what to do next", async ({ webhook }) => {
    await webhook.open(line.webhookPath);
    await expect(webhook.badge).toHaveText("Not set up");
    await expect(webhook.next.getByRole("listitem")).toHaveText(/Set up the webhook/);
    await expect(webhook.setUpButton).toBeVisible();
    await expect(webhook.callbackUrl).toHaveCount(0);
    await expect(webhook.rotate).toHaveCount(0);
    await expect(webhook.disable).toHaveCount(0);
    await expect(webhook.log.empty).toContainText("No events yet");
  });

  test("what is wrong is said beside its field as soon as it is left, and taken back as soon as it is right", async ({
    webhook,
  }) => {
    await webhook.open(line.webhookPath);
    const { path, secret } = webhook;
    for (const wrong of ["api/webhooks/whatsapp", "/accounts", "http://acme.travel/api/webhooks/whatsapp"]) {
      await webhook.fillPath(wrong);
      await path.input.blur();
      await expect(path.input).toHaveAttribute("aria-invalid", "true");
      await expect(path.hint).toHaveText(/^The callback path must be \/api\/webhooks\/whatsapp/);
    }
    await path.input.fill("/api/webhooks/whatsapp/set-up-desk");
    await expect(path.input).not.toHaveAttribute("aria-invalid");
    await expect(path.hint).toHaveText("/api/webhooks/whatsapp or a path below it, or a full https URL of it.");

    await secret.input.fill("too short");
    await expect(secret.hint, "nobody is interrupted while typing").not.toHaveText(/must have/);
    await secret.input.blur();
    await expect(secret.hint).toHaveText("The app secret must have at least 32 characters.");
    await expect(secret.input).toHaveAttribute("aria-describedby", (await secret.hint.getAttribute("id"))!);
    await expect(secret.input).toHaveAttribute("type", "password");
    await secret.input.fill(newSecret());
    await expect(secret.hint).not.toHaveText(/must have/);
  });

  test("what the server refuses is said beside the field too, and the field has the focus", async ({
    webhook,
    complaints,
  }) => {
    complaints.expect(refusal);
    await webhook.open(line.webhookPath);
    await webhook.setUpButton.click();
    await expect(webhook.secret.hint).toHaveText("Please give the app secret from Meta's app dashboard.");
    await expect(webhook.secret.input).toBeFocused();
    await webhook.secret.input.fill("too short");
    await webhook.secret.input.press("Enter");
    await expect(webhook.secret.hint).toHaveText("The app secret must have at least 32 characters.");
    await expect(webhook.badge).toHaveText("Not set up");
    await expect(webhook.issuedBox).toHaveCount(0);
  });

  test("it is saved; the verify token is shown once and gone after a reload", async ({ webhook, visit, page }) => {
    const [appSecret, callbackPath] = [newSecret(), `/api/webhooks/whatsapp/${newSecret()}`];
    await webhook.open(line.webhookPath);
    await webhook.fillPath(callbackPath);
    await webhook.secret.input.fill(appSecret);
    await webhook.setUpButton.click();
    await expect(webhook.toast).toHaveText("Saved.");
    await expect(webhook.issuedBox).toContainText("will not be shown again");
    await expect(webhook.badge).toHaveText("Not verified");
    await expect(webhook.since).toContainText("by Ana Ribeiro");
    await expect(webhook.callbackUrl).toHaveValue(process.env.BASE_URL + callbackPath);
    await expect(webhook.path.input).toHaveValue(callbackPath);
    await expect(webhook.secret.input).toHaveValue("");
    await expect(webhook.secret.hint).toContainText("Set today by Ana Ribeiro. Never shown");
    await expect(webhook.next).toContainText("Let Meta verify the callback");
    await expect(webhook.next).toContainText("Lost the token? Rotate it.");

    const verifyToken = await webhook.issuedToken.inputValue();
    expect(verifyToken.length).toBeGreaterThanOrEqual(16);
    line.learn({ callbackPath, verifyToken, appSecret });

    await visit();
    await expect(webhook.callbackUrl).toBeVisible();
    await expect(webhook.issuedBox).toHaveCount(0);
    expect(await page.content()).not.toContain(verifyToken);
    expect(await page.content()).not.toContain(appSecret);
    expect(page.url()).not.toContain(verifyToken);
  });

  test("a wrong challenge changes nothing, and is counted", async ({ webhook }) => {
    await expect.poll(() => line.challenge("another-token-altogether"), inForce).toBe(403);
    expect(await line.postRaw(freshBody(line)), "not before Meta has asked").toBe(403);
    await expect(async () => {
      await webhook.open(line.webhookPath);
      await expect(webhook.strip).toContainText("1 wrong token", { timeout: 200 });
    }).toPass({ timeout: 10_000 });
    await expect(webhook.badge).toHaveText("Not verified");
    await expect(webhook.next).toContainText("Let Meta verify the callback");
  });

  test("a right one verifies, and the tab says when", async ({ webhook, accounts }) => {
    expect(await line.challenge()).toBe(200);
    await webhook.open(line.webhookPath);
    await expect(webhook.badge).toHaveText("Verified");
    await expect(webhook.since).toHaveText(/^Verified Since (\d+ s ago|just now) by Meta$/);
    await expect(webhook.since.locator("time")).toHaveAttribute("title", /^\d+ \w{3} \d{4}, \d\d:\d\d:\d\d UTC$/);
    const done = webhook.next.getByRole("listitem").filter({ hasText: "Meta verified the callback" });
    await expect(done.locator("time").first()).toHaveText(/^\d+ \w{3} \d{4}, \d\d:\d\d:\d\d UTC$/);
    await expect(webhook.next).toContainText(`POST /${line.number.wabaId}/subscribed_apps`);
    await accounts.open();
    await expect(accounts.row(line.name)).toContainText("Verified");
  });

  test("what is posted then is in the log, and the next step is done", async ({ webhook }) => {
    await line.tell(writes(guest, text("The first"), secondsAgo(0)));
    await webhook.open(line.webhookPath);
    await expect(webhook.log.rows).toHaveCount(1);
    await expect(webhook.next).toContainText("Signed events arrive");
    await expect(webhook.strip).toContainText("message · text");
  });
});

test.describe("verify token", () => {
  test.describe.configure({ mode: "serial" });
  let line: Line;
  test.beforeAll(async () => {
    line = await Line.open("Token desk");
  });

  test("the question can be closed without an answer, and gives the focus back", async ({ webhook }) => {
    await webhook.open(line.webhookPath);
    await webhook.rotate.focus();
    await webhook.rotate.press("Enter");
    await expect(webhook.rotateButton).toBeVisible();
    await expect(webhook.token).toContainText("stops being right at once");
    await webhook.ownToken.input.focus();
    await webhook.ownToken.input.press("Escape");
    await expect(webhook.rotateButton).toBeHidden();
    await expect(webhook.rotate).toBeFocused();
    expect(await line.challenge(), "nothing was rotated").toBe(200);
  });

  test("a new one is shown once; from then on it is right and the old one is not", async ({ webhook, visit }) => {
    const old = line.verifyToken;
    await webhook.open(line.webhookPath);
    await webhook.rotate.click();
    await webhook.rotateButton.click();
    await expect(webhook.toast).toHaveText("A new verify token was made.");
    await expect(webhook.rotateButton).toBeHidden();
    await expect(webhook.badge, "it stays verified").toHaveText("Verified");
    await expect(webhook.token).toContainText("by Ana Ribeiro");
    const verifyToken = await webhook.issuedToken.inputValue();
    expect(verifyToken).not.toBe(old);
    line.learn({ verifyToken });
    await expect.poll(() => line.challenge(old), inForce).toBe(403);
    expect(await line.challenge()).toBe(200);

    await visit();
    await expect(webhook.rotate).toBeVisible();
    await expect(webhook.issuedBox).toHaveCount(0);
  });

  test("it is gone as well when one has been elsewhere", async ({ webhook, accounts, conversations, page }) => {
    await webhook.open(line.webhookPath);
    await webhook.rotate.click();
    await webhook.rotateButton.click();
    await expect(webhook.issuedBox).toBeVisible();
    line.learn({ verifyToken: await webhook.issuedToken.inputValue() });
    const tabs = page.getByRole("navigation", { name: "Account", exact: true });
    await tabs.getByRole("link", { name: "Conversations" }).click();
    await expect(conversations.search).toBeVisible();
    await page.goBack();
    await expect(webhook.rotate).toBeVisible();
    await expect(webhook.issuedBox).toHaveCount(0);
    await accounts.open();
  });

  test("one's own may be given; too short a one is refused beside its field", async ({ webhook, complaints }) => {
    complaints.expect(refusal);
    await webhook.open(line.webhookPath);
    await webhook.rotate.click();
    await webhook.ownToken.input.fill("too-short");
    await webhook.ownToken.input.press("Enter");
    await expect(webhook.ownToken.hint).toHaveText("The verify token must have at least 16 characters.");
    await expect(webhook.ownToken.input).toBeFocused();
    await expect(webhook.issuedBox).toHaveCount(0);

    const own = `own-token-${newSecret()}`;
    await webhook.ownToken.input.fill(own);
    await webhook.rotateButton.click();
    await expect(webhook.issuedToken).toHaveValue(own);
    const old = line.verifyToken;
    line.learn({ verifyToken: own });
    await expect.poll(() => line.challenge(old), inForce).toBe(403);
    expect(await line.challenge()).toBe(200);
  });

  test("the first one may be one's own, and is shown once too", async ({ webhook }) => {
    const bare = Line.bare("Own token desk");
    const [appSecret, verifyToken] = [newSecret(), `own-token-${newSecret()}`];
    await webhook.open(bare.webhookPath);
    await webhook.ownToken.input.fill("too-short");
    await webhook.ownToken.input.blur();
    await expect(webhook.ownToken.hint).toHaveText("The verify token must have at least 16 characters.");
    await webhook.ownToken.input.fill(verifyToken);
    await webhook.secret.input.fill(appSecret);
    await webhook.setUpButton.click();
    await expect(webhook.issuedToken).toHaveValue(verifyToken);
    bare.learn({ callbackPath: await webhook.callbackPath.inputValue(), verifyToken, appSecret });
    await bare.verify();
  });

  test("it is copied whole, and so are the callback URL and path", async ({ webhook, context, page }) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    await webhook.open(line.webhookPath);
    await webhook.setUp.getByRole("button", { name: "Copy the callback URL" }).click();
    await expect(webhook.setUp.getByText("Copied", { exact: true })).toBeVisible();
    expect(await copied()).toBe(line.callbackUrl);
    await webhook.setUp.getByRole("button", { name: "Copy the callback path" }).click();
    await expect.poll(copied).toBe(line.callbackPath);
    await webhook.rotate.click();
    await webhook.rotateButton.click();
    await expect(webhook.issuedBox).toBeVisible();
    const token = await webhook.issuedToken.inputValue();
    await webhook.issuedBox.getByRole("button", { name: "Copy the verify token" }).click();
    await expect.poll(copied).toBe(token);
    line.learn({ verifyToken: token });
  });
});

test.describe("app secret", () => {
  test.describe.configure({ mode: "serial" });
  let line: Line;
  test.beforeAll(async () => {
    line = await Line.open("Secret desk");
  });

  for (const [overlap, oldOne] of [
    ["stays valid for 24 hours", 200],
    ["stays valid for 1 hour", 200],
    ["ends when a new one is saved", 403],
  ] as const) {
    test(`a new one works at once; the old one ${overlap}`, async ({ webhook }) => {
      const [old, appSecret] = [line.appSecret, newSecret()];
      await webhook.open(line.webhookPath);
      await webhook.secret.input.fill(appSecret);
      await webhook.overlap.selectOption(overlap);
      await webhook.saveButton.click();
      await expect(webhook.toast).toHaveText("Saved.");
      await expect(webhook.secret.input).toHaveValue("");
      await expect(webhook.badge).toHaveText("Verified");
      line.learn({ appSecret });
      await expect.poll(() => line.postRaw(freshBody(line)), inForce).toBe(200);
      expect(await line.postRaw(freshBody(line), old)).toBe(oldOne);
      const until = webhook.setUp.getByText("The one before is accepted until");
      await expect(until).toHaveCount(oldOne === 200 ? 1 : 0);
    });
  }

  test("a form without a new one keeps the one there is", async ({ webhook }) => {
    await webhook.open(line.webhookPath);
    await webhook.saveButton.click();
    await expect(webhook.toast).toHaveText("Saved.");
    expect(await line.postRaw(freshBody(line))).toBe(200);
  });

  test("another callback path has to be verified again; the old one is nobody's", async ({ webhook, page }) => {
    const old = line.callbackPath;
    const callbackPath = `/api/webhooks/whatsapp/${newSecret()}`;
    await webhook.open(line.webhookPath);
    await expect(webhook.callbackPath).toHaveValue(old);
    await expect(webhook.path.input, "hardly anybody needs one").toBeHidden();
    await webhook.fillPath(callbackPath);
    await webhook.path.input.press("Enter");
    await expect(webhook.badge).toHaveText("Not verified");
    await expect(webhook.callbackUrl).toHaveValue(process.env.BASE_URL + callbackPath);
    await expect(page.locator(".head .badge")).toHaveText("Not verified");
    await expect.poll(() => line.postRaw(freshBody(line)), inForce).toBe(404);
    line.learn({ callbackPath });
    expect(await line.postRaw(freshBody(line))).toBe(403);
    await line.verify();
    expect(await line.postRaw(freshBody(line))).toBe(200);
    expect(callbackPath).not.toBe(old);
  });

  test("from a path of one's own there is a way back to one that is made here", async ({ webhook, visit }) => {
    await webhook.open(line.webhookPath);
    await webhook.fillPath("/api/webhooks/whatsapp/my-own-desk");
    await webhook.path.input.press("Enter");
    await expect(webhook.setUp).toContainText("Chosen by hand.");
    await visit();
    await expect(webhook.path.input, "it lies open").toHaveValue("/api/webhooks/whatsapp/my-own-desk");
    await webhook.generatedPath.check();
    await webhook.saveButton.click();
    await expect(webhook.setUp).toContainText("Made for this account.");
    await expect(webhook.callbackPath).toHaveValue(/^\/api\/webhooks\/whatsapp\/[0-9a-f]{32}$/);
    await expect(webhook.generatedPath, "there is nothing to go back from").toHaveCount(0);
    line.learn({ callbackPath: await webhook.callbackPath.inputValue() });
    await line.verify();
  });

  test("a callback URL that Meta cannot use has a warning beside it", async ({ webhook }) => {
    await webhook.open(line.webhookPath);
    await expect(webhook.warning, "the specs' server is on this machine").toHaveText(/^Meta cannot reach this address/);
    await expect(webhook.callbackUrl).toHaveAccessibleDescription(/Meta cannot reach this address/);
    await webhook.fillPath("https://hooks.acme.travel/api/webhooks/whatsapp/my-own-desk");
    await webhook.path.input.press("Enter");
    await expect(webhook.callbackUrl).toHaveValue("https://hooks.acme.travel/api/webhooks/whatsapp/my-own-desk");
    await expect(webhook.warning).toHaveCount(0);
  });
});

test.describe("switch", () => {
  let line: Line;
  test.beforeAll(async () => {
    line = await Line.open("Switch desk");
  });

  test("disabled, it takes nothing and cannot be changed; enabled, it is verified as before", async ({
    webhook,
    visit,
    page,
  }) => {
    await webhook.open(line.webhookPath);
    await webhook.disable.click();
    await expect(webhook.disableButton).toBeVisible();
    await expect(webhook.setUp).toContainText("every post is refused with 403");
    expect(await line.postRaw(freshBody(line)), "nothing happened yet").toBe(200);
    await webhook.disableButton.click();
    await expect(webhook.badge).toHaveText("Disabled");
    await expect(webhook.since).toContainText("by Ana Ribeiro");
    await expect(page.locator(".head .badge")).toHaveText("Disabled");
    await expect(webhook.toast).toHaveText("Webhook disabled.");

    for (const reloaded of [false, true]) {
      if (reloaded) await visit();
      await expect(webhook.path.input).toBeDisabled();
      await expect(webhook.secret.input).toBeDisabled();
      await expect(webhook.overlap).toBeDisabled();
      await expect(webhook.saveButton).toBeDisabled();
      await expect(webhook.rotate).toHaveCount(0);
      await expect(webhook.next).toContainText("It was switched off by Ana Ribeiro");
    }
    await expect.poll(() => line.postRaw(freshBody(line)), inForce).toBe(403);
    expect(await line.challenge()).toBe(403);

    await webhook.enableButton.click();
    await expect(webhook.badge).toHaveText("Verified");
    await expect(webhook.path.input).toBeEnabled();
    await expect(webhook.saveButton).toBeEnabled();
    await expect.poll(() => line.postRaw(freshBody(line)), inForce).toBe(200);
    expect(await line.challenge()).toBe(200);
  });

  test("the question can be left by keyboard", async ({ webhook, page }) => {
    await webhook.open(line.webhookPath);
    await webhook.disable.focus();
    await page.keyboard.press("Enter");
    await expect(webhook.disableButton).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(webhook.disableButton).toBeHidden();
    await expect(webhook.disable).toBeFocused();
    await expect(webhook.badge).toHaveText("Verified");
  });
});
