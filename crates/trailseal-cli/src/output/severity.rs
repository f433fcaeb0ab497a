//! How bad a finding is, where a format wants to know: a table, not a judgement.

use trailseal_rule::CheckId;

use crate::report::{CheckOutcome, CheckReport, TrailReport};

/// How bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// Nothing is wrong, or nothing applies.
    Informational,
    /// It should be better.
    Low,
    /// What the control asks for is not there; AWS Security Hub's own word for its control.
    Medium,
    /// Logs are not delivered, or can be read by strangers.
    High,
}

impl Severity {
    /// Of a failure of a check; of one that this version does not know, as of the control.
    pub(crate) fn of_failure(check: &str) -> Self {
        let known = trailseal_rule::CHECKS.iter().find(|known| known.id.as_str() == check);
        match known.map(|known| known.id) {
            Some(
                CheckId::KeyUsable
                | CheckId::KeyInBucketRegion
                | CheckId::KeyPolicyAdmitsCloudtrail
                | CheckId::DeliveryUnbroken
                | CheckId::KeyPolicyGuardsDecryption,
            ) => Self::High,
            Some(CheckId::SseKmsEnabled | CheckId::KeyCustomerManaged | CheckId::KeyAllowed)
            | None => Self::Medium,
            Some(CheckId::KeyRotated | CheckId::KeyPolicyBindsCloudtrail) => Self::Low,
        }
    }

    /// Of what a check said; what could not be verified may be as bad as the control.
    pub(crate) fn of_check(check: &CheckReport) -> Self {
        match check.outcome {
            CheckOutcome::Pass => Self::Informational,
            CheckOutcome::Fail => Self::of_failure(&check.id),
            CheckOutcome::Unknown => Self::Medium,
        }
    }

    /// Of what its checks said of a trail, the worst.
    pub(crate) fn of_trail(trail: &TrailReport) -> Self {
        let worst = trail.checks.iter().map(Self::of_check).max();
        // An account without any trail has no check.
        let is_medium = trail.is_non_compliant() || trail.not_evaluated.is_some();
        let otherwise = if is_medium { Self::Medium } else { Self::Informational };
        worst.unwrap_or(otherwise)
    }
}
