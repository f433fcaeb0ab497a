//! Changes whose item is too large for the event: the function reads the announced item.

use serde_json::Value;
use trailseal_lab::{Denial, Operation, RuleEvent, State};

use super::faults::desk::{Desk, Sent};
use super::harness::{ACCOUNT, REGION};
use accounts::{
    CAPTURED, account_with_trails, captured_at, change, deleted, denial, history, key_item,
    oversized, trail_item,
};

const BEFORE: &str = "2026-11-23T09:59:59.000Z";
const ONE_MS_BEFORE: &str = "2026-11-23T10:00:00.124Z";
const ONE_MS_AFTER: &str = "2026-11-23T10:00:00.126Z";
const AFTER: &str = "2026-11-23T11:00:00.000Z";

fn state() -> State {
    account_with_trails(&[(0, 0)])
}

fn sealed_item() -> Value {
    trail_item(&state().trails[0], ACCOUNT, REGION)
}

/// The same trail without a key.
fn unsealed_item() -> Value {
    let mut item = sealed_item();
    item["configuration"].as_object_mut().unwrap().remove("kmsKeyId");
    item
}

/// Announces the sealed item of [`CAPTURED`] to a function whose AWS Config recorded these items.
async fn announced(empty_pages: u64, recorded: Vec<Value>) -> Sent {
    let state = State { history: vec![history(empty_pages, recorded)], ..state() };
    Desk::open(state).await.send(&oversized(&sealed_item())).await
}

#[tokio::test]
async fn an_oversized_change_is_evaluated_as_a_change() {
    let state = State { history: vec![history(0, vec![sealed_item()])], ..state() };
    let desk = Desk::open(state).await;
    let small = desk.send(&change(&sealed_item())).await;
    let large = desk.send(&oversized(&sealed_item())).await;
    assert_eq!(small.put, large.put);
    assert_eq!(large.verdicts().get("t0"), Some(&"COMPLIANT"));
    assert_eq!(large.put[0].ordering_timestamp, 1_795_428_000_125, "{CAPTURED}");
    let asked = &large.calls[0];
    assert_eq!(asked.operation, "config:GetResourceConfigHistory");
    assert_eq!(asked.request["resourceType"], "AWS::CloudTrail::Trail");
    assert_eq!(asked.request["resourceId"], "t0");
    assert_eq!(asked.request["laterTime"], 1_795_428_000.125);
    assert_eq!(asked.request["limit"], 1);
}

#[tokio::test]
async fn empty_pages_are_followed() {
    for empty_pages in [0, 1, 7] {
        let sent = announced(empty_pages, vec![sealed_item()]).await;
        assert_eq!(sent.verdicts().get("t0"), Some(&"COMPLIANT"));
        let pages = usize::try_from(empty_pages).unwrap() + 1;
        assert_eq!(sent.count(Operation::GetResourceConfigHistory), pages);
    }
}

#[tokio::test]
async fn evaluates_the_announced_one_of_several_items() {
    let recorded = vec![
        captured_at(unsealed_item(), BEFORE),
        sealed_item(),
        captured_at(unsealed_item(), AFTER),
    ];
    let sent = announced(0, recorded).await;
    assert_eq!(sent.verdicts().get("t0"), Some(&"COMPLIANT"));
}

#[tokio::test]
async fn rejects_an_item_of_another_time() {
    for times in [&[BEFORE][..], &[ONE_MS_BEFORE], &[ONE_MS_AFTER], &[BEFORE, ONE_MS_BEFORE, AFTER]]
    {
        let recorded = times.iter().map(|time| captured_at(sealed_item(), time)).collect();
        let sent = announced(2, recorded).await;
        sent.assert_failure("AwsBreakdown", &["no item of `t0`", "2026-11-23T10:00:00.125Z"]);
        assert_eq!(sent.put, []);
        // Only the history was read.
        assert_eq!(sent.operations().len(), 1);
    }
}

#[tokio::test]
async fn a_denied_history_fails_and_names_the_permission() {
    let policy = Some("none".to_owned());
    let denial = Denial { policy, ..denial("config:GetResourceConfigHistory") };
    let history = vec![history(0, vec![sealed_item()])];
    let desk = Desk::open(State { history, denials: vec![denial], ..state() }).await;
    let sent = desk.send(&oversized(&sealed_item())).await;
    sent.assert_failure(
        "PermissionMissing",
        &[
            "config:GetResourceConfigHistory in us-east-1 was denied",
            "allow it to the calling principal",
        ],
    );
    assert_eq!(sent.put, []);
}

#[tokio::test]
async fn reads_no_history_of_a_deleted_resource() {
    let left = RuleEvent { left_scope: true, ..oversized(&sealed_item()) };
    let mut not_recorded = sealed_item();
    not_recorded["configurationItemStatus"] = Value::from("ResourceNotRecorded");
    for event in [oversized(&deleted(sealed_item())), oversized(&not_recorded), left] {
        let sent = Desk::open(state()).await.send(&event).await;
        assert_eq!(sent.verdicts().get("t0"), Some(&"NOT_APPLICABLE"));
        sent.assert_counts(&[(Operation::PutEvaluations, 1)]);
    }
}

#[tokio::test]
async fn an_oversized_key_is_handled_as_a_change() {
    let item = key_item(&state().keys[0]);
    let state = State { history: vec![history(1, vec![item.clone()])], ..state() };
    let desk = Desk::open(state).await;
    let small = desk.send(&change(&item)).await;
    let large = desk.send(&oversized(&item)).await;
    assert_eq!(small.put, large.put);
    assert_eq!(large.verdicts().get("t0"), Some(&"COMPLIANT"));
    assert_eq!(large.count(Operation::GetResourceConfigHistory), 2);
    // A deleted key has no item to read; its trails are evaluated from what KMS returns now.
    let deletion = desk.send(&oversized(&deleted(item))).await;
    assert_eq!(deletion.count(Operation::GetResourceConfigHistory), 0);
    assert_eq!(deletion.verdicts().get("t0"), Some(&"COMPLIANT"));
}

#[tokio::test]
async fn an_oversized_key_that_cannot_seal_is_ignored() {
    let mut item = key_item(&state().keys[0]);
    item["configuration"]["keyManager"] = Value::from("AWS");
    let state = State { history: vec![history(0, vec![item.clone()])], ..state() };
    let sent = Desk::open(state).await.send(&oversized(&item)).await;
    assert_eq!(sent.accepted(), 0);
    sent.assert_counts(&[(Operation::GetResourceConfigHistory, 1)]);
}
