use std::collections::BTreeSet;

use jsonschema::Validator;
use serde_json::{Value, json};
use trailseal_rule::ComplianceType;

use super::xsd::Xsd;
use super::{check, full, hostile, json, report, trail, written};
use crate::output::Format;
use crate::report::{CheckOutcome, Report, TrailReport};

const SARIF: &str = include_str!("../../../tests/schemas/sarif-schema-2.1.0.json");
const OCSF: &str = include_str!("../../../tests/schemas/ocsf-compliance-finding-1.6.0.json");
const ASFF: &str = include_str!("../../../tests/schemas/asff-batch-import-findings.json");
const JUNIT: &str = include_str!("../../../tests/schemas/junit-10.xsd");

fn validator(schema: &str) -> Validator {
    // SARIF's own schema has a pattern that is no regular expression; nothing here is held by it.
    let schema = schema.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}?$");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

fn faults(validator: &Validator, value: &Value) -> Vec<String> {
    let told = validator.iter_errors(value);
    told.map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn reports() -> [Report; 3] {
    [report(Vec::new()), full(), hostile()]
}

fn pointed<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or_else(|| panic!("nothing at {pointer} of {value}"))
}

#[test]
fn sarif_keeps_to_its_schema() {
    let validator = validator(SARIF);
    for report in reports() {
        let log = json(&report, Format::Sarif);
        assert_eq!(faults(&validator, &log), [""; 0]);
        for result in pointed(&log, "/runs/0/results").as_array().unwrap() {
            let uri = pointed(result, "/locations/0/physicalLocation/artifactLocation/uri");
            assert!(uri.is_string());
            let index = result["ruleIndex"].as_u64().unwrap();
            let rule = pointed(&log, &format!("/runs/0/tool/driver/rules/{index}"));
            assert_eq!(rule["id"], result["ruleId"]);
        }
    }
    let mut wrong = json(&full(), Format::Sarif);
    wrong["runs"][0]["results"][0]["level"] = json!("bad");
    assert_eq!(faults(&validator, &wrong).len(), 1);
}

#[test]
fn sarif_tells_what_did_not_pass_and_where() {
    let live = full();
    let mut read = full();
    read.accounts.clear();
    let of = |report: &Report, pointer: &str| -> Vec<String> {
        let log = json(report, Format::Sarif);
        let results = pointed(&log, "/runs/0/results").as_array().unwrap().clone();
        let told =
            results.iter().map(|result| pointed(result, pointer).as_str().unwrap().to_owned());
        told.collect()
    };
    let uri = "/locations/0/physicalLocation/artifactLocation/uri";
    assert_eq!(of(&read, uri), ["snapshot.json"; 5]);
    assert_eq!(
        of(&live, uri),
        [
            "aws/111122223333/eu-central-1/cloudtrail/broken",
            "aws/111122223333/eu-central-1/cloudtrail/broken",
            "aws/111122223333/cn-north-1/cloudtrail/org",
            "aws/111122223333/eu-central-1/cloudtrail/unverified",
            "aws/111122223333/eu-central-1/cloudtrail/unverified",
        ]
    );
    assert_eq!(of(&live, "/level"), ["error", "warning", "error", "warning", "note"]);
    assert_eq!(of(&live, "/ruleId")[2], "of-a-later-version");
    let prints = of(&live, "/partialFingerprints/primaryLocationLineHash");
    assert_eq!(prints, of(&read, "/partialFingerprints/primaryLocationLineHash"));
    let different: BTreeSet<&String> = prints.iter().collect();
    // The trail that was waved through goes by the ARN of the one that was not.
    assert_eq!(different.len(), 4);
    let log = json(&live, Format::Sarif);
    let invocation = pointed(&log, "/runs/0/invocations/0");
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(pointed(invocation, "/toolExecutionNotifications/0/message/text"), "is cut");
    for rule in pointed(&log, "/runs/0/tool/driver/rules").as_array().unwrap() {
        let help = pointed(rule, "/help/text").as_str().unwrap();
        assert!(help.contains("CIS AWS Foundations Benchmark v3.0, v4.0, v5.0 3.5"), "{help}");
    }
}

#[test]
fn sarif_tells_of_an_account_that_has_no_trail_and_should() {
    let without = TrailReport {
        resource_id: "111122223333".to_owned(),
        arn: None,
        annotation: "no trail is visible in eu-central-1".to_owned(),
        checks: Vec::new(),
        ..trail("none")
    };
    let mut report = report(vec![without.clone(), trail("broken")]);
    report.accounts = full().accounts;
    let log = json(&report, Format::Sarif);
    assert_eq!(faults(&validator(SARIF), &log), [""; 0]);
    let result = pointed(&log, "/runs/0/results/0");
    assert_eq!((&result["ruleId"], &result["level"]), (&json!("no-trail"), &json!("error")));
    assert_eq!(result["message"]["text"], without.annotation);
    let uri = pointed(result, "/locations/0/physicalLocation/artifactLocation/uri");
    assert_eq!(uri, "aws/111122223333/eu-central-1");
    let index = &result["ruleIndex"];
    assert_eq!(pointed(&log, &format!("/runs/0/tool/driver/rules/{index}/id")), "no-trail");

    let allowed = TrailReport { compliance: ComplianceType::NotApplicable, ..without };
    report.trails = vec![allowed, trail("broken")];
    let log = json(&report, Format::Sarif);
    let told = pointed(&log, "/runs/0/results").as_array().unwrap();
    assert!(told.iter().all(|result| result["ruleId"] != "no-trail"), "{told:?}");
}

#[test]
fn paths_become_uris() {
    let uri = |source: &str| {
        let report = report(vec![TrailReport { source: source.to_owned(), ..trail("t") }]);
        let log = json(&report, Format::Sarif);
        let place = "/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri";
        pointed(&log, place).as_str().unwrap().to_owned()
    };
    assert_eq!(uri("a b/ü:%.json"), "a%20b/%C3%BC%3A%25.json");
    assert_eq!(uri("/tmp/x.json"), "file:///tmp/x.json");
    assert_eq!(uri("(standard input)"), "%28standard%20input%29");
}

#[test]
fn ocsf_keeps_to_its_schema() {
    let validator = validator(OCSF);
    for report in reports() {
        let events = json(&report, Format::Ocsf);
        let events = events.as_array().unwrap();
        assert_eq!(events.len(), report.trails.len());
        for event in events {
            assert_eq!(faults(&validator, event), [""; 0]);
        }
    }
    let mut wrong = json(&full(), Format::Ocsf)[0].clone();
    wrong["class_uid"] = json!(2004);
    wrong["compliance"]["status_id"] = json!(4);
    assert_eq!(faults(&validator, &wrong).len(), 2);
}

#[test]
fn ocsf_tells_the_verdicts_apart() {
    let events = json(&full(), Format::Ocsf);
    let told: Vec<(u64, u64, u64, u64)> = events
        .as_array()
        .unwrap()
        .iter()
        .map(|event| {
            let number = |pointer: &str| pointed(event, pointer).as_u64().unwrap();
            let of_class = number("/class_uid") * 100 + number("/activity_id");
            assert_eq!(number("/type_uid"), of_class);
            assert_eq!(number("/time"), 1_795_435_200_000);
            let (status, compliance) = (number("/status_id"), number("/compliance/status_id"));
            (number("/activity_id"), number("/severity_id"), status, compliance)
        })
        .collect();
    let (broken, org) = ((1, 4, 1, 3), (1, 3, 1, 3));
    let (unverified, sealed) = ((1, 3, 1, 2), (1, 1, 4, 1));
    let (gone, exempt) = ((3, 1, 5, 99), (1, 1, 99, 99));
    assert_eq!(told, [broken, org, unverified, unverified, sealed, gone, exempt]);
    assert_eq!(pointed(&events, "/0/cloud/account/name"), "production");
    assert_eq!(pointed(&events, "/1/cloud/cloud_partition"), "aws-cn");
}

#[test]
fn asff_keeps_to_the_service_model() {
    let validator = validator(ASFF);
    for report in reports() {
        let findings = json(&report, Format::Asff);
        for batch in findings.as_array().unwrap().chunks(100) {
            let request = json!({ "Findings": batch });
            assert_eq!(faults(&validator, &request), [""; 0]);
            for finding in batch {
                // AWS takes 240 KB of each (Security Hub API Reference, `BatchImportFindings`).
                assert!(finding.to_string().len() <= 240_000);
            }
        }
    }
    let mut wrong = json!({ "Findings": json(&full(), Format::Asff) });
    wrong["Findings"][0]["Description"] = json!("x".repeat(1025));
    wrong["Findings"][1]["Compliance"]["Status"] = json!("BROKEN");
    assert_eq!(faults(&validator, &wrong).len(), 2);
}

#[test]
fn asff_tells_the_verdicts_apart() {
    let findings = json(&full(), Format::Asff);
    let told = |pointer: &str| -> Vec<String> {
        let findings = findings.as_array().unwrap().iter();
        findings.map(|finding| pointed(finding, pointer).as_str().unwrap().to_owned()).collect()
    };
    // The trail that was waved through is the one that was not, seen once more.
    assert_eq!(
        told("/Id"),
        [
            "trailseal/111122223333/eu-central-1/broken",
            "trailseal/111122223333/cn-north-1/org@999988887777",
            "trailseal/111122223333/eu-central-1/unverified",
            "trailseal/111122223333/eu-central-1/sealed",
            "trailseal/111122223333/eu-central-1/gone",
            "trailseal/111122223333/eu-central-1/exempt",
        ]
    );
    let (failed, not_available) = ("FAILED", "NOT_AVAILABLE");
    assert_eq!(
        told("/Compliance/Status"),
        [failed, failed, "WARNING", "PASSED", not_available, not_available]
    );
    let (active, archived) = ("ACTIVE", "ARCHIVED");
    assert_eq!(told("/RecordState"), [active, active, active, active, archived, active]);
    assert_eq!(
        told("/FindingProviderFields/Severity/Label"),
        ["HIGH", "MEDIUM", "MEDIUM", "INFORMATIONAL", "INFORMATIONAL", "INFORMATIONAL"]
    );
    assert_eq!(
        told("/ProductArn")[1],
        "arn:aws-cn:securityhub:cn-north-1:111122223333:product/111122223333/default"
    );
    let requirements = pointed(&findings, "/0/Compliance/RelatedRequirements");
    let requirements = requirements.as_array().unwrap();
    for expected in ["CIS AWS Foundations Benchmark v5.0/3.5", "NIST SP 800-53 Rev. 5/AU-9"] {
        assert!(requirements.contains(&json!(expected)), "{requirements:?}");
    }
}

/// Read by another's reader, which takes times with a zone only.
fn read_junit(text: &str) -> quick_junit::Report {
    let text = text.replace(" timestamp=\"2026-11-23T12:00:00\"", "");
    quick_junit::Report::deserialize_from_str(&text).unwrap()
}

#[test]
fn junit_keeps_to_its_schema() {
    let xsd = Xsd::read(JUNIT);
    for report in reports() {
        let text = String::from_utf8(written(&report, Format::Junit)).unwrap();
        assert_eq!(xsd.faults(&text), [""; 0]);
        let read = read_junit(&text);
        let cases: usize = read.test_suites.iter().map(|suite| suite.test_cases.len()).sum();
        assert_eq!(read.tests, cases);
    }
    let wrong =
        "<testsuites skipped=\"1\"><testsuite name=\"x\"><failure/></testsuite></testsuites>";
    assert_eq!(xsd.faults(wrong).len(), 5, "{:?}", xsd.faults(wrong));
}

#[test]
fn junit_tells_failures_from_what_could_not_be_told() {
    let text = String::from_utf8(written(&full(), Format::Junit)).unwrap();
    let read = read_junit(&text);
    let suites: Vec<_> = read
        .test_suites
        .iter()
        .map(|suite| {
            let counts = (suite.tests, suite.failures, suite.errors, suite.skipped);
            (suite.name.as_str(), counts)
        })
        .collect();
    assert_eq!(
        suites,
        [
            ("problems", (1, 0, 1, 0)),
            ("111122223333 cn-north-1", (1, 1, 0, 0)),
            ("111122223333 eu-central-1", (8, 1, 2, 3)),
            ("111122223333 eu-west-1", (1, 0, 0, 1)),
        ]
    );
    let clean = TrailReport { checks: vec![check("key-usable", CheckOutcome::Pass)], ..trail("t") };
    let mut partial = report(vec![clean]);
    partial.complete = false;
    let text = String::from_utf8(written(&partial, Format::Junit)).unwrap();
    let read = read_junit(&text);
    assert_eq!(
        (read.tests, read.failures, read.errors),
        (2, 0, 1),
        "a partial report is not green"
    );
}
