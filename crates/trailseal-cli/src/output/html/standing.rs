//! The verdicts of the page: each trail is counted under exactly one.

use trailseal_rule::ComplianceType;

use crate::report::TrailReport;

/// The verdict on a trail, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    Failing,
    Unverified,
    Compliant,
    NotApplicable,
}

impl Standing {
    pub(super) const ALL: [Self; 4] =
        [Self::Failing, Self::Unverified, Self::Compliant, Self::NotApplicable];

    pub(super) fn of(trail: &TrailReport) -> Self {
        match trail.compliance {
            _ if trail.unverified => Self::Unverified,
            ComplianceType::Compliant => Self::Compliant,
            ComplianceType::NotApplicable => Self::NotApplicable,
            ComplianceType::NonCompliant => Self::Failing,
        }
    }

    /// Its name in classes and data attributes of the page.
    pub(super) fn slug(&self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Unverified => "unverified",
            Self::Compliant => "compliant",
            Self::NotApplicable => "not-applicable",
        }
    }

    /// Its name for people.
    pub(super) fn label(&self) -> &'static str {
        match self {
            Self::Failing => "Failing",
            Self::Unverified => "Unverified",
            Self::Compliant => "Compliant",
            Self::NotApplicable => "Not applicable",
        }
    }

    /// What it means.
    pub(super) fn meaning(&self) -> &'static str {
        match self {
            Self::Failing => "at least one check failed",
            Self::Unverified => "no check failed, but evidence could not be read",
            Self::Compliant => "every enabled check passed, on evidence",
            Self::NotApplicable => "not judged here; the reason is given",
        }
    }
}

/// The number of trails per verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct VerdictCounts {
    pub(super) failing: usize,
    pub(super) unverified: usize,
    pub(super) compliant: usize,
    pub(super) not_applicable: usize,
}

impl VerdictCounts {
    pub(super) fn add(&mut self, standing: Standing) {
        let count = match standing {
            Standing::Failing => &mut self.failing,
            Standing::Unverified => &mut self.unverified,
            Standing::Compliant => &mut self.compliant,
            Standing::NotApplicable => &mut self.not_applicable,
        };
        *count += 1;
    }

    pub(super) fn add_all(&mut self, other: &Self) {
        self.failing += other.failing;
        self.unverified += other.unverified;
        self.compliant += other.compliant;
        self.not_applicable += other.not_applicable;
    }

    pub(super) fn of(&self, standing: &Standing) -> usize {
        match standing {
            Standing::Failing => self.failing,
            Standing::Unverified => self.unverified,
            Standing::Compliant => self.compliant,
            Standing::NotApplicable => self.not_applicable,
        }
    }

    pub(super) fn trails(&self) -> usize {
        Standing::ALL.iter().map(|standing| self.of(standing)).sum()
    }

    /// The worst verdict; absent without trails.
    pub(super) fn worst(&self) -> Option<Standing> {
        Standing::ALL.into_iter().find(|standing| self.of(standing) > 0)
    }

    /// The share of a verdict in thousandths, for charts.
    pub(super) fn share(&self, standing: &Standing) -> usize {
        (self.of(standing) * 1000).checked_div(self.trails()).unwrap_or_default()
    }

    /// The sum of the shares before it, in thousandths.
    pub(super) fn share_begins(&self, standing: &Standing) -> usize {
        let before = Standing::ALL.into_iter().take_while(|other| other < standing);
        before.map(|other| self.share(&other)).sum()
    }

    /// `2 failing, 1 compliant`; empty without trails.
    pub(super) fn words(&self) -> String {
        let there = Standing::ALL.into_iter().filter(|standing| self.of(standing) > 0);
        let words = there.map(|standing| {
            format!("{} {}", super::Count(self.of(&standing)), standing.label().to_lowercase())
        });
        words.collect::<Vec<_>>().join(", ")
    }

    /// For the page's filters: `failing:2 compliant:1`.
    pub(super) fn data(&self) -> String {
        let there = Standing::ALL.into_iter().filter(|standing| self.of(standing) > 0);
        let data = there.map(|standing| format!("{}:{}", standing.slug(), self.of(&standing)));
        data.collect::<Vec<_>>().join(" ")
    }
}

/// The IDs of the checks that a trail did not pass, for the page's filters.
pub(super) fn open_check_ids(trail: &TrailReport) -> String {
    trail.open_checks().map(|check| check.id.as_str()).collect::<Vec<_>>().join(" ")
}
