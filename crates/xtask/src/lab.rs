//! `cargo xtask lab`: the function at work in an AWS account on loopback.

use std::io::{self, Write};

use crate::build;
use crate::failure::Failure;
use crate::project::Project;
use crate::step::Step;

/// Builds the function and the lab, and runs the one in the other.
pub(crate) fn run(project: &Project, arguments: &[String]) -> Result<(), Failure> {
    if !project.release("bootstrap").is_file() {
        const FIRST_BUILD: &str = "Compiling the Lambda function and the lab. The first time takes \
                                   2 to 4 minutes on two cores, later runs a few seconds.";
        writeln!(io::stderr(), "{FIRST_BUILD}").map_err(Failure::output)?;
    }
    build::function_and_lab(project)?;
    let arguments = match arguments.split_first() {
        Some((first, rest)) if first == "--" => rest,
        Some(_) | None => arguments,
    };
    let mut step = Step::new(project, project.release("trailseal-lab"), "see what it said above")
        .within(&std::env::current_dir().map_err(|error| {
            Failure::task(format!("the current folder is not to be found ({error})"))
        })?);
    if !arguments.iter().any(|word| word == "--bootstrap" || word.starts_with("--bootstrap=")) {
        step = step.arg("--bootstrap").arg(project.release("bootstrap"));
    }
    step.args(arguments).hand_over()
}
