//! Sealing trails, one after the other: plan, ask, carry out, look what came of it.

use std::path::{Path, PathBuf};

use trailseal_plan::{Phase, Plan, Progress, StepId, Wish, plan, resumed, trail_before};
use trailseal_remediation::{
    Failure as NotBegun, JournalFile, Ledger, aftermath, begin, carry_out, new_journal_id,
};
use trailseal_rule::{Trail, TrailArn};

use super::confirm::offer;
use super::files::{Chosen, in_current_folder, named, progress_of};
use super::outcome::{End, Outcome, Stopped};
use super::shared_key::SharedKey;
use super::targets::targets;
use super::{Errand, show};
use crate::command::{Failure, Surroundings};

/// All trails that are meant, until the first doubt.
pub(super) async fn seal_all(
    errand: &Errand<'_>,
    surroundings: &mut Surroundings<'_>,
) -> Result<Vec<Outcome>, Failure> {
    let arguments = errand.arguments;
    if errand.wish.is_none() {
        let line = "say which key the trails are to have: --key KEY, or --create-key for a new one; \
                    a journal does not say it, so give it again to go on with one";
        return Err(Failure::Usage(vec![line.to_owned()]));
    }
    if arguments.journal.is_some() && arguments.trails.is_empty() {
        let line = "--journal holds one trail: name it; a journal does not choose it";
        return Err(Failure::Usage(vec![line.to_owned()]));
    }
    let named = targets(errand, surroundings).await?;
    if named.is_empty() {
        show::people(errand, "No trail fails: nothing to do\n", surroundings)?;
    }
    let mut shared = SharedKey::of(errand, &named)?;
    only_one(errand, named.len())?;
    let mut outcomes = Vec::new();
    for trail in named {
        let outcome = seal_one(errand, &trail, &mut shared, surroundings).await?;
        let goes_on = outcome.is_no_doubt() || !arguments.apply;
        shared.note(&outcome);
        outcomes.push(outcome);
        if !goes_on {
            break;
        }
    }
    Ok(outcomes)
}

/// What holds one trail only is not given to several.
fn only_one(errand: &Errand<'_>, number: usize) -> Result<(), Failure> {
    let arguments = errand.arguments;
    if number > 1 && arguments.journal.is_some() {
        let line = format!(
            "--journal holds one trail, and {number} are meant: leave it out, and each gets its own"
        );
        return Err(Failure::Usage(vec![line]));
    }
    Ok(())
}

async fn seal_one(
    errand: &Errand<'_>,
    named: &str,
    shared: &mut SharedKey,
    surroundings: &mut Surroundings<'_>,
) -> Result<Outcome, Failure> {
    let trail = match errand.reach().trail(named).await {
        Ok(trail) => trail,
        Err(failure) => return failed(errand, named, failure, surroundings),
    };
    let path = match chosen(errand, &trail) {
        Ok(Chosen::Resumed(path)) => {
            return resume(errand, &trail, shared, &path, surroundings).await;
        }
        Ok(Chosen::New(path)) => path,
        Err(why) => return not_begun(errand, trail.arn.as_str(), why, surroundings),
    };
    let plan = match planned(errand, &trail, shared).await {
        Ok(plan) => plan,
        Err(failure) => return failed(errand, trail.arn.as_str(), failure, surroundings),
    };
    if let Some(follows) = shared.follows(&plan) {
        show::people(errand, &show::follows(plan.trail.as_str(), &follows), surroundings)?;
        return Ok(Outcome::without_plan(plan.trail.as_str(), End::Follows(follows)));
    }
    let what = format!("{} calls change trail {}", plan.steps.len(), plan.trail.name());
    if let Some(end) = offer(errand, &plan, &what, surroundings)? {
        let trail = plan.trail.to_string();
        return Ok(Outcome { trail, plan: Some(plan), journal: None, progress: None, end });
    }
    begin_new(errand, &plan, &path, surroundings).await
}

/// The journal of the run; a plan that is only shown needs none.
fn chosen(errand: &Errand<'_>, trail: &Trail) -> Result<Chosen, String> {
    let arguments = errand.arguments;
    match &arguments.journal {
        Some(path) => Ok(named(path)),
        None if !arguments.apply => Ok(Chosen::New(PathBuf::new())),
        None => {
            let account = errand.aws.own().account();
            in_current_folder(&trail.arn, account, errand.now, arguments.resume)
        }
    }
}

async fn planned(
    errand: &Errand<'_>,
    trail: &Trail,
    shared: &mut SharedKey,
) -> Result<Plan, NotBegun> {
    // Whoever comes here has wished for a key.
    let Some(wish) = wish_for(errand, trail, shared).await? else {
        return Err(NotBegun::NotATrail(trail.arn.to_string()));
    };
    let situation = errand.reach().situation(&errand.setting(), trail, &wish).await?;
    Ok(plan(&errand.setting(), &situation, &wish, &errand.consent)?)
}

/// The key that a trail is to have: one that this run shares, or the one that was asked for.
async fn wish_for(
    errand: &Errand<'_>,
    trail: &Trail,
    shared: &mut SharedKey,
) -> Result<Option<Wish>, NotBegun> {
    let shared = shared.key_for(errand, trail).await?;
    Ok(shared.map(Wish::Existing).or_else(|| errand.wish.clone()))
}

async fn begin_new(
    errand: &Errand<'_>,
    plan: &Plan,
    path: &Path,
    surroundings: &mut Surroundings<'_>,
) -> Result<Outcome, Failure> {
    let named = plan.trail.as_str();
    // An empty file is what is left of a run that was killed before it had begun.
    let opened = if path.exists() {
        JournalFile::open(path).map(|(file, _)| file)
    } else {
        JournalFile::create(path)
    };
    let mut file = match opened {
        Ok(file) => file,
        Err(failure) => return failed(errand, named, failure, surroundings),
    };
    let id = match new_journal_id() {
        Ok(id) => id,
        Err(failure) => return failed(errand, named, failure, surroundings),
    };
    match begin(plan, &id, &mut file) {
        Ok(phase) => go_on(errand, &phase, &id, &mut file, path, surroundings).await,
        Err(stop) => failed(errand, named, NotBegun::Stopped(stop), surroundings),
    }
}

/// Goes on with a journal where it stands, if its plan is the one that is made now.
async fn resume(
    errand: &Errand<'_>,
    trail: &Trail,
    shared: &mut SharedKey,
    path: &Path,
    surroundings: &mut Surroundings<'_>,
) -> Result<Outcome, Failure> {
    let named = trail.arn.as_str();
    let (mut file, journal) = match JournalFile::open(path) {
        Ok((file, Some(journal))) => (file, journal),
        Ok((_, None)) => {
            let line =
                format!("the journal `{}` is empty: nothing was changed by it", path.display());
            return Err(Failure::Usage(vec![line]));
        }
        Err(failure) => return failed(errand, named, failure, surroundings),
    };
    let progress = match of_this_trail(errand, trail, path, &journal) {
        Ok(progress) => progress,
        Err(failure) => return failed(errand, named, failure, surroundings),
    };
    show::people(errand, &trailseal_plan::where_things_stand(&progress), surroundings)?;
    if progress.back_out.is_some() {
        let line = format!(
            "a back-out was begun with the journal `{0}`: finish it by --back-out {0}",
            path.display()
        );
        return Err(Failure::Usage(vec![line]));
    }
    let phase = match planned_again(errand, trail, shared, &progress).await {
        Ok(phase) => phase,
        Err(failure) => return failed(errand, named, failure, surroundings),
    };
    if phase.is_finished {
        let end = after(errand, &trail.arn).await;
        return tell_end(errand, &phase.plan, end, path, surroundings);
    }
    let what = format!("Going on changes trail {}", trail.arn.name());
    if let Some(end) = offer(errand, &phase.plan, &what, surroundings)? {
        let mut outcome = Outcome::without_plan(named, end);
        outcome.journal = Some(path.to_owned());
        return Ok(outcome);
    }
    go_on(errand, &phase, &progress.journal, &mut file, path, surroundings).await
}

/// Where a journal stands, once it is sure that it says to be of this account and trail.
fn of_this_trail(
    errand: &Errand<'_>,
    trail: &Trail,
    path: &Path,
    journal: &trailseal_plan::Journal,
) -> Result<Progress, NotBegun> {
    let progress = own_account(errand, path, journal)?;
    if progress.seal.plan.trail == trail.arn {
        return Ok(progress);
    }
    let (journal, trail) = (progress.seal.plan.trail.to_string(), trail.arn.to_string());
    Err(NotBegun::OtherTrail { file: path.display().to_string(), journal, trail })
}

/// The plan of a journal as it is made now: a journal that holds another one is refused.
async fn planned_again(
    errand: &Errand<'_>,
    trail: &Trail,
    shared: &mut SharedKey,
    progress: &Progress,
) -> Result<Phase, NotBegun> {
    let creates_key = progress.seal.plan.step(StepId::CreateKey).is_some();
    let shared = if creates_key { None } else { wish_for(errand, trail, shared).await? };
    let Some(wish) = shared.or_else(|| errand.wish.clone()) else {
        return Err(NotBegun::NotATrail(trail.arn.to_string()));
    };
    let (setting, before) = (errand.setting(), trail_before(trail, progress));
    let live = errand.reach().situation(&setting, &before, &wish).await?;
    Ok(resumed(&setting, &live, &wish, &errand.consent, progress)?)
}

pub(super) fn own_account(
    errand: &Errand<'_>,
    path: &Path,
    journal: &trailseal_plan::Journal,
) -> Result<Progress, NotBegun> {
    let file = path.display().to_string();
    let progress = journal.progress().map_err(|cause| NotBegun::NotAJournal { file, cause })?;
    let (own, caller) = (&progress.seal.plan.account, errand.aws.own().account());
    if own != caller {
        let (journal, caller) = (own.to_string(), caller.to_string());
        return Err(NotBegun::OtherAccount { journal, caller });
    }
    Ok(progress)
}

/// Makes the steps that are left, and looks what came of them.
async fn go_on(
    errand: &Errand<'_>,
    phase: &Phase,
    id: &str,
    file: &mut dyn Ledger,
    path: &Path,
    surroundings: &mut Surroundings<'_>,
) -> Result<Outcome, Failure> {
    let (reach, patience, tell) = (errand.reach(), &errand.patience, &mut show::notice);
    let (plan, end) = match carry_out(reach, phase, id, file, patience, tell).await {
        Ok(plan) => {
            let end = after(errand, &plan.trail).await;
            (plan, end)
        }
        Err(stop) => (phase.plan.clone(), End::Stopped(stop.into())),
    };
    tell_end(errand, &plan, end, path, surroundings)
}

async fn after(errand: &Errand<'_>, trail: &TrailArn) -> End {
    let setting = errand.setting();
    match aftermath(errand.reach(), &setting, trail, errand.now, &errand.patience).await {
        Ok(after) => End::Done(Some(after)),
        Err(failure) => End::Stopped(Stopped {
            why: format!(
                "every step is done and read back, but the trail could not be judged afterwards: \
                 {failure}"
            ),
            is_denied: false,
        }),
    }
}

/// Tells how a plan ended.
pub(super) fn tell_end(
    errand: &Errand<'_>,
    plan: &Plan,
    end: End,
    path: &Path,
    surroundings: &mut Surroundings<'_>,
) -> Result<Outcome, Failure> {
    let progress = progress_of(path);
    let text = match &end {
        End::Stopped(stopped) => show::stopped(errand, stopped, path, progress.as_ref()),
        End::Done(after) => show::done(plan, after.as_ref(), path),
        End::Planned | End::Follows(_) | End::Refused(_) | End::Declined | End::Failed(_) => {
            String::new()
        }
    };
    show::people(errand, &text, surroundings)?;
    Ok(Outcome {
        trail: plan.trail.to_string(),
        plan: Some(plan.clone()),
        journal: Some(PathBuf::from(path)),
        progress,
        end,
    })
}

/// Says why a run must not begin.
fn not_begun(
    errand: &Errand<'_>,
    trail: &str,
    why: String,
    surroundings: &mut Surroundings<'_>,
) -> Result<Outcome, Failure> {
    show::people(errand, &format!("{trail}: {why}\n"), surroundings)?;
    Ok(Outcome::without_plan(trail, End::Failed(why)))
}

/// Tells why nothing was begun: the reasons against a plan, or what went wrong.
pub(super) fn failed(
    errand: &Errand<'_>,
    named: &str,
    failure: NotBegun,
    surroundings: &mut Surroundings<'_>,
) -> Result<Outcome, Failure> {
    if let NotBegun::Refused(refusals) = failure {
        show::people(errand, &show::refusals(errand, named, &refusals), surroundings)?;
        return Ok(Outcome::without_plan(named, End::Refused(refusals)));
    }
    let mut text = format!("{named}: {failure}\n");
    if matches!(failure, NotBegun::Aws(trailseal_aws::AwsError::Denied { .. })) {
        show::add_every_permission(errand, &mut text);
    }
    show::people(errand, &text, surroundings)?;
    Ok(Outcome::without_plan(named, End::Failed(failure.to_string())))
}
