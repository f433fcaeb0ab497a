//! Configuration items, in the spellings of events, snapshots and AWS Config's API.

use serde::Deserialize;
use serde_json::{Map, Value};
use trailseal_rule::{
    AccountId, ConfigurationItem, Faults, ItemStatus, KEY_TYPE, KeyArn, Region, TRAIL_TYPE,
    Timestamp, Trail, TrailGone,
};

use super::{DocumentReader, InputTrail, OversizedItem, Presence, read_json};
use crate::evidence::{
    ALIAS_TYPE, BUCKET_TYPE, KeyItem, account, capitalized, read_alias, read_bucket, text, unfold,
};
use crate::newest::Observation;

pub(super) const CAPTURED: &str = "configurationItemCaptureTime";
pub(super) const STATUS: &str = "configurationItemStatus";

/// Optional members of an item, in both spellings.
const OPTIONAL: [&str; 8] = [
    CAPTURED,
    STATUS,
    "s3BucketName",
    "homeRegion",
    "isOrganizationTrail",
    "ARN",
    "awsAccountId",
    "awsRegion",
];

/// Replaces a missing time of an item; no verdict depends on it.
pub(super) const NO_TIME: &str = "1970-01-01T00:00:00.000Z";

/// The members that show whether an item is used.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    #[serde(default)]
    resource_type: Value,
    #[serde(default)]
    aws_account_id: Value,
    #[serde(default)]
    account_id: Value,
    #[serde(default)]
    aws_region: Value,
}

impl DocumentReader<'_> {
    pub(super) fn item_text(&mut self, text: &[u8]) -> Result<(), String> {
        let head = serde_json::from_slice::<Head>(text).or_else(|_| {
            read_json(text, "an item").and(Err("an item is not an object".to_owned()))
        })?;
        let Some(kind) = head.resource_type.as_str() else {
            self.inventory.untyped_items += 1;
            return Ok(());
        };
        self.inventory.known_documents += 1;
        if ![TRAIL_TYPE, KEY_TYPE, BUCKET_TYPE, ALIAS_TYPE].contains(&kind) {
            let account = head.aws_account_id.as_str().or(head.account_id.as_str());
            self.add_account(account, head.aws_region.as_str());
            return Ok(());
        }
        let item = read_json(text, "an item")?;
        self.inventory.item_times.add(item.get(CAPTURED).and_then(capture_time));
        self.item(&item)
    }

    /// Reads an item of any type; only trails, keys, aliases and buckets are used.
    pub(super) fn item(&mut self, item: &Value) -> Result<(), String> {
        let Some(kind) = text(item, "resourceType") else {
            self.inventory.untyped_items += 1;
            return Ok(());
        };
        self.add_account(account(item), text(item, "awsRegion"));
        let captured = item.get(CAPTURED).and_then(capture_time);
        let observation = Observation { captured, state: state_id(item), ..self.observation };
        match kind {
            TRAIL_TYPE if self.is_judged() => {
                let result = self.trail_item(item, observation);
                if result.is_err() {
                    self.inventory.accounts.may_have_a_trail(account(item));
                }
                result
            }
            KEY_TYPE => self.key_item(item, observation),
            BUCKET_TYPE => read_bucket(&mut self.inventory.evidence, item, observation),
            ALIAS_TYPE => read_alias(&mut self.inventory.evidence, item, observation),
            _ => Ok(()),
        }
    }

    fn key_item(&mut self, item: &Value, observation: Observation) -> Result<(), String> {
        let (read, faults) = parse_leniently(item)
            .map_err(|faults| format!("an item of a key cannot be used: {faults}"))?;
        let (identity, key) = KeyItem::read(&read, item);
        self.inventory.evidence.add_key(identity, observation, key);
        partial("key", read.resource_id.as_str(), &faults)
    }

    fn trail_item(&mut self, item: &Value, observation: Observation) -> Result<(), String> {
        let unusable = |faults| format!("an item of a trail cannot be used: {faults}");
        let (item, faults) = parse_leniently(item).map_err(unusable)?;
        let presence = match item.status {
            ItemStatus::Deleted | ItemStatus::DeletedNotRecorded => {
                Presence::Gone(TrailGone::DELETED)
            }
            ItemStatus::NotRecorded => Presence::NotRecorded,
            ItemStatus::Present => Presence::Present(Box::new(
                Trail::from_item(&item).map_err(|faults| unusable(faults.to_string()))?,
            )),
        };
        let name = item.resource_id.to_string();
        let ConfigurationItem { resource_id, account, region, .. } = item;
        let trail = InputTrail { resource_id, account, region, presence };
        self.add_trail(observation, None, trail);
        partial("trail", &name, &faults)
    }

    /// Reads the summary of an item that was too large. The summary of a deletion is complete; any
    /// other item must be elsewhere in the input.
    pub(super) fn summary(&mut self, summary: &Value) -> Result<(), String> {
        match text(summary, "resourceType") {
            Some(TRAIL_TYPE) if !self.is_judged() => Ok(()),
            Some(TRAIL_TYPE | KEY_TYPE | ALIAS_TYPE) if is_present(summary) => {
                self.add_account(account(summary), text(summary, "awsRegion"));
                self.oversized_item(summary)
            }
            // The Region of a bucket is not in its configuration.
            _ => self.item(summary),
        }
    }

    fn oversized_item(&mut self, summary: &Value) -> Result<(), String> {
        let required = |name: &str| {
            text(summary, name).ok_or_else(|| format!("a summary of an item has no `{name}`"))
        };
        let captured = summary.get(CAPTURED).and_then(capture_time);
        self.inventory.oversized.push(OversizedItem {
            source: self.observation.source,
            resource_type: required("resourceType")?.to_owned(),
            resource_id: required("resourceId")?.to_owned(),
            account: AccountId::parse(account(summary).unwrap_or_default())
                .map_err(|error| format!("a summary of an item: {error}"))?,
            region: Region::parse(required("awsRegion")?).ok(),
            captured: captured
                .ok_or_else(|| format!("a summary of an item has no usable `{CAPTURED}`"))?,
        });
        Ok(())
    }
}

/// Whether an item shows a resource that exists and is recorded; only such an item has a
/// configuration.
pub(super) fn is_present(item: &Value) -> bool {
    !matches!(
        text(item, STATUS),
        Some("ResourceDeleted" | "ResourceDeletedNotRecorded" | "ResourceNotRecorded")
    )
}

/// Reports the members of an item that could not be read; the item is used without them.
fn partial(what: &str, name: &str, faults: &[String]) -> Result<(), String> {
    if faults.is_empty() {
        return Ok(());
    }
    let faults = faults.join("; ");
    Err(format!("the item of {what} `{name}` is used only as far as it can be read: {faults}"))
}

/// Parses an item without the optional members that cannot be read, and returns their faults.
fn parse_leniently(item: &Value) -> Result<(ConfigurationItem, Vec<String>), String> {
    let mut faults = Vec::new();
    let mut item = item.clone();
    for _ in 0..=OPTIONAL.len() {
        let found = match parse_strictly(&item) {
            Ok(item) => return Ok((item, faults)),
            Err(found) => found,
        };
        let before = faults.len();
        for fault in found.iter() {
            if remove_or_replace(&mut item, fault.field()) {
                faults.push(fault.to_string());
            }
        }
        if faults.len() == before {
            return Err(found.to_string());
        }
    }
    Err("too many of its members cannot be read".to_owned())
}

/// Also parses the trail of an item, to find the faults of its configuration.
fn parse_strictly(item: &Value) -> Result<ConfigurationItem, Faults> {
    let parsed = ConfigurationItem::parse(item)?;
    let is_trail = text(item, "resourceType") == Some(TRAIL_TYPE);
    if is_trail && parsed.status == ItemStatus::Present {
        Trail::from_item(&parsed)?;
    }
    Ok(parsed)
}

/// Removes a member, or replaces it with a neutral value. Returns whether the item changed.
fn remove_or_replace(item: &mut Value, field: &str) -> bool {
    let name = field.rsplit('.').next().unwrap_or_default();
    let is_key = text(item, "resourceType") == Some(KEY_TYPE);
    let arn = is_key.then(|| text(item, "ARN").or_else(|| text(item, "arn"))).flatten();
    let arn = arn.and_then(|arn| KeyArn::parse(arn).ok());
    let is_configuration = field.contains(".configuration.");
    let Some(members) = item.as_object_mut() else { return false };
    match (name, arn) {
        (CAPTURED, _) => replace(members, CAPTURED, NO_TIME),
        (STATUS, _) => replace(members, STATUS, "OK"),
        ("awsAccountId", Some(arn)) => replace(members, "awsAccountId", arn.account().as_str()),
        ("awsRegion", Some(arn)) => replace(members, "awsRegion", arn.region().as_str()),
        ("awsAccountId" | "awsRegion", None) => false,
        ("ARN", _) => members.remove("ARN").or_else(|| members.remove("arn")).is_some(),
        (name, _) if is_configuration && OPTIONAL.contains(&name) => {
            remove_from_configuration(members, name)
        }
        // The key's state is in its configuration; without one, the state is unknown.
        ("configuration", _) if is_key => members.remove("configuration").is_some(),
        (_, _) => false,
    }
}

fn replace(members: &mut Map<String, Value>, name: &str, value: &str) -> bool {
    let new = Value::from(value);
    members.insert(name.to_owned(), new.clone()) != Some(new)
}

fn remove_from_configuration(members: &mut Map<String, Value>, name: &str) -> bool {
    let Some(configuration) = members.get_mut("configuration") else { return false };
    *configuration = unfold(Some(configuration));
    let Some(inner) = configuration.as_object_mut() else { return false };
    let removed = [inner.remove(name), inner.remove(&capitalized(name))];
    removed.iter().any(Option::is_some)
}

/// `configurationStateId`: a number in events, digits in API responses.
pub(super) fn state_id(item: &Value) -> Option<u64> {
    let state = item.get("configurationStateId")?;
    state.as_u64().or_else(|| state.as_str()?.parse().ok())
}

fn capture_time(value: &Value) -> Option<Timestamp> {
    let captured = match value {
        Value::Number(seconds) => seconds.as_f64().and_then(Timestamp::from_epoch_seconds),
        Value::String(text) => Timestamp::parse(text).ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    captured.filter(|captured| captured.epoch_millis() > 0)
}
