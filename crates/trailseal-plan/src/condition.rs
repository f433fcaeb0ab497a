//! The conditions before and after a step, as data, and their evaluation.

use std::collections::BTreeMap;
use std::fmt;

use resource_policy::{Decision, Match};
use serde::{Deserialize, Serialize};
use trailseal_rule::key_policy::grants::Grant;
use trailseal_rule::key_policy::parsed::parse_key_policy;
use trailseal_rule::key_policy::question::TrailAndKey;
use trailseal_rule::{
    BucketName, KeyArn, KeyFacts, KeyRef, KeyState, ROTATION_DAYS_DEFAULT, Reading, Region,
    Rotation, TrailArn,
};

use crate::call::KeyTarget;
use crate::current_state::KeyReadings;
use crate::policy::same_policy;

/// A condition on the state in AWS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Condition {
    /// The trail has this key, or none.
    TrailHasKey {
        trail: TrailArn,
        /// `KmsKeyId` as the trail names it.
        key: Option<KeyRef>,
    },
    /// The trail has the key of the plan.
    TrailUses {
        trail: TrailArn,
        key: KeyTarget,
    },
    /// The key can encrypt: its state is Enabled or Updating.
    KeyUsable {
        key: KeyTarget,
    },
    KeyHasState {
        key: KeyTarget,
        state: KeyState,
    },
    KeyInRegion {
        key: KeyTarget,
        /// The Region of the trail's bucket.
        region: Region,
    },
    /// The key policy equals this document as JSON.
    PolicyIs {
        key: KeyTarget,
        policy: String,
    },
    /// The key policy lets CloudTrail encrypt this trail.
    PolicyAdmitsCloudTrail {
        key: KeyTarget,
        trail: TrailArn,
    },
    /// The key is rotated automatically.
    RotationIsOn {
        key: KeyTarget,
        /// The longest period in days.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        period_days_max: Option<u32>,
    },
    /// No key has this alias.
    AliasIsFree {
        region: Region,
        alias: String,
    },
    /// The alias belongs to the key.
    AliasNames {
        region: Region,
        alias: String,
        key: KeyTarget,
    },
}

/// The state in AWS that conditions are about, as far as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Present {
    /// The trail's `KmsKeyId` (CloudTrail `GetTrail`); absent if the trail does not exist.
    pub trail_key: Reading<Option<KeyRef>>,
    /// The bucket that the trail names now. Only a back-out needs it.
    pub bucket: Reading<TrailBucket>,
    pub keys: BTreeMap<KeyArn, KeyReadings>,
    /// The key that has the plan's alias; absent if the alias is free.
    pub alias: Reading<KeyArn>,
}

/// The bucket of a trail, and the Region that S3 names for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailBucket {
    pub name: BucketName,
    pub region: Region,
}

/// Whether a condition holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds {
    Yes,
    /// No, with the present state.
    No(String),
    /// Not known, with the reason.
    Unknown(String),
}

impl Condition {
    /// The conditions under which a key can encrypt the log files of a trail.
    pub(crate) fn can_encrypt(
        key: &KeyTarget,
        bucket_region: &Region,
        trail: &TrailArn,
    ) -> [Self; 3] {
        [
            Self::KeyUsable { key: key.clone() },
            Self::KeyInRegion { key: key.clone(), region: bucket_region.clone() },
            Self::PolicyAdmitsCloudTrail { key: key.clone(), trail: trail.clone() },
        ]
    }

    /// Evaluates the condition.
    pub fn holds(&self, present: &Present) -> Holds {
        match self {
            Self::TrailHasKey { key, .. } => trail_has(present, key.as_ref().map(KeyRef::as_str)),
            Self::TrailUses { key, .. } => match key.arn() {
                Some(arn) => trail_has(present, Some(arn.as_str())),
                None => not_created(),
            },
            Self::KeyUsable { key } => of_key(present, key, |key| match key.state {
                KeyState::Enabled | KeyState::Updating => Ok(()),
                KeyState::Creating
                | KeyState::Disabled
                | KeyState::PendingDeletion
                | KeyState::PendingImport
                | KeyState::PendingReplicaDeletion
                | KeyState::Unavailable
                | KeyState::Unrecognized(_) => Err(state_words(&key.state)),
            }),
            Self::KeyHasState { key, state } => of_key(present, key, |key| {
                if key.state == *state { Ok(()) } else { Err(state_words(&key.state)) }
            }),
            Self::KeyInRegion { key, region } => match key.arn() {
                Some(arn) if arn.region() == region => Holds::Yes,
                Some(arn) => Holds::No(format!("the key is in {}", arn.region())),
                None => not_created(),
            },
            Self::PolicyIs { key, policy } => of_policy(present, key, |found, _| {
                if same_policy(found, policy) {
                    Holds::Yes
                } else {
                    Holds::No("the key policy differs".to_owned())
                }
            }),
            Self::PolicyAdmitsCloudTrail { key, trail } => {
                of_policy(present, key, |found, arn| admits(found, arn, trail))
            }
            Self::RotationIsOn { key, period_days_max } => {
                of_rotation(present, key, *period_days_max)
            }
            Self::AliasIsFree { .. } => match &present.alias {
                Reading::Absent => Holds::Yes,
                Reading::Known(arn) => Holds::No(format!("the alias belongs to {arn}")),
                Reading::Refused(refusal) => Holds::Unknown(refusal.to_string()),
            },
            Self::AliasNames { key, .. } => match (&present.alias, key.arn()) {
                (_, None) => not_created(),
                (Reading::Known(found), Some(arn)) if found == arn => Holds::Yes,
                (Reading::Known(found), _) => Holds::No(format!("the alias belongs to {found}")),
                (Reading::Absent, _) => Holds::No("no key has the alias".to_owned()),
                (Reading::Refused(refusal), _) => Holds::Unknown(refusal.to_string()),
            },
        }
    }

    /// The required policy document.
    pub(crate) fn policy(&self) -> Option<&str> {
        if let Self::PolicyIs { policy, .. } = self { Some(policy) } else { None }
    }

    /// The key that must be read to evaluate it.
    pub fn key(&self) -> Option<&KeyArn> {
        match self {
            Self::TrailHasKey { .. } | Self::AliasIsFree { .. } => None,
            Self::TrailUses { key, .. }
            | Self::KeyUsable { key }
            | Self::KeyHasState { key, .. }
            | Self::KeyInRegion { key, .. }
            | Self::PolicyIs { key, .. }
            | Self::PolicyAdmitsCloudTrail { key, .. }
            | Self::RotationIsOn { key, .. }
            | Self::AliasNames { key, .. } => key.arn(),
        }
    }

    pub(crate) fn bind(&mut self, created: &KeyArn) {
        match self {
            Self::TrailHasKey { .. } | Self::AliasIsFree { .. } => {}
            Self::TrailUses { key, .. }
            | Self::KeyUsable { key }
            | Self::KeyHasState { key, .. }
            | Self::KeyInRegion { key, .. }
            | Self::PolicyIs { key, .. }
            | Self::PolicyAdmitsCloudTrail { key, .. }
            | Self::RotationIsOn { key, .. }
            | Self::AliasNames { key, .. } => key.bind(created),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TrailHasKey { key: None, .. } => out.write_str("the trail has no key"),
            Self::TrailHasKey { key: Some(key), .. } => write!(out, "the trail has key {key}"),
            Self::TrailUses { .. } => out.write_str("the trail has the key"),
            Self::KeyUsable { .. } => out.write_str("the key is enabled"),
            Self::KeyHasState { state, .. } => write!(out, "the key's state is {}", state.as_str()),
            Self::KeyInRegion { region, .. } => write!(out, "the key is in {region}"),
            Self::PolicyIs { policy, .. } => {
                write!(out, "the key policy is the document of {} bytes", policy.len())
            }
            Self::PolicyAdmitsCloudTrail { .. } => {
                out.write_str("the key policy lets CloudTrail encrypt this trail")
            }
            Self::RotationIsOn { period_days_max: None, .. } => out.write_str("the key is rotated"),
            Self::RotationIsOn { period_days_max: Some(days), .. } => {
                write!(out, "the key is rotated at least every {days} days")
            }
            Self::AliasIsFree { alias, .. } => write!(out, "no key has {alias}"),
            Self::AliasNames { alias, .. } => write!(out, "{alias} belongs to the key"),
        }
    }
}

fn state_words(state: &KeyState) -> String {
    format!("the key's state is {}", state.as_str())
}

fn not_created() -> Holds {
    Holds::Unknown("the key is not created yet".to_owned())
}

fn trail_has(present: &Present, wanted: Option<&str>) -> Holds {
    match &present.trail_key {
        Reading::Known(found) if found.as_ref().map(KeyRef::as_str) == wanted => Holds::Yes,
        Reading::Known(Some(found)) => Holds::No(format!("the trail has key {found}")),
        Reading::Known(None) => Holds::No("the trail has no key".to_owned()),
        Reading::Absent => Holds::No("the trail does not exist".to_owned()),
        Reading::Refused(refusal) => Holds::Unknown(refusal.to_string()),
    }
}

fn readings<'a>(
    present: &'a Present,
    key: &'a KeyTarget,
) -> Result<(&'a KeyArn, &'a KeyReadings), Holds> {
    let arn = key.arn().ok_or_else(not_created)?;
    let unread = || Holds::Unknown(format!("{arn} was not read"));
    present.keys.get(arn).map(|readings| (arn, readings)).ok_or_else(unread)
}

fn known<T>(reading: &Reading<T>) -> Result<&T, Holds> {
    match reading {
        Reading::Known(value) => Ok(value),
        Reading::Absent => Err(Holds::No("the key does not exist".to_owned())),
        Reading::Refused(refusal) => Err(Holds::Unknown(refusal.to_string())),
    }
}

fn of_key(
    present: &Present,
    key: &KeyTarget,
    check: impl Fn(&KeyFacts) -> Result<(), String>,
) -> Holds {
    let facts = readings(present, key).and_then(|(_, readings)| known(&readings.key));
    facts.map_or_else(|holds| holds, |facts| check(facts).map_or_else(Holds::No, |()| Holds::Yes))
}

fn of_policy(present: &Present, key: &KeyTarget, check: impl Fn(&str, &KeyArn) -> Holds) -> Holds {
    let (Ok(holds) | Err(holds)) = readings(present, key)
        .and_then(|(arn, readings)| known(&readings.policy).map(|policy| check(policy, arn)));
    holds
}

fn of_rotation(present: &Present, key: &KeyTarget, period_days_max: Option<u32>) -> Holds {
    let rotation = readings(present, key).and_then(|(_, readings)| known(&readings.rotation));
    match rotation {
        Ok(Rotation::On { period_days, .. }) => {
            let days = period_days.unwrap_or(ROTATION_DAYS_DEFAULT);
            match period_days_max {
                Some(most) if days > most => {
                    Holds::No(format!("the key is rotated every {days} days"))
                }
                _ => Holds::Yes,
            }
        }
        Ok(Rotation::Off) => Holds::No("the key is not rotated".to_owned()),
        Ok(Rotation::NotSupported) => Holds::No("the key cannot be rotated".to_owned()),
        Err(holds) => holds,
    }
}

fn admits(policy: &str, key: &KeyArn, trail: &TrailArn) -> Holds {
    let document = match parse_key_policy(policy) {
        Ok(document) => document,
        Err(error) => return Holds::Unknown(format!("the key policy cannot be read: {error}")),
    };
    let question = TrailAndKey { trail, key: Some(key) };
    let Decision { allowed, elements, .. } = Grant::Encrypt.decide(&document, &question);
    match allowed {
        Match::Always => Holds::Yes,
        Match::Never => Holds::No("the key policy does not admit CloudTrail".to_owned()),
        Match::Sometimes => Holds::Unknown(format!(
            "whether the key policy admits CloudTrail depends on {}",
            elements.join(", ")
        )),
    }
}
