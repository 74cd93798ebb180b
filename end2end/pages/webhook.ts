import type { Locator, Page } from "@playwright/test";
import { unfold } from "./folds.ts";
import type { Visit } from "./visit.ts";

/** An account's Webhook tab: how it is doing, the set-up, what to do next, and the event log. */
export class WebhookPage {
  readonly strip: Locator;
  readonly next: Locator;
  readonly toast: Locator;
  /** What the page that follows a form says without scripts. */
  readonly notice: Locator;

  // The set-up.
  readonly setUp: Locator;
  readonly badge: Locator;
  /** Where it stands, since when, and by whom. */
  readonly since: Locator;
  readonly callbackUrl: Locator;
  readonly callbackPath: Locator;
  /** The path of one's own, folded up while there is none. */
  readonly path: Field;
  private readonly pathSign: Locator;
  /** From a path of one's own back to one that is made. */
  readonly generatedPath: Locator;
  /** Stands beside a callback URL that Meta cannot use. */
  readonly warning: Locator;
  readonly secret: Field;
  readonly overlap: Locator;
  readonly saveButton: Locator;
  readonly setUpButton: Locator;
  /** What was refused that is no field's. */
  readonly refusal: Locator;

  // The verify token.
  readonly token: Locator;
  readonly issuedBox: Locator;
  readonly issuedToken: Locator;
  readonly rotate: Locator;
  readonly ownToken: Field;
  readonly rotateButton: Locator;

  // The switch.
  readonly disable: Locator;
  readonly disableButton: Locator;
  readonly enableButton: Locator;

  readonly log: EventLog;

  constructor(
    private readonly page: Page,
    private readonly visit: Visit,
  ) {
    const tab = page.locator(".webhook");
    this.strip = tab.locator(".strip");
    this.next = page.getByRole("region", { name: "Next" });
    this.toast = page.locator(".toasts");
    this.notice = tab.locator(".notice");

    this.setUp = page.getByRole("region", { name: "Set up" });
    this.badge = this.setUp.locator(".since .badge");
    this.since = this.setUp.locator(".since");
    this.callbackUrl = this.setUp.getByRole("textbox", { name: "Callback URL" });
    this.callbackPath = this.setUp.getByRole("textbox", { name: "Callback path" });
    this.path = new Field(this.setUp, "callback_path");
    this.pathSign = this.setUp.locator("summary", { hasText: "Use a path of your own" });
    this.generatedPath = this.setUp.getByRole("checkbox", { name: "Go back to a generated path" });
    this.warning = this.setUp.locator(".warning");
    this.secret = new Field(this.setUp, "app_secret");
    this.overlap = this.setUp.getByLabel("The old secret");
    this.saveButton = this.setUp.getByRole("button", { name: "Save", exact: true });
    this.setUpButton = this.setUp.getByRole("button", { name: "Set up the webhook" });
    this.refusal = this.setUp.locator(".refusal");

    this.token = this.setUp.locator(".token");
    this.issuedBox = this.setUp.locator(".once");
    this.issuedToken = this.issuedBox.getByRole("textbox", { name: "Verify token" });
    this.rotate = this.setUp.locator("summary", { hasText: "Rotate…" });
    this.ownToken = new Field(this.setUp, "verify_token");
    this.rotateButton = this.setUp.getByRole("button", { name: "Rotate the verify token" });

    this.disable = this.setUp.locator("summary", { hasText: "Disable…" });
    this.disableButton = this.setUp.getByRole("button", { name: "Disable the webhook" });
    this.enableButton = this.setUp.getByRole("button", { name: "Enable the webhook" });

    this.log = new EventLog(page);
  }

  /** Opens the tab, and on it what is folded up once it is in use. */
  async open(path: string): Promise<void> {
    await this.visit(path);
    await this.unfold();
  }

  async unfold(): Promise<void> {
    await unfold(this.page);
  }

  /** Types a path of one's own. */
  async fillPath(path: string): Promise<void> {
    await this.unfoldPath();
    await this.path.input.fill(path);
  }

  async unfoldPath(): Promise<void> {
    if (!(await this.path.input.isVisible())) await this.pathSign.click();
  }
}

/** A text field and what stands under it. */
export class Field {
  readonly input: Locator;
  readonly hint: Locator;

  constructor(form: Locator, id: string) {
    this.input = form.locator(`input#${id}`);
    this.hint = form.locator(`#${id}-hint`);
  }
}

/** The log of events: filters, rows, pages. */
export class EventLog {
  readonly card: Locator;
  readonly heading: Locator;
  readonly headers: Locator;
  readonly rows: Locator;
  readonly links: Locator;
  readonly states: Locator;
  readonly search: Locator;
  readonly type: Locator;
  readonly from: Locator;
  readonly to: Locator;
  readonly apply: Locator;
  readonly clear: Locator;
  readonly refresh: Locator;
  readonly older: Locator;
  readonly newer: Locator;
  /** Leads to the first page. */
  readonly newest: Locator;
  readonly sizes: Locator;
  readonly pager: Locator;
  /** What stands in the rows' place when there are none. */
  readonly empty: Locator;

  constructor(page: Page) {
    this.card = page.getByRole("region", { name: "Events" });
    this.heading = this.card.getByRole("heading", { level: 2, name: "Events", exact: true });
    this.headers = this.card.getByRole("columnheader");
    this.rows = this.card.locator("tbody > tr");
    this.links = this.rows.locator("th a");
    this.states = this.card.getByRole("navigation", { name: "State" });
    this.search = this.card.getByRole("searchbox");
    this.type = this.card.getByRole("combobox", { name: "Type" });
    this.from = this.card.getByLabel("From day");
    this.to = this.card.getByLabel("To day");
    this.apply = this.card.getByRole("button", { name: "Apply" });
    this.clear = this.card.getByRole("link", { name: "Clear" });
    this.refresh = this.card.getByRole("button", { name: "Refresh" });
    const pages = this.card.getByRole("navigation", { name: "Pages of the log" });
    this.older = pages.getByRole("link", { name: "Older" });
    this.newer = pages.getByRole("link", { name: "Newer" });
    this.newest = pages.getByRole("link", { name: "Newest" });
    this.sizes = this.card.getByRole("navigation", { name: "Rows on a page" });
    this.pager = this.card.locator(".pager");
    this.empty = this.card.locator(".state");
  }

  state(name: string): Locator {
    return this.states.getByRole("link", { name, exact: true });
  }

  size(rows: number): Locator {
    return this.sizes.getByRole("link", { name: String(rows), exact: true });
  }

  /** The row about a message or another thing. */
  row(objectId: string): Locator {
    return this.rows.filter({ has: this.card.page().getByTitle(objectId, { exact: true }) });
  }

  /** What stands under one of the headers. */
  async cell(objectId: string, header: string): Promise<Locator> {
    const headers = await this.headers.allTextContents();
    return this.row(objectId).locator("> *").nth(headers.indexOf(header));
  }

  link(objectId: string): Locator {
    return this.row(objectId).locator("th a");
  }

  /** The ids of the events on this page. */
  async ids(): Promise<string[]> {
    return await this.links.evaluateAll((links) => links.map((link) => link.id.replace(/^event-/, "")));
  }
}
