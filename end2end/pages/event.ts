import type { Locator, Page } from "@playwright/test";

/** One event, as a page of its own or as a dialog over the log. */
export class EventPage {
  readonly dialog: Locator;
  readonly title: Locator;
  readonly objectId: Locator;
  readonly badge: Locator;
  readonly payload: Locator;
  readonly search: Locator;
  /** Which hit of how many it is at. */
  readonly found: Locator;
  readonly raw: Locator;
  readonly rawSign: Locator;
  readonly way: Locator;
  readonly became: Locator;
  /** Leads to the contact's conversations. */
  readonly becameContact: Locator;
  readonly becameConversation: Locator;
  readonly becameMessage: Locator;
  readonly delivery: Locator;
  readonly headersSign: Locator;
  readonly headers: Locator;
  readonly siblings: Locator;
  readonly copyPayload: Locator;
  readonly download: Locator;
  readonly close: Locator;
  readonly replay: Locator;
  readonly replayButton: Locator;
  readonly refusal: Locator;
  /** What was said about the replay. */
  readonly said: Locator;
  /** What stands here when there is no such event. */
  readonly missing: Locator;

  constructor(page: Page) {
    this.dialog = page.locator("dialog.event");
    const header = this.dialog.locator("> header");
    this.title = this.dialog.getByRole("heading", { level: 2 });
    this.objectId = header.locator("> code");
    this.badge = header.locator("> .badge");
    this.payload = this.dialog.getByRole("region", { name: "Payload" });
    this.search = page.getByRole("searchbox", { name: "Search the payload" });
    this.found = page.locator(".json-search [role=status]");
    this.raw = this.dialog.locator(".raw-bytes");
    this.rawSign = this.dialog.locator("summary", { hasText: "Raw bytes, as received" });
    const section = (name: string) =>
      this.dialog.locator("section", { has: page.getByRole("heading", { level: 3, name, exact: true }) });
    this.way = section("Its way").getByRole("listitem");
    this.became = section("Became");
    this.becameContact = this.became.getByText(/^Message with/).getByRole("link");
    this.becameConversation = this.became.getByRole("link", { name: "Conversation", exact: true });
    this.becameMessage = this.became.getByRole("link", { name: "This message in it" });
    this.delivery = section("Delivery");
    this.headersSign = this.delivery.locator("summary");
    this.headers = this.delivery.locator(".headers");
    this.siblings = section("In the same POST").getByRole("listitem");
    this.copyPayload = this.dialog.getByRole("button", { name: "Copy the payload" });
    this.download = this.dialog.getByRole("link", { name: "Download raw" });
    this.close = header.getByRole("link", { name: "Close" });
    this.replay = header.locator("summary", { hasText: "Replay…" });
    this.replayButton = header.getByRole("button", { name: "Replay the event" });
    this.refusal = header.locator(".refusal");
    this.said = this.dialog.locator(".said");
    this.missing = this.dialog.locator(".state.missing");
  }

  /** A value of the delivery, by what stands beside it. */
  fact(name: string): Locator {
    return this.delivery.locator(`dt:text-is("${name}") + dd`);
  }

  /** Whether it lies over the log, which cannot be reached meanwhile. */
  async isModal(): Promise<boolean> {
    return await this.dialog.evaluate((dialog) => dialog.matches(":modal"));
  }
}
