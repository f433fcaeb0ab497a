//! The templates of `tests/preview/cfn` with their right answers, in every profile.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use trailseal_rule::{AccountId, EvaluationContext, Parameters, Region, Timestamp};
use trailseal_template::{Place, Values, read_template};

use crate::verdicts::{rows, word_of};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/preview/cfn")
}

fn place(account: &str, region: &str) -> Place {
    Place {
        account: AccountId::parse(account).unwrap_or_else(|_| AccountId::not_known()),
        region: Region::parse(region).unwrap_or_else(|_| Region::not_known()),
        scope: String::new(),
    }
}

fn parameters(profile: &str, others: &[(&str, &str)]) -> Parameters {
    let pair = |(name, value): (&str, &str)| (name.to_owned(), Value::from(value));
    let all: Map<String, Value> =
        [("profile", profile)].into_iter().chain(others.iter().copied()).map(pair).collect();
    Parameters::parse(&all).unwrap()
}

/// The answer about the first trail of a document.
fn answer(name: &str, text: &str, place: Place, parameters: &Parameters) -> String {
    let values = Values::default();
    let preview = match read_template(name, text, place, &BTreeMap::new(), &values) {
        Ok(preview) => preview,
        Err(_) => return "refused".to_owned(),
    };
    let context = EvaluationContext { parameters, now: Timestamp::from_epoch_millis(0) };
    let Some(trail) = preview.trails.first() else { return "nothing".to_owned() };
    let judged = trail.judge(&context, &values.supplied);
    word_of(&judged.judgement.verdict).to_owned()
}

const PROFILES: [&str; 3] = ["cis", "effective", "strict"];

#[test]
fn every_document_has_its_right_answer_in_every_profile() {
    let rows = rows(&folder());
    assert_eq!(rows.len(), 27);
    let mut wrong = Vec::new();
    for (file, answers) in rows {
        let text = fs::read_to_string(folder().join(&file)).unwrap();
        for (profile, expected) in PROFILES.iter().zip(&answers) {
            // A key of another account is a finding unless a list allows that account, so that
            // the manifest's answer supposes that the log account is allowed.
            let allowed: &[_] = match file.as_str() {
                "c28-org-trail-central-key.yaml" => &[("allowedKeyAccounts", "444455556666")],
                _ => &[],
            };
            let parameters = parameters(profile, allowed);
            let place = place("111122223333", "us-east-1");
            let found = answer(&file, &text, place, &parameters);
            if found != *expected {
                wrong.push(format!("{file} {profile}: {found}, expected {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Without account and Region an answer can only become unverified, and most stay.
#[test]
fn without_account_and_region_no_answer_gets_better() {
    let mut same = 0;
    for (file, answers) in rows(&folder()) {
        let text = fs::read_to_string(folder().join(&file)).unwrap();
        for (profile, expected) in PROFILES.iter().zip(&answers) {
            let found = answer(&file, &text, place("", ""), &parameters(profile, &[]));
            same += usize::from(found == *expected);
            assert!(found == *expected || found == "unverified", "{file} {profile}: {found}");
        }
    }
    assert!(same >= 78, "{same} of 81");
}
