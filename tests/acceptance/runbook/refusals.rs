//! Refusals, each without a change.

use serde_json::{Value, json};
use trailseal_lab::{Denial, Function, Lab, Membership};

use crate::acceptance::harness::{ACCOUNT, REGION, impatient, remediation_path};
use crate::acceptance::runbook::{
    Runbook, apply, arn, broken_state, dry, key, member, replace, state,
};
use accounts::{MEMBER, account, bucket, key_arn, trail, trail_arn};

const OTHER: &str = "eu-west-1";

fn denied(operation: &str, about: Option<&str>) -> Denial {
    let (account, operation) = (ACCOUNT.to_owned(), operation.to_owned());
    Denial {
        account,
        operation,
        about: about.map(str::to_owned),
        policy: Some("none".to_owned()),
        error: None,
    }
}

/// Asserts a refusal with this code, in a dry run and otherwise.
async fn refuses(target: &mut Runbook, trail: &str, code: &str) {
    for event in [dry(trail), apply(trail)] {
        let (kind, message) = target.refused(&event).await;
        assert_eq!(kind, "Refused", "{message}");
        assert!(message.contains(&format!("{code}: ")), "{message}");
    }
}

#[tokio::test]
async fn does_not_replace_a_key_unless_allowed() {
    refuses(&mut Runbook::open(broken_state()).await, "sealed", "replace-key-not-consented").await;
}

#[tokio::test]
async fn does_not_change_a_sealed_trail() {
    let mut target = Runbook::open(state()).await;
    for event in [apply("sealed"), replace("sealed")] {
        let (_, message) = target.refused(&event).await;
        assert!(message.contains("already-sealed: "), "{message}");
    }
}

#[tokio::test]
async fn does_not_change_an_unverified_trail() {
    let mut state = state();
    let old = key_arn(ACCOUNT, REGION, 0);
    state.denials.push(denied("kms:DescribeKey", Some(&old)));
    let mut target = Runbook::open(state).await;
    for event in [apply("sealed"), replace("sealed")] {
        let (kind, message) = target.refused(&event).await;
        assert_eq!(kind, "Refused");
        assert!(message.contains("unverified: "), "{message}");
    }
}

#[tokio::test]
async fn refuses_a_member_copy_of_an_organization_trail() {
    let mut state = state();
    state.accounts[0] = account(ACCOUNT, Membership::Management, &[REGION]);
    state.accounts.push(member(MEMBER));
    state.trails[0].is_organization_trail = true;
    let mut target = Runbook::with(state, MEMBER, REGION, &[]).await;
    for named in ["plain".to_owned(), arn("plain")] {
        refuses(&mut target, &named, "organization-trail-of-another-account").await;
    }
}

#[tokio::test]
async fn the_management_account_seals_its_organization_trail() {
    let mut state = state();
    state.accounts[0] = account(ACCOUNT, Membership::Management, &[REGION]);
    state.accounts.push(member(MEMBER));
    state.trails[0].is_organization_trail = true;
    let mut target = Runbook::open(state).await;
    assert_eq!(target.invoke(&apply(&arn("plain"))).await.answer()["outcome"], "applied");
}

#[tokio::test]
async fn changes_a_trail_only_in_its_home_region() {
    let mut state = state();
    state.accounts[0].regions.push(OTHER.to_owned());
    let home = trail_arn(ACCOUNT, OTHER, "elsewhere");
    let mut elsewhere = trail(&home, "logs", None);
    elsewhere.is_multi_region_trail = true;
    state.trails.push(elsewhere);
    let mut target = Runbook::open(state).await;
    // The ARN shows the home Region without a call; the name finds a shadow trail.
    let reply = target.invoke(&apply(&home)).await;
    let (kind, message) = reply.outcome.unwrap_err();
    assert_eq!(kind, "Refused");
    assert!(message.contains("/elsewhere` is eu-west-1"), "{message}");
    assert!(message.contains("start the runbook in eu-west-1"), "{message}");
    assert!(reply.calls.is_empty(), "{:?}", reply.calls);
    refuses(&mut target, "elsewhere", "shadow-trail").await;
}

#[tokio::test]
async fn refuses_a_key_in_another_region_than_the_bucket() {
    let mut state = state();
    state.accounts[0].regions.push(OTHER.to_owned());
    state.buckets.push(bucket("far", ACCOUNT, OTHER));
    state.trails[0].s3_bucket_name = "far".to_owned();
    refuses(&mut Runbook::open(state).await, "plain", "key-in-wrong-region").await;
}

#[tokio::test]
async fn refuses_a_key_that_does_not_work() {
    for (state_of_key, code) in
        [("Disabled", "key-disabled"), ("PendingDeletion", "key-pending-deletion")]
    {
        let mut state = state();
        state.keys[1].state = state_of_key.to_owned();
        state.keys[1].deletion_date = Some(1_800_000_000_000).filter(|_| code != "key-disabled");
        refuses(&mut Runbook::open(state).await, "plain", code).await;
    }
    let mut state = state();
    state.keys.remove(1);
    refuses(&mut Runbook::open(state).await, "plain", "key-missing").await;
}

#[tokio::test]
async fn does_not_change_an_exempt_trail() {
    let mut target = Runbook::of_rule(state(), &json!({ "exemptTrails": arn("plain") })).await;
    refuses(&mut target, "plain", "not-judged").await;
}

#[tokio::test]
async fn refuses_a_key_that_the_rule_does_not_allow() {
    let parameters = json!({ "allowedKmsKeyArns": key_arn(ACCOUNT, REGION, 7) });
    refuses(&mut Runbook::of_rule(state(), &parameters).await, "plain", "key-not-allowed").await;
}

#[tokio::test]
async fn names_a_missing_trail() {
    let mut target = Runbook::open(state()).await;
    let (kind, message) = target.refused(&apply("nowhere")).await;
    assert_eq!(kind, "NoSuchTrail");
    assert!(message.contains("`nowhere`"), "{message}");
}

#[tokio::test]
async fn reports_all_faults_of_the_event_without_a_call() {
    let mut target = Runbook::open(state()).await;
    let event = json!({ "Trail": "plain", "key": "alias/logs", "dryRun": "yes" });
    let reply = target.invoke(&event).await;
    let (kind, message) = reply.outcome.unwrap_err();
    assert_eq!(kind, "EventError");
    for part in
        ["`Trail` is unknown", "`trail` is missing", "`key` is `alias/logs`", "`dryRun` is `yes`"]
    {
        assert!(message.contains(part), "{message}");
    }
    assert!(reply.calls.is_empty());
    for other in [json!([]), json!("plain"), Value::Null] {
        let (kind, _) = target.invoke(&other).await.outcome.unwrap_err();
        assert_eq!(kind, "EventError");
    }
}

#[tokio::test]
async fn a_denied_change_stops_and_names_the_journal() {
    let mut state = state();
    state.denials.push(denied("cloudtrail:UpdateTrail", None));
    let mut target = Runbook::open(state).await;
    let reply = target.invoke(&apply("plain")).await;
    assert_eq!(reply.changes(), ["kms:PutKeyPolicy", "cloudtrail:UpdateTrail"]);
    let (kind, message) = reply.outcome.unwrap_err();
    assert_eq!(kind, "PermissionMissing");
    assert!(message.contains("cloudtrail:UpdateTrail"), "{message}");
    assert!(message.contains("journal `"), "{message}");
    assert_eq!(target.key_of("plain"), None);
    assert!(target.lab.broken_deliveries().is_empty());
}

#[tokio::test]
async fn reports_all_denied_reads_at_once() {
    let mut state = state();
    for operation in ["kms:GetKeyRotationStatus", "kms:GetKeyPolicy"] {
        state.denials.push(denied(operation, Some(&key())));
    }
    let mut target = Runbook::of_rule(state, &json!({ "requireKeyRotation": "true" })).await;
    let (kind, message) = target.refused(&apply("plain")).await;
    assert_eq!(kind, "Refused");
    for action in ["kms:GetKeyRotationStatus", "kms:GetKeyPolicy"] {
        assert!(message.contains(action), "{message}");
    }
}

#[tokio::test]
async fn rejects_invalid_parameters_at_startup() {
    let lab = Lab::start(state()).await.unwrap();
    let mut settings = impatient(ACCOUNT, REGION);
    let wrong = json!({ "profile": "loose" }).to_string();
    settings.environment.push(("TRAILSEAL_RULE_PARAMETERS".to_owned(), wrong));
    let error = Function::spawn(&remediation_path(), &lab, settings).await.unwrap_err();
    let message = error.to_string();
    assert!(message.contains("`TRAILSEAL_RULE_PARAMETERS`"), "{message}");
    assert!(message.contains("`loose`"), "{message}");
}
