"""Follows the pages of `cdk/`: runs their commands, in the order in which a reader needs them, with the AWS CLI.

The folder is a copy of the files that git knows, as in a fresh clone. The CLI is the real one; AWS is
`aws.py`. `npx cdk deploy` only synthesizes, because CDK's own deployment needs a bootstrapped account.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

from aws import JSON_ANSWERS, PATH_ANSWERS, XML_ANSWERS, Aws

ROOT = Path(__file__).resolve().parent.parent.parent

# The smallest zip: the end of a directory without entries.
EMPTY_ZIP = bytes.fromhex("504b0506" + "00" * 18)

# The ways through the pages. Each has an AWS and a shell of its own, with what is there before. It
# follows the sections of a page, in this order, or without names all of them, in the order of the page.
WAYS = [
    (
        "",
        [
            ("README.md", ["One account", "Without CDK"]),
            ("CONFORMANCE-PACK.md", []),
            ("HOOK.md", ["A Hook", "From a warning to a refusal"]),
            ("SECURITY-HUB.md", []),
            ("REMEDIATION.md", []),
        ],
    ),
    ("", [("ORGANIZATION.md", ["By a StackSet"])]),
    (
        # moto creates no alarms of stacks.
        "for alarm in canary-WatchFunctionErrors trailseal-alarms; do aws cloudwatch put-metric-alarm "
        "--alarm-name $alarm --namespace AWS/Lambda --metric-name Errors --period 300 "
        "--evaluation-periods 1 --threshold 0 --comparison-operator GreaterThanThreshold; done",
        [
            ("ORGANIZATION.md", ["Trusted access", "A StackSet without CDK"]),
            ("WAVES.md", []),
            ("HOOK.md", ["In an organization"]),
            ("ORGANIZATION.md", ["By a central function", "All results in one place"]),
        ],
    ),
]

# What a reader replaces with a word of their own.
REPLACED = {
    "AlarmTopicArn=ARN": "AlarmTopicArn=arn:aws:sns:eu-west-1:111122223333:alarms",
    "PREFIX": "acme",
}

# The commands that other tests run, by how they begin.
ELSEWHERE = (
    "npm ci",
    "trailseal remediate ",
)

# The sections whose commands other tests run: `cargo xtask deploy`, the library, and our own tests.
NOT_FOLLOWED = {
    ("README.md", heading)
    for heading in ("From nothing to a deployed rule", "As a library", "For contributors")
}

# The sections whose commands use jq, which is no requirement of the tests.
WITH_JQ = {("ORGANIZATION.md", "All results in one place"), ("REMEDIATION.md", "Undo it")}

# What the pages have in blocks: commands with their output, and what is none.
LANGUAGES = {"console", "json", "ts"}

SHIM = """#!/bin/bash
tool=$1; shift
if [ "$tool" = cdk ] && [ "$1" = deploy ]; then
  shift
  made=$(mktemp -d)
  cdk synth --quiet --output "$made" "$@" || exit
  echo ' ✅  synthesized'
  [[ "$*" = *TrailsealCode* ]] || exit 0
  for code in "$made"/TrailsealCode-*.template.json; do
    region=${code##*/TrailsealCode-}; region=${region%.template.json}
    aws s3 mb --region "$region" "s3://acme-trailseal-$region" || exit
  done
else
  exec "$tool" "$@"
fi
"""


def sections(name):
    """The console blocks of each section of the page, by the page's name and the heading."""
    page = (ROOT / "cdk" / name).read_text(encoding="utf-8")
    others = set(re.findall(r"^ *```(\w+)", page, re.MULTILINE)) - LANGUAGES
    if others:
        sys.exit(f"`cdk/{name}`: commands are in blocks of `console`, not of {sorted(others)}")
    parts = re.split(r"^#+ (.*)\n", page, flags=re.MULTILINE)
    block = re.compile(r"^ *```console\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
    found = {}
    for heading, text in zip(parts[1::2], parts[2::2]):
        bodies = found.setdefault((name, heading), [])
        bodies += [textwrap.dedent(body) for body in block.findall(text)]
    return found


def sections_of(pages, name, headings):
    """The sections of the page with these headings, or all of them, that have commands."""
    named = [(name, heading) for heading in headings]
    return named or [section for section, blocks in pages.items() if section[0] == name and blocks]


def commands(block):
    """The commands of a block, each with the output that the page shows."""
    made = []
    for line in block.splitlines():
        if line.startswith("$ "):
            made.append(([line[2:]], []))
        elif line.startswith("> "):
            made[-1][0].append(line[2:])
        elif made[-1][0][-1].endswith("\\"):
            made[-1][0].append(line)
        else:
            made[-1][1].append(line)
    return [("\n".join(command), output) for command, output in made]


def prepared(folder):
    """The copy of `cdk`, with code as `cargo xtask package` writes it."""
    listed = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "cdk"]
    for name in subprocess.run(listed, capture_output=True, check=True, text=True).stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    cdk = folder / "cdk"
    (cdk / "node_modules").symlink_to((ROOT / "cdk/node_modules").resolve())
    (cdk / "assets").mkdir()
    for program in ("bootstrap", "remediation", "hook", "findings"):
        for architecture in ("arm64", "x86_64"):
            (cdk / f"assets/{program}-{architecture}.zip").write_bytes(EMPTY_ZIP)
    (folder / "bin").mkdir()
    shim = folder / "bin/npx"
    shim.write_text(SHIM)
    shim.chmod(0o755)
    return cdk


def script(before, steps):
    """One shell for all commands; after each, a line with its number and exit code."""
    lines = [before, 'echo "@@ -1 $?"']
    for number, (command, _) in enumerate(steps):
        for word, value in REPLACED.items():
            command = command.replace(word, value)
        lines += [command, f'echo "@@ {number} $?"']
    return "\n".join(lines) + "\n"


def run(cdk, url, cli, text):
    """What the shell prints, by the number of the command: its exit code and its output."""
    path = [str(cdk.parent / "bin"), str(cdk / "node_modules/.bin"), str(cli), os.environ["PATH"]]
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    settings = {
        **kept,
        "PATH": os.pathsep.join(path),
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": url,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_PAGER": "",
        "CI": "true",
    }
    shell = ["bash", "-o", "pipefail"]
    made = subprocess.run(
        shell, input=text, cwd=cdk, env=settings, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    parts = re.split(r"^@@ (-?\d+) (\d+)\n", made.stdout, flags=re.MULTILINE)
    return {int(number): (int(code), out) for out, number, code in zip(parts[::3], parts[1::3], parts[2::3])}


def faults_of(command, shown, code, output):
    """What is wrong with the result of a command."""
    if any(line.startswith("TrailsealRule: ") for line in shown):
        return [] if code != 0 and shown[0] in output else ["it was not refused as shown"]
    # A loop ends with the exit code of its last round.
    if code != 0 or re.search(r"An error occurred|upload failed|usage: aws", output):
        return [f"exit code {code}, and what it printed"]
    expected = [line for line in shown if line.startswith(("Successfully ", "upload: ", '{"accepted":'))]
    for word, value in REPLACED.items():
        expected = [line.replace(word, value) for line in expected]
    return [f"it did not print `{line}`" for line in expected if line not in output]


def follow(cdk, cli, aws, before, steps):
    """Runs the commands of one way through the pages; returns how many are wrong."""
    results = run(cdk, aws.url, cli, script(before, steps))
    failed = 0
    for number, (command, shown) in enumerate(steps):
        code, output = results.get(number, (-1, "it was not reached"))
        faults = faults_of(command, shown, code, output)
        failed += bool(faults)
        print(f"$ {command}\n{output.rstrip()}")
        for fault in faults:
            print(f"WRONG: {fault}")
    return failed


def main():
    """Ends with an error if a command fails, or prints something else than the page shows."""
    cli = Path(sys.argv[1]).absolute()
    pages = {}
    for path in sorted((ROOT / "cdk").glob("*.md")):
        pages |= sections(path.name)
    has_jq = shutil.which("jq") is not None
    if not has_jq:
        print(f"WITHOUT jq THESE SECTIONS DID NOT RUN: {sorted(WITH_JQ)}")
    left = {section for section, blocks in pages.items() if blocks and section not in NOT_FOLLOWED}
    failed, count, answered = 0, 0, set()
    for before, parts in WAYS:
        way = [section for part in parts for section in sections_of(pages, *part)]
        left -= set(way)
        followed = [section for section in way if has_jq or section not in WITH_JQ]
        every = [step for section in followed for block in pages[section] for step in commands(block)]
        steps = [step for step in every if not step[0].startswith(ELSEWHERE)]
        aws = Aws()
        with tempfile.TemporaryDirectory() as name:
            failed += follow(prepared(Path(name)), cli, aws, before, steps)
        count += len(steps)
        answered |= aws.answered
    unused = sorted({*JSON_ANSWERS, *PATH_ANSWERS, *XML_ANSWERS} - answered) if has_jq else []
    print(f"{count - failed} of {count} commands ran as shown, on {len(WAYS)} ways through the pages")
    if failed or unused or left:
        sys.exit(f"answers that no command needs: {unused}; sections on no way: {sorted(left)}")


if __name__ == "__main__":
    main()
