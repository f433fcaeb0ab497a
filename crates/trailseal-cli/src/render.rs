//! `trailseal render`: writes a JSON report in other formats.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::arguments::RenderArguments;
use crate::console::{Console, Exit, Failure};
use crate::output::{emit, outputs, print_problems, refuse_to_overwrite};
use crate::report::read_report;

pub(crate) fn render(
    arguments: &RenderArguments,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let outputs = outputs(&arguments.output, arguments.table).map_err(Failure::NotStarted)?;
    refuse_to_overwrite(std::iter::once(arguments.report.as_path()), &outputs)?;
    let text = text(&arguments.report)?;
    let name = name(&arguments.report);
    let report = read_report(&text).map_err(|faults| {
        Failure::Failed(faults.iter().map(|fault| format!("{name}: {fault}")).collect())
    })?;
    print_problems(&report, console);
    emit(&report, &outputs, arguments.table, console)?;
    Ok(Exit::of(&report, &arguments.exit))
}

fn text(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    let read = if path.as_os_str() == "-" {
        io::stdin().lock().read_to_end(&mut text)
    } else {
        File::open(path).and_then(|mut file| file.read_to_end(&mut text))
    };
    read.map_err(|error| Failure::failed(format!("{}: cannot be read: {error}", name(path))))?;
    Ok(text)
}

fn name(path: &Path) -> String {
    if path.as_os_str() == "-" { "(standard input)".to_owned() } else { path.display().to_string() }
}
