//! The exemptions of a run, and those that need attention.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use trailseal_rule::{Exemption, Origin, Timestamp};

use super::{AccountReport, AccountStatus, RegionReport, Report, TrailReport};

/// An entry of `exemptTrails`, of a configuration file or of a document, or the tag of a trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ExemptionReport {
    pub(crate) pattern: String,
    /// Its last day, `YYYY-MM-DD`; absent if it has none.
    pub(crate) until: Option<String>,
    /// `exemptTrails`, the configuration file, the document, or the tag, which has neither a reason
    /// nor an approver.
    pub(crate) source: String,
    #[serde(default)]
    pub(crate) reason: Option<String>,
    #[serde(default)]
    pub(crate) approver: Option<String>,
    pub(crate) state: ExemptionState,
    /// The number of trails that its pattern matches.
    pub(crate) trails: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ExemptionState {
    Active,
    /// Its last day is over, whether it matches a trail or not.
    Expired,
    /// It is in force and matches no trail.
    Unmatched,
}

impl ExemptionState {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Unmatched => "unmatched",
        }
    }
}

impl ExemptionReport {
    /// The exemption with the trails of the report that it matches.
    pub(super) fn of(exemption: &Exemption, trails: &[TrailReport], now: Timestamp) -> Self {
        let arns = trails.iter().filter_map(|trail| trail.arn.as_ref());
        let matched: BTreeSet<&str> =
            arns.map(|arn| arn.as_str()).filter(|arn| exemption.matches(arn)).collect();
        let (source, reason, approver) = match exemption.origin() {
            Origin::Parameter => ("exemptTrails".to_owned(), None, None),
            Origin::Document { name, reason, approver } => {
                (name.clone(), Some(reason.clone()), Some(approver.clone()))
            }
            Origin::Tag { key } => (format!("tag {key}"), None, None),
        };
        Self {
            pattern: exemption.pattern().to_owned(),
            until: exemption.last_day().map(str::to_owned),
            source,
            reason,
            approver,
            state: match matched.len() {
                _ if exemption.has_ended(now) => ExemptionState::Expired,
                0 => ExemptionState::Unmatched,
                _ => ExemptionState::Active,
            },
            trails: matched.len(),
        }
    }

    /// What to do about an exemption that expired or matches nothing.
    pub(crate) fn warning(&self, report: &Report) -> Option<String> {
        let Self { pattern, source, trails, .. } = self;
        let until = self.until.as_deref().unwrap_or_default();
        let matched = match trails {
            0 => "no trail of this report".to_owned(),
            1 => "1 trail, which is evaluated unless another exemption is in force".to_owned(),
            more => {
                format!("{more} trails, which are evaluated unless another exemption is in force")
            }
        };
        match self.state {
            ExemptionState::Active => None,
            ExemptionState::Expired => Some(format!(
                "exemption `{pattern}` ({source}) ended on {until} and matches {matched}: renew or \
                 remove it"
            )),
            ExemptionState::Unmatched if self.is_in_scope(report) => Some(format!(
                "exemption `{pattern}` ({source}) matches {matched}: correct or remove it"
            )),
            ExemptionState::Unmatched => Some(format!(
                "exemption `{pattern}` ({source}) matches {matched}, but may match one that was not \
                 evaluated: check it before you remove it"
            )),
        }
    }

    /// Whether the report has every trail that the pattern can match: it names an account and a
    /// Region that were audited. Files do not say whether they have all trails.
    fn is_in_scope(&self, report: &Report) -> bool {
        // `arn:PARTITION:cloudtrail:REGION:ACCOUNT:trail/NAME`.
        let mut parts = self.pattern.split(':').skip(3);
        let (Some(region), Some(account)) = (parts.next(), parts.next()) else { return false };
        let is_meant =
            |one: &&AccountReport| one.id == account && one.status() == AccountStatus::Completed;
        let is_read = |one: &RegionReport| one.region == region && one.problem.is_none();
        let mut regions = report.accounts.iter().filter(is_meant).flat_map(|one| &one.regions);
        report.complete && regions.any(is_read)
    }
}
