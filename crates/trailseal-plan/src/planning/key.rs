//! The requested key: whether it can seal the trail, and which changes it needs.

use trailseal_rule::{
    CheckId, KeyArn, KeyFacts, KeyManager, KeyOrigin, KeyRef, KeySpec, KeyState, KeyUsage,
    ROTATION_DAYS_DEFAULT, Reading, Region, Rotation,
};

use crate::current_state::{NewKey, TargetKey};
use crate::planning::{PlanInput, statements_for_owner};
use crate::refusal::{Reasons, RefusalCode};

mod new;

#[derive(Debug)]
pub(super) enum RequestedKey<'a> {
    Existing(ExistingKey<'a>),
    New(&'a NewKey),
}

/// An existing key that can seal the trail.
#[derive(Debug)]
pub(super) struct ExistingKey<'a> {
    pub(super) facts: &'a KeyFacts,
    /// Whether it is the key that the trail has.
    pub(super) is_present: bool,
    /// The change of its state.
    pub(super) activation: KeyActivation,
    pub(super) rotation: Option<TurnOn>,
}

/// The calls that bring a key to a state that encrypts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyActivation {
    AlreadyEnabled,
    Enable,
    CancelDeletionAndEnable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TurnOn {
    pub(super) period_days: Option<u32>,
}

/// The rotation to turn on; it has a period if the parameters limit it.
pub(super) fn turn_on(input: &PlanInput<'_>) -> TurnOn {
    let most = input.context.parameters.max_rotation_period_days;
    TurnOn { period_days: most.map(|most| most.min(ROTATION_DAYS_DEFAULT)) }
}

pub(super) fn requested<'a>(
    input: &PlanInput<'a>,
    bucket_region: Option<&Region>,
    reasons: &mut Reasons,
) -> Option<RequestedKey<'a>> {
    match input.target_key {
        TargetKey::New(new) => {
            replaces(input, reasons);
            new::check(input, new, bucket_region, reasons);
            Some(RequestedKey::New(new))
        }
        TargetKey::Existing(named) => existing(input, named, bucket_region, reasons),
    }
}

/// An existing key is replaced only with `--replace-key`.
fn replaces(input: &PlanInput<'_>, reasons: &mut Reasons) {
    if let Some(present) = &input.current_state.trail.key
        && !input.consent.replace_key
    {
        reasons.push(
            RefusalCode::ReplaceKeyNotConsented,
            format!("the trail has key {present}"),
            "add `--replace-key` to replace it, or name that key to repair it",
        );
    }
}

fn existing<'a>(
    input: &PlanInput<'a>,
    named: &KeyRef,
    bucket_region: Option<&Region>,
    reasons: &mut Reasons,
) -> Option<RequestedKey<'a>> {
    if named.is_aws_managed_alias() {
        aws_managed(named.as_str(), reasons);
        return None;
    }
    if matches!(named, KeyRef::Unrecognized(_)) {
        reasons.push(
            RefusalCode::KeyNotNamed,
            format!("`{named}` is not a key ARN, key ID or alias"),
            "name the key by its ARN",
        );
        return None;
    }
    let facts = described(input, named, reasons)?;
    let is_present = is_present(input, &facts.arn);
    if !is_present {
        replaces(input, reasons);
    }
    kind(facts, input, reasons);
    region_and_allowance(input, &facts.arn, bucket_region, reasons);
    let activation = activation(input, facts, reasons);
    let rotation = rotation(input, facts, reasons);
    Some(RequestedKey::Existing(ExistingKey { facts, is_present, activation, rotation }))
}

fn aws_managed(key: &str, reasons: &mut Reasons) {
    reasons.push(
        RefusalCode::AwsManagedKey,
        format!("AWS manages {key}: its policy cannot be changed to admit CloudTrail"),
        "name a customer managed key, or create one (`--create-key`)",
    );
}

fn described<'a>(
    input: &PlanInput<'a>,
    named: &KeyRef,
    reasons: &mut Reasons,
) -> Option<&'a KeyFacts> {
    let is_foreign = named.account().is_some_and(|account| *account != input.current_state.caller);
    match &input.current_state.candidate.key {
        Reading::Known(facts) if names(named, &facts.arn) => return Some(facts),
        Reading::Known(facts) => reasons.push(
            RefusalCode::KeyUnknown,
            format!("KMS returned key {} for {named}", facts.arn),
            "name the key by its ARN",
        ),
        Reading::Absent => reasons.push(
            RefusalCode::KeyMissing,
            format!("key {named} does not exist"),
            "name an existing key, or create one (`--create-key`)",
        ),
        Reading::Refused(refusal) if is_foreign => reasons.push(
            RefusalCode::KeyOfAnotherAccount,
            format!("key {named} belongs to another account and could not be read: {refusal}"),
            statements_for_owner(input),
        ),
        Reading::Refused(refusal) => {
            if reasons.was_denied(refusal) {
                note_other_denials(input, reasons);
            } else {
                reasons.push(
                    RefusalCode::KeyUnknown,
                    format!("could not read key {named}: {refusal}"),
                    "allow the read: a plan needs the state of the key",
                );
            }
        }
    }
    None
}

/// Adds the other denied reads of the key, so that all of them are fixed at once.
fn note_other_denials(input: &PlanInput<'_>, reasons: &mut Reasons) {
    reasons.note_denied(&input.current_state.candidate.policy);
    if CheckId::KeyRotated.is_enabled(input.context.parameters) {
        reasons.note_denied(&input.current_state.candidate.rotation);
    }
}

fn names(named: &KeyRef, arn: &KeyArn) -> bool {
    match named {
        KeyRef::Key(named) => named == arn,
        KeyRef::Id(id) => id == arn.id(),
        KeyRef::AliasArn { region, account, .. } => {
            region == arn.region() && account == arn.account()
        }
        KeyRef::Alias(_) => true,
        KeyRef::Unrecognized(_) => false,
    }
}

fn is_present(input: &PlanInput<'_>, arn: &KeyArn) -> bool {
    match (&input.current_state.trail.key, &input.current_state.facts.key) {
        (Some(KeyRef::Key(present)), _) => present == arn,
        (Some(_), Reading::Known(present)) => present.arn == *arn,
        _ => false,
    }
}

fn kind(facts: &KeyFacts, input: &PlanInput<'_>, reasons: &mut Reasons) {
    let is_own = *facts.arn.account() == input.current_state.caller;
    match &facts.manager {
        KeyManager::Customer => {}
        KeyManager::Aws => aws_managed(facts.arn.as_str(), reasons),
        KeyManager::Unrecognized(_) if !is_own => {}
        KeyManager::Unrecognized(word) => reasons.push(
            RefusalCode::KeyUnknown,
            format!("it is not known who manages key {}: its KeyManager is `{word}`", facts.arn),
            "check the key in KMS",
        ),
    }
    let kind = match (&facts.usage, &facts.spec) {
        (KeyUsage::EncryptDecrypt, KeySpec::SymmetricDefault) => return,
        (KeyUsage::Other(usage), _) => format!("is for {usage}, not for encryption"),
        (KeyUsage::EncryptDecrypt, KeySpec::Other(spec)) => {
            format!("has key spec {spec}, not SYMMETRIC_DEFAULT")
        }
    };
    reasons.push(
        RefusalCode::KeyOfWrongKind,
        format!("key {} {kind}", facts.arn),
        "name a symmetric encryption key, or create one (`--create-key`)",
    );
}

fn region_and_allowance(
    input: &PlanInput<'_>,
    arn: &KeyArn,
    bucket_region: Option<&Region>,
    reasons: &mut Reasons,
) {
    if let Some(bucket_region) = bucket_region
        && arn.region() != bucket_region
    {
        reasons.push(
            RefusalCode::KeyInWrongRegion,
            format!("key {arn} is in {}, the trail's bucket is in {bucket_region}", arn.region()),
            format!("name a key in {bucket_region}, or create one there (`--create-key`)"),
        );
    }
    allowance(input, arn, reasons);
}

fn allowance(input: &PlanInput<'_>, arn: &KeyArn, reasons: &mut Reasons) {
    let (parameters, owner) = (input.context.parameters, input.current_state.trail.arn.owner());
    if !CheckId::KeyAllowed.is_enabled(parameters) || parameters.allows(arn, owner) {
        return;
    }
    let account = arn.account();
    if account == owner {
        reasons.push(
            RefusalCode::KeyNotAllowed,
            format!("allowedKmsKeyArns does not allow key {arn}"),
            "name an allowed key, or add this one to allowedKmsKeyArns",
        );
    } else {
        reasons.push(
            RefusalCode::KeyNotAllowed,
            format!(
                "key {arn} belongs to account {account}, which is neither the trail's account nor \
                 in allowedKeyAccounts"
            ),
            format!(
                "name a key of the trail's account, or, if account {account} is yours, add \
                 `--parameter allowedKeyAccounts={account}`"
            ),
        );
    }
}

fn activation(input: &PlanInput<'_>, facts: &KeyFacts, reasons: &mut Reasons) -> KeyActivation {
    let consent = input.consent;
    let activation = match &facts.state {
        KeyState::Enabled | KeyState::Updating => KeyActivation::AlreadyEnabled,
        KeyState::Disabled => KeyActivation::Enable,
        KeyState::PendingDeletion => KeyActivation::CancelDeletionAndEnable,
        KeyState::Creating
        | KeyState::PendingImport
        | KeyState::PendingReplicaDeletion
        | KeyState::Unavailable
        | KeyState::Unrecognized(_) => {
            reasons.push(
                RefusalCode::KeyNotReady,
                format!("the state of key {} is {}", facts.arn, facts.state.as_str()),
                "bring the key to state Enabled by hand, or name another key",
            );
            KeyActivation::AlreadyEnabled
        }
    };
    if let Some(end) = facts.valid_to.filter(|end| *end <= input.context.now) {
        reasons.push(
            RefusalCode::KeyNotReady,
            format!("the imported material of key {} expired on {}", facts.arn, end.date()),
            "import the key material again, or name another key",
        );
    }
    let is_foreign = *facts.arn.account() != input.current_state.caller;
    if is_foreign && activation != KeyActivation::AlreadyEnabled {
        reasons.push(
            RefusalCode::KeyOfAnotherAccount,
            format!("the state of key {} is {}", facts.arn, facts.state.as_str()),
            format!("ask its owner, account {}, to bring it to state Enabled", facts.arn.account()),
        );
        return activation;
    }
    let consented = consent.enable_key
        && (activation != KeyActivation::CancelDeletionAndEnable || consent.cancel_key_deletion);
    match activation {
        KeyActivation::Enable if !consented => reasons.push(
            RefusalCode::KeyDisabled,
            format!("key {} is disabled", facts.arn),
            "add `--enable-key` to enable it, or name another key",
        ),
        KeyActivation::CancelDeletionAndEnable if !consented => {
            let when = facts.deletion_date.map(|date| format!(" on {}", date.date()));
            reasons.push(
                RefusalCode::KeyPendingDeletion,
                format!("key {} will be deleted{}", facts.arn, when.unwrap_or_default()),
                "add `--cancel-key-deletion --enable-key` to keep and enable it, or name another key",
            );
        }
        KeyActivation::AlreadyEnabled
        | KeyActivation::Enable
        | KeyActivation::CancelDeletionAndEnable => {}
    }
    activation
}

fn rotation(input: &PlanInput<'_>, facts: &KeyFacts, reasons: &mut Reasons) -> Option<TurnOn> {
    if !CheckId::KeyRotated.is_enabled(input.context.parameters) {
        return None;
    }
    let most = input.context.parameters.max_rotation_period_days;
    let why = match &input.current_state.candidate.rotation {
        Reading::Known(Rotation::On { period_days, .. }) => {
            let days = period_days.unwrap_or(ROTATION_DAYS_DEFAULT);
            if most.is_none_or(|most| days <= most) {
                return None;
            }
            format!("is rotated every {days} days")
        }
        Reading::Known(Rotation::Off) => "is not rotated".to_owned(),
        Reading::Known(Rotation::NotSupported) => {
            cannot_rotate(facts, "KMS does not rotate keys of this kind", reasons);
            return None;
        }
        Reading::Absent => "has no rotation".to_owned(),
        Reading::Refused(refusal) => {
            if !reasons.was_denied(refusal) {
                reasons.push(
                    RefusalCode::KeyUnknown,
                    format!("could not read the rotation of key {}: {refusal}", facts.arn),
                    "allow the read, or do not require rotation",
                );
            }
            return None;
        }
    };
    if facts.is_replica {
        cannot_rotate(facts, "it is a replica, and its primary key controls rotation", reasons);
    } else if facts.origin != KeyOrigin::AwsKms {
        cannot_rotate(facts, "its key material was imported or is outside KMS", reasons);
    } else if *facts.arn.account() != input.current_state.caller {
        reasons.push(
            RefusalCode::KeyOfAnotherAccount,
            format!("key {} {why}", facts.arn),
            format!("ask its owner, account {}, to turn rotation on", facts.arn.account()),
        );
    }
    Some(turn_on(input))
}

fn cannot_rotate(facts: &KeyFacts, why: &str, reasons: &mut Reasons) {
    reasons.push(
        RefusalCode::KeyCannotRotate,
        format!("rotation of key {} cannot be turned on: {why}", facts.arn),
        "turn rotation on at the primary key, name another key, or do not require rotation",
    );
}
