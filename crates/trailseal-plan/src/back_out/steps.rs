//! What of the plan is still there, and the step that takes it back.

use trailseal_rule::{KeyFacts, KeyRef, KeyState, Reading, Refusal};

use crate::back_out::{BackOut, Force};
use crate::call::{Call, KeyTarget};
use crate::condition::Condition;
use crate::current_state::KeyReadings;
use crate::journal::Phase;
use crate::plan_data::{PolicyChange, Step, StepId, Undo, Warning, WarningCode};
use crate::policy::{Removed, is_generated, remove, same_policy};
use crate::refusal::{Found, RefusalCode};
use crate::render::policy_diff;

/// What a back-out leaves, in words.
pub(super) fn advice(seal: &Phase) -> Vec<String> {
    let happened =
        |step: &&Step| seal.step(step.id).is_some_and(|progress| progress.may_have_happened());
    let steps = seal.plan.steps.iter().filter(happened);
    steps
        .filter_map(|step| match &step.undo {
            Undo::Advice(words) => Some(words.clone()),
            Undo::Call(_) => None,
        })
        .collect()
}

pub(super) fn restore_trail(
    back_out: &BackOut<'_>,
    found: &mut Found,
    warnings: &mut Vec<Warning>,
) -> Option<Step> {
    if !back_out.happened(StepId::UpdateTrail) {
        return None;
    }
    let former = back_out.former_key();
    let now = match &back_out.present.trail_key {
        Reading::Known(now) => now,
        Reading::Absent => {
            found.push(
                RefusalCode::ChangedMeanwhile,
                "the trail does not exist any more",
                "nothing can be restored on it",
            );
            return None;
        }
        Reading::Refused(refusal) => {
            unread("the trail", refusal, found);
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
            format!("the trail has {} now, and not key {}", named(now.as_ref()), back_out.key),
            format!("-key {}\n+{}\n", back_out.key, named(now.as_ref())),
            RESTORES,
            found,
            warnings,
        )?;
    }
    let plan = &back_out.seal.plan;
    let target = match former {
        None => None,
        Some(KeyRef::Key(arn)) => Some(KeyTarget::Existing(arn.clone())),
        Some(named) => {
            found.push(
                RefusalCode::FormerKeyCannotEncrypt,
                format!("the trail's former key `{named}` is not named by an ARN"),
                "set it by hand if it is still wanted",
            );
            return None;
        }
    };
    let has_now = Condition::TrailHasKey { trail: plan.trail.clone(), key: now.clone() };
    Some(Step {
        id: StepId::RestoreTrail,
        requires: std::iter::once(has_now)
            .chain(target.iter().flat_map(|key| can_encrypt(back_out, key)))
            .collect(),
        call: Call::UpdateTrail {
            trail: plan.trail.clone(),
            region: plan.home_region.clone(),
            key: target,
        },
        proves: vec![Condition::TrailHasKey { trail: plan.trail.clone(), key: former.cloned() }],
        undo: plan_anew(),
    })
}

fn can_encrypt(back_out: &BackOut<'_>, key: &KeyTarget) -> [Condition; 3] {
    let plan = &back_out.seal.plan;
    [
        Condition::KeyUsable { key: key.clone() },
        Condition::KeyInRegion { key: key.clone(), region: plan.bucket_region.clone() },
        Condition::PolicyAdmitsCloudTrail { key: key.clone(), trail: plan.trail.clone() },
    ]
}

/// INVARIANT (a-back-out-only-removes): the policy that is put is the one that is there now without
/// statements that the planner generates. Nothing of a journal gets into it.
pub(super) fn restore_policy(
    back_out: &BackOut<'_>,
    found: &mut Found,
    warnings: &mut Vec<Warning>,
) -> Option<Step> {
    if !back_out.happened(StepId::PutKeyPolicy) {
        return None;
    }
    let change = back_out.seal.plan.policy_change.as_ref()?;
    let before = change.before.as_deref()?;
    let now = readable(back_out, |readings| &readings.policy, "the key policy", found)?;
    if same_policy(now, before) {
        return None;
    }
    let removed = removed(back_out, change, now, before, found)?;
    if removed.count == 0 && back_out.force == Force::Yes {
        return None;
    }
    if !same_policy(&removed.document, before) {
        changed(
            back_out,
            format!("the policy of key {} was changed meanwhile", back_out.key),
            policy_diff(Some(before), &removed.document),
            "see who changed it and why; `--force` takes out the statements that were added and \
             keeps the change",
            found,
            warnings,
        )?;
    }
    let (key, policy) = (KeyTarget::Existing(back_out.key.clone()), removed.document);
    Some(Step {
        id: StepId::RestoreKeyPolicy,
        call: Call::PutKeyPolicy { key: key.clone(), policy: policy.clone() },
        requires: vec![Condition::PolicyIs { key: key.clone(), policy: now.clone() }],
        proves: vec![Condition::PolicyIs { key, policy }],
        undo: plan_anew(),
    })
}

/// The policy of now without what the journal says was added, if that is ours to take out.
fn removed(
    back_out: &BackOut<'_>,
    change: &PolicyChange,
    now: &str,
    before: &str,
    found: &mut Found,
) -> Option<Removed> {
    let trail = back_out.seal.plan.trail.as_str();
    if let Some(other) = change.added.iter().find(|added| !is_generated(added, trail)) {
        found.push_difference(
            RefusalCode::JournalMismatch,
            "the journal says that a statement was added which this program never adds",
            "find out who wrote the journal; remove statements by hand if any must go",
            format!("{other}\n"),
        );
        return None;
    }
    let removed = remove(now, &change.added, before);
    if removed.is_none() {
        found.push_difference(
            RefusalCode::ChangedMeanwhile,
            format!("the policy of key {} cannot be read as a list of statements", back_out.key),
            "look at the key policy: an object in it repeats a member, or it is no policy",
            policy_diff(Some(before), now),
        );
    }
    removed
}

pub(super) fn disable_key(
    back_out: &BackOut<'_>,
    found: &mut Found,
    warnings: &mut Vec<Warning>,
) -> Option<Step> {
    if !back_out.happened(StepId::EnableKey) {
        return None;
    }
    let facts: &KeyFacts = readable(back_out, |readings| &readings.key, "the key", found)?;
    match &facts.state {
        KeyState::Enabled | KeyState::Updating => {}
        // Not enabled after all, or still to be deleted: as it was before.
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
                format!("key {} is in state {state}, and not Enabled", back_out.key),
                format!("-Enabled\n+{state}\n"),
                RESTORES,
                found,
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
        undo: plan_anew(),
    })
}

const RESTORES: &str =
    "see who changed it and why; `--force` restores what was there before all the same";

fn plan_anew() -> Undo {
    Undo::Advice("plan anew to seal the trail again".to_owned())
}

/// Something that somebody has changed: a refusal, or by force a warning.
fn changed(
    back_out: &BackOut<'_>,
    what: String,
    difference: String,
    fix: &str,
    found: &mut Found,
    warnings: &mut Vec<Warning>,
) -> Option<()> {
    match back_out.force {
        Force::Yes => {
            warnings.push(Warning { code: WarningCode::ChangedMeanwhile, what });
            Some(())
        }
        Force::No => {
            found.push_difference(RefusalCode::ChangedMeanwhile, what, fix, difference);
            None
        }
    }
}

/// What was read of the key, or a refusal.
fn readable<'a, T>(
    back_out: &BackOut<'a>,
    part: impl Fn(&'a KeyReadings) -> &'a Reading<T>,
    name: &str,
    found: &mut Found,
) -> Option<&'a T> {
    match back_out.present.keys.get(back_out.key).map(part) {
        Some(Reading::Known(value)) => Some(value),
        // A key that is gone takes its policy and its state with it.
        Some(Reading::Absent) => None,
        Some(Reading::Refused(refusal)) => {
            unread(name, refusal, found);
            None
        }
        None => {
            unread(name, &Refusal::NotRead, found);
            None
        }
    }
}

fn unread(name: &str, refusal: &Refusal, found: &mut Found) {
    if !found.was_denied(refusal) {
        found.push(
            RefusalCode::Unverified,
            format!("{name} cannot be read: {refusal}"),
            "let it be read: nothing is taken back on what is not known",
        );
    }
}
