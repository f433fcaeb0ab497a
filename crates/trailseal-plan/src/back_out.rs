//! How to go back: the same form of plan, backwards.
//!
//! First the trail gets its former key again, or none; then the key policy is as before; then a key
//! that was enabled is disabled. Nothing is deleted.

mod delivery;
mod steps;

use trailseal_rule::{KeyArn, KeyRef, Reading};

use crate::back_out::delivery::unless_deliverable;
use crate::back_out::steps::{advice, disable_key, restore_policy, restore_trail};
use crate::condition::Present;
use crate::journal::{Phase, Progress};
use crate::permissions::{Scope, permissions};
use crate::plan_data::{
    Plan, PlannedKey, PolicyChange, Purpose, Step, StepId, Warning, WarningCode,
};
use crate::refusal::{Found, RefusalCode, Refusals};

/// Whether what others changed meanwhile may be overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Force {
    /// No: a change by others is a refusal.
    No,
    /// Yes, by the user's own word.
    Yes,
}

/// What is to be taken back.
#[derive(Clone, Copy, Debug)]
struct BackOut<'a> {
    seal: &'a Phase,
    key: &'a KeyArn,
    present: &'a Present,
    force: Force,
}

/// Plans how what a journal tells of is taken back.
///
/// What AWS shows counts, and not only the journal: a step that did not happen, or that was taken
/// back already, needs nothing. [`Progress::keys`] are the keys that must have been read.
///
/// # Errors
///
/// - nothing was done that can be taken back
/// - somebody has changed it meanwhile, unless forced; the difference is shown
/// - the journal says that statements were added which the planner never adds
/// - the trail would be left with a key that cannot encrypt, forced or not
/// - what is there now could not be read
pub fn back_out(progress: &Progress, present: &Present, force: Force) -> Result<Plan, Refusals> {
    let seal = &progress.seal;
    let Some(key) = seal.plan.key_arn() else {
        return Err(nothing(seal));
    };
    let back_out = BackOut { seal, key, present, force };
    let (mut found, mut warnings) = (Found::default(), Vec::new());
    let steps: Vec<Step> = [
        restore_trail(&back_out, &mut found, &mut warnings),
        restore_policy(&back_out, &mut found, &mut warnings),
        disable_key(&back_out, &mut found, &mut warnings),
    ]
    .into_iter()
    .flatten()
    .collect();
    found.deny_readings();
    found.unless_any()?;
    if steps.is_empty() {
        return Err(nothing(seal));
    }
    unless_deliverable(&back_out, &steps)?;
    warnings.extend(stays(&back_out, &steps));
    let change = policy_change(&back_out, &steps);
    Ok(plan(&back_out, steps, change, warnings))
}

impl BackOut<'_> {
    /// Whether a step's call was made, or may have been.
    fn happened(&self, id: StepId) -> bool {
        self.seal.step(id).is_some_and(|step| step.may_have_happened())
    }

    fn former_key(&self) -> Option<&KeyRef> {
        self.seal.plan.former_key.as_ref()
    }
}

fn nothing(seal: &Phase) -> Refusals {
    let left = advice(seal);
    let fix = if left.is_empty() { "nothing needs to be done".to_owned() } else { left.join("; ") };
    Refusals::one(
        RefusalCode::NothingToBackOut,
        "nothing stands in AWS that a back-out would take back",
        fix,
    )
}

fn stays(back_out: &BackOut<'_>, steps: &[Step]) -> Vec<Warning> {
    let stays = |what| Warning { code: WarningCode::StaysBehind, what };
    let mut warnings: Vec<Warning> = advice(back_out.seal).into_iter().map(stays).collect();
    let has = |id| steps.iter().any(|step| step.id == id);
    if has(StepId::RestoreTrail) {
        warnings.push(Warning {
            code: WarningCode::KeepTheFormerKey,
            what: format!(
                "keep key {} for as long as log files that were sealed with it must be read",
                back_out.key
            ),
        });
    }
    // The statements that were added are for this trail alone; a key is for everyone.
    if has(StepId::DisableKey) {
        warnings.push(Warning {
            code: WarningCode::OthersMayUseTheKey,
            what: format!(
                "whoever has come to use key {} since it was enabled loses it: another trail with \
                 this key would stop delivering",
                back_out.key
            ),
        });
    }
    warnings
}

/// As the step sends it.
fn policy_change(back_out: &BackOut<'_>, steps: &[Step]) -> Option<PolicyChange> {
    let step = steps.iter().find(|step| step.id == StepId::RestoreKeyPolicy)?;
    let readings = back_out.present.keys.get(back_out.key)?;
    let Reading::Known(now) = &readings.policy else {
        return None;
    };
    let after = step.call.policy()?.to_owned();
    Some(PolicyChange { before: Some(now.clone()), after, added: Vec::new() })
}

fn plan(
    back_out: &BackOut<'_>,
    steps: Vec<Step>,
    policy_change: Option<PolicyChange>,
    warnings: Vec<Warning>,
) -> Plan {
    let sealed = &back_out.seal.plan;
    let scope = Scope {
        trail: &sealed.trail,
        account: &sealed.account,
        bucket_region: &sealed.bucket_region,
    };
    let former = match back_out.former_key() {
        Some(KeyRef::Key(arn)) => Some(arn),
        Some(
            KeyRef::AliasArn { .. } | KeyRef::Alias(_) | KeyRef::Id(_) | KeyRef::Unrecognized(_),
        )
        | None => None,
    };
    let keys: Vec<Option<&KeyArn>> =
        std::iter::once(Some(back_out.key)).chain(former.map(Some)).collect();
    let former_key = match &back_out.present.trail_key {
        Reading::Known(key) => key.clone(),
        Reading::Absent | Reading::Refused(_) => None,
    };
    Plan {
        purpose: Purpose::BackOut,
        trail: sealed.trail.clone(),
        account: sealed.account.clone(),
        home_region: sealed.home_region.clone(),
        bucket: sealed.bucket.clone(),
        bucket_region: sealed.bucket_region.clone(),
        key: PlannedKey::Existing(back_out.key.clone()),
        former_key,
        policy_change,
        readers: Vec::new(),
        warnings,
        cost: None,
        permissions: permissions(Purpose::BackOut, &scope, &keys, &steps),
        steps,
    }
}
