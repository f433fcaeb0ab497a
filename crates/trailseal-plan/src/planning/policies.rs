//! The key policy that the requested key needs.

use trailseal_rule::key_policy::grants::Grant;
use trailseal_rule::{KeyArn, Reading};

use crate::plan_data::PolicyChange;
use crate::planning::key::{ExistingKey, RequestedKey};
use crate::planning::{PlanInput, grants, statements_for_owner};
use crate::policy::{MergeError, Merged, merge, new_key_policy};
use crate::refusal::{Reasons, RefusalCode};

/// The key policy after the plan.
#[derive(Debug)]
pub(super) struct PlannedPolicy {
    pub(super) after: String,
    pub(super) change: Option<PolicyChange>,
}

pub(super) fn planned(
    input: &PlanInput<'_>,
    key: &RequestedKey<'_>,
    reasons: &mut Reasons,
) -> Option<PlannedPolicy> {
    match key {
        RequestedKey::Existing(key) => existing(input, key, reasons),
        RequestedKey::New(_) => {
            let trail = &input.current_state.trail.arn;
            let Merged { document, added } =
                new_key_policy(trail, &input.current_state.caller, &grants(input));
            let change = PolicyChange { before: None, after: document.clone(), added };
            Some(PlannedPolicy { after: document, change: Some(change) })
        }
    }
}

fn existing(
    input: &PlanInput<'_>,
    key: &ExistingKey<'_>,
    reasons: &mut Reasons,
) -> Option<PlannedPolicy> {
    let arn = &key.facts.arn;
    let is_foreign = *arn.account() != input.current_state.caller;
    let before = present_policy(input, arn, is_foreign, reasons)?;
    let merged = match merged(input, key, before) {
        Ok(merged) => merged,
        Err(error) => {
            refuse(key, &error, reasons);
            return None;
        }
    };
    if merged.added.is_empty() {
        return Some(PlannedPolicy { after: before.clone(), change: None });
    }
    if is_foreign {
        reasons.push(
            RefusalCode::KeyOfAnotherAccount,
            format!("the policy of key {arn}, which belongs to another account, does not admit CloudTrail for this trail"),
            format!("ask its owner to add to the key policy {}", merged.added.join(",")),
        );
        return None;
    }
    let Merged { document: after, added } = merged;
    let change = PolicyChange { before: Some(before.clone()), after: after.clone(), added };
    Some(PlannedPolicy { after, change: Some(change) })
}

/// The present policy of an existing key.
fn present_policy<'a>(
    input: &PlanInput<'a>,
    arn: &KeyArn,
    is_foreign: bool,
    reasons: &mut Reasons,
) -> Option<&'a String> {
    match &input.current_state.candidate.policy {
        Reading::Known(policy) => Some(policy),
        Reading::Absent => {
            reasons.push(
                RefusalCode::KeyPolicyUnknown,
                format!("the policy of key {arn} does not exist"),
                "check the key in KMS",
            );
            None
        }
        Reading::Refused(refusal) if is_foreign => {
            reasons.push(
                RefusalCode::KeyOfAnotherAccount,
                format!("could not read the policy of key {arn}, which belongs to another account: {refusal}"),
                format!(
                    "set keyAccountRoleName to a role in that account that can read it; {}",
                    statements_for_owner(input)
                ),
            );
            None
        }
        Reading::Refused(refusal) => {
            if !reasons.was_denied(refusal) {
                reasons.push(
                    RefusalCode::KeyPolicyUnknown,
                    format!("could not read the policy of key {arn}: {refusal}"),
                    "allow the read: a plan needs the key policy",
                );
            }
            None
        }
    }
}

/// The policy of the trail's present key stays as it is if it admits CloudTrail.
fn merged(
    input: &PlanInput<'_>,
    key: &ExistingKey<'_>,
    before: &str,
) -> Result<Merged, MergeError> {
    let question = input.question(Some(&key.facts.arn));
    if key.is_present {
        let least = merge(before, &question, &[Grant::Encrypt])?;
        if least.added.is_empty() {
            return Ok(least);
        }
    }
    merge(before, &question, &grants(input))
}

fn refuse(key: &ExistingKey<'_>, error: &MergeError, reasons: &mut Reasons) {
    let arn = &key.facts.arn;
    let (code, fix) = match error {
        MergeError::Denied(_) => (
            RefusalCode::KeyPolicyDenies,
            "exclude cloudtrail.amazonaws.com from that Deny, or name another key",
        ),
        MergeError::Unreadable(_) | MergeError::InDoubt { .. } => {
            (RefusalCode::KeyPolicyInDoubt, "simplify those statements, or name another key")
        }
        MergeError::TooLong { .. } => (
            RefusalCode::KeyPolicyTooLong,
            "remove statements that nobody needs, or name another key",
        ),
    };
    let what = format!("cannot change the policy of key {arn} to admit CloudTrail: {error}");
    reasons.push(code, what, fix);
}
