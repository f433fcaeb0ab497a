//! The command `trailseal`.
//!
//! `arguments` is the command line. `check` finds and reads files with `input`, which splits their
//! text into documents with `scan`. `inventory` keeps the trails of these documents, and `evidence`
//! the keys and buckets. `audit` reads the same from AWS. `report` evaluates each trail, `output`
//! writes the report, `compare` compares two reports, and `remediate` changes trails.
//!
//! *Architecture Invariant*: this crate decides nothing. `trailseal_rule::evaluate` decides, and the
//! report shows its result.
//! *Invariant of absence*: only `audit` and `remediate` use the network, and only
//! `remediate --apply` changes anything in AWS.

mod arguments;
mod audit;
mod check;
mod compare;
mod config;
mod console;
mod explain;
mod pages;
mod parameters;
mod remediate;
mod render;
mod settings;

mod input;
mod scan;

mod evidence;
mod inventory;
mod newest;

mod output;
mod report;

#[cfg(test)]
mod testing;

use std::ffi::OsString;

use clap::Parser;
use trailseal_rule::parameters_schema;

use crate::arguments::{Arguments, Command, SchemaOf};
use crate::compare::COMPARISON_SCHEMA;
use crate::config::config_schema;
use crate::console::Failure;
use crate::pages::{completions, manual_page};
use crate::remediate::REMEDIATION_SCHEMA;
use crate::report::{REPORT_SCHEMA, Run};

pub use crate::console::{Console, Exit};

/// Runs the command and prints its errors.
pub fn run(arguments: impl IntoIterator<Item = OsString>, console: &mut Console<'_>) -> Exit {
    let words: Vec<OsString> = arguments.into_iter().collect();
    let arguments = match Arguments::try_parse_from(&words) {
        Ok(arguments) => arguments,
        Err(error) => return print_usage(&error, console),
    };
    let words: Vec<String> =
        words.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    match dispatch(arguments.command, &words, console) {
        Ok(exit) => exit,
        Err(failure) if failure.is_broken_pipe() => Exit::Failure,
        Err(failure) => {
            for line in failure.to_string().lines() {
                console.print_error(line);
            }
            failure.exit()
        }
    }
}

/// `words` is the command line after the program, for the report.
fn dispatch(
    command: Command,
    words: &[String],
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let run = |command: &str| Run::begun(command, words, console.now);
    let text = match command {
        Command::Check(arguments) => return check::check(&arguments, run("check"), console),
        Command::Audit(arguments) => return audit::audit(&arguments, run("audit"), console),
        Command::Remediate(arguments) => return remediate::remediate(&arguments, console),
        Command::Render(arguments) => return render::render(&arguments, console),
        Command::Compare(arguments) => return compare::compare(&arguments, console),
        Command::Explain { check } => explain::explain(check.as_deref()),
        Command::Schema { of } => match of {
            SchemaOf::Parameters => format!("{:#}\n", parameters_schema()),
            SchemaOf::Config => format!("{:#}\n", config_schema()),
            SchemaOf::Report => REPORT_SCHEMA.to_owned(),
            SchemaOf::Remediation => REMEDIATION_SCHEMA.to_owned(),
            SchemaOf::Comparison => COMPARISON_SCHEMA.to_owned(),
        },
        Command::Completions { shell } => completions(shell),
        Command::Man { subcommand } => manual_page(subcommand.as_deref())?,
    };
    let out = &mut console.out;
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::standard_output)?;
    Ok(Exit::Clean)
}

/// Prints help and version to standard output, and usage errors to standard error.
fn print_usage(error: &clap::Error, console: &mut Console<'_>) -> Exit {
    let text = error.render().ansi().to_string();
    let (exit, out) = if error.use_stderr() {
        (Exit::NotStarted, &mut console.err)
    } else {
        (Exit::Clean, &mut console.out)
    };
    let written = writeln!(out, "{}", text.trim_end());
    if written.is_err() { Exit::Failure } else { exit }
}
