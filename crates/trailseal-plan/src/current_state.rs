//! What a plan starts from: what was read live, what is requested, what was consented to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trailseal_rule::{
    AccountId, Facts, KeyArn, KeyFacts, KeyRef, Reading, Refusal, Region, Rotation, Timestamp,
    Trail,
};

/// Everything that is read before a plan is made: live, and never from a report.
///
/// What nobody read is `Reading::Refused(NotRead)`, as in the rule's [`Facts`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentState {
    /// The trail, as CloudTrail shows it in the account and Region from which it would be changed.
    pub trail: Trail,
    /// The account whose credentials would make the calls.
    pub caller: AccountId,
    /// The rule's facts about the trail's present key, gathered under the rule's parameters.
    pub facts: Facts,
    /// The Region of the trail's bucket (S3 `HeadBucket`), wanted whatever the parameters say.
    pub bucket_region: Reading<Region>,
    /// The requested key, where that is an existing one; [`KeyReadings::unread`] for a new one.
    pub candidate: KeyReadings,
    /// The key that the requested alias names already (KMS `DescribeKey`): absent where it is free.
    pub alias: Reading<KeyArn>,
    /// Who reads the log files, as far as the bucket's policy tells.
    pub readers: Reading<Readers>,
    /// Whether the bucket has an S3 Bucket Key: then CloudTrail also needs `kms:Decrypt`.
    pub bucket_key: Reading<bool>,
    /// Whether the caller's account is CloudTrail's delegated administrator of the organization
    /// (Organizations `ListDelegatedAdministrators`): read only where the trail is an organization's
    /// of another account.
    pub delegated: Reading<bool>,
    /// The trail's tags (CloudTrail `ListTags`): some of them say that a tool owns the trail.
    pub tags: Reading<BTreeMap<String, String>>,
}

/// What was read of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyReadings {
    /// KMS `DescribeKey`.
    pub key: Reading<KeyFacts>,
    /// KMS `GetKeyPolicy`.
    pub policy: Reading<String>,
    /// KMS `GetKeyRotationStatus`.
    pub rotation: Reading<Rotation>,
}

impl KeyReadings {
    /// Nothing was read.
    #[must_use]
    pub fn unread() -> Self {
        Self {
            key: Reading::Refused(Refusal::NotRead),
            policy: Reading::Refused(Refusal::NotRead),
            rotation: Reading::Refused(Refusal::NotRead),
        }
    }
}

/// Whom the bucket's policy lets read the log files. The IAM policies of the bucket's account can let
/// others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readers {
    /// Whom it names.
    pub named: Vec<Reader>,
    /// Who else it may let read, each in words.
    pub others: Vec<String>,
    /// When the policy was recorded.
    pub recorded: Timestamp,
}

/// Somebody who reads the log files in the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The ARN of a role, a user or an account's root, as the bucket's policy names it.
    pub principal: String,
}

/// Which key the trail is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetKey {
    /// One that exists.
    Existing(KeyRef),
    /// One that is made for it.
    New(NewKey),
}

/// What a new key is to be like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewKey {
    /// Its alias, `alias/…`.
    pub alias: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// A tag of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tag {
    /// `TagKey`.
    pub key: String,
    /// `TagValue`.
    pub value: String,
}

/// What the user said yes to, each by a word of its own. Nothing is consented to by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// The trail's key may be replaced by another.
    pub replace_key: bool,
    /// The requested key may be enabled.
    pub enable_key: bool,
    /// The requested key's scheduled deletion may be cancelled.
    pub cancel_key_deletion: bool,
}
