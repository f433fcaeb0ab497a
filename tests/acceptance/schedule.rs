//! A scheduled run: which trails are evaluated, under which ids, with how many calls, and which
//! existing results are replaced.

use serde_json::Value;
use trailseal_lab::{
    Alias, Denial, DiscoveredAs, Fault, FaultKind, Membership, Operation, Position, RuleEvent,
    StandingResult, State,
};

use super::case::annotation;
use super::faults::desk::{Desk, Sent, to_bytes};
use super::harness::{ACCOUNT, REGION, context};
use accounts::{
    CAPTURED, MEMBER, account, account_with_trails, bucket, denial, key_arn, key_of_trails, rule,
    schedule, standing, trail, trail_arn, with,
};

const TRAIL: &str = "AWS::CloudTrail::Trail";
const ACCOUNT_TYPE: &str = "AWS::::Account";
const ELSEWHERE: &str = "eu-west-1";

fn standing_in(state: State, results: Vec<StandingResult>) -> State {
    State { config_rules: vec![rule(ACCOUNT, REGION, results)], ..state }
}

/// `t0`, sealed with a key of its own.
fn one_trail() -> State {
    account_with_trails(&[(0, 0)])
}

/// The management account has a sealed multi-Region trail with another home Region, and a member
/// sees the organization trail. Neither account has a trail of its own here.
fn copies() -> State {
    let mut shadow = trail(
        &trail_arn(ACCOUNT, ELSEWHERE, "roaming"),
        "logs-0",
        Some(&key_arn(ACCOUNT, ELSEWHERE, 0)),
    );
    shadow.is_multi_region_trail = true;
    let mut shared =
        trail(&trail_arn(ACCOUNT, REGION, "shared"), "logs-1", Some(&key_arn(ACCOUNT, REGION, 1)));
    shared.is_organization_trail = true;
    let mut keys = vec![
        key_of_trails(&key_arn(ACCOUNT, ELSEWHERE, 0), &[&shadow.arn]),
        key_of_trails(&key_arn(ACCOUNT, REGION, 1), &[&shared.arn]),
    ];
    keys[1].readable_from = vec![MEMBER.to_owned()];
    State {
        accounts: vec![
            account(ACCOUNT, Membership::Management, &[REGION, ELSEWHERE]),
            account(MEMBER, Membership::Member, &[REGION, ELSEWHERE]),
        ],
        trails: vec![shadow, shared],
        keys,
        buckets: vec![bucket("logs-0", ACCOUNT, ELSEWHERE), bucket("logs-1", ACCOUNT, REGION)],
        config_rules: vec![rule(ACCOUNT, REGION, Vec::new()), rule(MEMBER, REGION, Vec::new())],
        ..State::default()
    }
}

async fn run(state: State, parameters: &[(&str, &str)]) -> Sent {
    run_as(state, ACCOUNT, parameters).await
}

/// A run of the account's own function.
async fn run_as(state: State, account: &str, parameters: &[(&str, &str)]) -> Sent {
    let desk = Desk::open_as(state, account, REGION, None).await;
    desk.send(&with(schedule(account, REGION), parameters)).await
}

/// The submitted evaluations, in order: type, id and verdict.
fn put(sent: &Sent) -> Vec<(&str, &str, &str)> {
    let parts = sent.put.iter().map(|one| {
        (one.resource_type.as_str(), one.resource_id.as_str(), one.compliance_type.as_str())
    });
    parts.collect()
}

/// The limit: 1 DescribeTrails + K DescribeKey + B HeadBucket + the pages of the two lists +
/// ⌈evaluations / 100⌉ PutEvaluations, and no other call.
async fn assert_fewest_calls(trails: usize, keys: usize, buckets: usize, obsolete: usize) {
    let plan: Vec<(usize, usize)> =
        (0..trails).map(|number| (number % keys, number % buckets)).collect();
    let results =
        (0..obsolete).map(|number| standing(TRAIL, &format!("gone-{number}"), "COMPLIANT"));
    let state = standing_in(account_with_trails(&plan), results.collect());
    let sent = run(state, &[]).await;
    assert_eq!(sent.accepted(), trails + obsolete);
    let pages = |count: usize| count.div_ceil(100).max(1);
    sent.assert_counts(&[
        (Operation::DescribeTrails, 1),
        (Operation::DescribeKey, keys),
        (Operation::HeadBucket, buckets),
        (Operation::ListDiscoveredResources, pages(trails)),
        (Operation::GetComplianceDetailsByConfigRule, pages(obsolete)),
        (Operation::PutEvaluations, (trails + obsolete).div_ceil(100)),
    ]);
    let compliant = sent.put.iter().filter(|one| one.compliance_type == "COMPLIANT");
    assert_eq!(compliant.count(), trails);
}

#[tokio::test]
async fn each_key_and_bucket_is_read_once() {
    for (trails, keys, buckets, obsolete) in [
        (1, 1, 1, 0),
        (5, 2, 3, 0),
        (5, 5, 5, 96),
        (99, 1, 1, 1),
        (100, 1, 1, 1),
        (101, 10, 10, 100),
        (250, 7, 4, 0),
        (250, 250, 250, 101),
    ] {
        assert_fewest_calls(trails, keys, buckets, obsolete).await;
    }
}

#[tokio::test]
async fn submits_nothing_without_trails_and_results() {
    let state = State { trails: Vec::new(), ..one_trail() };
    let sent = run(state, &[]).await;
    assert_eq!(sent.accepted(), 0);
    sent.assert_counts(&[
        (Operation::DescribeTrails, 1),
        (Operation::ListDiscoveredResources, 1),
        (Operation::GetComplianceDetailsByConfigRule, 1),
    ]);
}

#[tokio::test]
async fn requests_shadow_trails_and_submits_the_time_of_the_schedule() {
    let sent = run(one_trail(), &[]).await;
    let asked = sent.calls.iter().find(|call| call.operation == "cloudtrail:DescribeTrails");
    assert_eq!(asked.unwrap().request["includeShadowTrails"], true);
    assert_eq!(sent.put[0].ordering_timestamp, 1_795_428_000_125, "{CAPTURED}");
}

#[tokio::test]
async fn reports_a_trail_under_its_id_in_config() {
    let arn = trail_arn(ACCOUNT, REGION, "t0");
    for (known, standing_as, expected) in [
        (DiscoveredAs::Name, None, "t0"),
        (DiscoveredAs::Arn, None, arn.as_str()),
        (DiscoveredAs::Nothing, None, "t0"),
        // AWS Config has not discovered it, but has a result for it.
        (DiscoveredAs::Nothing, Some(arn.as_str()), arn.as_str()),
        (DiscoveredAs::Nothing, Some("t0"), "t0"),
    ] {
        let results = standing_as.map(|id| standing(TRAIL, id, "NON_COMPLIANT"));
        let mut state = standing_in(one_trail(), results.into_iter().collect());
        state.trails[0].discovered_as = known;
        let sent = run(state, &[]).await;
        assert_eq!(put(&sent), [(TRAIL, expected, "COMPLIANT")], "{known:?} {standing_as:?}");
    }
}

#[tokio::test]
async fn finds_an_id_on_a_later_page() {
    let plan: Vec<(usize, usize)> = (0..150).map(|_| (0, 0)).collect();
    let mut state = account_with_trails(&plan);
    state.trails[149].discovered_as = DiscoveredAs::Arn;
    let last = state.trails[149].arn.clone();
    let sent = run(state, &[]).await;
    assert_eq!(sent.verdicts().get(last.as_str()), Some(&"COMPLIANT"));
    assert!(!sent.verdicts().contains_key("t149"));
}

#[tokio::test]
async fn replaces_a_result_under_the_other_form_of_the_id() {
    let arn = trail_arn(ACCOUNT, REGION, "t0");
    for (known, now, before) in
        [(DiscoveredAs::Name, "t0", arn.as_str()), (DiscoveredAs::Arn, arn.as_str(), "t0")]
    {
        let mut state = standing_in(one_trail(), vec![standing(TRAIL, before, "COMPLIANT")]);
        state.trails[0].discovered_as = known;
        let sent = run(state, &[]).await;
        // Evaluations come first, then the obsolete results.
        let expected = [(TRAIL, now, "COMPLIANT"), (TRAIL, before, "NOT_APPLICABLE")];
        assert_eq!(put(&sent), expected);
    }
}

#[tokio::test]
async fn replaces_only_obsolete_results_of_trails_and_accounts() {
    let state = standing_in(
        one_trail(),
        vec![
            standing(TRAIL, "t0", "NON_COMPLIANT"),
            standing(TRAIL, "gone", "COMPLIANT"),
            standing(TRAIL, "gone-too", "NON_COMPLIANT"),
            standing(TRAIL, "gone-before", "NOT_APPLICABLE"),
            standing(ACCOUNT_TYPE, ACCOUNT, "NON_COMPLIANT"),
            standing("AWS::S3::Bucket", "logs-0", "NON_COMPLIANT"),
        ],
    );
    let sent = run(state, &[]).await;
    let mut found = put(&sent);
    assert_eq!(found.remove(0), (TRAIL, "t0", "COMPLIANT"));
    found.sort_unstable();
    assert_eq!(
        found,
        [
            (ACCOUNT_TYPE, ACCOUNT, "NOT_APPLICABLE"),
            (TRAIL, "gone", "NOT_APPLICABLE"),
            (TRAIL, "gone-too", "NOT_APPLICABLE"),
        ]
    );
    let why = "the trail has no result under this id: it was deleted, is a copy, or has another id";
    assert_eq!(sent.annotation("gone"), why);
    let why = "the account has no result: a trail is visible, or noTrails is not NON_COMPLIANT";
    assert_eq!(sent.annotation(ACCOUNT), why);
}

/// The name of a trail can be an account number.
#[tokio::test]
async fn compares_type_and_id_of_results() {
    let mut state =
        standing_in(one_trail(), vec![standing(ACCOUNT_TYPE, ACCOUNT, "NON_COMPLIANT")]);
    state.trails[0].arn = trail_arn(ACCOUNT, REGION, ACCOUNT);
    let sent = run(state, &[]).await;
    let expected = [(TRAIL, ACCOUNT, "COMPLIANT"), (ACCOUNT_TYPE, ACCOUNT, "NOT_APPLICABLE")];
    assert_eq!(put(&sent), expected);
}

#[tokio::test]
async fn the_second_run_replaces_no_results() {
    let desk =
        Desk::open(standing_in(one_trail(), vec![standing(TRAIL, "gone", "COMPLIANT")])).await;
    let event = schedule(ACCOUNT, REGION);
    assert_eq!(desk.send(&event).await.accepted(), 2);
    let again = desk.send(&event).await;
    assert_eq!(put(&again), [(TRAIL, "t0", "COMPLIANT")]);
}

#[tokio::test]
async fn a_rule_name_too_long_for_the_api_prevents_only_the_clean_up() {
    for (chars, clears) in [(64, true), (65, false)] {
        let name = "r".repeat(chars);
        let mut state = standing_in(one_trail(), vec![standing(TRAIL, "gone", "COMPLIANT")]);
        state.config_rules[0].name.clone_from(&name);
        let desk = Desk::open(state).await;
        let event = RuleEvent { rule: name, ..schedule(ACCOUNT, REGION) };
        let sent = desk.send(&event).await;
        assert_eq!(sent.verdicts().get("t0"), Some(&"COMPLIANT"));
        assert_eq!(sent.verdicts().contains_key("gone"), clears);
        assert_eq!(sent.count(Operation::GetComplianceDetailsByConfigRule), usize::from(clears));
        assert_eq!(sent.log.contains("clean-up failed"), !clears);
        assert!(sent.log.contains(&format!("\"CleanUpFailures\":{}", u8::from(!clears))));
    }
}

/// Results can be listed only by the name of the rule.
#[tokio::test]
async fn a_clean_up_without_the_name_of_the_rule_is_logged_and_counted() {
    let state = standing_in(one_trail(), vec![standing(TRAIL, "gone", "COMPLIANT")]);
    let desk = Desk::open(state).await;
    let event = to_bytes(&desk.lab, &schedule(ACCOUNT, REGION));
    let mut event: Value = serde_json::from_slice(&event).unwrap();
    event.as_object_mut().unwrap().remove("configRuleName").unwrap();
    let sent = desk.send_bytes(event.to_string().as_bytes(), &context()).await;
    assert_eq!(put(&sent), [(TRAIL, "t0", "COMPLIANT")]);
    assert_eq!(sent.count(Operation::GetComplianceDetailsByConfigRule), 0);
    assert!(sent.log.contains("the event has no `configRuleName`"), "{}", sent.log);
    assert!(sent.log.contains("\"CleanUpFailures\":1"), "{}", sent.log);
}

#[tokio::test]
async fn a_denied_clean_up_is_logged_and_counted() {
    let mut state = standing_in(one_trail(), vec![standing(TRAIL, "gone", "COMPLIANT")]);
    let policy = Some("none".to_owned());
    state.denials.push(Denial { policy, ..denial("config:GetComplianceDetailsByConfigRule") });
    let sent = run(state, &[]).await;
    assert_eq!(put(&sent), [(TRAIL, "t0", "COMPLIANT")]);
    assert!(sent.log.contains("config:GetComplianceDetailsByConfigRule in us-east-1 was denied"));
    assert!(sent.log.contains("\"CleanUpFailures\":1"));
}

#[tokio::test]
async fn a_key_that_cannot_be_read_affects_no_other_trail_or_result() {
    let arn = trail_arn(ACCOUNT, REGION, "t1");
    let state = standing_in(
        account_with_trails(&[(0, 0), (1, 1), (2, 2)]),
        vec![
            standing(TRAIL, "t0", "COMPLIANT"),
            standing(TRAIL, "t1", "COMPLIANT"),
            standing(TRAIL, &arn, "NON_COMPLIANT"),
            standing(TRAIL, "gone", "COMPLIANT"),
        ],
    );
    let desk = Desk::open(state).await;
    let fault = Fault::of(Operation::DescribeKey, Position::Every, FaultKind::Throttling);
    desk.lab.inject(fault.about(key_arn(ACCOUNT, REGION, 1)));
    let sent = desk.send(&schedule(ACCOUNT, REGION)).await;
    sent.assert_failure(
        "NotAllJudged",
        &["3 evaluations were delivered", "1 could not be judged", &arn, "kms:DescribeKey"],
    );
    assert_eq!(
        put(&sent),
        [(TRAIL, "t0", "COMPLIANT"), (TRAIL, "t2", "COMPLIANT"), (TRAIL, "gone", "NOT_APPLICABLE"),]
    );
}

/// A list that CloudTrail answers wrongly must not end the results of trails.
#[tokio::test]
async fn an_empty_list_of_trails_that_aws_config_contradicts_replaces_no_result() {
    let state = standing_in(one_trail(), vec![standing(TRAIL, "t0", "NON_COMPLIANT")]);
    let desk = Desk::open(state).await;
    desk.lab.inject(Fault::of(Operation::DescribeTrails, Position::First, FaultKind::NotFound));
    let event = with(schedule(ACCOUNT, REGION), &[("noTrails", "NON_COMPLIANT")]);
    let sent = desk.send(&event).await;
    let cause = "it lists no trail, but AWS Config has discovered `t0`";
    sent.assert_failure("AwsBreakdown", &["cloudtrail:DescribeTrails in us-east-1", cause]);
    assert_eq!(put(&sent), []);
    let again = desk.send(&event).await;
    assert_eq!(put(&again), [(TRAIL, "t0", "COMPLIANT")]);
}

#[tokio::test]
async fn reports_an_account_without_trails_only_if_configured() {
    const BROKEN: (&str, &str, &str) = (ACCOUNT_TYPE, ACCOUNT, "NON_COMPLIANT");
    const ENDED: (&str, &str, &str) = (ACCOUNT_TYPE, ACCOUNT, "NOT_APPLICABLE");
    let asked = &[("noTrails", "NON_COMPLIANT")][..];
    let empty = |state: State| State { trails: Vec::new(), ..state };
    // A trail of the account counts, sealed or not.
    let mut unsealed = one_trail();
    unsealed.trails[0].kms_key_id = None;
    // A copy counts, too: the member sees the organization trail, the owner a shadow trail.
    let shadow_only = State { trails: vec![copies().trails.remove(0)], ..copies() };
    // The account's result ends when there are trails again or the parameter is unset.
    let reported = standing_in(one_trail(), vec![standing(ACCOUNT_TYPE, ACCOUNT, "NON_COMPLIANT")]);
    for (state, account, parameters, expected) in [
        (empty(one_trail()), ACCOUNT, asked, &[BROKEN][..]),
        (empty(one_trail()), ACCOUNT, &[("noTrails", "NOT_APPLICABLE")], &[]),
        (unsealed, ACCOUNT, asked, &[(TRAIL, "t0", "NON_COMPLIANT")]),
        (copies(), MEMBER, asked, &[]),
        (shadow_only, ACCOUNT, asked, &[]),
        (empty(copies()), ACCOUNT, asked, &[BROKEN]),
        (reported.clone(), ACCOUNT, asked, &[(TRAIL, "t0", "COMPLIANT"), ENDED]),
        (empty(reported.clone()), ACCOUNT, &[], &[ENDED]),
        (empty(reported), ACCOUNT, asked, &[BROKEN]),
    ] {
        let sent = run_as(state, account, parameters).await;
        assert_eq!(put(&sent), expected);
        if expected == [BROKEN] {
            assert!(sent.annotation(ACCOUNT).contains("no trail is visible"));
        }
    }
}

#[tokio::test]
async fn leaves_copies_to_their_owners_and_replaces_their_results() {
    let state = State {
        config_rules: vec![
            rule(ACCOUNT, REGION, vec![standing(TRAIL, "roaming", "COMPLIANT")]),
            rule(MEMBER, REGION, vec![standing(TRAIL, "shared", "COMPLIANT")]),
        ],
        ..copies()
    };
    for parameters in [&[][..], &[("replicas", "NOT_APPLICABLE")]] {
        let owner = run(state.clone(), parameters).await;
        let expected = [(TRAIL, "shared", "COMPLIANT"), (TRAIL, "roaming", "NOT_APPLICABLE")];
        assert_eq!(put(&owner), expected);
        let member = run_as(state.clone(), MEMBER, parameters).await;
        assert_eq!(put(&member), [(TRAIL, "shared", "NOT_APPLICABLE")]);
        assert_eq!(member.count(Operation::DescribeKey), 0);
    }
}

#[tokio::test]
async fn evaluates_copies_if_configured_and_names_the_owner() {
    let evaluate = [("replicas", "EVALUATE")];
    let owner = run(copies(), &evaluate).await;
    let both = [(TRAIL, "roaming", "COMPLIANT"), (TRAIL, "shared", "COMPLIANT")];
    assert_eq!(put(&owner), both);
    assert!(owner.annotation("roaming").contains("copy of a trail of eu-west-1"));
    assert!(!owner.annotation("shared").contains("copy"));
    let member = run_as(copies(), MEMBER, &evaluate).await;
    assert_eq!(put(&member), [(TRAIL, "shared", "COMPLIANT")]);
    assert!(member.annotation("shared").contains(&format!("copy of a trail of account {ACCOUNT}")));
}

/// An alias names a key of the calling account: the member's key with this alias is not the key of
/// the organization trail.
#[tokio::test]
async fn a_key_alias_of_a_copy_does_not_resolve_to_the_members_key() {
    let alias = |account: &str| format!("arn:aws:kms:{REGION}:{account}:alias/logs");
    let of_owner = key_arn(ACCOUNT, REGION, 1);
    let of_member = key_arn(MEMBER, REGION, 9);
    let mut state = copies();
    state.keys[1].state = "Disabled".to_owned();
    state.keys.push(key_of_trails(&of_member, &[]));
    state.aliases = [(ACCOUNT, of_owner), (MEMBER, of_member)]
        .map(|(account, key)| Alias { arn: alias(account), target_key_arn: key })
        .into();
    for reference in ["alias/logs", "00000009-0000-4000-8000-000000000000"] {
        state.trails[1].kms_key_id = Some(reference.to_owned());
        let member = run_as(state.clone(), MEMBER, &[("replicas", "EVALUATE")]).await;
        assert_eq!(put(&member), [(TRAIL, "shared", "NON_COMPLIANT")], "{reference}");
        let words = "could not verify the manager of the key: kmsKeyId names no account";
        assert!(member.annotation("shared").starts_with(words), "{}", member.annotation("shared"));
        assert_eq!(member.count(Operation::DescribeKey), 0);
    }
    state.trails[1].kms_key_id = Some("alias/logs".to_owned());
    let owner = run(state, &[]).await;
    assert_eq!(owner.annotation("shared"), annotation("key-usable/c-disabled"));
}

/// An existing result does not stay forever because one Region cannot be read.
#[tokio::test]
async fn a_key_in_a_region_that_is_not_enabled_is_not_verified() {
    const OPT_IN: &str = "af-south-1";
    let key = key_arn(MEMBER, OPT_IN, 0);
    let mut state = copies();
    state.accounts[1].regions.push(OPT_IN.to_owned());
    state.trails = vec![trail(&trail_arn(ACCOUNT, REGION, "far"), "logs-far", Some(&key))];
    state.keys = vec![key_of_trails(&key, &[&state.trails[0].arn])];
    state.keys[0].readable_from = vec![ACCOUNT.to_owned()];
    state.buckets = vec![bucket("logs-far", MEMBER, OPT_IN)];
    state.config_rules = vec![rule(ACCOUNT, REGION, vec![standing(TRAIL, "far", "COMPLIANT")])];
    let sent = run(state.clone(), &[("allowedKeyAccounts", MEMBER)]).await;
    assert_eq!(put(&sent), [(TRAIL, "far", "NON_COMPLIANT")]);
    let words = "could not verify the state of the key: Region af-south-1 is not enabled in the";
    assert!(sent.annotation("far").starts_with(words), "{}", sent.annotation("far"));
    // Credentials that are invalid in the rule's own Region prove nothing about a trail.
    state.accounts[0].regions.retain(|region| region != REGION);
    run(state, &[]).await.assert_failure("AwsBreakdown", &["Unrecognized"]);
}

/// A member may have a trail of the same name as the organization trail.
#[tokio::test]
async fn two_trails_of_the_same_name_have_separate_results() {
    let mut state = copies();
    state.trails.push(trail(&trail_arn(MEMBER, REGION, "shared"), "logs-1", None));
    let sent = run_as(state, MEMBER, &[("replicas", "EVALUATE")]).await;
    let copy = trail_arn(ACCOUNT, REGION, "shared");
    let verdicts = sent.verdicts();
    assert_eq!(verdicts.len(), 2, "{verdicts:?}");
    assert_eq!(verdicts.get("shared"), Some(&"NON_COMPLIANT"));
    assert_eq!(verdicts.get(copy.as_str()), Some(&"COMPLIANT"));
}
