//! `trailseal check`: judges trails from files.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use trailseal_rule::Parameters;

use crate::arguments::CheckArguments;
use crate::console::{Console, Exit, Failure};
use crate::input::{Counts, FindError, Origin, Sources, Unread, find, read_all};
use crate::inventory::{EventParameters, Role, Subject};
use crate::output::{Output, clean, emit, outputs, print_problems, refuse_to_overwrite};
use crate::parameters::given_parameters;
use crate::report::{Problem, Report, judge};

pub(crate) fn check(
    arguments: &CheckArguments,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let given = given_parameters(&arguments.parameters);
    let outputs = outputs(&arguments.output);
    let (given, parameters, outputs) = match (given, outputs) {
        (Ok((given, parameters)), Ok(outputs)) => (given, parameters, outputs),
        (given, outputs) => {
            let faults = given.err().into_iter().chain(outputs.err());
            return Err(Failure::Usage(faults.flatten().collect()));
        }
    };
    let mut sources = Sources::default();
    let mut errors = Vec::new();
    for path in &arguments.paths {
        find(path, Role::Judged, &mut sources, &mut errors);
    }
    for path in &arguments.facts {
        find(path, Role::FactsOnly, &mut sources, &mut errors);
    }
    for argument in &arguments.evidence {
        let (subject, path) = evidence(argument).map_err(|line| Failure::Usage(vec![line]))?;
        let before = sources.list.len();
        find(&path, Role::FactsOnly, &mut sources, &mut errors);
        for source in sources.list.iter_mut().skip(before) {
            source.subject = Some(subject.clone());
        }
    }
    refuse_second_standard_input(&sources)?;
    refuse_to_overwrite(sources.list.iter().filter_map(|source| source.origin.path()), &outputs)?;
    let found = Found { sources, errors };
    let report = report(arguments, &parameters, given, &found, console);
    emit(&report, &outputs, console)?;
    if arguments.verbose {
        for Output { format, file } in &outputs {
            let file = file.as_ref().map(|file| file.display().to_string());
            let place = file.unwrap_or_else(|| "standard output".to_owned());
            console.print_note(&format!("wrote {} to {}", format.name(), clean(&place)));
        }
    }
    Ok(Exit::of(&report))
}

/// Reads `ARN=FILE`.
fn evidence(argument: &str) -> Result<(Subject, PathBuf), String> {
    let parts = argument.split_once('=');
    let read = parts.and_then(|(arn, path)| Some((Subject::parse(arn)?, PathBuf::from(path))));
    read.filter(|(_, path)| !path.as_os_str().is_empty() && !path.is_dir()).ok_or_else(|| {
        format!(
            "--evidence `{}` is not ARN=FILE with the ARN of a key or bucket, such as \
             `arn:aws:s3:::example-logs=location.json`",
            clean(argument)
        )
    })
}

/// What the paths of the command line stand for.
struct Found {
    sources: Sources,
    errors: Vec<FindError>,
}

fn report(
    arguments: &CheckArguments,
    parameters: &Parameters,
    given: Map<String, Value>,
    found: &Found,
    console: &mut Console<'_>,
) -> Report {
    let Found { sources, errors } = found;
    let event_parameters = if arguments.parameters.is_empty() {
        EventParameters::Own
    } else {
        EventParameters::Overruled
    };
    let reading = read_all(sources, event_parameters);
    let names: Vec<String> = sources.list.iter().map(|source| source.origin.name()).collect();
    let mut report = judge(&reading.seen, &names, parameters, given, console.now);
    let unfound = errors.iter().map(|found| Problem {
        source: found.path.display().to_string(),
        message: format!("cannot be opened: {}", found.error),
    });
    let unread =
        sources.unread.iter().map(|Unread { folder, skipped }| nothing_in(folder, skipped));
    report.problems.splice(0..0, unfound.chain(unread));
    if sources.list.is_empty() && report.problems.is_empty() {
        let path = arguments.paths.first().map_or(Path::new(""), PathBuf::as_path);
        report.problems.push(nothing_in(path, &sources.skipped));
    }
    report.complete = report.is_whole();
    report.summary.files = sources.list.len();
    report.summary.files_skipped = sources.skipped.len();
    print_problems(&report, console);
    if arguments.verbose {
        tell_sources(sources, &names, &reading.counts, console);
    }
    if !arguments.quiet {
        remark(&report, reading.of_no_use, console);
    }
    report
}

/// Nothing that could be read is no clean result, whatever lies there.
fn nothing_in(path: &Path, skipped: &[PathBuf]) -> Problem {
    let mut message = "holds no file that could be read here (`.json` or `.json.gz`)".to_owned();
    if let Some(first) = skipped.first() {
        message.push_str(&format!("; left unopened: `{}`", first.display()));
    }
    if skipped.len() > 1 {
        message.push_str(&format!(" and {} more", skipped.len() - 1));
    }
    Problem { source: path.display().to_string(), message }
}

/// What each file held, and which were left unopened.
fn tell_sources(sources: &Sources, names: &[String], counts: &[Counts], console: &mut Console<'_>) {
    for (name, Counts { trails, keys, buckets, .. }) in names.iter().zip(counts) {
        let name = clean(name);
        console.print_note(&format!("{name}: trails {trails}, keys {keys}, buckets {buckets}"));
    }
    for path in &sources.skipped {
        let path = clean(&path.display().to_string());
        console.print_note(&format!(
            "{path}: left unopened: its name says that it is of no use, or it is a link"
        ));
    }
}

/// What is worth knowing beside the findings.
fn remark(report: &Report, of_no_use: usize, console: &mut Console<'_>) {
    let mut remarks = Vec::new();
    if of_no_use > 0 {
        remarks.push(format!("files with JSON of other kinds, left alone: {of_no_use}"));
    }
    if report.trails.is_empty() && report.complete {
        remarks.push("no trail was found, so nothing was judged".to_owned());
    }
    if report.summary.unverified > 0 {
        remarks.push(
            "what is unverified lacks evidence: give the configuration items of keys, aliases and \
             buckets in the input or by --facts, or answers of the AWS CLI by --evidence; of \
             deliveries there are none: use `trailseal audit`, or skipChecks=delivery-unbroken"
                .to_owned(),
        );
    }
    for line in remarks {
        console.print_note(&line);
    }
}

fn refuse_second_standard_input(sources: &Sources) -> Result<(), Failure> {
    let standard = sources.list.iter().filter(|source| source.origin == Origin::StandardInput);
    if standard.count() > 1 {
        return Err(Failure::Usage(vec!["`-` can be given once".to_owned()]));
    }
    Ok(())
}

#[cfg(test)]
mod inputs;
#[cfg(test)]
mod tests;
