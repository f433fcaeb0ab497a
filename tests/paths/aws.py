"""AWS for the commands of the pages: moto, and before it what CloudFormation refuses.

Templates lose what moto cannot create, as in `cdk/test/moto_stacks.py`. Calls that moto does not know
get a fixed answer; the AWS CLI has checked their arguments with AWS's models before it sends them.
"""

import json
import os
import re
import sys
import threading
import urllib.parse
from io import BytesIO
from pathlib import Path

ACCOUNT = "111122223333"
os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT
os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "testing"
CDK = Path(__file__).resolve().parent.parent.parent / "cdk"
sys.path += [str(CDK / "test"), str(CDK / "deploy")]

import boto3
from botocore.exceptions import ClientError
from moto.cloudformation.models import ChangeSet
from moto.moto_api._internal.models import moto_api_backend
from moto.server import DomainDispatcherApplication, create_backend_app
from moto_stacks import known, settle
from template import FOLDER, Template, resolve
from werkzeug.serving import WSGIRequestHandler, make_server

TRAIL = f"{ACCOUNT}/eu-west-1/main-trail"
RESULT = {
    "EvaluationResultIdentifier": {
        "EvaluationResultQualifier": {"ConfigRuleName": "trailseal", "ResourceId": "main-trail"}
    },
    "ComplianceType": "NON_COMPLIANT",
    "Annotation": "(the finding, then the fix)",
}
CONFIGURED = {
    "accountId": ACCOUNT,
    "awsRegion": "eu-west-1",
    "resourceId": "main-trail",
    "configuration": {},
}

# The answers to calls that moto does not know, or for which it would need an organization.
JSON_ANSWERS = {
    "StarlingDoveService.StartConfigRulesEvaluation": {},
    "StarlingDoveService.GetComplianceDetailsByConfigRule": {"EvaluationResults": [RESULT]},
    "StarlingDoveService.GetComplianceDetailsByResource": {"EvaluationResults": [RESULT]},
    "StarlingDoveService.PutConformancePack": {"ConformancePackArn": "arn"},
    "StarlingDoveService.PutOrganizationConformancePack": {"OrganizationConformancePackArn": "arn"},
    "StarlingDoveService.GetStoredQuery": {
        "StoredQuery": {"QueryName": "trailseal-trails", "Expression": "SELECT resourceId"}
    },
    "StarlingDoveService.SelectAggregateResourceConfig": {"Results": [json.dumps(CONFIGURED)]},
    "StarlingDoveService.DescribeAggregateComplianceByConfigRules": {
        "AggregateComplianceByConfigRules": [
            {"ConfigRuleName": "trailseal", "AccountId": ACCOUNT, "AwsRegion": "eu-west-1"}
        ]
    },
    "StarlingDoveService.GetAggregateComplianceDetailsByConfigRule": {
        "AggregateEvaluationResults": [{**RESULT, "AccountId": ACCOUNT, "AwsRegion": "eu-west-1"}]
    },
    "AWSOrganizationsV20161128.EnableAWSServiceAccess": {},
    "AWSOrganizationsV20161128.RegisterDelegatedAdministrator": {},
    "AmazonSSM.StartAutomationExecution": {
        "AutomationExecutionId": "11111111-2222-3333-4444-555555555555"
    },
    "AmazonSSM.GetAutomationExecution": {
        "AutomationExecution": {"AutomationExecutionStatus": "Success"}
    },
}
XML_ANSWERS = {
    "ActivateOrganizationsAccess": "",
    "ListHookResults": "<HookResults/>",
    "ListStackInstances": "<Summaries/>",
    "CreateStackInstances": "<OperationId>11111111-2222-3333-4444-555555555555</OperationId>",
}
# The same, by the path of the request.
PATH_ANSWERS = {
    "/2015-03-31/functions/trailseal-findings/invocations": {"accepted": 3, "archived": 0, "newer": 0},
    "/findings": {"Findings": [{"Compliance": {"Status": "FAILED"}, "Description": "(the cause)"}]},
}


def apply(change_set):
    """Calculates the outputs as well, which moto does for stacks but not for change sets."""
    stack = change_set.stack
    stack.template, stack.template_dict = change_set.template, change_set.template_dict
    stack.resource_map.update(stack.template_dict, change_set.parameters)
    stack.output_map = stack._create_output_map()


ChangeSet.apply = apply


class Quiet(WSGIRequestHandler):
    """Prints no line for a request."""

    def log(self, kind, message, *args):
        """Errors only."""
        if kind == "error":
            super().log(kind, message, *args)


class Refusal(Exception):
    """What CloudFormation says to a request that it does not accept."""


class Aws:
    """moto behind the checks of templates and parameters."""

    def __init__(self):
        moto_api_backend.reset()
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.values = {}
        self.answered = set()
        self.server = make_server("127.0.0.1", 0, self, threaded=True, request_handler=Quiet)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __call__(self, environ, start_response):
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if target in JSON_ANSWERS:
            self.answered.add(target)
            return respond(start_response, "application/x-amz-json-1.1", json.dumps(JSON_ANSWERS[target]))
        path = environ["PATH_INFO"]
        if path in PATH_ANSWERS:
            self.answered.add(path)
            return respond(start_response, "application/json", json.dumps(PATH_ANSWERS[path], separators=(",", ":")))
        scope = re.search(r"Credential=[^/]+/\d+/([^/]+)/cloudformation/", environ.get("HTTP_AUTHORIZATION", ""))
        if scope is None:
            return self.moto(environ, start_response)
        length = int(environ.get("CONTENT_LENGTH") or 0)
        form = dict(urllib.parse.parse_qsl(environ["wsgi.input"].read(length).decode(), keep_blank_values=True))
        action = form["Action"]
        if action in XML_ANSWERS:
            self.answered.add(action)
            return respond(start_response, "text/xml", answer(action, XML_ANSWERS[action]))
        try:
            if action in ("CreateStack", "UpdateStack", "CreateChangeSet"):
                self.check(form, scope[1])
        except Refusal as refusal:
            error = f"<Type>Sender</Type><Code>ValidationError</Code><Message>{refusal}</Message>"
            text = f"<ErrorResponse><Error>{error}</Error></ErrorResponse>"
            return respond(start_response, "text/xml", text, "400 Bad Request")
        return self.moto(with_form(environ, form), start_response)

    def check(self, form, region):
        """Refuses what CloudFormation refuses, and leaves of the template what moto can create."""
        template = template_of(form["TemplateBody"])
        stack = (region, form["StackName"])
        values = template.values(parameters(form, self.values.get(stack, {})))
        faults = template.unknown(parameters(form, {})) + template.faults(values)
        faults += lacking_capabilities(template, form)
        faults += self.missing_code(template, values, region)
        if faults:
            raise Refusal("; ".join(faults))
        self.values[stack] = values
        for name in [name for name in form if name.startswith("Parameters.")]:
            del form[name]
        for index, (name, value) in enumerate(values.items(), 1):
            form[f"Parameters.member.{index}.ParameterKey"] = name
            form[f"Parameters.member.{index}.ParameterValue"] = value
        content = {**template.content, "Resources": template.resources()}
        content.pop("Transform", None)
        form["TemplateBody"] = json.dumps(settle(known(content, set()), content, values))

    def missing_code(self, template, values, region):
        """The zips of functions that are not in their buckets."""
        bucket = boto3.client("s3", endpoint_url=self.url, region_name=region)
        given = {**values, "AWS::Region": region}
        found = []
        for resource in template.resources().values():
            if resource["Type"] == "AWS::Lambda::Function":
                code = resolve(resource["Properties"]["Code"], template.content, given)
                try:
                    bucket.head_object(Bucket=code["S3Bucket"], Key=code["S3Key"])
                except ClientError:
                    found.append(f"no code at {code}")
        return found


def template_of(body):
    """The template of the repository that has this text."""
    names = [path.stem.removeprefix("trailseal-") for path in FOLDER.glob("trailseal-*.yaml")]
    for template in map(Template, names):
        if template.body.strip() == body.strip():
            return template
    raise Refusal("the template is none of the repository")


def parameters(form, former):
    """The parameters of a request, some with their former values."""
    given, index = {}, 1
    while (name := form.get(f"Parameters.member.{index}.ParameterKey")) is not None:
        value = form.get(f"Parameters.member.{index}.ParameterValue", former.get(name))
        if value is not None:
            given[name] = value
        index += 1
    return given


def lacking_capabilities(template, form):
    """IAM resources and transforms need the word of the deployer."""
    types = [resource["Type"] for resource in template.resources().values()]
    needed = ["CAPABILITY_NAMED_IAM"] if any(one.startswith("AWS::IAM::") for one in types) else []
    needed += ["CAPABILITY_AUTO_EXPAND"] if "Transform" in template.content else []
    given = [value for name, value in form.items() if name.startswith("Capabilities.member.")]
    return [f"Requires capabilities: {one}" for one in needed if one not in given]


def with_form(environ, form):
    """The request with another body."""
    body = urllib.parse.urlencode(form).encode()
    return {**environ, "wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}


def answer(action, result):
    """A response of the query protocol."""
    return f"<{action}Response><{action}Result>{result}</{action}Result></{action}Response>"


def respond(start_response, kind, text, status="200 OK"):
    """The whole response."""
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(text.encode())))])
    return [text.encode()]
