//! The log files of a bucket, read live over HTTP while S3 fails: what was not read is never counted.
//!
//! Each call × each fault, at every request of the call and at each single one. The lab's record of
//! the calls, not the reader, says which files were read.

pub(super) mod bucket;
mod requests;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use trailseal_lab::{Call, Fault, FaultKind, Operation, Position};
use trailseal_logs::live::{Cause, Mode, Outcome};
use trailseal_logs::{Encryption, FileStatus};

use self::bucket::{PATIENCE, ReadFile, clean, counted, lab, read, retry_policy};

const MODES: [Mode; 3] = [Mode::Sample, Mode::Monthly, Mode::All];

/// The calls of the live source.
const CALLS: [Operation; 4] = [
    Operation::HeadBucket,
    Operation::ListObjectsV2,
    Operation::GetBucketAcl,
    Operation::HeadObject,
];

/// An answer within the time of an attempt, and one after it.
const SLOW: Duration = Duration::from_millis(50);
const TOO_SLOW: Duration = Duration::from_secs(4);
const SHORT_PATIENCE: Duration = Duration::from_secs(2);

/// What a fault of a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// The answer is as usable as without it.
    None,
    /// The next attempt succeeds.
    Retried,
    /// Nothing is read, however often it is tried.
    Unread,
}

fn effect(call: Operation, kind: FaultKind) -> Effect {
    match kind {
        FaultKind::Slow(delay) if delay < SHORT_PATIENCE => Effect::None,
        FaultKind::FailedEvaluations => Effect::None,
        FaultKind::RepeatedToken if call != Operation::ListObjectsV2 => Effect::None,
        // A refusal names the bucket's Region.
        FaultKind::AccessDenied | FaultKind::ExpiredCredentials | FaultKind::ClockSkew
            if call == Operation::HeadBucket =>
        {
            Effect::None
        }
        // An error of HEAD has no code, so that it is a refusal like others.
        FaultKind::ClockSkew if call == Operation::HeadObject => Effect::Unread,
        FaultKind::Slow(_)
        | FaultKind::Throttling
        | FaultKind::InternalError
        | FaultKind::ServiceUnavailable
        | FaultKind::ConnectionReset
        | FaultKind::ClockSkew
        | FaultKind::TruncatedBody => Effect::Retried,
        FaultKind::NotJson
        | FaultKind::WrongTypes
        | FaultKind::RepeatedToken
        | FaultKind::AccessDenied
        | FaultKind::NotFound
        | FaultKind::ExpiredCredentials => Effect::Unread,
    }
}

/// A run with one fault.
#[derive(Clone, Copy, Debug)]
struct Cell {
    mode: Mode,
    call: Operation,
    kind: FaultKind,
    position: Position,
}

impl Cell {
    async fn run(self) -> (Result<Outcome, Cause>, Vec<Call>) {
        let lab = lab().await;
        lab.inject(Fault::of(self.call, self.position, self.kind));
        let is_too_slow = matches!(self.kind, FaultKind::Slow(delay) if delay > SHORT_PATIENCE);
        let patience = if is_too_slow { SHORT_PATIENCE } else { PATIENCE };
        let outcome = read(&lab, self.mode, retry_policy(patience)).await;
        (outcome, lab.take_calls())
    }

    /// Whether the reading is as without the fault.
    fn is_harmless(self) -> bool {
        match effect(self.call, self.kind) {
            Effect::None => true,
            Effect::Retried => !matches!(self.position, Position::Every),
            Effect::Unread => false,
        }
    }

    async fn holds(self, complete: &[ReadFile]) {
        let (outcome, calls) = self.run().await;
        let is_affected = calls.iter().any(|call| call.fault.is_some());
        assert!(is_affected, "{self:?}: no request was affected");
        if self.is_harmless() {
            let outcome = outcome.unwrap_or_else(|cause| panic!("{self:?}: {cause}"));
            assert!(!outcome.is_partial(), "{self:?}: {:?}", outcome.gaps);
            assert_eq!(counted(&outcome), complete, "{self:?}");
            return;
        }
        let Ok(outcome) = outcome else {
            assert_eq!(self.call, Operation::HeadBucket, "{self:?}");
            return;
        };
        self.counts_only_what_was_read(&outcome, &calls);
        // A single list can be one that is made again, such as that which counts the files, or one
        // whose next page is not needed.
        let is_made_up = self.call == Operation::ListObjectsV2
            && !matches!(self.position, Position::Every)
            && counted(&outcome) == complete;
        assert!(outcome.is_partial() || is_made_up, "{self:?}");
    }

    /// Each file that counts as read was answered by the lab, without a fault that changes the answer.
    fn counts_only_what_was_read(self, outcome: &Outcome, calls: &[Call]) {
        let is_whole = |call: &&Call| {
            call.operation == Operation::HeadObject.iam()
                && call.status == Some(200)
                && (call.fault.is_none() || effect(self.call, self.kind) == Effect::None)
        };
        let read: BTreeSet<&str> = calls
            .iter()
            .filter(is_whole)
            .map(|call| call.request["Key"].as_str().unwrap())
            .collect();
        let rows = || outcome.coverage.rows().filter(|(_, _, class, _)| !class.is_unread());
        let files: u64 = rows().map(|(.., totals)| totals.files).sum();
        assert!(files <= read.len() as u64, "{self:?}: {files} of {}", read.len());
        for (.., class, totals) in rows() {
            for example in [&totals.oldest, &totals.newest] {
                assert!(read.contains(example.key.as_str()), "{self:?}: {}", example.key);
                let is_sealed = matches!(class.status, FileStatus::Read(Encryption::SseKms(_)));
                assert_eq!(is_sealed, bucket::is_sealed(&example.key), "{self:?}: {}", example.key);
            }
        }
    }
}

/// Runs cells, some at a time.
async fn all_hold(cells: &[Cell]) {
    let (mut running, slots) = (JoinSet::new(), Arc::new(Semaphore::new(16)));
    for mode in MODES {
        let complete: Arc<[ReadFile]> = clean(mode).await.into();
        for cell in cells.iter().copied().filter(|cell| cell.mode == mode) {
            let (slots, complete) = (Arc::clone(&slots), Arc::clone(&complete));
            running.spawn(async move {
                let _slot = slots.acquire().await.unwrap();
                cell.holds(&complete).await;
            });
        }
    }
    let mut broken = 0;
    while let Some(ended) = running.join_next().await {
        // The panic was printed.
        broken += usize::from(ended.is_err());
    }
    assert_eq!(broken, 0, "cells that do not hold");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_unread_counts_if_every_request_of_a_call_fails() {
    let kinds = [FaultKind::all(SLOW), vec![FaultKind::Slow(TOO_SLOW)]].concat();
    let mut cells = Vec::new();
    for mode in MODES {
        for call in CALLS {
            for kind in &kinds {
                cells.push(Cell { mode, call, kind: *kind, position: Position::Every });
            }
        }
    }
    assert_eq!(cells.len(), 3 * 4 * 14);
    all_hold(&cells).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_unread_counts_if_a_single_request_fails() {
    let mut cells = Vec::new();
    for mode in MODES {
        let lab = lab().await;
        read(&lab, mode, retry_policy(PATIENCE)).await.unwrap();
        for call in CALLS {
            let count = lab.call_counts()[call.iam()];
            let count = u32::try_from(count).unwrap();
            for number in 1..=count {
                // Each request has another fault, and the last one has all of them.
                let kinds = FaultKind::all(SLOW);
                let turn = usize::try_from(number).unwrap() % kinds.len();
                let chosen = if number == count { kinds.as_slice() } else { &kinds[turn..=turn] };
                let position = Position::Nth(number);
                cells.extend(chosen.iter().map(|kind| Cell { mode, call, kind: *kind, position }));
            }
        }
    }
    assert!(cells.len() > 150, "{}", cells.len());
    all_hold(&cells).await;
}
