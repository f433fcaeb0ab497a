"""Tests of `cargo xtask deploy` in moto: `python -m unittest` in this folder."""

import json
import re
import unittest

import artifact
import stacks
import template
from fake_account import ACCOUNT, REGION, Account, release

OTHER = "us-east-1"

# Values of the parameters that have no default.
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
REQUIRED = {
    "Accounts": ACCOUNT,
    "AlarmTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms",
    "CentralAccount": ACCOUNT,
    "ExternalId": "external-id",
    "FailureQueueName": "queue",
    "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:trailseal",
    "HomeRegion": REGION,
    "KeyArn": KEY,
    "LogGroupName": "/aws/lambda/trailseal",
    "ManagementAccount": ACCOUNT,
    "MemberAccounts": ACCOUNT,
    "OrganizationId": "o-abcde12345",
    "OrganizationalUnitIds": "r-ab12",
    "Regions": f"{REGION},{OTHER}",
}
BUCKET = f"trailseal-{ACCOUNT}-{REGION}"


def printed(out):
    """The names of the calls that a dry run prints, without repetitions of one call."""
    found = re.findall(r"^  (?:read|call|wait)  (\S+ \S+)", out, re.M)
    return [name for i, name in enumerate(found) if i == 0 or found[i - 1] != name]


class Case(unittest.TestCase):
    """A test of whole runs."""

    maxDiff = None

    def succeed(self, ended):
        """Asserts success; returns what was printed."""
        code, out, errors = ended
        self.assertEqual((code, errors), (0, ""), out)
        return out


class Deployment(Case):
    """What the command makes, and in which order."""

    def test_from_nothing_to_a_deployed_rule_in_two_regions(self):
        with Account(REGION, OTHER) as account:
            out = self.succeed(account.deploy("--parameter", "Profile=strict"))
            for region in (REGION, OTHER):
                self.assertIn(f"rule `trailseal` in {region}: 1 NON_COMPLIANT, 1 COMPLIANT", out)
                rule = ("trailseal", '{"profile": "strict"}')
                self.assertEqual(account.state()[region]["rules"], [rule])
                (function,) = account.client("lambda", region).list_functions()["Functions"]
                self.assertEqual(function["FunctionName"], "trailseal")
            self.assertEqual(sorted(account.state()["buckets"]), [BUCKET, f"trailseal-{ACCOUNT}-{OTHER}"])

    def test_a_dry_run_prints_the_calls_that_are_made_and_changes_nothing(self):
        with Account(REGION, OTHER) as account:
            for prepare in (None, account.deploy):
                if prepare:
                    self.succeed(prepare())
                before = account.state()
                out = self.succeed(account.deploy("--dry-run"))
                self.assertIn("Nothing was changed.", out)
                self.assertEqual(account.state(), before)
                account.made.clear()
                self.succeed(account.deploy())
                self.assertEqual(printed(out), account.names())
                account.made.clear()

    def test_a_dry_run_of_destroy_prints_the_calls_that_are_made(self):
        with Account() as account:
            self.succeed(account.deploy())
            before = account.state()
            out = self.succeed(account.destroy("--dry-run"))
            self.assertEqual(account.state(), before)
            account.made.clear()
            self.succeed(account.destroy())
            self.assertEqual(printed(out), account.names())
            self.assertEqual(account.state()["buckets"], {})

    def test_a_dry_run_prints_the_parameters_that_are_sent(self):
        with Account() as account:
            out = self.succeed(account.deploy("--dry-run", "--parameter", "Profile=strict"))
            account.made.clear()
            self.succeed(account.deploy("--parameter", "Profile=strict"))
            changes = [call for call in account.made if re.match("Create|Put|Start", call.operation)]
            self.assertEqual(len(changes), 4)
            lines = re.findall(r"^  call  (.*)", out, re.M)
            for line, call in zip(lines, changes, strict=True):
                for key, value in call.parameters.items():
                    if isinstance(value, str) and key != "TemplateBody":
                        self.assertIn(f"{key}={value}", line)
            sent = {one["ParameterKey"]: one["ParameterValue"] for one in changes[2].parameters["Parameters"]}
            self.assertEqual(sent["Profile"], "strict")
            self.assertIn("Profile=strict, 32 defaults]", lines[2])

    def test_killed_after_any_call_a_rerun_converges(self):
        with Account() as account:
            self.succeed(account.deploy())
            wanted, calls = account.state(), len(account.made)
        self.assertGreater(calls, 14)
        for count in range(1, calls + 1):
            with self.subTest(calls=count), Account() as account:
                account.stop_after = count
                code, _, errors = account.deploy()
                self.assertEqual((code, len(account.made)), (130, count), errors)
                self.assertIn("run the same command again, it continues", errors)
                self.succeed(account.deploy())
                self.assertEqual(ended(account.state()), ended(wanted))

    def test_destroy_killed_after_any_call_converges(self):
        with Account() as account:
            self.succeed(account.deploy())
            account.made.clear()
            self.succeed(account.destroy())
            wanted, calls = account.state(), len(account.made)
            self.assertGreater(calls, 12)
            for count in range(1, calls + 1):
                with self.subTest(calls=count):
                    self.succeed(account.deploy())
                    account.made.clear()
                    account.stop_after = count
                    self.assertEqual(account.destroy()[0], 130)
                    self.succeed(account.destroy())
                    self.assertEqual(account.state(), wanted)

    def test_new_code_gets_a_new_key_and_the_stack_an_update(self):
        with Account() as account:
            self.succeed(account.deploy("--parameter", "Profile=strict"))
            (before,) = account.state()[REGION]["functions"]
            release(account.folder, content=b"another function")
            self.succeed(account.deploy())
            (after,) = account.state()[REGION]["functions"]
            self.assertNotEqual(before, after)
            self.assertEqual(len(account.state()["buckets"][BUCKET]), 2)
            # What was not named again stays.
            self.assertEqual(account.state()[REGION]["rules"], [("trailseal", '{"profile": "strict"}')])

    def test_the_same_code_is_uploaded_once(self):
        with Account() as account:
            self.succeed(account.deploy())
            account.made.clear()
            self.succeed(account.deploy())
            self.assertNotIn("s3:PutObject", [call.name for call in account.made])

    def test_no_changes_are_a_success(self):
        with Account() as account:
            self.succeed(account.deploy())
            # The stack of the bucket has no changes in moto either.
            account.planned["UpdateStack"] = [("ValidationError", "No updates are to be performed.")] * 2
            out = self.succeed(account.deploy())
            self.assertIn(f"stack `trailseal` in {REGION} has no changes", out)
            self.assertIn("1 NON_COMPLIANT", out)

    def test_every_template_can_be_deployed(self):
        with Account() as account:
            account.client("organizations").create_organization(FeatureSet="ALL")
            for name in template.names():
                parameters = template.Template(name).parameters
                required = [
                    key for key, entry in parameters.items() if "Default" not in entry and key in REQUIRED
                ]
                given = [word for key in required for word in ("--parameter", f"{key}={REQUIRED[key]}")]
                if "CodeKey" in parameters:
                    code = release(account.folder, artifact.zip_name(name, "arm64"))
                    given += ["--zip", str(code)]
                with self.subTest(name):
                    words = ["--template", name, "--region", REGION, *given]
                    out = self.succeed(account.run(*words, "--dry-run"))
                    stack = "trailseal" if name == "account" else f"trailseal-{name}"
                    self.assertIn(f"cloudformation:CreateStack {REGION} StackName={stack} ", out)
                    self.assertEqual("AUTO_EXPAND" in out, name == "central-function")
                    self.assertEqual("StartConfigRulesEvaluation" in out, name == "account")

    def test_a_function_without_a_rule_needs_no_recorder_and_has_no_results(self):
        with Account() as account:
            account.client("config").stop_configuration_recorder(ConfigurationRecorderName="default")
            self.succeed(account.deploy("--parameter", "RuleName="))
            self.assertEqual(account.state()[REGION]["rules"], [])
            self.assertNotIn("config", {call.service for call in account.made})

    def test_a_stack_set_gets_the_code_in_each_of_its_regions(self):
        with Account(REGION) as account:
            account.client("organizations").create_organization(FeatureSet="ALL")
            organization = account.client("organizations").describe_organization()["Organization"]["Id"]
            words = ["--template", "stack-set", "--parameter", f"Regions={REGION},{OTHER}"]
            self.succeed(account.deploy(*words, "--parameter", "OrganizationalUnitIds=r-ab12"))
            uploads = [call.parameters for call in account.made if call.operation == "PutObject"]
            buckets = [(one["Bucket"], one["Key"].rpartition("/")[2]) for one in uploads]
            far = f"trailseal-{ACCOUNT}-{OTHER}"
            code = "bootstrap-arm64.zip"
            self.assertEqual(buckets, [(BUCKET, code), (BUCKET, "trailseal-account.yaml"), (far, code)])
            made = [call for call in account.made if call.operation == "CreateStack"]
            given = {one["ParameterKey"]: one["ParameterValue"] for one in made[-1].parameters["Parameters"]}
            url = f"https://{BUCKET}.s3.{REGION}.amazonaws.com/{uploads[1]['Key']}"
            self.assertEqual((given["AccountTemplateUrl"], given["CodeKey"]), (url, uploads[0]["Key"]))
            for call in made[:2]:
                self.assertIn(
                    {"ParameterKey": "OrganizationId", "ParameterValue": organization},
                    call.parameters["Parameters"],
                )
            self.succeed(account.destroy("--template", "stack-set"))
            self.assertEqual(account.state()["buckets"], {})

    def test_the_account_id_must_be_typed(self):
        with Account() as account:
            words = ["--zip", str(account.zip), "--region", REGION]
            before = account.state()
            for answer in ("", "yes", "999988887777"):
                code, out, _ = account.run(*words, answer=answer)
                self.assertEqual(code, 1)
                self.assertIn("Nothing was changed.", out)
                self.assertEqual(
                    account.asked, [f"4 changes in account {ACCOUNT}. Type the account ID to continue: "]
                )
            self.assertEqual(account.state(), before)
            self.succeed(account.run(*words, answer=f" {ACCOUNT}\n"))
            self.assertNotEqual(account.state(), before)

    def test_yes_names_the_account(self):
        with Account() as account:
            code, _, errors = account.run(
                "--region", REGION, "--zip", str(account.zip), "--yes", "999988887777"
            )
            self.assertEqual(code, 1)
            self.assertIn(f"--yes is `999988887777`, but the credentials are of account {ACCOUNT}", errors)
            self.assertEqual(account.names(), [f"sts:GetCallerIdentity {REGION}"])


class Destruction(Case):
    """What `--destroy` leaves alone."""

    def test_a_stack_of_somebody_else_stays(self):
        with Account() as account:
            body = '{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}'
            account.client("cloudformation").create_stack(StackName="trailseal", TemplateBody=body)
            code, out, _ = account.destroy()
            self.assertEqual(code, 0)
            self.assertIn(f"stack `trailseal` in {REGION}: this command did not create it", out)
            code, _, errors = account.deploy()
            self.assertEqual(code, 1)
            self.assertIn(f"it has no tag `{stacks.CREATOR[0]}={stacks.CREATOR[1]}`", errors)
            self.assertEqual(len(account.state()[REGION]["stacks"]), 1)

    def test_a_bucket_of_somebody_else_is_used_and_stays(self):
        for tags in ([], [{"Key": "team", "Value": "logs"}], [{"Key": stacks.CREATOR[0], "Value": "me"}]):
            with self.subTest(tags), Account() as account:
                s3 = account.client("s3")
                place = {"LocationConstraint": REGION}
                s3.create_bucket(Bucket=f"acme-{REGION}", CreateBucketConfiguration=place)
                if tags:
                    s3.put_bucket_tagging(Bucket=f"acme-{REGION}", Tagging={"TagSet": tags})
                words = ["--parameter", "CodeBucketPrefix=acme"]
                out = self.succeed(account.deploy(*words))
                self.assertIn(f"bucket `acme-{REGION}` exists: it is used as it is, and never deleted", out)
                out = self.succeed(account.destroy(*words))
                self.assertIn(f"bucket `acme-{REGION}`: this command did not create it", out)
                self.assertEqual(len(account.state()["buckets"][f"acme-{REGION}"]), 1)
                self.assertEqual(account.state()[REGION]["stacks"], [])

    def test_a_bucket_with_foreign_objects_is_refused_before_anything_is_deleted(self):
        with Account() as account:
            account.deploy()
            account.client("s3").put_object(Bucket=BUCKET, Key="trailseal/notes.txt", Body=b"mine")
            before = account.state()
            code, _, errors = account.destroy()
            self.assertEqual(code, 1)
            self.assertIn(
                f"bucket `{BUCKET}` has objects that this command did not upload: `trailseal/notes.txt`",
                errors,
            )
            self.assertEqual(account.state(), before)

    def test_an_old_version_of_somebody_else_counts_as_well(self):
        with Account() as account:
            account.deploy()
            account.client("s3").put_object(Bucket=BUCKET, Key="notes.txt", Body=b"mine")
            account.client("s3").delete_object(Bucket=BUCKET, Key="notes.txt")
            self.assertIn("`notes.txt`", account.destroy()[2])

    def test_a_bucket_that_another_stack_uses_stays(self):
        with Account() as account:
            account.deploy()
            account.deploy(
                "--stack-name",
                "second",
                "--parameter",
                "FunctionName=second",
                "--parameter",
                "RuleName=second",
            )
            code, out, errors = account.destroy()
            self.assertEqual(code, 0, errors)
            self.assertIn(f"bucket `{BUCKET}`: stack `second` in {REGION} uses it", out)
            self.assertEqual(
                [stack[0] for stack in account.state()[REGION]["stacks"]],
                [f"code-trailseal-{ACCOUNT}", "second"],
            )
            account.destroy("--stack-name", "second")
            self.assertEqual(account.state()["buckets"], {})

    def test_a_bucket_that_a_stack_of_somebody_else_uses_stays(self):
        for name in ("mine", "trailseal"):
            with self.subTest(name), Account() as account:
                self.succeed(account.deploy("--stack-name", "other"))
                body = {
                    "Parameters": {"CodeBucketPrefix": {"Type": "String"}},
                    "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
                }
                given = {"ParameterKey": "CodeBucketPrefix", "ParameterValue": f"trailseal-{ACCOUNT}"}
                account.client("cloudformation").create_stack(
                    StackName=name, TemplateBody=json.dumps(body), Parameters=[given]
                )
                self.succeed(account.destroy("--stack-name", "other"))
                out = self.succeed(account.destroy())
                self.assertIn(f"bucket `{BUCKET}`: stack `{name}` in {REGION} uses it", out)
                self.assertIn(BUCKET, account.state()["buckets"])

    def test_a_bucket_that_an_organization_reads_stays(self):
        with Account() as account:
            account.client("organizations").create_organization(FeatureSet="ALL")
            words = ["--parameter", f"Regions={REGION}", "--parameter", "OrganizationalUnitIds=r-ab12"]
            account.run(
                "--template",
                "stack-set",
                "--zip",
                str(account.zip),
                "--yes",
                ACCOUNT,
                "--region",
                OTHER,
                *words,
            )
            account.deploy()
            code, out, errors = account.destroy()
            self.assertEqual(code, 0, errors)
            self.assertIn(f"bucket `{BUCKET}`: an organization reads it", out)
            self.assertIn(BUCKET, account.state()["buckets"])

    def test_a_region_that_was_not_named_is_listed(self):
        with Account(REGION, OTHER) as account:
            self.succeed(account.deploy())
            out = self.succeed(account.run("--destroy", "--yes", ACCOUNT, "--region", REGION))
            line = f"  bucket `trailseal-{ACCOUNT}-{OTHER}`: Region {OTHER} was not named\n"
            self.assertIn(line, out)
            self.assertEqual(len(account.state()[OTHER]["stacks"]), 2)
            account.planned["ListBuckets"] = [("AccessDenied", "why")]
            out = self.succeed(account.run("--destroy", "--yes", ACCOUNT, "--region", REGION))
            self.assertIn("what this command created in other Regions, which is unknown: s3:ListBuckets", out)
            self.assertIn("allow the caller s3:ListAllMyBuckets", out)

    def test_nothing_to_destroy_is_a_success(self):
        with Account() as account:
            code, out, _ = account.destroy()
            self.assertEqual(code, 0)
            self.assertIn("Nothing was changed.", out)


def ended(state):
    """The state without the difference between a stack that was created and one that was updated too."""
    return str(state).replace("UPDATE_COMPLETE", "CREATE_COMPLETE")


if __name__ == "__main__":
    unittest.main()
