mod edits;

use std::io::Write as _;

use serde_json::{Value, json};

use super::*;
use crate::output::tests::{HOSTILE, check, exemption, full, hostile, written};
use crate::output::{Format, formats};
use crate::report::{AccountReport, CheckOutcome, ExemptionState, RegionReport};

/// The only fault.
fn fault(text: &str) -> String {
    let faults = read_report(text.as_bytes()).unwrap_err();
    let [fault] = faults.as_slice() else { panic!("{faults:?}") };
    fault.clone()
}

fn fault_of(value: &Value) -> String {
    fault(&value.to_string())
}

fn region(name: &str, trails: usize) -> RegionReport {
    RegionReport { region: name.to_owned(), trails, problem: None }
}

/// The report with each verdict and each member, as an audit could write it.
fn consistent() -> Report {
    let mut report = full();
    for trail in &mut report.trails[3..5] {
        let known = ["sse-kms-enabled", "key-customer-managed", "key-usable"];
        let ids = known.into_iter().chain(["key-in-bucket-region", "key-allowed"]);
        let outcome = |id: &str| match trail.unverified && id == "key-usable" {
            true => CheckOutcome::Unknown,
            false => CheckOutcome::Pass,
        };
        trail.checks = ids.map(|id| check(id, outcome(id))).collect();
    }
    report.accounts[0].regions.extend([region("eu-central-1", 6), region("cn-north-1", 1)]);
    report.inputs.clear();
    report
}

/// The hostile report without what makes it contradictory, as an audit and as `check` write it.
fn hostile_and_consistent() -> [Report; 2] {
    let mut audit = hostile();
    audit.trails.retain(|trail| (1..=768).contains(&trail.resource_id.chars().count()));
    let trails = audit.trails.len();
    let [audited, skipped, ..] = audit.accounts.as_mut_slice() else { panic!() };
    *audited = AccountReport {
        id: "111122223333".to_owned(),
        left_out: None,
        regions: HOSTILE.into_iter().map(|name| region(name, 0)).collect(),
        ..audited.clone()
    };
    audited.regions.push(region("eu-central-1", trails));
    skipped.regions.clear();
    let pattern = "arn:aws:cloudtrail:*:*:trail/none";
    for entry in &mut audit.exemptions {
        let hostile = entry.pattern.clone();
        *entry = exemption(pattern, ExemptionState::Expired);
        entry.source.clone_from(&hostile);
        entry.reason = Some(hostile.clone());
        entry.approver = Some(hostile);
    }
    let inputs = std::mem::take(&mut audit.inputs);
    audit.summary = Summary::of(&audit.trails, &audit.accounts);
    let mut checked = Report { inputs, accounts: Vec::new(), ..audit.clone() };
    let run = checked.run.as_mut().unwrap();
    run.command = "check".to_owned();
    run.caller = None;
    checked.summary = Summary::of(&checked.trails, &[]);
    checked.summary.files = checked.inputs.len();
    [audit, checked]
}

#[test]
fn a_report_that_was_read_back_is_the_same_in_every_format() {
    let hostile = hostile_and_consistent();
    for report in hostile.into_iter().chain([consistent(), crate::report::tests::judged()]) {
        let json = written(&report, Format::Json);
        let read = read_report(&json).unwrap();
        assert_eq!(read, report);
        for format in formats() {
            assert_eq!(written(&read, format), written(&report, format), "{format:?}");
        }
    }
}

#[test]
fn unknown_members_are_ignored() {
    let mut value = serde_json::to_value(consistent()).unwrap();
    value["more"] = json!({ "version": 7 });
    value["trails"][0]["more"] = json!([1]);
    value["trails"][0]["checks"][0]["more"] = json!(null);
    assert_eq!(read_report(value.to_string().as_bytes()), Ok(consistent()));
}

#[test]
fn text_that_is_not_a_report_of_this_version_is_refused() {
    for (text, expected) in [
        (r#"{"version": 2, "trails": "other"}"#, "is a report of version 2; trailseal "),
        (r#"{"version": "1"}"#, "is a report of version \"1\"; trailseal "),
        ("{}", "is not a report: it has no `version`"),
        ("", "is empty"),
        (" \n", "is empty"),
        ("\u{feff}", "is empty"),
        ("[]", "is a list, not a report"),
        ("[1]", "is a list, not a report"),
        (r#"{"version": 1, "run": {"command": "logs"}}"#, "is a report of `trailseal logs`, which"),
        (r#"{"version": 1, "old": {}, "new": {}}"#, "is a comparison of `trailseal compare`"),
        (r#"{"version": 1, "run": {"command": "audit"}}"#, "is not a report: `run`: missing field"),
        (r#"{"version": 1, "run": null, "old": {}}"#, "is not a report: missing field `tool`"),
        (r#""x""#, "is not a report: invalid type: string \"x\", expected a JSON object"),
        (r#"{"version": 1,"#, "is not a report: EOF while parsing"),
        (r#"{"version": 1}"#, "is not a report: missing field `tool`"),
    ] {
        let fault = fault(text);
        assert!(fault.starts_with(expected), "{fault}");
    }
}

#[test]
fn a_report_is_read_in_each_encoding_of_the_input_of_check() {
    let json = serde_json::to_string(&consistent()).unwrap();
    let marked = format!("\u{feff}{json}");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(json.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let utf16: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for text in [marked.as_bytes(), &gzip, &utf16] {
        assert_eq!(read_report(text), Ok(consistent()));
    }
    for (damaged, expected) in [
        (&gzip[..gzip.len() - 9], "is not complete gzip: "),
        (&utf16[..utf16.len() - 1], "is not valid UTF-16: "),
    ] {
        let faults = read_report(damaged).unwrap_err();
        assert!(faults[0].starts_with(expected), "{faults:?}");
    }
}

#[test]
fn a_fault_names_its_place() {
    let report = serde_json::to_value(consistent()).unwrap();
    let check = |pointer: &str, wrong: Value, place: &str, fault: &str| {
        let mut value = report.clone();
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        value.pointer_mut(parent).unwrap()[member] = wrong;
        let expected = format!("is not a report: `{place}`: {fault}");
        assert!(fault_of(&value).starts_with(&expected), "{} is not {expected}", fault_of(&value));
    };
    let guessed = json!({ "reading": "guessed" });
    let evidence = json!({
        "key": guessed, "bucketRegion": guessed, "rotation": guessed, "keyPolicy": guessed,
        "delivery": guessed,
    });
    let guess = "trails[3].evidence.bucketRegion.reading";
    let yesterday = "`yesterday` is not a time such as";
    let compliance = "unknown variant `PASS`, expected one of `COMPLIANT`, `NON_COMPLIANT`";
    let maybe = "unknown variant `maybe`, expected one of `pass`, `fail`, `unknown`";
    check(
        "/complete",
        json!("yes"),
        "complete",
        "invalid type: string \"yes\", expected a boolean",
    );
    check("/generatedAt", json!("yesterday"), "generatedAt", yesterday);
    check("/summary/trails", json!(-1), "summary.trails", "invalid value: integer `-1`");
    check("/tool", json!({}), "tool", "missing field `name`");
    check("/problems", json!(["text"]), "problems[0]", "invalid type: string \"text\"");
    check("/parameters", json!({ "profile": 1 }), "parameters.profile", "invalid type: integer");
    check("/trails/1/account", json!("12"), "trails[1].account", "`12` is not an account");
    check("/trails/1/arn", json!("arn"), "trails[1].arn", "`arn` is not a trail's ARN");
    check("/trails/1/region", json!("x"), "trails[1].region", "`x` is not an AWS Region");
    check("/trails/1/profile", json!("x"), "trails[1].profile", "unknown variant `x`");
    check("/trails/1/compliance", json!("PASS"), "trails[1].compliance", compliance);
    check("/trails/2/checks/0/outcome", json!("maybe"), "trails[2].checks[0].outcome", maybe);
    check("/trails/3/evidence", evidence, guess, "unknown variant `guessed`");
    check("/trails/3/captured", json!("yesterday"), "trails[3].captured", yesterday);
}

#[test]
fn fault_messages_are_short_and_sanitized() {
    let mut value = serde_json::to_value(consistent()).unwrap();
    value["trails"][0]["compliance"] = json!(format!("\u{1b}[31m{}", "x".repeat(10_000)));
    let fault = fault_of(&value);
    assert!(fault.len() < 600 && !fault.contains('\u{1b}'), "{fault}");
}

#[test]
fn a_report_that_contradicts_itself_is_refused() {
    let report = serde_json::to_value(consistent()).unwrap();
    let check = |changes: &[(&str, Value)], expected: &[&str]| {
        let mut value = report.clone();
        for (pointer, wrong) in changes {
            let (parent, member) = pointer.rsplit_once('/').unwrap();
            value.pointer_mut(parent).unwrap()[member] = wrong.clone();
        }
        let faults = read_report(value.to_string().as_bytes()).unwrap_err();
        for expected in expected {
            let is_named = |fault: &String| {
                fault.starts_with("contradicts itself: ") && fault.contains(expected)
            };
            assert!(faults.iter().any(is_named), "{faults:?} does not say {expected}");
        }
    };
    // `trails[0]` failed, `trails[2]` is unverified, `trails[4]` is compliant, `trails[6]` exempt.
    let (compliant, not_applicable) = (json!("COMPLIANT"), json!("NOT_APPLICABLE"));
    let failed = "it is COMPLIANT, but its check `key-usable` failed";
    let count = "`summary.compliant` is 2, but the report has 3";
    check(&[("/trails/0/compliance", compliant.clone())], &["`trails[0]` (arn:", failed, count]);
    let unverified = "could not be verified and the parameter `unverified` is not COMPLIANT";
    check(&[("/parameters/unverified", json!("NON_COMPLIANT"))], &[unverified]);
    check(&[("/trails/2/unverified", json!(false))], &["`unverified` is false, but its checks"]);
    check(&[("/trails/4/checks", json!([]))], &["it has no check, but COMPLIANT"]);
    check(&[("/trails/4/compliance", not_applicable)], &["but all its checks passed"]);
    check(&[("/trails/4/reason", json!("a copy"))], &["checks and a reason"]);
    check(&[("/trails/6/compliance", compliant)], &["it has no check, but COMPLIANT"]);
    check(&[("/trails/6/reason", Value::Null)], &["it is NOT_APPLICABLE without a reason"]);
    let copy = |verdict: &str| {
        [
            ("/trails/6/region", json!("us-east-1")),
            ("/trails/6/copy", json!(true)),
            ("/trails/6/compliance", json!(verdict)),
        ]
    };
    check(&copy("COMPLIANT"), &["it is a copy, but COMPLIANT"]);
    check(&copy("NON_COMPLIANT"), &["it is a copy, but NON_COMPLIANT"]);
    check(&[("/trails/6/copy", json!(true))], &["`copy` is true, but its ARN is of this"]);
    check(&[("/trails/0/checks", json!([]))], &["it has no check, but NON_COMPLIANT"]);
    check(
        &[("/parameters/unverified", json!("PASS"))],
        &["the rule refuses `parameters`", "`unverified` is not COMPLIANT"],
    );
    check(&[("/parameters/replicas", json!(""))], &["`replicas` is not EVALUATE"]);
    check(&[("/complete", json!(true))], &["`complete` is true, but something could not be"]);
    check(&[("/summary/trails", json!(8))], &["`summary.trails` is 8, but the report has 7"]);
    check(&[("/summary/copies", json!(3))], &["`summary.copies` is 3"]);
    let early = json!("2026-11-22T12:00:00.000Z");
    check(&[("/run/finishedAt", early)], &["`run.finishedAt` is before `run.startedAt`"]);
    check(&[("/accounts/0/interrupted", json!(true))], &["but an account was interrupted"]);
    check(&[("/run/config/sha256", json!("0"))], &["is not 64 hexadecimal digits"]);
}

/// The trail of an audit that has a wrong Region, no check and a reason.
#[test]
fn a_non_compliant_trail_is_never_counted_as_a_copy() {
    let mut value = serde_json::to_value(consistent()).unwrap();
    let changes = [("region", json!("us-east-1")), ("checks", json!([])), ("reason", json!("x"))];
    for (member, wrong) in changes {
        value["trails"][0][member] = wrong;
    }
    for copy in [json!(true), json!(false), Value::Null] {
        value["trails"][0]["copy"] = copy;
        value["summary"]["copies"] = json!(0);
        let faults = read_report(value.to_string().as_bytes()).unwrap_err();
        assert!(faults.iter().any(|fault| fault.ends_with(", but NON_COMPLIANT")), "{faults:?}");
        value["summary"]["copies"] = json!(1);
        let faults = read_report(value.to_string().as_bytes()).unwrap_err();
        let count = "`summary.copies` is 1, but the report has 0";
        assert!(faults.iter().any(|fault| fault.ends_with(count)), "{faults:?}");
    }
}

/// Reports of 0.1.0 have neither copies nor a run.
#[test]
fn a_report_of_the_first_version_is_read() {
    let mut value = serde_json::to_value(consistent()).unwrap();
    let members = value.as_object_mut().unwrap();
    for member in ["run", "inputs", "exemptions"] {
        members.remove(member);
    }
    value["summary"].as_object_mut().unwrap().remove("copies");
    for trail in value["trails"].as_array_mut().unwrap() {
        trail.as_object_mut().unwrap().remove("copy");
    }
    value["accounts"][0].as_object_mut().unwrap().remove("interrupted");
    let (parameters, accounts) = (json!({}), json!([]));
    value["parameters"] = parameters;
    value["accounts"] = accounts;
    value["summary"]["accounts"] = json!(0);
    value["summary"]["accountsWithProblems"] = json!(0);
    value["trails"][3]["annotation"] = json!("compliant because unverified=COMPLIANT");
    value["trails"][6]["region"] = json!("us-east-1");
    let read = read_report(value.to_string().as_bytes()).unwrap();
    assert_eq!((read.run, read.summary.copies), (None, 1));
}
