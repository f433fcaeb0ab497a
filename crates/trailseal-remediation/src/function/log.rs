//! What the operator reads, and the journal: in Lambda there is no disk that outlives the process,
//! so each record is written to the log before the change that it announces.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use trailseal_aws::Calls;
use trailseal_plan::Record;

use crate::function::error::RemediationError;
use crate::journal_writer::JournalWriter;
use crate::remediate_trail::RemediationOutcome;

/// Where log lines go: Lambda takes them from the standard output.
pub struct RemediationLog(Mutex<Box<dyn Write + Send>>);

impl RemediationLog {
    /// Writes lines of JSON to `out`.
    #[must_use]
    pub fn new(out: impl Write + Send + 'static) -> Self {
        Self(Mutex::new(Box::new(out)))
    }

    fn write(&self, line: &Value) -> io::Result<()> {
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        out.write_all(format!("{line}\n").as_bytes())?;
        out.flush()
    }

    /// One line on what came of an invocation.
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
                "outcome": super::answer::outcome(remediated),
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
        // An invocation must not fail for its last line: what was changed is in the journal.
        let _ = self.write(&line);
    }
}

impl fmt::Debug for RemediationLog {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("RemediationLog")
    }
}

/// A journal in the log, which is kept in memory for the answer as well.
pub(crate) struct LoggedJournal<'a> {
    log: &'a RemediationLog,
    id: Option<String>,
    lines: Vec<String>,
}

impl<'a> LoggedJournal<'a> {
    pub(crate) fn new(log: &'a RemediationLog) -> Self {
        Self { log, id: None, lines: Vec::new() }
    }

    /// The journal's id, once a plan was begun.
    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The records so far, each as a line of a journal's file.
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
        self.log.write(&json!({
            "level": "INFO",
            "message": "journal",
            "journal": self.id,
            "record": written,
        }))
    }
}
