//! `trailseal audit`: evaluates the trails of AWS accounts in their present state.
//!
//! `identity` finds the credentials and their account, `targets` the accounts and Regions.
//! `account` evaluates one account, and `gathered` collects the results, so that accounts fail
//! independently. `aggregator` reads AWS Config instead. `messages` has the errors.

mod account;
mod aggregator;
mod arguments;
mod exemptions;
mod gathered;
mod identity;
mod log_files;
mod messages;
mod progress;
mod regions;
mod targets;

use std::collections::HashSet;
use std::pin::pin;
use std::sync::{Arc, Mutex};

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use trailseal_aws::{Aws, Calls};
use trailseal_rule::{Region, WhenNoTrails};

use self::account::{Audit, Done};
use self::gathered::Gathered;
use self::log_files::LogFileReader;
use self::progress::Progress;
use self::targets::Target;
use crate::console::{Console, Exit, Failure};
use crate::output::{clean, emit, print_problems};
use crate::report::{Report, Run, report};
use crate::settings::Settings;

pub(crate) use arguments::AuditArguments;
pub(crate) use exemptions::add_exemptions;
pub(crate) use identity::{Identity, request_listener};
pub(crate) use messages::{failed, no_region, wrong_region};
pub(crate) use regions::unknown_region;

/// Threads for requests: more would not help, since most of the time is spent waiting.
const THREADS_MAX: usize = 4;

pub(crate) fn audit(
    arguments: &AuditArguments,
    mut run: Run,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let settings = Settings::read(&arguments.settings, &arguments.report)?;
    // A trail that AWS Config does not record may exist.
    if arguments.aggregator.is_some() && settings.parameters.no_trails == WhenNoTrails::NonCompliant
    {
        return Err(Failure::NotStarted(vec![
            "--parameter `noTrails=NON_COMPLIANT` cannot be judged with --aggregator: AWS Config \
             does not show copies of trails, so an account without a row may have a trail"
                .to_owned(),
        ]));
    }
    if let (Some(_), Some(key)) = (&arguments.aggregator, &settings.parameters.exemption_tag) {
        return Err(Failure::NotStarted(vec![format!(
            "--parameter `exemptionTag={}` cannot be judged with --aggregator: tags are read from \
             CloudTrail in each account, and those of AWS Config may be out of date",
            key.as_str()
        )]));
    }
    if !arguments.report.quiet {
        for line in arguments.regions.iter().filter_map(unknown_region) {
            console.print_warning(&format!("--region: {line}"));
        }
    }
    let runtime = runtime()?;
    run.config = settings.config.file();
    let report = runtime.block_on(judged(arguments, &settings, run, console))?;
    print_problems(&report, arguments.report.quiet, console);
    if !arguments.report.quiet {
        print_notes(&report, arguments, console);
    }
    // The runtime still handles a second interruption.
    emit(&report, &settings.outputs, arguments.report.table, console)?;
    runtime.shutdown_background();
    Ok(Exit::of(&report, &arguments.report.exit))
}

fn without_duplicates(regions: &[Region]) -> Vec<Region> {
    let mut seen = HashSet::new();
    regions.iter().filter(|region| seen.insert(*region)).cloned().collect()
}

pub(crate) fn runtime() -> Result<Runtime, Failure> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Builder::new_multi_thread()
        .worker_threads(threads.min(THREADS_MAX))
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::NotStarted(vec![format!("failed to start the async runtime: {error}")])
        })
}

async fn judged(
    arguments: &AuditArguments,
    settings: &Settings,
    mut run: Run,
    console: &mut Console<'_>,
) -> Result<Report, Failure> {
    let identity = Identity::find(arguments).await;
    let identity = identity.map_err(|line| Failure::NotStarted(vec![line]))?;
    run.caller = Some(identity.report());
    let given = settings.given.clone();
    if !arguments.report.quiet {
        identity.introduce(console);
    }
    let mut parameters = settings.parameters.clone();
    add_exemptions(&mut parameters, &identity.session).await?;
    if let Some(role) = &arguments.bucket_role {
        let checked = role.check_partition(identity.session.region());
        checked.map_err(|line| Failure::NotStarted(vec![line]))?;
    }
    if let Some(name) = &arguments.aggregator {
        let session = &identity.session;
        let now = console.now;
        let judged = aggregator::judge_aggregate(session, name, &parameters, given, now).await;
        let mut report = judged.map_err(|error| {
            let caller = &identity.caller;
            Failure::failed(messages::aggregator(&error, name, caller, session.region()))
        })?;
        report.run = Some(run.ended((console.clock)()));
        return Ok(report);
    }
    let has_role = arguments.role_name.is_some();
    let targets = targets::targets(&identity, arguments.accounts.as_ref(), has_role).await;
    let targets = targets.map_err(Failure::failed)?;
    let reader = arguments.log_files.then(|| {
        let role = arguments.bucket_role.clone();
        let history = arguments.history;
        LogFileReader::new(&parameters, role, history, arguments.concurrency)
    });
    run.log_files = reader.is_some();
    if let Some(reader) = reader.as_ref().filter(|_| !arguments.report.quiet) {
        console.print_line(&reader.announcement());
    }
    let audit = Arc::new(Audit {
        aws: Aws::of(identity.session, arguments.external_id.clone()),
        role: arguments.role_name.clone(),
        regions: without_duplicates(&arguments.regions),
        parameters,
        log_files: reader,
        now: console.now,
        gathered: Mutex::new(Gathered::of(&targets)),
    });
    let is_interrupted = audit_all(&audit, targets, arguments, console).await;
    let mut gathered = std::mem::take(&mut *audit.gathered());
    run.interrupted = gathered.close(is_interrupted) && is_interrupted;
    if let Some(reader) = audit.log_files.as_ref().filter(|_| !arguments.report.quiet) {
        console.print_line(&reader.summary());
    }
    if arguments.verbose > 0 {
        let line = calls_line("other calls", &audit.aws.calls().take());
        console.print_line(&line);
    }
    // No pattern of the parameters has the exemptions by tag.
    let mut parameters = audit.parameters.clone();
    parameters.exempt_trails.append(&mut gathered.exemptions);
    let trails = std::mem::take(&mut gathered.trails);
    let problems = std::mem::take(&mut gathered.problems);
    let accounts = gathered.into_accounts();
    let mut report = report(trails, accounts, problems, given, &parameters, console.now);
    report.run = Some(run.ended((console.clock)()));
    Ok(report)
}

/// Audits the accounts, as many at a time as there may be concurrent requests. Returns whether the
/// user interrupted it.
async fn audit_all(
    audit: &Arc<Audit>,
    targets: Vec<Target>,
    arguments: &AuditArguments,
    console: &mut Console<'_>,
) -> bool {
    let targets: Vec<Target> =
        targets.into_iter().filter(|target| target.left_out.is_none()).collect();
    let mut progress = Progress::of(arguments, targets.len());
    let mut waiting = targets.into_iter();
    let mut under_way = JoinSet::new();
    let mut interruption = pin!(tokio::signal::ctrl_c());
    let mut done = 0;
    let is_interrupted = loop {
        while under_way.len() < usize::from(arguments.concurrency)
            && let Some(target) = waiting.next()
        {
            under_way.spawn(Arc::clone(audit).account(target));
        }
        tokio::select! {
            ended = under_way.join_next() => match ended {
                None => {
                    end_at_next_interruption();
                    break false;
                }
                Some(ended) => {
                    done += 1;
                    if let (Ok(ended), true) = (&ended, arguments.verbose > 0) {
                        progress.line(&account_line(ended), console.err);
                    }
                    progress.update(done, audit.gathered().counts(), console.err);
                }
            },
            heard = &mut interruption => if heard.is_ok() {
                // A second Ctrl-C ends the program without a report.
                end_at_next_interruption();
                under_way.shutdown().await;
                break true;
            },
        }
    };
    progress.end();
    is_interrupted
}

/// The runtime has replaced the default handler of Ctrl-C, so the program must exit itself.
fn end_at_next_interruption() {
    tokio::spawn(async {
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(2);
        }
    });
}

fn account_line(done: &Done) -> String {
    let name = done.target.name.as_deref().map_or_else(String::new, |name| format!(" ({name})"));
    calls_line(&format!("account {}{}", done.target.id, clean(&name)), &done.calls)
}

/// `WHAT: OPERATION N, … (N throttled)`.
fn calls_line(what: &str, calls: &std::collections::BTreeMap<String, Calls>) -> String {
    let each: Vec<String> =
        calls.iter().map(|(name, calls)| format!("{name} {}", calls.attempts)).collect();
    let throttled: u32 = calls.values().map(|calls| calls.throttled).sum();
    let throttled = if throttled > 0 { format!(" ({throttled} throttled)") } else { String::new() };
    let each = if each.is_empty() { "none".to_owned() } else { each.join(", ") };
    format!("calls: {what}: {each}{throttled}")
}

fn print_notes(report: &Report, arguments: &AuditArguments, console: &mut Console<'_>) {
    let left_out = report.accounts.iter().filter_map(|account| {
        Some(format!("skipped: {}: {}", account.id, account.left_out.as_deref()?))
    });
    let mut notes: Vec<String> = left_out.collect();
    if arguments.aggregator.is_some() {
        notes.push(
            "an aggregator shows what AWS Config records, which may be out of date; audit without it \
             to judge the current state"
                .to_owned(),
        );
        notes.push(
            "accounts and Regions that the aggregator does not collect are not in this report"
                .to_owned(),
        );
    } else if !arguments.regions.is_empty() {
        let regions = match without_duplicates(&arguments.regions).len() {
            1 => "one Region".to_owned(),
            number => format!("{number} Regions"),
        };
        notes.push(format!(
            "{regions} of each account: a trail is judged only in its home Region, so trails of \
             other Regions were not judged"
        ));
    }
    if report.trails.is_empty() && report.complete {
        notes.push("no trail was found, so nothing was judged".to_owned());
    }
    for line in notes {
        console.print_note(&clean(&line));
    }
}
