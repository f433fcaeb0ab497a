//! `--back-out`: undoes the run of a journal where nobody has changed the state since.

use std::io;
use std::path::Path;

use trailseal_plan::{Force, Journal, Plan, Progress, Record};
use trailseal_remediation::{
    Failure as NotBegun, JournalFile, JournalWriter, apply, begin, plan_back_out, settle,
};

use super::confirm::offer;
use super::outcome::{End, Outcome};
use super::seal::{Halt, halted, of_own_account, show_end};
use super::{RemediateContext, show};
use crate::console::{Console, Failure};

pub(super) async fn back_out(
    context: &RemediateContext<'_>,
    path: &Path,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    let outcome = try_back_out(context, path, console).await;
    outcome.or_else(|halt| halted(context, &path.display().to_string(), halt, console))
}

async fn try_back_out(
    context: &RemediateContext<'_>,
    path: &Path,
    console: &mut Console<'_>,
) -> Result<Outcome, Halt> {
    let (mut file, Some(journal)) = JournalFile::open(path)? else {
        show::people(context, "The journal is empty: nothing was changed\n", console)?;
        return Ok(Outcome::without_plan(&path.display().to_string(), End::Done(None)));
    };
    let (progress, plan) = planned(context, path, journal, &mut file).await?;
    let what = format!("{} calls back out trail {}", plan.steps.len(), plan.trail.name());
    if let Some(end) = offer(context, &plan, &what, console)? {
        return Ok(Outcome {
            trail: plan.trail.to_string(),
            plan: Some(plan),
            journal: Some(path.to_owned()),
            progress: Some(progress),
            end,
        });
    }
    let phase = begin(&plan, &progress.journal, &mut file)?;
    let (reader, wait_policy) = (context.reader(), &context.wait_policy);
    let tell = &mut show::progress(context);
    let end = match apply(reader, &phase, &progress.journal, &mut file, wait_policy, tell).await {
        Ok(_) => End::Done(None),
        Err(stop) => End::Stopped(stop.into()),
    };
    Ok(show_end(context, &plan, end, path, console)?)
}

/// The journal of a back-out that is only shown: nothing is written to it.
struct NoJournal;

impl JournalWriter for NoJournal {
    fn write(&mut self, _record: &Record) -> io::Result<()> {
        Ok(())
    }
}

/// The plan for the present state: an interrupted back-out is planned again, not resumed.
async fn planned(
    context: &RemediateContext<'_>,
    path: &Path,
    mut journal: Journal,
    file: &mut JournalFile,
) -> Result<(Progress, Plan), NotBegun> {
    let progress = of_own_account(context, path, &journal)?;
    require_named_trail(context, path, &progress)?;
    let writer: &mut dyn JournalWriter =
        if context.arguments.apply { file } else { &mut NoJournal };
    let progress = settle(context.reader(), &mut journal, writer, &context.wait_policy).await?;
    let force = if context.arguments.force { Force::Yes } else { Force::No };
    let plan = plan_back_out(context.reader(), &context.evaluation(), &progress, force).await?;
    Ok((progress, plan))
}

/// If the command line names a trail, the journal must belong to it.
fn require_named_trail(
    context: &RemediateContext<'_>,
    path: &Path,
    progress: &Progress,
) -> Result<(), NotBegun> {
    let own = &progress.remediation.plan.trail;
    let is_own = |named: &&String| own.as_str() == named.as_str() || own.name() == named.as_str();
    match context.arguments.trails.iter().find(|named| !is_own(named)) {
        None => Ok(()),
        Some(trail) => Err(NotBegun::OtherTrail {
            file: path.display().to_string(),
            journal: own.to_string(),
            trail: trail.clone(),
        }),
    }
}
