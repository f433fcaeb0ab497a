//! What a report says of itself that cannot be true.
//!
//! A report is untrusted: somebody may have changed it, or another program may have written it. A
//! reader that passed a contradiction on could show a COMPLIANT trail that a check failed for.

mod of_accounts;
mod of_exemptions;
mod of_trail;

use std::collections::HashSet;

use serde_json::{Map, Value};
use trailseal_rule::{CheckId, Faults, LogFileScope, PARAMETERS, Parameters};

use super::{AccountStatus, FileDigest, Report, Summary};

/// All contradictions of the report, each with its place.
pub(super) fn contradictions(report: &Report) -> Vec<String> {
    let mut found = counts(report);
    found.extend(of_run(report));
    found.extend(of_inputs(report));
    found.extend(of_accounts::contradictions(report));
    found.extend(of_exemptions::contradictions(report));
    found.extend(duplicates(report));
    let parameters = parameters(report).unwrap_or_else(|faults| {
        found.extend(faults.iter().map(|fault| format!("the rule refuses `parameters`: {fault}")));
        Parameters::default()
    });
    let reads_log_files = report.run.as_ref().is_some_and(|run| run.log_files);
    let parameters =
        Parameters { log_files: reads_log_files.then_some(LogFileScope::Newest), ..parameters };
    let claims = Claims {
        checks: of_trail::enabled(&parameters),
        parameters,
        has_events: has_events(report),
        has_run: report.run.is_some(),
        is_of_this_release: report.run.is_some()
            && report.tool.version == env!("CARGO_PKG_VERSION"),
    };
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
    /// The checks that the parameters enable.
    checks: Vec<CheckId>,
    /// Whether trails can have the parameters of rule events instead.
    has_events: bool,
    has_run: bool,
    /// Whether the rule of this release made the report, so that its checks are known.
    is_of_this_release: bool,
}

/// The parameters as the rule reads them, without those of a later release.
fn parameters(report: &Report) -> Result<Parameters, Faults> {
    let is_known = |name: &str| PARAMETERS.iter().any(|spec| spec.name == name);
    let known = report.parameters.iter().filter(|(name, _)| is_known(name));
    let known: Map<String, Value> =
        known.map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    Parameters::parse(&known)
}

/// Trails of files have the parameters of their rule events, unless parameters or exemptions are
/// given.
fn has_events(report: &Report) -> bool {
    let is_of_files = match &report.run {
        Some(run) => run.command == "check",
        None => report.accounts.is_empty(),
    };
    is_of_files && report.parameters.is_empty() && report.exemptions.is_empty()
}

/// The counts of the summary that are not those of the report. A report of 0.1.0 does not count
/// copies.
fn counts(report: &Report) -> Vec<String> {
    let (said, is) = (&report.summary, Summary::of(&report.trails, &report.accounts));
    let counts_copies = report.run.is_some() || said.copies > 0;
    let has_inputs = report.run.is_some() || !report.inputs.is_empty();
    let counts = [
        ("trails", said.trails, is.trails),
        ("nonCompliant", said.non_compliant, is.non_compliant),
        ("compliant", said.compliant, is.compliant),
        ("notApplicable", said.not_applicable, is.not_applicable),
        ("unverified", said.unverified, is.unverified),
        ("notEvaluated", said.not_evaluated, is.not_evaluated),
        ("copies", said.copies, if counts_copies { is.copies } else { said.copies }),
        ("files", said.files, if has_inputs { report.inputs.len() } else { said.files }),
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
    if report.complete && !report.is_whole() {
        found.push("`complete` is true, but something could not be evaluated".to_owned());
    }
    let is_interrupted =
        report.accounts.iter().any(|account| account.status() == AccountStatus::Interrupted);
    let Some(run) = &report.run else { return found };
    if is_interrupted && !run.interrupted {
        found.push("`run.interrupted` is false, but an account was interrupted".to_owned());
    }
    if report.complete && run.interrupted {
        found.push("`run.interrupted` and `complete` are true".to_owned());
    }
    if run.finished_at < run.started_at {
        found.push("`run.finishedAt` is before `run.startedAt`".to_owned());
    }
    let (has_accounts, has_inputs) = (!report.accounts.is_empty(), !report.inputs.is_empty());
    let has_other_members = [
        ("check", has_accounts, "the report has `accounts`"),
        ("audit", has_inputs, "the report has `inputs`"),
        ("check", run.log_files, "`run.logFiles` is true"),
        ("audit", report.complete && !has_accounts, "`accounts` is empty"),
        ("audit", run.caller.is_none(), "`run.caller` is null"),
        ("check", run.caller.is_some(), "the report has `run.caller`"),
    ];
    for (command, is_wrong, what) in has_other_members {
        if is_wrong && run.command == command {
            found.push(format!("`run.command` is {command}, but {what}"));
        }
    }
    found
}

fn of_inputs(report: &Report) -> Vec<String> {
    let mut found = Vec::new();
    let config = report.run.as_ref().and_then(|run| run.config.as_ref());
    for FileDigest { file, sha256 } in report.inputs.iter().chain(config) {
        match sha256 {
            Some(digest) if !is_digest(digest) => found.push(format!(
                "`{digest}`, the `sha256` of `{file}`, is not 64 hexadecimal digits"
            )),
            None if report.complete => found.push(format!(
                "`complete` is true, but the `sha256` of `{file}` is null: it was not read"
            )),
            Some(_) | None => {}
        }
    }
    found
}

fn is_digest(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 64 && text.bytes().all(is_digit)
}

/// Two results for one trail. Output of `DescribeTrails` has no time, so that it can be beside the
/// trail's item.
fn duplicates(report: &Report) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for (index, trail) in report.trails.iter().enumerate() {
        let declared = trail.declared.as_ref().map(|declared| (&trail.source, &declared.address));
        let id = (&trail.account, &trail.region, &trail.resource_id, &trail.arn, declared);
        if !seen.insert((id, trail.captured.is_some())) {
            let name = trail.arn_or_id();
            found.push(format!("`trails[{index}]` ({name}) is a second result for one trail"));
        }
    }
    found
}
