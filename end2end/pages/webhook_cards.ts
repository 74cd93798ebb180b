import type { Locator, Page } from "@playwright/test";
import { unfold } from "./folds.ts";
import type { Visit } from "./visit.ts";

/** The Webhook tab's cards "Test event" and "Local development". */
export class WebhookCards {
  readonly testEvent: Locator;
  readonly kind: Locator;
  readonly send: Locator;
  readonly tunnel: Locator;
  readonly commands: Locator;
  readonly publicUrl: Locator;
  readonly check: Locator;
  readonly said: Locator;
  /** Title of the event that is open. */
  readonly eventTitle: Locator;

  constructor(
    private readonly page: Page,
    private readonly visit: Visit,
  ) {
    this.testEvent = page.getByRole("region", { name: "Test event" });
    this.kind = this.testEvent.getByRole("combobox", { name: "Kind of event" });
    this.send = this.testEvent.getByRole("button", { name: "Send a test event" });
    this.tunnel = page.getByRole("region", { name: "Local development" });
    this.commands = this.tunnel.locator("code");
    this.publicUrl = this.tunnel.getByRole("textbox", { name: "Public URL of the tunnel" });
    this.check = this.tunnel.getByRole("button", { name: "Check" });
    this.said = page.locator("#tunnel-said");
    this.eventTitle = page.locator("#event-title");
  }

  async open(accountId: string): Promise<void> {
    await this.visit(`/accounts/${accountId}/webhook`);
    await this.unfold();
  }

  /** Opens the cards, which are folded up once the webhook is in use. */
  async unfold(): Promise<void> {
    await unfold(this.page);
  }
}
