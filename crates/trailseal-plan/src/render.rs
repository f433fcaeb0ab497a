//! What people read: the plan, the difference of two policies, the AWS CLI's lines, the reasons
//! against a plan, and where things stand. Plain text, without colour.

mod cli;
mod diff;
mod people;
mod progress;

pub use crate::render::cli::{aws_cli, iam_policy, shell_word};
pub use crate::render::diff::{indented, policy_diff};
pub use crate::render::people::{plan_for_people, refusals_for_people, step_words};
pub use crate::render::progress::where_things_stand;
