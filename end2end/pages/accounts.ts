import type { Locator, Page } from "@playwright/test";
import type { Visit } from "./visit.ts";

export class AccountsPage {
  readonly heading: Locator;
  readonly rows: Locator;

  constructor(
    private readonly page: Page,
    private readonly visit: Visit,
  ) {
    this.heading = page.getByRole("heading", { name: "Accounts", level: 1 });
    this.rows = page.getByRole("table").locator("tbody").getByRole("row");
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

  copyButton(name: string): Locator {
    return this.row(name).locator(".copy");
  }
}
