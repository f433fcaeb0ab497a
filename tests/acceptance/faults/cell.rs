//! One cell of the matrix: the fault, the expected result, and the actual result.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use accounts::{EXEMPTION_TAG, EXEMPTIONS};
use trailseal_lab::{Fault, FaultKind, Operation, Position};

use super::desk::{ATTEMPTS, Returned, Sent};
use super::table::{Calls, Outcome, Row, TABLE, Where};
use super::triggers::{Trigger, arn, key_of};

/// Longer than any timeout here.
pub(crate) const FOR_EVER: Duration = Duration::from_secs(3600);

/// The evaluations of one call.
const BATCH: usize = 100;

/// What goes wrong, and at which call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) trigger: Trigger,
    pub(crate) operation: Operation,
    pub(crate) kind: FaultKind,
    pub(crate) at: Where,
}

impl Cell {
    /// Every cell of a trigger: every fault at every position for the operations that it uses, and
    /// every fault at all calls for the operations that it does not use.
    pub(crate) fn all(trigger: Trigger) -> Vec<Self> {
        let mut cells = Vec::new();
        for operation in Operation::all() {
            let positions: &[Where] = match trigger.calls(operation) {
                0 => &[Where::Always],
                1 => &[Where::AtFirst, Where::Always],
                _ => &[Where::AtFirst, Where::AtSecond, Where::Always],
            };
            for kind in FaultKind::all(FOR_EVER) {
                cells.extend(positions.iter().map(|at| Self { trigger, operation, kind, at: *at }));
            }
        }
        cells
    }

    pub(crate) fn is_slow(&self) -> bool {
        matches!(self.kind, FaultKind::Slow(_))
    }

    pub(crate) fn fault(&self) -> Fault {
        let position = match self.at {
            Where::AtFirst => Position::First,
            Where::AtSecond => Position::Nth(2),
            Where::Always => Position::Every,
        };
        Fault::of(self.operation, position, self.kind)
    }

    /// The rows of the table that match this cell.
    pub(crate) fn rows(&self) -> Vec<&'static Row> {
        TABLE
            .iter()
            .filter(|row| row.operations.contains(&self.operation))
            .filter(|row| row.faults.contains(&self.kind.name()) && row.at.contains(&self.at))
            .collect()
    }

    /// The expected result; an operation that the trigger does not use has no effect.
    pub(crate) fn expected(&self) -> (Outcome, Calls) {
        if self.trigger.calls(self.operation) == 0 {
            return (Outcome::Healthy, Calls::Unchanged);
        }
        let row = self.rows()[0];
        (row.outcome, row.calls)
    }

    /// Every difference between the actual and the expected result.
    pub(crate) fn faults_of(&self, sent: &Sent) -> Vec<String> {
        let (outcome, calls) = self.expected();
        [
            self.wrong_submission(outcome, sent),
            self.wrong_return(outcome, sent),
            self.wrong_count(calls, sent),
            compliant_without_evidence(sent),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn wrong_count(&self, calls: Calls, sent: &Sent) -> Option<String> {
        let healthy = self.trigger.calls(self.operation);
        let expected = match calls {
            Calls::Unchanged => healthy,
            Calls::OneMore => healthy + 1,
            Calls::Retried if is_one_by_one(self.operation) => healthy * ATTEMPTS,
            Calls::Retried => ATTEMPTS,
            Calls::UntilFault if self.at != Where::AtSecond => 1,
            Calls::UntilFault | Calls::Twice => 2,
        };
        let found = sent.count(self.operation);
        (found != expected).then(|| format!("{found} calls instead of {expected}"))
    }

    fn wrong_return(&self, outcome: Outcome, sent: &Sent) -> Option<String> {
        let name = self.operation.iam();
        let trails = self.trigger.trails();
        let (kind, parts): (&str, Vec<String>) = match outcome {
            Outcome::Healthy | Outcome::Reported(_) | Outcome::NoCleanUp | Outcome::Untagged => {
                let put: BTreeSet<&str> = sent.put.iter().map(|one| &*one.resource_id).collect();
                let expected = Returned::Accepted(put.len());
                return (sent.returned != expected)
                    .then(|| format!("returned {:?} instead of {expected:?}", sent.returned));
            }
            Outcome::NoExemptions => ("ExemptionsNotRead", vec![EXEMPTIONS.to_owned()]),
            Outcome::NoTag => {
                ("ExemptionsNotRead", vec![format!("tag {EXEMPTION_TAG} of {}", arn("delta"))])
            }
            Outcome::Fails(kind, "") => (kind, vec![name.to_owned()]),
            Outcome::Fails(kind, part) | Outcome::Refused(kind, part) => {
                (kind, vec![part.to_owned()])
            }
            Outcome::Unjudged if trails.len() > 1 => {
                let put = sent.verdicts();
                let absent = trails.iter().filter(|trail| !put.contains_key(*trail));
                let named = absent.map(|trail| arn(trail)).chain([name.to_owned()]);
                ("NotAllJudged", named.collect())
            }
            Outcome::Unjudged => ("AwsBreakdown", vec![name.to_owned()]),
            Outcome::Unheard(kind) => (kind, vec![name.to_owned()]),
            Outcome::Final(part) => ("Final", vec![part.to_owned()]),
        };
        let is_so = match &sent.returned {
            Returned::Failed(found, message) => {
                found == kind && parts.iter().all(|part| message.contains(part))
            }
            Returned::Accepted(_) => false,
        };
        (!is_so).then(|| format!("returned {:?} instead of {kind} with {parts:?}", sent.returned))
    }

    fn wrong_submission(&self, outcome: Outcome, sent: &Sent) -> Option<String> {
        let healthy = self.trigger.submission();
        let trails = self.trigger.trails();
        let batches: Vec<&[(String, &str)]> = healthy.chunks(BATCH).collect();
        let mut expected: BTreeMap<&str, &str> =
            healthy.iter().map(|(id, verdict)| (id.as_str(), *verdict)).collect();
        let found = sent.verdicts();
        match outcome {
            Outcome::Healthy | Outcome::Unheard(_) | Outcome::NoExemptions => {}
            Outcome::Fails(..) => expected.clear(),
            Outcome::NoTag | Outcome::Untagged => {
                expected.extend(self.trigger.exempt().iter().map(|id| (*id, "NON_COMPLIANT")));
            }
            Outcome::Reported(part) => {
                for trail in self.concerned(|trail| found.get(trail) == Some(&"NON_COMPLIANT")) {
                    expected.insert(trail, "NON_COMPLIANT");
                    if found.contains_key(trail) && !sent.annotation(trail).contains(part) {
                        return Some(format!("{trail} reports: {}", sent.annotation(trail)));
                    }
                }
            }
            Outcome::Unjudged => {
                for trail in self.concerned(|trail| !found.contains_key(trail)) {
                    expected.remove(trail);
                }
            }
            Outcome::NoCleanUp => {
                expected.retain(|id, _| trails.contains(id) || self.trigger.exempt().contains(id));
            }
            Outcome::Refused(..) | Outcome::Final(_) => {
                let is_final = matches!(outcome, Outcome::Final(_));
                let lost = match self.at {
                    Where::AtFirst if !is_final => &batches[..1],
                    Where::AtSecond if !is_final => &batches[1..2],
                    Where::AtSecond => &batches[1..],
                    Where::AtFirst | Where::Always => &batches[..],
                };
                for (id, _) in lost.iter().copied().flatten() {
                    expected.remove(id.as_str());
                }
            }
        }
        (found != expected).then(|| format!("submitted {found:?} instead of {expected:?}"))
    }

    /// The trails that depend on the failed call. If each trail has its own call, the order of the
    /// calls is random, so these are the trails that show the effect, if their number is right.
    fn concerned(&self, shows: impl Fn(&str) -> bool) -> Vec<&'static str> {
        let trails = self.trigger.trails();
        if self.operation == Operation::AssumeRole {
            return vec!["alpha"];
        }
        let all = self.at == Where::Always || self.trigger.calls(self.operation) == 1;
        let number = if all { trails.len() } else { 1 };
        let showing: Vec<&str> = trails.iter().copied().filter(|trail| shows(trail)).collect();
        if showing.len() == number { showing } else { trails[..number].to_vec() }
    }
}

/// Whether each call of the operation is independent, so that a failed call does not end the
/// others.
fn is_one_by_one(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::DescribeKey
            | Operation::GetKeyPolicy
            | Operation::GetKeyRotationStatus
            | Operation::GetTrailStatus
            | Operation::HeadBucket
            | Operation::PutEvaluations
    )
}

/// No trail is COMPLIANT unless each call about it succeeded. This is checked without the table, so
/// that no row can allow it.
fn compliant_without_evidence(sent: &Sent) -> Option<String> {
    let compliant = sent.put.iter().filter(|one| one.compliance_type == "COMPLIANT");
    for name in compliant.map(|one| one.resource_id.as_str()) {
        for (operation, about) in [
            (Operation::DescribeKey, key_of(name)),
            (Operation::GetKeyRotationStatus, key_of(name)),
            (Operation::GetKeyPolicy, key_of(name)),
            (Operation::GetTrailStatus, arn(name)),
            (Operation::HeadBucket, format!("logs-of-{name}")),
        ] {
            let answered = sent.calls.iter().any(|call| {
                let is_asked =
                    call.operation == operation.iam() && call.request.to_string().contains(&about);
                is_asked && is_answer(operation, call.status, call.fault.as_deref())
            });
            if !answered {
                return Some(format!("{name} is COMPLIANT without {}", operation.iam()));
            }
        }
    }
    None
}

/// Whether a response contains evidence. S3 returns a bucket's Region even when it refuses.
pub(crate) fn is_answer(operation: Operation, status: Option<u16>, fault: Option<&str>) -> bool {
    // The reads of evidence have no pages, so no token can repeat.
    let fault = fault.filter(|fault| *fault != "repeated-token");
    if operation == Operation::HeadBucket {
        let tells = [None, Some("access-denied"), Some("expired-credentials"), Some("clock-skew")];
        return tells.contains(&fault) && status != Some(404);
    }
    status == Some(200) && fault.is_none()
}
