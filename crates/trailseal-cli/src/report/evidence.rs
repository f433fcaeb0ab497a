//! The evidence of a judgement, in words that a program can read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trailseal_rule::{
    Delivery, Facts, KeyFacts, KeyManager, KeyOrigin, KeySpec, KeyState, KeyUsage, Reading, Region,
    Rotation, Timestamp,
};

/// What was known when the trail was judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EvidenceReport {
    pub(crate) key: EvidenceValue<KeyReport>,
    pub(crate) bucket_region: EvidenceValue<String>,
    pub(crate) rotation: EvidenceValue<RotationReport>,
    pub(crate) key_policy: EvidenceValue<String>,
    pub(crate) delivery: EvidenceValue<DeliveryReport>,
    /// The same in other Regions than the trail's home Region, where they were asked.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) delivery_elsewhere: BTreeMap<String, EvidenceValue<DeliveryReport>>,
}

/// A piece of evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "reading")]
pub(crate) enum EvidenceValue<T> {
    Known { value: T },
    Absent,
    Refused { why: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyReport {
    pub(crate) arn: String,
    pub(crate) manager: String,
    pub(crate) state: String,
    pub(crate) usage: String,
    pub(crate) spec: String,
    pub(crate) origin: String,
    pub(crate) valid_to: Option<String>,
    pub(crate) deletion_date: Option<String>,
    pub(crate) replica: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RotationReport {
    pub(crate) status: String,
    pub(crate) period_days: Option<u32>,
    pub(crate) next: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryReport {
    pub(crate) error: Option<String>,
    pub(crate) digest_error: Option<String>,
    #[serde(default)]
    pub(crate) delivered: Option<String>,
    #[serde(default)]
    pub(crate) logging: Option<bool>,
}

impl EvidenceReport {
    pub(crate) fn of(facts: &Facts) -> Self {
        Self {
            key: told(&facts.key, key),
            bucket_region: told(&facts.bucket_region, Region::to_string),
            rotation: told(&facts.rotation, rotation),
            key_policy: told(&facts.key_policy, |policy| policy.text().to_owned()),
            delivery: told(&facts.delivery, delivery),
            delivery_elsewhere: match &facts.delivery_elsewhere {
                Reading::Known(regions) => regions
                    .iter()
                    .map(|(region, reading)| (region.to_string(), told(reading, delivery)))
                    .collect(),
                Reading::Absent | Reading::Refused(_) => BTreeMap::new(),
            },
        }
    }
}

fn told<T, U>(reading: &Reading<T>, tell: fn(&T) -> U) -> EvidenceValue<U> {
    match reading {
        Reading::Known(value) => EvidenceValue::Known { value: tell(value) },
        Reading::Absent => EvidenceValue::Absent,
        Reading::Refused(why) => EvidenceValue::Refused { why: why.to_string() },
    }
}

fn when(instant: Option<Timestamp>) -> Option<String> {
    instant.map(|instant| instant.to_string())
}

fn key(key: &KeyFacts) -> KeyReport {
    let manager = match &key.manager {
        KeyManager::Customer => "CUSTOMER",
        KeyManager::Aws => "AWS",
        KeyManager::Unrecognized(word) => word,
    };
    let usage = match &key.usage {
        KeyUsage::EncryptDecrypt => "ENCRYPT_DECRYPT",
        KeyUsage::Other(word) => word,
    };
    let spec = match &key.spec {
        KeySpec::SymmetricDefault => "SYMMETRIC_DEFAULT",
        KeySpec::Other(word) => word,
    };
    KeyReport {
        arn: key.arn.to_string(),
        manager: manager.to_owned(),
        state: state(&key.state).to_owned(),
        usage: usage.to_owned(),
        spec: spec.to_owned(),
        origin: match key.origin {
            KeyOrigin::AwsKms => "AWS_KMS",
            KeyOrigin::External => "EXTERNAL",
            KeyOrigin::CloudHsm => "AWS_CLOUDHSM",
            KeyOrigin::ExternalKeyStore => "EXTERNAL_KEY_STORE",
            KeyOrigin::Unrecognized => "unrecognized",
        }
        .to_owned(),
        valid_to: when(key.valid_to),
        deletion_date: when(key.deletion_date),
        replica: key.is_replica,
    }
}

fn state(state: &KeyState) -> &str {
    match state {
        KeyState::Enabled => "Enabled",
        KeyState::Updating => "Updating",
        KeyState::Creating => "Creating",
        KeyState::Disabled => "Disabled",
        KeyState::PendingDeletion => "PendingDeletion",
        KeyState::PendingImport => "PendingImport",
        KeyState::PendingReplicaDeletion => "PendingReplicaDeletion",
        KeyState::Unavailable => "Unavailable",
        KeyState::Unrecognized(word) => word,
    }
}

fn rotation(rotation: &Rotation) -> RotationReport {
    let (status, period_days, next) = match rotation {
        Rotation::On { period_days, next } => ("on", *period_days, when(*next)),
        Rotation::Off => ("off", None, None),
        Rotation::NotSupported => ("not supported", None, None),
    };
    RotationReport { status: status.to_owned(), period_days, next }
}

fn delivery(delivery: &Delivery) -> DeliveryReport {
    DeliveryReport {
        error: delivery.error.clone(),
        digest_error: delivery.digest_error.clone(),
        delivered: when(delivery.delivered),
        logging: delivery.is_logging,
    }
}
