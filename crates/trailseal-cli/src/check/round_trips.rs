//! `render` accepts every report that `check` writes, and writes it again byte by byte.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::testing::{Checked, Folder, TRAIL, trail_item, with};

const PARAMETERS: [&[&str]; 12] = [
    &[],
    &["profile=cis"],
    &["profile= strict "],
    &["unverified= COMPLIANT "],
    &["unverified=NOT_APPLICABLE"],
    &["unverified="],
    &["replicas= EVALUATE"],
    &["replicas=EVALUATE", "unverified=COMPLIANT"],
    &["noTrails=NON_COMPLIANT"],
    &["exemptTrails=arn:aws:cloudtrail:*:*:trail/*"],
    &["exemptTrails=arn:aws:cloudtrail:*:*:trail/*@2020-01-01, arn:aws:cloudtrail:*:*:trail/none"],
    &["skipChecks=key-usable, key-in-bucket-region", "requireKeyRotation=true"],
];

/// Every JSON file below the folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
}

/// Checks the input with each set of parameters, and renders each report.
fn round_trips(input: &Path, folder: &Folder) -> Vec<Value> {
    let round_trip = |parameters: &&[&str]| {
        let options = parameters.iter().flat_map(|parameter| ["-p", *parameter]);
        let words = ["-o", "json"].into_iter().chain(options).map(OsString::from);
        let checked = Checked::run(words.chain([input.into()]));
        let report = folder.write("report.json", checked.out.as_bytes());
        let rendered = Checked::of("render", ["-o".into(), "json".into(), report.into()]);
        let place = format!("{} {parameters:?}", input.display());
        let Checked { exit, out, err } = rendered;
        assert!(out == checked.out, "{place}: {err}{out}\n{}", checked.out);
        assert_eq!(exit, checked.exit, "{place}");
        checked.report()
    };
    PARAMETERS.iter().map(round_trip).collect()
}

#[test]
fn every_report_of_check_is_rendered_byte_by_byte() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut inputs = Vec::new();
    for below in ["../../../tests/corpus", "inputs", "cmd/check.in"] {
        files(&tests.join(below), &mut inputs);
    }
    assert!(inputs.len() > 200, "{}", inputs.len());
    let folder = Folder::new("round-trips");
    for input in inputs {
        round_trips(&input, &folder);
    }
}

/// As in an example of AWS: the item's account is not the one in the ARN, and nothing says that the
/// trail is an organization trail, so the rule evaluates it.
#[test]
fn a_trail_with_another_account_in_its_arn_is_no_copy() {
    let folder = Folder::new("other-account");
    let item = with(trail_item(None), "awsAccountId", json!("444455556666"));
    folder.write_json("trail.json", &[item]);
    for report in round_trips(&folder.0.join("trail.json"), &Folder::new("other-account-report")) {
        let trail = &report["trails"][0];
        assert_eq!((&trail["arn"], &trail["copy"]), (&json!(TRAIL), &json!(false)));
        assert_eq!(report["summary"]["copies"], 0);
    }
}
