//! Why there is no plan: every reason at once, each with what to do.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The stable name of a reason, in kebab case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalCode {
    /// `already-sealed`
    AlreadySealed,
    /// `unverified`
    Unverified,
    /// `not-judged`
    NotJudged,
    /// `shadow-trail`
    ShadowTrail,
    /// `organization-trail-of-another-account`
    OrganizationTrailOfAnotherAccount,
    /// `trail-of-another-account`
    TrailOfAnotherAccount,
    /// `reading-denied`
    ReadingDenied,
    /// `bucket-missing`
    BucketMissing,
    /// `bucket-region-unknown`
    BucketRegionUnknown,
    /// `key-not-named`
    KeyNotNamed,
    /// `aws-managed-key`
    AwsManagedKey,
    /// `key-missing`
    KeyMissing,
    /// `key-unknown`
    KeyUnknown,
    /// `key-in-wrong-region`
    KeyInWrongRegion,
    /// `key-of-wrong-kind`
    KeyOfWrongKind,
    /// `key-disabled`
    KeyDisabled,
    /// `key-pending-deletion`
    KeyPendingDeletion,
    /// `key-not-ready`
    KeyNotReady,
    /// `key-not-allowed`
    KeyNotAllowed,
    /// `key-cannot-rotate`
    KeyCannotRotate,
    /// `key-of-another-account`
    KeyOfAnotherAccount,
    /// `key-policy-unknown`
    KeyPolicyUnknown,
    /// `key-policy-denies`
    KeyPolicyDenies,
    /// `key-policy-in-doubt`
    KeyPolicyInDoubt,
    /// `key-policy-too-long`
    KeyPolicyTooLong,
    /// `replace-key-not-consented`
    ReplaceKeyNotConsented,
    /// `new-key-not-possible`
    NewKeyNotPossible,
    /// `alias-taken`
    AliasTaken,
    /// `would-still-fail`
    WouldStillFail,
    /// `nothing-to-back-out`
    NothingToBackOut,
    /// `changed-meanwhile`
    ChangedMeanwhile,
    /// `former-key-cannot-encrypt`
    FormerKeyCannotEncrypt,
    /// `back-out-stops-delivery`
    BackOutStopsDelivery,
}

impl RefusalCode {
    /// The name in kebab case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AlreadySealed => "already-sealed",
            Self::Unverified => "unverified",
            Self::NotJudged => "not-judged",
            Self::ShadowTrail => "shadow-trail",
            Self::OrganizationTrailOfAnotherAccount => "organization-trail-of-another-account",
            Self::TrailOfAnotherAccount => "trail-of-another-account",
            Self::ReadingDenied => "reading-denied",
            Self::BucketMissing => "bucket-missing",
            Self::BucketRegionUnknown => "bucket-region-unknown",
            Self::KeyNotNamed => "key-not-named",
            Self::AwsManagedKey => "aws-managed-key",
            Self::KeyMissing => "key-missing",
            Self::KeyUnknown => "key-unknown",
            Self::KeyInWrongRegion => "key-in-wrong-region",
            Self::KeyOfWrongKind => "key-of-wrong-kind",
            Self::KeyDisabled => "key-disabled",
            Self::KeyPendingDeletion => "key-pending-deletion",
            Self::KeyNotReady => "key-not-ready",
            Self::KeyNotAllowed => "key-not-allowed",
            Self::KeyCannotRotate => "key-cannot-rotate",
            Self::KeyOfAnotherAccount => "key-of-another-account",
            Self::KeyPolicyUnknown => "key-policy-unknown",
            Self::KeyPolicyDenies => "key-policy-denies",
            Self::KeyPolicyInDoubt => "key-policy-in-doubt",
            Self::KeyPolicyTooLong => "key-policy-too-long",
            Self::ReplaceKeyNotConsented => "replace-key-not-consented",
            Self::NewKeyNotPossible => "new-key-not-possible",
            Self::AliasTaken => "alias-taken",
            Self::WouldStillFail => "would-still-fail",
            Self::NothingToBackOut => "nothing-to-back-out",
            Self::ChangedMeanwhile => "changed-meanwhile",
            Self::FormerKeyCannotEncrypt => "former-key-cannot-encrypt",
            Self::BackOutStopsDelivery => "back-out-stops-delivery",
        }
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanRefusal {
    /// Its stable name.
    pub code: RefusalCode,
    /// What was found.
    pub what: String,
    /// What to do about it.
    pub fix: String,
}

/// Every reason why there is no plan: one at least.
#[derive(Clone, Debug, Error, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Refusals {
    list: Vec<PlanRefusal>,
}

impl Refusals {
    pub(crate) fn none_yet() -> Self {
        Self { list: Vec::new() }
    }

    /// The reasons.
    pub fn iter(&self) -> impl Iterator<Item = &PlanRefusal> {
        self.list.iter()
    }

    /// Whether one of them has this name.
    #[must_use]
    pub fn has(&self, code: RefusalCode) -> bool {
        self.list.iter().any(|refusal| refusal.code == code)
    }
}

impl fmt::Display for Refusals {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = self.list.iter().map(|one| format!("{}: {}", one.code, one.what));
        out.write_str(&each.collect::<Vec<_>>().join("; "))
    }
}
