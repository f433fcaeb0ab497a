//! The key is rotated.
//!
//! a) Automatic rotation is on, within `maxRotationPeriodDays` if that is set: pass.
//! b) It is off: fail. A replica takes its rotation from the primary key.
//! c) Its period is longer than `maxRotationPeriodDays`: fail.
//! d) KMS cannot rotate the key automatically (imported material, custom key store): fail, with a
//!    message of its own (KMS Developer Guide, "Rotate AWS KMS keys").
//! e) The key does not exist: fail. KMS refuses: unknown.

use crate::checks::{Check, CheckId, CheckInput, Evidence, FindingCode, Outcome, Severity, Switch};
use crate::facts::{KeyFacts, KeyOrigin, ROTATION_DAYS_DEFAULT, Rotation};
use crate::parameters::Profile;

/// Rotation is off.
pub const NOT_ROTATED: FindingCode = FindingCode::new("key-not-rotated");
/// The rotation period is longer than allowed.
pub const PERIOD_TOO_LONG: FindingCode = FindingCode::new("key-rotation-period-too-long");
/// KMS cannot rotate the key automatically.
pub const CANNOT_ROTATE: FindingCode = FindingCode::new("key-cannot-rotate");

pub(super) const CHECK: Check = Check {
    id: CheckId::KeyRotated,
    name: "key-rotated",
    title: "the key is rotated",
    rationale: "rotation limits how much data one key material encrypts",
    evidence: "KMS GetKeyRotationStatus",
    fails_when: "rotation is off or not possible, or its period is above `maxRotationPeriodDays`",
    fix: "turn on automatic rotation of the key, within the allowed period; for a replica, turn on \
          that of the primary key",
    severity: Severity::Low,
    profile: Some(Profile::Strict),
    switches: &[Switch {
        text: "requireKeyRotation=true",
        is_on: |parameters| parameters.require_key_rotation,
    }],
    reads: &[Evidence::Key, Evidence::Rotation],
    can_be_skipped: true,
    ends_evaluation: false,
    judge,
};

fn judge(input: &CheckInput<'_>) -> Result<Outcome, Outcome> {
    let key = input.known(&input.facts.key, "the rotation").ok();
    Ok(match input.known(&input.facts.rotation, "the rotation")? {
        Rotation::On { period_days, next } => {
            let days = period_days.unwrap_or(ROTATION_DAYS_DEFAULT);
            match input.parameters.max_rotation_period_days {
                Some(most) if days > most => {
                    let next = next.map(|date| format!(" (next on {})", date.date()));
                    Outcome::fail(
                        PERIOD_TOO_LONG,
                        format!(
                            "the key is rotated every {days} days{}, more than the allowed {most}",
                            next.unwrap_or_default()
                        ),
                        format!("set the rotation period of the key to {most} days or less"),
                    )
                }
                _ => Outcome::Pass,
            }
        }
        Rotation::Off => off(key),
        Rotation::NotSupported => not_supported(key),
    })
}

fn off(key: Option<&KeyFacts>) -> Outcome {
    let fix = if key.is_some_and(|key| key.is_replica) {
        "turn on automatic rotation of the primary key: a replica takes its rotation from it"
    } else {
        "turn on automatic rotation of the key"
    };
    Outcome::fail(NOT_ROTATED, "the key is not rotated", fix)
}

fn not_supported(key: Option<&KeyFacts>) -> Outcome {
    let why = match key.map(|key| key.origin) {
        Some(KeyOrigin::External) => "its material is imported",
        Some(KeyOrigin::CloudHsm | KeyOrigin::ExternalKeyStore) => "it is in a custom key store",
        Some(KeyOrigin::AwsKms | KeyOrigin::Unrecognized) | None => {
            "KMS does not rotate keys of its kind"
        }
    };
    Outcome::fail(
        CANNOT_ROTATE,
        format!("the key cannot be rotated automatically: {why}"),
        "set kmsKeyId to a key whose material KMS generated, or rotate it manually and do not \
         require rotation",
    )
}
