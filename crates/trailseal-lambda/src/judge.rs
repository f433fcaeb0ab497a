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
use crate::exemptions::{with_exemptions, with_tag};

/// The maximum number of trails that are evaluated at the same time.
const CONCURRENT_TRAILS_MAX: usize = 16;

/// Judges the trails of one invocation.
#[derive(Debug)]
pub struct Judge<'a> {
    own: &'a Session,
    session: &'a Session,
    evidence: Evidence<'a>,
    now: Timestamp,
    read_until: Instant,
}

/// What was judged, in the order of the trails.
#[derive(Clone, Debug, Default)]
pub struct JudgedTrails<'t> {
    /// Each trail and its judgement, or why it could not be judged.
    pub each: Vec<(&'t Trail, Result<Judgement, AwsError>)>,
    /// Why no exemption of the document, or by the tag of a trail, was applied.
    pub exemptions_failures: Vec<ExemptionsError>,
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

/// A trail and its judgement, and why its tag that may exempt it was not read.
type JudgedWithTag<'t> = ((&'t Trail, Result<Judgement, AwsError>), Option<ExemptionsError>);

/// Whether a visible trail gets a judgement of its own in this account and Region.
pub fn is_judged_here(trail: &Trail, parameters: &Parameters) -> bool {
    parameters.replicas == Replicas::Evaluate || trail.standing() == Standing::Own
}

impl<'a> Judge<'a> {
    /// Reads the evidence in a session until `read_until`, when only the time to report is left.
    /// `aws` reads the document with exemptions, the session the tags of trails.
    pub fn new(aws: &'a Aws, session: &'a Session, now: Timestamp, read_until: Instant) -> Self {
        let (own, evidence) = (aws.own(), Evidence::new(aws, session));
        Self { own, session, evidence, now, read_until }
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
        let (parameters, document_failure) =
            with_exemptions(parameters, self.own, self.read_until).await;
        let context = EvaluationContext { parameters: &parameters, now: self.now };
        let readings = trails.iter().map(|trail| self.judge_one(&context, trail));
        let answers: Vec<_> =
            stream::iter(readings).buffered(CONCURRENT_TRAILS_MAX).collect().await;
        let (each, tag_failures): (_, Vec<_>) = answers.into_iter().unzip();
        let exemptions_failures =
            document_failure.into_iter().chain(tag_failures.into_iter().flatten()).collect();
        JudgedTrails { each, exemptions_failures }
    }

    async fn judge_one<'t>(
        &self,
        context: &EvaluationContext<'_>,
        trail: &'t Trail,
    ) -> JudgedWithTag<'t> {
        match self.in_time(self.evidence.gather(context, trail)).await {
            Ok(facts) => {
                let (facts, tag_failure) =
                    with_tag(context, self.session, trail, facts, self.read_until).await;
                ((trail, Ok(evaluate(context, trail, &facts))), tag_failure)
            }
            Err(error) => ((trail, Err(error)), None),
        }
    }
}
