//! The calls that a plan may make. None of them deletes anything.

use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, IntoStaticStr, VariantArray};
use trailseal_rule::{KeyArn, Region, TrailArn};

use crate::current_state::Tag;

/// The tag that [`Call::CreateKey`] adds, with the journal's ID as its value. A resumed run finds a
/// key by it that was created but not journaled.
pub const JOURNAL_TAG: &str = "trailseal:journal";

/// A call that changes something, named after the AWS operation.
///
/// *Invariant of absence*: there is no `ScheduleKeyDeletion`, and none of the calls deletes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, EnumDiscriminants)]
#[serde(rename_all_fields = "camelCase")]
#[strum_discriminants(name(CallKind), vis(pub(crate)), derive(VariantArray))]
pub enum Call {
    /// KMS `CreateKey`: creates a symmetric encryption key.
    CreateKey {
        region: Region,
        description: String,
        /// `Tags`, without [`JOURNAL_TAG`].
        tags: Vec<Tag>,
        policy: String,
    },
    /// KMS `CreateAlias`.
    CreateAlias {
        key: KeyTarget,
        region: Region,
        /// `AliasName`, `alias/…`.
        alias: String,
    },
    /// KMS `CancelKeyDeletion`, which leaves the key disabled.
    CancelKeyDeletion { key: KeyTarget },
    /// KMS `EnableKey`.
    EnableKey { key: KeyTarget },
    /// KMS `DisableKey`, only to undo `EnableKey`.
    DisableKey { key: KeyTarget },
    /// KMS `PutKeyPolicy`.
    PutKeyPolicy { key: KeyTarget, policy: String },
    /// KMS `EnableKeyRotation`.
    EnableKeyRotation {
        key: KeyTarget,
        /// `RotationPeriodInDays`; `None` for the default of KMS.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        period_days: Option<u32>,
    },
    /// CloudTrail `UpdateTrail`, which changes only `KmsKeyId`.
    UpdateTrail {
        trail: TrailArn,
        /// Its home Region, where the call is made.
        region: Region,
        /// `KmsKeyId`; `None` sends an empty ID, which turns SSE-KMS off.
        key: Option<KeyTarget>,
    },
}

/// The key that a call is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum KeyTarget {
    Existing(KeyArn),
    /// The key that the plan creates; [`Plan::bind`](crate::Plan::bind) fills in its ARN.
    Created,
}

impl KeyTarget {
    /// The key's ARN; `None` until the key exists.
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
    pub fn operation(&self) -> &'static str {
        self.into()
    }

    /// The key policy that the call sends.
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

    /// The key that the call is about; `None` if it creates one or removes the trail's key.
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
