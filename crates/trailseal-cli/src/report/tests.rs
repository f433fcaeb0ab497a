use serde_json::{Map, Value, json};
use trailseal_rule::{Parameters, Timestamp};

use super::*;
use crate::inventory::{EventParameters, Inventory, Role, ScanOptions};
use crate::scan::Document;

const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd";

/// The keywords of JSON Schema that the report's schema uses; any other is an error, so that
/// nothing in the schema goes unchecked.
fn faults(schema: &Value, root: &Value, value: &Value, path: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for (keyword, rule) in schema.as_object().unwrap() {
        let is_kept = match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" => true,
            "$ref" => {
                let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                let named = &root["$defs"][name];
                assert!(named.is_object(), "no definition of {name}");
                faults.extend(self::faults(named, root, value, path));
                true
            }
            "type" => match rule.as_array() {
                Some(kinds) => kinds.iter().any(|kind| is_of(value, kind)),
                None => is_of(value, rule),
            },
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "minimum" => value.as_i64() >= rule.as_i64(),
            "pattern" => has_form(value.as_str().unwrap(), rule.as_str().unwrap()),
            "anyOf" => rule
                .as_array()
                .unwrap()
                .iter()
                .any(|one| self::faults(one, root, value, path).is_empty()),
            "required" => rule
                .as_array()
                .unwrap()
                .iter()
                .all(|name| value.get(name.as_str().unwrap()).is_some()),
            "properties" => {
                for (name, one) in rule.as_object().unwrap() {
                    if let Some(member) = value.get(name) {
                        faults.extend(self::faults(one, root, member, &format!("{path}.{name}")));
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = schema.get("properties").and_then(Value::as_object);
                let others = value.as_object().into_iter().flatten();
                let mut others =
                    others.filter(|(name, _)| known.is_none_or(|known| !known.contains_key(*name)));
                if *rule == Value::Bool(false) {
                    others.next().is_none()
                } else {
                    others.all(|(_, member)| self::faults(rule, root, member, path).is_empty())
                }
            }
            "items" => {
                for (index, member) in value.as_array().into_iter().flatten().enumerate() {
                    faults.extend(self::faults(rule, root, member, &format!("{path}[{index}]")));
                }
                true
            }
            other => panic!("the test does not know the keyword {other}"),
        };
        if !is_kept {
            faults.push(format!("{path}: {keyword} {rule} is not kept by {value}"));
        }
    }
    faults
}

fn is_of(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the test does not know the type {other}"),
    }
}

fn has_form(text: &str, pattern: &str) -> bool {
    match pattern {
        "^[0-9]{12}$" => text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()),
        time if time.starts_with("^[0-9]{4}-") => {
            Timestamp::parse(text).is_ok_and(|parsed| parsed.to_string() == text)
        }
        other => panic!("the test does not know the pattern {other}"),
    }
}

fn trail(name: &str, key: Option<&str>, region: &str, status: &str) -> Value {
    json!({
        "resourceType": "AWS::CloudTrail::Trail", "resourceId": name,
        "accountId": "111122223333", "awsRegion": region, "configurationItemStatus": status,
        "configurationItemCaptureTime": "2026-11-23T10:00:00.000Z",
        "configuration": {
            "trailARN": format!("arn:aws:cloudtrail:eu-central-1:111122223333:trail/{name}"),
            "homeRegion": "eu-central-1", "s3BucketName": "logs", "kmsKeyId": key,
        },
    })
}

fn resources() -> Vec<Value> {
    let key = |id: &str, state: &str| {
        json!({
            "resourceType": "AWS::KMS::Key", "resourceId": id, "accountId": "111122223333",
            "awsRegion": "eu-central-1", "configurationItemStatus": "OK",
            "configurationItemCaptureTime": "2026-11-23T10:00:00.000Z",
            "configuration": {
                "arn": format!("arn:aws:kms:eu-central-1:111122223333:key/{id}"),
                "keyManager": "CUSTOMER", "keyState": state, "keyUsage": "ENCRYPT_DECRYPT",
                "keySpec": "SYMMETRIC_DEFAULT", "origin": "AWS_KMS",
                "deletionDate": if state == "Enabled" { Value::Null } else { json!("2026-12-24T00:00:00.000Z") },
            },
            "supplementaryConfiguration": { "KeyRotationStatus": true, "Policy": "{}" },
        })
    };
    let bucket = json!({
        "resourceType": "AWS::S3::Bucket", "resourceId": "logs", "awsRegion": "eu-central-1",
        "configurationItemStatus": "OK",
    });
    vec![key("1234abcd", "Enabled"), key("5678abcd", "PendingDeletion"), bucket]
}

fn report(parameters: &[(&str, &str)], items: &[Value]) -> Report {
    let mut seen = Inventory::default();
    let options =
        ScanOptions { role: Role::Judged, event_parameters: EventParameters::Own, subject: None };
    for (position, item) in (0..).zip(items) {
        seen.take(Document::Item(item.to_string().as_bytes()), options, 0, position);
    }
    let given: Map<String, Value> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    let parameters = Parameters::parse(&given).unwrap();
    let now = Timestamp::parse("2026-11-23T12:00:00Z").unwrap();
    judge(&seen, &["snapshot.json".to_owned()], &parameters, given, now)
}

fn items() -> Vec<Value> {
    let pending = KEY.replace("1234", "5678");
    let unknown = KEY.replace("1234", "0000");
    let mut items = vec![
        trail("a-shadow", Some(KEY), "us-east-1", "OK"),
        trail("b-gone", None, "eu-central-1", "ResourceDeleted"),
        trail("c-sealed", Some(KEY), "eu-central-1", "OK"),
        trail("d-unverified", Some(&unknown), "eu-central-1", "OK"),
        trail("e-pending", Some(&pending), "eu-central-1", "OK"),
        trail("f-no-key", None, "eu-central-1", "OK"),
        trail("g-alias", Some("alias/aws/cloudtrail"), "eu-central-1", "OK"),
    ];
    items.extend(resources());
    items
}

#[test]
fn what_must_be_mended_comes_first() {
    let report = report(&[], &items());
    let order: Vec<(&str, &str, bool)> = report
        .trails
        .iter()
        .map(|trail| (trail.resource_id.as_str(), trail.compliance.as_str(), trail.unverified))
        .collect();
    assert_eq!(
        order,
        [
            ("e-pending", "NON_COMPLIANT", false),
            ("f-no-key", "NON_COMPLIANT", false),
            ("g-alias", "NON_COMPLIANT", false),
            ("d-unverified", "NON_COMPLIANT", true),
            // Nothing evaluates the trail of this copy.
            ("a-shadow", "NOT_APPLICABLE", false),
            ("c-sealed", "COMPLIANT", false),
            ("b-gone", "NOT_APPLICABLE", false),
        ]
    );
    let Summary { trails, non_compliant, compliant, not_applicable, unverified, .. } =
        report.summary;
    assert_eq!((trails, non_compliant, compliant, not_applicable, unverified), (7, 4, 1, 2, 1));
    assert_eq!((report.summary.not_evaluated, report.complete), (1, false));
}

#[test]
fn a_report_keeps_to_its_schema() {
    let schema: Value = serde_json::from_str(REPORT_SCHEMA).unwrap();
    let mut all = vec![report(&[], &[])];
    for parameters in [[("profile", "cis")], [("profile", "strict")], [("unverified", "COMPLIANT")]]
    {
        let mut report = report(&parameters, &items());
        report.problems.push(Problem { source: "x".to_owned(), message: "y".to_owned() });
        all.push(report);
    }
    for report in all {
        let value = serde_json::to_value(&report).unwrap();
        assert_eq!(faults(&schema, &schema, &value, "report"), Vec::<String>::new());
    }
}

#[test]
fn the_schema_refuses_what_no_report_says() {
    let schema: Value = serde_json::from_str(REPORT_SCHEMA).unwrap();
    let right = serde_json::to_value(report(&[], &items())).unwrap();
    let wrong: [fn(&mut Value); 5] = [
        |report| report["version"] = json!(2),
        |report| report["trails"][0]["compliance"] = json!("INSUFFICIENT_DATA"),
        |report| report["trails"][0]["account"] = json!("1"),
        |report| report["trails"][0]["evidence"]["key"]["reading"] = json!("guessed"),
        |report| report["more"] = json!(true),
    ];
    for (index, change) in wrong.into_iter().enumerate() {
        let mut value = right.clone();
        change(&mut value);
        assert!(!faults(&schema, &schema, &value, "report").is_empty(), "change {index}");
    }
}

#[test]
fn nothing_becomes_compliant_for_want_of_facts() {
    let mut fewer = items();
    fewer.retain(|item| item["resourceType"] == "AWS::CloudTrail::Trail");
    for parameters in [[("profile", "cis")], [("profile", "effective")], [("profile", "strict")]] {
        assert_eq!(report(&parameters, &fewer).summary.compliant, 0);
    }
}

/// A report with evidence, for the tests of others.
pub(crate) fn judged() -> Report {
    report(&[("profile", "strict")], &items())
}
