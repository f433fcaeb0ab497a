"""An account of moto for the tests, which records every call.

moto lacks what CloudFormation and AWS Config do here: it creates no rule, gives a bucket neither
the tags of its stack nor versioning, and evaluates nothing. This adds it, as AWS documents it.
"""

import contextlib
import datetime
import io
import json
import os
import re
import sys
import tempfile
import unittest.mock
import warnings
import zipfile
from pathlib import Path

import boto3
import botocore.loaders
import botocore.session
import moto
import yaml

sys.path.append(str(Path(__file__).resolve().parent.parent / "test"))

import artifact
import calls
import main
import moto_stacks
import stacks
from template import Loader, Template

REGION = "eu-west-1"
ACCOUNT = "111122223333"

# What moto gets; no profile or endpoint of the machine.
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "MOTO_ACCOUNT_ID": ACCOUNT,
    "HOME": "/nonexistent",
    "PATH": os.environ["PATH"],
}

# The results of two trails, as the function reports them.
RESULTS = [
    (
        "COMPLIANT",
        "management-events",
        "sealed with arn:aws:kms:eu-west-1:111122223333:key/11111111-0000-4000-8000-111111111111 "
        "(profile effective: 5 checks passed)",
    ),
    (
        "NON_COMPLIANT",
        "main-trail",
        "the trail has no KMS key: its log files are not encrypted with SSE-KMS. Fix: set kmsKeyId to a "
        "customer managed key in the bucket's Region whose policy admits CloudTrail",
    ),
]


# Sessions share the models of the services, which take long to read.
LOADER = botocore.loaders.create_loader()


class Killed(KeyboardInterrupt):
    """The command was interrupted."""


class Reply:
    """An answer over HTTP."""

    def __init__(self, status):
        self.status_code = status


def session():
    """A session as the command opens it."""
    core = botocore.session.get_session()
    core.register_component("data_loader", LOADER)
    return boto3.Session(botocore_session=core)


def release(folder, name="bootstrap-arm64.zip", content=b"the function"):
    """A zip with its checksum file, as a release has them."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("bootstrap"), content)
    path = Path(folder) / name
    path.write_bytes(buffer.getvalue())
    digest = artifact.Artifact(name, buffer.getvalue()).digest
    (Path(folder) / "SHA256SUMS").write_text(f"{'0' * 64}  NOTES.md\n{digest}  {name}\n")
    return path


class Account:
    """The account, its records, and the faults that a test plans for it."""

    def __init__(self, *regions):
        self.regions = regions or (REGION,)
        self.made = []
        self.stop_after = None
        # By operation: errors as code and message, or answers, each for one call.
        self.planned = {}
        self.clients = {}
        self.starts = 0
        self.polls = 0

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        enter = self.stack.enter_context
        enter(unittest.mock.patch.dict(os.environ, ENVIRONMENT, clear=True))
        enter(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        enter(unittest.mock.patch("moto.cloudformation.parsing.logger"))
        enter(moto.mock_aws(config={"lambda": {"use_docker": False}}))
        enter(unittest.mock.patch("calls.PAUSE", 1))
        # What the tests look at with it is not recorded.
        self.observer = session()
        self.folder = enter(tempfile.TemporaryDirectory())
        self.zip = release(self.folder)
        for region in self.regions:
            self.turn_config_on(region)
        return self

    def __exit__(self, *_):
        self.stack.close()

    def client(self, service, region=REGION):
        """A client whose calls are not recorded."""
        key = (service, region)
        if key not in self.clients:
            self.clients[key] = self.observer.client(service, region_name=region)
        return self.clients[key]

    def turn_config_on(self, region):
        """A recorder that records."""
        config = self.client("config", region)
        role = f"arn:aws:iam::{ACCOUNT}:role/config"
        config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": role})
        with contextlib.suppress(config.exceptions.ClientError):
            config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "history"})
        config.start_configuration_recorder(ConfigurationRecorderName="default")

    def session(self, _profile):
        """A session whose calls are recorded."""
        found = session()
        found.events.register("provide-client-params.*.*", self.record)
        found.events.register("before-call.*.*", self.answer)
        found.events.register("after-call.*.*", self.follow)
        return found

    def record(self, params, model, context, **_):
        """Records a call; of a template, moto gets the part that it knows."""
        service = model.service_model.endpoint_prefix
        self.made.append(calls.Call(service, context["client_region"], model.name, params))
        if "TemplateBody" not in params:
            return None
        read = yaml.load(params["TemplateBody"], Loader)
        given = {one["ParameterKey"]: one["ParameterValue"] for one in params["Parameters"]}
        body = moto_stacks.settle(moto_stacks.known(read, set()), read, given)
        return {**params, "TemplateBody": json.dumps(body)}

    def answer(self, model, context, **_):
        """The planned answer to a call, or that of what moto lacks."""
        planned = self.planned.get(model.name)
        if planned:
            return reply(planned.pop(0))
        if model.name == "StartConfigRulesEvaluation":
            self.starts, self.polls = self.starts + 1, 0
            return reply({})
        if model.name == "DescribeConfigRuleEvaluationStatus":
            return reply({"ConfigRulesEvaluationStatus": [self.evaluation()]})
        if model.name == "GetComplianceDetailsByConfigRule":
            return reply({"EvaluationResults": [result(*entry) for entry in RESULTS]})
        return None

    def evaluation(self):
        """The status of the rule: an evaluation ends at the second look after its start."""
        self.polls += 1
        ended = self.starts if self.polls > 1 else self.starts - 1
        if ended < 1:
            return {"ConfigRuleName": "trailseal"}
        time = datetime.datetime(2026, 11, 29, tzinfo=datetime.UTC) + datetime.timedelta(minutes=ended)
        return {"ConfigRuleName": "trailseal", "LastSuccessfulEvaluationTime": time}

    def follow(self, http_response, parsed, model, context, **_):
        """Does what moto lacks, and interrupts the command if that is planned."""
        call = self.made[-1]
        for stack in parsed.get("Stacks", []):
            for given in stack.get("Parameters", []):
                # moto lists what CloudFormation separates by commas.
                if given["ParameterValue"].startswith("["):
                    given["ParameterValue"] = ",".join(re.findall("'([^']*)'", given["ParameterValue"]))
        if http_response.status_code < 300 and call.service == "cloudformation":
            self.complete(call)
        if self.stop_after is not None and len(self.made) >= self.stop_after:
            self.stop_after = None
            raise Killed

    def complete(self, call):
        """What a stack makes beside what moto makes of it."""
        config = self.client("config", call.region)
        if call.operation == "DeleteStack" and "stack/trailseal/" in call.parameters["StackName"]:
            rules = config.describe_config_rules()["ConfigRules"]
            for rule in rules:
                config.delete_config_rule(ConfigRuleName=rule["ConfigRuleName"])
        if call.operation not in {"CreateStack", "UpdateStack"}:
            return
        tags = {entry["Key"]: entry["Value"] for entry in call.parameters["Tags"]}
        given = {one["ParameterKey"]: one["ParameterValue"] for one in call.parameters["Parameters"]}
        template = Template(tags[stacks.TEMPLATE_TAG])
        if template.name == "code-bucket":
            self.complete_bucket(call, f"{given['CodeBucketPrefix']}-{call.region}")
        for rule in template.rules(given):
            source = {
                "Owner": "CUSTOM_LAMBDA",
                "SourceIdentifier": f"arn:aws:lambda:{call.region}:{ACCOUNT}:function:trailseal",
                "SourceDetails": [
                    {
                        "EventSource": "aws.config",
                        "MessageType": "ConfigurationItemChangeNotification",
                    }
                ],
            }
            parameters = json.dumps({"profile": given["Profile"]})
            config.put_config_rule(
                ConfigRule={"ConfigRuleName": rule, "Source": source, "InputParameters": parameters}
            )

    def complete_bucket(self, call, name):
        """The properties of the bucket that moto ignores."""
        s3 = self.client("s3", call.region)
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": call.parameters["Tags"]})
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})

    def run(self, *words, answer=""):
        """Runs the command; returns its exit code, what it printed, and its errors."""
        out, errors = io.StringIO(), io.StringIO()
        asked = []

        def ask(text):
            asked.append(text)
            out.write(f"{text}{answer}\n")
            return answer

        with contextlib.redirect_stderr(errors), unittest.mock.patch("calls.session", self.session):
            try:
                code = main.main([*words], out, ask, lambda _: None)
            except SystemExit as end:
                code = end.code
        self.asked = asked
        return code, out.getvalue(), errors.getvalue()

    def deploy(self, *words):
        """Deploys the zip of the release to all Regions."""
        regions = (word for region in self.regions for word in ("--region", region))
        return self.run("--zip", str(self.zip), "--yes", ACCOUNT, *regions, *words)

    def destroy(self, *words):
        """Destroys what was deployed to all Regions."""
        regions = (word for region in self.regions for word in ("--region", region))
        return self.run("--destroy", "--yes", ACCOUNT, *regions, *words)

    def names(self):
        """The calls made, without repetitions of one call."""
        found = [f"{call.name} {call.region}" for call in self.made]
        return [name for i, name in enumerate(found) if i == 0 or found[i - 1] != name]

    def state(self):
        """What is in the account, without times and identifiers."""
        return {region: self.state_of(region) for region in self.regions} | {"buckets": self.buckets()}

    def state_of(self, region):
        """The stacks, functions and rules of a Region."""
        entries = self.client("cloudformation", region).describe_stacks()["Stacks"]
        found = (stacks.stack_of(region, entry) for entry in entries)
        functions = self.client("lambda", region).list_functions()["Functions"]
        rules = self.client("config", region).describe_config_rules()["ConfigRules"]
        return {
            "stacks": sorted((one.name, one.status, str(one.parameters), str(one.tags)) for one in found),
            "functions": sorted((one["FunctionName"], one["CodeSha256"]) for one in functions),
            "rules": sorted((one["ConfigRuleName"], one["InputParameters"]) for one in rules),
        }

    def buckets(self):
        """The buckets with their objects."""
        s3 = self.client("s3")
        found = {}
        for bucket in s3.list_buckets()["Buckets"]:
            objects = s3.list_object_versions(Bucket=bucket["Name"]).get("Versions", [])
            found[bucket["Name"]] = sorted((one["Key"], one["ETag"]) for one in objects)
        return found


def reply(planned):
    """An answer, or an error as code and message."""
    if isinstance(planned, dict):
        return Reply(200), {**planned, "ResponseMetadata": {"HTTPStatusCode": 200}}
    code, message = planned
    return Reply(400), {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {}}


def result(kind, trail, annotation):
    """A result as AWS Config lists it."""
    qualifier = {"ResourceType": "AWS::CloudTrail::Trail", "ResourceId": trail}
    return {
        "ComplianceType": kind,
        "Annotation": annotation,
        "EvaluationResultIdentifier": {"EvaluationResultQualifier": qualifier},
    }
