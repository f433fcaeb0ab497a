// How long a report of 100,000 trails takes until it answers: `npm run bench [TRAILS] [ACCOUNTS]`.
//
// From the start of the navigation to the frame after a filter has done its work, the median of
// five runs, each in a fresh context. One line of JSON on standard output. `main_thread_cpu_ms` is
// the processor time that the page's main thread took for all of it, whatever else the machine did.

import { statSync } from "node:fs";
import { launch, open } from "./browser.mjs";
import { folder, made } from "./reports.mjs";

const RUNS = 5;
const [trails = "100000", accounts = "500", ...words] = process.argv.slice(2);

const median = (numbers) => [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)];

async function measure(browser, file) {
  let client;
  const { page, close } = await open(browser, file, {}, async (page) => {
    client = await page.context().newCDPSession(page);
    await client.send("Performance.enable", { timeDomain: "threadTicks" });
  });
  const times = await page.evaluate(async () => {
    const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    await frame();
    const first = performance.now();
    const box = document.querySelector("input[value=compliant]");
    box.click();
    await frame();
    const { domContentLoadedEventEnd, loadEventEnd } = performance.getEntriesByType("navigation")[0];
    return {
      parsed: domContentLoadedEventEnd,
      loaded: loadEventEnd,
      interactive: performance.now(),
      filter: performance.now() - first,
      elements: document.querySelectorAll("*").length,
      matches: document.getElementById("matches").textContent,
    };
  });
  const { metrics } = await client.send("Performance.getMetrics");
  const busy = metrics.find(({ name }) => name === "TaskDuration").value * 1000;
  await close();
  return { ...times, busy };
}

const file = made(folder(), "bench", [trails, accounts, ...words]);
const browser = await launch();
const runs = [];
for (let run = 0; run < RUNS; run += 1) {
  runs.push(await measure(browser, file));
}
await browser.close();

const of = (name) => Math.round(median(runs.map((run) => run[name])));
console.log(
  JSON.stringify({
    bench: "html",
    trails: Number(trails),
    accounts: Number(accounts),
    bytes: statSync(file).size,
    elements: runs[0].elements,
    runs: RUNS,
    parsed_ms: of("parsed"),
    loaded_ms: of("loaded"),
    interactive_ms: of("interactive"),
    filter_ms: of("filter"),
    main_thread_cpu_ms: of("busy"),
    slowest_interactive_ms: Math.round(Math.max(...runs.map((run) => run.interactive))),
    limit_ms: 3000,
    browser: browser.version(),
  }),
);
