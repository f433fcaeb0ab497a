//! The function's log: one JSON line for each finding and each problem, and one for the run.
//!
//! *Invariant of absence*: IDs, verdicts, counts and error messages only. Never a policy document or
//! a credential.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use serde_json::{Map, Value, json};
use trailseal_aws::Calls;
use trailseal_lambda::JsonLines;

use crate::error::ImportError;
use crate::summary::Summary;

/// Where log lines go: Lambda collects them from the standard output.
#[derive(Debug)]
pub struct ImportLog(JsonLines);

impl ImportLog {
    /// A log that writes JSON lines to `out`.
    pub fn new(out: impl Write + Send + 'static) -> Self {
        Self(JsonLines::new(out))
    }

    /// A finding that Security Hub accepted.
    pub(crate) fn finding(&self, finding: &Map<String, Value>) {
        let text = |pointer: &[&str]| {
            let first = pointer.first().and_then(|name| finding.get(*name));
            pointer.iter().skip(1).fold(first, |value, name| value?.get(name)).cloned()
        };
        self.write(&json!({
            "level": "INFO",
            "message": "finding",
            "id": text(&["Id"]),
            "status": text(&["Compliance", "Status"]),
            "severity": text(&["FindingProviderFields", "Severity", "Label"]),
            "recordState": text(&["RecordState"]),
        }));
    }

    /// Something that a person should see.
    pub(crate) fn problem(&self, problem: &str) {
        self.write(&json!({ "level": "ERROR", "message": "problem", "error": problem }));
    }

    /// The end of a run.
    pub(crate) fn end(
        &self,
        outcome: Result<&Summary, &ImportError>,
        calls: BTreeMap<String, Calls>,
        elapsed: Duration,
    ) {
        if let Err(error) = outcome {
            self.write(&json!({
                "level": "ERROR",
                "message": "invocation failed",
                "kind": error.kind(),
                "error": error.to_string(),
            }));
        }
        let calls: BTreeMap<&String, u32> =
            calls.iter().map(|(name, calls)| (name, calls.attempts)).collect();
        let summary = outcome.ok();
        self.write(&json!({
            "level": "INFO",
            "message": "run",
            "accepted": summary.map(|summary| summary.accepted),
            "archived": summary.map(|summary| summary.archived),
            "newer": summary.map(|summary| summary.newer),
            "failed": outcome.is_err(),
            "calls": calls,
            "milliseconds": (elapsed.as_secs_f64() * 1e6).round() / 1e3,
        }));
    }

    fn write(&self, line: &Value) {
        // A run must not fail because of its log, and such a failure cannot be logged.
        let _ = self.0.write(line);
    }
}
