"""Stacks: what is there, and the calls that create, update and delete them."""

from dataclasses import dataclass

from calls import Call, Failure, Refusal, Step
from template import BODY_MAX

# What this command creates has this tag: a name alone never proves who created something.
CREATOR = ("trailseal:created-by", "cargo xtask deploy")
TEMPLATE_TAG = "trailseal:template"

WAIT_MAX = 3600

# These stacks can only be deleted. A first creation that failed ends here.
DEAD = {"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "REVIEW_IN_PROGRESS"}


@dataclass(frozen=True)
class Stack:
    """A stack as CloudFormation describes it."""

    name: str
    region: str
    id: str
    status: str
    parameters: dict
    tags: dict

    @property
    def is_ours(self):
        """Whether this command created the stack."""
        return is_ours(self.tags)

    @property
    def is_dead(self):
        """Whether the stack can only be deleted."""
        return self.status in DEAD


def is_ours(tags):
    """Whether tags say that this command created something."""
    return tags.get(CREATOR[0]) == CREATOR[1]


def tags_of(entries):
    """Tags as AWS lists them, by key."""
    return {entry["Key"]: entry["Value"] for entry in entries}


def stack_of(region, found):
    """A stack of an answer."""
    given = {entry["ParameterKey"]: entry["ParameterValue"] for entry in found.get("Parameters", [])}
    tags = tags_of(found.get("Tags", []))
    return Stack(found["StackName"], region, found["StackId"], found["StackStatus"], given, tags)


def find(aws, region, name):
    """A stack that exists, after any operation on it has ended; otherwise nothing."""
    try:
        found = aws.read("cloudformation", region, "DescribeStacks", StackName=name)["Stacks"][0]
    except Refusal as error:
        if "does not exist" in error.message:
            return None
        raise
    if is_busy(found["StackStatus"]):
        aws.say(f"stack `{name}` in {region} is {found['StackStatus']}, by an earlier run or somebody else")
        call = Call("cloudformation", region, "DescribeStacks", {"StackName": found["StackId"]})
        found = settled(aws, call)
    return None if found["StackStatus"] == "DELETE_COMPLETE" else stack_of(region, found)


def is_busy(status):
    """Whether CloudFormation works on a stack. A review waits for a person."""
    return status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"


def settled(aws, call):
    """The stack as soon as CloudFormation is done with it."""

    def done(answer):
        found = answer["Stacks"][0]
        return None if is_busy(found["StackStatus"]) else found

    found = aws.watch(call, WAIT_MAX, done)
    if found is None:
        raise Failure(
            f"stack `{call.parameters['StackName']}` in {call.region} did not end in an hour: "
            "run the same command again, it waits on"
        )
    return found


def require_ours(stack, template):
    """Refuses a stack that this command did not create, or created from another template."""
    where = f"stack `{stack.name}` in {stack.region}"
    if not stack.is_ours:
        raise Failure(
            f"{where} exists, and this command did not create it (it has no tag "
            f"`{CREATOR[0]}={CREATOR[1]}`): choose another --stack-name, or update it as you created it"
        )
    if stack.tags.get(TEMPLATE_TAG) != template:
        raise Failure(
            f"{where} has template `{stack.tags.get(TEMPLATE_TAG)}`, not `{template}`: choose another --stack-name"
        )
    if stack.status == "UPDATE_ROLLBACK_FAILED":
        raise Failure(
            f"{where} is UPDATE_ROLLBACK_FAILED: fix the cause, then `aws cloudformation "
            f"continue-update-rollback --region {stack.region} --stack-name {stack.name}`"
        )


def deployment(region, name, template, values, stack):
    """The steps that create a stack, or update the one that exists."""
    if stack is None:
        return [created(region, name, template, values)]
    if stack.is_dead:
        return [deletion(stack), created(region, name, template, values)]
    return [updated(region, name, template, values)]


def request(operation, region, name, template, values):
    """The call that creates or updates a stack."""
    if len(template.body.encode()) > BODY_MAX:
        raise Failure(f"template `{template.name}` has more than {BODY_MAX:,} bytes")
    capabilities = ["CAPABILITY_NAMED_IAM"]
    if "Transform" in template.content:
        capabilities.append("CAPABILITY_AUTO_EXPAND")
    tags = [CREATOR, (TEMPLATE_TAG, template.name)]
    given = {
        "StackName": name,
        "TemplateBody": template.body,
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value} for key, value in sorted(values.items())
        ],
        "Capabilities": capabilities,
        "Tags": [{"Key": key, "Value": value} for key, value in tags],
    }
    same = sum(value == str(template.parameters[key].get("Default")) for key, value in values.items())
    named = [
        f"{key}={value}"
        for key, value in sorted(values.items())
        if value != str(template.parameters[key].get("Default"))
    ]
    shown = {
        "TemplateBody": f"trailseal-{template.name}.yaml",
        "Parameters": f"[{', '.join([*named, f'{same} default' + ('' if same == 1 else 's')])}]",
    }
    return Call("cloudformation", region, operation, given, shown)


def described(region, name):
    """The call that looks at a stack."""
    return Call("cloudformation", region, "DescribeStacks", {"StackName": name})


def created(region, name, template, values):
    """Creates a stack and waits for it."""
    call, look = request("CreateStack", region, name, template, values), described(region, name)

    def run(aws):
        aws.change(call)
        require(aws, settled(aws, look), look, "CREATE_COMPLETE")

    return Step(run, (call,), (look,))


def updated(region, name, template, values):
    """Updates a stack and waits for it; no difference is a success."""
    call, look = request("UpdateStack", region, name, template, values), described(region, name)

    def run(aws):
        try:
            aws.change(call)
        except Refusal as error:
            if "No updates are to be performed" not in error.message:
                raise
            aws.say(f"stack `{name}` in {region} has no changes")
            settled(aws, look)
            return
        require(aws, settled(aws, look), look, "UPDATE_COMPLETE")

    return Step(run, (call,), (look,))


def deletion(stack):
    """Deletes a stack and waits for it. The ID finds it even after it is gone."""
    call = Call("cloudformation", stack.region, "DeleteStack", {"StackName": stack.id})
    look = described(stack.region, stack.id)

    def run(aws):
        aws.change(call)
        require(aws, settled(aws, look), look, "DELETE_COMPLETE")

    return Step(run, (call,), (look,))


def require(aws, found, look, wanted):
    """Ends the command with the cause if a stack did not get where it should."""
    status = found["StackStatus"]
    if status == wanted:
        aws.say(f"stack `{found['StackName']}` in {look.region} is {status}")
        return
    hints = {
        "ROLLBACK_COMPLETE": "fix the cause and run the same command again: it deletes the stack, "
        "which cannot be updated, and creates it again",
        "UPDATE_ROLLBACK_COMPLETE": "the stack is as it was before; fix the cause and run the same command again",
        "DELETE_FAILED": "fix the cause and run the same command again",
    }
    rest = hints.get(status, "look at its events")
    reason = cause(aws, look.region, found["StackId"]) or found.get("StackStatusReason", "no reason given")
    raise Failure(f"stack `{found['StackName']}` in {look.region} is {status}: {reason}; {rest}")


def cause(aws, region, stack):
    """The reason of the first resource that failed in the last operation."""
    first = None
    # The newest event comes first.
    for event in aws.pages("cloudformation", region, "DescribeStackEvents", "StackEvents", StackName=stack):
        reason = event.get("ResourceStatusReason", "")
        if event["ResourceStatus"].endswith("_FAILED") and "cancelled" not in reason.lower():
            first = f"`{event['LogicalResourceId']}` ({event['ResourceType']}): {reason}"
        is_start = event["ResourceStatus"] in {
            "CREATE_IN_PROGRESS",
            "UPDATE_IN_PROGRESS",
            "DELETE_IN_PROGRESS",
        }
        if is_start and event.get("PhysicalResourceId") == event["StackId"]:
            break
    return first


def users(aws, region, prefix):
    """The stacks in a Region that take their code from such a bucket, whoever created them."""
    entries = aws.pages("cloudformation", region, "DescribeStacks", "Stacks")
    found = (stack_of(region, entry) for entry in entries)
    return [stack for stack in found if stack.parameters.get("CodeBucketPrefix") == prefix]
