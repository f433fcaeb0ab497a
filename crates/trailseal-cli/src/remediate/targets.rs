//! The trails to seal: the given ones, or all that fail.

use std::collections::BTreeSet;
use std::path::Path;

use trailseal_aws::describe_trails;
use trailseal_rule::{Region, Standing, Trail, Verdict, WhenNoTrails, evaluate};

use super::RemediateContext;
use super::outcome::NotPlanned;
use super::show::causes;
use crate::audit::unknown_region;
use crate::console::{Exit, Failure};
use crate::report::{Report, TrailReport, read_report};

/// The trails to seal, and what a run without names leaves as it is.
#[derive(Default)]
pub(super) struct Targets {
    /// Names or ARNs.
    pub(super) trails: Vec<String>,
    pub(super) not_planned: Vec<NotPlanned>,
}

impl Targets {
    fn add(&mut self, trail: &str) {
        self.trails.push(trail.to_owned());
    }

    fn leave(&mut self, what: &str, why: String, exit: Exit) {
        self.not_planned.push(NotPlanned { what: what.to_owned(), why, exit });
    }

    /// Each of them once, and none of `trails` among those that are left.
    fn once(mut self) -> Self {
        let mut known = BTreeSet::new();
        self.trails.retain(|trail| known.insert(trail.clone()));
        self.not_planned.retain(|one| known.insert(one.what.clone()));
        self
    }
}

/// The trails by name or ARN.
pub(super) async fn targets(context: &RemediateContext<'_>) -> Result<Targets, Failure> {
    found(context).await.map(Targets::once)
}

async fn found(context: &RemediateContext<'_>) -> Result<Targets, Failure> {
    if let Some(report) = &context.arguments.report {
        return of_report(context, report);
    }
    let mut targets = Targets::default();
    for trail in &context.arguments.trails {
        targets.add(trail);
    }
    if !targets.trails.is_empty() {
        return Ok(targets);
    }
    let regions = match context.arguments.regions.as_slice() {
        [] => std::slice::from_ref(context.aws.own().region()),
        regions => regions,
    };
    let regions: BTreeSet<&Region> = regions.iter().collect();
    for region in &regions {
        add_failing(context, region, &regions, &mut targets).await?;
    }
    Ok(targets)
}

/// Adds the failing trails of the account whose home Region is this one.
async fn add_failing(
    context: &RemediateContext<'_>,
    region: &Region,
    searched: &BTreeSet<&Region>,
    targets: &mut Targets,
) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        let hint = unknown_region(region).map(|line| format!(". {line}"));
        Failure::failed(format!("{error}{}", hint.unwrap_or_default()))
    };
    let session = context.aws.own().in_region(region.clone());
    let trails = describe_trails(&session).await.map_err(|error| failed(&error))?;
    if trails.is_empty() && context.parameters.no_trails == WhenNoTrails::NonCompliant {
        targets.leave_account_without_trail(session.account().as_str(), region.as_str());
    }
    for trail in &trails {
        if trail.standing() != Standing::Own {
            targets.leave_copy(context, trail, searched);
            continue;
        }
        let facts = context.reader().facts(&context.evaluation(), trail).await;
        let facts = facts.map_err(|error| failed(&error))?;
        match evaluate(&context.evaluation(), trail, &facts).verdict {
            Verdict::Broken(_) => targets.add(trail.arn.as_str()),
            Verdict::Unverified(results) => {
                targets.leave(trail.arn.as_str(), causes(&results), Exit::Findings);
            }
            Verdict::Sealed(_) | Verdict::NotApplicable(_) => {}
        }
    }
    Ok(())
}

impl Targets {
    /// A copy shows nothing about its trail, which is out of the scope of the run if its home Region
    /// is not searched.
    fn leave_copy(
        &mut self,
        context: &RemediateContext<'_>,
        trail: &Trail,
        searched: &BTreeSet<&Region>,
    ) {
        let (arn, home) = (&trail.arn, trail.arn.home_region());
        let is_own = arn.owner() == context.aws.own().account();
        if !is_own || searched.contains(home) || context.evaluation().exempts(arn) {
            return;
        }
        let why = format!("its home Region {home} was not searched: add it to --region");
        self.leave(arn.as_str(), why, Exit::Clean);
    }

    fn leave_account_without_trail(&mut self, account: &str, region: &str) {
        let why = "no trail is visible: make a multi-Region trail with a customer managed KMS key";
        self.leave(&format!("account {account} in {region}"), why.to_owned(), Exit::Findings);
    }
}

/// The failing trails of a report.
fn of_report(context: &RemediateContext<'_>, path: &Path) -> Result<Targets, Failure> {
    let unreadable = |faults: Vec<String>| {
        let line = |fault: &String| format!("--report `{}`: {fault}", path.display());
        Failure::Failed(faults.iter().map(line).collect())
    };
    let text = std::fs::read(path).map_err(|error| unreadable(vec![error.to_string()]))?;
    let report = read_report(&text).map_err(unreadable)?;
    let mut targets = Targets::default();
    for trail in &report.trails {
        targets.add_result(context, trail);
    }
    if !report.complete {
        targets.leave(&path.display().to_string(), partial(&report), Exit::Failure);
    }
    Ok(targets)
}

impl Targets {
    fn add_result(&mut self, context: &RemediateContext<'_>, trail: &TrailReport) {
        let own = context.aws.own().account();
        if trail.is_of_account() && trail.is_non_compliant() {
            self.leave_account_without_trail(trail.account.as_str(), trail.region.as_str());
            return;
        }
        let why = match &trail.arn {
            _ if !trail.is_non_compliant() && !trail.unverified => return,
            None => "the report has no ARN of it".to_owned(),
            Some(arn) if arn.owner() != own => {
                format!("the credentials belong to account {own}")
            }
            Some(arn) if trail.is_non_compliant() => return self.add(arn.as_str()),
            Some(_) => "it could not be verified".to_owned(),
        };
        self.leave(trail.arn_or_id(), why, Exit::Findings);
    }
}

/// A partial report, with what it lacks.
fn partial(report: &Report) -> String {
    let counted = |count: usize, one: &str, more: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {more}")),
    };
    let lacks = [
        counted(report.problems.len(), "problem", "problems"),
        counted(report.summary.not_evaluated, "trail not evaluated", "trails not evaluated"),
    ];
    let lacks = lacks.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let lacks = if lacks.is_empty() { lacks } else { format!(" ({lacks})") };
    format!("the report is partial{lacks}, so trails that it does not judge may fail")
}

#[cfg(test)]
mod tests {
    use super::Targets;

    /// Each trail compared with all others takes minutes.
    #[test]
    fn a_report_of_many_trails_is_read_in_time() {
        const TRAILS: usize = 300_000;
        let name = |at: usize| format!("arn:aws:cloudtrail:us-east-1:111122223333:trail/t{at:06}");
        let start = std::time::Instant::now();
        let mut targets = Targets::default();
        for at in (0..TRAILS).chain([0]) {
            targets.add(&name(at));
        }
        let targets = targets.once();
        assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
        assert_eq!(targets.trails.len(), TRAILS);
    }
}
