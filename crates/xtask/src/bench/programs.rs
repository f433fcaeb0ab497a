//! The measuring programs, and what they measure.

use std::env;
use std::path::PathBuf;

use crate::bench::figure::{Figure, leaves};
use crate::failure::Failure;
use crate::package;
use crate::project::Project;
use crate::step::Step;
use crate::tools;

const ERRORS: &str = "see the errors above";

/// Programs that were built for a run.
#[derive(Debug)]
pub(crate) struct Programs {
    /// The function as it ships, and an empty one built the same way.
    function: PathBuf,
    empty: PathBuf,
    bench: PathBuf,
    bare: PathBuf,
}

impl Programs {
    /// Builds what the parts need.
    pub(crate) fn build(project: &Project, parts: &[&str]) -> Result<Self, Failure> {
        let needs = |part: &str| parts.contains(&part);
        let mut shipped = PathBuf::new();
        if parts.iter().any(|part| ["cold", "warm", "schedule", "memory"].contains(part)) {
            shipped = package::build_for_host(
                project,
                "trailseal-lambda --bin bootstrap --example empty_function",
            )?;
        }
        if parts.iter().any(|part| ["cold", "warm", "schedule", "memory", "rule"].contains(part)) {
            let what = "build --locked --profile dist --package trailseal-bench --bins";
            Step::cargo(project, what, ERRORS).run()?;
        }
        if needs("cold") {
            tools::python_rule(project)?;
        }
        let dist = project.target().join("dist");
        Ok(Self {
            function: shipped.join("bootstrap"),
            empty: shipped.join("examples/empty_function"),
            bench: dist.join("trailseal-bench"),
            bare: dist.join("bare-function"),
        })
    }

    /// Runs a part and takes its figures.
    pub(crate) fn measure(
        &self,
        project: &Project,
        part: &str,
        runs: Option<u32>,
        figures: &mut Vec<Figure>,
    ) -> Result<(), Failure> {
        let mut step = Step::new(project, &self.bench, ERRORS).arg(part);
        let rule = project.root().join("crates/trailseal-bench/python");
        for (name, path) in [
            ("--function", &self.function),
            ("--empty", &self.empty),
            ("--bare", &self.bare),
            ("--python", &project.tools().join("python-rule/bin/python")),
            ("--rule", &rule),
            ("--folder", &project.target().join("bench")),
        ] {
            step = step.arg(name).arg(path);
        }
        if let Some(runs) = runs {
            step = step.arg("--runs").arg(runs.to_string());
        }
        for line in step.output()?.lines() {
            figures.push(Figure::parse(line)?);
        }
        Ok(())
    }
}

/// Runs a measuring program of the command, or of its report, and takes the numbers of the object
/// that it prints last.
pub(crate) fn measure_command(
    project: &Project,
    part: &str,
    figures: &mut Vec<Figure>,
) -> Result<(), Failure> {
    const SHIPPED: &str = "build --locked --profile dist --package trailseal-cli --bins --examples";
    const RELEASE: &str = "build --release --workspace --bins --examples";
    Step::cargo(project, if part == "check" { SHIPPED } else { RELEASE }, ERRORS).run()?;
    let release = project.target().join("release");
    let step = match part {
        "check" => Step::new(project, example(project, "dist", "check_throughput"), ERRORS),
        "audit" => Step::new(project, example(project, "release", "audit_bench"), ERRORS),
        "html" => {
            tools::browser_packages(project)?;
            Step::new(project, "node", ERRORS)
                .arg("bench.mjs")
                .within(&project.browser_tests())
                .env("TRAILSEAL_PROGRAMS", release)
        }
        _ => Step::new(project, "python3", ERRORS).arg(project.root().join("tests/peers/audit.py")),
    };
    let said = step.output()?;
    let last = said.trim().lines().next_back().unwrap_or_default();
    let wrong = || Failure::task(format!("the measuring program of `{part}` said `{last}`"));
    for (name, value) in leaves(last).ok_or_else(wrong)? {
        let Ok(value) = value.parse() else { continue };
        let about = format!("trailseal {part}: {name}");
        figures.push(Figure::once(&format!("{part}.{name}"), &about, value, ""));
    }
    Ok(())
}

fn example(project: &Project, profile: &str, name: &str) -> PathBuf {
    project.target().join(profile).join("examples").join(name)
}

/// Whether a program is installed.
pub(crate) fn has(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
