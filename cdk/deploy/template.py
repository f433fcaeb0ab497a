"""Reads a plain template, and checks parameters against it before AWS sees them."""

import difflib
import functools
import re
from pathlib import Path

import yaml

FOLDER = Path(__file__).resolve().parent.parent / "templates"

# The stack of each code bucket has this template; it is never chosen.
CODE_BUCKET = "code-bucket"

# CloudFormation takes at most this many bytes of a template as text.
BODY_MAX = 51_200


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Reads the short forms of the intrinsic functions."""


def long_form(loader, suffix, node):
    """`!Ref x` as `{"Ref": "x"}`, and so on."""
    name = suffix if suffix == "Ref" else f"Fn::{suffix}"
    value = loader.construct_scalar(node)
    return {name: value.split(".") if suffix == "GetAtt" else value}


Loader.add_multi_constructor("!", long_form)


def names():
    """The templates that can be chosen."""
    found = (path.stem.removeprefix("trailseal-") for path in FOLDER.glob("trailseal-*.yaml"))
    return sorted(name for name in found if name != CODE_BUCKET)


def text(name):
    """A template as CloudFormation takes it."""
    return (FOLDER / f"trailseal-{name}.yaml").read_text(encoding="utf-8")


@functools.cache
def read(name):
    """A template as an object."""
    return yaml.load(text(name), Loader)


def nearest(word, known):
    """`; did you mean …?`, or nothing if no known word is like this one."""
    found = difflib.get_close_matches(word, known, 3, 0.6)
    # Letters in another order are the likeliest mistake.
    found.sort(key=lambda one: sorted(one) != sorted(word))
    return f"; did you mean `{found[0]}`?" if found else ""


class Template:
    """A template with the parameters that it takes."""

    def __init__(self, name):
        self.name = name
        self.body = text(name)
        self.content = read(name)
        self.parameters = self.content.get("Parameters", {})

    def takes(self, parameter):
        """Whether the template has this parameter."""
        return parameter in self.parameters

    def resources(self):
        """The resources by logical ID, without those that a loop makes."""
        entries = self.content["Resources"].items()
        return {name: entry for name, entry in entries if not name.startswith("Fn::")}

    def has(self, *types):
        """Whether a resource is of one of these types."""
        return any(resource["Type"] in types for resource in self.resources().values())

    def values(self, *layers):
        """The value of each parameter: a later layer overrides an earlier one."""
        found = {name: str(entry["Default"]) for name, entry in self.parameters.items() if "Default" in entry}
        for layer in layers:
            found.update({name: value for name, value in layer.items() if self.takes(name)})
        return found

    def unknown(self, given):
        """A fault for each parameter that the template does not have."""
        known = sorted(self.parameters)
        return [
            f"--parameter {name}: template `{self.name}` has no such parameter"
            + (nearest(name, known) or f"; it has {listed(known)}")
            for name in given
            if not self.takes(name)
        ]

    def faults(self, values):
        """Everything that CloudFormation would refuse in these values, and nothing else."""
        found = []
        for name, entry in self.parameters.items():
            if name not in values:
                found.append(f"--parameter {name} is missing: {entry.get('Description', '')}")
                continue
            expected = refusal(entry, values[name])
            if expected:
                found.append(f"--parameter {name} is `{values[name]}`; expected {expected}")
        return found or self.broken_rules(values)

    def broken_rules(self, values):
        """The assertions of the template that these values break."""
        found = []
        for rule in self.content.get("Rules", {}).values():
            if resolve(rule.get("RuleCondition", True), self.content, values):
                found.extend(
                    f"--parameter: {entry['AssertDescription']}"
                    for entry in rule["Assertions"]
                    if not resolve(entry["Assert"], self.content, values)
                )
        return found

    def rules(self, values):
        """The names of the AWS Config rules that a stack with these values has."""
        return [
            resolve(resource["Properties"]["ConfigRuleName"], self.content, values)
            for resource in self.resources().values()
            if resource["Type"] == "AWS::Config::ConfigRule" and self.is_made(resource, values)
        ]

    def is_made(self, resource, values):
        """Whether the condition of a resource holds."""
        condition = resource.get("Condition")
        return not condition or resolve(self.content["Conditions"][condition], self.content, values)

    def retained(self):
        """The logical IDs of the resources that outlive their stack."""
        return [
            name
            for name, resource in self.resources().items()
            if resource.get("DeletionPolicy", "").startswith("Retain")
        ]


def listed(words):
    """Words as a list in a sentence."""
    return ", ".join(f"`{word}`" for word in words)


def refusal(entry, value):
    """What is expected instead of this value; nothing if it is valid."""
    allowed = [str(one) for one in entry.get("AllowedValues", [])]
    if allowed and value not in allowed:
        return f"one of {listed(allowed)}" + nearest(value, allowed)
    pattern = entry.get("AllowedPattern")
    if pattern and not re.fullmatch(pattern, value):
        return f"a match of `{pattern}` ({entry.get('Description', '').rstrip('.')})"
    if entry["Type"] != "Number":
        return None
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
        return "a number"
    least, most = entry.get("MinValue"), entry.get("MaxValue")
    if (least is not None and float(value) < least) or (most is not None and float(value) > most):
        return f"a number from {least} to {most}"
    return None


def resolve(value, template, given):
    """A value of a template with its parameters, conditions and references resolved."""
    if isinstance(value, list):
        found = (resolve(entry, template, given) for entry in value)
        return [entry for entry in found if entry is not None]
    if not isinstance(value, dict):
        return value
    if "Ref" in value:
        name = value["Ref"]
        return None if name == "AWS::NoValue" else given[name]
    if "Fn::GetAtt" in value:
        return given[".".join(value["Fn::GetAtt"])]
    if "Fn::Sub" in value:
        return re.sub(r"\$\{([^}]+)\}", lambda found: given[found[1]], value["Fn::Sub"])
    if "Fn::Split" in value:
        separator, text_of = value["Fn::Split"]
        return resolve(text_of, template, given).split(separator)
    if "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return separator.join(resolve(parts, template, given))
    if "Fn::Equals" in value:
        one, other = resolve(value["Fn::Equals"], template, given)
        return one == other
    if "Fn::Not" in value:
        return not resolve(value["Fn::Not"], template, given)[0]
    if "Fn::And" in value:
        return all(resolve(value["Fn::And"], template, given))
    if "Fn::Or" in value:
        return any(resolve(value["Fn::Or"], template, given))
    if "Condition" in value and len(value) == 1:
        return resolve(template["Conditions"][value["Condition"]], template, given)
    if "Fn::If" in value:
        condition, then, otherwise = value["Fn::If"]
        holds = resolve(template["Conditions"][condition], template, given)
        return resolve(then if holds else otherwise, template, given)
    found = {key: resolve(member, template, given) for key, member in value.items()}
    return {key: member for key, member in found.items() if member is not None}
