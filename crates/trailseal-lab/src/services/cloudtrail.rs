//! AWS CloudTrail: the trails that an account sees.

use serde_json::{Value, json};

use super::Request;
use crate::arn::Arn;
use crate::delivery;
use crate::moments;
use crate::refusal::Refusal;
use crate::state::{Trail, Visible};

/// The moment at which every trail of the lab last delivered: 2026-11-23T06:00:00Z.
const LATEST_DELIVERY: i64 = 1_795_413_600_000;

pub(super) fn describe_trails(request: &Request<'_>) -> Result<Value, Refusal> {
    let names = request.texts("trailNameList");
    for name in &names {
        admit_name(name)?;
    }
    let shadows = request.flag("includeShadowTrails").unwrap_or(true);
    let seen = request.state().trails_seen(request.account(), request.region());
    let trails: Vec<Value> = if names.is_empty() {
        let listed = seen.iter().filter(|(_, visible)| shadows || *visible == Visible::Own);
        listed.map(|(trail, _)| describe(trail)).collect()
    } else {
        names.iter().filter_map(|name| named(request, name)).map(describe).collect()
    };
    Ok(json!({ "trailList": trails }))
}

/// Finds a trail by its ARN in any Region, or by its name in the caller's account and Region.
fn named<'a>(request: &'a Request<'_>, name: &str) -> Option<&'a Trail> {
    if name.starts_with("arn:") {
        return request.state().trail_by_arn(name, request.account());
    }
    let seen = request.state().trails_seen(request.account(), request.region());
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

pub(super) fn get_trail(request: &Request<'_>) -> Result<Value, Refusal> {
    Ok(json!({ "Trail": describe(one(request)?) }))
}

fn one<'a>(request: &'a Request<'_>) -> Result<&'a Trail, Refusal> {
    one_named(request, request.text("Name"))
}

fn one_named<'a>(request: &'a Request<'_>, name: &str) -> Result<&'a Trail, Refusal> {
    admit_name(name)?;
    named(request, name).ok_or_else(|| unknown_trail(name, request.account()))
}

pub(super) fn unknown_trail(name: &str, account: &str) -> Refusal {
    let message = format!("Unknown trail: {name} for the user: {account}");
    Refusal::new("TrailNotFoundException", message)
}

pub(super) fn get_trail_status(request: &Request<'_>) -> Result<Value, Refusal> {
    let trail = one(request)?;
    let has_changed = request.lab_state.has_changed;
    // After any change, the latest delivery is one that the change affected.
    let (error, attempt) = match (&request.lab_state.attempted, has_changed) {
        (Some((attempt, broken)), _) => (broken.get(&trail.arn).map(String::as_str), *attempt),
        (None, true) => (delivery::obstacle(request.state(), trail), moments::now()),
        (None, false) => (trail.latest_delivery_error.as_deref(), LATEST_DELIVERY),
    };
    let of_region = trail.delivery_error_by_region.get(request.region()).map(String::as_str);
    let error = of_region.or(error).filter(|error| !error.is_empty());
    let delivered = trail.latest_delivery_time.unwrap_or(LATEST_DELIVERY);
    let success = if error.is_none() && has_changed { attempt } else { delivered };
    Ok(json!({
        "IsLogging": trail.is_logging,
        "LatestDeliveryTime": (!trail.never_delivered).then(|| moments::to_epoch(success)),
        "LatestDeliveryAttemptTime": moments::to_iso(attempt),
        "StartLoggingTime": moments::to_epoch(LATEST_DELIVERY - 86_400_000),
        "TimeLoggingStarted": moments::to_iso(LATEST_DELIVERY - 86_400_000),
        "LatestDeliveryError": error,
        "LatestDigestDeliveryError": trail.latest_digest_delivery_error,
    }))
}

pub(super) fn get_event_selectors(request: &Request<'_>) -> Result<Value, Refusal> {
    let trail = one_named(request, request.text("TrailName"))?;
    let list = |selectors: &[Value]| (!selectors.is_empty()).then(|| json!(selectors));
    let of_new_trail = || {
        let selector = json!({
            "ReadWriteType": "All",
            "IncludeManagementEvents": true,
            "DataResources": [],
            "ExcludeManagementEventSources": [],
        });
        (!has_event_selectors(trail)).then(|| json!([selector]))
    };
    Ok(json!({
        "TrailARN": trail.arn,
        "EventSelectors": list(&trail.event_selectors).or_else(of_new_trail),
        "AdvancedEventSelectors": list(&trail.advanced_event_selectors),
    }))
}

fn has_event_selectors(trail: &Trail) -> bool {
    !trail.event_selectors.is_empty() || !trail.advanced_event_selectors.is_empty()
}

/// A trail as the API returns it.
pub(super) fn describe(trail: &Trail) -> Value {
    let home = Arn::parse(&trail.arn).map_or("", |arn| arn.region);
    json!({
        "Name": trail.name(),
        "S3BucketName": trail.s3_bucket_name,
        "S3KeyPrefix": trail.s3_key_prefix,
        "IncludeGlobalServiceEvents": true,
        "IsMultiRegionTrail": trail.is_multi_region_trail,
        "HomeRegion": home,
        "TrailARN": trail.arn,
        "LogFileValidationEnabled": trail.log_file_validation_enabled,
        "HasCustomEventSelectors": has_event_selectors(trail),
        "HasInsightSelectors": false,
        "IsOrganizationTrail": trail.is_organization_trail,
        "KmsKeyId": trail.kms_key_id,
    })
}
