//! The key exists, is enabled and is a symmetric encryption key.
//!
//! A trail keeps its `kmsKeyId` when the key is disabled, scheduled for deletion or gone, and
//! CloudTrail then stops delivering (CloudTrail User Guide, "Encrypting CloudTrail log files with
//! AWS KMS keys").
//!
//! a) Enabled or Updating, `ENCRYPT_DECRYPT`, `SYMMETRIC_DEFAULT`: pass. KMS encrypts in both states
//!    (KMS Developer Guide, "Key states of KMS keys").
//! b) The key does not exist: fail.
//! c) Any other state: fail, with the deletion date if there is one.
//! d) Another usage than encryption, or an asymmetric key: fail.
//! e) Imported key material that has expired: fail.
//! f) A key in an external key store, whose key state says nothing about the external key (KMS
//!    Developer Guide, "External key stores"): a `KMS.*` error of the latest delivery fails; a
//!    delivery after the trail's last known change, or within the last 24 hours if no change is
//!    known, passes; anything else is unknown. A key in a CloudHSM key store is `Unavailable` while
//!    its store is disconnected, which c) covers.
//! g) KMS refuses, or returns no usage or spec, or a state or an origin that this version does not
//!    know, such as another kind of key store: unknown.

use config_rule::Timestamp;

use crate::checks::input::{advice_on, as_kms_says, refused, trail_missing};
use crate::checks::{Check, CheckId, CheckInput, Evidence, FindingCode, Outcome, Severity};
use crate::facts::{Delivery, KeyFacts, KeyOrigin, KeySpec, KeyState, KeyUsage, Reading};
use crate::parameters::Profile;

/// The key is not a symmetric encryption key.
pub const WRONG_KIND: FindingCode = FindingCode::new("key-of-wrong-kind");
/// KMS does not say what the key is for, or of which kind it is.
pub const KIND_UNKNOWN: FindingCode = FindingCode::new("key-kind-unknown");
/// KMS returned an origin that this version does not know, or none.
pub const ORIGIN_UNKNOWN: FindingCode = FindingCode::new("key-origin-unknown");
/// The key is disabled.
pub const DISABLED: FindingCode = FindingCode::new("key-disabled");
/// The key, or the last replica before it, is going to be deleted.
pub const PENDING_DELETION: FindingCode = FindingCode::new("key-pending-deletion");
/// The key has no key material.
pub const PENDING_IMPORT: FindingCode = FindingCode::new("key-pending-import");
/// The key's custom key store is not connected.
pub const UNAVAILABLE: FindingCode = FindingCode::new("key-unavailable");
/// KMS is still creating the key.
pub const CREATING: FindingCode = FindingCode::new("key-creating");
/// KMS returned a state that this version does not know, or none.
pub const STATE_UNKNOWN: FindingCode = FindingCode::new("key-state-unknown");
/// The imported key material has expired.
pub const MATERIAL_EXPIRED: FindingCode = FindingCode::new("key-material-expired");
/// The latest delivery failed because of the external key.
pub const EXTERNAL_KEY_FAILED: FindingCode = FindingCode::new("external-key-failed");
/// No delivery shows that the external key works.
pub const EXTERNAL_KEY_UNPROVEN: FindingCode = FindingCode::new("external-key-unproven");

pub(super) const CHECK: Check = Check {
    id: CheckId::KeyUsable,
    name: "key-usable",
    title: "the key exists, is enabled and is a symmetric encryption key",
    rationale: "with a key that is gone, disabled or of the wrong kind CloudTrail cannot deliver, \
                and delivered logs cannot be read",
    evidence: "KMS DescribeKey; CloudTrail GetTrailStatus for keys of external key stores",
    fails_when: "the key does not exist; its state is any but Enabled or Updating; its usage is \
                 not ENCRYPT_DECRYPT; its spec is not SYMMETRIC_DEFAULT; its imported material \
                 has expired; it is in an external key store and the latest delivery failed with \
                 one of S3's `KMS.*` codes",
    fix: "enable the key or cancel its deletion; if it does not exist or is of the wrong kind, set \
          kmsKeyId to an enabled symmetric encryption key",
    severity: Severity::High,
    profile: Some(Profile::Effective),
    switches: &[],
    reads: &[Evidence::Key, Evidence::DeliveryWithExternalKey],
    can_be_skipped: true,
    ends_evaluation: false,
    judge,
};

fn judge(input: &CheckInput<'_>) -> Result<Outcome, Outcome> {
    let key = input.known(&input.facts.key, "the state")?;
    let state = state(key);
    // A failure counts before a state that this version does not know.
    let failed = matches!(state, Outcome::Fail(_)).then(|| state.clone());
    Ok(wrong_kind(key)
        .or(failed)
        .or_else(|| expired_material(key, input.now))
        .or_else(|| unproven_external_key(key, input))
        .or_else(|| unknown_kind(key))
        .unwrap_or(state))
}

fn wrong_kind(key: &KeyFacts) -> Option<Outcome> {
    let kind = match (&key.usage, &key.spec) {
        (KeyUsage::Other(usage), _) if !usage.is_empty() => {
            format!("is for {usage}, not for encryption")
        }
        (_, KeySpec::Other(spec)) if !spec.is_empty() => {
            format!("is of kind {spec}, not SYMMETRIC_DEFAULT")
        }
        (_, _) => return None,
    };
    let cause = format!("the key {kind}");
    Some(Outcome::fail(WRONG_KIND, cause, "set kmsKeyId to a symmetric encryption key"))
}

/// KMS always returns usage, spec and origin; files may leave them out.
fn unknown_kind(key: &KeyFacts) -> Option<Outcome> {
    let unknown = |code, what: &str, why: &str| {
        let cause = format!("could not verify the {what} of the key: {why}");
        Some(Outcome::unknown(code, cause, "look the key up in KMS"))
    };
    match (&key.usage, &key.spec, key.origin) {
        (KeyUsage::Other(_), _, _) => unknown(KIND_UNKNOWN, "usage", &as_kms_says("")),
        (_, KeySpec::Other(_), _) => unknown(KIND_UNKNOWN, "kind", &as_kms_says("")),
        (_, _, KeyOrigin::Unrecognized) => {
            unknown(ORIGIN_UNKNOWN, "origin", "KMS does not say one that this version knows")
        }
        (_, _, _) => None,
    }
}

fn state(key: &KeyFacts) -> Outcome {
    let (code, cause, fix) = match &key.state {
        KeyState::Enabled | KeyState::Updating => return Outcome::Pass,
        KeyState::Unrecognized(value) => {
            return Outcome::unknown(
                STATE_UNKNOWN,
                format!("could not verify the state of the key: {}", as_kms_says(value)),
                advice_on(value),
            );
        }
        KeyState::PendingDeletion | KeyState::PendingReplicaDeletion => {
            let when = key.deletion_date.map(|date| format!(" on {}", date.date()));
            let cause = format!("the key will be deleted{}", when.unwrap_or_default());
            let fix = "cancel the deletion and enable the key: once it is deleted, logs encrypted \
                       with it cannot be read";
            return Outcome::fail(PENDING_DELETION, cause, fix);
        }
        KeyState::Disabled => {
            (DISABLED, "the key is disabled", "enable the key, or set kmsKeyId to another one")
        }
        KeyState::PendingImport => (
            PENDING_IMPORT,
            "the key has no key material (PendingImport)",
            "import the key material again, or set kmsKeyId to another key",
        ),
        KeyState::Unavailable => (
            UNAVAILABLE,
            "the key is unavailable: its custom key store is not connected",
            "connect the custom key store, or set kmsKeyId to another key",
        ),
        KeyState::Creating => {
            (CREATING, "the key is still being created", "wait until the key is enabled")
        }
    };
    Outcome::fail(code, cause, fix)
}

fn expired_material(key: &KeyFacts, now: Timestamp) -> Option<Outcome> {
    let end = key.valid_to.filter(|end| *end <= now)?;
    Some(Outcome::fail(
        MATERIAL_EXPIRED,
        format!("the imported material of the key expired on {}", end.date()),
        "import the key material again, or set kmsKeyId to another key",
    ))
}

/// How old a delivery may be if it is not known when the trail changed.
const FRESH_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// What the latest delivery says about a key in an external key store; `None` if the key works.
fn unproven_external_key(key: &KeyFacts, input: &CheckInput<'_>) -> Option<Outcome> {
    if key.origin != KeyOrigin::ExternalKeyStore {
        return None;
    }
    match &input.facts.delivery {
        Reading::Known(delivery) => unproven_by(delivery, input),
        Reading::Absent => Some(trail_missing()),
        Reading::Refused(refusal) => {
            Some(refused("that the key in the external key store works", refusal))
        }
    }
}

fn unproven_by(delivery: &Delivery, input: &CheckInput<'_>) -> Option<Outcome> {
    let unproven = |why: String, fix| {
        let cause = format!("could not verify that the key in the external key store works: {why}");
        Some(Outcome::unknown(EXTERNAL_KEY_UNPROVEN, cause, fix))
    };
    if let Some(code) = delivery.key_error() {
        let cause =
            format!("the key is in an external key store, and the latest delivery failed: {code}");
        let fix =
            "restore the external key and its key store proxy, or set kmsKeyId to another key";
        let rationale = "CloudTrail cannot deliver while the external key does not respond";
        return Some(Outcome::fail(EXTERNAL_KEY_FAILED, cause, fix).because(rationale));
    }
    if let Some(code) = delivery.errors().next() {
        return unproven(
            format!("the latest delivery failed with {code}"),
            "fix the delivery of the trail, then evaluate again",
        );
    }
    let day_ago =
        Timestamp::from_epoch_millis(input.now.epoch_millis().saturating_sub(FRESH_MILLIS));
    let (since, period) = match input.trail.changed {
        Some(changed) => (changed, format!("after {changed}")),
        None => (day_ago, "in the last 24 hours".to_owned()),
    };
    if delivery.delivered.is_some_and(|delivered| delivered > since) {
        return None;
    }
    unproven(
        format!("nothing was delivered {period}"),
        "wait for the next delivery, then evaluate again",
    )
}
