//! AWS Account Management: the Regions of an account.

use serde_json::{Value, json};

use super::config::put_token;
use super::pages::{cut, offset, page_size};
use crate::caller::{Caller, denied};
use crate::lab_state::LabState;
use crate::refusal::Refusal;

/// How many Regions are on a page, unless fewer are asked for.
const PAGE_SIZE: usize = 50;

/// Regions that are there only for accounts that enabled them (AWS Account Management Reference
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

pub(super) fn list_regions(
    lab_state: &LabState,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    let own = caller.account();
    if let Some(asked) = body.get("AccountId").and_then(Value::as_str) {
        if asked.len() != 12 {
            return Err(Refusal::new("ValidationException", "AccountId has twelve digits"));
        }
        if asked != own {
            // It would take trusted access of the organization, which the lab has not.
            return Err(denied(&caller.identity.arn, "account:ListRegions", asked));
        }
    }
    let wanted: Vec<&str> = body
        .get("RegionOptStatusContains")
        .and_then(Value::as_array)
        .map(|words| words.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let enabled = lab_state.state.account(own).map(|account| account.regions.as_slice());
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
        .filter(|region| {
            let status = region.get("RegionOptStatus").and_then(Value::as_str);
            wanted.is_empty() || status.is_some_and(|status| wanted.contains(&status))
        })
        .collect();
    regions.sort_by_cached_key(Value::to_string);
    let start = offset(body.get("NextToken"), "regions")
        .map_err(|refusal| Refusal::new("ValidationException", refusal.message))?;
    let page = cut(regions, start, page_size(body.get("MaxResults"), PAGE_SIZE), "regions");
    let mut answer = json!({ "Regions": page.members });
    put_token(&mut answer, "NextToken", page.next_token);
    Ok(answer)
}
