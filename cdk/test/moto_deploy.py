"""Deploys the plain templates to moto, as far as it can take them.

Every stack goes through CreateStack and DeleteStack. What moto does not know is taken
out of a template first, by the list below, so that nothing is skipped in silence: a type that it
learns one day, or one that we begin to use, makes this test fail until the list is changed.
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
import yaml
from botocore.validate import ParamValidator
from moto import mock_aws
from moto.cloudformation import parsing

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


def recorder():
    """AWS Config accepts no rule without a recorder."""
    config = boto3.client("config", region_name=REGION)
    config.put_configuration_recorder(
        ConfigurationRecorder={
            "name": "default",
            "roleARN": "arn:aws:iam::123456789012:role/config",
        }
    )
    return config


def code_bucket():
    """The code bucket, created from its own template."""
    boto3.client("s3", region_name=REGION).put_object(
        Bucket=f"code-{REGION}",
        Key="trailseal/0.2.0/bootstrap-arm64.zip",
        Body=zip_of_an_empty_program(),
    )


def check_account(deployment, config):
    """The function and the rule exist and refer to each other."""
    outputs = deployment.outputs("account")
    function = boto3.client("lambda", region_name=REGION).get_function(FunctionName="trailseal")
    settings = function["Configuration"]
    expect(settings["Runtime"] == "provided.al2023", f"runtime {settings['Runtime']}")
    expect(settings["Handler"] == "bootstrap", f"handler {settings['Handler']}")
    expect(settings["FunctionArn"] == outputs["FunctionArn"], "the output names another function")
    expect(settings["Role"] == outputs["RoleArn"], "the function has another role")
    put_rule(config, outputs)
    (rule,) = config.describe_config_rules()["ConfigRules"]
    expect(rule["ConfigRuleName"] == "trailseal", f"rule {rule['ConfigRuleName']}")
    source = rule["Source"]
    expect(source["SourceIdentifier"] == outputs["FunctionArn"], "the rule names another function")
    messages = [detail["MessageType"] for detail in source["SourceDetails"]]
    expect(
        messages
        == [
            "ConfigurationItemChangeNotification",
            "OversizedConfigurationItemChangeNotification",
            "ScheduledNotification",
        ],
        f"triggers {messages}",
    )
    given = json.loads(rule["InputParameters"])
    expect(given["profile"] == "strict", f"profile {given}")
    expect("allowedKmsKeyArns" not in given, "a parameter without a value is passed")
    scope = rule["Scope"]["ComplianceResourceTypes"]
    expect(scope == ["AWS::CloudTrail::Trail"], f"scope {scope}")


def put_rule(config, outputs):
    """moto creates no rules from templates, so the rule is created with AWS Config's own call."""
    template = read("account")
    given = defaults(template)
    given.update({"Profile": "strict", "Function.Arn": outputs["FunctionArn"]})
    rule = resolve(template["Resources"]["Rule"]["Properties"], template, given)
    rule["InputParameters"] = json.dumps(rule["InputParameters"])
    config.put_config_rule(ConfigRule=rule)


def put_alarms(outputs, topic):
    """The alarms are created with CloudWatch's own call."""
    cloudwatch = boto3.client("cloudwatch", region_name=REGION)
    template = read("monitoring")
    given = defaults(template)
    given.update(outputs)
    given.update({"AlarmTopicArn": topic, "ScheduleHours": "6"})
    periods = template["Mappings"]["AlarmPeriods"]["6"]
    put_filters(template, given)
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::CloudWatch::Alarm":
            continue
        alarm = resource["Properties"]
        looked = alarm["EvaluationPeriods"]
        if isinstance(looked, dict):
            alarm["EvaluationPeriods"] = periods[looked["Fn::FindInMap"][2]]
        cloudwatch.put_metric_alarm(AlarmName=name, **resolve(alarm, template, given))
    alarms = cloudwatch.describe_alarms()["MetricAlarms"]
    silence = [alarm for alarm in alarms if alarm["MetricName"] == "Invocations"]
    expect([alarm["EvaluationPeriods"] for alarm in silence] == [12], f"silence {silence}")
    expect(len(alarms) == 8, f"{len(alarms)} alarms")


def put_filters(template, given):
    """The metric filters of the alarms are created with the call of CloudWatch Logs."""
    logs = boto3.client("logs", region_name=REGION)
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::Logs::MetricFilter":
            continue
        made = resolve(resource["Properties"], template, given)
        logs.put_metric_filter(
            logGroupName=made["LogGroupName"],
            filterName=name,
            filterPattern=made["FilterPattern"],
            metricTransformations=[
                {key[0].lower() + key[1:]: value for key, value in entry.items()}
                for entry in made["MetricTransformations"]
            ],
        )
    filters = logs.describe_metric_filters(logGroupName=given["LogGroupName"])["metricFilters"]
    heard = {entry["metricTransformations"][0]["metricNamespace"] for entry in filters}
    expect(heard == {"Trailseal/trailseal"}, f"namespaces {heard}")
    expect(len(filters) == 4, f"{len(filters)} filters")


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


def check_hook(deployment):
    """The hook's function and both roles exist; only hooks of the account may assume the second."""
    boto3.client("s3", region_name=REGION).put_object(
        Bucket=f"code-{REGION}",
        Key="trailseal/0.2.0/hook-arm64.zip",
        Body=zip_of_an_empty_program(),
    )
    asked = {"Profile": "strict", "KeyAccountRoleName": "reader", "OrganizationId": ORGANIZATION}
    deployment.create("hook", CodeBucketPrefix="code", FailureMode="FAIL", **asked)
    check_role(deployment, "hook", "HookPolicy", "hook", "keyAccountRoleName")
    check_role(deployment, "hook", "HookExecutionPolicy", "hookExecution")
    outputs = deployment.outputs("hook")
    functions = boto3.client("lambda", region_name=REGION)
    settings = functions.get_function(FunctionName="trailseal-hook")["Configuration"]
    expect(settings["Role"] == outputs["RoleArn"], "the hook's function has another role")
    expect(settings["Timeout"] == 30, f"timeout {settings['Timeout']}")
    told = json.loads(settings["Environment"]["Variables"]["TRAILSEAL_PARAMETERS"])
    expect(told["profile"] == "strict", f"profile {told}")
    name = outputs["ExecutionRoleArn"].rpartition("/")[2]
    trust = boto3.client("iam").get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    (statement,) = trust["Statement"]
    hooks = f"arn:aws:cloudformation:{REGION}:123456789012:type/hook/*"
    expect(statement["Condition"]["ArnLike"] == {"aws:SourceArn": hooks}, f"trust {trust}")
    check_references(outputs)
    deployment.stacks.delete_stack(StackName="hook")


def check_findings(deployment):
    """The import has its function, its role, and a schedule that may invoke it."""
    boto3.client("s3", region_name=REGION).put_object(
        Bucket=f"code-{REGION}",
        Key="trailseal/0.2.0/findings-arm64.zip",
        Body=zip_of_an_empty_program(),
    )
    asked = {"RuleName": "acme", "KeyAccountRoleName": "reader", "OrganizationId": ORGANIZATION, "ExternalId": "acme-1"}
    deployment.create("findings", CodeBucketPrefix="code", ImportSchedule="rate(2 hours)", **asked)
    check_role(deployment, "findings", "FindingsPolicy", "findings", "keyAccountRoleName")
    outputs = deployment.outputs("findings")
    functions = boto3.client("lambda", region_name=REGION)
    settings = functions.get_function(FunctionName="trailseal-findings")["Configuration"]
    expect(settings["Role"] == outputs["RoleArn"], "the function of the import has another role")
    told = settings["Environment"]["Variables"]
    expect(told == {"TRAILSEAL_RULE_NAME": "acme", "TRAILSEAL_EXTERNAL_ID": "acme-1"}, f"variables {told}")
    events = boto3.client("events", region_name=REGION)
    hourly = [one for one in events.list_rules()["Rules"] if one.get("ScheduleExpression") == "rate(2 hours)"]
    expect(len(hourly) == 1, f"schedules {hourly}")
    targets = events.list_targets_by_rule(Rule=hourly[0]["Name"])["Targets"]
    expect([one["Arn"] for one in targets] == [outputs["FunctionArn"]], f"targets {targets}")
    policy = json.loads(functions.get_policy(FunctionName="trailseal-findings")["Policy"])
    (statement,) = policy["Statement"]
    source = statement["Condition"]["ArnLike"]["AWS:SourceArn"]
    expect(source == hourly[0]["Arn"], f"permission {statement}")
    deployment.stacks.delete_stack(StackName="findings")


def check_references(outputs):
    """moto does not know the hook; it refers to the function and the role that moto has made."""
    template = read("hook")
    made = template["Resources"]["Hook"]["Properties"]
    given = {**defaults(template), "FailureMode": "FAIL"}
    given["HookFunction.Arn"] = outputs["FunctionArn"]
    given["HookExecutionRole.Arn"] = outputs["ExecutionRoleArn"]
    hook = resolve(made, template, given)
    expect(hook["LambdaFunction"] == outputs["FunctionArn"], f"hook {hook}")
    expect(hook["ExecutionRole"] == outputs["ExecutionRoleArn"], f"hook {hook}")
    expect((hook["FailureMode"], hook["HookStatus"]) == ("FAIL", "ENABLED"), f"hook {hook}")


def put_queries(deployment, config):
    """The aggregator is created by AWS Config's own call; the model takes the saved queries."""
    deployment.create("aggregator")
    template = read("aggregator")
    given = {**defaults(template), "AggregatorRole.Arn": "arn:aws:iam::123456789012:role/aggregator"}
    made = resolve(template["Resources"]["Aggregator"]["Properties"], template, given)
    config.put_configuration_aggregator(**made)
    (aggregator,) = config.describe_configuration_aggregators()["ConfigurationAggregators"]
    expect(aggregator["OrganizationAggregationSource"]["AllAwsRegions"], f"aggregator {aggregator}")
    shape = config.meta.service_model.operation_model("PutStoredQuery").input_shape
    queries = [
        resource["Properties"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Config::StoredQuery"
    ]
    expect(len(queries) == 4, f"{len(queries)} queries")
    for query in queries:
        stored = {
            "QueryName": query["QueryName"],
            "Description": query["QueryDescription"],
            "Expression": query["QueryExpression"],
        }
        report = ParamValidator().validate({"StoredQuery": stored}, shape)
        expect(not report.has_errors(), report.generate_report())
    deployment.stacks.delete_stack(StackName="aggregator")


def check_rollout(deployment):
    """An alarm that went off reaches the queue, and one that is OK does not."""
    deployment.create("rollout-alarm", Accounts="222233334444", HomeRegion=REGION)
    topics = boto3.client("sns", region_name=REGION)
    (topic,) = [
        entry["TopicArn"]
        for entry in topics.list_topics()["Topics"]
        if entry["TopicArn"].endswith(":trailseal-alarms")
    ]
    template = read("rollout-alarm")
    given = {**defaults(template), "HomeRegion": REGION, "AlarmsTopic": topic}
    given.update({"AWS::Partition": "aws", "AWS::AccountId": "123456789012"})
    made = resolve(template["Resources"]["Subscription"]["Properties"], template, given)
    rest = {"FilterPolicy": json.dumps(made["FilterPolicy"]), "FilterPolicyScope": made["FilterPolicyScope"]}
    topics.subscribe(TopicArn=topic, Protocol=made["Protocol"], Endpoint=made["Endpoint"], Attributes=rest)
    queues = boto3.client("sqs", region_name=REGION)
    queue = queues.get_queue_url(QueueName="trailseal-alarms")["QueueUrl"]
    for state in ("OK", "ALARM", "INSUFFICIENT_DATA"):
        topics.publish(TopicArn=topic, Message=json.dumps({"AlarmName": "a", "NewStateValue": state}))
    received = queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    states = [json.loads(json.loads(one["Body"])["Message"])["NewStateValue"] for one in received]
    expect(states == ["ALARM"], f"the queue got {states}")
    deployment.stacks.delete_stack(StackName="rollout-alarm")


def main():
    """Creates a stack from every template, checks it, and deletes it again."""
    deployment = Deployment()
    config = recorder()
    deployment.create("code-bucket", CodeBucketPrefix="code", OrganizationId=ORGANIZATION)
    code_bucket()
    deployment.create("account", CodeBucketPrefix="code", Profile="strict")
    check_account(deployment, config)
    check_role(deployment, "account", "FunctionPolicy", "function")
    check_remediation(deployment, config)
    deployment.create(
        "member-role", CentralAccount="111122223333", ExternalId="external-id"
    )
    role = boto3.client("iam").get_role(RoleName="TrailsealMember")["Role"]
    trust = json.dumps(role["AssumeRolePolicyDocument"])
    expect("external-id" in trust and "aws:PrincipalArn" in trust, f"trust {trust}")
    deployment.create("security-hub-tickets")
    topic = boto3.client("sns", region_name=REGION).list_topics()["Topics"][0]["TopicArn"]
    outputs = deployment.outputs("account")
    deployment.create(
        "monitoring",
        FailureQueueName=outputs["FailureQueueName"],
        LogGroupName=outputs["LogGroupName"],
        AlarmTopicArn=topic,
        ScheduleHours="6",
    )
    put_alarms(outputs, topic)
    put_queries(deployment, config)
    check_hook(deployment)
    check_findings(deployment)
    check_rollout(deployment)
    packs = [
        f"{whose}conformance-pack{what}"
        for whose in ("", "organization-")
        for what in ("", "-with-remediation")
    ]
    for name in ("stack-set", "hook-stack-set", "organization-rule", *packs):
        rest = known(read(name), deployment.removed)["Resources"]
        expect(rest == {}, f"{name} has {sorted(rest)}, which moto may know")
    for name in ("remediation", "monitoring", "security-hub-tickets", "member-role", "account", "code-bucket"):
        if name == "code-bucket":
            continue  # The bucket stays by its own policy, and is not empty.
        deployment.stacks.delete_stack(StackName=name)
    left = boto3.client("lambda", region_name=REGION).list_functions()["Functions"]
    expect(left == [], "the function is still there")
    models = {model.cloudformation_type() for model in parsing.get_model_list()}
    learned = sorted(UNKNOWN_TYPES & models)
    expect(learned == [], f"moto knows {learned} by now; take them off the list")
    expect(deployment.removed == UNKNOWN_TYPES | WAITING_TYPES, f"left out {sorted(deployment.removed)}")
    for name, kinds in deployment.created.items():
        print(f"created {name}: {len(kinds)} resources")
    print("aggregator: taken by PutConfigurationAggregator and the model of PutStoredQuery")
    print("rollout alarm: only an alarm that went off reaches the queue")
    print("remediation: taken by the model of PutRemediationConfigurations")
    print("rule, filters and alarms: taken by PutConfigRule, PutMetricFilter and PutMetricAlarm")
    print(f"not created by moto: {', '.join(sorted(deployment.removed))}")


if __name__ == "__main__":
    with mock_aws(config={"lambda": {"use_docker": False}}):
        main()
