//! The AWS Lambda function of the Trailseal rule: an event in, evaluations out.
//!
//! [`Function::answer`] parses, gathers, evaluates and submits. `Err` is a failure that a retry or a
//! person can fix; everything else becomes an evaluation.
//!
//! *Invariant of absence*: no decision about a trail is made here, and no fact outlives an
//! invocation.

mod environment;
mod error;
mod exemptions;
mod function;
mod json_lines;
mod judge;
mod run;
mod schedule;
mod time_limit;

mod log;

pub use crate::environment::{Environment, read_parameters};
pub use crate::error::{ExemptionsError, FunctionError, describe};
pub use crate::function::{Answer, Function, InvocationContext};
pub use crate::json_lines::JsonLines;
pub use crate::judge::{Judge, JudgedTrails, is_judged_here};
pub use crate::log::Log;
pub use crate::time_limit::TimeLimit;
