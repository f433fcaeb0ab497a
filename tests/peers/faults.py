#!/usr/bin/env python3
"""Counts the evaluations that a rule loses silently when AWS fails, for Trailseal and other tools.

Usage: faults.py [--python PATH] [--program NAME=COMMAND]... [--jobs N]

Each cell is one scheduled event, delivered by `trailseal-lab` to a program in an account with two
trails, one with a key and one without, while one operation fails in one way: at its first request,
or at every one. Three outcomes are possible:

  error  the invocation reports an error: Lambda counts it, and invokes the function again
  held   it reports success, and AWS Config holds the right result of both trails
  LOST   it reports success, and AWS Config lacks a trail's result or holds a wrong one

The operations are those that all three programs call in a scheduled run: one reads the trails, one
submits. On a change of a trail, the programs have only the submission in common.

The programs are the release build of Trailseal's function; `rdklib_rule.py`; and the file that `rdk
create` writes for a rule in Python without rdklib, with its one line to fill in filled in. The last
two need a Python with the packages of `crates/xtask/requirements/python-rule.txt` (`--python`).

Prints the table in Markdown, then one line of JSON. The exit code is 1 if a program does not work
without a fault, or never makes the request that should fail.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RELEASE = ROOT / "target" / "release"

READ, SUBMIT = OPERATIONS = ("cloudtrail:DescribeTrails", "config:PutEvaluations")
# All kinds of the lab except `repeated-token`: neither operation has pages.
KINDS = (
    "throttling",
    "internal-error",
    "service-unavailable",
    "slow",
    "connection-reset",
    "truncated-body",
    "not-json",
    "wrong-types",
    "access-denied",
    "not-found",
    "expired-credentials",
    "clock-skew",
)
FAULTS = [(operation, kind) for operation in OPERATIONS for kind in KINDS]
FAULTS.append((SUBMIT, "failed-evaluations"))
POSITIONS = ("first", "every")
CELLS = [(operation, kind, position) for operation, kind in FAULTS for position in POSITIONS]

ACCOUNT, REGION = "111122223333", "us-east-1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-0000-4000-8000-111111111111"
EXPECTED = {"sealed": "COMPLIANT", "plain": "NON_COMPLIANT"}


def trail(name, **members):
    arn = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{name}"
    return {"arn": arn, "s3BucketName": "example-logs", "isMultiRegionTrail": False, **members}


STATE = {
    "trailsealLab": 1,
    "accounts": [{"id": ACCOUNT, "regions": [REGION]}],
    "trails": [trail("sealed", kmsKeyId=KEY), trail("plain")],
    "keys": [{"arn": KEY}],
    "buckets": [{"name": "example-logs", "account": ACCOUNT, "region": REGION}],
}
EVENT = {
    "awsAccountId": ACCOUNT,
    "notificationCreationTime": "2026-11-30T06:00:00.000Z",
    "messageType": "ScheduledNotification",
    "recordVersion": "1.0",
}

# The line of RDK's template below "Add your custom logic here.", and the check in its place.
TO_FILL_IN = '    return "NOT_APPLICABLE"\n\n\ndef evaluate_parameters('
FILLED_IN = """    cloudtrail = get_client("cloudtrail", event)
    return [
        build_evaluation(
            trail["Name"],
            "COMPLIANT" if trail.get("KmsKeyId") else "NON_COMPLIANT",
            event,
            resource_type="AWS::CloudTrail::Trail",
        )
        for trail in cloudtrail.describe_trails()["trailList"]
    ]


def evaluate_parameters("""

LOCATE = """
import importlib.metadata
files = importlib.metadata.files("rdk")
template = "rdk/template/runtime/python/rule_code.py"
print(next(file.locate() for file in files if file.as_posix() == template))
"""


def peers(python, folder):
    """The lab's arguments for each program."""
    template = subprocess.run([python, "-c", LOCATE], check=True, capture_output=True, text=True)
    template = pathlib.Path(template.stdout.strip()).read_text(encoding="utf-8")
    if template.count(TO_FILL_IN) != 1:
        raise SystemExit("RDK's template has no single line to fill in: is another version installed?")
    rule = template.replace(TO_FILL_IN, FILLED_IN)
    (folder / "rdk_rule.py").write_text(rule, encoding="utf-8")
    shutil.copy(HERE / "rdklib_rule.py", folder)
    runtime = [python, "-B", "-m", "awslambdaric"]
    # rdklib then uses the function's own role, as Trailseal and RDK's template do by default.
    own_role = ["--parameter", "AssumeRoleMode=False"]
    return {
        "trailseal": started([os.environ.get("TRAILSEAL_BOOTSTRAP", RELEASE / "bootstrap")]),
        "rdklib": started([*runtime, "rdklib_rule.lambda_handler"]) + own_role,
        "rdk": started([*runtime, "rdk_rule.lambda_handler"]),
    }


def started(command):
    program, *arguments = map(str, command)
    # The lab runs in another folder. A link to Python must stay one, or it loses its packages.
    program = pathlib.Path(shutil.which(program) or program).absolute()
    return ["--bootstrap", str(program), *(f"--bootstrap-arg={argument}" for argument in arguments)]


def delivered(lab, program, fault, folder):
    """The lab's report of the one event."""
    command = [lab, "--json", "--state", "state.json", *program]
    if fault:
        command += ["--fault", ":".join(fault)]
    ended = subprocess.run(
        [*command, "event.json"], cwd=folder, capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        raise SystemExit(f"{shlex.join(map(str, command))} failed:\n{ended.stderr}")
    return json.loads(ended.stdout)["events"][0]


def outcome(event):
    if not event["reportsSuccess"]:
        return "error"
    held = {result["resourceId"]: result["complianceType"] for result in event["held"]}
    return "held" if held == EXPECTED else "LOST"


def is_met(event, fault):
    return any(call["fault"] == fault[1] for call in event["calls"])


def table(programs, outcomes):
    lines = [f"| fault, at the first request / at every one | {' | '.join(programs)} |"]
    lines.append("|---" * (len(programs) + 1) + "|")
    for operation, kind in FAULTS:
        pairs = [
            " / ".join(outcomes[name][operation, kind, position] for position in POSITIONS)
            for name in programs
        ]
        lines.append(f"| {operation.partition(':')[2]}: {kind} | {' | '.join(pairs)} |")
    lost = [str(list(outcomes[name].values()).count("LOST")) for name in programs]
    lines.append(f"| **lost silently, of {len(CELLS)}** | {' | '.join(lost)} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lab", type=pathlib.Path, default=RELEASE / "trailseal-lab")
    parser.add_argument("--python", default=ROOT / ".tools" / "python-rule" / "bin" / "python")
    parser.add_argument("--program", action="append", metavar="NAME=COMMAND", default=[])
    parser.add_argument("--jobs", type=int, default=4)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="trailseal-faults-") as folder:
        folder = pathlib.Path(folder)
        (folder / "state.json").write_text(json.dumps(STATE), encoding="utf-8")
        (folder / "event.json").write_text(json.dumps(EVENT), encoding="utf-8")
        given = [program.partition("=") for program in arguments.program]
        programs = {name: started(shlex.split(command)) for name, _, command in given}
        programs = programs or peers(arguments.python, folder)
        wanted = [(name, fault) for name in programs for fault in (None, *CELLS)]
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            events = pool.map(
                lambda cell: delivered(arguments.lab, programs[cell[0]], cell[1], folder), wanted
            )
            events = dict(zip(wanted, events))
    report(programs, events)


def report(programs, events):
    outcomes = {
        name: {fault: outcome(events[name, fault]) for fault in CELLS} for name in programs
    }
    print(table(programs, outcomes))
    counts = {
        word.lower(): {name: list(outcomes[name].values()).count(word) for name in programs}
        for word in ("LOST", "error", "held")
    }
    print(json.dumps({"benchmark": "faults", "cells": len(CELLS), **counts}))
    broken = [name for name in programs if outcome(events[name, None]) != "held"]
    unmet = [
        f"{name}: {':'.join(fault)}"
        for name, fault in events
        if fault and not is_met(events[name, fault], fault)
    ]
    for name in broken:
        print(f"without a fault, {name} does not hold the right results", file=sys.stderr)
    for cell in unmet:
        print(f"the fault never happened: {cell}", file=sys.stderr)
    sys.exit(1 if broken or unmet else 0)


if __name__ == "__main__":
    main()
