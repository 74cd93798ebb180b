import { type Locator, type Page, expect } from "@playwright/test";
import type { Visit } from "./visit.ts";

/** An account's Activity tab: filters, entries, and the pages below them. */
export class ActivityPage {
  readonly entries: Locator;
  readonly people: Locator;
  readonly processing: Locator;
  readonly person: Locator;
  readonly action: Locator;
  readonly from: Locator;
  readonly to: Locator;
  readonly apply: Locator;
  readonly clear: Locator;
  readonly pager: Locator;
  readonly older: Locator;
  readonly newest: Locator;
  /** What stands in the list's place when it is empty. */
  readonly empty: Locator;

  constructor(
    private readonly page: Page,
    private readonly visit: Visit,
  ) {
    const tab = page.getByRole("region", { name: "Activity" });
    this.entries = tab.locator(".entries > li");
    const kinds = tab.getByRole("navigation", { name: "Whose activity" });
    this.people = kinds.getByRole("link", { name: "People" });
    this.processing = kinds.getByRole("link", { name: "Processing" });
    this.person = tab.getByRole("combobox", { name: "Person" });
    this.action = tab.getByRole("combobox", { name: "Action" });
    this.from = tab.getByLabel("From day");
    this.to = tab.getByLabel("To day");
    this.apply = tab.getByRole("button", { name: "Apply" });
    this.clear = tab.getByRole("link", { name: "Clear" });
    this.pager = tab.getByRole("navigation", { name: "Pages of the activity" });
    this.older = this.pager.getByRole("link", { name: "Older" });
    this.newest = this.pager.getByRole("link", { name: "Newest" });
    this.empty = tab.locator(".state");
  }

  /** Opens an account's activity by the account's name, as a person would. */
  async openByName(account: string): Promise<void> {
    await this.visit("/");
    await this.page.getByRole("rowheader", { name: account, exact: true }).getByRole("link").click();
    const tabs = this.page.getByRole("navigation", { name: "Account", exact: true });
    await tabs.getByRole("link", { name: "Activity" }).click();
    await expect(this.page).toHaveURL(/\/activity$/);
    await expect(this.entries.first()).toBeVisible();
  }

  async open(path: string): Promise<void> {
    await this.visit(path);
  }

  /** The entries that say this. */
  entry(words: string): Locator {
    return this.entries.filter({ hasText: words });
  }

  /** What an entry says has changed, `field value` by line. */
  changes(words: string): Locator {
    return this.entry(words).locator("dl");
  }
}
