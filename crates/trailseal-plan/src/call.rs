//! The calls that a plan may make. None of them deletes anything.

use serde::{Deserialize, Serialize};
use trailseal_rule::{KeyArn, Region, TrailArn};

use crate::current_state::Tag;

/// The tag by which a key that was created but not yet journalled is found again. Whoever carries
/// out [`Call::CreateKey`] adds it, with the journal's id as its value.
pub const JOURNAL_TAG: &str = "trailseal:journal";

/// One call that changes something, under AWS's own name.
///
/// *Invariant of absence*: there is no `ScheduleKeyDeletion`, and none of the calls deletes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Call {
    /// KMS `CreateKey`: a symmetric encryption key with this policy.
    CreateKey {
        /// Where.
        region: Region,
        /// `Description`.
        description: String,
        /// `Tags`, without [`JOURNAL_TAG`].
        tags: Vec<Tag>,
        /// `Policy`, whole.
        policy: String,
    },
    /// KMS `CreateAlias`.
    CreateAlias {
        /// The key.
        key: KeyTarget,
        /// Where.
        region: Region,
        /// `AliasName`, `alias/…`.
        alias: String,
    },
    /// KMS `CancelKeyDeletion`; it leaves the key Disabled.
    CancelKeyDeletion {
        /// The key.
        key: KeyTarget,
    },
    /// KMS `EnableKey`.
    EnableKey {
        /// The key.
        key: KeyTarget,
    },
    /// KMS `DisableKey`: only as the undo of `EnableKey`.
    DisableKey {
        /// The key.
        key: KeyTarget,
    },
    /// KMS `PutKeyPolicy`.
    PutKeyPolicy {
        /// The key.
        key: KeyTarget,
        /// `Policy`, whole.
        policy: String,
    },
    /// KMS `EnableKeyRotation`.
    EnableKeyRotation {
        /// The key.
        key: KeyTarget,
        /// `RotationPeriodInDays`; KMS's own where it is left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        period_days: Option<u32>,
    },
    /// CloudTrail `UpdateTrail`, of `KmsKeyId` alone.
    UpdateTrail {
        /// The trail.
        trail: TrailArn,
        /// Its home Region, where the call is made.
        region: Region,
        /// `KmsKeyId`; nothing means an empty one, which turns SSE-KMS off.
        key: Option<KeyTarget>,
    },
}

/// A key that a call is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum KeyTarget {
    /// One that exists.
    Existing(KeyArn),
    /// The one that the plan creates; [`Plan::bind`](crate::Plan::bind) puts its ARN here.
    Created,
}

impl KeyTarget {
    /// The key's ARN, once there is one.
    #[must_use]
    pub fn arn(&self) -> Option<&KeyArn> {
        match self {
            Self::Existing(arn) => Some(arn),
            Self::Created => None,
        }
    }

    pub(crate) fn bind(&mut self, created: &KeyArn) {
        if *self == Self::Created {
            *self = Self::Existing(created.clone());
        }
    }
}

impl Call {
    /// The operation as AWS names it.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        match self {
            Self::CreateKey { .. } => "CreateKey",
            Self::CreateAlias { .. } => "CreateAlias",
            Self::CancelKeyDeletion { .. } => "CancelKeyDeletion",
            Self::EnableKey { .. } => "EnableKey",
            Self::DisableKey { .. } => "DisableKey",
            Self::PutKeyPolicy { .. } => "PutKeyPolicy",
            Self::EnableKeyRotation { .. } => "EnableKeyRotation",
            Self::UpdateTrail { .. } => "UpdateTrail",
        }
    }

    /// The key policy that it sends.
    #[must_use]
    pub fn policy(&self) -> Option<&str> {
        match self {
            Self::CreateKey { policy, .. } | Self::PutKeyPolicy { policy, .. } => Some(policy),
            Self::CreateAlias { .. }
            | Self::CancelKeyDeletion { .. }
            | Self::EnableKey { .. }
            | Self::DisableKey { .. }
            | Self::EnableKeyRotation { .. }
            | Self::UpdateTrail { .. } => None,
        }
    }

    /// The key that it is about; nothing where it creates one, or takes the trail's away.
    #[must_use]
    pub fn key(&self) -> Option<&KeyTarget> {
        match self {
            Self::CreateKey { .. } => None,
            Self::CreateAlias { key, .. }
            | Self::CancelKeyDeletion { key }
            | Self::EnableKey { key }
            | Self::DisableKey { key }
            | Self::PutKeyPolicy { key, .. }
            | Self::EnableKeyRotation { key, .. } => Some(key),
            Self::UpdateTrail { key, .. } => key.as_ref(),
        }
    }

    pub(crate) fn bind(&mut self, created: &KeyArn) {
        match self {
            Self::CreateKey { .. } => {}
            Self::CreateAlias { key, .. }
            | Self::CancelKeyDeletion { key }
            | Self::EnableKey { key }
            | Self::DisableKey { key }
            | Self::PutKeyPolicy { key, .. }
            | Self::EnableKeyRotation { key, .. } => key.bind(created),
            Self::UpdateTrail { key, .. } => {
                if let Some(key) = key {
                    key.bind(created);
                }
            }
        }
    }
}
