//! The checks that trails did not pass, and the remarks on the other trails, each with its number.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::listing::NOTHING_EVALUATED;
use super::status::{TrailStatus, VerdictCounts};
use super::text::Count;
use crate::report::{CheckOutcome, Report, TrailReport};

/// A check that at least one trail did not pass.
pub(super) struct Cause<'a> {
    pub(super) check: &'a str,
    pub(super) failed: usize,
    pub(super) unknown: usize,
    /// Widths of the bars, in thousandths of the widest.
    pub(super) failed_width: usize,
    pub(super) unknown_width: usize,
}

/// The causes, the most frequent first.
pub(super) fn causes(trails: &[TrailReport]) -> Vec<Cause<'_>> {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for check in trails.iter().flat_map(|trail| &trail.checks) {
        match check.outcome {
            CheckOutcome::Pass => {}
            CheckOutcome::Fail => counts.entry(&check.id).or_default().0 += 1,
            CheckOutcome::Unknown => counts.entry(&check.id).or_default().1 += 1,
        }
    }
    let longest = counts.values().map(|(failed, unknown)| failed + unknown).max();
    let width = |count: usize| (count * 1000).checked_div(longest.unwrap_or(1)).unwrap_or(0);
    let cause = |(check, (failed, unknown))| Cause {
        check,
        failed,
        unknown,
        failed_width: width(failed),
        unknown_width: width(unknown),
    };
    let mut causes: Vec<Cause<'_>> = counts.into_iter().map(cause).collect();
    causes.sort_by_key(|cause| Reverse((cause.failed, cause.unknown)));
    causes
}

/// The text in place of the causes if there are none. It says that every check passed only if nothing
/// was left out.
pub(super) fn no_cause(report: &Report, tally: &VerdictCounts) -> &'static str {
    let is_all = report.complete && report.own_results().len() == tally.evaluated();
    match tally.evaluated() {
        0 => NOTHING_EVALUATED,
        _ if is_all => "Every enabled check passed.",
        _ => "No check failed on the trails that were evaluated.",
    }
}

/// The most frequent remarks that are listed.
const REMARKS_MAX: usize = 100;

/// A reason or note, and the number of trails that have it.
pub(super) struct Remark<'a> {
    pub(super) status: TrailStatus,
    pub(super) text: &'a str,
    pub(super) trails: Count,
}

/// The remarks, the most frequent first.
pub(super) fn remarks(trails: &[TrailReport]) -> Vec<Remark<'_>> {
    let mut counts: BTreeMap<(TrailStatus, &str), usize> = BTreeMap::new();
    for trail in trails {
        let status = TrailStatus::of(trail);
        if status >= TrailStatus::Compliant {
            for text in trail.reason.iter().chain(&trail.notes) {
                *counts.entry((status, text)).or_default() += 1;
            }
        }
    }
    let mut remarks: Vec<_> = counts.into_iter().collect();
    remarks.sort_by_key(|((status, _), count)| (Reverse(*status), Reverse(*count)));
    remarks
        .into_iter()
        .take(REMARKS_MAX)
        .map(|((status, text), count)| Remark { status, text, trails: Count(count) })
        .collect()
}
