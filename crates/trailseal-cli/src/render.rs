//! `trailseal render`: writes a JSON report in other formats.

use crate::arguments::RenderArguments;
use crate::console::{Console, Exit, Failure};
use crate::output::{emit, outputs, print_problems, refuse_to_overwrite};
use crate::report::{parse_report, report_text};

pub(crate) fn render(
    arguments: &RenderArguments,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let outputs = outputs(&arguments.output, arguments.table).map_err(Failure::NotStarted)?;
    refuse_to_overwrite(std::iter::once(arguments.report.as_path()), &outputs)?;
    let text = report_text(&arguments.report).map_err(Failure::failed)?;
    let report = parse_report(&arguments.report, &text).map_err(Failure::Failed)?;
    print_problems(&report, console);
    emit(&report, &outputs, arguments.table, console)?;
    Ok(Exit::of(&report, &arguments.exit))
}
