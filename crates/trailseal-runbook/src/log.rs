//! The function's log, which also holds the journal: Lambda keeps no files, so each record is
//! logged before the change that it announces.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::json;
use trailseal_aws::Calls;
use trailseal_lambda::JsonLines;
use trailseal_plan::Record;
use trailseal_remediation::{JournalWriter, RemediationOutcome};

use crate::error::RemediationError;

/// Where log lines go: Lambda collects them from the standard output.
#[derive(Debug)]
pub struct RemediationLog(JsonLines);

impl RemediationLog {
    /// A log that writes JSON lines to `out`.
    pub fn new(out: impl Write + Send + 'static) -> Self {
        Self(JsonLines::new(out))
    }

    /// Logs the result of an invocation.
    pub(crate) fn finished(
        &self,
        outcome: &Result<RemediationOutcome, RemediationError>,
        calls: &BTreeMap<String, Calls>,
    ) {
        let calls: BTreeMap<&String, u32> =
            calls.iter().map(|(name, calls)| (name, calls.attempts)).collect();
        let line = match outcome {
            Ok(remediated) => json!({
                "level": "INFO",
                "message": "remediation",
                "trail": remediated.plan.trail.as_str(),
                "outcome": crate::answer::outcome(remediated),
                "journal": remediated.journal,
                "calls": calls,
            }),
            Err(error) => json!({
                "level": "ERROR",
                "message": "remediation failed",
                "kind": error.kind(),
                "error": error.to_string(),
                "calls": calls,
            }),
        };
        // A failure here is not an error: the journal already contains every change.
        let _ = self.0.write(&line);
    }
}

/// A journal that is written to the log, and kept in memory for the answer.
pub(crate) struct LoggedJournal<'a> {
    log: &'a RemediationLog,
    id: Option<String>,
    lines: Vec<String>,
}

impl<'a> LoggedJournal<'a> {
    pub(crate) fn new(log: &'a RemediationLog) -> Self {
        Self { log, id: None, lines: Vec::new() }
    }

    /// The journal's ID, once the plan has begun.
    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The records so far, each as a line of a journal file.
    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }
}

impl JournalWriter for LoggedJournal<'_> {
    fn write(&mut self, record: &Record) -> io::Result<()> {
        if let Record::Begun { journal, .. } = record {
            self.id = Some(journal.clone());
        }
        let written = serde_json::to_value(record)?;
        self.lines.push(serde_json::to_string(record)?);
        self.log.0.write(&json!({
            "level": "INFO",
            "message": "journal",
            "journal": self.id,
            "record": written,
        }))
    }
}
