import type { Locator, Page } from "@playwright/test";

/** What stands around every page of somebody who is signed in. */
export class Frame {
  readonly person: Locator;
  readonly theme: Locator;
  readonly signOutButton: Locator;
  readonly accountsLink: Locator;
  readonly peopleLink: Locator;

  constructor(page: Page) {
    this.person = page.locator(".person");
    this.theme = page.getByRole("combobox", { name: "Theme" });
    this.signOutButton = page.getByRole("button", { name: "Sign out", exact: true });
    this.accountsLink = page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: /Accounts/ });
    this.peopleLink = page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "People" });
  }
}
