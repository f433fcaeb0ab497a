"""The rule's parameters in every template and pack, each with its defaults and a profile.

`input_parameters.py CDK_FOLDER PROFILE` writes one JSON object: for each place that holds the rule's
parameters, what AWS Config or the remediation function is given.
"""

import json
import pathlib
import re
import sys

import yaml

NO_VALUE = {"Ref": "AWS::NoValue"}


class Loader(yaml.SafeLoader):
    """Reads the short forms of the intrinsic functions."""


def long_form(loader, suffix, node):
    """`!Ref x` as `{"Ref": "x"}`, and so on."""
    kinds = {yaml.SequenceNode: loader.construct_sequence, yaml.MappingNode: loader.construct_mapping}
    read = kinds.get(type(node), loader.construct_scalar)
    value = read(node) if read == loader.construct_scalar else read(node, deep=True)
    return {suffix if suffix == "Ref" else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", long_form)


class Template:
    """A template and the values of its parameters."""

    def __init__(self, text, given):
        self.content = yaml.load(text, Loader)
        self.values = {
            name: str(given.get(name, parameter.get("Default", f"given-{name}")))
            for name, parameter in self.content.get("Parameters", {}).items()
        }
        unknown = given.keys() - self.values.keys()
        assert not unknown, f"no parameters {unknown}"

    def resolved(self, value):
        """The value with intrinsic functions resolved, without members that have no value."""
        if isinstance(value, list):
            return [self.resolved(one) for one in value if one != NO_VALUE]
        if not isinstance(value, dict):
            return value
        if set(value) == {"Ref"}:
            return self.values.get(value["Ref"], value["Ref"])
        if set(value) == {"Fn::If"}:
            condition, then, otherwise = value["Fn::If"]
            return self.resolved(then if self.holds({"Condition": condition}) else otherwise)
        if set(value) == {"Fn::Sub"}:
            return self.substituted(value["Fn::Sub"])
        members = {name: self.resolved(one) for name, one in value.items()}
        return {name: one for name, one in members.items() if one != "AWS::NoValue"}

    def substituted(self, value):
        """A text with its variables, including local ones, replaced; `${!` becomes `${`."""
        text, given = value if isinstance(value, list) else (value, {})
        values = self.values | {name: str(self.resolved(one)) for name, one in given.items()}
        found = lambda match: values.get(match[1], match[1])
        return re.sub(r"\$\{([^!}][^}]*)\}", found, text).replace("${!", "${")

    def holds(self, condition):
        """Whether a condition holds."""
        ((name, value),) = condition.items()
        match name:
            case "Condition":
                return self.holds(self.content["Conditions"][value])
            case "Fn::Not":
                return not self.holds(value[0])
            case "Fn::And":
                return all(self.holds(one) for one in value)
            case "Fn::Or":
                return any(self.holds(one) for one in value)
            case "Fn::Equals":
                return self.resolved(value[0]) == self.resolved(value[1])
        raise ValueError(f"unknown condition {name}")

    def of_type(self, kind):
        """The properties of the resources of a type, with the names of the resources."""
        for name, resource in self.content.get("Resources", {}).items():
            # `Fn::ForEach` is a list; it creates no rule.
            if isinstance(resource, dict) and resource["Type"] == kind:
                yield name, resource["Properties"]


def rules(template, is_pack):
    """The parameters that the rules of a template pass to our function."""
    for name, properties in template.of_type("AWS::Config::ConfigRule"):
        source = json.dumps(properties["Source"])
        ours = "function:trailseal" in source if is_pack else properties["Source"]["Owner"] == "CUSTOM_LAMBDA"
        if ours:
            yield name, template.resolved(properties.get("InputParameters", {}))
    for name, properties in template.of_type("AWS::Config::OrganizationConfigRule"):
        given = properties["OrganizationCustomRuleMetadata"].get("InputParameters", "{}")
        yield name, json.loads(template.resolved(given))
    for name, properties in template.of_type("AWS::Lambda::Function"):
        variables = properties.get("Environment", {}).get("Variables", {})
        # Of the runbook's function and of the hook's.
        for variable in ("TRAILSEAL_RULE_PARAMETERS", "TRAILSEAL_PARAMETERS"):
            if variable in variables:
                yield name, json.loads(template.resolved(variables[variable]))


def packs(template):
    """The conformance packs that a template contains as text."""
    for kind in ("AWS::Config::ConformancePack", "AWS::Config::OrganizationConformancePack"):
        for name, properties in template.of_type(kind):
            given = properties.get("ConformancePackInputParameters", [])
            given = {one["ParameterName"]: template.resolved(one["ParameterValue"]) for one in given}
            yield name, Template(template.resolved(properties["TemplateBody"]), given)


def read(path, profile):
    """The rule's parameters in one file; the profile is added to a pack without a parameter for it."""
    text = path.read_text()
    has_profile = "Profile" in yaml.load(text, Loader).get("Parameters", {})
    template = Template(text, {"Profile": profile} if has_profile else {})
    found = {f"{path.name} {name}": given for name, given in rules(template, path.parent.name == "packs")}
    for pack, inner in packs(template):
        found |= {f"{path.name} {pack} {name}": given for name, given in rules(inner, True)}
    for name, properties in template.of_type("AWS::CloudFormation::StackSet"):
        given = {one["ParameterKey"]: template.resolved(one["ParameterValue"]) for one in properties["Parameters"]}
        of_hook = "hook" in path.name
        deployed = path.parent / ("trailseal-hook.yaml" if of_hook else "trailseal-account.yaml")
        deployed = Template(deployed.read_text(), given)
        found |= {f"{path.name} {name} {rule}": one for rule, one in rules(deployed, False)}
    if not has_profile:
        found = {name: given | {"profile": profile} for name, given in found.items()}
    return found


def main():
    """Prints the parameters of all files."""
    folder, profile = pathlib.Path(sys.argv[1]), sys.argv[2]
    found = {}
    for path in sorted([*folder.glob("templates/*.yaml"), *folder.glob("packs/*.yaml")]):
        found |= read(path, profile)
    json.dump(found, sys.stdout)


main()
