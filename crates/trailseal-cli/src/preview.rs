//! `trailseal preview`: judges trails before they exist, from templates and plans.

mod arguments;
mod document;
mod inside;
mod source;
mod trail;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use trailseal_rule::EvaluationContext;
use trailseal_template::{Given, Preview, Values, read_stack_parameters};

use crate::console::{Console, Exit, Failure};
use crate::output::{clean, emit, print_problems, refuse_to_overwrite};
use crate::report::{FileDigest, Problem, Report, Run, report};
use crate::settings::Settings;

pub(crate) use arguments::PreviewArguments;

use document::Reader;
use source::SourceFolder;
use trail::trail_report;

/// Parameters about existing trails and about roles in AWS.
const WITHOUT_EFFECT: [&str; 4] =
    ["noTrails", "replicas", "keyAccountRoleName", "executionRoleName"];

/// A document and what it plans.
struct Previewed {
    source: String,
    preview: Preview,
}

pub(crate) fn preview(
    arguments: &PreviewArguments,
    mut run: Run,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let settings = Settings::read(&arguments.settings, &arguments.report)?;
    settings.refuse_what_is_in_aws("preview")?;
    if arguments.paths.iter().any(|path| path.as_os_str() == "-") {
        let line = "`preview` does not read standard input: write the document to a file";
        return Err(Failure::NotStarted(vec![line.to_owned()]));
    }
    let files = [&arguments.stack_parameters, &arguments.values].into_iter().flatten();
    let named = arguments.paths.iter().chain(files).map(|path| path.as_path());
    refuse_to_overwrite(named, &settings.outputs)?;
    let (parameters, values) = given_values(arguments)?;
    let mut reader = Reader::new(arguments, &parameters, &values);
    let (mut documents, mut problems) = (Vec::new(), Vec::new());
    for path in &arguments.paths {
        let source = path.display().to_string();
        match reader.read(path) {
            Ok(preview) => documents.push(Previewed { source, preview }),
            Err(message) => problems.push(Problem { source, message }),
        }
    }
    // The files of a folder are known only after it was read.
    let read = reader.inputs.iter().map(|input| Path::new(&input.file));
    refuse_to_overwrite(read, &settings.outputs)?;
    refuse_shared_name(&mut documents, &mut problems);
    let is_source_unused = arguments.source.is_some() && !reader.has_plan;
    let are_parameters_unused = !parameters.is_empty() && !reader.has_template;
    if reader.has_template {
        problems.extend(undeclared(arguments, &parameters, &documents));
    }
    let has_template = reader.has_template;
    let inputs = reader.inputs;
    let mut report = judged(&documents, problems, &settings, &values, console);
    report.summary.files = inputs.len();
    report.inputs = inputs;
    report.complete = report.is_whole();
    run.config = settings.config.file();
    report.run = Some(run.ended((console.clock)()));
    print_problems(&report, arguments.report.quiet, console);
    if !arguments.report.quiet {
        if is_source_unused {
            console.print_note("--source is not used: none of the documents is a Terraform plan");
        }
        for name in WITHOUT_EFFECT.iter().filter(|name| settings.given.contains_key(**name)) {
            console.print_note(&format!("parameter `{name}` has no effect in a preview"));
        }
        if are_parameters_unused {
            console.print_note(
                "--stack-parameters is not used: none of the documents is a template or a cloud \
                 assembly",
            );
        }
        print_notes(&documents, &report, &values, has_template, console);
    }
    emit(&report, &settings.outputs, arguments.report.table, console)?;
    Ok(Exit::of(&report, &arguments.report.exit))
}

/// Refuses the templates that need the supplied `AWS::StackName`, if there are several: two stacks of
/// one account and Region never have the same name.
fn refuse_shared_name(documents: &mut Vec<Previewed>, problems: &mut Vec<Problem>) {
    let needs_name = |document: &Previewed| document.preview.needs_supplied_name;
    if documents.iter().filter(|document| needs_name(document)).count() < 2 {
        return;
    }
    let message = "needs the AWS::StackName of --values, which is that of one stack, and another \
                   template needs it too: give each of them to a run of its own";
    for document in documents.extract_if(.., |document| needs_name(document)) {
        problems.push(Problem { source: document.source, message: message.to_owned() });
    }
}

/// The parameters of the user that no template declares: CloudFormation refuses such a deployment.
fn undeclared(
    arguments: &PreviewArguments,
    parameters: &BTreeMap<String, Given>,
    documents: &[Previewed],
) -> Vec<Problem> {
    let is_declared = |name: &&String| {
        documents.iter().any(|document| document.preview.parameters.contains(name.as_str()))
    };
    let file = arguments.stack_parameters.as_ref();
    let source = file.map(|file| file.display().to_string()).unwrap_or_default();
    let problem = |name: &String| Problem {
        source: source.clone(),
        message: format!("no template has the parameter `{}`", clean(name)),
    };
    parameters.keys().filter(|name| !is_declared(name)).map(problem).collect()
}

/// The parameters of the stacks, and the values that only the deployment knows.
///
/// # Errors
///
/// All faults of their files and of the folder of `--source`.
fn given_values(
    arguments: &PreviewArguments,
) -> Result<(BTreeMap<String, Given>, Values), Failure> {
    let mut faults = Vec::new();
    let parameters = match &arguments.stack_parameters {
        Some(file) => {
            read_text(file).and_then(|text| read_stack_parameters(&text)).map_err(|what| {
                faults.push(format!("--stack-parameters `{}`: {what}", file.display()));
            })
        }
        None => Ok(BTreeMap::new()),
    };
    let values = match &arguments.values {
        Some(file) => {
            let read = read_text(file).map_err(|what| vec![what]);
            read.and_then(|text| Values::read(&text)).map_err(|all| {
                faults.extend(
                    all.iter().map(|what| format!("--values `{}`: {what}", file.display())),
                );
            })
        }
        None => Ok(Values::default()),
    };
    if let Some(Err(what)) = arguments.source.as_deref().map(SourceFolder::new) {
        faults.push(what);
    }
    match (parameters, values) {
        (Ok(parameters), Ok(values)) if faults.is_empty() => Ok((parameters, values)),
        _ => Err(Failure::NotStarted(faults)),
    }
}

fn judged(
    documents: &[Previewed],
    mut problems: Vec<Problem>,
    settings: &Settings,
    values: &Values,
    console: &Console<'_>,
) -> Report {
    let context = EvaluationContext { parameters: &settings.parameters, now: console.now };
    let mut trails = Vec::new();
    for Previewed { source, preview } in documents {
        for planned in &preview.trails {
            trails.push(trail_report(planned, &context, values));
        }
        let of_document = preview.problems.iter();
        problems.extend(
            of_document.map(|message| Problem { source: source.clone(), message: message.clone() }),
        );
    }
    let given = settings.given.clone();
    report(trails, Vec::new(), problems, given, &settings.parameters, console.now)
}

fn print_notes(
    documents: &[Previewed],
    report: &Report,
    values: &Values,
    has_template: bool,
    console: &mut Console<'_>,
) {
    for line in documents.iter().flat_map(|document| &document.preview.notes) {
        console.print_note(&clean(line));
    }
    for line in values.described() {
        console.print_note(&format!("supplied by --values: {}", clean(&line)));
    }
    if report.trails.is_empty() && report.complete {
        console.print_note("no trail was found, so nothing was judged");
    }
    if report.summary.unverified > 0 {
        console.print_note(
            "unverified trails depend on what only the deployment knows: give it with --account, \
             --region, --stack-parameters, --values or, for a Terraform plan, --source",
        );
    }
    if has_template && !documents.is_empty() {
        console.print_note("trails that custom resources make are not seen");
    }
}

/// The text of a file.
pub(super) fn read_text(path: &Path) -> Result<String, String> {
    let bytes = read_bytes(path)?;
    String::from_utf8(bytes).map_err(|_| "is not UTF-8 text".to_owned())
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("cannot be read: {error}"))
}

/// A file that was read, with its digest.
fn digest(path: &Path, bytes: &[u8]) -> FileDigest {
    let digest = Sha256::digest(bytes);
    let hex = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    FileDigest { file: path.display().to_string(), sha256: Some(hex) }
}

#[cfg(test)]
mod tests;
