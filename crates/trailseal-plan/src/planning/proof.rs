//! The rule itself judges what the plan leads to.

use trailseal_rule::{
    Delivery, Facts, KeyArn, KeyFacts, KeyManager, KeyOrigin, KeyPolicy, KeyRef, KeySpec, KeyState,
    KeyUsage, Reading, Refusal, Region, Rotation, Trail, Verdict, evaluate,
};

use crate::planning::Case;
use crate::planning::key::{ExistingKey, RequestedKey, turn_on};
use crate::planning::policies::PlannedPolicy;
use crate::refusal::{Found, RefusalCode, Refusals};

/// INVARIANT (proven-by-the-rule): a plan is given out only if `evaluate` makes a proof of what is
/// there after its last step, under the same parameters.
pub(super) fn prove(
    case: &Case<'_>,
    key: &RequestedKey<'_>,
    policy: &PlannedPolicy,
    changes_anything: bool,
) -> Result<(), Refusals> {
    let mut found = Found::default();
    for (trail, facts) in outcomes(case, key, policy, changes_anything) {
        match evaluate(case.context, &trail, &facts).verdict {
            Verdict::Sealed(_) => {}
            Verdict::NotApplicable(why) => {
                found.push(RefusalCode::NotJudged, why, "look at the rule's parameters");
            }
            Verdict::Broken(results) | Verdict::Unverified(results) => {
                for result in results {
                    let Some(finding) = result.outcome.finding() else { continue };
                    let cause = &finding.cause;
                    let what = format!("after the plan {} would not pass: {cause}", result.check);
                    found.push(RefusalCode::WouldStillFail, what, finding.fix_in_full());
                }
            }
        }
    }
    found.unless_any()
}

/// What is there after the plan. The id of a new key is not known before, so two stand for it.
fn outcomes(
    case: &Case<'_>,
    key: &RequestedKey<'_>,
    policy: &PlannedPolicy,
    changes_anything: bool,
) -> Vec<(Trail, Facts)> {
    let bucket_region = case.current_state.bucket_region.clone();
    let outcome = |key: KeyFacts, rotation: Reading<Rotation>| {
        let trail =
            Trail { key: Some(KeyRef::Key(key.arn.clone())), ..case.current_state.trail.clone() };
        let facts = Facts {
            key: Reading::Known(key),
            bucket_region: bucket_region.clone(),
            rotation,
            key_policy: Reading::Known(KeyPolicy::new(policy.after.clone())),
            delivery: delivery(case, changes_anything),
            ..Facts::unread()
        };
        (trail, facts)
    };
    let turned_on =
        Reading::Known(Rotation::On { period_days: turn_on(case).period_days, next: None });
    match (key, &bucket_region) {
        (RequestedKey::Existing(key), _) => {
            let rotation = match key.rotation {
                Some(_) => turned_on,
                None => case.current_state.candidate.rotation.clone(),
            };
            vec![outcome(enabled(key), rotation)]
        }
        (RequestedKey::New(_), Reading::Known(region)) => stand_ins(case, region)
            .into_iter()
            .map(|arn| outcome(created(arn), turned_on.clone()))
            .collect(),
        (RequestedKey::New(_), Reading::Absent | Reading::Refused(_)) => {
            vec![(case.current_state.trail.clone(), Facts::unread())]
        }
    }
}

/// Two ids that no pattern tells apart unless it depends on the id.
pub(super) fn stand_ins(case: &Case<'_>, region: &Region) -> Vec<KeyArn> {
    let (partition, account) =
        (case.current_state.trail.arn.partition(), &case.current_state.caller);
    ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"]
        .into_iter()
        .filter_map(|id| {
            KeyArn::parse(&format!("arn:{partition}:kms:{region}:{account}:key/{id}")).ok()
        })
        .collect()
}

fn enabled(key: &ExistingKey<'_>) -> KeyFacts {
    KeyFacts { state: KeyState::Enabled, deletion_date: None, ..key.facts.clone() }
}

fn created(arn: KeyArn) -> KeyFacts {
    KeyFacts {
        arn,
        manager: KeyManager::Customer,
        state: KeyState::Enabled,
        usage: KeyUsage::EncryptDecrypt,
        spec: KeySpec::SymmetricDefault,
        origin: KeyOrigin::AwsKms,
        valid_to: None,
        deletion_date: None,
        is_replica: false,
    }
}

/// CloudTrail's word on deliveries is about the time before the plan. Once something is changed the
/// next delivery counts, and whoever carries out the plan looks at it; what could not be read stays
/// unread.
fn delivery(case: &Case<'_>, changes_anything: bool) -> Reading<Delivery> {
    match &case.current_state.facts.delivery {
        Reading::Known(_) | Reading::Refused(Refusal::NotRead) if changes_anything => {
            let is_logging = match &case.current_state.facts.delivery {
                Reading::Known(delivery) => delivery.is_logging,
                Reading::Absent | Reading::Refused(_) => None,
            };
            let delivered = Some(case.context.now);
            Reading::Known(Delivery { delivered, is_logging, ..Delivery::default() })
        }
        Reading::Known(_) | Reading::Absent | Reading::Refused(_) => {
            case.current_state.facts.delivery.clone()
        }
    }
}
