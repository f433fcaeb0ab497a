
"use strict";
(() => {
  const root = document.documentElement;
  const filters = document.getElementById("filters");
  const verdicts = [...filters.querySelectorAll("input[name=verdict]")];
  const account = document.getElementById("by-account");
  const region = document.getElementById("by-region");
  const check = document.getElementById("by-check");
  const text = document.getElementById("by-text");
  const matches = document.getElementById("matches");

  const read = (element) => ({
    element,
    group: element.closest("[data-group]"),
    counts: element.dataset.counts.split(" ").filter(Boolean).map((part) => {
      const [standing, count] = part.split(":");
      return { standing, count: Number(count) };
    }),
    adds: new Set(element.dataset.adds.split(" ")),
    account: element.dataset.account,
    region: element.dataset.region,
    checks: element.dataset.checks.split(" "),
    words: null,
  });
  const items = [...document.querySelectorAll("[data-item]")].map(read);
  const groups = [...document.querySelectorAll("[data-group]")];

  const wordsOf = (item) => {
    if (item.words === null) {
      const summary = item.group.querySelector(":scope > summary");
      const parts = [item.account, item.region, summary ? summary.textContent : "", item.element.textContent];
      item.words = parts.join(" ").toLowerCase();
    }
    return item.words;
  };

  const isWanted = (item, wanted) =>
    (wanted.account === "" || item.account === wanted.account) &&
    (wanted.region === "" || item.region === wanted.region) &&
    (wanted.check === "" || item.checks.includes(wanted.check)) &&
    wanted.words.every((word) => wordsOf(item).includes(word));

  /* A Region's row counts its passing trails only, and those have no check that did not pass. */
  const adds = (item, wanted) =>
    item.counts
      .filter(({ standing }) => wanted.standings.has(standing) && item.adds.has(standing))
      .filter(({ standing }) => wanted.check === "" || standing === "failing" || standing === "unverified")
      .reduce((sum, { count }) => sum + count, 0);

  const current = () => ({
    standings: new Set(verdicts.filter((box) => box.checked).map((box) => box.value)),
    account: account.value,
    region: region.value,
    check: check.value,
    words: text.value.toLowerCase().split(/\s+/).filter(Boolean),
  });

  const isNarrow = (wanted) =>
    wanted.standings.size < verdicts.length ||
    [wanted.account, wanted.region, wanted.check].some((value) => value !== "") ||
    wanted.words.length > 0;

  const number = (value) => value.toLocaleString("en");
  const everything = current();
  const total = items.reduce((sum, item) => sum + adds(item, everything), 0);

  const apply = () => {
    const wanted = current();
    const full = new Set();
    let shown = 0;
    for (const item of items) {
      const stands =
        item.counts.length === 0
          ? wanted.standings.size === verdicts.length
          : item.counts.some(({ standing }) => wanted.standings.has(standing));
      const isShown = stands && isWanted(item, wanted);
      item.element.hidden = !isShown;
      if (isShown) {
        full.add(item.group);
        shown += adds(item, wanted);
      }
    }
    const narrow = isNarrow(wanted);
    for (const group of groups) {
      group.hidden = narrow && !full.has(group);
    }
    for (const note of document.querySelectorAll(".nothing")) {
      const inside = [...note.parentElement.querySelectorAll("[data-group]")];
      note.hidden = !narrow || inside.some((group) => full.has(group));
    }
    root.classList.toggle("filtered", narrow);
    matches.textContent = narrow
      ? `${number(shown)} of ${number(total)} trails match.`
      : `All ${number(total)} trails are shown or counted.`;
  };

  const clear = () => {
    for (const box of verdicts) {
      box.checked = true;
    }
    for (const field of [account, region, check, text]) {
      field.value = "";
    }
    apply();
  };

  const pick = (event) => {
    const field = event.target.closest(".field[data-account]");
    if (field === null) {
      return;
    }
    clear();
    account.value = field.dataset.account;
    region.value = field.dataset.region;
    apply();
    const failing = field.classList.contains("failing") || field.classList.contains("unverified");
    document.getElementById(failing ? "findings" : "accounts").scrollIntoView();
  };

  let waiting = 0;
  text.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 120);
  });
  for (const field of [...verdicts, account, region, check]) {
    field.addEventListener("change", apply);
  }
  document.getElementById("clear").addEventListener("click", clear);
  const heat = document.querySelector(".heat");
  if (heat !== null) {
    heat.addEventListener("click", pick);
  }

  /* The choice of colours outlives the page where the browser allows it. */
  const themes = [...document.querySelectorAll("input[name=theme]")];
  const keep = (act) => {
    try {
      return act(window.localStorage);
    } catch {
      return null;
    }
  };
  const kept = keep((storage) => storage.getItem("trailseal-theme"));
  for (const theme of themes) {
    theme.checked = theme.value === kept || (theme.value === "auto" && !["light", "dark"].includes(kept));
    theme.addEventListener("change", () => keep((storage) => storage.setItem("trailseal-theme", theme.value)));
  }

  root.classList.add("scripted-on");
  for (const element of document.querySelectorAll(".scripted")) {
    element.hidden = false;
  }
  filters.hidden = false;
  apply();
})();
