//! A planned trail as a trail and its facts.

use std::sync::Arc;

use trailseal_rule::{
    BucketName, Delivery, Facts, KeyArn, KeyFacts, KeyManager, KeyOrigin, KeyPolicy, KeyRef,
    KeySpec, KeyState, KeyUsage, Reading, Refusal, Region, Trail, TrailArn,
};

use crate::model::{BucketTarget, Deployment, PlannedKey, PlannedTrail, SuppliedValues};
use crate::planned::{Planned, not_known};

/// A planned trail as the rule judges it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The trail, with stand-ins for what is not known.
    pub trail: Trail,
    /// Its facts.
    pub facts: Facts,
    /// The address of its key, if the deployment makes that key.
    pub key: Option<String>,
}

impl Deployment {
    /// The trail with its facts.
    ///
    /// `values` are what the user states about keys and buckets that the deployment does not make.
    /// Nothing was delivered with properties that are not in force. That proves nothing about the
    /// deliveries of a trail that exists, so that `delivery-unbroken` must be skipped.
    pub fn evidence(&self, planned: &PlannedTrail, values: &SuppliedValues) -> Evidence {
        let key = self.key(planned);
        let trail = trail(planned, &key);
        let bucket = self.bucket_region(planned, values);
        let is_logging = planned.is_logging;
        let delivery = Reading::Known(Delivery { is_logging, ..Delivery::default() });
        let why = match &key {
            TrailKey::NotKnown(why) => why.clone(),
            TrailKey::Text(text) => format!("`{text}` is not in the document"),
            TrailKey::Planned(_) | TrailKey::None => String::new(),
        };
        let mut facts = Facts { delivery, bucket_region: bucket, ..unknown_key(&why) };
        match &key {
            TrailKey::Planned(key) => {
                facts = self.of_planned_key(facts, planned, key);
            }
            TrailKey::Text(text) => match KeyRef::parse(text) {
                Some(KeyRef::Key(arn)) => facts = of_existing_key(facts, &arn, values),
                // CloudTrail takes no such text as a key.
                Some(KeyRef::Unrecognized(_)) => facts = without_key(facts),
                Some(_) | None => {}
            },
            TrailKey::NotKnown(_) | TrailKey::None => {}
        }
        let address = match key {
            TrailKey::Planned(key) => Some(key.address.clone()),
            TrailKey::Text(_) | TrailKey::NotKnown(_) | TrailKey::None => None,
        };
        Evidence { trail, facts, key: address }
    }

    /// What the trail's key is.
    fn key(&self, trail: &PlannedTrail) -> TrailKey<'_> {
        let text = match &trail.key {
            Planned::Known(text) if !text.trim().is_empty() => text.trim(),
            Planned::Known(_) | Planned::Absent => return TrailKey::None,
            Planned::Unknown(why) => return TrailKey::NotKnown(why.clone()),
        };
        let found = self.key_of_text(text, trail, true);
        if let TrailKey::Planned(key) = &found
            && key.place.scope != trail.place.scope
            && key.place.shares_unknown(&trail.place)
        {
            let address = &key.address;
            return TrailKey::NotKnown(format!(
                "whether `{address}` is in the account and Region of the trail"
            ));
        }
        found
    }

    fn key_of_text(&self, text: &str, trail: &PlannedTrail, with_aliases: bool) -> TrailKey<'_> {
        let is_named = |key: &&PlannedKey| key.arn().as_str() == text || key.id_text() == text;
        if let Some(key) = self.keys.values().map(Arc::as_ref).find(is_named) {
            return TrailKey::Planned(key);
        }
        let aliases = self.aliases.iter().filter(|alias| alias.is_named(text, &trail.place));
        match aliases.collect::<Vec<_>>().as_slice() {
            [found] if with_aliases => {
                return match &found.target {
                    Planned::Known(target) => self.key_of_text(target, trail, false),
                    Planned::Absent => {
                        TrailKey::NotKnown(format!("the key of `{text}` is not stated"))
                    }
                    Planned::Unknown(why) => TrailKey::NotKnown(why.clone()),
                };
            }
            [_, _, ..] if with_aliases => {
                return TrailKey::NotKnown(format!("several aliases are `{text}`"));
            }
            _ => {}
        }
        if text.contains('<') && KeyRef::parse(text).is_none_or(|key| is_of_kms(&key, text)) {
            return TrailKey::NotKnown(format!("`{text}` names what the deployment makes"));
        }
        TrailKey::Text(text.to_owned())
    }

    fn of_planned_key(&self, facts: Facts, trail: &PlannedTrail, key: &PlannedKey) -> Facts {
        if !key.is_made {
            return without_key(facts);
        }
        let is_elsewhere = trail.place.scope != key.place.scope;
        let policy = match &key.policy {
            _ if is_elsewhere && !(key.place.is_known() && trail.place.is_known()) => {
                not_known(format!("account and Region of `{}` are not given", key.address))
            }
            Planned::Known(text) => Reading::Known(KeyPolicy::new(text.as_str())),
            Planned::Absent => Reading::Known(KeyPolicy::new(key.default_policy())),
            Planned::Unknown(why) => not_known(why.as_str()),
        };
        let is_region_open = matches!(&facts.bucket_region, Reading::Known(region) if region.is_not_known())
            && self.bucket_scope(trail) != Some(&key.place.scope);
        let bucket_region = if is_region_open {
            not_known(format!("whether `{}` is in the Region of the bucket", key.address))
        } else {
            facts.bucket_region
        };
        Facts {
            key: Reading::Known(key_facts(key)),
            rotation: key.rotation.clone().into_reading(),
            key_policy: policy,
            bucket_region,
            ..facts
        }
    }

    fn bucket_scope(&self, trail: &PlannedTrail) -> Option<&String> {
        match &trail.bucket {
            Planned::Known(BucketTarget::Planned(address)) => {
                self.buckets.get(address).map(|bucket| &bucket.place.scope)
            }
            Planned::Known(BucketTarget::Named(_)) | Planned::Absent | Planned::Unknown(_) => None,
        }
    }

    fn bucket_region(&self, trail: &PlannedTrail, values: &SuppliedValues) -> Reading<Region> {
        match &trail.bucket {
            Planned::Known(BucketTarget::Planned(address)) => match self.buckets.get(address) {
                Some(bucket) if !bucket.is_made => Reading::Absent,
                Some(bucket) => Reading::Known(bucket.place.region.clone()),
                None => not_known(format!("bucket `{address}` is not in the deployment")),
            },
            Planned::Known(BucketTarget::Named(name)) => match values.buckets.get(name) {
                Some(region) => Reading::Known(region.clone()),
                None => not_known(format!("bucket `{name}` is not in the document")),
            },
            Planned::Absent => not_known("the trail names no bucket"),
            Planned::Unknown(why) => not_known(why.as_str()),
        }
    }
}

/// What the key of a trail is.
enum TrailKey<'a> {
    None,
    Planned(&'a PlannedKey),
    Text(String),
    NotKnown(String),
}

/// Whether a text with stand-ins could name a key of KMS.
fn is_of_kms(key: &KeyRef, text: &str) -> bool {
    let is_other_arn = text.starts_with("arn:") && text.split(':').nth(2) != Some("kms");
    !(matches!(key, KeyRef::Unrecognized(_)) && is_other_arn)
}

fn trail(planned: &PlannedTrail, key: &TrailKey<'_>) -> Trail {
    let place = &planned.place;
    let (partition, region, account) = (place.partition(), &place.region, &place.account);
    let named = planned.name.known();
    let arn = named
        .and_then(|name| TrailArn::planned(partition, region, account, name))
        .unwrap_or_else(|| TrailArn::unnamed(partition, region, account));
    let key = match key {
        TrailKey::None => None,
        TrailKey::Planned(key) => Some(KeyRef::Key(key.arn())),
        TrailKey::Text(text) => KeyRef::parse(text),
        TrailKey::NotKnown(why) => Some(KeyRef::NotKnown(why.clone())),
    };
    let bucket = match &planned.bucket {
        Planned::Known(BucketTarget::Named(name)) => BucketName::parse(name).ok(),
        Planned::Known(BucketTarget::Planned(address)) => Some(BucketName::planned(address)),
        Planned::Unknown(_) => Some(BucketName::planned("bucket")),
        Planned::Absent => None,
    };
    Trail {
        arn,
        account: account.clone(),
        region: region.clone(),
        home_region: region.clone(),
        bucket,
        key,
        is_multi_region_trail: planned.is_multi_region,
        is_organization_trail: planned.is_organization == Planned::Known(true),
        changed: None,
    }
}

/// The facts of a planned key. What is not known is none of KMS's words, so that each check that
/// reads it is unknown.
fn key_facts(key: &PlannedKey) -> KeyFacts {
    let state = match (&key.state, &key.origin) {
        (Planned::Unknown(why), _) => KeyState::Unrecognized(words(why)),
        // Only these two states can pass, so the unknown origin matters only here.
        (Planned::Known(KeyState::Enabled | KeyState::Updating), Planned::Unknown(why)) => {
            KeyState::Unrecognized(words(why))
        }
        (Planned::Known(state), _) => state.clone(),
        (Planned::Absent, _) => KeyState::from_kms(""),
    };
    KeyFacts {
        arn: key.arn(),
        manager: match &key.manager {
            Planned::Known(manager) => manager.clone(),
            Planned::Unknown(why) => KeyManager::Unrecognized(words(why)),
            Planned::Absent => KeyManager::from_kms(""),
        },
        state,
        usage: key.usage.known().cloned().unwrap_or_else(|| KeyUsage::from_kms("")),
        spec: key.spec.known().cloned().unwrap_or_else(|| KeySpec::from_kms("")),
        origin: key.origin.known().copied().unwrap_or(KeyOrigin::Unrecognized),
        valid_to: None,
        deletion_date: None,
        is_replica: key.is_replica,
    }
}

fn words(why: &str) -> Box<str> {
    Refusal::NotKnownBeforeDeployment(why.to_owned()).to_string().into()
}

fn of_existing_key(facts: Facts, arn: &KeyArn, values: &SuppliedValues) -> Facts {
    let why = || format!("key {arn} is not in the document");
    match values.keys.get(arn) {
        Some(key) => Facts {
            key: Reading::Known(key.facts.clone()),
            rotation: key.rotation.clone().map_or_else(|| not_known(why()), Reading::Known),
            key_policy: (key.policy.as_deref())
                .map_or_else(|| not_known(why()), |text| Reading::Known(KeyPolicy::new(text))),
            ..facts
        },
        None => Facts {
            bucket_region: facts.bucket_region,
            delivery: facts.delivery,
            ..unknown_key(&why())
        },
    }
}

/// Facts in which nothing about the key is known.
fn unknown_key(why: &str) -> Facts {
    Facts {
        key: not_known(why),
        rotation: not_known(why),
        key_policy: not_known(why),
        ..Facts::unread()
    }
}

fn without_key(facts: Facts) -> Facts {
    Facts { key: Reading::Absent, rotation: Reading::Absent, key_policy: Reading::Absent, ..facts }
}
