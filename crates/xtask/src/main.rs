//! The tasks of this repository: `cargo xtask TASK`.
//!
//! Tasks install nothing outside the ignored folders `.tools`, `target` and `node_modules`.

mod build;
mod programs;
mod stages;
mod test;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use xtask::project::Project;

use crate::programs::{FuzzArguments, MutantsArguments};

/// The tasks of this repository.
#[derive(Debug, Parser)]
#[command(name = "xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Build the function and the lab, and run the function in the lab
    #[command(disable_help_flag = true)]
    Lab(PassedOn),
    /// Set everything up and run all tests, or the named stages only
    Test(test::Arguments),
    /// Build and pack the functions: cdk/assets/{bootstrap,remediation,hook,findings}-ARCH.zip
    #[command(disable_help_flag = true)]
    Package(PassedOn),
    /// Make target/trailseal-VERSION: functions, command, templates, SBOMs, checksums
    #[command(disable_help_flag = true)]
    Release(PassedOn),
    /// Deploy a template to AWS, or delete what this created: code bucket, code, stack, evaluation
    #[command(disable_help_flag = true)]
    Deploy(PassedOn),
    /// Write cdk/schema/rule-parameters.schema.json from the code
    Schema,
    /// Measure, and compare the results with their limits
    #[command(disable_help_flag = true)]
    Bench(PassedOn),
    /// Send many events, some with faults, through the function
    #[command(disable_help_flag = true)]
    Soak(PassedOn),
    /// Change the code in small ways and list the changes that no test detects
    Mutants(MutantsArguments),
    /// Run random input through the readers of events, key policies, plans, templates and inventories
    Fuzz(FuzzArguments),
}

/// Arguments of a task that another program reads.
#[derive(Debug, clap::Args)]
struct PassedOn {
    /// Arguments of the program that runs; `cargo xtask TASK -- --help` shows them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

fn main() -> Result<ExitCode> {
    let Arguments { task } = Arguments::parse();
    let project = Project::locate()?;
    match task {
        Task::Lab(PassedOn { arguments }) => return programs::lab(&project, &arguments),
        Task::Soak(PassedOn { arguments }) => return programs::soak(&project, &arguments),
        Task::Deploy(PassedOn { arguments }) => return programs::deploy(&project, &arguments),
        Task::Package(passed) => return programs::release(&project, "package", &passed.arguments),
        Task::Release(passed) => return programs::release(&project, "release", &passed.arguments),
        Task::Bench(passed) => return programs::release(&project, "bench", &passed.arguments),
        Task::Test(arguments) => test::run(&project, &arguments)?,
        Task::Schema => programs::schema(&project)?,
        Task::Mutants(arguments) => programs::mutants(&project, &arguments)?,
        Task::Fuzz(arguments) => programs::fuzz(&project, &arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(words: &str) -> Result<Task, clap::Error> {
        Arguments::try_parse_from(words.split_whitespace()).map(|arguments| arguments.task)
    }

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_lab_gets_its_arguments_unchanged() {
        for words in ["xtask lab -- --serve --help", "xtask lab --serve --help"] {
            let Ok(Task::Lab(PassedOn { arguments })) = parse(words) else { panic!("{words}") };
            assert_eq!(arguments, ["--serve", "--help"]);
        }
    }

    #[test]
    fn wrong_arguments_are_errors_with_exit_code_2() {
        for wrong in [
            "xtask",
            "xtask tets",
            "xtask test five",
            "xtask fuzz --seconds 0",
            "xtask fuzz events",
        ] {
            assert_eq!(parse(wrong).unwrap_err().exit_code(), 2, "{wrong}");
        }
    }
}
