//! The key policy lets CloudTrail encrypt this trail.
//!
//! CloudTrail calls `GenerateDataKey` under its service principal; IAM cannot grant that, only the
//! key policy can (CloudTrail User Guide, "Configure AWS KMS key policies for CloudTrail").
//!
//! a) A statement must match this trail's requests, and no Deny can: pass.
//! b) No statement grants CloudTrail the operation: fail. A statement that would, but has no effect
//!    because it has no `Resource` or no `Action`, is named.
//! c) One does, but for another trail, account or key: fail; the elements in the way are named.
//! d) A Deny matches: fail; it is named.
//! e) Whether a statement matches depends on what cannot be known from here, or the document
//!    cannot be read: unknown. Of a Deny, the fix is about that Deny.
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
    let admission = admits_cloudtrail(read(case)?, &question(case));
    let (by, elements) = (statements(&admission.deciding), admission.elements.join(", "));
    let not_admitted = "the key policy does not let CloudTrail encrypt this trail";
    let fix = fix(&admission, case.trail);
    Ok(match admission.ground {
        Ground::Allowed => Outcome::Pass,
        Ground::Denied => Outcome::fail(format!("{not_admitted}: {by} denies it"), fix),
        Ground::NotGranted => Outcome::fail(format!("{not_admitted}: no statement grants it"), fix),
        Ground::Ineffective => {
            let why = format!("{by} without {elements} has no effect");
            Outcome::fail(format!("{not_admitted}: {why}"), fix)
        }
        Ground::GrantedForOthers => {
            Outcome::fail(format!("{not_admitted}: {by} excludes it by {elements}"), fix)
        }
        Ground::Undecided => {
            let may = if admission.denying.is_empty() { "allow" } else { "deny" };
            let on = if admission.is_granted || admission.denying.is_empty() {
                format!("{by} may {may} it, depending on {elements}")
            } else {
                format!("it depends on {elements} in {by}")
            };
            Outcome::unknown(
                format!("could not verify that the key policy admits CloudTrail: {on}"),
                fix,
            )
        }
    })
}

/// What makes the policy admit CloudTrail for the trail.
///
/// A Deny is kept for everybody else: in addition to its own conditions, the request must be another
/// one than CloudTrail's for this trail.
fn fix(admission: &Admission, trail: &Trail) -> String {
    let Admission { ground, deciding, elements, denying, is_granted, .. } = admission;
    if *ground == Ground::Ineffective {
        let members = elements.iter().map(|element| match element.as_str() {
            "Action" => "\"Action\":\"kms:GenerateDataKey*\"",
            _ => "\"Resource\":\"*\"",
        });
        let members = members.collect::<Vec<_>>().join(",");
        return format!("add {members} to {}", statements(deciding));
    }
    let mut steps = Vec::new();
    if !denying.is_empty() {
        let (by, arn) = (statements(denying), &trail.arn);
        steps.push(format!(
            "add to the Condition of {by} \"ArnNotEquals\":{{\"aws:SourceArn\":\"{arn}\"}}"
        ));
    }
    if !is_granted {
        steps.push(format!("add to the key policy {}", wanted(trail)));
    }
    steps.join(", and ")
}

/// The statement that admits this trail and no other.
fn wanted(trail: &Trail) -> String {
    let question = TrailAndKey { trail_arn: trail.arn.as_str(), key_arn: None };
    Grant::Encrypt.statement(&question, None)
}
