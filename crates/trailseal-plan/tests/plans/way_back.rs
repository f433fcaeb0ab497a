//! From every point of every plan there is a way back, or it is refused beforehand with the reason.

use trailseal_plan::{
    Force, Former, Plan, Present, Progress, Record, RefusalCode, Step, StepId, back_out, fold,
};
use trailseal_rule::{KeyState, Reading};

use crate::aws::Aws;
use crate::cases::{Case, now};
use crate::laws::{State, all_hold};

/// What the executor writes down before a step.
pub(crate) fn former(step: &Step, aws: &Aws) -> Former {
    let key = step.call.key().and_then(|target| target.arn()).and_then(|arn| aws.keys.get(arn));
    match (step.id, key) {
        (StepId::UpdateTrail | StepId::RestoreTrail, _) => Former::TrailKey(aws.trail_key.clone()),
        (StepId::PutKeyPolicy | StepId::RestoreKeyPolicy, Some(key)) => {
            Former::KeyPolicy(key.policy.clone())
        }
        (StepId::EnableKey | StepId::CancelKeyDeletion | StepId::DisableKey, Some(key)) => {
            Former::KeyState(key.facts.state.clone())
        }
        (StepId::EnableKeyRotation, Some(key)) => Former::Rotation(key.rotation.clone()),
        _ => Former::Nothing,
    }
}

/// The journal after so many whole steps.
pub(crate) fn records(plan: &Plan, states: &[State], whole_steps: usize) -> Vec<Record> {
    let time = now();
    let journal = "j-1".to_owned();
    let mut records = vec![Record::Begun { journal, plan: Box::new(plan.clone()), time }];
    for (index, step) in plan.steps.iter().take(whole_steps).enumerate() {
        let state = &states[index];
        let bound = &state.plan.steps[index];
        let created_key = (step.id == StepId::CreateKey)
            .then(|| states[index + 1].plan.key_arn().cloned())
            .flatten();
        records.extend([
            Record::Before { step: step.id, former: former(bound, &state.aws), time },
            Record::Done { step: step.id, request_id: None, created_key, time },
            Record::Verified { step: step.id, time },
        ]);
    }
    records
}

pub(crate) fn every_way_back_holds(
    case: &Case,
    plan: &Plan,
    states: &[State],
    words: &dyn Fn() -> String,
) {
    for whole_steps in 0..states.len() {
        let records = records(plan, states, whole_steps);
        way_back_holds(case, &fold(&records).unwrap(), &states[whole_steps].aws, words);
        // And from within the next step, which may have happened or not.
        if let Some(step) = plan.steps.get(whole_steps) {
            let bound = &states[whole_steps].plan.steps[whole_steps];
            let former = former(bound, &states[whole_steps].aws);
            let mut records = records.clone();
            records.push(Record::Before { step: step.id, former, time: now() });
            let progress = fold(&records).unwrap();
            way_back_holds(case, &progress, &states[whole_steps].aws, words);
            way_back_holds(case, &progress, &states[whole_steps + 1].aws, words);
        }
    }
}

fn way_back_holds(case: &Case, progress: &Progress, from: &Aws, words: &dyn Fn() -> String) {
    let present = |aws: &Aws| -> Present { aws.present(case.alias(), &progress.keys()) };
    let back_out_plan = match back_out(progress, &present(from), Force::No) {
        Ok(back_out_plan) => back_out_plan,
        Err(refusals) => {
            for refusal in refusals.iter() {
                let could_deliver = case.aws.can_deliver();
                let is_true = if refusal.code == RefusalCode::NothingToBackOut {
                    is_restored(&case.aws, from)
                } else if refusal.code == RefusalCode::FormerKeyCannotEncrypt {
                    !could_deliver || case.aws.hides_the_trails_key()
                } else {
                    refusal.code == RefusalCode::BackOutStopsDelivery
                        && !could_deliver
                        && from.can_deliver()
                };
                assert!(is_true, "{refusals} {}", words());
            }
            return;
        }
    };
    let mut aws = from.clone();
    for step in &back_out_plan.steps {
        all_hold(&step.requires, &aws, case.alias(), words);
        let delivered = aws.can_deliver();
        aws.call(&step.call).unwrap_or_else(|code| panic!("{code} {}", words()));
        all_hold(&step.proves, &aws, case.alias(), words);
        assert!(!delivered || aws.can_deliver(), "silent after {}: {}", step.id, words());
    }
    assert!(is_restored(&case.aws, &aws), "{}", words());
    let again = back_out(progress, &present(&aws), Force::No).unwrap_err();
    assert!(again.has(RefusalCode::NothingToBackOut), "{again} {}", words());
}

/// The trail, the policies and the states are as before. What is created stays, and so does
/// rotation; a deletion that was cancelled stays cancelled, with the key disabled.
pub(crate) fn is_restored(before: &Aws, after: &Aws) -> bool {
    let key_is_restored = before.keys.iter().all(|(arn, key)| {
        let now = &after.keys[arn];
        let is_same_state = now.facts.state == key.facts.state
            || (key.facts.state == KeyState::PendingDeletion
                && now.facts.state == KeyState::Disabled);
        is_same_state && now.policy == key.policy
    });
    let deletes_nothing = after.bucket_region != Reading::Absent;
    before.trail_key == after.trail_key && key_is_restored && deletes_nothing
}
