//! The key exists, is enabled and is a symmetric encryption key.
//!
//! A trail keeps its `kmsKeyId` when the key is disabled, scheduled for deletion or gone, and
//! CloudTrail then stops delivering (CloudTrail User Guide, "Encrypting CloudTrail log files with
//! AWS KMS keys").
//!
//! a) Enabled or Updating, `ENCRYPT_DECRYPT`, `SYMMETRIC_DEFAULT`: pass. KMS encrypts in both states
//!    (KMS Developer Guide, "Key states of KMS keys").
//! b) The key does not exist: fail.
//! c) Any other state: fail; the deletion date is told.
//! d) A key for anything but encryption, or an asymmetric one: fail.
//! e) Imported key material that has ended: fail.
//! f) A key of an external key store, whose key state says nothing about the external key (KMS
//!    Developer Guide, "External key stores"): a `KMS.*` error of the latest delivery fails; a
//!    delivery after the trail's last known change, or within the last 24 hours where no change is
//!    known, passes; anything else is unknown. A key of a CloudHSM key store is `Unavailable` while
//!    its store is disconnected, which d) covers.
//! g) KMS refuses, or says a state that we do not know, or no usage or spec: unknown.

use config_rule::Timestamp;

use crate::checks::{Check, CheckId, CheckInput, Outcome, into_outcome, known, what_kms_says};
use crate::facts::{Delivery, KeyFacts, KeyOrigin, KeySpec, KeyState, KeyUsage, Reading};

pub(super) const CHECK: Check = Check {
    id: CheckId::KeyUsable,
    sentence: "the key exists, is enabled and is a symmetric encryption key",
    why: "with a key that is gone, disabled or of the wrong kind CloudTrail cannot deliver, and \
          delivered logs cannot be read",
    evidence: "KMS DescribeKey; CloudTrail GetTrailStatus for keys of external key stores",
    fails_when: "the key does not exist; its state is any but Enabled or Updating; its usage is \
                 not ENCRYPT_DECRYPT; its spec is not SYMMETRIC_DEFAULT; its imported material \
                 has ended; it is in an external key store and the latest delivery failed with \
                 one of S3's `KMS.*` codes",
    judge,
};

fn judge(input: &CheckInput<'_>) -> Outcome {
    into_outcome(judge_key(input))
}

fn judge_key(input: &CheckInput<'_>) -> Result<Outcome, Outcome> {
    let key = known(&input.facts.key, "the state", input)?;
    let state = state(key);
    // A failure counts before a state that we do not know.
    let failed = matches!(state, Outcome::Fail(_)).then(|| state.clone());
    Ok(unless_of_wrong_kind(key)
        .or(failed)
        .or_else(|| unless_material_ended(key, input.now))
        .or_else(|| unless_external_key_works(key, input))
        .or_else(|| unless_kind_is_stated(key))
        .unwrap_or(state))
}

fn unless_of_wrong_kind(key: &KeyFacts) -> Option<Outcome> {
    let kind = match (&key.usage, &key.spec) {
        (KeyUsage::Other(usage), _) if !usage.is_empty() => {
            format!("is for {usage}, not for encryption")
        }
        (_, KeySpec::Other(spec)) if !spec.is_empty() => {
            format!("is of kind {spec}, not SYMMETRIC_DEFAULT")
        }
        (_, _) => return None,
    };
    Some(Outcome::fail(format!("the key {kind}"), "set kmsKeyId to a symmetric encryption key"))
}

/// Files may leave out what KMS always says; blank is neither right nor wrong.
fn unless_kind_is_stated(key: &KeyFacts) -> Option<Outcome> {
    let what = match (&key.usage, &key.spec) {
        (KeyUsage::EncryptDecrypt, KeySpec::SymmetricDefault) => return None,
        (KeyUsage::Other(_), _) => "usage",
        (KeyUsage::EncryptDecrypt, KeySpec::Other(_)) => "kind",
    };
    Some(Outcome::unknown(
        format!("could not verify the {what} of the key: {}", what_kms_says("")),
        "look the key up in KMS",
    ))
}

fn state(key: &KeyFacts) -> Outcome {
    let (what, fix) = match &key.state {
        KeyState::Enabled | KeyState::Updating => return Outcome::Pass,
        KeyState::Unrecognized(word) => {
            return Outcome::unknown(
                format!("could not verify the state of the key: {}", what_kms_says(word)),
                "look the key up in KMS, and update this rule",
            );
        }
        KeyState::Disabled => {
            ("the key is disabled".to_owned(), "enable the key, or set kmsKeyId to another one")
        }
        KeyState::PendingDeletion | KeyState::PendingReplicaDeletion => {
            let when = key.deletion_date.map(|date| format!(" on {}", date.date()));
            (
                format!("the key will be deleted{}", when.unwrap_or_default()),
                "cancel the deletion and enable the key: once it is deleted, logs sealed with it \
                 cannot be read",
            )
        }
        KeyState::PendingImport => (
            "the key has no key material (PendingImport)".to_owned(),
            "import the key material again, or set kmsKeyId to another key",
        ),
        KeyState::Unavailable => (
            "the key is unavailable: its custom key store is not connected".to_owned(),
            "connect the custom key store, or set kmsKeyId to another key",
        ),
        KeyState::Creating => {
            ("the key is still being created".to_owned(), "wait until the key is enabled")
        }
    };
    Outcome::fail(what, fix)
}

fn unless_material_ended(key: &KeyFacts, now: Timestamp) -> Option<Outcome> {
    let ended = key.valid_to.filter(|end| *end <= now)?;
    Some(Outcome::fail(
        format!("the imported material of the key ended on {}", ended.date()),
        "import the key material again, or set kmsKeyId to another key",
    ))
}

/// How old a delivery may be where it is not known when the trail changed.
const FRESH_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// What CloudTrail says about a key whose state KMS does not know; nothing where log files are delivered.
fn unless_external_key_works(key: &KeyFacts, input: &CheckInput<'_>) -> Option<Outcome> {
    if key.origin != KeyOrigin::ExternalKeyStore {
        return None;
    }
    let unverified = "could not verify that the key in the external key store works";
    match &input.facts.delivery {
        Reading::Known(delivery) => unless_delivered(delivery, input, unverified),
        Reading::Absent => Some(Outcome::fail(
            "the trail does not exist any more",
            "make the trail again, or delete what is left of it",
        )),
        Reading::Refused(refusal) => {
            Some(Outcome::unknown(format!("{unverified}: {refusal}"), refusal.advice()))
        }
    }
}

fn unless_delivered(
    delivery: &Delivery,
    input: &CheckInput<'_>,
    unverified: &str,
) -> Option<Outcome> {
    if let Some(code) = delivery.key_error() {
        return Some(
            Outcome::fail(
                format!(
                    "the key is in an external key store, and the latest delivery failed: {code}"
                ),
                "restore the external key and its key store proxy, or set kmsKeyId to another key",
            )
            .because("with an external key that does not answer CloudTrail cannot deliver"),
        );
    }
    if let Some(code) = delivery.errors().next() {
        return Some(Outcome::unknown(
            format!("{unverified}: the latest delivery failed with {code}"),
            "fix the delivery of the trail, then evaluate again",
        ));
    }
    let day_ago =
        Timestamp::from_epoch_millis(input.now.epoch_millis().saturating_sub(FRESH_MILLIS));
    let (since, words) = match input.trail.changed {
        Some(changed) => (changed, format!("after {changed}")),
        None => (day_ago, "in the last 24 hours".to_owned()),
    };
    if delivery.delivered.is_some_and(|delivered| delivered > since) {
        return None;
    }
    Some(Outcome::unknown(
        format!("{unverified}: nothing was delivered {words}"),
        "wait for the next delivery, then evaluate again",
    ))
}
