//! Makes a plan, or all reasons against one.

mod bucket_policy;
mod gate;
mod key;
mod policies;
mod proof;
mod steps;
mod warnings;

use std::borrow::Cow;

use trailseal_rule::key_policy::grants::Grant;
use trailseal_rule::key_policy::question::TrailAndKey;
use trailseal_rule::{
    BucketName, EvaluationContext, KeyArn, Parameters, Reading, Region, Replicas, Standing, Trail,
};

use crate::current_state::{Consent, CurrentState, TargetKey};
use crate::permissions::permissions;
use crate::plan_data::{Cost, Plan, PlannedKey, Purpose};
use crate::planning::key::RequestedKey;
use crate::refusal::{Reasons, RefusalCode, Refusals};

#[derive(Clone, Copy, Debug)]
struct PlanInput<'a> {
    context: &'a EvaluationContext<'a>,
    current_state: &'a CurrentState,
    target_key: &'a TargetKey,
    consent: &'a Consent,
}

impl<'a> PlanInput<'a> {
    fn question(&self, key: Option<&'a KeyArn>) -> TrailAndKey<'a> {
        TrailAndKey { trail: &self.current_state.trail.arn, key }
    }
}

/// Plans the steps that give the trail the requested key.
///
/// - A trail that is sealed, not evaluated or unverified gets no plan.
/// - The trail's key is replaced only with [`Consent::replace_key`]. If it is the requested key, it
///   is repaired.
/// - The rule itself proves the plan: it must find the trail sealed after the last step, under the
///   same parameters.
///
/// # Errors
///
/// All reasons why there is no plan. A reason that makes the others pointless (a sealed trail, a
/// copy, an exempt trail) comes alone.
pub fn plan(
    context: &EvaluationContext<'_>,
    current_state: &CurrentState,
    target_key: &TargetKey,
    consent: &Consent,
) -> Result<Plan, Refusals> {
    let parameters = parameters_for(context.parameters, &current_state.trail);
    let context = &EvaluationContext { parameters: &parameters, now: context.now };
    let input = PlanInput { context, current_state, target_key, consent };
    let mut reasons = Reasons::default();
    gate::pass(&input, &mut reasons)?;
    let bucket = bucket(&input, &mut reasons);
    let key = key::requested(&input, bucket.as_ref().map(|(_, region)| *region), &mut reasons);
    let policy = key.as_ref().and_then(|key| policies::planned(&input, key, &mut reasons));
    let denies = key
        .as_ref()
        .zip(bucket)
        .and_then(|(key, (bucket, region))| bucket_policy::denies(&input, key, bucket, region));
    if let Some(denies) = &denies {
        denies.refuse(&mut reasons);
    }
    reasons.add_denials();
    let (Some((bucket, bucket_region)), Some(key), Some(policy)) = (bucket, key, policy) else {
        return Err(reasons.into_refusals());
    };
    reasons.or_refuse()?;

    let steps = steps::steps(&input, &key, &policy, bucket_region);
    proof::prove(&input, &key, &policy, bucket_region, !steps.is_empty())?;
    let readers = warnings::readers(&input, &key, &policy);
    let mut plan = Plan {
        purpose: Purpose::Seal,
        trail: current_state.trail.arn.clone(),
        account: current_state.caller.clone(),
        home_region: current_state.trail.home_region.clone(),
        bucket: bucket.clone(),
        bucket_region: bucket_region.clone(),
        key: key.planned(bucket_region),
        former_key: current_state.trail.key.clone(),
        warnings: warnings::warnings(&input, &key, &readers, denies.as_ref()),
        readers,
        cost: matches!(key, RequestedKey::New(_)).then(new_key_cost),
        permissions: Vec::new(),
        policy_change: policy.change,
        steps,
    };
    plan.permissions = permissions(&plan, key.arn().map_or(&[], std::slice::from_ref));
    Ok(plan)
}

/// The parameters for reading and evaluating a trail to change it. A delegated administrator sees
/// the organization trail as a copy, which is evaluated as well.
pub fn parameters_for<'a>(parameters: &'a Parameters, trail: &Trail) -> Cow<'a, Parameters> {
    match trail.standing() {
        Standing::MemberCopy => {
            Cow::Owned(Parameters { replicas: Replicas::Evaluate, ..parameters.clone() })
        }
        Standing::Own | Standing::Shadow => Cow::Borrowed(parameters),
    }
}

/// The grants that CloudTrail needs in the policy of the requested key.
fn grants(input: &PlanInput<'_>) -> Vec<Grant> {
    let has_bucket_key = input.current_state.bucket_key == Reading::Known(true);
    let decrypt = has_bucket_key.then_some(Grant::Decrypt);
    [Grant::Encrypt, Grant::Describe].into_iter().chain(decrypt).collect()
}

/// The fix for a key of another account: the statements that its owner must add.
fn statements_for_owner(input: &PlanInput<'_>) -> String {
    let question = input.question(None);
    let statements: Vec<String> = grants(input)
        .into_iter()
        .map(|grant| grant.statement(&question, Some(grant.sid())))
        .collect();
    format!("ask its owner to add to the key policy {}", statements.join(","))
}

/// Two stand-ins for the new key.
fn stand_ins(input: &PlanInput<'_>, region: &Region) -> [KeyArn; 2] {
    let CurrentState { trail, caller, .. } = input.current_state;
    KeyArn::stand_ins(trail.arn.partition(), region, caller)
}

fn bucket<'a>(
    input: &PlanInput<'a>,
    reasons: &mut Reasons,
) -> Option<(&'a BucketName, &'a Region)> {
    let Some(bucket) = &input.current_state.trail.bucket else {
        reasons.push(
            RefusalCode::BucketRegionUnknown,
            "the trail has no valid bucket name",
            "check the trail's S3BucketName",
        );
        return None;
    };
    match &input.current_state.bucket_region {
        Reading::Known(region) => return Some((bucket, region)),
        Reading::Absent => reasons.push(
            RefusalCode::BucketMissing,
            format!("the trail's bucket {bucket} does not exist"),
            "set an existing bucket on the trail first",
        ),
        Reading::Refused(refusal) => {
            if !reasons.was_denied(refusal) {
                reasons.push(
                    RefusalCode::BucketRegionUnknown,
                    format!("could not read the Region of bucket {bucket}: {refusal}"),
                    "allow requests to S3: the key must be in the bucket's Region",
                );
            }
        }
    }
    None
}

/// AWS KMS pricing, "AWS KMS keys": one dollar per month for a key, and one more for each of its
/// first two rotations.
fn new_key_cost() -> Cost {
    Cost {
        monthly_usd: 1,
        monthly_usd_after_two_rotations: 3,
        words:
            "1 USD per month for the key, 2 USD after its first rotation, 3 USD after its second \
                and later ones; plus requests to KMS (AWS KMS pricing)"
                .to_owned(),
    }
}

impl RequestedKey<'_> {
    fn arn(&self) -> Option<&KeyArn> {
        match self {
            Self::Existing(key) => Some(&key.facts.arn),
            Self::New(_) => None,
        }
    }

    fn planned(&self, bucket_region: &Region) -> PlannedKey {
        match self {
            Self::Existing(key) => PlannedKey::Existing(key.facts.arn.clone()),
            Self::New(_) => PlannedKey::ToCreate { region: bucket_region.clone() },
        }
    }
}
