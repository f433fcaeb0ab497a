//! The journal of a plan that is carried out: its records as data, and where they say things
//! stand.
//!
//! One record a line, as JSON, each on disk before what it announces is done. A crash may tear the
//! last line: it is left out and told.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use trailseal_rule::{KeyArn, KeyRef, KeyState, Rotation, Timestamp};

use crate::plan_data::{Plan, Purpose, Step, StepId};
use crate::plan_shape;

/// One line of a journal.
///
/// What follows a [`Record::Begun`] belongs to its plan, until the next one: the first is the plan
/// that seals, a later one a back-out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Record {
    /// A plan is about to be carried out.
    Begun {
        /// The journal's id, which the tag of a created key carries.
        journal: String,
        /// The plan.
        plan: Box<Plan>,
        /// When.
        time: Timestamp,
    },
    /// A step is about to be made: its call may have been made if nothing follows.
    Before {
        /// The step.
        step: StepId,
        /// What is there before it.
        former: Former,
        /// When.
        time: Timestamp,
    },
    /// AWS has answered the step's call with success.
    Done {
        /// The step.
        step: StepId,
        /// AWS's id of the request, where it was told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
        /// The key that was created.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        created_key: Option<KeyArn>,
        /// When.
        time: Timestamp,
    },
    /// What the step proves was read back, or was there already without it.
    Verified {
        /// The step.
        step: StepId,
        /// When.
        time: Timestamp,
    },
    /// It was not gone on with.
    Stopped {
        /// The step, where it was at one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<StepId>,
        /// Why.
        why: String,
        /// When.
        time: Timestamp,
    },
    /// The plan was carried out whole.
    Finished {
        /// When.
        time: Timestamp,
    },
}

/// What was there before a step, as far as the step changes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Former {
    /// Nothing: the step makes something new.
    Nothing,
    /// The trail's `KmsKeyId`; nothing where it has none.
    TrailKey(Option<KeyRef>),
    /// The key's policy document.
    KeyPolicy(String),
    /// The key's state.
    KeyState(KeyState),
    /// The key's rotation.
    Rotation(Rotation),
}

/// A journal, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// Its whole records.
    pub records: Vec<Record>,
    /// The bytes of the whole records, line ends included: what comes after is torn, and whoever
    /// goes on with the journal cuts it off first.
    pub whole_bytes: usize,
    /// Whether the last line was torn.
    pub is_torn: bool,
}

/// Where things stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The journal's id.
    pub journal: String,
    /// The plan that seals, and how far it has come.
    pub seal: Phase,
    /// The latest back-out, and how far it has come.
    pub back_out: Option<Phase>,
    /// The key that was created.
    pub created_key: Option<KeyArn>,
}

/// A plan, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// The plan; once its key is created, with that key's ARN.
    pub plan: Plan,
    /// Its steps, in order.
    pub steps: Vec<StepProgress>,
    /// Why it was not gone on with, if that is the last that was said.
    pub stopped: Option<String>,
    /// Whether it was carried out whole.
    pub is_finished: bool,
}

/// How far a step has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepProgress {
    /// The step.
    pub step: StepId,
    /// How far.
    pub state: StepState,
    /// What was there before the first attempt.
    pub former: Option<Former>,
    /// AWS's id of the request.
    pub request_id: Option<String>,
}

/// How far a step has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// It was not begun.
    Pending,
    /// It was begun: whether AWS has done it is not known.
    Uncertain,
    /// AWS said that it has done it; it was not read back.
    Done,
    /// It was done and read back.
    Verified,
}

/// Why a text is no journal.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum JournalError {
    /// There is no whole record: nothing was done.
    #[error("the journal has no whole record, so nothing was changed")]
    Empty,
    /// A line before the last is no record.
    #[error("line {line} of the journal is no record: {message}")]
    Garbled {
        /// The line, counted from one.
        line: usize,
        /// What the JSON reader said.
        message: String,
    },
    /// A record does not follow from those before it.
    #[error("record {record} of the journal cannot stand there: {why}")]
    OutOfPlace {
        /// The record, counted from one.
        record: usize,
        /// Why not.
        why: String,
    },
}

/// Reads a journal.
///
/// A last line that has no line end, or that cannot be read, was torn by a crash: it is left out and
/// told. What it would have said was not yet acted upon, or is read back from AWS.
///
/// # Errors
///
/// [`JournalError::Empty`] where not even the first record is whole, [`JournalError::Garbled`] where
/// another line than the last cannot be read.
pub fn read_journal(bytes: &[u8]) -> Result<Journal, JournalError> {
    let mut records = Vec::new();
    let mut whole_bytes = 0;
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    for (index, line) in lines.iter().enumerate() {
        let is_last = index + 1 == lines.len();
        match serde_json::from_slice(line) {
            Ok(record) if line.ends_with(b"\n") => records.push(record),
            Ok(_) => break,
            // A whole first line that is not a record was not written by a run.
            Err(_) if is_last && !(index == 0 && line.ends_with(b"\n")) => break,
            Err(error) => {
                return Err(JournalError::Garbled { line: index + 1, message: error.to_string() });
            }
        }
        whole_bytes += line.len();
    }
    if records.is_empty() {
        return Err(JournalError::Empty);
    }
    Ok(Journal { records, whole_bytes, is_torn: whole_bytes < bytes.len() })
}

impl Journal {
    /// Where things stand.
    ///
    /// # Errors
    ///
    /// As [`fold`].
    pub fn progress(&self) -> Result<Progress, JournalError> {
        fold(&self.records)
    }
}

/// Folds records into where things stand.
///
/// # Errors
///
/// There is none, or one cannot stand where it does: the first is no beginning of a plan that seals,
/// a later beginning is of no back-out or of another journal, a plan does not have the form that
/// every plan has, a step is none of the plan's, or is begun before those ahead of it are verified,
/// or what was there before it does not fit it.
pub fn fold(records: &[Record]) -> Result<Progress, JournalError> {
    let mut rest = records.iter().enumerate();
    let mut progress = match rest.next() {
        None => return Err(JournalError::Empty),
        Some((_, Record::Begun { journal, plan, .. })) if plan.purpose == Purpose::Seal => {
            well_formed(plan).map_err(|why| out_of_place(0, why))?;
            Progress {
                journal: journal.clone(),
                seal: Phase::begin(plan),
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
        .map_or(Ok(()), |why| Err(format!("this program makes no such plan: {why}")))
}

fn out_of_place(index: usize, why: impl Into<String>) -> JournalError {
    JournalError::OutOfPlace { record: index + 1, why: why.into() }
}

impl Progress {
    /// The phase that is or was last under way.
    #[must_use]
    pub fn current(&self) -> &Phase {
        self.back_out.as_ref().unwrap_or(&self.seal)
    }

    /// The keys that must be read to go on or to go back: the plan's, and the one that the trail had.
    #[must_use]
    pub fn keys(&self) -> Vec<KeyArn> {
        let former = match &self.seal.plan.former_key {
            Some(KeyRef::Key(arn)) => Some(arn),
            Some(
                KeyRef::AliasArn { .. }
                | KeyRef::Alias(_)
                | KeyRef::Id(_)
                | KeyRef::Unrecognized(_),
            )
            | None => None,
        };
        let mut keys: Vec<KeyArn> = Vec::new();
        for key in self.seal.plan.key_arn().into_iter().chain(former) {
            if !keys.contains(key) {
                keys.push(key.clone());
            }
        }
        keys
    }

    fn add(&mut self, record: &Record) -> Result<(), String> {
        match record {
            Record::Begun { journal, plan, .. } => {
                if *journal != self.journal {
                    return Err(format!("it is of another journal, `{journal}`"));
                }
                if plan.purpose != Purpose::BackOut {
                    return Err("only a back-out may follow".to_owned());
                }
                well_formed(plan)?;
                if plan.trail != self.seal.plan.trail {
                    return Err("the back-out is of another trail".to_owned());
                }
                self.back_out = Some(Phase::begin(plan));
            }
            Record::Before { step, former, .. } => self.phase().before(*step, former)?,
            Record::Done { step, request_id, created_key, .. } => {
                self.phase().done(*step, request_id.as_deref())?;
                if let Some(created) = created_key {
                    self.bind(*step, created)?;
                }
            }
            Record::Verified { step, .. } => self.phase().verified(*step)?,
            Record::Stopped { why, .. } => self.phase().stopped = Some(why.clone()),
            Record::Finished { .. } => self.phase().finish()?,
        }
        Ok(())
    }

    fn phase(&mut self) -> &mut Phase {
        self.back_out.as_mut().unwrap_or(&mut self.seal)
    }

    fn bind(&mut self, step: StepId, created: &KeyArn) -> Result<(), String> {
        if step != StepId::CreateKey {
            return Err(format!("{step} creates no key"));
        }
        self.seal.plan = self.seal.plan.clone().bind(created);
        self.created_key = Some(created.clone());
        Ok(())
    }
}

impl Phase {
    fn begin(plan: &Plan) -> Self {
        let pending = |step: &Step| StepProgress {
            step: step.id,
            state: StepState::Pending,
            former: None,
            request_id: None,
        };
        Self {
            steps: plan.steps.iter().map(pending).collect(),
            plan: plan.clone(),
            stopped: None,
            is_finished: false,
        }
    }

    /// The first step that is not verified; nothing where all are.
    #[must_use]
    pub fn next(&self) -> Option<&StepProgress> {
        self.steps.iter().find(|step| step.state != StepState::Verified)
    }

    /// How far a step has come.
    #[must_use]
    pub fn step(&self, id: StepId) -> Option<&StepProgress> {
        self.steps.iter().find(|step| step.step == id)
    }

    /// Only the first step that is not verified can be under way.
    fn under_way(&mut self, id: StepId) -> Result<&mut StepProgress, String> {
        let next = self.steps.iter_mut().find(|step| step.state != StepState::Verified);
        match next {
            Some(step) if step.step == id => {
                self.stopped = None;
                Ok(step)
            }
            Some(step) => Err(format!("{} comes before {id}", step.step)),
            None => Err(format!("no step is left, and {id} least of all")),
        }
    }

    fn before(&mut self, id: StepId, former: &Former) -> Result<(), String> {
        if !plan_shape::is_former_of(&self.plan, id, former) {
            return Err(format!("what was there before {id} does not fit the plan"));
        }
        let step = self.under_way(id)?;
        step.state = StepState::Uncertain;
        // What was there before the first attempt is what a back-out restores.
        step.former.get_or_insert_with(|| former.clone());
        Ok(())
    }

    fn done(&mut self, id: StepId, request_id: Option<&str>) -> Result<(), String> {
        let step = self.under_way(id)?;
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
        self.under_way(id)?.state = StepState::Verified;
        Ok(())
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

impl StepProgress {
    /// Whether the step's call was made, or may have been: then a back-out has to look at it. What
    /// was there already without a call is nobody's to take back.
    #[must_use]
    pub fn may_have_happened(&self) -> bool {
        self.former.is_some()
    }
}
