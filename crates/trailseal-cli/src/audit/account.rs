//! One account: its Regions, their trails, and the evidence of each trail.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::stream::{self, StreamExt as _};
use trailseal_aws::{
    Aws, AwsError, Calls, Evidence, ReadTimes, Session, TrailDelivery, describe_delivery, now,
    trail_tag,
};
use trailseal_findings::trail_source;
use trailseal_rule::{
    CheckId, EvaluationContext, Facts, Parameters, Reading, Region, ResourceId, RoleName, Standing,
    Timestamp, Trail, WhenNoTrails, exemption_by_tag, exemption_tag_to_read, needs,
};

use super::gathered::{Gathered, source};
use super::log_files::{LogFileReader, LogFilesRead, Sessions};
use super::messages;
use super::targets::{Target, enabled_regions};
use crate::report::{RegionReport, judge_account_without_trails, judge_trail};

/// Concurrent requests in one account: CloudTrail allows ten reads a second in each Region, which
/// other tools share.
const REQUESTS_PER_ACCOUNT_MAX: usize = 8;

/// Trails of one Region that are evaluated concurrently.
const TRAILS_AT_A_TIME: usize = 4;

/// What the audits of all accounts share.
#[derive(Debug)]
pub(super) struct Audit {
    pub(super) aws: Aws,
    pub(super) role: Option<RoleName>,
    /// All enabled ones if empty.
    pub(super) regions: Vec<Region>,
    pub(super) parameters: Parameters,
    /// Absent if log files are not read.
    pub(super) log_files: Option<LogFileReader>,
    pub(super) now: Timestamp,
    pub(super) gathered: Mutex<Gathered>,
}

/// The results of an account, and its calls.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) target: Target,
    pub(super) calls: BTreeMap<String, Calls>,
}

/// Why the trails of a Region could not be read.
type RegionFailure = (Region, AwsError);

impl Audit {
    pub(super) fn gathered(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Evaluates the trails of one account in its own session.
    pub(super) async fn account(self: Arc<Self>, target: Target) -> Done {
        let calls = match self.sessions(&target).await {
            Ok(sessions) => {
                self.regions_of(&sessions).await;
                let mut calls = sessions.account.calls().take();
                for (operation, of_bucket) in sessions.bucket.calls().take() {
                    let known = calls.entry(operation).or_default();
                    known.attempts = known.attempts.saturating_add(of_bucket.attempts);
                    known.throttled = known.throttled.saturating_add(of_bucket.throttled);
                }
                calls
            }
            Err(error) => {
                self.gathered().refused(&target.id, &self.message(&error));
                BTreeMap::new()
            }
        };
        self.gathered().done(&target.id);
        Done { target, calls }
    }

    async fn sessions(&self, target: &Target) -> Result<Sessions, AwsError> {
        let own = self.aws.own();
        let session = match &self.role {
            Some(role) if target.id != *own.account() => self.aws.assume(role, &target.id).await?,
            Some(_) | None => own.clone(),
        };
        let account = session.gated(REQUESTS_PER_ACCOUNT_MAX);
        let bucket = match &self.log_files {
            Some(reader) => session.gated(reader.concurrency()),
            None => account.clone(),
        };
        Ok(Sessions { account, bucket, readings: Arc::default() })
    }

    fn message(&self, error: &AwsError) -> String {
        messages::failed(error, self.role.as_ref().map(RoleName::as_str))
    }

    async fn regions_of(&self, sessions: &Sessions) {
        let session = &sessions.account;
        let regions = match self.regions.is_empty() {
            false => self.regions.clone(),
            true => match enabled_regions(session).await {
                Ok(regions) => regions,
                Err(error) => {
                    let what = format!(
                        "{}; or name the Regions with --region, which does not need this permission",
                        self.message(&error)
                    );
                    return self.gathered().refused(session.account(), &what);
                }
            },
        };
        let evidence = match self.delivery_regions(session, &regions).await {
            Ok(regions) => Evidence::new(&self.aws, session).in_regions(regions),
            Err(error) => return self.gathered().refused(session.account(), &self.message(&error)),
        };
        let asked = regions.len();
        let answers: Vec<Option<RegionFailure>> = stream::iter(regions)
            .map(|region| self.region(sessions.in_region(region), &evidence))
            .buffer_unordered(REQUESTS_PER_ACCOUNT_MAX)
            .collect()
            .await;
        self.add_failures(session, asked, answers.into_iter().flatten().collect());
    }

    /// The Regions from which a multi-Region trail delivers, if a check needs them: all enabled
    /// Regions, even if `--region` leaves some out.
    async fn delivery_regions(
        &self,
        session: &Session,
        judged: &[Region],
    ) -> Result<Reading<Vec<Region>>, AwsError> {
        if !CheckId::DeliveryUnbroken.is_enabled(&self.parameters) {
            return Ok(Reading::Known(Vec::new()));
        }
        if self.regions.is_empty() {
            return Ok(Reading::Known(judged.to_vec()));
        }
        match enabled_regions(session).await {
            Ok(regions) => Ok(Reading::Known(regions)),
            Err(error) => Ok(Reading::Refused(error.into_refusal()?)),
        }
    }

    /// Evaluates the trails of one Region.
    async fn region(&self, sessions: Sessions, evidence: &Evidence<'_>) -> Option<RegionFailure> {
        let session = &sessions.account;
        let region = session.region();
        let (trails, read_at) = match describe_delivery(session).await {
            Ok(mut trails) => {
                let mut seen = HashSet::new();
                trails.retain(|delivery| seen.insert(delivery.trail.arn.to_string()));
                (trails, now())
            }
            Err(error) => {
                let problem = Some(self.message(&error));
                let report = RegionReport { region: region.to_string(), trails: 0, problem };
                self.gathered().region(session.account(), report);
                return Some((region.clone(), error));
            }
        };
        {
            let (account, trails) = (session.account(), trails.len());
            let mut gathered = self.gathered();
            let report = RegionReport { region: region.to_string(), trails, problem: None };
            gathered.region(account, report);
            if trails == 0 && self.parameters.no_trails == WhenNoTrails::NonCompliant {
                let source = source(account, Some(region));
                let judged = judge_account_without_trails(account, region, self.now, source);
                gathered.trails.push(judged);
            }
        }
        stream::iter(&trails)
            .for_each_concurrent(TRAILS_AT_A_TIME, |delivery| {
                self.trail(&sessions, delivery, read_at, evidence)
            })
            .await;
        None
    }

    async fn trail(
        &self,
        sessions: &Sessions,
        delivery: &TrailDelivery,
        read_at: Timestamp,
        evidence: &Evidence<'_>,
    ) {
        let trail = &delivery.trail;
        let parameters = match (&self.log_files, trail.standing()) {
            (Some(reader), Standing::Own) => &reader.parameters,
            // The files of a copy are those of its original.
            (_, Standing::Own | Standing::Shadow | Standing::MemberCopy) => &self.parameters,
        };
        let context = EvaluationContext { parameters, now: self.now };
        let (account, region) = (sessions.account.account(), sessions.account.region());
        let source = trail_source(account, region, trail.arn.name());
        let facts = self.facts(sessions, delivery, &context, evidence, &source).await;
        let mut gathered = self.gathered();
        match (facts, ResourceId::new(trail.arn.name())) {
            (Ok((facts, times)), Some(id)) => {
                let (rank, mut report) = judge_trail(&id, trail, &facts, &context, None, source);
                report.read_at = Some(read_at);
                if let Some(evidence) = &mut report.evidence {
                    evidence.read_at = Some(times);
                }
                gathered.trails.push((rank, report));
            }
            (Err(error), _) => {
                let what = format!("the trail could not be judged: {}", self.message(&error));
                gathered.region_problem(account, region, &what);
                gathered.problem(source, &what);
            }
            (Ok(_), None) => gathered.problem(source, "the trail has no name"),
        }
    }

    /// The evidence on a trail, with its log files if the check needs them.
    async fn facts(
        &self,
        sessions: &Sessions,
        delivery: &TrailDelivery,
        context: &EvaluationContext<'_>,
        evidence: &Evidence<'_>,
        source: &str,
    ) -> Result<(Facts, ReadTimes), AwsError> {
        let trail = &delivery.trail;
        let (mut facts, mut times) = evidence.gather_with_times(context, trail).await?;
        let reader = self.log_files.as_ref().filter(|_| needs(context, trail).log_files);
        if let Some(reader) = reader {
            let explain = |error: &AwsError| self.message(error);
            let read = reader.read(&self.aws, sessions, delivery, &facts, context, &explain);
            let LogFilesRead { evidence, problems } = read.await;
            facts.log_files = evidence;
            times.log_files = Some(now());
            let mut gathered = self.gathered();
            for problem in problems {
                gathered.problem(source.to_owned(), &format!("log files not read: {problem}"));
            }
        }
        self.read_tag(&sessions.account, trail, context, &mut facts, source).await;
        Ok((facts, times))
    }

    /// Reads the tag that may exempt the trail, if the trail would fail. Without it, the trail is
    /// evaluated.
    async fn read_tag(
        &self,
        session: &Session,
        trail: &Trail,
        context: &EvaluationContext<'_>,
        facts: &mut Facts,
        source: &str,
    ) {
        let Some(key) = exemption_tag_to_read(context, trail, facts) else { return };
        match trail_tag(session, trail, key).await {
            Ok(reading) => facts.exemption_tag = reading,
            Err(error) => {
                let what = format!("exemptionTag {} not read", key.as_str());
                let what = format!("{what}: {}", self.message(&error));
                self.gathered().problem(source.to_owned(), &what);
            }
        }
        let exemption = exemption_by_tag(context, trail, facts);
        let mut gathered = self.gathered();
        if let Some(exemption) = exemption.filter(|one| !gathered.exemptions.contains(one)) {
            gathered.exemptions.push(exemption);
        }
    }

    /// Reports the failures of Regions, with each cause once.
    fn add_failures(&self, session: &Session, asked: usize, failures: Vec<RegionFailure>) {
        let account = session.account();
        let all_failed = failures.len() == asked;
        let mut causes: BTreeMap<String, Vec<RegionFailure>> = BTreeMap::new();
        for (region, error) in failures {
            let cause = self.message(&error).replace(region.as_str(), "");
            causes.entry(cause).or_default().push((region, error));
        }
        let is_one = causes.len() == 1;
        for mut failures in causes.into_values() {
            failures.sort_by(|one, other| one.0.cmp(&other.0));
            let Some((first, error)) = failures.first() else { continue };
            let mut what = self.message(error);
            let others: Vec<&str> =
                failures.iter().skip(1).map(|(region, _)| region.as_str()).collect();
            if !others.is_empty() {
                what.push_str(&format!(" (the same in {})", others.join(", ")));
            }
            if all_failed && is_one {
                self.gathered().refused(account, &what);
            } else {
                let region = others.is_empty().then_some(first);
                self.gathered().problem(source(account, region), &what);
            }
        }
    }
}
