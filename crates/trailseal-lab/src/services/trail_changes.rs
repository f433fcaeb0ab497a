//! AWS CloudTrail: changing a trail's key, and a trail's tags.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Request;
use super::cloudtrail::{admit_name, describe, unknown_trail};
use crate::arn::Arn;
use crate::delivery::{key_in_region, unusable};
use crate::refusal::Refusal;
use crate::state::{KeyName, Membership, Trail, Visible};

/// CloudTrail accepts one change per second in an account and Region.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) fn update_trail(request: &mut Request<'_>) -> Result<Value, Refusal> {
    keep_the_rate(request)?;
    let name = request.text("Name");
    admit_name(name)?;
    let trail = changeable(request, name)?;
    let arn = trail.arn.clone();
    let key = match request.maybe_text("KmsKeyId") {
        None => trail.kms_key_id.clone(),
        Some("") => None,
        Some(key) => Some(usable_key(request, trail, key)?),
    };
    let trail = request.lab_state.state.trails.iter_mut().find(|trail| trail.arn == arn);
    let mut answer = trail.map_or_else(Value::default, |trail| {
        trail.kms_key_id = key;
        describe(trail)
    });
    if let Some(members) = answer.as_object_mut() {
        for shown_elsewhere in ["HomeRegion", "HasCustomEventSelectors", "HasInsightSelectors"] {
            members.remove(shown_elsewhere);
        }
    }
    Ok(answer)
}

fn keep_the_rate(request: &mut Request<'_>) -> Result<(), Refusal> {
    if !request.lab_state.keeps_write_rate {
        return Ok(());
    }
    let place = (request.account().to_owned(), request.region().to_owned());
    let now = Instant::now();
    let before = request.lab_state.trail_changes.insert(place, now);
    if before.is_some_and(|before| now.duration_since(before) < PAUSE) {
        return Err(Refusal::new("ThrottlingException", "Rate exceeded"));
    }
    Ok(())
}

/// The trail, if this caller can change it in this Region.
fn changeable<'a>(request: &'a Request<'_>, name: &str) -> Result<&'a Trail, Refusal> {
    let (state, caller) = (request.state(), request.account());
    let seen = state.trails_seen(caller, request.region());
    let fits = |trail: &Trail| {
        if name.starts_with("arn:") { trail.arn == name } else { trail.name() == name }
    };
    let here = seen.into_iter().find(|(trail, _)| fits(trail));
    let (trail, visible) = match here {
        Some(found) => found,
        None => {
            let elsewhere = state.trail_by_arn(name, caller);
            (elsewhere.ok_or_else(|| unknown_trail(name, caller))?, Visible::Copy)
        }
    };
    let owner = Arn::parse(&trail.arn);
    let is_own = owner.is_some_and(|owner| owner.account == caller);
    let account = state.account(caller);
    let is_delegated = trail.is_organization_trail
        && account.is_some_and(|one| one.membership == Membership::DelegatedAdministrator);
    if !is_own && !is_delegated {
        let message = "You are not authorized to update this organization trail. Only the \
                       management account and the delegated administrator can.";
        return Err(Refusal::new("NotOrganizationMasterAccountException", message));
    }
    let home = owner.map_or("", |owner| owner.region);
    if visible == Visible::Copy && (is_own || home != request.region()) {
        let message = format!("The trail's home region is {home}; update it from there.");
        return Err(Refusal::new("InvalidHomeRegionException", message));
    }
    Ok(trail)
}

/// The ARN of the key, if CloudTrail can encrypt the trail's logs with it at present.
fn usable_key(request: &Request<'_>, trail: &Trail, named: &str) -> Result<String, Refusal> {
    if KeyName::parse(named) == KeyName::Malformed {
        let message = format!("Invalid KMS key id {named}");
        return Err(Refusal::new("InvalidKmsKeyIdException", message));
    }
    let (state, propagation) = (request.state(), &request.lab_state.propagation);
    let bucket = state.bucket(&trail.s3_bucket_name).ok_or_else(|| {
        let message = format!("S3 bucket {} does not exist!", trail.s3_bucket_name);
        Refusal::new("S3BucketDoesNotExistException", message)
    })?;
    let key = key_in_region(state, trail, named, &bucket.region).ok_or_else(|| {
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
    if !propagation.admits(key, &trail.arn, "kms:GenerateDataKey")
        || (bucket.bucket_key && !propagation.admits(key, &trail.arn, "kms:Decrypt"))
    {
        let message = format!(
            "Insufficient permissions to access S3 bucket {} or KMS key {}.",
            trail.s3_bucket_name, key.arn
        );
        return Err(Refusal::new("InsufficientEncryptionPolicyException", message));
    }
    Ok(key.arn.clone())
}

pub(super) fn list_tags(request: &Request<'_>) -> Result<Value, Refusal> {
    let mut listed = Vec::new();
    for id in request.texts("ResourceIdList") {
        if Arn::of(id, "cloudtrail", "trail").is_none() {
            let message = format!("The ARN is not valid: {id}");
            return Err(Refusal::new("CloudTrailARNInvalidException", message));
        }
        let trail = request.state().trail_by_arn(id, request.account()).ok_or_else(|| {
            Refusal::new("ResourceNotFoundException", format!("Unknown trail: {id}"))
        })?;
        let tags = trail.tags.iter();
        let tags: Vec<Value> =
            tags.map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
        listed.push(json!({ "ResourceId": id, "TagsList": tags }));
    }
    Ok(json!({ "ResourceTagList": listed }))
}
