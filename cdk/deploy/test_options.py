"""Tests of the command line, of templates and of zips: nothing here calls AWS."""

import contextlib
import io
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import artifact
import options
import results
import template
from fake_account import REGION, release
from calls import Failure
from options import Faults


def faults(*words):
    """The faults of a command line."""
    try:
        options.parse(words)
    except Faults as error:
        return error.args[0]
    return []


class CommandLine(unittest.TestCase):
    """Every fault is found, and all at once."""

    def test_all_faults_at_once_with_the_nearest_names(self):
        words = ["--region", "eu-wset-1", "--yes", "12", "--stack-name", "1st", "--zip", "nowhere/code.zip"]
        given = [
            "Profil=strict",
            "Profile=srtict",
            "Schedule=Daily",
            "ReservedConcurrency=1001",
            "LogRetentionDays=31",
        ]
        given += ["OrganizationId=o-1", "x", "Profile=cis", "CodeKey=a"]
        found = faults(*words, *(word for entry in given for word in ("--parameter", entry)))
        for wanted in (
            "--parameter is `x`; expected NAME=VALUE",
            "--parameter Profile is given twice",
            "--parameter Profil: template `account` has no such parameter; did you mean `Profile`?",
            "--parameter CodeKey: the command sets it",
            "--stack-name is `1st`; expected letters, digits and hyphens, a letter first",
            "--yes is `12`; expected the 12 digits of the account ID",
            "--zip is `nowhere/code.zip`; expected the file `bootstrap-arm64.zip`",
            "--zip: there is no file `nowhere/code.zip`",
            "--checksums: there is no file `nowhere/SHA256SUMS`",
            "--parameter Profile is `srtict`; expected one of `cis`, `effective`, `strict`; did you mean `strict`?",
            "--parameter Schedule is `Daily`; expected one of `One_Hour`",
            "--parameter ReservedConcurrency is `1001`; expected a number from 0 to 1000",
            "--parameter LogRetentionDays is `31`; expected one of `30`",
            "--parameter OrganizationId is `o-1`; expected a match of `^(o-[a-z0-9]{10,32})?$`",
            "--region has `eu-wset-1`, which is no Region of AWS; did you mean `eu-west-1`?",
        ):
            self.assertEqual(sum(fault.startswith(wanted) for fault in found), 1, f"{wanted} in {found}")
        self.assertEqual(len(found), 15, found)

    def test_an_unknown_template_has_a_suggestion(self):
        (fault,) = faults("--template", "stackset")
        self.assertIn("--template is `stackset`; expected one of `account`, ", fault)
        self.assertTrue(fault.endswith("did you mean `stack-set`?"), fault)

    def test_the_code_bucket_is_not_chosen(self):
        self.assertEqual(len(faults("--template", "code-bucket")), 1)

    def test_other_faults(self):
        for words, wanted in (
            (["--region", REGION, "--region", REGION], "a Region is given twice"),
            (["--checksums", "SHA256SUMS"], "--checksums needs --zip"),
            (["--template", "monitoring", "--zip", "a.zip"], "template `monitoring` has no code"),
            (["--parameter", "Profile"], "expected NAME=VALUE"),
            (
                ["--template", "stack-set", "--region", REGION, "--region", "us-east-1"],
                "name the others with --parameter Regions=REGION,REGION",
            ),
            (
                ["--template", "stack-set", "--parameter", "Regions=eu-west-1, us-esat-1"],
                "--parameter Regions has `us-esat-1`, which is no Region of AWS; did you mean `us-east-1`?",
            ),
        ):
            self.assertIn(wanted, " ".join(faults(*words)), words)

    def test_the_options_of_argparse_fail_with_2(self):
        for word in ("--regoin", "--dry", "words"):
            with self.assertRaises(SystemExit) as ended, contextlib.redirect_stderr(io.StringIO()):
                options.parse([word])
            self.assertEqual(ended.exception.code, 2, word)

    def test_a_value_may_contain_an_equals_sign(self):
        given = options.parse(["--parameter", "KeyAccountRoleName=a=b"]).given
        self.assertEqual(given, {"KeyAccountRoleName": "a=b"})

    def test_stacks_are_named_after_their_template(self):
        self.assertEqual(options.parse([]).stack, "trailseal")
        self.assertEqual(options.parse(["--template", "stack-set"]).stack, "trailseal-stack-set")
        self.assertEqual(options.parse(["--stack-name", "mine"]).stack, "mine")


class Templates(unittest.TestCase):
    """The rules of the templates hold before CloudFormation looks at them."""

    def test_every_template_can_be_read_and_its_defaults_are_valid(self):
        self.assertGreater(len(template.names()), 13)
        for name in template.names():
            read = template.Template(name)
            values = read.values()
            missing = [fault for fault in read.faults(values) if "is missing" in fault]
            required = [key for key, entry in read.parameters.items() if "Default" not in entry]
            self.assertEqual(len(missing), len(required), name)
            self.assertEqual(len(read.faults(values)), len(required), name)
            self.assertLess(len(read.body.encode()), template.BODY_MAX)

    def test_the_zip_of_each_template_is_the_one_that_it_names(self):
        count = 0
        for name in template.names():
            entry = template.Template(name).parameters.get("CodeKey")
            if entry:
                count += 1
                file = artifact.zip_name(name, "ARCHITECTURE")
                self.assertIn(f"/{file}.", entry["Description"], name)
        self.assertGreater(count, 4)

    def test_every_url_of_a_template_is_set(self):
        for name in template.names():
            for parameter in template.Template(name).parameters:
                if parameter.endswith("Url"):
                    self.assertIn(options.URLS[parameter], template.names())

    def test_the_assertions_of_a_template(self):
        read = template.Template("account")
        values = read.values({"CodeBucketPrefix": "code"})
        self.assertEqual(read.faults(values), [])
        for given, wanted in (
            ({"KeyAccountRoleName": "reader"}, "KeyAccountRoleName needs OrganizationId"),
            ({"SubnetIds": "subnet-1"}, "SubnetIds needs SecurityGroupIds"),
            ({"AlarmTopicName": "topic"}, "AlarmTopicName needs Alarms=true"),
        ):
            self.assertEqual(read.faults({**values, **given}), [f"--parameter: {wanted}"])

    def test_the_rules_that_a_stack_has(self):
        read = template.Template("account")
        self.assertEqual(read.rules(read.values({"RuleName": "mine"})), ["mine"])
        self.assertEqual(read.rules(read.values({"RuleName": ""})), [])

    def test_a_pattern_must_match_the_whole_value(self):
        entry = template.Template("account").parameters["CodeBucketPrefix"]
        self.assertIsNone(template.refusal(entry, "acme"))
        for wrong in ("acme\n", "Acme", "a", "-acme"):
            self.assertIsNotNone(template.refusal(entry, wrong), repr(wrong))


class Zips(unittest.TestCase):
    """A zip is deployed only if its checksum file names it with its checksum."""

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.zip = release(self.folder)
        self.sums = self.folder / "SHA256SUMS"

    def refused(self):
        with self.assertRaises(Failure) as caught:
            artifact.verified(self.zip, self.sums)
        return str(caught.exception)

    def test_a_zip_of_a_release(self):
        made = artifact.verified(self.zip, self.sums)
        self.assertEqual(made.content, self.zip.read_bytes())
        self.assertRegex(made.key, r"^trailseal/[0-9a-f]{16}/bootstrap-arm64\.zip$")
        self.sums.write_text(self.sums.read_text().replace("  boot", " *./boot"))
        self.assertEqual(artifact.verified(self.zip, self.sums), made)

    def test_a_changed_zip_is_refused(self):
        content = bytearray(self.zip.read_bytes())
        content[40] ^= 1
        self.zip.write_bytes(content)
        self.assertIn("do not deploy this file", self.refused())

    def test_a_zip_that_the_checksum_file_does_not_name_is_refused(self):
        self.sums.write_text(self.sums.read_text().replace("bootstrap", "other"))
        self.assertIn("has no line for `bootstrap-arm64.zip`", self.refused())

    def test_another_archive_is_refused(self):
        self.zip.write_bytes(b"no zip")
        digest = artifact.Artifact("x", b"no zip").digest
        self.sums.write_text(f"{digest}  {self.zip.name}\n")
        self.assertIn("is not a zip archive", self.refused())

    def test_the_name_follows_template_and_architecture(self):
        words = ["--zip", str(self.zip)]
        self.assertEqual(faults(*words), [])
        self.assertIn("`bootstrap-x86_64.zip`", faults(*words, "--parameter", "Architecture=x86_64")[0])
        self.assertIn("`remediation-arm64.zip`", faults(*words, "--template", "remediation")[0])


class Builds(unittest.TestCase):
    """Without `--zip` the packer of the release makes the zip."""

    def setUp(self):
        self.root = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.root / "cdk/assets").mkdir(parents=True)
        self.enterContext(unittest.mock.patch("artifact.ROOT", self.root))

    def build(self, script):
        """Builds with a program in place of cargo."""
        cargo = self.root / "cargo"
        cargo.write_text(f"#!/bin/sh\n{script}\n")
        cargo.chmod(0o755)
        with unittest.mock.patch.dict("os.environ", CARGO=str(cargo)):
            return artifact.built("bootstrap-x86_64.zip", "x86_64")

    def test_a_build(self):
        packed = release(self.root, "packed.zip")
        made = self.build(f'echo "$*" > words; cp {packed} cdk/assets/bootstrap-x86_64.zip')
        self.assertEqual((self.root / "words").read_text(), "xtask package --arch x86_64\n")
        self.assertEqual((made.name, made.content), ("bootstrap-x86_64.zip", packed.read_bytes()))

    def test_a_build_that_fails_is_not_replaced_by_an_older_zip(self):
        release(self.root / "cdk/assets", "bootstrap-x86_64.zip")
        with self.assertRaises(Failure) as caught:
            self.build("exit 101")
        self.assertIn("`cargo xtask package --arch x86_64` failed", str(caught.exception))


class Domains(unittest.TestCase):
    """Where AWS's endpoints are."""

    def test_every_partition_has_its_domain(self):
        for region, domain in (
            ("us-east-1", "amazonaws.com"),
            ("cn-north-1", "amazonaws.com.cn"),
            ("us-gov-west-1", "amazonaws.com"),
            ("us-iso-east-1", "c2s.ic.gov"),
            ("us-isob-east-1", "sc2s.sgov.gov"),
            ("eu-isoe-west-1", "cloud.adc-e.uk"),
            ("us-isof-south-1", "csp.hci.ic.gov"),
            ("eusc-de-east-1", "amazonaws.eu"),
        ):
            self.assertIn(region, options.known_regions())
            self.assertEqual(options.domain(region), domain, region)


class Recorders(unittest.TestCase):
    """Which recorders record trails."""

    def test_recording_groups(self):
        for group, records in (
            ({}, True),
            ({"allSupported": True}, True),
            ({"allSupported": False, "resourceTypes": [results.TRAIL]}, True),
            ({"allSupported": False, "resourceTypes": ["AWS::S3::Bucket"]}, False),
            ({"allSupported": False, "resourceTypes": []}, False),
            (excluding("AWS::S3::Bucket"), True),
            (excluding(results.TRAIL), False),
        ):
            self.assertEqual(results.records_trails(group), records, group)


def excluding(kind):
    """A recording group that excludes a type."""
    return {
        "allSupported": False,
        "exclusionByResourceTypes": {"resourceTypes": [kind]},
        "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
    }


if __name__ == "__main__":
    unittest.main()
