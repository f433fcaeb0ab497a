//! Decryption of the logs is granted to named principals only.
//!
//! The point of SSE-KMS is that a reader needs permission to decrypt beside permission to read
//! the bucket. A key that everyone may use gives that away.
//!
//! a) Whatever leads to plaintext (`kms:Decrypt`, `kms:ReEncryptFrom`, `kms:CreateGrant`,
//!    `kms:PutKeyPolicy`) is granted to named principals, or confined to named accounts or
//!    organizations: pass. The account's root statement, which delegates to IAM, is no failure.
//! b) A statement opens one of them to everyone: fail.
//! c) A grant to CloudTrail can be used by the trails of any account: fail (confused deputy).
//! d) Whether a statement does so depends on what cannot be known from here, or the document
//!    cannot be read: unknown.
//! e) The key does not exist: fail. KMS refuses the policy: unknown.

use crate::checks::key_policy_words::{question, read};
use crate::checks::{Case, Check, CheckId, Outcome, settle};
use crate::key_policy::exposure::{Exposure, ExposureKind, guards_decryption};

pub(super) const CHECK: Check = Check {
    id: CheckId::KeyPolicyGuardsDecryption,
    sentence: "decryption of the logs is granted to named principals only",
    why: "a reader of the logs should need two permissions, of the bucket and of the key; a key \
          that is open to everyone asks for one",
    evidence: "KMS GetKeyPolicy",
    fails_when: "what leads to plaintext is open to everyone without a condition that confines \
                 it, or a grant to CloudTrail can be used by any account",
    judge,
};

fn judge(case: &Case<'_>) -> Outcome {
    settle(judge_policy(case))
}

fn judge_policy(case: &Case<'_>) -> Result<Outcome, Outcome> {
    let policy = read(case)?;
    let guard = guards_decryption(&policy, &question(case));
    if !guard.exposures.is_empty() {
        let open = each(&guard.exposures);
        let what = format!("the key policy opens the logs: {open}");
        return Ok(Outcome::fail(what, fix(&guard.exposures, case)));
    }
    if !guard.doubts.is_empty() {
        let open = each(&guard.doubts);
        let why = format!("could not verify that the key policy guards the logs: {open}?");
        return Ok(Outcome::unknown(why, fix(&guard.doubts, case)));
    }
    Ok(Outcome::Pass)
}

fn each(exposures: &[Exposure]) -> String {
    let words = |exposure: &Exposure| {
        let actions = exposure.actions.join(", ");
        let whom = match exposure.kind {
            ExposureKind::Everyone => "everyone",
            ExposureKind::AnyAccountThroughCloudTrail => "the trails of any account",
        };
        format!("{} allows {whom} {actions}", exposure.statement)
    };
    exposures.iter().map(words).collect::<Vec<_>>().join("; ")
}

fn fix(exposures: &[Exposure], case: &Case<'_>) -> String {
    let everyone = exposures.iter().any(|one| one.kind == ExposureKind::Everyone);
    if everyone {
        let owner = case.trail.arn.owner();
        return format!(
            "name the principals, or confine the statement, for instance by \
             \"Condition\":{{\"StringEquals\":{{\"kms:CallerAccount\":\"{owner}\"}}}}"
        );
    }
    let arn = &case.trail.arn;
    format!(
        "confine the statement to the trail by \
         \"Condition\":{{\"StringEquals\":{{\"aws:SourceArn\":\"{arn}\"}}}}"
    )
}
