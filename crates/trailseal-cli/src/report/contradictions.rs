//! What a report says of itself that cannot be true.
//!
//! A report is untrusted: somebody may have changed it, or another program may have written it. A
//! reader that passed a contradiction on could show a COMPLIANT trail that a check failed for.

use std::str::FromStr;

use trailseal_rule::{ComplianceType, Replicas, WhenUnverified};

use super::{AccountStatus, CheckOutcome, FileDigest, Report, Summary, TrailReport};

/// All contradictions of the report, each with its place.
pub(super) fn contradictions(report: &Report) -> Vec<String> {
    let mut found = counts(report);
    found.extend(of_run(report));
    for (index, trail) in report.trails.iter().enumerate() {
        let place = format!("`trails[{index}]` ({})", trail.arn_or_id());
        found.extend(of_trail(report, trail).into_iter().map(|what| format!("{place}: {what}")));
    }
    found
}

/// The counts of the summary that are not those of the report. A report of 0.1.0 does not count
/// copies.
fn counts(report: &Report) -> Vec<String> {
    let (said, is) = (&report.summary, Summary::of(&report.trails, &report.accounts));
    let counts = [
        ("trails", said.trails, is.trails),
        ("nonCompliant", said.non_compliant, is.non_compliant),
        ("compliant", said.compliant, is.compliant),
        ("notApplicable", said.not_applicable, is.not_applicable),
        ("unverified", said.unverified, is.unverified),
        ("notEvaluated", said.not_evaluated, is.not_evaluated),
        ("copies", said.copies, if said.copies == 0 { 0 } else { is.copies }),
        ("accounts", said.accounts, is.accounts),
        ("accountsWithProblems", said.accounts_with_problems, is.accounts_with_problems),
    ];
    let wrong = counts.into_iter().filter(|(_, said, is)| said != is);
    wrong
        .map(|(name, said, is)| format!("`summary.{name}` is {said}, but the report has {is}"))
        .collect()
}

fn of_run(report: &Report) -> Vec<String> {
    let mut found = Vec::new();
    let has_problem = report.accounts.iter().any(|account| account.has_problem());
    if report.complete && (!report.is_whole() || has_problem) {
        found.push("`complete` is true, but something could not be evaluated".to_owned());
    }
    let is_interrupted =
        report.accounts.iter().any(|account| account.status() == AccountStatus::Interrupted);
    let run = report.run.as_ref();
    if is_interrupted && run.is_some_and(|run| !run.interrupted) {
        found.push("`run.interrupted` is false, but an account was interrupted".to_owned());
    }
    if report.complete && run.is_some_and(|run| run.interrupted) {
        found.push("`run.interrupted` and `complete` are true".to_owned());
    }
    if run.is_some_and(|run| run.finished_at < run.started_at) {
        found.push("`run.finishedAt` is before `run.startedAt`".to_owned());
    }
    let files = report.inputs.iter().chain(run.and_then(|run| run.config.as_ref()));
    found.extend(files.filter(|file| !has_digest(file)).map(|FileDigest { file, sha256 }| {
        let digest = sha256.as_deref().unwrap_or_default();
        format!("`{digest}`, the digest of `{file}`, is not 64 hexadecimal digits")
    }));
    found
}

fn has_digest(file: &FileDigest) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    file.sha256.as_ref().is_none_or(|digest| digest.len() == 64 && digest.bytes().all(is_digit))
}

fn of_trail(report: &Report, trail: &TrailReport) -> Vec<String> {
    let mut found = Vec::new();
    let verdict = trail.compliance;
    let of = |outcome| trail.checks.iter().find(move |check| check.outcome == outcome);
    let (failed, unknown) = (of(CheckOutcome::Fail), of(CheckOutcome::Unknown));
    let is_unverified = failed.is_none() && unknown.is_some();
    match (failed, unknown) {
        (Some(check), _) if verdict != ComplianceType::NonCompliant => {
            found.push(format!("it is {verdict}, but its check `{}` failed", check.id));
        }
        (Some(_), _) => {}
        (None, Some(check)) if !may_be_unverified_as(report, trail) => found.push(format!(
            "it is {verdict}, but its check `{}` could not be verified and the parameter \
             `unverified` is not {verdict}",
            check.id
        )),
        (None, Some(_)) => {}
        (None, None) if !trail.checks.is_empty() && verdict != ComplianceType::Compliant => {
            found.push(format!("it is {verdict}, but all its checks passed"));
        }
        (None, None) if trail.checks.is_empty() => found.extend(without_checks(trail)),
        (None, None) => {}
    }
    if trail.unverified != is_unverified {
        let checks = if is_unverified { "could not be verified" } else { "decided it" };
        found.push(format!("`unverified` is {}, but its checks {checks}", trail.unverified));
    }
    if !trail.checks.is_empty() && (trail.reason.is_some() || trail.not_evaluated.is_some()) {
        found.push("it has checks and a reason why it was not evaluated".to_owned());
    }
    if !trail.checks.is_empty() && trail.is_elsewhere() && !may_evaluate_copies(report) {
        found.push(format!(
            "it is a copy and {verdict}, but the parameter `replicas` is not EVALUATE"
        ));
    }
    found
}

fn without_checks(trail: &TrailReport) -> Option<String> {
    let verdict = trail.compliance;
    let what = if trail.is_elsewhere() { "it is a copy" } else { "it has no check" };
    match verdict {
        ComplianceType::Compliant => Some(format!("{what}, but {verdict}")),
        ComplianceType::NotApplicable if trail.reason.is_none() => {
            Some(format!("it is {verdict} without a reason"))
        }
        ComplianceType::NotApplicable | ComplianceType::NonCompliant => None,
    }
}

/// Whether the parameter `unverified` allows the verdict of a trail without evidence. A rule event
/// can set the parameter for its trail; then only the annotation says it.
fn may_be_unverified_as(report: &Report, trail: &TrailReport) -> bool {
    if trail.compliance == ComplianceType::NonCompliant {
        return true;
    }
    if can_have_events(report) {
        return trail.compliance != ComplianceType::Compliant
            || trail.annotation.contains("unverified=COMPLIANT");
    }
    let allowed = match parameter::<WhenUnverified>(report, "unverified") {
        WhenUnverified::NonCompliant => ComplianceType::NonCompliant,
        WhenUnverified::Compliant => ComplianceType::Compliant,
        WhenUnverified::NotApplicable => ComplianceType::NotApplicable,
    };
    trail.compliance == allowed
}

fn may_evaluate_copies(report: &Report) -> bool {
    can_have_events(report) || parameter::<Replicas>(report, "replicas") == Replicas::Evaluate
}

/// The value of a parameter, or its default.
fn parameter<T: FromStr + Default>(report: &Report, name: &str) -> T {
    let given = report.parameters.get(name);
    given.and_then(|value| value.parse().ok()).unwrap_or_default()
}

/// Whether trails of the report can have parameters of rule events: those of files do, unless
/// parameters are given.
fn can_have_events(report: &Report) -> bool {
    report.accounts.is_empty() && report.parameters.is_empty()
}
