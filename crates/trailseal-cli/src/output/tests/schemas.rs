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
    // SARIF's schema has a pattern that is not a regular expression. No test depends on it.
    let schema = schema.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}?$");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

fn faults(validator: &Validator, value: &Value) -> Vec<String> {
    let errors = validator.iter_errors(value);
    errors.map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// What the published schemas of SARIF, OCSF, ASFF and JUnit reject in the findings of a report.
pub(crate) fn findings_faults(report: &Report) -> Vec<String> {
    let mut found = faults(&validator(SARIF), &json(report, Format::Sarif));
    let ocsf = validator(OCSF);
    for event in json(report, Format::Ocsf).as_array().unwrap() {
        found.extend(faults(&ocsf, event));
    }
    let request = json!({ "Findings": json(report, Format::Asff) });
    found.extend(faults(&validator(ASFF), &request));
    let junit = String::from_utf8(written(report, Format::Junit)).unwrap();
    found.extend(Xsd::read(JUNIT).faults(&junit));
    found
}

fn reports() -> [Report; 3] {
    [report(Vec::new()), full(), hostile()]
}

fn pointed<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or_else(|| panic!("nothing at {pointer} of {value}"))
}

#[test]
fn sarif_matches_its_schema() {
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

/// Each verdict in each format; the snapshots were checked against the formats' documentation.
#[test]
fn the_full_report_in_each_format() {
    let mut report = full();
    // The CIS controls of each benchmark version, and one related requirement.
    report.controls.truncate(6);
    for format in [Format::Asff, Format::Ocsf, Format::Junit] {
        let text = String::from_utf8(written(&report, format)).unwrap();
        insta::assert_snapshot!(format.name(), text);
    }
    let mut sarif = json(&report, Format::Sarif);
    let rules = std::mem::take(&mut sarif["runs"][0]["tool"]["driver"]["rules"]);
    insta::assert_snapshot!("sarif", format!("{sarif:#}"));
    assert_eq!(rules[0]["name"], "SseKmsEnabled");
    for rule in rules.as_array().unwrap() {
        let help = pointed(rule, "/help/text").as_str().unwrap();
        assert!(help.contains("CIS AWS Foundations Benchmark v3.0, v4.0, v5.0 3.5"), "{help}");
    }
}

#[test]
fn a_sarif_result_of_files_names_the_file_and_keeps_its_fingerprint() {
    let live = full();
    let files = Report { accounts: Vec::new(), ..full() };
    let members = |report: &Report, pointer: &str| -> Vec<Value> {
        let log = json(report, Format::Sarif);
        let results = pointed(&log, "/runs/0/results").as_array().unwrap();
        results.iter().map(|result| pointed(result, pointer).clone()).collect()
    };
    let uri = "/locations/0/physicalLocation/artifactLocation/uri";
    assert_eq!(members(&files, uri), ["snapshot.json"; 5]);
    let fingerprint = "/partialFingerprints/primaryLocationLineHash";
    assert_eq!(members(&live, fingerprint), members(&files, fingerprint));
}

#[test]
fn sarif_has_a_result_for_an_account_that_must_have_a_trail() {
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
    let results = pointed(&log, "/runs/0/results").as_array().unwrap();
    assert!(results.iter().all(|result| result["ruleId"] != "no-trail"), "{results:?}");
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
fn ocsf_matches_its_schema() {
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
fn ocsf_has_the_profile_and_the_skipped_checks_of_each_trail() {
    let events = json(&full(), Format::Ocsf);
    for (event, trail) in events.as_array().unwrap().iter().zip(&full().trails) {
        let expected = json!({ "profile": trail.profile, "skipped": trail.skipped });
        assert_eq!(pointed(event, "/unmapped"), &expected);
    }
    assert!(full().trails.iter().any(|trail| trail.profile.is_some()));
}

#[test]
fn asff_matches_the_service_model() {
    let validator = validator(ASFF);
    for report in reports() {
        let findings = json(&report, Format::Asff);
        for batch in findings.as_array().unwrap().chunks(100) {
            let request = json!({ "Findings": batch });
            assert_eq!(faults(&validator, &request), [""; 0]);
            for finding in batch {
                // AWS accepts 240 KB for each (Security Hub API Reference, `BatchImportFindings`).
                assert!(finding.to_string().len() <= 240_000);
            }
        }
    }
    let mut wrong = json!({ "Findings": json(&full(), Format::Asff) });
    wrong["Findings"][0]["Description"] = json!("x".repeat(1025));
    wrong["Findings"][1]["Compliance"]["Status"] = json!("BROKEN");
    assert_eq!(faults(&validator, &wrong).len(), 2);
}

/// Reads with another implementation, which requires a time zone.
fn read_junit(text: &str) -> quick_junit::Report {
    let text = text.replace(" timestamp=\"2026-11-23T12:00:00\"", "");
    quick_junit::Report::deserialize_from_str(&text).unwrap()
}

#[test]
fn junit_matches_its_schema() {
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
fn a_partial_report_without_findings_has_a_junit_error() {
    let clean = TrailReport { checks: vec![check("key-usable", CheckOutcome::Pass)], ..trail("t") };
    let mut partial = report(vec![clean]);
    partial.complete = false;
    let text = String::from_utf8(written(&partial, Format::Junit)).unwrap();
    let read = read_junit(&text);
    assert_eq!((read.tests, read.failures, read.errors), (2, 0, 1));
}
