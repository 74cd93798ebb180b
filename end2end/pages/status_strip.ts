import type { Locator, Page } from "@playwright/test";

/** The strip of numbers at the top of the Webhook tab, and the card that says what to do about them. */
export class StatusStrip {
  readonly lastEvent: Locator;
  readonly lastHour: Locator;
  readonly stuck: Locator;
  readonly refused: Locator;
  /** The lines of "Next". */
  readonly steps: Locator;

  constructor(page: Page) {
    const figure = (name: string) => page.locator(".strip > div", { has: page.locator(`dt:text-is("${name}")`) }).locator("dd");
    this.lastEvent = figure("Last event");
    this.lastHour = figure("Events, last hour");
    this.stuck = figure("Waiting · failed");
    this.refused = figure("Refused, last day");
    this.steps = page.getByRole("region", { name: "Next" }).getByRole("listitem");
  }

  /** The line with this title. */
  step(title: string | RegExp): Locator {
    return this.steps.filter({ hasText: title });
  }
}
