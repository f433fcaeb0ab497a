//! Changes of keys: the item is only a trigger, and trails are evaluated from what AWS returns now.

use serde_json::{Value, json};
use trailseal_lab::{DiscoveredAs, Fault, FaultKind, Key, Membership, Operation, Position, State};

use super::case::annotation;
use super::faults::desk::{Desk, Sent};
use super::harness::{ACCOUNT, REGION};
use accounts::{
    CAPTURED, MEMBER, account, account_with_trails, bucket, change, deleted, key_arn, key_item,
    key_of_trails, rule, schedule, standing, trail, trail_arn, trail_item, with,
};

/// One key seals `t0` and `t1`, another seals `t2`.
fn state() -> State {
    account_with_trails(&[(0, 0), (0, 1), (1, 0)])
}

fn with_key(state: State, number: usize, change: impl Fn(&mut Key)) -> State {
    let mut state = state;
    change(&mut state.keys[number]);
    state
}

/// The result of a change of a key.
async fn changed(state: State, item: &Value) -> Sent {
    Desk::open(state).await.send(&change(item)).await
}

#[tokio::test]
async fn evaluates_exactly_the_trails_that_use_the_key() {
    let sent = changed(state(), &key_item(&state().keys[0])).await;
    assert_eq!(sent.verdicts(), [("t0", "COMPLIANT"), ("t1", "COMPLIANT")].into());
    assert!(sent.put.iter().all(|one| one.ordering_timestamp == 1_795_428_000_125), "{CAPTURED}");
    sent.assert_counts(&[
        (Operation::DescribeTrails, 1),
        (Operation::ListDiscoveredResources, 1),
        (Operation::DescribeKey, 1),
        (Operation::HeadBucket, 2),
        (Operation::PutEvaluations, 1),
    ]);
}

#[tokio::test]
async fn ignores_the_key_state_in_the_item() {
    let disabled = |key: &mut Key| key.state = "Disabled".to_owned();
    let old_item = key_item(&state().keys[0]);
    let sent = changed(with_key(state(), 0, disabled), &old_item).await;
    assert_eq!(sent.verdicts(), [("t0", "NON_COMPLIANT"), ("t1", "NON_COMPLIANT")].into());
    assert_eq!(sent.annotation("t0"), annotation("key-usable/c-disabled"));
    let late_item = key_item(&with_key(state(), 0, disabled).keys[0]);
    let sent = changed(state(), &late_item).await;
    assert_eq!(sent.verdicts(), [("t0", "COMPLIANT"), ("t1", "COMPLIANT")].into());
}

#[tokio::test]
async fn ignores_keys_that_cannot_seal_a_trail_without_a_call() {
    for (manager, spec) in [
        ("AWS", "SYMMETRIC_DEFAULT"),
        ("CUSTOMER", "RSA_2048"),
        ("CUSTOMER", "ECC_NIST_P256"),
        ("CUSTOMER", "HMAC_256"),
        ("CUSTOMER", "ML_DSA_44"),
    ] {
        let key = Key {
            manager: manager.to_owned(),
            spec: spec.to_owned(),
            ..key_of_trails(&key_arn(ACCOUNT, REGION, 0), &[])
        };
        let mut older = key_item(&key);
        older["configuration"].as_object_mut().unwrap().remove("keySpec");
        // Not even a role is assumed for them.
        let mut of_member = key_item(&key);
        of_member["awsAccountId"] = Value::from(MEMBER);
        for item in [key_item(&key), older, of_member] {
            let sent = changed(state(), &item).await;
            assert_eq!(sent.accepted(), 0, "{manager} {spec}");
            sent.assert_counts(&[]);
        }
    }
}

#[tokio::test]
async fn a_key_that_seals_no_trail_submits_nothing() {
    let idle = key_of_trails(&key_arn(ACCOUNT, REGION, 9), &[]);
    let sent = changed(state(), &key_item(&idle)).await;
    assert_eq!(sent.accepted(), 0);
    sent.assert_counts(&[(Operation::DescribeTrails, 1)]);
}

#[tokio::test]
async fn a_deleted_key_makes_its_trails_non_compliant() {
    let item = deleted(key_item(&state().keys[0]));
    let without = State { keys: vec![state().keys.remove(1)], ..state() };
    let sent = changed(without, &item).await;
    assert_eq!(sent.verdicts(), [("t0", "NON_COMPLIANT"), ("t1", "NON_COMPLIANT")].into());
    assert!(sent.annotation("t1").contains("does not exist"));
}

/// The replicas of a multi-Region key have the same id in different Regions.
#[tokio::test]
async fn distinguishes_replicas_of_a_multi_region_key() {
    let replica = |region: &str| {
        format!("arn:aws:kms:{region}:{ACCOUNT}:key/mrk-1234abcd12ab34cd56ef1234567890ab")
    };
    let trail_of = |name: &str, region: &str| {
        trail(&trail_arn(ACCOUNT, REGION, name), &format!("logs-{region}"), Some(&replica(region)))
    };
    let state = State {
        trails: vec![trail_of("here", REGION), trail_of("there", "eu-west-1")],
        keys: vec![key_of_trails(&replica(REGION), &[&trail_arn(ACCOUNT, REGION, "here")])],
        buckets: vec![
            bucket("logs-us-east-1", ACCOUNT, REGION),
            bucket("logs-eu-west-1", ACCOUNT, "eu-west-1"),
        ],
        ..state()
    };
    let item = key_item(&state.keys[0]);
    let sent = changed(state, &item).await;
    assert_eq!(sent.verdicts(), [("here", "COMPLIANT")].into());
}

#[tokio::test]
async fn evaluates_copies_only_if_configured() {
    let key = key_arn(ACCOUNT, REGION, 0);
    let mut roaming = trail(&trail_arn(ACCOUNT, "eu-west-1", "roaming"), "logs-0", Some(&key));
    roaming.is_multi_region_trail = true;
    let mut state = account_with_trails(&[(0, 0)]);
    state.accounts[0].regions.push("eu-west-1".to_owned());
    state.trails.push(roaming);
    let event = change(&key_item(&state.keys[0]));
    let desk = Desk::open(state).await;
    assert_eq!(desk.send(&event).await.verdicts(), [("t0", "COMPLIANT")].into());
    let both = desk.send(&with(event, &[("replicas", "EVALUATE")])).await;
    assert_eq!(both.verdicts(), [("roaming", "COMPLIANT"), ("t0", "COMPLIANT")].into());
}

/// A copy of another account's trail does not submit its verdict under the name of a trail of this
/// account, even though the changed key does not seal that trail.
#[tokio::test]
async fn a_copy_does_not_replace_the_result_of_a_trail_of_the_same_name() {
    let key = key_arn(ACCOUNT, REGION, 0);
    let copied = trail_arn(MEMBER, REGION, "t1");
    let mut copy = trail(&copied, "logs-0", Some(&key));
    copy.is_organization_trail = true;
    copy.discovered_as = DiscoveredAs::Nothing;
    let mut state = account_with_trails(&[(0, 0), (1, 0)]);
    state.accounts = vec![
        account(MEMBER, Membership::Management, &[REGION]),
        account(ACCOUNT, Membership::Member, &[REGION]),
    ];
    state.trails[1].kms_key_id = None;
    state.trails.push(copy);
    let event = change(&key_item(&state.keys[0]));
    let desk = Desk::open(state).await;
    let copies = [("replicas", "EVALUATE"), ("allowedKeyAccounts", ACCOUNT)];
    let sent = desk.send(&with(event, &copies)).await;
    assert_eq!(sent.verdicts(), [(copied.as_str(), "COMPLIANT"), ("t0", "COMPLIANT")].into());
}

/// As after a schedule: a trail that AWS Config has not discovered keeps the id of its existing
/// result, so that no result is left behind.
#[tokio::test]
async fn an_undiscovered_trail_keeps_the_id_of_its_existing_result() {
    let disabled = |key: &mut Key| key.state = "Disabled".to_owned();
    let mut state = with_key(account_with_trails(&[(0, 0)]), 0, disabled);
    state.trails[0].discovered_as = DiscoveredAs::Nothing;
    let arn = state.trails[0].arn.clone();
    let standing = vec![standing("AWS::CloudTrail::Trail", &arn, "COMPLIANT")];
    state.config_rules = vec![rule(ACCOUNT, REGION, standing)];
    let event = change(&key_item(&state.keys[0]));
    let desk = Desk::open(state).await;
    let sent = desk.send(&event).await;
    assert_eq!(sent.verdicts(), [(arn.as_str(), "NON_COMPLIANT")].into());
    // If this lookup is denied, the trail is reported by name, and the log contains the denial.
    let operation = Operation::GetComplianceDetailsByConfigRule;
    desk.lab.inject(Fault::of(operation, Position::Every, FaultKind::AccessDenied));
    let sent = desk.send(&event).await;
    assert_eq!(sent.verdicts(), [("t0", "NON_COMPLIANT")].into());
    assert!(sent.log.contains("\"CleanUpFailures\":1"), "{}", sent.log);
}

#[tokio::test]
async fn reports_trails_under_the_ids_of_config() {
    let mut state = state();
    state.trails[1].discovered_as = DiscoveredAs::Arn;
    let arn = state.trails[1].arn.clone();
    let item = key_item(&state.keys[0]);
    let sent = changed(state, &item).await;
    assert_eq!(sent.verdicts(), [(arn.as_str(), "COMPLIANT"), ("t0", "COMPLIANT")].into());
}

/// A trail may name the key of the item by an alias, so the function calls KMS.
#[tokio::test]
async fn resolves_an_alias_that_may_name_the_changed_key() {
    let mut state = state();
    let alias = format!("arn:aws:kms:{REGION}:{ACCOUNT}:alias/logs");
    state.aliases.push(trailseal_lab::Alias {
        arn: alias.clone(),
        target_key_arn: state.keys[0].arn.clone(),
    });
    state.trails[0].kms_key_id = Some(alias);
    let item = key_item(&state.keys[0]);
    let sent = changed(state, &item).await;
    assert_eq!(sent.verdicts(), [("t0", "COMPLIANT"), ("t1", "COMPLIANT")].into());
}

#[tokio::test]
async fn a_trail_that_cannot_be_evaluated_does_not_affect_others() {
    let desk = Desk::open(state()).await;
    let fault = Fault::of(Operation::HeadBucket, Position::Every, FaultKind::InternalError);
    desk.lab.inject(fault.about("logs-1"));
    let sent = desk.send(&change(&key_item(&state().keys[0]))).await;
    let arn = trail_arn(ACCOUNT, REGION, "t1");
    sent.assert_failure("NotAllJudged", &["1 evaluations were delivered", &arn, "s3:HeadBucket"]);
    assert_eq!(sent.verdicts(), [("t0", "COMPLIANT")].into());
}

/// A warm function reads every fact again.
#[tokio::test]
async fn no_fact_is_reused_in_the_next_invocation() {
    let strict = [("profile", "strict")];
    let item = trail_item(&state().trails[2], ACCOUNT, REGION);
    for event in [
        with(change(&item), &strict),
        with(change(&key_item(&state().keys[1])), &strict),
        with(schedule(ACCOUNT, REGION), &strict),
    ] {
        let desk = Desk::open(state()).await;
        let verdict_after = async |state: State| {
            desk.lab.set_state(state);
            let sent = desk.send(&event).await;
            sent.verdicts().get("t2").map(|verdict| (*verdict).to_owned())
        };
        let sealed = Some("COMPLIANT".to_owned());
        let broken = Some("NON_COMPLIANT".to_owned());
        assert_eq!(verdict_after(state()).await, sealed);
        let disabled = with_key(state(), 1, |key| key.state = "Disabled".to_owned());
        assert_eq!(verdict_after(disabled).await, broken);
        assert_eq!(verdict_after(state()).await, sealed);
        let unrotated = with_key(state(), 1, |key| key.rotation.enabled = false);
        assert_eq!(verdict_after(unrotated).await, broken);
        let open = json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}});
        let open = with_key(state(), 1, |key| key.policy = Some(open.to_string()));
        assert_eq!(verdict_after(open).await, broken);
        let mut moved = state();
        moved.buckets[0].region = "eu-west-1".to_owned();
        assert_eq!(verdict_after(moved).await, broken);
        let mut undelivered = state();
        undelivered.trails[2].latest_delivery_error = Some("KMS.DisabledException".to_owned());
        assert_eq!(verdict_after(undelivered).await, broken);
        assert_eq!(verdict_after(state()).await, sealed);
    }
}
