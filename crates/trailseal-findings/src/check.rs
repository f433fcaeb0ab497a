//! The outcome of a check as text.

use serde::{Deserialize, Serialize};
use trailseal_rule::{CheckId, Finding, Outcome};

/// The outcome of a check, with its texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckReport {
    /// A check ID. A report of a later release may contain one that this release does not know.
    pub id: String,
    /// The outcome.
    pub outcome: CheckOutcome,
    /// What was found, or why it could not be verified.
    pub what: Option<String>,
    /// Why the check matters.
    pub why: String,
    /// How to fix it, or how to make the evidence readable.
    pub fix: Option<String>,
}

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckOutcome {
    /// The evidence proves what the check requires.
    Pass,
    /// The evidence disproves it.
    Fail,
    /// The evidence could not be read.
    Unknown,
}

impl CheckReport {
    /// The report on one check.
    pub fn of(check: CheckId, outcome: &Outcome) -> Self {
        let finding = outcome.finding();
        let outcome = match outcome {
            Outcome::Pass => CheckOutcome::Pass,
            Outcome::Fail(_) => CheckOutcome::Fail,
            Outcome::Unknown(_) => CheckOutcome::Unknown,
        };
        let rationale = finding.and_then(|finding| finding.rationale);
        Self {
            id: check.as_str().to_owned(),
            outcome,
            what: finding.map(|finding| finding.cause.clone()),
            why: rationale.unwrap_or(check.check().rationale).to_owned(),
            fix: finding.map(Finding::fix_in_full),
        }
    }
}
