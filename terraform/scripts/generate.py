"""Writes the files of the modules that are made from others.

- `rule_variables.tf` of both modules: the rule's parameters, from their JSON Schema
- `template_variables.tf` of the module `organization`: the other parameters of the account template
- the tables of inputs and outputs in the modules' `README.md`, from the modules

    python terraform/scripts/generate.py
"""

import json
import re
import sys
from pathlib import Path

import hcl

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "terraform/modules"
SCHEMA = ROOT / "cdk/schema/rule-parameters.schema.json"
TEMPLATE = ROOT / "cdk/templates/trailseal-account.yaml"

sys.path.insert(0, str(ROOT / "cdk/test"))
import plain_templates  # noqa: E402

# Only central functions have it, and no module deploys these.
NOT_OFFERED = "executionRoleName"


def rule_parameters():
    """The parameters of the rule that the modules offer, by name."""
    parameters = json.loads(SCHEMA.read_text())["properties"]
    return {name: spec for name, spec in parameters.items() if name != NOT_OFFERED}


def template_parameters():
    """The parameters of the account template that are not the rule's, by name."""
    of_rule = {name[0].upper() + name[1:] for name in rule_parameters()}
    parameters = plain_templates.read("account")["Parameters"]
    return {name: spec for name, spec in parameters.items() if name not in of_rule}


def rule_variables():
    """A variable for each parameter of the rule, and a local value with all of them."""
    given = {name: _of_rule(name, spec) for name, spec in rule_parameters().items()}
    about = "The rule's parameters as text; null is not passed."
    values = hcl.local("rule_parameters", about, [(name, it.text()) for name, it in given.items()])
    source = SCHEMA.relative_to(ROOT)
    return hcl.file(source, [*(it.block() for it in given.values()), values])


def template_variables():
    """A variable for each other parameter of the account template, and a local value with them."""
    given = {name: _of_template(name, spec) for name, spec in template_parameters().items()}
    about = "The template's other parameters as text."
    values = [(name, it.text(none='""')) for name, it in given.items()]
    values = hcl.local("template_parameters", about, values)
    source = TEMPLATE.relative_to(ROOT)
    return hcl.file(source, [*(it.block() for it in given.values()), values])


def _of_rule(name, spec):
    expected = spec["x-expected"]
    kind = "list(string)" if "separated by commas" in expected else "string"
    kind = "number" if expected.startswith("a whole number") else kind
    kind = "bool" if spec.get("enum") == ["true", "false"] else kind
    expected = re.sub(", separated by commas(, (?=of))?", lambda it: " " if it[1] else "", expected)
    about = _with_variables(spec["description"])
    return hcl.Variable(
        name=hcl.snake_case(name),
        about=about if kind == "bool" else f"{about} Takes {expected}.",
        kind=kind,
        default=spec.get("default"),
        expected=expected,
        choices=spec.get("enum"),
        pattern=spec.get("pattern"),
    )


def _of_template(name, spec):
    about = spec["Description"]
    choices = [str(choice) for choice in spec.get("AllowedValues", [])]
    kind = "list(string)" if ", separated by commas" in about else "string"
    kind = "number" if spec["Type"] == "Number" else kind
    kind = "bool" if sorted(choices) == ["false", "true"] else kind
    expected = f"text that matches {spec.get('AllowedPattern')}"
    expected = f"a number from {spec['MinValue']} to {spec['MaxValue']}" if "MinValue" in spec else expected
    expected = f"one of {', '.join(choices)}" if choices else expected
    return hcl.Variable(
        name=hcl.snake_case(name),
        about=_with_variables(about.replace(", separated by commas", "")),
        kind=kind,
        default=str(spec["Default"]) if "Default" in spec else hcl.REQUIRED,
        expected=expected,
        choices=choices,
        pattern=spec.get("AllowedPattern"),
        bounds=(spec["MinValue"], spec["MaxValue"]) if "MinValue" in spec else None,
    )


def _with_variables(about):
    """A description with variables in place of the parameters that it names."""
    parameters = [*rule_parameters(), *template_parameters(), "KeyAccountRoleName"]
    # One word may be an ordinary word of a description.
    joined = [name for name in parameters if re.search("[a-z][A-Z]", name)]
    names = re.compile(rf"\b({'|'.join(joined)})\b")
    return names.sub(lambda it: f"`{hcl.snake_case(it[1])}`", about)


def readme(module):
    """The module's page with the tables of its inputs and outputs."""
    page = (module / "README.md").read_text()
    source = "\n".join(path.read_text() for path in sorted(module.glob("*.tf")))
    for name, table in (("inputs", _inputs(source)), ("outputs", _outputs(source))):
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, _, rest = page.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise ValueError(f"{module}/README.md needs `{begin.strip()}` before `{end}`")
        page = before + begin + table + end + after
    return page


def _inputs(source):
    rows = ["| input | about | type | default |\n|---|---|---|---|\n"]
    # Required ones first.
    for name, about, kind, default in sorted(
        hcl.variables(source), key=lambda variable: (variable[3] is not None, variable[0])
    ):
        about = json.loads(about).replace("|", "\\|")
        default = "required" if default is None else f"`{default}`"
        rows.append(f"| `{name}` | {about} | `{kind}` | {default} |\n")
    return "".join(rows)


def _outputs(source):
    rows = [f"| `{name}` | {json.loads(about)} |\n" for name, about in sorted(hcl.outputs(source))]
    return "".join(["| output | about |\n|---|---|\n", *rows])


def generated():
    """Each generated file with its text; the pages last, because they describe the others."""
    yield MODULES / "account/rule_variables.tf", rule_variables
    yield MODULES / "organization/rule_variables.tf", rule_variables
    yield MODULES / "organization/template_variables.tf", template_variables
    for module in (MODULES / "account", MODULES / "organization"):
        yield module / "README.md", lambda module=module: readme(module)


def stale():
    """The generated files that are not current."""
    return [
        str(path.relative_to(ROOT))
        for path, make in generated()
        if not path.is_file() or path.read_text() != make()
    ]


def main():
    """Writes every file."""
    for path, make in generated():
        path.write_text(make())


if __name__ == "__main__":
    main()
