//! The permissions that a plan needs.

use std::collections::BTreeSet;

use trailseal_rule::KeyArn;

use crate::call::{Call, KeyTarget};
use crate::journal::{Phase, StepProgress, StepState};
use crate::plan_data::{Permission, Plan, Purpose, Step};

/// The permissions for the calls of a plan, and for the reads before and after them. Without `keys`,
/// the key is to be created.
pub(crate) fn permissions(plan: &Plan, keys: &[KeyArn]) -> Vec<Permission> {
    let trail = plan.trail.as_str();
    let mut needed = BTreeSet::from([permission("cloudtrail:DescribeTrails", "*")]);
    for action in ["cloudtrail:GetTrail", "cloudtrail:GetTrailStatus"] {
        needed.insert(permission(action, trail));
    }
    if plan.purpose == Purpose::Seal {
        needed.insert(permission("cloudtrail:ListTags", trail));
        needed.insert(permission("config:BatchGetResourceConfig", "*"));
    }
    let any_key = keys.is_empty().then(|| any_key(plan));
    for key in keys.iter().map(ToString::to_string).chain(any_key) {
        for action in ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus"] {
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

fn of_call(plan: &Plan, call: &Call) -> Vec<Permission> {
    let of_key = |action: &str, key: &KeyTarget| {
        let key = key.arn().map_or_else(|| any_key(plan), ToString::to_string);
        vec![permission(action, &key)]
    };
    match call {
        // A resumed run finds the created key by its tag.
        Call::CreateKey { .. } => vec![
            permission("kms:CreateKey", "*"),
            permission("kms:TagResource", "*"),
            permission("kms:ListKeys", "*"),
            permission("kms:ListResourceTags", &any_key(plan)),
        ],
        Call::CreateAlias { key, region, alias } => {
            let (partition, account) = (plan.trail.partition(), &plan.account);
            let alias = format!("arn:{partition}:kms:{region}:{account}:{alias}");
            let of_alias = permission("kms:CreateAlias", &alias);
            [of_key("kms:CreateAlias", key), vec![of_alias]].concat()
        }
        Call::CancelKeyDeletion { key } => of_key("kms:CancelKeyDeletion", key),
        Call::EnableKey { key } => of_key("kms:EnableKey", key),
        Call::DisableKey { key } => of_key("kms:DisableKey", key),
        Call::PutKeyPolicy { key, .. } => of_key("kms:PutKeyPolicy", key),
        Call::EnableKeyRotation { key, .. } => of_key("kms:EnableKeyRotation", key),
        Call::UpdateTrail { trail, .. } => {
            vec![permission("cloudtrail:UpdateTrail", trail.as_str())]
        }
    }
}

fn any_key(plan: &Plan) -> String {
    let Plan { trail, account, bucket_region, .. } = plan;
    format!("arn:{}:kms:{bucket_region}:{account}:key/*", trail.partition())
}

fn permission(action: &str, resource: &str) -> Permission {
    Permission { action: action.to_owned(), resource: resource.to_owned() }
}
