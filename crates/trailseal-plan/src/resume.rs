//! Resuming a plan from a journal, if the planner makes the same plan now.
//!
//! A journal is untrusted. The remaining steps come from the planner and the present state of AWS;
//! the journal only shows which steps were begun. The requirements of such a step were true before
//! it, so the planner sees them in place of the present values.

use trailseal_rule::{EvaluationContext, KeyArn, KeyPolicy, KeyRef, Reading, Rotation, Trail};

use crate::condition::Condition;
use crate::current_state::{Consent, CurrentState, TargetKey};
use crate::journal::{Phase, Progress};
use crate::plan_data::{Plan, Step, StepId};
use crate::planning::plan;
use crate::refusal::{Reasons, RefusalCode, Refusals};
use crate::render::policy_diff;

/// The trail as it was before the journal's run. [`resumed`] needs the state that is read for it.
pub fn trail_before(trail: &Trail, progress: &Progress) -> Trail {
    let key = match progress.remediation.step(StepId::UpdateTrail) {
        Some(step) if step.may_have_happened => &progress.remediation.plan.former_key,
        Some(_) | None => &trail.key,
    };
    Trail { key: key.clone(), ..trail.clone() }
}

/// The plan to resume, with the progress in the journal.
///
/// `live` is the state that is read now for [`trail_before`]. The planner must make the journal's
/// plan again, with equal calls, requirements and proofs. Applying the plan then reads back each
/// step that the journal reports as done.
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
    let before = state_before(live, progress);
    let planned = plan(context, &before, target_key, consent)?;
    let planned = match &progress.created_key {
        Some(created) => planned.bind(created),
        None => planned,
    };
    let mut reasons = Reasons::default();
    if let Some((what, difference)) = difference(&progress.remediation.plan, &planned) {
        reasons.push_difference(
            RefusalCode::JournalMismatch,
            format!("the journal has another plan than the one made now: {what}"),
            "repeat the options of the first run; or find out who wrote the journal, and start a \
             new run with another --journal",
            difference,
        );
    }
    reasons.or_refuse()?;
    Ok(Phase { plan: planned, ..progress.remediation.clone() })
}

/// The current state, with the requirements of the steps that were begun in place of what those
/// steps may have changed.
fn state_before(live: &CurrentState, progress: &Progress) -> CurrentState {
    let mut before = live.clone();
    let phase = &progress.remediation;
    let begun = |step: &&Step| phase.step(step.id).is_some_and(|step| step.may_have_happened);
    let created = progress.created_key.as_ref();
    // In reverse, so that the requirement of the first step wins.
    for step in phase.plan.steps.iter().filter(begun).rev() {
        for condition in &step.requires {
            if let Condition::PolicyIs { policy, .. } = condition {
                before.candidate.policy = Reading::Known(policy.clone());
            } else if let Condition::KeyHasState { state, .. } = condition
                && let Reading::Known(key) = &mut before.candidate.key
            {
                key.state = state.clone();
            }
        }
        if step.id == StepId::EnableKeyRotation && created.is_none() {
            before.candidate.rotation = Reading::Known(Rotation::Off);
        }
        // The alias of the key that the run created was free before.
        if step.id == StepId::CreateAlias
            && matches!(&before.alias, Reading::Known(arn) if Some(arn) == created)
        {
            before.alias = Reading::Absent;
        }
    }
    if matches!((&live.facts.key, &live.candidate.key),
        (Reading::Known(present), Reading::Known(requested)) if present.arn == requested.arn)
    {
        repeat_candidate(&mut before, live);
    }
    before
}

/// The trail's key is the requested one, so what changes in one of the two changes in the other.
fn repeat_candidate(before: &mut CurrentState, live: &CurrentState) {
    let candidate = &before.candidate;
    if candidate.key != live.candidate.key {
        before.facts.key = candidate.key.clone();
    }
    if candidate.policy != live.candidate.policy {
        before.facts.key_policy = candidate.policy.clone().map(KeyPolicy::new);
    }
    if candidate.rotation != live.candidate.rotation {
        before.facts.rotation = candidate.rotation.clone();
    }
}

/// The first difference between the journal's plan and the one made now.
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
            let what = format!("{what} differs");
            return Some((what, format!("-{found}\n+{expected}\n")));
        }
    }
    let ids = |plan: &Plan| {
        plan.steps.iter().map(|step| step.id.to_string()).collect::<Vec<_>>().join(", ")
    };
    if ids(journal) != ids(planned) {
        let (found, expected) = (ids(journal), ids(planned));
        return Some(("its steps differ".to_owned(), format!("-{found}\n+{expected}\n")));
    }
    let mut pairs = journal.steps.iter().zip(&planned.steps);
    let (found, expected) = pairs.find(|(found, expected)| !is_same(found, expected))?;
    let difference = policy_diff(Some(&text(found)), &text(expected));
    Some((format!("its step `{}` differs", found.id), difference))
}

/// The undo of a step is not compared: the planner's own is used.
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
