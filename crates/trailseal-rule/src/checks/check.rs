//! What a check states about itself.

use std::str::FromStr;

use config_rule::display_as_str;

use crate::checks::{CHECKS, CheckId, CheckInput, Outcome};
use crate::facts::Facts;
use crate::parameters::{EvaluationContext, Parameters, Profile};
use crate::trail::Trail;

/// A check and everything that is known about it.
#[derive(Debug)]
pub struct Check {
    /// Identifies the check in code.
    pub id: CheckId,
    /// Identifies the check for users, in kebab-case. It never changes.
    pub name: &'static str,
    /// What is true if the check passes, as a sentence without a full stop.
    pub title: &'static str,
    /// Why that matters.
    pub rationale: &'static str,
    /// The evidence that it reads, in words.
    pub evidence: &'static str,
    /// When it fails.
    pub fails_when: &'static str,
    /// How to fix a failure, for every cause of one.
    pub fix: &'static str,
    /// How serious a failure is.
    pub severity: Severity,
    /// The first profile that enables it; the profiles after that one enable it too. `None` if only
    /// the command has the evidence, so that the function never evaluates it.
    pub profile: Option<Profile>,
    /// What enables it in every profile.
    pub switches: &'static [Switch],
    /// The evidence that it reads beside the trail.
    pub reads: &'static [Evidence],
    /// Whether `skipChecks` may name it.
    pub can_be_skipped: bool,
    /// Whether its failure makes the checks after it irrelevant.
    pub ends_evaluation: bool,
    /// Decides. `Err` has the outcome where evidence is missing.
    pub(crate) judge: fn(&CheckInput<'_>) -> Result<Outcome, Outcome>,
}

/// How serious a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is wrong, or nothing applies.
    Informational,
    /// A recommendation is not followed.
    Low,
    /// The control is not met. AWS Security Hub gives its control the same severity.
    Medium,
    /// Logs are not delivered, or strangers can read them.
    High,
}

impl Severity {
    /// The word of AWS's formats for findings, such as `HIGH`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "INFORMATIONAL",
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
        }
    }
}

/// A parameter of the rule, or an option of the command, that enables a check in every profile.
#[derive(Debug)]
pub struct Switch {
    /// The parameter, with the value that enables the check if only one does:
    /// `checkDelivery=true`; or the command with the option.
    pub text: &'static str,
    pub(crate) is_on: fn(&Parameters) -> bool,
}

/// Evidence that a check reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// KMS `DescribeKey`.
    Key,
    /// KMS `DescribeKey`, unless the key is known to belong to another account.
    OwnKey,
    /// KMS `DescribeKey`, unless the trail names the key by its ARN.
    KeyArn,
    /// S3 `HeadBucket`.
    BucketRegion,
    /// KMS `GetKeyRotationStatus`.
    Rotation,
    /// KMS `GetKeyPolicy`.
    KeyPolicy,
    /// CloudTrail `GetTrailStatus`.
    Delivery,
    /// CloudTrail `GetTrailStatus`, if the key is in an external key store.
    DeliveryWithExternalKey,
    /// S3 `ListObjectsV2`, `HeadObject` and `GetBucketAcl`, by the command.
    LogFiles,
}

impl Check {
    /// Whether the parameters enable the check and do not skip it.
    pub fn is_enabled(&self, parameters: &Parameters) -> bool {
        self.applies(parameters) && !parameters.skips(self.id)
    }

    /// Whether the parameters skip the check and would enable it otherwise.
    pub fn is_skipped(&self, parameters: &Parameters) -> bool {
        self.applies(parameters) && parameters.skips(self.id)
    }

    /// Whether the parameters enable the check, skipped or not.
    pub(crate) fn applies(&self, parameters: &Parameters) -> bool {
        self.profile.is_some_and(|first| parameters.profile >= first)
            || self.switches.iter().any(|switch| (switch.is_on)(parameters))
    }

    /// What the check finds out about a trail, whether it is enabled or not.
    pub fn evaluate(
        &self,
        context: &EvaluationContext<'_>,
        trail: &Trail,
        facts: &Facts,
    ) -> Outcome {
        let EvaluationContext { parameters, now } = *context;
        let input = CheckInput { trail, facts, parameters, now };
        (self.judge)(&input).unwrap_or_else(|outcome| outcome)
    }
}

impl Switch {
    /// The name of the parameter, or the command with the option.
    pub fn parameter(&self) -> &'static str {
        self.text.split_once('=').map_or(self.text, |(name, _)| name)
    }
}

impl CheckId {
    /// The name of the check, in kebab-case.
    pub const fn as_str(self) -> &'static str {
        self.check().name
    }

    /// Whether the parameters enable the check and do not skip it.
    pub fn is_enabled(self, parameters: &Parameters) -> bool {
        self.check().is_enabled(parameters)
    }
}

display_as_str!(CheckId);

impl FromStr for CheckId {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        CHECKS.iter().find(|check| check.name == name).map(|check| check.id).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::Severity;

    #[test]
    fn severities_have_the_words_of_the_formats_of_aws() {
        let mut all = [Severity::High, Severity::Low, Severity::Informational, Severity::Medium];
        all.sort_unstable();
        assert_eq!(all.map(Severity::as_str), ["INFORMATIONAL", "LOW", "MEDIUM", "HIGH"]);
    }
}
