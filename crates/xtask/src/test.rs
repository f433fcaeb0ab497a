//! `cargo xtask test`: runs stages one after the other and prints the time of each.

use std::time::Instant;

use anyhow::{Context, Result};

use crate::stages::{STAGES, Stage};
use xtask::project::{Project, print};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// List the stages and do nothing
    #[arg(long)]
    list: bool,
    /// What to run; everything if none is named
    #[arg(value_parser = STAGES.map(|stage| stage.name), value_name = "STAGE")]
    stages: Vec<String>,
}

/// Runs all stages, or the named ones, in the order of [`STAGES`].
pub(crate) fn run(project: &Project, arguments: &Arguments) -> Result<()> {
    if arguments.list {
        return STAGES
            .iter()
            .try_for_each(|stage| print(&format!("{:<10} {}", stage.name, stage.about)));
    }
    let mut timings = Vec::new();
    let outcome = run_stages(project, &STAGES, &arguments.stages, &mut timings);
    print(&table(&timings))?;
    outcome
}

fn run_stages(
    project: &Project,
    stages: &[Stage],
    names: &[String],
    timings: &mut Vec<(&'static str, f64)>,
) -> Result<()> {
    let is_selected = |stage: &&Stage| names.is_empty() || names.iter().any(|it| it == stage.name);
    for stage in stages.iter().filter(is_selected) {
        print(&format!("==> {}: {}", stage.name, stage.about))?;
        let start = Instant::now();
        let outcome = (stage.run)(project);
        let seconds = start.elapsed().as_secs_f64();
        timings.push((stage.name, seconds));
        outcome.with_context(|| format!("stage `{}` failed", stage.name))?;
        print(&format!("==> {}: {seconds:.1} seconds", stage.name))?;
    }
    Ok(())
}

fn table(timings: &[(&'static str, f64)]) -> String {
    let total = ("total", timings.iter().map(|(_, seconds)| seconds).sum());
    let rows = timings.iter().chain([&total]);
    let rows: String = rows.map(|(name, seconds)| format!("{name:<10} {seconds:>8.1}\n")).collect();
    format!("\n{:<10} {:>8}\n{rows}", "stage", "seconds")
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAGES: [Stage; 3] = [
        Stage { name: "one", about: "the first", run: |_| Ok(()) },
        Stage { name: "two", about: "the second", run: |_| anyhow::bail!("out of flour") },
        Stage { name: "three", about: "the third", run: |_| Ok(()) },
    ];

    fn run(names: &[&str]) -> (Result<()>, Vec<(&'static str, f64)>) {
        let names: Vec<String> = names.iter().copied().map(str::to_owned).collect();
        let mut timings = Vec::new();
        let project = Project::locate().unwrap();
        (run_stages(&project, &STAGES, &names, &mut timings), timings)
    }

    #[test]
    fn stages_run_in_their_own_order_and_are_timed() {
        let (outcome, timings) = run(&["three", "one"]);
        assert!(outcome.is_ok());
        let text = table(&timings);
        let names: Vec<&str> =
            text.lines().filter_map(|line| line.split_whitespace().next()).collect();
        assert_eq!(names, ["stage", "one", "three", "total"]);
    }

    #[test]
    fn the_first_stage_that_fails_ends_the_run_with_its_name() {
        let (outcome, timings) = run(&[]);
        assert_eq!(format!("{:#}", outcome.unwrap_err()), "stage `two` failed: out of flour");
        assert_eq!(timings.len(), 2);
    }
}
