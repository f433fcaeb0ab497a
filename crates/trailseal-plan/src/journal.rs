//! The journal of a plan that is carried out: its records as data, and where they say things
//! stand.
//!
//! One record a line, as JSON, each on disk before what it announces is done. A crash may tear the
//! last line: it is left out and told.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use trailseal_rule::{KeyArn, KeyRef, KeyState, Rotation, Timestamp};

use crate::plan_data::{Plan, StepId};

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
