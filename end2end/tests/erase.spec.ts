// An admin erases one person's data, on a page of its own, with scripts and without. Nobody else may.
import type { Page } from "@playwright/test";
import { checkThemes } from "../fixtures/barriers.ts";
import { demoNames } from "../fixtures/demo.ts";
import { Line, canAddLines } from "../fixtures/line.ts";
import { type Guest, has, isTold, newWamid, secondsAgo, text, writes } from "../fixtures/meta.ts";
import { expect, test } from "../fixtures/test.ts";

test.skip(!canAddLines, "needs a server of its own");

const kept: Guest = { bsuid: "PT.760", name: "Rui Matos", waId: "351900000760" };
const title = "Erased contact";
let line: Line;

test.beforeAll(async () => {
  line = await Line.open("Forgetful desk");
  await line.tell(writes(kept, text("I stay.")));
});

for (const [place, javaScriptEnabled] of [true, false].entries()) {
  test.describe(javaScriptEnabled ? "an admin" : "an admin without scripts", () => {
    test.use({ role: "admin", javaScriptEnabled });

    const gone: Guest = { bsuid: `PT.76${place + 1}`, name: `Gil Antunes ${place}`, waId: `35190000076${place + 1}` };
    const [said, told] = [`The garden gate ${place}`, `The key is under it ${place}`];
    const traces = [gone.name, gone.waId!, gone.bsuid, said, told];

    /** What looks for barriers is a script itself. */
    const lookForBarriers = async (page: Page, what: string) => {
      if (javaScriptEnabled) await checkThemes(page, what);
    };

    test.beforeEach(async ({ complaints, conversations, visit }) => {
      // The browser wonders what the WASM was loaded for, when a page is open for long.
      if (!javaScriptEnabled) complaints.expect(/was preloaded using link preload but not used/);
      const answer = newWamid();
      await line.tell(
        writes(gone, text(said), secondsAgo(60)),
        isTold(gone, text(told), secondsAgo(50), answer),
        has(gone, answer, "read", secondsAgo(40)),
      );
      await visit(line.path);
      await conversations.link(gone.name).click();
    });

    test("is asked for a word, and without it nothing is erased", async ({ erase, thread, page }) => {
      await thread.erase.click();
      await expect(erase.card).toContainText(gone.name);
      await expect(page).toHaveTitle("Erase personal data · Waypost");
      await lookForBarriers(page, "erasing");
      await erase.confirm("delete");
      await expect(erase.refusal).toHaveText("Please type the word erase to confirm it. Nothing was erased.");
      await expect(erase.word).toHaveAttribute("aria-invalid", "true");
      await expect(erase.notice).toHaveCount(0);
      await lookForBarriers(page, "an erasure that was not confirmed");
      await erase.back.click();
      await expect(thread.title).toHaveText(gone.name);
      await expect(thread.message(said).item.first()).toBeVisible();
    });

    test("leaves nothing of the person on any screen, and everything of the others", async ({
      activity,
      conversations,
      erase,
      event,
      thread,
      visit,
      page,
    }) => {
      await expect(thread.title).toHaveText(gone.name);
      const events = await thread.messages.locator("footer > .raw").evaluateAll((links) => links.map((link) => link.getAttribute("href")!));
      expect(events.length).toBeGreaterThan(1);
      await thread.erase.click();
      await erase.confirm(" Erase ");
      await expect(erase.notice).toHaveText("Erased. The conversation and its log stay, without content.");
      await expect(erase.word, "it is done").toHaveCount(0);
      await lookForBarriers(page, "an erasure that is done");
      await expectNothing(page, traces);

      await erase.back.click();
      await expect(thread.title).toHaveText(title);
      await expect(thread.erase, "there is nothing more to erase, but no harm in it").toBeVisible();
      await expect(thread.notes.first()).toContainText("This message was erased.");
      await expect(thread.messages).toHaveCount(0);
      await expectNothing(page, traces);

      await visit(line.path);
      await expect(conversations.titles.filter({ hasText: title }).first()).toBeVisible();
      await expect(conversations.row(kept.name)).toContainText("I stay.");
      await expectNothing(page, traces);
      await conversations.find(gone.name);
      await expect(conversations.empty).toContainText("Nobody found");

      for (const path of events) {
        await visit(path);
        await expect(event.title).toBeVisible();
        await expectNothing(page, traces);
        const bytes = await page.request.get(`${path}/raw`);
        for (const trace of traces) expect(await bytes.text()).not.toContain(trace);
      }

      await visit(`/accounts/${line.accountId}/activity`);
      const entry = `${demoNames.admin} erased the personal data of a contact`;
      await expect(activity.changes(entry).first()).toContainText("messages");
      await expectNothing(page, traces);
    });
  });
}

for (const role of ["manager", "viewer"] as const) {
  test.describe(`a ${role}`, () => {
    test.use({ role });

    test("is not offered it, and refused it by page and by form", async ({ conversations, erase, thread, visit, complaints, page }) => {
      complaints.expect(/status of 403/);
      await visit(line.path);
      await conversations.link(kept.name).click();
      await expect(thread.title).toHaveText(kept.name);
      await expect(thread.erase).toHaveCount(0);

      const path = new URL(page.url()).pathname;
      const answer = await page.goto(`${path}/erase`);
      expect(answer?.status()).toBe(403);
      await expect(page.getByText("Your role does not allow this.")).toBeVisible();
      await expect(erase.submit).toHaveCount(0);

      const conversation = path.split("/").at(-1)!;
      const form = { "form[account]": line.accountId, "form[conversation]": conversation, "form[word]": "erase" };
      const refused = await page.request.post("/api/erase_contact", { form, headers: { Accept: "application/json" } });
      expect([refused.status(), await refused.json()]).toEqual([403, "Forbidden"]);
      await visit(path);
      await expect(thread.title).toHaveText(kept.name);
      await expect(thread.message("I stay.").item).toBeVisible();
    });
  });
}

/** Neither shown nor in the page's source. */
async function expectNothing(page: Page, traces: string[]): Promise<void> {
  const content = await page.content();
  for (const trace of traces) expect(content, trace).not.toContain(trace);
}
