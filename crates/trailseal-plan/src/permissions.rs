//! The permissions that a plan needs.

use std::collections::BTreeSet;

use strum::VariantArray as _;
use trailseal_rule::KeyArn;

use crate::call::{Call, CallKind, KeyTarget};
use crate::current_state::Consent;
use crate::journal::{Phase, StepProgress, StepState};
use crate::plan_data::{Permission, Plan, Purpose, Step};

/// The reads before a trail is planned.
const TRAIL_READS: [&str; 2] = ["cloudtrail:GetTrail", "cloudtrail:GetTrailStatus"];
const KEY_READS: [&str; 3] = ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus"];
const DESCRIBE_TRAILS: &str = "cloudtrail:DescribeTrails";
const LIST_TAGS: &str = "cloudtrail:ListTags";
const GET_CONFIGURATION: &str = "config:BatchGetResourceConfig";
const LIST_RESOURCE_TAGS: &str = "kms:ListResourceTags";

/// The permissions for the calls of a plan, and for the reads before and after them. Without `keys`,
/// the key is to be created.
pub(crate) fn permissions(plan: &Plan, keys: &[KeyArn]) -> Vec<Permission> {
    let trail = plan.trail.as_str();
    let mut needed = BTreeSet::from([permission(DESCRIBE_TRAILS, "*")]);
    for action in TRAIL_READS {
        needed.insert(permission(action, trail));
    }
    if plan.purpose == Purpose::Seal {
        needed.insert(permission(LIST_TAGS, trail));
        needed.insert(permission(GET_CONFIGURATION, "*"));
    }
    let any_key = keys.is_empty().then(|| any_key(plan));
    for key in keys.iter().map(ToString::to_string).chain(any_key) {
        for action in KEY_READS {
            needed.insert(permission(action, &key));
        }
    }
    for step in &plan.steps {
        needed.extend(of_call(plan, &step.call));
    }
    needed.into_iter().collect()
}

/// The permissions that resuming a plan needs: for the reads, and for every call that is left, the
/// denied one included.
pub fn permissions_left(phase: &Phase) -> Vec<Permission> {
    let plan = &phase.plan;
    let of_step = |step: &Step| of_call(plan, &step.call);
    let of_steps: BTreeSet<String> =
        plan.steps.iter().flat_map(of_step).map(|permission| permission.action).collect();
    let reads = plan.permissions.iter().filter(|read| !of_steps.contains(&read.action)).cloned();
    let is_left = |(_, progress): &(&Step, &StepProgress)| progress.state != StepState::Verified;
    let steps = plan.steps.iter().zip(&phase.steps).filter(is_left);
    let left = steps.flat_map(|(step, _)| of_step(step));
    let all: BTreeSet<Permission> = reads.chain(left).collect();
    all.into_iter().collect()
}

/// The actions of everything that sealing a trail and its back-out may read and call.
pub fn every_action(creates_key: bool, consent: &Consent) -> BTreeSet<&'static str> {
    let is_possible = |kind: &&CallKind| match kind {
        CallKind::CreateKey | CallKind::CreateAlias => creates_key,
        CallKind::CancelKeyDeletion => consent.cancel_key_deletion,
        CallKind::EnableKey | CallKind::DisableKey => consent.enable_key,
        CallKind::PutKeyPolicy | CallKind::EnableKeyRotation | CallKind::UpdateTrail => true,
    };
    let calls = CallKind::VARIANTS.iter().filter(is_possible);
    let reads = [DESCRIBE_TRAILS, LIST_TAGS, GET_CONFIGURATION].into_iter();
    let reads = reads.chain(TRAIL_READS).chain(KEY_READS);
    reads.chain(calls.flat_map(|kind| actions(*kind).iter().copied())).collect()
}

fn actions(call: CallKind) -> &'static [&'static str] {
    match call {
        // A resumed run finds the created key by its tag.
        CallKind::CreateKey => {
            &["kms:CreateKey", "kms:TagResource", "kms:ListKeys", LIST_RESOURCE_TAGS]
        }
        CallKind::CreateAlias => &["kms:CreateAlias"],
        CallKind::CancelKeyDeletion => &["kms:CancelKeyDeletion"],
        CallKind::EnableKey => &["kms:EnableKey"],
        CallKind::DisableKey => &["kms:DisableKey"],
        CallKind::PutKeyPolicy => &["kms:PutKeyPolicy"],
        CallKind::EnableKeyRotation => &["kms:EnableKeyRotation"],
        CallKind::UpdateTrail => &["cloudtrail:UpdateTrail"],
    }
}

fn of_call(plan: &Plan, call: &Call) -> Vec<Permission> {
    let of_action = |action: &&str| {
        let permission = |resource: String| permission(action, &resource);
        resources(plan, call, action).into_iter().map(permission).collect::<Vec<_>>()
    };
    actions(call.into()).iter().flat_map(of_action).collect()
}

/// The resources of an action of a call.
fn resources(plan: &Plan, call: &Call, action: &str) -> Vec<String> {
    let of_key = |key: &KeyTarget| key.arn().map_or_else(|| any_key(plan), ToString::to_string);
    match call {
        Call::CreateKey { .. } if action == LIST_RESOURCE_TAGS => vec![any_key(plan)],
        Call::CreateKey { .. } => vec!["*".to_owned()],
        Call::CreateAlias { key, region, alias } => {
            let (partition, account) = (plan.trail.partition(), &plan.account);
            vec![of_key(key), format!("arn:{partition}:kms:{region}:{account}:{alias}")]
        }
        Call::CancelKeyDeletion { key }
        | Call::EnableKey { key }
        | Call::DisableKey { key }
        | Call::PutKeyPolicy { key, .. }
        | Call::EnableKeyRotation { key, .. } => vec![of_key(key)],
        Call::UpdateTrail { trail, .. } => vec![trail.as_str().to_owned()],
    }
}

fn any_key(plan: &Plan) -> String {
    let Plan { trail, account, bucket_region, .. } = plan;
    format!("arn:{}:kms:{bucket_region}:{account}:key/*", trail.partition())
}

fn permission(action: &str, resource: &str) -> Permission {
    Permission { action: action.to_owned(), resource: resource.to_owned() }
}
