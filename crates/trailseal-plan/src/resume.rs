//! Going on with a plan that a journal holds: only if the planner makes the same plan now.
//!
//! A journal is untrusted. The steps that are left are the planner's own, made from what is there
//! now; the journal only says which steps were begun, and what was there before those.

use trailseal_rule::{EvaluationContext, KeyArn, KeyFacts, KeyPolicy, KeyRef, Reading, Trail};

use crate::current_state::{Consent, CurrentState, TargetKey};
use crate::journal::{Former, Phase, Progress, StepProgress};
use crate::plan_data::{Plan, Step, StepId};
use crate::planning::plan;
use crate::refusal::{RefusalCode, Refusals};
use crate::render::policy_diff;

/// The trail as it was before the run that a journal is of: what [`resumed`] needs read, is read
/// with this key.
#[must_use]
pub fn trail_before(trail: &Trail, progress: &Progress) -> Trail {
    match begun(&progress.seal, StepId::UpdateTrail) {
        Some(Former::TrailKey(key)) => Trail { key: key.clone(), ..trail.clone() },
        _ => trail.clone(),
    }
}

/// The plan to go on with, and how far the journal says that it has come.
///
/// `live` is what was read now for [`trail_before`]. What the journal says was there before the
/// steps that were begun is put in its place; the planner must then make the journal's plan, step
/// for step: call, what it requires, and what it proves. Whoever carries the plan out reads back
/// each step that the journal calls made, and what each other step requires.
///
/// # Errors
///
/// - the planner refuses
/// - it makes another plan ([`RefusalCode::JournalMismatch`]); the difference is shown
pub fn resumed(
    context: &EvaluationContext<'_>,
    live: &CurrentState,
    target_key: &TargetKey,
    consent: &Consent,
    progress: &Progress,
) -> Result<Phase, Refusals> {
    let before = situation_before(live, progress);
    let planned = plan(context, &before, target_key, consent)?;
    let planned = match &progress.created_key {
        Some(created) => planned.bind(created),
        None => planned,
    };
    match difference(&progress.seal.plan, &planned) {
        Some((what, difference)) => Err(mismatch(what, difference)),
        None => Ok(Phase { plan: planned, ..progress.seal.clone() }),
    }
}

fn mismatch(what: String, difference: String) -> Refusals {
    Refusals::with_difference(
        RefusalCode::JournalMismatch,
        format!("the journal is not of the plan that is made now: {what}"),
        "give the options of the first run; or find out who wrote the journal, and begin a new run \
         with another --journal",
        difference,
    )
}

fn begun(phase: &Phase, id: StepId) -> Option<&Former> {
    phase.step(id)?.former.as_ref()
}

/// The current state with what the journal says was there before the steps that were begun.
fn situation_before(live: &CurrentState, progress: &Progress) -> CurrentState {
    let mut before = live.clone();
    // Backwards, so that what was there before the first of them stays.
    for StepProgress { step, former, .. } in progress.seal.steps.iter().rev() {
        match former {
            Some(Former::KeyPolicy(policy)) => {
                let policy = Reading::Known(policy.clone());
                if is_present(&before) {
                    before.facts.key_policy = policy.clone().map(KeyPolicy::new);
                }
                before.candidate.policy = policy;
            }
            Some(Former::KeyState(state)) => each_key(&mut before, |key| key.state = state.clone()),
            Some(Former::Rotation(rotation)) if progress.created_key.is_none() => {
                let rotation = Reading::Known(rotation.clone());
                if is_present(&before) {
                    before.facts.rotation = rotation.clone();
                }
                before.candidate.rotation = rotation;
            }
            Some(Former::Nothing) if *step == StepId::CreateAlias => {
                free_alias(&mut before, progress.created_key.as_ref());
            }
            Some(Former::Nothing | Former::TrailKey(_) | Former::Rotation(_)) | None => {}
        }
    }
    before
}

/// Whether the requested key is the one that the trail has.
fn is_present(current_state: &CurrentState) -> bool {
    matches!(
        (&current_state.facts.key, &current_state.candidate.key),
        (Reading::Known(one), Reading::Known(other)) if one.arn == other.arn
    )
}

fn each_key(current_state: &mut CurrentState, change: impl Fn(&mut KeyFacts)) {
    if is_present(current_state)
        && let Reading::Known(key) = &mut current_state.facts.key
    {
        change(key);
    }
    if let Reading::Known(key) = &mut current_state.candidate.key {
        change(key);
    }
}

/// An alias that names the key of this journal was free before it.
fn free_alias(current_state: &mut CurrentState, created: Option<&KeyArn>) {
    if matches!(&current_state.alias, Reading::Known(arn) if Some(arn) == created) {
        current_state.alias = Reading::Absent;
    }
}

/// What differs first between the journal's plan and the one that is made now.
fn difference(journal: &Plan, planned: &Plan) -> Option<(String, String)> {
    let key = |key: &Option<KeyRef>| key.as_ref().map_or("no key".to_owned(), KeyRef::to_string);
    let shown = |plan: &Plan| {
        let named = plan.key_arn().map_or("a new key".to_owned(), KeyArn::to_string);
        [
            ("the trail", plan.trail.to_string()),
            ("the account", plan.account.to_string()),
            ("the bucket", format!("{} in {}", plan.bucket, plan.bucket_region)),
            ("the key", named),
            ("the trail's former key", key(&plan.former_key)),
        ]
    };
    for ((what, found), (_, expected)) in shown(journal).into_iter().zip(shown(planned)) {
        if found != expected {
            let what = format!("{what} is another one");
            return Some((what, format!("-{found}\n+{expected}\n")));
        }
    }
    let ids = |plan: &Plan| plan.steps.iter().map(|step| step.id.as_str()).collect::<Vec<_>>();
    if ids(journal) != ids(planned) {
        let (found, expected) = (ids(journal).join(", "), ids(planned).join(", "));
        return Some(("its steps are others".to_owned(), format!("-{found}\n+{expected}\n")));
    }
    let mut pairs = journal.steps.iter().zip(&planned.steps);
    let (found, expected) = pairs.find(|(found, expected)| !is_same(found, expected))?;
    let difference = policy_diff(Some(&text(found)), &text(expected));
    Some((format!("its step `{}` is another one", found.id), difference))
}

/// How a step is taken back is the planner's alone, and not compared.
fn is_same(found: &Step, expected: &Step) -> bool {
    found.id == expected.id
        && found.call == expected.call
        && found.requires == expected.requires
        && found.proves == expected.proves
}

fn text(step: &Step) -> String {
    serde_json::json!({ "call": step.call, "requires": step.requires, "proves": step.proves })
        .to_string()
}
