//! Sealing trails, one after the other: plan, ask, carry out, look what came of it.

use std::path::{Path, PathBuf};

use trailseal_plan::{Phase, Plan, Progress, Wish, plan};
use trailseal_remediation::{
    Failure as NotBegun, JournalFile, Ledger, aftermath, begin, carry_out, new_journal_id, settle,
};
use trailseal_rule::{Trail, TrailArn};

use super::confirm::{confirm, offer};
use super::files::{journal_of, progress_of};
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
    if let Some(path) = &arguments.journal
        && let Some(progress) = progress_of(path)
    {
        fits(errand, path, &progress)?;
        return Ok(vec![resume(errand, path, surroundings).await?]);
    }
    if errand.wish.is_none() {
        let line = "say which key the trails are to have: --key KEY, or --create-key for a new one";
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

/// A journal is gone on with only for the trail that it is about.
fn fits(errand: &Errand<'_>, path: &Path, progress: &Progress) -> Result<(), Failure> {
    let own = &progress.seal.plan.trail;
    let names = |named: &String| own.as_str() == named || own.name() == named;
    if errand.arguments.trails.iter().all(names) {
        return Ok(());
    }
    let line = format!("the journal `{}` is of trail {own}: name another file", path.display());
    Err(Failure::Usage(vec![line]))
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
    let journal = errand.arguments.journal.clone();
    let journal =
        journal.unwrap_or_else(|| journal_of(&trail.arn, errand.aws.own().account(), errand.now));
    if errand.arguments.apply && progress_of(&journal).is_some() {
        return resume(errand, &journal, surroundings).await;
    }
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
    begin_new(errand, &plan, &journal, surroundings).await
}

async fn planned(
    errand: &Errand<'_>,
    trail: &Trail,
    shared: &mut SharedKey,
) -> Result<Plan, NotBegun> {
    // Whoever comes here has wished for a key.
    let Some(wish) = &errand.wish else { return Err(NotBegun::NotATrail(trail.arn.to_string())) };
    let shared = shared.key_for(errand, trail).await?.map(Wish::Existing);
    let wish = shared.as_ref().unwrap_or(wish);
    let situation = errand.reach().situation(&errand.setting(), trail, wish).await?;
    Ok(plan(&errand.setting(), &situation, wish, &errand.consent)?)
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
    let id = new_journal_id();
    match begin(plan, &id, &mut file) {
        Ok(phase) => go_on(errand, &phase, &id, &mut file, path, surroundings).await,
        Err(stop) => failed(errand, named, NotBegun::Stopped(stop), surroundings),
    }
}

/// Goes on with a journal where it stands.
async fn resume(
    errand: &Errand<'_>,
    path: &Path,
    surroundings: &mut Surroundings<'_>,
) -> Result<Outcome, Failure> {
    let named = path.display().to_string();
    let (mut file, journal) = match JournalFile::open(path) {
        Ok((file, Some(journal))) => (file, journal),
        Ok((_, None)) => {
            let line = format!("the journal `{named}` is empty: nothing was changed by it");
            return Err(Failure::Usage(vec![line]));
        }
        Err(failure) => return failed(errand, &named, failure, surroundings),
    };
    let mut journal = journal;
    let progress = match resumable(errand, path, &mut journal, &mut file).await {
        Ok(progress) => progress,
        Err(failure) => return failed(errand, &named, failure, surroundings),
    };
    show::people(errand, &trailseal_plan::where_things_stand(&progress), surroundings)?;
    if progress.back_out.is_some() {
        let line = format!(
            "a back-out was begun with the journal `{named}`: finish it by --back-out {named}"
        );
        return Err(Failure::Usage(vec![line]));
    }
    let plan = progress.seal.plan.clone();
    if progress.seal.is_finished {
        let end = after(errand, &plan.trail).await;
        return tell_end(errand, &plan, end, path, surroundings);
    }
    let what = format!("Going on changes trail {}", plan.trail.name());
    if !confirm(errand.arguments.yes, &plan.account, &what)? {
        let mut outcome = Outcome::without_plan(plan.trail.as_str(), End::Declined);
        outcome.journal = Some(path.to_owned());
        return Ok(outcome);
    }
    go_on(errand, &progress.seal, &progress.journal, &mut file, path, surroundings).await
}

/// Where a journal stands, once it is sure that it is of the caller's account.
async fn resumable(
    errand: &Errand<'_>,
    path: &Path,
    journal: &mut trailseal_plan::Journal,
    file: &mut JournalFile,
) -> Result<Progress, NotBegun> {
    own_account(errand, path, journal)?;
    settle(errand.reach(), journal, file, &errand.patience).await
}

pub(super) fn own_account(
    errand: &Errand<'_>,
    path: &Path,
    journal: &trailseal_plan::Journal,
) -> Result<(), NotBegun> {
    let file = path.display().to_string();
    let progress = journal.progress().map_err(|cause| NotBegun::NotAJournal { file, cause })?;
    let (own, caller) = (&progress.seal.plan.account, errand.aws.own().account());
    if own == caller {
        return Ok(());
    }
    Err(NotBegun::OtherAccount { journal: own.to_string(), caller: caller.to_string() })
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
        End::Stopped(stopped) => show::stopped(stopped, path, progress.as_ref()),
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
