import { type Locator, type Page, expect } from "@playwright/test";
import type { Visit } from "./visit.ts";

/** An account's conversations: the list, the search above it and the pages below it. */
export class ConversationsPage {
  readonly heading: Locator;
  readonly list: Locator;
  readonly rows: Locator;
  readonly titles: Locator;
  readonly search: Locator;
  readonly searchButton: Locator;
  readonly older: Locator;
  readonly newest: Locator;
  /** What stands in the list's place when it is empty. */
  readonly empty: Locator;
  /** What stands in the thread's place while none is open. */
  readonly invitation: Locator;

  constructor(
    private readonly page: Page,
    private readonly visit: Visit,
  ) {
    this.heading = page.getByRole("heading", { level: 1 });
    this.list = page.locator(".chat-list");
    this.rows = page.locator(".rows > li");
    this.titles = this.rows.locator("b");
    this.search = page.getByRole("searchbox", { name: "Search conversations" });
    this.searchButton = page.getByRole("button", { name: "Search" });
    const pager = page.getByRole("navigation", { name: "Pages of the list" });
    this.older = pager.getByRole("link", { name: "Older" });
    this.newest = pager.getByRole("link", { name: "Newest" });
    this.empty = this.list.locator(".state");
    this.invitation = page.getByText("Choose a conversation to read it.");
  }

  /** Opens an account's conversations by the account's name, as a person would. */
  async openByName(account: string): Promise<void> {
    await this.visit("/");
    await this.page.getByRole("rowheader", { name: account, exact: true }).getByRole("link").click();
    await expect(this.heading).toHaveText(account);
    await this.page.getByRole("navigation", { name: "Account", exact: true }).getByRole("link", { name: "Conversations" }).click();
    await expect(this.page).toHaveURL(/\/conversations$/);
  }

  async open(path: string): Promise<void> {
    await this.visit(path);
  }

  row(title: string): Locator {
    return this.rows.filter({ has: this.page.locator("b").getByText(title, { exact: true }) });
  }

  link(title: string): Locator {
    return this.row(title).getByRole("link");
  }

  async find(words: string): Promise<void> {
    await this.search.fill(words);
    await this.search.press("Enter");
  }
}
