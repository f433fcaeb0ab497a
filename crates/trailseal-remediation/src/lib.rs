//! Applies a plan step by step, verifies each step, and keeps a journal for back-out.
//!
//! [`AwsReader`] reads the current state; `trailseal_plan` makes a plan from it; [`apply`] makes the
//! steps. A [`JournalWriter`] records each step before its call, and the effect is read back after
//! it. [`remediate_one`] does all of this for one trail.
//!
//! *Architecture Invariant*: only this crate changes trails and keys. The rule's function does not
//! depend on it and so can never write.
//! *Invariant of absence*: nothing here decides which steps there are, and nothing deletes.

#![expect(missing_docs, reason = "an item whose name says everything has no comment")]

mod clients;
mod failure;
mod wait;

mod observe;
mod read;

mod change;
mod journal_writer;

mod execute;
mod settle;

mod back_out;
mod post_check;
mod remediate_trail;

pub use crate::back_out::plan_back_out;
pub use crate::execute::{Applied, Notice, apply, begin};
pub use crate::failure::{Failure, Stop};
pub use crate::journal_writer::{JournalFile, JournalWriter, new_journal_id};
pub use crate::post_check::{DeliverySeen, PostCheck, post_check};
pub use crate::read::{AwsReader, Delegation};
pub use crate::remediate_trail::{Mode, RemediationOutcome, Request, remediate_one};
pub use crate::settle::{made_by, settle};
pub use crate::wait::WaitPolicy;
