//! Builds the programs that tasks and tests run, in the profile `release`.
//!
//! Every build selects the whole workspace, because cargo unifies features over the selected
//! packages: with another selection it would compile the AWS SDK a second time. Only `package`
//! and `release` build a program by itself, so that what ships has no more features than it needs.

use crate::failure::Failure;
use crate::project::Project;
use crate::step::Step;

/// Builds every program of the workspace.
pub(crate) fn programs(project: &Project) -> Result<(), Failure> {
    Step::cargo(project, "build --release --workspace --bins", "see the errors above").run()
}

/// Builds the function and the lab only, with the same features as [`programs`].
pub(crate) fn function_and_lab(project: &Project) -> Result<(), Failure> {
    Step::cargo(
        project,
        "build --release --workspace --bin bootstrap --bin trailseal-lab",
        "see the errors above",
    )
    .run()
}
