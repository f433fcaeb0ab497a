//! The checks: one file each, in the order in which they are judged.
//!
//! A check never skips itself. The fold (`evaluate`) leaves out what is not enabled and what an
//! earlier failure has settled; everything else answers here.

mod delivery_unbroken;
mod key_allowed;
mod key_customer_managed;
mod key_in_bucket_region;
mod key_policy_admits_cloudtrail;
mod key_policy_binds_cloudtrail;
mod key_policy_guards_decryption;
mod key_policy_words;
mod key_rotated;
mod key_usable;
mod sse_kms_enabled;

use std::fmt;

use config_rule::Timestamp;

use crate::facts::{Facts, Reading};
use crate::key_ref::KeyRef;
use crate::parameters::{Parameters, Profile};
use crate::trail::Trail;

/// The stable name of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CheckId {
    /// `sse-kms-enabled`
    SseKmsEnabled,
    /// `key-customer-managed`
    KeyCustomerManaged,
    /// `key-usable`
    KeyUsable,
    /// `key-in-bucket-region`
    KeyInBucketRegion,
    /// `key-allowed`
    KeyAllowed,
    /// `key-rotated`
    KeyRotated,
    /// `key-policy-admits-cloudtrail`
    KeyPolicyAdmitsCloudtrail,
    /// `delivery-unbroken`
    DeliveryUnbroken,
    /// `key-policy-guards-decryption`
    KeyPolicyGuardsDecryption,
    /// `key-policy-binds-cloudtrail`
    KeyPolicyBindsCloudtrail,
}

/// What a check knows of the world.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CheckInput<'a> {
    pub(crate) trail: &'a Trail,
    pub(crate) facts: &'a Facts,
    pub(crate) parameters: &'a Parameters,
    pub(crate) now: Timestamp,
}

/// What a check answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The sentence of the check holds, and there is evidence for it.
    Pass,
    /// It does not hold.
    Fail(Finding),
    /// The evidence could not be read.
    Unknown(Unverified),
}

/// What was found, and how to fix it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was found.
    pub what: String,
    /// What to do about it, short enough for every annotation (see [`FIX_CHARS_MAX`]).
    ///
    /// [`FIX_CHARS_MAX`]: crate::FIX_CHARS_MAX
    pub fix: String,
    /// The policy statement or condition that the fix adds, where there is one: too long for an
    /// annotation, so that only reports and the log show it.
    pub statement: Option<String>,
    /// Why the finding matters, where the reason of the check does not fit it.
    pub why: Option<&'static str>,
}

/// What could not be verified, and what would let it be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unverified {
    /// Why not.
    pub why: String,
    /// What to do about it, as short as [`Finding::fix`].
    pub advice: String,
    /// As [`Finding::statement`].
    pub statement: Option<String>,
}

impl Finding {
    /// The fix with the statement that it adds.
    #[must_use]
    pub fn fix_in_full(&self) -> String {
        in_full(&self.fix, self.statement.as_deref())
    }
}

impl Unverified {
    /// The advice with the statement that it adds.
    #[must_use]
    pub fn advice_in_full(&self) -> String {
        in_full(&self.advice, self.statement.as_deref())
    }
}

fn in_full(fix: &str, statement: Option<&str>) -> String {
    statement.map_or_else(|| fix.to_owned(), |statement| format!("{fix}: {statement}"))
}

/// A check: its words and its judgement.
#[derive(Debug)]
pub struct Check {
    /// Its stable name.
    pub id: CheckId,
    /// What holds when it passes.
    pub sentence: &'static str,
    /// Why that matters.
    pub why: &'static str,
    /// What it looks at.
    pub evidence: &'static str,
    /// When it fails.
    pub fails_when: &'static str,
    pub(crate) judge: fn(&CheckInput<'_>) -> Outcome,
}

/// Every check, in the order in which they are judged and documented.
pub const CHECKS: [&Check; 10] = [
    &sse_kms_enabled::CHECK,
    &key_customer_managed::CHECK,
    &key_usable::CHECK,
    &key_in_bucket_region::CHECK,
    &key_allowed::CHECK,
    &key_rotated::CHECK,
    &key_policy_admits_cloudtrail::CHECK,
    &delivery_unbroken::CHECK,
    &key_policy_guards_decryption::CHECK,
    &key_policy_binds_cloudtrail::CHECK,
];

impl CheckId {
    /// The name in kebab input.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SseKmsEnabled => "sse-kms-enabled",
            Self::KeyCustomerManaged => "key-customer-managed",
            Self::KeyUsable => "key-usable",
            Self::KeyInBucketRegion => "key-in-bucket-region",
            Self::KeyAllowed => "key-allowed",
            Self::KeyRotated => "key-rotated",
            Self::KeyPolicyAdmitsCloudtrail => "key-policy-admits-cloudtrail",
            Self::DeliveryUnbroken => "delivery-unbroken",
            Self::KeyPolicyGuardsDecryption => "key-policy-guards-decryption",
            Self::KeyPolicyBindsCloudtrail => "key-policy-binds-cloudtrail",
        }
    }

    /// The check with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        CHECKS.iter().map(|check| check.id).find(|id| id.as_str() == name)
    }

    /// Whether `skipChecks` may name the check: without a key there is nothing to evaluate.
    #[must_use]
    pub fn can_be_skipped(self) -> bool {
        self != Self::SseKmsEnabled
    }

    /// Whether the parameters ask for this check and do not skip it.
    #[must_use]
    pub fn is_enabled(self, parameters: &Parameters) -> bool {
        self.is_asked_for(parameters) && !parameters.skips(self)
    }

    /// Whether the parameters would enable this check if they did not skip it.
    #[must_use]
    pub fn is_skipped(self, parameters: &Parameters) -> bool {
        self.is_asked_for(parameters) && parameters.skips(self)
    }

    fn is_asked_for(self, parameters: &Parameters) -> bool {
        match self {
            Self::SseKmsEnabled | Self::KeyCustomerManaged => true,
            Self::KeyUsable | Self::KeyInBucketRegion => parameters.profile != Profile::Cis,
            Self::KeyAllowed => parameters.asks_for_allowed_keys(),
            Self::KeyRotated => parameters.asks_for(parameters.require_key_rotation),
            Self::KeyPolicyAdmitsCloudtrail | Self::KeyPolicyGuardsDecryption => {
                parameters.asks_for(parameters.check_key_policy)
            }
            Self::KeyPolicyBindsCloudtrail => parameters.profile == Profile::Strict,
            Self::DeliveryUnbroken => parameters.asks_for(parameters.check_delivery),
        }
    }

    /// Whether a failure of this check leaves nothing to say of the key: there is none, or it is
    /// not the customer's.
    pub(crate) fn settles_the_rest(self) -> bool {
        matches!(self, Self::SseKmsEnabled | Self::KeyCustomerManaged)
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl Outcome {
    fn fail(what: impl Into<String>, fix: impl Into<String>) -> Self {
        let (what, fix) = (what.into(), fix.into());
        Self::Fail(Finding { what, fix, statement: None, why: None })
    }

    fn unknown(why: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::Unknown(Unverified { why: why.into(), advice: advice.into(), statement: None })
    }

    /// The same with the policy statement or condition that the fix adds.
    fn with_statement(mut self, added: String) -> Self {
        match &mut self {
            Self::Pass => {}
            Self::Fail(Finding { statement, .. }) | Self::Unknown(Unverified { statement, .. }) => {
                *statement = Some(added);
            }
        }
        self
    }

    /// The same finding with a reason of its own.
    fn because(mut self, reason: &'static str) -> Self {
        if let Self::Fail(finding) = &mut self {
            finding.why = Some(reason);
        }
        self
    }
}

/// Why a key that does not exist matters to every check that needs it.
const WITHOUT_THE_KEY: &str = "without its key a trail cannot deliver log files, and the log files \
                               that the key encrypted cannot be read";

/// The trail's key, or the answer of every check that would need one.
fn key_of<'a>(input: &CheckInput<'a>) -> Result<&'a KeyRef, Outcome> {
    input.trail.key.as_ref().ok_or_else(sse_kms_enabled::no_key)
}

/// The evidence about the trail's key, or the answer where there is none: absent evidence is a
/// failure of every check that needs it, refused evidence is unknown.
fn known<'a, T>(
    reading: &'a Reading<T>,
    evidence: &str,
    input: &CheckInput<'_>,
) -> Result<&'a T, Outcome> {
    let key = key_of(input)?;
    match reading {
        Reading::Known(value) => Ok(value),
        Reading::Absent => Err(Outcome::fail(
            "the key does not exist",
            "set kmsKeyId to an enabled customer managed key in the bucket's Region",
        )
        .because(WITHOUT_THE_KEY)),
        Reading::Refused(_) if matches!(key, KeyRef::Unrecognized(_)) => Err(Outcome::unknown(
            format!("could not verify {evidence} of the key: kmsKeyId is no key ARN, id or alias"),
            "set kmsKeyId to the ARN of a customer managed key",
        )),
        // Only where `key-customer-managed`, which fails, is skipped.
        Reading::Refused(_) if key.is_aws_managed_alias() => Err(Outcome::unknown(
            format!("could not verify {evidence} of the key: KMS is not asked about an AWS alias"),
            "set kmsKeyId to a customer managed key in the bucket's Region",
        )),
        Reading::Refused(refusal) => Err(Outcome::unknown(
            format!("could not verify {evidence} of the key: {refusal}"),
            refusal.advice(),
        )),
    }
}

/// A word of KMS that this version does not know, or none.
fn what_kms_says(word: &str) -> String {
    if word.is_empty() { "KMS does not say".to_owned() } else { format!("KMS says `{word}`") }
}

/// Folds "the evidence" and "the answer for want of it" into one outcome.
fn into_outcome(outcome: Result<Outcome, Outcome>) -> Outcome {
    outcome.unwrap_or_else(|answer| answer)
}
