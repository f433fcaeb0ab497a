#!/usr/bin/env python3
"""Times `trailseal audit` beside other tools, on one account and Region of one emulated AWS.

Usage: audit.py [--runs N] [--only NAME]...

Every tool answers the same question, whether CloudTrail's logs are encrypted with a KMS key, of the
same `moto_server` with two trails, one with a key and one without. The runs of the tools alternate,
so that a machine that is busy for a while is busy for all; what counts are the medians of one run
of this script. Prints a table, then one line of JSON.

The tools are installed once, into `target/peers/` (prowler takes 2.3 GB and some minutes), with the
versions of `requirements.txt`. `trailseal` is the release build: `cargo build --release --workspace`.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "target" / "peers"
TRAILSEAL = pathlib.Path(os.environ.get("TRAILSEAL", ROOT / "target" / "release" / "trailseal"))
REGION = "us-east-1"

POLICY = """policies:
  - name: unencrypted-trails
    resource: aws.cloudtrail
    filters:
      - type: value
        key: KmsKeyId
        value: empty
"""

SEED = """
import boto3
kms, s3, trails = (boto3.client(name) for name in ("kms", "s3", "cloudtrail"))
key = kms.create_key()["KeyMetadata"]["Arn"]
s3.create_bucket(Bucket="logs-of-trails")
trails.create_trail(Name="sealed", S3BucketName="logs-of-trails", IsMultiRegionTrail=True, KmsKeyId=key)
trails.create_trail(Name="plain", S3BucketName="logs-of-trails")
"""


def requirement(name):
    """The pinned requirement of a package."""
    text = (pathlib.Path(__file__).parent / "requirements.txt").read_text(encoding="utf-8")
    return next(line for line in text.splitlines() if re.match(rf"{name}\b", line))


def installed(name):
    """The environment of a package, created if it does not exist."""
    of_the_tests = ROOT / ".tools" / "python" / "bin"
    if name == "moto" and (of_the_tests / "moto_server").exists():
        return of_the_tests  # `cargo xtask test` installed the same version
    folder = PEERS / {"c7n": "custodian"}.get(name, name)
    stamp, wanted = folder / "installed", requirement(name)
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        print(f"installing {wanted} …", file=sys.stderr)
        if not (folder / "bin" / "pip").exists():
            venv.create(folder, with_pip=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", wanted], check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return folder / "bin"


def environment(url):
    """Only the variables that a tool needs, so that no tool calls a real AWS account."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": tempfile.gettempdir(),
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def serve(binaries):
    """Starts moto and waits until it responds."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [binaries / "moto_server", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            urllib.request.urlopen(url + "/moto-api/", timeout=1).close()
            return server, url
        except OSError:
            time.sleep(0.1)
    server.terminate()
    raise SystemExit("moto_server does not respond")


def tools(folder, only):
    """Each tool: its command, and its exit codes for the expected result."""
    policy = folder / "policy.yml"
    policy.write_text(POLICY, encoding="utf-8")
    output = folder / "output"
    known = {
        "trailseal": lambda: (
            [TRAILSEAL, "audit", "--region", REGION, "-o", f"json={output}-trailseal.json", "-o", "table"],
            {1},
        ),
        "prowler": lambda: (
            [
                installed("prowler") / "prowler", "aws",
                "-c", "cloudtrail_kms_encryption_enabled", "-f", REGION,
                "-M", "json-ocsf", "-o", f"{output}-prowler", "--no-banner", "--no-color",
            ],
            {3},
        ),
        "custodian": lambda: (
            [
                installed("c7n") / "custodian", "run", "--cache-period", "0", "-r", REGION,
                "-s", f"{output}-custodian", policy,
            ],
            {0},
        ),
    }
    return {name: make() for name, make in known.items() if not only or name in only}


def timed(command, codes, surroundings):
    begun = time.monotonic()
    ended = subprocess.run(
        command, env=surroundings, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
    )
    seconds = time.monotonic() - begun
    if ended.returncode not in codes:
        sys.stderr.buffer.write(ended.stderr)
        raise SystemExit(f"{command[0]} ended with {ended.returncode}, not with {codes}")
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", action="append", default=[])
    arguments = parser.parse_args()
    binaries = installed("moto")
    server, url = serve(binaries)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="trailseal-peers-"))
    try:
        surroundings = environment(url)
        subprocess.run([binaries / "python", "-c", SEED], env=surroundings, check=True)
        chosen = tools(folder, arguments.only)
        seconds = {name: [] for name in chosen}
        # The first run of each warms the file caches and is not counted.
        for number in range(arguments.runs + 1):
            for name, (command, codes) in chosen.items():
                spent = timed(command, codes, surroundings)
                if number:
                    seconds[name].append(spent)
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder)
    medians = {name: statistics.median(spent) for name, spent in seconds.items()}
    own = medians.get("trailseal")
    for name, median in medians.items():
        ratio = f"{median / own:8.1f} ×" if own else ""
        print(f"{name:12} {median:8.3f} s {ratio}")
    print(json.dumps({"benchmark": "audit-peers", "runs": arguments.runs, "medianSeconds": medians}))


if __name__ == "__main__":
    main()
