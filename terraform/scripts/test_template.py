"""Compares what the modules make with the plain template `cdk/templates/trailseal-account.yaml`.

Terraform applies the modules with mocks; the template is resolved with the same settings. Every
resource of one must be in the other, with the same properties.
"""

import json
import sys
import unittest

import generate
import hcl
import workspace

sys.path.insert(0, str(workspace.ROOT / "cdk/test"))
import plain_templates  # noqa: E402

ACCOUNT, REGION = "111122223333", "eu-west-1"

# Settings in which every condition of the template differs from its default.
SETTINGS = {
    "Architecture": "x86_64",
    "FunctionName": "seal",
    "RuleName": "seal-rule",
    "Schedule": "Six_Hours",
    "LogRetentionDays": "30",
    "OrganizationId": "o-abcde12345",
    "ReservedConcurrency": "3",
    "Metrics": "true",
    "WatchKeys": "true",
    "Alarms": "true",
    "RolePath": "/security/",
    "SubnetIds": "subnet-1a,subnet-2b",
    "SecurityGroupIds": "sg-1a",
    "CodeSigningConfigArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:code-signing-config:csc-0123456789abcdef0",
    "EncryptionKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555",
    "Profile": "strict",
    "AllowedKmsKeyArns": "arn:aws:kms:*:222233334444:key/*",
    "AllowedKeyAccounts": "222233334444,333344445555",
    "SkipChecks": "delivery-unbroken,key-rotated",
    "RequireKeyRotation": "true",
    "MaxRotationPeriodDays": "400",
    "CheckKeyPolicy": "true",
    "CheckDelivery": "true",
    "KeyAccountRoleName": "audit/reader",
    "Unverified": "NOT_APPLICABLE",
    "NoTrails": "NON_COMPLIANT",
    "Replicas": "EVALUATE",
    "ExemptTrails": "arn:aws:cloudtrail:*:111122223333:trail/a@2027-01-31",
    "ExemptionsFrom": "s3://exemptions/trails.json",
    "ExemptionTag": "trailseal:exempt-until",
}

# The settings of the template that the module `account` takes as ARNs: the template serves many
# accounts and Regions, the module one.
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
AS_ARNS = {"AlarmTopicName": "alarms", "PermissionsBoundaryName": "boundary"}

# The template has one resource where Terraform has two, or names that CloudFormation makes up.
ONLY_IN_TERRAFORM = {"aws_iam_role_policy_attachment.function"}

ADDRESSES = {
    "FunctionLogs": "aws_cloudwatch_log_group.function",
    "FunctionFailedEvents": "aws_sqs_queue.failed_events",
    "FunctionFailedEventsPolicy": "aws_sqs_queue_policy.failed_events",
    "FunctionPolicy": "aws_iam_policy.function",
    "FunctionRole": "aws_iam_role.function",
    "Function": "aws_lambda_function.function",
    "FunctionEventInvokeConfig": "aws_lambda_function_event_invoke_config.function",
    "FunctionConfigMayInvoke": "aws_lambda_permission.config",
    "Rule": "aws_config_config_rule.rule[0]",
    "WatchFunctionErrors": 'aws_cloudwatch_metric_alarm.service["function_errors"]',
    "WatchDeadLetters": 'aws_cloudwatch_metric_alarm.service["dead_letters"]',
    "WatchFunctionThrottled": 'aws_cloudwatch_metric_alarm.service["function_throttled"]',
    "WatchSilence": "aws_cloudwatch_metric_alarm.silence[0]",
    "WatchUnverified": 'aws_cloudwatch_metric_alarm.logged["unverified"]',
    "WatchFailedEvaluations": 'aws_cloudwatch_metric_alarm.logged["failed_evaluations"]',
    "WatchCleanUpFailures": 'aws_cloudwatch_metric_alarm.logged["clean_up_failures"]',
    "WatchReadsThrottled": 'aws_cloudwatch_metric_alarm.logged["reads_throttled"]',
    "WatchUnverifiedFilter": 'aws_cloudwatch_log_metric_filter.logged["unverified"]',
    "WatchFailedEvaluationsFilter": 'aws_cloudwatch_log_metric_filter.logged["failed_evaluations"]',
    "WatchCleanUpFailuresFilter": 'aws_cloudwatch_log_metric_filter.logged["clean_up_failures"]',
    "WatchThrottlesFilter": 'aws_cloudwatch_log_metric_filter.logged["reads_throttled"]',
}


def log_group(it, _):
    return {"KmsKeyId": it["kms_key_id"], "RetentionInDays": it["retention_in_days"]}


def queue(it, _):
    # The mock gives a value to what the module leaves open.
    managed = None if it["kms_master_key_id"] else it["sqs_managed_sse_enabled"]
    return {
        "KmsMasterKeyId": it["kms_master_key_id"],
        "MessageRetentionPeriod": it["message_retention_seconds"],
        "SqsManagedSseEnabled": managed,
    }


def queue_policy(it, _):
    return {"PolicyDocument": json.loads(it["policy"]), "Queues": [it["queue_url"]]}


def policy(it, _):
    document = json.loads(it["policy"])
    return {"Description": it["description"], "Path": it["path"], "PolicyDocument": document}


def role(it, state):
    attachment = state["aws_iam_role_policy_attachment.function"]
    return {
        "AssumeRolePolicyDocument": json.loads(it["assume_role_policy"]),
        "Description": it["description"],
        "ManagedPolicyArns": [attachment["policy_arn"]] if attachment["role"] == it["name"] else [],
        "Path": it["path"],
        "PermissionsBoundary": it["permissions_boundary"],
    }


def function(it, _):
    [environment], [logging] = it["environment"], it["logging_config"]
    vpc = it["vpc_config"][0] if it["vpc_config"] else {}
    return {
        "Architectures": it["architectures"],
        "Code": {"S3Bucket": it["s3_bucket"], "S3Key": it["s3_key"]},
        "CodeSigningConfigArn": it["code_signing_config_arn"],
        "Description": it["description"],
        "Environment": {"Variables": environment["variables"]},
        "FunctionName": it["function_name"],
        "Handler": it["handler"],
        "LoggingConfig": {
            "ApplicationLogLevel": logging["application_log_level"],
            "LogFormat": logging["log_format"],
            "LogGroup": logging["log_group"],
            "SystemLogLevel": logging["system_log_level"],
        },
        "MemorySize": it["memory_size"],
        "ReservedConcurrentExecutions": it["reserved_concurrent_executions"],
        "Role": it["role"],
        "Runtime": it["runtime"],
        "Timeout": it["timeout"],
        "TracingConfig": it["tracing_config"],
        "VpcConfig": {
            "SecurityGroupIds": vpc.get("security_group_ids"),
            "SubnetIds": vpc.get("subnet_ids"),
        },
    }


def event_invoke_config(it, _):
    [destination] = it["destination_config"]
    return {
        "DestinationConfig": {
            "OnFailure": {"Destination": destination["on_failure"][0]["destination"]},
            "OnSuccess": destination["on_success"],
        },
        "FunctionName": it["function_name"],
        "MaximumEventAgeInSeconds": it["maximum_event_age_in_seconds"],
        "MaximumRetryAttempts": it["maximum_retry_attempts"],
        "Qualifier": it["qualifier"],
    }


def permission(it, _):
    return {
        "Action": it["action"],
        "FunctionName": it["function_name"],
        "Principal": it["principal"],
        "SourceAccount": it["source_account"],
        "SourceArn": it["source_arn"],
    }


def rule(it, _):
    [scope], [source] = it["scope"], it["source"]
    return {
        "ConfigRuleName": it["name"],
        "Description": it["description"],
        "InputParameters": json.loads(it["input_parameters"]),
        "Scope": {"ComplianceResourceTypes": scope["compliance_resource_types"]},
        "Source": {
            "Owner": source["owner"],
            "SourceIdentifier": source["source_identifier"],
            "SourceDetails": [
                {
                    "EventSource": detail["event_source"],
                    "MessageType": detail["message_type"],
                    "MaximumExecutionFrequency": detail["maximum_execution_frequency"],
                }
                for detail in source["source_detail"]
            ],
        },
    }


def alarm(it, _):
    return {
        "AlarmActions": it["alarm_actions"],
        "AlarmDescription": it["alarm_description"],
        "ComparisonOperator": it["comparison_operator"],
        "DatapointsToAlarm": it["datapoints_to_alarm"],
        "Dimensions": [
            {"Name": name, "Value": value} for name, value in (it["dimensions"] or {}).items()
        ],
        "EvaluationPeriods": it["evaluation_periods"],
        "MetricName": it["metric_name"],
        "Namespace": it["namespace"],
        "OKActions": it["ok_actions"],
        "Period": it["period"],
        "Statistic": it["statistic"],
        "Threshold": it["threshold"],
        "TreatMissingData": it["treat_missing_data"],
    }


def metric_filter(it, _):
    [metric] = it["metric_transformation"]
    return {
        "FilterPattern": it["pattern"],
        "LogGroupName": it["log_group_name"],
        "MetricTransformations": [
            {
                "MetricName": metric["name"],
                "MetricNamespace": metric["namespace"],
                "MetricValue": metric["value"],
            }
        ],
    }


# How CloudFormation writes the values of each type.
SHAPES = {
    "aws_cloudwatch_log_group": log_group,
    "aws_sqs_queue": queue,
    "aws_sqs_queue_policy": queue_policy,
    "aws_iam_policy": policy,
    "aws_iam_role": role,
    "aws_lambda_function": function,
    "aws_lambda_function_event_invoke_config": event_invoke_config,
    "aws_lambda_permission": permission,
    "aws_config_config_rule": rule,
    "aws_cloudwatch_metric_alarm": alarm,
    "aws_cloudwatch_log_metric_filter": metric_filter,
}


def plain(value):
    """A value without what is empty, numbers and booleans as text, and lists in one order."""
    if isinstance(value, dict):
        found = {key: plain(member) for key, member in value.items()}
        # A policy has one action as a text or as a list.
        for key in {"Action", "Resource"} & found.keys():
            found[key] = found[key] if isinstance(found[key], list) else [found[key]]
        return {key: member for key, member in found.items() if member not in ("", [], {})}
    if isinstance(value, list):
        found = [plain(entry) for entry in value]
        return sorted((entry for entry in found if entry), key=lambda it: json.dumps(it, sort_keys=True))
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def variables(settings):
    """The variables of the modules for settings of the template."""
    kinds = {
        name: kind
        for module in ("account", "organization")
        for path in (generate.MODULES / module).glob("*.tf")
        for name, _, kind, _ in hcl.variables(path.read_text())
    }
    found = {}
    for name, value in settings.items():
        name = hcl.snake_case(name)
        kind = kinds[name]
        is_text = kind == "string"
        found[name] = value if is_text else value.split(",") if "list" in kind else json.loads(value)
    return found


class Template(unittest.TestCase):
    """Each test applies a module with mocks."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.workspace = cls.enterClassContext(workspace.opened())
        cls.template = plain_templates.read("account")
        cls.defaults = {
            name: "" if value is None else str(value)
            for name, value in plain_templates.defaults(cls.template).items()
        }

    def apply(self, module, given):
        """The state after a run of the module with these variables."""
        test = {
            "mock_provider": {
                "aws": {
                    "mock_data": {
                        "aws_partition": {"defaults": {"partition": "aws"}},
                        "aws_region": {"defaults": {"region": REGION}},
                        "aws_caller_identity": {"defaults": {"account_id": ACCOUNT}},
                    }
                }
            },
            "run": {"apply": {"variables": given}},
        }
        path = self.workspace.path(f"{module}/tests/template.tftest.json")
        path.write_text(json.dumps(test))
        self.workspace.init(module)
        return self.workspace.states(module, "tests/template.tftest.json")["apply"]

    def compare(self, settings, given):
        """Compares the module `account` with the template."""
        code = {"bucket": f"code-{REGION}", "key": "some/code.zip"}
        state = self.apply("modules/account", {"code_object": code, **given})
        parameters = {**self.defaults, "CodeBucketPrefix": "code", "CodeKey": code["key"], **settings}
        names = self.names(state, parameters)
        wanted = {}
        for name, resource in self.template["Resources"].items():
            condition = resource.get("Condition")
            if condition is None or plain_templates.resolve(
                self.template["Conditions"][condition], self.template, names
            ):
                properties = plain_templates.resolve(
                    resource["Properties"], self.template, names
                )
                wanted[ADDRESSES[name]] = plain(properties)
        found = {
            address: plain(SHAPES[address.split(".")[0]](values, state))
            for address, values in state.items()
            if not address.startswith("data.") and address not in ONLY_IN_TERRAFORM
        }
        self.assertEqual(found.keys(), wanted.keys())
        for address, properties in wanted.items():
            self.assertEqual(found[address], properties, address)
        return found

    def names(self, state, parameters):
        """What the template refers to: its parameters, and the resources that Terraform made."""
        of = {name: state.get(address, {}) for name, address in ADDRESSES.items()}
        return {
            **parameters,
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": "aws",
            "AWS::Region": REGION,
            "Function": of["Function"]["function_name"],
            "Function.Arn": of["Function"]["arn"],
            "FunctionFailedEvents": of["FunctionFailedEvents"]["url"],
            "FunctionFailedEvents.Arn": of["FunctionFailedEvents"]["arn"],
            "FunctionFailedEvents.QueueName": of["FunctionFailedEvents"]["name"],
            "FunctionLogs": of["FunctionLogs"]["name"],
            "FunctionLogs.Arn": of["FunctionLogs"]["arn"],
            "FunctionPolicy": of["FunctionPolicy"]["arn"],
            "FunctionRole.Arn": of["FunctionRole"]["arn"],
        }

    def test_the_account_has_the_defaults_of_the_template(self):
        found = self.compare({}, {})
        main = found["aws_lambda_function.function"]
        shown = [main[name] for name in ("Handler", "Runtime", "Architectures", "MemorySize")]
        self.assertEqual(shown, ["bootstrap", "provided.al2023", ["arm64"], "128"])
        self.assertEqual(len(found), 9)

    def test_the_account_follows_every_setting_as_the_template_does(self):
        found = self.compare(
            {**SETTINGS, **AS_ARNS},
            {
                **variables(SETTINGS),
                "alarm_topic_arn": TOPIC,
                "permissions_boundary_arn": BOUNDARY,
            },
        )
        self.assertEqual(len(found), len(ADDRESSES))

    def test_a_pack_has_the_rule(self):
        found = self.compare({"RuleName": ""}, {"rule_name": None})
        self.assertNotIn(ADDRESSES["Rule"], found)

    def test_each_schedule_has_the_alarms_of_the_template(self):
        for schedule in self.template["Parameters"]["Schedule"]["AllowedValues"]:
            with self.subTest(schedule):
                settings = {"Alarms": "true", "Schedule": schedule}
                self.compare(settings, variables(settings))

    def test_the_settings_cover_every_parameter_of_the_template(self):
        # The others name the code, or are without effect here.
        others = {"CodeBucketPrefix", "CodeKey", "AlarmTopicAccount"}
        covered = SETTINGS.keys() | AS_ARNS.keys() | others
        self.assertEqual(self.template["Parameters"].keys(), covered)
        for name, value in SETTINGS.items():
            self.assertNotEqual(value, self.defaults[name], name)

    def test_the_organization_passes_every_parameter_of_the_template(self):
        settings = {**SETTINGS, **AS_ARNS, "AlarmTopicAccount": "222233334444", "CodeKey": "k"}
        targets = {"organizational_unit_ids": ["r-ab12"], "regions": ["eu-west-1"]}
        for given in ({}, settings):
            given = {"CodeBucketPrefix": "code", **given}
            state = self.apply("modules/organization", {**targets, **variables(given)})
            stack_set = state["aws_cloudformation_stack_set.trailseal"]
            self.assertEqual(stack_set["parameters"], {**self.defaults, **given})

    def test_the_organization_deploys_as_the_template_of_the_stack_set(self):
        template = plain_templates.read("stack-set")
        state = self.apply(
            "modules/organization",
            {
                "code_bucket_prefix": "code",
                "organizational_unit_ids": ["r-ab12"],
                "regions": ["eu-west-1"],
                "excluded_accounts": ["222233334444"],
            },
        )
        given = {
            **plain_templates.defaults(template),
            "AccountTemplateUrl": "",
            "OrganizationalUnitIds": ["r-ab12"],
            "Regions": ["eu-west-1"],
            "ExcludedAccounts": ["222233334444"],
        }
        # How the conditions of the template find out whether a list is empty.
        conditions = {"DependsOnOthers": False, "ExcludesAccounts": True}
        template["Conditions"] = {name: holds for name, holds in conditions.items()}
        wanted = plain_templates.resolve(
            template["Resources"]["StackSet"]["Properties"],
            template,
            {**given, **{name: "" for name in template["Parameters"] if name not in given}},
        )
        for not_compared in ("Parameters", "TemplateURL"):
            wanted.pop(not_compared)
        self.assertEqual(plain(stack_set_properties(state)), plain(wanted))


def stack_set_properties(state):
    """The StackSet and its instances as CloudFormation writes them."""
    it = state["aws_cloudformation_stack_set.trailseal"]
    instances = [values for address, values in state.items() if "stack_set_instance" in address]
    [deployment], [managed] = it["auto_deployment"], it["managed_execution"]
    return {
        "AutoDeployment": {
            "Enabled": deployment["enabled"],
            "RetainStacksOnAccountRemoval": deployment["retain_stacks_on_account_removal"],
        },
        "CallAs": it["call_as"],
        "Capabilities": it["capabilities"],
        "Description": it["description"],
        "ManagedExecution": {"Active": managed["active"]},
        "OperationPreferences": preferences(it),
        "PermissionModel": it["permission_model"],
        "StackInstancesGroup": [
            {
                "DeploymentTargets": {
                    "AccountFilterType": targets["account_filter_type"],
                    "Accounts": targets["accounts"],
                    "OrganizationalUnitIds": targets["organizational_unit_ids"],
                },
                "Regions": [instance["stack_set_instance_region"]],
            }
            for instance in instances
            for targets in instance["deployment_targets"]
        ],
        "StackSetName": it["name"],
    }


def preferences(it):
    """The pace of an operation."""
    [found] = it["operation_preferences"]
    return {
        "FailureTolerancePercentage": found["failure_tolerance_percentage"],
        "MaxConcurrentPercentage": found["max_concurrent_percentage"],
        "RegionConcurrencyType": found["region_concurrency_type"],
    }


if __name__ == "__main__":
    unittest.main()
