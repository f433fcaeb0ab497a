// Reports of any size, made by the programs of this repository.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, openSync, closeSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");
const PROGRAMS = process.env.TRAILSEAL_PROGRAMS ?? join(ROOT, "target/release");

function run(program, words, output) {
  const stdout = output === undefined ? "ignore" : openSync(output, "w");
  const done = spawnSync(join(PROGRAMS, program), words, { stdio: ["ignore", stdout, "pipe"] });
  if (output !== undefined) {
    closeSync(stdout);
  }
  if (done.error) {
    throw new Error(
      `${program} cannot be run (${done.error.message}); build it: cargo build --release --workspace --bins --example synthetic_report`,
    );
  }
  return { code: done.status, errors: done.stderr.toString() };
}

/** A folder that is gone when the program ends. */
export function folder() {
  const path = mkdtempSync(join(tmpdir(), "trailseal-browser-"));
  process.on("exit", () => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A page on a made-up report; `words` are those of the example `synthetic_report`. */
export function made(within, name, words) {
  const json = join(within, `${name}.json`);
  const html = join(within, `${name}.html`);
  const written = run("examples/synthetic_report", words, json);
  if (written.code !== 0) {
    throw new Error(`synthetic_report failed: ${written.errors}`);
  }
  // 0, 1 and 2 tell what is in the report; a page must be there in each case.
  const rendered = run("trailseal", ["render", json, "-o", `html=${html}`]);
  if (![0, 1, 2].includes(rendered.code) || !existsSync(html)) {
    throw new Error(`trailseal render failed: ${rendered.errors}`);
  }
  return html;
}

/** A page made by `trailseal check` from files of its own tests. */
export function checked(within, name, files, words = []) {
  const html = join(within, `${name}.html`);
  const paths = files.map((file) => join(ROOT, "crates/trailseal-cli/tests/cmd/check.in", file));
  const done = run("trailseal", ["check", ...paths, ...words, "-o", `html=${html}`]);
  if (![0, 1, 2].includes(done.code) || !existsSync(html)) {
    throw new Error(`trailseal check failed: ${done.errors}`);
  }
  return html;
}
