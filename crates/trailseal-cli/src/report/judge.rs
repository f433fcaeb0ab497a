//! Evaluates the trails of the input and builds the report.

use std::collections::HashSet;

use serde_json::{Map, Value};
use trailseal_rule::{
    AccountId, CIS_CONTROLS, CheckResult, Control, Evaluation, EvaluationContext, Facts, Judgement,
    Parameters, RELATED_CONTROLS, Region, ResourceId, Standing, Timestamp, Trail, TrailGone,
    Verdict, WhenNoTrails, evaluate, exemption_by_tag, no_trails_evaluation,
};

use super::coverage::mark_not_evaluated;
use super::evidence::EvidenceReport;
use super::log_files::LogFilesReport;
use super::{
    AccountReport, CheckReport, ControlNumber, ExemptionReport, Problem, REPORT_VERSION, Report,
    Summary, Tool, TrailReport,
};
use crate::evidence::Evidence;
use crate::inventory::{InputTrail, Inventory, Presence};
use crate::newest::Observation;

/// Evaluates every trail. `names` are the sources, by the index that an observation has.
pub(crate) fn judge(
    seen: &Inventory,
    names: &[String],
    parameters: &Parameters,
    given: Map<String, Value>,
    now: Timestamp,
) -> Report {
    let name = |source: usize| names.get(source).cloned().unwrap_or_default();
    let mut all: Vec<_> = seen.trails.iter().collect();
    all.sort_unstable_by_key(|(identity, ..)| *identity);
    let mut trails: Vec<_> = all
        .into_iter()
        .map(|(_, observation, trail)| {
            let parameters = seen.parameters.of(&trail.account).unwrap_or(parameters);
            let context = EvaluationContext { parameters, now };
            judge_one(trail, observation, &seen.evidence, &context, name(observation.source))
        })
        .collect();
    let mut problems: Vec<Problem> = seen
        .problems
        .iter()
        .map(|problem| Problem { source: name(problem.source), message: problem.message.clone() })
        .collect();
    let found = accounts_without_trails(seen, parameters, now, &name);
    trails.extend(found.0);
    problems.extend(found.1);
    report(trails, Vec::new(), problems, given, parameters, now)
}

/// The accounts of the input that have no trail although `noTrails` requires one, each once, and
/// the accounts for which this cannot be determined.
fn accounts_without_trails(
    seen: &Inventory,
    parameters: &Parameters,
    now: Timestamp,
    name: &dyn Fn(usize) -> String,
) -> (Vec<(Rank, TrailReport)>, Vec<Problem>) {
    if seen.accounts.may_have_more_trails {
        return (Vec::new(), Vec::new());
    }
    let is_for_all = parameters.no_trails == WhenNoTrails::NonCompliant;
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    let with_trails: HashSet<&AccountId> = seen
        .trails
        .iter()
        .filter(|(_, _, trail)| !matches!(trail.presence, Presence::Gone(_)))
        .map(|(_, _, trail)| &trail.account)
        .collect();
    for (account, known) in seen.accounts.iter() {
        let has_trail = with_trails.contains(account) || known.may_have_a_trail;
        let parameters = seen.parameters.of(account).unwrap_or(parameters);
        if has_trail || parameters.no_trails != WhenNoTrails::NonCompliant {
            continue;
        }
        let source = name(known.source);
        match &known.region {
            Some(region) => {
                found.push(judge_account_without_trails(account, region, now, source));
            }
            None => problems.push(Problem {
                source,
                message: format!(
                    "names account {account}, where no trail is seen, and no Region of it, so that \
                     noTrails cannot be reported"
                ),
            }),
        }
    }
    if is_for_all {
        problems.extend(unknown_accounts(seen, name));
    }
    (found, problems)
}

/// The empty trail lists whose account is unknown: an empty list names no account, and the rest of
/// the input does not name exactly one.
fn unknown_accounts(seen: &Inventory, name: &dyn Fn(usize) -> String) -> Vec<Problem> {
    let accounts = seen.accounts.iter().len();
    if accounts == 1 {
        return Vec::new();
    }
    let message = "does not say of which account it has no trail, so that noTrails cannot be \
        judged: give a configuration item of that account too, or use `trailseal audit`";
    let problem = |source: usize| Problem { source: name(source), message: message.to_owned() };
    let mut sources: Vec<usize> = seen.accounts.empty_lists.iter().copied().collect();
    if sources.is_empty() && accounts == 0 {
        sources.push(0);
    }
    sources.into_iter().map(problem).collect()
}

/// Builds the report, failing trails first.
pub(crate) fn report(
    mut trails: Vec<(Rank, TrailReport)>,
    accounts: Vec<AccountReport>,
    problems: Vec<Problem>,
    given: Map<String, Value>,
    parameters: &Parameters,
    now: Timestamp,
) -> Report {
    mark_not_evaluated(&mut trails, &accounts);
    trails.sort_by(|one, other| order(one).cmp(&order(other)));
    let trails: Vec<TrailReport> = trails.into_iter().map(|(_, trail)| trail).collect();
    let number = |control: &Control| ControlNumber {
        publication: control.publication.to_owned(),
        number: control.number.to_owned(),
    };
    let mut report = Report {
        version: REPORT_VERSION,
        tool: Tool::this(),
        generated_at: now,
        run: None,
        inputs: Vec::new(),
        complete: false,
        summary: Summary::of(&trails, &accounts),
        parameters: given
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())))
            .collect(),
        exemptions: parameters
            .exempt_trails
            .iter()
            .map(|exemption| ExemptionReport::of(exemption, &trails, now))
            .collect(),
        controls: CIS_CONTROLS.iter().chain(&RELATED_CONTROLS).map(number).collect(),
        trails,
        accounts,
        problems,
    };
    report.complete = report.is_whole();
    report
}

fn order((rank, trail): &(Rank, TrailReport)) -> impl Ord {
    let TrailReport { account, region, resource_id, arn, source, .. } = trail;
    (*rank, account, region, resource_id, arn, source)
}

/// The order of trails in the report: the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    Broken,
    Unverified,
    Sealed,
    NotApplicable,
}

impl Rank {
    fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Broken(_) => Self::Broken,
            Verdict::Unverified(_) => Self::Unverified,
            Verdict::Sealed(_) => Self::Sealed,
            Verdict::NotApplicable(_) => Self::NotApplicable,
        }
    }
}

fn judge_one(
    seen: &InputTrail,
    observation: &Observation,
    evidence: &Evidence,
    context: &EvaluationContext<'_>,
    source: String,
) -> (Rank, TrailReport) {
    let captured = observation.captured;
    let ordering = captured.unwrap_or(context.now);
    match &seen.presence {
        Presence::Present(trail) => {
            let facts = evidence.facts(context, trail);
            let (rank, mut report) =
                judge_trail(&seen.resource_id, trail, &facts, context, captured, source);
            if report.reason.is_none() {
                report.notes.extend(evidence.age(context, trail, &facts));
            }
            (rank, report)
        }
        Presence::NotRecorded => {
            let why = "AWS Config does not record the trail";
            let (rank, report) = judge_gone(seen, why, captured, ordering, source);
            let not_evaluated = Some(format!("{why}, so that its state is unknown"));
            (rank, TrailReport { not_evaluated, ..report })
        }
        Presence::Gone(why) if *why != TrailGone::DELETED => {
            let (rank, report) = judge_gone(seen, why, captured, ordering, source);
            let not_evaluated = Some(format!("{why}, but exists; add a newer item of it"));
            (rank, TrailReport { not_evaluated, ..report })
        }
        Presence::Gone(why) => judge_gone(seen, why, captured, ordering, source),
    }
}

fn judge_gone(
    seen: &InputTrail,
    why: &'static str,
    captured: Option<Timestamp>,
    ordering: Timestamp,
    source: String,
) -> (Rank, TrailReport) {
    let gone = TrailGone { resource_id: seen.resource_id.clone(), captured: ordering, why };
    let evaluation = gone.evaluation();
    let blank = blank(&evaluation, &seen.account, &seen.region, captured, source);
    (Rank::NotApplicable, TrailReport { reason: Some(why.to_owned()), ..blank })
}

/// Evaluates one trail. `captured` is when AWS Config captured it, if the input shows it.
pub(crate) fn judge_trail(
    resource_id: &ResourceId,
    trail: &Trail,
    facts: &Facts,
    context: &EvaluationContext<'_>,
    captured: Option<Timestamp>,
    source: String,
) -> (Rank, TrailReport) {
    let judgement = evaluate(context, trail, facts);
    judged_trail(resource_id, trail, facts, judgement, context, captured, source)
}

/// The report on a trail that the rule judged.
pub(crate) fn judged_trail(
    resource_id: &ResourceId,
    trail: &Trail,
    facts: &Facts,
    judgement: Judgement,
    context: &EvaluationContext<'_>,
    captured: Option<Timestamp>,
    source: String,
) -> (Rank, TrailReport) {
    let when_unverified = context.parameters.unverified;
    let ordering = captured.unwrap_or(context.now);
    let evaluation = judgement.evaluation(resource_id.clone(), when_unverified, ordering);
    let reason = match &judgement.verdict {
        Verdict::NotApplicable(why) => Some(why.clone()),
        Verdict::Sealed(_) | Verdict::Broken(_) | Verdict::Unverified(_) => None,
    };
    let is_copy = trail.standing() != Standing::Own;
    let is_exempt =
        context.exempts(&trail.arn) || exemption_by_tag(context, trail, facts).is_some();
    let is_open_copy = is_copy && reason.is_some() && !is_exempt;
    let report = TrailReport {
        profile: reason.is_none().then_some(judgement.profile),
        arn: Some(trail.arn.clone()),
        key: trail.key.as_ref().map(ToString::to_string),
        bucket: trail.bucket.as_ref().map(ToString::to_string),
        checks: judgement.verdict.results().iter().map(check_report).collect(),
        evidence: reason.is_none().then(|| EvidenceReport {
            log_files: LogFilesReport::of(trail, facts, context).map(Into::into),
            ..EvidenceReport::of(facts)
        }),
        not_evaluated: is_open_copy.then(String::new),
        reason,
        skipped: judgement.skipped.iter().map(ToString::to_string).collect(),
        notes: judgement.skipped().into_iter().chain(judgement.notes).collect(),
        ..blank(&evaluation, &trail.account, &trail.region, captured, source)
    };
    let copy = Some(is_copy && report.is_elsewhere());
    (Rank::of(&judgement.verdict), TrailReport { copy, ..report })
}

/// The report on an account and Region without a visible trail, if the rule reports on it.
pub(crate) fn judge_account_without_trails(
    account: &AccountId,
    region: &Region,
    now: Timestamp,
    source: String,
) -> (Rank, TrailReport) {
    let evaluation = no_trails_evaluation(account, now);
    let reason = Some(evaluation.annotation.to_string());
    let blank = blank(&evaluation, account, region, None, source);
    (Rank::Broken, TrailReport { reason, ..blank })
}

fn blank(
    evaluation: &Evaluation,
    account: &AccountId,
    region: &Region,
    captured: Option<Timestamp>,
    source: String,
) -> TrailReport {
    TrailReport {
        resource_id: evaluation.resource_id.as_str().to_owned(),
        arn: None,
        account: account.clone(),
        region: region.clone(),
        compliance: evaluation.compliance,
        unverified: evaluation.is_unverified,
        annotation: evaluation.annotation.to_string(),
        profile: None,
        key: None,
        bucket: None,
        copy: Some(false),
        reason: None,
        not_evaluated: None,
        notes: Vec::new(),
        checks: Vec::new(),
        skipped: Vec::new(),
        evidence: None,
        captured,
        read_at: None,
        declared: None,
        source,
    }
}

fn check_report(result: &CheckResult) -> CheckReport {
    CheckReport::of(result.check, &result.outcome)
}
