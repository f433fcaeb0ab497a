//! The command `trailseal`: the rule's decision at a desk.
//!
//! The way through this crate is one-way: `arguments` say what is wanted; `input` finds and reads
//! files, with `scan` cutting text into pieces; `seen` makes of them trails, and `evidence` on keys
//! and buckets; `report` has the rule judge each trail and `output` writes what it said.
//!
//! *Architecture Invariant*: nothing is decided here. A trail and its facts go to
//! `trailseal_rule::evaluate`, and what that says is told, not weighed.
//! *Invariant of absence*: no network but for `audit` and `remediate`, and no change in AWS but for
//! `remediate --apply`.

mod arguments;
mod audit;
mod check;
mod command;
mod explain;
mod pages;
mod parameters;
mod remediate;
mod render;

mod input;
mod scan;

mod evidence;
mod inventory;
mod newest;

mod output;
mod report;

pub use crate::command::{Console, Exit, run};
