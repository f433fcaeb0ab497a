//! The key policy that the requested key needs.

use trailseal_rule::Reading;
use trailseal_rule::key_policy::grants::Grant;
use trailseal_rule::key_policy::question::TrailAndKey;

use crate::plan_data::PolicyChange;
use crate::planning::key::{ExistingKey, RequestedKey};
use crate::planning::{Case, grants};
use crate::policy::{MergeError, Merged, merge, new_key_policy};
use crate::refusal::{Found, RefusalCode};

/// The policy that the key will have.
#[derive(Debug)]
pub(super) struct PlannedPolicy {
    /// The document, whole.
    pub(super) after: String,
    /// How it changes, where it does.
    pub(super) change: Option<PolicyChange>,
}

pub(super) fn planned(
    case: &Case<'_>,
    key: &RequestedKey<'_>,
    found: &mut Found,
) -> Option<PlannedPolicy> {
    match key {
        RequestedKey::Existing(key) => existing(case, key, found),
        RequestedKey::New(_) => {
            let trail = &case.current_state.trail.arn;
            let Merged { document, added } =
                new_key_policy(trail, &case.current_state.caller, &grants(case));
            let change = PolicyChange { before: None, after: document.clone(), added };
            Some(PlannedPolicy { after: document, change: Some(change) })
        }
    }
}

/// What an owner elsewhere is to add to the key's policy.
pub(super) fn statements_for_owner(case: &Case<'_>) -> String {
    let question = TrailAndKey { trail_arn: case.current_state.trail.arn.as_str(), key_arn: None };
    let statements: Vec<String> = grants(case)
        .into_iter()
        .map(|grant| grant.statement(&question, Some(grant.sid())))
        .collect();
    format!("let its owner add to the key policy {}", statements.join(","))
}

fn existing(case: &Case<'_>, key: &ExistingKey<'_>, found: &mut Found) -> Option<PlannedPolicy> {
    let arn = &key.facts.arn;
    let is_foreign = *arn.account() != case.current_state.caller;
    let before = match &case.current_state.candidate.policy {
        Reading::Known(policy) => policy,
        Reading::Absent => {
            found.push(
                RefusalCode::KeyPolicyUnknown,
                format!("the policy of key {arn} does not exist"),
                "look the key up in KMS",
            );
            return None;
        }
        Reading::Refused(refusal) if is_foreign => {
            found.push(
                RefusalCode::KeyOfAnotherAccount,
                format!("the policy of key {arn}, which is of another account, cannot be read: {refusal}"),
                format!(
                    "set keyAccountRoleName to a role there that may read it; {}",
                    statements_for_owner(case)
                ),
            );
            return None;
        }
        Reading::Refused(refusal) => {
            if !found.was_denied(refusal) {
                found.push(
                    RefusalCode::KeyPolicyUnknown,
                    format!("the policy of key {arn} cannot be read: {refusal}"),
                    "let it be read: nothing is planned on what is not known",
                );
            }
            return None;
        }
    };
    let merged = match merged(case, key, before) {
        Ok(merged) => merged,
        Err(error) => {
            refuse(key, &error, found);
            return None;
        }
    };
    if merged.added.is_empty() {
        return Some(PlannedPolicy { after: before.clone(), change: None });
    }
    if is_foreign {
        found.push(
            RefusalCode::KeyOfAnotherAccount,
            format!("the policy of key {arn}, which is of another account, does not admit CloudTrail for this trail"),
            format!("let its owner add to the key policy {}", merged.added.join(",")),
        );
        return None;
    }
    let Merged { document: after, added } = merged;
    let change = PolicyChange { before: Some(before.clone()), after: after.clone(), added };
    Some(PlannedPolicy { after, change: Some(change) })
}

/// A key that the trail has already, and that admits CloudTrail, is left as it is.
fn merged(case: &Case<'_>, key: &ExistingKey<'_>, before: &str) -> Result<Merged, MergeError> {
    let trail_arn = case.current_state.trail.arn.as_str();
    let question = TrailAndKey { trail_arn, key_arn: Some(key.facts.arn.as_str()) };
    if key.is_present {
        let least = merge(before, &question, &[Grant::Encrypt])?;
        if least.added.is_empty() {
            return Ok(least);
        }
    }
    merge(before, &question, &grants(case))
}

fn refuse(key: &ExistingKey<'_>, error: &MergeError, found: &mut Found) {
    let arn = &key.facts.arn;
    let (code, fix) = match error {
        MergeError::Denied(_) => (
            RefusalCode::KeyPolicyDenies,
            "let that Deny leave out cloudtrail.amazonaws.com, or name another key",
        ),
        MergeError::Unreadable(_) | MergeError::InDoubt { .. } => {
            (RefusalCode::KeyPolicyInDoubt, "let the policy say it plainly, or name another key")
        }
        MergeError::TooLong { .. } => (
            RefusalCode::KeyPolicyTooLong,
            "take out statements that nobody needs any more, or name another key",
        ),
    };
    let what = format!("the policy of key {arn} cannot be made to admit CloudTrail: {error}");
    found.push(code, what, fix);
}
