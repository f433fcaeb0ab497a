//! The severity that formats show.

use trailseal_rule::Severity;

pub(crate) use trailseal_findings::severity::{of_check, of_failure};

use crate::report::TrailReport;

pub(crate) fn of_trail(trail: &TrailReport) -> Severity {
    trailseal_findings::severity::of_trail(&trail.checks, trail.state())
}
