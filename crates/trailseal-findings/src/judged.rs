//! What the rule judged, as findings: those that `trailseal audit` writes.

use trailseal_rule::{
    AccountId, ComplianceType, Judgement, Region, Timestamp, Trail, Verdict, WhenUnverified,
    no_trails_evaluation,
};

use crate::asff::{Finding, TrailResult, Written};
use crate::check::CheckReport;
use crate::identity::uid_of_trail;

/// The finding of a trail. `created` is when it was made first, if that is known.
pub fn of_judgement(
    trail: &Trail,
    judgement: &Judgement,
    when_unverified: WhenUnverified,
    created: Option<Timestamp>,
    written: &Written<'_>,
) -> Finding {
    let Trail { account, region, arn, .. } = trail;
    let reason = match &judgement.verdict {
        Verdict::NotApplicable(why) => Some(why.as_str()),
        Verdict::Sealed(_) | Verdict::Broken(_) | Verdict::Unverified(_) => None,
    };
    let annotation = judgement.annotation(when_unverified);
    let results = judgement.verdict.results().iter();
    let checks: Vec<CheckReport> =
        results.map(|result| CheckReport::of(result.check, &result.outcome)).collect();
    let skipped: Vec<String> = judgement.skipped.iter().map(ToString::to_string).collect();
    let key = trail.key.as_ref().map(ToString::to_string);
    let bucket = trail.bucket.as_ref().map(ToString::to_string);
    let source = trail_source(account, region, arn.name());
    let result = TrailResult {
        uid: uid_of_trail(account, region, Some(arn), arn.name()),
        account,
        region,
        resource_id: arn.name(),
        arn: Some(arn),
        name: arn.name(),
        compliance: judgement.compliance(when_unverified),
        unverified: matches!(judgement.verdict, Verdict::Unverified(_)),
        annotation: annotation.as_str(),
        profile: reason.is_none().then_some(judgement.profile),
        is_deleted: false,
        not_evaluated: None,
        reason,
        key: key.as_deref(),
        bucket: bucket.as_deref(),
        checks: &checks,
        skipped: &skipped,
        created,
        source: &source,
    };
    Finding::of(&result, written)
}

/// The finding of an account and Region without a visible trail (`noTrails=NON_COMPLIANT`).
pub fn of_account_without_trails(
    account: &AccountId,
    region: &Region,
    created: Option<Timestamp>,
    written: &Written<'_>,
) -> Finding {
    let evaluation = no_trails_evaluation(account, written.at);
    let id = evaluation.resource_id.as_str();
    let result = TrailResult {
        uid: uid_of_trail(account, region, None, id),
        account,
        region,
        resource_id: id,
        arn: None,
        name: id,
        compliance: ComplianceType::NonCompliant,
        unverified: false,
        annotation: evaluation.annotation.as_str(),
        profile: None,
        is_deleted: false,
        not_evaluated: None,
        reason: Some(evaluation.annotation.as_str()),
        key: None,
        bucket: None,
        checks: &[],
        skipped: &[],
        created,
        source: &region_source(account, region),
    };
    Finding::of(&result, written)
}

/// Where the result of a trail comes from.
pub fn trail_source(account: &AccountId, region: &Region, name: &str) -> String {
    format!("{}/cloudtrail/{name}", region_source(account, region))
}

/// Where the result of an account and Region comes from.
pub fn region_source(account: &AccountId, region: &Region) -> String {
    format!("aws/{account}/{region}")
}
