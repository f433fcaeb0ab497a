//! One account: its Regions, their trails, and what is to be known of each.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::stream::{self, StreamExt as _};
use trailseal_aws::{Aws, AwsError, Calls, Evidence, Session, describe_trails};
use trailseal_rule::{
    CheckId, EvaluationContext, Parameters, Reading, Region, ResourceId, RoleName, Timestamp,
    Trail, WhenNoTrails,
};

use super::arguments::RegionsWanted;
use super::gathered::{Gathered, source, trail_source};
use super::messages;
use super::targets::{Target, enabled_regions};
use crate::report::{RegionReport, judge_account_without_trails, judge_trail};

/// Requests that are under way in one account at the same time: CloudTrail takes ten reads a
/// second in each Region, and other tools ask there too.
const REQUESTS_PER_ACCOUNT_MAX: usize = 8;

/// Trails of one Region that are judged at the same time.
const TRAILS_AT_A_TIME: usize = 4;

/// What all accounts are asked with.
#[derive(Debug)]
pub(super) struct Audit {
    pub(super) aws: Aws,
    pub(super) role: Option<RoleName>,
    pub(super) regions: RegionsWanted,
    pub(super) parameters: Parameters,
    pub(super) now: Timestamp,
    pub(super) gathered: Mutex<Gathered>,
}

/// What an account took.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) target: Target,
    pub(super) calls: BTreeMap<String, Calls>,
}

/// Why the trails of a Region are not known.
type Failure = (Region, AwsError);

impl Audit {
    pub(super) fn gathered(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Judges the trails of one account. Its session and clients begin and end here.
    pub(super) async fn account(self: Arc<Self>, target: Target) -> Done {
        let calls = match self.session(&target).await {
            Ok(session) => {
                self.regions_of(&session).await;
                session.calls().take()
            }
            Err(error) => {
                self.gathered().refused(&target.id, &self.words(&error));
                BTreeMap::new()
            }
        };
        self.gathered().done(&target.id);
        Done { target, calls }
    }

    async fn session(&self, target: &Target) -> Result<Session, AwsError> {
        let own = self.aws.own();
        match &self.role {
            Some(role) if target.id != *own.account() => {
                Ok(self.aws.assume(role, &target.id).await?.gated(REQUESTS_PER_ACCOUNT_MAX))
            }
            Some(_) | None => Ok(own.gated(REQUESTS_PER_ACCOUNT_MAX)),
        }
    }

    fn words(&self, error: &AwsError) -> String {
        messages::failed(error, self.role.as_ref().map(RoleName::as_str))
    }

    async fn regions_of(&self, session: &Session) {
        let regions = match &self.regions {
            RegionsWanted::List(regions) => regions.clone(),
            RegionsWanted::All => match enabled_regions(session).await {
                Ok(regions) => regions,
                Err(error) => {
                    let what = format!(
                        "{}; or name the Regions by --regions, which needs no such grant",
                        self.words(&error)
                    );
                    return self.gathered().refused(session.account(), &what);
                }
            },
        };
        let evidence = match self.delivery_regions(session, &regions).await {
            Ok(regions) => Evidence::new(&self.aws, session).in_regions(regions),
            Err(error) => return self.gathered().refused(session.account(), &self.words(&error)),
        };
        let asked = regions.len();
        let answers: Vec<Option<Failure>> = stream::iter(regions)
            .map(|region| self.region(session.in_region(region), &evidence))
            .buffer_unordered(REQUESTS_PER_ACCOUNT_MAX)
            .collect()
            .await;
        self.tell(session, asked, answers.into_iter().flatten().collect());
    }

    /// The Regions from which a multi-Region trail delivers, if a check needs them: all that are
    /// enabled, also if `--regions` leaves some out.
    async fn delivery_regions(
        &self,
        session: &Session,
        judged: &[Region],
    ) -> Result<Reading<Vec<Region>>, AwsError> {
        if !CheckId::DeliveryUnbroken.is_enabled(&self.parameters) {
            return Ok(Reading::Known(Vec::new()));
        }
        if self.regions == RegionsWanted::All {
            return Ok(Reading::Known(judged.to_vec()));
        }
        match enabled_regions(session).await {
            Ok(regions) => Ok(Reading::Known(regions)),
            Err(error) => Ok(Reading::Refused(error.into_refusal()?)),
        }
    }

    /// Judges the trails of one Region.
    async fn region(&self, session: Session, evidence: &Evidence<'_>) -> Option<Failure> {
        let region = session.region();
        let trails = match describe_trails(&session).await {
            Ok(trails) => trails,
            Err(error) => {
                let problem = Some(self.words(&error));
                let report = RegionReport { region: region.to_string(), trails: 0, problem };
                self.gathered().region(session.account(), report);
                return Some((region.clone(), error));
            }
        };
        self.describe(&session, trails.len());
        stream::iter(&trails)
            .for_each_concurrent(TRAILS_AT_A_TIME, |trail| self.trail(&session, trail, evidence))
            .await;
        None
    }

    /// Notes a Region whose trails are known.
    fn describe(&self, session: &Session, trails: usize) {
        let (account, region) = (session.account(), session.region());
        let mut gathered = self.gathered();
        let report = RegionReport { region: region.to_string(), trails, problem: None };
        gathered.region(account, report);
        if trails == 0 && self.parameters.no_trails == WhenNoTrails::NonCompliant {
            let source = source(account, Some(region));
            let judged = judge_account_without_trails(account, region, self.now, source);
            gathered.trails.extend(judged);
        }
    }

    async fn trail(&self, session: &Session, trail: &Trail, evidence: &Evidence<'_>) {
        let context = EvaluationContext { parameters: &self.parameters, now: self.now };
        let (account, region) = (session.account(), session.region());
        let source = trail_source(account, region, trail.arn.name());
        let facts = evidence.gather(&context, trail).await;
        let mut gathered = self.gathered();
        match (facts, ResourceId::new(trail.arn.name())) {
            (Ok(facts), Some(id)) => {
                let judged = judge_trail(&id, trail, &facts, &context, None, source);
                gathered.trails.push(judged);
            }
            (Err(error), _) => {
                let what = format!("the trail could not be judged: {}", self.words(&error));
                gathered.region_problem(account, region, &what);
                gathered.problem(source, &what);
            }
            (Ok(_), None) => gathered.problem(source, "the trail has no name"),
        }
    }

    /// Tells what went wrong in Regions, each cause once.
    fn tell(&self, session: &Session, asked: usize, failures: Vec<Failure>) {
        let account = session.account();
        let all_failed = failures.len() == asked;
        let mut causes: BTreeMap<String, Vec<Failure>> = BTreeMap::new();
        for (region, error) in failures {
            let cause = self.words(&error).replace(region.as_str(), "");
            causes.entry(cause).or_default().push((region, error));
        }
        let is_one = causes.len() == 1;
        for mut failures in causes.into_values() {
            failures.sort_by(|one, other| one.0.cmp(&other.0));
            let Some((first, error)) = failures.first() else { continue };
            let mut what = self.words(error);
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
