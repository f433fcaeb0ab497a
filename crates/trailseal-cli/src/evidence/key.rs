//! What an `AWS::KMS::Key` item tells of a key.
//!
//! The members are those of AWS Config's resource schema for `AWS::KMS::Key`: `configuration` is
//! KMS's `KeyMetadata` with small initials, and `supplementaryConfiguration` holds
//! `KeyRotationStatus` and `Policy`, whose values are themselves JSON text in Config's API.

use serde_json::{Map, Value};
use trailseal_rule::{
    ConfigurationItem, ItemStatus, KeyArn, KeyFacts, KeyManager, KeyOrigin, KeyPolicy, KeySpec,
    KeyState, KeyUsage, Reading, Refusal, Rotation, Timestamp,
};

use super::{KeyIdentity, instant, not_read};
use crate::newest::{Difference, Telling};

/// Everything that an item tells of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SeenKey {
    pub(crate) facts: Reading<KeyFacts>,
    pub(crate) rotation: Reading<Rotation>,
    pub(crate) policy: Reading<KeyPolicy>,
}

impl Telling for SeenKey {
    fn difference(&self, other: &Self) -> Option<Difference> {
        let are_alike = self.facts == other.facts
            && self.rotation == other.rotation
            && are_alike(&self.policy, &other.policy);
        (!are_alike).then_some(Difference::Content)
    }
}

/// Blanks and the order of members are no difference: AWS writes one item in several ways.
fn are_alike(one: &Reading<KeyPolicy>, other: &Reading<KeyPolicy>) -> bool {
    if one == other {
        return true;
    }
    let (Reading::Known(one), Reading::Known(other)) = (one, other) else {
        return false;
    };
    let document = |text: &str| serde_json::from_str::<Value>(text).ok();
    document(one.text()).is_some_and(|one| Some(one) == document(other.text()))
}

impl SeenKey {
    fn all(of: &Reading<KeyFacts>) -> Self {
        let (rotation, policy) = match of {
            Reading::Absent => (Reading::Absent, Reading::Absent),
            Reading::Refused(why) => (Reading::Refused(why.clone()), Reading::Refused(why.clone())),
            Reading::Known(_) => (not_read(), not_read()),
        };
        Self { facts: of.clone(), rotation, policy }
    }

    /// Reads an item; `whole` is all of it, with the members that `item` leaves out.
    pub(crate) fn read(item: &ConfigurationItem, whole: &Value) -> (KeyIdentity, Self) {
        let metadata = item.configuration.as_ref().and_then(Value::as_object);
        let own = metadata.and_then(|members| members.get("arn")?.as_str());
        let arn = own.or(item.arn.as_deref()).and_then(|text| KeyArn::parse(text).ok());
        let identity = arn.as_ref().map_or_else(
            || KeyIdentity {
                account: item.account.clone(),
                region: item.region.clone(),
                id: item.resource_id.as_str().to_owned(),
            },
            KeyIdentity::of_arn,
        );
        let seen = match item.status {
            ItemStatus::Deleted | ItemStatus::DeletedNotRecorded => Self::all(&Reading::Absent),
            ItemStatus::NotRecorded => Self::all(&not_read()),
            ItemStatus::Present => match key_facts(arn, metadata) {
                Ok(facts) => Self::present(facts, whole),
                Err(what) => Self::all(&Reading::Refused(Refusal::Unintelligible(what))),
            },
        };
        (identity, seen)
    }

    fn present(facts: KeyFacts, whole: &Value) -> Self {
        let supplement = unfold(whole.get("supplementaryConfiguration"));
        let member = |name: &str| supplement.as_ref().and_then(|members| members.get(name));
        Self {
            rotation: rotation(member("KeyRotationStatus"), facts.origin),
            policy: policy(member("Policy")),
            facts: Reading::Known(facts),
        }
    }
}

/// An object, or text that holds one.
fn unfold(value: Option<&Value>) -> Option<Value> {
    let value = value?;
    match value.as_str() {
        Some(text) => serde_json::from_str(text).ok(),
        None => Some(value.clone()),
    }
}

fn key_facts(
    arn: Option<KeyArn>,
    metadata: Option<&Map<String, Value>>,
) -> Result<KeyFacts, String> {
    let metadata = metadata.ok_or("the item of the key has no configuration")?;
    let text = |name: &str| metadata.get(name).and_then(Value::as_str);
    let needed = |name: &str, older: &str| {
        let word = text(name).or_else(|| text(older));
        word.ok_or_else(|| format!("the item of the key has no {name}"))
    };
    let arn = arn.ok_or("the item of the key has no usable ARN")?;
    let usage = needed("keyUsage", "keyUsage")?;
    let spec = needed("keySpec", "customerMasterKeySpec")?;
    let multi_region = metadata.get("multiRegionConfiguration");
    let kind = multi_region.and_then(|of| of.get("multiRegionKeyType")?.as_str());
    Ok(KeyFacts {
        arn,
        manager: KeyManager::of_word(text("keyManager").unwrap_or_default()),
        state: KeyState::of_word(text("keyState").unwrap_or_default()),
        usage: KeyUsage::of_word(usage),
        spec: KeySpec::of_word(spec),
        origin: KeyOrigin::of_word(text("origin").unwrap_or_default()),
        valid_to: date(metadata, "validTo")?,
        deletion_date: date(metadata, "deletionDate")?,
        is_replica: kind == Some("REPLICA"),
    })
}

fn date(metadata: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, String> {
    match metadata.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => instant(value)
            .map(Some)
            .ok_or_else(|| format!("the item of the key has a {name} that is no time")),
    }
}

/// Where the item leaves it out, only the origin can tell: KMS rotates no imported material and
/// no custom key store by itself (KMS API Reference, `GetKeyRotationStatus`).
fn rotation(status: Option<&Value>, origin: KeyOrigin) -> Reading<Rotation> {
    match status.and_then(switch) {
        Some(true) => Reading::Known(Rotation::On { period_days: None, next: None }),
        Some(false) | None if is_never_rotated(origin) => Reading::Known(Rotation::NotSupported),
        Some(false) => Reading::Known(Rotation::Off),
        None => not_read(),
    }
}

fn is_never_rotated(origin: KeyOrigin) -> bool {
    match origin {
        KeyOrigin::External | KeyOrigin::CloudHsm | KeyOrigin::ExternalKeyStore => true,
        KeyOrigin::AwsKms | KeyOrigin::Unrecognized => false,
    }
}

fn switch(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(on) => Some(*on),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A policy is text that holds a document; Config's API wraps that text in JSON text once more.
fn policy(value: Option<&Value>) -> Reading<KeyPolicy> {
    match value {
        Some(Value::String(text)) => match serde_json::from_str(text) {
            Ok(Value::String(inner)) => Reading::Known(KeyPolicy::new(inner)),
            // What is no JSON at all is for the rule to refuse.
            Ok(_) | Err(_) => Reading::Known(KeyPolicy::new(text.clone())),
        },
        Some(document @ Value::Object(_)) => Reading::Known(KeyPolicy::new(document.to_string())),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_)) | None => {
            not_read()
        }
    }
}
