//! Edits of real reports that make them contradict themselves.

use std::ffi::OsString;
use std::path::Path;

use serde_json::{Value, json};

use crate::report::read_report;
use crate::testing::Checked;

type Edit = fn(&mut Value);

/// A report of `check`: `trails[0]` fails, `trails[1]` is compliant, and `trails[2]` is exempt.
fn of_check() -> Value {
    let input = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd/check.in/snapshot.json");
    let exempt = "exemptTrails=arn:aws:cloudtrail:*:*:trail/legacy@2030-01-01";
    let words = ["-o", "json", "-p", exempt].map(OsString::from);
    Checked::run(words.into_iter().chain([input.into()])).report()
}

/// The report with the same trails as an audit would write it.
fn of_audit() -> Value {
    let mut report = of_check();
    report["run"]["command"] = json!("audit");
    report["run"]["caller"] = json!({
        "arn": "arn:aws:sts::111122223333:assumed-role/auditors/ada", "account": "111122223333",
    });
    report["inputs"] = json!([]);
    report["summary"]["files"] = json!(0);
    report["summary"]["accounts"] = json!(1);
    let regions = json!([{ "region": "eu-central-1", "trails": 3, "problem": null }]);
    report["accounts"] = json!([{
        "id": "111122223333", "name": null, "problem": null, "leftOut": null,
        "interrupted": false, "regions": regions,
    }]);
    report
}

/// Each edit is refused with a message that names the member.
fn refuses(report: &Value, edits: &[(Edit, &str)]) {
    assert_eq!(read_report(report.to_string().as_bytes()).err(), None);
    for (edit, expected) in edits {
        let mut edited = report.clone();
        edit(&mut edited);
        let read = read_report(edited.to_string().as_bytes());
        let faults = read.err().unwrap_or_default();
        assert!(faults.iter().any(|fault| fault.contains(expected)), "{expected}: {faults:?}");
    }
}

fn push_copy(list: &mut Value) {
    let first = list[0].clone();
    list.as_array_mut().unwrap().push(first);
}

#[test]
fn edits_of_a_report_of_files_are_refused() {
    let edits: &[(Edit, &str)] = &[
        (
            |report| report["run"]["caller"] = json!({ "arn": "x", "account": "111122223333" }),
            "`run.command` is check, but the report has `run.caller`",
        ),
        (
            |report| {
                push_copy(&mut report["trails"]);
                report["trails"][3]["compliance"] = json!("COMPLIANT");
            },
            "`trails[3]` (arn:aws:cloudtrail:eu-central-1:111122223333:trail/billing) is a second",
        ),
        (
            |report| report["trails"][1]["checks"].as_array_mut().unwrap().truncate(1),
            "has no check `key-customer-managed`",
        ),
        (
            |report| {
                report["trails"][1]["checks"].as_array_mut().unwrap().truncate(1);
                report["trails"][1]["checks"][0]["id"] = json!("my-own");
            },
            "has no check `key-usable`",
        ),
        (|report| push_copy(&mut report["trails"][1]["checks"]), "is there twice"),
        (|report| report["trails"][1]["key"] = Value::Null, "its `key` is null"),
        (|report| report["trails"][1]["checks"][2]["fix"] = json!("x"), "has `what` or `fix`"),
        (
            |report| report["trails"][1]["evidence"]["key"]["value"]["state"] = json!("Disabled"),
            "`evidence.key` does not show a key in use",
        ),
        (
            |report| report["trails"][1]["profile"] = json!("cis"),
            "its `profile` is cis, but that of the run is effective",
        ),
        (|report| report["trails"][1]["profile"] = Value::Null, "but no `profile`"),
        (|report| report["trails"][1]["resourceId"] = json!("x".repeat(769)), "its `resourceId`"),
        (
            |report| report["exemptions"][0]["until"] = json!("2020-01-01"),
            "its `state` is active, but it is expired",
        ),
        (|report| report["exemptions"][0]["state"] = json!("unmatched"), "but it is active"),
        (|report| report["exemptions"][0]["trails"] = json!(u64::MAX), "but it matches 1"),
        (|report| report["exemptions"][0]["pattern"] = json!("x"), "refuses its `pattern`"),
        (|report| report["summary"]["files"] = json!(u64::MAX), "`summary.files` is 1844674407"),
        (|report| report["inputs"][0]["sha256"] = Value::Null, "the `sha256` of `"),
        (
            |report| {
                report["trails"][2]["region"] = json!("us-east-1");
                report["trails"][2]["copy"] = json!(true);
            },
            "`summary.copies` is 0, but the report has 1",
        ),
        (
            |report| report["accounts"] = of_audit()["accounts"].clone(),
            "`run.command` is check, but the report has `accounts`",
        ),
        (|report| report["run"]["command"] = json!("audit"), "`accounts` is empty"),
        (|report| report["run"]["command"] = json!("audit"), "the report has `inputs`"),
    ];
    refuses(&of_check(), edits);
}

#[test]
fn edits_of_a_report_of_an_audit_are_refused() {
    let edits: &[(Edit, &str)] = &[
        (
            |report| {
                report["run"] = Value::Null;
                report["accounts"][0]["interrupted"] = json!(true);
            },
            "`complete` is true, but `accounts[0]` (111122223333) was not completed",
        ),
        (
            |report| push_copy(&mut report["accounts"]),
            "`accounts[1]` (111122223333) is there twice",
        ),
        (|report| push_copy(&mut report["accounts"][0]["regions"]), "has `eu-central-1` twice"),
        (|report| report["accounts"][0]["id"] = json!("999988887777"), "is not in `accounts`"),
        (|report| report["run"]["caller"] = Value::Null, "is audit, but `run.caller` is null"),
        (|report| report["accounts"][0]["leftOut"] = json!("x"), "its account has `leftOut`"),
        (
            |report| report["accounts"][0]["regions"][0]["trails"] = json!(0),
            "is 0, but the report has 3",
        ),
        (
            |report| report["accounts"][0]["regions"][0]["trails"] = json!(4),
            "is 4, but the report has 3",
        ),
        (
            |report| report["accounts"][0]["regions"][0]["region"] = json!("us-east-1"),
            "its Region is not in `regions`",
        ),
        (
            // Rule events set parameters only for files.
            |report| {
                report["accounts"] = json!([]);
                report["parameters"] = json!({});
                let trail = &mut report["trails"][1];
                trail["checks"][2]["outcome"] = json!("unknown");
                trail["unverified"] = json!(true);
                trail["annotation"] = json!("unverified=COMPLIANT");
            },
            "the parameter `unverified` is not COMPLIANT",
        ),
    ];
    refuses(&of_audit(), edits);
}
