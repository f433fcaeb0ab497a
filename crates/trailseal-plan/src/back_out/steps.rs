//! The steps of a back-out, where there is something to undo.

use trailseal_rule::{KeyFacts, KeyRef, KeyState, Reading, Refusal};

use crate::back_out::{BackOut, Force};
use crate::call::{Call, KeyTarget};
use crate::condition::Condition;
use crate::current_state::KeyReadings;
use crate::journal::Phase;
use crate::plan_data::{PolicyChange, Step, StepId, Undo, Warning, WarningCode};
use crate::policy::{Removed, is_generated, remove, same_policy};
use crate::refusal::{Reasons, RefusalCode};
use crate::render::policy_diff;

/// What a back-out leaves in place.
pub(super) fn advice(remediation: &Phase) -> Vec<String> {
    let happened =
        |step: &&Step| remediation.step(step.id).is_some_and(|step| step.may_have_happened);
    let steps = remediation.plan.steps.iter().filter(happened);
    steps
        .filter_map(|step| match &step.undo {
            Undo::Advice(words) => Some(words.clone()),
            Undo::Call(_) => None,
        })
        .collect()
}

pub(super) fn restore_trail(
    back_out: &BackOut<'_>,
    reasons: &mut Reasons,
    warnings: &mut Vec<Warning>,
) -> Option<Step> {
    if !back_out.happened(StepId::UpdateTrail) {
        return None;
    }
    let former = back_out.former_key();
    let now = match &back_out.present.trail_key {
        Reading::Known(now) => now,
        Reading::Absent => {
            reasons.push(
                RefusalCode::ChangedMeanwhile,
                "the trail no longer exists",
                "only an existing trail can be restored",
            );
            return None;
        }
        Reading::Refused(refusal) => {
            unread("the trail", refusal, reasons);
            return None;
        }
    };
    if now.as_ref() == former {
        return None;
    }
    let named = |key: Option<&KeyRef>| key.map_or("no key".to_owned(), |key| format!("key {key}"));
    if now.as_ref().map(KeyRef::as_str) != Some(back_out.key.as_str()) {
        changed(
            back_out,
            format!("the trail now has {} instead of key {}", named(now.as_ref()), back_out.key),
            format!("-key {}\n+{}\n", back_out.key, named(now.as_ref())),
            RESTORES,
            reasons,
            warnings,
        )?;
    }
    let plan = &back_out.remediation.plan;
    let target = match former {
        None => None,
        Some(KeyRef::Key(arn)) => Some(KeyTarget::Existing(arn.clone())),
        Some(named) => {
            reasons.push(
                RefusalCode::FormerKeyCannotEncrypt,
                format!("the trail's former key `{named}` is not a key ARN"),
                "set it by hand if you still need it",
            );
            return None;
        }
    };
    let can_encrypt = |key| Condition::can_encrypt(key, &plan.bucket_region, &plan.trail);
    let has_now = Condition::TrailHasKey { trail: plan.trail.clone(), key: now.clone() };
    Some(Step {
        id: StepId::RestoreTrail,
        requires: std::iter::once(has_now).chain(target.iter().flat_map(can_encrypt)).collect(),
        call: Call::UpdateTrail {
            trail: plan.trail.clone(),
            region: plan.home_region.clone(),
            key: target,
        },
        proves: vec![Condition::TrailHasKey { trail: plan.trail.clone(), key: former.cloned() }],
        undo: no_undo(),
    })
}

/// INVARIANT (a-back-out-only-removes): the new policy is the present one without statements that
/// the planner generates. It contains nothing from the journal.
pub(super) fn restore_policy(
    back_out: &BackOut<'_>,
    reasons: &mut Reasons,
    warnings: &mut Vec<Warning>,
) -> Option<Step> {
    if !back_out.happened(StepId::PutKeyPolicy) {
        return None;
    }
    let change = back_out.remediation.plan.policy_change.as_ref()?;
    let before = change.before.as_deref()?;
    let now = readable(back_out, |readings| &readings.policy, "the key policy", reasons)?;
    if same_policy(now, before) {
        return None;
    }
    let removed = removed(back_out, change, now, before, reasons)?;
    if removed.count == 0 && back_out.force == Force::Yes {
        return None;
    }
    if !same_policy(&removed.document, before) {
        changed(
            back_out,
            format!("somebody has changed the policy of key {} since", back_out.key),
            policy_diff(Some(before), &removed.document),
            "find out who changed it and why; `--force` removes the added statements and keeps the \
             change",
            reasons,
            warnings,
        )?;
    }
    let (key, policy) = (KeyTarget::Existing(back_out.key.clone()), removed.document);
    Some(Step {
        id: StepId::RestoreKeyPolicy,
        call: Call::PutKeyPolicy { key: key.clone(), policy: policy.clone() },
        requires: vec![Condition::PolicyIs { key: key.clone(), policy: now.clone() }],
        proves: vec![Condition::PolicyIs { key, policy }],
        undo: no_undo(),
    })
}

/// The present policy without the statements of the journal, if the planner generates them.
fn removed(
    back_out: &BackOut<'_>,
    change: &PolicyChange,
    now: &str,
    before: &str,
    reasons: &mut Reasons,
) -> Option<Removed> {
    let trail = back_out.remediation.plan.trail.as_str();
    if let Some(other) = change.added.iter().find(|added| !is_generated(added, trail)) {
        reasons.push_difference(
            RefusalCode::JournalMismatch,
            "the journal lists an added statement that this program never adds",
            "find out who wrote the journal; if a statement must go, remove it by hand",
            format!("{other}\n"),
        );
        return None;
    }
    let removed = remove(now, &change.added, before);
    if removed.is_none() {
        reasons.push_difference(
            RefusalCode::ChangedMeanwhile,
            format!("the policy of key {} is not a list of statements", back_out.key),
            "check the key policy: an object repeats a member, or it is not a policy",
            policy_diff(Some(before), now),
        );
    }
    removed
}

pub(super) fn disable_key(
    back_out: &BackOut<'_>,
    reasons: &mut Reasons,
    warnings: &mut Vec<Warning>,
) -> Option<Step> {
    if !back_out.happened(StepId::EnableKey) {
        return None;
    }
    let facts: &KeyFacts = readable(back_out, |readings| &readings.key, "the key", reasons)?;
    match &facts.state {
        KeyState::Enabled | KeyState::Updating => {}
        // As before the plan: not enabled, or still pending deletion.
        KeyState::Disabled => return None,
        KeyState::PendingDeletion if back_out.happened(StepId::CancelKeyDeletion) => return None,
        KeyState::Creating
        | KeyState::PendingDeletion
        | KeyState::PendingImport
        | KeyState::PendingReplicaDeletion
        | KeyState::Unavailable
        | KeyState::Unrecognized(_) => {
            let state = facts.state.as_str();
            changed(
                back_out,
                format!("the state of key {} is {state} instead of Enabled", back_out.key),
                format!("-Enabled\n+{state}\n"),
                RESTORES,
                reasons,
                warnings,
            )?;
            return None;
        }
    }
    let key = KeyTarget::Existing(back_out.key.clone());
    Some(Step {
        id: StepId::DisableKey,
        call: Call::DisableKey { key: key.clone() },
        requires: vec![Condition::KeyUsable { key: key.clone() }],
        proves: vec![Condition::KeyHasState { key, state: KeyState::Disabled }],
        undo: no_undo(),
    })
}

const RESTORES: &str =
    "find out who changed it and why; `--force` restores the former state anyway";

fn no_undo() -> Undo {
    Undo::Advice("run `trailseal remediate` to seal the trail again".to_owned())
}

/// A change by somebody else: a refusal, or a warning with force.
fn changed(
    back_out: &BackOut<'_>,
    what: String,
    difference: String,
    fix: &str,
    reasons: &mut Reasons,
    warnings: &mut Vec<Warning>,
) -> Option<()> {
    match back_out.force {
        Force::Yes => {
            warnings.push(Warning { code: WarningCode::ChangedMeanwhile, what });
            Some(())
        }
        Force::No => {
            reasons.push_difference(RefusalCode::ChangedMeanwhile, what, fix, difference);
            None
        }
    }
}

/// A reading of the key, or a refusal.
fn readable<'a, T>(
    back_out: &BackOut<'a>,
    part: impl Fn(&'a KeyReadings) -> &'a Reading<T>,
    name: &str,
    reasons: &mut Reasons,
) -> Option<&'a T> {
    match back_out.present.keys.get(back_out.key).map(part) {
        Some(Reading::Known(value)) => Some(value),
        // A key that no longer exists has neither policy nor state.
        Some(Reading::Absent) => None,
        Some(Reading::Refused(refusal)) => {
            unread(name, refusal, reasons);
            None
        }
        None => {
            unread(name, &Refusal::NotRead, reasons);
            None
        }
    }
}

fn unread(name: &str, refusal: &Refusal, reasons: &mut Reasons) {
    if !reasons.was_denied(refusal) {
        reasons.push(
            RefusalCode::Unverified,
            format!("could not read {name}: {refusal}"),
            "allow the read: a back-out needs the present state",
        );
    }
}
