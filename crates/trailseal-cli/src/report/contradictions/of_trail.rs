//! The contradictions of one trail.

use std::collections::HashSet;

use trailseal_rule::{
    CHECKS, CheckId, ComplianceType, KeyState, Parameters, Profile, Replicas, ResourceId,
    WhenUnverified,
};

use super::Claims;
use crate::report::{CheckOutcome, ReportedReading, TrailReport};

/// All contradictions of the trail.
pub(super) fn contradictions(claims: &Claims, trail: &TrailReport) -> Vec<String> {
    let mut found = Vec::new();
    found.extend(of_verdict(claims, trail));
    found.extend(of_compliance(claims, trail));
    found.extend(of_copy(claims, trail));
    found.extend(of_profile(claims, trail));
    found.extend(of_checks(trail));
    found.extend(of_log_files(claims, trail));
    if let Err(error) = ResourceId::parse(&trail.resource_id) {
        found.push(format!("its `resourceId`: {error}"));
    }
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

/// What a COMPLIANT trail must have: a key, and the result of each check.
fn of_compliance(claims: &Claims, trail: &TrailReport) -> Vec<String> {
    if trail.compliance != ComplianceType::Compliant || trail.checks.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    if trail.key.is_none() {
        found.push("it is COMPLIANT, but its `key` is null".to_owned());
    }
    // A trail whose key is not known before deployment has one check, with that reason.
    if trail.declared.is_some() && trail.unverified {
        return found;
    }
    let has = |id: CheckId| trail.checks.iter().any(|check| check.id == id.as_str());
    let missing = required(claims, trail).into_iter().filter(|check| !has(*check));
    found.extend(missing.map(|check| format!("it is COMPLIANT, but has no check `{check}`")));
    found
}

/// The checks that a COMPLIANT trail has. Of another release only those of every profile are known.
fn required(claims: &Claims, trail: &TrailReport) -> Vec<CheckId> {
    // The original of a copy is judged by its log files, and the copy is not.
    let is_copy = trail.is_copy_of_any_kind();
    if claims.is_of_this_release && !claims.has_events {
        // No document of `preview` shows what was delivered.
        let is_judged = |check: &CheckId| {
            let is_left_out = is_copy && *check == CheckId::LogFilesSealed
                || trail.declared.is_some() && *check == CheckId::DeliveryUnbroken;
            !is_left_out
        };
        return claims.checks.iter().copied().filter(is_judged).collect();
    }
    let profile = trail.profile.filter(|_| claims.is_of_this_release);
    enabled(&Parameters {
        profile: profile.unwrap_or(Profile::Cis),
        log_files: claims.parameters.log_files.filter(|_| !is_copy),
        skip_checks: trail.skipped.iter().filter_map(|name| name.parse().ok()).collect(),
        ..Parameters::default()
    })
}

/// The checks that the parameters enable.
pub(super) fn enabled(parameters: &Parameters) -> Vec<CheckId> {
    CHECKS.iter().map(|check| check.id).filter(|check| check.is_enabled(parameters)).collect()
}

/// Results of checks that cannot be.
fn of_checks(trail: &TrailReport) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for check in &trail.checks {
        let has_finding = check.what.is_some() || check.fix.is_some();
        if check.outcome == CheckOutcome::Pass && has_finding {
            found.push(format!("its check `{}` passed, but has `what` or `fix`", check.id));
        }
        if !seen.insert(&check.id) {
            found.push(format!("its check `{}` is there twice", check.id));
        }
    }
    let passed = |id: CheckId| {
        let mut checks = trail.checks.iter();
        checks.any(|check| check.id == id.as_str() && check.outcome == CheckOutcome::Pass)
    };
    if let (Some(evidence), true) = (&trail.evidence, passed(CheckId::KeyUsable)) {
        let is_seen =
            matches!(&evidence.key, ReportedReading::Known { value } if is_in_use(&value.state));
        if !is_seen {
            found.push(
                "its check `key-usable` passed, but `evidence.key` does not show a key in use"
                    .to_owned(),
            );
        }
    }
    found
}

/// A result of `log-files-sealed` without the evidence, or in a run that did not read log files.
fn of_log_files(claims: &Claims, trail: &TrailReport) -> Option<String> {
    const ID: &str = CheckId::LogFilesSealed.as_str();
    let check = trail.checks.iter().find(|check| check.id == ID)?;
    if claims.parameters.log_files.is_none() && claims.is_of_this_release {
        return Some(format!("it has the check `{ID}`, but `run.logFiles` is not true"));
    }
    let evidence = trail.evidence.as_ref().and_then(|evidence| evidence.log_files.as_ref());
    let is_proven = matches!(evidence, Some(ReportedReading::Known { value }) if value.proves());
    (check.outcome == CheckOutcome::Pass && !is_proven)
        .then(|| format!("its check `{ID}` passed, but `evidence.logFiles` does not show it"))
}

fn is_in_use(state: &KeyState) -> bool {
    matches!(state, KeyState::Enabled | KeyState::Updating)
}

/// A profile that is not the one of the run.
fn of_profile(claims: &Claims, trail: &TrailReport) -> Option<String> {
    let of_run = claims.parameters.profile;
    match trail.profile {
        Some(profile) if !claims.has_events && profile != of_run => {
            let (profile, of_run) = (profile.as_str(), of_run.as_str());
            Some(format!("its `profile` is {profile}, but that of the run is {of_run}"))
        }
        None if claims.has_run && !trail.checks.is_empty() => {
            Some("it has checks, but no `profile`".to_owned())
        }
        Some(_) | None => None,
    }
}
