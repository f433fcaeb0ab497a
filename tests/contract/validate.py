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

import json
import re
import sys
import xml.etree.ElementTree as ElementTree

import botocore
import botocore.session

from mistakes import planted
from served import (
    COMMON_ERRORS,
    HEADERS_ONLY,
    LOOSER,
    NOT_BROKEN,
    NOT_SERVED,
    OPERATIONS,
    S3_STATUSES,
    STRICTER,
    UNREADABLE,
    is_served,
)
from shapes import breaches, constraints, from_xml, of_header

BOTOCORE_VERSION = "1.44.5"


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
