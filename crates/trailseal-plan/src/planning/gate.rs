//! Whether the trail needs a change, and whether these credentials can make it.

use trailseal_rule::{
    CheckId, CheckResult, ExemptionsFrom, Outcome, Reading, Standing, Verdict, evaluate,
};

use crate::planning::PlanInput;
use crate::refusal::{Reasons, RefusalCode, Refusals};

/// Returns a reason that makes every other check pointless; adds all other reasons.
pub(super) fn pass(input: &PlanInput<'_>, reasons: &mut Reasons) -> Result<(), Refusals> {
    standing(input)?;
    may_be_exempt(input)?;
    let judgement = evaluate(input.context, &input.current_state.trail, &input.current_state.facts);
    match &judgement.verdict {
        Verdict::Sealed(_) => Err(Refusals::one(
            RefusalCode::AlreadySealed,
            "the trail is already sealed under these parameters",
            "nothing needs to be done",
        )),
        Verdict::NotApplicable(why) => Err(Refusals::one(
            RefusalCode::NotJudged,
            format!("the trail is not judged: {why}"),
            "end its exemption to change it",
        )),
        Verdict::Unverified(results) => {
            may_be_exempt_by_tag(input)?;
            unverified(input, results, reasons);
            Ok(())
        }
        Verdict::Broken(_) => {
            may_be_exempt_by_tag(input)?;
            if CheckId::DeliveryUnbroken.is_enabled(input.context.parameters) {
                reasons.note_denied(&input.current_state.facts.delivery);
            }
            Ok(())
        }
    }
}

/// A trail that may be exempt is not changed.
fn may_be_exempt(input: &PlanInput<'_>) -> Result<(), Refusals> {
    match &input.context.parameters.exemptions_from {
        Some(ExemptionsFrom { object, is_read: false }) => Err(Refusals::one(
            RefusalCode::Unverified,
            format!("the exemptions of {object} were not read, and the trail may be exempt"),
            "let the calling principal read the document, or leave exemptionsFrom out",
        )),
        Some(_) | None => Ok(()),
    }
}

/// The same for the tag of the trail, which matters only for a trail that would fail.
fn may_be_exempt_by_tag(input: &PlanInput<'_>) -> Result<(), Refusals> {
    let state = input.current_state;
    match (input.context.exemption_tag(&state.trail.arn), &state.facts.exemption_tag) {
        (Some(key), Reading::Refused(refusal)) => Err(Refusals::one(
            RefusalCode::Unverified,
            format!(
                "the trail may be exempt by its tag {}, which was not read: {refusal}",
                key.as_str()
            ),
            "allow cloudtrail:ListTags to the calling principal, or leave exemptionTag out",
        )),
        _ => Ok(()),
    }
}

/// Only the owner can change a trail, and only in its home Region (CloudTrail API Reference,
/// `UpdateTrail`, `InvalidHomeRegionException`, `NotOrganizationMasterAccountException`).
fn standing(input: &PlanInput<'_>) -> Result<(), Refusals> {
    let trail = &input.current_state.trail;
    match trail.standing() {
        Standing::Shadow => {
            return Err(Refusals::one(
                RefusalCode::ShadowTrail,
                format!(
                    "this is the copy in {} of a trail whose home Region is {}",
                    trail.region, trail.home_region
                ),
                format!("change it in {}", trail.home_region),
            ));
        }
        Standing::MemberCopy => return delegated(input),
        Standing::Own => {}
    }
    if *trail.arn.owner() == input.current_state.caller
        && trail.account == input.current_state.caller
    {
        return Ok(());
    }
    Err(Refusals::one(
        RefusalCode::TrailOfAnotherAccount,
        format!(
            "account {} owns the trail, but the credentials belong to account {}",
            trail.arn.owner(),
            input.current_state.caller
        ),
        format!("change it with credentials of account {}", trail.arn.owner()),
    ))
}

/// A member account can change the organization's trail if it is CloudTrail's delegated administrator
/// (CloudTrail User Guide, "Organization delegated administrator"), and in the home Region only.
fn delegated(input: &PlanInput<'_>) -> Result<(), Refusals> {
    let trail = &input.current_state.trail;
    let owner = trail.arn.owner();
    if trail.region != trail.home_region {
        return Err(Refusals::one(
            RefusalCode::ShadowTrail,
            format!("this is the copy in {} of an organization trail", trail.region),
            format!("change it in its home Region {}", trail.home_region),
        ));
    }
    let why = match &input.current_state.delegated {
        Reading::Known(true) => return Ok(()),
        Reading::Known(false) | Reading::Absent => {
            format!(
                "account {} is not CloudTrail's delegated administrator",
                input.current_state.caller
            )
        }
        Reading::Refused(refusal) => format!(
            "could not read whether account {} is CloudTrail's delegated administrator: {refusal}",
            input.current_state.caller
        ),
    };
    Err(Refusals::one(
        RefusalCode::OrganizationTrailOfAnotherAccount,
        format!("account {owner} owns this organization trail; {why}"),
        format!(
            "use credentials of account {owner}, or of the delegated administrator with \
             organizations:ListDelegatedAdministrators"
        ),
    ))
}

fn unverified(input: &PlanInput<'_>, results: &[CheckResult], reasons: &mut Reasons) {
    let facts = &input.current_state.facts;
    reasons.note_denied(&facts.key);
    reasons.note_denied(&facts.bucket_region);
    reasons.note_denied(&facts.rotation);
    reasons.note_denied(&facts.key_policy);
    reasons.note_denied(&facts.delivery);
    for result in results {
        if let Outcome::Unknown(unverified) = &result.outcome {
            reasons.push(
                RefusalCode::Unverified,
                format!("{}: {}", result.check, unverified.cause),
                unverified.fix_in_full(),
            );
        }
    }
}
