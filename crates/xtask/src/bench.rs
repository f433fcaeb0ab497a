//! `cargo xtask bench`: measures, and compares the figures with their limits.
//!
//! Other programs measure; this builds and runs them, and puts what they print into one table and
//! one file.

mod figure;
mod limits;
mod programs;

use std::path::PathBuf;

use anyhow::Result;
use serde_json::{Value, json};

use crate::bench::figure::Figure;
use crate::bench::limits::{Row, rows};
use crate::bench::programs::Programs;
use crate::package;
use crate::package::architecture::Architecture;
use crate::project::{Project, print};
use crate::tools;

/// The parts, in their order.
const PARTS: [&str; 9] =
    ["cold", "warm", "schedule", "memory", "size", "rule", "check", "audit", "html"];

/// Every part.
const ALL: &str = "all";

/// Measured only if it is named: it installs other tools, one of which takes 2.3 GB.
const PEERS: &str = "peers";

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What to measure; all but `peers` if nothing is named. `peers` installs other tools
    #[arg(value_name = "PART", value_parser = [
        "cold", "warm", "schedule", "memory", "size", "rule", "check", "audit", "html", ALL, PEERS,
    ])]
    parts: Vec<String>,
    /// Where to write the results, instead of target/bench/bench.json
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// How often to measure each figure
    #[arg(long, value_name = "N")]
    runs: Option<u32>,
}

impl Arguments {
    fn parts(&self) -> Vec<String> {
        let all = || PARTS.map(str::to_owned).to_vec();
        let expand = |part: &String| if part == ALL { all() } else { vec![part.clone()] };
        if self.parts.is_empty() { all() } else { self.parts.iter().flat_map(expand).collect() }
    }
}

/// Measures the named parts, or all.
pub(crate) fn run(project: &Project, arguments: Arguments) -> Result<()> {
    let folder = project.shell().create_dir(project.target().join("bench"))?;
    let parts = arguments.parts();
    let programs = Programs::build(project, &parts)?;
    let mut figures = Vec::new();
    for part in &parts {
        print(&format!("==> {part}"))?;
        measure(project, &programs, part, arguments.runs, &mut figures)?;
    }
    let rows = rows(&figures);
    print(&format!("\n{}", table(&rows)))?;
    let path = arguments.json.map_or_else(
        || Ok(folder.join("bench.json")),
        // A relative path starts where the user is.
        std::path::absolute,
    )?;
    project.shell().write_file(&path, document(&rows)?)?;
    print(&format!("as JSON: {}", path.display()))
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
            if programs::has("valgrind") {
                return programs.measure(project, "instructions", None, figures);
            }
            print("instructions are not counted: install valgrind (`apt-get install valgrind`)")
        }
        "html" if tools::chromium().is_none() => {
            print("the report is not measured: install Chromium (`apt-get install chromium`)")
        }
        "check" | "audit" | "html" | PEERS => programs::measure_command(project, part, figures),
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
        let bytes = std::fs::metadata(package::rule_function(project, architecture)?)?.len();
        let about = format!("the archive for {name}");
        figures.push(Figure::new(&format!("size.{name}"), &about, bytes as f64 / 1e6, "MB"));
    }
    Ok(())
}

fn table(rows: &[Row]) -> String {
    let mut text = String::new();
    let about = rows.iter().map(|row| row.figure.about.chars().count()).max().unwrap_or_default();
    for Row { figure, ratio, limit } in rows {
        let value = format!("{} {}", rounded(figure.value), figure.unit);
        let ratio = ratio.map(|ratio| format!("{ratio:.2} x")).unwrap_or_default();
        let limit = limit.as_ref().map(|limit| {
            format!("{}: {}", limit.text, if limit.is_met { "met" } else { "NOT MET" })
        });
        let limit = limit.unwrap_or_default();
        let line = format!("{:<about$}  {value:>16}  {ratio:>8}  {limit}", figure.about);
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

/// All rows as a JSON document.
fn document(rows: &[Row]) -> Result<String> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let figures: Vec<Value> = rows.iter().map(object).collect();
    Ok(serde_json::to_string_pretty(&json!({"cores": cores, "figures": figures}))?)
}

fn object(row: &Row) -> Value {
    let mut members = row.figure.members.clone();
    if let Some(ratio) = row.ratio {
        members.insert("ratio".to_owned(), json!(ratio));
    }
    if let Some(limit) = &row.limit {
        members.insert("limit".to_owned(), json!(limit.text));
        members.insert("met".to_owned(), json!(limit.is_met));
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(names: &[&str]) -> Vec<String> {
        let parts = names.iter().copied().map(str::to_owned).collect();
        Arguments { parts, json: None, runs: None }.parts()
    }

    #[test]
    fn all_parts_run_unless_some_are_named() {
        assert_eq!(parts(&[]), PARTS);
        assert_eq!(parts(&["all"]), PARTS);
        assert_eq!(parts(&["rule", "peers"]), ["rule", "peers"]);
    }

    #[test]
    fn figures_are_shown_with_their_limits() {
        let figures = [
            Figure::new("cold.empty", "an empty one", 2.0, "ms"),
            Figure::new("cold.tls", "the function", 8.0, "ms"),
        ];
        let rows = rows(&figures);
        let text = table(&rows);
        assert!(text.contains("the function           8.00 ms    4.00 x  at most 3.5 x"), "{text}");
        assert!(text.contains("NOT MET"), "{text}");
        let Value::Object(tls) = object(&rows[1]) else { panic!("not an object") };
        assert_eq!(tls.get("ratio"), Some(&json!(4.0)));
        assert_eq!(tls.get("limit"), Some(&json!("at most 3.5 x an empty function")));
        assert_eq!(tls.get("met"), Some(&json!(false)));
    }
}
