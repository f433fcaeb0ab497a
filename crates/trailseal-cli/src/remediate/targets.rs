//! The trails to seal: the given ones, or all that fail.

use std::path::Path;

use trailseal_aws::describe_trails;
use trailseal_rule::{Region, Standing, Verdict, evaluate};

use super::RemediateContext;
use crate::audit::unknown_region;
use crate::console::{Console, Failure};
use crate::report::read_report;

/// The trails by name or ARN.
pub(super) async fn targets(
    context: &RemediateContext<'_>,
    console: &mut Console<'_>,
) -> Result<Vec<String>, Failure> {
    if let Some(report) = &context.arguments.report {
        return of_report(context, report, console);
    }
    if !context.arguments.trails.is_empty() {
        return Ok(context.arguments.trails.clone());
    }
    let regions = match context.arguments.regions.as_slice() {
        [] => std::slice::from_ref(context.aws.own().region()),
        regions => regions,
    };
    let mut found = Vec::new();
    for region in regions {
        found.extend(failing(context, region, console).await?);
    }
    Ok(found)
}

/// The failing trails of the account in their home Region. Unverified trails are reported.
async fn failing(
    context: &RemediateContext<'_>,
    region: &Region,
    console: &mut Console<'_>,
) -> Result<Vec<String>, Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        let hint = unknown_region(region).map(|line| format!(". {line}"));
        Failure::failed(format!("{error}{}", hint.unwrap_or_default()))
    };
    let session = context.aws.own().in_region(region.clone());
    let trails = describe_trails(&session).await.map_err(|error| failed(&error))?;
    let mut found = Vec::new();
    for trail in trails.iter().filter(|trail| trail.standing() == Standing::Own) {
        let facts = context.reader().facts(&context.evaluation(), trail).await;
        let facts = facts.map_err(|error| failed(&error))?;
        match evaluate(&context.evaluation(), trail, &facts).verdict {
            Verdict::Broken(_) => found.push(trail.arn.to_string()),
            Verdict::Unverified(_) => console.print_error(&format!(
                "{}: could not be verified, so it is left as it is",
                trail.arn
            )),
            Verdict::Sealed(_) | Verdict::NotApplicable(_) => {}
        }
    }
    Ok(found)
}

/// The failing trails of a report. Trails of other accounts, which need other credentials, are
/// reported.
fn of_report(
    context: &RemediateContext<'_>,
    path: &Path,
    console: &mut Console<'_>,
) -> Result<Vec<String>, Failure> {
    let unreadable = |faults: Vec<String>| {
        let line = |fault: &String| format!("--report `{}`: {fault}", path.display());
        Failure::Failed(faults.iter().map(line).collect())
    };
    let text = std::fs::read(path).map_err(|error| unreadable(vec![error.to_string()]))?;
    let report = read_report(&text).map_err(unreadable)?;
    let own = context.aws.own().account();
    let mut found = Vec::new();
    let broken = report.trails.iter().filter(|trail| trail.is_non_compliant());
    for arn in broken.filter_map(|trail| trail.arn.as_ref()) {
        if arn.owner() == own {
            found.push(arn.to_string());
        } else {
            let line = format!("{arn}: left out, because the credentials belong to account {own}");
            console.print_error(&line);
        }
    }
    Ok(found)
}
