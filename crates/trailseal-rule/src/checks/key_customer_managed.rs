//! The key is customer managed.
//!
//! The policy of an AWS managed key cannot be changed, so the customer decides neither who
//! decrypts nor when the key is deleted (KMS Developer Guide, "AWS KMS keys").
//!
//! a) KMS says `CUSTOMER`: pass.
//! b) KMS says `AWS`: fail.
//! c) `kmsKeyId` is an `alias/aws/…` name or ARN: fail, without a call, since `DescribeKey` on such
//!    an alias creates a key.
//! d) The key belongs to another account and its manager could not be read: pass, since AWS managed
//!    keys cannot be used across accounts (KMS Developer Guide, "Allowing users in other accounts to
//!    use a KMS key"). No call is made for this check alone; what evidence states counts, and so does
//!    a recorded item of the key.
//! e) The key does not exist: fail.
//! f) KMS refuses, or gives a value that this version does not know: unknown.

use crate::checks::input::{advice_on, as_kms_says};
use crate::checks::{Check, CheckId, CheckInput, Evidence, FindingCode, Outcome, Severity};
use crate::facts::{KeyManager, Reading};
use crate::parameters::Profile;

/// AWS manages the key.
pub const AWS_MANAGED: FindingCode = FindingCode::new("key-aws-managed");
/// It is not known who manages the key.
pub const MANAGER_UNKNOWN: FindingCode = FindingCode::new("key-manager-unknown");

pub(super) const CHECK: Check = Check {
    id: CheckId::KeyCustomerManaged,
    name: "key-customer-managed",
    title: "the key is customer managed",
    rationale: "the policy of an AWS managed key cannot be changed: the customer decides neither \
                who decrypts the logs nor when the key is deleted",
    evidence: "the key ID; KMS DescribeKey, for keys of other accounts only if another check reads \
               it",
    fails_when: "KMS says that AWS manages the key, the ID is an `alias/aws/…` name or ARN, or the \
                 key does not exist",
    fix: "create a customer managed key in the bucket's Region, let its policy admit CloudTrail, and \
          set kmsKeyId to it",
    severity: Severity::Medium,
    profile: Some(Profile::Cis),
    switches: &[],
    reads: &[Evidence::OwnKey],
    can_be_skipped: true,
    ends_evaluation: true,
    judge,
};

fn judge(input: &CheckInput<'_>) -> Result<Outcome, Outcome> {
    let key = input.key()?;
    if key.is_aws_managed_alias() {
        return Ok(aws_managed());
    }
    let owner = input.trail.arn.owner();
    let is_foreign = key.account().is_some_and(|account| account != owner) && !owner.is_not_known();
    if is_foreign && matches!(input.facts.key, Reading::Refused(_)) {
        return Ok(Outcome::Pass);
    }
    Ok(match &input.known(&input.facts.key, "the manager")?.manager {
        KeyManager::Unrecognized(value) if is_foreign && value.is_empty() => Outcome::Pass,
        KeyManager::Customer => Outcome::Pass,
        KeyManager::Aws => aws_managed(),
        KeyManager::Unrecognized(value) => Outcome::unknown(
            MANAGER_UNKNOWN,
            format!("could not verify who manages the key: {}", as_kms_says(value)),
            advice_on(value),
        ),
    })
}

fn aws_managed() -> Outcome {
    Outcome::fail(
        AWS_MANAGED,
        "the key is managed by AWS, not by the customer",
        "set kmsKeyId to a customer managed key in the bucket's Region whose policy admits \
         CloudTrail",
    )
}
