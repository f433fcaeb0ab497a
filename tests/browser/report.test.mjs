// The HTML report in a real browser.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { readFileSync, statSync } from "node:fs";
import { launch, open } from "./browser.mjs";
import { checked, folder, made } from "./reports.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PHONE = { viewport: { width: 375, height: 740 }, hasTouch: true };

let browser;
const files = {};

before(async () => {
  const within = folder();
  files.usual = made(within, "usual", ["60", "12", "open=15"]);
  files.hostile = made(within, "hostile", ["80", "6", "open=30", "hostile"]);
  files.some = made(within, "some", ["450", "12", "open=0"]);
  files.many = made(within, "many", ["2000", "60", "open=18"]);
  files.folded = made(within, "folded", ["6000", "60", "open=10"]);
  files.hostilefolded = made(within, "hostilefolded", ["5100", "6", "open=10", "hostile"]);
  files.empty = made(within, "empty", ["0", "1"]);
  files.checked = checked(within, "checked", ["snapshot.json", "keys.json"], ["--parameter", "profile=strict"]);
  browser = await launch();
});

after(() => browser?.close());

/** Runs on a page, then asks that it has done nothing that it should not. */
async function on(file, options, act) {
  const opened = await open(browser, file, options);
  try {
    await act(opened.page, opened);
    const violations = options.javaScriptEnabled === false ? [] : await opened.page.evaluate(() => window.violations);
    assert.deepEqual([...opened.complaints, ...violations], []);
  } finally {
    await opened.close();
  }
}

const shown = (page, selector) => page.locator(`${selector}:visible`).count();
const matches = (page) => page.locator("#matches").innerText();
/** Waits until an element shows all words: a browser lays out text that comes into view a frame later. */
async function shows(locator, words) {
  await locator.scrollIntoViewIfNeeded();
  const element = await locator.elementHandle();
  try {
    await locator.page().waitForFunction(([shown, all]) => all.every((word) => shown.innerText.includes(word)), [element, words]);
  } catch (error) {
    throw new Error(`${JSON.stringify(words)} are not all in ${JSON.stringify(await locator.innerText())}`, { cause: error });
  }
}

const colour = (page, name) =>
  page.evaluate((property) => getComputedStyle(document.body)[property], name);

for (const name of ["usual", "many", "empty", "checked"]) {
  test(`${name}: renders without an error, a violation or a request`, () =>
    on(files[name], {}, async (page) => {
      assert.equal(await page.locator("h1").count(), 1);
      assert.equal(await page.locator("#filters").isVisible(), true);
      assert.match(await matches(page), /^All [\d,]+ trails.* are listed\.$/);
    }));
}

test("what failed comes first, with what, why, fix and evidence", () =>
  on(files.usual, {}, async (page) => {
    assert.equal(await page.locator("h1").innerText(), "6 of 55 trails are not compliant; 3 more could not be verified. 1 of 12 accounts was not completed.");
    const first = page.locator("article.trail").first();
    assert.equal(await first.getAttribute("class"), "trail failing");
    await shows(first, ["the key is disabled", "Why", "Fix", "enable the key"]);
    assert.equal(await first.locator(".evidence .facts").isVisible(), false);
    await first.locator(".evidence > summary").click();
    await shows(first.locator(".evidence .facts"), ["Disabled"]);
    await first.locator(".statement > summary").nth(1).click();
    assert.match(await first.locator(".statement pre").nth(1).innerText(), /kms:GenerateDataKey\*/);
  }));

test("filters by mouse", () =>
  on(files.usual, {}, async (page) => {
    assert.equal(await page.locator("article").count(), 60);
    await page.locator("input[value=compliant]").uncheck();
    await page.locator("input[value=not-applicable]").uncheck();
    assert.equal(await shown(page, "article.trail"), 9);
    assert.equal(await matches(page), "9 of 55 trails and 0 of 5 copies match.");
    await page.selectOption("#by-check", "sse-kms-enabled");
    assert.equal(await matches(page), "3 of 55 trails and 0 of 5 copies match.");
    const account = await page.locator("article.trail:visible").first().getAttribute("data-account");
    await page.selectOption("#by-account", account);
    const left = await shown(page, "article.trail");
    assert.ok(left >= 1 && left <= 3, `${left}`);
    await page.fill("#by-text", "no such words");
    await page.waitForFunction(() => document.getElementById("matches").textContent.startsWith("0 of"));
    assert.equal(await page.locator("#findings > .nothing").isVisible(), true);
    await page.click("#clear");
    assert.equal(await shown(page, "article.trail"), 9);
    assert.equal(await matches(page), "All 55 trails and 5 copies are listed.");
  }));

test("filters by text find what is told of a trail", () =>
  on(files.usual, {}, async (page) => {
    await page.fill("#by-text", "kms.disabledexception");
    await page.waitForFunction(() => document.getElementById("matches").textContent.includes("match."));
    assert.equal(await shown(page, "article.trail"), 3);
    assert.equal(await matches(page), "3 of 55 trails and 0 of 5 copies match.");
  }));

test("filters by keyboard alone", () =>
  on(files.usual, {}, async (page) => {
    const at = () => page.evaluate(() => document.activeElement.id || document.activeElement.value || "");
    const to = async (wanted) => {
      for (let steps = 0; steps < 60 && (await at()) !== wanted; steps += 1) {
        await page.keyboard.press("Tab");
      }
      assert.equal(await at(), wanted);
    };
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
    await page.keyboard.press("Enter");
    assert.equal(await at(), "content");
    await to("compliant");
    await page.keyboard.press("Space");
    assert.equal(await matches(page), "9 of 55 trails and 5 of 5 copies match.");
    await to("by-region");
    await page.keyboard.type("sa-east-1");
    await page.keyboard.press("Enter");
    assert.equal(await page.inputValue("#by-region"), "sa-east-1");
    await to("by-text");
    await page.keyboard.type("disabled");
    await page.keyboard.press("Enter");
    await to("clear");
    const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(ring, "solid");
    await page.keyboard.press("Enter");
    assert.equal(await matches(page), "All 55 trails and 5 copies are listed.");
  }));

/** The articles of a page, and the text of its packs that is not built yet. */
const listed = (page) =>
  page.evaluate(() => {
    const stored = [...document.querySelectorAll("noscript")].map((pack) => pack.textContent.split("<article ").length - 1);
    return document.querySelectorAll("article").length + stored.reduce((sum, count) => sum + count, 0);
  });

for (const [name, trails] of [["some", 450], ["many", 2000], ["folded", 6000]]) {
  test(`every evaluated trail is in the HTML report: ${trails}`, () =>
    on(files[name], {}, async (page) => {
      assert.equal(await listed(page), trails);
      const copies = await page.locator(".pack[data-kind=copy]").evaluateAll((packs) => packs.reduce((sum, pack) => sum + Number(pack.dataset.count), 0));
      const number = (value) => value.toLocaleString("en");
      assert.ok(copies > 0);
      assert.equal(await matches(page), `All ${number(trails - copies)} trails and ${number(copies)} copies are listed.`);
    }));

  test(`${trails} trails: a pack shows its trails with their evidence, filtered by account, Region and text`, () =>
    on(files[name], {}, async (page) => {
      const pack = page.locator(".pack.compliant").last();
      assert.equal(await pack.locator(".record:visible").count(), 0);
      await pack.locator(":scope > summary").click();
      assert.equal(await pack.locator(".record:visible").count(), Number(await pack.getAttribute("data-count")));
      await pack.locator(".policy > summary").first().click();
      await shows(pack, ["Passed", "sse-kms-enabled", "Key state", "Enabled", "Bucket Region", "Latest delivery", "no error", "Let CloudTrail encrypt"]);
      const first = pack.locator(".record").first();
      const [account, region, trail] = [await pack.getAttribute("data-account"), await first.getAttribute("data-region"), await first.locator("h4 bdi").innerText()];
      await page.selectOption("#by-account", account);
      await page.selectOption("#by-region", region);
      const left = await page.locator(`.record:visible`).evaluateAll((records) => records.map((record) => record.dataset.region));
      assert.ok(left.length >= 1 && left.every((other) => other === region), `${left}`);
      await page.click("#clear");
      await page.fill("#by-text", trail.toUpperCase());
      await page.waitForFunction(() => document.getElementById("matches").textContent.includes("match."));
      assert.match(await matches(page), /^1 of /);
      assert.equal(await page.locator("#passes .pack:visible").count(), 1);
      await page.fill("#by-text", "let cloudtrail encrypt");
      await page.waitForFunction(() => !document.getElementById("matches").textContent.startsWith("1 of"));
      const [, found, all] = /^([\d,]+) of ([\d,]+) trails/.exec(await matches(page));
      assert.ok(Number(found.replace(",", "")) > Number(all.replace(",", "")) / 2, `${found} of ${all}`);
    }));

  test(`${trails} trails: paper has the evidence of all`, () =>
    on(files[name], {}, async (page) => {
      await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
      await page.emulateMedia({ media: "print" });
      assert.equal(await page.locator("article").count(), trails);
      const unseen = await page.evaluate(() => [...document.querySelectorAll("article dl")].filter((facts) => !facts.checkVisibility()).length);
      assert.equal(unseen, 0);
    }));

  test(`${trails} trails: without a script each can be read`, () =>
    on(files[name], { javaScriptEnabled: false }, async (page) => {
      assert.equal(await page.locator("article").count(), trails);
      const pack = page.locator(".pack.compliant").last();
      await pack.locator(":scope > summary").click();
      assert.equal(await pack.locator(".record:visible").count(), Number(await pack.getAttribute("data-count")));
    }));
}

test("a pack is built as it is read without a script", async () => {
  const of = async (options) => {
    let html = "";
    await on(files.hostilefolded, options, async (page) => {
      const pack = page.locator(".pack.compliant").first();
      await pack.locator(":scope > summary").click();
      html = await pack.evaluate((element) => [...element.querySelectorAll(".record")].map((record) => record.outerHTML).join("\n"));
    });
    return html;
  };
  const built = await of({});
  assert.ok(built.includes("&lt;"), built.slice(0, 2000));
  assert.equal(built, await of({ javaScriptEnabled: false }));
});

test("a pack with an element that it must not have is not built", async () => {
  const { page, complaints, close } = await open(browser, files.folded);
  const pack = page.locator(".pack.compliant").first();
  await pack.evaluate((element) => {
    element.querySelector("noscript").textContent = "<article class=\"record\" onclick=\"x\" data-region=\"r\" data-checks=\"\"><a href=\"javascript:x\">a</a><img src=\"x\"></article>";
  });
  await pack.locator(":scope > summary").click();
  assert.equal(await page.locator("img, [onclick], a[href^=javascript]").count(), 0);
  assert.ok(complaints.some((complaint) => complaint.includes("<img> in a pack")), `${complaints}`);
  await close();
});

test("a click on the drawing sets the filters", () =>
  on(files.usual, {}, async (page) => {
    const field = page.locator(".heat .field.failing").first();
    const [account, region] = [await field.getAttribute("data-account"), await field.getAttribute("data-region")];
    await field.click();
    assert.equal(await page.inputValue("#by-account"), account);
    assert.equal(await page.inputValue("#by-region"), region);
    assert.ok((await shown(page, "article.trail.failing")) >= 1);
  }));

test("light and dark follow the system, and the switch overrules it", async () => {
  await on(files.usual, { colorScheme: "light" }, async (page) => {
    assert.equal(await colour(page, "backgroundColor"), "rgb(253, 252, 250)");
    await page.locator("label[for=theme-dark]").click();
    assert.equal(await colour(page, "backgroundColor"), "rgb(21, 24, 29)");
    await page.reload();
    assert.equal(await colour(page, "backgroundColor"), "rgb(21, 24, 29)");
  });
  await on(files.usual, { colorScheme: "dark" }, async (page) => {
    assert.equal(await colour(page, "backgroundColor"), "rgb(21, 24, 29)");
    await page.focus("#theme-auto");
    await page.keyboard.press("ArrowRight");
    assert.equal(await colour(page, "backgroundColor"), "rgb(253, 252, 250)");
  });
});

for (const name of ["usual", "many", "hostile", "empty"]) {
  for (const width of [320, 375, 1280]) {
    test(`${name}: ${width} pixels are wide enough`, () =>
      on(files[name], { viewport: { width, height: 740 } }, async (page) => {
        await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `${wide}`);
      }));
  }
}

test("paper: nothing that needs a screen, all evidence of findings, no colour scheme but light", () =>
  on(files.usual, { colorScheme: "dark" }, async (page) => {
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    assert.equal(await colour(page, "backgroundColor"), "rgb(255, 255, 255)");
    for (const hidden of ["#filters", ".theme", ".contents", ".skip"]) {
      assert.equal(await page.locator(hidden).isVisible(), false, hidden);
    }
    const open = page.locator("article.trail");
    for (let index = 0; index < (await open.count()); index += 1) {
      assert.equal(await open.nth(index).locator(".evidence .facts").isVisible(), true);
    }
    assert.equal(await page.locator("article.failing .statement pre").first().isVisible(), true);
    // As wide as A4 is between the margins, at 96 dots per inch.
    await page.setViewportSize({ width: 680, height: 960 });
    const wide = await page.evaluate(() =>
      [...document.querySelectorAll("main *")]
        .filter((element) => element.checkVisibility() && !element.closest("svg, .unseen"))
        .filter((element) => element.getBoundingClientRect().right > 681)
        .map((element) => element.className),
    );
    assert.deepEqual(wide, []);
    const heat = await page.locator(".heat").boundingBox();
    assert.ok(heat.width <= 680, `${heat.width}`);
    const pdf = await page.pdf({ preferCSSPageSize: true });
    assert.equal(pdf.subarray(0, 5).toString(), "%PDF-");
  }));

test("paper says when it shows a part only", () =>
  on(files.usual, {}, async (page) => {
    await page.locator("input[value=compliant]").uncheck();
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.locator("#matches").isVisible(), true);
    assert.equal(await page.locator("#filters .controls").isVisible(), false);
  }));

test("hostile texts are texts", () =>
  on(files.hostile, {}, async (page) => {
    await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
    await page.fill("#by-text", "<script>");
    await page.waitForFunction(() => document.getElementById("matches").textContent.includes("match."));
    await page.waitForTimeout(200);
    assert.equal(await page.evaluate(() => document.documentElement.dataset.pwned), undefined);
    assert.equal(await page.locator("img, iframe, a[href^=javascript], svg[onload]").count(), 0);
    assert.equal(await page.locator("script").count(), 1);
    assert.equal(await page.locator("style").count(), 1);
    assert.equal(await page.locator("meta[http-equiv]").count(), 1);
    const text = await page.locator("main").innerText();
    assert.ok(text.includes("<script>document.documentElement.dataset.pwned='1'</script>"));
    assert.ok(!/[\u0000\u202e]/.test(text));
  }));

test("were a text markup, the policy would still hold it", async () => {
  const opened = await open(browser, files.usual);
  const { page, close } = opened;
  const thrown = await page.evaluate(() => {
    const element = document.createElement("script");
    try {
      element.textContent = "document.documentElement.dataset.pwned = '1'";
      document.body.append(element);
      return "";
    } catch (error) {
      return error.name;
    }
  });
  await page.evaluate(() => {
    const style = document.createElement("style");
    style.textContent = "body { display: none }";
    document.head.append(style);
    const image = document.createElement("img");
    image.src = "https://example.com/x.png";
    document.body.append(image);
  });
  await page.waitForTimeout(100);
  assert.equal(await page.evaluate(() => document.documentElement.dataset.pwned), undefined, thrown);
  assert.notEqual(await colour(page, "display"), "none");
  const violations = await page.evaluate(() => window.violations);
  assert.ok(violations.some((violation) => violation.startsWith("style-src")), `${violations}`);
  assert.ok(violations.some((violation) => violation.startsWith("img-src")), `${violations}`);
  assert.ok(thrown === "TypeError" || violations.some((violation) => violation.startsWith("script-src")));
  await close();
});

test("without a script everything can be read", () =>
  on(files.usual, { javaScriptEnabled: false }, async (page) => {
    assert.equal(await shown(page, "article.trail"), 9);
    assert.equal(await page.locator("article.record").count(), 51);
    assert.equal(await page.locator("#filters").isVisible(), false);
    await page.locator("article.failing .evidence > summary").first().click();
    assert.equal(await page.locator("article.failing .evidence .facts").first().isVisible(), true);
    await page.locator("label[for=theme-dark]").click();
    assert.ok(await page.locator("#theme-dark").isChecked());
  }));

const looks = {
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  "phone, light": { ...PHONE, colorScheme: "light" },
  "phone, dark": { ...PHONE, colorScheme: "dark" },
};
for (const name of ["usual", "many", "empty", "checked", "hostile"]) {
  for (const [look, options] of Object.entries(looks)) {
    test(`${name}: axe finds nothing (${look})`, () =>
      // The policy would keep axe from marking what it looks at.
      on(files[name], { ...options, bypassCSP: true }, async (page) => {
        await page.addStyleTag({ content: ".trail { content-visibility: visible !important }" });
        await page.evaluate(() => [...document.querySelectorAll("details")].slice(0, 60).forEach((details) => (details.open = true)));
        await page.evaluate(AXE);
        const { violations, passes } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
        const told = violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html).join(" ")}`);
        assert.deepEqual(told, []);
        assert.ok(passes.length > 15);
      }));
  }
}

test("a report is a file that can be sent by mail", () => {
  assert.ok(statSync(files.usual).size < 1_000_000);
});
