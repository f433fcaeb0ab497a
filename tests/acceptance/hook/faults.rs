//! The fault matrix of the Hook: every operation × every fault × the first call or all calls, for a
//! trail with a key of its own account and one with a key that a role reads.
//!
//! Each cell asserts the answer and the number of calls; that no trail is accepted without evidence
//! is asserted without the table.

use std::collections::BTreeSet;
use std::time::Duration;

use accounts::{KEY_ACCOUNT, KEY_ROLE, account, key_arn, key_of_trails, role, role_arn, trail_arn};
use serde_json::{Value, json};
use tokio::task::{JoinSet, LocalSet};
use trailseal_aws::RetryPolicy;
use trailseal_lab::Operation::{
    self, AssumeRole, DescribeKey, GetKeyPolicy, GetKeyRotationStatus, HeadBucket,
};
use trailseal_lab::{Fault, FaultKind, Membership, Position, State};

use super::{HookDesk, PATIENCE, Reply, sealed, state, with};
use crate::acceptance::faults::cell::{FOR_EVER, is_answer};
use crate::acceptance::faults::desk::{ATTEMPTS, RETRY_POLICY};
use crate::acceptance::faults::table::PASSING_UNSIGNED;
use crate::acceptance::harness::{ACCOUNT, REGION};

/// Each is evidence that every request here needs.
const EVIDENCE: [Operation; 4] = [DescribeKey, GetKeyPolicy, GetKeyRotationStatus, HeadBucket];

/// The account of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyOf {
    Own,
    Other,
}

/// What goes wrong, and at which call.
#[derive(Clone, Copy, Debug)]
struct Cell {
    key: KeyOf,
    operation: Operation,
    kind: FaultKind,
    is_first_only: bool,
}

/// The expected answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Accepted,
    Refused(&'static str),
    Internal,
}

/// The expected number of calls of the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Calls {
    Exactly(usize),
    /// The key or bucket is asked about again until the patience ends.
    Again,
}

use Calls::{Again, Exactly};
use Expected::{Accepted, Internal, Refused};

impl Cell {
    fn all() -> Vec<Self> {
        let mut cells = Vec::new();
        for key in [KeyOf::Own, KeyOf::Other] {
            for operation in Operation::all() {
                for kind in FaultKind::all(FOR_EVER) {
                    let both = [true, false];
                    cells.extend(both.map(|is_first_only| Self {
                        key,
                        operation,
                        kind,
                        is_first_only,
                    }));
                }
            }
        }
        cells
    }

    /// Whether the request calls the operation.
    fn is_called(&self) -> bool {
        EVIDENCE.contains(&self.operation)
            || (self.operation, self.key) == (AssumeRole, KeyOf::Other)
    }

    /// The expected result, from the purpose of the operation and the meaning of the fault.
    fn expected(&self) -> (Expected, Calls) {
        let fault = self.kind.name();
        let calls = Exactly(usize::from(self.is_called()));
        if !self.is_called() || fault == "repeated-token" {
            return (Accepted, calls);
        }
        let is_bucket = self.operation == HeadBucket;
        // S3 refuses, but still returns the Region; with the time of an answer, a signed call is
        // repeated.
        let is_told = ["access-denied", "expired-credentials", "clock-skew"].contains(&fault);
        if is_bucket && is_told {
            return (Accepted, calls);
        }
        if PASSING_UNSIGNED.contains(&fault) || fault == "clock-skew" {
            return match self.is_first_only {
                true => (Accepted, Exactly(2)),
                false => (Internal, Exactly(ATTEMPTS)),
            };
        }
        match fault {
            "not-json" | "expired-credentials" => (Internal, calls),
            "wrong-types" if is_bucket => (Refused("could not verify the Region of"), calls),
            "wrong-types" => (Internal, calls),
            "access-denied" => self.refused("could not verify"),
            "not-found" => self.refused("does not exist"),
            other => panic!("what does `{other}` do?"),
        }
    }

    /// What AWS denies or does not know: for a key of the own account and for a bucket, it may be
    /// too new.
    fn refused(&self, cause: &'static str) -> (Expected, Calls) {
        if self.operation == AssumeRole {
            // STS never says that a role does not exist; it denies.
            return (Refused("cannot be assumed"), Exactly(1));
        }
        let may_appear = self.key == KeyOf::Own || self.operation == HeadBucket;
        match (may_appear, self.is_first_only) {
            (false, _) => (Refused(cause), Exactly(1)),
            (true, true) => (Accepted, Exactly(2)),
            (true, false) => (Refused(cause), Again),
        }
    }

    async fn wrong(self, retry_policy: RetryPolicy) -> Option<String> {
        let (state, properties) = scene(self.key);
        let parameters = [
            ("profile", "strict"),
            ("allowedKeyAccounts", KEY_ACCOUNT),
            ("keyAccountRoleName", KEY_ROLE),
        ];
        let desk = HookDesk::open_with(state, &parameters, retry_policy, PATIENCE).await;
        let position = if self.is_first_only { Position::First } else { Position::Every };
        desk.lab.inject(Fault::of(self.operation, position, self.kind));
        let reply = desk.send_trail(&properties).await;
        let wrong = [self.wrong_answer(&reply), self.wrong_calls(&reply), unproven(&reply)];
        let wrong: Vec<String> = wrong.into_iter().flatten().collect();
        (!wrong.is_empty()).then(|| format!("{self:?}: {}", wrong.join("; ")))
    }

    fn wrong_answer(&self, reply: &Reply) -> Option<String> {
        let (code, part) = match self.expected().0 {
            Accepted => (None, "sealed with"),
            Refused(cause) => (Some("NonCompliant"), cause),
            Internal => (Some("InternalFailure"), self.operation.iam()),
        };
        let found = reply.answer.get("errorCode").and_then(Value::as_str);
        let is_so = found == code && reply.message().contains(part);
        (!is_so).then(|| format!("answered {found:?} `{}`, not `{part}`", reply.message()))
    }

    fn wrong_calls(&self, reply: &Reply) -> Option<String> {
        let (found, expected) = (reply.count(self.operation), self.expected().1);
        let is_so = match expected {
            Exactly(count) => found == count,
            Again => found >= 2,
        };
        (!is_so).then(|| format!("{found} calls, not {expected:?}"))
    }
}

/// No trail is accepted unless each piece of evidence was answered.
fn unproven(reply: &Reply) -> Option<String> {
    if reply.answer["hookStatus"] != "SUCCESS" {
        return None;
    }
    let is_answered = |operation: &Operation| {
        let mut calls = reply.calls.iter().filter(|call| call.operation == operation.iam());
        calls.any(|call| is_answer(*operation, call.status, call.fault.as_deref()))
    };
    let open = EVIDENCE.iter().find(|operation| !is_answered(operation))?;
    Some(format!("accepted without {}", open.iam()))
}

/// An account, and the properties of a trail that is sealed there.
pub(super) fn scene(key: KeyOf) -> (State, Value) {
    let mut state = state();
    let foreign = key_arn(KEY_ACCOUNT, REGION, 2);
    state.accounts.push(account(KEY_ACCOUNT, Membership::Outside, &[REGION]));
    state.keys.push(key_of_trails(&foreign, &[&trail_arn(ACCOUNT, REGION, "new")]));
    state.roles.push(role(&role_arn(REGION, KEY_ACCOUNT, KEY_ROLE), None));
    let properties = match key {
        KeyOf::Own => sealed(),
        KeyOf::Other => with(sealed(), "KMSKeyId", json!(foreign)),
    };
    (state, properties)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_and_fault_has_its_answer() {
    let is_slow = |cell: &Cell| matches!(cell.kind, FaultKind::Slow(_));
    let (slow, prompt): (Vec<Cell>, Vec<Cell>) = Cell::all().into_iter().partition(is_slow);
    let mut wrong = Vec::new();
    for cell in prompt {
        wrong.extend(cell.wrong(RETRY_POLICY).await);
    }
    let local = LocalSet::new();
    let slow = local.run_until(async {
        let mut running = JoinSet::new();
        for cell in slow.into_iter().filter(Cell::is_called) {
            let policy = RetryPolicy { attempt: Duration::from_secs(1), ..RETRY_POLICY };
            running.spawn_local(cell.wrong(policy));
        }
        running.join_all().await
    });
    wrong.extend(slow.await.into_iter().flatten());
    assert!(wrong.is_empty(), "{} cells differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// The matrix has every outcome, for each operation that a request calls.
#[test]
fn the_matrix_covers_every_operation_and_fault() {
    let cells = Cell::all();
    assert_eq!(cells.len(), 4 * Operation::all().count() * FaultKind::all(FOR_EVER).len());
    for operation in EVIDENCE.into_iter().chain([AssumeRole]) {
        let of = cells.iter().filter(|cell| cell.operation == operation && cell.is_called());
        let outcomes: BTreeSet<String> =
            of.map(|cell| format!("{:?}", cell.expected().0)).collect();
        assert!(outcomes.len() >= 3, "{operation:?}: {outcomes:?}");
    }
}
