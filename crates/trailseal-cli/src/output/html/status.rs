//! The verdicts of the page; each trail has exactly one.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use super::text::Count;
use crate::report::{TrailReport, TrailState};

/// The verdict on a trail, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TrailStatus {
    Failing,
    Unverified,
    NotEvaluated,
    Compliant,
    NotApplicable,
}

impl TrailStatus {
    pub(super) const ALL: [Self; 5] =
        [Self::Failing, Self::Unverified, Self::NotEvaluated, Self::Compliant, Self::NotApplicable];

    pub(super) fn of(trail: &TrailReport) -> Self {
        match trail.state() {
            TrailState::NonCompliant => Self::Failing,
            TrailState::Unverified => Self::Unverified,
            TrailState::NotEvaluated => Self::NotEvaluated,
            TrailState::Compliant => Self::Compliant,
            TrailState::NotApplicable => Self::NotApplicable,
        }
    }

    /// Whether the rule evaluated the trail.
    pub(super) fn is_evaluated(self) -> bool {
        match self {
            Self::Failing | Self::Unverified | Self::Compliant => true,
            Self::NotEvaluated | Self::NotApplicable => false,
        }
    }

    /// Its name in classes and data attributes of the page.
    pub(crate) fn slug(&self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Unverified => "unverified",
            Self::NotEvaluated => "not-evaluated",
            Self::Compliant => "compliant",
            Self::NotApplicable => "not-applicable",
        }
    }

    /// Its name for people.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Failing => "Non-compliant",
            Self::Unverified => "Unverified",
            Self::NotEvaluated => "Not evaluated",
            Self::Compliant => "Compliant",
            Self::NotApplicable => "Not applicable",
        }
    }

    pub(super) fn meaning(&self) -> &'static str {
        match self {
            Self::Failing => "at least one check failed",
            Self::Unverified => "no check failed, but evidence could not be read",
            Self::NotEvaluated => "the run could not evaluate the trail",
            Self::Compliant => "every enabled check passed, on evidence",
            Self::NotApplicable => "the rule does not evaluate the trail; the reason is given",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct VerdictCounts(BTreeMap<TrailStatus, usize>);

impl VerdictCounts {
    /// Counts results.
    pub(super) fn of_all(results: &[&TrailReport]) -> Self {
        let mut counts = Self::default();
        results.iter().for_each(|result| counts.add(TrailStatus::of(result)));
        counts
    }

    pub(super) fn add(&mut self, status: TrailStatus) {
        *self.0.entry(status).or_default() += 1;
    }

    pub(super) fn add_all(&mut self, other: &Self) {
        for (status, count) in &other.0 {
            *self.0.entry(*status).or_default() += count;
        }
    }

    pub(super) fn of(&self, status: impl Borrow<TrailStatus>) -> usize {
        self.0.get(status.borrow()).copied().unwrap_or_default()
    }

    pub(super) fn trails(&self) -> usize {
        self.0.values().sum()
    }

    /// The trails that the rule evaluated.
    pub(super) fn evaluated(&self) -> usize {
        TrailStatus::ALL.iter().filter(|one| one.is_evaluated()).map(|one| self.of(one)).sum()
    }

    /// The worst verdict; absent without trails.
    pub(super) fn worst(&self) -> Option<TrailStatus> {
        self.0.keys().next().copied()
    }

    /// The share of a verdict in thousandths, for charts.
    pub(super) fn share(&self, status: &TrailStatus) -> usize {
        (self.of(status) * 1000).checked_div(self.trails()).unwrap_or_default()
    }

    /// The sum of the shares before it, in thousandths.
    pub(super) fn share_begins(&self, status: &TrailStatus) -> usize {
        self.0.keys().take_while(|other| *other < status).map(|other| self.share(other)).sum()
    }

    /// `2 non-compliant, 1 compliant`; empty without trails.
    pub(super) fn words(&self) -> String {
        self.joined(", ", |status, count| {
            format!("{} {}", Count(count), status.label().to_lowercase())
        })
    }

    /// The verdicts that occur, for the page's filters: `failing compliant`.
    pub(super) fn verdicts(&self) -> String {
        self.joined(" ", |status, _| status.slug().to_owned())
    }

    fn joined(&self, separator: &str, text: fn(&TrailStatus, usize) -> String) -> String {
        let texts = self.0.iter().map(|(status, count)| text(status, *count));
        texts.collect::<Vec<_>>().join(separator)
    }
}

/// The IDs of the checks that a trail did not pass, for the page's filters.
pub(super) fn open_check_ids(trail: &TrailReport) -> String {
    trail.open_checks().map(|check| check.id.as_str()).collect::<Vec<_>>().join(" ")
}
