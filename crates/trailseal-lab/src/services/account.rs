//! AWS Account Management: the Regions of an account.

use serde_json::{Value, json};

use super::{Request, text};
use crate::caller::denied;
use crate::refusal::Refusal;

/// Regions per page, unless the request wants fewer.
const PAGE_SIZE: usize = 50;

/// Regions that only accounts that enabled them can use (AWS Account Management Reference
/// Guide, "Enable or disable AWS Regions in your account").
const OPT_IN: [&str; 14] = [
    "af-south-1",
    "ap-east-1",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
];

pub(super) fn list_regions(request: &Request<'_>) -> Result<Value, Refusal> {
    if let Some(asked) = request.maybe_text("AccountId") {
        if asked.len() != 12 {
            return Err(Refusal::new("ValidationException", "AccountId has twelve digits"));
        }
        if asked != request.account() {
            // This requires trusted access in the organization, which the lab does not have.
            return Err(denied(&request.caller.identity.arn, "account:ListRegions", asked));
        }
    }
    let wanted = request.texts("RegionOptStatusContains");
    let enabled = request.state().account(request.account());
    let enabled = enabled.map(|account| account.regions.as_slice());
    let enabled = enabled.unwrap_or_default();
    let disabled = OPT_IN.iter().filter(|name| !enabled.iter().any(|one| one == *name));
    let of = |name: &str, status: &str| json!({ "RegionName": name, "RegionOptStatus": status });
    let mut regions: Vec<Value> = enabled
        .iter()
        .map(|name| {
            let is_opted = OPT_IN.contains(&name.as_str());
            of(name, if is_opted { "ENABLED" } else { "ENABLED_BY_DEFAULT" })
        })
        .chain(disabled.map(|name| of(name, "DISABLED")))
        .filter(|region| wanted.is_empty() || wanted.contains(&text(region, "RegionOptStatus")))
        .collect();
    regions.sort_by_cached_key(Value::to_string);
    let (regions, next) = request.page(regions, PAGE_SIZE, "regions")?;
    Ok(json!({ "Regions": regions, "NextToken": next }))
}
