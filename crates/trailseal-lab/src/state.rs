//! The account's state, as described in `STATE.md`.

mod files;
mod lookup;
mod organization;
mod read;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::IntoStaticStr;
use thiserror::Error;

pub use files::{Encryption, EncryptionType, LogFiles, MetadataTables, Object};
pub use organization::{Aggregator, OrganizationAccount};

use crate::moments;

pub(crate) use lookup::{KeyName, Visible};

/// The version of the state format that this lab reads.
pub const STATE_VERSION: u64 = 1;

/// The data that the lab answers from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    pub accounts: Vec<Account>,
    /// The trails, each once: shadow and organization copies are derived.
    pub trails: Vec<Trail>,
    pub keys: Vec<Key>,
    /// The aliases of KMS keys.
    pub aliases: Vec<Alias>,
    pub buckets: Vec<Bucket>,
    /// The roles that can be assumed.
    pub roles: Vec<Role>,
    /// The rules of AWS Config, with their current results.
    pub config_rules: Vec<ConfigRule>,
    /// The resources that AWS Config has discovered, except the trails.
    pub discovered_resources: Vec<DiscoveredResource>,
    /// The items that AWS Config has recorded, by resource.
    pub history: Vec<History>,
    /// The operations that identities are denied in their own account.
    pub denials: Vec<Denial>,
    /// The names and states of accounts in the organization.
    pub organization_accounts: Vec<OrganizationAccount>,
    pub aggregators: Vec<Aggregator>,
    /// Files of CloudTrail that are computed when a request needs them.
    pub log_files: Vec<LogFiles>,
    /// The other objects in buckets.
    pub objects: Vec<Object>,
    /// The findings of Security Hub, in the AWS Security Finding Format.
    pub findings: Vec<Value>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Account {
    /// Twelve digits.
    pub id: String,
    /// Its role in the lab's only organization.
    #[serde(rename = "organization", default)]
    pub membership: Membership,
    #[serde(default)]
    pub regions: Vec<String>,
}

/// An account's role in the organization.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Membership {
    Management,
    Member,
    /// A member account that is CloudTrail's delegated administrator.
    DelegatedAdministrator,
    /// Not a member of the organization.
    #[default]
    Outside,
}

/// A trail, in its home Region and its owner's account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Trail {
    /// The ARN, which contains the name, the home Region and the owner.
    pub arn: String,
    /// The bucket to which it delivers logs.
    pub s3_bucket_name: String,
    /// What the keys of its files begin with.
    pub s3_key_prefix: Option<String>,
    /// The key; `None` if the trail does not use SSE-KMS.
    pub kms_key_id: Option<String>,
    #[serde(default = "yes")]
    pub is_multi_region_trail: bool,
    #[serde(default)]
    pub is_organization_trail: bool,
    /// Whether digest files are written.
    #[serde(default = "yes")]
    pub log_file_validation_enabled: bool,
    #[serde(default = "yes")]
    pub is_logging: bool,
    /// S3's error code of the latest delivery.
    pub latest_delivery_error: Option<String>,
    /// S3's error code of the latest delivery in Regions where it differs; empty for no error.
    #[serde(default)]
    pub delivery_error_by_region: BTreeMap<String, String>,
    /// Whether no log file was ever delivered, so that GetTrailStatus has no time of a delivery.
    #[serde(default)]
    pub never_delivered: bool,
    /// When log files were last delivered, in milliseconds since 1970.
    #[serde(default, deserialize_with = "read::maybe_moment")]
    pub latest_delivery_time: Option<i64>,
    /// S3's error code of the latest delivery of a digest file.
    pub latest_digest_delivery_error: Option<String>,
    /// Its basic event selectors as `GetEventSelectors` returns them; those of a new trail if there
    /// are none of either kind.
    #[serde(default)]
    pub event_selectors: Vec<Value>,
    /// Its advanced event selectors.
    #[serde(default)]
    pub advanced_event_selectors: Vec<Value>,
    /// How AWS Config identifies it.
    #[serde(default)]
    pub discovered_as: DiscoveredAs,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

const fn yes() -> bool {
    true
}

/// The form of the resource ID under which AWS Config records a trail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DiscoveredAs {
    #[default]
    Name,
    /// By its ARN, as recorded for an organization trail.
    Arn,
    /// AWS Config has not discovered it.
    Nothing,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Key {
    pub arn: String,
    /// `AWS` or `CUSTOMER`.
    pub manager: String,
    /// The key state, such as `Enabled`.
    pub state: String,
    /// The key usage, such as `ENCRYPT_DECRYPT`.
    pub usage: String,
    /// The key spec, such as `SYMMETRIC_DEFAULT`.
    pub spec: String,
    /// The origin of its key material, such as `AWS_KMS`.
    pub origin: String,
    pub description: String,
    /// When it will be deleted, in milliseconds since 1970.
    #[serde(deserialize_with = "read::maybe_moment")]
    pub deletion_date: Option<i64>,
    /// When its imported material expires, in milliseconds since 1970.
    #[serde(deserialize_with = "read::maybe_moment")]
    pub valid_to: Option<i64>,
    /// Whether it is a multi-Region key.
    pub multi_region: bool,
    /// The key policy, as the text that KMS keeps.
    #[serde(deserialize_with = "read::policy")]
    pub policy: Option<String>,
    pub rotation: Rotation,
    /// The other accounts that its policy lets describe it.
    pub readable_from: Vec<String>,
    pub tags: BTreeMap<String, String>,
}

/// A customer managed key that can encrypt logs.
impl Default for Key {
    fn default() -> Self {
        Self {
            arn: String::new(),
            manager: "CUSTOMER".to_owned(),
            state: "Enabled".to_owned(),
            usage: "ENCRYPT_DECRYPT".to_owned(),
            spec: "SYMMETRIC_DEFAULT".to_owned(),
            origin: "AWS_KMS".to_owned(),
            description: String::new(),
            deletion_date: None,
            valid_to: None,
            multi_region: false,
            policy: None,
            rotation: Rotation::default(),
            readable_from: Vec::new(),
            tags: BTreeMap::new(),
        }
    }
}

/// The automatic rotation of a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rotation {
    pub enabled: bool,
    pub period_days: Option<u64>,
    /// The next rotation, in milliseconds since 1970.
    #[serde(default, deserialize_with = "read::maybe_moment")]
    pub next_rotation_date: Option<i64>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Alias {
    /// The alias's ARN.
    pub arn: String,
    pub target_key_arn: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Bucket {
    pub name: String,
    pub account: String,
    pub region: String,
    /// Whether it has an S3 Bucket Key.
    #[serde(default)]
    pub bucket_key: bool,
    /// Whether it keeps versions of objects.
    #[serde(default)]
    pub versioned: bool,
    /// The other accounts that its policy lets list and read objects.
    #[serde(default)]
    pub readable_from: Vec<String>,
    /// Who owns an object.
    #[serde(default)]
    pub object_ownership: ObjectOwnership,
    /// Its S3 Metadata tables, if it has a configuration of them.
    pub metadata_tables: Option<MetadataTables>,
}

/// The setting Object Ownership of a bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, IntoStaticStr)]
pub enum ObjectOwnership {
    /// The account of the bucket, always. It is what S3 sets for a new bucket.
    #[default]
    BucketOwnerEnforced,
    /// The account of the bucket, if the writer allows it full control.
    BucketOwnerPreferred,
    /// The account that writes the object.
    ObjectWriter,
    /// The bucket has no setting, so that the writer owns the object.
    None,
}

/// A role that can be assumed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Role {
    pub arn: String,
    /// The accounts that its trust policy names.
    #[serde(default)]
    pub trusted_accounts: Vec<String>,
    /// The external ID that its trust policy requires.
    pub external_id: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConfigRule {
    pub account: String,
    pub region: String,
    /// The rule's name.
    pub name: String,
    /// The rule's parameters.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// Whether it was deleted while events were in flight.
    #[serde(default)]
    pub deleted: bool,
    #[serde(default)]
    pub results: Vec<StandingResult>,
}

/// The result of a rule for a resource, as AWS Config holds it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StandingResult {
    pub resource_type: String,
    pub resource_id: String,
    /// The verdict, such as `NON_COMPLIANT`.
    pub compliance_type: String,
    pub annotation: Option<String>,
    /// The ordering timestamp, in milliseconds since 1970.
    #[serde(deserialize_with = "read::moment")]
    pub ordering_timestamp: i64,
}

/// A resource that AWS Config has discovered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DiscoveredResource {
    pub account: String,
    pub region: String,
    pub resource_type: String,
    pub resource_id: String,
    pub resource_name: Option<String>,
    /// When it was deleted, in milliseconds since 1970.
    #[serde(default, deserialize_with = "read::maybe_moment")]
    pub deleted_at: Option<i64>,
}

/// The history of one resource in AWS Config.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct History {
    pub account: String,
    pub region: String,
    /// The number of empty pages with a token before the first page with items.
    #[serde(default)]
    pub empty_pages: u64,
    /// The items, in the spelling of a rule's event.
    #[serde(default)]
    pub items: Vec<Value>,
}

/// An operation that the identities of an account are denied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Denial {
    /// The account of the denied identities.
    pub account: String,
    /// The operation in IAM's spelling.
    pub operation: String,
    /// Denies only requests that contain this text, such as a key's ARN.
    pub about: Option<String>,
    /// The type of the denying policy, as AWS writes it; `None` means a service control policy.
    pub policy: Option<String>,
    /// CloudTrail's error code, if it differs from that of a denied call.
    pub error: Option<String>,
}

/// A state that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{name}` is not a valid lab state: {}", faults.join("; "))]
pub struct StateError {
    name: String,
    /// What is wrong, each with its place and what was expected.
    pub faults: Vec<String>,
}

impl State {
    /// The state that ships with the lab: the accounts of the default scenario.
    ///
    /// # Errors
    ///
    /// Never in a released lab: a test parses it.
    pub fn default_state() -> Result<Self, StateError> {
        let mut state = Self::parse("state/default.json", include_str!("../state/default.json"))?;
        state.deliver_until(moments::now());
        Ok(state)
    }

    /// Moves the log files by whole days, so that the newest are of the day before `now`.
    fn deliver_until(&mut self, now: i64) {
        const DAY: i64 = 86_400_000;
        let newest = self.log_files.iter().map(|files| files.to).max().unwrap_or(now);
        let days = (now - newest).div_euclid(DAY);
        self.log_files.iter_mut().for_each(|files| files.move_by(days * DAY));
    }

    /// Reads a state from the text of a file; `name` is the file's name, for errors.
    ///
    /// # Errors
    ///
    /// The text is not JSON, has another version, or has a member that is missing, unknown or
    /// malformed; the error names one per element.
    pub fn parse(name: &str, text: &str) -> Result<Self, StateError> {
        let value: Value = serde_json::from_str(text).map_err(|error| StateError {
            name: name.to_owned(),
            faults: vec![error.to_string()],
        })?;
        Self::from_value(name, &value)
    }

    /// Reads a state from a JSON value; `name` is where it comes from, for errors.
    ///
    /// # Errors
    ///
    /// As [`State::parse`].
    pub fn from_value(name: &str, value: &Value) -> Result<Self, StateError> {
        read::state(value).map_err(|faults| StateError { name: name.to_owned(), faults })
    }
}
