import type { Locator, Page } from "@playwright/test";
import type { Role } from "../fixtures/demo.ts";

/** Who may come in, and the form that adds somebody. Every form here loads the page anew. */
export class PeoplePage {
  readonly heading: Locator;
  readonly rows: Locator;
  readonly addButton: Locator;
  readonly name: Locator;
  readonly email: Locator;
  readonly role: Locator;
  readonly submit: Locator;
  readonly refusal: Locator;
  readonly notice: Locator;
  /** Stands there once, on the page that answers the form. */
  readonly firstPassword: Locator;
  readonly copyPassword: Locator;
  readonly back: Locator;

  constructor(private readonly page: Page) {
    this.heading = page.getByRole("heading", { name: "People", level: 1 });
    this.rows = page.getByRole("table").locator("tbody").getByRole("row");
    this.addButton = page.locator("summary", { hasText: "Add a person…" });
    this.name = page.getByLabel("Name", { exact: true });
    this.email = page.getByLabel("E-mail address", { exact: true });
    this.role = page.getByLabel("Role", { exact: true });
    this.submit = page.getByRole("button", { name: "Add this person" });
    this.refusal = page.locator(".refusal");
    this.notice = page.locator(".notice");
    this.firstPassword = page.getByLabel("First password", { exact: true });
    this.copyPassword = page.getByRole("button", { name: "Copy the first password" });
    this.back = page.getByRole("link", { name: "Back to the people" });
  }

  async open(): Promise<void> {
    await this.page.goto("/people");
  }

  row(email: string): Locator {
    return this.rows.filter({ hasText: email });
  }

  /** Fills the form in and sends it. */
  async add(name: string, email: string, role: Role): Promise<void> {
    if (!(await this.name.isVisible())) await this.addButton.click();
    await this.name.fill(name);
    await this.email.fill(email);
    await this.role.selectOption(role);
    await this.submit.click();
  }

  async deactivate(name: string, email: string): Promise<void> {
    await this.row(email).locator("summary").click();
    await this.page.getByRole("button", { name: `Deactivate ${name}` }).click();
  }
}
