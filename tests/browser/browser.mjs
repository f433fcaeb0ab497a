// A browser without a network, and what it has to complain about.

import { execFileSync } from "node:child_process";
import { chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The program: `TRAILSEAL_CHROMIUM`, or one of the usual names. */
export function program() {
  const given = process.env.TRAILSEAL_CHROMIUM;
  if (given) {
    return given;
  }
  for (const name of NAMES) {
    try {
      return execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
    } catch {
      // The next one, then.
    }
  }
  throw new Error("no Chromium is found; on Debian: apt-get install chromium, or set TRAILSEAL_CHROMIUM");
}

/** Playwright gives each launch a user data folder of its own. */
export function launch() {
  return chromium.launch({ executablePath: program(), args: FLAGS });
}

/** Opens a file, once the page is prepared, and keeps what the page does that it should not. */
export async function open(browser, file, options = {}, prepare = async () => {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  // A busy machine is slow, which is no fault of the page.
  context.setDefaultTimeout(180_000);
  const page = await context.newPage();
  await prepare(page);
  const address = `file://${file}`;
  const complaints = [];
  page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`error: ${error}`));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
  page.on("request", (request) => {
    if (request.url() !== address) {
      complaints.push(`request: ${request.url()}`);
    }
  });
  page.on("popup", (popup) => complaints.push(`popup: ${popup.url()}`));
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => {
      window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  await page.goto(address);
  return { page, complaints, close: () => context.close() };
}
