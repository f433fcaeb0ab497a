//! Reads a report from JSON.

use serde::Deserialize;
use serde_json::{Deserializer, Value};

use super::{REPORT_VERSION, Report};
use crate::output::bounded;

/// The most bytes of a fault's message, which quotes the report.
const FAULT_BYTES_MAX: usize = 500;

#[derive(Deserialize)]
struct Head {
    version: Option<Value>,
}

/// Reads a report of this version; unknown members are ignored.
///
/// # Errors
///
/// The first fault, with its place: the text is not JSON, of another version, or not a report.
pub(crate) fn read_report(text: &[u8]) -> Result<Report, String> {
    let not_a_report =
        |fault: &str| format!("is not a report: {}", bounded(fault, FAULT_BYTES_MAX));
    let head: Head =
        serde_json::from_slice(text).map_err(|error| not_a_report(&error.to_string()))?;
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
