//! Sealing trails, one after the other: plan, ask, carry out, look what came of it.

use std::path::{Path, PathBuf};

use trailseal_plan::{Phase, Plan, Progress, StepId, TargetKey, plan, resumed, trail_before};
use trailseal_remediation::{
    Failure as NotBegun, JournalFile, JournalWriter, begin, carry_out, new_journal_id, post_check,
};
use trailseal_rule::{Trail, TrailArn};

use super::confirm::offer;
use super::files::{Chosen, in_current_folder, named, progress_of};
use super::outcome::{End, Outcome, Stopped};
use super::shared_key::SharedKey;
use super::targets::targets;
use super::{RemediateContext, show};
use crate::console::{Console, Failure};

/// All trails that are meant, until the first doubt.
pub(super) async fn seal_all(
    context: &RemediateContext<'_>,
    console: &mut Console<'_>,
) -> Result<Vec<Outcome>, Failure> {
    let arguments = context.arguments;
    if context.target_key.is_none() {
        let line = "say which key the trails are to have: --key KEY, or --create-key for a new one; \
                    a journal does not say it, so give it again to go on with one";
        return Err(Failure::Usage(vec![line.to_owned()]));
    }
    if arguments.journal.is_some() && arguments.trails.is_empty() {
        let line = "--journal holds one trail: name it; a journal does not choose it";
        return Err(Failure::Usage(vec![line.to_owned()]));
    }
    let named = targets(context, console).await?;
    if named.is_empty() {
        show::people(context, "No trail fails: nothing to do\n", console)?;
    }
    let mut shared = SharedKey::of(context, &named)?;
    only_one(context, named.len())?;
    let mut outcomes = Vec::new();
    for trail in named {
        let outcome = seal_one(context, &trail, &mut shared, console).await?;
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
fn only_one(context: &RemediateContext<'_>, number: usize) -> Result<(), Failure> {
    let arguments = context.arguments;
    if number > 1 && arguments.journal.is_some() {
        let line = format!(
            "--journal holds one trail, and {number} are meant: leave it out, and each gets its own"
        );
        return Err(Failure::Usage(vec![line]));
    }
    Ok(())
}

async fn seal_one(
    context: &RemediateContext<'_>,
    named: &str,
    shared: &mut SharedKey,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    let trail = match context.reader().trail(named).await {
        Ok(trail) => trail,
        Err(failure) => return failed(context, named, failure, console),
    };
    let path = match chosen(context, &trail) {
        Ok(Chosen::Resumed(path)) => {
            return resume(context, &trail, shared, &path, console).await;
        }
        Ok(Chosen::New(path)) => path,
        Err(why) => return not_begun(context, trail.arn.as_str(), why, console),
    };
    let plan = match planned(context, &trail, shared).await {
        Ok(plan) => plan,
        Err(failure) => return failed(context, trail.arn.as_str(), failure, console),
    };
    if let Some(follows) = shared.follows(&plan) {
        show::people(context, &show::follows(plan.trail.as_str(), &follows), console)?;
        return Ok(Outcome::without_plan(plan.trail.as_str(), End::Follows(follows)));
    }
    let what = format!("{} calls change trail {}", plan.steps.len(), plan.trail.name());
    if let Some(end) = offer(context, &plan, &what, console)? {
        let trail = plan.trail.to_string();
        return Ok(Outcome { trail, plan: Some(plan), journal: None, progress: None, end });
    }
    begin_new(context, &plan, &path, console).await
}

/// The journal of the run; a plan that is only shown needs none.
fn chosen(context: &RemediateContext<'_>, trail: &Trail) -> Result<Chosen, String> {
    let arguments = context.arguments;
    match &arguments.journal {
        Some(path) => Ok(named(path)),
        None if !arguments.apply => Ok(Chosen::New(PathBuf::new())),
        None => {
            let account = context.aws.own().account();
            in_current_folder(&trail.arn, account, context.now, arguments.resume)
        }
    }
}

async fn planned(
    context: &RemediateContext<'_>,
    trail: &Trail,
    shared: &mut SharedKey,
) -> Result<Plan, NotBegun> {
    // Whoever comes here has requested for a key.
    let Some(target_key) = wish_for(context, trail, shared).await? else {
        return Err(NotBegun::NotATrail(trail.arn.to_string()));
    };
    let current_state =
        context.reader().current_state(&context.evaluation(), trail, &target_key).await?;
    Ok(plan(&context.evaluation(), &current_state, &target_key, &context.consent)?)
}

/// The key that a trail is to have: one that this run shares, or the one that was asked for.
async fn wish_for(
    context: &RemediateContext<'_>,
    trail: &Trail,
    shared: &mut SharedKey,
) -> Result<Option<TargetKey>, NotBegun> {
    let shared = shared.key_for(context, trail).await?;
    Ok(shared.map(TargetKey::Existing).or_else(|| context.target_key.clone()))
}

async fn begin_new(
    context: &RemediateContext<'_>,
    plan: &Plan,
    path: &Path,
    console: &mut Console<'_>,
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
        Err(failure) => return failed(context, named, failure, console),
    };
    let id = match new_journal_id() {
        Ok(id) => id,
        Err(failure) => return failed(context, named, failure, console),
    };
    match begin(plan, &id, &mut file) {
        Ok(phase) => go_on(context, &phase, &id, &mut file, path, console).await,
        Err(stop) => failed(context, named, NotBegun::Stopped(stop), console),
    }
}

/// Goes on with a journal where it stands, if its plan is the one that is made now.
async fn resume(
    context: &RemediateContext<'_>,
    trail: &Trail,
    shared: &mut SharedKey,
    path: &Path,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    let named = trail.arn.as_str();
    let (mut file, journal) = match JournalFile::open(path) {
        Ok((file, Some(journal))) => (file, journal),
        Ok((_, None)) => {
            let line =
                format!("the journal `{}` is empty: nothing was changed by it", path.display());
            return Err(Failure::Usage(vec![line]));
        }
        Err(failure) => return failed(context, named, failure, console),
    };
    let progress = match of_this_trail(context, trail, path, &journal) {
        Ok(progress) => progress,
        Err(failure) => return failed(context, named, failure, console),
    };
    show::people(context, &trailseal_plan::where_things_stand(&progress), console)?;
    if progress.back_out.is_some() {
        let line = format!(
            "a back-out was begun with the journal `{0}`: finish it by --back-out {0}",
            path.display()
        );
        return Err(Failure::Usage(vec![line]));
    }
    let phase = match planned_again(context, trail, shared, &progress).await {
        Ok(phase) => phase,
        Err(failure) => return failed(context, named, failure, console),
    };
    if phase.is_finished {
        let end = after(context, &trail.arn).await;
        return tell_end(context, &phase.plan, end, path, console);
    }
    let what = format!("Going on changes trail {}", trail.arn.name());
    if let Some(end) = offer(context, &phase.plan, &what, console)? {
        let mut outcome = Outcome::without_plan(named, end);
        outcome.journal = Some(path.to_owned());
        return Ok(outcome);
    }
    go_on(context, &phase, &progress.journal, &mut file, path, console).await
}

/// Where a journal stands, once it is sure that it says to be of this account and trail.
fn of_this_trail(
    context: &RemediateContext<'_>,
    trail: &Trail,
    path: &Path,
    journal: &trailseal_plan::Journal,
) -> Result<Progress, NotBegun> {
    let progress = own_account(context, path, journal)?;
    if progress.seal.plan.trail == trail.arn {
        return Ok(progress);
    }
    let (journal, trail) = (progress.seal.plan.trail.to_string(), trail.arn.to_string());
    Err(NotBegun::OtherTrail { file: path.display().to_string(), journal, trail })
}

/// The plan of a journal as it is made now: a journal that holds another one is refused.
async fn planned_again(
    context: &RemediateContext<'_>,
    trail: &Trail,
    shared: &mut SharedKey,
    progress: &Progress,
) -> Result<Phase, NotBegun> {
    let creates_key = progress.seal.plan.step(StepId::CreateKey).is_some();
    let shared = if creates_key { None } else { wish_for(context, trail, shared).await? };
    let Some(target_key) = shared.or_else(|| context.target_key.clone()) else {
        return Err(NotBegun::NotATrail(trail.arn.to_string()));
    };
    let (evaluation, before) = (context.evaluation(), trail_before(trail, progress));
    let live = context.reader().current_state(&evaluation, &before, &target_key).await?;
    Ok(resumed(&evaluation, &live, &target_key, &context.consent, progress)?)
}

pub(super) fn own_account(
    context: &RemediateContext<'_>,
    path: &Path,
    journal: &trailseal_plan::Journal,
) -> Result<Progress, NotBegun> {
    let file = path.display().to_string();
    let progress = journal.progress().map_err(|cause| NotBegun::NotAJournal { file, cause })?;
    let (own, caller) = (&progress.seal.plan.account, context.aws.own().account());
    if own != caller {
        let (journal, caller) = (own.to_string(), caller.to_string());
        return Err(NotBegun::OtherAccount { journal, caller });
    }
    Ok(progress)
}

/// Makes the steps that are left, and looks what came of them.
async fn go_on(
    context: &RemediateContext<'_>,
    phase: &Phase,
    id: &str,
    file: &mut dyn JournalWriter,
    path: &Path,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    let (reader, wait_policy, tell) = (context.reader(), &context.wait_policy, &mut show::notice);
    let (plan, end) = match carry_out(reader, phase, id, file, wait_policy, tell).await {
        Ok(plan) => {
            let end = after(context, &plan.trail).await;
            (plan, end)
        }
        Err(stop) => (phase.plan.clone(), End::Stopped(stop.into())),
    };
    tell_end(context, &plan, end, path, console)
}

async fn after(context: &RemediateContext<'_>, trail: &TrailArn) -> End {
    let evaluation = context.evaluation();
    match post_check(context.reader(), &evaluation, trail, context.now, &context.wait_policy).await
    {
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
    context: &RemediateContext<'_>,
    plan: &Plan,
    end: End,
    path: &Path,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    let progress = progress_of(path);
    let text = match &end {
        End::Stopped(stopped) => show::stopped(context, stopped, path, progress.as_ref()),
        End::Done(after) => show::done(plan, after.as_ref(), path),
        End::Planned | End::Follows(_) | End::Refused(_) | End::Declined | End::Failed(_) => {
            String::new()
        }
    };
    show::people(context, &text, console)?;
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
    context: &RemediateContext<'_>,
    trail: &str,
    why: String,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    show::people(context, &format!("{trail}: {why}\n"), console)?;
    Ok(Outcome::without_plan(trail, End::Failed(why)))
}

/// Tells why nothing was begun: the reasons against a plan, or what went wrong.
pub(super) fn failed(
    context: &RemediateContext<'_>,
    named: &str,
    failure: NotBegun,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    if let NotBegun::Refused(refusals) = failure {
        show::people(context, &show::refusals(context, named, &refusals), console)?;
        return Ok(Outcome::without_plan(named, End::Refused(refusals)));
    }
    let mut text = format!("{named}: {failure}\n");
    if matches!(failure, NotBegun::Aws(trailseal_aws::AwsError::Denied { denial: None, .. })) {
        show::add_every_permission(context, &mut text);
    }
    show::people(context, &text, console)?;
    Ok(Outcome::without_plan(named, End::Failed(failure.to_string())))
}
