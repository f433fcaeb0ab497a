"""Mistakes that the checks must find."""

import copy
import json


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
