//! One run: from the rule's parameters to the findings that Security Hub accepted.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::join;
use serde_json::{Map, Value};
use tokio::time::Instant;
use trailseal_aws::{
    Aws, AwsError, Session, describe_trails, findings_of, import_findings, rule_parameters,
};
use trailseal_findings::{
    Finding, GENERATOR, Written, of_account_without_trails, of_judgement, product_arn, uid_of_trail,
};
use trailseal_lambda::{Judge, JudgedTrails, TimeLimit, is_judged_here, read_parameters};
use trailseal_rule::{
    CIS_CONTROLS, Parameters, Partition, RELATED_CONTROLS, Timestamp, Trail, Verdict, WhenNoTrails,
};

use crate::error::{ImportError, advice, refused};
use crate::log::ImportLog;
use crate::plan::{Age, Known, distinct};
use crate::summary::Summary;

/// The function, which stays warm between runs.
#[derive(Debug)]
pub struct Importer {
    aws: Aws,
    rule: String,
    reserve: Duration,
    log: ImportLog,
}

/// What a run has so far: nothing that goes wrong ends it.
struct Progress<'a> {
    run: &'a TimeLimit,
    began: Instant,
    problems: Vec<String>,
    summary: Summary,
}

impl Importer {
    /// A function for the rule of this name, which calls AWS through `aws`, stops reading `reserve`
    /// before Lambda's deadline so that there is time to import, and writes its log to `log`.
    pub fn new(aws: Aws, rule: String, reserve: Duration, log: ImportLog) -> Self {
        Self { aws, rule, reserve, log }
    }

    /// Imports the findings of this account and Region.
    ///
    /// # Errors
    ///
    /// [`ImportError`], after everything that could be imported was.
    pub async fn run(&self, limit: &TimeLimit) -> Result<Summary, ImportError> {
        let began = Instant::now();
        let (outcome, calls) = self.aws.count_calls(self.import(limit, began)).await;
        self.log.end(outcome.as_ref(), calls, began.elapsed());
        outcome
    }

    async fn import(&self, run: &TimeLimit, began: Instant) -> Result<Summary, ImportError> {
        let session = self.aws.own();
        let (account, region) = (session.account(), session.region());
        let product = product_arn(Partition::of(region).name, region, account);
        // Half of a short time is for reading.
        let left = run.deadline.saturating_duration_since(began);
        let read_until = run.deadline.checked_sub(self.reserve.min(left / 2)).unwrap_or(began);
        let judge = Judge::new(&self.aws, session, run.now, read_until);
        let (given, trails) = join!(
            judge.in_time(rule_parameters(session, &self.rule)),
            judge.in_time(describe_trails(session)),
        );
        let nothing = |error: AwsError| ImportError::Nothing(advice(&error));
        let parameters = read_parameters(given.map_err(nothing)?.as_deref())
            .map_err(|faults| ImportError::Nothing(format!("rule `{}`: {faults}", self.rule)))?;
        let trails = trails.map_err(nothing)?;
        let here: Vec<&Trail> =
            trails.iter().filter(|trail| is_judged_here(trail, &parameters)).collect();
        // Beside the judging, so that a slow list of findings takes no time from it.
        let (judged, found) = join!(
            judge.judge(&parameters, &here),
            judge.in_time(findings_of(session, &product, GENERATOR)),
        );
        let mut progress =
            Progress { run, began, problems: Vec::new(), summary: Summary::default() };
        let known = match found {
            Ok(found) => Some(Known::of(found)),
            Err(error) => {
                progress.note(format!("no finding was archived: {}", advice(&error)), &self.log);
                None
            }
        };
        let sent = self.sent(&judged, &parameters, &trails, known.as_ref(), &mut progress);
        self.send(session, sent, &mut progress).await;
        progress.finish()
    }

    /// What is to be sent: the findings of the trails, and those of trails that are gone.
    fn sent(
        &self,
        judged: &JudgedTrails<'_>,
        parameters: &Parameters,
        trails: &[Trail],
        known: Option<&Known>,
        progress: &mut Progress<'_>,
    ) -> Vec<Map<String, Value>> {
        let session = self.aws.own();
        let (account, region) = (session.account(), session.region());
        for failure in &judged.exemptions_failures {
            progress.note(failure.to_string(), &self.log);
        }
        let mut kept: HashSet<String> = HashSet::new();
        for (trail, error) in judged.failures() {
            kept.insert(uid_of_trail(account, region, Some(&trail.arn), trail.arn.name()));
            let what = format!("trail {} was not evaluated: {}", trail.arn, advice(error));
            progress.note(what, &self.log);
        }
        let findings = findings(judged, parameters, trails, session, known, progress.run.now);
        kept.extend(findings.iter().map(|finding| finding.id().to_owned()));
        let mut sent = match distinct(&findings) {
            Ok(sent) => sent,
            Err(error) => {
                progress.note(format!("findings cannot be written: {error}"), &self.log);
                Vec::new()
            }
        };
        let Some(known) = known else { return sent };
        let mut gone = known.gone(account, region, &kept, progress.run.now);
        sent.retain(|finding| progress.is_due(finding, known, &self.log));
        gone.retain(|finding| progress.is_due(finding, known, &self.log));
        progress.summary.archived = gone.len();
        sent.extend(gone);
        sent
    }

    async fn send(
        &self,
        session: &Session,
        findings: Vec<Map<String, Value>>,
        progress: &mut Progress<'_>,
    ) {
        let imported = import_findings(session, &findings, progress.run.deadline).await;
        let refused_ids = imported.refused.iter().map(|one| &one.id);
        let open: HashSet<&String> =
            imported.failed.iter().flat_map(|(ids, _)| ids).chain(refused_ids).collect();
        let is_open = |finding: &Map<String, Value>| {
            let id = finding.get("Id").and_then(Value::as_str).map(str::to_owned);
            id.is_some_and(|id| open.contains(&id))
        };
        findings.iter().filter(|one| !is_open(one)).for_each(|one| self.log.finding(one));
        progress.summary.accepted = imported.accepted;
        for one in imported.refused {
            progress.note(refused(&one), &self.log);
        }
        for (ids, error) in imported.failed {
            let ids = ids.join(", ");
            let what = format!("{ids} may not have been imported: {}", advice(&error));
            progress.note(what, &self.log);
        }
    }
}

impl Progress<'_> {
    fn note(&mut self, problem: String, log: &ImportLog) {
        log.problem(&problem);
        self.problems.push(problem);
    }

    /// Whether Security Hub would take the finding: it ignores an update that is not later.
    fn is_due(&mut self, finding: &Map<String, Value>, known: &Known, log: &ImportLog) -> bool {
        let id = finding.get("Id").and_then(Value::as_str).unwrap_or_default();
        match Age::of(known.updated(id), self.run.now, self.now()) {
            Age::Older => return true,
            Age::Newer => self.summary.newer += 1,
            Age::Future(updated) => self.note(
                format!(
                    "finding {id} was updated at {updated}, which is in the future, so that \
                     Security Hub ignores updates until then: correct the clock that wrote it"
                ),
                log,
            ),
        }
        false
    }

    /// The present time.
    fn now(&self) -> Timestamp {
        let elapsed = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_epoch_millis(self.run.now.epoch_millis().saturating_add(elapsed))
    }

    fn finish(self) -> Result<Summary, ImportError> {
        match self.problems.is_empty() {
            true => Ok(self.summary),
            false => Err(ImportError::Partly {
                accepted: self.summary.accepted,
                problems: self.problems,
            }),
        }
    }
}

/// The findings of what was judged, the most severe first.
fn findings(
    judged: &JudgedTrails<'_>,
    parameters: &Parameters,
    trails: &[Trail],
    session: &Session,
    known: Option<&Known>,
    now: Timestamp,
) -> Vec<Finding> {
    let (account, region) = (session.account(), session.region());
    let controls = CIS_CONTROLS.iter().chain(&RELATED_CONTROLS);
    let controls = controls.map(|control| (control.publication, control.number));
    let written = Written::new(now, env!("CARGO_PKG_VERSION"), controls);
    let created = |id: &str| known.and_then(|known| known.created(id));
    let mut judgements: Vec<_> = judged.judgements().collect();
    judgements.sort_by_key(|(_, judgement)| rank(&judgement.verdict));
    let mut findings: Vec<Finding> = judgements
        .into_iter()
        .map(|(trail, judgement)| {
            let id = uid_of_trail(account, region, Some(&trail.arn), trail.arn.name());
            of_judgement(trail, judgement, parameters.unverified, created(&id), &written)
        })
        .collect();
    if trails.is_empty() && parameters.no_trails == WhenNoTrails::NonCompliant {
        let id = uid_of_trail(account, region, None, account.as_str());
        findings.push(of_account_without_trails(account, region, created(&id), &written));
    }
    findings
}

fn rank(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Broken(_) => 0,
        Verdict::Unverified(_) => 1,
        Verdict::Sealed(_) => 2,
        Verdict::NotApplicable(_) => 3,
    }
}
