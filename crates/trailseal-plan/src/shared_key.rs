//! Recognizing the key that a journal's run created for its trail and others.

use serde_json::Value;
use trailseal_rule::key_policy::grants::Grant;
use trailseal_rule::{AccountId, TrailArn};

use crate::journal::Progress;
use crate::policy::{is_generated, new_key_policy, strict};

/// Whether a key policy is the one that the journal's run creates: the policy of a new key, with
/// statements that the planner generates for these other trails. Any other statement means that the
/// key may belong to somebody else.
pub fn is_policy_of_created_key(
    policy: &str,
    progress: &Progress,
    account: &AccountId,
    others: &[TrailArn],
) -> bool {
    let trail = &progress.remediation.plan.trail;
    let new = |grants: &[Grant]| new_key_policy(trail, account, grants).document;
    let whole = [Grant::Encrypt, Grant::Describe, Grant::Decrypt];
    let mut new = [new(&whole), new(&[Grant::Encrypt, Grant::Describe])].into_iter();
    new.any(|planned| extends(policy, &planned, others))
}

/// The statements of `planned` come first; each of the rest is for one of the other trails.
fn extends(policy: &str, planned: &str, others: &[TrailArn]) -> bool {
    let (Some(found), Some(planned)) = (strict(policy), strict(planned)) else {
        return false;
    };
    let (Some(statements), Some(expected)) = (statements(&found), statements(&planned)) else {
        return false;
    };
    let Some((first, further)) = statements.split_at_checked(expected.len()) else {
        return false;
    };
    let is_for_others = |statement: &Value| {
        let text = statement.to_string();
        others.iter().any(|trail| is_generated(&text, trail))
    };
    without_statements(&found) == without_statements(&planned)
        && first == expected
        && further.iter().all(is_for_others)
}

fn statements(policy: &Value) -> Option<&Vec<Value>> {
    policy.get("Statement")?.as_array()
}

fn without_statements(policy: &Value) -> Value {
    let mut policy = policy.clone();
    if let Some(members) = policy.as_object_mut() {
        members.remove("Statement");
    }
    policy
}
