//! `cargo xtask bench` runs this: it measures the function and the rule against the lab, and writes
//! one line of JSON for each figure.
//!
//! *Invariant of absence*: this compares no figure with anything, and omits none.

mod bare;
mod cold;
mod figure;
mod instructions;
mod memory;
mod rule;
mod schedule;
mod testbed;
mod warm;

use std::env;
use std::error::Error;
use std::io::{Write, stderr};
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "usage: trailseal-bench cold|warm|instructions|schedule|memory|rule
  --function PATH  the function as it ships
  --empty PATH     a function that does nothing
  --bare PATH      a function that makes the same calls bare
  --python PATH    the Python of the usual alternative
  --rule FOLDER    where its `rule.py` is
  --folder FOLDER  where files may be written
  --runs N         how often";

fn main() -> ExitCode {
    match Settings::read(env::args().skip(1)).and_then(|settings| run(&settings)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _nowhere_left_to_say_so = writeln!(stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The settings of the command line.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    part: String,
    function: PathBuf,
    empty: PathBuf,
    bare: PathBuf,
    python: PathBuf,
    rule: PathBuf,
    folder: PathBuf,
    runs: Option<usize>,
}

impl Settings {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut settings = Self { part: words.next().ok_or(USAGE)?, ..Self::default() };
        while let Some(name) = words.next() {
            let value = words.next().ok_or(USAGE)?;
            match name.as_str() {
                "--function" => settings.function = value.into(),
                "--empty" => settings.empty = value.into(),
                "--bare" => settings.bare = value.into(),
                "--python" => settings.python = value.into(),
                "--rule" => settings.rule = value.into(),
                "--folder" => settings.folder = value.into(),
                "--runs" => settings.runs = Some(value.parse()?),
                _ => return Err(format!("there is no `{name}`\n{USAGE}").into()),
            }
        }
        Ok(settings)
    }
}

fn run(settings: &Settings) -> Result<(), Box<dyn Error>> {
    if settings.part == "rule" {
        return rule::measure();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match settings.part.as_str() {
            "cold" => cold::measure(settings).await,
            "warm" => warm::measure(settings).await,
            "instructions" => instructions::measure(settings).await,
            "schedule" => schedule::measure(settings).await,
            "memory" => memory::measure(settings).await,
            other => Err(format!("there is no part `{other}`\n{USAGE}").into()),
        }
    })
}
