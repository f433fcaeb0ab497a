//! Every `-o json` output matches the schema that `trailseal schema remediation` prints.

use std::process::Command;

use jsonschema::Validator;
use serde_json::{Value, json};
use trailseal_lab::{Fault, FaultKind, Lab, Operation, Position};
use trailseal_plan::{RefusalCode, WarningCode};

use super::support::{
    ACCOUNT, BROKEN, Ended, KEY, PENDING_DELETION, TRAIL, folder, kill, run, state, until_it_hangs,
};

fn schema() -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trailseal"));
    let output = command.args(["schema", "remediation"]).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Validates the document and returns its only trail.
#[track_caller]
fn checked(validator: &Validator, ended: &Ended, end: &str) -> Value {
    let document: Value = serde_json::from_str(&ended.out).unwrap_or_else(|error| {
        panic!("{error}: {} {}", ended.out, ended.err);
    });
    let faults: Vec<String> = validator
        .iter_errors(&document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(faults, [""; 0], "{document:#}");
    let trail = document["trails"][0].clone();
    assert_eq!(trail["end"], end, "{trail:#}");
    trail
}

#[tokio::test(flavor = "multi_thread")]
async fn every_result_matches_the_schema() {
    let validator = jsonschema::options().build(&schema()).unwrap();
    let lab = Lab::start(state(None)).await.unwrap();
    let folder = folder("document");
    let run_json =
        |args: &[&str]| run(&lab, &folder, &[args, &["-o", "json", "--wait", "0"]].concat());
    let apply = ["--apply", "--yes", "--journal", "journal.jsonl"];

    let new = ["audit", "--create-key", "--alias", "alias/x", "--tag", "a=b"];
    let planned = checked(&validator, &run_json(&new), "planned");
    assert_eq!(planned["plan"]["cost"]["monthlyUsd"], 1);
    assert_eq!(planned["trail"], TRAIL);
    let steps = planned["plan"]["steps"].as_array().unwrap();
    let steps: Vec<&str> = steps.iter().map(|step| step["id"].as_str().unwrap()).collect();
    assert_eq!(steps, ["create-key", "create-alias", "enable-key-rotation", "update-trail"]);
    assert_eq!(lab.take_delivery_moments(), []);
    let save = [
        "audit",
        "--key",
        PENDING_DELETION,
        "--enable-key",
        "--cancel-key-deletion",
        "-p",
        "requireKeyRotation=true",
    ];
    checked(&validator, &run_json(&save), "planned");
    let refused = checked(&validator, &run_json(&["audit", "--key", BROKEN]), "refused");
    assert_eq!(refused["refusals"][0]["code"], "key-disabled");
    let failed = checked(&validator, &run_json(&["none", "--key", KEY]), "failed");
    assert!(failed["why"].is_string());

    lab.inject(Fault::of(Operation::UpdateTrail, Position::Every, FaultKind::AccessDenied));
    let stopped = run_json(&[&["audit", "--key", KEY][..], &apply].concat());
    let stopped = checked(&validator, &stopped, "stopped");
    let left = stopped["iamPolicy"].to_string();
    assert!(left.contains("cloudtrail:UpdateTrail"), "{left}");
    assert!(!left.contains("kms:PutKeyPolicy"), "{left}");
    lab.clear_faults();

    let seal = [&["audit", "--key", KEY][..], &apply].concat();
    let done = checked(&validator, &run_json(&seal), "done");
    assert_eq!((&done["verdict"], &done["trail"]), (&json!("COMPLIANT"), &json!(TRAIL)));
    let back = ["--back-out", "journal.jsonl"];
    let planned = checked(&validator, &run_json(&back), "planned");
    assert_eq!(planned["plan"]["purpose"], "backOut");
    checked(&validator, &run_json(&[&back[..], &["--apply", "--yes"]].concat()), "done");
    checked(&validator, &run_json(&back), "refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn denials_changes_by_others_and_further_trails_match_the_schema() {
    let validator = jsonschema::options().build(&schema()).unwrap();
    let mut two = state(None);
    two.trails[1].kms_key_id = None;
    let lab = Lab::start(two).await.unwrap();
    let place = folder("document-more");
    let shared = run(&lab, &place, &["--create-key", "--alias", "alias/x", "-o", "json"]).expect(0);
    checked(&validator, &shared, "planned");
    let document: Value = serde_json::from_str(&shared.out).unwrap();
    assert_eq!(document["trails"][1]["end"], "follows");
    assert_eq!(document["trails"][1]["follows"], TRAIL);

    let seal = ["audit", "--key", KEY, "--apply", "--yes", "--journal", "journal.jsonl"];
    run(&lab, &place, &[&seal[..], &["--wait", "0"]].concat()).expect(0);
    lab.edit(|state| {
        let changed = state.keys[0].policy.as_deref().unwrap().replace("Enable IAM", "Let IAM");
        state.keys[0].policy = Some(changed);
    });
    let refused = run(&lab, &place, &["--back-out", "journal.jsonl", "-o", "json"]);
    let refused = checked(&validator, &refused, "refused");
    assert!(refused["refusals"][0]["difference"].is_string(), "{refused:#}");

    lab.edit(|state| state.denials.push(super::support::denied("kms:DescribeKey")));
    let denied = run(&lab, &place, &["neighbour", "--key", KEY, "-o", "json"]);
    let denied = checked(&validator, &denied, "refused");
    assert!(denied["iamPolicy"].is_object(), "{denied:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resumed_run_matches_the_schema() {
    let validator = jsonschema::options().build(&schema()).unwrap();
    let lab = Lab::start(state(None)).await.unwrap();
    let place = folder("document-resumed");
    let apply = ["--apply", "--yes", "--wait", "0", "--journal", "journal.jsonl", "-o", "json"];
    lab.hang_at_change(1, trailseal_lab::Hang::AfterTheChange);
    let new = ["audit", "--create-key"];
    kill(until_it_hangs(&lab, &place, &[&new[..], &apply].concat()));
    lab.clear_hang();
    let again = run(&lab, &place, &[&new[..], &apply].concat());
    let done = checked(&validator, &again, "done");
    assert!(done["plan"]["key"]["existing"].is_string(), "{done:#}");
}

#[test]
fn the_schema_has_every_code_and_no_other_member() {
    let schema = schema();
    let of = |name: &str| -> Vec<String> {
        let codes = schema["$defs"][name]["enum"].as_array().unwrap().iter();
        codes.map(|code| code.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        of("refusalCode"),
        RefusalCode::ALL.iter().map(ToString::to_string).collect::<Vec<_>>()
    );
    assert_eq!(
        of("warningCode"),
        WarningCode::ALL.iter().map(ToString::to_string).collect::<Vec<_>>()
    );
    let validator = jsonschema::options().build(&schema).unwrap();
    let document = |trail: Value| json!({ "version": 1, "account": ACCOUNT, "trails": [trail] });
    assert!(validator.is_valid(&document(json!({ "trail": "x", "end": "declined" }))));
    for wrong in [
        json!({ "trail": "x", "end": "over" }),
        json!({ "trail": "x", "end": "planned" }),
        json!({ "trail": "x", "end": "failed" }),
        json!({ "trail": "x", "end": "refused", "refusals": [] }),
        json!({ "trail": "x", "end": "declined", "more": 1 }),
    ] {
        assert!(!validator.is_valid(&document(wrong.clone())), "{wrong}");
    }
}
