//! What changed for one trail, and whether that is worse.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use trailseal_rule::Profile;

use super::side::{Side, State, TrailId};
use crate::report::{CheckOutcome, CheckReport, TrailReport, TrailState};

/// What a change means. The order is that of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Change {
    Worse,
    Better,
    /// Neither: a trail that was deleted, or a finding that changed.
    Other,
    /// The verdict and the findings are the same; other checks passed.
    Same,
}

impl Change {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Better => "better",
            Self::Other => "other",
            Self::Same => "same",
        }
    }
}

/// A trail that the reports differ about.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TrailChange {
    pub(super) change: Change,
    pub(super) account: String,
    pub(super) region: String,
    /// Its name.
    pub(super) trail: String,
    arn: Option<String>,
    pub(super) old: SideReport,
    pub(super) new: SideReport,
    /// The checks with another outcome or finding.
    pub(super) checks: Vec<CheckChange>,
    pub(super) why: Vec<String>,
}

/// What one report says of the trail.
#[derive(Debug, Serialize)]
pub(super) struct SideReport {
    pub(super) verdict: State,
    reason: Option<String>,
    profile: Option<Profile>,
    key: Option<String>,
    bucket: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct CheckChange {
    pub(super) id: String,
    /// Absent if the check was not part of the evaluation.
    pub(super) old: Option<CheckOutcome>,
    pub(super) new: Option<CheckOutcome>,
    /// What the new report found.
    what: Option<String>,
    #[serde(skip)]
    is_skipped: bool,
    #[serde(skip)]
    was: Option<String>,
}

impl TrailChange {
    /// The change between two reports; nothing if neither has seen the trail. Findings have other
    /// words in another version, so they are compared only if `has_same_words`.
    pub(super) fn between(
        id: &TrailId,
        old: &Side<'_>,
        new: &Side<'_>,
        has_same_words: bool,
    ) -> Option<Self> {
        if is_absent(old) && is_absent(new) {
            return None;
        }
        let checks = checks(old, new, has_same_words);
        let trail = new.trail.or(old.trail);
        Some(Self {
            change: change(old, new, &checks),
            account: id.account.to_string(),
            region: id.region.to_string(),
            trail: id.name.clone(),
            arn: trail.and_then(|trail| trail.arn.as_ref()).map(ToString::to_string),
            why: why(old, new, &checks),
            old: SideReport::of(old),
            new: SideReport::of(new),
            checks,
        })
    }

    /// Whether the reports differ about the trail.
    pub(super) fn is_difference(&self) -> bool {
        self.change != Change::Same || !self.checks.is_empty()
    }
}

/// Whether the report does not contain the trail, or only says that it is gone.
fn is_absent(side: &Side<'_>) -> bool {
    side.trail.is_none() || side.state == State::NoTrail
}

impl SideReport {
    fn of(side: &Side<'_>) -> Self {
        Self {
            verdict: side.state,
            reason: side.reason.clone(),
            profile: side.trail.and_then(|trail| trail.profile),
            key: side.trail.and_then(|trail| trail.key.clone()),
            bucket: side.trail.and_then(|trail| trail.bucket.clone()),
        }
    }
}

impl CheckChange {
    /// Whether the check passed, or could not be verified, and now has a worse outcome.
    fn is_worse(&self) -> bool {
        use CheckOutcome::{Fail, Pass, Unknown};
        matches!(
            (self.old, self.new),
            (Some(Pass), Some(Fail | Unknown)) | (Some(Unknown), Some(Fail))
        )
    }

    /// Whether the check did not pass and is not part of the evaluation any more: nothing is fixed.
    fn is_left_out(&self) -> bool {
        self.new.is_none() && !self.is_passed()
    }

    /// Whether the check passed wherever it was part of the evaluation.
    pub(super) fn is_passed(&self) -> bool {
        let passed =
            |outcome: Option<CheckOutcome>| outcome.is_none_or(|is| is == CheckOutcome::Pass);
        passed(self.old) && passed(self.new)
    }

    fn sentence(&self) -> String {
        let id = &self.id;
        let found = self.what.as_deref().map(|what| format!(": {what}")).unwrap_or_default();
        match (self.old, self.new) {
            (None, Some(new)) => format!("{id} is checked now and {}{found}", is(new)),
            (Some(old), None) if self.is_skipped => format!("{id} {} and is skipped now", was(old)),
            (Some(old), None) => format!("{id} {} and is not checked now", was(old)),
            (Some(old), Some(new)) if old == new => {
                let was = self.was.as_deref().unwrap_or_default();
                format!(
                    "{id} found \"{was}\" and now finds \"{}\"",
                    self.what.as_deref().unwrap_or_default()
                )
            }
            (Some(old), Some(new)) => format!("{id} {} and now {}{found}", was(old), is(new)),
            (None, None) => String::new(),
        }
    }
}

fn was(outcome: CheckOutcome) -> &'static str {
    match outcome {
        CheckOutcome::Pass => "passed",
        CheckOutcome::Fail => "failed",
        CheckOutcome::Unknown => "was unverified",
    }
}

fn is(outcome: CheckOutcome) -> &'static str {
    match outcome {
        CheckOutcome::Pass => "passes",
        CheckOutcome::Fail => "fails",
        CheckOutcome::Unknown => "is unverified",
    }
}

/// The checks with another outcome or finding, sorted by ID. A report can name a check twice; the
/// worse outcome counts.
fn checks(old: &Side<'_>, new: &Side<'_>, has_same_words: bool) -> Vec<CheckChange> {
    let Some(trail) = new.trail.filter(|_| new.is_evaluated()) else { return Vec::new() };
    let (old, new) = (by_id(old.trail), by_id(Some(trail)));
    let ids: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    let changes = ids.into_iter().filter_map(|id| {
        let (before, after) = (old.get(id).copied(), new.get(id).copied());
        let outcome = |check: Option<&CheckReport>| check.map(|check| check.outcome);
        let what = |check: Option<&CheckReport>| check.and_then(|check| check.what.clone());
        let is_same =
            outcome(before) == outcome(after) && (!has_same_words || what(before) == what(after));
        (!is_same).then(|| CheckChange {
            id: id.to_owned(),
            old: outcome(before),
            new: outcome(after),
            what: what(after),
            is_skipped: trail.skipped.iter().any(|skipped| skipped == id),
            was: what(before),
        })
    });
    changes.collect()
}

fn by_id(trail: Option<&TrailReport>) -> BTreeMap<&str, &CheckReport> {
    let badness = |check: &CheckReport| match check.outcome {
        CheckOutcome::Pass => 0,
        CheckOutcome::Unknown => 1,
        CheckOutcome::Fail => 2,
    };
    let mut checks: BTreeMap<&str, &CheckReport> = BTreeMap::new();
    for check in trail.into_iter().flat_map(|trail| &trail.checks) {
        let known = checks.entry(&check.id).or_insert(check);
        if badness(check) > badness(known) {
            *known = check;
        }
    }
    checks
}

/// What the change means. [`docs/OUTPUT.md`] has this as a table.
fn change(old: &Side<'_>, new: &Side<'_>, checks: &[CheckChange]) -> Change {
    use State::Known;
    use TrailState::{Compliant, NonCompliant, NotApplicable, NotEvaluated, Unverified};
    match (old.state, new.state) {
        (Known(NonCompliant | Unverified), Known(NonCompliant | Unverified)) => {
            let is_worse = (old.state, new.state) == (Known(Unverified), Known(NonCompliant))
                || checks.iter().any(CheckChange::is_worse);
            match is_worse {
                true => Change::Worse,
                false if old.state == new.state => same(old, new, checks),
                false => Change::Other,
            }
        }
        (_, Known(NonCompliant | Unverified)) => Change::Worse,
        (Known(Compliant | NonCompliant | Unverified), Known(NotEvaluated)) => Change::Worse,
        (Known(Compliant), Known(NotApplicable)) => Change::Worse,
        (_, Known(Compliant)) if checks.iter().any(CheckChange::is_left_out) => Change::Other,
        (Known(NonCompliant | Unverified | NotApplicable | NotEvaluated), Known(Compliant)) => {
            Change::Better
        }
        (old_state, new_state) if old_state == new_state => same(old, new, checks),
        _ => Change::Other,
    }
}

/// The meaning of a change that keeps the verdict.
fn same(old: &Side<'_>, new: &Side<'_>, checks: &[CheckChange]) -> Change {
    let (Some(before), Some(after)) = (old.trail, new.trail) else { return Change::Same };
    let is_same = before.key == after.key
        && before.bucket == after.bucket
        && checks.iter().all(CheckChange::is_passed);
    if is_same { Change::Same } else { Change::Other }
}

/// Why the verdict or the findings changed.
fn why(old: &Side<'_>, new: &Side<'_>, checks: &[CheckChange]) -> Vec<String> {
    let mut why = Vec::new();
    if let Some(reason) = new.reason.as_ref().filter(|_| !new.is_evaluated()) {
        why.push(reason.clone());
        return why;
    }
    let open = checks.iter().filter(|check| !check.is_passed()).map(CheckChange::sentence);
    if let Some(reason) = old.reason.as_ref().filter(|_| !old.is_evaluated()) {
        why.push(format!("before: {reason}"));
        why.extend(open);
        return why;
    }
    why.extend(open);
    let (Some(before), Some(after)) = (old.trail, new.trail) else { return why };
    // A report of 0.1.0 does not state the profile.
    if let (Some(was), Some(is)) = (before.profile, after.profile)
        && was != is
    {
        why.push(format!("profile {}, now {}", was.as_str(), is.as_str()));
    }
    for (what, before, after) in
        [("key", &before.key, &after.key), ("bucket", &before.bucket, &after.bucket)]
    {
        if before != after {
            let name = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
            why.push(format!("{what} {}, now {}", name(before), name(after)));
        }
    }
    why
}
