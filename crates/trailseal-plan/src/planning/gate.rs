//! Whether anything is to be done to the trail at all, and may be done from here.

use trailseal_rule::{CheckId, CheckResult, Outcome, Reading, Standing, Verdict, evaluate};

use crate::planning::Case;
use crate::refusal::{Found, RefusalCode, Refusals};

/// What leaves nothing else to ask is an error; what else is found is added.
pub(super) fn pass(case: &Case<'_>, found: &mut Found) -> Result<(), Refusals> {
    standing(case)?;
    let judgement = evaluate(case.context, &case.current_state.trail, &case.current_state.facts);
    match &judgement.verdict {
        Verdict::Sealed(_) => Err(Refusals::one(
            RefusalCode::AlreadySealed,
            "the trail is sealed already under these parameters",
            "nothing needs to be done",
        )),
        Verdict::NotApplicable(why) => Err(Refusals::one(
            RefusalCode::NotJudged,
            format!("the trail is not judged: {why}"),
            "take it out of exemptTrails if it is to be changed",
        )),
        Verdict::Unverified(results) => {
            unverified(case, results, found);
            Ok(())
        }
        Verdict::Broken(_) => {
            if CheckId::DeliveryUnbroken.is_enabled(case.context.parameters) {
                found.note_denied(&case.current_state.facts.delivery);
            }
            Ok(())
        }
    }
}

/// Only the owner can change a trail, and only in its home Region (CloudTrail API Reference,
/// `UpdateTrail`, `InvalidHomeRegionException`, `NotOrganizationMasterAccountException`).
fn standing(case: &Case<'_>) -> Result<(), Refusals> {
    let trail = &case.current_state.trail;
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
        Standing::MemberCopy => return delegated(case),
        Standing::Own => {}
    }
    if *trail.arn.owner() == case.current_state.caller && trail.account == case.current_state.caller
    {
        return Ok(());
    }
    Err(Refusals::one(
        RefusalCode::TrailOfAnotherAccount,
        format!(
            "the trail is of account {}, the credentials are of account {}",
            trail.arn.owner(),
            case.current_state.caller
        ),
        format!("change it with credentials of account {}", trail.arn.owner()),
    ))
}

/// A member account can change the organization's trail if it is CloudTrail's delegated administrator
/// (CloudTrail User Guide, "Organization delegated administrator"), and in the home Region only.
fn delegated(case: &Case<'_>) -> Result<(), Refusals> {
    let trail = &case.current_state.trail;
    let owner = trail.arn.owner();
    if trail.region != trail.home_region {
        return Err(Refusals::one(
            RefusalCode::ShadowTrail,
            format!("this is the copy in {} of an organization trail", trail.region),
            format!("change it in its home Region {}", trail.home_region),
        ));
    }
    let why = match &case.current_state.delegated {
        Reading::Known(true) => return Ok(()),
        Reading::Known(false) | Reading::Absent => {
            format!(
                "account {} is not CloudTrail's delegated administrator",
                case.current_state.caller
            )
        }
        Reading::Refused(refusal) => format!(
            "whether account {} is CloudTrail's delegated administrator is not known: {refusal}",
            case.current_state.caller
        ),
    };
    Err(Refusals::one(
        RefusalCode::OrganizationTrailOfAnotherAccount,
        format!("this is an organization trail of account {owner}; {why}"),
        format!(
            "use credentials of account {owner}, or of the delegated administrator with \
             organizations:ListDelegatedAdministrators"
        ),
    ))
}

fn unverified(case: &Case<'_>, results: &[CheckResult], found: &mut Found) {
    let facts = &case.current_state.facts;
    found.note_denied(&facts.key);
    found.note_denied(&facts.bucket_region);
    found.note_denied(&facts.rotation);
    found.note_denied(&facts.key_policy);
    found.note_denied(&facts.delivery);
    for result in results {
        if let Outcome::Unknown(unverified) = &result.outcome {
            found.push(
                RefusalCode::Unverified,
                format!("{}: {}", result.check, unverified.cause),
                unverified.fix_in_full(),
            );
        }
    }
}
