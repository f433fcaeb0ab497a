//! The permissions that a plan needs.

use std::collections::BTreeSet;

use trailseal_rule::{AccountId, KeyArn, Region, TrailArn};

use crate::call::{Call, KeyTarget};
use crate::journal::{Phase, StepState};
use crate::plan_data::{Permission, Purpose, Step};

/// The resources of a plan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'a> {
    pub(crate) trail: &'a TrailArn,
    pub(crate) account: &'a AccountId,
    pub(crate) bucket_region: &'a Region,
}

/// The permissions for the calls and for the reads before and after them. `None` in `keys` is a key
/// to create.
pub(crate) fn permissions(
    purpose: Purpose,
    scope: &Scope<'_>,
    keys: &[Option<&KeyArn>],
    steps: &[Step],
) -> Vec<Permission> {
    let trail = scope.trail.as_str();
    let mut needed = BTreeSet::from([permission("cloudtrail:DescribeTrails", "*")]);
    for action in ["cloudtrail:GetTrail", "cloudtrail:GetTrailStatus"] {
        needed.insert(permission(action, trail));
    }
    if purpose == Purpose::Seal {
        needed.insert(permission("cloudtrail:ListTags", trail));
        needed.insert(permission("config:BatchGetResourceConfig", "*"));
    }
    for key in keys {
        let key = key.map_or_else(|| scope.any_key(), ToString::to_string);
        for action in ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus"] {
            needed.insert(permission(action, &key));
        }
    }
    for step in steps {
        needed.extend(scope.of_call(&step.call));
    }
    needed.into_iter().collect()
}

/// The permissions that resuming a plan needs: for the reads, and for every call that is left, the
/// denied one included.
pub fn permissions_left(phase: &Phase) -> Vec<Permission> {
    let plan = &phase.plan;
    let scope =
        Scope { trail: &plan.trail, account: &plan.account, bucket_region: &plan.bucket_region };
    let is_done = |step: &Step| {
        let mut done = phase.steps.iter().filter(|one| one.state == StepState::Verified);
        done.any(|one| one.step == step.id)
    };
    let of_steps: BTreeSet<String> = plan
        .steps
        .iter()
        .flat_map(|step| scope.of_call(&step.call))
        .map(|permission| permission.action)
        .collect();
    let reads = plan.permissions.iter().filter(|read| !of_steps.contains(&read.action)).cloned();
    let steps = plan.steps.iter().filter(|step| !is_done(step));
    let left = steps.flat_map(|step| scope.of_call(&step.call));
    let all: BTreeSet<Permission> = reads.chain(left).collect();
    all.into_iter().collect()
}

impl Scope<'_> {
    fn of_call(&self, call: &Call) -> Vec<Permission> {
        let of_key = |action: &str, key: &KeyTarget| {
            let key = key.arn().map_or_else(|| self.any_key(), ToString::to_string);
            vec![permission(action, &key)]
        };
        match call {
            // A resumed run finds the created key by its tag.
            Call::CreateKey { .. } => vec![
                permission("kms:CreateKey", "*"),
                permission("kms:TagResource", "*"),
                permission("kms:ListKeys", "*"),
                permission("kms:ListResourceTags", &self.any_key()),
            ],
            Call::CreateAlias { key, region, alias } => {
                let (partition, account) = (self.trail.partition(), self.account);
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

    fn any_key(&self) -> String {
        let Self { trail, account, bucket_region } = self;
        format!("arn:{}:kms:{bucket_region}:{account}:key/*", trail.partition())
    }
}

fn permission(action: &str, resource: &str) -> Permission {
    Permission { action: action.to_owned(), resource: resource.to_owned() }
}
