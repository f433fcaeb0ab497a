"""The command line of `cargo xtask deploy`: all faults are reported at once."""

import argparse
import functools
import re
from dataclasses import dataclass
from pathlib import Path

import botocore.session

import artifact
import template
from template import Template, nearest

EXAMPLES = """examples:
  cargo xtask deploy --region eu-west-1 --dry-run
  cargo xtask deploy --region eu-west-1 --region us-east-1 --parameter Profile=strict
  cargo xtask deploy --zip target/trailseal-VERSION/bootstrap-arm64.zip --yes 111122223333
  cargo xtask deploy --region eu-west-1 --destroy"""

# The parameters with the URL of another template, which a StackSet deploys to each account.
URLS = {"AccountTemplateUrl": "account", "HookTemplateUrl": "hook"}

# The command decides these parameters.
OWN = ("CodeKey", *URLS)


class Faults(Exception):
    """Every fault of the command line."""


@dataclass(frozen=True)
class Options:
    """The command line, checked as far as that is possible without AWS."""

    template: Template
    given: dict
    regions: list
    stack: str
    zip: Path | None
    sums: Path | None
    profile: str | None
    account: str | None
    is_dry_run: bool
    is_destroy: bool


def parser():
    """The arguments."""
    found = argparse.ArgumentParser(
        prog="cargo xtask deploy",
        description="Deploy a template to AWS: code bucket, code, stack, and the first evaluation.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = found.add_argument
    add(
        "--template",
        default="account",
        metavar="NAME",
        help=f"default: account; or {', '.join(template.names())}",
    )
    add(
        "--parameter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of the template; a stack keeps the others",
    )
    add(
        "--region",
        action="append",
        default=[],
        help="where to deploy; can be repeated; default: that of the profile",
    )
    add("--stack-name", metavar="NAME", help="default: trailseal, or trailseal-TEMPLATE")
    add("--zip", type=Path, metavar="FILE", help="the zip of a release; default: build it")
    add("--checksums", type=Path, metavar="FILE", help="default: SHA256SUMS beside the zip")
    add("--profile", metavar="NAME", help="the profile of AWS's configuration")
    add("--yes", metavar="ACCOUNT_ID", help="change this account without a question")
    add("--dry-run", action="store_true", help="print every call, and change nothing")
    add("--destroy", action="store_true", help="delete what this command created, and list what remains")
    return found


def parse(words):
    """The options, or all faults."""
    given = parser().parse_args(words)
    if given.template not in template.names():
        known = template.names()
        fault = f"--template is `{given.template}`; expected one of {template.listed(known)}"
        raise Faults([fault + nearest(given.template, known)])
    chosen = Template(given.template)
    values, faults = pairs(given.parameter)
    faults += chosen.unknown(values)
    faults += [f"--parameter {name}: the command sets it" for name in OWN if name in values]
    faults += wrong_words(given)
    if chosen.takes("Regions") and len(given.region) > 1:
        faults.append(
            "--region is repeated; a StackSet has one: name the others with --parameter Regions=REGION,REGION"
        )
    sums = given.checksums or (given.zip.parent / artifact.SUMS if given.zip else None)
    faults += wrong_zip(chosen, values, given.zip, sums)
    faults += wrong_values(chosen, values)
    faults += wrong_regions(chosen, values, given.region)
    if faults:
        raise Faults(faults)
    name = given.stack_name or ("trailseal" if given.template == "account" else f"trailseal-{given.template}")
    return Options(
        template=chosen,
        given=values,
        regions=given.region,
        stack=name,
        zip=given.zip,
        sums=sums,
        profile=given.profile,
        account=given.yes,
        is_dry_run=given.dry_run,
        is_destroy=given.destroy,
    )


def pairs(words):
    """The parameters by name, and the faults of those that are none."""
    found, faults = {}, []
    for word in words:
        name, separator, value = word.partition("=")
        if not separator:
            faults.append(f"--parameter is `{word}`; expected NAME=VALUE")
        elif name in found:
            faults.append(f"--parameter {name} is given twice")
        else:
            found[name] = value
    return found, faults


def wrong_words(given):
    """The faults of the options that have a fixed form."""
    faults = []
    name = given.stack_name
    if name is not None and not re.fullmatch(r"[A-Za-z][-A-Za-z0-9]{0,127}", name):
        faults.append(f"--stack-name is `{name}`; expected letters, digits and hyphens, a letter first")
    if given.yes is not None and not re.fullmatch(r"[0-9]{12}", given.yes):
        faults.append(f"--yes is `{given.yes}`; expected the 12 digits of the account ID")
    if len(set(given.region)) < len(given.region):
        faults.append("--region: a Region is given twice")
    return faults


def wrong_zip(chosen, values, path, sums):
    """The faults of --zip and --checksums."""
    if path is None:
        return ["--checksums needs --zip"] if sums else []
    if not chosen.takes("CodeKey"):
        return [f"--zip: template `{chosen.name}` has no code"]
    return artifact.faults_of_names(path, sums, artifact.zip_name(chosen.name, architecture(chosen, values)))


def wrong_values(chosen, values):
    """The faults of the named parameters alone; a stack that exists may have the others."""
    faults = []
    for name, value in values.items():
        expected = chosen.takes(name) and template.refusal(chosen.parameters[name], value)
        if expected:
            faults.append(f"--parameter {name} is `{value}`; expected {expected}")
    return faults


def architecture(chosen, values):
    """The processor architecture of the code."""
    return chosen.values(values).get("Architecture", "arm64")


def wrong_regions(chosen, values, regions):
    """The faults of Regions that no partition has."""
    inner = values.get("Regions", "") if chosen.takes("Regions") else ""
    known = known_regions()
    named = [("--region", region) for region in regions]
    named += [("--parameter Regions", word.strip()) for word in inner.split(",") if word.strip()]
    return [
        f"{option} has `{region}`, which is no Region of AWS" + nearest(region, known)
        for option, region in named
        if region not in known
    ]


@functools.cache
def known_regions():
    """The Regions of all partitions that this version of AWS's SDK knows."""
    sdk = botocore.session.Session()
    return [
        region
        for partition in sdk.get_available_partitions()
        for region in sdk.get_available_regions("cloudformation", partition)
    ]


def domain(region):
    """The domain of AWS's endpoints in the partition of a Region."""
    sdk = botocore.session.Session()
    partition = sdk.get_partition_for_region(region)
    return sdk.get_component("endpoint_resolver").get_partition_dns_suffix(partition)
