//! `trailseal render`: writes a JSON report in other formats.

use crate::arguments::RenderArguments;
use crate::console::{Console, Exit, Failure};
use crate::output::{emit, outputs, print_problems, refuse_to_overwrite};
use crate::report::{parse_report, report_text};
use crate::settings::ReportArguments;

pub(crate) fn render(
    arguments: &RenderArguments,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let RenderArguments { file, report: ReportArguments { output, table, exit, quiet } } =
        arguments;
    let outputs = outputs(output, *table).map_err(Failure::NotStarted)?;
    refuse_to_overwrite(std::iter::once(file.as_path()), &outputs)?;
    let text = report_text(file).map_err(|line| Failure::NotStarted(vec![line]))?;
    let report = parse_report(file, &text).map_err(Failure::Failed)?;
    print_problems(&report, *quiet, console);
    emit(&report, &outputs, *table, console)?;
    Ok(Exit::of(&report, exit))
}
