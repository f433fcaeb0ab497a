//! Carrying out a plan: one step after the other, each announced before it is made and read back
//! after it; at the first doubt nothing more.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use trailseal_aws::AwsError;
use trailseal_plan::{
    Call, Condition, Former, Holds, Phase, Plan, Present, Record, Step, StepId, StepProgress,
    StepState,
};
use trailseal_rule::{Denial, KeyArn, Reading};

use crate::change::Answer;
use crate::failure::Stop;
use crate::journal_writer::JournalWriter;
use crate::observe::Wanted;
use crate::read::AwsReader;
use crate::settle::created_key;
use crate::wait::{WaitPolicy, now};

/// How often a call is made whose answer does not come.
const UNCLEAR_MAX: u32 = 3;

/// What is told while a plan is carried out.
#[derive(Clone, Copy, Debug)]
pub enum Notice<'a> {
    /// A step is about to be made.
    Begins(&'a Step),
    /// A step of an earlier run is looked after.
    Resolves(&'a Step),
    /// A step is made and was read back.
    Verified(&'a Step),
    /// Something is waited for.
    Waits(&'a Step, &'a str),
}

/// Tells what happens while a plan is carried out.
pub(crate) type Tell<'a> = &'a mut (dyn FnMut(Notice<'_>) + Send);

/// Where and how a plan is carried out.
pub(crate) struct Run<'a> {
    pub(crate) reader: AwsReader<'a>,
    pub(crate) wait_policy: &'a WaitPolicy,
    pub(crate) journal: &'a str,
    pub(crate) journal_writer: &'a mut dyn JournalWriter,
    pub(crate) tell: Tell<'a>,
}

/// Makes the steps of a plan that are still to be made, and gives the plan with the ARN of the key
/// that it has created.
///
/// What an earlier run left uncertain is looked after first: a key that was created is found again
/// by its tag, and whatever else was done is read back. A step is made again only if what it
/// requires still holds.
///
/// # Errors
///
/// [`Stop`] at the first doubt; the journal says where things stand, and the same call goes on.
pub async fn carry_out(
    reader: AwsReader<'_>,
    phase: &Phase,
    journal: &str,
    journal_writer: &mut dyn JournalWriter,
    wait_policy: &WaitPolicy,
    tell: &mut (dyn FnMut(Notice<'_>) + Send),
) -> Result<Plan, Stop> {
    let mut run = Run { reader, wait_policy, journal, journal_writer, tell };
    let mut execution = ExecutionState { plan: phase.plan.clone(), has_changed: false };
    match run.steps(phase, &mut execution).await {
        Ok(()) => Ok(execution.plan),
        Err(stop) => {
            let record = Record::Stopped { step: stop.step(), why: stop.to_string(), time: now() };
            // The stop itself is told; that it is not in the journal changes nothing.
            let _told_otherwise = run.journal_writer.write(&record);
            Err(stop)
        }
    }
}

/// Begins a plan in its journal: none of its steps is made yet.
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
    let pending = |step: &Step| StepProgress {
        step: step.id,
        state: StepState::Pending,
        former: None,
        request_id: None,
    };
    Ok(Phase {
        plan: plan.clone(),
        steps: plan.steps.iter().map(pending).collect(),
        stopped: None,
        is_finished: false,
    })
}

/// How far this run has come.
struct ExecutionState {
    plan: Plan,
    /// Whether this run has changed something, so that AWS may need a while to show it.
    has_changed: bool,
}

impl Run<'_> {
    async fn steps(&mut self, phase: &Phase, execution: &mut ExecutionState) -> Result<(), Stop> {
        let ids: Vec<StepId> = execution.plan.steps.iter().map(|step| step.id).collect();
        for id in ids {
            // Taken anew each time: a key that was created is named in the later steps.
            let Some(step) = execution.plan.step(id).cloned() else { continue };
            let state = phase.steps.iter().find(|progress| progress.step == id);
            match state.map_or(StepState::Pending, |progress| progress.state) {
                StepState::Verified => self.still_holds(&step, phase).await?,
                StepState::Done => self.verify(&step).await?,
                StepState::Uncertain => self.resolve(&step, execution).await?,
                StepState::Pending => {
                    (self.tell)(Notice::Begins(&step));
                    self.make(&step, execution).await?;
                }
            }
        }
        self.write(None, &Record::Finished { time: now() })
    }

    /// Makes a step of which it is certain that it was not made.
    async fn make(&mut self, step: &Step, execution: &mut ExecutionState) -> Result<(), Stop> {
        let wait_policy =
            if execution.has_changed { self.wait_policy.read_back } else { Duration::ZERO };
        let wanted = Wanted::by(&step.requires).with_call(&step.call);
        let present = self.until_all_hold(step, &step.requires, &wanted, wait_policy).await?;
        let former = former(&step.call, &present).map_err(|why| doubt(step, why))?;
        let record = Record::Before { step: step.id, former, time: now() };
        self.write(Some(step.id), &record)?;
        self.attempt(step, execution).await
    }

    /// Makes the call until AWS says that it has done it, or that it will not.
    ///
    /// INVARIANT (no-blind-retry): before each attempt but the first, which comes right after they
    /// were read, everything that the step requires is read again.
    async fn attempt(&mut self, step: &Step, execution: &mut ExecutionState) -> Result<(), Stop> {
        let deadline = Instant::now() + self.wait_policy.propagation;
        let mut unclear = 0;
        loop {
            match self.reader.make(&step.call, self.journal, self.wait_policy).await {
                Answer::Done { request_id, created_key } => {
                    return self.done(step, request_id, created_key, execution).await;
                }
                Answer::Refused { code, cause, denial } => {
                    if !passes(&code, &cause, step, execution) || Instant::now() >= deadline {
                        return Err(refused(step, &code, cause, denial));
                    }
                    (self.tell)(Notice::Waits(step, &cause));
                    sleep(self.wait_policy.pause).await;
                }
                Answer::Unclear(why) => {
                    unclear += 1;
                    (self.tell)(Notice::Waits(step, &why));
                    execution.has_changed = true;
                    if self.was_made(step, execution).await? {
                        return Ok(());
                    }
                    if unclear >= UNCLEAR_MAX {
                        return Err(doubt(step, format!("AWS did not answer: {why}")));
                    }
                    sleep(self.wait_policy.pause).await;
                }
            }
            let wanted = Wanted::by(&step.requires);
            self.until_all_hold(step, &step.requires, &wanted, Duration::ZERO).await?;
        }
    }

    async fn done(
        &mut self,
        step: &Step,
        request_id: Option<String>,
        created_key: Option<KeyArn>,
        execution: &mut ExecutionState,
    ) -> Result<(), Stop> {
        execution.has_changed = true;
        let record = Record::Done {
            step: step.id,
            request_id,
            created_key: created_key.clone(),
            time: now(),
        };
        self.write(Some(step.id), &record)?;
        if let Some(arn) = created_key {
            execution.plan = execution.plan.clone().bind(&arn);
        }
        let step = execution.plan.step(step.id).cloned().unwrap_or_else(|| step.clone());
        self.verify(&step).await
    }

    /// Reads back what a step proves, and goes on only if it holds.
    async fn verify(&mut self, step: &Step) -> Result<(), Stop> {
        let wanted = Wanted::by(&step.proves);
        self.until_all_hold(step, &step.proves, &wanted, self.wait_policy.read_back).await?;
        self.write(Some(step.id), &Record::Verified { step: step.id, time: now() })?;
        (self.tell)(Notice::Verified(step));
        Ok(())
    }

    /// Reads back a step that a journal says was made and read back: a journal may say anything.
    async fn still_holds(&mut self, step: &Step, phase: &Phase) -> Result<(), Stop> {
        // What a later step has changed since does not count.
        let is_enabled_since = |step: &StepProgress| {
            step.step == StepId::EnableKey && step.state != StepState::Pending
        };
        let is_outdated = |condition: &Condition| {
            matches!(condition, Condition::KeyHasState { .. })
                && phase.steps.iter().any(is_enabled_since)
        };
        let mut proves = step.proves.clone();
        proves.retain(|condition| !is_outdated(condition));
        let wanted = Wanted::by(&proves);
        self.until_all_hold(step, &proves, &wanted, Duration::ZERO).await.map(drop)
    }

    /// Looks after a step of which an earlier run does not say whether it was made.
    async fn resolve(&mut self, step: &Step, execution: &mut ExecutionState) -> Result<(), Stop> {
        (self.tell)(Notice::Resolves(step));
        if self.was_made(step, execution).await? {
            return Ok(());
        }
        self.make(step, execution).await
    }

    /// Whether an uncertain step was made: then it is journalled as such.
    async fn was_made(
        &mut self,
        step: &Step,
        execution: &mut ExecutionState,
    ) -> Result<bool, Stop> {
        if let Call::CreateKey { region, .. } = &step.call {
            let found = created_key(self.reader, region, self.journal, self.wait_policy).await;
            let found = found.map_err(|why| doubt(step, why))?;
            return match found {
                Some(arn) => self.done(step, None, Some(arn), execution).await.map(|()| true),
                None => Ok(false),
            };
        }
        let present = self.read(step, &Wanted::by(&step.proves)).await?;
        let all = step.proves.iter().all(|condition| condition.holds(&present) == Holds::Yes);
        if all {
            self.write(Some(step.id), &Record::Verified { step: step.id, time: now() })?;
            (self.tell)(Notice::Verified(step));
        }
        Ok(all)
    }

    /// Waits until all of the conditions hold, and gives what was read then.
    async fn until_all_hold(
        &mut self,
        step: &Step,
        conditions: &[Condition],
        wanted: &Wanted,
        wait_policy: Duration,
    ) -> Result<Present, Stop> {
        let deadline = Instant::now() + wait_policy;
        loop {
            let present = self.read(step, wanted).await?;
            let broken = conditions.iter().find_map(|condition| match condition.holds(&present) {
                Holds::Yes => None,
                Holds::No(found) | Holds::Unknown(found) => {
                    Some(format!("expected that {condition}, but {found}"))
                }
            });
            let Some(broken) = broken else { return Ok(present) };
            if Instant::now() >= deadline {
                return Err(doubt(step, broken));
            }
            (self.tell)(Notice::Waits(step, &broken));
            sleep(self.wait_policy.pause).await;
        }
    }

    async fn read(&self, step: &Step, wanted: &Wanted) -> Result<Present, Stop> {
        self.reader.present(wanted).await.map_err(|error| unreadable(step, &error))
    }

    fn write(&mut self, step: Option<StepId>, record: &Record) -> Result<(), Stop> {
        self.journal_writer.write(record).map_err(|cause| Stop::Journal { step, cause })
    }
}

fn doubt(step: &Step, why: String) -> Stop {
    Stop::Doubt { step: Some(step.id), why }
}

fn unreadable(step: &Step, error: &AwsError) -> Stop {
    doubt(step, error.to_string())
}

/// CloudTrail User Guide, "Configure AWS KMS key policies for CloudTrail".
const BUCKET_KEY: &str = "; the key policy was read and admits CloudTrail, so that the bucket may \
    have an S3 Bucket Key, with which CloudTrail also needs kms:Decrypt with the key (see \
    `aws s3api get-bucket-encryption`), or the bucket policy refuses CloudTrail";

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

/// Whether a refusal may pass by itself: AWS is busy, or what was changed has not gone round yet.
fn passes(code: &str, cause: &str, step: &Step, execution: &ExecutionState) -> bool {
    match code {
        "ThrottlingException"
        | "Throttling"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "ConflictException" => true,
        // A request that came too late, by a clock that is off or a slow connection.
        "InvalidSignatureException" => cause.contains("Signature expired"),
        // What the step requires was read just now: the policy admits CloudTrail.
        "InsufficientEncryptionPolicyException" => matches!(step.call, Call::UpdateTrail { .. }),
        "NotFoundException" | "KmsKeyNotFoundException" | "KmsException" | "DisabledException" => {
            execution.has_changed
        }
        _ => false,
    }
}

/// What is there before a call, as far as the call changes it.
fn former(call: &Call, present: &Present) -> Result<Former, String> {
    let readings = |key: &trailseal_plan::KeyTarget| {
        key.arn().and_then(|arn| present.keys.get(arn)).ok_or("the key was not read")
    };
    Ok(match call {
        Call::CreateKey { .. } | Call::CreateAlias { .. } => Former::Nothing,
        Call::UpdateTrail { .. } => Former::TrailKey(known(&present.trail_key)?),
        Call::PutKeyPolicy { key, .. } => Former::KeyPolicy(known(&readings(key)?.policy)?),
        Call::EnableKeyRotation { key, .. } => Former::Rotation(known(&readings(key)?.rotation)?),
        Call::CancelKeyDeletion { key } | Call::EnableKey { key } | Call::DisableKey { key } => {
            Former::KeyState(known(&readings(key)?.key)?.state)
        }
    })
}

fn known<T: Clone>(reading: &Reading<T>) -> Result<T, String> {
    match reading {
        Reading::Known(value) => Ok(value.clone()),
        Reading::Absent => Err("what is to be changed does not exist".to_owned()),
        Reading::Refused(refusal) => Err(format!("what is to be changed was not read: {refusal}")),
    }
}
