//! A large number of events, with faults, through the real function.
//!
//! Each event must end with its expected evaluations, or as a failed invocation that a retry
//! completes. No event may be lost, no trail may be COMPLIANT that should not be, and memory must
//! not grow.

mod totals;
mod world;

use std::env;
use std::error::Error;
use std::io::{self, Write, stderr, stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use accounts::{ACCOUNT, REGION, impatient};
use clap::Parser;
use trailseal_lab::{Call, Fault, FaultKind, Function, Lab, Outcome, Position, PutEvaluation};

use crate::totals::{Totals, WARM_EVENTS, report};
use crate::world::{SoakCase, cases, state, verdict};

/// Processes of the function, each with an account of its own.
const PROCESSES: u64 = 2;

/// The timeout of an attempt, and the duration of a slow response.
const ATTEMPT_MILLISECONDS: &str = "100";
const SLOW: Duration = Duration::from_millis(500);

/// The time that Lambda gives an invocation.
const TIME: Duration = Duration::from_secs(60);

/// The attempts for one event, after which it counts as lost.
const TRIES_MAX: u64 = 20;

fn main() -> ExitCode {
    match run(&Settings::parse()) {
        Ok(code) => code,
        Err(error) => {
            let _nowhere_left_to_say_so = writeln!(stderr(), "error: {error}");
            ExitCode::from(2)
        }
    }
}

#[derive(Clone, Copy, Debug, Parser)]
struct Settings {
    /// How many events to send
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    events: u64,
    /// How many requests meet a fault, in percent; with more than 50 no retry would end
    #[arg(long = "faults", value_name = "PERCENT", default_value_t = 5,
          value_parser = clap::value_parser!(u32).range(..=50))]
    faults_percent: u32,
}

fn run(settings: &Settings) -> Result<ExitCode, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let begun = Instant::now();
    let all_totals = runtime.block_on(async {
        let each = settings.events.div_ceil(PROCESSES);
        let (one, other) = tokio::join!(
            tokio::spawn(process(1, each, settings.faults_percent)),
            tokio::spawn(process(2, settings.events - each, settings.faults_percent)),
        );
        Ok::<_, Box<dyn Error>>([one??, other??])
    })?;
    report(&mut stdout(), &all_totals, begun.elapsed())?;
    let clean = all_totals.iter().all(|totals| totals.problems().is_empty());
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One process of the function, from its first event to its last.
async fn process(seed: u64, events: u64, faults_percent: u32) -> io::Result<Totals> {
    let cases = cases();
    let lab = Lab::start(state()).await?;
    let settings = impatient(ACCOUNT, REGION, ATTEMPT_MILLISECONDS);
    let mut function = Function::spawn(&bootstrap()?, &lab, settings).await?;
    inject(&lab, faults_percent);
    let mut totals = Totals::default();
    let mut random = seed;
    for number in 1..=events {
        // The generator of Knuth's MMIX: any order will do, but it is the same in every run.
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let choice = usize::try_from(random >> 33).unwrap_or_default() % cases.len();
        if let Some(case) = cases.get(choice) {
            deliver_until_answered(&lab, &mut function, case, &mut totals).await?;
        }
        totals.events = number;
        if number == WARM_EVENTS.min(events) {
            totals.warm = function.memory();
        }
        if number % 10_000 == 0 {
            let _nobody_reads_it = writeln!(stderr(), "process {seed}: {number} events");
        }
    }
    totals.at_end = function.memory();
    totals.starts = function.starts();
    function.stop().await?;
    Ok(totals)
}

fn bootstrap() -> io::Result<PathBuf> {
    let path = match env::var_os("TRAILSEAL_BOOTSTRAP") {
        Some(path) => PathBuf::from(path),
        None => env::current_exe()?.with_file_name("bootstrap"),
    };
    if path.is_file() {
        return Ok(path);
    }
    Err(io::Error::other(format!(
        "`{}` is missing: build it with `cargo build --release -p trailseal-lambda`, or name it in \
         TRAILSEAL_BOOTSTRAP",
        path.display()
    )))
}

/// Each kind of fault affects about the same number of requests, which add up to the percentage.
/// All divisors differ, since equal ones would select the same requests.
fn inject(lab: &Lab, percent: u32) {
    let kinds = FaultKind::all(SLOW);
    let number = u32::try_from(kinds.len()).unwrap_or(u32::MAX);
    let Some(one_in) = (number * 100).checked_div(percent) else { return };
    for (offset, kind) in (0..).zip(kinds) {
        let divisor = (one_in + offset).saturating_sub(number / 2).max(2);
        lab.inject(Fault::anywhere(Position::OneIn(divisor), kind));
    }
}

/// Delivers an event until the function succeeds, as Lambda does, and checks the result.
async fn deliver_until_answered(
    lab: &Lab,
    function: &mut Function,
    case: &SoakCase,
    totals: &mut Totals,
) -> io::Result<()> {
    let event = &case.event;
    let token = lab.issue_token(&event.account, &event.region, &event.rule);
    let bytes = event.to_json(&token).to_string();
    for attempt in 0..TRIES_MAX {
        let ended = function.invoke(bytes.as_bytes(), TIME).await?.outcome;
        let (calls, put) = (lab.take_calls(), lab.take_put_evaluations());
        // The log is not kept.
        drop(function.take_lines()?);
        note(&calls, &put, totals);
        match ended {
            Outcome::Response(_) => {
                totals.wrong.extend(missing_evaluation(case, &calls, &put));
                totals.at_once += u64::from(attempt == 0);
                totals.retries_max = totals.retries_max.max(attempt);
                return Ok(());
            }
            Outcome::Failed { error_type, .. } => {
                Totals::count(&mut totals.failures, &error_type);
                totals.retries += 1;
            }
            Outcome::Exited { .. } | Outcome::TimedOut => {
                totals.wrong.push(format!("{ended:?}: {bytes}"));
                return Ok(());
            }
        }
    }
    totals.wrong.push(format!("not settled after {TRIES_MAX} tries: {bytes}"));
    Ok(())
}

/// Counts the calls and the evaluations, and checks that every COMPLIANT trail should be COMPLIANT.
fn note(calls: &[Call], put: &[PutEvaluation], totals: &mut Totals) {
    totals.requests += u64::try_from(calls.len()).unwrap_or_default();
    for fault in calls.iter().filter_map(|call| call.fault.as_deref()) {
        Totals::count(&mut totals.faults, fault);
    }
    for one in put {
        Totals::count(&mut totals.evaluations, &one.compliance_type);
        if one.compliance_type == "COMPLIANT" && verdict(&one.resource_id) != Some("COMPLIANT") {
            totals.wrong.push(format!("false COMPLIANT: {one:?}"));
        }
    }
}

/// A successful invocation submits each expected evaluation: either the expected verdict or, if AWS
/// refused evidence, NON_COMPLIANT with that reason.
fn missing_evaluation(case: &SoakCase, calls: &[Call], put: &[PutEvaluation]) -> Option<String> {
    let is = |call: &Call, operation: &str, fault: &str| {
        call.operation == operation && call.fault.as_deref() == Some(fault)
    };
    // AWS returned no trails, so there was nothing to evaluate.
    if calls.iter().any(|call| is(call, "cloudtrail:DescribeTrails", "not-found")) {
        return None;
    }
    for (name, expected) in &case.expected {
        let found = put.iter().rev().find(|one| one.resource_id == *name);
        let found = found.map(|one| one.compliance_type.as_str());
        let refused = found == Some("NON_COMPLIANT")
            && calls.iter().any(|call| {
                matches!(call.fault.as_deref(), Some("access-denied" | "not-found" | "wrong-types"))
            });
        if found != Some(*expected) && !refused {
            return Some(format!("{name} is {found:?} instead of {expected}: {:?}", case.event));
        }
    }
    None
}
