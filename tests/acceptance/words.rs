//! The words that people read beside a result: every annotation of the corpus on one sheet, and
//! on another what the lab cannot show.

use serde_json::{Value, json};
use trailseal_rule::{
    ConfigurationItem, Evaluation, EvaluationContext, Parameters, ResourceId, Timestamp, Trail,
    evaluate,
};

use super::case::all;
use super::evidence::Found;
use super::harness::NOW;
use super::worlds::{first_kind, item};

#[test]
fn the_words_of_every_annotation() {
    let mut sheet = Vec::new();
    for case in all() {
        for wanted in &case.expected.evaluations {
            let annotation = &wanted.annotation;
            assert!((1..=256).contains(&annotation.len()) && annotation.is_ascii(), "{annotation}");
            sheet.push(format!("{}: {}: {annotation}", case.name, wanted.compliance));
        }
        let error = case.expected.error.iter();
        sheet.extend(error.map(|error| format!("{}: error: {error}", case.name)));
    }
    insta::assert_snapshot!(sheet.join("\n"));
}

/// One line: the annotation for the trail of everyday life, in the strict profile, where everything is in
/// order but what `spoil` changes.
fn words(about: &str, spoil: fn(&mut Found)) -> String {
    let mut found = Found::in_order();
    spoil(&mut found);
    let item = item(&first_kind());
    let trail = Trail::from_item(&ConfigurationItem::parse(&item).unwrap()).unwrap();
    let strict = json!({ "profile": "strict", "maxRotationPeriodDays": "365" });
    let parameters = Parameters::parse(strict.as_object().unwrap()).unwrap();
    let now = Timestamp::parse(NOW).unwrap();
    let context = EvaluationContext { parameters: &parameters, now };
    let judgement = evaluate(&context, &trail, &found.to_facts());
    let id = ResourceId::new("t").unwrap();
    let evaluation = Evaluation::of_trail(id, &judgement, parameters.unverified, now);
    format!("{about}: {}: {}", evaluation.compliance, evaluation.annotation)
}

#[test]
fn the_words_of_what_the_lab_cannot_show() {
    fn key(found: &mut Found, name: &str, value: Value) {
        found.key["known"][name] = value;
    }
    let sheet = [
        words("in order", |_| {}),
        words("a manager that nobody knows", |found| key(found, "KeyManager", json!("PARTNER"))),
        words("a state that nobody knows", |found| key(found, "KeyState", json!("Resting"))),
        words("no state", |found| key(found, "KeyState", json!(""))),
        words("a replica without rotation", |found| {
            key(found, "MultiRegionConfiguration", json!({ "MultiRegionKeyType": "REPLICA" }));
            found.rotation = json!({ "known": { "KeyRotationEnabled": false } });
        }),
        words("a kind that KMS does not rotate", |found| {
            found.rotation = json!({ "known": { "NotSupported": true } });
        }),
        words("rotation of a key that has gone meanwhile", |found| {
            found.rotation = json!({ "absent": true });
        }),
        words("policy of a key that has gone meanwhile", |found| {
            found.key_policy = json!({ "absent": true });
        }),
        words("a policy that is no policy", |found| {
            found.key_policy = json!({ "known": { "policy": "[]" } });
        }),
    ];
    insta::assert_snapshot!(sheet.join("\n"));
}
