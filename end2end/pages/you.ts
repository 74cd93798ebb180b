import type { Locator, Page } from "@playwright/test";

/** One's own account. Every form here loads the page anew. */
export class YouPage {
  readonly heading: Locator;
  readonly current: Locator;
  readonly new: Locator;
  readonly again: Locator;
  readonly submit: Locator;
  readonly refusal: Locator;
  readonly notice: Locator;
  readonly sessions: Locator;
  readonly signOutEverywhere: Locator;

  constructor(private readonly page: Page) {
    this.heading = page.getByRole("heading", { name: "Your account", level: 1 });
    this.current = page.getByLabel("Current", { exact: true });
    this.new = page.getByLabel("New", { exact: true });
    this.again = page.getByLabel("New, again", { exact: true });
    this.submit = page.getByRole("button", { name: "Change the password" });
    this.refusal = page.locator(".refusal");
    this.notice = page.locator(".notice");
    this.sessions = page.locator(".sessions > li");
    this.signOutEverywhere = page.getByRole("button", { name: "Sign out everywhere" });
  }

  async open(): Promise<void> {
    await this.page.goto("/you");
  }

  async change(current: string, fresh: string, again = fresh): Promise<void> {
    await this.current.fill(current);
    await this.new.fill(fresh);
    await this.again.fill(again);
    await this.submit.click();
  }
}
