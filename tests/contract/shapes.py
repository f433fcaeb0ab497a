"""The constraints of a model's shapes, and values of XML and headers as plain data."""

import re

TYPES = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "long": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "timestamp": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "list": lambda value: isinstance(value, list),
    "map": lambda value: isinstance(value, dict),
    "structure": lambda value: isinstance(value, dict),
}


def breaches(shape, value, path=""):
    """Every constraint of the shape that the value violates, as pairs of path and constraint."""
    kind = shape.type_name
    if not TYPES[kind](value):
        return {(path, "type")}
    if kind == "structure":
        return structure_breaches(shape, value, path)
    if kind == "map":
        return set().union(*(breaches(shape.value, each, path + "{}") for each in value.values()))
    found = size_breaches(shape, value, path)
    if kind == "list":
        found.update(*(breaches(shape.member, each, path + "[]") for each in value))
    if kind == "string":
        found |= word_breaches(shape, value, path)
    return found


def structure_breaches(shape, value, path):
    found = set()
    for name, member in value.items():
        at = join(path, name)
        if name not in shape.members:
            found.add((at, "unknown"))
        else:
            found |= breaches(shape.members[name], member, at)
    found |= {(join(path, name), "required") for name in shape.required_members if name not in value}
    return found


def size_breaches(shape, value, path):
    size = value if shape.type_name in ("integer", "long") else None
    if shape.type_name in ("string", "list"):
        size = len(value)
    if size is None:
        return set()
    metadata = shape.metadata
    found = set()
    if "min" in metadata and size < metadata["min"]:
        found.add((path, "min"))
    if "max" in metadata and size > metadata["max"]:
        found.add((path, "max"))
    return found


def word_breaches(shape, value, path):
    found = set()
    if shape.enum and value not in shape.enum:
        found.add((path, "enum"))
    pattern = pattern_of(shape)
    if pattern and not pattern.fullmatch(value):
        found.add((path, "pattern"))
    return found


def pattern_of(shape):
    """The shape's pattern, unless it uses classes that Python does not know."""
    pattern = shape.metadata.get("pattern")
    if not pattern or "\\p{" in pattern or "\\u10000" in pattern:
        return None
    if pattern == "[\\s\\S]*":
        return None  # anything at all
    return re.compile(pattern, re.ASCII)


def join(path, name):
    return f"{path}.{name}" if path else name


def constraints(shape, path="", seen=()):
    """Every constraint that the shape has, with members that a request can name."""
    if shape.name in seen:
        return
    kind = shape.type_name
    if path:
        yield path, "type"
    if kind == "structure":
        for name, member in shape.members.items():
            at = join(path, name)
            if name in shape.required_members:
                yield at, "required"
            yield from constraints(member, at, seen + (shape.name,))
        return
    if kind == "list":
        yield from constraints(shape.member, path + "[]", seen + (shape.name,))
    least = shape.metadata.get("min", 0)
    if least > 0 or (kind == "integer" and "min" in shape.metadata):
        yield path, "min"
    if "max" in shape.metadata:
        yield path, "max"
    if kind == "string" and shape.enum:
        yield path, "enum"
    if kind == "string" and pattern_of(shape):
        yield path, "pattern"


def of_header(value, kind):
    """The value of a header as plain data, or the text itself if it has the wrong form."""
    if kind in ("integer", "long") and re.fullmatch(r"\d+", value):
        return int(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    if kind == "timestamp" and re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", value):
        return 0
    return value


def from_xml(element, shape, namespace):
    """An element of an XML protocol as plain data; unknown elements are kept, so that they are found."""
    kind = shape.type_name
    if kind == "structure":
        names = {member.serialization.get("name", name): name for name, member in shape.members.items()}
        attributes = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
        of_attributes = {
            name: attributes.get(member.serialization["name"].rpartition(":")[2])
            for name, member in shape.members.items()
            if member.serialization.get("xmlAttribute")
        }
        result = {name: value for name, value in of_attributes.items() if value is not None}
        for child in element:
            tag = child.tag.replace(f"{{{namespace}}}", "")
            name = names.get(tag, tag)
            known = shape.members.get(name)
            if known is None:
                result[name] = child.text
            elif known.type_name == "list":
                elements = [child] if known.serialization.get("flattened") else list(child)
                each = [from_xml(one, known.member, namespace) for one in elements]
                result.setdefault(name, []).extend(each)
            else:
                result[name] = from_xml(child, known, namespace)
        return result
    text = element.text or ""
    if kind in ("integer", "long"):
        return int(text) if re.fullmatch(r"-?\d+", text) else text
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if kind == "timestamp":
        # XML has ISO 8601; the type check expects a number.
        return 0 if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", text) else text
    return text
