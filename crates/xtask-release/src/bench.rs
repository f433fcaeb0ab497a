//! `cargo xtask bench`: measures, and compares the figures with their limits.
//!
//! Other programs measure; this builds and runs them, and collects their figures in one table and
//! one file.

mod figure;
mod limits;
mod programs;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::bench::figure::Figure;
use crate::bench::limits::{compare, not_compared};
use crate::bench::programs::Programs;
use crate::package;
use crate::package::architecture::Architecture;
use xtask::project::{Project, print};
use xtask::tools;

const PARTS: [&str; 14] = [
    "cold",
    "warm",
    "schedule",
    "memory",
    "size",
    "rule",
    "check",
    "audit",
    "html",
    "inventory",
    "logs",
    "preview",
    FAULTS,
    PEERS,
];

/// Counts instead of measuring.
const FAULTS: &str = "faults";

/// The documents of `preview` beside checkov, then an account beside other tools. Measured only if it
/// is named: it installs the tools, one of which takes 2.3 GB.
const PEERS: &str = "peers";

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What to measure; all but `peers` if nothing is named. `peers` installs other tools
    #[arg(value_name = "PART", value_parser = PARTS)]
    parts: Vec<String>,
    /// How often to measure each figure
    #[arg(long, value_name = "N")]
    runs: Option<u32>,
}

/// Measures the named parts, or all; fails at the end if a limit is not met.
pub(crate) fn run(project: &Project, arguments: Arguments) -> Result<()> {
    let folder = project.shell().create_dir(project.target().join("bench"))?;
    let mut parts = arguments.parts;
    if parts.is_empty() {
        parts.extend(PARTS.into_iter().filter(|part| *part != PEERS).map(str::to_owned));
    }
    let programs = Programs::build(project, &parts)?;
    let mut figures = Vec::new();
    for part in &parts {
        print(&format!("==> {part}"))?;
        measure(project, &programs, part, arguments.runs, &mut figures)?;
    }
    print(&format!("\n{}", table(&figures)))?;
    let missing = not_compared(&parts, &figures);
    if !missing.is_empty() {
        print(&format!("not compared with their limits: {}", missing.join(", ")))?;
    }
    let path = folder.join("bench.json");
    project.shell().write_file(&path, document(&figures)?)?;
    print(&format!("as JSON: {}", path.display()))?;
    let unmet = unmet(&figures);
    ensure!(unmet.is_empty(), "limits that are not met: {}", unmet.join("; "));
    Ok(())
}

/// The names of the figures whose limit is not met.
fn unmet(figures: &[Figure]) -> Vec<&str> {
    let is_unmet =
        |figure: &&Figure| compare(figure, figures).is_some_and(|compared| !compared.is_met);
    figures.iter().filter(is_unmet).map(|figure| figure.text("about")).collect()
}

fn measure(
    project: &Project,
    programs: &Programs,
    part: &str,
    runs: Option<u32>,
    figures: &mut Vec<Figure>,
) -> Result<()> {
    match part {
        "size" => sizes(project, figures),
        "warm" => {
            programs.measure(project, "warm", runs, figures)?;
            if tools::on_path("valgrind").is_some() {
                return programs.measure(project, "instructions", None, figures);
            }
            print("instructions are not counted: install valgrind (`apt-get install valgrind`)")
        }
        "html" if tools::chromium().is_none() => {
            print("the report is not measured: install Chromium (`apt-get install chromium`)")
        }
        PEERS => {
            programs::measure_command(project, programs::DOCUMENTS, figures)?;
            programs::measure_command(project, PEERS, figures)
        }
        "check" | "audit" | "html" | "inventory" | "logs" | "preview" | FAULTS => {
            programs::measure_command(project, part, figures)
        }
        other => programs.measure(project, other, runs, figures),
    }
}

/// The archives of the architectures that can be built here.
fn sizes(project: &Project, figures: &mut Vec<Figure>) -> Result<()> {
    for architecture in Architecture::ALL {
        let (name, triple) = (architecture.name(), architecture.triple());
        if !architecture.is_installed(project)? {
            print(&format!("{name} is not measured: run `rustup target add {triple}`"))?;
            continue;
        }
        let of_rule = package::rule_function(project, architecture)?;
        let of_hook = package::hook_function(project, architecture)?;
        for (archive, id, about) in [
            (of_rule, "size", "the archive for"),
            (of_hook, "size.hook", "the archive of the Hook for"),
        ] {
            let megabytes = std::fs::metadata(archive)?.len() as f64 / 1e6;
            let (id, about) = (format!("{id}.{name}"), format!("{about} {name}"));
            figures.push(Figure::new(&id, &about, megabytes, "MB"));
        }
    }
    Ok(())
}

fn table(figures: &[Figure]) -> String {
    let mut text = String::new();
    let about = figures.iter().map(|it| it.text("about").chars().count()).max().unwrap_or_default();
    for figure in figures {
        let value = format!("{} {}", rounded(figure.value()), figure.text("unit"));
        let (mut ratio, mut limit) = (String::new(), String::new());
        if let Some(compared) = compare(figure, figures) {
            ratio = compared.ratio.map(|ratio| format!("{ratio:.2} x")).unwrap_or_default();
            limit =
                format!("{}: {}", compared.limit, if compared.is_met { "met" } else { "NOT MET" });
        }
        let line = format!("{:<about$}  {value:>16}  {ratio:>8}  {limit}", figure.text("about"));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn rounded(value: f64) -> String {
    match value.abs() {
        1000.0.. => format!("{value:.0}"),
        100.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

fn document(figures: &[Figure]) -> Result<String> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let objects: Vec<Value> = figures.iter().map(|figure| object(figure, figures)).collect();
    Ok(serde_json::to_string_pretty(&json!({"cores": cores, "figures": objects}))?)
}

fn object(figure: &Figure, figures: &[Figure]) -> Value {
    let mut members = figure.0.clone();
    if let Some(compared) = compare(figure, figures) {
        members.extend(compared.ratio.map(|ratio| ("ratio".to_owned(), json!(ratio))));
        members.insert("limit".to_owned(), json!(compared.limit));
        members.insert("met".to_owned(), json!(compared.is_met));
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_shown_with_their_limits() {
        let figures = [
            Figure::new("cold.empty", "an empty one", 2.0, "ms"),
            Figure::new("cold.tls", "the function", 8.0, "ms"),
        ];
        let text = table(&figures);
        assert!(text.contains("the function           8.00 ms    4.00 x  at most 3.5 x"), "{text}");
        assert!(text.contains("NOT MET"), "{text}");
        assert_eq!(unmet(&figures), ["the function"]);
        assert!(unmet(&figures[..1]).is_empty());
        let tls = object(&figures[1], &figures);
        assert_eq!(tls["ratio"], 4.0);
        assert_eq!(tls["limit"], "at most 3.5 x an empty function");
        assert_eq!(tls["met"], false);
    }
}
