//! `trailseal logs` while AWS fails: what was not read is partial, exits with 2 and never passes.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use trailseal_lab::{Fault, FaultKind, Operation, Position};

use super::desk::{MANAGEMENT, Run};
use super::logs::{KEY, desk, kms, report, state};

const SLOW: Duration = Duration::from_millis(50);

/// The calls without which nothing is known about files.
const READS_FILES: [Operation; 4] = [
    Operation::HeadBucket,
    Operation::ListObjectsV2,
    Operation::GetBucketAcl,
    Operation::HeadObject,
];

/// What a report says about the files, without its times.
fn said(report: &Value) -> Value {
    json!([report["buckets"][0]["folders"], report["trails"][0]["check"], report["complete"]])
}

/// A fault at every request of a call. The calls are those that were made.
async fn run(state: Arc<Value>, fault: Option<(Operation, FaultKind)>) -> (Run, Vec<Operation>) {
    run_with(&[], state, fault).await
}

async fn run_with(
    options: &[&str],
    state: Arc<Value>,
    fault: Option<(Operation, FaultKind)>,
) -> (Run, Vec<Operation>) {
    let desk = desk(&state).await;
    fault.into_iter().for_each(|(call, kind)| {
        desk.lab.inject(Fault::of(call, Position::Every, kind));
    });
    let arguments = [&["main", "-o", "json"], options].concat();
    let mut command = desk.command_of("logs", MANAGEMENT, &arguments);
    command.env("AWS_MAX_ATTEMPTS", "2");
    let run = tokio::task::spawn_blocking(move || Run::of(&mut command)).await.unwrap();
    let calls = desk.lab.call_counts().into_keys();
    (run, calls.map(|name| Operation::from_iam(&name).unwrap()).collect())
}

/// Whether every fault of this kind makes a call useless.
fn is_fatal(call: Operation, kind: FaultKind) -> bool {
    match kind {
        FaultKind::Throttling
        | FaultKind::InternalError
        | FaultKind::ServiceUnavailable
        | FaultKind::ConnectionReset
        | FaultKind::TruncatedBody
        | FaultKind::NotJson
        | FaultKind::WrongTypes
        | FaultKind::NotFound => true,
        // A refusal of HeadBucket names the bucket's Region.
        FaultKind::AccessDenied | FaultKind::ExpiredCredentials => call != Operation::HeadBucket,
        FaultKind::RepeatedToken => call == Operation::ListObjectsV2,
        // The next attempt is signed with the time of the answer.
        FaultKind::Slow(_) | FaultKind::ClockSkew | FaultKind::FailedEvaluations => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_any_call_is_partial_or_makes_no_difference() {
    let state = Arc::new(state(&kms(KEY)));
    let (clean, calls) = run(Arc::clone(&state), None).await;
    let clean = said(&report(&clean.exits(0)));
    for call in READS_FILES {
        assert!(calls.contains(&call), "{calls:?}");
    }
    let (mut running, slots) = (JoinSet::new(), Arc::new(Semaphore::new(8)));
    for call in calls {
        for kind in FaultKind::all(SLOW) {
            let (state, slots, clean) = (Arc::clone(&state), Arc::clone(&slots), clean.clone());
            running.spawn(async move {
                let _slot = slots.acquire().await.unwrap();
                let (run, _) = run(state, Some((call, kind))).await;
                holds(call, kind, &run, &clean);
            });
        }
    }
    let mut broken = 0;
    while let Some(ended) = running.join_next().await {
        // The panic was printed.
        broken += usize::from(ended.is_err());
    }
    assert_eq!(broken, 0, "faults with another result");
}

fn holds(call: Operation, kind: FaultKind, run: &Run, clean: &Value) {
    let what = format!("{} {kind:?}: {run:?}", call.iam());
    if run.code == 0 {
        assert!(!(READS_FILES.contains(&call) && is_fatal(call, kind)), "{what}");
        assert_eq!(said(&report(run)), *clean, "{what}");
        return;
    }
    assert!(run.code == 2 || run.code == 3 && run.out.is_empty(), "{what}");
    if run.out.is_empty() {
        assert!(run.err.contains("error: "), "{what}");
        return;
    }
    let report = report(run);
    assert_eq!(report["complete"], false, "{what}");
    assert_ne!(report["trails"][0]["check"]["outcome"], "pass", "{what}");
    assert_ne!(report["trails"][0]["compliance"], "COMPLIANT", "{what}");
    assert_ne!(report["problems"], json!([]), "{what}");
}

/// Noncurrent versions decide nothing, so that the verdict is the same without them.
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_the_list_of_versions_is_partial_and_leaves_the_verdict() {
    let call = Operation::ListObjectVersions;
    let state = Arc::new(state(&kms(KEY)));
    let (clean, calls) = run_with(&["--versions"], Arc::clone(&state), None).await;
    let clean = report(&clean.exits(0));
    assert!(calls.contains(&call), "{calls:?}");
    for kind in FaultKind::all(SLOW) {
        let (run, _) = run_with(&["--versions"], Arc::clone(&state), Some((call, kind))).await;
        let what = format!("{kind:?}: {run:?}");
        let found = report(&run);
        assert_eq!(found["trails"][0]["check"], clean["trails"][0]["check"], "{what}");
        if run.code == 0 {
            assert!(!is_fatal(call, kind), "{what}");
            assert_eq!(said(&found), said(&clean), "{what}");
        } else {
            assert_eq!((run.code, &found["complete"]), (2, &json!(false)), "{what}");
            assert_ne!(found["problems"], json!([]), "{what}");
        }
    }
}
