//! The key is rotated.
//!
//! a) Automatic rotation is on, within `maxRotationPeriodDays` where that is set: pass.
//! b) It is off: fail. A replica takes its rotation from the primary key.
//! c) Its period is longer than `maxRotationPeriodDays`: fail.
//! d) KMS cannot rotate the key by itself (imported material, custom key store): fail, in words of
//!    its own (KMS Developer Guide, "Rotate AWS KMS keys").
//! e) The key does not exist: fail. KMS refuses: unknown.

use crate::checks::{Check, CheckId, CheckInput, Outcome, into_outcome, known};
use crate::facts::{KeyFacts, KeyOrigin, Rotation};

/// What KMS uses where a key has no period of its own (KMS API Reference,
/// `EnableKeyRotation`, `RotationPeriodInDays`).
const DEFAULT_PERIOD_DAYS: u32 = 365;

pub(super) const CHECK: Check = Check {
    id: CheckId::KeyRotated,
    sentence: "the key is rotated",
    why: "rotation bounds how much is sealed with one key material",
    evidence: "KMS GetKeyRotationStatus",
    fails_when: "rotation is off or not possible, or its period is above `maxRotationPeriodDays`",
    judge,
};

fn judge(input: &CheckInput<'_>) -> Outcome {
    into_outcome(judge_rotation(input))
}

fn judge_rotation(input: &CheckInput<'_>) -> Result<Outcome, Outcome> {
    let key = known(&input.facts.key, "the rotation", input);
    let rotation = known(&input.facts.rotation, "the rotation", input)?;
    Ok(match rotation {
        Rotation::On { period_days, next } => {
            let days = period_days.unwrap_or(DEFAULT_PERIOD_DAYS);
            match input.parameters.max_rotation_period_days {
                Some(most) if days > most => {
                    let next = next.map(|date| format!(" (next on {})", date.date()));
                    Outcome::fail(
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
        Rotation::Off => off(key.ok()),
        Rotation::NotSupported => not_supported(key.ok()),
    })
}

fn off(key: Option<&KeyFacts>) -> Outcome {
    let fix = if key.is_some_and(|key| key.is_replica) {
        "turn on automatic rotation of the primary key: a replica takes its rotation from it"
    } else {
        "turn on automatic rotation of the key"
    };
    Outcome::fail("the key is not rotated", fix)
}

fn not_supported(key: Option<&KeyFacts>) -> Outcome {
    let why = match key.map(|key| key.origin) {
        Some(KeyOrigin::External) => "its material is imported",
        Some(KeyOrigin::CloudHsm | KeyOrigin::ExternalKeyStore) => "it is in a custom key store",
        Some(KeyOrigin::AwsKms | KeyOrigin::Unrecognized) | None => "KMS does not rotate its kind",
    };
    Outcome::fail(
        format!("the key cannot be rotated automatically: {why}"),
        "set kmsKeyId to a key with material that KMS made, or rotate by hand and do not require \
         rotation here",
    )
}
