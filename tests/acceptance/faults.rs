//! The fault matrix: every operation × every fault × every trigger that uses the operation.
//!
//! Each cell asserts the submitted evaluations, the invocation's result and the number of calls of
//! the operation (`table.rs`); that no trail is COMPLIANT without evidence; and that a retry
//! without the fault completes a failed invocation, so that no evaluation is lost.

pub(crate) mod cell;
pub(crate) mod desk;
pub(crate) mod table;
mod triggers;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use accounts::MEMBER;
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, LocalSet};
use trailseal_aws::RetryPolicy;
use trailseal_lab::{FaultKind, Lab, Operation};

use self::cell::{Cell, FOR_EVER};
use self::desk::{Desk, RETRY_POLICY, Returned, Sent, send_to_process};
use self::table::{TABLE, Where};
use self::triggers::Trigger;
use super::harness::{ACCOUNT, FUNCTION_OPERATIONS, REGION, RULE, bootstrap_path};

/// The timeout of an attempt in cells whose fault is a slow response.
const ATTEMPT: Duration = Duration::from_secs(1);

/// Slow cells run concurrently, since they only wait.
const SLOW_CELLS_MAX: usize = 24;

async fn cells_hold(trigger: Trigger) {
    let cells = Cell::all(trigger);
    println!("{} cells of {trigger:?}", cells.len());
    let (slow, prompt): (Vec<Cell>, Vec<Cell>) = cells.into_iter().partition(Cell::is_slow);
    let mut wrong = Vec::new();
    for cell in prompt {
        wrong.extend(wrong_in(cell, RETRY_POLICY).await);
    }
    LocalSet::new().run_until(async { wrong.extend(wrong_in_slow_cells(slow).await) }).await;
    assert!(wrong.is_empty(), "{} cells differ:\n{}", wrong.len(), wrong.join("\n"));
}

async fn wrong_in_slow_cells(cells: Vec<Cell>) -> Vec<String> {
    let places = Arc::new(Semaphore::new(SLOW_CELLS_MAX));
    let mut running = JoinSet::new();
    for cell in cells {
        let places = Arc::clone(&places);
        running.spawn_local(async move {
            let _place = places.acquire_owned().await;
            wrong_in(cell, RetryPolicy { attempt: ATTEMPT, ..RETRY_POLICY }).await
        });
    }
    running.join_all().await.into_iter().flatten().collect()
}

/// Runs a cell with a cold function and describes every difference.
async fn wrong_in(cell: Cell, retry_policy: RetryPolicy) -> Option<String> {
    let desk = Desk::open_with(cell.trigger.state(), retry_policy).await;
    differences(cell, &desk.lab, async || desk.send(&cell.trigger.event()).await).await
}

/// Sends the cell's event with its fault; after a failure, sends it again without the fault.
async fn differences(cell: Cell, lab: &Lab, mut send: impl AsyncFnMut() -> Sent) -> Option<String> {
    lab.inject(cell.fault());
    let sent = send().await;
    let mut wrong = cell.faults_of(&sent);
    if matches!(sent.returned, Returned::Failed(..)) {
        lab.clear_faults();
        wrong.extend(unsettled(lab, cell.trigger, &send().await));
    }
    (!wrong.is_empty()).then(|| format!("{cell:?}: {}", wrong.join("; ")))
}

/// Lambda retries a failed invocation; afterwards all results are as if no fault had occurred.
fn unsettled(lab: &Lab, trigger: Trigger, again: &Sent) -> Option<String> {
    if let Returned::Failed(_, message) = &again.returned {
        return Some(format!("the retry failed: {message}"));
    }
    let results = lab.results(MEMBER, REGION, RULE);
    let standing: BTreeMap<&str, &str> =
        results.iter().map(|one| (&*one.resource_id, &*one.compliance_type)).collect();
    let lost = trigger
        .submission()
        .into_iter()
        .find(|(id, verdict)| standing.get(id.as_str()) != Some(verdict));
    lost.map(|(id, verdict)| format!("after the retry {id} is not {verdict}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_on_a_changed_trail() {
    cells_hold(Trigger::TrailChange).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_on_a_changed_trail_with_an_oversized_item() {
    cells_hold(Trigger::OversizedTrail).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_on_a_deleted_trail() {
    cells_hold(Trigger::TrailDeleted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_on_a_changed_key() {
    cells_hold(Trigger::KeyChange).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_on_a_changed_key_with_an_oversized_item() {
    cells_hold(Trigger::OversizedKey).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_on_a_schedule() {
    cells_hold(Trigger::Schedule).await;
}

#[tokio::test]
async fn every_trigger_makes_the_listed_calls_without_faults() {
    for trigger in Trigger::ALL {
        let desk = Desk::open(trigger.state()).await;
        let sent = desk.send(&trigger.event()).await;
        assert_eq!(sent.accepted(), trigger.submission().len(), "{trigger:?}");
        let calls = Operation::all().map(|operation| (operation, trigger.calls(operation)));
        sent.assert_counts(&calls.collect::<Vec<_>>());
        let put = sent.put.iter().map(|one| (one.resource_id.clone(), &*one.compliance_type));
        assert_eq!(put.collect::<Vec<_>>(), trigger.submission(), "{trigger:?}");
    }
}

#[test]
fn every_cell_matches_one_row_and_every_row_matches_a_cell() {
    let cells: Vec<Cell> = Trigger::ALL.into_iter().flat_map(Cell::all).collect();
    for cell in cells.iter().filter(|cell| cell.trigger.calls(cell.operation) > 0) {
        assert_eq!(cell.rows().len(), 1, "{cell:?}");
    }
    for row in TABLE {
        for (operation, fault) in
            row.operations.iter().flat_map(|of| row.faults.iter().map(move |fault| (of, fault)))
        {
            for at in row.at {
                let meets = |cell: &Cell| {
                    (&cell.operation, &cell.kind.name(), &cell.at) == (operation, fault, at)
                };
                // Neither is ever called twice.
                let is_once =
                    [Operation::DescribeTrails, Operation::GetObject, Operation::ListTags]
                        .contains(operation);
                let never = is_once && *at == Where::AtSecond;
                assert_ne!(cells.iter().any(meets), never, "{operation:?} {fault} {at:?}");
            }
        }
    }
}

#[test]
fn the_matrix_covers_every_operation_fault_and_trigger() {
    for trigger in Trigger::ALL {
        let cells = Cell::all(trigger);
        for operation in Operation::all() {
            for kind in FaultKind::all(FOR_EVER) {
                let of =
                    cells.iter().filter(|cell| (cell.operation, cell.kind) == (operation, kind));
                let places: Vec<Where> = of.map(|cell| cell.at).collect();
                let calls = trigger.calls(operation);
                let at = |at| places.contains(&at);
                assert!(at(Where::Always), "{trigger:?} {operation:?} {kind:?}");
                assert_eq!((at(Where::AtFirst), at(Where::AtSecond)), (calls > 0, calls > 1));
            }
        }
    }
    // The function's operations are exactly those that some trigger uses.
    for operation in Operation::all() {
        let is_used = Trigger::ALL.iter().any(|trigger| trigger.calls(operation) > 0);
        assert_eq!(is_used, FUNCTION_OPERATIONS.contains(&operation), "{operation:?}");
    }
}

/// Some of the same cells with the real function as a process, at least one of each kind.
#[tokio::test(flavor = "multi_thread")]
async fn sampled_cells_hold_for_the_real_function() {
    let sample = [
        (Trigger::TrailChange, Operation::DescribeKey, "throttling", Where::AtFirst),
        (Trigger::TrailChange, Operation::DescribeKey, "throttling", Where::Always),
        (Trigger::TrailChange, Operation::DescribeKey, "slow", Where::Always),
        (Trigger::TrailChange, Operation::DescribeKey, "access-denied", Where::Always),
        (Trigger::TrailChange, Operation::GetKeyPolicy, "truncated-body", Where::Always),
        (Trigger::TrailChange, Operation::AssumeRole, "access-denied", Where::Always),
        (
            Trigger::OversizedTrail,
            Operation::GetResourceConfigHistory,
            "access-denied",
            Where::Always,
        ),
        (Trigger::TrailDeleted, Operation::PutEvaluations, "connection-reset", Where::Always),
        (Trigger::KeyChange, Operation::DescribeTrails, "internal-error", Where::Always),
        (Trigger::OversizedKey, Operation::GetTrailStatus, "wrong-types", Where::AtFirst),
        (Trigger::Schedule, Operation::HeadBucket, "not-found", Where::AtFirst),
        (
            Trigger::Schedule,
            Operation::GetComplianceDetailsByConfigRule,
            "expired-credentials",
            Where::AtSecond,
        ),
        (Trigger::Schedule, Operation::DescribeKey, "service-unavailable", Where::Always),
        (Trigger::Schedule, Operation::PutEvaluations, "not-json", Where::AtSecond),
        (Trigger::Schedule, Operation::PutEvaluations, "not-found", Where::Always),
        (Trigger::Schedule, Operation::GetObject, "access-denied", Where::Always),
        (Trigger::TrailChange, Operation::GetObject, "slow", Where::Always),
        (Trigger::Schedule, Operation::ListTags, "access-denied", Where::Always),
        (Trigger::Schedule, Operation::ListTags, "slow", Where::Always),
    ];
    for (trigger, operation, kind, at) in sample {
        let kind = FaultKind::from_name(kind, FOR_EVER).unwrap();
        let cell = Cell { trigger, operation, kind, at };
        let lab = Lab::start(trigger.state()).await.unwrap();
        // The number of calls is exact, so a successful call must not time out.
        let settings = accounts::impatient(ACCOUNT, REGION, "1000");
        let spawned = trailseal_lab::Function::spawn(&bootstrap_path(), &lab, settings).await;
        let mut process = spawned.unwrap_or_else(|error| panic!("{error}"));
        let send = async || send_to_process(&lab, &mut process, &trigger.event()).await;
        assert_eq!(differences(cell, &lab, send).await, None);
    }
}
