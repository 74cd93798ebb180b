import type { Locator, Page } from "@playwright/test";

/** Where an admin erases the contact that a conversation is with. It loads the page anew. */
export class ErasePage {
  readonly card: Locator;
  readonly word: Locator;
  readonly submit: Locator;
  readonly refusal: Locator;
  readonly notice: Locator;
  readonly back: Locator;

  constructor(page: Page) {
    this.card = page.getByRole("region", { name: "Erase personal data" });
    this.word = this.card.getByLabel("Confirm", { exact: true });
    this.submit = this.card.getByRole("button", { name: "Erase for good" });
    this.refusal = this.card.locator(".refusal");
    this.notice = this.card.locator(".notice");
    this.back = this.card.getByRole("link", { name: "Back to the conversation" });
  }

  /** Types the word and sends the form. */
  async confirm(word: string): Promise<void> {
    await this.word.fill(word);
    await this.submit.click();
  }
}
