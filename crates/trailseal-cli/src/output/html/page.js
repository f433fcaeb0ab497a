
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

  const checksOf = (element) => (element.dataset.checks ?? "").split(" ");
  const ancestors = (element) => {
    const group = element.parentElement.closest("[data-group]");
    return group === null ? [] : [group, ...ancestors(group)];
  };
  const item = (element, { kind, verdicts, account }) => ({
    element,
    groups: ancestors(element),
    set: element.closest(".set"),
    kind,
    verdicts: verdicts.split(" ").filter(Boolean),
    account,
    region: element.dataset.region,
    checks: checksOf(element),
    words: null,
  });
  const recordsIn = (pack) => [...pack.querySelectorAll(".record")].map((record) => item(record, pack.dataset));

  /* The packs whose content is text until the reader opens them. */
  const packs = [...document.querySelectorAll(".pack:has(> noscript)")].map((element) => ({
    element,
    groups: [element, ...ancestors(element)],
    ...element.dataset,
    count: Number(element.dataset.count),
    records: null,
  }));
  const items = [...document.querySelectorAll("[data-item]")].map((element) => item(element, element.dataset));
  for (const pack of document.querySelectorAll(".pack")) {
    items.push(...recordsIn(pack));
  }
  const groups = [...document.querySelectorAll("[data-group]")];

  const decoded = (text) => text.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(code));
  const plain = (markup) => decoded(markup.replace(/<[^>]*>/g, " ")).toLowerCase();
  const summaryOf = (group) => group.querySelector(":scope > summary")?.textContent ?? "";

  const stored = (pack) => pack.querySelector(":scope > noscript")?.textContent;
  const RECORD = /<article [^]*?<\/article>/g;
  const outside = (markup) => plain(markup.replace(RECORD, " "));
  /* The trails of an unopened pack. A text that several trails share is looked up once. */
  const recordsOf = (pack) => {
    if (pack.records === null) {
      const [head, ...sets] = stored(pack.element).split('<div class="set">');
      const around = { markup: `${pack.element.firstElementChild.textContent} ${head}`, words: null };
      pack.records = sets.flatMap((markup) => {
        const set = { markup, words: null, around };
        return markup.match(RECORD).map((record) => {
          const [, region, , checks = ""] = /data-region="([^"]*)"( data-checks="([^"]*)")?/.exec(record);
          return { account: pack.account, region: decoded(region), checks: decoded(checks).split(" "), record, set };
        });
      });
    }
    return pack.records;
  };
  const sharedWords = (of) => (of.words ??= outside(of.markup));
  const textBeside = (element) =>
    [...element.children].filter((child) => !child.matches(".set, .record")).map((child) => child.textContent).join(" ");
  const shared = new Map();
  const sharedBy = (element) => {
    if (!shared.has(element)) {
      shared.set(element, textBeside(element).toLowerCase());
    }
    return shared.get(element);
  };
  const has = (it, word) =>
    it.record === undefined
      ? (it.set !== null && (sharedBy(it.set).includes(word) || sharedBy(it.set.parentElement).includes(word))) ||
        wordsOf(it).includes(word)
      : [sharedWords(it.set), sharedWords(it.set.around), plain(it.record)].some((words) => words.includes(word));

  const wordsOf = (it) => {
    if (it.words === null) {
      const parts = [it.account, it.region, summaryOf(it.groups[0]), it.element.textContent];
      it.words = parts.join(" ").toLowerCase();
    }
    return it.words;
  };

  const isWanted = (it, wanted) =>
    (wanted.account === "" || it.account === wanted.account) &&
    (wanted.region === "" || it.region === wanted.region) &&
    (wanted.check === "" || it.checks.includes(wanted.check)) &&
    wanted.words.every((word) => has(it, word));

  const current = () => ({
    verdicts: new Set(verdicts.filter((box) => box.checked).map((box) => box.value)),
    account: account.value,
    region: region.value,
    check: check.value,
    words: text.value.toLowerCase().split(/\s+/).filter(Boolean),
  });

  const isNarrow = (wanted) =>
    wanted.verdicts.size < verdicts.length ||
    [wanted.account, wanted.region, wanted.check].some((value) => value !== "") ||
    wanted.words.length > 0;

  const isOfVerdict = (it, wanted) =>
    it.verdicts.length === 0
      ? wanted.verdicts.size === verdicts.length
      : it.verdicts.some((verdict) => wanted.verdicts.has(verdict));

  /* How many trails of an unopened pack are wanted. */
  const wantedIn = (pack, wanted) => {
    if (!wanted.verdicts.has(pack.verdicts) || ![pack.account, ""].includes(wanted.account)) {
      return 0;
    }
    if (wanted.region === "" && wanted.check === "" && wanted.words.length === 0) {
      return pack.count;
    }
    return recordsOf(pack).filter((record) => isWanted(record, wanted)).length;
  };

  const number = (value) => value.toLocaleString("en");
  const names = { trail: ["trail", "trails"], copy: ["copy", "copies"], account: ["account without a trail", "accounts without a trail"] };
  const totals = { trail: 0, copy: 0, account: 0 };
  for (const { kind, count = 1 } of [...items, ...packs]) {
    if (kind !== undefined) {
      totals[kind] += count;
    }
  }
  /* `9 of 55 trails and 0 of 5 copies`. */
  const counted = (of) => {
    const kinds = Object.keys(totals).filter((kind) => kind === "trail" || totals[kind] > 0);
    const words = kinds.map((kind) => `${of(kind)}${number(totals[kind])} ${names[kind][totals[kind] === 1 ? 0 : 1]}`);
    return [words.slice(0, -1).join(", "), words.at(-1)].filter(Boolean).join(" and ");
  };

  const apply = () => {
    const wanted = current();
    const narrow = isNarrow(wanted);
    const full = new Set();
    const shown = { trail: 0, copy: 0, account: 0 };
    const show = ({ kind, groups: around }, count) => {
      if (count > 0) {
        around.forEach((group) => full.add(group));
      }
      if (kind !== undefined) {
        shown[kind] += count;
      }
    };
    for (const it of items) {
      const isShown = isOfVerdict(it, wanted) && isWanted(it, wanted);
      it.element.hidden = !isShown;
      show(it, isShown ? 1 : 0);
    }
    for (const pack of packs) {
      show(pack, wantedIn(pack, wanted));
    }
    for (const group of groups) {
      group.hidden = narrow && !full.has(group);
    }
    for (const note of document.querySelectorAll(".nothing")) {
      const inside = [...note.parentElement.querySelectorAll("[data-group]")];
      note.hidden = !narrow || inside.some((group) => full.has(group));
    }
    root.classList.toggle("filtered", narrow);
    matches.textContent = narrow
      ? `${counted((kind) => `${number(shown[kind])} of `)} match.`
      : `All ${counted(() => "")} are listed.`;
  };

  /* Turns the text of a pack into elements. The text is not trusted: only these elements and
     attributes are created, and none of them runs or loads anything. */
  const ELEMENTS = new Set(["a", "article", "bdi", "code", "dd", "details", "div", "dl", "dt", "h4", "p", "pre", "span", "summary"]);
  const ATTRIBUTES = new Set(["class", "data-checks", "data-region", "href"]);
  const build = (markup, parent) => {
    const open = [parent];
    for (const [, end, name, attributes, words] of markup.matchAll(/<(\/?)([a-z0-9]+)([^>]*)>|([^<]+)/g)) {
      if (words !== undefined) {
        open.at(-1).append(decoded(words));
      } else if (!ELEMENTS.has(name)) {
        throw new Error(`<${name}> in a pack`);
      } else if (end === "/") {
        open.pop();
      } else {
        const element = document.createElement(name);
        for (const [, attribute, value] of attributes.matchAll(/([a-z-]+)="([^"]*)"/g)) {
          if (ATTRIBUTES.has(attribute) && (attribute !== "href" || value.startsWith("#"))) {
            element.setAttribute(attribute, decoded(value));
          }
        }
        open.at(-1).append(element);
        open.push(element);
      }
    }
  };
  /* Builds packs, and has the filters of the page act on their trails. */
  const unpack = (wanted) => {
    for (const pack of wanted) {
      build(stored(pack.element), pack.element);
      pack.element.querySelector(":scope > noscript").remove();
      packs.splice(packs.indexOf(pack), 1);
      items.push(...recordsIn(pack.element));
    }
    apply();
  };
  document.addEventListener(
    "toggle",
    ({ target }) => {
      const pack = packs.find(({ element }) => element === target && target.open);
      if (pack !== undefined) {
        unpack([pack]);
      }
    },
    true,
  );
  window.addEventListener("beforeprint", () => unpack(packs.filter(({ element }) => !element.hidden)));

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
    const findings = ["failing", "unverified", "not-evaluated"];
    const isFinding = findings.some((verdict) => field.classList.contains(verdict));
    document.getElementById(isFinding ? "findings" : "passes").scrollIntoView();
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
