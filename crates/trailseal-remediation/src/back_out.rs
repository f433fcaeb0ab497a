//! Plans a back-out from a journal and the present state.

use std::collections::BTreeMap;

use trailseal_aws::{AwsError, describe_trails};
use trailseal_plan::{
    Call, Condition, Force, Holds, KeyReadings, KeyTarget, Plan, Present, Progress, RefusalCode,
    Refusals, StepId, back_out,
};
use trailseal_rule::{
    CheckId, EvaluationContext, Facts, KeyArn, KeyPolicy, KeyRef, Reading, Refusal, Trail, TrailArn,
};

use crate::failure::Failure;
use crate::observe::RequiredReads;
use crate::read::AwsReader;

/// Plans the back-out of a journal.
///
/// # Errors
///
/// [`Failure::Refused`] with all reasons against it: those of the planner, another trail that would
/// stop delivering, or a former key that the rule does not allow. [`Failure::Aws`] if AWS does not
/// respond.
pub async fn plan_back_out(
    reader: AwsReader<'_>,
    context: &EvaluationContext<'_>,
    progress: &Progress,
    force: Force,
) -> Result<Plan, Failure> {
    let present = reader.present(&RequiredReads::of_back_out(progress)).await?;
    let plan = back_out(progress, &present, force)?;
    let trail = reader.trail(plan.trail.as_str()).await?.trail;
    require_allowed_former_key(context, &trail, &plan, &present)?;
    require_delivery_of_others(reader, &plan, &present).await?;
    Ok(plan)
}

/// A journal can name any key as the former one. Even with force, the rule must allow that key, and
/// it must not let everybody decrypt.
fn require_allowed_former_key(
    context: &EvaluationContext<'_>,
    trail: &Trail,
    plan: &Plan,
    present: &Present,
) -> Result<(), Refusals> {
    let step = plan.step(StepId::RestoreTrail);
    let former = step.and_then(|step| step.call.key()).and_then(KeyTarget::arn);
    let Some(former) = former else { return Ok(()) };
    let Some(why) = fault_of_former_key(context, trail, former, present) else { return Ok(()) };
    Err(Refusals::one(
        RefusalCode::FormerKeyNotAllowed,
        format!("the journal names {former} as the former key: {why}"),
        format!(
            "leave the trail as it is; if the key is yours, run `trailseal remediate {} --key {former} \
             --replace-key`",
            plan.trail
        ),
    ))
}

/// Why the rule does not allow a former key, according to the checks in [`TRUST`], which the
/// parameters cannot switch off here.
fn fault_of_former_key(
    context: &EvaluationContext<'_>,
    trail: &Trail,
    former: &KeyArn,
    present: &Present,
) -> Option<String> {
    if !context.parameters.allows(former, trail.arn.owner()) {
        return Some(format!(
            "the parameters do not allow this key of account {}",
            former.account()
        ));
    }
    let Some(readings) = present.keys.get(former) else {
        return Some("the key was not read".to_owned());
    };
    let trail = Trail { key: Some(KeyRef::Key(former.clone())), ..trail.clone() };
    let facts = Facts {
        key: readings.key.clone(),
        key_policy: readings.policy.clone().map(KeyPolicy::new),
        ..Facts::unread()
    };
    let mut outcomes = TRUST.iter().map(|id| id.check().evaluate(context, &trail, &facts));
    outcomes.find_map(|outcome| Some(outcome.finding()?.cause.clone()))
}

/// The checks of who controls the key and who can decrypt with it.
const TRUST: [CheckId; 3] =
    [CheckId::KeyCustomerManaged, CheckId::KeyAllowed, CheckId::KeyPolicyGuardsDecryption];

/// Other trails may have started to use the key. They must not lose it, even with force.
///
/// This reads the trails of the home Region, including copies of multi-Region trails.
async fn require_delivery_of_others(
    reader: AwsReader<'_>,
    plan: &Plan,
    present: &Present,
) -> Result<(), Failure> {
    let removes = |call: &Call| matches!(call, Call::DisableKey { .. } | Call::PutKeyPolicy { .. });
    let Some(key) = plan.key_arn().filter(|_| plan.steps.iter().any(|step| removes(&step.call)))
    else {
        return Ok(());
    };
    let stopped: Vec<String> = others(reader, plan, key)
        .await?
        .iter()
        .filter(|trail| stops(plan, key, trail, present))
        .map(ToString::to_string)
        .collect();
    if stopped.is_empty() {
        return Ok(());
    }
    let what = format!("{} would stop delivering: they use key {key} as well", stopped.join(", "));
    let fix = "leave the key as it is, or give those trails another key first";
    Err(Refusals::one(RefusalCode::BackOutStopsDelivery, what, fix).into())
}

async fn others(
    reader: AwsReader<'_>,
    plan: &Plan,
    key: &KeyArn,
) -> Result<Vec<TrailArn>, AwsError> {
    let session = reader.session.in_region(plan.home_region.clone());
    let uses = |found: &Option<KeyRef>| matches!(found, Some(KeyRef::Key(arn)) if arn == key);
    let trails = describe_trails(&session).await?.into_iter();
    let others = trails.filter(|trail| trail.arn != plan.trail && uses(&trail.key));
    Ok(others.map(|trail| trail.arn).collect())
}

/// Whether the back-out takes the key from a trail. A trail that cannot use the key now has nothing
/// to lose.
fn stops(plan: &Plan, key: &KeyArn, trail: &TrailArn, present: &Present) -> bool {
    let admits = |present: &Present| {
        let (key, trail) = (KeyTarget::Existing(key.clone()), trail.clone());
        Condition::PolicyAdmitsCloudTrail { key, trail }.holds(present)
    };
    let usable = Condition::KeyUsable { key: KeyTarget::Existing(key.clone()) };
    let now = admits(present);
    if matches!(now, Holds::No(_)) || matches!(usable.holds(present), Holds::No(_)) {
        return false;
    }
    plan.steps.iter().any(|step| match &step.call {
        Call::DisableKey { .. } => true,
        Call::PutKeyPolicy { policy, .. } => match admits(&with_policy(key, policy)) {
            Holds::Yes => false,
            Holds::No(_) => true,
            // A trail whose access was unknown before loses no known access.
            Holds::Unknown(_) => now == Holds::Yes,
        },
        Call::CreateKey { .. }
        | Call::CreateAlias { .. }
        | Call::CancelKeyDeletion { .. }
        | Call::EnableKey { .. }
        | Call::EnableKeyRotation { .. }
        | Call::UpdateTrail { .. } => false,
    })
}

fn with_policy(key: &KeyArn, policy: &str) -> Present {
    let readings =
        KeyReadings { policy: Reading::Known(policy.to_owned()), ..KeyReadings::unread() };
    Present {
        trail_key: Reading::Refused(Refusal::NotRead),
        bucket: Reading::Refused(Refusal::NotRead),
        keys: BTreeMap::from([(key.clone(), readings)]),
        alias: Reading::Refused(Refusal::NotRead),
    }
}
