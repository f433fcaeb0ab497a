//! The measuring programs, and what they measure.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::bench::FAULTS;
use crate::bench::figure::{Figure, numbers};
use crate::package;
use crate::package::architecture::Architecture;
use xtask::project::{Project, print};
use xtask::tools;

/// Programs that were built for a run.
#[derive(Debug)]
pub(crate) struct Programs {
    /// The functions as they ship, and an empty one built in the same way.
    function: PathBuf,
    hook: PathBuf,
    empty: PathBuf,
    /// The function's calls with the SDK, and without it.
    sdk: PathBuf,
    bare: PathBuf,
    bench: PathBuf,
}

impl Programs {
    pub(crate) fn build(project: &Project, parts: &[String]) -> Result<Self> {
        let needs = |names: &[&str]| parts.iter().any(|part| names.contains(&part.as_str()));
        let mut shipped = PathBuf::new();
        if needs(&["cold", "warm", "schedule", "memory"]) {
            let targets = "trailseal-lambda --bin bootstrap --example empty_function \
                           --example sdk_calls";
            shipped = package::build(project, Architecture::host()?, targets)?;
        }
        if needs(&["cold"]) {
            package::build(project, Architecture::host()?, "trailseal-hook --bin hook")?;
        }
        if needs(&["cold", "warm", "schedule", "memory", "rule"]) {
            let bench = "build --locked --profile dist --package trailseal-bench --bins";
            project.cargo(bench).run()?;
        }
        if needs(&["cold", FAULTS]) {
            let requirements = ["crates/xtask/requirements/python-rule.txt"];
            tools::virtual_environment(project, "python-rule", &requirements)?;
        }
        let dist = project.target().join("dist");
        Ok(Self {
            function: shipped.join("bootstrap"),
            hook: shipped.join("hook"),
            empty: shipped.join("examples/empty_function"),
            sdk: shipped.join("examples/sdk_calls"),
            bare: dist.join("bare-function"),
            bench: dist.join("trailseal-bench"),
        })
    }

    /// Runs a part and adds its figures.
    pub(crate) fn measure(
        &self,
        project: &Project,
        part: &str,
        runs: Option<u32>,
        figures: &mut Vec<Figure>,
    ) -> Result<()> {
        let mut bench = project.program(&self.bench, part);
        for (name, path) in [
            ("--function", &self.function),
            ("--hook", &self.hook),
            ("--empty", &self.empty),
            ("--sdk", &self.sdk),
            ("--bare", &self.bare),
            ("--python", &project.tools().join("python-rule/bin/python")),
            ("--rule", &project.root().join("crates/trailseal-bench/python")),
            ("--folder", &project.target().join("bench")),
        ] {
            bench = bench.arg(name).arg(path);
        }
        if let Some(runs) = runs {
            bench = bench.args(["--runs", &runs.to_string()]);
        }
        for line in bench.read()?.lines() {
            figures.push(Figure::parse(line)?);
        }
        Ok(())
    }
}

/// The part of `peers` that compares answers about documents.
pub(crate) const DOCUMENTS: &str = "peers.documents";

/// Runs a measuring program of the command, or of its report, and adds the numbers of the object
/// that it prints last.
pub(crate) fn measure_command(
    project: &Project,
    part: &str,
    figures: &mut Vec<Figure>,
) -> Result<()> {
    const SHIPPED: &str = "build --locked --profile dist --package trailseal-cli --bins --examples";
    const INVENTORY: &str =
        "build --locked --profile dist --package trailseal-logs --example inventory_bench";
    const LOGS: &str = "build --locked --profile dist --package trailseal-cli --bin trailseal \
                        --example logs_bench";
    const PREVIEW: &str =
        "build --locked --profile dist --package trailseal-template --example preview_bench";
    const RELEASE: &str = "build --release --workspace --bins --examples";
    project
        .cargo(match part {
            "check" | "audit" => SHIPPED,
            "inventory" => INVENTORY,
            "logs" => LOGS,
            "preview" => PREVIEW,
            _ => RELEASE,
        })
        .run()?;
    let _in_folder = (part == "html").then(|| project.shell().push_dir("tests/browser"));
    let program = match part {
        "check" => project.program(project.target().join("dist/examples/check_throughput"), ""),
        "audit" => project.program(project.target().join("dist/examples/audit_bench"), ""),
        "logs" => project.program(project.target().join("dist/examples/logs_bench"), ""),
        "preview" => project.program(project.target().join("dist/examples/preview_bench"), ""),
        "inventory" => {
            tools::python(project)?;
            let program = project.target().join("dist/examples/inventory_bench");
            project.program(program, "").arg("--python").arg(project.python())
        }
        "html" => {
            tools::node_packages(project, "tests/browser")?;
            project
                .program("node", "bench.mjs")
                .env("TRAILSEAL_PROGRAMS", project.target().join("release"))
        }
        FAULTS => project.program("python3", "-B tests/peers/faults.py"),
        DOCUMENTS => {
            tools::checkov(project)?;
            project.program(tools::checkov_python(project), "-B tests/peers/preview.py")
        }
        _ => project.program("python3", "tests/peers/audit.py"),
    };
    let printed = program.read()?;
    let (table, last) = printed.rsplit_once('\n').unwrap_or(("", &printed));
    if [FAULTS, DOCUMENTS].contains(&part) {
        print(table)?;
    }
    let document: Value = serde_json::from_str(last)
        .with_context(|| format!("the measuring program of `{part}` printed `{last}`, not JSON"))?;
    for (name, value) in numbers(&document) {
        let about = format!("trailseal {part}: {name}");
        figures.push(Figure::new(&format!("{part}.{name}"), &about, value, ""));
    }
    Ok(())
}
