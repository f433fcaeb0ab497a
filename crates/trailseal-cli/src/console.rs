//! Where a command writes, how it fails, and its exit code.

use std::io::{self, Write};
use std::process::ExitCode;

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

/// The exit code of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Nothing is non-compliant.
    Clean,
    /// Something is non-compliant.
    Findings,
    /// Wrong usage, a failure, or a partial result.
    Failure,
}

impl Exit {
    /// A partial report is a failure: trails that were not evaluated may be non-compliant.
    pub(crate) fn of(report: &Report) -> Self {
        if !report.complete {
            Self::Failure
        } else if report.summary.non_compliant > 0 {
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
        })
    }
}

/// Why a command failed.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// Wrong usage, or a failure before anything was written; one line for each fault.
    #[error("{}", .0.join("\n"))]
    Usage(Vec<String>),
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
    /// Whether the reader closed the output, which is not an error.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output { error, .. } if error.kind() == io::ErrorKind::BrokenPipe)
    }

    pub(crate) fn standard_output(error: io::Error) -> Self {
        Self::Output { what: "to standard output".to_owned(), error }
    }
}
