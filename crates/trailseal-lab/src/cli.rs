//! The command `trailseal-lab`: runs the real function against an account on loopback and prints the results.

mod faults;
mod page;
mod report;
mod run;
mod steps;

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use serde_json::{Map, Value};
use trailseal_lab::{FaultKind, Lab, State, transcript};

use run::Programs;
use steps::Steps;

/// An AWS account on loopback, and the real function in it.
///
/// Without events, the default scenario is delivered. An event is a rule's event, a bare invoking
/// event or a bare configuration item, or a request of CloudFormation for a Hook; `-` reads one from
/// standard input.
#[derive(Debug, Parser)]
#[command(
    name = "trailseal-lab",
    after_help = after_help()
)]
struct Arguments {
    /// The function's program, run as a process of its own
    #[arg(long, value_name = "PATH", required_unless_present_any = ["serve", "transcript"])]
    bootstrap: Option<PathBuf>,
    /// An argument of this program; may be repeated: --bootstrap python3 --bootstrap-arg -m
    #[arg(
        long = "bootstrap-arg",
        value_name = "ARG",
        allow_hyphen_values = true,
        requires = "bootstrap"
    )]
    bootstrap_arguments: Vec<String>,
    /// The program of the CloudFormation Hook, for requests of CloudFormation
    #[arg(long, value_name = "PATH")]
    hook: Option<PathBuf>,
    /// The account's trails, keys and buckets (STATE.md) instead of the built-in ones
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// A rule parameter for every event; may be repeated
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, Value)>,
    /// A fault of the account for every event; may be repeated
    #[arg(
        long = "fault",
        value_name = "SERVICE:OPERATION:KIND[:first|every]",
        requires = "bootstrap",
        conflicts_with = "serve"
    )]
    faults: Vec<String>,
    /// Print one JSON document instead of a page
    #[arg(long)]
    json: bool,
    /// Keep the endpoints up and print the lines to export
    #[arg(long)]
    serve: bool,
    /// Write requests and answers of every operation, for the contract test
    #[arg(long, value_name = "FILE")]
    transcript: Option<PathBuf>,
    /// The files that hold the events
    #[arg(value_name = "EVENT.json", requires = "bootstrap")]
    events: Vec<String>,
}

fn after_help() -> String {
    let kinds: Vec<&str> = FaultKind::names().collect();
    format!(
        "A fault without `first` affects every request of the operation. With it, it affects the \
         first one after each event is delivered, as in config:PutEvaluations:throttling:first.\n\
         Kinds: {}. The kind slow delays the answer by 5 seconds; config:PutEvaluations alone has \
         failed-evaluations.\n\n\
         Exit code: 0 it ran; 1 the default scenario came out otherwise than expected; 2 wrong \
         usage or failure.",
        kinds.join(", "),
    )
}

impl Arguments {
    fn parameters(&self) -> Map<String, Value> {
        self.parameters.iter().cloned().collect()
    }
}

fn parameter(text: &str) -> Result<(String, Value), &'static str> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), Value::from(value))),
        Some(_) | None => Err("it has the form NAME=VALUE"),
    }
}

/// Errors that stop the command, as lines for people; the exit code is 2.
#[derive(Debug)]
pub(crate) struct Failure(Vec<String>);

impl Failure {
    pub(crate) fn of(line: impl Into<String>) -> Self {
        Self(vec![line.into()])
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::of(error.to_string())
    }
}

/// Runs the command line. The exit code is 0 if every step had the expected result, 1 if a step of
/// the default scenario had another result, and 2 if the command could not run.
pub(crate) async fn main(out: &mut impl Write, err: &mut impl Write) -> ExitCode {
    match work(&Arguments::parse(), out, err).await {
        Ok(code) => code,
        Err(Failure(lines)) => {
            for line in lines {
                // If the errors cannot be written, the exit code still reports the failure.
                let _nobody_reads = writeln!(err, "trailseal-lab: {line}");
            }
            ExitCode::from(2)
        }
    }
}

async fn work(
    arguments: &Arguments,
    out: &mut impl Write,
    err: &mut impl Write,
) -> Result<ExitCode, Failure> {
    let state = state(arguments.state.as_deref());
    if let Some(path) = &arguments.transcript {
        return write_transcript(path).map(|()| ExitCode::SUCCESS);
    }
    let steps = Steps::of(arguments);
    let (state, steps) = match (state, steps) {
        (Ok(state), Ok(steps)) => (state, steps),
        (state, steps) => {
            let mut lines = state.err().unwrap_or_default();
            lines.extend(steps.err().unwrap_or_default());
            return Err(Failure(lines));
        }
    };
    let lab = Lab::start(state).await?;
    let mut code = ExitCode::SUCCESS;
    if let Some(bootstrap) = &arguments.bootstrap {
        let programs = Programs {
            rule: bootstrap,
            rule_arguments: &arguments.bootstrap_arguments,
            hook: arguments.hook.as_deref(),
        };
        let report = run::run(&lab, programs, &steps, err).await?;
        let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        if arguments.json {
            writeln!(out, "{:#}", report.to_json())?;
        } else {
            page::write(&report, colour, out)?;
        }
        if !report.as_expected() {
            code = ExitCode::FAILURE;
        }
    }
    if arguments.serve {
        serve(&lab, &steps, out).await?;
    }
    Ok(code)
}

fn state(path: Option<&Path>) -> Result<State, Vec<String>> {
    let Some(path) = path else {
        return State::default_state().map_err(|error| vec![error.to_string()]);
    };
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| vec![format!("{name}: cannot be read: {error}")])?;
    State::parse(&name, &text).map_err(|error| {
        let faults = error.faults.iter();
        faults.map(|fault| format!("{name}: {fault}; STATE.md describes the form")).collect()
    })
}

/// Serves the endpoints until the process is interrupted.
async fn serve(lab: &Lab, steps: &Steps, out: &mut impl Write) -> Result<(), Failure> {
    let credentials = lab.credentials(&steps.account);
    for (name, value) in [
        ("AWS_ENDPOINT_URL", lab.url()),
        ("AWS_REGION", steps.region.clone()),
        ("AWS_ACCESS_KEY_ID", credentials.access_key_id),
        ("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key),
        ("AWS_SESSION_TOKEN", credentials.session_token),
    ] {
        writeln!(out, "export {name}={value}")?;
    }
    let token = lab.issue_token(&steps.account, &steps.region, &steps.rule);
    writeln!(out, "# a result token of rule `{}`: {token}", steps.rule)?;
    writeln!(out, "# the account is up until this process is interrupted")?;
    out.flush()?;
    tokio::signal::ctrl_c().await?;
    Ok(())
}

/// Writes one exchange per line, for the contract test.
fn write_transcript(path: &Path) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::of(format!("{}: {error}", path.display()));
    let state = State::default_state().map_err(|error| Failure::of(error.to_string()))?;
    let mut file = BufWriter::new(File::create(path).map_err(failed)?);
    for exchange in transcript(state) {
        let line = serde_json::to_string(&exchange).map_err(|error| failed(error.into()))?;
        writeln!(file, "{line}").map_err(failed)?;
    }
    file.flush().map_err(failed)
}
