//! Why there is no plan: every reason at once, each with what to do.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use trailseal_rule::{Reading, Refusal};

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
    /// `former-key-not-allowed`
    FormerKeyNotAllowed,
    /// `journal-mismatch`
    JournalMismatch,
}

impl RefusalCode {
    /// Every code.
    pub const ALL: [Self; 35] = [
        Self::AlreadySealed,
        Self::Unverified,
        Self::NotJudged,
        Self::ShadowTrail,
        Self::OrganizationTrailOfAnotherAccount,
        Self::TrailOfAnotherAccount,
        Self::ReadingDenied,
        Self::BucketMissing,
        Self::BucketRegionUnknown,
        Self::KeyNotNamed,
        Self::AwsManagedKey,
        Self::KeyMissing,
        Self::KeyUnknown,
        Self::KeyInWrongRegion,
        Self::KeyOfWrongKind,
        Self::KeyDisabled,
        Self::KeyPendingDeletion,
        Self::KeyNotReady,
        Self::KeyNotAllowed,
        Self::KeyCannotRotate,
        Self::KeyOfAnotherAccount,
        Self::KeyPolicyUnknown,
        Self::KeyPolicyDenies,
        Self::KeyPolicyInDoubt,
        Self::KeyPolicyTooLong,
        Self::ReplaceKeyNotConsented,
        Self::NewKeyNotPossible,
        Self::AliasTaken,
        Self::WouldStillFail,
        Self::NothingToBackOut,
        Self::ChangedMeanwhile,
        Self::FormerKeyCannotEncrypt,
        Self::BackOutStopsDelivery,
        Self::FormerKeyNotAllowed,
        Self::JournalMismatch,
    ];

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
            Self::FormerKeyNotAllowed => "former-key-not-allowed",
            Self::JournalMismatch => "journal-mismatch",
        }
    }

    /// When it is given.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::AlreadySealed => "the trail is COMPLIANT already under these parameters",
            Self::Unverified => {
                "nothing was found wrong with the trail, but something could not be verified; or what a back-out would restore cannot be read"
            }
            Self::NotJudged => "the trail is exempt, or no check applies to it",
            Self::ShadowTrail => "this is the copy of a multi-Region trail outside its home Region",
            Self::OrganizationTrailOfAnotherAccount => {
                "this is a member account's copy of an organization trail"
            }
            Self::TrailOfAnotherAccount => {
                "the credentials are not of the account that owns the trail"
            }
            Self::ReadingDenied => "AWS denied readings; every missing IAM action is named",
            Self::BucketMissing => "the trail's bucket does not exist",
            Self::BucketRegionUnknown => "the Region of the trail's bucket is not known",
            Self::KeyNotNamed => "what was given is no key's ARN, id or alias",
            Self::AwsManagedKey => "the requested key is managed by AWS",
            Self::KeyMissing => "the requested key does not exist",
            Self::KeyUnknown => "what must be known of the requested key could not be read",
            Self::KeyInWrongRegion => {
                "the requested key is not in the Region of the trail's bucket"
            }
            Self::KeyOfWrongKind => "the requested key is not a symmetric encryption key",
            Self::KeyDisabled => {
                "the requested key is disabled, and it was not said that it may be enabled"
            }
            Self::KeyPendingDeletion => {
                "the requested key will be deleted, and it was not said that this may be cancelled and the key enabled"
            }
            Self::KeyNotReady => {
                "the requested key is in another state that does not encrypt, or its imported material has ended"
            }
            Self::KeyNotAllowed => "the rule's parameters do not allow the requested key",
            Self::KeyCannotRotate => {
                "the parameters ask for rotation, and KMS cannot turn it on for the requested key"
            }
            Self::KeyOfAnotherAccount => {
                "the requested key is of another account, and its owner has to change or show something first; what is told"
            }
            Self::KeyPolicyUnknown => "the policy of the requested key could not be read",
            Self::KeyPolicyDenies => "a Deny in the key policy keeps CloudTrail out",
            Self::KeyPolicyInDoubt => {
                "whether the key policy would admit CloudTrail cannot be told"
            }
            Self::KeyPolicyTooLong => "the key policy would be longer than KMS takes",
            Self::ReplaceKeyNotConsented => {
                "the trail has another key, and it was not said that it may be replaced"
            }
            Self::NewKeyNotPossible => {
                "KMS would not take the new key's alias, tags or description"
            }
            Self::AliasTaken => "the new key's alias names another key",
            Self::WouldStillFail => {
                "after the plan the trail would still not be COMPLIANT; what is left is told"
            }
            Self::NothingToBackOut => "nothing stands in AWS that a back-out would take back",
            Self::ChangedMeanwhile => {
                "somebody has changed what would be restored; the difference is shown"
            }
            Self::FormerKeyCannotEncrypt => "with its former key the trail could not deliver",
            Self::BackOutStopsDelivery => {
                "the trail uses the key, and could not deliver without what would be taken back"
            }
            Self::FormerKeyNotAllowed => {
                "the journal names a former key that the rule's parameters do not allow, that AWS manages, or that anybody can decrypt with"
            }
            Self::JournalMismatch => {
                "the journal holds other steps than the planner makes now, or a back-out would not give back what was there; the difference is shown"
            }
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
    /// The difference, in lines, where somebody has changed what was to be restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<String>,
}

/// Every reason why there is no plan: one at least.
#[derive(Clone, Debug, Error, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Refusals {
    list: Vec<PlanRefusal>,
}

impl Refusals {
    /// One reason alone.
    #[must_use]
    pub fn one(code: RefusalCode, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            list: vec![PlanRefusal { code, what: what.into(), fix: fix.into(), difference: None }],
        }
    }

    /// One reason with a difference to show.
    #[must_use]
    pub(crate) fn with_difference(
        code: RefusalCode,
        what: impl Into<String>,
        fix: impl Into<String>,
        difference: String,
    ) -> Self {
        let mut found = Found::default();
        found.push_difference(code, what, fix, difference);
        found.into_refusals()
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

/// What was found against a plan so far.
#[derive(Debug, Default)]
pub(crate) struct Found {
    list: Vec<PlanRefusal>,
    denied: BTreeSet<&'static str>,
}

impl Found {
    /// Each reason is told once.
    pub(crate) fn push(
        &mut self,
        code: RefusalCode,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) {
        let refusal = PlanRefusal { code, what: what.into(), fix: fix.into(), difference: None };
        if !self.list.contains(&refusal) {
            self.list.push(refusal);
        }
    }

    /// A reason with a difference to show.
    pub(crate) fn push_difference(
        &mut self,
        code: RefusalCode,
        what: impl Into<String>,
        fix: impl Into<String>,
        difference: String,
    ) {
        let (what, fix) = (what.into(), fix.into());
        self.list.push(PlanRefusal { code, what, fix, difference: Some(difference) });
    }

    /// Whether AWS denied the reading: then its action is told with all others that were denied.
    pub(crate) fn was_denied(&mut self, refusal: &Refusal) -> bool {
        match refusal {
            Refusal::AccessDenied { action } => {
                self.denied.insert(action);
                true
            }
            // No permission helps against that policy.
            Refusal::DeniedByPolicy { action, denial } => {
                let what = format!("{action} was {denial}");
                self.push(RefusalCode::ReadingDenied, what, denial.advice(action));
                true
            }
            _ => false,
        }
    }

    /// Notes a reading that AWS denied; any other reading is passed over.
    pub(crate) fn note_denied<T>(&mut self, reading: &Reading<T>) {
        if let Reading::Refused(refusal) = reading {
            self.was_denied(refusal);
        }
    }

    /// Tells of all actions that were denied at once.
    pub(crate) fn deny_readings(&mut self) {
        if self.denied.is_empty() {
            return;
        }
        let actions: Vec<&str> = std::mem::take(&mut self.denied).into_iter().collect();
        let actions = actions.join(", ");
        self.push(
            RefusalCode::ReadingDenied,
            format!("AWS denied {actions}"),
            format!("allow {actions} to these credentials, in IAM and for KMS in the key policy"),
        );
    }

    pub(crate) fn unless_any(&self) -> Result<(), Refusals> {
        if self.list.is_empty() {
            return Ok(());
        }
        Err(Refusals { list: self.list.clone() })
    }

    pub(crate) fn into_refusals(self) -> Refusals {
        Refusals { list: self.list }
    }
}
