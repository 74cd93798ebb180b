// What the browser complains of fails a spec, in whichever of its browsers it was.
import { expect, test } from "../fixtures/test.ts";

test("a second browser is listened to like the first", async ({ browser, complaints, page }) => {
  const context = await browser.newContext({ baseURL: process.env.BASE_URL });
  const other = await context.newPage();
  for (const [place, open] of [["here", page], ["there", other]] as const) {
    await open.goto("/sign-in");
    await open.evaluate((word) => console.error(`trouble ${word}`), place);
  }
  await context.close();
  expect(() => complaints.verify()).toThrow(/trouble here[^]*trouble there/);
  complaints.expect(/^trouble (here|there)$/);
});

test("a breach of the content security policy is heard in a second browser", async ({ browser, complaints }) => {
  const context = await browser.newContext({ baseURL: process.env.BASE_URL });
  const other = await context.newPage();
  await other.goto("/sign-in");
  await other.evaluate(() => document.body.setAttribute("style", "color: red"));
  await context.close();
  expect(() => complaints.verify()).toThrow(/policy breached: style-src-attr/);
  complaints.expect(/policy breached|Content Security Policy/);
});
