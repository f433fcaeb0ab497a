//! The input of a plan: the state that was read live, the requested key and the consent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trailseal_rule::{
    AccountId, Facts, KeyArn, KeyFacts, KeyRef, Reading, Refusal, Region, Rotation, Timestamp,
    Trail,
};

/// The state that a plan starts from, read live and never from a report.
///
/// A value that was not read is `Reading::Refused(NotRead)`, as in the rule's [`Facts`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentState {
    /// The trail as CloudTrail shows it to the account and in the Region that would change it.
    pub trail: Trail,
    /// The account that would make the calls.
    pub caller: AccountId,
    /// The rule's facts about the trail's present key.
    pub facts: Facts,
    /// The Region of the trail's bucket (S3 `HeadBucket`).
    pub bucket_region: Reading<Region>,
    /// The requested key if it exists; [`KeyReadings::unread`] for a new one.
    pub candidate: KeyReadings,
    /// The key that already has the requested alias (KMS `DescribeKey`); absent if it is free.
    pub alias: Reading<KeyArn>,
    /// Who reads the log files, according to the bucket policy.
    pub readers: Reading<Readers>,
    /// The bucket policy that AWS Config recorded.
    pub bucket_policy: Reading<RecordedPolicy>,
    /// The trail's `S3KeyPrefix`, empty without one.
    pub prefix: String,
    /// Whether the bucket has an S3 Bucket Key, with which CloudTrail also needs `kms:Decrypt`.
    pub bucket_key: Reading<bool>,
    /// Whether the caller's account is CloudTrail's delegated administrator of the organization
    /// (Organizations `ListDelegatedAdministrators`). Read only for an organization trail of another
    /// account.
    pub delegated: Reading<bool>,
    /// The trail's tags (CloudTrail `ListTags`), which can show that a tool owns the trail.
    pub tags: Reading<BTreeMap<String, String>>,
}

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
    /// A key that was not read.
    pub fn unread() -> Self {
        Self {
            key: Reading::Refused(Refusal::NotRead),
            policy: Reading::Refused(Refusal::NotRead),
            rotation: Reading::Refused(Refusal::NotRead),
        }
    }
}

/// The readers of the log files that the bucket policy allows. IAM policies of the bucket's account
/// can allow others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readers {
    /// The ARN of each role, user or account's root, as in the bucket policy.
    pub named: Vec<String>,
    /// Descriptions of other principals that it may allow.
    pub others: Vec<String>,
    /// When AWS Config recorded the policy.
    pub recorded: Timestamp,
}

/// The bucket policy, as AWS Config recorded it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedPolicy {
    pub text: String,
    pub recorded: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetKey {
    Existing(KeyRef),
    New(NewKey),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewKey {
    pub alias: Option<String>,
    pub description: Option<String>,
    pub tags: Vec<Tag>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tag {
    pub key: String,
    pub value: String,
}

/// What the user allows, each by its own option. The default allows nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// Replace the trail's key (`--replace-key`).
    pub replace_key: bool,
    /// Enable the requested key (`--enable-key`).
    pub enable_key: bool,
    /// Cancel the scheduled deletion of the requested key (`--cancel-key-deletion`).
    pub cancel_key_deletion: bool,
}
