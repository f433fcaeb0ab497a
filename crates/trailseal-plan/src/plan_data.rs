//! A plan as data: what a journal holds, `-o json` prints and the executor carries out.

use std::fmt;

use serde::{Deserialize, Serialize};
use trailseal_rule::{AccountId, BucketName, KeyArn, KeyRef, Region, TrailArn};

use crate::call::{Call, KeyTarget};
use crate::condition::Condition;

/// The steps by which a trail gets its key, or by which that is undone, in the order in which
/// they must be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// What the plan is for.
    pub purpose: Purpose,
    /// The trail.
    pub trail: TrailArn,
    /// The account that owns the trail.
    pub account: AccountId,
    /// The trail's home Region, where it is changed.
    pub home_region: Region,
    /// The trail's bucket.
    pub bucket: BucketName,
    /// The Region of the bucket, where the key must be.
    pub bucket_region: Region,
    /// The key that the plan is about: the one that the trail gets, or had got.
    pub key: PlannedKey,
    /// The key that the trail has before the plan; nothing where it has none.
    pub former_key: Option<KeyRef>,
    /// The steps, in order, each at most once.
    pub steps: Vec<Step>,
    /// How the key's policy changes, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_change: Option<PolicyChange>,
    /// Whether those who are known to read the log files will be able to decrypt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readers: Vec<ReaderAccess>,
    /// What to know before it is carried out.
    pub warnings: Vec<Warning>,
    /// What it costs, where it costs anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// The permissions that planning it and carrying it out take.
    pub permissions: Vec<Permission>,
}

/// What a plan is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Purpose {
    /// To seal a trail.
    Seal,
    /// To take back what an earlier plan has done.
    BackOut,
}

/// The key that a plan is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum PlannedKey {
    /// One that exists.
    Existing(KeyArn),
    /// One that the plan creates.
    ToCreate {
        /// Where.
        region: Region,
    },
}

/// One step: a call, with what must hold before it and what must hold after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Which step it is.
    pub id: StepId,
    /// The call.
    pub call: Call,
    /// What must hold just before the call: read live, and all of it.
    pub requires: Vec<Condition>,
    /// What is read back after the call, and must hold before the next step.
    pub proves: Vec<Condition>,
    /// How it is taken back.
    pub undo: Undo,
}

/// The steps there are. A plan has each at most once, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepId {
    /// `create-key`
    CreateKey,
    /// `create-alias`
    CreateAlias,
    /// `cancel-key-deletion`
    CancelKeyDeletion,
    /// `enable-key`
    EnableKey,
    /// `put-key-policy`
    PutKeyPolicy,
    /// `enable-key-rotation`
    EnableKeyRotation,
    /// `update-trail`
    UpdateTrail,
    /// `restore-trail`, of a back-out
    RestoreTrail,
    /// `restore-key-policy`, of a back-out
    RestoreKeyPolicy,
    /// `disable-key`, of a back-out
    DisableKey,
}

impl StepId {
    /// The name in kebab case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateKey => "create-key",
            Self::CreateAlias => "create-alias",
            Self::CancelKeyDeletion => "cancel-key-deletion",
            Self::EnableKey => "enable-key",
            Self::PutKeyPolicy => "put-key-policy",
            Self::EnableKeyRotation => "enable-key-rotation",
            Self::UpdateTrail => "update-trail",
            Self::RestoreTrail => "restore-trail",
            Self::RestoreKeyPolicy => "restore-key-policy",
            Self::DisableKey => "disable-key",
        }
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// How a step is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Undo {
    /// By a call, which a back-out makes.
    Call(Box<Call>),
    /// By hand, if at all: a back-out says so and leaves it.
    Advice(String),
}

/// How a key policy changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyChange {
    /// The document before; nothing for a key that is created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The document after, whole.
    pub after: String,
    /// The statements that are added, each as JSON.
    pub added: Vec<String>,
}

/// Whether somebody who reads the log files will be able to decrypt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReaderAccess {
    /// The ARN.
    pub principal: String,
    /// By the key policy as it will be.
    pub may_decrypt: MayDecrypt,
}

/// Whether a key policy lets somebody decrypt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MayDecrypt {
    /// It does.
    Yes,
    /// It leaves that to IAM policies, or to what cannot be known from here.
    IfIamAllows,
    /// It does not.
    No,
}

/// Something to know before a plan is carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Warning {
    /// Its stable name, in kebab case.
    pub code: WarningCode,
    /// What it is, and what to do about it.
    pub what: String,
}

/// The stable name of a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WarningCode {
    /// `readers-lose-access`
    ReadersLoseAccess,
    /// `readers-need-iam`
    ReadersNeedIam,
    /// `readers-unknown`
    ReadersUnknown,
    /// `readers-by-iam-unseen`
    ReadersByIamUnseen,
    /// `infrastructure-code-drifts`
    InfrastructureCodeDrifts,
    /// `old-log-files-stay`
    OldLogFilesStay,
    /// `keep-the-former-key`
    KeepTheFormerKey,
    /// `no-way-back`
    NoWayBack,
    /// `delivery-not-yet-proven`
    DeliveryNotYetProven,
    /// `protect-the-new-key`
    ProtectTheNewKey,
    /// `stays-behind`
    StaysBehind,
    /// `others-may-use-the-key`
    OthersMayUseTheKey,
    /// `changed-meanwhile`
    ChangedMeanwhile,
    /// `bucket-key-unknown`
    BucketKeyUnknown,
}

impl WarningCode {
    /// Every code.
    pub const ALL: [Self; 14] = [
        Self::ReadersLoseAccess,
        Self::ReadersNeedIam,
        Self::ReadersUnknown,
        Self::ReadersByIamUnseen,
        Self::InfrastructureCodeDrifts,
        Self::OldLogFilesStay,
        Self::KeepTheFormerKey,
        Self::NoWayBack,
        Self::DeliveryNotYetProven,
        Self::ProtectTheNewKey,
        Self::StaysBehind,
        Self::OthersMayUseTheKey,
        Self::ChangedMeanwhile,
        Self::BucketKeyUnknown,
    ];

    /// The name in kebab case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadersLoseAccess => "readers-lose-access",
            Self::ReadersNeedIam => "readers-need-iam",
            Self::ReadersUnknown => "readers-unknown",
            Self::ReadersByIamUnseen => "readers-by-iam-unseen",
            Self::InfrastructureCodeDrifts => "infrastructure-code-drifts",
            Self::OldLogFilesStay => "old-log-files-stay",
            Self::KeepTheFormerKey => "keep-the-former-key",
            Self::NoWayBack => "no-way-back",
            Self::DeliveryNotYetProven => "delivery-not-yet-proven",
            Self::ProtectTheNewKey => "protect-the-new-key",
            Self::StaysBehind => "stays-behind",
            Self::OthersMayUseTheKey => "others-may-use-the-key",
            Self::ChangedMeanwhile => "changed-meanwhile",
            Self::BucketKeyUnknown => "bucket-key-unknown",
        }
    }

    /// When it is given.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::ReadersLoseAccess => {
                "somebody reads the bucket and the key policy does not let them decrypt"
            }
            Self::ReadersNeedIam => {
                "somebody reads the bucket and may decrypt only if IAM policies allow it"
            }
            Self::ReadersUnknown => "it is not known who reads the bucket, or who else does",
            Self::ReadersByIamUnseen => {
                "the readers are those whom the bucket's policy lets read; others may by IAM policies, access points and ACLs"
            }
            Self::InfrastructureCodeDrifts => "a tool seems to own the trail",
            Self::OldLogFilesStay => "log files that are there already stay as they were encrypted",
            Self::KeepTheFormerKey => {
                "old log files can be read only while the former key is there"
            }
            Self::NoWayBack => {
                "with its present key the trail cannot deliver, for all that is known, so that a \
                 back-out to it would be refused"
            }
            Self::DeliveryNotYetProven => "the parameters ask for a delivery, which comes later",
            Self::ProtectTheNewKey => "nothing but permissions keeps a key from being deleted",
            Self::StaysBehind => "something that a back-out leaves",
            Self::OthersMayUseTheKey => {
                "whoever has come to use a key since it was enabled loses it with the back-out"
            }
            Self::ChangedMeanwhile => {
                "a back-out by force is made although somebody has changed something since"
            }
            Self::BucketKeyUnknown => {
                "the bucket may have an S3 Bucket Key, with which CloudTrail also needs kms:Decrypt"
            }
        }
    }
}

impl fmt::Display for WarningCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// What a plan costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// US dollars a month at first.
    pub monthly_usd: u32,
    /// US dollars a month once the key was rotated twice.
    pub monthly_usd_after_two_rotations: u32,
    /// The same in words, and what comes on top.
    pub words: String,
}

/// A permission that carrying out a plan takes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Permission {
    /// The IAM action.
    pub action: String,
    /// The ARN of what it is for, or `*`.
    pub resource: String,
}

impl Plan {
    /// The key's ARN, once there is one.
    #[must_use]
    pub fn key_arn(&self) -> Option<&KeyArn> {
        match &self.key {
            PlannedKey::Existing(arn) => Some(arn),
            PlannedKey::ToCreate { .. } => None,
        }
    }

    /// The key as calls name it.
    #[must_use]
    pub fn key_target(&self) -> KeyTarget {
        self.key_arn().cloned().map_or(KeyTarget::Created, KeyTarget::Existing)
    }

    /// The same plan with the ARN of the created key wherever that key is meant.
    #[must_use]
    pub fn bind(mut self, created: &KeyArn) -> Self {
        for step in &mut self.steps {
            step.call.bind(created);
            let conditions = step.requires.iter_mut().chain(&mut step.proves);
            conditions.for_each(|condition| condition.bind(created));
            if let Undo::Call(call) = &mut step.undo {
                call.bind(created);
            }
        }
        if matches!(self.key, PlannedKey::ToCreate { .. }) {
            self.key = PlannedKey::Existing(created.clone());
        }
        self
    }

    /// A step by its id.
    #[must_use]
    pub fn step(&self, id: StepId) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == id)
    }
}
