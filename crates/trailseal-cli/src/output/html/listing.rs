//! Where each trail is shown: in full, or in a pack that the reader opens.
//!
//! INVARIANT (every trail): each result of the report is in exactly one group.

use super::pack::{Pack, packs};
use super::status::TrailStatus;
use super::trail_evidence::TrailEvidence;
use crate::report::{Kind, Report, TrailReport};

/// Findings that are shown in full; the others are in packs.
const FULL_MAX: usize = 300;

/// What a group contains, and its texts.
pub(super) struct About {
    kind: Kind,
    /// The verdict of trails. The groups of other kinds contain every verdict but the one of trails
    /// that were not evaluated, whose group also has the copies of such trails.
    status: TrailStatus,
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    /// The text in place of an empty group; without it, an empty group is left out.
    none: &'static str,
}

/// The text in place of a group if no trail was evaluated.
pub(super) const NOTHING_EVALUATED: &str = "No trail was evaluated.";

const FINDINGS: [About; 4] = [
    About {
        kind: Kind::Trail,
        status: TrailStatus::Failing,
        id: "failing",
        title: "Non-compliant",
        text: "",
        none: "No trail failed a check.",
    },
    About {
        kind: Kind::Trail,
        status: TrailStatus::Unverified,
        id: "unverified",
        title: "Unverified",
        text: "Evidence that could not be read is neither a failure nor a pass. Each trail says how \
               to make it readable.",
        none: "The evidence of every evaluated trail could be read.",
    },
    About {
        kind: Kind::Trail,
        status: TrailStatus::NotEvaluated,
        id: "not-evaluated",
        title: "Not evaluated",
        text: "The run could not evaluate these trails, or a copy differs from its trail; each has its \
               reason. A copy that differs counts in place of its trail's result, unless that fails or \
               is unverified. A trail of which only copies were seen counts once, and is listed with \
               each copy.",
        none: "",
    },
    About {
        kind: Kind::Account,
        status: TrailStatus::Failing,
        id: "without-trails",
        title: "Accounts without a trail",
        text: "The parameter noTrails reports them. They are not counted as trails.",
        none: "",
    },
];

const OTHERS: [About; 3] = [
    About {
        kind: Kind::Trail,
        status: TrailStatus::Compliant,
        id: "compliant",
        title: "Compliant",
        text: "",
        none: "No trail is compliant.",
    },
    About {
        kind: Kind::Trail,
        status: TrailStatus::NotApplicable,
        id: "not-applicable",
        title: "Not applicable",
        text: "The rule does not evaluate these trails; each has its reason.",
        none: "",
    },
    About {
        kind: Kind::Copy,
        status: TrailStatus::NotApplicable,
        id: "copies",
        title: "Copies of trails",
        text: "A copy is not evaluated: the trail that it copies is, in its home Region and in \
               the account that owns it. These copies are not counted as trails.",
        none: "",
    },
];

pub(super) struct Listing<'a> {
    /// Failing, unverified and not evaluated trails, and accounts without a trail.
    pub(super) findings: Vec<Group<'a>>,
    /// Compliant and not applicable trails, and copies.
    pub(super) others: Vec<Group<'a>>,
}

/// The results of one kind and verdict.
pub(super) struct Group<'a> {
    pub(super) about: &'static About,
    /// The text in place of an empty group: without an evaluated trail, nothing is said of checks.
    pub(super) none: &'static str,
    pub(super) count: usize,
    pub(super) full: Vec<TrailEvidence<'a>>,
    pub(super) packs: Vec<Pack<'a>>,
}

impl<'a> Listing<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let mut shown = 0;
        let findings = FINDINGS.iter().map(|about| {
            let group = Group::of(about, report, FULL_MAX - shown, shown + 1);
            shown += group.full.len();
            group
        });
        Self {
            findings: findings.collect(),
            others: OTHERS.iter().map(|about| Group::of(about, report, 0, 0)).collect(),
        }
    }
}

impl<'a> Group<'a> {
    /// The group with up to `full_max` results in full, numbered from `first`.
    fn of(about: &'static About, report: &'a Report, full_max: usize, first: usize) -> Self {
        let is_wanted = |trail: &&TrailReport| {
            let status = TrailStatus::of(trail);
            let is_of_status = about.kind != Kind::Trail || status == about.status;
            match status {
                TrailStatus::NotEvaluated => about.status == status,
                TrailStatus::Failing
                | TrailStatus::Unverified
                | TrailStatus::Compliant
                | TrailStatus::NotApplicable => trail.kind() == about.kind && is_of_status,
            }
        };
        let trails: Vec<&TrailReport> = report.trails.iter().filter(is_wanted).collect();
        let was_evaluated = |trail: &&TrailReport| TrailStatus::of(trail).is_evaluated();
        let none = match about.none {
            "" => "",
            _ if !report.own_trails().iter().any(was_evaluated) => NOTHING_EVALUATED,
            none => none,
        };
        let (full, rest) = trails.split_at_checked(full_max).unwrap_or((trails.as_slice(), &[]));
        let full = full.iter().enumerate();
        Self {
            about,
            none,
            count: trails.len(),
            full: full.map(|(index, trail)| TrailEvidence::of(first + index, trail)).collect(),
            packs: packs(rest, report),
        }
    }
}
