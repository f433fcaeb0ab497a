"""`cargo xtask deploy`: from nothing to a deployed rule.

It reads what is there, makes a plan of calls, shows it with the account, and makes the calls after
the account ID was typed. Every step converges: run again, the command does what is left.
"""

import sys
import time

from botocore.exceptions import BotoCoreError

import artifact
import buckets
import calls
import destroy
import options
import results
import stacks
from calls import Aws, Failure
from options import Faults

HELP = "cdk/README.md leads to the page of each template and its parameters"


def main(words, out=sys.stdout, ask=None, sleep=time.sleep):
    """Runs the command; returns its exit code."""
    try:
        given = options.parse(words)
        return run(given, Aws(calls.session(given.profile), out, sleep), ask or question)
    except Faults as error:
        for fault in error.args[0]:
            complain(fault)
        print(HELP, file=sys.stderr)
        return 2
    except Failure as error:
        complain(error)
    except (BotoCoreError, OSError) as error:
        complain(error)
    except KeyboardInterrupt:
        complain("interrupted: run the same command again, it continues")
        return 130
    return 1


def complain(what):
    """Prints an error in one line."""
    print(f"error: {results.clean(str(what))}", file=sys.stderr)


def run(given, aws, ask):
    """Plans, asks, and makes the calls."""
    aws.shows_reads = given.is_dry_run
    regions = regions_of(given, aws.session)
    caller = aws.read("sts", regions[0], "GetCallerIdentity")
    account = caller["Account"]
    aws.say(f"caller: {caller['Arn']} of account {account}, {plural(regions)} {', '.join(regions)}")
    if given.account and given.account != account:
        raise Failure(
            f"--yes is `{given.account}`, but the credentials are of account {account}: nothing was changed"
        )
    if given.is_destroy:
        steps, remains = destroy.plan(given, aws, account, regions)
    else:
        steps, remains = plan(given, aws, account, regions), []
    if given.is_dry_run or not given.account:
        for line in (line for step in steps for line in step.lines()):
            aws.say(line)
    if given.is_dry_run or not steps:
        destroy.list_remains(aws, remains)
        aws.say("Nothing was changed." + (" To apply, leave out --dry-run." if steps else ""))
        return 0
    if not confirmed(given, account, steps, ask):
        aws.say("Nothing was changed.")
        return 1
    carry_out(steps, aws)
    destroy.list_remains(aws, remains)
    return 0


def carry_out(steps, aws):
    """Makes the calls; what failed without an effect on others is reported at the end."""
    failures = []
    for step in steps:
        try:
            step.run(aws)
        except Failure as error:
            if not step.is_independent:
                raise
            failures.append(str(error))
    if failures:
        raise Failure("; ".join(failures))


def plural(regions):
    """`Region` or `Regions`."""
    return "Region" if len(regions) == 1 else "Regions"


def regions_of(given, session):
    """The Regions to deploy to."""
    regions = given.regions or ([session.region_name] if session.region_name else [])
    if not regions:
        raise Failure("no Region is given: add --region REGION, or set AWS_REGION")
    return regions


def confirmed(given, account, steps, ask):
    """Whether the user agrees, with --yes or by typing the account ID."""
    if given.account:
        return True
    count = sum(len(step.changes) for step in steps)
    what = "1 change" if count == 1 else f"{count} changes"
    return ask(f"{what} in account {account}. Type the account ID to continue: ").strip() == account


def question(text):
    """The answer that somebody types."""
    if not sys.stdin.isatty():
        raise Failure(
            "the confirmation needs a terminal; without one, read the plan of --dry-run and add --yes ACCOUNT_ID"
        )
    print(text, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline()


def plan(given, aws, account, regions):
    """The steps of a deployment, after everything was checked that can be checked before."""
    template = given.template
    found = {region: stacks.find(aws, region, given.stack) for region in regions}
    for stack in filter(None, found.values()):
        stacks.require_ours(stack, template.name)
    values = {region: values_of(given, account, found[region]) for region in regions}
    for region in regions:
        faults = template.faults({**assumed_values(template), **values[region]})
        if faults:
            raise Faults(faults)
    require_recorders(given, aws, values)
    steps, keys = upload(given, aws, account, values) if template.takes("CodeBucketPrefix") else ([], {})
    for region in regions:
        wanted = {**values[region], **keys.get(region, {})}
        steps += stacks.deployment(region, given.stack, template, wanted, found[region])
    return steps + [
        results.evaluation(region, rule) for region in regions for rule in template.rules(values[region])
    ]


def values_of(given, account, stack):
    """The parameters of a stack: those that are named, then its own, then the defaults."""
    own = {"CodeBucketPrefix": f"trailseal-{account}"}
    former = stack.parameters if stack and not stack.is_dead else {}
    return given.template.values(own, former, given.given)


def assumed_values(template):
    """Valid values, for the check of the others, of the parameters that the command sets later."""
    return {name: "https://example.com" for name in options.OWN if template.takes(name)}


def require_recorders(given, aws, values):
    """Refuses to deploy a rule that AWS Config would not take."""
    if not given.template.has(*results.NEEDS_RECORDER):
        return
    regions = (region for region, value in values.items() if value.get("RuleName") != "")
    faults = list(filter(None, (results.missing_recorder(aws, region) for region in regions)))
    if faults:
        raise Failure("; ".join(faults) + "; nothing was changed")


def upload(given, aws, account, values):
    """The steps that bring the code to its buckets, and the parameters that name it, by Region."""
    template = given.template
    home = next(iter(values))
    architecture = values[home].get("Architecture", "arm64")
    for region, value in values.items():
        if value.get("Architecture", "arm64") != architecture:
            raise Failure(
                f"the stack in {region} has another Architecture: name one with --parameter Architecture=ARCH"
            )
    name = artifact.zip_name(template.name, architecture)
    if given.zip and given.zip.name != name:
        raise Failure(
            f"--zip is `{given.zip}`, but the stack in {home} has Architecture={architecture}: take `{name}`"
        )
    zipped = artifact.verified(given.zip, given.sums) if given.zip else artifact.built(name, architecture)
    aws.say(f"code: {name}, {len(zipped.content):,} bytes, SHA-256 {zipped.digest}")
    organization, steps, keys = None, [], {}
    urls = {name: other for name, other in options.URLS.items() if template.takes(name)}
    if urls:
        organization = aws.read("organizations", home, "DescribeOrganization")["Organization"]["Id"]
    for region in code_regions(values):
        prefix = values.get(region, values[home])["CodeBucketPrefix"]
        files = [zipped]
        keys[region] = {"CodeKey": zipped.key}
        for parameter, other in urls.items() if region == home else ():
            files.append(artifact.of_template(other))
            host = f"{buckets.bucket_name(prefix, region)}.s3.{region}.{options.domain(region)}"
            keys[region][parameter] = f"https://{host}/{files[-1].key}"
        steps += buckets.deployment(aws, account, region, prefix, organization, files)
    return steps, keys


def code_regions(values):
    """The Regions whose buckets have the code: those of the stacks, and those of a StackSet."""
    inner = [region.strip() for value in values.values() for region in value.get("Regions", "").split(",")]
    return list(dict.fromkeys([*values, *filter(None, inner)]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
