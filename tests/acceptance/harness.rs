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

/// The present time for the function in this process.
pub(super) const NOW: &str = "2026-11-23T12:00:00.000Z";
/// The operations that the function calls; only the command calls the others.
pub(super) const FUNCTION_OPERATIONS: [Operation; 13] = [
    Operation::AssumeRole,
    Operation::DescribeKey,
    Operation::DescribeTrails,
    Operation::GetComplianceDetailsByConfigRule,
    Operation::GetKeyPolicy,
    Operation::GetKeyRotationStatus,
    Operation::GetObject,
    Operation::GetResourceConfigHistory,
    Operation::GetTrailStatus,
    Operation::HeadBucket,
    Operation::ListDiscoveredResources,
    Operation::ListTags,
    Operation::PutEvaluations,
];
/// How long the real function may take for one event.
pub(super) const TIME: Duration = Duration::from_secs(20);

/// What the function wrote to its log.
#[derive(Clone, Debug, Default)]
pub(super) struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    /// Returns and clears the text so far.
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

pub(super) async fn lab(state: &Value) -> Lab {
    Lab::start(read_state(state)).await.unwrap()
}

/// Reads a state in the lab's file format; panics if it is invalid.
pub(super) fn read_state(state: &Value) -> State {
    State::from_value("the test's state", state).unwrap_or_else(|error| panic!("{error}"))
}

/// An invocation at [`NOW`] that times out after a minute.
pub(super) fn context() -> InvocationContext {
    InvocationContext {
        now: Timestamp::parse(NOW).unwrap(),
        deadline: Instant::now() + Duration::from_secs(60),
        is_cold: false,
    }
}

/// The real function: `TRAILSEAL_BOOTSTRAP`, or the program built with this test.
pub(super) fn bootstrap_path() -> PathBuf {
    program_path("TRAILSEAL_BOOTSTRAP", "bootstrap")
}

/// The real remediation function: `TRAILSEAL_REMEDIATION`, or the program built with this test.
pub(super) fn remediation_path() -> PathBuf {
    program_path("TRAILSEAL_REMEDIATION", "remediation")
}

/// The real function of the Hook: `TRAILSEAL_HOOK`, or the program built with this test.
pub(super) fn hook_path() -> PathBuf {
    program_path("TRAILSEAL_HOOK", "hook")
}

/// The real function of the import: `TRAILSEAL_FINDINGS`, or the program built with this test.
pub(super) fn findings_path() -> PathBuf {
    program_path("TRAILSEAL_FINDINGS", "findings")
}

/// The real command: `TRAILSEAL_COMMAND`, or the program built with this test.
pub(super) fn command_path() -> PathBuf {
    program_path("TRAILSEAL_COMMAND", "trailseal")
}

/// The program of the lab: `TRAILSEAL_LAB`, or the one built with this test.
pub(super) fn lab_path() -> PathBuf {
    program_path("TRAILSEAL_LAB", "trailseal-lab")
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

/// The real function as a process in an account and a Region, with short pauses and timeouts.
pub(super) async fn bootstrap_of(
    lab: &Lab,
    account: &str,
    region: &str,
) -> trailseal_lab::Function {
    trailseal_lab::Function::spawn(&bootstrap_path(), lab, impatient(account, region))
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Settings with short pauses and timeouts.
pub(super) fn impatient(account: &str, region: &str) -> FunctionSettings {
    accounts::impatient(account, region, "300")
}

/// The error message of an invocation of the real function, if it failed; panics if the process
/// ended or did not respond.
pub(super) fn error_of(outcome: Outcome) -> Option<String> {
    match outcome {
        Outcome::Response(_) => None,
        Outcome::Failed { message, .. } => Some(message),
        Outcome::Exited { status } => panic!("the process ended: {status}"),
        Outcome::TimedOut => panic!("the process did not respond"),
    }
}

/// The real function as a process in the usual account and Region.
pub(super) async fn bootstrap(lab: &Lab) -> trailseal_lab::Function {
    bootstrap_of(lab, ACCOUNT, REGION).await
}
