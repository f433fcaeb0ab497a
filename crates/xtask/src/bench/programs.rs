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
        if parts.iter().any(|part| !["size", "check", "audit"].contains(part)) {
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

/// Runs a measuring program of the command and takes the numbers of the object that it prints.
pub(crate) fn measure_command(
    project: &Project,
    part: &str,
    figures: &mut Vec<Figure>,
) -> Result<(), Failure> {
    let (build, folder, example) = match part {
        "check" => (
            "build --locked --profile dist --package trailseal-cli --bins --examples",
            "dist",
            "check_throughput",
        ),
        _ => ("build --release --workspace --bins --examples", "release", "audit_bench"),
    };
    Step::cargo(project, build, ERRORS).run()?;
    let program = project.target().join(folder).join("examples").join(example);
    let said = Step::new(project, program, ERRORS).output()?;
    let wrong = || Failure::task(format!("`{example}` said `{}`", said.trim()));
    let numbers = leaves(&said).ok_or_else(wrong)?;
    for (name, value) in numbers {
        let Ok(value) = value.parse() else { continue };
        let about = format!("trailseal {part}: {name}");
        figures.push(Figure::once(&format!("{part}.{name}"), &about, value, ""));
    }
    Ok(())
}

/// Whether a program is installed.
pub(crate) fn has(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
