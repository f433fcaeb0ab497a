//! Policies as they occur on keys, with what there is to say about each.
//!
//! The cases are data: `tests/corpus-policies/<name>.json` holds a policy, the trail and the key that
//! are asked about (unless they are the usual ones), a note with the source, and the expected
//! answers.

#![cfg(test)]

use std::fs;
use std::path::PathBuf;

use serde::Deserialize;

use trailseal_rule::key_policy::admission::admits_cloudtrail;
use trailseal_rule::key_policy::document::PolicyDocument;
use trailseal_rule::key_policy::exposure::{Exposure, guards_decryption};
use trailseal_rule::key_policy::question::TrailAndKey;

const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/all";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Case {
    note: String,
    trail: Option<String>,
    key: Option<String>,
    policy: Option<serde_json::Value>,
    policy_text: Option<String>,
    unreadable: Option<String>,
    admits: Option<ExpectedAdmission>,
    guards: Option<ExpectedGuard>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedAdmission {
    answer: String,
    ground: String,
    deciding: Vec<String>,
    elements: Vec<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedGuard {
    exposures: Vec<ExpectedExposure>,
    doubts: Vec<ExpectedExposure>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedExposure {
    statement: String,
    kind: String,
    actions: Vec<String>,
}

impl From<&Exposure> for ExpectedExposure {
    fn from(exposure: &Exposure) -> Self {
        Self {
            statement: exposure.statement.to_string(),
            kind: format!("{:?}", exposure.kind),
            actions: exposure.actions.iter().map(ToString::to_string).collect(),
        }
    }
}

fn cases() -> Vec<(String, Case)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus-policies");
    let mut cases: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).unwrap();
            let case =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, case)
        })
        .collect();
    cases.sort_by(|(one, _), (other, _)| one.cmp(other));
    cases
}

fn check(name: &str, case: &Case) {
    assert!(!case.note.is_empty(), "{name}: a note says where it is from");
    let text = match (&case.policy, &case.policy_text) {
        (Some(policy), None) => policy.to_string(),
        (None, Some(text)) => text.clone(),
        _ => panic!("{name}: one of `policy` and `policyText` is needed"),
    };
    let policy = match (PolicyDocument::parse(&text), &case.unreadable) {
        (Ok(policy), None) => policy,
        (Err(error), Some(expected)) => {
            assert_eq!(error.to_string(), *expected, "{name}");
            return;
        }
        (read, expected) => panic!("{name}: {read:?}, not {expected:?}"),
    };
    let question = TrailAndKey {
        trail_arn: case.trail.as_deref().unwrap_or(TRAIL),
        key_arn: Some(case.key.as_deref().unwrap_or(KEY)),
    };
    let admission = admits_cloudtrail(&policy, &question);
    let found = ExpectedAdmission {
        answer: format!("{:?}", admission.answer),
        ground: format!("{:?}", admission.ground),
        deciding: admission.deciding.iter().map(ToString::to_string).collect(),
        elements: admission.elements,
    };
    assert_eq!(Some(&found), case.admits.as_ref(), "{name}: {}", case.note);
    let guard = guards_decryption(&policy, &question);
    let found = ExpectedGuard {
        exposures: guard.exposures.iter().map(ExpectedExposure::from).collect(),
        doubts: guard.doubts.iter().map(ExpectedExposure::from).collect(),
    };
    assert_eq!(Some(&found), case.guards.as_ref(), "{name}: {}", case.note);
}

#[test]
fn every_policy_of_the_corpus_is_read_as_expected() {
    let cases = cases();
    assert!(cases.len() >= 100, "only {} cases were found", cases.len());
    let mut failures = Vec::new();
    for (name, case) in &cases {
        let outcome = std::panic::catch_unwind(|| check(name, case));
        if outcome.is_err() {
            failures.push(name);
        }
    }
    assert!(failures.is_empty(), "{} cases fail: {failures:?}", failures.len());
}

#[test]
fn without_the_key_arn_a_resource_is_in_doubt() {
    let text = format!(
        r#"{{"Statement": {{"Effect": "Allow", "Principal": {{"Service": "cloudtrail.amazonaws.com"}},
            "Action": "kms:GenerateDataKey", "Resource": "{KEY}"}}}}"#
    );
    let policy = PolicyDocument::parse(&text).unwrap();
    let question = TrailAndKey { trail_arn: TRAIL, key_arn: None };
    let admission = admits_cloudtrail(&policy, &question);
    assert_eq!(format!("{:?}", admission.answer), "Unknown");
    assert_eq!(admission.elements, ["Resource"]);
}
