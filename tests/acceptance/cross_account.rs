//! Rules and keys of other accounts: assumed roles, and reports of roles that cannot be assumed.

use std::time::Duration;

use serde_json::Value;
use trailseal_lab::{Call, Fault, FaultKind, Membership, Operation, Position, RuleEvent, State};

use super::faults::desk::{Desk, Returned, Sent};
use super::harness::{ACCOUNT, REGION};
use accounts::{
    KEY_ACCOUNT, KEY_ROLE, MEMBER, MEMBER_ROLE, STRICT, account, bucket, change, key_arn,
    key_of_trails, role, role_arn, rule, schedule, trail, trail_arn, trail_item, with,
};

const EXTERNAL_ID: &str = "trailseal-central";
const CENTRAL: [(&str, &str); 1] = [("executionRoleName", MEMBER_ROLE)];

/// A central account and a member account with one sealed trail, in any partition.
fn state_in(region: &str, external_id: Option<&str>) -> State {
    let arn = trail_arn(MEMBER, region, "main");
    let key = key_arn(MEMBER, region, 0);
    State {
        accounts: vec![
            account(ACCOUNT, Membership::Management, &[region]),
            account(MEMBER, Membership::Member, &[region]),
            account(KEY_ACCOUNT, Membership::Outside, &[region]),
        ],
        trails: vec![trail(&arn, "logs", Some(&key))],
        keys: vec![key_of_trails(&key, &[&arn])],
        buckets: vec![bucket("logs", MEMBER, region)],
        roles: vec![role(&role_arn(region, MEMBER, MEMBER_ROLE), external_id)],
        config_rules: vec![rule(MEMBER, region, Vec::new()), rule(ACCOUNT, region, Vec::new())],
        ..State::default()
    }
}

fn state() -> State {
    state_in(REGION, None)
}

fn item_of(state: &State) -> Value {
    let region = state.buckets[0].region.as_str();
    trail_item(&state.trails[0], MEMBER, region)
}

/// A change of the member's trail, sent to a central function.
fn member_change() -> RuleEvent {
    with(change(&item_of(&state())), &CENTRAL)
}

fn assumed(calls: &[Call]) -> Vec<&Call> {
    calls.iter().filter(|call| call.operation == "sts:AssumeRole").collect()
}

#[tokio::test]
async fn uses_the_assumed_role_for_every_signed_call_in_each_partition() {
    for (region, partition) in
        [("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
    {
        let state = state_in(region, None);
        let desk = Desk::open_as(state.clone(), ACCOUNT, region, None).await;
        for event in [change(&item_of(&state)), schedule(MEMBER, region)] {
            let sent = desk.send(&with(event, &CENTRAL)).await;
            assert_eq!(sent.verdicts(), [("main", "COMPLIANT")].into(), "{region}");
            for call in &sent.calls {
                let expected = match call.operation.as_str() {
                    "sts:AssumeRole" => Some(ACCOUNT),
                    // HeadBucket is not signed.
                    "s3:HeadBucket" => None,
                    _ => Some(MEMBER),
                };
                assert_eq!(call.account.as_deref(), expected, "{}", call.operation);
                // STS is called in the same Region.
                let signed_for = expected.map(|_| region);
                assert_eq!(call.region.as_deref(), signed_for, "{}", call.operation);
            }
            for call in assumed(&sent.calls) {
                let arn = format!("arn:{partition}:iam::{MEMBER}:role/{MEMBER_ROLE}");
                assert_eq!(call.request["RoleArn"], arn);
                // Auditors see this name in CloudTrail.
                assert_eq!(call.request["RoleSessionName"], "trailseal");
                assert_eq!(call.request.get("ExternalId"), None);
            }
        }
    }
}

#[tokio::test]
async fn sends_the_external_id_of_the_deployment() {
    let demanding = state_in(REGION, Some(EXTERNAL_ID));
    let event = with(change(&item_of(&demanding)), &CENTRAL);
    let desk = Desk::open_as(demanding.clone(), ACCOUNT, REGION, Some(EXTERNAL_ID)).await;
    assert_eq!(desk.send(&event).await.verdicts(), [("main", "COMPLIANT")].into());
    for wrong in [None, Some("another")] {
        let desk = Desk::open_as(demanding.clone(), ACCOUNT, REGION, wrong).await;
        let sent = desk.send(&event).await;
        sent.assert_failure(
            "PermissionMissing",
            &["cannot be assumed", "the external ID is the one that it requires"],
        );
    }
}

#[tokio::test]
async fn a_warm_function_reuses_credentials() {
    let desk = Desk::open(state()).await;
    for assumptions in [1, 0, 0] {
        let sent = desk.send(&member_change()).await;
        assert_eq!(sent.verdicts(), [("main", "COMPLIANT")].into());
        assert_eq!(assumed(&sent.calls).len(), assumptions);
    }
}

/// Credentials are replaced before they expire: those that expire within five minutes are not used.
#[tokio::test]
async fn credentials_are_renewed_before_they_expire() {
    for (minutes, second_time) in [(4, 1), (10, 0)] {
        let desk = Desk::open(state()).await;
        desk.lab.set_session_time(Duration::from_secs(60 * minutes));
        let event = member_change();
        assert_eq!(assumed(&desk.send(&event).await.calls).len(), 1);
        let again = desk.send(&event).await;
        assert_eq!(assumed(&again.calls).len(), second_time, "{minutes} minutes");
        assert_eq!(again.verdicts(), [("main", "COMPLIANT")].into());
    }
}

/// If a session ends early, one invocation fails; Lambda's retry gets a new session.
#[tokio::test]
async fn credentials_that_expire_early_are_not_reused() {
    let desk = Desk::open(state()).await;
    let event = member_change();
    assert_eq!(desk.send(&event).await.verdicts(), [("main", "COMPLIANT")].into());
    desk.lab.expire_sessions();
    let sent = desk.send(&event).await;
    sent.assert_failure("AwsBreakdown", &["ExpiredToken"]);
    assert_eq!(sent.put, []);
    let again = desk.send(&event).await;
    assert_eq!(again.verdicts(), [("main", "COMPLIANT")].into());
    assert_eq!(assumed(&again.calls).len(), 1);
}

#[tokio::test]
async fn names_a_role_that_cannot_be_assumed_and_the_likely_cause() {
    let without = State { roles: Vec::new(), ..state() };
    let desk = Desk::open(without).await;
    let sent = desk.send(&member_change()).await;
    let arn = role_arn(REGION, MEMBER, MEMBER_ROLE);
    sent.assert_failure(
        "PermissionMissing",
        &[&arn, MEMBER, "AccessDenied", "exists, that it trusts the calling principal"],
    );
    sent.assert_counts(&[(Operation::AssumeRole, 1)]);
    // A refusal is not cached: after the fix, the role is assumed.
    desk.lab.set_state(state());
    let sent = desk.send(&member_change()).await;
    assert_eq!(sent.verdicts(), [("main", "COMPLIANT")].into());
}

#[tokio::test]
async fn rejects_the_service_linked_role_of_config() {
    let name = "aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig";
    let event = with(change(&item_of(&state())), &[("executionRoleName", name)]);
    let sent = Desk::open(state()).await.send(&event).await;
    sent.assert_failure(
        "PermissionMissing",
        &["service-linked role", "only Config can assume", "name a role of your own"],
    );
}

#[tokio::test]
async fn rejects_another_accounts_rule_without_a_role_before_any_call() {
    let sent = Desk::open(state()).await.send(&change(&item_of(&state()))).await;
    sent.assert_failure("PermissionMissing", &[MEMBER, ACCOUNT, "set `executionRoleName`"]);
    sent.assert_counts(&[]);
}

/// An organization rule has the same parameters in all accounts, including the central one.
#[tokio::test]
async fn assumes_no_role_in_its_own_account() {
    let sent = Desk::open(state()).await.send(&with(schedule(ACCOUNT, REGION), &CENTRAL)).await;
    assert_eq!(sent.accepted(), 0);
    assert!(assumed(&sent.calls).is_empty());
    assert!(sent.calls.iter().all(|call| call.account.as_deref() == Some(ACCOUNT)));
}

#[tokio::test]
async fn a_denied_role_in_one_account_does_not_affect_another() {
    let other = "555566667777";
    let mut both = state();
    both.accounts.push(account(other, Membership::Member, &[REGION]));
    let desk = Desk::open(both).await;
    let denied = desk.send(&with(schedule(other, REGION), &CENTRAL)).await;
    denied.assert_failure("PermissionMissing", &[other]);
    let sent = desk.send(&with(schedule(MEMBER, REGION), &CENTRAL)).await;
    assert_eq!(sent.verdicts(), [("main", "COMPLIANT")].into());
}

/// Each account has its own retry quota. A throttled account uses up only its own, with signed and
/// unsigned calls.
#[tokio::test]
async fn one_throttled_account_does_not_use_up_the_retries_of_another() {
    let (own_key, own_arn) = (key_arn(ACCOUNT, REGION, 7), trail_arn(ACCOUNT, REGION, "own"));
    let mut both = state();
    both.trails.push(trail(&own_arn, "archive", Some(&own_key)));
    both.keys.push(key_of_trails(&own_key, &[&own_arn]));
    both.buckets.push(bucket("archive", ACCOUNT, REGION));
    let member = member_change();
    let own = change(&trail_item(&both.trails[1], ACCOUNT, REGION));
    for (operation, of_member, of_own) in [
        (Operation::DescribeKey, key_arn(MEMBER, REGION, 0), own_key),
        (Operation::HeadBucket, "logs".to_owned(), "archive".to_owned()),
    ] {
        let desk = Desk::open(both.clone()).await;
        let throttled = |position| Fault::of(operation, position, FaultKind::Throttling);
        desk.lab.inject(throttled(Position::Every).about(of_member));
        // A quota has 500 tokens. A retry costs at least five, and an invocation makes four;
        // successful calls return a few.
        let mut fewest = usize::MAX;
        for _ in 0..40 {
            let sent = desk.send(&member).await;
            sent.assert_failure("AwsBreakdown", &[operation.iam()]);
            fewest = fewest.min(sent.count(operation));
        }
        assert!(fewest <= 2, "the member still has retries: {fewest}");
        desk.lab.clear_faults();
        desk.lab.inject(throttled(Position::First).about(of_own));
        let sent = desk.send(&own).await;
        assert_eq!(sent.verdicts(), [("own", "COMPLIANT")].into());
        assert_eq!(sent.count(operation), 2);
    }
}

/// A trail of the function's own account, sealed with a key of another account.
fn foreign_key(roles: &[&str]) -> State {
    let arn = trail_arn(ACCOUNT, REGION, "main");
    let key = key_arn(KEY_ACCOUNT, REGION, 3);
    State {
        trails: vec![trail(&arn, "logs", Some(&key))],
        keys: vec![key_of_trails(&key, &[&arn])],
        roles: roles.iter().map(|name| role(&role_arn(REGION, KEY_ACCOUNT, name), None)).collect(),
        ..state()
    }
}

/// The result of a change of that trail.
async fn changed(state: State, parameters: &[(&str, &str)]) -> Sent {
    let event = change(&trail_item(&state.trails[0], ACCOUNT, REGION));
    Desk::open(state).await.send(&with(event, parameters)).await
}

/// Asserts that the trail is NON_COMPLIANT and how its annotation begins.
fn assert_broken(sent: &Sent, words: &str) {
    assert_eq!(sent.returned, Returned::Accepted(1));
    assert_eq!(sent.verdicts(), [("main", "NON_COMPLIANT")].into());
    assert!(sent.annotation("main").starts_with(words), "{}", sent.annotation("main"));
}

#[tokio::test]
async fn reads_a_foreign_key_with_a_role_of_its_account() {
    let mut state = foreign_key(&[KEY_ROLE]);
    // The key's policy admits nobody else.
    state.keys[0].readable_from.clear();
    let sent = changed(state, &STRICT).await;
    assert_eq!(sent.verdicts(), [("main", "COMPLIANT")].into());
    for call in &sent.calls {
        let is_kms = call.operation.starts_with("kms:");
        assert_eq!(call.account.as_deref() == Some(KEY_ACCOUNT), is_kms, "{}", call.operation);
    }
    sent.assert_counts(&[
        (Operation::AssumeRole, 1),
        (Operation::DescribeKey, 1),
        (Operation::GetKeyRotationStatus, 1),
        (Operation::GetKeyPolicy, 1),
        (Operation::HeadBucket, 1),
        (Operation::GetTrailStatus, 1),
        (Operation::PutEvaluations, 1),
    ]);
}

/// KMS returns a key and its rotation to callers in its key policy, but never a foreign policy.
#[tokio::test]
async fn cannot_verify_a_foreign_key_policy_without_a_role() {
    let sent = changed(foreign_key(&[KEY_ROLE]), &STRICT[..2]).await;
    assert_broken(&sent, "could not verify the policy of the key");
    assert!(sent.annotation("main").contains("does not work across accounts"));
    let kms = [Operation::DescribeKey, Operation::GetKeyRotationStatus, Operation::GetKeyPolicy];
    assert_eq!(kms.map(|operation| sent.count(operation)), [1, 1, 0]);
}

/// The key is read only with the role, even if its policy permits more; a refusal is not retried.
#[tokio::test]
async fn names_a_refused_role_of_the_key_account() {
    let sent = changed(foreign_key(&[]), &STRICT).await;
    let role = role_arn(REGION, KEY_ACCOUNT, KEY_ROLE);
    let words = format!("could not verify the state of the key: role {role} cannot be assumed");
    assert_broken(&sent, &words);
    assert_eq!(sent.count(Operation::AssumeRole), 1);
    assert_eq!(sent.count(Operation::DescribeKey), 0);
}

#[tokio::test]
async fn names_the_call_that_a_role_of_the_key_account_may_not_make() {
    let state = foreign_key(&[KEY_ROLE]);
    let event = with(change(&trail_item(&state.trails[0], ACCOUNT, REGION)), &STRICT[1..]);
    let desk = Desk::open(state).await;
    let denied = Fault::of(Operation::DescribeKey, Position::Every, FaultKind::AccessDenied);
    desk.lab.inject(denied);
    let sent = desk.send(&event).await;
    let words = format!(
        "could not verify the state of the key: role {KEY_ROLE} may not call kms:DescribeKey"
    );
    assert_broken(&sent, &words);
    let fix = "Fix: allow kms:DescribeKey to the role, in IAM and in the key policy";
    assert!(sent.annotation("main").contains(fix), "{}", sent.annotation("main"));
}

/// By default a foreign key is not accepted, even if KMS returns it.
#[tokio::test]
async fn a_trail_with_a_foreign_key_is_non_compliant() {
    let readable = foreign_key(&[]);
    let mut unreadable = foreign_key(&[]);
    unreadable.keys[0].readable_from.clear();
    for state in [&readable, &unreadable] {
        for unverified in ["NON_COMPLIANT", "COMPLIANT", "NOT_APPLICABLE"] {
            let sent = changed(state.clone(), &[("unverified", unverified)]).await;
            let words =
                "the key belongs to account 777788889999, which is neither this account nor";
            assert_broken(&sent, words);
        }
    }
    // If its account is allowed, the denied read is reported instead.
    let sent = changed(unreadable, &[("allowedKeyAccounts", KEY_ACCOUNT)]).await;
    assert_broken(&sent, "could not verify");
    assert!(sent.annotation("main").contains("kms:DescribeKey was denied"));
}
