//! The tasks `package`, `release` and `bench` of `cargo xtask`.
//!
//! They are a program of their own because they read and write archives and programs: the other
//! tasks do not have to wait until the libraries for that are compiled.

mod archive;
mod bench;
mod package;
mod release;

use anyhow::Result;
use clap::{Parser, Subcommand};
use xtask::project::Project;

use crate::package::Architectures;

/// Pack, release and measure.
#[derive(Debug, Parser)]
#[command(name = "xtask-release", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Build and pack the functions: cdk/assets/{bootstrap,remediation,hook,findings}-ARCH.zip
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
    /// Measure, and compare the results with their limits
    Bench(bench::Arguments),
}

fn main() -> Result<()> {
    let Arguments { task } = Arguments::parse();
    let project = Project::locate()?;
    match task {
        Task::Package { architectures } => package::run(&project, &architectures),
        Task::Release { check, architectures } => release::run(&project, &architectures, check),
        Task::Bench(arguments) => bench::run(&project, arguments),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn wrong_arguments_are_errors_with_exit_code_2() {
        for wrong in [
            "xtask",
            "xtask package arm64",
            "xtask package --arch aarch64",
            "xtask release --checks",
            "xtask bench colt",
            "xtask bench --runs few",
        ] {
            let error = Arguments::try_parse_from(wrong.split_whitespace()).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{wrong}");
        }
    }
}
