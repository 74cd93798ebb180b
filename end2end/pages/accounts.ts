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

  copyButton(name: string): Locator {
    return this.row(name).locator(".copy");
  }
}
