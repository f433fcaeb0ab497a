//! The severity that formats show.

use trailseal_rule::Severity;

pub(crate) use trailseal_findings::severity::{of_check, of_failure};

use crate::report::TrailReport;

pub(crate) fn of_trail(trail: &TrailReport) -> Severity {
    let is_open = trail.is_non_compliant() || trail.not_evaluated.is_some();
    trailseal_findings::severity::of_trail(&trail.checks, is_open)
}
