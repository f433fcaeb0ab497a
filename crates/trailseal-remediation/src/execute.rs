//! Applies a plan step by step. Each step is journaled before its call and read back after it. The
//! first unexpected result stops the run.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use trailseal_aws::now;
use trailseal_plan::{
    Call, Condition, Holds, Phase, Plan, Record, Step, StepId, StepProgress, StepState,
};
use trailseal_rule::{Denial, KeyArn, Timestamp};

use crate::change::CallResult;
use crate::failure::Stop;
use crate::journal_writer::JournalWriter;
use crate::observe::RequiredReads;
use crate::read::AwsReader;
use crate::settle::created_key;
use crate::wait::WaitPolicy;

/// How often a call without a response is attempted, at most.
const UNCLEAR_MAX: u32 = 3;

/// What happens while a plan is applied.
#[derive(Clone, Copy, Debug)]
pub enum Notice<'a> {
    Begins(&'a Step),
    /// A step of an interrupted run is checked.
    Resolves(&'a Step),
    /// The effect of a step was read back.
    Verified(&'a Step),
    Waits(&'a Step, &'a str),
}

/// A plan whose steps are all made and read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The plan, with the ARN of the key that it created.
    pub plan: Plan,
    /// When the last step was read back; if an earlier run did that, when this one began.
    pub verified: Timestamp,
}

struct Run<'a> {
    reader: AwsReader<'a>,
    wait_policy: &'a WaitPolicy,
    journal: &'a str,
    journal_writer: &'a mut dyn JournalWriter,
    tell: &'a mut (dyn FnMut(Notice<'_>) + Send),
    applied: Applied,
    /// Whether this run has changed something that AWS may not show at once.
    has_changed: bool,
    /// Whether the run stopped because AWS refused every call of the current step.
    is_refused: bool,
}

/// Applies the remaining steps of a plan.
///
/// A step that an interrupted run left uncertain is read back first; a created key is found by its
/// tag. A step is repeated only if its requirements still hold.
///
/// # Errors
///
/// [`Stop`] at the first unexpected result. The journal has the progress, and calling this function
/// again resumes the plan.
pub async fn apply(
    reader: AwsReader<'_>,
    phase: &Phase,
    journal: &str,
    journal_writer: &mut dyn JournalWriter,
    wait_policy: &WaitPolicy,
    tell: &mut (dyn FnMut(Notice<'_>) + Send),
) -> Result<Applied, Stop> {
    let applied = Applied { plan: phase.plan.clone(), verified: now() };
    let (has_changed, is_refused) = (false, false);
    let mut run = Run {
        reader,
        wait_policy,
        journal,
        journal_writer,
        tell,
        applied,
        has_changed,
        is_refused,
    };
    match run.steps(phase).await {
        Ok(()) => Ok(run.applied),
        Err(stop) => {
            let (step, why, is_refused) = (stop.step(), stop.to_string(), run.is_refused);
            let record = Record::Stopped { step, why, is_refused, time: now() };
            // The caller reports the stop, so a journal without this record is complete enough.
            let _ = run.journal_writer.write(&record);
            Err(stop)
        }
    }
}

/// Writes the plan to its journal. No step is made yet.
///
/// # Errors
///
/// [`Stop::Journal`]: nothing was changed.
pub fn begin(
    plan: &Plan,
    journal: &str,
    journal_writer: &mut dyn JournalWriter,
) -> Result<Phase, Stop> {
    let record =
        Record::Begun { journal: journal.to_owned(), plan: Box::new(plan.clone()), time: now() };
    journal_writer.write(&record).map_err(|cause| Stop::Journal { step: None, cause })?;
    Ok(Phase::begin(plan))
}

impl Run<'_> {
    async fn steps(&mut self, phase: &Phase) -> Result<(), Stop> {
        let ids: Vec<StepId> = self.applied.plan.steps.iter().map(|step| step.id).collect();
        for id in ids {
            // Read from the plan each time, because a created key appears in the later steps.
            let Some(step) = self.applied.plan.step(id).cloned() else { continue };
            match phase.step(id).map_or(StepState::Pending, |progress| progress.state) {
                StepState::Verified => self.still_holds(&step, phase).await?,
                StepState::Done => self.verify(&step).await?,
                StepState::Uncertain => {
                    (self.tell)(Notice::Resolves(&step));
                    if !self.was_made(&step).await? {
                        let made = self.make(&step).await;
                        // The call of the interrupted run may still take effect.
                        self.is_refused = false;
                        made?;
                    }
                }
                StepState::Pending => {
                    (self.tell)(Notice::Begins(&step));
                    self.make(&step).await?;
                }
            }
        }
        self.write(None, &Record::Finished { time: now() })
    }

    /// Makes a step that was certainly not made before.
    async fn make(&mut self, step: &Step) -> Result<(), Stop> {
        let wait_policy =
            if self.has_changed { self.wait_policy.read_back } else { Duration::ZERO };
        self.until_all_hold(step, &step.requires, wait_policy).await?;
        let record = Record::Before { step: step.id, time: now() };
        self.write(Some(step.id), &record)?;
        self.attempt(step).await
    }

    /// Makes the call until it succeeds or fails permanently.
    ///
    /// INVARIANT (no-blind-retry): the requirements of the step are read again before each retry. The
    /// first attempt comes right after they were read.
    async fn attempt(&mut self, step: &Step) -> Result<(), Stop> {
        let deadline = Instant::now() + self.wait_policy.propagation;
        let mut unclear = 0;
        loop {
            match self.reader.make(&step.call, self.journal, self.wait_policy).await {
                CallResult::Done { request_id, created_key } => {
                    return self.done(step, request_id, created_key).await;
                }
                CallResult::Refused { code, cause, denial } => {
                    if !may_pass(&code, &cause, step, self.has_changed)
                        || Instant::now() >= deadline
                    {
                        self.is_refused = unclear == 0;
                        return Err(refused(step, &code, cause, denial));
                    }
                    (self.tell)(Notice::Waits(step, &cause));
                    sleep(self.wait_policy.pause).await;
                }
                CallResult::Unclear(why) => {
                    unclear += 1;
                    (self.tell)(Notice::Waits(step, &why));
                    self.has_changed = true;
                    if self.was_made(step).await? {
                        return Ok(());
                    }
                    if unclear >= UNCLEAR_MAX {
                        return Err(doubt(step, format!("AWS did not answer: {why}")));
                    }
                    sleep(self.wait_policy.pause).await;
                }
            }
            self.until_all_hold(step, &step.requires, Duration::ZERO).await?;
        }
    }

    async fn done(
        &mut self,
        step: &Step,
        request_id: Option<String>,
        created_key: Option<KeyArn>,
    ) -> Result<(), Stop> {
        self.has_changed = true;
        let record = Record::Done {
            step: step.id,
            request_id,
            created_key: created_key.clone(),
            time: now(),
        };
        self.write(Some(step.id), &record)?;
        if let Some(arn) = created_key {
            self.applied.plan = self.applied.plan.clone().bind(&arn);
        }
        let step = self.applied.plan.step(step.id).cloned().unwrap_or_else(|| step.clone());
        self.verify(&step).await
    }

    /// Waits until the effect of a step is visible.
    async fn verify(&mut self, step: &Step) -> Result<(), Stop> {
        self.until_all_hold(step, &step.proves, self.wait_policy.read_back).await?;
        self.verified(step)
    }

    fn verified(&mut self, step: &Step) -> Result<(), Stop> {
        self.applied.verified = now();
        let record = Record::Verified { step: step.id, time: self.applied.verified };
        self.write(Some(step.id), &record)?;
        (self.tell)(Notice::Verified(step));
        Ok(())
    }

    /// Reads back a step that is verified according to the journal, which is untrusted.
    async fn still_holds(&mut self, step: &Step, phase: &Phase) -> Result<(), Stop> {
        // Enabling the key changed its state in the meantime.
        let is_enabled_since = |step: &StepProgress| {
            step.step == StepId::EnableKey && step.state != StepState::Pending
        };
        let is_outdated = |condition: &Condition| {
            matches!(condition, Condition::KeyHasState { .. })
                && phase.steps.iter().any(is_enabled_since)
        };
        let mut proves = step.proves.clone();
        proves.retain(|condition| !is_outdated(condition));
        self.until_all_hold(step, &proves, Duration::ZERO).await
    }

    /// Whether an uncertain step was made. If so, journals that.
    async fn was_made(&mut self, step: &Step) -> Result<bool, Stop> {
        if let Call::CreateKey { region, .. } = &step.call {
            let found = created_key(self.reader, region, self.journal, self.wait_policy).await;
            let found = found.map_err(|why| doubt(step, why))?;
            return match found {
                Some(arn) => self.done(step, None, Some(arn)).await.map(|()| true),
                None => Ok(false),
            };
        }
        if self.violation(step, &step.proves).await?.is_some() {
            return Ok(false);
        }
        self.verified(step).map(|()| true)
    }

    async fn until_all_hold(
        &mut self,
        step: &Step,
        conditions: &[Condition],
        wait: Duration,
    ) -> Result<(), Stop> {
        let deadline = Instant::now() + wait;
        while let Some(violation) = self.violation(step, conditions).await? {
            if Instant::now() >= deadline {
                return Err(doubt(step, violation));
            }
            (self.tell)(Notice::Waits(step, &violation));
            sleep(self.wait_policy.pause).await;
        }
        Ok(())
    }

    /// Reads the state and returns the first condition that does not hold.
    async fn violation(
        &self,
        step: &Step,
        conditions: &[Condition],
    ) -> Result<Option<String>, Stop> {
        let present = self.reader.present(&RequiredReads::by(conditions)).await;
        let present = present.map_err(|error| doubt(step, error.to_string()))?;
        Ok(conditions.iter().find_map(|condition| match condition.holds(&present) {
            Holds::Yes => None,
            Holds::No(found) | Holds::Unknown(found) => {
                Some(format!("expected that {condition}, but {found}"))
            }
        }))
    }

    fn write(&mut self, step: Option<StepId>, record: &Record) -> Result<(), Stop> {
        self.journal_writer.write(record).map_err(|cause| Stop::Journal { step, cause })
    }
}

fn doubt(step: &Step, why: String) -> Stop {
    Stop::Doubt { step: Some(step.id), why }
}

/// CloudTrail User Guide, "Configure AWS KMS key policies for CloudTrail".
const BUCKET_KEY: &str = "; the key policy admits CloudTrail, so the bucket may have an S3 Bucket \
    Key, with which CloudTrail also needs kms:Decrypt with the key (see `aws s3api \
    get-bucket-encryption`), or the bucket policy denies CloudTrail";

fn refused(step: &Step, code: &str, cause: String, denial: Option<Denial>) -> Stop {
    if matches!(code, "AccessDeniedException" | "AccessDenied") {
        let service =
            if matches!(step.call, Call::UpdateTrail { .. }) { "cloudtrail" } else { "kms" };
        let action = format!("{service}:{}", step.call.operation());
        return Stop::Denied { step: step.id, action, cause, denial };
    }
    let hint = match code {
        "InsufficientEncryptionPolicyException" => BUCKET_KEY,
        _ => "",
    };
    doubt(step, format!("AWS refused {}: {cause}{hint}", step.call.operation()))
}

/// Whether a retry may succeed: AWS is busy, or an earlier change is not yet visible everywhere.
fn may_pass(code: &str, cause: &str, step: &Step, has_changed: bool) -> bool {
    match code {
        "ThrottlingException"
        | "Throttling"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "ConflictException" => true,
        // The request arrived too late: a wrong clock or a slow connection.
        "InvalidSignatureException" => cause.contains("Signature expired"),
        // The key policy was read a moment ago and admits CloudTrail.
        "InsufficientEncryptionPolicyException" => matches!(step.call, Call::UpdateTrail { .. }),
        "NotFoundException" | "KmsKeyNotFoundException" | "KmsException" | "DisabledException" => {
            has_changed
        }
        _ => false,
    }
}
