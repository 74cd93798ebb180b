import type { Locator, Page } from "@playwright/test";
import type { Visit } from "./visit.ts";

export class AccountsPage {
  readonly heading: Locator;
  readonly rows: Locator;
  /** Unfolds the form that adds an account. */
  readonly addButton: Locator;
  readonly refusal: Locator;

  constructor(
    private readonly page: Page,
    private readonly visit: Visit,
  ) {
    this.heading = page.getByRole("heading", { name: "Accounts", level: 1 });
    this.rows = page.getByRole("table").locator("tbody").getByRole("row");
    this.addButton = page.locator("summary", { hasText: "Add account…" });
    this.refusal = page.locator(".refusal");
  }

  async open(): Promise<void> {
    await this.visit("/");
  }

  row(name: string): Locator {
    return this.rows.filter({ has: this.page.getByRole("rowheader", { name, exact: true }) });
  }

  link(name: string): Locator {
    return this.rows.getByRole("link", { name, exact: true });
  }

  /** Opens an account's conversations from the list, as a person would: its row, then its tab. */
  async openConversations(name: string): Promise<void> {
    await this.link(name).click();
    await this.page.getByRole("navigation", { name: "Account", exact: true }).getByRole("link", { name: "Conversations" }).click();
  }

  /** Fills the form in and sends it; what is not given stays as it is. */
  async add(fields: { name?: string; phoneNumberId?: string; wabaId?: string; display?: string }): Promise<void> {
    const label = (text: string) => this.page.getByLabel(text, { exact: true });
    if (!(await label("Name").isVisible())) await this.addButton.click();
    await label("Name").fill(fields.name ?? "");
    await label("Phone number id").fill(fields.phoneNumberId ?? "");
    await label("WABA id").fill(fields.wabaId ?? "");
    await label("Display number").fill(fields.display ?? "");
    await this.page.getByRole("button", { name: "Add this account" }).click();
  }

  copyButton(name: string): Locator {
    return this.row(name).locator(".copy");
  }
}
