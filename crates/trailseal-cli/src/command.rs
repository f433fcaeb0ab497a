//! From the command line to the exit code.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use thiserror::Error;
use trailseal_rule::{Timestamp, parameters_schema};

use crate::arguments::{Arguments, Command, SchemaOf};
use crate::audit::audit;
use crate::check::check;
use crate::explain::explain;
use crate::output::{Screen, clean};
use crate::pages::{completions, manual_page};
use crate::remediate::{REMEDIATION_SCHEMA, remediate};
use crate::render::render;
use crate::report::{NotEvaluated, REPORT_SCHEMA, Report};

/// What the command stands in: where it writes, and what time it is.
pub struct Console<'a> {
    /// Findings, and whatever else was asked for.
    pub out: &'a mut dyn Write,
    /// Everything else.
    pub err: &'a mut dyn Write,
    /// Whether `out` is a terminal, whose width a table then keeps to.
    pub out_is_terminal: bool,
    /// Now.
    pub now: Timestamp,
}

impl std::fmt::Debug for Console<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Console").field("now", &self.now).finish_non_exhaustive()
    }
}

impl Console<'_> {
    pub(crate) fn screen(&self) -> Screen {
        let columns = (!self.out_is_terminal).then_some(crate::output::COLUMNS_ELSEWHERE);
        Screen { columns, is_styled: self.out_is_terminal }
    }

    /// Writes one line that is worth knowing beside the answer; if nobody reads it, nothing is lost.
    pub(crate) fn tell(&mut self, line: &str) {
        let _nobody_reads = writeln!(self.err, "{line}");
    }
}

/// How a run ended.
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
    /// What was not judged may be worse than what was, so that a partial report counts most.
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

/// What keeps the command from its work.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// The user asked for what cannot be; one line for each fault.
    #[error("{}", .0.join("\n"))]
    Usage(Vec<String>),
    /// The output cannot be written.
    #[error("cannot write {what}: {error}")]
    Output {
        /// Where to.
        what: String,
        /// Why.
        error: io::Error,
    },
    /// It was told already.
    #[error("")]
    EvidenceValue,
}

impl Failure {
    /// Whether it only means that whoever reads has had enough.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output { error, .. } if error.kind() == io::ErrorKind::BrokenPipe)
    }

    pub(crate) fn standard_output(error: io::Error) -> Self {
        Self::Output { what: "to standard output".to_owned(), error }
    }
}

/// Does what the command line asks for.
pub fn run(arguments: impl IntoIterator<Item = OsString>, console: &mut Console<'_>) -> Exit {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(told) => return tell(&told, console),
    };
    match dispatch(arguments.command, console) {
        Ok(exit) => exit,
        // Whoever reads has had enough: no fault of ours.
        Err(failure) if failure.is_broken_pipe() => Exit::Failure,
        Err(failure) => {
            for line in failure.to_string().lines() {
                print_error(console, line);
            }
            Exit::Failure
        }
    }
}

/// Writes one line to the errors; if nobody reads them, the exit code says it all the same.
pub(crate) fn print_error(console: &mut Console<'_>, line: &str) {
    let style = anstyle::AnsiColor::Red.on_default().bold();
    let _nobody_reads = writeln!(console.err, "{style}error:{style:#} {line}");
}

/// Writes a line that is worth knowing; if nobody reads it, nothing is lost.
pub(crate) fn note(console: &mut Console<'_>, line: &str) {
    console.tell(&format!("note: {line}"));
}

/// Writes what kept parts of the input from being judged, and which trails were not evaluated.
pub(crate) fn tell_problems(report: &Report, console: &mut Console<'_>) {
    for problem in &report.problems {
        print_error(console, &format!("{}: {}", clean(&problem.source), clean(&problem.message)));
    }
    for NotEvaluated { trail, reason, source } in report.not_evaluated() {
        let line = format!("{source}: trail {trail} was not evaluated: {reason}");
        print_error(console, &clean(&line));
    }
}

/// Help and version are answers; anything else that clap says is an error.
fn tell(told: &clap::Error, console: &mut Console<'_>) -> Exit {
    let text = told.render().ansi().to_string();
    let (exit, out) = if told.use_stderr() {
        (Exit::Failure, &mut console.err)
    } else {
        (Exit::Clean, &mut console.out)
    };
    let written = writeln!(out, "{}", text.trim_end());
    if written.is_err() { Exit::Failure } else { exit }
}

fn dispatch(command: Command, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let text = match command {
        Command::Check(arguments) => return check(&arguments, console),
        Command::Audit(arguments) => return audit(&arguments, console),
        Command::Remediate(arguments) => return remediate(&arguments, console),
        Command::Render(arguments) => return render(&arguments, console),
        Command::Explain(arguments) => explain(arguments.check.as_deref()),
        Command::Schema(arguments) => match arguments.of {
            SchemaOf::Parameters => format!("{:#}\n", parameters_schema()),
            SchemaOf::Report => REPORT_SCHEMA.to_owned(),
            SchemaOf::Remediation => REMEDIATION_SCHEMA.to_owned(),
        },
        Command::Completions(arguments) => completions(arguments.shell),
        Command::Man(arguments) => {
            let subcommand = arguments.subcommand.as_deref();
            manual_page(subcommand).map_err(|known| no_such_command(subcommand, &known))?
        }
    };
    let out = &mut console.out;
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::standard_output)?;
    Ok(Exit::Clean)
}

fn no_such_command(name: Option<&str>, known: &[String]) -> Failure {
    let name = clean(name.unwrap_or_default());
    let known = known.join("`, `");
    Failure::Usage(vec![format!("there is no command `{name}`: expected one of `{known}`")])
}
