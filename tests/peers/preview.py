#!/usr/bin/env python3
"""Compares the answers and the times of checkov and of `trailseal preview` on the same documents.

Usage: preview.py [--runs N]

The documents are the templates and plans of `tests/preview` with the answers of their manifests, which
differ by profile. checkov answers PASSED or FAILED to CKV_AWS_35, "Ensure CloudTrail logs are encrypted
at rest using KMS CMKs", and has no profiles. What counts:

right          PASSED where the trail is COMPLIANT; FAILED where it is NON_COMPLIANT or unverified, since
               checkov has no answer for "unknown"; no result where there is no trail, or no template
false pass     PASSED where the trail is NON_COMPLIANT
without proof  PASSED where the trail is unverified
false alarm    FAILED where the trail is COMPLIANT
other          a result where there is no trail, and no result where there is one

`trailseal preview` is right only if its verdict is the manifest's. It gets the account, for templates the
Region, and for each plan its source. The times are of one process for each document (median), and of one
process for all; for all plans in one process there is no source.

Runs in the environment of `cargo xtask test checkov` (`.tools/checkov`). `trailseal` is the release build:
`cargo build --release --workspace`. Prints a table, then one line of JSON.
"""

import argparse
import csv
import importlib.metadata
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TRAILSEAL = pathlib.Path(os.environ.get("TRAILSEAL", ROOT / "target" / "release" / "trailseal"))
CHECKOV = [sys.executable, "-m", "checkov.main"]
CHECK = "CKV_AWS_35"
PROFILES = ("cis", "effective", "strict")
KINDS = ("right", "false pass", "without proof", "false alarm", "other")

# Each set: its name, its folder, what checkov calls it, and the Region for `trailseal preview`.
SETS = [
    ("templates", "tests/preview/cfn", "cloudformation", ["--region", "us-east-1"]),
    ("plans", "tests/preview/tfplan", "terraform_plan", []),
]

# No result: the manifest's words for a document without a trail that is made, or that is none.
WITHOUT_RESULT = ("NOT_APPLICABLE", "nothing", "refused")


def manifest(folder):
    """The right answers of each document, by profile."""
    with open(ROOT / folder / "manifest.tsv", encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["file"]: {profile: row[profile] for profile in PROFILES} for row in rows}


def run(command, codes):
    """The output of a command that ends with one of these codes, and its seconds."""
    begun = time.monotonic()
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - begun
    if ended.returncode not in codes:
        sys.exit(f"{command[0]} ended with {ended.returncode}, not with {codes}:\n{ended.stderr[-2000:]}")
    return ended.stdout, seconds


def checkov(framework, paths):
    """checkov's answer to each document by its name, and the seconds."""
    command = [*CHECKOV, "--skip-download", "--framework", framework, "--check", CHECK, "--compact"]
    output, seconds = run([*command, "--output", "json", *paths], {0, 1})
    report = json.loads(output)
    answers = {}
    for check in report.get("results", {}).values():
        for found in check:
            if isinstance(found, dict):
                answers[pathlib.PurePath(found["file_path"]).name] = found["check_result"]["result"]
    return answers, seconds


def preview(paths, place, profile, sources):
    """Our report on documents, and the seconds."""
    command = [TRAILSEAL, "preview", "--quiet", "--account", "111122223333", *place]
    # The manifests suppose that the log account is allowed.
    command += ["-p", f"profile={profile}", "-p", "allowedKeyAccounts=444455556666", "-o", "json"]
    command += [f"--source={source}" for source in sources]
    output, seconds = run([*command, *paths], {0, 1, 2})
    return json.loads(output), seconds


def verdict(report):
    """Our answer to the only document of a report."""
    if report["problems"]:
        return "refused"
    if not report["trails"]:
        return "nothing"
    (trail,) = report["trails"]
    return "unverified" if trail["unverified"] else trail["compliance"]


def judged(answer, expected):
    """What an answer of checkov counts as."""
    if expected in WITHOUT_RESULT or answer is None:
        return "right" if answer is None and expected in WITHOUT_RESULT else "other"
    if answer == "PASSED":
        return {"COMPLIANT": "right", "NON_COMPLIANT": "false pass"}.get(expected, "without proof")
    return "false alarm" if expected == "COMPLIANT" else "right"


def compared(answer, expected):
    """What an answer of ours counts as."""
    if answer == expected:
        return "right"
    if answer == "COMPLIANT":
        return "without proof" if expected == "unverified" else "false pass"
    return "false alarm" if expected == "COMPLIANT" else "other"


class Tool:
    """What one tool answered about one set of documents, and how long it took."""

    def __init__(self, name):
        self.name = name
        self.counts = {kind: dict.fromkeys(PROFILES, 0) for kind in KINDS}
        self.seconds = []
        self.seconds_of_all = []

    def count(self, kind, profile):
        self.counts[kind][profile] += 1

    def one(self):
        return statistics.median(self.seconds)

    def all(self):
        return statistics.median(self.seconds_of_all)

    def row(self, documents):
        """A line of the table."""
        counts = (" / ".join(str(number) for number in self.counts[kind].values()) for kind in KINDS)
        cells = "".join(f"{cell:>16}" for cell in counts)
        return f"{documents:14}{self.name:18}{cells}{self.one():10.3f} s{self.all():10.3f} s"

    def numbers(self):
        """The same for programs, without the counts that are 0 in each profile."""
        kept = {kind: of for kind, of in self.counts.items() if any(of.values()) or kind == "right"}
        return {**kept, "seconds": self.one(), "secondsOfAll": self.all()}


def measure(folder, framework, place, runs):
    """Both tools on one set. Their processes alternate, so that a busy machine is busy for both."""
    theirs, ours = Tool("checkov " + version()), Tool("trailseal")
    expected = manifest(folder)
    for file, answers in expected.items():
        path = f"{folder}/{file}"
        source = ROOT / folder / "source" / pathlib.PurePath(file).stem
        sources = [source.relative_to(ROOT)] if source.is_dir() else []
        for number in range(runs):
            found, seconds = checkov(framework, ["--file", path])
            theirs.seconds.append(seconds)
            for profile in PROFILES:
                report, seconds = preview([path], place, profile, sources)
                ours.seconds.append(seconds)
                if number == 0:
                    ours.count(compared(verdict(report), answers[profile]), profile)
                    theirs.count(judged(found.get(file), answers[profile]), profile)
    for _ in range(runs):
        theirs.seconds_of_all.append(checkov(framework, ["--directory", folder])[1])
        paths = [f"{folder}/{file}" for file in expected]
        ours.seconds_of_all.append(preview(paths, place, "effective", [])[1])
    return theirs, ours


def version():
    """The version of checkov that runs."""
    return importlib.metadata.version("checkov")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1)
    runs = parser.parse_args().runs
    kinds = "".join(f"{kind:>16}" for kind in KINDS)
    print(f"in profile {' / '.join(PROFILES)}")
    print(f"{'documents':14}{'tool':18}{kinds}{'one':>12}{'all':>12}")
    line = {"benchmark": "preview-peers", "runs": runs}
    for name, folder, framework, place in SETS:
        theirs, ours = measure(folder, framework, place, runs)
        number = len(manifest(folder))
        for tool in (theirs, ours):
            print(tool.row(f"{number} {name}"))
        one, every = theirs.one() / ours.one(), theirs.all() / ours.all()
        print(f"checkov takes {one:.0f} × as long for one document, and {every:.0f} × for all")
        line[name] = {
            "documents": number,
            "checkov": theirs.numbers(),
            "trailseal": ours.numbers(),
            "ratio": {"one": one, "all": every},
        }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
