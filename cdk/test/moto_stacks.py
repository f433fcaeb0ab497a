"""Stacks of the plain templates in moto, without what moto cannot create.

What it does not know is taken out of a template by the list below, so that nothing is skipped in
silence: `moto_deploy.py` fails for a type that moto learns one day, or one that we begin to use,
until the list is changed.
"""

import io
import json
import os
import sys
import zipfile
from pathlib import Path

os.environ.setdefault("AWS_ACCESS_KEY_ID", "testing")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "testing")
os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")

import boto3

from plain_templates import defaults, read, resolve

REGION = "eu-west-1"
ORGANIZATION = "o-abcde12345"

# The resource types of our templates that this version of moto cannot create.
UNKNOWN_TYPES = {
    "AWS::CloudFormation::LambdaHook",
    "AWS::CloudFormation::StackSet",
    "AWS::CloudWatch::Alarm",
    "AWS::Config::ConfigRule",
    "AWS::Config::ConfigurationAggregator",
    "AWS::Config::ConformancePack",
    "AWS::Config::OrganizationConfigRule",
    "AWS::Config::OrganizationConformancePack",
    "AWS::Config::RemediationConfiguration",
    "AWS::Config::StoredQuery",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Logs::MetricFilter",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
}

# Types that moto can create, but whose resources refer to one of the types above.
WAITING_TYPES = {"AWS::CloudWatch::Dashboard"}


def known(template, removed):
    """The template without unsupported types, and without resources that depend on them."""
    resources = template["Resources"]
    gone = {key for key, value in resources.items() if value.get("Type") in UNKNOWN_TYPES | WAITING_TYPES}
    removed.update(resources[key]["Type"] for key in gone)
    kept = {key: value for key, value in resources.items() if key not in gone}
    return {**template, "Resources": kept}


def settle(value, template, given):
    """A value with its conditions resolved: moto keeps AWS::NoValue in a list."""
    if isinstance(value, list):
        found = (settle(entry, template, given) for entry in value)
        return [entry for entry in found if entry != {"Ref": "AWS::NoValue"}]
    if not isinstance(value, dict):
        return value
    if "Fn::If" in value:
        condition, then, otherwise = value["Fn::If"]
        holds = resolve(template["Conditions"][condition], template, given)
        return settle(then if holds else otherwise, template, given)
    return {key: settle(member, template, given) for key, member in value.items()}


def zip_of_an_empty_program():
    """A ZIP archive with an empty program: these tests do not run the function."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("bootstrap", "")
    return buffer.getvalue()


def parameters(**values):
    """Parameters as CloudFormation takes them."""
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]


class Deployment:
    """The deployed stacks, and the types that were left out."""

    def __init__(self):
        self.stacks = boto3.client("cloudformation", region_name=REGION)
        self.removed = set()
        self.created = {}

    def create(self, name, **values):
        """Creates a stack and records its resources."""
        read_template = read(name)
        given = {**defaults(read_template), **values} if "Parameters" in read_template else {}
        template = settle(known(read_template, self.removed), read_template, given)
        self.stacks.create_stack(
            StackName=name,
            TemplateBody=json.dumps(template),
            Parameters=parameters(**values),
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        status = self.stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        expect(status == "CREATE_COMPLETE", f"{name}: {status}")
        found = self.stacks.list_stack_resources(StackName=name)["StackResourceSummaries"]
        self.created[name] = sorted(resource["ResourceType"] for resource in found)
        wanted = sorted(value["Type"] for value in template["Resources"].values())
        expect(self.created[name] == wanted, f"{name}: {self.created[name]} is not {wanted}")

    def outputs(self, name):
        """The outputs of a stack."""
        stack = self.stacks.describe_stacks(StackName=name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def expect(holds, message):
    """Ends the test if a condition does not hold."""
    if not holds:
        sys.exit(f"moto deployment failed: {message}")


def check_role(deployment, stack, policy, role, *settings):
    """The policy of the stack has exactly the file's actions for the role with these settings."""
    iam = boto3.client("iam")
    file = Path(__file__).resolve().parent.parent / "iam" / "least-privilege.json"
    entries = json.loads(file.read_text())["roles"][role]["statements"]
    entries = [entry for entry in entries if entry.get("when") in (None, *settings)]
    wanted = sorted(action for entry in entries for action in entry["actions"])
    # moto creates the policy and the role, but does not attach the policy.
    made = deployment.stacks.describe_stack_resource(StackName=stack, LogicalResourceId=policy)
    arn = made["StackResourceDetail"]["PhysicalResourceId"]
    default = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    version = iam.get_policy_version(PolicyArn=arn, VersionId=default)
    actions = []
    for statement in version["PolicyVersion"]["Document"]["Statement"]:
        action = statement["Action"]
        actions.extend([action] if isinstance(action, str) else action)
    expect(sorted(actions) == wanted, f"actions {sorted(actions)} are not {wanted}")
