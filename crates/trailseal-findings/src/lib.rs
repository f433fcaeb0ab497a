//! Results as findings: their IDs, severities and texts, and the AWS Security Finding Format.
//!
//! The command and the function that imports findings into Security Hub write the same finding for
//! the same result, with the same ID, so that one updates what the other wrote.
//!
//! This crate has no network, file, clock, environment, thread or `async`. It decides nothing: every
//! verdict comes from `trailseal_rule`.

mod check;
mod identity;
pub mod severity;
mod state;
mod text;

mod asff;
mod judged;

pub use crate::asff::{CONTROL, Finding, GENERATOR, MEMBERS, TrailResult, Written, product_arn};
pub use crate::check::{CheckOutcome, CheckReport};
pub use crate::identity::{
    by_version, fingerprint, is_of_account, is_uid_of_trail, partition, uid_of_trail,
};
pub use crate::judged::{of_account_without_trails, of_judgement, region_source, trail_source};
pub use crate::state::TrailState;
pub use crate::text::{bounded, clean, clean_json, clean_lines, is_harmful, shown};
