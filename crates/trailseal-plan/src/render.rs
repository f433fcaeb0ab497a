//! Plain text for people: plans, policy differences, AWS CLI commands, refusals and progress.

mod cli;
mod diff;
mod people;
mod progress;

pub use crate::render::cli::{aws_cli, iam_policy, shell_word};
pub use crate::render::diff::{indented, policy_diff};
pub use crate::render::people::{plan_for_people, refusals_for_people, step_text};
pub use crate::render::progress::progress_text;
