//! The key policy lets CloudTrail encrypt this trail.
//!
//! CloudTrail calls `GenerateDataKey` under its service principal; IAM cannot grant that, only the
//! key policy can (CloudTrail User Guide, "Configure AWS KMS key policies for CloudTrail").
//!
//! a) A statement must match this trail's requests, and no Deny can: pass.
//! b) No statement grants CloudTrail the operation: fail.
//! c) One does, but for another trail, account or key: fail; the elements in the way are named.
//! d) A Deny matches: fail; it is named.
//! e) Whether a statement matches depends on what cannot be known from here, or the document
//!    cannot be read: unknown.
//! f) The key does not exist: fail. KMS refuses the policy: unknown.

use crate::checks::key_policy_words::{question, read, statements};
use crate::checks::{Case, Check, CheckId, Outcome, settle};
use crate::key_policy::admission::{Admission, Ground, admits_cloudtrail};
use crate::key_policy::grants::Grant;
use crate::key_policy::question::TrailAndKey;
use crate::trail::Trail;

pub(super) const CHECK: Check = Check {
    id: CheckId::KeyPolicyAdmitsCloudtrail,
    sentence: "the key policy lets CloudTrail encrypt this trail",
    why: "a key that does not admit CloudTrail stops the delivery of logs",
    evidence: "KMS GetKeyPolicy",
    fails_when: "no Allow reaches `kms:GenerateDataKey` for `cloudtrail.amazonaws.com` with this \
                 trail's `aws:SourceArn` and encryption context, or a Deny does",
    judge,
};

fn judge(case: &Case<'_>) -> Outcome {
    settle(judge_policy(case))
}

fn judge_policy(case: &Case<'_>) -> Result<Outcome, Outcome> {
    let policy = read(case)?;
    let Admission { ground, deciding, elements, .. } = admits_cloudtrail(&policy, &question(case));
    let (by, elements) = (statements(&deciding), elements.join(", "));
    let not_admitted = "the key policy does not let CloudTrail encrypt this trail";
    Ok(match ground {
        Ground::Allowed => Outcome::Pass,
        Ground::Denied => Outcome::fail(
            format!("{not_admitted}: {by} denies it"),
            format!(
                "let that Deny leave out CloudTrail, and keep this one: {}",
                wanted(case.trail)
            ),
        ),
        Ground::NotGranted => Outcome::fail(
            format!("{not_admitted}: no statement grants it"),
            format!("add to the key policy {}", wanted(case.trail)),
        ),
        Ground::GrantedForOthers => Outcome::fail(
            format!("{not_admitted}: {by} excludes it by {elements}"),
            format!("add to the key policy {}", wanted(case.trail)),
        ),
        Ground::Undecided => Outcome::unknown(
            format!(
                "could not verify that the key policy admits CloudTrail: it depends on \
                 {elements} in {by}"
            ),
            format!("add to the key policy {}", wanted(case.trail)),
        ),
    })
}

/// The statement that admits this trail and no other.
fn wanted(trail: &Trail) -> String {
    let question = TrailAndKey { trail_arn: trail.arn.as_str(), key_arn: None };
    Grant::Encrypt.statement(&question, None)
}
