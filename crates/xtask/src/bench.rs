//! `cargo xtask bench`: measures, and holds the figures against their bars.
//!
//! The measuring programs are others; this builds them, runs them and puts what they say into one
//! table and one file.

mod bars;
mod figure;
mod programs;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::bench::bars::{Row, rows};
use crate::bench::figure::{Figure, quoted};
use crate::bench::programs::Programs;
use crate::failure::Failure;
use crate::package;
use crate::package::architecture::Architecture;
use crate::project::Project;
use crate::tools;

/// The parts, in their order.
const PARTS: [&str; 9] =
    ["cold", "warm", "schedule", "memory", "size", "rule", "check", "audit", "html"];

/// Measured only where it is named: other tools have to be installed, of which one takes 2.3 GB.
const PEERS: &str = "peers";

#[derive(Debug, PartialEq, Eq)]
struct Arguments {
    parts: Vec<&'static str>,
    json: Option<PathBuf>,
    runs: Option<u32>,
}

/// Runs the named parts, or all.
pub(crate) fn run(project: &Project, words: &[String], out: &mut dyn Write) -> Result<(), Failure> {
    let arguments = Arguments::parse(words)?;
    let folder = project.target().join("bench");
    fs::create_dir_all(&folder).map_err(|error| Failure::file("create", &folder, &error))?;
    let programs = Programs::build(project, &arguments.parts)?;
    let mut figures = Vec::new();
    for part in &arguments.parts {
        writeln!(out, "==> {part}").map_err(Failure::output)?;
        measure(project, &programs, part, &arguments, &mut figures, out)?;
    }
    let rows = rows(&figures);
    write!(out, "\n{}", table(&rows)).map_err(Failure::output)?;
    let path = arguments.json.unwrap_or_else(|| folder.join("bench.json"));
    write_json(&path, &rows)?;
    writeln!(out, "\nthe same as JSON: {}", path.display()).map_err(Failure::output)
}

impl Arguments {
    fn parse(words: &[String]) -> Result<Self, Failure> {
        let mut arguments = Self { parts: Vec::new(), json: None, runs: None };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value =
                || words.next().ok_or_else(|| Failure::usage(format!("`{word}` needs a value")));
            match word.as_str() {
                "all" => arguments.parts.extend(PARTS),
                "--json" => arguments.json = Some(value()?.into()),
                "--runs" => {
                    let number = value()?;
                    let wrong = |_| Failure::usage(format!("`{number}` is no number of runs"));
                    arguments.runs = Some(number.parse().map_err(wrong)?);
                }
                name => {
                    let part = PARTS.into_iter().chain([PEERS]).find(|part| *part == name);
                    let part = part.ok_or_else(|| Failure::argument("bench", name))?;
                    arguments.parts.push(part);
                }
            }
        }
        if arguments.parts.is_empty() {
            arguments.parts.extend(PARTS);
        }
        Ok(arguments)
    }
}

fn measure(
    project: &Project,
    programs: &Programs,
    part: &str,
    arguments: &Arguments,
    figures: &mut Vec<Figure>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match part {
        "size" => sizes(project, figures, out),
        "warm" => {
            programs.measure(project, "warm", arguments.runs, figures)?;
            if programs::has("valgrind") {
                return programs.measure(project, "instructions", None, figures);
            }
            let words = "instructions are not counted: there is no `valgrind` (Debian: `apt-get \
                         install valgrind`)";
            writeln!(out, "{words}").map_err(Failure::output)
        }
        "html" if tools::chromium().is_none() => {
            let words = "the report is not measured: there is no Chromium (Debian: `apt-get install \
                         chromium`)";
            writeln!(out, "{words}").map_err(Failure::output)
        }
        "check" | "audit" | "html" | PEERS => programs::measure_command(project, part, figures),
        other => programs.measure(project, other, arguments.runs, figures),
    }
}

/// The archives of the architectures that can be built here.
fn sizes(project: &Project, figures: &mut Vec<Figure>, out: &mut dyn Write) -> Result<(), Failure> {
    for architecture in Architecture::ALL {
        let name = architecture.name();
        if !package::has_target(project, architecture)? {
            let words = "there is no standard library for it here: `rustup target add";
            let triple = architecture.triple();
            writeln!(out, "{name} is not measured: {words} {triple}`").map_err(Failure::output)?;
            continue;
        }
        let archive = package::archive(project, architecture)?;
        let bytes =
            fs::metadata(&archive).map_err(|error| Failure::file("read", &archive, &error))?.len();
        let about = format!("the archive for {name}");
        let megabytes = bytes as f64 / 1e6;
        figures.push(Figure::once(&format!("size.{name}"), &about, megabytes, "MB"));
    }
    Ok(())
}

fn table(rows: &[Row]) -> String {
    let mut text = String::new();
    let about = rows.iter().map(|row| row.figure.about.chars().count()).max().unwrap_or_default();
    for row in rows {
        let Row { figure, .. } = row;
        let value = format!("{} {}", shown(figure.value), figure.unit);
        let line =
            format!("{:<about$}  {value:>16}  {:>8}  {}", figure.about, ratio(row), said(row));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn ratio(row: &Row) -> String {
    row.ratio.map(|ratio| format!("{ratio:.2} x")).unwrap_or_default()
}

/// The bar, and whether it is met.
fn said(row: &Row) -> String {
    let Some(bar) = &row.bar else { return String::new() };
    let words = if bar.is_met { "met" } else { "NOT MET" };
    format!("{}: {words}", bar.words)
}

fn shown(value: f64) -> String {
    match value.abs() {
        1000.0.. => format!("{value:.0}"),
        100.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

fn write_json(path: &Path, rows: &[Row]) -> Result<(), Failure> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let lines: Vec<String> = rows.iter().map(line).collect();
    let text = format!("{{\"cores\":{cores},\"figures\":[\n{}\n]}}\n", lines.join(",\n"));
    fs::write(path, text).map_err(|error| Failure::file("write", path, &error))
}

fn line(row: &Row) -> String {
    let mut line = row.figure.line.trim_end_matches('}').to_owned();
    if let Some(ratio) = row.ratio {
        line.push_str(&format!(",\"ratio\":{ratio:.4}"));
    }
    if let Some(bar) = &row.bar {
        line.push_str(&format!(",\"bar\":{},\"met\":{}", quoted(&bar.words), bar.is_met));
    }
    format!("{line}}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Arguments, Failure> {
        Arguments::parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn all_parts_are_run_unless_some_are_named() {
        assert_eq!(parse(&[]).unwrap().parts, PARTS);
        assert_eq!(parse(&["all"]).unwrap().parts, PARTS);
        assert_eq!(parse(&["peers"]).unwrap().parts, [PEERS]);
        let some = parse(&["rule", "--runs", "5", "cold", "--json", "x.json"]).unwrap();
        assert_eq!(some.parts, ["rule", "cold"]);
        assert_eq!((some.runs, some.json), (Some(5), Some("x.json".into())));
    }

    #[test]
    fn wrong_arguments_are_refused() {
        for wrong in [&["colt"][..], &["--runs"], &["--runs", "few"], &["--json"]] {
            assert_eq!(parse(wrong).unwrap_err().exit_code(), 2, "{wrong:?}");
        }
    }

    #[test]
    fn what_is_told_is_shown_with_its_bar() {
        let figures = [
            Figure::once("cold.empty", "an empty one", 2.0, "ms"),
            Figure::once("cold.tls", "the function", 8.0, "ms"),
        ];
        let rows = rows(&figures);
        let text = table(&rows);
        assert!(text.contains("the function           8.00 ms    4.00 x  at most 3.5 x"), "{text}");
        assert!(text.contains("NOT MET"), "{text}");
        let json = rows.iter().map(line).collect::<Vec<_>>().join("\n");
        assert!(json.contains("\"ratio\":4.0000,\"bar\":\"at most 3.5 x an empty"), "{json}");
    }
}
