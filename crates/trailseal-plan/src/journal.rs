//! The journal of a plan: its records, and the progress that they describe.
//!
//! A journal has one JSON record per line. Each record is on disk before the change that it
//! announces. A partial last line (from a crash) is ignored.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use trailseal_rule::{KeyArn, KeyRef, Timestamp};

use crate::plan_data::{Plan, Purpose, Step, StepId};
use crate::plan_shape;

/// One line of a journal.
///
/// Records belong to the plan of the latest [`Record::Begun`]. The first plan seals a trail; later
/// ones are back-outs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Record {
    /// A plan begins.
    Begun {
        /// The journal's ID, which is also the value of the tag of a created key.
        journal: String,
        plan: Box<Plan>,
        time: Timestamp,
    },
    /// The call of a step is about to be made.
    Before { step: StepId, time: Timestamp },
    /// The call of a step succeeded.
    Done {
        step: StepId,
        /// AWS's request ID, if it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        created_key: Option<KeyArn>,
        time: Timestamp,
    },
    /// The effect of a step was read back, or was there before the step.
    Verified { step: StepId, time: Timestamp },
    Stopped {
        /// The current step, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<StepId>,
        why: String,
        /// Whether AWS refused every call of the step: it changed nothing.
        #[serde(default, rename = "refused", skip_serializing_if = "std::ops::Not::not")]
        is_refused: bool,
        time: Timestamp,
    },
    /// All steps are verified.
    Finished { time: Timestamp },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// The complete records.
    pub records: Vec<Record>,
    /// Bytes of the complete records with their line ends. A run truncates the file to this length
    /// before it writes a record.
    pub whole_bytes: usize,
    /// Whether the journal ends with a partial line.
    pub is_torn: bool,
}

/// The progress that a journal describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The journal's ID.
    pub journal: String,
    /// The plan that seals the trail, and its progress.
    pub remediation: Phase,
    /// The latest back-out, and its progress.
    pub back_out: Option<Phase>,
    pub created_key: Option<KeyArn>,
}

/// A plan and its progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// The plan, with the ARN of the new key once it exists.
    pub plan: Plan,
    /// The progress of its steps, in order.
    pub steps: Vec<StepProgress>,
    /// Why the run stopped, if that is the latest record.
    pub stopped: Option<String>,
    /// Whether all steps are verified.
    pub is_finished: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepProgress {
    pub step: StepId,
    pub state: StepState,
    /// Whether its call was made, or may have been. A step whose effect was there before needs no
    /// call and is not backed out.
    pub may_have_happened: bool,
    /// Whether AWS refused its call, according to the journal. This is only shown: the effect is
    /// read back all the same.
    pub is_refused: bool,
    /// AWS's request ID.
    pub request_id: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    Pending,
    /// The call may have been made.
    Uncertain,
    /// The call succeeded, but its effect was not read back.
    Done,
    /// The effect was read back.
    Verified,
}

/// Why a journal is invalid.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum JournalError {
    /// The journal has no complete record, so nothing was changed.
    #[error("the journal has no complete record, so nothing was changed")]
    Empty,
    /// A line is not a record, and no crash left it.
    #[error("line {line} of the journal is not a record: {message}")]
    Malformed {
        /// The line, counted from one.
        line: usize,
        /// The error of the JSON parser.
        message: String,
    },
    /// A record does not fit those before it.
    #[error("record {record} of the journal is out of place: {why}")]
    OutOfPlace {
        /// The record, counted from one.
        record: usize,
        why: String,
    },
}

/// How the first line of a journal begins.
const BEGINNING: &[u8] = br#"{"record":"begun","#;

/// Reads a journal.
///
/// A last line without a line end, or that is not JSON, is ignored: a crash interrupted it, so the
/// change that it would announce was not made, or is read back from AWS. The first line is ignored
/// only if it begins as that of a journal: another file is not a journal that lost a line.
///
/// # Errors
///
/// [`JournalError::Empty`] if the first record is incomplete, [`JournalError::Malformed`] if a line
/// is not a record and is not ignored.
pub fn read_journal(bytes: &[u8]) -> Result<Journal, JournalError> {
    let mut records = Vec::new();
    let mut whole_bytes = 0;
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    for (index, line) in lines.iter().enumerate() {
        let is_last = index + 1 == lines.len();
        match serde_json::from_slice(line) {
            Ok(record) if line.ends_with(b"\n") => records.push(record),
            Ok(_) => break,
            Err(_) if is_last && is_torn(index, line) => break,
            Err(error) => {
                return Err(JournalError::Malformed {
                    line: index + 1,
                    message: error.to_string(),
                });
            }
        }
        whole_bytes += line.len();
    }
    if records.is_empty() {
        return Err(JournalError::Empty);
    }
    Ok(Journal { records, whole_bytes, is_torn: whole_bytes < bytes.len() })
}

/// Whether a crash can have left a last line like this.
fn is_torn(index: usize, line: &[u8]) -> bool {
    let is_whole = line.ends_with(b"\n");
    match index {
        0 => !is_whole && (line.starts_with(BEGINNING) || BEGINNING.starts_with(line)),
        _ => !is_whole || serde_json::from_slice::<IgnoredAny>(line).is_err(),
    }
}

impl Journal {
    /// The progress that the records describe.
    ///
    /// # Errors
    ///
    /// See [`fold`].
    pub fn progress(&self) -> Result<Progress, JournalError> {
        fold(&self.records)
    }
}

/// The progress that records describe.
///
/// # Errors
///
/// - there is no record
/// - the first record does not begin a plan that seals
/// - a later plan is not a back-out, or has another journal ID or trail
/// - a plan does not have the form of a plan
/// - a step is not in the plan, or begins before the steps ahead of it are verified
pub fn fold(records: &[Record]) -> Result<Progress, JournalError> {
    let mut rest = records.iter().enumerate();
    let mut progress = match rest.next() {
        None => return Err(JournalError::Empty),
        Some((_, Record::Begun { journal, plan, .. })) if plan.purpose == Purpose::Seal => {
            well_formed(plan).map_err(|why| out_of_place(0, why))?;
            Progress {
                journal: journal.clone(),
                remediation: Phase::begin(plan),
                back_out: None,
                created_key: None,
            }
        }
        Some(_) => return Err(out_of_place(0, "a journal begins with a plan that seals")),
    };
    for (index, record) in rest {
        progress.add(record).map_err(|why| out_of_place(index, why))?;
    }
    Ok(progress)
}

fn well_formed(plan: &Plan) -> Result<(), String> {
    plan_shape::fault(plan)
        .map_or(Ok(()), |why| Err(format!("this program does not make such a plan: {why}")))
}

fn out_of_place(index: usize, why: impl Into<String>) -> JournalError {
    JournalError::OutOfPlace { record: index + 1, why: why.into() }
}

impl Progress {
    pub fn current(&self) -> &Phase {
        self.back_out.as_ref().unwrap_or(&self.remediation)
    }

    /// The keys that a back-out reads: the plan's key and the trail's former key.
    pub fn keys(&self) -> Vec<KeyArn> {
        let plan = &self.remediation.plan;
        let former = plan.former_key.as_ref().and_then(KeyRef::arn);
        let mut keys: Vec<KeyArn> = plan.key_arn().into_iter().chain(former).cloned().collect();
        keys.dedup();
        keys
    }

    fn add(&mut self, record: &Record) -> Result<(), String> {
        match record {
            Record::Begun { journal, plan, .. } => {
                if *journal != self.journal {
                    return Err(format!("it belongs to journal `{journal}`"));
                }
                if plan.purpose != Purpose::BackOut {
                    return Err("only a back-out can follow".to_owned());
                }
                well_formed(plan)?;
                if plan.trail != self.remediation.plan.trail {
                    return Err("the back-out changes another trail".to_owned());
                }
                self.back_out = Some(Phase::begin(plan));
            }
            Record::Before { step, .. } => self.phase().before(*step)?,
            Record::Done { step, request_id, created_key, .. } => {
                self.phase().done(*step, request_id.as_deref())?;
                if let Some(created) = created_key {
                    self.bind(*step, created)?;
                }
            }
            Record::Verified { step, .. } => self.phase().verified(*step)?,
            Record::Stopped { step, why, is_refused, .. } => {
                self.phase().stop(step.filter(|_| *is_refused), why);
            }
            Record::Finished { .. } => self.phase().finish()?,
        }
        Ok(())
    }

    fn phase(&mut self) -> &mut Phase {
        self.back_out.as_mut().unwrap_or(&mut self.remediation)
    }

    fn bind(&mut self, step: StepId, created: &KeyArn) -> Result<(), String> {
        if step != StepId::CreateKey {
            return Err(format!("{step} does not create a key"));
        }
        self.remediation.plan = self.remediation.plan.clone().bind(created);
        self.created_key = Some(created.clone());
        Ok(())
    }
}

impl Phase {
    /// The plan with no step begun.
    pub fn begin(plan: &Plan) -> Self {
        let pending = |step: &Step| StepProgress {
            step: step.id,
            state: StepState::Pending,
            may_have_happened: false,
            is_refused: false,
            request_id: None,
        };
        Self {
            steps: plan.steps.iter().map(pending).collect(),
            plan: plan.clone(),
            stopped: None,
            is_finished: false,
        }
    }

    /// The first step that is not verified; `None` if all are.
    pub fn next(&self) -> Option<&StepProgress> {
        self.steps.iter().find(|step| step.state != StepState::Verified)
    }

    pub fn step(&self, id: StepId) -> Option<&StepProgress> {
        self.steps.iter().find(|step| step.step == id)
    }

    /// The first step that is not verified, if it is this one.
    fn current(&mut self, id: StepId) -> Result<&mut StepProgress, String> {
        let next = self.steps.iter_mut().find(|step| step.state != StepState::Verified);
        match next {
            Some(step) if step.step == id => {
                self.stopped = None;
                Ok(step)
            }
            Some(step) => Err(format!("{} comes before {id}", step.step)),
            None => Err(format!("all steps are verified, {id} included")),
        }
    }

    fn before(&mut self, id: StepId) -> Result<(), String> {
        let step = self.current(id)?;
        step.state = StepState::Uncertain;
        step.may_have_happened = true;
        step.is_refused = false;
        Ok(())
    }

    fn done(&mut self, id: StepId, request_id: Option<&str>) -> Result<(), String> {
        let step = self.current(id)?;
        if step.state != StepState::Uncertain {
            return Err(format!("{id} was not begun"));
        }
        step.state = StepState::Done;
        step.request_id = request_id.map(str::to_owned);
        Ok(())
    }

    fn verified(&mut self, id: StepId) -> Result<(), String> {
        if self.step(id).is_some_and(|step| step.state == StepState::Verified) {
            return Ok(());
        }
        self.current(id)?.state = StepState::Verified;
        Ok(())
    }

    fn stop(&mut self, refused: Option<StepId>, why: &str) {
        self.stopped = Some(why.to_owned());
        for step in self.steps.iter_mut().filter(|step| Some(step.step) == refused) {
            step.is_refused = step.state == StepState::Uncertain;
        }
    }

    fn finish(&mut self) -> Result<(), String> {
        if let Some(step) = self.next() {
            return Err(format!("{} is not verified", step.step));
        }
        self.stopped = None;
        self.is_finished = true;
        Ok(())
    }
}
