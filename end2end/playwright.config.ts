// One server with demo data for all specs (see fixtures/server.ts), one browser, one spec
// at a time. `cargo xtask test` sets WAYPOST_BIN, DATABASE_URL and CHROMIUM; with
// BASE_URL set, the specs run against the server that is already there.
import { existsSync } from "node:fs";
import { defineConfig, devices } from "@playwright/test";

// Playwright's own browser is used where none of these is installed.
const chromium = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path && existsSync(path));

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  globalSetup: "./fixtures/server.ts",
  workers: 1,
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  reporter: "list",
  timeout: 30_000,
  expect: { timeout: 5_000 },
  use: {
    // The global set-up writes it before the workers read this file.
    baseURL: process.env.BASE_URL,
    locale: "en-GB",
    timezoneId: "UTC",
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
  },
  projects: [
    {
      name: "chromium",
      use: {
        ...devices["Desktop Chrome"],
        launchOptions: {
          executablePath: chromium,
          args: [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
          ],
        },
      },
    },
  ],
});
