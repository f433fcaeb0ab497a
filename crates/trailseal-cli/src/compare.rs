//! `trailseal compare`: what changed between two reports, and why.
//!
//! INVARIANT (decided elsewhere): the verdicts are those of the reports. A trail that a report does
//! not contain is gone only if the report shows that its account and Region were read.

mod change;
mod run;
mod side;
mod table;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use trailseal_rule::Timestamp;

use self::change::{Change, TrailChange};
use self::run::{Difference, differences};
use self::side::{TrailId, Trails};
use crate::console::{Console, Exit, Failure};
use crate::output::{
    Document, Format, Output, OutputParser, Screen, TableOptions, emit, outputs,
    refuse_to_overwrite, write_json,
};
use crate::report::{Report, Tool, parse_report, report_name, report_text};

/// The JSON Schema of what `-o json` writes.
pub(crate) const COMPARISON_SCHEMA: &str = include_str!("../schema/comparison-1.schema.json");

/// The version of the `-o json` format.
const COMPARISON_VERSION: u32 = 1;

const EXAMPLES: &str = "\
Examples:
  Compare an audit with the previous one:
    trailseal compare old.json new.json

  See what an upgrade changes, with the same files:
    trailseal check snapshots/ -o json=new.json
    trailseal compare report-0.1.0.json new.json

Exit codes (--exit-zero changes 1 and 2):
  0  nothing is worse
  1  a trail got worse: non-compliant, unverified, or not evaluated any more
  2  a report is partial, or the reports cannot be compared
  3  the command could not start: wrong usage, or a file that cannot be read";

/// Show which verdicts changed between two JSON reports, and why
///
/// A trail that NEW does not contain is deleted only if its account and Region were read; otherwise
/// it is not evaluated, which is worse. Copies of trails are not counted. Reads reports of 0.1.0.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompareArguments {
    /// The older report of `-o json`, or `-` for standard input
    #[arg(value_name = "OLD.json|-")]
    old: PathBuf,

    /// The newer report of `-o json`, or `-` for standard input
    #[arg(value_name = "NEW.json|-")]
    new: PathBuf,

    /// The format and file of the comparison (repeatable); without FILE or with `-`, standard
    /// output, which gets a table unless another format goes there
    #[arg(long, short = 'o', value_name = "FORMAT[=FILE]", value_parser = OutputParser::Comparison)]
    output: Vec<Output>,

    /// Exit with code 0 if the reports can be compared; failures to start or to write still count
    #[arg(long)]
    exit_zero: bool,

    /// Print only the comparison, warnings and errors
    #[arg(long, short)]
    quiet: bool,
}

/// The result of a comparison.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Comparison {
    version: u32,
    tool: Tool,
    /// Whether both reports are complete.
    complete: bool,
    old: Compared,
    new: Compared,
    summary: Counts,
    /// How the runs differ.
    run: Vec<Difference>,
    /// The trails that the reports differ about: worse, better, other, same.
    trails: Vec<TrailChange>,
}

/// One of the two reports.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Compared {
    file: String,
    tool_version: String,
    generated_at: Timestamp,
    complete: bool,
    /// The number of its trails without copies.
    trails: usize,
}

/// The number of trails by change.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    worse: usize,
    better: usize,
    other: usize,
    same: usize,
}

pub(crate) fn compare(
    arguments: &CompareArguments,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let table = TableOptions::default();
    let outputs = outputs(&arguments.output, table).map_err(Failure::NotStarted)?;
    let files = [arguments.old.as_path(), arguments.new.as_path()];
    if files.iter().all(|file| file.as_os_str() == "-") {
        let line = "only one report can be read from standard input: give the other as a file";
        return Err(Failure::NotStarted(vec![line.to_owned()]));
    }
    refuse_to_overwrite(files.into_iter(), &outputs)?;
    let (old, new) = read_both(&arguments.old, &arguments.new)?;
    let comparison = Comparison::of((&arguments.old, &old), (&arguments.new, &new));
    comparison.print_notes(arguments.quiet, console);
    emit(&comparison, &outputs, table, console)?;
    Ok(if arguments.exit_zero { Exit::Clean } else { comparison.exit() })
}

/// Both reports.
///
/// # Errors
///
/// A file that cannot be read, or else all faults of both reports.
fn read_both(old: &Path, new: &Path) -> Result<(Report, Report), Failure> {
    let texts = [report_text(old), report_text(new)];
    let unread: Vec<String> =
        texts.iter().filter_map(|text| text.as_ref().err().cloned()).collect();
    let [Ok(old_text), Ok(new_text)] = texts else { return Err(Failure::NotStarted(unread)) };
    match (parse_report(old, &old_text), parse_report(new, &new_text)) {
        (Ok(old), Ok(new)) => Ok((old, new)),
        (old, new) => {
            let faults = [old.err(), new.err()].into_iter().flatten().flatten();
            Err(Failure::Failed(faults.collect()))
        }
    }
}

impl Comparison {
    fn of((old_file, old): (&Path, &Report), (new_file, new): (&Path, &Report)) -> Self {
        let (before, after) = (Trails::of(old), Trails::of(new));
        // A report of 0.1.0 does not say how it was made.
        let has_same_words = old.tool == new.tool && old.run.is_some() == new.run.is_some();
        let ids: BTreeSet<&TrailId> = before.ids().chain(after.ids()).collect();
        let mut trails: Vec<TrailChange> = ids
            .into_iter()
            .filter_map(|id| {
                TrailChange::between(id, &before.side(id), &after.side(id), has_same_words)
            })
            .collect();
        let count = |change| trails.iter().filter(|trail| trail.change == change).count();
        let summary = Counts {
            worse: count(Change::Worse),
            better: count(Change::Better),
            other: count(Change::Other),
            same: count(Change::Same),
        };
        trails.retain(TrailChange::is_difference);
        trails.sort_by_key(|trail| trail.change);
        Self {
            version: COMPARISON_VERSION,
            tool: Tool::this(),
            complete: old.complete && new.complete,
            old: Compared::of(old_file, old),
            new: Compared::of(new_file, new),
            summary,
            run: differences(old, new),
            trails,
        }
    }

    fn print_notes(&self, is_quiet: bool, console: &mut Console<'_>) {
        let Self { old, new, .. } = self;
        if old.generated_at > new.generated_at {
            console.print_warning(&format!(
                "{} is later than {}: the older report comes first",
                old.file, new.file
            ));
        }
        for report in [old, new].into_iter().filter(|report| !report.complete && !is_quiet) {
            console.print_note(&format!(
                "{} is partial: `trailseal render` shows what was not evaluated",
                report.file
            ));
        }
    }

    /// A partial report is a failure: what it does not evaluate may be worse.
    fn exit(&self) -> Exit {
        match self.summary.worse {
            _ if !self.complete => Exit::Failure,
            0 => Exit::Clean,
            _ => Exit::Findings,
        }
    }
}

impl Compared {
    fn of(file: &Path, report: &Report) -> Self {
        Self {
            file: report_name(file),
            tool_version: report.tool.version.clone(),
            generated_at: report.generated_at,
            complete: report.complete,
            trails: report.own_trails().len(),
        }
    }
}

impl Document for Comparison {
    fn write(&self, format: Format, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
        if format == Format::Json { write_json(self, out) } else { table::write(self, screen, out) }
    }
}

#[cfg(test)]
pub(crate) mod tests;
