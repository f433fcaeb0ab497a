//! Decryption of the logs is granted to named principals only.
//!
//! The point of SSE-KMS is that a reader needs permission to decrypt beside permission to read
//! the bucket. A key that everyone may use gives that away.
//!
//! a) Each permission that leads to plaintext (`kms:Decrypt`, `kms:ReEncryptFrom`,
//!    `kms:CreateGrant`, `kms:PutKeyPolicy`) is granted to named principals, or confined to named
//!    accounts or organizations: pass. The account's root statement, which delegates to IAM, does not
//!    fail, and neither does a grant to CloudTrail, which returns no plaintext to anybody.
//! b) A statement opens one of them to everyone: fail.
//! c) Whether a statement does so depends on what cannot be known from here, or the document
//!    cannot be read: unknown.
//! d) The key does not exist: fail. KMS refuses the policy: unknown.

use crate::checks::key_policy_words::{CHECK_KEY_POLICY, each, question, read};
use crate::checks::{Check, CheckId, CheckInput, Evidence, FindingCode, Outcome, Severity};
use crate::key_policy::exposure::guards_decryption;
use crate::parameters::Profile;

/// Everyone can decrypt the logs.
pub const OPEN: FindingCode = FindingCode::new("key-open-to-everyone");
/// Whether everyone can decrypt the logs depends on what is not known.
pub const UNDECIDED: FindingCode = FindingCode::new("key-open-to-everyone-undecided");

pub(super) const CHECK: Check = Check {
    id: CheckId::KeyPolicyGuardsDecryption,
    name: "key-policy-guards-decryption",
    title: "decryption of the logs is granted to named principals only",
    rationale: "a reader of the logs should need two permissions, of the bucket and of the key; a key \
          that is open to everyone asks for one",
    evidence: "KMS GetKeyPolicy",
    fails_when: "everyone can reach plaintext (`kms:Decrypt`, `kms:ReEncrypt*`, `kms:CreateGrant`, \
                 `kms:PutKeyPolicy` or wider) without a condition that confines the caller",
    fix: "name the principals that may decrypt, or confine the statement by kms:CallerAccount or \
          aws:PrincipalOrgID",
    severity: Severity::High,
    profile: Some(Profile::Strict),
    switches: &[CHECK_KEY_POLICY],
    reads: &[Evidence::KeyPolicy, Evidence::KeyArn],
    can_be_skipped: true,
    ends_evaluation: false,
    judge,
};

fn judge(input: &CheckInput<'_>) -> Result<Outcome, Outcome> {
    let open = guards_decryption(read(input)?, &question(input));
    let owner = input.trail.arn.owner();
    let fix = "name the principals, or confine the statement by kms:CallerAccount";
    let condition =
        format!("\"Condition\":{{\"StringEquals\":{{\"kms:CallerAccount\":\"{owner}\"}}}}");
    if !open.exposures.is_empty() {
        let what = each(&open.exposures, "everyone");
        let what = format!("the key policy opens the logs: {what}");
        return Ok(Outcome::fail(OPEN, what, fix).with_statement(condition));
    }
    if !open.doubts.is_empty() {
        let what = each(&open.doubts, "everyone");
        let why = format!("could not verify that the key policy guards the logs: {what}");
        return Ok(Outcome::unknown(UNDECIDED, why, fix).with_statement(condition));
    }
    Ok(Outcome::Pass)
}
