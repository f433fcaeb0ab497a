//! A small AWS in memory: the effect of each call, and whether the trail can deliver. It is
//! deliberately naive and shares only types with the planner.

use std::collections::BTreeMap;

use serde_json::Value;
use trailseal_plan::{Call, KeyReadings, KeyTarget, Present, TrailBucket};
use trailseal_rule::{
    AccountId, BucketName, KeyArn, KeyFacts, KeyOrigin, KeyRef, KeySpec, KeyState, KeyUsage,
    Reading, Refusal, Region, Rotation, Trail, TrailArn,
};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const OTHER_ACCOUNT: &str = "444455556666";
pub(crate) const HOME: &str = "us-east-1";
pub(crate) const BUCKET_REGION: &str = "eu-central-1";
pub(crate) const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/all";

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Aws {
    pub(crate) trail_key: Option<KeyRef>,
    pub(crate) keys: BTreeMap<KeyArn, Key>,
    pub(crate) aliases: BTreeMap<String, KeyArn>,
    pub(crate) bucket_region: Reading<Region>,
}

/// A key, and which of its facts can be read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Key {
    pub(crate) facts: KeyFacts,
    pub(crate) policy: String,
    pub(crate) rotation: Rotation,
    pub(crate) readable: Readable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readable {
    Yes,
    KeyDenied,
    KeyNotRead,
    PolicyDenied,
    PolicyOfOther,
    RotationDenied,
}

pub(crate) fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

pub(crate) fn account(id: &str) -> AccountId {
    AccountId::parse(id).unwrap()
}

pub(crate) fn trail_arn() -> TrailArn {
    TrailArn::parse(TRAIL).unwrap()
}

pub(crate) fn key_arn(region: &str, account: &str, digit: char) -> KeyArn {
    let id = format!("{0}{0}{0}{0}-0000-4000-8000-{0}{0}{0}{0}", digit.to_string().repeat(2));
    KeyArn::parse(&format!("arn:aws:kms:{region}:{account}:key/{id}")).unwrap()
}

pub(crate) fn key(arn: KeyArn, policy: &str) -> Key {
    let rotation = Rotation::On { period_days: None, next: None };
    Key {
        facts: KeyFacts::symmetric(arn),
        policy: policy.to_owned(),
        rotation,
        readable: Readable::Yes,
    }
}

/// A key of which AWS denies every read.
pub(crate) fn denied_key() -> KeyReadings {
    KeyReadings {
        key: Reading::Refused(Refusal::AccessDenied { action: "kms:DescribeKey" }),
        policy: Reading::Refused(Refusal::AccessDenied { action: "kms:GetKeyPolicy" }),
        rotation: Reading::Refused(Refusal::AccessDenied { action: "kms:GetKeyRotationStatus" }),
    }
}

impl Aws {
    pub(crate) fn trail(&self) -> Trail {
        Trail {
            arn: trail_arn(),
            account: account(ACCOUNT),
            region: region(HOME),
            home_region: region(HOME),
            bucket: BucketName::parse("trail-logs").ok(),
            key: self.trail_key.clone(),
            is_multi_region_trail: true,
            is_organization_trail: false,
            changed: None,
        }
    }

    pub(crate) fn add(&mut self, key: Key) {
        self.keys.insert(key.facts.arn.clone(), key);
    }

    pub(crate) fn readings(&self, arn: &KeyArn) -> KeyReadings {
        let Some(key) = self.keys.get(arn) else {
            return KeyReadings {
                key: Reading::Absent,
                policy: Reading::Absent,
                rotation: Reading::Absent,
            };
        };
        let mut readings = KeyReadings {
            key: Reading::Known(key.facts.clone()),
            policy: Reading::Known(key.policy.clone()),
            rotation: Reading::Known(key.rotation.clone()),
        };
        match key.readable {
            Readable::Yes => {}
            Readable::KeyDenied => readings = denied_key(),
            Readable::KeyNotRead => readings = KeyReadings::unread(),
            Readable::PolicyDenied => readings.policy = denied_key().policy,
            Readable::PolicyOfOther => {
                readings.policy = Reading::Refused(Refusal::OtherAccount {
                    action: "kms:GetKeyPolicy",
                    account: arn.account().clone(),
                });
            }
            Readable::RotationDenied => readings.rotation = denied_key().rotation,
        }
        readings
    }

    pub(crate) fn present(&self, alias: Option<&str>, more: &[KeyArn]) -> Present {
        Present {
            trail_key: Reading::Known(self.trail_key.clone()),
            bucket: self.bucket_region.clone().map(|region| TrailBucket {
                name: BucketName::parse("trail-logs").unwrap(),
                region,
            }),
            keys: self
                .keys
                .keys()
                .chain(more)
                .map(|arn| (arn.clone(), self.readings(arn)))
                .collect(),
            alias: match alias.and_then(|alias| self.aliases.get(alias)) {
                Some(arn) => Reading::Known(arn.clone()),
                None => Reading::Absent,
            },
        }
    }

    /// Makes a call as AWS would; returns the ARN of a created key.
    pub(crate) fn call(&mut self, call: &Call) -> Result<Option<KeyArn>, String> {
        match call {
            Call::CreateKey { region, policy, .. } => {
                let arn = key_arn(region.as_str(), ACCOUNT, 'c');
                let mut created = key(arn.clone(), policy);
                created.rotation = Rotation::Off;
                self.add(created);
                return Ok(Some(arn));
            }
            Call::CreateAlias { key, alias, .. } => {
                if self.aliases.contains_key(alias) {
                    return Err("AlreadyExistsException".to_owned());
                }
                let arn = self.key(key)?.facts.arn.clone();
                self.aliases.insert(alias.clone(), arn);
            }
            Call::CancelKeyDeletion { key } => {
                self.moves(key, &[KeyState::PendingDeletion], KeyState::Disabled)?;
                self.key(key)?.facts.deletion_date = None;
            }
            Call::EnableKey { key } => {
                self.moves(key, &[KeyState::Disabled, KeyState::Enabled], KeyState::Enabled)?;
            }
            Call::DisableKey { key } => {
                self.moves(key, &[KeyState::Disabled, KeyState::Enabled], KeyState::Disabled)?;
            }
            Call::PutKeyPolicy { key, policy } => {
                if policy.len() > 32_768 {
                    return Err("LimitExceededException".to_owned());
                }
                serde_json::from_str::<Value>(policy)
                    .map_err(|_| "MalformedPolicyDocumentException".to_owned())?;
                self.key(key)?.policy.clone_from(policy);
            }
            Call::EnableKeyRotation { key, period_days } => {
                let key = self.key(key)?;
                let of_right_kind = key.facts.origin == KeyOrigin::AwsKms && !key.facts.is_replica;
                if !of_right_kind || key.rotation == Rotation::NotSupported {
                    return Err("UnsupportedOperationException".to_owned());
                }
                if !matches!(key.facts.state, KeyState::Enabled | KeyState::Updating) {
                    return Err("DisabledException".to_owned());
                }
                key.rotation = Rotation::On { period_days: *period_days, next: None };
            }
            Call::UpdateTrail { region, key, .. } => {
                if region.as_str() != HOME {
                    return Err("InvalidHomeRegionException".to_owned());
                }
                let new = match key {
                    None => None,
                    Some(key) => Some(KeyRef::Key(self.key(key)?.facts.arn.clone())),
                };
                let former = std::mem::replace(&mut self.trail_key, new);
                if let Err(code) = self.delivery() {
                    self.trail_key = former;
                    return Err(code);
                }
            }
        }
        Ok(None)
    }

    fn key(&mut self, key: &KeyTarget) -> Result<&mut Key, String> {
        let arn = key.arn().ok_or("no ARN yet")?;
        self.keys.get_mut(arn).ok_or_else(|| "NotFoundException".to_owned())
    }

    fn moves(&mut self, key: &KeyTarget, from: &[KeyState], to: KeyState) -> Result<(), String> {
        let key = self.key(key)?;
        if key.facts.arn.account().as_str() != ACCOUNT {
            return Err("AccessDeniedException".to_owned());
        }
        if !from.contains(&key.facts.state) {
            return Err("KMSInvalidStateException".to_owned());
        }
        key.facts.state = to;
        Ok(())
    }

    /// Whether reads of the trail's key are denied.
    pub(crate) fn denies_the_trails_key(&self) -> bool {
        let Some(KeyRef::Key(arn)) = &self.trail_key else {
            return false;
        };
        self.keys.get(arn).is_some_and(|key| key.readable == Readable::KeyDenied)
    }

    pub(crate) fn can_deliver(&self) -> bool {
        self.delivery().is_ok()
    }

    fn delivery(&self) -> Result<(), String> {
        let arn = match &self.trail_key {
            None => return Ok(()),
            Some(KeyRef::Key(arn)) => arn,
            Some(_) => return Err("KmsKeyNotFoundException".to_owned()),
        };
        let is_in_region = self.bucket_region == Reading::Known(arn.region().clone());
        let Some(key) = self.keys.get(arn).filter(|_| is_in_region) else {
            return Err("KmsKeyNotFoundException".to_owned());
        };
        let of_kind = key.facts.usage == KeyUsage::EncryptDecrypt
            && key.facts.spec == KeySpec::SymmetricDefault;
        if !of_kind || !matches!(key.facts.state, KeyState::Enabled | KeyState::Updating) {
            return Err("KmsException".to_owned());
        }
        if !admits(&key.policy) {
            return Err("InsufficientEncryptionPolicyException".to_owned());
        }
        Ok(())
    }
}

/// Whether a policy of these tests lets CloudTrail encrypt the trail.
pub(crate) fn admits(policy: &str) -> bool {
    let Ok(policy) = serde_json::from_str::<Value>(policy) else {
        return false;
    };
    let statements = statements_of(&policy);
    let about = |statement: &&Value| {
        let everyone = statement["Principal"] == "*";
        let actions = statement["Action"].as_str().unwrap_or_default();
        (everyone || statement["Principal"]["Service"] == "cloudtrail.amazonaws.com")
            && ["kms:*", "kms:GenerateDataKey*", "kms:GenerateDataKey"].contains(&actions)
    };
    let holds = |statement: &Value| {
        let Some(conditions) = statement["Condition"].as_object() else {
            return true;
        };
        conditions.iter().all(|(operator, keys)| {
            keys.as_object().unwrap().iter().all(|(key, value)| {
                let value = value.as_str().unwrap_or_default();
                match (operator.as_str(), key.as_str()) {
                    ("StringEquals", "aws:SourceArn") => value == TRAIL,
                    ("StringLike", "kms:EncryptionContext:aws:cloudtrail:arn") => {
                        value == "arn:aws:cloudtrail:*:111122223333:trail/*"
                    }
                    ("Bool", "aws:SecureTransport") => false,
                    other => panic!("{other:?}"),
                }
            })
        })
    };
    let matching = |effect: &str| {
        statements
            .iter()
            .filter(about)
            .any(|statement| statement["Effect"] == effect && holds(statement))
    };
    matching("Allow") && !matching("Deny")
}

/// The statements of a policy, in a list or not.
pub(crate) fn statements_of(policy: &Value) -> Vec<Value> {
    let statement = &policy["Statement"];
    statement.as_array().cloned().unwrap_or_else(|| vec![statement.clone()])
}
