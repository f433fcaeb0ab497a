//! Trails, and the keys, aliases and buckets that are deployed with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use trailseal_rule::{
    AccountId, KeyArn, KeyFacts, KeyManager, KeyOrigin, KeySpec, KeyState, KeyUsage, Partition,
    Region, Rotation,
};

use crate::planned::Planned;

/// A place in a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The file, as the user named it.
    pub file: String,
    /// The line, from 1; 0 if no line of the file says anything, as in a plan of Terraform.
    pub line: usize,
    /// The column in characters, from 1; 0 if `line` is.
    pub column: usize,
}

/// The account and Region of a resource, as far as they are known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The account; [`AccountId::not_known`] if it is not known.
    pub account: AccountId,
    /// The Region; [`Region::not_known`] if it is not known.
    pub region: Region,
    /// What deploys it: a stack, or the configuration of a provider. An account that is not known is
    /// the same as another one only within one scope, and so is a Region.
    pub scope: String,
}

impl Place {
    /// The name of the partition; that of most Regions if the Region is not known.
    pub fn partition(&self) -> &'static str {
        Partition::of(&self.region).name
    }

    /// Whether its account and its Region are known.
    pub(crate) fn is_known(&self) -> bool {
        !self.account.is_not_known() && !self.region.is_not_known()
    }

    /// Whether both have an account that is not known, or both a Region: what stands for it is the
    /// same text in each.
    pub(crate) fn shares_unknown(&self, other: &Self) -> bool {
        (self.account.is_not_known() && other.account.is_not_known())
            || (self.region.is_not_known() && other.region.is_not_known())
    }
}

/// A trail that the deployment creates or keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedTrail {
    /// Its logical ID or address, unique in the deployment.
    pub address: String,
    /// Where its document declares it.
    pub location: Location,
    /// Where its document sets the key.
    pub key_location: Option<Location>,
    /// Its account and Region.
    pub place: Place,
    /// Its name; absent if AWS generates it.
    pub name: Planned<String>,
    /// The bucket that it delivers to.
    pub bucket: Planned<BucketTarget>,
    /// `KMSKeyId`: a text as CloudTrail takes it. The key ID or ARN of a planned key is the text of
    /// [`PlannedKey::id_text`] or [`PlannedKey::arn`].
    pub key: Planned<String>,
    /// Whether it is a multi-Region trail. No planned verdict depends on it.
    pub is_multi_region: bool,
    /// Whether it is an organization trail; no if it is absent. Its owner is the account that deploys
    /// it.
    pub is_organization: Planned<bool>,
    /// Whether it logs, if that is known.
    pub is_logging: Option<bool>,
}

/// The bucket of a trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BucketTarget {
    /// The address of a bucket of the deployment.
    Planned(String),
    /// The name of a bucket that the deployment does not make.
    Named(String),
}

/// A bucket that the deployment makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedBucket {
    /// Its logical ID or address.
    pub address: String,
    /// Its account and Region.
    pub place: Place,
    /// Its name; absent if AWS generates it.
    pub name: Planned<String>,
    /// Whether the deployment makes it: the document may declare it under a condition.
    pub is_made: bool,
}

/// An alias that the deployment makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedAlias {
    /// Its account and Region.
    pub place: Place,
    /// `alias/…`.
    pub name: Planned<String>,
    /// The key that it names: a text as in [`PlannedTrail::key`].
    pub target: Planned<String>,
}

impl PlannedAlias {
    /// Whether a text of this place is its name or ARN. An alias of AWS is never one of a deployment.
    pub(crate) fn is_named(&self, text: &str, place: &Place) -> bool {
        let Planned::Known(name) = &self.name else { return false };
        let Place { region, account, scope } = &self.place;
        let arn = format!("arn:{}:kms:{region}:{account}:{name}", self.place.partition());
        let is_apart = scope != &place.scope && self.place.shares_unknown(place);
        let is_here = account == &place.account && region == &place.region;
        let is_named = (name == text && is_here) || arn == text;
        is_named && !is_apart && !text.contains("alias/aws/")
    }
}

/// A property of a key that a finding can point to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyProperty {
    /// Whether it is enabled.
    Enabled,
    /// Its key spec.
    Spec,
    /// Its usage.
    Usage,
    /// The origin of its key material.
    Origin,
    /// Its rotation.
    Rotation,
    /// Its policy.
    Policy,
}

/// A key of the deployment. One that it makes has no ARN: KMS gives it one when it is created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedKey {
    /// Its logical ID or address, unique in the deployment.
    pub address: String,
    /// Where its document declares it.
    pub location: Location,
    /// Where its document sets these properties.
    pub locations: BTreeMap<KeyProperty, Location>,
    /// Its account and Region.
    pub place: Place,
    /// Its ARN, if it exists before the deployment and the document states it.
    pub existing: Option<KeyArn>,
    /// Whether the deployment makes it: the document may declare it under a condition.
    pub is_made: bool,
    /// Who manages it.
    pub manager: Planned<KeyManager>,
    /// Its state after the deployment.
    pub state: Planned<KeyState>,
    /// Its usage.
    pub usage: Planned<KeyUsage>,
    /// Its key spec.
    pub spec: Planned<KeySpec>,
    /// The origin of its key material.
    pub origin: Planned<KeyOrigin>,
    /// Whether it is a replica of a multi-Region key.
    pub is_replica: bool,
    /// Its rotation.
    pub rotation: Planned<Rotation>,
    /// Its policy document; absent if KMS gives it the default policy.
    pub policy: Planned<String>,
}

impl PlannedKey {
    /// A key with the properties that KMS gives it if a document states none: enabled, symmetric,
    /// not rotated, with the default key policy.
    pub fn new(address: impl Into<String>, place: Place, location: Location) -> Self {
        Self {
            address: address.into(),
            location,
            locations: BTreeMap::new(),
            place,
            existing: None,
            is_made: true,
            manager: Planned::Known(KeyManager::Customer),
            state: Planned::Known(KeyState::Enabled),
            usage: Planned::Known(KeyUsage::EncryptDecrypt),
            spec: Planned::Known(KeySpec::SymmetricDefault),
            origin: Planned::Known(KeyOrigin::AwsKms),
            is_replica: false,
            rotation: Planned::Known(Rotation::Off),
            policy: Planned::Absent,
        }
    }

    /// Its ARN. If it does not exist yet, it has a stand-in for the key ID, and for account and
    /// Region if they are not known.
    pub fn arn(&self) -> KeyArn {
        if let Some(arn) = &self.existing {
            return arn.clone();
        }
        let Place { account, region, .. } = &self.place;
        KeyArn::planned(self.place.partition(), region, account, &self.address)
    }

    /// Its key ID, or the stand-in for it.
    pub fn id_text(&self) -> String {
        self.arn().id().to_owned()
    }

    /// The policy that KMS gives to a key without one ("AWS KMS Developer Guide, Default key
    /// policy", of a key that is not created in the console).
    pub(crate) fn default_policy(&self) -> String {
        let (partition, account) = (self.place.partition(), &self.place.account);
        format!(
            r#"{{"Version":"2012-10-17","Id":"key-default-1","Statement":[{{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{{"AWS":"arn:{partition}:iam::{account}:root"}},"Action":"kms:*","Resource":"*"}}]}}"#
        )
    }
}

/// What the user states about resources that the deployment does not make.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SuppliedValues {
    /// Keys by ARN.
    pub keys: BTreeMap<KeyArn, SuppliedKey>,
    /// The Regions of buckets by name.
    pub buckets: BTreeMap<String, Region>,
}

/// What the user states about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuppliedKey {
    /// Its metadata.
    pub facts: KeyFacts,
    /// Its rotation, if stated.
    pub rotation: Option<Rotation>,
    /// Its policy document, if stated.
    pub policy: Option<String>,
}

/// What one deployment makes, with one outcome of every condition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    /// The keys by address. The trails of one key share it.
    pub keys: BTreeMap<String, Arc<PlannedKey>>,
    /// The aliases.
    pub aliases: Vec<PlannedAlias>,
    /// The buckets by address.
    pub buckets: BTreeMap<String, PlannedBucket>,
}
