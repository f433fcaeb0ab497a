//! `cargo xtask fuzz`: feeds made-up input to the readers of events and key policies.
//!
//! The fuzz crate is built by the pinned stable toolchain. cargo-fuzz needs a nightly one only for
//! its sanitizers, which look for the errors of unsafe code, and the workspace forbids that.

use std::fs;
use std::path::Path;

use crate::failure::Failure;
use crate::project::Project;
use crate::step::Step;
use crate::tools;

const TARGETS: [&str; 2] = ["event", "key_policy"];
const SECONDS_DEFAULT: u32 = 60;

/// What the command line asks for.
#[derive(Debug, PartialEq)]
struct Arguments {
    seconds: u32,
    targets: Vec<&'static str>,
}

/// Runs each target for a number of seconds, from the seeds that are kept and what earlier runs
/// on this machine have found.
pub(crate) fn run(project: &Project, arguments: &[String]) -> Result<(), Failure> {
    let arguments = Arguments::parse(arguments)?;
    tools::cargo_tool(project, &tools::FUZZ)?;
    for target in &arguments.targets {
        run_target(project, target, arguments.seconds)?;
    }
    Ok(())
}

fn run_target(project: &Project, target: &str, seconds: u32) -> Result<(), Failure> {
    let found = project.target().join("fuzz/corpus").join(target);
    create(&found)?;
    Step::new(
        project,
        project.tool("cargo-fuzz"),
        "the input is in `crates/trailseal-rule/fuzz/artifacts`; make it a test, then mend the code",
    )
    .words("fuzz run --release --debug-assertions --sanitizer none --fuzz-dir")
    .arg(project.fuzz())
    .arg("--target-dir")
    .arg(project.target().join("fuzz"))
    .arg(target)
    .arg(found)
    .arg(project.fuzz().join("corpus").join(target))
    .arg("--")
    .arg(format!("-max_total_time={seconds}"))
    // Seconds by the clock: on a busy machine a quick input takes long.
    .words("-timeout=100 -max_len=65536 -print_final_stats=1")
    .run()
}

fn create(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| Failure::file("create", folder, &error))
}

impl Arguments {
    fn parse(words: &[String]) -> Result<Self, Failure> {
        let mut arguments = Self { seconds: SECONDS_DEFAULT, targets: Vec::new() };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--seconds" {
                let seconds = words.next().and_then(|text| text.parse().ok());
                arguments.seconds = seconds.filter(|seconds| *seconds > 0).ok_or_else(|| {
                    Failure::usage("`--seconds` needs a number of seconds above 0")
                })?;
            } else if let Some(target) = TARGETS.iter().find(|target| *target == word) {
                arguments.targets.push(target);
            } else {
                return Err(Failure::argument("fuzz", word));
            }
        }
        if arguments.targets.is_empty() {
            arguments.targets.extend(TARGETS);
        }
        Ok(arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Arguments, Failure> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Arguments::parse(&words)
    }

    #[test]
    fn all_targets_run_unless_some_are_named() {
        let all = Arguments { seconds: SECONDS_DEFAULT, targets: TARGETS.to_vec() };
        assert_eq!(parse(&[]).unwrap(), all);
        let one = Arguments { seconds: 5, targets: vec!["key_policy"] };
        assert_eq!(parse(&["--seconds", "5", "key_policy"]).unwrap(), one);
    }

    #[test]
    fn wrong_arguments_are_refused() {
        for wrong in [&["--seconds"][..], &["--seconds", "0"], &["--seconds", "x"], &["events"]] {
            assert_eq!(parse(wrong).unwrap_err().exit_code(), 2, "{wrong:?}");
        }
    }
}
