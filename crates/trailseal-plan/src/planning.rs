//! From what was read and requested to a plan, or to every reason against one.

mod gate;
mod key;
mod policies;
mod proof;
mod steps;
mod warnings;

use std::borrow::Cow;

use trailseal_rule::key_policy::grants::Grant;
use trailseal_rule::{
    BucketName, EvaluationContext, KeyArn, Parameters, Reading, Region, Replicas, Standing, Trail,
};

use crate::current_state::{Consent, CurrentState, TargetKey};
use crate::permissions::{Scope, permissions};
use crate::plan_data::{Cost, Plan, PlannedKey, Purpose};
use crate::planning::key::RequestedKey;
use crate::refusal::{Found, RefusalCode, Refusals};

/// What is planned for.
#[derive(Clone, Copy, Debug)]
struct Case<'a> {
    context: &'a EvaluationContext<'a>,
    current_state: &'a CurrentState,
    target_key: &'a TargetKey,
    consent: &'a Consent,
}

/// Plans how the trail gets the requested key.
///
/// - Nothing is planned for a trail that is sealed, that is not judged, or of which nothing was
///   found wrong but something could not be verified.
/// - A key that the trail has is replaced only with [`Consent::replace_key`]; if it is the requested
///   one, it is mended.
/// - The plan is proven by the rule itself: what is there after the last step is judged under the
///   same parameters, and must be sealed.
///
/// # Errors
///
/// Every reason why there is no plan, at once. What leaves nothing else to ask (a sealed trail, a
/// copy, an exempt trail) comes alone.
pub fn plan(
    context: &EvaluationContext<'_>,
    current_state: &CurrentState,
    target_key: &TargetKey,
    consent: &Consent,
) -> Result<Plan, Refusals> {
    let parameters = parameters_for(context.parameters, &current_state.trail);
    let context = &EvaluationContext { parameters: &parameters, now: context.now };
    let case = Case { context, current_state, target_key, consent };
    let mut found = Found::default();
    gate::pass(&case, &mut found)?;
    let bucket = bucket(&case, &mut found);
    let key = key::requested(&case, bucket.as_ref().map(|(_, region)| *region), &mut found);
    let policy = key.as_ref().and_then(|key| policies::planned(&case, key, &mut found));
    found.deny_readings();
    let (Some((bucket, bucket_region)), Some(key), Some(policy)) = (bucket, key, policy) else {
        return Err(found.into_refusals());
    };
    found.unless_any()?;

    let steps = steps::steps(&case, &key, &policy, bucket_region);
    proof::prove(&case, &key, &policy, !steps.is_empty())?;
    let readers = warnings::readers(&case, &key, &policy);
    let (trail, account) = (&current_state.trail.arn, &current_state.caller);
    let scope = Scope { trail, account, bucket_region };
    Ok(Plan {
        purpose: Purpose::Seal,
        trail: trail.clone(),
        account: account.clone(),
        home_region: current_state.trail.home_region.clone(),
        bucket: bucket.clone(),
        bucket_region: bucket_region.clone(),
        key: key.planned(bucket_region),
        former_key: current_state.trail.key.clone(),
        warnings: warnings::warnings(&case, &key, &readers),
        readers,
        cost: matches!(key, RequestedKey::New(_)).then(new_key_cost),
        permissions: permissions(Purpose::Seal, &scope, &[key.arn()], &steps),
        policy_change: policy.change,
        steps,
    })
}

/// The parameters under which a trail is read and evaluated to change it: the organization's trail is
/// evaluated also where a delegated administrator sees it, which is as a copy.
#[must_use]
pub fn parameters_for<'a>(parameters: &'a Parameters, trail: &Trail) -> Cow<'a, Parameters> {
    match trail.standing() {
        Standing::MemberCopy => {
            Cow::Owned(Parameters { replicas: Replicas::Evaluate, ..parameters.clone() })
        }
        Standing::Own | Standing::Shadow => Cow::Borrowed(parameters),
    }
}

/// The grants that CloudTrail needs of a key which the trail is to get.
fn grants(case: &Case<'_>) -> Vec<Grant> {
    let has_bucket_key = case.current_state.bucket_key == Reading::Known(true);
    let decrypt = has_bucket_key.then_some(Grant::Decrypt);
    [Grant::Encrypt, Grant::Describe].into_iter().chain(decrypt).collect()
}

fn bucket<'a>(case: &Case<'a>, found: &mut Found) -> Option<(&'a BucketName, &'a Region)> {
    let Some(bucket) = &case.current_state.trail.bucket else {
        found.push(
            RefusalCode::BucketRegionUnknown,
            "the trail names no possible bucket",
            "look at the trail's S3BucketName",
        );
        return None;
    };
    match &case.current_state.bucket_region {
        Reading::Known(region) => return Some((bucket, region)),
        Reading::Absent => found.push(
            RefusalCode::BucketMissing,
            format!("the trail's bucket {bucket} does not exist"),
            "let the trail deliver to a bucket of yours first",
        ),
        Reading::Refused(refusal) => {
            if !found.was_denied(refusal) {
                found.push(
                    RefusalCode::BucketRegionUnknown,
                    format!("the Region of bucket {bucket} is not known: {refusal}"),
                    "let S3 be asked for the bucket: the key must be in its Region",
                );
            }
        }
    }
    None
}

/// AWS KMS pricing, "AWS KMS keys": a dollar a month for a key, and one more for each of its first
/// two rotations.
fn new_key_cost() -> Cost {
    Cost {
        monthly_usd: 1,
        monthly_usd_after_two_rotations: 3,
        words: "1 USD a month for the key, 2 USD after its first rotation, 3 USD after its second \
                and from then on; requests to KMS come on top (AWS KMS pricing)"
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
