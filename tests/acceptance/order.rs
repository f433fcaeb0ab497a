//! Events that arrive twice, late or at the same time.
//!
//! AWS Config does not document what it does with an evaluation that is older than the existing
//! result. The lab supports both possibilities; the consequences are tested here and described in
//! `docs/RULE.md`. The next schedule corrects the result in either case.

use serde_json::Value;
use trailseal_lab::{Fate, Ordering, State};

use super::faults::desk::{Desk, RETRY_POLICY, function, identity, to_bytes};
use super::harness::{ACCOUNT, Captured, REGION, RULE, context};
use accounts::{
    account_with_trails, captured_at, change, deleted, key_item, rule, schedule, schedule_at,
    standing, trail_item,
};

const FIRST: &str = "2026-11-23T10:00:00.000Z";
const THEN: &str = "2026-11-23T10:05:00.000Z";
const LAST: &str = "2026-11-23T11:00:00.000Z";

const BOTH: [Ordering; 2] = [Ordering::NewestWins, Ordering::LastWriteWins];

/// The state at first, in which `t0` is sealed.
fn sealed() -> State {
    account_with_trails(&[(0, 0), (1, 1)])
}

fn sealed_item(time: &str) -> Value {
    captured_at(trail_item(&sealed().trails[0], ACCOUNT, REGION), time)
}

/// The same trail after its key was removed.
fn unsealed() -> State {
    let mut state = sealed();
    state.trails[0].kms_key_id = None;
    state
}

fn unsealed_item(time: &str) -> Value {
    captured_at(trail_item(&unsealed().trails[0], ACCOUNT, REGION), time)
}

async fn desk(state: State, ordering: Ordering) -> Desk {
    let desk = Desk::open(state).await;
    desk.lab.set_ordering(ordering);
    desk
}

/// The verdict of a trail that AWS Config holds.
fn stands(desk: &Desk, id: &str) -> String {
    let results = desk.lab.results(ACCOUNT, REGION, RULE);
    results.into_iter().find(|result| result.resource_id == id).unwrap().compliance_type
}

#[tokio::test]
async fn a_repeated_event_submits_the_same_evaluations() {
    let key = key_item(&sealed().keys[0]);
    for event in [
        change(&sealed_item(FIRST)),
        change(&deleted(sealed_item(FIRST))),
        change(&key),
        schedule(ACCOUNT, REGION),
    ] {
        for ordering in BOTH {
            let desk = desk(sealed(), ordering).await;
            let first = desk.send(&event).await;
            let results = desk.lab.results(ACCOUNT, REGION, RULE);
            let again = desk.send(&event).await;
            assert_eq!(first.put, again.put);
            assert!(again.put.iter().all(|one| one.fate == Fate::Stored));
            assert_eq!(desk.lab.results(ACCOUNT, REGION, RULE), results);
        }
    }
}

/// Lambda's retry delivers the same bytes with the same token.
#[tokio::test]
async fn a_retry_has_the_same_token() {
    let desk = desk(sealed(), Ordering::NewestWins).await;
    let event = to_bytes(&desk.lab, &schedule(ACCOUNT, REGION));
    let first = desk.send_bytes(&event, &context()).await;
    let again = desk.send_bytes(&event, &context()).await;
    assert_eq!((first.accepted(), first.put), (again.accepted(), again.put));
}

/// A change that arrives after a later one, or after the trail was deleted: with `LastWriteWins`
/// the old verdict stays until the next schedule.
#[tokio::test]
async fn the_next_schedule_corrects_a_late_change() {
    let gone = State { trails: vec![sealed().trails.remove(1)], ..sealed() };
    let gone_item = captured_at(deleted(sealed_item(THEN)), THEN);
    for (state, item, now) in
        [(unsealed(), unsealed_item(THEN), "NON_COMPLIANT"), (gone, gone_item, "NOT_APPLICABLE")]
    {
        for (ordering, meanwhile) in
            [(Ordering::NewestWins, now), (Ordering::LastWriteWins, "COMPLIANT")]
        {
            let desk = desk(state.clone(), ordering).await;
            desk.send(&change(&item)).await.accepted();
            assert_eq!(stands(&desk, "t0"), now);
            let late = desk.send(&change(&sealed_item(FIRST))).await;
            assert_eq!(late.accepted(), 1);
            // The evaluation has the time of the change, so AWS Config can see that it is late.
            assert!(late.put[0].ordering_timestamp < 1_795_428_300_000);
            assert_eq!(stands(&desk, "t0"), meanwhile, "{ordering:?}");
            desk.send(&schedule_at(ACCOUNT, REGION, LAST)).await.accepted();
            assert_eq!(stands(&desk, "t0"), now);
        }
    }
}

/// A change of a key is evaluated from the present state, so its order does not matter.
#[tokio::test]
async fn a_late_change_of_a_key_reports_the_present_state() {
    for ordering in BOTH {
        let mut state = sealed();
        state.keys[0].state = "Disabled".to_owned();
        let desk = desk(state, ordering).await;
        let enabled_then = captured_at(key_item(&sealed().keys[0]), FIRST);
        let disabled = captured_at(key_item(&sealed().keys[0]), THEN);
        for item in [disabled, enabled_then] {
            desk.send(&change(&item)).await.accepted();
            assert_eq!(stands(&desk, "t0"), "NON_COMPLIANT", "{ordering:?}");
        }
    }
}

/// A late schedule has read the present state but has an old time: under `NewestWins` a newer
/// result with another verdict stays until the next schedule.
#[tokio::test]
async fn the_next_schedule_corrects_a_late_one() {
    for (ordering, meanwhile) in
        [(Ordering::NewestWins, "COMPLIANT"), (Ordering::LastWriteWins, "NON_COMPLIANT")]
    {
        let desk = desk(unsealed(), ordering).await;
        // The function received the change that sealed the trail, but not the change back.
        desk.send(&change(&sealed_item(THEN))).await.accepted();
        desk.send(&schedule_at(ACCOUNT, REGION, FIRST)).await.accepted();
        assert_eq!(stands(&desk, "t0"), meanwhile, "{ordering:?}");
        desk.send(&schedule_at(ACCOUNT, REGION, LAST)).await.accepted();
        assert_eq!(stands(&desk, "t0"), "NON_COMPLIANT");
    }
}

/// Two functions run at once on the same account: the same facts, the same verdicts.
#[tokio::test]
async fn concurrent_functions_agree() {
    for ordering in BOTH {
        let gone = standing("AWS::CloudTrail::Trail", "gone", "COMPLIANT");
        let state = State { config_rules: vec![rule(ACCOUNT, REGION, vec![gone])], ..unsealed() };
        let one = desk(state, ordering).await;
        let identity = identity(&one.lab, ACCOUNT, REGION, None);
        let other = function(one.lab.url(), identity, RETRY_POLICY, &Captured::default());
        for _ in 0..10 {
            let run = to_bytes(&one.lab, &schedule_at(ACCOUNT, REGION, LAST));
            let change = to_bytes(&one.lab, &change(&unsealed_item(THEN)));
            let context = context();
            let (first, second, third) = tokio::join!(
                one.function.answer(&run, &context),
                other.answer(&change, &context),
                other.answer(&run, &context),
            );
            for answer in [first, second, third] {
                answer.unwrap();
            }
            assert_eq!(stands(&one, "t0"), "NON_COMPLIANT", "{ordering:?}");
            assert_eq!(stands(&one, "t1"), "COMPLIANT");
            assert_eq!(stands(&one, "gone"), "NOT_APPLICABLE");
        }
    }
}
