//! Puts evaluations until AWS Config has accepted them.

use std::time::Duration;

use aws_sdk_config::error::SdkError;
use aws_sdk_config::operation::put_evaluations::PutEvaluationsError;
use aws_sdk_config::types;
use futures_util::FutureExt as _;
use tokio::time::{Instant, sleep};
use trailseal_rule::{EVALUATIONS_PER_CALL_MAX, Evaluation, Region, ResultToken};

use crate::connection::RetryPolicy;
use crate::convert::date_time;
use crate::failure::{AwsError, cause, failed};
use crate::session::Session;

const ACTION: &str = "config:PutEvaluations";

/// The result of putting evaluations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Submission {
    /// How many AWS Config accepted.
    pub accepted: usize,
    /// How many it returned as failed, counted at each attempt.
    pub refused: usize,
}

/// Puts all evaluations with one token, 100 per call. Those returned in `FailedEvaluations` are put
/// again, with increasing pauses, until the deadline. Every batch is tried, even if an earlier one
/// failed.
///
/// # Errors
///
/// After all batches: [`AwsError::NotAccepted`] with the IDs that AWS Config did not accept, or the
/// first error of a call. [`AwsError::TokenRefused`] and [`AwsError::RuleGone`] are final and
/// returned at once.
pub async fn submit(
    session: &Session,
    token: &ResultToken,
    evaluations: &[Evaluation],
    deadline: Instant,
) -> (Submission, Result<(), AwsError>) {
    let put = Put { session, token, deadline };
    let mut submission = Submission::default();
    let mut first_error = Ok(());
    let mut not_accepted = Vec::new();
    for batch in evaluations.chunks(EVALUATIONS_PER_CALL_MAX) {
        match put.until_accepted(batch, &mut submission).await {
            Ok(left) => not_accepted.extend(left.iter().map(name)),
            Err(error @ (AwsError::TokenRefused(_) | AwsError::RuleGone(_))) => {
                return (submission, Err(error));
            }
            Err(error) => first_error = first_error.and(Err(error)),
        }
    }
    if !not_accepted.is_empty() {
        first_error = first_error.and(Err(AwsError::NotAccepted { ids: not_accepted }));
    }
    (submission, first_error)
}

struct Put<'a> {
    session: &'a Session,
    token: &'a ResultToken,
    deadline: Instant,
}

impl Put<'_> {
    /// Puts one batch until all is accepted; returns what was not.
    async fn until_accepted(
        &self,
        batch: &[Evaluation],
        submission: &mut Submission,
    ) -> Result<Vec<types::Evaluation>, AwsError> {
        let retry_policy = self.session.connection.retry_policy;
        let mut waiting = batch
            .iter()
            .map(|one| wire(self.session.region(), one))
            .collect::<Result<Vec<_>, _>>()?;
        for attempt in 1..=retry_policy.attempts_max {
            let sent = waiting.len();
            waiting = self.once(waiting).await?;
            submission.accepted += sent.saturating_sub(waiting.len());
            submission.refused += waiting.len();
            let pause = pause_before_retry(&retry_policy, attempt);
            let in_time = Instant::now() + pause < self.deadline;
            if waiting.is_empty() || attempt == retry_policy.attempts_max || !in_time {
                break;
            }
            sleep(pause).await;
        }
        Ok(waiting)
    }

    async fn once(
        &self,
        evaluations: Vec<types::Evaluation>,
    ) -> Result<Vec<types::Evaluation>, AwsError> {
        let client = self.session.config();
        let call = client
            .put_evaluations()
            .result_token(self.token.reveal())
            .set_evaluations(Some(evaluations))
            .send();
        let answer = tokio::time::timeout_at(self.deadline, call.boxed())
            .await
            .map_err(|_| AwsError::Deadline("putting evaluations"))?;
        match answer {
            Ok(answer) => Ok(answer.failed_evaluations.unwrap_or_default()),
            Err(error) => Err(self.refused(&error)),
        }
    }

    fn refused<R: std::fmt::Debug>(&self, error: &SdkError<PutEvaluationsError, R>) -> AwsError {
        match error.as_service_error() {
            Some(PutEvaluationsError::InvalidResultTokenException(_)) => {
                AwsError::TokenRefused(cause(error))
            }
            Some(PutEvaluationsError::NoSuchConfigRuleException(_)) => {
                AwsError::RuleGone(cause(error))
            }
            _ => failed(ACTION, self.session.region(), error),
        }
    }
}

/// Doubles with each attempt, with jitter.
fn pause_before_retry(retry_policy: &RetryPolicy, attempt: u32) -> Duration {
    let bound = retry_policy.backoff_first.saturating_mul(1 << attempt.min(16).saturating_sub(1));
    let half = bound.min(retry_policy.backoff_max) / 2;
    half + half.mul_f64(fastrand::f64())
}

fn wire(region: &Region, evaluation: &Evaluation) -> Result<types::Evaluation, AwsError> {
    types::Evaluation::builder()
        .compliance_resource_type(evaluation.resource_type)
        .compliance_resource_id(evaluation.resource_id.as_str())
        .compliance_type(types::ComplianceType::from(evaluation.compliance.as_str()))
        .annotation(evaluation.annotation.as_str())
        .ordering_timestamp(date_time(evaluation.ordering))
        .build()
        .map_err(|error| AwsError::bad_answer(ACTION, region, error))
}

fn name(evaluation: &types::Evaluation) -> String {
    let resource_type = evaluation.compliance_resource_type();
    format!("{resource_type} `{}`", evaluation.compliance_resource_id())
}
