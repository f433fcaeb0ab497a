//! The steps in the order that cannot lose logs: the key first, the trail last.

use trailseal_rule::{KeyRef, KeyState, Reading, Region};

use crate::call::{Call, KeyTarget};
use crate::condition::Condition;
use crate::current_state::NewKey;
use crate::plan_data::{PolicyChange, Step, StepId, Undo};
use crate::planning::PlanInput;
use crate::planning::key::{ExistingKey, KeyActivation, RequestedKey, rotation_period};
use crate::planning::policies::PlannedPolicy;

/// INVARIANT (admission-first): `UpdateTrail` is the last step, and requires that the key is
/// usable, in the bucket's Region, and admits CloudTrail for the trail.
pub(super) fn steps(
    input: &PlanInput<'_>,
    key: &RequestedKey<'_>,
    policy: &PlannedPolicy,
    bucket_region: &Region,
) -> Vec<Step> {
    let mut steps = match key {
        RequestedKey::Existing(key) => repair_key(input, key, policy),
        RequestedKey::New(new) => create_and_rotate(input, new, policy, bucket_region),
    };
    match key {
        RequestedKey::Existing(key) if key.is_present => {}
        RequestedKey::Existing(key) => {
            steps.push(update_trail(input, &existing(key), bucket_region));
        }
        RequestedKey::New(_) => steps.push(update_trail(input, &KeyTarget::Created, bucket_region)),
    }
    // Each step requires the trail's former key, also when a run is resumed.
    let has_former = former(input);
    for step in &mut steps {
        if !step.requires.contains(&has_former) {
            step.requires.insert(0, has_former.clone());
        }
    }
    steps
}

fn existing(key: &ExistingKey<'_>) -> KeyTarget {
    KeyTarget::Existing(key.facts.arn.clone())
}

fn former(input: &PlanInput<'_>) -> Condition {
    let trail = &input.current_state.trail;
    Condition::TrailHasKey { trail: trail.arn.clone(), key: trail.key.clone() }
}

fn repair_key(input: &PlanInput<'_>, key: &ExistingKey<'_>, policy: &PlannedPolicy) -> Vec<Step> {
    let target = existing(key);
    let mut steps = Vec::new();
    if key.activation == KeyActivation::CancelDeletionAndEnable {
        steps.push(cancel_key_deletion(key, &target));
    }
    if key.activation != KeyActivation::None {
        steps.push(enable_key(&target));
    }
    if let Some(change) = &policy.change {
        steps.push(put_key_policy(input, &target, change));
    }
    if key.turns_rotation_on {
        steps.push(enable_rotation(input, &target));
    }
    steps
}

fn create_and_rotate(
    input: &PlanInput<'_>,
    new: &NewKey,
    policy: &PlannedPolicy,
    bucket_region: &Region,
) -> Vec<Step> {
    let mut steps = vec![create_key(input, new, policy, bucket_region)];
    if let Some(alias) = &new.alias {
        steps.push(create_alias(alias, bucket_region));
    }
    steps.push(enable_rotation(input, &KeyTarget::Created));
    steps
}

fn create_key(
    input: &PlanInput<'_>,
    new: &NewKey,
    policy: &PlannedPolicy,
    bucket_region: &Region,
) -> Step {
    let trail = &input.current_state.trail.arn;
    let key = KeyTarget::Created;
    let description = new
        .description
        .clone()
        .unwrap_or_else(|| format!("Seals the log files of CloudTrail trail {}", trail.name()));
    let alias_is_free = new.alias.as_ref().map(|alias| Condition::AliasIsFree {
        region: bucket_region.clone(),
        alias: alias.clone(),
    });
    Step {
        id: StepId::CreateKey,
        call: Call::CreateKey {
            region: bucket_region.clone(),
            description,
            tags: new.tags.clone(),
            policy: policy.after.clone(),
        },
        requires: alias_is_free.into_iter().collect(),
        proves: vec![
            Condition::KeyUsable { key: key.clone() },
            Condition::KeyInRegion { key: key.clone(), region: bucket_region.clone() },
            Condition::PolicyIs { key: key.clone(), policy: policy.after.clone() },
            Condition::PolicyAdmitsCloudTrail { key, trail: trail.clone() },
        ],
        undo: Undo::Advice(
            "the key stays: log files that are encrypted with it are readable only while it exists. \
             To delete it once nobody needs them, disable it first, wait, and then schedule its \
             deletion (KMS ScheduleKeyDeletion, 7 to 30 days)"
                .to_owned(),
        ),
    }
}

fn create_alias(alias: &str, bucket_region: &Region) -> Step {
    let (region, alias) = (bucket_region.clone(), alias.to_owned());
    Step {
        id: StepId::CreateAlias,
        call: Call::CreateAlias {
            key: KeyTarget::Created,
            region: region.clone(),
            alias: alias.clone(),
        },
        requires: vec![Condition::AliasIsFree { region: region.clone(), alias: alias.clone() }],
        undo: Undo::Advice(format!(
            "the alias {alias} stays with the key; KMS DeleteAlias removes it"
        )),
        proves: vec![Condition::AliasNames { region, alias, key: KeyTarget::Created }],
    }
}

fn cancel_key_deletion(key: &ExistingKey<'_>, target: &KeyTarget) -> Step {
    let when = key.facts.deletion_date.map(|date| format!(" on {}", date.date()));
    let of = |state| Condition::KeyHasState { key: target.clone(), state };
    Step {
        id: StepId::CancelKeyDeletion,
        call: Call::CancelKeyDeletion { key: target.clone() },
        requires: vec![of(KeyState::PendingDeletion)],
        proves: vec![of(KeyState::Disabled)],
        undo: Undo::Advice(format!(
            "the key was scheduled for deletion{}; to delete it, schedule it again (KMS \
             ScheduleKeyDeletion, 7 to 30 days) once nobody needs log files encrypted with it",
            when.unwrap_or_default()
        )),
    }
}

fn enable_key(target: &KeyTarget) -> Step {
    let key = target.clone();
    Step {
        id: StepId::EnableKey,
        call: Call::EnableKey { key: key.clone() },
        requires: vec![Condition::KeyHasState { key: key.clone(), state: KeyState::Disabled }],
        proves: vec![Condition::KeyUsable { key: key.clone() }],
        undo: Undo::Call(Box::new(Call::DisableKey { key })),
    }
}

fn put_key_policy(input: &PlanInput<'_>, target: &KeyTarget, change: &PolicyChange) -> Step {
    let key = target.clone();
    let before = change.before.clone().unwrap_or_default();
    Step {
        id: StepId::PutKeyPolicy,
        call: Call::PutKeyPolicy { key: key.clone(), policy: change.after.clone() },
        requires: vec![Condition::PolicyIs { key: key.clone(), policy: before.clone() }],
        proves: vec![
            Condition::PolicyIs { key: key.clone(), policy: change.after.clone() },
            Condition::PolicyAdmitsCloudTrail {
                key: key.clone(),
                trail: input.current_state.trail.arn.clone(),
            },
        ],
        undo: Undo::Call(Box::new(Call::PutKeyPolicy { key, policy: before })),
    }
}

fn enable_rotation(input: &PlanInput<'_>, target: &KeyTarget) -> Step {
    let key = target.clone();
    let period_days_max = input.context.parameters.max_rotation_period_days;
    Step {
        id: StepId::EnableKeyRotation,
        call: Call::EnableKeyRotation { key: key.clone(), period_days: rotation_period(input) },
        requires: vec![Condition::KeyUsable { key: key.clone() }],
        proves: vec![Condition::RotationIsOn { key, period_days_max }],
        undo: Undo::Advice(
            "rotation stays on, which does no harm; KMS DisableKeyRotation turns it off".to_owned(),
        ),
    }
}

fn update_trail(input: &PlanInput<'_>, target: &KeyTarget, bucket_region: &Region) -> Step {
    let trail = input.current_state.trail.arn.clone();
    let key = target.clone();
    Step {
        id: StepId::UpdateTrail,
        call: Call::UpdateTrail {
            trail: trail.clone(),
            region: input.current_state.trail.home_region.clone(),
            key: Some(key.clone()),
        },
        requires: std::iter::once(former(input))
            .chain(Condition::can_encrypt(&key, bucket_region, &trail))
            .collect(),
        proves: vec![Condition::TrailUses { trail, key }],
        undo: undo_update(input),
    }
}

fn undo_update(input: &PlanInput<'_>) -> Undo {
    let trail = &input.current_state.trail;
    let back_to = |key| {
        Undo::Call(Box::new(Call::UpdateTrail {
            trail: trail.arn.clone(),
            region: trail.home_region.clone(),
            key,
        }))
    };
    match (&trail.key, &input.current_state.facts.key) {
        (None, _) => back_to(None),
        (Some(KeyRef::Key(arn)), _) => back_to(Some(KeyTarget::Existing(arn.clone()))),
        (Some(_), Reading::Known(facts)) => back_to(Some(KeyTarget::Existing(facts.arn.clone()))),
        (Some(named), Reading::Absent | Reading::Refused(_)) => Undo::Advice(format!(
            "the trail had key `{named}`, which could not be read; set it again by hand if you need it"
        )),
    }
}
