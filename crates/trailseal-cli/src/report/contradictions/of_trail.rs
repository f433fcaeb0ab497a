//! The contradictions of one trail.

use trailseal_rule::{ComplianceType, Replicas, WhenUnverified};

use super::Claims;
use crate::report::{CheckOutcome, TrailReport};

/// All contradictions of the trail.
pub(super) fn contradictions(claims: &Claims, trail: &TrailReport) -> Vec<String> {
    let mut found = Vec::new();
    found.extend(of_verdict(claims, trail));
    found.extend(of_copy(claims, trail));
    if trail.unverified != is_unverified(trail) {
        let checks = if trail.unverified { "no check is, or one failed" } else { "its checks are" };
        found.push(format!("`unverified` is {}, but {checks}", trail.unverified));
    }
    if !trail.checks.is_empty() && (trail.reason.is_some() || trail.not_evaluated.is_some()) {
        found.push("it has checks and a reason why it was not evaluated".to_owned());
    }
    found
}

/// Whether a check of the trail is unverified and none failed.
fn is_unverified(trail: &TrailReport) -> bool {
    let has = |outcome| trail.checks.iter().any(|check| check.outcome == outcome);
    has(CheckOutcome::Unknown) && !has(CheckOutcome::Fail)
}

/// A verdict that does not follow from the checks.
fn of_verdict(claims: &Claims, trail: &TrailReport) -> Option<String> {
    let verdict = trail.compliance;
    let of = |outcome| trail.checks.iter().find(move |check| check.outcome == outcome);
    if let Some(check) = of(CheckOutcome::Fail) {
        let is_wrong = verdict != ComplianceType::NonCompliant;
        return is_wrong.then(|| format!("it is {verdict}, but its check `{}` failed", check.id));
    }
    if let Some(check) = of(CheckOutcome::Unknown) {
        let is_wrong = !may_be_unverified_as(claims, trail);
        return is_wrong.then(|| {
            format!(
                "it is {verdict}, but its check `{}` could not be verified and the parameter \
                 `unverified` is not {verdict}",
                check.id
            )
        });
    }
    if trail.checks.is_empty() {
        return without_checks(trail);
    }
    let is_wrong = verdict != ComplianceType::Compliant;
    is_wrong.then(|| format!("it is {verdict}, but all its checks passed"))
}

/// Only an account without trails is NON_COMPLIANT without a check.
fn without_checks(trail: &TrailReport) -> Option<String> {
    let verdict = trail.compliance;
    let what = if trail.is_copy_of_any_kind() { "it is a copy" } else { "it has no check" };
    match verdict {
        ComplianceType::NonCompliant if trail.is_of_account() && trail.reason.is_some() => None,
        ComplianceType::NonCompliant | ComplianceType::Compliant => {
            Some(format!("{what}, but {verdict}"))
        }
        ComplianceType::NotApplicable if trail.reason.is_none() => {
            Some(format!("it is {verdict} without a reason"))
        }
        ComplianceType::NotApplicable => None,
    }
}

fn of_copy(claims: &Claims, trail: &TrailReport) -> Option<String> {
    if !trail.is_copy_of_any_kind() {
        return None;
    }
    if !trail.is_elsewhere() {
        return Some("`copy` is true, but its ARN is of this account and Region".to_owned());
    }
    let may_evaluate = claims.has_events || claims.parameters.replicas == Replicas::Evaluate;
    let verdict = trail.compliance;
    (!trail.checks.is_empty() && !may_evaluate).then(|| {
        format!("it is a copy and {verdict}, but the parameter `replicas` is not EVALUATE")
    })
}

/// Whether the parameter `unverified` allows the verdict of a trail without evidence. A rule event
/// can set the parameter for its trail; then only the annotation says it.
fn may_be_unverified_as(claims: &Claims, trail: &TrailReport) -> bool {
    if trail.compliance == ComplianceType::NonCompliant {
        return true;
    }
    if claims.has_events {
        return trail.compliance != ComplianceType::Compliant
            || trail.annotation.contains("unverified=COMPLIANT");
    }
    let allowed = match claims.parameters.unverified {
        WhenUnverified::NonCompliant => ComplianceType::NonCompliant,
        WhenUnverified::Compliant => ComplianceType::Compliant,
        WhenUnverified::NotApplicable => ComplianceType::NotApplicable,
    };
    trail.compliance == allowed
}
