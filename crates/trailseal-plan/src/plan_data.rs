//! A plan as data. Journals contain it, `-o json` prints it and the remediation applies it.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumMessage, VariantArray};
use trailseal_rule::{AccountId, BucketName, KeyArn, KeyRef, Region, TrailArn};

use crate::call::Call;
use crate::condition::Condition;

/// The steps that give a trail its key, or that back this out, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    pub purpose: Purpose,
    pub trail: TrailArn,
    /// The account of the credentials, which makes the calls; it owns a new key.
    pub account: AccountId,
    /// The trail's home Region, where calls change it.
    pub home_region: Region,
    /// The trail's bucket.
    pub bucket: BucketName,
    /// The Region of the bucket, where the key must be.
    pub bucket_region: Region,
    /// The key that the trail gets, or that a back-out takes away.
    pub key: PlannedKey,
    /// The key that the trail has before the plan; `None` without a key.
    pub former_key: Option<KeyRef>,
    /// The steps, in order, each at most once.
    pub steps: Vec<Step>,
    /// The change of the key's policy, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_change: Option<PolicyChange>,
    /// Whether the known readers of the log files will be able to decrypt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readers: Vec<ReaderAccess>,
    /// What to know before applying the plan.
    pub warnings: Vec<Warning>,
    /// The cost, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// The permissions to plan and to apply: those of every call to CloudTrail, KMS and AWS Config.
    pub permissions: Vec<Permission>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Purpose {
    Seal,
    /// Undo an earlier plan.
    BackOut,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum PlannedKey {
    Existing(KeyArn),
    /// A key that the plan creates.
    ToCreate {
        region: Region,
    },
}

/// A step: a call with the conditions before and after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    pub id: StepId,
    pub call: Call,
    /// The conditions that must all hold, read live, just before the call.
    pub requires: Vec<Condition>,
    /// The conditions that are read back after the call, before the next step.
    pub proves: Vec<Condition>,
    pub undo: Undo,
}

/// The ID of a step. A plan has each at most once, in this order.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Display,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum StepId {
    CreateKey,
    CreateAlias,
    CancelKeyDeletion,
    EnableKey,
    PutKeyPolicy,
    EnableKeyRotation,
    /// Set the key on the trail.
    UpdateTrail,
    /// In a back-out: set the trail's former key, or none.
    RestoreTrail,
    /// In a back-out: remove the added statements.
    RestoreKeyPolicy,
    /// In a back-out: disable the key again.
    DisableKey,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Undo {
    /// By a call, which a back-out makes.
    Call(Box<Call>),
    /// By hand: a back-out only shows this advice.
    Advice(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyChange {
    /// The document before; `None` for a new key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    pub after: String,
    /// The added statements, each as JSON.
    pub added: Vec<String>,
}

/// Whether a reader of the log files will be able to decrypt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReaderAccess {
    /// The reader's ARN.
    pub principal: String,
    /// According to the key policy after the plan.
    pub may_decrypt: MayDecrypt,
}

/// Whether a key policy allows somebody to decrypt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MayDecrypt {
    Yes,
    /// It depends on IAM policies, or on something else that is not known.
    IfIamAllows,
    No,
}

/// Something to know before applying a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Warning {
    /// Its stable name, in kebab case.
    pub code: WarningCode,
    /// The warning, and what to do about it.
    pub what: String,
}

/// The stable name of a warning, in kebab case. The documentation of each variant says when it is
/// given; the crate's README lists it from here.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Display, EnumMessage, VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum WarningCode {
    /// a reader of the bucket cannot decrypt under the key policy
    ReadersLoseAccess,
    /// a reader of the bucket can decrypt only if IAM policies allow it
    ReadersNeedIam,
    /// the readers of the bucket, or some of them, are not known
    ReadersUnknown,
    /// only readers in the bucket policy are known; IAM policies, access points and ACLs are not read
    ReadersByIamUnseen,
    /// infrastructure code seems to own the trail
    InfrastructureCodeDrifts,
    /// existing log files keep their present encryption
    OldLogFilesStay,
    /// old log files are readable only while the former key exists
    KeepTheFormerKey,
    /// the trail cannot deliver with its present key, so a back-out to it would be refused
    NoWayBack,
    /// the parameters or a key in an external key store require a delivery, which comes later
    DeliveryNotYetProven,
    /// only permissions protect a key from deletion
    ProtectTheNewKey,
    /// the back-out leaves something in place
    StaysBehind,
    /// others that have used the key since it was enabled lose it in the back-out
    OthersMayUseTheKey,
    /// `--force` backs out although somebody has changed something since
    ChangedMeanwhile,
    /// the bucket may have an S3 Bucket Key, with which CloudTrail also needs kms:Decrypt
    BucketKeyUnknown,
    /// a Deny in the bucket policy may keep out deliveries with the requested key
    BucketPolicyInDoubt,
}

impl WarningCode {
    /// Every code, for the tables in the README, which a test compares with the code.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// When it is given, in words.
    pub fn meaning(self) -> &'static str {
        self.get_documentation().unwrap_or_default()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// US dollars per month at first.
    pub monthly_usd: u32,
    /// US dollars per month after two rotations of the key.
    pub monthly_usd_after_two_rotations: u32,
    /// The same in words, with the additional cost of requests.
    pub words: String,
}

/// A permission that a plan needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Permission {
    pub action: String,
    /// The ARN of the resource, or `*`.
    pub resource: String,
}

impl Plan {
    /// The key's ARN; `None` until the key exists.
    pub fn key_arn(&self) -> Option<&KeyArn> {
        match &self.key {
            PlannedKey::Existing(arn) => Some(arn),
            PlannedKey::ToCreate { .. } => None,
        }
    }

    /// Replaces the key to create by the created key.
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

    pub fn step(&self, id: StepId) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == id)
    }
}
