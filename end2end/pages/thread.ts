import type { Locator, Page } from "@playwright/test";

/** The conversation that is open. */
export class ThreadPage {
  readonly pane: Locator;
  readonly title: Locator;
  readonly subtitle: Locator;
  readonly scroll: Locator;
  readonly messages: Locator;
  readonly days: Locator;
  readonly notes: Locator;
  readonly older: Locator;
  readonly newer: Locator;
  readonly newest: Locator;
  /** Leads an admin to where the contact is erased. */
  readonly erase: Locator;
  readonly back: Locator;
  /** Leads to the page that erases the person's data. */
  readonly erase: Locator;
  /** What stands here when there is no such conversation. */
  readonly missing: Locator;

  constructor(private readonly page: Page) {
    this.pane = page.locator(".pane.thread");
    this.title = this.pane.getByRole("heading", { level: 2 });
    this.subtitle = this.pane.locator("header > small");
    this.scroll = page.getByRole("region", { name: "Messages" });
    this.messages = this.scroll.locator(".msg");
    this.days = this.scroll.locator(".day");
    this.notes = this.scroll.locator(".note");
    this.older = page.getByRole("link", { name: "Older messages" });
    this.newer = page.getByRole("link", { name: "Newer messages" });
    this.erase = this.pane.getByRole("link", { name: "Erase…" });
    this.newest = page.getByRole("link", { name: "Newest messages" });
    this.back = page.getByRole("link", { name: "All conversations" });
    this.erase = this.pane.getByRole("link", { name: "Erase…" });
    this.missing = page.locator(".state.missing");
  }

  /** Opens all timelines. */
  async disclose(): Promise<void> {
    for (const sign of await this.scroll.locator("summary").all()) {
      if (!(await sign.evaluate((summary) => summary.closest("details")?.open))) await sign.click();
    }
  }

  /** The bubble with this text, be it its words or its attachment's title. */
  message(text: string): Message {
    const said = this.page.locator(".words, .attached *").getByText(text, { exact: true });
    return new Message(this.messages.filter({ has: said }));
  }
}

/** One bubble and what hangs on it. */
export class Message {
  readonly words: Locator;
  readonly attachment: Locator;
  readonly quote: Locator;
  readonly reactions: Locator;
  readonly footer: Locator;
  readonly delivery: Locator;
  readonly deliverySign: Locator;
  readonly steps: Locator;
  /** Leads to what the message was made from; not to what was folded into it. */
  readonly rawEvent: Locator;

  constructor(readonly item: Locator) {
    this.words = item.locator(".words");
    this.attachment = item.locator(".attached");
    this.quote = item.getByRole("blockquote");
    this.reactions = item.getByRole("list", { name: "Reactions" }).getByRole("listitem");
    this.footer = item.locator("footer");
    this.delivery = item.locator(".delivery");
    this.deliverySign = this.delivery.locator("summary");
    // Not by role: what is not disclosed has none.
    this.steps = this.delivery.locator("li");
    this.rawEvent = item.locator(".bubble > footer > .raw", { hasText: "raw event" });
  }
}
