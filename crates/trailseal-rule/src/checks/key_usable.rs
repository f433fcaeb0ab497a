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
//! f) KMS refuses, or says a state that we do not know, or no usage or spec: unknown.

use crate::checks::{Case, Check, CheckId, Outcome, known, settle, what_kms_says};
use crate::facts::{KeyFacts, KeySpec, KeyState, KeyUsage};
use crate::timestamp::Timestamp;

pub(super) const CHECK: Check = Check {
    id: CheckId::KeyUsable,
    sentence: "the key exists, is enabled and is a symmetric encryption key",
    why: "with a key that is gone, disabled or of the wrong kind CloudTrail cannot deliver, and \
          delivered logs cannot be read",
    evidence: "KMS DescribeKey",
    fails_when: "the key does not exist; its state is any but Enabled or Updating; its usage is \
                 not ENCRYPT_DECRYPT; its spec is not SYMMETRIC_DEFAULT; its imported material \
                 has ended",
    judge,
};

fn judge(case: &Case<'_>) -> Outcome {
    settle(judge_key(case))
}

fn judge_key(case: &Case<'_>) -> Result<Outcome, Outcome> {
    let key = known(&case.facts.key, "the state", case)?;
    let state = state(key);
    // A failure counts before a state that we do not know.
    let failed = matches!(state, Outcome::Fail(_)).then(|| state.clone());
    Ok(unless_of_wrong_kind(key)
        .or(failed)
        .or_else(|| unless_material_ended(key, case.now))
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
