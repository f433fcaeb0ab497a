//! The key is one that the organization allows.
//!
//! a) Its ARN matches `allowedKmsKeyArns`, or its account is among `allowedKeyAccounts`: pass.
//! b) Neither: fail.
//! c) `kmsKeyId` is an alias or a bare id: the key's own ARN counts, as KMS tells it; if KMS does
//!    not tell it, unknown; if there is no such key, fail.

use crate::checks::{Case, Check, CheckId, Outcome, key_of, known, settle};
use crate::key_ref::KeyRef;

pub(super) const CHECK: Check = Check {
    id: CheckId::KeyAllowed,
    sentence: "the key is one that the organization allows",
    why: "whoever owns the key decides who decrypts the logs, and can take the key away",
    evidence: "the key's ARN; KMS DescribeKey where the trail names an alias or a bare id",
    fails_when: "neither `allowedKmsKeyArns` nor `allowedKeyAccounts` matches",
    judge,
};

fn judge(case: &Case<'_>) -> Outcome {
    settle(judge_key(case))
}

fn judge_key(case: &Case<'_>) -> Result<Outcome, Outcome> {
    let arn = match key_of(case)? {
        KeyRef::Key(arn) => arn,
        KeyRef::AliasArn { .. } | KeyRef::Alias(_) | KeyRef::Id(_) | KeyRef::Unrecognized(_) => {
            &known(&case.facts.key, "the ARN", case)?.arn
        }
    };
    if case.parameters.allows(arn) {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::fail(
        "the key is not one that allowedKmsKeyArns or allowedKeyAccounts allows",
        "set kmsKeyId to an allowed key, or allow this one in the rule's parameters",
    ))
}
