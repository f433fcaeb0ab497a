//! `trailseal logs`: how the delivered log files of trails are encrypted.
//!
//! The check `log-files-sealed` of the rule decides about a trail, and nothing here changes anything in
//! AWS.

mod arguments;
mod athena;
mod confirm;
mod confirmation;
mod csv;
mod findings;
mod history;
mod html;
mod inventory;
mod live;
mod progress;
mod query_age;
mod recorded;
mod report;
mod resume;
mod table;
mod targets;
mod verdict;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use trailseal_aws::{Aws, AwsError, Session, TrailDelivery, logs_reads_of};
use trailseal_logs::live::Cause;
use trailseal_rule::{BucketName, EvaluationContext, Parameters, Region};

use self::arguments::{ManifestPlace, Target};
use self::inventory::{Inventory, Sessions};
use self::live::{Access, BucketRead};
use self::progress::Stop;
use self::report::{LOGS_VERSION, LogsReport};
use self::targets::{Job, Jobs, jobs};
use self::verdict::judge_by;
use crate::audit::{Identity, failed, no_region, request_listener, runtime, wrong_region};
use crate::console::{Console, Exit, Failure};
use crate::log_files::{History, refusal, why_missing};
use crate::output::{
    Document, Format, Output, Screen, clean, emit, print_problems, refuse_to_overwrite, write_json,
};
use crate::report::{Problem, Run, Tool};
use crate::settings::Settings;

pub(crate) use arguments::LogsArguments;
pub(crate) use report::LOGS_SCHEMA;

pub(crate) fn logs(
    arguments: &LogsArguments,
    mut run: Run,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    if let Some(table) = &arguments.athena_sql {
        athena::print_query(table, &arguments.targets, console)?;
        return Ok(Exit::Clean);
    }
    let conflicts = conflicts(arguments);
    if !conflicts.is_empty() {
        return Err(Failure::NotStarted(conflicts));
    }
    let table = arguments.report.table;
    let Settings { outputs, config, .. } =
        Settings::of(&[], arguments.config.as_deref(), &arguments.report)?;
    let inputs = [&arguments.athena_results, &arguments.resume].into_iter().flatten();
    refuse_to_overwrite(inputs.map(PathBuf::as_path), &outputs)?;
    run.config = config.file();
    let runtime = runtime()?;
    let report = runtime.block_on(read(arguments, &outputs, run, console))?;
    let findings = report.findings();
    print_problems(&findings, arguments.report.quiet, console);
    emit(&report, &outputs, table, console)?;
    runtime.shutdown_background();
    Ok(Exit::of(&findings, &arguments.report.exit))
}

/// Options that cannot be used together.
fn conflicts(arguments: &LogsArguments) -> Vec<String> {
    let LogsArguments { history, resume, targets, inventory, since, until, .. } = arguments;
    let is_file = matches!(inventory, Some(ManifestPlace::File(_)));
    let mut conflicts = Vec::new();
    if *history == History::Fail && !targets.iter().any(Target::is_trail) {
        let line = "--history fail takes a trail: a bucket alone has no verdict";
        conflicts.push(line.to_owned());
    }
    if *history == History::Fail && resume.is_some() {
        conflicts.push(resume::NO_HISTORY.to_owned());
    }
    if is_file && arguments.bucket_role.is_some() && arguments.confirm.is_none() {
        let line = "--bucket-role reads a bucket, but the inventory is on this machine and there is no \
                    --confirm";
        conflicts.push(line.to_owned());
    }
    if let (Some(since), Some(until)) = (since, until)
        && since > until
    {
        conflicts.push(format!("--since {since} is after --until {until}"));
    }
    conflicts
}

async fn read(
    arguments: &LogsArguments,
    outputs: &[Output],
    mut run: Run,
    console: &mut Console<'_>,
) -> Result<LogsReport, Failure> {
    let of_file = match &arguments.inventory {
        Some(ManifestPlace::File(path)) => Some(Inventory::open(path, outputs)?),
        Some(ManifestPlace::Object(..)) | None => None,
    };
    let is_recorded = of_file.is_some() || arguments.athena_results.is_some();
    let needs_aws = arguments.confirm.is_some() || arguments.targets.iter().any(Target::is_trail);
    let identity = match is_recorded && !needs_aws {
        true => None,
        false => Some(identity(arguments, console).await?),
    };
    run.caller = identity.as_ref().map(Identity::report);
    let session = identity.map(|identity| identity.session);
    let explain = |error: &AwsError| failed(error, None);
    let jobs = jobs(session.as_ref(), &arguments.targets, explain).await;
    let jobs = jobs.map_err(Failure::Failed)?;
    let parameters =
        Parameters { log_files: Some(arguments.history.scope()), ..Parameters::default() };
    let context = EvaluationContext { parameters: &parameters, now: console.now };
    let stop = Stop::at_ctrl_c();
    let mut report = LogsReport {
        version: LOGS_VERSION,
        tool: Tool::this(),
        generated_at: console.now,
        run,
        complete: true,
        trails: Vec::new(),
        buckets: Vec::new(),
        problems: Vec::new(),
    };
    report.add_trails_without_bucket(&jobs, &context);
    let source = Sourced { session: session.as_ref(), jobs: &jobs, arguments, context: &context };
    let inventory = match (&arguments.inventory, &session) {
        (Some(ManifestPlace::Object(bucket, key)), Some(session)) => {
            let of_bucket = bucket_session(session, arguments).await?;
            Some(Inventory::open_in(&of_bucket, bucket, key).await?)
        }
        _ => of_file,
    };
    if let Some(inventory) = inventory {
        report.add(source.read_inventory(inventory, &stop, console).await?);
    } else if let Some(path) = &arguments.athena_results {
        report.add(source.read_athena(path).await?);
    } else if let Some(session) = &session {
        source.read_live(session, &mut report, &stop, console).await?;
    }
    report.run.interrupted = stop.is_stopped() && !report.complete;
    report.run = report.run.ended((console.clock)());
    Ok(report)
}

/// What each way to read the files needs.
struct Sourced<'a> {
    /// Absent if AWS is not called.
    session: Option<&'a Session>,
    jobs: &'a Jobs,
    arguments: &'a LogsArguments,
    context: &'a EvaluationContext<'a>,
}

impl Sourced<'_> {
    /// The files that an S3 Inventory lists.
    async fn read_inventory(
        &self,
        inventory: Inventory,
        stop: &Stop,
        console: &mut Console<'_>,
    ) -> Result<BucketRead, Failure> {
        let Self { session, jobs, arguments, context } = *self;
        let trails = jobs.of_inventory(&inventory.bucket).map_err(Failure::NotStarted)?;
        let of_bucket = match session {
            Some(session) if arguments.confirm.is_some() => {
                for job in &jobs.jobs {
                    warn_of_data_events(session, job, arguments, console).await;
                }
                Some(bucket_session(session, arguments).await?)
            }
            Some(_) | None => None,
        };
        let sessions = Sessions { caller: session, of_bucket: of_bucket.as_ref() };
        Ok(inventory.read(sessions, trails, arguments, context, stop, console).await)
    }

    /// The files that the result of a query in Athena counts.
    async fn read_athena(&self, path: &Path) -> Result<BucketRead, Failure> {
        let Self { session, jobs, arguments, context } = *self;
        let job = jobs.of_athena().map_err(|line| Failure::NotStarted(vec![line]))?;
        let mut recorded = athena::results(path, job.bucket.clone())?;
        let mut unread = None;
        if let Some(session) = session.filter(|_| !job.trails.is_empty()) {
            let of_bucket = bucket_session(session, arguments).await?;
            match athena::other_owners(&of_bucket, &job.bucket).await {
                Ok(others) => recorded.other_owners = others,
                Err(why) => {
                    unread = Some(Problem { source: place(&job.bucket, ""), message: cause(&why) });
                    recorded.other_owners = Some(refusal(why));
                }
            }
        }
        let mut read = recorded.judge(session, &job.trails, arguments, context).await;
        read.is_complete &= unread.is_none();
        read.problems.extend(unread);
        Ok(read)
    }

    /// The files of each bucket, by requests to S3.
    async fn read_live(
        &self,
        session: &Session,
        report: &mut LogsReport,
        stop: &Stop,
        console: &mut Console<'_>,
    ) -> Result<(), Failure> {
        let Self { jobs, arguments, context, .. } = *self;
        let answers = resume::open(session.region(), arguments, jobs, report)?;
        let of_bucket = bucket_session(session, arguments).await?;
        let access = Access { session, of_bucket: &of_bucket, answers: answers.as_ref() };
        for job in &jobs.jobs {
            warn_of_data_events(session, job, arguments, console).await;
            let read = live::read(&access, job, arguments, context, stop, console);
            report.add(read.await);
        }
        if let Some(why) = answers.and_then(|answers| answers.failure()) {
            console.print_warning(&clean(&resume::not_written(arguments, &why)));
        }
        Ok(())
    }
}

/// The caller, which is printed before any other call.
async fn identity(
    arguments: &LogsArguments,
    console: &mut Console<'_>,
) -> Result<Identity, Failure> {
    let listener = request_listener(arguments.verbose > 0);
    let profile = arguments.profile.as_deref();
    let requests_max = usize::from(arguments.concurrency);
    let region = |configured: Option<&str>| first_region(&arguments.targets, configured);
    let identity = Identity::of(profile, requests_max, listener, region).await;
    let identity = identity.map_err(|line| Failure::NotStarted(vec![line]))?;
    if !arguments.report.quiet {
        identity.introduce(console);
    }
    if let Some(role) = &arguments.bucket_role {
        let checked = role.check_partition(identity.session.region());
        checked.map_err(|line| Failure::NotStarted(vec![line]))?;
    }
    Ok(identity)
}

/// The Region for names of trails: the configured one, or that of the first trail by ARN.
fn first_region(targets: &[Target], configured: Option<&str>) -> Result<Region, String> {
    if let Some(name) = configured {
        return Region::parse(name).map_err(|error| wrong_region(&error));
    }
    let of_arn = targets.iter().find_map(|target| match target {
        Target::TrailArn(arn) => Some(arn.home_region().clone()),
        Target::TrailName(_) | Target::Bucket(..) => None,
    });
    // `--region` selects folders here.
    of_arn.ok_or_else(|| no_region(None))
}

/// The session that reads the bucket: the caller's own, or that of `--bucket-role`.
async fn bucket_session(session: &Session, arguments: &LogsArguments) -> Result<Session, Failure> {
    let Some(role) = &arguments.bucket_role else { return Ok(session.clone()) };
    let aws = Aws::of(session.clone(), arguments.external_id.clone());
    let assumed = aws.assume(&role.name, &role.account).await;
    assumed.map_err(|error| Failure::failed(failed(&error, Some(role.name.as_str()))))
}

/// Warns if a trail logs data events of its bucket: each HEAD request becomes an event, for which
/// CloudTrail charges.
async fn warn_of_data_events(
    session: &Session,
    job: &Job,
    arguments: &LogsArguments,
    console: &mut Console<'_>,
) {
    for delivery in job.trails.iter().filter(|delivery| delivery.may_log_data_events) {
        let TrailDelivery { trail, .. } = delivery;
        let here = session.in_region(trail.home_region.clone());
        match logs_reads_of(&here, &trail.arn, &job.bucket).await {
            Ok(false) => {}
            Ok(true) => console.print_warning(&clean(&format!(
                "trail {} logs data events of its own bucket {}: each HEAD and LIST request becomes \
                 an event, which CloudTrail charges and delivers as well",
                trail.arn.name(),
                job.bucket
            ))),
            Err(error) if !arguments.report.quiet => console.print_note(&clean(&format!(
                "it is not known whether trail {} logs data events of its own bucket, so that each \
                 request becomes an event: {error}",
                trail.arn.name()
            ))),
            Err(_) => {}
        }
    }
}

impl LogsReport {
    fn add(&mut self, read: BucketRead) {
        self.complete &= read.is_complete;
        self.trails.extend(read.trails);
        self.buckets.extend(read.bucket.map(|mut bucket| {
            bucket.complete &= read.is_complete;
            bucket
        }));
        self.problems.extend(read.problems);
    }

    fn add_trails_without_bucket(&mut self, jobs: &Jobs, context: &EvaluationContext<'_>) {
        use trailseal_rule::{Reading, Refusal};
        for delivery in &jobs.without_bucket {
            let unread = Reading::Refused(Refusal::NotRead);
            self.trails.push(judge_by(delivery, unread, context));
            self.complete = false;
            self.problems.push(Problem {
                source: delivery.trail.arn.to_string(),
                message: "CloudTrail does not name the trail's bucket".to_owned(),
            });
        }
    }
}

/// The place of a problem: `s3://BUCKET/PLACE`.
fn place(bucket: &BucketName, place: &str) -> String {
    format!("s3://{bucket}/{place}")
}

/// Why a place was not read.
fn cause(cause: &Cause) -> String {
    why_missing(cause, |error| failed(error, None))
}

impl Document for LogsReport {
    fn write(&self, format: Format, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
        match format {
            Format::Table => table::write(self, screen, out),
            Format::Json => write_json(self, out),
            Format::Csv => csv::write(self, out),
            Format::Html => html::write(self, out),
            Format::Junit | Format::Sarif | Format::Asff | Format::Ocsf => {
                self.findings().write(format, screen, out)
            }
        }
    }
}

#[cfg(test)]
mod tests;
