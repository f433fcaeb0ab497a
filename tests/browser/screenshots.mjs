// The pictures of README: `npm run screenshots`.
//
// Fonts as in the repository's: Debian's fonts-roboto-unhinted, fonts-urw-base35 and
// fonts-liberation. ImageMagick, where there is one, makes the files smaller.

import { spawnSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch, open } from "./browser.mjs";
import { folder, made } from "./reports.mjs";

const IMAGES = join(dirname(fileURLToPath(import.meta.url)), "../../docs/images");
const PICTURES = [
  { name: "report", viewport: { width: 1280, height: 1500 }, colorScheme: "light", top: "body" },
];

mkdirSync(IMAGES, { recursive: true });
const file = made(folder(), "screenshots", ["60", "12", "open=15"]);
const browser = await launch();
for (const { name, viewport, colorScheme, top } of PICTURES) {
  const { page, close } = await open(browser, file, { viewport, colorScheme });
  await page.evaluate((selector) => {
    document.documentElement.style.scrollBehavior = "auto";
    document.querySelector(selector).scrollIntoView();
  }, top);
  await page.waitForTimeout(200);
  const path = join(IMAGES, `${name}.png`);
  await page.screenshot({ path });
  await close();
  spawnSync("convert", [path, "-strip", "+dither", "-colors", "64", "-define", "png:compression-level=9", `png8:${path}`]);
  console.log(`${path}: ${statSync(path).size} bytes`);
}
await browser.close();
