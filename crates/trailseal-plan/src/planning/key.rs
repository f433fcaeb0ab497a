//! The requested key: whether it can seal the trail, and which changes it needs.
//!
//! The rule's checks judge the key; each of their findings becomes a reason against the plan or a
//! change in it.

use trailseal_rule::checks::{
    EVIDENCE_REFUSED, key_allowed, key_customer_managed, key_in_bucket_region, key_rotated,
    key_usable,
};
use trailseal_rule::{
    CheckId, Delivery, Facts, Finding, KeyArn, KeyFacts, KeyOrigin, KeyRef, KeyState, Outcome,
    ROTATION_DAYS_DEFAULT, Reading, Region, Trail,
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

/// An existing key; if there are reasons against it, they are collected.
#[derive(Debug)]
pub(super) struct ExistingKey<'a> {
    pub(super) facts: &'a KeyFacts,
    /// Whether it is the key that the trail has.
    pub(super) is_present: bool,
    /// The change of its state.
    pub(super) activation: KeyActivation,
    pub(super) turns_rotation_on: bool,
}

/// The calls that bring a key to a state that encrypts; none if it is in one, or if no call helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyActivation {
    None,
    Enable,
    CancelDeletionAndEnable,
}

impl KeyActivation {
    fn of(state: &KeyState) -> Self {
        match state {
            KeyState::Disabled => Self::Enable,
            KeyState::PendingDeletion => Self::CancelDeletionAndEnable,
            KeyState::Enabled
            | KeyState::Updating
            | KeyState::Creating
            | KeyState::PendingImport
            | KeyState::PendingReplicaDeletion
            | KeyState::Unavailable
            | KeyState::Unrecognized(_) => Self::None,
        }
    }

    /// The key after the calls.
    pub(super) fn applied_to(self, key: &KeyFacts) -> KeyFacts {
        match self {
            Self::None => key.clone(),
            Self::Enable | Self::CancelDeletionAndEnable => {
                KeyFacts { state: KeyState::Enabled, deletion_date: None, ..key.clone() }
            }
        }
    }
}

/// The period of a rotation that is turned on, if the parameters limit it.
pub(super) fn rotation_period(input: &PlanInput<'_>) -> Option<u32> {
    input.context.parameters.max_rotation_period_days.map(|most| most.min(ROTATION_DAYS_DEFAULT))
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
        TargetKey::Existing(named) => existing(input, named, reasons),
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
    reasons: &mut Reasons,
) -> Option<RequestedKey<'a>> {
    if named.is_aws_managed_alias() {
        reasons.push(
            RefusalCode::AwsManagedKey,
            format!("{named} is managed by AWS, not by the customer"),
            NAME_CUSTOMER_MANAGED,
        );
        return None;
    }
    if matches!(named, KeyRef::Unrecognized(_) | KeyRef::NotKnown(_)) {
        reasons.push(
            RefusalCode::KeyNotNamed,
            format!("`{named}` is not a key ARN, key ID or alias"),
            "name the key by its ARN, its ID or an alias, which begins with `alias/`",
        );
        return None;
    }
    let facts = described(input, named, reasons)?;
    let is_present = is_present(input, &facts.arn);
    if !is_present {
        replaces(input, reasons);
    }
    let activation = KeyActivation::of(&facts.state);
    refuse_findings(input, facts, activation, reasons);
    require_consent(input, facts, activation, reasons);
    let turns_rotation_on = turns_rotation_on(input, facts, reasons);
    Some(RequestedKey::Existing(ExistingKey { facts, is_present, activation, turns_rotation_on }))
}

const NAME_CUSTOMER_MANAGED: &str = "name a customer managed key, or create one (`--create-key`)";

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
            missing_fix(named),
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

/// A bare name that is no key ID is probably an alias.
fn missing_fix(named: &KeyRef) -> String {
    const OTHER: &str = "name an existing key, or create one (`--create-key`)";
    match named {
        KeyRef::Id(id) => format!("if `{id}` is an alias, name it `alias/{id}`; otherwise {OTHER}"),
        KeyRef::Key(_)
        | KeyRef::AliasArn { .. }
        | KeyRef::Alias(_)
        | KeyRef::Unrecognized(_)
        | KeyRef::NotKnown(_) => OTHER.to_owned(),
    }
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
        KeyRef::Unrecognized(_) | KeyRef::NotKnown(_) => false,
    }
}

fn is_present(input: &PlanInput<'_>, arn: &KeyArn) -> bool {
    match (&input.current_state.trail.key, &input.current_state.facts.key) {
        (Some(KeyRef::Key(present)), _) => present == arn,
        (Some(_), Reading::Known(present)) => present.arn == *arn,
        _ => false,
    }
}

/// What a check finds about a key, as if the trail had it and delivered now.
fn finding(input: &PlanInput<'_>, check: CheckId, key: &KeyFacts) -> Option<Finding> {
    let trail =
        Trail { key: Some(KeyRef::Key(key.arn.clone())), ..input.current_state.trail.clone() };
    let facts = Facts {
        key: Reading::Known(key.clone()),
        bucket_region: input.current_state.bucket_region.clone(),
        rotation: input.current_state.candidate.rotation.clone(),
        delivery: Reading::Known(Delivery {
            delivered: Some(input.context.now),
            ..Delivery::default()
        }),
        ..Facts::unread()
    };
    match check.check().evaluate(input.context, &trail, &facts) {
        Outcome::Pass => None,
        Outcome::Fail(finding) | Outcome::Unknown(finding) => Some(finding),
    }
}

/// Refuses what no call of the plan can change, also if the parameters skip its check.
fn refuse_findings(
    input: &PlanInput<'_>,
    facts: &KeyFacts,
    activation: KeyActivation,
    reasons: &mut Reasons,
) {
    let activated = activation.applied_to(facts);
    let must_be_allowed = CheckId::KeyAllowed.is_enabled(input.context.parameters);
    let checks = [CheckId::KeyCustomerManaged, CheckId::KeyUsable, CheckId::KeyInBucketRegion];
    let checks = checks.into_iter().chain(must_be_allowed.then_some(CheckId::KeyAllowed));
    for finding in checks.filter_map(|check| finding(input, check, &activated)) {
        if let Some((code, fix)) = refusal(&finding, &facts.arn) {
            reasons.push(code, about(&facts.arn, &finding), fix);
        }
    }
}

/// The cause of a finding, with the ARN of the key.
fn about(key: &KeyArn, finding: &Finding) -> String {
    match finding.cause.split_once("the key") {
        Some((before, after)) => format!("{before}key {key}{after}"),
        None => format!("key {key}: {}", finding.cause),
    }
}

/// The refusal code of a finding, and the fix in the terms of the command. A code that is not
/// listed refuses the key.
fn refusal(finding: &Finding, key: &KeyArn) -> Option<(RefusalCode, String)> {
    let (code, fix) = match finding.code {
        key_customer_managed::AWS_MANAGED => (RefusalCode::AwsManagedKey, NAME_CUSTOMER_MANAGED),
        key_customer_managed::MANAGER_UNKNOWN => (RefusalCode::KeyUnknown, "check the key in KMS"),
        key_usable::WRONG_KIND | key_usable::KIND_UNKNOWN => (
            RefusalCode::KeyOfWrongKind,
            "name a symmetric encryption key, or create one (`--create-key`)",
        ),
        key_usable::MATERIAL_EXPIRED => {
            (RefusalCode::KeyNotReady, "import the key material again, or name another key")
        }
        key_usable::PENDING_DELETION
        | key_usable::PENDING_IMPORT
        | key_usable::UNAVAILABLE
        | key_usable::CREATING
        | key_usable::STATE_UNKNOWN => (
            RefusalCode::KeyNotReady,
            "bring the key to state Enabled by hand, or name another key",
        ),
        key_in_bucket_region::WRONG_REGION => (
            RefusalCode::KeyInWrongRegion,
            "name a key in the bucket's Region, or create one there (`--create-key`)",
        ),
        key_allowed::NOT_LISTED => (
            RefusalCode::KeyNotAllowed,
            "name an allowed key, or add this one to allowedKmsKeyArns",
        ),
        key_allowed::OTHER_ACCOUNT => {
            let account = key.account();
            let fix = format!(
                "name a key of the trail's account, or, if account {account} is yours, add \
                 `--parameter allowedKeyAccounts={account}`"
            );
            return Some((RefusalCode::KeyNotAllowed, fix));
        }
        // The bucket's Region is missing or was refused, which is a reason of its own.
        key_in_bucket_region::BUCKET_MISSING
        | key_in_bucket_region::BUCKET_NOT_NAMED
        | EVIDENCE_REFUSED => return None,
        _ => (RefusalCode::KeyNotReady, "check the key in KMS, or name another key"),
    };
    Some((code, fix.to_owned()))
}

/// Requires consent to enable the key, which only its own account can do.
fn require_consent(
    input: &PlanInput<'_>,
    facts: &KeyFacts,
    activation: KeyActivation,
    reasons: &mut Reasons,
) {
    let (arn, consent) = (&facts.arn, input.consent);
    let is_foreign = *arn.account() != input.current_state.caller;
    match activation {
        KeyActivation::None => {}
        KeyActivation::Enable | KeyActivation::CancelDeletionAndEnable if is_foreign => reasons
            .push(
                RefusalCode::KeyOfAnotherAccount,
                format!("the state of key {arn} is {}", facts.state.as_str()),
                format!("ask its owner, account {}, to bring it to state Enabled", arn.account()),
            ),
        KeyActivation::Enable if !consent.enable_key => reasons.push(
            RefusalCode::KeyDisabled,
            format!("key {arn} is disabled"),
            "add `--enable-key` to enable it, or name another key",
        ),
        KeyActivation::CancelDeletionAndEnable
            if !(consent.enable_key && consent.cancel_key_deletion) =>
        {
            let when = facts.deletion_date.map(|date| format!(" on {}", date.date()));
            reasons.push(
                RefusalCode::KeyPendingDeletion,
                format!("key {arn} will be deleted{}", when.unwrap_or_default()),
                "add `--cancel-key-deletion --enable-key` to keep and enable it, or name another key",
            );
        }
        KeyActivation::Enable | KeyActivation::CancelDeletionAndEnable => {}
    }
}

fn turns_rotation_on(input: &PlanInput<'_>, facts: &KeyFacts, reasons: &mut Reasons) -> bool {
    if !CheckId::KeyRotated.is_enabled(input.context.parameters) {
        return false;
    }
    let Some(finding) = finding(input, CheckId::KeyRotated, facts) else { return false };
    match finding.code {
        key_rotated::NOT_ROTATED | key_rotated::PERIOD_TOO_LONG => {}
        key_rotated::CANNOT_ROTATE => {
            cannot_rotate(facts, "KMS does not rotate keys of this kind", reasons);
            return false;
        }
        _ => {
            let is_denied = match &input.current_state.candidate.rotation {
                Reading::Refused(refusal) => reasons.was_denied(refusal),
                Reading::Known(_) | Reading::Absent => false,
            };
            if !is_denied {
                reasons.push(
                    RefusalCode::KeyUnknown,
                    about(&facts.arn, &finding),
                    "allow reading the rotation, or do not require it",
                );
            }
            return false;
        }
    }
    if facts.is_replica {
        cannot_rotate(facts, "it is a replica, and its primary key controls rotation", reasons);
    } else if facts.origin != KeyOrigin::AwsKms {
        cannot_rotate(facts, "its key material was imported or is outside KMS", reasons);
    } else if *facts.arn.account() != input.current_state.caller {
        reasons.push(
            RefusalCode::KeyOfAnotherAccount,
            about(&facts.arn, &finding),
            format!("ask its owner, account {}, to turn rotation on", facts.arn.account()),
        );
    }
    true
}

fn cannot_rotate(facts: &KeyFacts, why: &str, reasons: &mut Reasons) {
    reasons.push(
        RefusalCode::KeyCannotRotate,
        format!("rotation of key {} cannot be turned on: {why}", facts.arn),
        "turn rotation on at the primary key, name another key, or do not require rotation",
    );
}

#[cfg(test)]
mod tests {
    use trailseal_rule::checks::{KEY_MISSING, TRAIL_MISSING};

    use super::*;

    #[test]
    fn a_finding_without_a_refusal_of_its_own_refuses_the_key() {
        let key = "arn:aws:kms:us-east-1:111122223333:key/1".parse().unwrap();
        let external = [key_usable::EXTERNAL_KEY_FAILED, key_usable::EXTERNAL_KEY_UNPROVEN];
        for code in external.into_iter().chain([key_usable::DISABLED, KEY_MISSING, TRAIL_MISSING]) {
            let (cause, fix) = (String::new(), String::new());
            let finding = Finding { code, cause, fix, statement: None, rationale: None };
            let refused = refusal(&finding, &key).map(|(code, _)| code);
            assert_eq!(refused, Some(RefusalCode::KeyNotReady), "{}", code.as_str());
        }
    }
}
