//! A trail in the output of CloudTrail's `DescribeTrails` (CloudTrail API Reference, `Trail`).

use serde_json::Value;
use trailseal_rule::{BucketName, KeyRef, Region, Trail, TrailArn};

/// The output does not name the account and Region of the request, so the trail is judged once: as
/// its owner sees it, in its home Region.
pub(super) fn trail(described: &Value) -> Result<Trail, String> {
    let text = |name: &str| match described.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(format!("a trail's `{name}` is not text")),
    };
    let arn = text("TrailARN")?.ok_or("a trail has no `TrailARN`")?;
    let arn = TrailArn::parse(arn).map_err(|error| format!("a trail's `TrailARN`: {error}"))?;
    let home_region = match text("HomeRegion")? {
        Some(name) => Region::parse(name).map_err(|error| format!("trail `{arn}`: {error}"))?,
        None => arn.home_region().clone(),
    };
    Ok(Trail {
        account: arn.owner().clone(),
        region: home_region.clone(),
        home_region,
        bucket: text("S3BucketName")?.and_then(|name| BucketName::parse(name).ok()),
        key: text("KmsKeyId")?.and_then(KeyRef::parse),
        is_multi_region_trail: described.get("IsMultiRegionTrail") == Some(&Value::Bool(true)),
        is_organization_trail: described.get("IsOrganizationTrail") == Some(&Value::Bool(true)),
        changed: None,
        arn,
    })
}
