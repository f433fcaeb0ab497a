//! The requested key: whether it can seal the trail, and what it takes.

use trailseal_rule::{
    CheckId, KeyArn, KeyFacts, KeyManager, KeyOrigin, KeyRef, KeySpec, KeyState, KeyUsage,
    ROTATION_DAYS_DEFAULT, Reading, Region, Rotation,
};

use crate::current_state::{NewKey, TargetKey};
use crate::planning::Case;
use crate::planning::policies::statements_for_owner;
use crate::refusal::{Found, RefusalCode};

mod new;

/// The requested key, once nothing about it is in doubt.
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
    /// What its state takes.
    pub(super) activation: KeyActivation,
    /// Whether its rotation is to be turned on, and with which period.
    pub(super) rotation: Option<TurnOn>,
}

/// What a key's state takes until it encrypts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyActivation {
    AlreadyEnabled,
    Enable,
    CancelDeletionAndEnable,
}

/// Rotation is to be turned on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TurnOn {
    pub(super) period_days: Option<u32>,
}

/// The period to ask for, where the parameters bound it.
pub(super) fn turn_on(case: &Case<'_>) -> TurnOn {
    let most = case.context.parameters.max_rotation_period_days;
    TurnOn { period_days: most.map(|most| most.min(ROTATION_DAYS_DEFAULT)) }
}

pub(super) fn requested<'a>(
    case: &Case<'a>,
    bucket_region: Option<&Region>,
    found: &mut Found,
) -> Option<RequestedKey<'a>> {
    match case.target_key {
        TargetKey::New(new) => {
            replaces(case, found);
            new::check(case, new, bucket_region, found);
            Some(RequestedKey::New(new))
        }
        TargetKey::Existing(named) => existing(case, named, bucket_region, found),
    }
}

/// A key that is there is replaced only by an explicit word.
fn replaces(case: &Case<'_>, found: &mut Found) {
    if let Some(present) = &case.current_state.trail.key
        && !case.consent.replace_key
    {
        found.push(
            RefusalCode::ReplaceKeyNotConsented,
            format!("the trail has key {present}"),
            "say that it may be replaced (`--replace-key`), or name that key to have it mended",
        );
    }
}

fn existing<'a>(
    case: &Case<'a>,
    named: &KeyRef,
    bucket_region: Option<&Region>,
    found: &mut Found,
) -> Option<RequestedKey<'a>> {
    if named.is_aws_managed_alias() {
        aws_managed(named.as_str(), found);
        return None;
    }
    if matches!(named, KeyRef::Unrecognized(_)) {
        found.push(
            RefusalCode::KeyNotNamed,
            format!("`{named}` is no key's ARN, id or alias"),
            "name the key by its ARN",
        );
        return None;
    }
    let facts = described(case, named, found)?;
    let is_present = is_present(case, &facts.arn);
    if !is_present {
        replaces(case, found);
    }
    kind(facts, case, found);
    region_and_allowance(case, &facts.arn, bucket_region, found);
    let activation = activation(case, facts, found);
    let rotation = rotation(case, facts, found);
    Some(RequestedKey::Existing(ExistingKey { facts, is_present, activation, rotation }))
}

fn aws_managed(key: &str, found: &mut Found) {
    found.push(
        RefusalCode::AwsManagedKey,
        format!("{key} is managed by AWS: its policy cannot be made to admit CloudTrail"),
        "name a customer managed key, or let one be created",
    );
}

fn described<'a>(case: &Case<'a>, named: &KeyRef, found: &mut Found) -> Option<&'a KeyFacts> {
    let is_foreign = named.account().is_some_and(|account| *account != case.current_state.caller);
    match &case.current_state.candidate.key {
        Reading::Known(facts) if names(named, &facts.arn) => return Some(facts),
        Reading::Known(facts) => found.push(
            RefusalCode::KeyUnknown,
            format!("KMS told of another key, {}, than of {named}", facts.arn),
            "name the key by its ARN",
        ),
        Reading::Absent => found.push(
            RefusalCode::KeyMissing,
            format!("key {named} does not exist"),
            "name a key that exists, or let one be created",
        ),
        Reading::Refused(refusal) if is_foreign => found.push(
            RefusalCode::KeyOfAnotherAccount,
            format!("key {named} is of another account and cannot be read: {refusal}"),
            statements_for_owner(case),
        ),
        Reading::Refused(refusal) => {
            if found.was_denied(refusal) {
                denied_beside(case, found);
            } else {
                found.push(
                    RefusalCode::KeyUnknown,
                    format!("key {named} cannot be read: {refusal}"),
                    "let the key be read: nothing is planned on what is not known",
                );
            }
        }
    }
    None
}

/// What was denied of the key beside its description, and is as much needed.
fn denied_beside(case: &Case<'_>, found: &mut Found) {
    found.note_denied(&case.current_state.candidate.policy);
    if CheckId::KeyRotated.is_enabled(case.context.parameters) {
        found.note_denied(&case.current_state.candidate.rotation);
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

fn is_present(case: &Case<'_>, arn: &KeyArn) -> bool {
    match (&case.current_state.trail.key, &case.current_state.facts.key) {
        (Some(KeyRef::Key(present)), _) => present == arn,
        (Some(_), Reading::Known(present)) => present.arn == *arn,
        _ => false,
    }
}

fn kind(facts: &KeyFacts, case: &Case<'_>, found: &mut Found) {
    let is_own = *facts.arn.account() == case.current_state.caller;
    match &facts.manager {
        KeyManager::Customer => {}
        KeyManager::Aws => aws_managed(facts.arn.as_str(), found),
        KeyManager::Unrecognized(_) if !is_own => {}
        KeyManager::Unrecognized(word) => found.push(
            RefusalCode::KeyUnknown,
            format!("it is not known who manages key {}: KMS says `{word}`", facts.arn),
            "look the key up in KMS",
        ),
    }
    let kind = match (&facts.usage, &facts.spec) {
        (KeyUsage::EncryptDecrypt, KeySpec::SymmetricDefault) => return,
        (KeyUsage::Other(usage), _) => format!("is for {usage}, not for encryption"),
        (KeyUsage::EncryptDecrypt, KeySpec::Other(spec)) => {
            format!("is of kind {spec}, not SYMMETRIC_DEFAULT")
        }
    };
    found.push(
        RefusalCode::KeyOfWrongKind,
        format!("key {} {kind}", facts.arn),
        "name a symmetric encryption key, or let one be created",
    );
}

fn region_and_allowance(
    case: &Case<'_>,
    arn: &KeyArn,
    bucket_region: Option<&Region>,
    found: &mut Found,
) {
    if let Some(bucket_region) = bucket_region
        && arn.region() != bucket_region
    {
        found.push(
            RefusalCode::KeyInWrongRegion,
            format!("key {arn} is in {}, the trail's bucket is in {bucket_region}", arn.region()),
            format!("name a key in {bucket_region}, or let one be created there"),
        );
    }
    allowance(case, arn, found);
}

fn allowance(case: &Case<'_>, arn: &KeyArn, found: &mut Found) {
    let (parameters, owner) = (case.context.parameters, case.current_state.trail.arn.owner());
    if !CheckId::KeyAllowed.is_enabled(parameters) || parameters.allows(arn, owner) {
        return;
    }
    let account = arn.account();
    if account == owner {
        found.push(
            RefusalCode::KeyNotAllowed,
            format!("allowedKmsKeyArns does not allow key {arn}"),
            "name an allowed key, or add this one to allowedKmsKeyArns",
        );
    } else {
        found.push(
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

fn activation(case: &Case<'_>, facts: &KeyFacts, found: &mut Found) -> KeyActivation {
    let consent = case.consent;
    let activation = match &facts.state {
        KeyState::Enabled | KeyState::Updating => KeyActivation::AlreadyEnabled,
        KeyState::Disabled => KeyActivation::Enable,
        KeyState::PendingDeletion => KeyActivation::CancelDeletionAndEnable,
        KeyState::Creating
        | KeyState::PendingImport
        | KeyState::PendingReplicaDeletion
        | KeyState::Unavailable
        | KeyState::Unrecognized(_) => {
            found.push(
                RefusalCode::KeyNotReady,
                format!("key {} is in state {}", facts.arn, facts.state.as_str()),
                "bring the key into state Enabled by hand, or name another one",
            );
            KeyActivation::AlreadyEnabled
        }
    };
    if let Some(end) = facts.valid_to.filter(|end| *end <= case.context.now) {
        found.push(
            RefusalCode::KeyNotReady,
            format!("the imported material of key {} ended on {}", facts.arn, end.date()),
            "import the key material again, or name another key",
        );
    }
    let is_foreign = *facts.arn.account() != case.current_state.caller;
    if is_foreign && activation != KeyActivation::AlreadyEnabled {
        found.push(
            RefusalCode::KeyOfAnotherAccount,
            format!("key {} is in state {}", facts.arn, facts.state.as_str()),
            format!("let account {}, which owns it, bring it to Enabled", facts.arn.account()),
        );
        return activation;
    }
    let consented = consent.enable_key
        && (activation != KeyActivation::CancelDeletionAndEnable || consent.cancel_key_deletion);
    match activation {
        KeyActivation::Enable if !consented => found.push(
            RefusalCode::KeyDisabled,
            format!("key {} is disabled", facts.arn),
            "say that it may be enabled (`--enable-key`), or name another key",
        ),
        KeyActivation::CancelDeletionAndEnable if !consented => {
            let when = facts.deletion_date.map(|date| format!(" on {}", date.date()));
            found.push(
                RefusalCode::KeyPendingDeletion,
                format!("key {} will be deleted{}", facts.arn, when.unwrap_or_default()),
                "say that its deletion may be cancelled, which leaves it disabled, and that it \
                 may be enabled (`--cancel-key-deletion --enable-key`), or name another key",
            );
        }
        KeyActivation::AlreadyEnabled
        | KeyActivation::Enable
        | KeyActivation::CancelDeletionAndEnable => {}
    }
    activation
}

fn rotation(case: &Case<'_>, facts: &KeyFacts, found: &mut Found) -> Option<TurnOn> {
    if !CheckId::KeyRotated.is_enabled(case.context.parameters) {
        return None;
    }
    let most = case.context.parameters.max_rotation_period_days;
    let why = match &case.current_state.candidate.rotation {
        Reading::Known(Rotation::On { period_days, .. }) => {
            let days = period_days.unwrap_or(ROTATION_DAYS_DEFAULT);
            if most.is_none_or(|most| days <= most) {
                return None;
            }
            format!("is rotated every {days} days")
        }
        Reading::Known(Rotation::Off) => "is not rotated".to_owned(),
        Reading::Known(Rotation::NotSupported) => {
            cannot_rotate(facts, "KMS does not rotate its kind", found);
            return None;
        }
        Reading::Absent => "has no rotation".to_owned(),
        Reading::Refused(refusal) => {
            if !found.was_denied(refusal) {
                found.push(
                    RefusalCode::KeyUnknown,
                    format!("the rotation of key {} cannot be read: {refusal}", facts.arn),
                    "let it be read, or do not require rotation",
                );
            }
            return None;
        }
    };
    if facts.is_replica {
        cannot_rotate(facts, "it is a replica, and takes its rotation from its primary", found);
    } else if facts.origin != KeyOrigin::AwsKms {
        cannot_rotate(facts, "KMS did not make its material", found);
    } else if *facts.arn.account() != case.current_state.caller {
        found.push(
            RefusalCode::KeyOfAnotherAccount,
            format!("key {} {why}", facts.arn),
            format!("let account {}, which owns it, turn rotation on", facts.arn.account()),
        );
    }
    Some(turn_on(case))
}

fn cannot_rotate(facts: &KeyFacts, why: &str, found: &mut Found) {
    found.push(
        RefusalCode::KeyCannotRotate,
        format!("rotation of key {} cannot be turned on: {why}", facts.arn),
        "turn it on where that is possible, name another key, or do not require rotation",
    );
}
