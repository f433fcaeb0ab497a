//! The severity that formats show.

use trailseal_rule::{CheckId, Severity};

use crate::check::{CheckOutcome, CheckReport};
use crate::state::TrailState;

/// The severity of a failed check; that of the control if this version does not know the check.
pub fn of_failure(check: &str) -> Severity {
    check.parse().map_or(Severity::Medium, |id: CheckId| id.check().severity)
}

/// The severity of an outcome; an unverified check may be as serious as the control.
pub fn of_check(check: &CheckReport) -> Severity {
    match check.outcome {
        CheckOutcome::Pass => Severity::Informational,
        CheckOutcome::Fail => of_failure(&check.id),
        CheckOutcome::Unknown => Severity::Medium,
    }
}

/// The severity of a trail: that of its most severe check. Without a check, as for an account without
/// trails, it is that of the control if somebody must act.
pub fn of_trail(checks: &[CheckReport], state: TrailState) -> Severity {
    let worst = checks.iter().map(of_check).max();
    worst.unwrap_or(if state.is_open() { Severity::Medium } else { Severity::Informational })
}
