//! Plans the steps that give a trail a working key, and the steps that back them out.
//!
//! CloudTrail stops delivering if the key of a trail does not admit it, so order matters. [`plan`]
//! takes the current state and the requested key, and returns a [`Plan`] as data or all reasons
//! against one. [`back_out`] takes a journal and returns the back-out as a plan.
//!
//! *Invariant of absence*: no network, no file, no clock, no environment, no thread and no `async`
//! in this crate. The same input always gives the same plan.

#![expect(missing_docs, reason = "an item whose name says everything has no comment")]

mod call;
mod condition;
mod current_state;
mod journal;
mod plan_data;
mod plan_shape;
mod policy;
mod refusal;

mod back_out;
mod permissions;
mod planning;
mod render;
mod resume;
mod shared_key;

pub use crate::back_out::{Force, back_out};
pub use crate::call::{Call, JOURNAL_TAG, KeyTarget};
pub use crate::condition::{Condition, Holds, Present, TrailBucket};
pub use crate::current_state::{
    Consent, CurrentState, KeyReadings, NewKey, Readers, RecordedPolicy, Tag, TargetKey,
};
pub use crate::journal::{
    Journal, JournalError, Phase, Progress, Record, StepProgress, StepState, fold, read_journal,
};
pub use crate::permissions::{every_action, permissions_left};
pub use crate::plan_data::{
    Cost, MayDecrypt, Permission, Plan, PlannedKey, PolicyChange, Purpose, ReaderAccess, Step,
    StepId, Undo, Warning, WarningCode,
};
pub use crate::planning::{parameters_for, plan};
pub use crate::policy::{MergeError, Merged, merge};
pub use crate::refusal::{PlanRefusal, RefusalCode, Refusals};
pub use crate::render::{
    aws_cli, iam_policy, indented, plan_for_people, policy_diff, progress_text,
    refusals_for_people, shell_word, step_text,
};
pub use crate::resume::{resumed, trail_before};
pub use crate::shared_key::is_policy_of_created_key;
