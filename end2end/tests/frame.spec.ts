// What stands around every page: it hides nothing that one is led to, and has room for all of its own.
import type { Locator } from "@playwright/test";
import { Line, canAddLines } from "../fixtures/line.ts";
import { type Change, type Guest, secondsAgo, text, writes } from "../fixtures/meta.ts";
import { expect, test } from "../fixtures/test.ts";

test.use({ role: "admin" });
const narrow = { width: 390, height: 800 };

const guest: Guest = { bsuid: "IE.820", name: "Aoife", waId: "353800000820" };

/** It lies on the screen, and nothing lies over it. */
async function expectUncovered(item: Locator): Promise<void> {
  await expect(async () => {
    const covering = await item.evaluate((element) => {
      const { left, top, width, height } = element.getBoundingClientRect();
      const found = document.elementFromPoint(left + width / 2, top + height / 2);
      return found && (element.contains(found) || found.contains(element)) ? "" : (found?.outerHTML.slice(0, 80) ?? "off the screen");
    });
    expect(covering).toBe("");
  }).toPass({ timeout: 2_000 });
}

test.describe("on a phone", () => {
  test.use({ viewport: narrow });

  test("what is new is told wherever one reads in the log, and leads to its head", async ({ webhook, page }) => {
    test.skip(!canAddLines, "needs a server of its own");
    const line = await Line.open("Pocket desk");
    const changes = Array.from({ length: 25 }, (_, place): Change => writes(guest, text(`Number ${place}`), secondsAgo(60 + place)));
    await line.tell(...changes);
    await webhook.open(line.webhookPath);
    await expect(webhook.log.rows).toHaveCount(25);
    await webhook.log.rows.nth(15).evaluate((row) => row.scrollIntoView({ block: "center" }));
    await line.post(writes(guest, text("Another")));
    const pill = page.getByRole("button", { name: "1 new" });
    await expect(pill).toBeVisible();
    await expectUncovered(pill);
    await pill.evaluate((button: HTMLElement) => button.click());
    await expectUncovered(webhook.log.card.getByRole("heading", { name: "Events" }));
  });
});

for (const viewport of [{ width: 1280, height: 800 }, narrow]) {
  test.describe(`at ${viewport.width} px`, () => {
    test.use({ viewport });

    for (const [page, path] of [["with scripts", "/"], ["that needs none", "/people"]] as const) {
      test(`the theme's name can be read on a page ${page}, and nothing beside it sticks out`, async ({ frame, visit }) => {
        await visit(path);
        const { width, overflow } = await frame.theme.evaluate((select) => {
          const form = select.closest("form")!.getBoundingClientRect();
          const ends = [...select.closest("form")!.querySelectorAll("select, button")].map((item) => item.getBoundingClientRect().right);
          return { width: select.getBoundingClientRect().width, overflow: Math.max(...ends) - form.right };
        });
        // "System" and the arrow.
        expect(width).toBeGreaterThanOrEqual(75);
        expect(overflow).toBeLessThanOrEqual(1);
      });
    }
  });
}
