//! The exemptions of a run, and those that need attention.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use trailseal_rule::{Exemption, Timestamp};

use super::TrailReport;

/// An entry of `exemptTrails` or of a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ExemptionReport {
    pub(crate) pattern: String,
    /// Its last day, `YYYY-MM-DD`; absent if it has none.
    pub(crate) until: Option<String>,
    /// `exemptTrails`, or the configuration file.
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
        Self {
            pattern: exemption.pattern().to_owned(),
            until: exemption.last_day().map(str::to_owned),
            source: "exemptTrails".to_owned(),
            reason: None,
            approver: None,
            state: match matched.len() {
                _ if exemption.has_ended(now) => ExemptionState::Expired,
                0 => ExemptionState::Unmatched,
                _ => ExemptionState::Active,
            },
            trails: matched.len(),
        }
    }

    /// What to do about an exemption that expired or matches nothing.
    pub(crate) fn warning(&self) -> Option<String> {
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
            ExemptionState::Unmatched => Some(format!(
                "exemption `{pattern}` ({source}) matches {matched}: correct or remove it"
            )),
        }
    }
}
