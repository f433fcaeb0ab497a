//! Whether the plan in a journal has the form of a plan.
//!
//! A journal is untrusted. This module checks its plan without reading AWS; [`resumed`] checks
//! whether the planner makes the same plan.
//!
//! [`resumed`]: crate::resumed

use crate::call::{Call, KeyTarget};
use crate::condition::Condition;
use crate::plan_data::{Plan, PlannedKey, Purpose, Step, StepId};

/// Why the planner cannot have made this plan.
pub(crate) fn fault(plan: &Plan) -> Option<String> {
    if plan.home_region != *plan.trail.home_region() {
        return Some(format!("the home Region of its trail is not {}", plan.home_region));
    }
    if plan.steps.windows(2).any(|pair| matches!(pair, [one, next] if one.id >= next.id)) {
        return Some("its steps are out of order".to_owned());
    }
    plan.steps
        .iter()
        .find_map(|step| step_fault(plan, step).map(|why| format!("its step `{}` {why}", step.id)))
}

fn step_fault(plan: &Plan, step: &Step) -> Option<String> {
    if purpose(step.id) != plan.purpose {
        return Some("belongs to another kind of plan".to_owned());
    }
    if !fits(step.id, &step.call) {
        return Some(format!("calls {}", step.call.operation()));
    }
    if step.requires.is_empty() || step.proves.is_empty() {
        return Some("has no requirement or no proof".to_owned());
    }
    let needs_the_trail = plan.steps.first() == Some(step) || step.id == StepId::UpdateTrail;
    if plan.purpose == Purpose::Seal && needs_the_trail && !requires_the_trail(plan, step) {
        return Some("does not require the trail's former key".to_owned());
    }
    if !is_about(plan, &step.call) {
        return Some("changes a trail, key or Region that is not the plan's".to_owned());
    }
    if !step.requires.iter().chain(&step.proves).all(|one| is_of(plan, step, one)) {
        return Some("has a condition on a trail or key that is not the plan's".to_owned());
    }
    policy_fault(plan, step)
}

fn purpose(step: StepId) -> Purpose {
    match step {
        StepId::CreateKey
        | StepId::CreateAlias
        | StepId::CancelKeyDeletion
        | StepId::EnableKey
        | StepId::PutKeyPolicy
        | StepId::EnableKeyRotation
        | StepId::UpdateTrail => Purpose::Seal,
        StepId::RestoreTrail | StepId::RestoreKeyPolicy | StepId::DisableKey => Purpose::BackOut,
    }
}

fn fits(step: StepId, call: &Call) -> bool {
    match call {
        Call::CreateKey { .. } => step == StepId::CreateKey,
        Call::CreateAlias { .. } => step == StepId::CreateAlias,
        Call::CancelKeyDeletion { .. } => step == StepId::CancelKeyDeletion,
        Call::EnableKey { .. } => step == StepId::EnableKey,
        Call::DisableKey { .. } => step == StepId::DisableKey,
        Call::PutKeyPolicy { .. } => {
            matches!(step, StepId::PutKeyPolicy | StepId::RestoreKeyPolicy)
        }
        Call::EnableKeyRotation { .. } => step == StepId::EnableKeyRotation,
        Call::UpdateTrail { key: Some(_), .. } => {
            matches!(step, StepId::UpdateTrail | StepId::RestoreTrail)
        }
        Call::UpdateTrail { key: None, .. } => step == StepId::RestoreTrail,
    }
}

fn requires_the_trail(plan: &Plan, step: &Step) -> bool {
    let has_key =
        Condition::TrailHasKey { trail: plan.trail.clone(), key: plan.former_key.clone() };
    step.requires.contains(&has_key)
}

fn is_about(plan: &Plan, call: &Call) -> bool {
    match call {
        Call::CreateKey { region, .. } => *region == plan.bucket_region,
        Call::CreateAlias { region, key, .. } => {
            *region == plan.bucket_region && is_the_key(plan, key)
        }
        Call::UpdateTrail { trail, region, key } => {
            let is_key = |key| plan.purpose == Purpose::BackOut || is_the_key(plan, key);
            *trail == plan.trail && *region == plan.home_region && key.as_ref().is_none_or(is_key)
        }
        Call::CancelKeyDeletion { key }
        | Call::EnableKey { key }
        | Call::DisableKey { key }
        | Call::PutKeyPolicy { key, .. }
        | Call::EnableKeyRotation { key, .. } => is_the_key(plan, key),
    }
}

fn is_the_key(plan: &Plan, key: &KeyTarget) -> bool {
    match (key, &plan.key) {
        (KeyTarget::Existing(arn), PlannedKey::Existing(planned)) => arn == planned,
        (KeyTarget::Created, PlannedKey::ToCreate { .. }) => true,
        (KeyTarget::Existing(_), PlannedKey::ToCreate { .. })
        | (KeyTarget::Created, PlannedKey::Existing(_)) => false,
    }
}

/// A condition concerns the plan's trail and key or, in a back-out, the restored key.
fn is_of(plan: &Plan, step: &Step, condition: &Condition) -> bool {
    let is_key = |key: &KeyTarget| is_the_key(plan, key) || step.call.key() == Some(key);
    match condition {
        Condition::TrailHasKey { trail, .. } => *trail == plan.trail,
        Condition::TrailUses { trail, key } | Condition::PolicyAdmitsCloudTrail { key, trail } => {
            *trail == plan.trail && is_key(key)
        }
        Condition::KeyInRegion { key, region } => *region == plan.bucket_region && is_key(key),
        Condition::KeyUsable { key }
        | Condition::KeyHasState { key, .. }
        | Condition::PolicyIs { key, .. }
        | Condition::RotationIsOn { key, .. } => is_key(key),
        Condition::AliasIsFree { region, .. } => *region == plan.bucket_region,
        Condition::AliasNames { region, key, .. } => *region == plan.bucket_region && is_key(key),
    }
}

/// The policy that a step sends is the one that the plan shows, and replaces the required one.
fn policy_fault(plan: &Plan, step: &Step) -> Option<String> {
    let sent = step.call.policy()?;
    let change = plan.policy_change.as_ref().filter(|change| change.after == sent);
    let Some(change) = change else {
        return Some("sends a policy that the plan does not show".to_owned());
    };
    let is_required = |before: &str| {
        let mut requires = step.requires.iter();
        requires.any(|one| matches!(one, Condition::PolicyIs { policy, .. } if policy == before))
    };
    match (&step.call, &change.before) {
        (Call::CreateKey { .. }, None) => None,
        (Call::PutKeyPolicy { .. }, Some(before)) if is_required(before) => None,
        _ => Some("does not require the policy that it replaces".to_owned()),
    }
}
