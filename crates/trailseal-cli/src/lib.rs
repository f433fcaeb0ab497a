//! The command `trailseal`.
//!
//! `arguments` is the command line; `settings` adds the file of `--config`, which `config` reads, and
//! `environment` the variables that set options. `check` finds and reads files with `input`, which splits their
//! text into documents with `scan`. `inventory` keeps the trails of these documents, and `evidence`
//! the keys and buckets. `audit` reads the same from AWS. `report` evaluates each trail, `output`
//! writes the report, `preview` judges trails of templates before they exist, `compare` compares two reports, `logs` reads delivered log files, and
//! `remediate` changes trails.
//!
//! *Architecture Invariant*: this crate decides nothing. `trailseal_rule::evaluate` decides, and the
//! report shows its result.
//! *Invariant of absence*: only `audit`, `logs` and `remediate` use the network, and only
//! `remediate --apply` changes anything in AWS.

mod arguments;
mod audit;
mod check;
mod compare;
mod config;
mod console;
mod environment;
mod explain;
mod logs;
mod pages;
mod parameters;
mod preview;
mod remediate;
mod render;
mod settings;

mod input;
mod scan;

mod evidence;
mod inventory;
mod log_files;
mod newest;

mod output;
mod report;

#[cfg(test)]
mod testing;

use std::ffi::OsString;
use std::io::ErrorKind;

use clap::{CommandFactory as _, FromArgMatches as _};
use trailseal_rule::{exemptions_schema, parameters_schema};

use crate::arguments::{Arguments, Command, SchemaOf};
use crate::compare::COMPARISON_SCHEMA;
use crate::config::config_schema;
use crate::console::Failure;
use crate::environment::{
    is_quiet, misspelled, variables_overridden, variables_set, variables_used, with_variables,
    without_secrets,
};
use crate::logs::LOGS_SCHEMA;
use crate::pages::{completions, manual_page};
use crate::remediate::REMEDIATION_SCHEMA;
use crate::report::{CommandLine, REPORT_SCHEMA, Run};

pub use crate::console::{Console, Exit};

/// Runs the command and prints its errors.
pub fn run(arguments: impl IntoIterator<Item = OsString>, console: &mut Console<'_>) -> Exit {
    let words: Vec<OsString> = arguments.into_iter().collect();
    let mut command = with_variables(Arguments::command());
    let parsed = command.try_get_matches_from_mut(&words).and_then(|matches| {
        let variables = variables_used(&command, &matches);
        let overridden = variables_overridden(&command, &matches);
        Ok((Arguments::from_arg_matches(&matches)?, variables, overridden, is_quiet(&matches)))
    });
    let (arguments, environment, overridden, is_quiet) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return print_usage(&command, &error, console),
    };
    let words: Vec<String> =
        words.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    if !environment.is_empty() && !is_quiet {
        let names = environment.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        console.print_note(&format!("options from the environment: {names}"));
    }
    if !overridden.is_empty() && !is_quiet {
        let names = overridden.join(", ");
        console.print_note(&format!("overridden by options of the command line: {names}"));
    }
    if !is_quiet {
        for warning in misspelled(&command) {
            console.print_warning(&warning);
        }
    }
    let command_line = CommandLine { words: without_secrets(&command, &words), environment };
    match dispatch(arguments.command, command_line, console) {
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

fn dispatch(
    command: Command,
    command_line: CommandLine,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let now = console.now;
    let run = |command: &str| Run::begun(command, command_line, now);
    let text = match command {
        Command::Check(arguments) => return check::check(&arguments, run("check"), console),
        Command::Audit(arguments) => return audit::audit(&arguments, run("audit"), console),
        Command::Preview(arguments) => {
            return preview::preview(&arguments, run("preview"), console);
        }
        Command::Logs(arguments) => return logs::logs(&arguments, run("logs"), console),
        Command::Remediate(arguments) => return remediate::remediate(&arguments, console),
        Command::Render(arguments) => return render::render(&arguments, console),
        Command::Compare(arguments) => return compare::compare(&arguments, console),
        Command::Explain { check } => explain::explain(check.as_deref()),
        Command::Schema { of } => match of {
            SchemaOf::Parameters => format!("{:#}\n", parameters_schema()),
            SchemaOf::Config => format!("{:#}\n", config_schema()),
            SchemaOf::Exemptions => format!("{:#}\n", exemptions_schema()),
            SchemaOf::Report => REPORT_SCHEMA.to_owned(),
            SchemaOf::Remediation => REMEDIATION_SCHEMA.to_owned(),
            SchemaOf::Comparison => COMPARISON_SCHEMA.to_owned(),
            SchemaOf::Logs => LOGS_SCHEMA.to_owned(),
        },
        Command::Completions { shell } => completions(shell),
        Command::Man { subcommand } => manual_page(subcommand.as_deref())?,
    };
    let out = &mut console.out;
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // A reader that wants a part of a text has what it wants; a cut report is incomplete.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::standard_output(error)),
        Ok(()) | Err(_) => Ok(Exit::Clean),
    }
}

/// Prints help and version to standard output, and usage errors to standard error.
fn print_usage(command: &clap::Command, error: &clap::Error, console: &mut Console<'_>) -> Exit {
    let text = error.render().ansi().to_string();
    let (exit, out) = if error.use_stderr() {
        (Exit::NotStarted, &mut console.err)
    } else {
        (Exit::Clean, &mut console.out)
    };
    let mut written = writeln!(out, "{}", text.trim_end());
    let variables = variables_set(command);
    if error.use_stderr() && !variables.is_empty() {
        let names = variables.join(", ");
        written = written
            .and_then(|()| writeln!(out, "note: options also come from the environment: {names}"));
    }
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            console.print_error(&Failure::standard_output(error).to_string());
            Exit::Failure
        }
        Ok(()) | Err(_) => exit,
    }
}
