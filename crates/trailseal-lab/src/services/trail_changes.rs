//! AWS CloudTrail: changing a trail's key, and a trail's tags.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::cloudtrail::{admit_name, describe};
use super::text;
use crate::arn::Arn;
use crate::caller::Caller;
use crate::delivery::{key_in_region, unusable};
use crate::lab_state::LabState;
use crate::refusal::Refusal;
use crate::state::{KeyName, Membership, Trail, Visible};

/// CloudTrail takes one change a second of an account and Region.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) fn update_trail(
    lab_state: &mut LabState,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    keep_the_rate(lab_state, caller)?;
    let name = text(body, "Name");
    admit_name(name)?;
    let arn = changeable(lab_state, caller, name)?.arn.clone();
    if let Some(key) = body.get("KmsKeyId").and_then(Value::as_str) {
        let key = if key.is_empty() { None } else { Some(usable_key(lab_state, &arn, key)?) };
        if let Some(trail) = lab_state.state.trails.iter_mut().find(|trail| trail.arn == arn) {
            trail.kms_key_id = key;
        }
    }
    let trail = lab_state.state.trails.iter().find(|trail| trail.arn == arn);
    let mut answer = trail.map(describe).unwrap_or_default();
    if let Some(members) = answer.as_object_mut() {
        for shown_elsewhere in ["HomeRegion", "HasCustomEventSelectors", "HasInsightSelectors"] {
            members.remove(shown_elsewhere);
        }
    }
    Ok(answer)
}

fn keep_the_rate(lab_state: &mut LabState, caller: &Caller) -> Result<(), Refusal> {
    if !lab_state.keeps_write_rate {
        return Ok(());
    }
    let place = (caller.account().to_owned(), caller.region.clone());
    let now = Instant::now();
    let before = lab_state.trail_changes.insert(place, now);
    if before.is_some_and(|before| now.duration_since(before) < PAUSE) {
        return Err(Refusal::new("ThrottlingException", "Rate exceeded"));
    }
    Ok(())
}

/// The trail, if it may be changed by this caller from this Region.
fn changeable<'a>(
    lab_state: &'a LabState,
    caller: &Caller,
    name: &str,
) -> Result<&'a Trail, Refusal> {
    let seen = lab_state.state.trails_seen(caller.account(), &caller.region);
    let fits = |trail: &Trail| {
        if name.starts_with("arn:") { trail.arn == name } else { trail.name() == name }
    };
    let here = seen.into_iter().find(|(trail, _)| fits(trail));
    let (trail, visible) = match here {
        Some(found) => found,
        None => {
            let elsewhere =
                lab_state.state.trail_by_arn(name, caller.account()).ok_or_else(|| {
                    let message =
                        format!("Unknown trail: {name} for the user: {}", caller.account());
                    Refusal::new("TrailNotFoundException", message)
                })?;
            (elsewhere, Visible::Copy)
        }
    };
    let owner = Arn::parse(&trail.arn);
    let is_own = owner.is_some_and(|owner| owner.account == caller.account());
    let account = lab_state.state.account(caller.account());
    let is_delegated = trail.is_organization_trail
        && account.is_some_and(|one| one.membership == Membership::DelegatedAdministrator);
    if !is_own && !is_delegated {
        let message = "You are not authorized to update this organization trail. Only the \
                       management account and the delegated administrator can.";
        return Err(Refusal::new("NotOrganizationMasterAccountException", message));
    }
    let home = owner.map_or("", |owner| owner.region);
    if visible == Visible::Copy && (is_own || home != caller.region) {
        let message = format!("The trail's home region is {home}; update it from there.");
        return Err(Refusal::new("InvalidHomeRegionException", message));
    }
    Ok(trail)
}

/// The ARN of the key, if CloudTrail can encrypt the trail's logs with it at present.
fn usable_key(lab_state: &LabState, trail: &str, named: &str) -> Result<String, Refusal> {
    if KeyName::parse(named) == KeyName::Malformed {
        let message = format!("Invalid KMS key id {named}");
        return Err(Refusal::new("InvalidKmsKeyIdException", message));
    }
    let trail =
        lab_state.state.trails.iter().find(|one| one.arn == trail).ok_or_else(|| {
            Refusal::new("TrailNotFoundException", format!("Unknown trail: {trail}"))
        })?;
    let bucket = lab_state.state.bucket(&trail.s3_bucket_name).ok_or_else(|| {
        let message = format!("S3 bucket {} does not exist!", trail.s3_bucket_name);
        Refusal::new("S3BucketDoesNotExistException", message)
    })?;
    let key = key_in_region(&lab_state.state, trail, named, &bucket.region).ok_or_else(|| {
        let message = format!(
            "The KMS key {named} does not exist, or the S3 bucket and the KMS key are not in the \
             same region."
        );
        Refusal::new("KmsKeyNotFoundException", message)
    })?;
    if unusable(key).is_some() {
        let message = format!("The KMS key {} is {} and cannot be used.", key.arn, key.state);
        return Err(Refusal::new("KmsException", message));
    }
    if !lab_state.propagation.admits(key, &trail.arn, "kms:GenerateDataKey")
        || (bucket.bucket_key && !lab_state.propagation.admits(key, &trail.arn, "kms:Decrypt"))
    {
        let message = format!(
            "Insufficient permissions to access S3 bucket {} or KMS key {}.",
            trail.s3_bucket_name, key.arn
        );
        return Err(Refusal::new("InsufficientEncryptionPolicyException", message));
    }
    Ok(key.arn.clone())
}

pub(super) fn list_tags(
    lab_state: &LabState,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    let mut listed = Vec::new();
    for id in body.get("ResourceIdList").and_then(Value::as_array).into_iter().flatten() {
        let id = id.as_str().unwrap_or_default();
        if Arn::of(id, "cloudtrail", "trail").is_none() {
            let message = format!("The ARN is not valid: {id}");
            return Err(Refusal::new("CloudTrailARNInvalidException", message));
        }
        let trail = lab_state.state.trail_by_arn(id, caller.account()).ok_or_else(|| {
            Refusal::new("ResourceNotFoundException", format!("Unknown trail: {id}"))
        })?;
        let tags = trail.tags.iter();
        let tags: Vec<Value> =
            tags.map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
        listed.push(json!({ "ResourceId": id, "TagsList": tags }));
    }
    Ok(json!({ "ResourceTagList": listed }))
}
