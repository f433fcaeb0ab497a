//! Evaluates the trails of a trigger: selects them, finds their IDs and reads their evidence.

use std::future::Future;

use tokio::time::{Instant, timeout};
use trailseal_aws::{
    Aws, AwsError, DiscoveredIds, Session, describe_trails, discovered_ids, fetch_item,
};
use trailseal_rule::{
    Change, Evaluation, Invocation, Judgement, KeyChange, ResourceId, Standing, Timestamp, Trail,
    Trigger,
};

use crate::error::{ExemptionsError, FunctionError};
use crate::judge::{Judge, is_judged_here};

/// The evaluation of one trigger.
#[derive(Debug)]
pub(crate) struct RuleRun<'a> {
    pub(crate) session: &'a Session,
    pub(crate) invocation: &'a Invocation,
    judge: Judge<'a>,
    read_until: Instant,
}

/// An evaluation and its origin.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub(crate) evaluation: Evaluation,
    /// The trail and its judgement; nothing for trails that are gone and for accounts.
    pub(crate) of: Option<(String, Judgement)>,
}

/// The result of a trigger.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunResult {
    /// To be put, in this order.
    pub(crate) judged: Vec<Judged>,
    /// Trails that could not be evaluated, by ARN.
    pub(crate) failures: Vec<(String, AwsError)>,
    /// Why no exemption of the document, or by the tag of a trail, was applied.
    pub(crate) exemptions_failures: Vec<ExemptionsError>,
    /// Why earlier results could not be listed: an obsolete one stays, and a trail may get another ID.
    pub(crate) clean_up_failure: Option<String>,
}

impl<'a> RuleRun<'a> {
    pub(crate) fn new(
        aws: &'a Aws,
        session: &'a Session,
        invocation: &'a Invocation,
        now: Timestamp,
        read_until: Instant,
    ) -> Self {
        let judge = Judge::new(aws, session, now, read_until);
        Self { session, invocation, judge, read_until }
    }

    /// Stops reading when only the time to report is left.
    pub(crate) async fn in_time<T>(
        &self,
        reading: impl Future<Output = Result<T, AwsError>>,
    ) -> Result<T, AwsError> {
        self.judge.in_time(reading).await
    }

    /// The same for calls that the evaluations do not need: half of the time is reserved for
    /// evaluations.
    pub(crate) async fn in_half_the_time<T>(
        &self,
        reading: impl Future<Output = Result<T, AwsError>>,
    ) -> Result<T, AwsError> {
        let half = self.read_until.saturating_duration_since(Instant::now()) / 2;
        timeout(half, reading)
            .await
            .unwrap_or(Err(AwsError::Deadline("reading the results that stand")))
    }

    pub(crate) async fn judge(&self, trigger: &Trigger) -> Result<RunResult, FunctionError> {
        match trigger {
            Trigger::Changed(change) => self.judge_change(change).await,
            Trigger::Oversized(announced) => {
                let item = self.in_time(fetch_item(self.session, announced)).await?;
                self.judge_change(&Change::resolve(announced, &item)?).await
            }
            Trigger::Scheduled { created } => self.judge_everything(*created).await,
        }
    }

    async fn judge_change(&self, change: &Change) -> Result<RunResult, FunctionError> {
        match change {
            Change::Trail(change) => {
                let id = change.resource_id.clone();
                Ok(self.judge_all(&[(id, &change.trail)], change.captured).await)
            }
            Change::TrailGone(gone) => {
                let evaluation = gone.evaluation();
                Ok(RunResult {
                    judged: vec![Judged { evaluation, of: None }],
                    ..RunResult::default()
                })
            }
            Change::Key(change) => self.judge_trails_of(change).await,
        }
    }

    /// Evaluates each trail that may use the changed key, from facts read now.
    async fn judge_trails_of(&self, change: &KeyChange) -> Result<RunResult, FunctionError> {
        if !change.can_seal_trails {
            return Ok(RunResult::default());
        }
        let trails = self.in_time(describe_trails(self.session)).await?;
        let judged_here: Vec<&Trail> =
            trails.iter().filter(|trail| self.is_judged_here(trail)).collect();
        let is_sealed = |trail: &Trail| trail.key.as_ref().is_some_and(|key| change.may_seal(key));
        let mut sealed = judged_here.iter().filter(|trail| is_sealed(trail)).peekable();
        if sealed.peek().is_none() && !trails.is_empty() {
            return Ok(RunResult::default());
        }
        let mut ids = self.in_time(discovered_ids(self.session)).await?;
        ids.require_agreement(&trails, self.session.region())?;
        let mut clean_up_failure = None;
        if !sealed.all(|trail| ids.has(trail)) {
            match self.standing_results().await {
                Ok(standing) => ids = ids.with_reported_ids(&standing),
                Err(error) => clean_up_failure = Some(error),
            }
        }
        // A trail with another key may have the same name, so all trails get IDs before the choice.
        let mut named = with_ids(&ids, &judged_here);
        named.retain(|(_, trail)| is_sealed(trail));
        Ok(RunResult { clean_up_failure, ..self.judge_all(&named, change.captured).await })
    }

    /// Whether a visible trail gets a judgement of its own in this account and Region.
    pub(crate) fn is_judged_here(&self, trail: &Trail) -> bool {
        is_judged_here(trail, &self.invocation.parameters)
    }

    pub(crate) async fn judge_all(
        &self,
        trails: &[(ResourceId, &Trail)],
        ordering: Timestamp,
    ) -> RunResult {
        let parameters = &self.invocation.parameters;
        let alone: Vec<&Trail> = trails.iter().map(|(_, trail)| *trail).collect();
        let answers = self.judge.judge(parameters, &alone).await;
        let exemptions_failures = answers.exemptions_failures;
        let mut outcome = RunResult { exemptions_failures, ..RunResult::default() };
        for ((id, trail), (_, answer)) in trails.iter().zip(answers.each) {
            let arn = trail.arn.to_string();
            match answer {
                Ok(judgement) => {
                    let unverified = parameters.unverified;
                    let evaluation = judgement.evaluation(id.clone(), unverified, ordering);
                    outcome.judged.push(Judged { evaluation, of: Some((arn, judgement)) });
                }
                Err(error) => outcome.failures.push((arn, error)),
            }
        }
        outcome
    }
}

/// Each trail with the ID that AWS Config has for it. A copy may have the name of another trail
/// here: its ARN is then its ID, so that neither result hides the other.
pub(crate) fn with_ids<'t>(
    ids: &DiscoveredIds,
    trails: &[&'t Trail],
) -> Vec<(ResourceId, &'t Trail)> {
    let id_of = |trail: &'t Trail| {
        let id = ids.id_of(trail)?;
        let is_shared = trail.standing() != Standing::Own
            && trails
                .iter()
                .any(|other| other.arn != trail.arn && ids.id_of(other).as_ref() == Some(&id));
        if is_shared { ResourceId::new(trail.arn.as_str()) } else { Some(id) }
    };
    trails.iter().filter_map(|trail| Some((id_of(trail)?, *trail))).collect()
}
