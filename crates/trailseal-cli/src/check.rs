//! `trailseal check`: judges trails from files.

use serde_json::{Map, Value};
use trailseal_rule::Parameters;

use crate::arguments::CheckArguments;
use crate::command::{Exit, Failure, Surroundings, complain};
use crate::input::{Origin, Sources, find, read_all};
use crate::output::{clean, emit, outputs};
use crate::parameters::given_parameters;
use crate::report::{Problem, Report, judge};
use crate::seen::{EventParameters, Role};

pub(crate) fn check(
    arguments: &CheckArguments,
    surroundings: &mut Surroundings<'_>,
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
    let report = report(arguments, &parameters, given, surroundings)?;
    emit(&report, &outputs, surroundings)?;
    Ok(Exit::of(&report))
}

fn report(
    arguments: &CheckArguments,
    parameters: &Parameters,
    given: Map<String, Value>,
    surroundings: &mut Surroundings<'_>,
) -> Result<Report, Failure> {
    let mut sources = Sources::default();
    let mut errors = Vec::new();
    for path in &arguments.paths {
        find(path, Role::Judged, &mut sources, &mut errors);
    }
    for path in &arguments.facts {
        find(path, Role::FactsOnly, &mut sources, &mut errors);
    }
    refuse_second_standard_input(&sources)?;
    let event_parameters = if arguments.parameters.is_empty() {
        EventParameters::Own
    } else {
        EventParameters::Overruled
    };
    let reading = read_all(&sources, event_parameters);
    let names: Vec<String> = sources.list.iter().map(|source| source.origin.name()).collect();
    let mut report = judge(&reading.seen, &names, parameters, given, surroundings.now);
    let unfound = errors.iter().map(|found| Problem {
        source: found.path.display().to_string(),
        message: format!("cannot be opened: {}", found.error),
    });
    report.problems.splice(0..0, unfound);
    if sources.list.is_empty() && report.problems.is_empty() && sources.skipped == 0 {
        let source = arguments.paths.first().map(|path| path.display().to_string());
        let message = "holds no file that could be read here (`.json` or `.json.gz`)".to_owned();
        report.problems.push(Problem { source: source.unwrap_or_default(), message });
    }
    report.complete = report.problems.is_empty();
    report.summary.files = sources.list.len();
    report.summary.files_skipped = sources.skipped;
    for problem in &report.problems {
        complain(surroundings, &format!("{}: {}", clean(&problem.source), clean(&problem.message)));
    }
    if !arguments.quiet {
        remark(&report, reading.of_no_use, surroundings);
    }
    Ok(report)
}

/// What is worth knowing beside the findings.
fn remark(report: &Report, of_no_use: usize, surroundings: &mut Surroundings<'_>) {
    let mut remarks = Vec::new();
    if of_no_use > 0 {
        remarks.push(format!("files with JSON of other kinds, left alone: {of_no_use}"));
    }
    if report.trails.is_empty() && report.complete {
        remarks.push("no trail was found, so nothing was judged".to_owned());
    }
    if report.summary.unverified > 0 {
        remarks.push(
            "what is unverified lacks evidence: give the configuration items of keys and buckets \
             in the input or by --facts; aliases, rotation periods and deliveries are in no item"
                .to_owned(),
        );
    }
    for line in remarks {
        surroundings.tell(&format!("note: {line}"));
    }
}

fn refuse_second_standard_input(sources: &Sources) -> Result<(), Failure> {
    let standard = sources.list.iter().filter(|source| source.origin == Origin::StandardInput);
    if standard.count() > 1 {
        return Err(Failure::Usage(vec!["`-` can be given once".to_owned()]));
    }
    Ok(())
}
