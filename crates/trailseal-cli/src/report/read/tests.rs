use serde_json::json;

use super::*;
use crate::output::tests::{full, hostile, written};
use crate::output::{Format, formats};

fn faults_of(value: &Value) -> Vec<String> {
    read_report(value.to_string().as_bytes()).unwrap_err()
}

/// What is made of a report later is what would have been made of it at once.
#[test]
fn every_form_of_a_report_that_was_read_back_has_the_same_bytes() {
    for report in [full(), hostile(), crate::report::tests::judged()] {
        let kept = written(&report, Format::Json);
        let read = read_report(&kept).unwrap();
        assert_eq!(read, report);
        for format in formats() {
            assert_eq!(written(&read, format), written(&report, format), "{format:?}");
        }
    }
}

#[test]
fn members_of_later_are_passed_over() {
    let mut value = serde_json::to_value(full()).unwrap();
    value["more"] = json!({ "version": 7 });
    value["trails"][0]["more"] = json!([1]);
    value["trails"][0]["checks"][0]["more"] = json!(null);
    assert_eq!(read_report(value.to_string().as_bytes()), Ok(full()));
}

#[test]
fn another_version_is_refused() {
    let told = faults_of(&json!({ "version": 2, "trails": "of another form" }));
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("is a report of version `2`;"), "{told:?}");
    assert_eq!(faults_of(&json!({})), ["is no report: it has no `version`"]);
    assert_eq!(faults_of(&json!([1])), ["the report is a list; expected object"]);
    assert_eq!(faults_of(&json!("x")), ["is no report: it is no JSON object"]);
    let told = read_report(b"{\"version\": 1,").unwrap_err();
    assert!(told[0].starts_with("is no report: EOF while parsing"), "{told:?}");
}

#[test]
fn every_fault_is_told_with_its_place() {
    let mut value = serde_json::to_value(full()).unwrap();
    value["generatedAt"] = json!("yesterday");
    value["complete"] = json!("yes");
    value["summary"]["trails"] = json!(-1);
    value["tool"].as_object_mut().unwrap().remove("version");
    value["trails"][1]["account"] = json!("12");
    value["trails"][1]["compliance"] = json!("FINE");
    value["trails"][2]["checks"][0]["outcome"] = json!("maybe");
    value["trails"][3]["evidence"] = json!({
        "key": { "reading": "guessed" }, "bucketRegion": { "reading": "known" },
        "rotation": { "reading": "absent" }, "keyPolicy": { "reading": "absent" },
        "delivery": { "reading": "absent" },
    });
    value["problems"][0] = json!("text");
    assert_eq!(
        faults_of(&value),
        [
            "`complete` is `yes`; expected boolean",
            "`generatedAt` is `yesterday`; expected a time such as `2026-11-23T12:00:00.000Z`",
            "`problems[0]` is `text`; expected object",
            "`summary.trails` is `-1`; expected integer",
            "`tool.version` is missing",
            "`trails[1].account` is `12`; expected the 12 digits of an account",
            "`trails[1].compliance` is `FINE`; expected one of `COMPLIANT`, `NON_COMPLIANT`, \
             `NOT_APPLICABLE`",
            "`trails[2].checks[0].outcome` is `maybe`; expected one of `pass`, `fail`, `unknown`",
            "`trails[3].evidence.bucketRegion.value` is missing",
            "`trails[3].evidence.key.reading` is `guessed`; expected one of `absent`, `refused`",
        ]
    );
}

#[test]
fn of_many_faults_some_are_told_and_the_rest_is_counted() {
    let mut value = serde_json::to_value(full()).unwrap();
    value["problems"] = json!(vec![1; 100]);
    let told = faults_of(&value);
    assert_eq!((told.len(), told.last().unwrap().as_str()), (21, "and 80 more"));
}

#[test]
fn the_schema_has_no_keyword_that_is_not_checked() {
    fn check(schema: &Value) {
        for (keyword, rule) in schema.as_object().unwrap() {
            assert!(
                KEYWORDS.contains(&keyword.as_str()) || keyword == "additionalProperties",
                "{keyword}"
            );
            match keyword.as_str() {
                "properties" | "$defs" => rule.as_object().unwrap().values().for_each(check),
                "anyOf" => rule.as_array().unwrap().iter().for_each(check),
                "items" => check(rule),
                "minimum" => assert_eq!(rule, 0),
                _ => {}
            }
        }
    }
    check(&serde_json::from_str(REPORT_SCHEMA).unwrap());
}
