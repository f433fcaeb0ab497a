//! Going back: what a journal tells of is taken back, as far as nobody has changed it since.

use std::path::Path;

use trailseal_plan::{Force, Journal, Plan, Progress};
use trailseal_remediation::{
    Failure as NotBegun, JournalFile, begin, carry_out, plan_back_out, settle,
};

use super::confirm::offer;
use super::outcome::{End, Outcome};
use super::seal::{failed, own_account, tell_end};
use super::{RemediateContext, show};
use crate::console::{Console, Failure};

pub(super) async fn back_out(
    context: &RemediateContext<'_>,
    path: &Path,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    let named = path.display().to_string();
    let (mut file, journal) = match JournalFile::open(path) {
        Ok((file, Some(journal))) => (file, journal),
        Ok((_, None)) => {
            show::people(context, "The journal is empty: nothing was changed\n", console)?;
            return Ok(Outcome::without_plan(&named, End::Done(None)));
        }
        Err(failure) => return failed(context, &named, failure, console),
    };
    let (progress, plan) = match way_back(context, path, journal, &mut file).await {
        Ok(found) => found,
        Err(failure) => return failed(context, &named, failure, console),
    };
    let what = format!("{} calls go back on trail {}", plan.steps.len(), plan.trail.name());
    if let Some(end) = offer(context, &plan, &what, console)? {
        return Ok(Outcome {
            trail: plan.trail.to_string(),
            plan: Some(plan),
            journal: Some(path.to_owned()),
            progress: Some(progress),
            end,
        });
    }
    let phase = match begin(&plan, &progress.journal, &mut file) {
        Ok(phase) => phase,
        Err(stop) => return failed(context, &named, NotBegun::Stopped(stop), console),
    };
    let (reader, wait_policy) = (context.reader(), &context.wait_policy);
    let tell = &mut show::notice;
    let carried = carry_out(reader, &phase, &progress.journal, &mut file, wait_policy, tell).await;
    let end = match carried {
        Ok(_) => End::Done(None),
        Err(stop) => End::Stopped(stop.into()),
    };
    tell_end(context, &plan, end, path, console)
}

/// What AWS shows counts: a back-out that was interrupted is planned anew from what is there now.
async fn way_back(
    context: &RemediateContext<'_>,
    path: &Path,
    mut journal: Journal,
    file: &mut JournalFile,
) -> Result<(Progress, Plan), NotBegun> {
    let progress = own_account(context, path, &journal)?;
    of_named_trail(context, path, &progress)?;
    let progress = settle(context.reader(), &mut journal, file, &context.wait_policy).await?;
    let force = if context.arguments.force { Force::Yes } else { Force::No };
    let plan = plan_back_out(context.reader(), &context.evaluation(), &progress, force).await?;
    Ok((progress, plan))
}

/// A trail that is named beside the journal is the one that it must be of.
fn of_named_trail(
    context: &RemediateContext<'_>,
    path: &Path,
    progress: &Progress,
) -> Result<(), NotBegun> {
    let own = &progress.seal.plan.trail;
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
