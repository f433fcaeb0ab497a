//! Where a command writes, how it fails, and its exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use thiserror::Error;
use trailseal_rule::Timestamp;

use crate::report::Report;

/// The output streams and the clock of a command.
pub struct Console<'a> {
    /// Standard output: the report, or the text that the command prints.
    pub out: &'a mut dyn Write,
    /// Standard error: errors, notes and progress.
    pub err: &'a mut dyn Write,
    /// Whether `out` is a terminal; tables fit its width.
    pub out_is_terminal: bool,
    /// When the command began; the time of its evaluations.
    pub now: Timestamp,
    /// The clock, for the end of the command.
    pub clock: fn() -> Timestamp,
}

impl std::fmt::Debug for Console<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Console").field("now", &self.now).finish_non_exhaustive()
    }
}

impl Console<'_> {
    /// Writes one line to standard error; a closed stream is ignored.
    pub(crate) fn print_line(&mut self, line: &str) {
        let _is_closed = writeln!(self.err, "{line}");
    }

    /// Writes one error; if standard error is closed, the exit code still reports it.
    pub(crate) fn print_error(&mut self, line: &str) {
        let style = anstyle::AnsiColor::Red.on_default().bold();
        self.print_line(&format!("{style}error:{style:#} {line}"));
    }

    /// Writes something that the user should correct, although the result is whole.
    pub(crate) fn print_warning(&mut self, line: &str) {
        let style = anstyle::AnsiColor::Yellow.on_default().bold();
        self.print_line(&format!("{style}warning:{style:#} {line}"));
    }

    pub(crate) fn print_note(&mut self, line: &str) {
        self.print_line(&format!("note: {line}"));
    }
}

/// The exit codes of the commands that write a report, with what can prevent their start.
macro_rules! exit_codes {
    ($not_started:literal) => {
        concat!(
            "\
Exit codes (--fail-on and --exit-zero change 1 and 2):
  0  nothing is non-compliant
  1  something is non-compliant
  2  something could not be judged, or the command failed
  3  the command could not start: ",
            $not_started,
            "

Options have variables too, such as TRAILSEAL_FAIL_ON for --fail-on"
        )
    };
}
pub(crate) use exit_codes;

/// The exit code of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Nothing is non-compliant.
    Clean,
    /// Something is non-compliant.
    Findings,
    /// A failure, or a partial result.
    Failure,
    /// The command could not start: wrong usage, no credentials, or an unreadable file.
    NotStarted,
}

/// What a report may contain that makes the command fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// A non-compliant trail: exit code 1
    NonCompliant,
    /// A trail without enough evidence, also if it is reported as compliant: exit code 1
    Unverified,
    /// Something could not be judged: exit code 2
    Partial,
}

/// The options for the exit code of a report.
#[derive(Debug, Args)]
pub(crate) struct ExitArguments {
    /// Fail only because of these, separated by commas
    #[arg(long, value_enum, value_name = "LIST", value_delimiter = ',',
          default_values = ["non-compliant", "partial"])]
    pub(crate) fail_on: Vec<FailOn>,

    /// Exit with code 0 for every report; a failure to start, to read anything or to write the report
    /// still counts
    #[arg(long, conflicts_with = "fail_on")]
    pub(crate) exit_zero: bool,
}

impl Exit {
    /// A partial report is a failure: trails that were not evaluated may be non-compliant.
    pub(crate) fn of(report: &Report, arguments: &ExitArguments) -> Self {
        let fails_on = |what| !arguments.exit_zero && arguments.fail_on.contains(&what);
        let has = |number: usize| number > 0;
        if report.is_of_nothing() || !report.complete && fails_on(FailOn::Partial) {
            Self::Failure
        } else if has(report.summary.non_compliant) && fails_on(FailOn::NonCompliant)
            || has(report.summary.unverified) && fails_on(FailOn::Unverified)
        {
            Self::Findings
        } else {
            Self::Clean
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Clean => 0,
            Exit::Findings => 1,
            Exit::Failure => 2,
            Exit::NotStarted => 3,
        })
    }
}

/// Why a command failed.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// The command could not start: wrong usage, no credentials, or an unreadable file; one line for
    /// each fault.
    #[error("{}", .0.join("\n"))]
    NotStarted(Vec<String>),
    /// It started, but has no result.
    #[error("{}", .0.join("\n"))]
    Failed(Vec<String>),
    /// The output cannot be written.
    #[error("cannot write {what}: {error}")]
    Output {
        /// `to standard output`, or the file in backticks.
        what: String,
        error: io::Error,
    },
    /// The error is already printed.
    #[error("")]
    Reported,
}

impl Failure {
    pub(crate) fn failed(line: String) -> Self {
        Self::Failed(vec![line])
    }

    pub(crate) fn exit(&self) -> Exit {
        if matches!(self, Self::NotStarted(_)) { Exit::NotStarted } else { Exit::Failure }
    }

    /// Whether the reader closed the output, which is not an error.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output { error, .. } if error.kind() == io::ErrorKind::BrokenPipe)
    }

    pub(crate) fn standard_output(error: io::Error) -> Self {
        Self::Output { what: "to standard output".to_owned(), error }
    }
}
