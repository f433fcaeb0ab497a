#!/usr/bin/env python3
"""Checks the lab against AWS's own service models, as botocore ships them.

Usage: validate.py TRANSCRIPT.jsonl     (made by `trailseal-lab --transcript TRANSCRIPT.jsonl`)

What is checked:

1. the model permits every request that the lab accepted;
2. every response has only members of the model, of the right type, length, range and value, and
   all members that the model requires;
3. every error code is modeled for its operation, or is one of the few that AWS returns without
   modeling them (COMMON_ERRORS);
4. every request that violates a constraint on purpose also violates the model (or is listed in
   STRICTER), and the lab rejected it;
5. conversely, some request violates each constraint of the models (or it is listed in
   NOT_SERVED), and the lab knows every member of the models;
6. no operation is missing;
7. this script finds planted mistakes (a self-test that runs every time).

Needs botocore 1.44.5 and nothing else.
"""

import copy
import json
import re
import sys
import xml.etree.ElementTree as ElementTree

import botocore
import botocore.session

BOTOCORE_VERSION = "1.44.5"

OPERATIONS = {
    "config": [
        "PutEvaluations",
        "DescribeConfigRules",
        "GetResourceConfigHistory",
        "ListDiscoveredResources",
        "GetComplianceDetailsByConfigRule",
        "SelectAggregateResourceConfig",
        "BatchGetResourceConfig",
    ],
    "cloudtrail": [
        "DescribeTrails",
        "GetTrail",
        "GetTrailStatus",
        "GetEventSelectors",
        "UpdateTrail",
        "ListTags",
    ],
    "kms": [
        "DescribeKey",
        "GetKeyPolicy",
        "GetKeyRotationStatus",
        "PutKeyPolicy",
        "CreateKey",
        "CreateAlias",
        "EnableKeyRotation",
        "EnableKey",
        "DisableKey",
        "CancelKeyDeletion",
        "ListKeys",
        "ListResourceTags",
    ],
    "sts": ["AssumeRole", "GetCallerIdentity"],
    "s3": [
        "HeadBucket",
        "ListObjectsV2",
        "ListObjectVersions",
        "HeadObject",
        "GetObject",
        "GetBucketMetadataConfiguration",
        "GetBucketAcl",
        "GetBucketOwnershipControls",
    ],
    "organizations": ["ListAccounts"],
    "account": ["ListRegions"],
    "securityhub": ["BatchImportFindings", "GetFindings"],
}

# Errors that AWS returns for any operation without modeling them ("Common Error Types" of each
# service's API Reference, and errors observed from the services).
COMMON_JSON_ERRORS = {
    "AccessDeniedException",
    "ExpiredTokenException",
    "InternalFailure",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "SerializationException",
    "ServiceUnavailable",
    "ThrottlingException",
    "UnknownOperationException",
    "UnrecognizedClientException",
    "ValidationException",
}
COMMON_ERRORS = {
    "config": COMMON_JSON_ERRORS,
    "cloudtrail": COMMON_JSON_ERRORS,
    "kms": COMMON_JSON_ERRORS,
    "organizations": COMMON_JSON_ERRORS,
    "account": COMMON_JSON_ERRORS,
    "securityhub": COMMON_JSON_ERRORS,
    "sts": {
        "AccessDenied",
        "ExpiredToken",
        "InternalFailure",
        "InvalidAction",
        "InvalidClientTokenId",
        "MissingAuthenticationToken",
        "ServiceUnavailable",
        "SignatureDoesNotMatch",
        "Throttling",
        "ValidationError",
    },
    # Amazon S3 API Reference, "Error responses".
    "s3": {
        "AccessDenied",
        "ExpiredToken",
        "InternalError",
        "InvalidAccessKeyId",
        "InvalidArgument",
        "InvalidBucketName",
        "InvalidRequest",
        "InvalidURI",
        "MetadataConfigurationNotFound",
        "MethodNotAllowed",
        "NoSuchBucket",
        "NoSuchVersion",
        "NotImplemented",
        "OwnershipControlsNotFoundError",
        "PermanentRedirect",
        "PreconditionFailed",
        "RequestTimeTooSkewed",
        "ServiceUnavailable",
        "SignatureDoesNotMatch",
        "SlowDown",
    },
}

# The statuses that S3 documents (Amazon S3 API Reference, HeadBucket, HeadObject and "Error
# responses"); a response to HEAD has nothing else.
S3_STATUSES = {200, 206, 301, 400, 403, 404, 405, 412, 416, 500, 501, 503}

# Operations whose response is headers, and a body that is not a document.
HEADERS_ONLY = {"HeadBucket", "HeadObject", "GetObject"}

# A path without a key asks for another operation.
NOT_BROKEN = {("HeadObject", "Key"), ("GetObject", "Key")}

# Constraints of the lab that the model does not have, each with the reason.
STRICTER = {
    # "You can specify ... up to 20 resource IDs" (API Reference, ListDiscoveredResources).
    ("ListDiscoveredResources", "resourceIds", "max"),
    # "Provided max-keys not an integer or within integer range" (S3's error InvalidArgument).
    ("ListObjectsV2", "MaxKeys", "min"),
    ("ListObjectsV2", "MaxKeys", "max"),
    ("ListObjectVersions", "MaxKeys", "min"),
    ("ListObjectVersions", "MaxKeys", "max"),
}

# Values that S3 returns although the model lacks them: an archived version has its own class.
LOOSER = {("Versions[].StorageClass", "enum")}

# Members of the model that the lab rejects, because the function does not use them.
NOT_SERVED = {
    ("AssumeRole", member)
    for member in (
        "Policy",
        "PolicyArns",
        "ProvidedContexts",
        "SerialNumber",
        "Tags",
        "TokenCode",
        "TransitiveTagKeys",
    )
}

# Members that Trailseal never sends: it changes only the key of a trail, and creates symmetric
# single-Region keys with material from KMS.
NOT_SERVED |= {
    ("UpdateTrail", member)
    for member in (
        "S3BucketName",
        "S3KeyPrefix",
        "SnsTopicName",
        "IncludeGlobalServiceEvents",
        "IsMultiRegionTrail",
        "EnableLogFileValidation",
        "CloudWatchLogsLogGroupArn",
        "CloudWatchLogsRoleArn",
        "IsOrganizationTrail",
        "RecursiveLogging",
    )
}
NOT_SERVED |= {
    ("CreateKey", member)
    for member in (
        "KeyUsage",
        "CustomerMasterKeySpec",
        "KeySpec",
        "Origin",
        "CustomKeyStoreId",
        "MultiRegion",
        "XksKeyId",
    )
}
NOT_SERVED.add(("ListKeys", "ResourceOwners"))
NOT_SERVED |= {("DescribeConfigRules", "Filters"), ("GetFindings", "SortCriteria")}
NOT_SERVED |= {
    (operation, member)
    for operation in ("HeadObject", "GetObject")
    for member in (
        "IfModifiedSince",
        "IfNoneMatch",
        "IfUnmodifiedSince",
        "PartNumber",
        "ResponseCacheControl",
        "ResponseContentDisposition",
        "ResponseContentEncoding",
        "ResponseContentLanguage",
        "ResponseContentType",
        "ResponseExpires",
    )
}

# The members of structures with many members that the lab serves: those of our findings. It rejects
# the others.
PARTLY_SERVED = {
    "BatchImportFindings": {
        "Findings[]": {
            "SchemaVersion",
            "Id",
            "ProductArn",
            "GeneratorId",
            "AwsAccountId",
            "CreatedAt",
            "UpdatedAt",
            "Title",
            "Description",
            "Remediation",
            "ProductFields",
            "Resources",
            "Compliance",
            "RecordState",
            "FindingProviderFields",
        },
        "Findings[].Remediation.Recommendation": {"Text"},
        "Findings[].Resources[]": {"Type", "Id", "Partition", "Region", "Details"},
        "Findings[].Resources[].Details": {"AwsCloudTrailTrail"},
        "Findings[].Resources[].Details.AwsCloudTrailTrail": {
            "HomeRegion",
            "KmsKeyId",
            "Name",
            "S3BucketName",
            "TrailArn",
        },
        "Findings[].Compliance": {"Status", "RelatedRequirements", "StatusReasons"},
        "Findings[].FindingProviderFields": {"Severity", "Types"},
        "Findings[].FindingProviderFields.Severity": {"Label"},
    },
    "GetFindings": {
        "Filters": {"ProductArn", "AwsAccountId", "GeneratorId", "RecordState"},
    },
}

# How the lab refuses a request with a member that it does not know.
UNREADABLE = {"SerializationException", "InvalidURI"}

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


class Checker:
    def __init__(self):
        session = botocore.session.get_session()
        self.models = {name: session.get_service_model(name) for name in OPERATIONS}
        self.faults = []

    def model(self, exchange):
        return self.models[exchange["service"]].operation_model(exchange["operation"])

    def fault(self, exchange, words):
        self.faults.append(f"{exchange['operation']}, {exchange['case']}: {words}")

    def check(self, exchange):
        if exchange["operation"] == "HeadBucket":
            self.check_headers(exchange)
            return
        self.check_request(exchange)
        if exchange["operation"] in HEADERS_ONLY and exchange["status"] == 200:
            self.check_headers(exchange)
            return
        if exchange["operation"] == "HeadObject":
            self.check_headers(exchange)
            return
        if exchange["status"] == 200:
            self.check_result(exchange)
        else:
            self.check_error(exchange)

    def check_request(self, exchange):
        shape = self.model(exchange).input_shape
        found = breaches(shape, exchange["request"]) if shape else set()
        broken = exchange["breaks"]
        if broken:
            pair = (broken["path"], broken["constraint"])
            stricter = (exchange["operation"], *pair) in STRICTER
            if pair not in found and not stricter:
                self.fault(exchange, "the model permits what the lab rejects")
            if exchange["status"] == 200:
                self.fault(exchange, "the lab accepts what it should reject")
        elif exchange["status"] == 200 and found:
            self.fault(exchange, f"the lab accepts a request that violates {sorted(found)}")

    def check_result(self, exchange):
        model = self.model(exchange)
        if exchange["service"] == "sts":
            result = self.xml_result(exchange, model)
        elif exchange["service"] == "s3":
            result = self.s3_result(exchange, model)
        else:
            result = json.loads(exchange["body"])
        if model.output_shape is None:
            if result:
                self.fault(exchange, "a response body where the model has none")
            return
        for path, constraint in sorted(breaches(model.output_shape, result) - LOOSER):
            self.fault(exchange, f"the response violates {constraint} of `{path}`")
        if exchange["error"]:
            self.fault(exchange, "an error with status 200")

    def xml_result(self, exchange, model):
        root = ElementTree.fromstring(exchange["body"])
        namespace = self.models["sts"].metadata["xmlNamespace"]
        name = exchange["operation"]
        if root.tag != f"{{{namespace}}}{name}Response":
            self.fault(exchange, f"the root element is `{root.tag}`")
        wrapper = root.find(f"{{{namespace}}}{model.output_shape.serialization['resultWrapper']}")
        if wrapper is None or root.find(f".//{{{namespace}}}RequestId") is None:
            self.fault(exchange, "no result element or no request id")
            return {}
        return from_xml(wrapper, model.output_shape, namespace)

    def s3_result(self, exchange, model):
        namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
        root = ElementTree.fromstring(exchange["body"])
        if not root.tag.startswith(f"{{{namespace}}}"):
            self.fault(exchange, f"the root element is `{root.tag}`")
        shape = model.output_shape
        payload = shape.serialization.get("payload")
        if payload:
            result = {payload: from_xml(root, shape.members[payload], namespace)}
        else:
            result = from_xml(root, shape, namespace)
        return result

    def check_error(self, exchange):
        service, code = exchange["service"], exchange["error"]
        modelled = {
            shape.metadata.get("error", {}).get("code", shape.name)
            for shape in self.model(exchange).error_shapes
        }
        if code not in modelled | COMMON_ERRORS[service]:
            self.fault(exchange, f"`{code}` is neither modeled nor common")
        if service in ("sts", "s3"):
            written = ElementTree.fromstring(exchange["body"]).findtext(
                ".//{*}Code"
            )
        elif service in ("account", "securityhub"):
            written = exchange["headers"].get("x-amzn-errortype")
        else:
            written = json.loads(exchange["body"]).get("__type")
        if written != code:
            self.fault(exchange, f"the body has `{written}`, the record `{code}`")
        header = "x-amz-request-id" if service == "s3" else "x-amzn-requestid"
        if not exchange["headers"].get(header):
            self.fault(exchange, "no request id")

    def check_headers(self, exchange):
        if exchange["status"] not in S3_STATUSES:
            self.fault(exchange, f"S3 does not answer {exchange['status']}")
        if exchange["operation"] != "GetObject" and exchange["body"]:
            self.fault(exchange, "a response to HEAD has a body")
        if exchange["status"] == 200 and exchange["error"]:
            self.fault(exchange, "an error with status 200")
        members = self.model(exchange).output_shape.members.values()
        known = {member.serialization["name"].lower(): member
                 for member in members if "name" in member.serialization}
        for name, value in exchange["headers"].items():
            if name in ("x-amz-request-id", "x-amz-bucket-region", "date"):
                continue
            if exchange["operation"] == "HeadBucket" and name == "content-type":
                continue
            if name not in known:
                self.fault(exchange, f"the model has no header `{name}`")
            elif breaches(known[name], of_header(value, known[name].type_name)):
                self.fault(exchange, f"the header `{name}` is wrong: `{value}`")
        if exchange["operation"] == "HeadBucket":
            if exchange["status"] in (200, 301) and "x-amz-bucket-region" not in exchange["headers"]:
                self.fault(exchange, "the bucket's Region is missing")
        elif exchange["status"] in (200, 206):
            for name in ("etag", "last-modified"):
                if name not in exchange["headers"]:
                    self.fault(exchange, f"the header `{name}` is missing")

    def check_completeness(self, exchanges):
        for service, names in OPERATIONS.items():
            for name in names:
                own = [each for each in exchanges if each["operation"] == name]
                if not any(each["status"] == 200 for each in own):
                    self.faults.append(f"{name}: no request succeeded")
                if name != "HeadBucket":
                    self.check_constraints(service, name, own)

    def check_constraints(self, service, name, own):
        shape = self.models[service].operation_model(name).input_shape
        if shape is None:
            return
        broken = {
            (each["breaks"]["path"], each["breaks"]["constraint"]) for each in own if each["breaks"]
        }
        for path, constraint in constraints(shape):
            member = re.split(r"[.\[]", path)[0]
            if (name, member) in NOT_SERVED or not is_served(name, path):
                continue
            if service in ("sts", "s3") and constraint == "type":
                continue  # forms, paths and headers have nothing but strings
            if (name, member) in NOT_BROKEN:
                continue
            if (path, constraint) not in broken:
                self.faults.append(f"{name}: no request violates {constraint} of `{path}`")
        for member in shape.members:
            known = any(
                member in each["request"] and each["error"] not in UNREADABLE
                for each in own
                if not each["breaks"]
            )
            if not known:
                self.faults.append(f"{name}: no request has a member `{member}`")


def is_served(operation, path):
    """Whether the lab serves the member of a structure of which it serves some members."""
    for structure, members in PARTLY_SERVED.get(operation, {}).items():
        rest = path.removeprefix(structure + ".")
        if rest != path and re.split(r"[.\[]", rest)[0] not in members:
            return False
    return True


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


def planted(exchanges):
    """Exchanges with one mistake each, all of which must be found."""
    for exchange in exchanges:
        if exchange["service"] in ("s3", "sts") or exchange["status"] != 200:
            continue
        body = json.loads(exchange["body"])
        if not body:
            continue
        for name in list(body):
            renamed = {("x" + key if key == name else key): body[key] for key in body}
            yield changed(exchange, body=json.dumps(renamed))
            yield changed(exchange, body=json.dumps(body | {name: [[7]]}))
        yield changed(exchange, request=exchange["request"] | {"Planted": 1})
    fine = next(each for each in exchanges if each["case"] == "fine")
    long = copy.deepcopy(fine["request"])
    long["Evaluations"][0]["Annotation"] = "x" * 257
    yield changed(fine, request=long)
    less = {name: value for name, value in fine["request"].items() if name != "ResultToken"}
    yield changed(fine, request=less)
    refused = next(each for each in exchanges if each["error"] and each["service"] == "kms")
    odd = refused["body"].replace(refused["error"], "OddException")
    yield changed(refused, error="OddException", body=odd)
    assumed = next(each for each in exchanges if each["operation"] == "AssumeRole")
    yield changed(assumed, body=assumed["body"].replace("SessionToken", "Token"))
    yield changed(assumed, body=assumed["body"].replace("<Expiration>", "<Expiration>soon "))
    for operation in ("HeadBucket", "HeadObject", "GetObject"):
        head = next(each for each in exchanges if each["operation"] == operation)
        yield changed(head, headers=head["headers"] | {"x-amz-odd": "1"})
    yield changed(head, headers=head["headers"] | {"last-modified": "yesterday"})
    yield changed(head, headers=head["headers"] | {"x-amz-storage-class": "ODD"})
    listed = next(each for each in exchanges if each["operation"] == "ListObjectsV2")
    for right, wrong in (("<Size>", "<Size>x"), ("ETag>", "Etag>"), ("<LastModified>", "<LastModified>soon")):
        yield changed(listed, body=listed["body"].replace(right, wrong))
    broken = next(each for each in exchanges if each["breaks"])
    yield changed(broken, status=200, error=None, body="{}")


def changed(exchange, **members):
    return copy.deepcopy(exchange) | members


def self_test(exchanges):
    number = 0
    faults = []
    for exchange in planted(exchanges):
        checker = Checker.__new__(Checker)
        checker.models, checker.faults = MODELS.models, []
        checker.check(exchange)
        number += 1
        if not checker.faults:
            faults.append(f"self-test: a planted mistake was not found in {exchange['operation']}")
    return number, faults


MODELS = Checker()


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    if botocore.__version__ != BOTOCORE_VERSION:
        print(f"botocore is {botocore.__version__}, not {BOTOCORE_VERSION}", file=sys.stderr)
        return 2
    with open(sys.argv[1], encoding="utf-8") as file:
        exchanges = [json.loads(line) for line in file]
    checker = MODELS
    for exchange in exchanges:
        checker.check(exchange)
    checker.check_completeness(exchanges)
    number, faults = self_test(exchanges)
    faults = checker.faults + faults
    for fault in faults:
        print(fault)
    refused = sum(1 for each in exchanges if each["breaks"])
    print(
        f"{len(exchanges)} exchanges, {refused} of them break a constraint; "
        f"{number} planted mistakes; {len(faults)} faults"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
