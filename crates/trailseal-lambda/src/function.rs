//! One invocation, from the event's bytes to the accepted evaluations.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use trailseal_aws::{Aws, AwsError, Session, Submission, submit};
use trailseal_rule::{Change, Evaluation, Invocation, Rule, Timestamp, Trigger};

use crate::error::FunctionError;
use crate::log::{InvocationSummary, Log};
use crate::run::{RuleRun, RunResult};

/// The function, which stays warm between invocations.
#[derive(Debug)]
pub struct Function {
    aws: Aws,
    reserve: Duration,
    log: Log,
}

/// The time and deadline of one invocation.
#[derive(Clone, Copy, Debug)]
pub struct InvocationContext {
    /// Now, for exemptions and for the metrics.
    pub now: Timestamp,
    /// When Lambda ends the invocation.
    pub deadline: Instant,
    /// Whether this is the first invocation of the process.
    pub is_cold: bool,
}

/// The result of an invocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// How many evaluations AWS Config accepted.
    pub accepted: usize,
}

impl Function {
    /// A function that calls AWS through `aws`, stops reading `reserve` before Lambda's deadline so
    /// that there is time to report, and writes its log to `log`.
    pub fn new(aws: Aws, reserve: Duration, log: Log) -> Self {
        Self { aws, reserve, log }
    }

    /// Answers one event.
    ///
    /// # Errors
    ///
    /// A failure that a retry or a person can fix: see [`FunctionError`]. Evaluations that could be
    /// made were still submitted.
    pub async fn answer(
        &self,
        event: &[u8],
        context: &InvocationContext,
    ) -> Result<Answer, FunctionError> {
        let started = Instant::now();
        let mut summary = InvocationSummary::new(context.now, context.is_cold);
        let work = async {
            let invocation = Invocation::parse(event)?;
            summary.rule_name = invocation.rule.name.clone();
            self.answer_invocation(&invocation, context, &mut summary).await
        };
        let (answer, calls) = self.aws.count_calls(work).await;
        summary.finish(answer.as_ref().err(), calls, started.elapsed());
        self.log.write(&summary);
        answer
    }

    async fn answer_invocation(
        &self,
        invocation: &Invocation,
        context: &InvocationContext,
        summary: &mut InvocationSummary,
    ) -> Result<Answer, FunctionError> {
        if let Trigger::Changed(Change::Key(change)) = &invocation.trigger
            && !change.can_seal_trails
        {
            return Ok(Answer::default());
        }
        let read_until = context.deadline.checked_sub(self.reserve).unwrap_or(context.deadline);
        let session = timeout_at(read_until, self.session(invocation))
            .await
            .unwrap_or_else(|_| Err(AwsError::Deadline("assuming the role").into()))?;
        let run = RuleRun::new(&self.aws, &session, invocation, context.now, read_until);
        let mut outcome = run.judge(&invocation.trigger).await?;
        let (submission, undelivered) = self.put(&run, &outcome, context).await;
        summary.note(&mut outcome);
        summary.refused += submission.refused;
        let delivered = submission.accepted;
        let mut unjudged = outcome.failures;
        match (undelivered, unjudged.pop()) {
            (Ok(()), None) if outcome.exemptions_failures.is_empty() => {
                Ok(Answer { accepted: delivered })
            }
            (Ok(()), None) => {
                let causes = outcome.exemptions_failures;
                Err(FunctionError::Exemptions { causes, delivered })
            }
            (Err(error), None) => Err(error.into()),
            // One trail and no evaluation: the error of the trail is enough.
            (Ok(()), Some((_, error))) if delivered == 0 && unjudged.is_empty() => {
                Err(error.into())
            }
            (undelivered, Some(last)) => {
                unjudged.push(last);
                Err(FunctionError::Partly { delivered, undelivered: undelivered.err(), unjudged })
            }
        }
    }

    /// The session of the rule's account: the function's own, or that of `executionRoleName`.
    async fn session(&self, invocation: &Invocation) -> Result<Session, FunctionError> {
        let Rule { account, region, .. } = &invocation.rule;
        let own = self.aws.own();
        let region = region.as_ref().unwrap_or_else(|| own.region()).clone();
        if account == own.account() {
            return Ok(own.in_region(region));
        }
        let Some(role) = &invocation.parameters.execution_role_name else {
            let (account, own) = (account.clone(), own.account().clone());
            return Err(FunctionError::NoRole { account, own });
        };
        Ok(self.aws.assume(role, account).await?.in_region(region))
    }

    async fn put(
        &self,
        run: &RuleRun<'_>,
        outcome: &RunResult,
        context: &InvocationContext,
    ) -> (Submission, Result<(), AwsError>) {
        let evaluations: Vec<Evaluation> =
            outcome.judged.iter().map(|judged| judged.evaluation.clone()).collect();
        if evaluations.is_empty() {
            return (Submission::default(), Ok(()));
        }
        submit(run.session, &run.invocation.token, &evaluations, context.deadline).await
    }
}
