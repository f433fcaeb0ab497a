//! Whether the trail can deliver, before and after a back-out.

use trailseal_rule::{KeyRef, KeyState, Reading};

use crate::back_out::BackOut;
use crate::call::{Call, KeyTarget};
use crate::condition::{Condition, Holds, Present};
use crate::plan_data::{Step, StepId};
use crate::refusal::{RefusalCode, Refusals};

/// A back-out never leaves the trail with a key that cannot encrypt, unless the trail has one now.
///
/// INVARIANT (back-out-keeps-delivery): not even with force.
pub(super) fn unless_deliverable(back_out: &BackOut<'_>, steps: &[Step]) -> Result<(), Refusals> {
    let after = delivers(back_out, &after(back_out.present, steps));
    let (Holds::No(obstacle) | Holds::Unknown(obstacle)) = after else {
        return Ok(());
    };
    if steps.iter().any(|step| step.id == StepId::RestoreTrail) {
        return Err(Refusals::one(
            RefusalCode::FormerKeyCannotEncrypt,
            format!("the trail could not deliver with its former key: {obstacle}"),
            "repair that key first, or leave the trail as it is",
        ));
    }
    if !uses_the_key(back_out) {
        return Ok(());
    }
    match delivers(back_out, back_out.present) {
        Holds::No(_) => Ok(()),
        Holds::Yes | Holds::Unknown(_) => Err(Refusals::one(
            RefusalCode::BackOutStopsDelivery,
            format!("the trail uses the key and could no longer deliver: {obstacle}"),
            "leave the key as it is, or give the trail another key first",
        )),
    }
}

/// Whether the trail uses the key now.
fn uses_the_key(back_out: &BackOut<'_>) -> bool {
    match &back_out.present.trail_key {
        Reading::Known(key) => key.as_ref().map(KeyRef::as_str) == Some(back_out.key.as_str()),
        Reading::Absent | Reading::Refused(_) => true,
    }
}

/// Whether the trail can deliver.
fn delivers(back_out: &BackOut<'_>, state: &Present) -> Holds {
    let arn = match &state.trail_key {
        Reading::Known(None) => return Holds::Yes,
        Reading::Known(Some(KeyRef::Key(arn))) => arn,
        Reading::Known(Some(named)) => {
            return Holds::Unknown(format!("key `{named}` was not read"));
        }
        Reading::Absent => return Holds::No("the trail does not exist".to_owned()),
        Reading::Refused(refusal) => {
            return Holds::Unknown(format!("the trail could not be read: {refusal}"));
        }
    };
    // Without the Region, the trail gets no other key, and the Region is the same before and after.
    let region = back_out.bucket.map_or(arn.region(), |bucket| &bucket.region);
    let mut doubt = Holds::Yes;
    let (trail, key) = (&back_out.remediation.plan.trail, KeyTarget::Existing(arn.clone()));
    for condition in Condition::can_encrypt(&key, region, trail) {
        match condition.holds(state) {
            Holds::Yes => {}
            Holds::No(found) => return Holds::No(format!("{found} ({arn})")),
            Holds::Unknown(why) => doubt = Holds::Unknown(format!("{why} ({arn})")),
        }
    }
    doubt
}

fn after(present: &Present, steps: &[Step]) -> Present {
    let mut after = present.clone();
    for step in steps {
        match &step.call {
            Call::UpdateTrail { key, .. } => {
                let arn = key.as_ref().and_then(KeyTarget::arn);
                after.trail_key = Reading::Known(arn.cloned().map(KeyRef::Key));
            }
            Call::PutKeyPolicy { key, policy } => {
                if let Some(readings) = key.arn().and_then(|arn| after.keys.get_mut(arn)) {
                    readings.policy = Reading::Known(policy.clone());
                }
            }
            Call::DisableKey { key } => {
                if let Some(readings) = key.arn().and_then(|arn| after.keys.get_mut(arn))
                    && let Reading::Known(facts) = &mut readings.key
                {
                    facts.state = KeyState::Disabled;
                }
            }
            // A back-out makes none of these.
            Call::CreateKey { .. }
            | Call::CreateAlias { .. }
            | Call::CancelKeyDeletion { .. }
            | Call::EnableKey { .. }
            | Call::EnableKeyRotation { .. } => {}
        }
    }
    after
}
