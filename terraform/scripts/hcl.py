"""Writes and reads the little of Terraform's language that generated files need."""

import json
import re
from dataclasses import dataclass

# The default of a variable that has none.
REQUIRED = object()


def snake_case(name):
    """`allowedKmsKeyArns` and `CodeKey` as Terraform writes names."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def text(value):
    """A quoted text; without `${` and `%{`, which would begin an expression."""
    return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")


@dataclass(frozen=True)
class Variable:
    """A variable of a module for a parameter that is text elsewhere."""

    name: str
    about: str
    kind: str
    # As text; None if nothing is passed by default, REQUIRED if there is no default.
    default: object
    # What a wrong value should have been.
    expected: str
    choices: list | None = None
    pattern: str | None = None
    bounds: tuple | None = None

    @property
    def value(self):
        """The variable in an expression."""
        return f"var.{self.name}"

    def text(self, none="null"):
        """The expression for the parameter's text, and `none` if nothing is passed."""
        if self.kind == "list(string)":
            return f'length({self.value}) == 0 ? {none} : join(",", {self.value})'
        return self.value if self.kind == "string" else f"tostring({self.value})"

    def block(self):
        """The block of the variable."""
        lines = [f"variable {text(self.name)} {{", f"  description = {text(self.about)}"]
        lines.append(f"  type = {self.kind}")
        if self.default is not REQUIRED:
            lines.append(f"  default = {self._default()}")
        if self._default() != "null":
            lines.append("  nullable = false")
        check = self._check()
        if check is not None:
            lines += ["", "  validation {", f"    condition = {check}"]
            lines += [f"    error_message = {text(f'{self.name} must be {self.expected}.')}", "  }"]
        return "\n".join([*_aligned(lines), "}"])

    def _default(self):
        if self.kind == "list(string)":
            return "[]"
        if self.default is None or self.default is REQUIRED:
            return "null" if self.default is None else ""
        return text(self.default) if self.kind == "string" else self.default

    def _check(self):
        if self.kind == "bool":
            return None
        if self.choices:
            choices = ", ".join(map(text, self.choices) if self.kind == "string" else self.choices)
            return f"contains([{choices}], {self.value})"
        if self.bounds:
            return f"{self.value} >= {self.bounds[0]} && {self.value} <= {self.bounds[1]}"
        if self.kind == "list(string)":
            joined = f'join(",", {self.value})'
            return f"length({self.value}) == 0 || {_matches(self.pattern, joined)}"
        if self.default is None:
            return f"{self.value} == null || {_matches(self.pattern, f'tostring({self.value})')}"
        return _matches(self.pattern, self.value)


def local(name, about, values):
    """A local value with members."""
    members = _aligned([f"    {member} = {value}" for member, value in values])
    return "\n".join(["locals {", f"  # {about}", f"  {name} = {{", *members, "  }", "}"])


def file(source, blocks):
    """A generated file."""
    heading = f"# Generated from {source} by terraform/scripts/generate.py; do not edit."
    return "\n\n".join([heading, *blocks]) + "\n"


def variables(source):
    """The description, type and default of each variable of a module, as its files have them."""
    for name, body in re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', source, re.M | re.S):
        yield name, _argument(body, "description"), _argument(body, "type"), _argument(body, "default")


def outputs(source):
    """The description of each output of a module."""
    for name, body in re.findall(r'^output "(\w+)" \{\n(.*?)^\}', source, re.M | re.S):
        yield name, _argument(body, "description")


def _matches(pattern, value):
    """The condition that a pattern matches a value; Terraform repeats at most 1,000 times."""
    any_text = re.fullmatch(r"\^\.\{0,(\d+)\}\$", pattern)
    if any_text:
        return f"length({value}) <= {any_text[1]}"
    return f"can(regex({text(pattern)}, {value}))"


def _argument(body, name):
    found = re.search(rf"^  {name} += (.*)$", body, re.M)
    return found[1] if found else None


def _aligned(lines):
    """Aligns the equals signs of neighbouring lines, as `terraform fmt` does."""
    result, group = [], []

    def flush():
        width = max((len(name) for name, _ in group), default=0)
        result.extend(f"{name:<{width}} = {value}" for name, value in group)
        group.clear()

    for line in lines:
        name, equals, value = line.partition(" = ")
        if equals and not name.strip().startswith("variable"):
            group.append((name, value))
        else:
            flush()
            result.append(line)
    flush()
    return result
