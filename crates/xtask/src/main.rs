//! The tasks of this repository: `cargo xtask TASK`.
//!
//! *Invariant of absence*: the standard library only, and nothing is installed outside the
//! ignored folders `.tools`, `target` and `node_modules`.

mod failure;
mod project;
mod step;

mod tools;

mod bench;
mod build;
mod lab;
mod stages;
mod test;

mod fuzz;
mod mutants;
mod package;
mod release;
mod schema;
mod soak;

use std::io::{self, Write};
use std::process::ExitCode;

use crate::failure::Failure;
use crate::project::Project;

const USAGE: &str = "\
The tasks of this repository.

Usage: cargo xtask TASK [ARGUMENT]...

  lab [--] [ARGUMENT]...   builds the function and the lab, and shows the one at work in the other
  test [--list] [STAGE]... does all set-up and runs everything, or the named stages only
  package [--arch ARCH]... makes cdk/assets/{bootstrap,remediation}-ARCH.zip; ARCH is arm64 or
                           x86_64, default both
  release [--check] [--arch ARCH]...
                           makes target/trailseal-VERSION: both functions, the command, templates,
                           bills of materials, checksums; --check builds all of it twice
  schema                   writes cdk/schema/rule-parameters.schema.json from the code
  bench [PART]... [--json FILE] [--runs N]
                           measures; PART is cold, warm, schedule, memory, size, rule, check,
                           audit, html or all, or peers: other tools, which it installs
  soak [ARGUMENT]...       sends a great many events, with faults, through the function
  mutants [--shard K/N]    changes the rule in small ways and reports what no test notices
  fuzz [--seconds N] [TARGET]...
                           feeds made-up input to the readers of events and key policies
  help                     this page
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let outcome = run(&words, &mut io::stdout());
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(message) = failure.message() {
                // Nobody is left to tell if standard error is closed.
                let _ = writeln!(io::stderr(), "error: {message}");
            }
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(words: &[String], out: &mut dyn Write) -> Result<(), Failure> {
    let Some((task, arguments)) = words.split_first() else {
        return Err(Failure::usage(format!("no task is given\n\n{USAGE}")));
    };
    if matches!(task.as_str(), "help" | "--help" | "-h") {
        return write!(out, "{USAGE}").map_err(Failure::output);
    }
    let project = Project::locate()?;
    match task.as_str() {
        "lab" => lab::run(&project, arguments),
        "test" => test::run(&project, arguments, out),
        "package" => package::run(&project, arguments, out),
        "release" => release::run(&project, arguments, out),
        "schema" => schema::run(&project, arguments, out),
        "bench" => bench::run(&project, arguments, out),
        "soak" => soak::run(&project, arguments),
        "mutants" => mutants::run(&project, arguments),
        "fuzz" => fuzz::run(&project, arguments),
        _ => Err(Failure::usage(format!("there is no task `{task}`\n\n{USAGE}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_is_printed() {
        let mut out = Vec::new();
        assert!(run(&["help".to_owned()], &mut out).is_ok());
        assert_eq!(String::from_utf8(out).unwrap(), USAGE);
    }

    #[test]
    fn a_missing_or_unknown_task_is_wrong_usage() {
        let none = run(&[], &mut Vec::new()).unwrap_err();
        assert_eq!(none.exit_code(), 2);
        let unknown = run(&["tets".to_owned()], &mut Vec::new()).unwrap_err();
        assert_eq!(unknown.exit_code(), 2);
        assert!(unknown.message().unwrap().starts_with("there is no task `tets`"));
    }
}
