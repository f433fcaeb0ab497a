//! The output formats of a report.

mod accounts;
pub(crate) mod columns;
mod emit;
mod identity;
mod sanitize;
mod severity;

mod asff;
pub(crate) mod csv;
pub(crate) mod html;
mod junit;
mod ocsf;
mod sarif;
mod table;

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Command, ValueEnum};
use serde::Serialize;

use crate::report::Report;

pub(crate) use accounts::write_capped;
pub(crate) use emit::{emit, missing_folder, outputs, print_problems, refuse_to_overwrite};
pub(crate) use sanitize::{HtmlWriter, JsonWriter};
pub(crate) use table::{TableOptions, write_details};
pub(crate) use trailseal_findings::{bounded, clean, clean_json, clean_lines, shown};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people: what was found, why it matters, how to fix it
    Table,
    /// For programs: everything; `trailseal schema` prints the schema of each report
    Json,
    /// For spreadsheets: a row for each result
    Csv,
    /// For CI: JUnit XML, a case per check of each trail; what could not be verified is an error
    Junit,
    /// For code scanning: SARIF 2.1.0
    Sarif,
    /// For AWS Security Hub: a list of findings for BatchImportFindings, one per trail
    Asff,
    /// For data lakes: a list of OCSF 1.6 events of class 2003, one per trail
    Ocsf,
    /// For auditors: one page that needs no network, with the evidence of each finding
    Html,
}

impl Format {
    /// Whether it shows the digests of the inputs, which take longer than the reading.
    pub(crate) fn has_digests(self) -> bool {
        matches!(self, Self::Json | Self::Html | Self::Sarif)
    }

    /// The name on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// `FORMAT` or `FORMAT=FILE`; the file `-` is standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) format: Format,
    /// Standard output if absent.
    pub(crate) file: Option<PathBuf>,
}

impl Output {
    /// Reads `FORMAT` or `FORMAT=FILE`.
    ///
    /// # Errors
    ///
    /// What is expected.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (format, file) = split(text);
        let names = || Format::value_variants().iter().map(|format| format.name());
        let format = Format::from_str(format, false).map_err(|_| {
            let names: Vec<String> = names().collect();
            format!("is `{}`; expected one of {}", clean(text), names.join(", "))
        })?;
        Ok(Self { format, file: file? })
    }
}

/// The format, and the file: absent for standard output.
fn split(text: &str) -> (&str, Result<Option<PathBuf>, String>) {
    match text.split_once('=') {
        Some((format, "")) => (
            format,
            Err(format!(
                "`{}` does not name a file; name one, or `-` for standard output",
                clean(text)
            )),
        ),
        None => (text, Ok(None)),
        Some((format, "-")) => (format, Ok(None)),
        Some((format, file)) => (format, Ok(Some(PathBuf::from(file)))),
    }
}

/// Where a table is shown, and what it shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    /// The columns of the terminal; absent in a file or a pipe.
    pub(crate) columns: Option<usize>,
    /// Whether styles are written. The stream removes them if the user does not want them.
    pub(crate) is_styled: bool,
    pub(crate) table: TableOptions,
}

/// Columns of texts in a file or a pipe.
pub(crate) const COLUMNS_ELSEWHERE: usize = 100;

/// Parses an [`Output`] with the errors and suggestions of [`Format`].
#[derive(Clone, Debug)]
pub(crate) enum OutputParser {
    /// Of a report: each format.
    Report,
    /// Of a comparison: `table` and `json`.
    Comparison,
}

impl OutputParser {
    fn values(&self) -> Vec<PossibleValue> {
        match self {
            Self::Report => {
                Format::value_variants().iter().filter_map(ValueEnum::to_possible_value).collect()
            }
            Self::Comparison => ["table", "json"].map(PossibleValue::new).to_vec(),
        }
    }
}

impl TypedValueParser for OutputParser {
    type Value = Output;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Output, clap::Error> {
        let invalid = |message: String| {
            clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command)
        };
        let Some(text) = value.to_str() else {
            return Err(clap::Error::new(ErrorKind::InvalidUtf8).with_cmd(command));
        };
        let (format, file) = split(text);
        let parser = PossibleValuesParser::new(self.values());
        let format = parser.parse_ref(command, argument, OsStr::new(format))?;
        let format = Format::from_str(&format, false).map_err(invalid)?;
        let file = file.map_err(|message| invalid(format!("{message}\n")))?;
        Ok(Output { format, file })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.values().into_iter()))
    }
}

/// What a command writes.
pub(crate) trait Document {
    /// Writes it in one of the formats that the command accepts.
    fn write(&self, format: Format, screen: Screen, out: &mut dyn Write) -> io::Result<()>;
}

impl Document for Report {
    fn write(&self, format: Format, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
        match format {
            Format::Table => table::write(self, screen, out),
            Format::Json => write_json(self, out),
            Format::Csv => csv::write(self, out),
            Format::Junit => junit::write(self, out),
            Format::Sarif => sarif::write(self, out),
            Format::Asff => asff::write(self, out),
            Format::Ocsf => ocsf::write(self, out),
            Format::Html => html::write(self, out),
        }
    }
}

pub(crate) fn write_json(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(JsonWriter(out), document)?;
    out.write_all(b"\n")
}

/// `1 trail`, `2 trails`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// Writes a JSON list with one element per line.
fn lines<T: Serialize>(elements: impl Iterator<Item = T>, out: &mut dyn Write) -> io::Result<()> {
    let mut before = "[";
    for element in elements {
        writeln!(out, "{before}")?;
        serde_json::to_writer(JsonWriter(out), &element)?;
        before = ",";
    }
    writeln!(out, "{}", if before == "[" { "[]" } else { "\n]" })
}

#[cfg(test)]
pub(crate) fn formats() -> impl Iterator<Item = Format> {
    Format::value_variants().iter().copied()
}

#[cfg(test)]
pub(crate) mod tests;
