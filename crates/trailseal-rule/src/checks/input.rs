//! What the checks read, and the outcomes that they share where evidence is missing.

use config_rule::Timestamp;

use crate::checks::{FindingCode, Outcome, sse_kms_enabled};
use crate::facts::{Facts, NOT_KNOWN_BEFORE_DEPLOYMENT, Reading, Refusal};
use crate::key_ref::KeyRef;
use crate::parameters::Parameters;
use crate::trail::Trail;

/// The key does not exist.
pub const KEY_MISSING: FindingCode = FindingCode::new("key-missing");
/// The trail does not exist.
pub const TRAIL_MISSING: FindingCode = FindingCode::new("trail-missing");
/// `kmsKeyId` is not a key ARN, key ID or alias.
pub const KEY_REFERENCE_UNRECOGNIZED: FindingCode = FindingCode::new("key-reference-unrecognized");
/// `kmsKeyId` is an `alias/aws/…` name or ARN, which is never passed to KMS.
pub const KEY_ALIAS_AWS_MANAGED: FindingCode = FindingCode::new("key-alias-aws-managed");
/// AWS refused the evidence, or it was not read.
pub const EVIDENCE_REFUSED: FindingCode = FindingCode::new("evidence-refused");

#[derive(Clone, Copy, Debug)]
pub(crate) struct CheckInput<'a> {
    pub(crate) trail: &'a Trail,
    pub(crate) facts: &'a Facts,
    pub(crate) parameters: &'a Parameters,
    pub(crate) now: Timestamp,
}

impl<'a> CheckInput<'a> {
    /// The trail's key. A trail without a key fails every check that needs one; of a trail that does
    /// not exist yet, it can be unknown.
    pub(super) fn key(&self) -> Result<&'a KeyRef, Outcome> {
        match &self.trail.key {
            Some(KeyRef::NotKnown(why)) => {
                let refusal = Refusal::NotKnownBeforeDeployment(why.clone());
                Err(refused("the key of the trail", &refusal))
            }
            Some(key) => Ok(key),
            None => Err(sse_kms_enabled::no_key()),
        }
    }

    /// Evidence about the trail's key. Absent evidence fails every check that needs it; refused
    /// evidence is unknown.
    pub(super) fn known<T>(
        &self,
        reading: &'a Reading<T>,
        evidence: &str,
    ) -> Result<&'a T, Outcome> {
        let key = self.key()?;
        match reading {
            Reading::Known(value) => Ok(value),
            Reading::Absent => Err(Outcome::fail(
                KEY_MISSING,
                "the key does not exist",
                "set kmsKeyId to an enabled customer managed key in the bucket's Region",
            )
            .because(
                "without its key a trail cannot deliver log files, and the log files that the key \
                 encrypted cannot be read",
            )),
            Reading::Refused(_) if matches!(key, KeyRef::Unrecognized(_)) => Err(Outcome::unknown(
                KEY_REFERENCE_UNRECOGNIZED,
                format!(
                    "could not verify {evidence} of the key: kmsKeyId is not a key ARN, key ID or \
                     alias"
                ),
                "set kmsKeyId to the ARN of a customer managed key",
            )),
            // Only if `key-customer-managed`, which fails, is skipped.
            Reading::Refused(_) if key.is_aws_managed_alias() => Err(Outcome::unknown(
                KEY_ALIAS_AWS_MANAGED,
                format!(
                    "could not verify {evidence} of the key: KMS is not asked about an AWS alias"
                ),
                "set kmsKeyId to a customer managed key in the bucket's Region",
            )),
            Reading::Refused(refusal) => Err(refused(&format!("{evidence} of the key"), refusal)),
        }
    }
}

/// The outcome where evidence was refused.
pub(super) fn refused(evidence: &str, refusal: &Refusal) -> Outcome {
    let cause = format!("could not verify {evidence}: {refusal}");
    Outcome::unknown(EVIDENCE_REFUSED, cause, refusal.advice())
}

/// The outcome where a check compares something of the deployment that is not known before it.
pub(super) fn not_known(evidence: &str, what: &str) -> Outcome {
    let why = format!("{what} of the deployment is not given");
    refused(evidence, &Refusal::NotKnownBeforeDeployment(why))
}

/// The outcome where the trail to look at does not exist.
pub(super) fn trail_missing() -> Outcome {
    Outcome::fail(
        TRAIL_MISSING,
        "the trail does not exist any more",
        "create the trail again, or delete what is left of it",
    )
    .because("a trail that does not exist delivers no log files")
}

/// A value of KMS that this version does not know, or that is missing.
pub(super) fn as_kms_says(value: &str) -> String {
    if value.is_empty() {
        "KMS does not say".to_owned()
    } else if is_of_planned_key(value) {
        value.to_owned()
    } else {
        format!("KMS says `{value}`")
    }
}

/// What to do about such a value.
pub(super) fn advice_on(value: &str) -> String {
    if is_of_planned_key(value) {
        Refusal::NotKnownBeforeDeployment(String::new()).advice()
    } else {
        "look the key up in KMS, and install a later release of Trailseal".to_owned()
    }
}

/// Whether it is the reason why a key that does not exist yet has no value.
fn is_of_planned_key(value: &str) -> bool {
    value.starts_with(NOT_KNOWN_BEFORE_DEPLOYMENT)
}
