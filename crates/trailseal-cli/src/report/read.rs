//! Reads a report from JSON.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Deserializer, Value};
use trailseal_rule::error_chain;

use super::contradictions::contradictions;
use super::{REPORT_VERSION, Report, Summary};
use crate::input::decoded;
use crate::output::bounded;

/// The most bytes of a fault's message, which quotes the report.
const FAULT_BYTES_MAX: usize = 500;

/// The members that show what a document is.
#[derive(Deserialize)]
#[serde(expecting = "a JSON object")]
struct Head {
    version: Option<Value>,
    run: Option<Value>,
    /// Both are of a comparison.
    old: Option<IgnoredAny>,
    new: Option<IgnoredAny>,
}

/// The most contradictions that are named; the others are counted.
const CONTRADICTIONS_MAX: usize = 20;

/// The text of a report; `-` is standard input.
///
/// # Errors
///
/// It cannot be read.
pub(crate) fn report_text(path: &Path) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    let read = if path.as_os_str() == "-" {
        io::stdin().lock().read_to_end(&mut text)
    } else {
        File::open(path).and_then(|mut file| file.read_to_end(&mut text))
    };
    read.map_err(|error| format!("{}: cannot be read: {error}", report_name(path)))?;
    Ok(text)
}

/// The report in the text of the file.
///
/// # Errors
///
/// Those of [`read_report`], with the name of the file.
pub(crate) fn parse_report(path: &Path, text: &[u8]) -> Result<Report, Vec<String>> {
    let named = |fault: &String| format!("{}: {fault}", report_name(path));
    read_report(text).map_err(|faults| faults.iter().map(named).collect())
}

/// The name of the file for messages.
pub(crate) fn report_name(path: &Path) -> String {
    if path.as_os_str() == "-" { "(standard input)".to_owned() } else { path.display().to_string() }
}

/// Reads a report of this version; unknown members are ignored.
///
/// # Errors
///
/// The first fault, with its place: the text is not JSON, of another version, or not a report. Or
/// all contradictions of the report.
pub(crate) fn read_report(text: &[u8]) -> Result<Report, Vec<String>> {
    let mut report = parse(text).map_err(|fault| vec![fault])?;
    for trail in &mut report.trails {
        trail.copy = Some(trail.is_copy_of_any_kind());
    }
    let found = contradictions(&report);
    if found.is_empty() {
        // A report of 0.1.0 does not count copies.
        report.summary.copies = Summary::of(&report.trails, &report.accounts).copies;
        return Ok(report);
    }
    let named = found
        .iter()
        .take(CONTRADICTIONS_MAX)
        .map(|what| format!("contradicts itself: {}", bounded(what, FAULT_BYTES_MAX)));
    let more = found.len().checked_sub(CONTRADICTIONS_MAX).filter(|more| *more > 0);
    let more = more.map(|more| format!("contradicts itself in {more} more places"));
    Err(named.chain(more).collect())
}

impl Head {
    /// What the document is if it is a report of a command with a format of its own.
    fn of_another_command(&self) -> Option<&'static str> {
        let run = self.run.as_ref().and_then(|run| run.get("command")?.as_str());
        if self.old.is_some() && self.new.is_some() {
            Some("is a comparison of `trailseal compare`, not a report of trails")
        } else if run == Some("logs") {
            Some(
                "is a report of `trailseal logs`, which no other command reads: run `logs` again with \
                 the outputs that you need",
            )
        } else {
            None
        }
    }
}

fn parse(text: &[u8]) -> Result<Report, String> {
    let not_a_report =
        |fault: &str| format!("is not a report: {}", bounded(fault, FAULT_BYTES_MAX));
    let text = decoded(text).map_err(|error| error_chain(&error))?;
    let text = text.trim_ascii();
    match text.first() {
        None => return Err("is empty".to_owned()),
        Some(b'[') => return Err("is a list, not a report: a report is a JSON object".to_owned()),
        Some(_) => {}
    }
    let head: Head =
        serde_json::from_slice(text).map_err(|error| not_a_report(&error.to_string()))?;
    if let Some(what) = head.of_another_command() {
        return Err(what.to_owned());
    }
    match head.version {
        Some(version) if version == REPORT_VERSION => {}
        None => return Err(not_a_report("it has no `version`")),
        Some(other) => {
            let other = bounded(&other.to_string(), FAULT_BYTES_MAX);
            return Err(format!(
                "is a report of version {other}; trailseal {} reads version {REPORT_VERSION}",
                env!("CARGO_PKG_VERSION")
            ));
        }
    }
    serde_path_to_error::deserialize(&mut Deserializer::from_slice(text)).map_err(|error| {
        match error.path().to_string().as_str() {
            "." => not_a_report(&error.inner().to_string()),
            path => not_a_report(&format!("`{path}`: {}", error.inner())),
        }
    })
}

#[cfg(test)]
mod tests;
