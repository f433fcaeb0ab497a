"""`--destroy`: deletes what the command created, and lists what remains."""

import buckets
import options
import stacks
from calls import Failure, Refusal

ALWAYS = "what AWS Config recorded and reported until now, and findings of Security Hub until they expire"


def plan(given, aws, account, regions):
    """The steps, and what remains after them. Nothing is deleted if one of the steps may not be."""
    steps, remains, targets = [], [], {}
    for region in regions:
        stack = stacks.find(aws, region, given.stack)
        if stack and not stack.is_ours:
            remains.append(f"stack `{stack.name}` in {region}: this command did not create it")
        elif stack:
            stacks.require_ours(stack, given.template.name)
            steps.append(stacks.deletion(stack))
            remains += retained(aws, given.template, stack)
        if given.template.takes("CodeBucketPrefix"):
            targets.update(code_of(given, account, region, stack))
    for (region, prefix), user in targets.items():
        more, left = code_steps(aws, account, region, prefix, user)
        steps += more
        remains += left
    return steps, [*remains, *elsewhere(aws, regions[0], targets), ALWAYS]


def elsewhere(aws, region, targets):
    """The code buckets in Regions that were not named: there may be stacks, too."""
    if not targets:
        return []
    try:
        found = aws.read("s3", region, "ListBuckets")["Buckets"]
    except Refusal as error:
        return [f"what this command created in other Regions, which is unknown: {error}"]
    named = {buckets.bucket_name(prefix, place) for place, prefix in targets}
    possible = {
        buckets.bucket_name(prefix, place): place
        for _, prefix in targets
        for place in options.known_regions()
    }
    return [
        f"bucket `{bucket['Name']}`: Region {possible[bucket['Name']]} was not named"
        for bucket in found
        if bucket["Name"] in possible and bucket["Name"] not in named
    ]


def retained(aws, template, stack):
    """The resources that outlive their stack."""
    names = template.retained()
    if not names:
        return []
    found = aws.pages(
        "cloudformation", stack.region, "ListStackResources", "StackResourceSummaries", StackName=stack.name
    )
    return [
        f"`{entry['PhysicalResourceId']}` ({entry['ResourceType']}) in {stack.region}: it outlives its stack"
        for entry in found
        if entry["LogicalResourceId"] in names
    ]


def code_of(given, account, region, stack):
    """The Regions and prefixes of the code buckets of a stack, with the name of the stack."""
    own = {"CodeBucketPrefix": f"trailseal-{account}"}
    mine = stack if stack and stack.is_ours else None
    values = {**own, **(mine.parameters if mine else {}), **given.given}
    if given.template.takes("Regions") and "Regions" not in values:
        raise Failure(
            f"there is no stack `{given.stack}` in {region} that names the Regions of the code: "
            "add --parameter Regions=REGION,REGION"
        )
    inner = values.get("Regions", "") if given.template.takes("Regions") else ""
    places = dict.fromkeys([region, *(word.strip() for word in inner.split(",") if word.strip())])
    user = (region, mine.name if mine else None, given.template.takes("Regions"))
    return {(place, values["CodeBucketPrefix"]): user for place in places}


def code_steps(aws, account, region, prefix, user):
    """The steps that delete a code bucket with its stack, and what remains of them."""
    bucket = buckets.find(aws, account, region, prefix)
    stack = stacks.find(aws, region, buckets.stack_name(prefix))
    if stack and not stack.is_ours:
        return [], [f"stack `{stack.name}` in {region}: this command did not create it"]
    if bucket is None and stack is None:
        return [], []
    kept = f"bucket `{buckets.bucket_name(prefix, region)}`"
    using = used_by(aws, stack, region, prefix, user)
    if using:
        return [], [f"{kept}: {using}"]
    steps = [stacks.deletion(stack)] if stack else []
    if bucket and not bucket.is_ours:
        return steps, [f"{kept}: this command did not create it; what it uploaded is under `trailseal/`"]
    return steps + (buckets.destruction(aws, bucket) if bucket else []), []


def used_by(aws, stack, region, prefix, user):
    """Who else takes code from a bucket; nothing if it is nobody."""
    home, name, is_stack_set = user
    mine = {(home, name), (region, buckets.stack_name(prefix)), (home, buckets.stack_name(prefix))}
    found = [one for place in dict.fromkeys((region, home)) for one in stacks.users(aws, place, prefix)]
    using = [f"stack `{one.name}` in {one.region}" for one in found if (one.region, one.name) not in mine]
    if using:
        return f"{', '.join(using)} uses it"
    # A StackSet of another Region may deploy to this one.
    if stack and stack.parameters.get("OrganizationId") and not is_stack_set:
        return "an organization reads it; `--destroy` with the template of its StackSet deletes it"
    return None


def list_remains(aws, remains):
    """Prints what remains."""
    if remains:
        aws.say("remains:")
    for line in remains:
        aws.say(f"  {line}")
