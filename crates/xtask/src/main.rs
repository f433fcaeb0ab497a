//! The tasks of this repository: `cargo xtask TASK`.
//!
//! Tasks install nothing outside the ignored folders `.tools`, `target` and `node_modules`.

mod archive;
mod bench;
mod build;
mod package;
mod programs;
mod project;
mod release;
mod stages;
mod test;
mod tools;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::package::Architectures;
use crate::programs::FuzzArguments;
use crate::project::Project;

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
    Lab {
        /// Arguments of the lab; `cargo xtask lab -- --help` shows them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Set everything up and run all tests, or the named stages only
    Test(test::Arguments),
    /// Build and pack the functions: cdk/assets/{bootstrap,remediation}-ARCH.zip
    Package {
        #[command(flatten)]
        architectures: Architectures,
    },
    /// Make target/trailseal-VERSION: functions, command, templates, SBOMs, checksums
    Release {
        /// Build everything twice and compare the bytes
        #[arg(long)]
        check: bool,
        #[command(flatten)]
        architectures: Architectures,
    },
    /// Write cdk/schema/rule-parameters.schema.json from the code
    Schema,
    /// Measure, and compare the results with their limits
    Bench(bench::Arguments),
    /// Send many events, some with faults, through the function
    #[command(disable_help_flag = true)]
    Soak {
        /// Arguments of the soak program
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Change the rule in small ways and list the changes that no test detects
    Mutants {
        /// Only part K of N, counted from 0
        #[arg(long, value_name = "K/N")]
        shard: Option<String>,
    },
    /// Run random input through the readers of events and key policies
    Fuzz(FuzzArguments),
}

fn main() -> Result<ExitCode> {
    let Arguments { task } = Arguments::parse();
    let project = Project::locate()?;
    match task {
        Task::Lab { arguments } => return programs::lab(&project, &arguments),
        Task::Soak { arguments } => return programs::soak(&project, &arguments),
        Task::Test(arguments) => test::run(&project, &arguments)?,
        Task::Package { architectures } => package::run(&project, &architectures)?,
        Task::Release { check, architectures } => release::run(&project, &architectures, check)?,
        Task::Schema => programs::schema(&project)?,
        Task::Bench(arguments) => bench::run(&project, arguments)?,
        Task::Mutants { shard } => programs::mutants(&project, shard.as_deref())?,
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
            let Ok(Task::Lab { arguments }) = parse(words) else { panic!("{words}") };
            assert_eq!(arguments, ["--serve", "--help"]);
        }
    }

    #[test]
    fn wrong_arguments_are_errors_with_exit_code_2() {
        for wrong in [
            "xtask",
            "xtask tets",
            "xtask test five",
            "xtask package arm64",
            "xtask package --arch aarch64",
            "xtask release --checks",
            "xtask bench colt",
            "xtask bench --runs few",
            "xtask fuzz --seconds 0",
            "xtask fuzz events",
        ] {
            assert_eq!(parse(wrong).unwrap_err().exit_code(), 2, "{wrong}");
        }
    }
}
