//! What a report says of itself that cannot be true.
//!
//! A report is untrusted: somebody may have changed it, or another program may have written it. A
//! reader that passed a contradiction on could show a COMPLIANT trail that a check failed for.

mod of_trail;

use serde_json::{Map, Value};
use trailseal_rule::{Faults, PARAMETERS, Parameters};

use super::{AccountStatus, FileDigest, Report, Summary};

/// All contradictions of the report, each with its place.
pub(super) fn contradictions(report: &Report) -> Vec<String> {
    let mut found = counts(report);
    found.extend(of_run(report));
    let parameters = parameters(report).unwrap_or_else(|faults| {
        found.extend(faults.iter().map(|fault| format!("the rule refuses `parameters`: {fault}")));
        Parameters::default()
    });
    let claims = Claims { parameters, has_events: has_events(report) };
    for (index, trail) in report.trails.iter().enumerate() {
        let place = format!("`trails[{index}]` ({})", trail.arn_or_id());
        let of_trail = of_trail::contradictions(&claims, trail);
        found.extend(of_trail.into_iter().map(|what| format!("{place}: {what}")));
    }
    found
}

/// What the report says of the evaluation of every trail.
struct Claims {
    parameters: Parameters,
    /// Whether trails can have the parameters of rule events instead.
    has_events: bool,
}

/// The parameters as the rule reads them, without those of a later release.
fn parameters(report: &Report) -> Result<Parameters, Faults> {
    let is_known = |name: &str| PARAMETERS.iter().any(|spec| spec.name == name);
    let known = report.parameters.iter().filter(|(name, _)| is_known(name));
    let known: Map<String, Value> =
        known.map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    Parameters::parse(&known)
}

/// Trails of files have the parameters of their rule events, unless parameters are given.
fn has_events(report: &Report) -> bool {
    report.accounts.is_empty() && report.parameters.is_empty()
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
