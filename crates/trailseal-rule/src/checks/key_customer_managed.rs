//! The key is customer managed.
//!
//! The policy of an AWS managed key cannot be changed, so the customer decides neither who
//! decrypts nor when the key ends (KMS Developer Guide, "AWS KMS keys").
//!
//! a) KMS says `CUSTOMER`: pass.
//! b) KMS says `AWS`: fail.
//! c) `kmsKeyId` is an `alias/aws/…` name or ARN: fail, without a call, since `DescribeKey` on such
//!    an alias creates a key.
//! d) The key is another account's and its manager could not be read: pass, since AWS managed keys
//!    cannot be used across accounts (KMS Developer Guide, "Allowing users in other accounts to use
//!    a KMS key"). No call is made for this check alone; what evidence states counts.
//! e) The key does not exist: fail.
//! f) KMS refuses, or says a word that we do not know: unknown.

use crate::checks::{
    Check, CheckId, CheckInput, Outcome, into_outcome, key_of, known, what_kms_says,
};
use crate::facts::{KeyManager, Reading};

pub(super) const CHECK: Check = Check {
    id: CheckId::KeyCustomerManaged,
    sentence: "the key is customer managed",
    why: "the policy of an AWS managed key cannot be changed: the customer decides neither who \
          decrypts the logs nor when the key ends",
    evidence: "the key id; KMS DescribeKey, for keys of other accounts where it is read for \
               another check",
    fails_when: "KMS says that AWS manages the key, the id is an `alias/aws/…` name or ARN, or the \
                 key does not exist",
    judge,
};

fn judge(input: &CheckInput<'_>) -> Outcome {
    into_outcome(judge_key(input))
}

fn judge_key(input: &CheckInput<'_>) -> Result<Outcome, Outcome> {
    let key = key_of(input)?;
    if key.is_aws_managed_alias() {
        return Ok(aws_managed());
    }
    let is_foreign = key.account().is_some_and(|account| account != input.trail.arn.owner());
    if is_foreign && matches!(input.facts.key, Reading::Refused(_)) {
        return Ok(Outcome::Pass);
    }
    let facts = known(&input.facts.key, "the manager", input)?;
    Ok(match &facts.manager {
        KeyManager::Unrecognized(word) if is_foreign && word.is_empty() => Outcome::Pass,
        KeyManager::Customer => Outcome::Pass,
        KeyManager::Aws => aws_managed(),
        KeyManager::Unrecognized(word) => Outcome::unknown(
            format!("could not verify who manages the key: {}", what_kms_says(word)),
            "look the key up in KMS, and update this rule",
        ),
    })
}

fn aws_managed() -> Outcome {
    Outcome::fail(
        "the key is managed by AWS, not by the customer",
        "set kmsKeyId to a customer managed key in the bucket's Region whose policy admits \
         CloudTrail",
    )
}
