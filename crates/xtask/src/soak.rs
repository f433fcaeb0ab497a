//! `cargo xtask soak`: a great many events, with faults, through the real function.

use crate::build;
use crate::failure::Failure;
use crate::project::Project;
use crate::step::Step;

/// Builds everything and hands over to the program `soak` of the acceptance tests.
pub(crate) fn run(project: &Project, arguments: &[String]) -> Result<(), Failure> {
    build::programs(project)?;
    Step::new(project, project.release("soak"), "see what it said above")
        .env("TRAILSEAL_BOOTSTRAP", project.release("bootstrap"))
        .args(arguments)
        .hand_over()
}
