//! `cargo xtask bench` runs this: it measures the function and the rule against the lab, and writes
//! one line of JSON for each figure.
//!
//! *Invariant of absence*: this compares no figure with anything, and omits none.

mod bare;
mod cold;
mod delay;
mod figure;
mod instructions;
mod memory;
mod rule;
mod schedule;
mod testbed;
mod warm;

use std::error::Error;
use std::io::{Write, stderr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

/// Measures the function and the rule.
#[derive(Debug, Parser)]
pub(crate) struct Settings {
    part: Part,
    /// The function as it ships
    #[arg(long)]
    function: PathBuf,
    /// The function of the CloudFormation Hook as it ships
    #[arg(long)]
    hook: PathBuf,
    /// A function that does nothing
    #[arg(long)]
    empty: PathBuf,
    /// A function that makes the same calls with the SDK, and nothing else
    #[arg(long)]
    sdk: PathBuf,
    /// A function that makes the same calls bare
    #[arg(long)]
    bare: PathBuf,
    /// The Python of the usual alternative
    #[arg(long)]
    python: PathBuf,
    /// The folder of its `rule.py`
    #[arg(long)]
    rule: PathBuf,
    /// The folder for files
    #[arg(long)]
    folder: PathBuf,
    /// How often to measure
    #[arg(long)]
    runs: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Cold,
    Warm,
    Instructions,
    Schedule,
    Memory,
    Rule,
}

fn main() -> ExitCode {
    match run(&Settings::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _nowhere_left_to_say_so = writeln!(stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(settings: &Settings) -> Result<(), Box<dyn Error>> {
    if settings.part == Part::Rule {
        return rule::measure();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match settings.part {
            Part::Cold => cold::measure(settings).await,
            Part::Warm => warm::measure(settings).await,
            Part::Instructions => instructions::measure(settings).await,
            Part::Schedule => schedule::measure(settings).await,
            Part::Memory => memory::measure(settings).await,
            Part::Rule => Ok(()),
        }
    })
}
