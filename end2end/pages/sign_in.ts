import type { Locator, Page } from "@playwright/test";
import type { Visit } from "./visit.ts";

export class SignInPage {
  readonly heading: Locator;
  readonly email: Locator;
  readonly password: Locator;
  readonly button: Locator;
  readonly refusal: Locator;

  constructor(
    page: Page,
    private readonly visit: Visit,
  ) {
    this.heading = page.getByRole("heading", { name: "Sign in" });
    this.email = page.getByLabel("E-mail address");
    this.password = page.getByLabel("Password");
    this.button = page.getByRole("button", { name: "Sign in" });
    this.refusal = page.getByRole("alert");
  }

  /** Opens the form; `next` is where to go afterwards. */
  async open(next?: string): Promise<void> {
    await this.visit(next === undefined ? "/sign-in" : `/sign-in?next=${encodeURIComponent(next)}`);
  }

  async submit(email: string, password: string): Promise<void> {
    await this.email.fill(email);
    await this.password.fill(password);
    await this.button.click();
  }
}
