//! Reads a bucket live, and judges its trails by what was read.

use std::sync::Arc;

use trailseal_aws::{Session, TrailDelivery};
use trailseal_logs::Coverage;
use trailseal_logs::live::{
    Answers, Cause, Gap, Mode, Outcome, Plan, Progress, Range, Requests, Scope, plan,
};
use trailseal_rule::{EvaluationContext, Reading, Refusal};

use super::arguments::LogsArguments;
use super::progress::{Stop, bar, words};
use super::report::{BucketLogs, Limits, Place, Resumed, Source, SourceKind, TrailLogs};
use super::targets::Job;
use super::verdict::{Files, judge_all, judge_by};
use super::{cause, place};
use crate::console::Console;
use crate::log_files::{
    self, ListedUntil, Missing, Status, are_all, listed_before, missing_live, prefixes,
    statuses_of, unread_files,
};
use crate::output::clean;
use crate::report::Problem;

/// What came of a bucket.
pub(super) struct BucketRead {
    /// Absent if nothing was read.
    pub(super) bucket: Option<BucketLogs>,
    pub(super) trails: Vec<TrailLogs>,
    pub(super) problems: Vec<Problem>,
    pub(super) is_complete: bool,
}

/// What a run reads with.
pub(super) struct Access<'a> {
    pub(super) session: &'a Session,
    /// Reads the bucket.
    pub(super) of_bucket: &'a Session,
    /// The file of `--resume`.
    pub(super) answers: Option<&'a Arc<Answers>>,
}

/// Reads a bucket and judges its trails.
pub(super) async fn read(
    access: &Access<'_>,
    job: &Job,
    arguments: &LogsArguments,
    context: &EvaluationContext<'_>,
    stop: &Stop,
    console: &mut Console<'_>,
) -> BucketRead {
    let bar = bar(arguments);
    let show = |progress: Progress| bar.set_message(words(progress));
    let begin = async {
        let statuses = statuses_of(access.session, &job.trails).await;
        let scope = scope(job, &statuses, arguments, context);
        let planned = plan(access.of_bucket, scope, &show).await;
        planned.map(|plan| (plan, statuses))
    };
    let planned = tokio::select! {
        biased;
        () = stop.stopped() => None,
        planned = begin => Some(planned),
    };
    let (plan, statuses) = match planned {
        Some(Ok(planned)) => planned,
        Some(Err(cause)) => {
            bar.finish_and_clear();
            return unread(job, cause, context);
        }
        None => {
            bar.finish_and_clear();
            return interrupted(job, context);
        }
    };
    if !arguments.report.quiet {
        bar.suspend(|| console.print_line(&announcement(job, &plan, arguments)));
    }
    let plan = match access.answers {
        Some(answers) => plan.with_answers(Arc::clone(answers)),
        None => plan,
    };
    let has_folders = plan.counts.folders > 0;
    let mut outcome = plan.run(&show, stop.stopped()).await;
    bar.finish_and_clear();
    let not_searched = match job.is_named {
        true => Vec::new(),
        false => outcome.take_not_searched(),
    };
    let mut problems = problems(job, &outcome);
    if problems.is_empty() {
        let source = place(&job.bucket, &job.prefix);
        problems.extend(nothing_found(&outcome.coverage, has_folders, arguments, source));
    }
    let mut read = judged(access, job, statuses, outcome, problems, arguments, context).await;
    for gap in not_searched {
        let place = place(&job.bucket, &gap.place);
        let note = format!("{place}: {}; only former prefixes can be there", gap.cause);
        read.trails.iter_mut().for_each(|trail| trail.notes.push(note.clone()));
    }
    read
}

fn scope(
    job: &Job,
    statuses: &[Status],
    arguments: &LogsArguments,
    context: &EvaluationContext<'_>,
) -> Scope {
    let before = listed_before(context.now, statuses);
    Scope {
        bucket: job.bucket.clone(),
        prefix: match job.prefix.as_str() {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        },
        known_prefixes: known_prefixes(job),
        accounts: arguments.accounts.clone(),
        regions: arguments.regions.clone(),
        digests: true,
        range: Range::new(arguments.since, arguments.until, before),
        mode: mode(arguments),
        versions: arguments.versions,
        concurrency: usize::from(arguments.concurrency),
    }
}

/// The prefixes of the trails of a bucket.
pub(super) fn known_prefixes(job: &Job) -> Vec<String> {
    job.trails.iter().flat_map(|it| prefixes(&it.prefix).map(str::to_owned)).collect()
}

pub(super) fn mode(arguments: &LogsArguments) -> Mode {
    match (arguments.all, arguments.monthly) {
        (true, _) => Mode::All,
        (false, true) => Mode::Monthly,
        (false, false) => Mode::Sample,
    }
}

/// The requests of a run, before it starts.
fn announcement(job: &Job, plan: &Plan, arguments: &LogsArguments) -> String {
    let Requests { list, head } = plan.requests();
    let made = plan.requests_made();
    let price = (plan.requests() + made).price();
    let more = match mode(arguments) {
        Mode::Sample | Mode::Monthly => ", and more where the encryption changes",
        Mode::All => "",
    };
    let of_versions = match arguments.versions {
        true => ", and LIST requests for versions, of which each returns up to 1,000",
        false => "",
    };
    clean(&format!(
        "requests: bucket {}: about {head} HEAD and {list} LIST{more}{of_versions}; {} LIST \
         found the folders; {price}",
        job.bucket, made.list
    ))
}

async fn judged(
    access: &Access<'_>,
    job: &Job,
    statuses: Vec<Status>,
    outcome: Outcome,
    mut problems: Vec<Problem>,
    arguments: &LogsArguments,
    context: &EvaluationContext<'_>,
) -> BucketRead {
    let is_complete = !outcome.is_partial();
    let read = Files {
        coverage: &outcome.coverage,
        confirmed: None,
        are_all: &|delivery| !arguments.is_limited() && are_all(delivery, &outcome),
        missing: &|delivery| missing(delivery, &outcome, arguments),
        until: Some(ListedUntil::Live(outcome.range.before)),
    };
    let judged = judge_all(access.session, &job.trails, statuses, &read, context).await;
    let (mut trails, failures) = judged;
    problems.extend(failures);
    note_limits(&mut trails, arguments);
    let resumed = access
        .answers
        .filter(|_| outcome.earlier > 0)
        .map(|answers| Resumed { files: outcome.earlier, since: answers.began() });
    let place = Place {
        bucket: job.bucket.clone(),
        region: Some(outcome.region.clone()),
        prefix: job.prefix.clone(),
        source: Source {
            kind: SourceKind::Live,
            mode: outcome.mode,
            as_of: Some(outcome.range.before),
            queried_at: None,
            names_keys: true,
            limits: limits(arguments),
            resumed,
            versions: outcome.versions,
        },
        owner: outcome.owner.clone(),
        complete: is_complete,
    };
    let bucket = BucketLogs::of(place, &outcome.coverage, &job.trails);
    BucketRead {
        bucket: Some(bucket),
        trails,
        is_complete: is_complete && problems.is_empty(),
        problems,
    }
}

pub(super) fn limits(arguments: &LogsArguments) -> Limits {
    Limits {
        since: arguments.since,
        until: arguments.until,
        accounts: arguments.accounts.clone(),
        regions: arguments.regions.clone(),
    }
}

/// Why the files of a trail are not all read.
const LEFT_OUT: &str = "the options of the run leave out files of the trail";

/// Adds a note to the trails of a run that is limited.
pub(super) fn note_limits(trails: &mut [TrailLogs], arguments: &LogsArguments) {
    if arguments.is_limited() {
        let note = format!("{LEFT_OUT}, so that it is not verified");
        trails.iter_mut().for_each(|trail| trail.notes.push(note.clone()));
    }
}

/// Why the files of a trail are not all there.
fn missing(
    delivery: &TrailDelivery,
    outcome: &Outcome,
    arguments: &LogsArguments,
) -> Option<Missing> {
    if outcome.is_stopped {
        return Some(Missing::newest(stopped()));
    }
    if arguments.until.is_some() {
        return Some(Missing::newest(left_out()));
    }
    let of_run = missing_live(delivery, outcome, arguments.history);
    of_run.or_else(|| arguments.is_limited().then(|| Missing::older(left_out())))
}

/// The options leave out files.
pub(super) fn left_out() -> Refusal {
    Refusal::LogFiles(
        LEFT_OUT.to_owned(),
        "run it without --since, --until, --account and --region",
    )
}

/// The user stopped the run.
fn stopped() -> Refusal {
    Refusal::LogFiles(INTERRUPTED.to_owned(), "run it again to its end")
}

fn problems(job: &Job, outcome: &Outcome) -> Vec<Problem> {
    let of_gap =
        |gap: &Gap| Problem { source: place(&job.bucket, &gap.place), message: cause(&gap.cause) };
    let mut problems: Vec<Problem> = outcome.gaps.iter().map(of_gap).collect();
    problems.extend(
        unread_files(&outcome.coverage, |_, why| outcome.lacks(why))
            .map(|message| Problem { source: place(&job.bucket, &job.prefix), message }),
    );
    if outcome.is_stopped {
        problems.push(Problem {
            source: place(&job.bucket, &job.prefix),
            message: INTERRUPTED.to_owned(),
        });
    }
    problems
}

/// The problem that no file of CloudTrail was found in a place, if so: its name or the days may be
/// wrong.
pub(super) fn nothing_found(
    coverage: &Coverage,
    has_folders: bool,
    arguments: &LogsArguments,
    place: String,
) -> Option<Problem> {
    let message = if has_folders && arguments.has_days() {
        "no files in the range: check --since, --until and the other options"
    } else if coverage.unrecognized > 0 {
        "no object in it has a name that CloudTrail gives"
    } else {
        "no folder of CloudTrail was found in it: check the bucket, the prefix and the options"
    };
    let is_empty = coverage.rows().next().is_none();
    is_empty.then(|| Problem { source: place, message: message.to_owned() })
}

const INTERRUPTED: &str = "the run was interrupted before the bucket was read to its end";

/// The bucket cannot be read at all.
fn unread(job: &Job, why: Cause, context: &EvaluationContext<'_>) -> BucketRead {
    let message = cause(&why);
    let trails = job
        .trails
        .iter()
        .map(|delivery| judge_by(delivery, log_files::unread(why.clone()), context));
    BucketRead {
        bucket: None,
        trails: trails.collect(),
        problems: vec![Problem { source: place(&job.bucket, &job.prefix), message }],
        is_complete: false,
    }
}

/// The user stopped the run before the bucket was read.
fn interrupted(job: &Job, context: &EvaluationContext<'_>) -> BucketRead {
    let unread = || Reading::Refused(stopped());
    let trails = job.trails.iter().map(|delivery| judge_by(delivery, unread(), context));
    BucketRead {
        bucket: None,
        trails: trails.collect(),
        problems: vec![Problem {
            source: place(&job.bucket, &job.prefix),
            message: INTERRUPTED.to_owned(),
        }],
        is_complete: false,
    }
}
