//! Every plan has a back-out after every step, or a refusal with the reason.

use serde_json::json;
use trailseal_plan::{Force, Plan, Present, Progress, Record, RefusalCode, StepId, back_out, fold};
use trailseal_rule::{KeyRef, KeyState, Reading, Refusal};

use crate::aws::{ACCOUNT, Aws, key, key_arn, region};
use crate::cases::{Case, Has, case, enabled, now, parameters};
use crate::laws::{HAS_ALL_CONSENT, State, all_hold, applied, every_action_is_listed};

/// The journal after this many complete steps.
pub(crate) fn records(plan: &Plan, states: &[State], whole_steps: usize) -> Vec<Record> {
    let time = now();
    let journal = "j-1".to_owned();
    let mut records = vec![Record::Begun { journal, plan: Box::new(plan.clone()), time }];
    for (index, step) in plan.steps.iter().take(whole_steps).enumerate() {
        let created_key = (step.id == StepId::CreateKey)
            .then(|| states[index + 1].plan.key_arn().cloned())
            .flatten();
        records.extend([
            Record::Before { step: step.id, time },
            Record::Done { step: step.id, request_id: None, created_key, time },
            Record::Verified { step: step.id, time },
        ]);
    }
    records
}

pub(crate) fn every_back_out_holds(
    case: &Case,
    plan: &Plan,
    states: &[State],
    context: &dyn Fn() -> String,
) {
    for whole_steps in 0..states.len() {
        let records = records(plan, states, whole_steps);
        back_out_holds(case, &fold(&records).unwrap(), &states[whole_steps].aws, context);
        // And during the next step, whose call may have been made.
        if let Some(step) = plan.steps.get(whole_steps) {
            let mut records = records.clone();
            records.push(Record::Before { step: step.id, time: now() });
            let progress = fold(&records).unwrap();
            back_out_holds(case, &progress, &states[whole_steps].aws, context);
            back_out_holds(case, &progress, &states[whole_steps + 1].aws, context);
        }
    }
}

fn back_out_holds(case: &Case, progress: &Progress, from: &Aws, context: &dyn Fn() -> String) {
    let present = |aws: &Aws| -> Present { aws.present(case.alias(), &progress.keys()) };
    let back_out_plan = match back_out(progress, &present(from), Force::No) {
        Ok(back_out_plan) => back_out_plan,
        Err(refusals) => {
            for refusal in refusals.iter() {
                let could_deliver = case.aws.can_deliver();
                let is_true = if refusal.code == RefusalCode::NothingToBackOut {
                    is_restored(&case.aws, from)
                } else if refusal.code == RefusalCode::FormerKeyCannotEncrypt {
                    !could_deliver || case.aws.denies_the_trails_key()
                } else {
                    refusal.code == RefusalCode::BackOutStopsDelivery
                        && !could_deliver
                        && from.can_deliver()
                };
                assert!(is_true, "{refusals} {}", context());
            }
            return;
        }
    };
    every_action_is_listed(case, &back_out_plan, context);
    let mut aws = from.clone();
    for step in &back_out_plan.steps {
        all_hold(&step.requires, &aws, case.alias(), context);
        let delivered = aws.can_deliver();
        aws.call(&step.call).unwrap_or_else(|code| panic!("{code} {}", context()));
        all_hold(&step.proves, &aws, case.alias(), context);
        assert!(!delivered || aws.can_deliver(), "no delivery after {}: {}", step.id, context());
    }
    assert!(is_restored(&case.aws, &aws), "{}", context());
    let again = back_out(progress, &present(&aws), Force::No).unwrap_err();
    assert!(again.has(RefusalCode::NothingToBackOut), "{again} {}", context());
}

/// A journal can name another Region of the bucket, and a former key that is there.
#[test]
fn the_region_of_the_bucket_is_that_of_s3() {
    let former = key_arn("eu-west-1", ACCOUNT, 'f');
    let case = case(Has::None, &enabled(), 0, HAS_ALL_CONSENT);
    let plan = case.plan(&parameters(&json!({}))).unwrap();
    let states = applied(&case, &plan, &|| "a plan".to_owned());
    let mut progress = fold(&records(&plan, &states, plan.steps.len())).unwrap();
    progress.remediation.plan.bucket_region = region("eu-west-1");
    progress.remediation.plan.former_key = Some(KeyRef::Key(former.clone()));
    let mut aws = states.last().unwrap().aws.clone();
    let policy = aws.keys[plan.key_arn().unwrap()].policy.clone();
    aws.add(key(former.clone(), &policy));
    for force in [Force::No, Force::Yes] {
        let refused = back_out(&progress, &aws.present(None, &[]), force).unwrap_err();
        assert!(refused.has(RefusalCode::FormerKeyCannotEncrypt), "{refused}");
    }
    aws.bucket_region = Reading::Known(region("eu-west-1"));
    let allowed = back_out(&progress, &aws.present(None, &[]), Force::No).unwrap();
    assert_eq!(allowed.bucket_region, region("eu-west-1"));
    let denied = Reading::Refused(Refusal::AccessDenied { action: "s3:HeadBucket" });
    for (bucket_region, code) in
        [(denied, RefusalCode::ReadingDenied), (Reading::Absent, RefusalCode::Unverified)]
    {
        aws.bucket_region = bucket_region;
        for force in [Force::No, Force::Yes] {
            let refused = back_out(&progress, &aws.present(None, &[]), force).unwrap_err();
            assert!(refused.has(code), "{refused}");
        }
    }
}

/// Only a former key must be in the Region of the bucket.
#[test]
fn a_back_out_without_a_former_key_needs_no_region_of_the_bucket() {
    let case = case(Has::None, &enabled(), 0, HAS_ALL_CONSENT);
    let plan = case.plan(&parameters(&json!({}))).unwrap();
    let states = applied(&case, &plan, &|| "a plan".to_owned());
    let mut progress = fold(&records(&plan, &states, plan.steps.len())).unwrap();
    let mut aws = states.last().unwrap().aws.clone();
    let denied = Reading::Refused(Refusal::AccessDenied { action: "s3:HeadBucket" });
    for bucket_region in [denied, Reading::Absent] {
        aws.bucket_region = bucket_region;
        let allowed = back_out(&progress, &aws.present(None, &[]), Force::No).unwrap();
        assert!(allowed.steps.iter().any(|step| step.id == StepId::RestoreTrail));
    }
    // Somebody has given the trail its former key since.
    let former = Some(KeyRef::Key(key_arn("eu-west-1", ACCOUNT, 'f')));
    progress.remediation.plan.former_key.clone_from(&former);
    aws.trail_key = former;
    let allowed = back_out(&progress, &aws.present(None, &[]), Force::No).unwrap();
    let steps: Vec<StepId> = allowed.steps.iter().map(|step| step.id).collect();
    assert_eq!(steps, [StepId::RestoreKeyPolicy]);
}

/// Whether the trail, the policies and the states are as before. A created key, its rotation and a
/// cancelled deletion stay.
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
