//! Which trails are told in full, which in a line, and which are only counted.

use super::name;
use super::standing::{Standing, open_checks};
use super::trail_evidence::TrailEvidence;
use crate::report::{CheckOutcome, TrailReport};

/// Trails with a finding that are told in full.
const EXHIBITS_MAX: usize = 300;

/// Further ones that get a line each.
const LINES_MAX: usize = 4700;

/// Trails without a finding that are told in full; of more, each account and Region says how many.
const PASSES_MAX: usize = 200;

/// The trails, as far as they are listed.
pub(super) struct Listing<'a> {
    pub(super) failing: Vec<TrailEvidence<'a>>,
    pub(super) unverified: Vec<TrailEvidence<'a>>,
    pub(super) lines: Vec<Line<'a>>,
    /// Trails with a finding that are only counted.
    pub(super) uncounted: usize,
    /// Trails without a finding, where they are few.
    pub(super) passes: Vec<TrailEvidence<'a>>,
}

/// A trail in a line.
pub(super) struct Line<'a> {
    pub(super) trail: &'a TrailReport,
    pub(super) standing: Standing,
    pub(super) name: &'a str,
    pub(super) found: String,
    pub(super) open: String,
}

impl<'a> Listing<'a> {
    pub(super) fn of(trails: &'a [TrailReport]) -> Self {
        let of = |standing| trails.iter().filter(move |trail| Standing::of(trail) == standing);
        let open = of(Standing::Failing).chain(of(Standing::Unverified));
        let evidence = open.clone().take(EXHIBITS_MAX).enumerate();
        let (failing, unverified) =
            evidence.map(|(index, trail)| TrailEvidence::of(index + 1, trail)).partition(
                |trail_evidence: &TrailEvidence<'_>| trail_evidence.standing == Standing::Failing,
            );
        let rest = open.clone().skip(EXHIBITS_MAX);
        let others = || of(Standing::Compliant).chain(of(Standing::NotApplicable));
        let first = open.clone().count().min(EXHIBITS_MAX) + 1;
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
        let open = trail.checks.iter().filter(|check| check.outcome != CheckOutcome::Pass);
        let found: Vec<&str> = open.filter_map(|check| check.what.as_deref()).collect();
        Self {
            trail,
            standing: Standing::of(trail),
            name: name(trail),
            found: if found.is_empty() { trail.annotation.clone() } else { found.join("; ") },
            open: open_checks(trail).collect::<Vec<_>>().join(" "),
        }
    }
}
