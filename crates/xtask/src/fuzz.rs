//! `cargo xtask fuzz`: runs random input through the readers of events and key policies.
//!
//! The pinned stable toolchain builds the fuzz crate. cargo-fuzz needs nightly only for its
//! sanitizers, which look for the errors of unsafe code, and the workspace forbids unsafe code.

use anyhow::{Context, Result};

use crate::project::Project;
use crate::tools;

/// The fuzz crate.
const FOLDER: &str = "crates/trailseal-rule/fuzz";

const TARGETS: [&str; 2] = ["event", "key_policy"];

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How long to run each target
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// What to fuzz; everything if none is named
    #[arg(value_parser = TARGETS, value_name = "TARGET")]
    targets: Vec<String>,
}

/// Runs each target, starting from the kept seeds and from what earlier runs on this machine found.
pub(crate) fn run(project: &Project, arguments: &Arguments) -> Result<()> {
    tools::cargo_tool(project, &tools::FUZZ)?;
    let all = TARGETS.map(str::to_owned);
    let targets = if arguments.targets.is_empty() { &all[..] } else { &arguments.targets };
    targets.iter().try_for_each(|target| run_target(project, target, arguments.seconds))
}

fn run_target(project: &Project, target: &str, seconds: u32) -> Result<()> {
    let found = project.target().join("fuzz/corpus").join(target);
    project.shell().create_dir(&found)?;
    let fuzz = "fuzz run --release --debug-assertions --sanitizer none --fuzz-dir";
    project
        .program(project.tool("cargo-fuzz"), fuzz)
        .arg(project.root().join(FOLDER))
        .arg("--target-dir")
        .arg(project.target().join("fuzz"))
        .arg(target)
        .arg(found)
        .arg(project.root().join(FOLDER).join("corpus").join(target))
        .args(["--", &format!("-max_total_time={seconds}")])
        // The timeout is in seconds of real time: on a busy machine fast input takes long.
        .args(["-timeout=100", "-max_len=65536", "-print_final_stats=1"])
        .run()
        .context("turn the input in `crates/trailseal-rule/fuzz/artifacts` into a test")
}
