//! The severity that formats show.

use trailseal_rule::{CheckId, Severity};

use crate::report::{CheckOutcome, CheckReport, TrailReport};

/// The severity of a failed check; that of the control if this version does not know the check.
pub(crate) fn of_failure(check: &str) -> Severity {
    check.parse().map_or(Severity::Medium, |id: CheckId| id.check().severity)
}

/// The severity of an outcome; an unverified check may be as serious as the control.
pub(crate) fn of_check(check: &CheckReport) -> Severity {
    match check.outcome {
        CheckOutcome::Pass => Severity::Informational,
        CheckOutcome::Fail => of_failure(&check.id),
        CheckOutcome::Unknown => Severity::Medium,
    }
}

pub(crate) fn of_trail(trail: &TrailReport) -> Severity {
    let worst = trail.checks.iter().map(of_check).max();
    // An account without any trail has no check.
    let is_medium = trail.is_non_compliant() || trail.not_evaluated.is_some();
    worst.unwrap_or(if is_medium { Severity::Medium } else { Severity::Informational })
}
