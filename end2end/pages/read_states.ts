import type { Locator, Page } from "@playwright/test";

/** What stands in the place of something that is being read, or could not be. */
export class ReadStates {
  readonly skeleton: Locator;
  readonly error: Locator;
  readonly sentence: Locator;
  readonly tryAgain: Locator;
  readonly request: Locator;

  /** Within `place`, a selector up to where they stand, so that several reads on a page are told apart. */
  constructor(page: Page, place: string) {
    this.skeleton = page.locator(`${place} .skeleton`);
    this.error = page.locator(`${place} .state.bad`);
    this.sentence = this.error.getByRole("heading");
    this.tryAgain = this.error.getByRole("link", { name: "Try again" });
    this.request = this.error.locator(".request-id");
  }
}
