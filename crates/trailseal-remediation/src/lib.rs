//! Carries out a plan, each step verified before the next, with a journal to go back by.
//!
//! [`Reach`] reads the situation live; `trailseal_plan` makes a plan of it; [`carry_out`] makes its
//! steps, each announced in a [`Ledger`] before it is made and read back after it. [`remediate_one`]
//! is all of that for one trail.
//!
//! *Architecture Invariant*: this is the only crate that changes trails and keys. The evaluating
//! function does not depend on it, and so can never write.
//! *Invariant of absence*: nothing here decides which steps there are, and nothing deletes.

mod clients;
mod failure;
mod pace;

mod look;
mod present;
mod readers;

mod change;
mod ledger;

mod execute;
mod settle;

mod after;
mod back_out;
mod one;

mod function;

pub use crate::after::{Aftermath, DeliverySeen, aftermath};
pub use crate::back_out::plan_back_out;
pub use crate::execute::{Notice, begin, carry_out};
pub use crate::failure::{Failure, Stop};
pub use crate::function::{
    Event, EventFaults, Remediation, RemediationError, RemediationLog, read_parameters,
};
pub use crate::ledger::{JournalFile, Ledger, Remembered, new_journal_id};
pub use crate::look::{Delegation, Reach};
pub use crate::one::{Mode, Remedied, Request, remediate_one};
pub use crate::pace::Patience;
pub use crate::settle::{made_by, settle};
