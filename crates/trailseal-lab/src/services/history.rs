//! AWS Config: what it has recorded of a resource.

use serde_json::{Map, Value, json};

use super::config::put_token;
use super::pages::{cut, offset, page_size};
use super::text;
use crate::caller::Caller;
use crate::lab_state::LabState;
use crate::moments;
use crate::refusal::Refusal;
use crate::state::History;

/// How many items AWS Config puts on a page unless asked.
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

pub(super) fn get_resource_config_history(
    lab_state: &LabState,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    let later = body.get("laterTime").and_then(moments::from_epoch);
    let earlier = body.get("earlierTime").and_then(moments::from_epoch);
    if let (Some(later), Some(earlier)) = (later, earlier)
        && earlier > later
    {
        let message = "The specified time range is not valid. The earlier time is not \
                       chronologically before the later time.";
        return Err(Refusal::new("InvalidTimeRangeException", message));
    }
    let (kind, id) = (text(body, "resourceType"), text(body, "resourceId"));
    let Some(history) = lab_state.state.history.iter().find(|history| {
        history.account == caller.account()
            && history.region == caller.region
            && history.is_of(kind, id)
    }) else {
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
    if body.get("chronologicalOrder").and_then(Value::as_str) != Some("Forward") {
        items.reverse();
    }
    let items = items.into_iter().map(|(_, item)| to_api(item)).collect();
    page_of(history, items, body, &format!("history-{kind}-{id}"))
}

/// The newest item of each resource, without what the API Reference says is not in it: tags and
/// deleted resources; nor relationships, which the model does not have. What is not recorded is left
/// out, and every key is processed.
pub(super) fn batch_get_resource_config(
    lab_state: &LabState,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    let keys = body.get("resourceKeys").and_then(Value::as_array).into_iter().flatten();
    let items: Vec<Value> =
        keys.filter_map(|key| newest(lab_state, caller, key)).map(base).collect();
    Ok(json!({ "baseConfigurationItems": items }))
}

fn newest<'a>(lab_state: &'a LabState, caller: &Caller, key: &Value) -> Option<&'a Value> {
    let (kind, id) = (text(key, "resourceType"), text(key, "resourceId"));
    let histories = lab_state.state.history.iter();
    let mut of_caller = histories
        .filter(|history| history.account == caller.account() && history.region == caller.region);
    let history = of_caller.find(|history| history.is_of(kind, id))?;
    let newest = history.items.iter().max_by_key(|item| capture_time(item))?;
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

/// The page that the request asks for, after the empty ones that the state wants.
fn page_of(
    history: &History,
    items: Vec<Value>,
    body: &Value,
    list: &str,
) -> Result<Value, Refusal> {
    let empty_pages = usize::try_from(history.empty_pages).unwrap_or_default();
    let start = offset(body.get("nextToken"), list)?;
    if start < empty_pages {
        let next = format!("{list}#{}", start + 1);
        return Ok(json!({ "configurationItems": [], "nextToken": next }));
    }
    let mut page = cut(items, start - empty_pages, page_size(body.get("limit"), PAGE_SIZE), list);
    if let Some(token) = &mut page.next_token {
        let end = offset(Some(&Value::from(token.as_str())), list)?;
        *token = format!("{list}#{}", end + empty_pages);
    }
    let mut answer = json!({ "configurationItems": page.members });
    put_token(&mut answer, "nextToken", page.next_token);
    Ok(answer)
}

impl History {
    fn is_of(&self, resource_type: &str, resource_id: &str) -> bool {
        self.items.iter().any(|item| {
            text(item, "resourceType") == resource_type && text(item, "resourceId") == resource_id
        })
    }
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

/// JSON as the text of itself; text stays what it is.
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
    fn an_item_is_respelled_for_the_api() {
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
