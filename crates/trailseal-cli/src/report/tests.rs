use jsonschema::Validator;
use serde_json::{Map, Value, json};
use trailseal_rule::{Parameters, Timestamp};

use super::*;
use crate::inventory::{EventParameters, Inventory, Role, ScanOptions};
use crate::scan::Document;

const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd";

fn schema() -> Validator {
    jsonschema::validator_for(&serde_json::from_str(REPORT_SCHEMA).unwrap()).unwrap()
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
        seen.read(Document::Item(item.to_string().as_bytes()), options, 0, position);
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
fn failing_trails_come_first() {
    let report = report(&[], &items());
    let order: Vec<(&str, ComplianceType, bool)> = report
        .trails
        .iter()
        .map(|trail| (trail.resource_id.as_str(), trail.compliance, trail.unverified))
        .collect();
    let (non_compliant, not_applicable) =
        (ComplianceType::NonCompliant, ComplianceType::NotApplicable);
    assert_eq!(
        order,
        [
            ("e-pending", non_compliant, false),
            ("f-no-key", non_compliant, false),
            ("g-alias", non_compliant, false),
            ("d-unverified", non_compliant, true),
            // Nothing in the report evaluates the trail of this copy.
            ("a-shadow", not_applicable, false),
            ("c-sealed", ComplianceType::Compliant, false),
            ("b-gone", not_applicable, false),
        ]
    );
    let Summary { trails, non_compliant, compliant, not_applicable, unverified, .. } =
        report.summary;
    assert_eq!((trails, non_compliant, compliant, not_applicable, unverified), (7, 4, 1, 2, 1));
    assert_eq!((report.summary.not_evaluated, report.complete), (1, false));
}

#[test]
fn a_report_matches_its_schema() {
    let mut all = vec![report(&[], &[])];
    for parameters in [[("profile", "cis")], [("profile", "strict")], [("unverified", "COMPLIANT")]]
    {
        let mut report = report(&parameters, &items());
        report.problems.push(Problem { source: "x".to_owned(), message: "y".to_owned() });
        all.push(report);
    }
    for report in all {
        schema().validate(&serde_json::to_value(&report).unwrap()).unwrap();
    }
}

#[test]
fn the_schema_refuses_invalid_reports() {
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
        assert!(!schema().is_valid(&value), "change {index}");
    }
}

#[test]
fn nothing_is_compliant_without_facts() {
    let mut fewer = items();
    fewer.retain(|item| item["resourceType"] == "AWS::CloudTrail::Trail");
    for parameters in [[("profile", "cis")], [("profile", "effective")], [("profile", "strict")]] {
        assert_eq!(report(&parameters, &fewer).summary.compliant, 0);
    }
}

/// A report with evidence, for the tests of other modules.
pub(crate) fn judged() -> Report {
    report(&[("profile", "strict")], &items())
}
