"""Tests of the modules: `cargo xtask test terraform`, or `python -m unittest` in this folder."""

import re
import unittest

import generate
import provider_schema
import tf.gen.tfplugin_pb2 as pb
import workspace

MODULES = ("modules/account", "modules/organization")
EXAMPLES = ("examples/account", "examples/organization")

# Errors that somebody could make in a module, by what Terraform says about them.
PLANTED = {
    "a misspelled argument": (
        "  memory_size  ",
        "  memory_sizes ",
        'An argument named "memory_sizes" is not expected here.',
    ),
    "a wrong type": (
        "= 120\n",
        "= [120]\n",
        'Inappropriate value for attribute "timeout": number required, but have tuple.',
    ),
    "a missing argument": (
        "  role          = aws_iam_role.function.arn\n",
        "",
        'The argument "role" is required, but no definition was found.',
    ),
    "an unknown type of resource": (
        'resource "aws_lambda_function_event_invoke_config"',
        'resource "aws_lambda_event_invoke_config"',
        'does not support resource type\n"aws_lambda_event_invoke_config".',
    ),
    "an unknown attribute": (
        "destination = aws_sqs_queue.failed_events.arn",
        "destination = aws_sqs_queue.failed_events.queue_arn",
        'This object has no argument, nested block, or exported attribute named\n"queue_arn".',
    ),
    "an unknown block": (
        "    on_failure {",
        "    on_error {",
        'Blocks of type "on_error" are not expected here.',
    ),
    "a block that may be there only once": (
        "  logging_config {",
        '  logging_config {\n    log_format = "Text"\n  }\n\n  logging_config {',
        'No more than 1 "logging_config" blocks are allowed',
    ),
    "a value that only AWS gives": (
        '  handler                        = "bootstrap"\n',
        '  handler = "bootstrap"\n  invoke_arn = "x"\n',
        'Can\'t configure a value for "invoke_arn": AWS decides it.',
    ),
}


# A configuration on a page, and the module of a release in it.
BLOCK = re.compile(r"```hcl\n(.*?)```", re.S)
RELEASED = re.compile(
    r"git::https://github\.com/trailseal/trailseal\.git//terraform/(modules/\w+)\?ref=v[0-9.]+"
)


class Modules(unittest.TestCase):
    """Everything that Terraform itself checks."""

    @classmethod
    def setUpClass(cls):
        cls.workspace = cls.enterClassContext(workspace.opened())
        for folder in MODULES + EXAMPLES:
            cls.workspace.init(folder)

    def test_every_file_is_formatted(self):
        code, out = self.workspace.terraform(".", "fmt", "-check", "-diff", "-recursive")
        self.assertEqual((code, out), (0, ""))

    def test_every_configuration_is_valid(self):
        for folder in MODULES + EXAMPLES:
            with self.subTest(folder):
                code, out = self.workspace.terraform(folder, "validate")
                self.assertEqual((code, out), (0, "Success! The configuration is valid.\n\n"))

    def test_every_configuration_on_a_page_is_valid(self):
        pages = sorted((workspace.ROOT / "terraform").rglob("README.md"))
        blocks = [block for page in pages for block in BLOCK.findall(page.read_text())]
        self.assertEqual(len(blocks), 5)
        for number, block in enumerate(blocks):
            with self.subTest(block):
                used = block.count("module ")
                block, count = RELEASED.subn(r"../../\1", block)
                self.assertEqual(count, used)
                folder = f"examples/page-{number}"
                self.workspace.path(folder).mkdir()
                self.workspace.path(f"{folder}/main.tf").write_text(block)
                self.workspace.init(folder)
                code, out = self.workspace.terraform(folder, "validate")
                self.assertEqual(code, 0, out)

    def test_the_permissions_name_every_type_of_resource(self):
        page = (workspace.ROOT / "terraform/README.md").read_text()
        rows = page[page.index("## Permissions for deployment") : page.index("## One account")]
        sources = [path for folder in MODULES for path in (workspace.ROOT / "terraform" / folder).glob("*.tf")]
        types = {found for path in sources for found in re.findall(r'^resource "(\w+)"', path.read_text(), re.M)}
        self.assertGreater(len(types), 10)
        self.assertEqual(types, set(re.findall(r"`(aws_\w+)`", rows)))

    def test_every_test_of_a_module_passes(self):
        for folder in MODULES:
            with self.subTest(folder):
                code, out = self.workspace.terraform(folder, "test")
                self.assertEqual(code, 0, out)
                runs = self.workspace.path(folder).rglob("*.tftest.hcl")
                count = sum(path.read_text().count('\nrun "') for path in runs)
                self.assertIn(f"Success! {count} passed, 0 failed.", out)
                self.assertGreaterEqual(count, 4)

    def test_planted_errors_are_caught(self):
        path = self.workspace.path("modules/account/function.tf")
        text = path.read_text()
        self.addCleanup(path.write_text, text)
        for name, (before, after, message) in PLANTED.items():
            with self.subTest(name):
                self.assertEqual(text.count(before), 1, before)
                path.write_text(text.replace(before, after))
                code, out = self.workspace.terraform("modules/account", "validate")
                self.assertEqual(code, 1, out)
                self.assertIn(message, out)


class Schema(unittest.TestCase):
    """What is read from the package, against what the provider's documentation says."""

    @classmethod
    def setUpClass(cls):
        names = ["config-config-rule", "lambda-function", "data-aws-region", "no-such-type"]
        cls.schemas = provider_schema.read_schemas(workspace.PACKAGE, names)

    def test_a_type_that_the_package_does_not_have_has_no_schema(self):
        self.assertNotIn("no-such-type", self.schemas)

    def test_attributes(self):
        attributes = {it.name: it for it in self.schemas["lambda-function"].block.attributes}
        shown = {
            name: (attributes[name].type, attributes[name].required, attributes[name].computed)
            for name in ("function_name", "memory_size", "invoke_arn", "layers", "publish", "tags")
        }
        self.assertEqual(
            shown,
            {
                "function_name": (b'"string"', True, False),
                "memory_size": (b'"number"', False, False),
                "invoke_arn": (b'"string"', False, True),
                "layers": (b'["list", "string"]', False, False),
                "publish": (b'"bool"', False, False),
                "tags": (b'["map", "string"]', False, False),
            },
        )

    def test_blocks(self):
        modes = pb.Schema.NestedBlock.NestingMode
        blocks = {it.type_name: it for it in self.schemas["config-config-rule"].block.block_types}
        shown = {name: (it.nesting, it.min_items, it.max_items) for name, it in blocks.items()}
        self.assertEqual(
            shown,
            {
                "evaluation_mode": (modes.SET, 0, 0),
                "scope": (modes.LIST, 0, 1),
                "source": (modes.LIST, 1, 1),
            },
        )
        inner = {it.type_name for it in blocks["source"].block.block_types}
        self.assertEqual(inner, {"custom_policy_details", "source_detail"})


class Generated(unittest.TestCase):
    """Files that are made from others."""

    def test_generated_files_are_current(self):
        self.assertEqual(generate.stale(), [], "run `python terraform/scripts/generate.py`")


if __name__ == "__main__":
    unittest.main()
