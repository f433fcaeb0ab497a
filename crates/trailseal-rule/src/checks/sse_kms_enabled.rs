//! The trail encrypts its log files with SSE-KMS.
//!
//! Without `kmsKeyId` CloudTrail uses SSE-S3, and whoever may read the bucket reads the logs
//! (CloudTrail User Guide, "Encrypting CloudTrail log files with AWS KMS keys").
//!
//! a) `kmsKeyId` names something: pass.
//! b) `kmsKeyId` is absent, null, empty or blank: fail.

use crate::checks::{Check, CheckId, CheckInput, Outcome, key_of};

pub(super) const CHECK: Check = Check {
    id: CheckId::SseKmsEnabled,
    sentence: "the trail encrypts its log files with SSE-KMS",
    why: "without a KMS key, everyone who may read the bucket reads the logs; with one, a reader \
          also needs permission to decrypt",
    evidence: "the trail's kmsKeyId",
    fails_when: "`kmsKeyId` is absent, null, empty or blank",
    judge,
};

fn judge(input: &CheckInput<'_>) -> Outcome {
    match key_of(input) {
        Ok(_) => Outcome::Pass,
        Err(no_key) => no_key,
    }
}

/// What every check says of a trail without a key.
pub(super) fn no_key() -> Outcome {
    Outcome::fail(
        "the trail has no KMS key: its log files are not encrypted with SSE-KMS",
        "set kmsKeyId to a customer managed key in the bucket's Region whose policy admits \
         CloudTrail",
    )
}
