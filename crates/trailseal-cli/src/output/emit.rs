//! Writes a report to files and to standard output.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{COLUMNS_ELSEWHERE, Document, Format, Output, Screen, TableOptions, clean};
use crate::console::{Console, Failure};
use crate::report::{NotEvaluated, Report};

/// The most attempts to create a temporary file.
const TRIES_MAX: u32 = 100;

/// The most links that lead to a file, as in Linux.
const LINKS_MAX: u32 = 40;

/// The outputs, with a table if no other format goes to standard output.
///
/// # Errors
///
/// All faults: outputs that exclude each other, folders, files in folders that do not exist, and
/// options of the table without a table.
pub(crate) fn outputs(
    requested: &[Output],
    table: TableOptions,
) -> Result<Vec<Output>, Vec<String>> {
    let mut outputs = requested.to_vec();
    let mut faults = Vec::new();
    match requested.iter().filter(|output| output.file.is_none()).count() {
        0 => outputs.push(Output { format: Format::Table, file: None }),
        1 => {}
        _ => faults.push(
            "only one format can go to standard output; give the others a file: FORMAT=FILE"
                .to_owned(),
        ),
    }
    let places: Vec<Option<PathBuf>> =
        requested.iter().map(|output| output.file.as_deref().map(place)).collect();
    for (index, (output, place)) in requested.iter().zip(&places).enumerate() {
        let Some(file) = &output.file else {
            continue;
        };
        if places.iter().take(index).any(|other| other == place) {
            faults.push(format!("`{}` is given as the file of two outputs", file.display()));
        }
        if file.is_dir() {
            faults.push(format!("`{}` is a folder; give the output a file", file.display()));
        }
        faults.extend(missing_folder(file, "output"));
    }
    let has_table = outputs.iter().any(|output| output.format == Format::Table);
    if (table.full || table.failed) && !has_table {
        faults.push(
            "--full and --failed are for the table, but no output is a table: add `-o table` or \
             `-o table=FILE`"
                .to_owned(),
        );
    }
    if faults.is_empty() { Ok(outputs) } else { Err(faults) }
}

/// What to say if the folder of a file that will be written does not exist.
pub(crate) fn missing_folder(file: &Path, what: &str) -> Option<String> {
    let place = place(file);
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty())?;
    (!folder.is_dir()).then(|| {
        format!(
            "the folder `{}` of the {what} `{}` does not exist: make it, or name another file",
            folder.display(),
            file.display()
        )
    })
}

/// Refuses outputs that would overwrite an input.
pub(crate) fn refuse_to_overwrite<'a>(
    inputs: impl Iterator<Item = &'a Path>,
    outputs: &[Output],
) -> Result<(), Failure> {
    let read: Vec<PathBuf> = inputs.map(place).collect();
    let files = outputs.iter().filter_map(|output| output.file.as_ref());
    let faults: Vec<String> = files
        .filter(|file| read.contains(&place(file)))
        .map(|file| format!("`{}` is an input; give the output another file", file.display()))
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(Failure::NotStarted(faults)) }
}

/// The canonical path; for a new file, its name in its canonical folder. A link to a new file leads
/// to that file.
fn place(path: &Path) -> PathBuf {
    let mut place = in_canonical_folder(path);
    for _ in 0..LINKS_MAX {
        // The link of an open pipe, such as `/dev/stdout`, has a text that is not a path.
        let target = if place.exists() { None } else { place.read_link().ok() };
        let Some(target) = target else { break };
        // A relative target is relative to the folder of the link.
        place = in_canonical_folder(&place.with_file_name(target));
    }
    place
}

fn in_canonical_folder(path: &Path) -> PathBuf {
    if let Ok(place) = path.canonicalize() {
        return place;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    match (folder.canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        (Ok(_) | Err(_), _) => path.to_owned(),
    }
}

/// Prints the problems of the report, the trails that were not evaluated, and the warnings unless
/// only errors are wanted.
pub(crate) fn print_problems(report: &Report, quiet: bool, console: &mut Console<'_>) {
    for problem in &report.problems {
        let line = format!("{}: {}", clean(&problem.source), clean(&problem.message));
        console.print_error(&line);
    }
    for NotEvaluated { trail, reason, source } in report.not_evaluated() {
        let line = format!("{source}: trail {trail} was not evaluated: {reason}");
        console.print_error(&clean(&line));
    }
    // In AWS Config an empty value is the default; on a command line it may be a lost variable.
    for (name, _) in report.parameters.iter().filter(|(_, value)| value.is_empty() && !quiet) {
        console.print_warning(&format!("parameter `{name}` is empty, so its default counts"));
    }
    for line in report.warnings().filter(|_| !quiet) {
        console.print_warning(&clean(&line));
    }
}

/// Writes the document to each output. A failed output does not prevent the others.
pub(crate) fn emit(
    document: &dyn Document,
    outputs: &[Output],
    table: TableOptions,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let mut outcome = Ok(());
    for output in outputs {
        match write_to(document, output, table, console) {
            Ok(()) => {}
            // The reader closed the pipe.
            Err(failure) if failure.is_broken_pipe() => outcome = Err(failure),
            Err(failure) => {
                console.print_error(&failure.to_string());
                outcome = Err(Failure::Reported);
            }
        }
    }
    outcome
}

impl Screen {
    fn of(console: &Console<'_>, table: TableOptions) -> Self {
        let columns = console.out_is_terminal.then(terminal_columns);
        Self { columns, is_styled: console.out_is_terminal, table }
    }

    fn of_file(table: TableOptions) -> Self {
        Self { columns: None, is_styled: false, table }
    }
}

/// A pseudo-terminal, such as a build server's, can report zero columns.
fn terminal_columns() -> usize {
    let size = terminal_size::terminal_size();
    let columns = size.map(|(terminal_size::Width(columns), _)| usize::from(columns));
    columns.filter(|columns| *columns > 0).unwrap_or(COLUMNS_ELSEWHERE)
}

fn write_to(
    document: &dyn Document,
    output: &Output,
    table: TableOptions,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    match &output.file {
        Some(file) => to_file(document, output.format, Screen::of_file(table), file)
            .map_err(|error| Failure::Output { what: format!("`{}`", file.display()), error }),
        None => document
            .write(output.format, Screen::of(console, table), console.out)
            .and_then(|()| console.out.flush())
            .map_err(Failure::standard_output),
    }
}

/// Writes a document to a file. A regular file is replaced as a whole, when the new content is
/// complete; pipes and devices are written directly.
fn to_file(document: &dyn Document, format: Format, screen: Screen, file: &Path) -> io::Result<()> {
    // Replaces the target of a link, not the link.
    let file = &place(file);
    let metadata = match fs::metadata(file) {
        // Links in a loop.
        Err(error) if file.is_symlink() => return Err(error),
        metadata => metadata,
    };
    if metadata.as_ref().is_ok_and(|metadata| !metadata.is_file()) {
        return write_out(document, format, screen, OpenOptions::new().write(true).open(file)?);
    }
    let (temporary, out) = beside(file)?;
    let permissions = metadata.map(|metadata| metadata.permissions());
    let written = write_out(document, format, screen, out)
        .and_then(|()| match permissions {
            Ok(permissions) => fs::set_permissions(&temporary, permissions),
            Err(_is_new) => Ok(()),
        })
        .and_then(|()| fs::rename(&temporary, file));
    if written.is_err() {
        // The first error is reported.
        let _ignored = fs::remove_file(&temporary);
    }
    written
}

fn write_out(
    document: &dyn Document,
    format: Format,
    screen: Screen,
    file: File,
) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    document.write(format, screen, &mut out)?;
    out.flush()
}

/// A new file in the same folder, so that a rename can replace the other file.
fn beside(file: &Path) -> io::Result<(PathBuf, File)> {
    let name = file.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    for number in 0..TRIES_MAX {
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}-{number}.part", std::process::id()));
        let path = file.with_file_name(hidden);
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(out) => return Ok((path, out)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests;
