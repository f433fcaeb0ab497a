//! A snapshot of every refusal.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};
use strum::VariantArray as _;
use trailseal_plan::{
    Consent, Force, Plan, RecordedPolicy, RefusalCode, Refusals, TargetKey, WarningCode, back_out,
    fold, plan,
};
use trailseal_rule::{
    EvaluationContext, KeyFacts, KeyOrigin, KeyState, KeyUsage, Parameters, Reading, Refusal, Trail,
};

use crate::aws::{OTHER_ACCOUNT, account, region};
use crate::back_outs::records;
use crate::cases::{
    Has, Requested, Sort, case, consents, enabled, now, parameters, policies, requested_keys,
};
use crate::laws::{HAS_ALL_CONSENT, applied};

#[derive(Default)]
struct First(BTreeMap<RefusalCode, String>);

impl First {
    fn note(&mut self, refusals: &Refusals) {
        for refusal in refusals.iter() {
            let line = format!("{}\n  fix: {}", refusal.what, refusal.fix);
            self.0.entry(refusal.code).or_insert(line);
        }
    }
}

#[test]
fn an_unknown_state_or_kind_of_an_external_key_is_refused() {
    type Change = fn(&mut KeyFacts);
    let changes: [(Change, RefusalCode); 2] = [
        (|facts| facts.state = KeyState::Unrecognized("Odd".into()), RefusalCode::KeyNotReady),
        (|facts| facts.usage = KeyUsage::Other("".into()), RefusalCode::KeyOfWrongKind),
    ];
    for (change, code) in changes {
        let mut case = case(Has::None, &enabled(), 0, HAS_ALL_CONSENT);
        for key in case.aws.keys.values_mut() {
            key.facts.origin = KeyOrigin::ExternalKeyStore;
            change(&mut key.facts);
        }
        let refusals = case.plan(&parameters(&json!({}))).map(|_| ()).unwrap_err();
        assert!(refusals.has(code), "{refusals}");
    }
}

#[test]
fn a_trail_that_its_tag_exempts_or_may_exempt_gets_no_plan() {
    let tagged = parameters(&json!({ "exemptionTag": "trailseal:exempt-until" }));
    let case = case(Has::None, &enabled(), 0, HAS_ALL_CONSENT);
    let planned = |exemption_tag: Reading<String>| {
        let context = EvaluationContext { parameters: &tagged, now: now() };
        let mut current_state = case.current_state(&tagged);
        current_state.facts.exemption_tag = exemption_tag;
        plan(&context, &current_state, &case.target_key, &case.consent)
    };
    let today = now().date();
    let exempt = planned(Reading::Known(today.clone())).map(|_| ()).unwrap_err();
    assert!(exempt.has(RefusalCode::NotJudged), "{exempt}");
    assert!(exempt.to_string().contains(&format!("exempt until {today}")), "{exempt}");
    let unread = planned(Reading::Refused(Refusal::AccessDenied { action: "cloudtrail:ListTags" }));
    let unread = unread.map(|_| ()).unwrap_err();
    assert!(unread.has(RefusalCode::Unverified), "{unread}");
    assert!(unread.to_string().contains("may be exempt by its tag"), "{unread}");
    for exempts_nothing in [Reading::Absent, Reading::Known("2020-01-01".to_owned())] {
        assert!(planned(exempts_nothing).is_ok());
    }
    // A tag does not prolong an exemption that has ended, so it need not be read.
    let ended = parameters(&json!({
        "exemptionTag": "trailseal:exempt-until",
        "exemptTrails": "arn:aws:cloudtrail:*:*:trail/*@2020-01-01",
    }));
    for tag in [Reading::Known(today), Reading::Refused(Refusal::NotRead)] {
        let context = EvaluationContext { parameters: &ended, now: now() };
        let mut current_state = case.current_state(&ended);
        current_state.facts.exemption_tag = tag;
        assert!(plan(&context, &current_state, &case.target_key, &case.consent).is_ok());
    }
}

#[test]
fn snapshots_every_refusal() {
    let mut first = First::default();
    note_refusals_of_all_combinations(&mut first);
    note_refusals_of_trails_and_buckets(&mut first);
    of_keys(&mut first);
    note_refusals_of_back_outs(&mut first);
    let mut out = String::new();
    // The planner does not read the former key, so it never gives this code.
    let given_by_the_planner = |code: &&RefusalCode| **code != RefusalCode::FormerKeyNotAllowed;
    for code in RefusalCode::ALL.iter().filter(given_by_the_planner) {
        let words = first.0.get(code).unwrap_or_else(|| panic!("no case is refused by {code}"));
        let _ = writeln!(out, "{code}: {words}");
    }
    insta::assert_snapshot!(out);
}

fn note_refusals_of_all_combinations(first: &mut First) {
    for &has in Has::VARIANTS {
        for requested in requested_keys() {
            for policy in 0..policies().len() {
                for (name, parameters) in crate::cases::settings() {
                    for consent in [consents()[0], consents()[7]] {
                        let mut case = case(has, &requested, policy, consent);
                        if name == "exempt" {
                            case.aws.bucket_region = Reading::Absent;
                        }
                        if let Err(refusals) = case.plan(&parameters) {
                            first.note(&refusals);
                        }
                    }
                }
                if !matches!(requested, Requested::Key(Sort::State(_))) {
                    break;
                }
            }
        }
    }
}

fn note_refusals_of_trails_and_buckets(first: &mut First) {
    let changes: [fn(&mut Trail); 3] = [
        |trail| trail.region = region("eu-west-1"),
        |trail| {
            trail.is_organization_trail = true;
            trail.account = account(OTHER_ACCOUNT);
        },
        |trail| trail.bucket = None,
    ];
    for change_trail in changes {
        let mut case = case(Has::None, &enabled(), 0, Consent::default());
        case.change_trail = change_trail;
        first.note(&case.plan(&parameters(&json!({}))).unwrap_err());
    }
    let mut strange = case(Has::None, &enabled(), 0, Consent::default());
    strange.caller = OTHER_ACCOUNT;
    let mut without_bucket = case(Has::None, &enabled(), 0, Consent::default());
    without_bucket.aws.bucket_region = Reading::Absent;
    for case in [strange, without_bucket] {
        first.note(&case.plan(&parameters(&json!({}))).unwrap_err());
    }
    let condition = json!({ "StringNotEquals": { ENCRYPTION: "AES256" } });
    first.note(&plan_with_deny(&enabled(), "*", &condition).unwrap_err());
}

const ENCRYPTION: &str = "s3:x-amz-server-side-encryption";

/// A plan for a trail whose bucket denies deliveries of these objects with this condition.
fn plan_with_deny(
    requested: &Requested,
    resource: &str,
    condition: &Value,
) -> Result<Plan, Refusals> {
    let case = case(Has::None, requested, 0, Consent::default());
    let parameters = parameters(&json!({}));
    let mut current_state = case.current_state(&parameters);
    let deny = json!({
        "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": resource,
        "Condition": condition,
    });
    let policy = json!({ "Version": "2012-10-17", "Statement": deny });
    current_state.bucket_policy =
        Reading::Known(RecordedPolicy { text: policy.to_string(), recorded: now() });
    let context = EvaluationContext { parameters: &parameters, now: now() };
    plan(&context, &current_state, &case.target_key, &case.consent)
}

#[test]
fn refuses_a_key_only_if_the_bucket_policy_denies_its_deliveries() {
    let key_id = &format!("{ENCRYPTION}-aws-kms-key-id");
    let other = "arn:aws:kms:us-east-1:111122223333:key/99999999-0000-4000-8000-999999999999";
    let (all, log_files) = ("*", "arn:aws:s3:::trail-logs/AWSLogs/111122223333/*");
    for (resource, condition, is_refused) in [
        (all, json!({}), false),
        (all, json!({ "Null": { ENCRYPTION: "false" } }), true),
        (all, json!({ "StringNotEquals": { ENCRYPTION: "aws:kms" } }), false),
        (all, json!({ "StringNotEquals": { key_id: other } }), true),
        (log_files, json!({ "StringNotEquals": { key_id: other } }), true),
        (all, json!({ "Bool": { "aws:SecureTransport": "false" } }), false),
        (all, json!({ "NumericLessThan": { "s3:TlsVersion": "1.2" } }), false),
    ] {
        for requested in [enabled(), Requested::NewWithAlias] {
            let planned = plan_with_deny(&requested, resource, &condition);
            let warned = planned.as_ref().is_ok_and(|plan| {
                plan.warnings.iter().any(|one| one.code == WarningCode::BucketPolicyInDoubt)
            });
            let refused = planned.map(drop).err();
            let refused = refused.is_some_and(|it| it.has(RefusalCode::BucketPolicyDenies));
            assert_eq!((refused, warned), (is_refused, false), "{requested:?}: {condition}");
        }
    }
}

fn of_keys(first: &mut First) {
    let parameters: Parameters = parameters(&json!({}));
    let hidden = case(Has::None, &enabled(), 0, Consent::default());
    let mut current_state = hidden.current_state(&parameters);
    current_state.candidate.policy = Reading::Absent;
    let context = EvaluationContext { parameters: &parameters, now: now() };
    first.note(&plan(&context, &current_state, &hidden.target_key, &hidden.consent).unwrap_err());

    let mut impossible = case(Has::None, &Requested::NewWithAlias, 0, Consent::default());
    if let TargetKey::New(new) = &mut impossible.target_key {
        new.alias = Some("alias/aws/cloudtrail".to_owned());
    }
    first.note(&impossible.plan(&parameters).unwrap_err());
}

fn note_refusals_of_back_outs(first: &mut First) {
    let disabled = Requested::Key(Sort::State(KeyState::Disabled));
    // The trail's key, the requested key, the completed steps, and whether others change the policy.
    for (has, requested, steps, is_changed) in [
        (Has::None, enabled(), 0, false),
        (Has::None, enabled(), 2, true),
        (Has::Disabled, enabled(), 2, false),
        (Has::TheRequested, disabled, 2, false),
    ] {
        let case = case(has, &requested, 0, HAS_ALL_CONSENT);
        let plan = case.plan(&parameters(&json!({}))).unwrap();
        let states = applied(&case, &plan, &|| "a plan".to_owned());
        let progress = fold(&records(&plan, &states, steps)).unwrap();
        let mut aws = states[steps].aws.clone();
        if is_changed {
            aws.keys.get_mut(plan.key_arn().unwrap()).unwrap().policy.clone_from(&policies()[3].1);
        }
        let present = aws.present(case.alias(), &progress.keys());
        first.note(&back_out(&progress, &present, Force::No).unwrap_err());
    }

    // The journal lists an added statement that the planner never generates.
    let case = case(Has::None, &enabled(), 0, HAS_ALL_CONSENT);
    let plan = case.plan(&parameters(&json!({}))).unwrap();
    let states = applied(&case, &plan, &|| "a plan".to_owned());
    let mut progress = fold(&records(&plan, &states, 2)).unwrap();
    if let Some(change) = &mut progress.remediation.plan.policy_change {
        change.added = vec![r#"{"Effect":"Allow","Principal":"*"}"#.to_owned()];
    }
    let present = states[2].aws.present(case.alias(), &progress.keys());
    first.note(&back_out(&progress, &present, Force::No).unwrap_err());
}
