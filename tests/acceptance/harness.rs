//! What every test here starts from: a lab, and the real programs against it.

use std::env;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(super) use accounts::{ACCOUNT, REGION, RULE};
use serde_json::Value;
use tokio::time::Instant;
use trailseal_lab::{FunctionSettings, Lab, Operation, Outcome, State};
use trailseal_lambda::InvocationContext;
use trailseal_rule::Timestamp;

/// Now, for the function in this process.
pub(super) const NOW: &str = "2026-11-23T12:00:00.000Z";
/// What the function asks of AWS; every other operation of the lab is the command's.
pub(super) const OF_THE_FUNCTION: [Operation; 11] = [
    Operation::AssumeRole,
    Operation::DescribeKey,
    Operation::DescribeTrails,
    Operation::GetComplianceDetailsByConfigRule,
    Operation::GetKeyPolicy,
    Operation::GetKeyRotationStatus,
    Operation::GetResourceConfigHistory,
    Operation::GetTrailStatus,
    Operation::HeadBucket,
    Operation::ListDiscoveredResources,
    Operation::PutEvaluations,
];
/// How long the real function may take for one event.
pub(super) const TIME: Duration = Duration::from_secs(20);

/// What the function wrote to its log.
#[derive(Clone, Debug, Default)]
pub(super) struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    /// The text since the last time, which is forgotten.
    pub(super) fn take(&self) -> String {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap());
        String::from_utf8(bytes).unwrap()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A lab that answers from a document of its state format.
pub(super) async fn lab(state: &Value) -> Lab {
    Lab::start(read_state(state)).await.unwrap()
}

/// A document of the lab's state format, read; what is wrong with it fails the test.
pub(super) fn read_state(state: &Value) -> State {
    State::from_value("the test's state", state).unwrap_or_else(|error| panic!("{error}"))
}

/// An invocation at [`NOW`], with a minute of time.
pub(super) fn context() -> InvocationContext {
    InvocationContext {
        now: Timestamp::parse(NOW).unwrap(),
        deadline: Instant::now() + Duration::from_secs(60),
        is_cold: false,
    }
}

/// The real function: `TRAILSEAL_BOOTSTRAP`, or what was built beside this test.
pub(super) fn bootstrap_path() -> PathBuf {
    program_path("TRAILSEAL_BOOTSTRAP", "bootstrap")
}

/// The real remediation function: `TRAILSEAL_REMEDIATION`, or what was built beside this test.
pub(super) fn remediation_path() -> PathBuf {
    program_path("TRAILSEAL_REMEDIATION", "remediation")
}

/// The real command: `TRAILSEAL_COMMAND`, or what was built beside this test.
pub(super) fn command_path() -> PathBuf {
    program_path("TRAILSEAL_COMMAND", "trailseal")
}

fn program_path(variable: &str, name: &str) -> PathBuf {
    if let Some(path) = env::var_os(variable) {
        return PathBuf::from(path);
    }
    // target/<profile>/deps/acceptance-…
    let own = env::current_exe().unwrap();
    let path = own.parent().and_then(|deps| deps.parent()).unwrap().join(name);
    assert!(
        path.is_file(),
        "`{}` is missing: build it with `cargo build --release --workspace --bins`, or name it in \
         {variable}",
        path.display()
    );
    path
}

/// The real function as a process, of an account and a Region, with short pauses and time-outs.
pub(super) async fn bootstrap_of(
    lab: &Lab,
    account: &str,
    region: &str,
) -> trailseal_lab::Function {
    trailseal_lab::Function::spawn(&bootstrap_path(), lab, impatient(account, region))
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Short pauses and time-outs for a real function of an account and a Region.
pub(super) fn impatient(account: &str, region: &str) -> FunctionSettings {
    let mut settings = FunctionSettings::new(account, region);
    for (name, value) in
        [("TRAILSEAL_BACKOFF_MILLISECONDS", "1"), ("TRAILSEAL_ATTEMPT_TIMEOUT_MILLISECONDS", "300")]
    {
        settings.environment.push((name.to_owned(), value.to_owned()));
    }
    settings
}

/// The message of the error that an invocation of the real function ended with, if it did; a
/// process that ended or hung fails the test.
pub(super) fn error_of(outcome: Outcome) -> Option<String> {
    match outcome {
        Outcome::Response(_) => None,
        Outcome::Failed { message, .. } => Some(message),
        Outcome::Exited { status } => panic!("the process ended: {status}"),
        Outcome::TimedOut => panic!("the process did not answer"),
    }
}

/// The real function as a process, of the usual account and Region.
pub(super) async fn bootstrap(lab: &Lab) -> trailseal_lab::Function {
    bootstrap_of(lab, ACCOUNT, REGION).await
}
