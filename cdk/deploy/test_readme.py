"""The sessions of `cdk/README.md` are what the command prints in moto, word for word, and its permissions are listed.

`UPDATE_DOCS=1 python -m unittest test_readme` writes them.
"""

import os
import re
import unittest
from pathlib import Path

from fake_account import Account, release
from calls import ACTIONS

CDK = Path(__file__).resolve().parent.parent
README = CDK / "README.md"
PERMISSIONS = CDK / "STRICT-ENVIRONMENTS.md"
COMMAND = "$ cargo xtask deploy "
SESSION = re.compile(r"```console\n\$ cargo xtask deploy (--(?:zip|region) [^\n]*)\n(.*?)```", re.S)
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def session(account, words):
    """What the command prints, with the paths of the page."""
    os.chdir(account.folder)
    code, out, errors = account.run(*words.split())
    assert (code, errors) == (0, ""), errors
    return ID.sub("ID", out)


class Page(unittest.TestCase):
    """The page is true."""

    maxDiff = None

    def setUp(self):
        self.addCleanup(os.chdir, Path.cwd())

    def test_the_sessions(self):
        page = README.read_text(encoding="utf-8")
        with Account() as account:
            folder = Path(account.folder, "release")
            folder.mkdir()
            release(folder)

            def run(found):
                return f"```console\n{COMMAND}{found[1]}\n{session(account, found[1])}```"

            made, count = SESSION.subn(run, page)
        self.assertEqual(count, 3)
        if os.environ.get("UPDATE_DOCS"):
            README.write_text(made, encoding="utf-8")
        else:
            self.assertEqual(page, made)

    def test_the_permissions_of_the_command(self):
        (row,) = re.findall(r"^\| `cargo xtask deploy` \| (.*) \|$", PERMISSIONS.read_text(), re.M)
        # The rows of all paths, of the bucket and of a StackSet have the other actions.
        elsewhere = {"CreateStack", "UpdateStack", "DeleteStack", "DescribeStacks"}
        with Account() as account:
            account.client("organizations").create_organization(FeatureSet="ALL")
            words = ["--template", "stack-set", "--parameter", "Regions=eu-west-1"]
            account.deploy(*words, "--parameter", "OrganizationalUnitIds=r-ab12")
            account.destroy(*words)
            for _ in range(2):
                account.deploy()
            account.destroy()
            names = {call.name for call in account.made}
        self.assertGreater(len(names), 15)
        for name in names:
            for action in ACTIONS.get(name, name).split(" and "):
                bare = action.rpartition(":")[2]
                if bare not in elsewhere:
                    self.assertRegex(row, rf"\b{bare}\b", name)


if __name__ == "__main__":
    unittest.main()
