//! `AWS::KMS::Key` items.
//!
//! The members are those of AWS Config's resource schema for `AWS::KMS::Key`: `configuration` is
//! KMS's `KeyMetadata` with lowercase initials, and `supplementaryConfiguration` contains
//! `KeyRotationStatus` and `Policy`, whose values are themselves JSON text in API responses.

use serde_json::{Map, Value};
use trailseal_rule::{
    AccountId, ConfigurationItem, ItemStatus, KeyArn, KeyFacts, KeyManager, KeyOrigin, KeyPolicy,
    KeySpec, KeyState, KeyUsage, Partition, Reading, Refusal, Region, Rotation, Timestamp,
};

use super::{KeyIdentity, instant, not_read, unfold};
use crate::newest::Observed;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyItem {
    pub(crate) facts: Reading<KeyFacts>,
    pub(crate) rotation: Reading<Rotation>,
    pub(crate) policy: Reading<KeyPolicy>,
}

/// The policy of a key, compared as JSON: AWS returns one policy with different white space and
/// orders of members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PolicyReading(pub(crate) Reading<KeyPolicy>);

impl Observed for PolicyReading {
    fn differs_from(&self, other: &Self) -> bool {
        let document = |policy: &Self| match &policy.0 {
            Reading::Known(policy) => serde_json::from_str::<Value>(policy.text()).ok(),
            Reading::Absent | Reading::Refused(_) => None,
        };
        self.0.differs_from(&other.0)
            && document(self).is_none_or(|one| Some(one) != document(other))
    }

    fn is_unread(&self) -> bool {
        self.0.is_unread()
    }
}

impl KeyItem {
    /// Reads an item; `whole` is the complete item, with the members that `item` omits.
    pub(crate) fn read(item: &ConfigurationItem, whole: &Value) -> (KeyIdentity, Self) {
        let metadata = item.configuration.as_ref().and_then(Value::as_object);
        let own = metadata.and_then(|members| members.get("arn")?.as_str());
        let arn = own.and_then(|text| KeyArn::parse(text).ok());
        let arn = arn.or_else(|| KeyArn::parse(item.arn.as_deref()?).ok());
        let arn = arn.or_else(|| arn_of(&item.account, &item.region, item.resource_id.as_str()));
        let identity = arn.as_ref().map_or_else(
            || {
                let (account, region) = (item.account.clone(), item.region.clone());
                KeyIdentity::in_region(account, region, item.resource_id.as_str())
            },
            KeyIdentity::of_arn,
        );
        let seen = match item.status {
            ItemStatus::Deleted | ItemStatus::DeletedNotRecorded => {
                Self { facts: Reading::Absent, rotation: Reading::Absent, policy: Reading::Absent }
            }
            ItemStatus::NotRecorded => {
                Self { facts: not_read(), rotation: not_read(), policy: not_read() }
            }
            ItemStatus::Present => Self::present(arn, metadata, whole),
        };
        (identity, seen)
    }

    fn present(arn: Option<KeyArn>, metadata: Option<&Map<String, Value>>, whole: &Value) -> Self {
        let supplement = unfold(whole.get("supplementaryConfiguration"));
        let member = |name: &str| supplement.get(name);
        let metadata = metadata.ok_or("the item of the key has no configuration");
        let facts = metadata.and_then(|metadata| {
            let arn = arn.ok_or("the item of the key has no usable ARN")?;
            Ok(key_facts(arn, &|name| metadata.get(name)))
        });
        let origin = facts.as_ref().map_or(KeyOrigin::Unrecognized, |facts| facts.origin);
        Self {
            rotation: rotation(member("KeyRotationStatus"), origin),
            policy: policy(member("Policy")),
            facts: facts.map_or_else(
                |what: &str| Reading::Refused(Refusal::Malformed(what.to_owned())),
                Reading::Known,
            ),
        }
    }
}

fn arn_of(account: &AccountId, region: &Region, id: &str) -> Option<KeyArn> {
    let partition = Partition::of(region).name;
    KeyArn::parse(&format!("arn:{partition}:kms:{region}:{account}:key/{id}")).ok()
}

/// The member name in API responses (`KeyState`) for the one in items (`keyState`).
pub(crate) fn capitalized(name: &str) -> String {
    let mut name = name.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    name
}

/// Reads the members of `KeyMetadata`. A member that cannot be read is blank, so only the facts
/// that depend on it are unknown. `member` finds one by its name in items (`keyState`).
pub(crate) fn key_facts<'a>(arn: KeyArn, member: &dyn Fn(&str) -> Option<&'a Value>) -> KeyFacts {
    let text = |name: &str| member(name).and_then(Value::as_str);
    let word = |name: &str| text(name).unwrap_or_default();
    let spec = match member("keySpec") {
        None | Some(Value::Null) => word("customerMasterKeySpec"),
        Some(_) => word("keySpec"),
    };
    let multi_region = member("multiRegionConfiguration");
    let kind = multi_region.and_then(|of| {
        of.get("multiRegionKeyType").or_else(|| of.get("MultiRegionKeyType"))?.as_str()
    });
    let state = KeyState::from_kms(word("keyState"));
    let state = match contradiction(&state, member) {
        Some(what) => KeyState::Unrecognized(format!("{} {what}", state.as_str()).into()),
        None => state,
    };
    KeyFacts {
        arn,
        manager: KeyManager::from_kms(word("keyManager")),
        state,
        usage: KeyUsage::from_kms(word("keyUsage")),
        spec: KeySpec::from_kms(spec),
        origin: KeyOrigin::from_kms(word("origin")),
        valid_to: date(member("validTo")).unwrap_or_default(),
        deletion_date: date(member("deletionDate")).unwrap_or_default(),
        is_replica: kind == Some("REPLICA"),
    }
}

/// What makes it unknown whether a key in a state that encrypts really does (KMS API Reference,
/// `KeyMetadata`): a deletion date, `enabled` that is false, or no date until which imported material
/// that expires is valid.
fn contradiction<'a>(
    state: &KeyState,
    member: &dyn Fn(&str) -> Option<&'a Value>,
) -> Option<&'static str> {
    if !matches!(state, KeyState::Enabled | KeyState::Updating) {
        return None;
    }
    let model = member("expirationModel").and_then(Value::as_str);
    if *state == KeyState::Enabled && member("enabled").and_then(switch) == Some(false) {
        return Some("with `enabled` that is false");
    }
    if matches!(date(member("deletionDate")), Ok(Some(_))) {
        return Some("with a deletion date");
    }
    match date(member("validTo")) {
        Err(()) => Some("with a validTo that is not a time"),
        Ok(None) if model == Some("KEY_MATERIAL_EXPIRES") => {
            Some("without the time until which its material is valid")
        }
        Ok(_) => None,
    }
}

fn date(value: Option<&Value>) -> Result<Option<Timestamp>, ()> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => instant(value).map(Some).ok_or(()),
    }
}

/// If the item omits it, the origin may show it: KMS does not rotate imported material or keys in a
/// custom key store (KMS API Reference, `GetKeyRotationStatus`).
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

/// A policy is JSON text; API responses of AWS Config encode this text as a JSON string.
fn policy(value: Option<&Value>) -> Reading<KeyPolicy> {
    match value {
        Some(Value::String(text)) => match serde_json::from_str(text) {
            Ok(Value::String(inner)) => Reading::Known(KeyPolicy::new(inner)),
            // The rule rejects text that is not JSON.
            Ok(_) | Err(_) => Reading::Known(KeyPolicy::new(text.clone())),
        },
        Some(document @ Value::Object(_)) => Reading::Known(KeyPolicy::new(document.to_string())),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_)) | None => {
            not_read()
        }
    }
}
