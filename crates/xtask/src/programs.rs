//! Tasks that build or install a program and run it.

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use crate::build;
use xtask::project::{Project, exit_code, print};
use xtask::tools;

const SCHEMA: &str = "cdk/schema/rule-parameters.schema.json";

const FUZZ_CRATE: &str = "crates/trailseal-rule/fuzz";

const FUZZ_TARGETS: [&str; 5] = ["event", "key_policy", "parquet", "plan", "template"];

/// Builds the functions and the lab, and runs the functions in the lab.
pub(crate) fn lab(project: &Project, arguments: &[OsString]) -> Result<ExitCode> {
    if !project.release("bootstrap").is_file() {
        print(
            "Compiling the Lambda function and the lab. The first time takes 2 to 4 minutes on \
             two cores, later runs a few seconds.",
        )?;
    }
    build::functions_and_lab(project)?;
    // Paths in the arguments are relative to the user's folder.
    project.shell().change_dir(env::current_dir()?);
    let mut lab = project.program(project.release("trailseal-lab"), "");
    for (option, program) in [("--bootstrap", "bootstrap"), ("--hook", "hook")] {
        let is_named =
            |argument: &OsString| argument.to_string_lossy().split('=').next() == Some(option);
        if !arguments.iter().any(is_named) {
            lab = lab.arg(option).arg(project.release(program));
        }
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

/// Deploys to AWS, or deletes what it deployed, with the program in `cdk/deploy`.
pub(crate) fn deploy(project: &Project, arguments: &[OsString]) -> Result<ExitCode> {
    tools::deployment(project)?;
    // Paths in the arguments are relative to the user's folder.
    project.shell().change_dir(env::current_dir()?);
    let python = project.program(tools::deployment_python(project), "-B");
    exit_code(python.arg(project.root().join("cdk/deploy/main.py")).args(arguments))
}

/// Runs a task of the package `xtask-release`.
///
/// In the root cargo selects all packages, with the features that they have in every other build.
pub(crate) fn release(project: &Project, task: &str, arguments: &[OsString]) -> Result<ExitCode> {
    let run = project.cargo("run --release --bin xtask-release --").arg(task);
    exit_code(run.args(arguments))
}

/// Writes the JSON Schema with which the deployment validates the rule's parameters.
pub(crate) fn schema(project: &Project) -> Result<()> {
    project.cargo("build --release --workspace --example parameters_schema").run()?;
    let example = project.release("examples/parameters_schema");
    let schema = project.program(example, "").output()?.stdout;
    let is_current = project.shell().read_binary_file(SCHEMA).is_ok_and(|old| old == schema);
    project.shell().write_file(SCHEMA, schema)?;
    print(&format!("{}: {SCHEMA}", if is_current { "unchanged" } else { "written" }))
}

/// What can be mutated. `.cargo/mutants` has a file of settings for each: how mutants are built,
/// and which tests they run.
const MUTATED: [&str; 3] = ["rule", "template", "logs"];

#[derive(Debug, clap::Args)]
pub(crate) struct MutantsArguments {
    /// Only part K of N, counted from 0
    #[arg(long, value_name = "K/N")]
    shard: Option<String>,
    /// The crates of the rule, the readers of templates and plans, or the readers of lists of log
    /// files; all if none is named
    #[arg(value_parser = MUTATED, default_values_t = MUTATED.map(str::to_owned),
          hide_default_value = true, value_name = "PART")]
    parts: Vec<String>,
}

/// Runs cargo-mutants over each part; a missed mutant fails after all parts have run.
pub(crate) fn mutants(project: &Project, arguments: &MutantsArguments) -> Result<()> {
    tools::cargo_tool(project, tools::MUTANTS)?;
    let mut missed = Vec::new();
    for part in &arguments.parts {
        let packages = match part.as_str() {
            "template" => "--package trailseal-template",
            "logs" => "--package trailseal-logs",
            _ => "--package config-rule --package resource-policy --package trailseal-rule",
        };
        let folder = project.shell().create_dir(project.target().join("mutants").join(part))?;
        let words = format!("mutants {packages} --jobs 2 --config .cargo/mutants/{part}.toml");
        let run = project.program(project.tool("cargo-mutants"), &words);
        let run = run.arg("--output").arg(&folder);
        // In turns, so that each shard has mutants of each package: the unchanged code is tested
        // only for the packages that have some.
        let shard = |shard| ["--sharding", "round-robin", "--shard", shard];
        let shard = arguments.shard.iter().flat_map(|one| shard(one));
        if let Err(error) = run.args(shard).run() {
            missed.push(format!("{part}: {error}; see `{}/mutants.out`", folder.display()));
        }
    }
    ensure!(missed.is_empty(), "add a test for each missed mutant: {}", missed.join("; "));
    Ok(())
}

#[derive(Debug, clap::Args)]
pub(crate) struct FuzzArguments {
    /// How long to run each target
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// What to fuzz; everything if none is named
    #[arg(value_parser = FUZZ_TARGETS, default_values_t = FUZZ_TARGETS.map(str::to_owned),
          hide_default_value = true, value_name = "TARGET")]
    targets: Vec<String>,
}

/// Fuzzes each target, starting from the kept seeds and the inputs that earlier runs on this
/// machine found.
///
/// The pinned stable toolchain builds the fuzz crate. cargo-fuzz needs nightly only for its
/// sanitizers, which look for the errors of unsafe code, and the workspace forbids unsafe code.
pub(crate) fn fuzz(project: &Project, arguments: &FuzzArguments) -> Result<()> {
    tools::cargo_tool(project, tools::FUZZ)?;
    let seconds = arguments.seconds;
    for target in &arguments.targets {
        let found = project.target().join("fuzz/corpus").join(target);
        project.shell().create_dir(&found)?;
        let fuzz = "fuzz run --release --debug-assertions --sanitizer none --fuzz-dir";
        project
            .program(project.tool("cargo-fuzz"), fuzz)
            .arg(project.root().join(FUZZ_CRATE))
            .arg("--target-dir")
            .arg(project.target().join("fuzz"))
            .arg(target)
            .arg(found)
            .arg(project.root().join(FUZZ_CRATE).join("corpus").join(target))
            .args(["--", &format!("-max_total_time={seconds}")])
            // The timeout is in seconds of real time: on a busy machine fast input takes long.
            .args(["-timeout=100", "-max_len=65536", "-print_final_stats=1"])
            .run()
            .context("turn the input in `crates/trailseal-rule/fuzz/artifacts` into a test")?;
    }
    Ok(())
}
