//! The report as one JSON document.

use std::io::{self, Write};

use super::JsonWriter;
use crate::report::Report;

pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(JsonWriter(out), report)?;
    out.write_all(b"\n")
}
