//! The rule's evaluation of the state after the plan.

use trailseal_rule::{
    Delivery, Facts, KeyFacts, KeyPolicy, KeyRef, Reading, Refusal, Region, Rotation, Trail,
    Verdict, evaluate,
};

use crate::planning::key::{RequestedKey, rotation_period};
use crate::planning::policies::PlannedPolicy;
use crate::planning::{PlanInput, stand_ins};
use crate::refusal::{Reasons, RefusalCode, Refusals};

/// INVARIANT (proven-by-the-rule): a plan exists only if `evaluate` finds the trail sealed after the
/// last step, under the same parameters.
pub(super) fn prove(
    input: &PlanInput<'_>,
    key: &RequestedKey<'_>,
    policy: &PlannedPolicy,
    bucket_region: &Region,
    changes_anything: bool,
) -> Result<(), Refusals> {
    let mut reasons = Reasons::default();
    for (trail, facts) in outcomes(input, key, policy, bucket_region, changes_anything) {
        match evaluate(input.context, &trail, &facts).verdict {
            Verdict::Sealed(_) => {}
            Verdict::NotApplicable(why) => {
                reasons.push(RefusalCode::NotJudged, why, "check the rule's parameters");
            }
            Verdict::Broken(results) | Verdict::Unverified(results) => {
                for result in results {
                    let Some(finding) = result.outcome.finding() else { continue };
                    let cause = &finding.cause;
                    let what = format!("{} would still fail after the plan: {cause}", result.check);
                    reasons.push(RefusalCode::WouldStillFail, what, finding.fix_in_full());
                }
            }
        }
    }
    reasons.or_refuse()
}

/// The states after the plan: one for each stand-in for the ID of a new key.
fn outcomes(
    input: &PlanInput<'_>,
    key: &RequestedKey<'_>,
    policy: &PlannedPolicy,
    bucket_region: &Region,
    changes_anything: bool,
) -> Vec<(Trail, Facts)> {
    let outcome = |key: KeyFacts, rotation: Reading<Rotation>| {
        let trail =
            Trail { key: Some(KeyRef::Key(key.arn.clone())), ..input.current_state.trail.clone() };
        let facts = Facts {
            key: Reading::Known(key),
            bucket_region: Reading::Known(bucket_region.clone()),
            rotation,
            key_policy: Reading::Known(KeyPolicy::new(policy.after.clone())),
            delivery: delivery(input, changes_anything),
            ..Facts::unread()
        };
        (trail, facts)
    };
    let turned_on = Rotation::On { period_days: rotation_period(input), next: None };
    let turned_on = Reading::Known(turned_on);
    match key {
        RequestedKey::Existing(key) => {
            let rotation = if key.turns_rotation_on {
                turned_on
            } else {
                input.current_state.candidate.rotation.clone()
            };
            vec![outcome(key.activation.applied_to(key.facts), rotation)]
        }
        RequestedKey::New(_) => stand_ins(input, bucket_region)
            .into_iter()
            .map(|arn| outcome(KeyFacts::symmetric(arn), turned_on.clone()))
            .collect(),
    }
}

/// The delivery status describes the time before the plan. After a change the next delivery counts,
/// and it is checked after applying the plan. A status that could not be read stays unread.
fn delivery(input: &PlanInput<'_>, changes_anything: bool) -> Reading<Delivery> {
    let status = &input.current_state.facts.delivery;
    let is_logging = match status {
        Reading::Known(delivery) if changes_anything => delivery.is_logging,
        Reading::Refused(Refusal::NotRead) if changes_anything => None,
        Reading::Known(_) | Reading::Absent | Reading::Refused(_) => return status.clone(),
    };
    let delivered = Some(input.context.now);
    Reading::Known(Delivery { delivered, is_logging, ..Delivery::default() })
}
