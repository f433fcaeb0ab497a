//! AWS Key Management Service: lists of keys and of their tags.

use serde_json::{Value, json};

use super::Request;
use super::kms::{find, key_id};
use crate::arn::Arn;
use crate::refusal::Refusal;

/// KMS's default number of keys per page.
const KEYS_ON_A_PAGE: usize = 100;
/// KMS's default number of tags per page.
const TAGS_ON_A_PAGE: usize = 50;

pub(super) fn list_keys(request: &Request<'_>) -> Result<Value, Refusal> {
    let own = |arn: Arn<'_>| request.is_in(arn.account, arn.region);
    let keys = request.state().keys.iter().filter(|key| Arn::parse(&key.arn).is_some_and(own));
    let keys = keys.map(|key| json!({ "KeyId": key_id(key), "KeyArn": key.arn })).collect();
    page(request, keys, KEYS_ON_A_PAGE, "Keys")
}

pub(super) fn list_resource_tags(request: &Request<'_>) -> Result<Value, Refusal> {
    let tags = find(request, request.text("KeyId"))?.tags.iter();
    let tags = tags.map(|(key, value)| json!({ "TagKey": key, "TagValue": value })).collect();
    page(request, tags, TAGS_ON_A_PAGE, "Tags")
}

fn page(
    request: &Request<'_>,
    all: Vec<Value>,
    usual: usize,
    name: &str,
) -> Result<Value, Refusal> {
    let (rows, next) = request.page(all, usual, name)?;
    Ok(json!({ name: rows, "Truncated": next.is_some(), "NextMarker": next }))
}
