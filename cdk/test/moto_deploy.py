"""Deploys the plain templates to moto, as far as it can take them.

Every stack goes through CreateStack and DeleteStack, without what `moto_stacks.py` takes out.
"""

import json

import boto3
from botocore.validate import ParamValidator
from moto import mock_aws
from moto.cloudformation import parsing

from moto_remediation import check_remediation
from moto_stacks import (
    ORGANIZATION,
    REGION,
    UNKNOWN_TYPES,
    WAITING_TYPES,
    Deployment,
    check_role,
    expect,
    known,
    zip_of_an_empty_program,
)
from plain_templates import defaults, read, resolve


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
