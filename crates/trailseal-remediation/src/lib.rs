//! Carries out a plan, each step verified before the next, with a journal to go back by.
//!
//! [`AwsReader`] reads the current state live; `trailseal_plan` makes a plan of it; [`carry_out`] makes its
//! steps, each announced in a [`JournalWriter`] before it is made and read back after it. [`remediate_one`]
//! is all of that for one trail.
//!
//! *Architecture Invariant*: this is the only crate that changes trails and keys. The evaluating
//! function does not depend on it, and so can never write.
//! *Invariant of absence*: nothing here decides which steps there are, and nothing deletes.

mod clients;
mod failure;
mod wait;

mod observe;
mod read;
mod readers;

mod change;
mod journal_writer;

mod execute;
mod settle;

mod back_out;
mod post_check;
mod remediate_trail;

pub use crate::back_out::plan_back_out;
pub use crate::execute::{Notice, begin, carry_out};
pub use crate::failure::{Failure, Stop};
pub use crate::journal_writer::{InMemoryJournal, JournalFile, JournalWriter, new_journal_id};
pub use crate::post_check::{DeliverySeen, PostCheck, post_check};
pub use crate::read::{AwsReader, Delegation};
pub use crate::remediate_trail::{Mode, RemediationOutcome, Request, remediate_one};
pub use crate::settle::{made_by, settle};
pub use crate::wait::WaitPolicy;
