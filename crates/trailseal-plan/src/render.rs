//! Plain text for people: plans, policy differences, AWS CLI commands, refusals and progress.

mod cli;
mod diff;
mod people;
mod progress;

use std::fmt;

pub use crate::render::cli::{aws_cli, iam_policy, shell_word};
pub use crate::render::diff::{indented, policy_diff};
pub use crate::render::people::{plan_for_people, refusals_for_people, step_text};
pub use crate::render::progress::progress_text;

/// A text of a journal or of AWS as a part of one line: a line break in it must not look like the end
/// of what it says.
fn one_line(text: impl fmt::Display) -> String {
    text.to_string().replace(char::is_control, "?")
}
