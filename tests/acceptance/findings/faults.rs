//! The fault matrix of the import: every operation × every fault × the first call or all calls.
//!
//! Each cell asserts whether the run succeeds and what Security Hub has after it. That nothing is
//! archived without both lists, and nothing passes without evidence, is asserted without the table.

use std::collections::BTreeSet;
use std::time::Duration;

use accounts::EXEMPTIONS;
use serde_json::Value;
use tokio::task::{JoinSet, LocalSet};
use trailseal_aws::RetryPolicy;
use trailseal_lab::Operation::{
    self, AssumeRole, BatchImportFindings, DescribeConfigRules, DescribeKey, DescribeTrails,
    GetFindings, GetKeyPolicy, GetKeyRotationStatus, GetObject, GetTrailStatus, HeadBucket,
};
use trailseal_lab::{Fault, FaultKind, Position};

use super::privilege::everything;
use super::{ImportDesk, Ran, id, stored};
use crate::acceptance::faults::cell::{FOR_EVER, is_answer};
use crate::acceptance::faults::desk::RETRY_POLICY;
use crate::acceptance::faults::table::PASSING_UNSIGNED;
use crate::acceptance::harness::NOW;

const CALLED: [Operation; 11] = [
    DescribeConfigRules,
    DescribeTrails,
    GetFindings,
    GetObject,
    AssumeRole,
    DescribeKey,
    GetKeyPolicy,
    GetKeyRotationStatus,
    GetTrailStatus,
    HeadBucket,
    BatchImportFindings,
];

/// Each is evidence that the trails need.
const EVIDENCE: [Operation; 5] =
    [DescribeKey, GetKeyPolicy, GetKeyRotationStatus, GetTrailStatus, HeadBucket];

/// Calls without the SDK's client, which do not correct the clock.
const WITHOUT_CLIENT: [Operation; 4] = [GetFindings, BatchImportFindings, GetObject, HeadBucket];

const TRAILS: [&str; 3] = ["t0", "t1", "t2"];

/// What goes wrong, and at which call.
#[derive(Clone, Copy, Debug)]
struct Cell {
    operation: Operation,
    kind: FaultKind,
    is_first_only: bool,
}

/// The expected result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// As without the fault.
    Healthy,
    /// AWS shows no trail: all findings are archived.
    NoTrails,
    /// The trails concerned are not compliant or unverified; the run succeeds.
    Reported,
    /// Nothing is imported.
    Nothing,
    /// The trails are imported, and nothing is archived.
    NotArchived,
    /// Everything is imported, without exemptions.
    NoExemptions,
    /// The findings of the trails concerned stay as they are.
    Unjudged,
    /// The import fails.
    NotImported,
}

use Expected::{
    Healthy, NoExemptions, NoTrails, NotArchived, NotImported, Nothing, Reported, Unjudged,
};

impl Cell {
    fn all() -> Vec<Self> {
        let mut cells = Vec::new();
        for operation in Operation::all() {
            for kind in FaultKind::all(FOR_EVER) {
                let both = [true, false];
                cells.extend(both.map(|is_first_only| Self { operation, kind, is_first_only }));
            }
        }
        cells
    }

    /// From the purpose of the operation and the meaning of the fault.
    fn expected(&self) -> Expected {
        let (operation, fault) = (self.operation, self.kind.name());
        // A repeated token is read once more; only a second one shows that the list has no end.
        let has_end = operation != GetFindings || self.is_first_only;
        if !CALLED.contains(&operation) || (fault == "repeated-token" && has_end) {
            return Healthy;
        }
        let told = ["access-denied", "expired-credentials", "clock-skew"];
        if operation == HeadBucket && told.contains(&fault) {
            return Healthy;
        }
        let is_corrected = fault == "clock-skew" && !WITHOUT_CLIENT.contains(&operation);
        if self.is_first_only && (PASSING_UNSIGNED.contains(&fault) || is_corrected) {
            return Healthy;
        }
        let is_fact = ["access-denied", "not-found"].contains(&fault)
            || (operation == HeadBucket && fault == "wrong-types");
        if operation == DescribeTrails && fault == "not-found" {
            return NoTrails;
        }
        let not_evidence = [
            (DescribeTrails, Nothing),
            (DescribeConfigRules, Nothing),
            (GetFindings, NotArchived),
            (GetObject, NoExemptions),
            (BatchImportFindings, NotImported),
        ];
        let known = not_evidence.into_iter().find(|(of, _)| *of == operation);
        known.map_or(if is_fact { Reported } else { Unjudged }, |(_, expected)| expected)
    }

    async fn wrong(self, retry_policy: RetryPolicy) -> Option<String> {
        let mut state = everything();
        // What an earlier import wrote, so that a lost update shows.
        state.findings.extend(TRAILS.map(|name| stored(&id(name))));
        let desk = ImportDesk::open_with(state, retry_policy).await;
        let position = if self.is_first_only { Position::First } else { Position::Every };
        desk.lab.inject(Fault::of(self.operation, position, self.kind));
        let ran = desk.run().await;
        let wrong = [
            self.wrong_outcome(&ran),
            self.wrong_findings(&desk),
            archived_unseen(&desk, &ran),
            passed_unproven(&desk, &ran),
        ];
        let wrong: Vec<String> = wrong.into_iter().flatten().collect();
        let is_wrong = !wrong.is_empty();
        is_wrong.then(|| format!("{self:?} {:?}: {}", self.expected(), wrong.join("; ")))
    }

    fn wrong_outcome(&self, ran: &Ran) -> Option<String> {
        let (kind, part) = match self.expected() {
            Healthy | NoTrails | Reported => (None, ""),
            Nothing => (Some("NothingImported"), self.operation.iam()),
            NoExemptions => (Some("NotAllImported"), EXEMPTIONS),
            Unjudged if self.operation == AssumeRole => {
                (Some("NotAllImported"), "trail/t2 was not")
            }
            NotArchived | Unjudged | NotImported => (Some("NotAllImported"), self.operation.iam()),
        };
        let found = ran.outcome.as_ref().err().map(|error| (error.kind(), error.to_string()));
        let is_so = match (&found, kind) {
            (None, None) => true,
            (Some((found, message)), Some(kind)) => *found == kind && message.contains(part),
            _ => false,
        };
        (!is_so).then(|| format!("returned {found:?} instead of {kind:?} with `{part}`"))
    }

    fn wrong_findings(&self, desk: &ImportDesk) -> Option<String> {
        let gone = desk.state_of("gone").1;
        let (mut updated, mut passed, mut archived) = (0, 0, 0);
        for name in TRAILS {
            let finding = desk.finding(name);
            updated += usize::from(finding["UpdatedAt"] == NOW);
            passed += usize::from(finding["Compliance"]["Status"] == "PASSED");
            archived += usize::from(finding["RecordState"] == "ARCHIVED");
        }
        let found = (updated, passed, archived, gone.as_str());
        let is_so = match self.expected() {
            Healthy | NoExemptions => found == (3, 3, 0, "ARCHIVED"),
            NoTrails => found == (3, 3, 3, "ARCHIVED"),
            Reported => updated == 3 && passed < 3 && archived == 0 && gone == "ARCHIVED",
            Nothing => found == (0, 3, 0, "ACTIVE"),
            NotArchived => found == (3, 3, 0, "ACTIVE"),
            Unjudged => updated < 3 && passed == 3 && archived == 0 && gone == "ARCHIVED",
            NotImported if self.is_carried_out() => found == (3, 3, 0, "ARCHIVED"),
            NotImported => found == (0, 3, 0, "ACTIVE"),
        };
        (!is_so).then(|| format!("{found:?}"))
    }

    /// Whether AWS does what the call asks for, although its answer is lost or unusable.
    fn is_carried_out(&self) -> bool {
        ["slow", "truncated-body", "not-json", "wrong-types"].contains(&self.kind.name())
    }
}

fn answered(ran: &Ran, operation: Operation) -> bool {
    let mut calls = ran.calls.iter().filter(|call| call.operation == operation.iam());
    calls.any(|call| is_answer(operation, call.status, call.fault.as_deref()))
}

/// No finding is archived unless both lists were read.
fn archived_unseen(desk: &ImportDesk, ran: &Ran) -> Option<String> {
    let is_archived = |finding: &Value| finding["RecordState"] == "ARCHIVED";
    if !desk.findings().values().any(is_archived) {
        return None;
    }
    // An empty list is an answer.
    let is_empty = |one: &trailseal_lab::Call| {
        one.operation == DescribeTrails.iam() && one.status == Some(200)
    };
    let has_trails = answered(ran, DescribeTrails) || ran.calls.iter().any(is_empty);
    let is_seen = has_trails && answered(ran, GetFindings);
    (!is_seen).then(|| "archived without the lists".to_owned())
}

/// No trail passes now unless each piece of evidence was answered.
fn passed_unproven(desk: &ImportDesk, ran: &Ran) -> Option<String> {
    let passes = |finding: &Value| {
        finding["Compliance"]["Status"] == "PASSED"
            && finding["UpdatedAt"] == NOW
            && finding["RecordState"] == "ACTIVE"
    };
    if !desk.findings().values().any(passes) {
        return None;
    }
    let open = EVIDENCE.iter().find(|operation| !answered(ran, **operation))?;
    Some(format!("passed without {}", open.iam()))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_and_fault_has_its_result() {
    let is_slow = |cell: &Cell| matches!(cell.kind, FaultKind::Slow(_));
    let (slow, prompt): (Vec<Cell>, Vec<Cell>) = Cell::all().into_iter().partition(is_slow);
    let mut wrong = Vec::new();
    for cell in prompt {
        wrong.extend(cell.wrong(RETRY_POLICY).await);
    }
    let local = LocalSet::new();
    let slow = local.run_until(async {
        let mut running = JoinSet::new();
        for cell in slow.into_iter().filter(|cell| CALLED.contains(&cell.operation)) {
            let policy = RetryPolicy { attempt: Duration::from_secs(1), ..RETRY_POLICY };
            running.spawn_local(cell.wrong(policy));
        }
        running.join_all().await
    });
    wrong.extend(slow.await.into_iter().flatten());
    assert!(wrong.is_empty(), "{} cells differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// The matrix has several outcomes for each operation that a run calls.
#[tokio::test]
async fn the_matrix_covers_every_operation_and_fault() {
    let ran = ImportDesk::open(everything()).await.run().await;
    ran.done();
    let called: BTreeSet<&str> = ran.calls.iter().map(|call| call.operation.as_str()).collect();
    assert_eq!(called, CALLED.iter().map(|operation| operation.iam()).collect());
    let cells = Cell::all();
    assert_eq!(cells.len(), 2 * Operation::all().count() * FaultKind::all(FOR_EVER).len());
    for operation in CALLED {
        let of = cells.iter().filter(|cell| cell.operation == operation);
        let outcomes: BTreeSet<String> = of.map(|cell| format!("{:?}", cell.expected())).collect();
        assert!(outcomes.len() >= 2, "{operation:?}: {outcomes:?}");
    }
}
