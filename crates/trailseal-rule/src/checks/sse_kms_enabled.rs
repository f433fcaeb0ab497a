//! The trail encrypts its log files with SSE-KMS.
//!
//! Without `kmsKeyId` CloudTrail uses SSE-S3, and everyone who may read the bucket reads the logs
//! (CloudTrail User Guide, "Encrypting CloudTrail log files with AWS KMS keys").
//!
//! a) `kmsKeyId` has a value: pass.
//! b) `kmsKeyId` is absent, null, empty or blank: fail.

use crate::checks::{Check, CheckId, CheckInput, FindingCode, Outcome, Severity};
use crate::parameters::Profile;

/// The trail has no KMS key.
pub const NO_KEY: FindingCode = FindingCode::new("no-key");

const FIX: &str = "set kmsKeyId to a customer managed key in the bucket's Region whose policy \
                   admits CloudTrail";

pub(super) const CHECK: Check = Check {
    id: CheckId::SseKmsEnabled,
    name: "sse-kms-enabled",
    title: "the trail encrypts its log files with SSE-KMS",
    rationale: "without a KMS key, everyone who may read the bucket reads the logs; with one, a \
                reader also needs permission to decrypt",
    evidence: "the trail's kmsKeyId",
    fails_when: "`kmsKeyId` is absent, null, empty or blank",
    fix: FIX,
    severity: Severity::Medium,
    profile: Some(Profile::Cis),
    switches: &[],
    reads: &[],
    // Without a key there is nothing to evaluate.
    can_be_skipped: false,
    ends_evaluation: true,
    judge,
};

fn judge(input: &CheckInput<'_>) -> Result<Outcome, Outcome> {
    input.key().map(|_| Outcome::Pass)
}

/// The outcome of every check for a trail without a key.
pub(super) fn no_key() -> Outcome {
    let cause = "the trail has no KMS key: its log files are not encrypted with SSE-KMS";
    Outcome::fail(NO_KEY, cause, FIX)
}
