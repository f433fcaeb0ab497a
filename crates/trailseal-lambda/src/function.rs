//! One invocation, from the event's bytes to what AWS Config accepted.

use std::time::Duration;

use tokio::time::Instant;
use trailseal_aws::{Aws, Submission, fetch_item, submit};
use trailseal_rule::{Evaluation, Invocation, Timestamp, Trigger};

use crate::error::FunctionError;
use crate::log::{Log, Tally};
use crate::turn::{Outcome, Turn};

/// The function, as it stays warm between two invocations.
#[derive(Debug)]
pub struct Function {
    aws: Aws,
    reserve: Duration,
    log: Log,
}

/// What Lambda and the clock say of one invocation.
#[derive(Clone, Copy, Debug)]
pub struct Occasion {
    /// Now, for exemptions and for the metrics.
    pub now: Timestamp,
    /// When Lambda ends the invocation.
    pub deadline: Instant,
    /// Whether this is the first invocation of the process.
    pub is_cold: bool,
}

/// What came of an invocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// How many evaluations AWS Config accepted.
    pub accepted: usize,
}

impl Function {
    /// A function that asks AWS as `aws`, ends its reading `reserve` before Lambda's deadline so
    /// that there is time to report, and writes its log to `log`.
    #[must_use]
    pub fn new(aws: Aws, reserve: Duration, log: Log) -> Self {
        Self { aws, reserve, log }
    }

    /// Answers one event.
    ///
    /// # Errors
    ///
    /// What a retry can mend or a person must: see [`FunctionError`]. What could be judged was
    /// delivered even then.
    pub async fn answer(&self, event: &[u8], occasion: &Occasion) -> Result<Answer, FunctionError> {
        let started = Instant::now();
        let mut tally = Tally::new(occasion);
        // A run that was cut short may have left some.
        drop(self.aws.calls().take());
        let answer = match Invocation::parse(event) {
            Ok(invocation) => {
                tally.rule_name = invocation.rule.name.clone();
                self.answer_invocation(&invocation, occasion, &mut tally).await
            }
            Err(error) => Err(error.into()),
        };
        tally.finish(&answer, self.aws.calls().take(), started.elapsed());
        self.log.write(&tally);
        answer
    }

    async fn answer_invocation(
        &self,
        invocation: &Invocation,
        occasion: &Occasion,
        tally: &mut Tally,
    ) -> Result<Answer, FunctionError> {
        if let Trigger::KeyChanged(change) = &invocation.trigger
            && !change.can_seal_trails
        {
            return Ok(Answer::default());
        }
        let rule = &invocation.rule;
        let role = invocation.parameters.execution_role_name.as_ref();
        let session = self.aws.session_of_rule(&rule.account, rule.region.as_ref(), role);
        let session = session.await?;
        let read_until = occasion.deadline.checked_sub(self.reserve).unwrap_or(occasion.deadline);
        let turn = Turn::new(&self.aws, &session, invocation, occasion.now, read_until);
        let fetched;
        let trigger = match &invocation.trigger {
            Trigger::Oversized(announced) => {
                let item = turn.in_time(fetch_item(&session, announced)).await?;
                fetched = announced.resolve(&item)?;
                &fetched
            }
            other @ (Trigger::TrailChanged(_)
            | Trigger::TrailGone(_)
            | Trigger::KeyChanged(_)
            | Trigger::Scheduled { .. }) => other,
        };
        let outcome = turn.judge(trigger).await?;
        tally.note(&outcome);
        let submission = self.put(&turn, &outcome, occasion, tally).await?;
        if outcome.failures.is_empty() {
            return Ok(Answer { accepted: submission.accepted });
        }
        match <[_; 1]>::try_from(outcome.failures) {
            // One trail, nothing delivered: the error itself says it all.
            Ok([(_, error)]) if submission.accepted == 0 => Err(error.into()),
            Ok([only]) => {
                Err(FunctionError::Partly { delivered: submission.accepted, trails: vec![only] })
            }
            Err(trails) => Err(FunctionError::Partly { delivered: submission.accepted, trails }),
        }
    }

    async fn put(
        &self,
        turn: &Turn<'_>,
        outcome: &Outcome,
        occasion: &Occasion,
        tally: &mut Tally,
    ) -> Result<Submission, FunctionError> {
        let evaluations: Vec<Evaluation> =
            outcome.judged.iter().map(|judged| judged.evaluation.clone()).collect();
        if evaluations.is_empty() {
            return Ok(Submission::default());
        }
        let (submission, result) =
            submit(turn.session, &turn.invocation.token, &evaluations, occasion.deadline).await;
        tally.refused += submission.refused;
        result?;
        Ok(submission)
    }
}
