//! Which trails are shown in full, which on one line, and which are only counted.

use super::status::{TrailStatus, open_check_ids};
use super::trail_evidence::TrailEvidence;
use crate::report::TrailReport;

/// Trails with a finding that are shown in full.
const FULL_MAX: usize = 300;

/// Further trails with a finding that are shown on one line each.
const LINES_MAX: usize = 4700;

/// If more trails than this have no finding, they are only counted, by account and Region.
const PASSES_MAX: usize = 200;

pub(super) struct Listing<'a> {
    pub(super) failing: Vec<TrailEvidence<'a>>,
    pub(super) unverified: Vec<TrailEvidence<'a>>,
    pub(super) lines: Vec<Line<'a>>,
    /// Trails with a finding that are only counted.
    pub(super) uncounted: usize,
    /// Trails without a finding, if they are few.
    pub(super) passes: Vec<TrailEvidence<'a>>,
}

pub(super) struct Line<'a> {
    pub(super) trail: &'a TrailReport,
    pub(super) status: TrailStatus,
    pub(super) name: &'a str,
    pub(super) found: String,
    pub(super) open: String,
}

impl<'a> Listing<'a> {
    pub(super) fn of(trails: &'a [TrailReport]) -> Self {
        let of = |status| trails.iter().filter(move |trail| TrailStatus::of(trail) == status);
        let open = of(TrailStatus::Failing).chain(of(TrailStatus::Unverified));
        let evidence = open.clone().take(FULL_MAX).enumerate();
        let (failing, unverified) = evidence
            .map(|(index, trail)| TrailEvidence::of(index + 1, trail))
            .partition(|evidence: &TrailEvidence<'_>| evidence.status == TrailStatus::Failing);
        let rest = open.clone().skip(FULL_MAX);
        let others = || of(TrailStatus::Compliant).chain(of(TrailStatus::NotApplicable));
        let first = open.clone().count().min(FULL_MAX) + 1;
        let passes = if others().count() > PASSES_MAX { 0 } else { PASSES_MAX };
        let passes = others().take(passes).enumerate();
        Self {
            failing,
            unverified,
            uncounted: rest.clone().count().saturating_sub(LINES_MAX),
            lines: rest.take(LINES_MAX).map(Line::of).collect(),
            passes: passes.map(|(index, trail)| TrailEvidence::of(first + index, trail)).collect(),
        }
    }
}

impl<'a> Line<'a> {
    fn of(trail: &'a TrailReport) -> Self {
        let found: Vec<&str> =
            trail.open_checks().filter_map(|check| check.what.as_deref()).collect();
        Self {
            trail,
            status: TrailStatus::of(trail),
            name: trail.name(),
            found: if found.is_empty() { trail.annotation.clone() } else { found.join("; ") },
            open: open_check_ids(trail),
        }
    }
}
