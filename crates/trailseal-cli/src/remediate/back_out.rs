//! Going back: what a journal tells of is taken back, as far as nobody has changed it since.

use std::path::Path;

use trailseal_plan::{Force, Journal, Plan, Progress};
use trailseal_remediation::{
    Failure as NotBegun, JournalFile, begin, carry_out, plan_back_out, settle,
};

use super::confirm::offer;
use super::outcome::{End, Outcome};
use super::seal::{failed, own_account, tell_end};
use super::{Errand, show};
use crate::command::{Failure, Surroundings};

pub(super) async fn back_out(
    errand: &Errand<'_>,
    path: &Path,
    surroundings: &mut Surroundings<'_>,
) -> Result<Outcome, Failure> {
    let named = path.display().to_string();
    let (mut file, journal) = match JournalFile::open(path) {
        Ok((file, Some(journal))) => (file, journal),
        Ok((_, None)) => {
            show::people(errand, "The journal is empty: nothing was changed\n", surroundings)?;
            return Ok(Outcome::without_plan(&named, End::Done(None)));
        }
        Err(failure) => return failed(errand, &named, failure, surroundings),
    };
    let (progress, plan) = match way_back(errand, path, journal, &mut file).await {
        Ok(found) => found,
        Err(failure) => return failed(errand, &named, failure, surroundings),
    };
    let what = format!("{} calls go back on trail {}", plan.steps.len(), plan.trail.name());
    if let Some(end) = offer(errand, &plan, &what, surroundings)? {
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
        Err(stop) => return failed(errand, &named, NotBegun::Stopped(stop), surroundings),
    };
    let (reach, patience) = (errand.reach(), &errand.patience);
    let tell = &mut show::notice;
    let carried = carry_out(reach, &phase, &progress.journal, &mut file, patience, tell).await;
    let end = match carried {
        Ok(_) => End::Done(None),
        Err(stop) => End::Stopped(stop.into()),
    };
    tell_end(errand, &plan, end, path, surroundings)
}

/// What AWS shows counts: a back-out that was interrupted is planned anew from what is there now.
async fn way_back(
    errand: &Errand<'_>,
    path: &Path,
    mut journal: Journal,
    file: &mut JournalFile,
) -> Result<(Progress, Plan), NotBegun> {
    let progress = own_account(errand, path, &journal)?;
    of_named_trail(errand, path, &progress)?;
    let progress = settle(errand.reach(), &mut journal, file, &errand.patience).await?;
    let force = if errand.arguments.force { Force::Yes } else { Force::No };
    let plan = plan_back_out(errand.reach(), &errand.setting(), &progress, force).await?;
    Ok((progress, plan))
}

/// A trail that is named beside the journal is the one that it must be of.
fn of_named_trail(errand: &Errand<'_>, path: &Path, progress: &Progress) -> Result<(), NotBegun> {
    let own = &progress.seal.plan.trail;
    let is_own = |named: &&String| own.as_str() == named.as_str() || own.name() == named.as_str();
    match errand.arguments.trails.iter().find(|named| !is_own(named)) {
        None => Ok(()),
        Some(trail) => Err(NotBegun::OtherTrail {
            file: path.display().to_string(),
            journal: own.to_string(),
            trail: trail.clone(),
        }),
    }
}
