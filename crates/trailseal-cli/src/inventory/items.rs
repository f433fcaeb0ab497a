//! Configuration items, in the spellings of events, snapshots and AWS Config's API.

use serde::Deserialize;
use serde_json::{Map, Value};
use trailseal_rule::{
    AccountId, ConfigurationItem, ItemStatus, KEY_TYPE, KeyArn, Region, TRAIL_TYPE, Timestamp,
    Trail,
};

use super::{Announcement, Inventory, Presence, Role, ScanOptions, SeenTrail, not_json};
use crate::evidence::{ALIAS_TYPE, BUCKET_TYPE, SeenKey, see_alias, see_bucket};
use crate::newest::Sighting;

const CAPTURED: &str = "configurationItemCaptureTime";
const STATUS: &str = "configurationItemStatus";

/// Members that an item can do without, in both spellings: each is read on its own.
const DISPENSABLE: [&str; 8] = [
    CAPTURED,
    STATUS,
    "s3BucketName",
    "homeRegion",
    "isOrganizationTrail",
    "ARN",
    "awsAccountId",
    "awsRegion",
];

/// Stands in for a time that an item lacks; no verdict depends on it.
pub(super) const NO_TIME: &str = "1970-01-01T00:00:00.000Z";

/// The members by which an item that may be wanted is told from one that is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    #[serde(default)]
    resource_type: Option<Value>,
    #[serde(default, alias = "accountId")]
    aws_account_id: Option<Value>,
    #[serde(default)]
    aws_region: Option<Value>,
}

impl Inventory {
    pub(super) fn take_item_text(
        &mut self,
        text: &[u8],
        options: ScanOptions<'_>,
        sighting: Sighting,
    ) -> Result<(), String> {
        let head: Head = serde_json::from_slice(text).map_err(not_json("an item"))?;
        let Some(Value::String(kind)) = head.resource_type else {
            self.untyped_items += 1;
            return Ok(());
        };
        self.known_pieces += 1;
        if ![TRAIL_TYPE, KEY_TYPE, BUCKET_TYPE, ALIAS_TYPE].contains(&kind.as_str()) {
            let text =
                |value: Option<Value>| value.and_then(|value| Some(value.as_str()?.to_owned()));
            if options.role == Role::Judged {
                let (account, region) = (text(head.aws_account_id), text(head.aws_region));
                self.accounts.see(account.as_deref(), region.as_deref(), sighting.source);
            }
            return Ok(());
        }
        let item = serde_json::from_slice(text).map_err(not_json("an item"))?;
        self.take_item(&item, options, sighting)
    }

    /// Takes an item of any type; only trails, keys, aliases and buckets are of use.
    pub(super) fn take_item(
        &mut self,
        item: &Value,
        options: ScanOptions<'_>,
        sighting: Sighting,
    ) -> Result<(), String> {
        let Some(kind) = item.get("resourceType").and_then(Value::as_str) else {
            self.untyped_items += 1;
            return Ok(());
        };
        if options.role == Role::Judged {
            self.accounts.see(account(item), text(item, "awsRegion"), sighting.source);
        }
        let captured = item.get(CAPTURED).and_then(capture_time);
        let sighting = Sighting { captured, state: state_id(item), ..sighting };
        match (kind, options.role) {
            (TRAIL_TYPE, Role::Judged) => {
                let taken = self.take_trail_item(item, sighting);
                if taken.is_err() {
                    self.accounts.may_have_a_trail(account(item));
                }
                taken
            }
            (KEY_TYPE, _) => self.take_key_item(item, sighting),
            (BUCKET_TYPE, _) => see_bucket(&mut self.evidence, item, sighting),
            (ALIAS_TYPE, _) => see_alias(&mut self.evidence, item, sighting),
            (_, _) => Ok(()),
        }
    }

    fn take_key_item(&mut self, item: &Value, sighting: Sighting) -> Result<(), String> {
        let (read, faults) = tolerant(item)
            .map_err(|faults| format!("an item of a key cannot be used: {faults}"))?;
        let (identity, key) = SeenKey::read(&read, item);
        self.evidence.see_key(identity, sighting, key);
        unread("key", read.resource_id.as_str(), &faults)
    }

    fn take_trail_item(&mut self, item: &Value, sighting: Sighting) -> Result<(), String> {
        let unusable = |faults| format!("an item of a trail cannot be used: {faults}");
        let (item, faults) = tolerant(item).map_err(unusable)?;
        // The words are those that the rule has for events.
        let presence = match item.status {
            ItemStatus::Deleted | ItemStatus::DeletedNotRecorded => {
                Presence::Gone("the trail was deleted")
            }
            ItemStatus::NotRecorded => Presence::NotRecorded,
            ItemStatus::Present => Presence::There(Box::new(
                Trail::from_item(&item).map_err(|faults| unusable(faults.to_string()))?,
            )),
        };
        let name = item.resource_id.to_string();
        let ConfigurationItem { resource_id, account, region, .. } = item;
        self.see(sighting, SeenTrail { resource_id, account, region, presence, parameters: None });
        unread("trail", &name, &faults)
    }

    /// Takes what stands in for an item that was too large: a deletion is told in full, the rest
    /// must be found elsewhere in the input.
    pub(super) fn take_summary(
        &mut self,
        summary: &Value,
        options: ScanOptions<'_>,
        sighting: Sighting,
    ) -> Result<(), String> {
        let kind = text(summary, "resourceType");
        let is_present = !matches!(
            text(summary, STATUS),
            Some("ResourceDeleted" | "ResourceDeletedNotRecorded" | "ResourceNotRecorded")
        );
        match kind {
            Some(TRAIL_TYPE) if options.role == Role::FactsOnly => Ok(()),
            Some(TRAIL_TYPE | KEY_TYPE | ALIAS_TYPE) if is_present => {
                if options.role == Role::Judged {
                    let region = text(summary, "awsRegion");
                    self.accounts.see(account(summary), region, sighting.source);
                }
                self.announce(summary, sighting)
            }
            // The Region of a bucket is not in its configuration.
            _ => self.take_item(summary, options, sighting),
        }
    }

    fn announce(&mut self, summary: &Value, sighting: Sighting) -> Result<(), String> {
        let needed = |name: &str| {
            text(summary, name).ok_or_else(|| format!("a summary of an item names no `{name}`"))
        };
        let captured = summary.get(CAPTURED).and_then(capture_time);
        let account = account(summary).unwrap_or_default();
        self.announcements.push(Announcement {
            sighting,
            resource_type: needed("resourceType")?.to_owned(),
            resource_id: needed("resourceId")?.to_owned(),
            account: AccountId::parse(account)
                .map_err(|error| format!("a summary of an item: {error}"))?,
            region: Region::parse(needed("awsRegion")?).ok(),
            captured: captured
                .ok_or_else(|| format!("a summary of an item has no usable `{CAPTURED}`"))?,
        });
        Ok(())
    }
}

/// What could not be read of an item that counts all the same, as a complaint.
fn unread(what: &str, name: &str, faults: &[String]) -> Result<(), String> {
    if faults.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the item of {what} `{name}` counts only for what can be read of it: {}",
        faults.join("; ")
    ))
}

/// Reads an item without the dispensable members that cannot be read, and says which those are.
fn tolerant(item: &Value) -> Result<(ConfigurationItem, Vec<String>), String> {
    let mut faults = Vec::new();
    let mut item = item.clone();
    for _ in 0..=DISPENSABLE.len() {
        let found = match read_whole(&item) {
            Ok(item) => return Ok((item, faults)),
            Err(found) => found,
        };
        let before = faults.len();
        for fault in found.iter() {
            if do_without(&mut item, fault.field()) {
                faults.push(fault.to_string());
            }
        }
        if faults.len() == before {
            return Err(found.to_string());
        }
    }
    Err("too many members of it cannot be read".to_owned())
}

/// A trail that is there is read as such, so that the faults of its configuration show, too.
fn read_whole(item: &Value) -> Result<ConfigurationItem, trailseal_rule::Faults> {
    let read = ConfigurationItem::parse(item)?;
    let is_trail = text(item, "resourceType") == Some(TRAIL_TYPE);
    if is_trail && read.status == ItemStatus::Present {
        Trail::from_item(&read)?;
    }
    Ok(read)
}

/// Takes a member out, or puts in what stands for it; says whether that changed anything.
fn do_without(item: &mut Value, field: &str) -> bool {
    let name = field.rsplit('.').next().unwrap_or_default();
    let is_key = text(item, "resourceType") == Some(KEY_TYPE);
    let arn = is_key.then(|| text(item, "ARN").or_else(|| text(item, "arn"))).flatten();
    let arn = arn.and_then(|arn| KeyArn::parse(arn).ok());
    let is_configuration = field.contains(".configuration.");
    let Some(members) = item.as_object_mut() else { return false };
    match (name, arn) {
        (CAPTURED, _) => put(members, CAPTURED, NO_TIME),
        (STATUS, _) => put(members, STATUS, "OK"),
        ("awsAccountId", Some(arn)) => put(members, "awsAccountId", arn.account().as_str()),
        ("awsRegion", Some(arn)) => put(members, "awsRegion", arn.region().as_str()),
        ("awsAccountId" | "awsRegion", None) => false,
        ("ARN", _) => members.remove("ARN").or_else(|| members.remove("arn")).is_some(),
        (name, _) if is_configuration && DISPENSABLE.contains(&name) => leave_out(members, name),
        // A key's state is told by its configuration: without one, nothing is.
        ("configuration", _) if is_key => members.remove("configuration").is_some(),
        (_, _) => false,
    }
}

fn put(members: &mut Map<String, Value>, name: &str, value: &str) -> bool {
    let new = Value::from(value);
    members.insert(name.to_owned(), new.clone()) != Some(new)
}

/// Takes a member out of the configuration, which may be text that holds it.
fn leave_out(members: &mut Map<String, Value>, name: &str) -> bool {
    let Some(configuration) = members.get_mut("configuration") else { return false };
    if let Some(text) = configuration.as_str() {
        *configuration = serde_json::from_str(text).unwrap_or_default();
    }
    let mut capital = name.to_owned();
    if let Some(first) = capital.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let Some(inner) = configuration.as_object_mut() else { return false };
    let removed = [inner.remove(name), inner.remove(&capital)];
    removed.iter().any(Option::is_some)
}

pub(super) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

pub(super) fn account(item: &Value) -> Option<&str> {
    text(item, "awsAccountId").or_else(|| text(item, "accountId"))
}

/// `configurationStateId`: a number in events, digits in the API's answers.
pub(super) fn state_id(item: &Value) -> Option<u64> {
    match item.get("configurationStateId")? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn capture_time(value: &Value) -> Option<Timestamp> {
    let captured = match value {
        Value::Number(seconds) => seconds.as_f64().and_then(Timestamp::from_epoch_seconds),
        Value::String(text) => Timestamp::parse(text).ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    captured.filter(|captured| captured.epoch_millis() > 0)
}
