//! Snapshots of all texts.

use std::collections::BTreeMap;

use serde_json::json;
use trailseal_plan::{
    Consent, Force, Readers, Record, RefusalCode, StepId, TargetKey, Undo, Warning, WarningCode,
    aws_cli, back_out, fold, iam_policy, plan, plan_for_people, policy_diff, progress_text,
    refusals_for_people,
};
use trailseal_rule::{EvaluationContext, KeyOrigin, KeyState, Reading};

use crate::aws::{ACCOUNT, OTHER_ACCOUNT, denied_key};
use crate::back_outs::records;
use crate::cases::{Has, Requested, Sort, case, enabled, now, parameters, policies};
use crate::laws::{HAS_ALL_CONSENT, State, applied, settings_by_name};

#[test]
fn a_plan_with_a_new_key() {
    let mut case = case(Has::None, &Requested::NewWithAlias, 0, Consent::default());
    if let TargetKey::New(new) = &mut case.target_key {
        new.tags.push(trailseal_plan::Tag { key: "team".to_owned(), value: "it's us".to_owned() });
    }
    let plan = case.plan(&parameters(&json!({}))).unwrap();
    insta::assert_snapshot!("new_key", plan_for_people(&plan));
    insta::assert_snapshot!("new_key_iam_policy", iam_policy(&plan.permissions));
    insta::assert_snapshot!("new_key_json", serde_json::to_string_pretty(&plan).unwrap());
}

#[test]
fn a_plan_with_a_key_pending_deletion() {
    let disabled = Requested::Key(Sort::State(KeyState::PendingDeletion));
    let case = case(Has::Disabled, &disabled, 4, HAS_ALL_CONSENT);
    let parameters = parameters(&json!({
        "requireKeyRotation": "true", "maxRotationPeriodDays": "180", "checkDelivery": "true",
    }));
    let mut current_state = case.current_state(&parameters);
    current_state.bucket_key = Reading::Known(true);
    current_state.tags = Reading::Known(BTreeMap::from([(
        "aws:cloudformation:stack-name".to_owned(),
        "logging".to_owned(),
    )]));
    current_state.readers = Reading::Known(Readers {
        named: vec![
            format!("arn:aws:iam::{ACCOUNT}:role/auditor"),
            format!("arn:aws:iam::{OTHER_ACCOUNT}:role/siem"),
        ],
        others: vec!["statement `Public` lets everybody read".to_owned()],
        recorded: now(),
    });
    let context = EvaluationContext { parameters: &parameters, now: now() };
    let plan = plan(&context, &current_state, &case.target_key, &case.consent).unwrap();
    insta::assert_snapshot!("existing_key", plan_for_people(&plan));
}

/// The plan is proven with a delivery that only the future can bring.
#[test]
fn a_plan_with_an_external_key_says_that_the_next_delivery_shows_whether_it_works() {
    for (origin, is_told) in [(KeyOrigin::ExternalKeyStore, true), (KeyOrigin::AwsKms, false)] {
        let mut case = case(Has::None, &enabled(), 0, HAS_ALL_CONSENT);
        case.aws.keys.values_mut().for_each(|key| key.facts.origin = origin);
        let plan = case.plan(&parameters(&json!({}))).unwrap();
        let told = |one: &Warning| one.code == WarningCode::DeliveryNotYetProven;
        assert_eq!(plan.warnings.iter().any(told), is_told, "{origin:?}");
    }
}

#[test]
fn back_out_texts() {
    let case = case(Has::Healthy, &enabled(), 0, HAS_ALL_CONSENT);
    let (_, parameters) = settings_by_name("one key");
    let plan = case.plan(&parameters).unwrap();
    let states = applied(&case, &plan, &|| "a plan".to_owned());
    let progress = fold(&records(&plan, &states, plan.steps.len())).unwrap();
    let State { aws, .. } = states.last().unwrap();
    let back_out_plan =
        back_out(&progress, &aws.present(None, &progress.keys()), Force::No).unwrap();
    insta::assert_snapshot!("back_out", plan_for_people(&back_out_plan));

    // Somebody has changed both since.
    let mut changed = aws.clone();
    changed.trail_key = None;
    let arn = plan.key_arn().unwrap();
    changed.keys.get_mut(arn).unwrap().policy = policies()[3].1.clone();
    let present = changed.present(None, &progress.keys());
    let refused = back_out(&progress, &present, Force::No).unwrap_err();
    insta::assert_snapshot!("back_out_changed", refusals_for_people(&refused));
    let forced = back_out(&progress, &present, Force::Yes).unwrap();
    insta::assert_snapshot!("back_out_forced", plan_for_people(&forced));
}

#[test]
fn progress_of_a_stopped_run() {
    let case = case(Has::None, &Requested::New, 0, Consent::default());
    let plan = case.plan(&parameters(&json!({}))).unwrap();
    let states = applied(&case, &plan, &|| "a plan".to_owned());
    let mut records = records(&plan, &states, 2);
    records.push(Record::Before { step: StepId::UpdateTrail, time: now() });
    records.push(Record::Stopped {
        step: Some(StepId::UpdateTrail),
        why: "CloudTrail does not respond".to_owned(),
        is_refused: false,
        time: now(),
    });
    insta::assert_snapshot!(progress_text(&fold(&records).unwrap()));
}

/// A journal is untrusted: a line break in one of its texts must not look like a line of the plan.
#[test]
fn a_text_of_a_journal_is_one_line() {
    const FORGED: &str = "x\n\nSteps\r\n  1. restore-trail: nothing";
    let case = case(Has::Healthy, &enabled(), 0, HAS_ALL_CONSENT);
    let (_, parameters) = settings_by_name("one key");
    let mut plan = case.plan(&parameters).unwrap();
    let states = applied(&case, &plan, &|| "a plan".to_owned());
    plan.steps.iter_mut().for_each(|step| step.undo = Undo::Advice(FORGED.to_owned()));
    let mut records = records(&plan, &states, plan.steps.len());
    records.pop();
    for record in &mut records {
        match record {
            Record::Begun { journal, .. } => *journal = FORGED.to_owned(),
            Record::Done { request_id, .. } => *request_id = Some(FORGED.to_owned()),
            Record::Before { .. }
            | Record::Verified { .. }
            | Record::Stopped { .. }
            | Record::Finished { .. } => {}
        }
    }
    records.push(Record::Stopped {
        step: None,
        why: FORGED.to_owned(),
        is_refused: false,
        time: now(),
    });
    let progress = fold(&records).unwrap();
    let after = states.last().unwrap().aws.present(None, &progress.keys());
    let before = states[0].aws.present(None, &progress.keys());
    let plan = back_out(&progress, &after, Force::No).unwrap();
    let refused = back_out(&progress, &before, Force::No).unwrap_err();
    for text in [plan_for_people(&plan), progress_text(&progress), refusals_for_people(&refused)] {
        assert!(text.contains("x  Steps    1. restore-trail: nothing"), "{text}");
        assert!(
            !text.lines().any(|line| line.starts_with("  1. restore-trail: nothing")),
            "{text}"
        );
    }
}

#[test]
fn policy_differences() {
    let [before, after] = [&policies()[3].1, &policies()[4].1];
    insta::assert_snapshot!(policy_diff(Some(before), after));
    assert_eq!(policy_diff(Some(before), before), "");
    let other_order = r#"{"Statement":[],"Version":"2012-10-17"}"#;
    let blank = "{ \"Statement\" : [ ],\n\t\"Version\":\"2012-10-17\" }";
    assert_eq!(policy_diff(Some(other_order), blank), "");
}

/// A denied DescribeKey does not hide the other denials.
#[test]
fn a_denied_describe_key_does_not_hide_other_denials() {
    let case = case(Has::None, &enabled(), 0, Consent::default());
    for (raw, rotation) in
        [(json!({}), ""), (json!({ "requireKeyRotation": "true" }), ", kms:GetKeyRotationStatus")]
    {
        let parameters = parameters(&raw);
        let mut current_state = case.current_state(&parameters);
        current_state.candidate = denied_key();
        let context = EvaluationContext { parameters: &parameters, now: now() };
        let refusals = plan(&context, &current_state, &case.target_key, &case.consent).unwrap_err();
        let reasons: Vec<&str> = refusals.iter().map(|refusal| refusal.what.as_str()).collect();
        let all = format!("AWS denied kms:DescribeKey, kms:GetKeyPolicy{rotation}");
        assert_eq!(reasons, [all.as_str()]);
    }
}

#[test]
fn the_readme_lists_every_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let row = |code: &str, meaning: &str| format!("| `{code}` | {meaning} |");
    let refusals = RefusalCode::ALL.iter().map(|code| {
        assert_eq!(serde_json::to_value(code).unwrap(), code.to_string());
        row(&code.to_string(), code.meaning())
    });
    let warnings = WarningCode::ALL.iter().map(|code| {
        assert_eq!(serde_json::to_value(code).unwrap(), code.to_string());
        row(&code.to_string(), code.meaning())
    });
    for rows in [refusals.collect::<Vec<_>>(), warnings.collect()] {
        let rows = rows.join("\n");
        assert!(readme.contains(&rows), "README.md lacks this table:\n{rows}");
    }
}

#[test]
fn quotes_shell_words() {
    let mut case = case(Has::None, &Requested::New, 0, Consent::default());
    if let TargetKey::New(new) = &mut case.target_key {
        new.description = Some("it's $HOME `id` \"x\"".to_owned());
    }
    let plan = case.plan(&parameters(&json!({}))).unwrap();
    let line = &aws_cli(&plan)[0];
    assert!(line.contains(r#"--description 'it'\''s $HOME `id` "x"' --policy '{"#), "{line}");
}

/// The texts of a plan have other characters than these replaced.
#[test]
fn a_policy_in_a_command_is_the_policy_of_the_call_in_printable_ascii() {
    let parameters = parameters(&json!({}));
    let case = case(Has::None, &enabled(), 0, Consent::default());
    let statement = |value: &str| {
        json!({
            "Sid": "Read it's", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
            "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") },
            "Condition": { "StringLike": { "aws:PrincipalTag/team": value } },
        })
    };
    for value in ["blue\u{ad}team", "a \\ \"b\"\t{}, c\\", "é名\u{1f511}\u{7f}\u{202e}"] {
        let policy = json!({ "Version": "2012-10-17", "Statement": [statement(value)] });
        let policy = serde_json::to_string_pretty(&policy).unwrap();
        let policy = policy.replace("  ", "\t").replace('\n', "\r\n");
        let mut current_state = case.current_state(&parameters);
        current_state.candidate.policy = Reading::Known(policy);
        let context = EvaluationContext { parameters: &parameters, now: now() };
        let plan = plan(&context, &current_state, &case.target_key, &case.consent).unwrap();
        let step = plan.step(StepId::PutKeyPolicy).unwrap();
        let lines = aws_cli(&plan);
        let line = lines.iter().find(|line| line.contains("put-key-policy")).unwrap();
        assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line:?}");
        let (_, word) = line.split_once("--policy '").unwrap();
        let printed = word.strip_suffix('\'').unwrap().replace(r"'\''", "'");
        let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(parsed(&printed), parsed(step.call.policy().unwrap()), "{line}");
        assert!(plan_for_people(&plan).contains(line));
    }
}
