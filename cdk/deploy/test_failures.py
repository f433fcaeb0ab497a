"""Tests of what the command says, and leaves, if AWS refuses or fails."""

import unittest
import unittest.mock

import botocore.exceptions
import botocore.parsers

from fake_account import ACCOUNT, REGION, Account

STACK = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/trailseal/1"
BUCKET = f"trailseal-{ACCOUNT}-{REGION}"

# In moto an operation ends at once, so these are planned answers.
TAGS = [
    {"Key": "trailseal:created-by", "Value": "cargo xtask deploy"},
    {"Key": "trailseal:template", "Value": "account"},
]


def described(status, name="trailseal"):
    """A stack of this command in a state."""
    found = {"StackName": name, "StackId": STACK, "StackStatus": status, "Tags": TAGS}
    return {"Stacks": [found]}


def event(logical, kind, status, reason="", physical=""):
    """An event of the stack."""
    return {
        "StackId": STACK,
        "LogicalResourceId": logical,
        "PhysicalResourceId": physical,
        "ResourceType": kind,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


# The newest first; the last ones are of an earlier operation.
EVENTS = [
    event("trailseal", "AWS::CloudFormation::Stack", "ROLLBACK_COMPLETE", physical=STACK),
    event("Queue", "AWS::SQS::Queue", "CREATE_FAILED", "Resource creation cancelled"),
    event("Rule", "AWS::Config::ConfigRule", "CREATE_FAILED", "the second failure"),
    event("Function", "AWS::Lambda::Function", "CREATE_FAILED", "the quota is too small"),
    event("Role", "AWS::IAM::Role", "CREATE_FAILED", "Resource creation cancelled"),
    event("trailseal", "AWS::CloudFormation::Stack", "CREATE_IN_PROGRESS", "User Initiated", STACK),
    event("Old", "AWS::Lambda::Function", "CREATE_FAILED", "of an earlier operation"),
]


class Failures(unittest.TestCase):
    """What went wrong, where, and what to do."""

    def assert_fails(self, ended, *wanted):
        """Asserts a failure with these words."""
        code, out, errors = ended
        self.assertEqual(code, 1, out + errors)
        for words in wanted:
            self.assertIn(words, errors)
        self.assertEqual(errors.count("\n"), 1, errors)

    def test_the_first_failed_resource_is_printed(self):
        with Account() as account:
            account.planned["DescribeStacks"] = [
                ("ValidationError", "Stack with id trailseal does not exist"),
                ("ValidationError", "Stack with id code does not exist"),
                described("CREATE_COMPLETE", "code"),
                described("CREATE_IN_PROGRESS"),
                described("ROLLBACK_IN_PROGRESS"),
                described("ROLLBACK_COMPLETE"),
            ]
            account.planned["DescribeStackEvents"] = [
                {"StackEvents": EVENTS[:2], "NextToken": "t"},
                {"StackEvents": EVENTS[2:]},
            ]
            self.assert_fails(
                account.deploy(),
                f"stack `trailseal` in {REGION} is ROLLBACK_COMPLETE: `Function` (AWS::Lambda::Function): the quota is too small; ",
                "fix the cause and run the same command again: it deletes the stack",
            )

    def test_a_stack_that_cannot_be_updated_is_deleted_and_created_again(self):
        for status in ("ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED", "DELETE_FAILED"):
            with self.subTest(status), Account() as account:
                account.deploy()
                (made,) = account.client("cloudformation").describe_stacks(StackName="trailseal")["Stacks"]
                account.planned["DescribeStacks"] = [{"Stacks": [{**made, "StackStatus": status}]}]
                account.made.clear()
                code, _, errors = account.deploy()
                self.assertEqual(code, 0, errors)
                made = [
                    call.operation
                    for call in account.made
                    if call.parameters.get("StackName") in (made["StackId"], "trailseal")
                ]
                self.assertIn("DeleteStack", made)
                self.assertLess(made.index("DeleteStack"), made.index("CreateStack"))

    def test_a_failed_rollback_of_an_update_needs_a_person(self):
        with Account() as account:
            account.planned["DescribeStacks"] = [described("UPDATE_ROLLBACK_FAILED")]
            self.assert_fails(
                account.deploy(),
                "UPDATE_ROLLBACK_FAILED",
                "continue-update-rollback --region eu-west-1 --stack-name trailseal",
            )
            self.assertNotIn("UpdateStack", [call.operation for call in account.made])

    def test_waits_for_an_operation_of_an_earlier_run(self):
        with Account() as account:
            account.deploy()
            busy = described("UPDATE_IN_PROGRESS")
            account.planned["DescribeStacks"] = [busy, busy, described("UPDATE_COMPLETE")]
            code, out, errors = account.deploy()
            self.assertEqual(code, 0, errors)
            self.assertIn("is UPDATE_IN_PROGRESS, by an earlier run or somebody else", out)

    def test_a_stack_of_another_template_is_refused(self):
        with Account() as account:
            account.deploy()
            ended = account.run(
                "--template", "aggregator", "--stack-name", "trailseal", "--region", REGION, "--yes", ACCOUNT
            )
            self.assert_fails(ended, "has template `account`, not `aggregator`: choose another --stack-name")

    def test_without_a_recorder_nothing_is_deployed(self):
        with Account("us-east-1") as account:
            before = account.state()
            ended = account.run(
                "--zip", str(account.zip), "--yes", ACCOUNT, "--region", REGION, "--region", "us-west-2"
            )
            self.assert_fails(
                ended,
                f"AWS Config is off in {REGION}",
                "AWS Config is off in us-west-2",
                "nothing was changed",
            )
            self.assertEqual(account.state(), before)

    def test_a_recorder_that_is_stopped_or_records_something_else(self):
        with Account() as account:
            config = account.client("config")
            role = f"arn:aws:iam::{ACCOUNT}:role/config"
            group = {"allSupported": False, "resourceTypes": ["AWS::S3::Bucket"]}
            recorder = {"name": "default", "roleARN": role, "recordingGroup": group}
            config.put_configuration_recorder(ConfigurationRecorder=recorder)
            self.assert_fails(account.deploy(), "does not record `AWS::CloudTrail::Trail`")
            config.stop_configuration_recorder(ConfigurationRecorderName="default")
            self.assert_fails(
                account.deploy(),
                f"start-configuration-recorder --region {REGION} --configuration-recorder-name default",
            )

    def test_errors_that_any_call_may_have(self):
        for code, wanted in (
            (
                "AccessDenied",
                "cloudformation:DescribeStacks in eu-west-1: access denied: why; allow the caller cloudformation:DescribeStacks",
            ),
            ("ExpiredToken", "the credentials are expired: get new ones and run the same command again"),
            ("UnrecognizedClientException", "AWS does not know the credentials"),
            (
                "Throttling",
                "AWS throttles the calls, also after retries; run the same command again, it continues",
            ),
            ("InternalFailure", "cloudformation:DescribeStacks in eu-west-1: InternalFailure: why"),
        ):
            with self.subTest(code), Account() as account:
                account.planned["DescribeStacks"] = [(code, "why")]
                self.assert_fails(account.deploy(), wanted)

    def test_a_denied_call_names_the_action_of_iam(self):
        for operation, action in (
            ("HeadObject", "s3:GetObject and s3:ListBucket"),
            ("PutObject", "s3:PutObject and s3:PutObjectTagging"),
        ):
            with self.subTest(operation), Account() as account:
                if operation == "HeadObject":
                    account.deploy()
                account.planned[operation] = [("AccessDenied", "why")]
                self.assert_fails(
                    account.deploy(),
                    f"s3:{operation} in {REGION}: access denied: why; allow the caller {action}",
                )

    def test_a_bucket_of_another_account(self):
        with Account() as account:
            account.planned["HeadBucket"] = [("403", "Forbidden")]
            self.assert_fails(
                account.deploy(),
                f"bucket `{BUCKET}` belongs to another account",
                "--parameter CodeBucketPrefix=PREFIX",
            )

    def test_a_bucket_of_another_region(self):
        with Account() as account:
            account.planned["HeadBucket"] = [{"BucketRegion": "us-east-1"}]
            self.assert_fails(
                account.deploy(),
                f"bucket `{BUCKET}` is in us-east-1, and Lambda takes code only from its own Region",
            )

    def test_throttled_while_it_waits_it_waits_on(self):
        with Account() as account:
            account.planned["DescribeStacks"] = [
                ("ValidationError", "Stack with id trailseal does not exist"),
                ("ValidationError", "Stack with id code does not exist"),
                ("Throttling", "Rate exceeded"),
            ]
            self.assertEqual(account.deploy()[0], 0)

    def test_without_credentials(self):
        with Account() as account:
            missing = botocore.exceptions.NoCredentialsError()
            with unittest.mock.patch("botocore.signers.RequestSigner.get_auth_instance", side_effect=missing):
                self.assert_fails(
                    account.deploy(), "Unable to locate credentials; set AWS_PROFILE or name a --profile"
                )

    def test_an_answer_that_is_not_one_of_aws(self):
        with Account() as account:
            error = botocore.parsers.ResponseParserError("invalid XML\nreceived")
            with unittest.mock.patch("botocore.parsers.QueryParser.parse", side_effect=error):
                self.assert_fails(
                    account.deploy(), "the answer is not one of AWS, maybe of a proxy: invalid XML?received"
                )

    def test_without_a_region(self):
        with Account() as account:
            self.assert_fails(
                account.run("--dry-run"), "no Region is given: add --region REGION, or set AWS_REGION"
            )

    def test_a_parameter_that_is_missing_or_that_another_needs(self):
        with Account() as account:
            for words, wanted in (
                (
                    ["--template", "stack-set"],
                    "--parameter OrganizationalUnitIds is missing: The roots or organizational units.",
                ),
                (
                    ["--parameter", "KeyAccountRoleName=reader"],
                    "--parameter: KeyAccountRoleName needs OrganizationId",
                ),
            ):
                code, _, errors = account.deploy(*words)
                self.assertEqual(code, 2)
                self.assertIn(wanted, errors)
            self.assertNotIn("CreateStack", [call.operation for call in account.made])

    def test_the_zip_of_another_architecture_than_that_of_the_stack(self):
        with Account() as account:
            account.deploy()
            (made,) = account.client("cloudformation").describe_stacks(StackName="trailseal")["Stacks"]
            for given in made["Parameters"]:
                if given["ParameterKey"] == "Architecture":
                    given["ParameterValue"] = "x86_64"
            account.planned["DescribeStacks"] = [{"Stacks": [made]}]
            self.assert_fails(account.deploy(), "has Architecture=x86_64: take `bootstrap-x86_64.zip`")


class Evaluations(unittest.TestCase):
    """How an evaluation may end."""

    def test_an_evaluation_that_runs_already_is_waited_for(self):
        with Account() as account:
            account.starts = 1
            account.planned["StartConfigRulesEvaluation"] = [("ResourceInUseException", "being evaluated")]
            code, out, errors = account.deploy()
            self.assertEqual(code, 0, errors)
            self.assertIn(f"rule `trailseal` in {REGION} is being evaluated already", out)

    def test_an_evaluation_that_fails(self):
        failed = {
            "LastFailedInvocationTime": 1,
            "LastErrorCode": "InsufficientPermissions",
            "LastErrorMessage": "why",
        }
        with Account() as account:
            statuses = [{"ConfigRulesEvaluationStatus": [one]} for one in ({}, {}, failed)]
            account.planned["DescribeConfigRuleEvaluationStatus"] = statuses
            code, _, errors = account.deploy()
            self.assertEqual(code, 1)
            self.assertIn("is deployed, but its evaluation failed: InsufficientPermissions: why", errors)

    def test_an_evaluation_that_fails_stops_no_other_region(self):
        failed = {"LastFailedInvocationTime": 1, "LastErrorCode": "Denied", "LastErrorMessage": "why"}
        with Account(REGION, "us-east-1") as account:
            statuses = [{"ConfigRulesEvaluationStatus": [one]} for one in ({}, failed)]
            account.planned["DescribeConfigRuleEvaluationStatus"] = statuses
            code, out, errors = account.deploy()
            self.assertEqual(code, 1)
            self.assertIn(
                f"error: rule `trailseal` in {REGION} is deployed, but its evaluation failed", errors
            )
            self.assertIn("rule `trailseal` in us-east-1: 1 NON_COMPLIANT, 1 COMPLIANT", out)

    def test_an_evaluation_that_does_not_end(self):
        with Account() as account:
            account.planned["DescribeConfigRuleEvaluationStatus"] = [
                {"ConfigRulesEvaluationStatus": [{}]}
            ] * 700
            code, _, errors = account.deploy()
            self.assertEqual(code, 1)
            self.assertIn("is deployed, but has no result after 10 minutes", errors)

    def test_results_of_all_pages_and_of_none(self):
        with Account() as account:
            pages = [{"EvaluationResults": [], "NextToken": "t"}, {"EvaluationResults": []}]
            account.planned["GetComplianceDetailsByConfigRule"] = pages
            code, out, errors = account.deploy()
            self.assertEqual(code, 0, errors)
            self.assertEqual(account.planned["GetComplianceDetailsByConfigRule"], [])
            self.assertIn("no results\n  AWS Config has recorded no trail here yet", out)


class Leftovers(unittest.TestCase):
    """A bucket that outlives its stack."""

    def test_an_empty_bucket_of_a_failed_creation_is_made_again(self):
        with Account() as account:
            account.deploy()
            account.destroy()
            account.stop_after = len(account.made) + 7
            account.deploy()
            account.client("cloudformation").delete_stack(StackName=f"code-trailseal-{ACCOUNT}")
            self.assertEqual(account.buckets(), {BUCKET: []})
            account.made.clear()
            code, _, errors = account.deploy()
            self.assertEqual(code, 0, errors)
            self.assertIn("DeleteBucket", [call.operation for call in account.made])

    def test_a_bucket_of_an_interrupted_destroy_is_not_used(self):
        with Account() as account:
            account.deploy()
            account.client("cloudformation").delete_stack(StackName=f"code-trailseal-{ACCOUNT}")
            code, _, errors = account.deploy()
            self.assertEqual(code, 1)
            self.assertIn(
                f"bucket `{BUCKET}` is left from a --destroy that did not end: run that again first", errors
            )

    def test_an_object_that_is_not_deleted_is_named(self):
        with Account() as account:
            account.deploy()
            refused = {"Key": "a", "Code": "AccessDenied", "Message": "why"}
            account.planned["DeleteObjects"] = [{"Errors": [refused]}]
            code, _, errors = account.destroy()
            self.assertEqual(code, 1)
            self.assertIn("`a` was not deleted: AccessDenied: why", errors)
            self.assertEqual(account.destroy()[0], 0)
            self.assertEqual(account.buckets(), {})


if __name__ == "__main__":
    unittest.main()
