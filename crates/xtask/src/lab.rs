//! `cargo xtask lab` and `cargo xtask soak`: the function in an AWS account on loopback.

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;

use crate::build;
use crate::project::{Project, exit_code, print};

/// Builds the function and the lab, and runs the function in the lab.
pub(crate) fn run(project: &Project, arguments: &[OsString]) -> Result<ExitCode> {
    if !project.release("bootstrap").is_file() {
        print(
            "Compiling the Lambda function and the lab. The first time takes 2 to 4 minutes on \
             two cores, later runs a few seconds.",
        )?;
    }
    build::function_and_lab(project)?;
    // Paths in the arguments start where the user is.
    project.shell().change_dir(env::current_dir()?);
    let mut lab = project.program(project.release("trailseal-lab"), "");
    let names_function =
        |argument: &OsString| argument.to_string_lossy().split('=').next() == Some("--bootstrap");
    if !arguments.iter().any(names_function) {
        lab = lab.arg("--bootstrap").arg(project.release("bootstrap"));
    }
    exit_code(lab.args(arguments))
}

/// Builds everything and runs the program `soak` of the acceptance tests.
pub(crate) fn soak(project: &Project, arguments: &[OsString]) -> Result<ExitCode> {
    build::programs(project)?;
    let soak = project
        .program(project.release("soak"), "")
        .env("TRAILSEAL_BOOTSTRAP", project.release("bootstrap"));
    exit_code(soak.args(arguments))
}
