"""The schema of the AWS provider, read from the published package `@cdktf/provider-aws`.

The package contains a class for each resource and data source of one version of the provider. Each
compiled file ends with a source map, which holds its TypeScript. There, a comment before each
property tells whether it is computed, optional or required, and the values for Terraform's language
tell its type:

    // memory_size - computed: false, optional: true, required: false

The package does not tell which optional blocks are limited to one: a property that refers to a class
`…OutputReference` is, a property that refers to a class `…List` is not.
"""

import base64
import hashlib
import json
import re
import tarfile

import tf.gen.tfplugin_pb2 as pb

PROVIDER_VERSION = "6.25.0"

# The checksum of version 21.22.1 of the package, as in a lock file of npm.
INTEGRITY = (
    "BuSHeaQFUL9l33pBzIMRT7cTQ69AM2mLtijjteCPhVQRmvuhuj9Lvfymf7knAMhYqAT6+Lrls9jiGVW/Us3zrQ=="
)

CLASS = re.compile(r"^export class (\w+)", re.M)
PROPERTY = re.compile(
    r"^  // (\w+) - computed: (true|false), optional: (true|false), required: (true|false)\n(.*\n.*\n.*)",
    re.M,
)
REFERENCE = re.compile(r"= new (\w+?)(OutputReference|List|Map)\(this")
GETTER = re.compile(r"this\.get(\w+)Attribute\(")
ATTRIBUTES = re.compile(
    r"^      (\w+): \{\n        value: .*\n        isBlock: (true|false),\n        type: \"(\w+)\",\n"
    r"        storageClassType: \"(\w+)\",",
    re.M,
)
FUNCTION = re.compile(r"^export function (\w+)ToHclTerraform\(.*?^\}", re.M | re.S)
STRUCT_ATTRIBUTES = re.compile(
    r"^    (\w+): \{\n      value: .*\n      isBlock: (true|false),\n      type: \"(\w+)\",\n"
    r"      storageClassType: \"(\w+)\",",
    re.M,
)

SIMPLE = {"string": "string", "number": "number", "boolean": "bool", "any": "dynamic"}

GETTERS = {
    "String": "string",
    "Number": "number",
    "Boolean": "bool",
    "List": ["list", "string"],
    "StringMap": ["map", "string"],
}


def read_schemas(package, names):
    """The schema of each name that the package has: `provider`, `data-aws-region`, `sqs-queue`."""
    checksum = hashlib.sha512(package.read_bytes()).digest()
    if base64.b64encode(checksum).decode() != INTEGRITY:
        raise ValueError(f"`{package}` is not the expected package; delete it")
    wanted = {f"package/lib/{name}/index.js": name for name in names}
    schemas = {}
    with tarfile.open(package, "r|gz") as archive:
        for member in archive:
            name = wanted.get(member.name)
            if name is not None:
                schemas[name] = _schema(_typescript(archive.extractfile(member).read().decode()))
    return schemas


def _typescript(script):
    source_map = json.loads(base64.b64decode(script.rsplit("base64,", 1)[1]))
    [text] = source_map["sourcesContent"]
    if f"/hashicorp/aws/{PROVIDER_VERSION}/docs" not in text:
        raise ValueError(f"the package is not of version {PROVIDER_VERSION} of the provider")
    return text


def _schema(text):
    source = _Source(text)
    return pb.Schema(version=0, block=source.block(source.resource))


class _Source:
    """The TypeScript of one resource: its classes, and the types of the properties of each."""

    def __init__(self, text):
        starts = list(CLASS.finditer(text))
        ends = [start.start() for start in starts[1:]] + [len(text)]
        self.classes = {start[1]: text[start.start() : end] for start, end in zip(starts, ends)}
        # The last class is the resource itself; those before it are its blocks.
        self.resource = starts[-1][1]
        self.types = {self.resource: _types(ATTRIBUTES, self.classes[self.resource])}
        for function in FUNCTION.finditer(text):
            name = function[1][0].upper() + function[1][1:]
            self.types[name] = _types(STRUCT_ATTRIBUTES, function[0])

    def block(self, name):
        """The schema of the resource, or of one of its blocks."""
        block = pb.Schema.Block()
        for attribute, computed, optional, required, code in self._properties(name):
            is_block, kind, of = self.types.get(name, {}).get(attribute, (False, None, None))
            reference = REFERENCE.search(code)
            if is_block:
                block.block_types.append(
                    self._nested(attribute, required == "true", kind, of, reference)
                )
                continue
            block.attributes.append(
                pb.Schema.Attribute(
                    name=attribute,
                    type=json.dumps(self._type(kind, of, code, reference)).encode(),
                    computed=computed == "true",
                    optional=optional == "true",
                    required=required == "true",
                )
            )
        return block

    def _properties(self, name):
        body = self.classes.get(f"{name}OutputReference", self.classes.get(name))
        if body is not None:
            return PROPERTY.findall(body)
        # A block of the provider itself has no class; the package does not tell what it requires.
        return [(attribute, "false", "true", "false", "") for attribute in self.types[name]]

    def _nested(self, name, required, kind, of, reference):
        modes = pb.Schema.NestedBlock.NestingMode
        mode = {"list": modes.LIST, "set": modes.SET, "struct": modes.SINGLE}[kind]
        is_counted = mode != modes.SINGLE
        is_one = reference is not None and reference[2] == "OutputReference"
        return pb.Schema.NestedBlock(
            type_name=name,
            nesting=mode,
            block=self.block(reference[1] if reference else of.removesuffix("List")),
            min_items=1 if required and is_counted else 0,
            max_items=1 if is_one and is_counted else 0,
        )

    def _type(self, kind, of, code, reference):
        if kind == "simple":
            return SIMPLE[of]
        if reference is not None:
            members = self.block(reference[1]).attributes
            return [kind or "list", ["object", {it.name: json.loads(it.type) for it in members}]]
        if kind is not None:
            element = re.fullmatch(r"(string|number|boolean|any)(?:List|Map)", of)
            return [kind, SIMPLE[element[1]] if element else "dynamic"]
        # A property that is only computed has no value for Terraform's language, but a getter or a map.
        if "= new cdktf.StringMap(this" in code:
            return ["map", "string"]
        return GETTERS.get(GETTER.search(code)[1], "dynamic")


def _types(pattern, text):
    return {name: (block == "true", kind, of) for name, block, kind, of in pattern.findall(text)}
