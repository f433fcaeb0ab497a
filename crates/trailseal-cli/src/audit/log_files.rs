//! Reads the log files that a trail has delivered: a sample, or all with `--history fail`.
//!
//! A bucket that cannot be read is a problem of the audit, and the check `log-files-sealed` of the
//! trail is then unverified.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OnceCell, Semaphore};
use trailseal_aws::{Aws, AwsError, Session, TrailDelivery};
use trailseal_logs::key::root;
use trailseal_logs::live::{Cause, Counts, Outcome, Range, Requests, Scope, plan};
use trailseal_logs::{FileStatus, Folder, Unread};
use trailseal_rule::{
    AccountId, BucketName, EvaluationContext, Facts, LogFiles, Parameters, Reading, Refusal, Region,
};

use crate::log_files::{
    BucketRole, History, ListedUntil, Writers, are_all, delivers, listed_before, log_files,
    missing_latest, missing_live, prefixes, proven, status_of, unread, unread_files, why_missing,
};
use crate::output::counted;

/// Buckets that are read at a time: requests wait for each other, and must not wait too long.
const BUCKETS_AT_A_TIME: usize = 4;

/// Problems of one trail that are named; the others are counted.
const PROBLEMS_MAX: usize = 3;

/// How the audit reads log files.
#[derive(Debug)]
pub(super) struct LogFileReader {
    /// Those of the audit, with the check enabled.
    pub(super) parameters: Parameters,
    role: Option<BucketRole>,
    history: History,
    concurrency: usize,
    /// Of all accounts.
    buckets: Semaphore,
    requests: Mutex<Requests>,
}

/// The sessions of a trail's account.
#[derive(Clone, Debug)]
pub(super) struct Sessions {
    /// For CloudTrail and KMS, with a limit of requests for the account.
    pub(super) account: Session,
    /// For S3, whose limits are not those of an account.
    pub(super) bucket: Session,
    /// Of the account: trails that deliver to the same folders share a reading.
    pub(super) readings: Arc<Readings>,
}

/// Readings of the folders of trails, each made once.
#[derive(Debug, Default)]
pub(super) struct Readings(Mutex<Vec<(Scope, Arc<OnceCell<BucketReading>>)>>);

/// What came of the folders of a trail.
#[derive(Debug)]
struct BucketReading {
    found: Result<Outcome, Cause>,
    /// Why the role for buckets was not assumed.
    role: Option<AwsError>,
}

impl Readings {
    fn of(&self, scope: &Scope) -> Arc<OnceCell<BucketReading>> {
        let mut readings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = readings.iter().find(|(known, _)| known == scope) {
            return Arc::clone(known);
        }
        let new = Arc::default();
        readings.push((scope.clone(), Arc::clone(&new)));
        new
    }
}

impl Sessions {
    pub(super) fn in_region(&self, region: Region) -> Self {
        Self {
            account: self.account.in_region(region.clone()),
            bucket: self.bucket.in_region(region),
            readings: Arc::clone(&self.readings),
        }
    }
}

/// What came of the log files of a trail.
pub(super) struct LogFilesRead {
    pub(super) evidence: Reading<LogFiles>,
    /// What was not read.
    pub(super) problems: Vec<String>,
}

impl LogFileReader {
    pub(super) fn new(
        parameters: &Parameters,
        role: Option<BucketRole>,
        history: History,
        concurrency: u16,
    ) -> Self {
        Self {
            parameters: Parameters { log_files: Some(history.scope()), ..parameters.clone() },
            role,
            history,
            concurrency: concurrency.into(),
            buckets: Semaphore::new(BUCKETS_AT_A_TIME),
            requests: Mutex::default(),
        }
    }

    /// The number of concurrent requests, of all accounts too.
    pub(super) fn concurrency(&self) -> usize {
        self.concurrency
    }

    /// The requests that a part of the files takes, and their approximate price.
    pub(super) fn announcement(&self) -> String {
        const PAGE: u64 = 1000;
        let mode = self.history.mode();
        let (part, counts, more) = match self.history {
            History::Report => (
                "for each account, Region and kind of a trail's files",
                Counts { folders: 1, ..Counts::default() },
                ", and more where the encryption changes",
            ),
            // The pages are listed to count the files, and again to read them.
            History::Fail => (
                "for each thousand log files",
                Counts { files: PAGE, pages: 2, ..Counts::default() },
                "",
            ),
        };
        let requests = counts.requests(mode);
        format!(
            "requests: log files: {part} about {} HEAD and {} LIST, {}{more}",
            requests.head,
            requests.list,
            requests.price()
        )
    }

    /// The requests that were made, without retries, and their approximate price.
    pub(super) fn summary(&self) -> String {
        let made = *self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        format!("requests: log files: {} HEAD and {} LIST, {}", made.head, made.list, made.price())
    }

    /// Reads the log files of a trail in its own account. `facts` has the other evidence; `explain`
    /// words a failure of AWS.
    pub(super) async fn read(
        &self,
        aws: &Aws,
        sessions: &Sessions,
        delivery: &TrailDelivery,
        facts: &Facts,
        context: &EvaluationContext<'_>,
        explain: &(dyn Fn(&AwsError) -> String + Sync),
    ) -> LogFilesRead {
        let Some(bucket) = &delivery.trail.bucket else {
            // The check itself says that the bucket is not named.
            return LogFilesRead { evidence: not_read(), problems: Vec::new() };
        };
        let scope = self.scope(bucket, delivery, context);
        let reading = sessions.readings.of(&scope);
        let status = status_of(&sessions.account, delivery).await;
        // A trail that shares the reading of another one shares its folders, and does not pass.
        let before = listed_before(context.now, std::slice::from_ref(&status));
        let scope = Scope { range: Range::new(None, None, before), ..scope };
        let reading =
            reading.get_or_init(|| self.folders(aws, &sessions.bucket, &scope, delivery)).await;
        let mut problems: Vec<String> = reading.role.as_ref().map(explain).into_iter().collect();
        let cause = |cause: &Cause| why_missing(cause, explain);
        let evidence = match &reading.found {
            Err(why) => {
                problems.push(format!("bucket {bucket}: {}", cause(why)));
                unread(why.clone())
            }
            Ok(outcome) => {
                problems.extend(
                    outcome
                        .gaps
                        .iter()
                        .map(|gap| format!("s3://{bucket}/{}: {}", gap.place, cause(&gap.cause))),
                );
                problems.extend(
                    unread_of(outcome, delivery).map(|what| format!("s3://{bucket}: {what}")),
                );
                let writers = Writers::of(&sessions.account, delivery, status, &outcome.coverage);
                let writers = writers.await;
                let writers = writers.unwrap_or_else(|error| {
                    problems.push(explain(&error));
                    Writers::default()
                });
                let are_all = are_all(delivery, outcome);
                let listed_before = outcome.range.before;
                let files = log_files(delivery, &outcome.coverage, are_all, &writers);
                let files = LogFiles { listed_before: Some(listed_before), ..files };
                let live = ListedUntil::Live(listed_before);
                let latest = || missing_latest(delivery, &outcome.coverage, &writers, live);
                let missing = missing_live(delivery, outcome, self.history).or_else(latest);
                proven(&delivery.trail, files, missing, facts, context)
            }
        };
        LogFilesRead { evidence, problems: shortened(problems) }
    }

    /// Reads the files of the trail's own folders, with the role if the account is denied.
    async fn folders(
        &self,
        aws: &Aws,
        session: &Session,
        scope: &Scope,
        delivery: &TrailDelivery,
    ) -> BucketReading {
        // The semaphore is never closed.
        let _permit = self.buckets.acquire().await;
        let found = self.files(session, scope).await;
        let Some(role) = self.role.as_ref().filter(|_| is_denied(&found, delivery)) else {
            return BucketReading { found, role: None };
        };
        match aws.assume(&role.name, &role.account).await {
            Ok(session) => BucketReading { found: self.files(&session, scope).await, role: None },
            Err(error) => BucketReading { found, role: Some(error) },
        }
    }

    async fn files(&self, session: &Session, scope: &Scope) -> Result<Outcome, Cause> {
        let plan = plan(session, scope.clone(), &|_| {}).await?;
        let mut outcome = plan.run(&|_| {}, std::future::pending()).await;
        // Only former prefixes can be there, whose files the audit does not report.
        let _former = outcome.take_not_searched();
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests = *requests + outcome.requests;
        Ok(outcome)
    }

    /// The folders to which the trail delivers log files now: those of its account, or of its
    /// organization.
    fn scope(
        &self,
        bucket: &BucketName,
        delivery: &TrailDelivery,
        context: &EvaluationContext<'_>,
    ) -> Scope {
        let TrailDelivery { trail, prefix, .. } = delivery;
        let account = (!trail.is_organization_trail).then(|| trail.arn.owner().clone());
        let own = account.as_ref().map(AccountId::as_str).unwrap_or_default();
        let regions = match trail.is_multi_region_trail {
            true => Vec::new(),
            false => vec![trail.home_region.clone()],
        };
        Scope {
            bucket: bucket.clone(),
            prefix: format!("{}{own}", root(prefix)),
            known_prefixes: prefixes(prefix).skip(1).map(str::to_owned).collect(),
            accounts: account.into_iter().collect(),
            regions,
            digests: false,
            range: Range::new(None, None, context.now),
            mode: self.history.mode(),
            versions: false,
            concurrency: self.concurrency,
        }
    }
}

fn not_read() -> Reading<LogFiles> {
    Reading::Refused(Refusal::NotRead)
}

/// The log files of the trail that exist and whose encryption was not read. Whether it matters that
/// a listed file is gone, the check decides.
fn unread_of(outcome: &Outcome, delivery: &TrailDelivery) -> impl Iterator<Item = String> {
    unread_files(&outcome.coverage, |folder: &Folder, why| {
        let exists = !matches!(why, Unread::Missing | Unread::DeleteMarker);
        exists && !folder.has_digests() && delivers(delivery, folder)
    })
}

/// Whether S3 denied a part of the reading.
fn is_denied(found: &Result<Outcome, Cause>, delivery: &TrailDelivery) -> bool {
    let is_denial = |cause: &Cause| {
        matches!(cause, Cause::Aws(AwsError::Denied { .. }) | Cause::Owner(AwsError::Denied { .. }))
    };
    match found {
        Err(cause) => is_denial(cause),
        Ok(outcome) => {
            outcome.gaps.iter().any(|gap| is_denial(&gap.cause))
                || outcome.coverage.rows().any(|(folder, _, class, _)| {
                    class.status == FileStatus::Unread(Unread::Denied) && delivers(delivery, folder)
                })
        }
    }
}

fn shortened(mut problems: Vec<String>) -> Vec<String> {
    let more = problems.len().saturating_sub(PROBLEMS_MAX);
    problems.truncate(PROBLEMS_MAX);
    if more > 0 {
        problems.push(counted(more, "more problem"));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_beyond_the_first_are_counted_as_problems() {
        let short = |count: usize| shortened(vec!["one".to_owned(); count]);
        assert_eq!(short(3), ["one"; 3]);
        assert_eq!(short(4), ["one", "one", "one", "1 more problem"]);
        assert_eq!(short(5), ["one", "one", "one", "2 more problems"]);
    }
}
