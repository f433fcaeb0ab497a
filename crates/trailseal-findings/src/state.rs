//! The state of a result, which every format shows.

use trailseal_rule::ComplianceType;

/// The state of a result, in the terms of `docs/RULE.md`; each result has exactly one. A later one
/// is worse news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrailState {
    /// Every enabled check passed.
    Compliant,
    /// The rule does not evaluate the trail.
    NotApplicable,
    /// The trail exists, and could not be evaluated at all.
    NotEvaluated,
    /// No check failed, but evidence could not be read.
    Unverified,
    /// A check failed, or the account has no trail.
    NonCompliant,
}

impl TrailState {
    /// The state of a result with these members. Evidence that was not read is never a pass, with any
    /// value of the parameter `unverified`.
    pub fn of(
        compliance: ComplianceType,
        is_unverified: bool,
        not_evaluated: Option<&str>,
    ) -> Self {
        match compliance {
            _ if not_evaluated.is_some() => Self::NotEvaluated,
            _ if is_unverified => Self::Unverified,
            ComplianceType::NonCompliant => Self::NonCompliant,
            ComplianceType::Compliant => Self::Compliant,
            ComplianceType::NotApplicable => Self::NotApplicable,
        }
    }

    /// Its name for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compliant => "compliant",
            Self::NotApplicable => "not applicable",
            Self::NotEvaluated => "not evaluated",
            Self::Unverified => "unverified",
            Self::NonCompliant => "non-compliant",
        }
    }

    /// Whether somebody must act.
    pub fn is_open(self) -> bool {
        match self {
            Self::Compliant | Self::NotApplicable => false,
            Self::NotEvaluated | Self::Unverified | Self::NonCompliant => true,
        }
    }
}
