//! AWS CloudTrail: the trails that an account sees.

use serde_json::{Value, json};

use super::text;
use crate::arn::Arn;
use crate::caller::Caller;
use crate::delivery;
use crate::lab_state::LabState;
use crate::moments;
use crate::refusal::Refusal;
use crate::state::{Trail, Visible};

/// The moment at which every trail of the lab last delivered: 2026-11-23T06:00:00Z.
const LATEST_DELIVERY: i64 = 1_795_413_600_000;

pub(super) fn describe_trails(
    lab_state: &LabState,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    let names: Vec<&str> = body
        .get("trailNameList")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    for name in &names {
        admit_name(name)?;
    }
    let shadows = body.get("includeShadowTrails").and_then(Value::as_bool).unwrap_or(true);
    let seen = lab_state.state.trails_seen(caller.account(), &caller.region);
    let trails: Vec<Value> = if names.is_empty() {
        let listed = seen.iter().filter(|(_, visible)| shadows || *visible == Visible::Own);
        listed.map(|(trail, _)| describe(trail)).collect()
    } else {
        names.iter().filter_map(|name| named(lab_state, caller, name)).map(describe).collect()
    };
    Ok(json!({ "trailList": trails }))
}

/// A trail by its ARN from anywhere, by its name from the current account and Region only.
fn named<'a>(lab_state: &'a LabState, caller: &Caller, name: &str) -> Option<&'a Trail> {
    if name.starts_with("arn:") {
        return lab_state.state.trail_by_arn(name, caller.account());
    }
    let seen = lab_state.state.trails_seen(caller.account(), &caller.region);
    let own = seen.into_iter().filter(|(_, visible)| *visible == Visible::Own);
    own.map(|(trail, _)| trail).find(|trail| trail.name() == name)
}

/// Names have 3 to 128 letters, digits, periods, underscores and dashes, and begin with a letter or
/// digit (CloudTrail API Reference, `InvalidTrailNameException`).
pub(super) fn admit_name(name: &str) -> Result<(), Refusal> {
    if name.starts_with("arn:") {
        if Arn::of(name, "cloudtrail", "trail").is_some() {
            return Ok(());
        }
        let message = format!("The ARN is not valid: {name}");
        return Err(Refusal::new("CloudTrailARNInvalidException", message));
    }
    let first = name.chars().next().is_some_and(|first| first.is_ascii_alphanumeric());
    let rest = name.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter));
    if first && rest && (3..=128).contains(&name.len()) {
        return Ok(());
    }
    let message = format!("Trail name is not valid: {name}");
    Err(Refusal::new("InvalidTrailNameException", message))
}

pub(super) fn get_trail(
    lab_state: &LabState,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    let name = text(body, "Name");
    Ok(json!({ "Trail": describe(one(lab_state, caller, name)?) }))
}

fn one<'a>(lab_state: &'a LabState, caller: &Caller, name: &str) -> Result<&'a Trail, Refusal> {
    admit_name(name)?;
    named(lab_state, caller, name).ok_or_else(|| {
        let message = format!("Unknown trail: {name} for the user: {}", caller.account());
        Refusal::new("TrailNotFoundException", message)
    })
}

pub(super) fn get_trail_status(
    lab_state: &LabState,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    let trail = one(lab_state, caller, text(body, "Name"))?;
    // Once anything was changed, the latest delivery is one that met the change.
    let (error, attempt) = match lab_state.has_changed {
        true => (delivery::obstacle(&lab_state.state, trail), moments::now()),
        false => (trail.latest_delivery_error.as_deref(), LATEST_DELIVERY),
    };
    let of_region = trail.delivery_error_by_region.get(&caller.region).map(String::as_str);
    let error = of_region.or(error).filter(|error| !error.is_empty());
    let delivered = trail.latest_delivery_time.unwrap_or(LATEST_DELIVERY);
    let success = if error.is_none() && lab_state.has_changed { attempt } else { delivered };
    let mut status = json!({
        "IsLogging": trail.is_logging,
        "LatestDeliveryTime": moments::to_epoch(success),
        "LatestDeliveryAttemptTime": moments::to_iso(attempt),
        "StartLoggingTime": moments::to_epoch(LATEST_DELIVERY - 86_400_000),
        "TimeLoggingStarted": moments::to_iso(LATEST_DELIVERY - 86_400_000),
    });
    put(&mut status, "LatestDeliveryError", error);
    put(&mut status, "LatestDigestDeliveryError", trail.latest_digest_delivery_error.as_deref());
    Ok(status)
}

/// A trail as the API shows it: what it does not have is left out.
pub(super) fn describe(trail: &Trail) -> Value {
    let home = Arn::parse(&trail.arn).map_or("", |arn| arn.region);
    let mut shown = json!({
        "Name": trail.name(),
        "S3BucketName": trail.s3_bucket_name,
        "IncludeGlobalServiceEvents": true,
        "IsMultiRegionTrail": trail.is_multi_region_trail,
        "HomeRegion": home,
        "TrailARN": trail.arn,
        "LogFileValidationEnabled": trail.log_file_validation_enabled,
        "HasCustomEventSelectors": false,
        "HasInsightSelectors": false,
        "IsOrganizationTrail": trail.is_organization_trail,
    });
    put(&mut shown, "KmsKeyId", trail.kms_key_id.as_deref());
    shown
}

fn put(answer: &mut Value, name: &str, value: Option<&str>) {
    if let (Some(object), Some(value)) = (answer.as_object_mut(), value) {
        object.insert(name.to_owned(), Value::from(value));
    }
}
