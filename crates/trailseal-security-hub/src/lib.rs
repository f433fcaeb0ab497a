//! The AWS Lambda function that imports the findings of the rule into Security Hub.
//!
//! On a schedule, [`Importer::run`] reads the rule's parameters from AWS Config, evaluates the trails
//! of its account and Region as a scheduled run of the rule does, and imports one finding per trail,
//! with its cause and fix. Findings of trails that are gone become archived.
//!
//! *Invariant of absence*: no decision about a trail is made here, and no fact outlives a run.

mod error;
mod log;
mod plan;
mod run;
mod summary;

pub use crate::error::ImportError;
pub use crate::log::ImportLog;
pub use crate::run::Importer;
pub use crate::summary::Summary;
