//! `trailseal check`: evaluates trails from files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use trailseal_rule::CheckId;

use crate::arguments::CheckArguments;
use crate::console::{Console, Exit, Failure};
use crate::input::{Content, Counts, Origin, Source, Sources, no_file_in, read_all, why_skipped};
use crate::inventory::{EventParameters, Role, Subject};
use crate::output::{Output, clean, emit, print_problems, refuse_to_overwrite};
use crate::report::{CheckOutcome, FileDigest, Report, Run, TrailReport, judge};
use crate::settings::Settings;

/// Parameters about roles in AWS.
const WITHOUT_EFFECT: [&str; 2] = ["keyAccountRoleName", "executionRoleName"];

pub(crate) fn check(
    arguments: &CheckArguments,
    mut run: Run,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let settings = Settings::read(&arguments.settings, &arguments.report)?;
    settings.refuse_what_is_in_aws("check")?;
    let outputs = &settings.outputs;
    let sources = sources(arguments)?;
    refuse_to_overwrite(sources.list.iter().filter_map(|source| source.origin.path()), outputs)?;
    let mut report = report(arguments, &settings, &sources, console);
    run.config = settings.config.file();
    report.run = Some(run.ended((console.clock)()));
    emit(&report, outputs, arguments.report.table, console)?;
    if arguments.verbose > 0 {
        for Output { format, file } in outputs {
            let file = file.as_ref().map(|file| file.display().to_string());
            let place = file.unwrap_or_else(|| "standard output".to_owned());
            console.print_note(&format!("wrote {} to {}", format.name(), clean(&place)));
        }
    }
    Ok(Exit::of(&report, &arguments.report.exit))
}

fn sources(arguments: &CheckArguments) -> Result<Sources, Failure> {
    let mut sources = Sources::default();
    for path in &arguments.paths {
        sources.add(path, Role::Judged);
    }
    for path in &arguments.facts {
        sources.add(path, Role::FactsOnly);
    }
    for argument in &arguments.evidence {
        let (subject, path) = evidence(argument).map_err(|line| Failure::NotStarted(vec![line]))?;
        let before = sources.list.len();
        sources.add(&path, Role::FactsOnly);
        for source in sources.list.iter_mut().skip(before) {
            source.subject = Some(subject.clone());
        }
    }
    sources.refuse_links();
    let standard = sources.list.iter().filter(|source| source.origin == Origin::StandardInput);
    if standard.count() > 1 {
        return Err(Failure::NotStarted(vec!["`-` can be given once".to_owned()]));
    }
    Ok(sources)
}

/// Parses `ARN=FILE`.
fn evidence(argument: &str) -> Result<(Subject, PathBuf), String> {
    let parts = argument.split_once('=');
    let read = parts.and_then(|(arn, path)| Some((Subject::parse(arn)?, PathBuf::from(path))));
    if let Some((_, path)) = read.as_ref().filter(|(_, path)| path.is_dir()) {
        let path = clean(&path.display().to_string());
        return Err(format!("--evidence: `{path}` is a folder; expected a file"));
    }
    read.filter(|(_, path)| !path.as_os_str().is_empty()).ok_or_else(|| {
        format!(
            "--evidence `{}` is not ARN=FILE with the ARN of a key or bucket, such as \
             `arn:aws:s3:::example-logs=location.json`",
            clean(argument)
        )
    })
}

fn report(
    arguments: &CheckArguments,
    settings: &Settings,
    sources: &Sources,
    console: &mut Console<'_>,
) -> Report {
    let event_parameters =
        if settings.override_events() { EventParameters::Overridden } else { EventParameters::Own };
    let digests_wanted = settings.outputs.iter().any(|output| output.format.has_digests());
    let Content { inventory, files_of_other_kinds, counts, digests } =
        read_all(sources, event_parameters, digests_wanted);
    let names: Vec<String> = sources.list.iter().map(|source| source.origin.name()).collect();
    let given = settings.given.clone();
    let mut report = judge(&inventory, &names, &settings.parameters, given, console.now);
    report.problems.splice(0..0, [&*sources.errors, &sources.unread].concat());
    if sources.list.is_empty() && report.problems.is_empty() {
        let path = arguments.paths.first().map_or(Path::new(""), PathBuf::as_path);
        report.problems.push(no_file_in(path, &sources.skipped));
    }
    report.complete = report.is_whole();
    report.inputs = inputs(sources, &digests);
    report.summary.files = sources.list.len();
    report.summary.files_skipped = sources.skipped.len();
    print_problems(&report, arguments.report.quiet, console);
    if arguments.verbose > 0 {
        print_sources(sources, &names, &counts, console);
    }
    if !arguments.report.quiet {
        print_notes(&report, files_of_other_kinds, console);
    }
    report
}

/// The sources with the digests of those that were read to their end.
fn inputs(sources: &Sources, digests: &BTreeMap<usize, String>) -> Vec<FileDigest> {
    let input = |(index, source): (usize, &Source)| FileDigest {
        file: source
            .origin
            .path()
            .map_or_else(|| "-".to_owned(), |path| path.display().to_string()),
        sha256: digests.get(&index).cloned(),
    };
    sources.list.iter().enumerate().map(input).collect()
}

/// Prints the content of each file, and the files that were skipped.
fn print_sources(
    sources: &Sources,
    names: &[String],
    counts: &[Counts],
    console: &mut Console<'_>,
) {
    for (name, Counts { trails, keys, buckets, .. }) in names.iter().zip(counts) {
        let name = clean(name);
        console.print_note(&format!("{name}: trails {trails}, keys {keys}, buckets {buckets}"));
    }
    for path in &sources.skipped {
        let name = clean(&path.display().to_string());
        console.print_note(&format!("{name}: skipped: {}", why_skipped(path)));
    }
}

fn print_notes(report: &Report, files_of_other_kinds: usize, console: &mut Console<'_>) {
    for name in WITHOUT_EFFECT.iter().filter(|name| report.parameters.contains_key(**name)) {
        console.print_note(&format!("parameter `{name}` has no effect without a call to AWS"));
    }
    if files_of_other_kinds > 0 {
        let line = format!("files with JSON of other kinds, ignored: {files_of_other_kinds}");
        console.print_note(&line);
    }
    if report.trails.is_empty() && report.complete {
        console.print_note("no trail was found, so nothing was judged");
    }
    if report.summary.unverified > 0 {
        let mut note = "unverified trails lack evidence: give the configuration items of keys, \
                        aliases and buckets in the input or with --facts, or answers of the AWS CLI \
                        with --evidence"
            .to_owned();
        if report.trails.iter().any(lacks_deliveries) {
            note.push_str(
                "; neither contains deliveries: use `trailseal audit`, or \
                 skipChecks=delivery-unbroken",
            );
        }
        console.print_note(&note);
    }
}

/// Whether a trail is unverified because no input contains deliveries.
fn lacks_deliveries(trail: &TrailReport) -> bool {
    let mut open = trail.open_checks();
    open.any(|check| {
        check.id == CheckId::DeliveryUnbroken.as_str() && check.outcome == CheckOutcome::Unknown
    })
}

#[cfg(test)]
mod inputs;
#[cfg(test)]
mod provenance;
#[cfg(test)]
mod round_trips;
#[cfg(test)]
mod tests;
