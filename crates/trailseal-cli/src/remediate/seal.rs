//! Seals trails one after the other: plan, confirm, apply, check.

use std::path::{Path, PathBuf};

use trailseal_aws::TrailDelivery;
use trailseal_plan::{
    Journal, Phase, Plan, Progress, StepId, TargetKey, plan, resumed, trail_before,
};
use trailseal_remediation::{
    Applied, Failure as NotBegun, JournalFile, JournalWriter, Stop, apply, begin, new_journal_id,
    post_check,
};
use trailseal_rule::Trail;

use super::confirm::offer;
use super::files::{Chosen, has_begun, in_current_folder, named, progress_of};
use super::outcome::{End, Outcome, Stopped};
use super::shared_key::SharedKey;
use super::{RemediateArguments, RemediateContext, show};
use crate::console::{Console, Exit, Failure};
use crate::output::clean;

/// Why a run did not begin.
pub(super) enum Halt {
    /// This trail's run did not begin.
    NotBegun(NotBegun),
    /// This trail's run must not begin because of the journals in the current folder.
    Journal(String),
    Command(Failure),
}

impl From<NotBegun> for Halt {
    fn from(failure: NotBegun) -> Self {
        Self::NotBegun(failure)
    }
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        Self::NotBegun(NotBegun::Stopped(stop))
    }
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Command(failure)
    }
}

/// Seals the requested trails, until the first unexpected result.
pub(super) async fn seal_all(
    context: &RemediateContext<'_>,
    named: Vec<String>,
    console: &mut Console<'_>,
) -> Result<Vec<Outcome>, Failure> {
    let arguments = context.arguments;
    let mut shared = SharedKey::of(context, &named)?;
    if named.len() > 1 && arguments.journal.is_some() {
        return usage(&format!(
            "--journal is for one trail, but there are {}: leave it out, and each gets its own",
            named.len()
        ));
    }
    if arguments.resume && !named.is_empty() && !has_begun_here(context, &named) {
        return usage(
            "--resume finds no journal of this run in the current folder: repeat it in the folder \
             of the interrupted run, or name its journal with --journal; to start a new run, leave \
             --resume out",
        );
    }
    let mut outcomes = Vec::new();
    for trail in named {
        let outcome = seal_one(context, &trail, &mut shared, console).await;
        let outcome = outcome.or_else(|halt| halted(context, &trail, halt, console))?;
        let continues = outcome.is_as_expected() || !arguments.apply;
        shared.note(&outcome);
        outcomes.push(outcome);
        if !continues {
            break;
        }
    }
    Ok(outcomes)
}

/// Whether the interrupted run has a journal in the current folder. In a run of several trails, some
/// may have none; those that it finished do not fail, so that they are not found again.
fn has_begun_here(context: &RemediateContext<'_>, named: &[String]) -> bool {
    let RemediateArguments { trails, create_key, alias, .. } = context.arguments;
    let shares_no_key = *create_key && alias.is_none();
    let own = context.aws.own();
    has_begun(own.account(), |progress| {
        let trail = &progress.remediation.plan.trail;
        let is_named = |name: &String| {
            trail.as_str() == name || (trail.name() == name && trail.home_region() == own.region())
        };
        (trails.is_empty() && !shares_no_key) || named.iter().any(is_named)
    })
}

fn usage<T>(line: &str) -> Result<T, Failure> {
    Err(Failure::NotStarted(vec![line.to_owned()]))
}

async fn seal_one(
    context: &RemediateContext<'_>,
    named: &str,
    shared: &mut SharedKey,
    console: &mut Console<'_>,
) -> Result<Outcome, Halt> {
    let delivery = context.reader().trail(named).await?;
    let trail = &delivery.trail;
    let outcome = match chosen(context, trail) {
        Ok(Chosen::Resumed(path)) => resume(context, &delivery, shared, &path, console).await,
        Ok(Chosen::New(path)) => {
            note_new_journal(context, &path, console);
            start(context, &delivery, shared, &path, console).await
        }
        Err(why) => Err(Halt::Journal(why)),
    };
    outcome.or_else(|halt| Ok(halted(context, trail.arn.as_str(), halt, console)?))
}

/// A journal that `--journal` names and that does not exist may be a mistyped name.
fn note_new_journal(context: &RemediateContext<'_>, path: &Path, console: &mut Console<'_>) {
    if context.arguments.journal.is_some() && !context.arguments.quiet && !path.exists() {
        let path = path.display().to_string();
        console.print_note(&format!(
            "journal `{}` does not exist, so this is a new run, which creates it; to resume a run, \
             name its journal",
            clean(&path)
        ));
    }
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

/// Plans for a trail, and applies the plan if that is requested and confirmed.
async fn start(
    context: &RemediateContext<'_>,
    delivery: &TrailDelivery,
    shared: &mut SharedKey,
    path: &Path,
    console: &mut Console<'_>,
) -> Result<Outcome, Halt> {
    let target_key = target_key(context, &delivery.trail, shared).await?;
    let evaluation = context.evaluation();
    let current_state = context.reader().current_state(&evaluation, delivery, &target_key).await;
    let plan =
        plan(&evaluation, &current_state.map_err(NotBegun::Aws)?, &target_key, &context.consent)
            .map_err(NotBegun::Refused)?;
    if let Some(follows) = shared.follows(&plan) {
        show::people(context, &show::follows(plan.trail.as_str(), &follows), console)?;
        return Ok(Outcome::without_plan(plan.trail.as_str(), End::Follows(follows)));
    }
    let what = format!("{} calls change trail {}", plan.steps.len(), plan.trail.name());
    if let Some(end) = offer(context, &plan, &what, console)? {
        let trail = plan.trail.to_string();
        return Ok(Outcome { trail, plan: Some(plan), journal: None, progress: None, end });
    }
    let mut file = JournalFile::create(path)?;
    let id = new_journal_id()?;
    let phase = begin(&plan, &id, &mut file)?;
    Ok(apply_rest(context, &phase, &id, &mut file, path, console).await?)
}

/// The requested key: the one that this run shares, or the one of the command line.
async fn target_key(
    context: &RemediateContext<'_>,
    trail: &Trail,
    shared: &mut SharedKey,
) -> Result<TargetKey, NotBegun> {
    let shared = shared.key_for(context, trail).await?.map(TargetKey::Existing);
    let target_key = shared.or_else(|| context.target_key.clone());
    // `seal_all` requires a key.
    target_key.ok_or_else(|| NotBegun::NotATrail(trail.arn.to_string()))
}

/// Resumes a journal if the planner makes the same plan now.
async fn resume(
    context: &RemediateContext<'_>,
    delivery: &TrailDelivery,
    shared: &mut SharedKey,
    path: &Path,
    console: &mut Console<'_>,
) -> Result<Outcome, Halt> {
    let trail = &delivery.trail;
    let (mut file, Some(journal)) = JournalFile::open(path)? else {
        let line = format!("journal `{}` is empty: it changed nothing", path.display());
        return Err(Failure::failed(line).into());
    };
    let progress = of_this_trail(context, trail, path, &journal)?;
    show::people(context, &trailseal_plan::progress_text(&progress), console)?;
    if progress.back_out.is_some() {
        let path = path.display();
        let line = format!(
            "journal `{path}` has an unfinished back-out: finish it with --back-out {path}"
        );
        return Err(Failure::failed(line).into());
    }
    let phase = planned_again(context, delivery, shared, &progress).await?;
    if phase.is_finished {
        // The times in a journal prove nothing.
        let applied = Applied { plan: phase.plan.clone(), verified: context.now };
        let end = check(context, &applied).await;
        return Ok(show_end(context, &phase.plan, end, path, console)?);
    }
    let what = format!("Resuming changes trail {}", trail.arn.name());
    if let Some(end) = offer(context, &phase.plan, &what, console)? {
        let mut outcome = Outcome::without_plan(trail.arn.as_str(), end);
        outcome.journal = Some(path.to_owned());
        return Ok(outcome);
    }
    Ok(apply_rest(context, &phase, &progress.journal, &mut file, path, console).await?)
}

/// The progress of a journal, if it belongs to this account and trail.
fn of_this_trail(
    context: &RemediateContext<'_>,
    trail: &Trail,
    path: &Path,
    journal: &Journal,
) -> Result<Progress, NotBegun> {
    let progress = of_own_account(context, path, journal)?;
    if progress.remediation.plan.trail == trail.arn {
        return Ok(progress);
    }
    let (journal, trail) = (progress.remediation.plan.trail.to_string(), trail.arn.to_string());
    Err(NotBegun::OtherTrail { file: path.display().to_string(), journal, trail })
}

/// The plan of a journal as the planner makes it now; a journal with another plan is refused.
async fn planned_again(
    context: &RemediateContext<'_>,
    delivery: &TrailDelivery,
    shared: &mut SharedKey,
    progress: &Progress,
) -> Result<Phase, NotBegun> {
    let target_key = match &context.target_key {
        Some(key) if progress.remediation.plan.step(StepId::CreateKey).is_some() => key.clone(),
        Some(_) | None => target_key(context, &delivery.trail, shared).await?,
    };
    let trail = trail_before(&delivery.trail, progress);
    let (evaluation, before) = (context.evaluation(), TrailDelivery { trail, ..delivery.clone() });
    let live = context.reader().current_state(&evaluation, &before, &target_key).await?;
    Ok(resumed(&evaluation, &live, &target_key, &context.consent, progress)?)
}

/// The progress of a journal, if it belongs to the account of the credentials.
pub(super) fn of_own_account(
    context: &RemediateContext<'_>,
    path: &Path,
    journal: &Journal,
) -> Result<Progress, NotBegun> {
    let file = path.display().to_string();
    let progress = journal.progress().map_err(|cause| NotBegun::NotAJournal { file, cause })?;
    let (own, caller) = (&progress.remediation.plan.account, context.aws.own().account());
    if own != caller {
        let (journal, caller) = (own.to_string(), caller.to_string());
        return Err(NotBegun::OtherAccount { journal, caller });
    }
    Ok(progress)
}

/// Makes the remaining steps, and checks the trail.
async fn apply_rest(
    context: &RemediateContext<'_>,
    phase: &Phase,
    id: &str,
    file: &mut dyn JournalWriter,
    path: &Path,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    let (reader, wait_policy) = (context.reader(), &context.wait_policy);
    let tell = &mut show::progress(context);
    let (plan, end) = match apply(reader, phase, id, file, wait_policy, tell).await {
        Ok(applied) => {
            let end = check(context, &applied).await;
            (applied.plan, end)
        }
        Err(stop) => (phase.plan.clone(), End::Stopped(stop.into())),
    };
    show_end(context, &plan, end, path, console)
}

async fn check(context: &RemediateContext<'_>, applied: &Applied) -> End {
    let evaluation = context.evaluation();
    match post_check(context.reader(), &evaluation, applied, &context.wait_policy).await {
        Ok(after) => End::Done(Some(after)),
        Err(failure) => End::Stopped(Stopped { why: failure.to_string(), is_denied: false }),
    }
}

pub(super) fn show_end(
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

/// Shows why a run did not begin.
pub(super) fn halted(
    context: &RemediateContext<'_>,
    named: &str,
    halt: Halt,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    let (text, end) = match halt {
        Halt::Command(failure) => return Err(failure),
        Halt::NotBegun(NotBegun::Refused(refusals)) => {
            (show::refusals(context, named, &refusals), End::Refused(refusals))
        }
        Halt::NotBegun(failure) => {
            let mut text = format!("{named}: {}\n", clean(&failure.to_string()));
            if matches!(
                failure,
                NotBegun::Aws(trailseal_aws::AwsError::Denied { denial: None, .. })
            ) {
                show::add_every_permission(context, &mut text);
            }
            (text, End::Failed(failure.to_string()))
        }
        Halt::Journal(why) => (format!("{named}: {}\n", clean(&why)), End::Failed(why)),
    };
    let outcome = Outcome::without_plan(named, end);
    match outcome.exit() {
        Exit::Clean => show::people(context, &text, console)?,
        Exit::Findings => show::refused(context, &text, console),
        Exit::Failure | Exit::NotStarted => show::failed(context, &text, console),
    }
    Ok(outcome)
}
