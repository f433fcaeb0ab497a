//! From a report to where it was asked for.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use super::{COLUMNS_ELSEWHERE, Format, Output, Screen, write};
use crate::command::{Failure, Surroundings};
use crate::report::Report;

/// The outputs, with the table where nothing else goes to standard output; all faults at once.
pub(crate) fn outputs(asked: &[Output]) -> Result<Vec<Output>, Vec<String>> {
    let mut outputs = asked.to_vec();
    let mut faults = Vec::new();
    match asked.iter().filter(|output| output.file.is_none()).count() {
        0 => outputs.push(Output { format: Format::Table, file: None }),
        1 => {}
        _ => faults.push(
            "only one format can go to standard output; give the others a file: FORMAT=FILE"
                .to_owned(),
        ),
    }
    for (index, output) in asked.iter().enumerate() {
        let is_again = asked.iter().take(index).any(|other| other.file == output.file);
        if let Some(file) = output.file.as_ref().filter(|_| is_again) {
            faults.push(format!("`{}` is given as the file of two outputs", file.display()));
        }
    }
    if faults.is_empty() { Ok(outputs) } else { Err(faults) }
}

/// Writes the report wherever it was asked for; a place that cannot be written takes nothing from
/// the others.
pub(crate) fn emit(
    report: &Report,
    outputs: &[Output],
    surroundings: &mut Surroundings<'_>,
) -> Result<(), Failure> {
    let written = outputs.iter().map(|output| write_to(report, output, surroundings));
    written.collect::<Vec<_>>().into_iter().collect()
}

fn write_to(
    report: &Report,
    output: &Output,
    surroundings: &mut Surroundings<'_>,
) -> Result<(), Failure> {
    match &output.file {
        Some(file) => to_file(report, output.format, file)
            .map_err(|error| Failure::Output { what: format!("`{}`", file.display()), error }),
        None => write(report, output.format, surroundings.screen(), surroundings.out)
            .and_then(|()| surroundings.out.flush())
            .map_err(Failure::standard_output),
    }
}

/// Writes a report into a file, whole or with an error.
fn to_file(report: &Report, format: Format, file: &PathBuf) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(file)?);
    let screen = Screen { columns: Some(COLUMNS_ELSEWHERE), is_styled: false };
    write(report, format, screen, &mut out)?;
    out.flush()
}
