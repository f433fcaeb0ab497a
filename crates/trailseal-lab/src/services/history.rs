//! AWS Config: the recorded items of a resource.

use serde_json::{Map, Value, json};

use super::pages::{cut, token};
use super::{Request, text};
use crate::moments;
use crate::refusal::Refusal;
use crate::state::History;

/// AWS Config's default number of items per page.
const PAGE_SIZE: usize = 10;

/// Members that differ in name between a rule's event and the API.
const RENAMED: [(&str, &str); 4] = [
    ("awsAccountId", "accountId"),
    ("ARN", "arn"),
    ("configurationItemVersion", "version"),
    ("configurationStateMd5Hash", "configurationItemMD5Hash"),
];

/// Members of an event's item that the API does not have.
const EVENT_ONLY: [&str; 1] = ["resourceTransitionStatus"];

/// Members of an item that `BaseConfigurationItem` does not have.
const NOT_IN_BASE: [&str; 4] =
    ["configurationItemMD5Hash", "relatedEvents", "relationships", "tags"];

pub(super) fn get_resource_config_history(request: &Request<'_>) -> Result<Value, Refusal> {
    let later = request.body.get("laterTime").and_then(moments::from_epoch);
    let earlier = request.body.get("earlierTime").and_then(moments::from_epoch);
    if let (Some(later), Some(earlier)) = (later, earlier)
        && earlier > later
    {
        let message = "The specified time range is not valid. The earlier time is not \
                       chronologically before the later time.";
        return Err(Refusal::new("InvalidTimeRangeException", message));
    }
    let (kind, id) = (request.text("resourceType"), request.text("resourceId"));
    let Some(history) = history_of(request, request.body) else {
        let message =
            format!("Resource {id} of resourceType:{kind} is unknown or has not been discovered");
        return Err(Refusal::new("ResourceNotDiscoveredException", message));
    };
    let mut items: Vec<(i64, &Value)> = history
        .items
        .iter()
        .map(|item| (capture_time(item), item))
        .filter(|(captured, _)| later.is_none_or(|later| *captured <= later))
        .filter(|(captured, _)| earlier.is_none_or(|earlier| *captured >= earlier))
        .collect();
    items.sort_by_key(|(captured, _)| *captured);
    if request.text("chronologicalOrder") != "Forward" {
        items.reverse();
    }
    let items = items.into_iter().map(|(_, item)| to_api(item)).collect();
    page_of(history, items, request, &format!("history-{kind}-{id}"))
}

/// The newest item of each resource, without what the API Reference excludes: tags and
/// deleted resources; nor relationships, which the model does not have. What is not recorded is left
/// out, and every key is processed.
pub(super) fn batch_get_resource_config(request: &Request<'_>) -> Value {
    let keys = request.list("resourceKeys").iter();
    let items: Vec<Value> = keys.filter_map(|key| newest(request, key)).map(base).collect();
    json!({ "baseConfigurationItems": items })
}

/// The history of the resource with the type and ID of `key`.
fn history_of<'a>(request: &'a Request<'_>, key: &Value) -> Option<&'a History> {
    let is_asked = |item: &Value| {
        ["resourceType", "resourceId"].iter().all(|name| text(item, name) == text(key, name))
    };
    request.state().history.iter().find(|history| {
        request.is_in(&history.account, &history.region) && history.items.iter().any(is_asked)
    })
}

fn newest<'a>(request: &'a Request<'_>, key: &Value) -> Option<&'a Value> {
    let items = history_of(request, key)?.items.iter();
    let newest = items.max_by_key(|item| capture_time(item))?;
    (!text(newest, "configurationItemStatus").starts_with("ResourceDeleted")).then_some(newest)
}

/// A `BaseConfigurationItem`: the API's item with fewer members.
fn base(item: &Value) -> Value {
    let mut base = to_api(item);
    if let Some(members) = base.as_object_mut() {
        members.retain(|name, _| !NOT_IN_BASE.contains(&name.as_str()));
    }
    base
}

/// The requested page, after the empty pages of the state.
fn page_of(
    history: &History,
    items: Vec<Value>,
    request: &Request<'_>,
    list: &str,
) -> Result<Value, Refusal> {
    let empty_pages = usize::try_from(history.empty_pages).unwrap_or_default();
    let start = request.offset(list)?;
    let (items, next) = match start.checked_sub(empty_pages) {
        None => (Vec::new(), Some(start + 1)),
        Some(start) => {
            let (items, next) = cut(items, start, request.page_size(PAGE_SIZE));
            (items, next.map(|next| next + empty_pages))
        }
    };
    let next = next.map(|next| token(list, next));
    Ok(json!({ "configurationItems": items, "nextToken": next }))
}

fn capture_time(item: &Value) -> i64 {
    moments::from_iso(text(item, "configurationItemCaptureTime")).unwrap_or_default()
}

/// An item in the API's spelling: other names, times as numbers, configuration as text.
fn to_api(item: &Value) -> Value {
    let mut api = Map::new();
    let members = item.as_object().into_iter().flatten();
    for (name, value) in members.filter(|(_, value)| !value.is_null()) {
        if EVENT_ONLY.contains(&name.as_str()) {
            continue;
        }
        let renamed = RENAMED.iter().find(|(event, _)| event == name);
        let name = renamed.map_or(name.as_str(), |(_, api)| api);
        api.insert(name.to_owned(), member_to_api(name, value));
    }
    Value::Object(api)
}

fn member_to_api(name: &str, value: &Value) -> Value {
    match name {
        "configurationItemCaptureTime"
        | "configurationItemDeliveryTime"
        | "resourceCreationTime" => {
            value.as_str().and_then(moments::from_iso).map_or(Value::Null, moments::to_epoch)
        }
        "configuration" => as_text(value),
        "supplementaryConfiguration" => {
            let members = value.as_object().into_iter().flatten();
            members.map(|(name, value)| (name.clone(), as_text(value))).collect()
        }
        "configurationStateId" => as_text(value),
        "relationships" => {
            value.as_array().into_iter().flatten().map(relationship_to_api).collect()
        }
        _ => value.clone(),
    }
}

/// JSON as text; text stays unchanged.
fn as_text(value: &Value) -> Value {
    if value.is_string() { value.clone() } else { Value::from(value.to_string()) }
}

fn relationship_to_api(relationship: &Value) -> Value {
    let members = relationship.as_object().into_iter().flatten();
    members
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| {
            let name = if name == "name" { "relationshipName" } else { name };
            (name.to_owned(), value.clone())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_converted_to_the_spelling_of_the_api() {
        let item = json!({
            "ARN": "arn:x",
            "awsAccountId": "111122223333",
            "configurationItemVersion": "1.3",
            "configurationItemCaptureTime": "2026-11-23T10:00:00.125Z",
            "configurationStateId": 17,
            "configuration": {"name": "t"},
            "supplementaryConfiguration": {"Tags": []},
            "relationships": [{"resourceId": "r", "name": "Is attached to", "resourceName": null}],
            "resourceName": null,
        });
        let api = json!({
            "arn": "arn:x",
            "accountId": "111122223333",
            "version": "1.3",
            "configurationItemCaptureTime": 1_795_428_000.125_f64,
            "configurationStateId": "17",
            "configuration": "{\"name\":\"t\"}",
            "supplementaryConfiguration": {"Tags": "[]"},
            "relationships": [{"resourceId": "r", "relationshipName": "Is attached to"}],
        });
        assert_eq!(to_api(&item), api);
    }
}
