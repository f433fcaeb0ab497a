//! AWS Key Management Service: which keys there are, and their tags.

use serde_json::{Value, json};

use super::kms::find;
use super::pages::{cut, page_size};
use super::text;
use crate::arn::Arn;
use crate::caller::Caller;
use crate::lab_state::LabState;
use crate::operation::Operation;
use crate::refusal::Refusal;

/// KMS's default number of keys per page.
const KEYS_ON_A_PAGE: usize = 100;
/// KMS's default number of tags per page.
const TAGS_ON_A_PAGE: usize = 50;

pub(super) fn list_keys(
    lab_state: &LabState,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    let own = |arn: &Arn<'_>| arn.account == caller.account() && arn.region == caller.region;
    let keys =
        lab_state.state.keys.iter().filter(|key| Arn::parse(&key.arn).as_ref().is_some_and(own));
    let keys: Vec<Value> = keys
        .map(|key| {
            let id = key.arn.split_once(":key/").map_or("", |(_, id)| id);
            json!({ "KeyId": id, "KeyArn": key.arn })
        })
        .collect();
    page(keys, body, KEYS_ON_A_PAGE, "Keys")
}

pub(super) fn list_resource_tags(
    lab_state: &LabState,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    let key = find(&lab_state.state, caller, text(body, "KeyId"), Operation::ListResourceTags)?;
    let tags = key.tags.iter();
    let tags = tags.map(|(key, value)| json!({ "TagKey": key, "TagValue": value })).collect();
    page(tags, body, TAGS_ON_A_PAGE, "Tags")
}

fn page(all: Vec<Value>, body: &Value, usual: usize, name: &str) -> Result<Value, Refusal> {
    let start = match body.get("Marker").and_then(Value::as_str) {
        None => 0,
        Some(marker) => marker
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('#')?.parse().ok())
            .ok_or_else(|| Refusal::new("InvalidMarkerException", "The marker is not valid"))?,
    };
    let page = cut(all, start, page_size(body.get("Limit"), usual), name);
    let mut answer = json!({ name: page.members, "Truncated": page.next_token.is_some() });
    if let (Some(members), Some(marker)) = (answer.as_object_mut(), page.next_token) {
        members.insert("NextMarker".to_owned(), Value::from(marker));
    }
    Ok(answer)
}
