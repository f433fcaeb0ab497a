//! The one way in which the tasks build.

use crate::failure::Failure;
use crate::project::Project;
use crate::step::Step;

/// Builds every program of the workspace in the profile `release`.
///
/// INVARIANT (one selection): the tasks always select the whole workspace, because cargo unifies
/// features over the packages that are selected. Another selection would compile the AWS SDK a
/// second time. Only `package` and `release` build what ships alone, so that it has its own features
/// and no more.
pub(crate) fn programs(project: &Project) -> Result<(), Failure> {
    Step::cargo(project, "build --release --workspace --bins", "see the errors above").run()
}
