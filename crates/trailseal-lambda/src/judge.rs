//! Judges trails from what AWS says now, for the rule and for functions that report its verdicts
//! elsewhere.

use std::future::Future;

use futures_util::stream::{self, StreamExt as _};
use tokio::time::{Instant, timeout_at};
use trailseal_aws::{Aws, AwsError, Evidence, Session};
use trailseal_rule::{
    EvaluationContext, Judgement, Parameters, Replicas, Standing, Timestamp, Trail, evaluate,
};

use crate::error::ExemptionsError;
use crate::exemptions::with_exemptions;

/// The maximum number of trails that are evaluated at the same time.
const CONCURRENT_TRAILS_MAX: usize = 16;

/// Judges the trails of one invocation.
#[derive(Debug)]
pub struct Judge<'a> {
    own: &'a Session,
    evidence: Evidence<'a>,
    now: Timestamp,
    read_until: Instant,
}

/// What was judged, in the order of the trails.
#[derive(Clone, Debug, Default)]
pub struct JudgedTrails<'t> {
    /// Each trail and its judgement, or why it could not be judged.
    pub each: Vec<(&'t Trail, Result<Judgement, AwsError>)>,
    /// Why no exemption of the document was applied.
    pub exemptions_failure: Option<ExemptionsError>,
}

impl<'t> JudgedTrails<'t> {
    /// The trails that were judged.
    pub fn judgements(&self) -> impl Iterator<Item = (&'t Trail, &Judgement)> {
        self.each.iter().filter_map(|(trail, answer)| Some((*trail, answer.as_ref().ok()?)))
    }

    /// The trails that could not be judged, and why.
    pub fn failures(&self) -> impl Iterator<Item = (&'t Trail, &AwsError)> {
        self.each.iter().filter_map(|(trail, answer)| Some((*trail, answer.as_ref().err()?)))
    }
}

/// Whether a visible trail gets a judgement of its own in this account and Region.
pub fn is_judged_here(trail: &Trail, parameters: &Parameters) -> bool {
    parameters.replicas == Replicas::Evaluate || trail.standing() == Standing::Own
}

impl<'a> Judge<'a> {
    /// Reads the evidence in a session until `read_until`, when only the time to report is left.
    /// `aws` reads the document with exemptions.
    pub fn new(aws: &'a Aws, session: &'a Session, now: Timestamp, read_until: Instant) -> Self {
        Self { own: aws.own(), evidence: Evidence::new(aws, session), now, read_until }
    }

    /// Stops a reading when only the time to report is left.
    ///
    /// # Errors
    ///
    /// That of the reading, or [`AwsError::Deadline`].
    pub async fn in_time<T>(
        &self,
        reading: impl Future<Output = Result<T, AwsError>>,
    ) -> Result<T, AwsError> {
        timeout_at(self.read_until, reading)
            .await
            .unwrap_or(Err(AwsError::Deadline("reading the evidence")))
    }

    /// Judges trails, each from facts read now.
    pub async fn judge<'t>(
        &self,
        parameters: &Parameters,
        trails: &[&'t Trail],
    ) -> JudgedTrails<'t> {
        if trails.is_empty() {
            return JudgedTrails::default();
        }
        let (parameters, exemptions_failure) =
            with_exemptions(parameters, self.own, self.read_until).await;
        let context = EvaluationContext { parameters: &parameters, now: self.now };
        let readings = trails.iter().map(|trail| self.judge_one(&context, trail));
        let each = stream::iter(readings).buffered(CONCURRENT_TRAILS_MAX).collect().await;
        JudgedTrails { each, exemptions_failure }
    }

    async fn judge_one<'t>(
        &self,
        context: &EvaluationContext<'_>,
        trail: &'t Trail,
    ) -> (&'t Trail, Result<Judgement, AwsError>) {
        let facts = self.in_time(self.evidence.gather(context, trail)).await;
        (trail, facts.map(|facts| evaluate(context, trail, &facts)))
    }
}
