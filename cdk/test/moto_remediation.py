"""The stack of the remediation in moto: its function, its runbook and its roles."""

import json

import boto3
import yaml
from botocore.validate import ParamValidator

from moto_stacks import ORGANIZATION, REGION, check_role, expect, zip_of_an_empty_program
from plain_templates import defaults, read, resolve

KEY = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"


def check_remediation(deployment, config):
    """Function, runbook and roles exist, and the runbook matches its template."""
    boto3.client("s3", region_name=REGION).put_object(
        Bucket=f"code-{REGION}",
        Key="trailseal/0.2.0/remediation-arm64.zip",
        Body=zip_of_an_empty_program(),
    )
    check_remediation_grants(deployment)
    deployment.create("remediation", CodeBucketPrefix="code", KeyArn=KEY)
    outputs = deployment.outputs("remediation")
    functions = boto3.client("lambda", region_name=REGION)
    settings = functions.get_function(FunctionName="trailseal-remediation")["Configuration"]
    expect(settings["Role"] == outputs["RoleArn"], "the function has another role")
    expect(settings["Timeout"] < 300, f"timeout {settings['Timeout']}")
    check_role(deployment, "remediation", "RemediationPolicy", "remediation")
    check_role(deployment, "remediation", "RemediationAutomationPolicy", "automation")
    role = boto3.client("iam").get_role(RoleName=f"TrailsealAutomation-{REGION}")["Role"]
    expect(role["Arn"] == outputs["AutomationRoleArn"], f"role {role['Arn']}")
    expect(outputs["DocumentName"] == "TrailsealRemediation", f"runbook {outputs['DocumentName']}")
    create_runbook()
    put_remediation(config, outputs)


def check_remediation_grants(deployment):
    """The function gets the rule's parameters, and its policy has the statements that they need."""
    asked = {"Profile": "strict", "KeyAccountRoleName": "reader"}
    rest = {"CodeBucketPrefix": "code", "KeyArn": KEY, "OrganizationId": ORGANIZATION}
    deployment.create("remediation", **asked, **rest)
    given = ("keyRotation", "keyAccountRoleName")
    check_role(deployment, "remediation", "RemediationPolicy", "remediation", *given)
    functions = boto3.client("lambda", region_name=REGION)
    settings = functions.get_function(FunctionName="trailseal-remediation")["Configuration"]
    told = json.loads(settings["Environment"]["Variables"]["TRAILSEAL_RULE_PARAMETERS"])
    expect(told["profile"] == "strict", f"profile {told}")
    expect(told["keyAccountRoleName"] == "reader", f"role {told}")
    expect(told["exemptTrails"] == "", f"exemptions {told}")
    deployment.stacks.delete_stack(StackName="remediation")


def create_runbook():
    """moto cannot describe a runbook that it stores as an object, so this passes it as text."""
    template = read("remediation")
    made = template["Resources"]["RemediationDocument"]["Properties"]
    given = {"RemediationFunction": "trailseal-remediation"}
    documents = boto3.client("ssm", region_name=REGION)
    described = documents.create_document(
        Name="Runbook",
        Content=json.dumps(resolve(made["Content"], template, given)),
        DocumentType=made["DocumentType"],
        DocumentFormat=made["DocumentFormat"],
        TargetType=made["TargetType"],
    )["DocumentDescription"]
    expect(described["SchemaVersion"] == "0.3", f"schema {described['SchemaVersion']}")
    shown = {entry["Name"]: entry.get("DefaultValue") for entry in described["Parameters"]}
    wanted = {"Trail", "KeyArn", "DryRun", "ReplaceKey", "AutomationAssumeRole"}
    expect(set(shown) == wanted, f"parameters {shown}")
    content = yaml.safe_load(documents.get_document(Name="Runbook")["Content"])
    invoke = content["mainSteps"][0]["inputs"]
    expect(invoke["FunctionName"] == "trailseal-remediation", f"invokes {invoke}")


def put_remediation(config, outputs):
    """moto does not support remediation, so AWS Config's model validates the template's values."""
    template = read("remediation")
    given = defaults(template)
    given.update({"KeyArn": KEY, "RemediationDocument": outputs["DocumentName"]})
    given["RemediationAutomationRole.Arn"] = outputs["AutomationRoleArn"]
    made = resolve(template["Resources"]["Offer"]["Properties"], template, given)
    shape = config.meta.service_model.operation_model("PutRemediationConfigurations").input_shape
    report = ParamValidator().validate({"RemediationConfigurations": [made]}, shape)
    expect(not report.has_errors(), report.generate_report())
    expect(made["Automatic"] is False, "the remediation starts by itself")
    dry = made["Parameters"]["DryRun"]["StaticValue"]["Values"]
    expect(dry == ["true"], f"dry run {dry}")
