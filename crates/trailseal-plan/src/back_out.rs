//! Plans a back-out.
//!
//! First the trail gets its former key, or none. Then the added statements leave the key policy.
//! Then a key that was enabled is disabled. Nothing is deleted.

mod delivery;
mod steps;

use trailseal_rule::{KeyArn, KeyRef, Reading};

use crate::back_out::delivery::unless_deliverable;
use crate::back_out::steps::advice;
use crate::condition::{Present, TrailBucket};
use crate::journal::{Phase, Progress};
use crate::permissions::permissions;
use crate::plan_data::{
    Plan, PlannedKey, PolicyChange, Purpose, Step, StepId, Warning, WarningCode,
};
use crate::refusal::{Reasons, RefusalCode, Refusals};

/// Whether a back-out overrides changes by others (`--force`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Force {
    /// A change by others is a refusal.
    No,
    /// A change by others is a warning.
    Yes,
}

#[derive(Debug)]
struct BackOut<'a> {
    remediation: &'a Phase,
    key: &'a KeyArn,
    present: &'a Present,
    /// The trail's bucket as AWS names it: a journal can name another Region. `None` if the trail or
    /// its bucket does not exist or could not be read, or if the bucket was not read because no former
    /// key is restored.
    bucket: Option<&'a TrailBucket>,
    force: Force,
    reasons: Reasons,
    warnings: Vec<Warning>,
}

/// Plans the back-out of a journal.
///
/// The state of AWS decides, not only the journal: a step that did not happen, or that is already
/// undone, needs no call. `present` must contain the keys of [`Progress::keys`].
///
/// # Errors
///
/// - there is nothing to back out
/// - somebody has changed the state since, and there is no force; the difference is shown
/// - the journal lists an added statement that the planner never adds
/// - the trail would be left with a key that cannot encrypt, even with force
/// - the present state could not be read; the Region of the trail's bucket is needed only if the
///   trail gets its former key
pub fn back_out(progress: &Progress, present: &Present, force: Force) -> Result<Plan, Refusals> {
    let remediation = &progress.remediation;
    let Some(key) = remediation.plan.key_arn() else {
        return Err(nothing(remediation));
    };
    let (reasons, warnings) = (Reasons::default(), Vec::new());
    let bucket = match (&present.trail_key, &present.bucket) {
        (Reading::Known(_), Reading::Known(bucket)) => Some(bucket),
        _ => None,
    };
    let mut back_out = BackOut { remediation, key, present, bucket, force, reasons, warnings };
    let steps = [back_out.restore_trail(), back_out.restore_policy(), back_out.disable_key()];
    let steps: Vec<Step> = steps.into_iter().flatten().collect();
    back_out.reasons.add_denials();
    back_out.reasons.or_refuse()?;
    if steps.is_empty() {
        return Err(nothing(remediation));
    }
    unless_deliverable(&back_out, &steps)?;
    back_out.warnings.extend(stays(&back_out, &steps));
    let change = policy_change(&back_out, &steps);
    Ok(plan(back_out, &progress.keys(), steps, change))
}

impl<'a> BackOut<'a> {
    /// Whether a step's call was made, or may have been.
    fn happened(&self, id: StepId) -> bool {
        self.remediation.step(id).is_some_and(|step| step.may_have_happened)
    }

    fn former_key(&self) -> Option<&'a KeyRef> {
        self.remediation.plan.former_key.as_ref()
    }
}

fn nothing(remediation: &Phase) -> Refusals {
    let left = advice(remediation);
    let fix = if left.is_empty() { "nothing needs to be done".to_owned() } else { left.join("; ") };
    Refusals::one(RefusalCode::NothingToBackOut, "nothing to back out", fix)
}

fn stays(back_out: &BackOut<'_>, steps: &[Step]) -> Vec<Warning> {
    let stays = |what| Warning { code: WarningCode::StaysBehind, what };
    let mut warnings: Vec<Warning> = advice(back_out.remediation).into_iter().map(stays).collect();
    let has = |id| steps.iter().any(|step| step.id == id);
    if has(StepId::RestoreTrail) {
        warnings.push(Warning {
            code: WarningCode::KeepTheFormerKey,
            what: format!(
                "keep key {} as long as you must read log files that are encrypted with it",
                back_out.key
            ),
        });
    }
    // The added statements serve only this trail, but others can use the key itself.
    if has(StepId::DisableKey) {
        warnings.push(Warning {
            code: WarningCode::OthersMayUseTheKey,
            what: format!(
                "others that use key {} since it was enabled lose it: another trail with this key \
                 would stop delivering",
                back_out.key
            ),
        });
    }
    warnings
}

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
    back_out: BackOut<'_>,
    keys: &[KeyArn],
    steps: Vec<Step>,
    policy_change: Option<PolicyChange>,
) -> Plan {
    let sealed = &back_out.remediation.plan;
    let former_key = match &back_out.present.trail_key {
        Reading::Known(key) => key.clone(),
        Reading::Absent | Reading::Refused(_) => None,
    };
    let mut plan = Plan {
        purpose: Purpose::BackOut,
        trail: sealed.trail.clone(),
        account: sealed.account.clone(),
        home_region: sealed.home_region.clone(),
        bucket: back_out.bucket.map_or(&sealed.bucket, |bucket| &bucket.name).clone(),
        bucket_region: back_out.bucket.map_or(&sealed.bucket_region, |found| &found.region).clone(),
        key: PlannedKey::Existing(back_out.key.clone()),
        former_key,
        policy_change,
        readers: Vec::new(),
        warnings: back_out.warnings,
        cost: None,
        permissions: Vec::new(),
        steps,
    };
    plan.permissions = permissions(&plan, keys);
    plan
}
