"""Runs checkov over every template, Terraform module and workflow of the repository.

Each finding is fixed, or acknowledged in the file with a reason. Checkov passes over a template that
it cannot read, so a fault is planted in a copy of each: all of them must be found.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

# What `npm run synth` leaves behind is checked if it ran.
FOLDERS = ["cdk/templates", "cdk/cdk.out", "terraform", ".github"]
FRAMEWORKS = ["cloudformation", "terraform", "github_actions"]

# The port of SSH open to everybody, in each language: what is before it, and the text.
PLANTED = {
    ".yaml": (
        "\nResources:\n",
        "  Planted:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n      GroupDescription: all\n"
        "      SecurityGroupIngress:\n        - {{IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}}\n",
    ),
    ".tf": (
        "",
        'resource "aws_security_group" "{name}" {{\n  ingress {{\n    from_port   = 22\n'
        '    to_port     = 22\n    protocol    = "tcp"\n    cidr_blocks = ["0.0.0.0/0"]\n  }}\n}}\n',
    ),
}
OPEN_TO_EVERYBODY = "CKV_AWS_24"

# What checkov reports where an acknowledgement gives no reason.
NO_REASON = "No comment provided"


def scan(folders):
    """The reports of checkov, which asks no network for anything.

    Folders of the repository are relative: checkov takes the path of a template for one of the variables
    of its functions, and an absolute path may look like a secret access key.
    """
    command = [sys.executable, "-m", "checkov.main", "--skip-download", "--output", "json"]
    command += ["--framework", *FRAMEWORKS]
    for folder in folders:
        command += ["--directory", str(folder)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    # It prints one document for each folder, and a list where a folder has several languages.
    reports, rest = [], run.stdout.strip()
    while rest:
        try:
            report, end = json.JSONDecoder().raw_decode(rest)
        except json.JSONDecodeError as error:
            sys.exit(f"checkov printed no report: {error}\n{rest[:500]}\n{run.stderr[-2000:]}")
        reports += report if isinstance(report, list) else [report]
        rest = rest[end:].strip()
    return reports


def results(reports, kind):
    """The checks of all reports with this outcome."""
    return [check for report in reports if "results" in report for check in report["results"][kind]]


def plant(folder):
    """Copies every template and every file of the Terraform modules, each with a fault."""
    sources = [*ROOT.glob("cdk/templates/*.yaml"), *ROOT.glob("terraform/modules/*/*.tf")]
    for source in sources:
        before, text = PLANTED[source.suffix]
        content = source.read_text()
        if before not in content:
            sys.exit(f"{source}: nowhere to plant a fault")
        copy = folder / source.parent.name / source.name
        copy.parent.mkdir(exist_ok=True)
        fault = before + text.format(name=f"planted_{source.stem}")
        copy.write_text(content.replace(before, fault, 1))
    return {(source.parent.name, source.name) for source in sources}


def main():
    """Ends with an error at a finding, at a file that cannot be read, or if a fault is not found."""
    with tempfile.TemporaryDirectory() as name:
        planted = plant(Path(name))
        folders = [folder for folder in FOLDERS if (ROOT / folder).is_dir()]
        reports = scan([*folders, name])
        of_copies = Path(name).resolve()
    failed, missed = set(), set(planted)
    for check in results(reports, "failed_checks"):
        path = (ROOT / check["file_abs_path"]).resolve()
        if not path.is_relative_to(of_copies):
            failed.add(f"{check['check_id']} {check['check_name']}: {check['resource']} in {path}")
        elif check["check_id"] == OPEN_TO_EVERYBODY:
            missed.discard((path.parent.name, path.name))
    unread = [file for report in reports for file in report.get("results", {}).get("parsing_errors", [])]
    skipped = results(reports, "skipped_checks")
    bare = {
        f"{check['check_id']}: {check['resource']}"
        for check in skipped
        if check["check_result"].get("suppress_comment", "").strip() in ("", NO_REASON)
    }
    print(f"checkov: {len(failed)} findings; {len(planted) - len(missed)} of {len(planted)} planted faults found")
    if failed or unread or bare or missed:
        faults = [*sorted(failed), f"unread: {unread}", f"without a reason: {sorted(bare)}", f"not found: {sorted(missed)}"]
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
