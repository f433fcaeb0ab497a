"""Reads the plain templates, and resolves what their parameters decide."""

import re
from pathlib import Path

import yaml

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


class Loader(yaml.SafeLoader):
    """Reads the short forms of the intrinsic functions."""


def long_form(loader, suffix, node):
    """`!Ref x` as `{"Ref": "x"}`, and so on."""
    name = suffix if suffix == "Ref" else f"Fn::{suffix}"
    value = loader.construct_scalar(node)
    return {name: value.split(".") if suffix == "GetAtt" else value}


Loader.add_multi_constructor("!", long_form)


def read(name):
    """A template as an object."""
    return yaml.load((TEMPLATES / f"trailseal-{name}.yaml").read_text(), Loader)


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
        separator, text = value["Fn::Split"]
        return resolve(text, template, given).split(separator)
    if "Fn::Equals" in value:
        one, other = resolve(value["Fn::Equals"], template, given)
        return one == other
    if "Fn::Not" in value:
        return not resolve(value["Fn::Not"], template, given)[0]
    if "Fn::And" in value:
        return all(resolve(value["Fn::And"], template, given))
    if "Fn::Or" in value:
        return any(resolve(value["Fn::Or"], template, given))
    if "Fn::If" in value:
        condition, then, otherwise = value["Fn::If"]
        holds = resolve(template["Conditions"][condition], template, given)
        return resolve(then if holds else otherwise, template, given)
    found = {key: resolve(member, template, given) for key, member in value.items()}
    return {key: member for key, member in found.items() if member is not None}


def defaults(template):
    """The default values of parameters."""
    return {name: entry.get("Default") for name, entry in template["Parameters"].items()}
