//! Why there is no plan: all reasons at once, each with its fix.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use strum::{Display, EnumMessage, VariantArray};
use thiserror::Error;
use trailseal_rule::{Reading, Refusal};

/// The stable name of a reason, in kebab case. The documentation of each variant says when it is
/// given; the crate's README lists it from here.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    Display,
    EnumMessage,
    VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum RefusalCode {
    /// the trail is already COMPLIANT under these parameters
    AlreadySealed,
    /// a check, or the state that a back-out would restore, could not be verified
    Unverified,
    /// the trail is exempt, or no check applies to it
    NotJudged,
    /// this is the copy of a multi-Region trail outside its home Region
    ShadowTrail,
    /// this is a member account's copy of an organization trail
    OrganizationTrailOfAnotherAccount,
    /// the credentials do not belong to the account that owns the trail
    TrailOfAnotherAccount,
    /// AWS denied reads; every missing IAM action is listed
    ReadingDenied,
    /// the trail's bucket does not exist
    BucketMissing,
    /// the Region of the trail's bucket is not known
    BucketRegionUnknown,
    /// the given text is not a key ARN, key ID or alias
    KeyNotNamed,
    /// AWS manages the requested key
    AwsManagedKey,
    /// the requested key does not exist
    KeyMissing,
    /// a fact about the requested key could not be read
    KeyUnknown,
    /// the requested key is not in the Region of the trail's bucket
    KeyInWrongRegion,
    /// the requested key is not a symmetric encryption key
    KeyOfWrongKind,
    /// the requested key is disabled, and `--enable-key` is not given
    KeyDisabled,
    /// the requested key is pending deletion, and `--cancel-key-deletion --enable-key` is not given
    KeyPendingDeletion,
    /// the requested key is in another state that does not encrypt, or its material has expired
    KeyNotReady,
    /// the rule's parameters do not allow the requested key
    KeyNotAllowed,
    /// the parameters require rotation, and KMS cannot rotate the requested key
    KeyCannotRotate,
    /// another account owns the requested key and has to change or allow something first
    KeyOfAnotherAccount,
    /// the policy of the requested key could not be read
    KeyPolicyUnknown,
    /// a Deny in the key policy keeps CloudTrail out
    KeyPolicyDenies,
    /// it cannot be determined whether the key policy would admit CloudTrail
    KeyPolicyInDoubt,
    /// the key policy would exceed the size that KMS accepts
    KeyPolicyTooLong,
    /// a Deny in the bucket policy keeps out deliveries with the requested key
    BucketPolicyDenies,
    /// the trail has another key, and `--replace-key` is not given
    ReplaceKeyNotConsented,
    /// KMS would not accept the new key's alias, tags or description
    NewKeyNotPossible,
    /// another key already has the new key's alias
    AliasTaken,
    /// the trail would still not be COMPLIANT after the plan; the failing checks are listed
    WouldStillFail,
    /// there is nothing to back out
    NothingToBackOut,
    /// somebody has changed what the back-out would restore; the difference is shown
    ChangedMeanwhile,
    /// the trail could not deliver with its former key
    FormerKeyCannotEncrypt,
    /// a trail that uses the key could not deliver after the back-out
    BackOutStopsDelivery,
    /// the rule does not allow the journal's former key, or anybody can decrypt with it
    FormerKeyNotAllowed,
    /// the journal differs from the plan made now, or lists statements that the planner never adds
    JournalMismatch,
}

impl RefusalCode {
    /// Every code, for the tables in the README, which a test compares with the code.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// When it is given, in words.
    pub fn meaning(self) -> &'static str {
        self.get_documentation().unwrap_or_default()
    }
}

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanRefusal {
    /// Its stable name.
    pub code: RefusalCode,
    /// The cause.
    pub what: String,
    /// What to do about it.
    pub fix: String,
    /// The difference, line by line, where two versions of something differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<String>,
}

impl PlanRefusal {
    fn new(code: RefusalCode, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { code, what: what.into(), fix: fix.into(), difference: None }
    }
}

/// The reasons why there is no plan: at least one.
#[derive(Clone, Debug, Error, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Refusals {
    list: Vec<PlanRefusal>,
}

impl Refusals {
    /// A single reason.
    pub fn one(code: RefusalCode, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { list: vec![PlanRefusal::new(code, what, fix)] }
    }

    /// The reasons.
    pub fn iter(&self) -> impl Iterator<Item = &PlanRefusal> {
        self.list.iter()
    }

    /// Whether one of them has this code.
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

/// Collects the reasons against a plan.
#[derive(Debug, Default)]
pub(crate) struct Reasons {
    list: Vec<PlanRefusal>,
    denied: BTreeSet<&'static str>,
}

impl Reasons {
    /// Adds a reason, unless it is already there.
    pub(crate) fn push(
        &mut self,
        code: RefusalCode,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) {
        let refusal = PlanRefusal::new(code, what, fix);
        if !self.list.contains(&refusal) {
            self.list.push(refusal);
        }
    }

    /// Adds a reason that shows a difference.
    pub(crate) fn push_difference(
        &mut self,
        code: RefusalCode,
        what: impl Into<String>,
        fix: impl Into<String>,
        difference: String,
    ) {
        let difference = Some(difference);
        self.list.push(PlanRefusal { difference, ..PlanRefusal::new(code, what, fix) });
    }

    /// Whether AWS denied a read. The action is then collected for [`Self::add_denials`].
    pub(crate) fn was_denied(&mut self, refusal: &Refusal) -> bool {
        if let Refusal::AccessDenied { action } = refusal {
            self.denied.insert(action);
            return true;
        }
        let Refusal::DeniedByPolicy { action, denial } = refusal else { return false };
        // No permission helps against that policy.
        let what = format!("{action} was {denial}");
        self.push(RefusalCode::ReadingDenied, what, denial.advice(action));
        true
    }

    /// Collects the action of a read that AWS denied.
    pub(crate) fn note_denied<T>(&mut self, reading: &Reading<T>) {
        if let Reading::Refused(refusal) = reading {
            self.was_denied(refusal);
        }
    }

    /// Adds one reason for all denied actions.
    pub(crate) fn add_denials(&mut self) {
        if self.denied.is_empty() {
            return;
        }
        let actions: Vec<&str> = std::mem::take(&mut self.denied).into_iter().collect();
        let actions = actions.join(", ");
        self.push(
            RefusalCode::ReadingDenied,
            format!("AWS denied {actions}"),
            format!("allow these credentials {actions}: in IAM, and for KMS in the key policy"),
        );
    }

    pub(crate) fn or_refuse(&self) -> Result<(), Refusals> {
        if self.list.is_empty() {
            return Ok(());
        }
        Err(Refusals { list: self.list.clone() })
    }

    pub(crate) fn into_refusals(self) -> Refusals {
        Refusals { list: self.list }
    }
}
