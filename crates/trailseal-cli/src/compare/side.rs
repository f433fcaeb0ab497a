//! The trails of one report: which trail is which, what the report says of it, and why it may not
//! contain one.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Serialize, Serializer};
use trailseal_rule::{AccountId, Region, TrailArn, WhenNoTrails};

use crate::report::{AccountReport, AccountStatus, RegionReport, Report, TrailReport, TrailState};

const NOT_APPLICABLE: State = State::Known(TrailState::NotApplicable);

/// What a report says of a trail. A later one is worse news; of two entries for one trail, the
/// worse one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    /// The trail does not exist.
    NoTrail,
    Known(TrailState),
}

impl State {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::NoTrail => "no trail",
            Self::Known(state) => state.as_str(),
        }
    }

    fn of(trail: &TrailReport) -> Self {
        if trail.is_deleted() { Self::NoTrail } else { Self::Known(trail.state()) }
    }
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.as_str().replace(' ', "-"))
    }
}

/// A trail, as it is seen in an account and Region; or the account there, if it has no trail.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TrailId {
    pub(super) account: AccountId,
    pub(super) region: Region,
    pub(super) name: String,
    owner: AccountId,
    is_account: bool,
}

impl TrailId {
    fn of(trail: &TrailReport) -> Self {
        let TrailReport { account, region, .. } = trail;
        // AWS Config reports some deleted trails by ARN.
        let by_id = || TrailArn::parse(&trail.resource_id).ok();
        let arn = trail.arn.clone().or_else(by_id);
        Self {
            account: account.clone(),
            region: region.clone(),
            name: trail.name().to_owned(),
            owner: arn.map_or_else(|| account.clone(), |arn| arn.owner().clone()),
            is_account: trail.is_of_account(),
        }
    }

    /// The trail in its home Region, in the account that owns it.
    fn at_home(arn: &TrailArn) -> Self {
        Self {
            account: arn.owner().clone(),
            region: arn.home_region().clone(),
            name: arn.name().to_owned(),
            owner: arn.owner().clone(),
            is_account: false,
        }
    }
}

/// What a report says of one trail.
#[derive(Clone, Debug)]
pub(super) struct Side<'a> {
    pub(super) state: State,
    /// Why the trail was not evaluated, or is not in the report.
    pub(super) reason: Option<String>,
    /// Absent if the report does not contain the trail.
    pub(super) trail: Option<&'a TrailReport>,
}

impl Side<'_> {
    /// Whether checks decided the verdict.
    pub(super) fn is_evaluated(&self) -> bool {
        self.trail.is_some_and(|trail| !trail.checks.is_empty())
    }
}

/// The trails of a report without copies.
pub(super) struct Trails<'a> {
    report: &'a Report,
    trails: BTreeMap<TrailId, Side<'a>>,
    /// The copies, with the reason that they were not evaluated.
    copies: BTreeMap<TrailId, &'a str>,
    /// The accounts of the audit.
    accounts: HashMap<&'a str, Audited<'a>>,
    /// Where there is a trail; of files without the Region.
    with_trail: HashSet<(&'a AccountId, Option<&'a Region>)>,
}

/// An account of an audit, with its Regions by name.
struct Audited<'a> {
    account: &'a AccountReport,
    regions: HashMap<&'a str, &'a RegionReport>,
}

impl<'a> Audited<'a> {
    fn of(account: &'a AccountReport) -> Self {
        let regions = account.regions.iter().map(|one| (one.region.as_str(), one)).collect();
        Self { account, regions }
    }
}

impl<'a> Trails<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let accounts = report.accounts.iter();
        let mut all = Self {
            report,
            trails: BTreeMap::new(),
            copies: BTreeMap::new(),
            accounts: accounts.map(|one| (one.id.as_str(), Audited::of(one))).collect(),
            with_trail: HashSet::new(),
        };
        for trail in &report.trails {
            all.add(trail);
        }
        all
    }

    fn add(&mut self, trail: &'a TrailReport) {
        if !trail.is_of_account() && !trail.is_gone() {
            self.with_trail.insert((&trail.account, self.region(&trail.region)));
        }
        let reason = trail.not_evaluated.as_ref().or(trail.reason.as_ref());
        let side = Side { state: State::of(trail), reason: reason.cloned(), trail: Some(trail) };
        let id = match trail.copy_of() {
            None => TrailId::of(trail),
            Some(arn) => {
                let reason = trail.reason.as_deref().unwrap_or_default();
                self.copies.insert(TrailId::of(trail), reason);
                if trail.not_evaluated.is_none() {
                    return;
                }
                // The report knows the trail by its copy only.
                TrailId::at_home(arn)
            }
        };
        let known = self.trails.entry(id).or_insert_with(|| side.clone());
        if side.state > known.state {
            *known = side;
        }
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &TrailId> {
        self.trails.keys()
    }

    /// What the report says of the trail, also if it does not contain it.
    pub(super) fn side(&self, id: &TrailId) -> Side<'a> {
        let absent = || {
            let (state, reason) = self.absence(id);
            Side { state, reason: Some(reason), trail: None }
        };
        self.trails.get(id).cloned().unwrap_or_else(absent)
    }

    /// Why the report does not contain the trail. It does not exist only if its account and Region
    /// were read.
    fn absence(&self, id: &TrailId) -> (State, String) {
        let TrailId { account, region, .. } = id;
        if let Some(reason) = self.copies.get(id) {
            return (NOT_APPLICABLE, (*reason).to_owned());
        }
        if id.is_account && self.has_trail(account, region) {
            return (NOT_APPLICABLE, "the account has a trail".to_owned());
        }
        let unread = |why: String| (State::Known(TrailState::NotEvaluated), why);
        if self.accounts.is_empty() {
            return unread("it is not in the input of this report".to_owned());
        }
        let Some(Audited { account: audited, regions }) = self.accounts.get(account.as_str())
        else {
            return unread(format!("account {account} was not audited"));
        };
        let because = |what: &str, why: &Option<String>| {
            unread(format!("account {account} was {what}: {}", why.as_deref().unwrap_or_default()))
        };
        match audited.status() {
            AccountStatus::Skipped => return because("skipped", &audited.left_out),
            AccountStatus::Refused if audited.problem.is_some() => {
                return because("refused", &audited.problem);
            }
            AccountStatus::Interrupted => {
                return unread(format!("the audit of account {account} was interrupted"));
            }
            // A Region of it can say why.
            AccountStatus::Refused | AccountStatus::Completed => {}
        }
        match regions.get(region.as_str()).map(|read| &read.problem) {
            None => unread(format!("Region {region} of account {account} was not audited")),
            Some(Some(problem)) => {
                unread(format!("Region {region} of account {account} was not read: {problem}"))
            }
            Some(None) if id.is_account => (NOT_APPLICABLE, self.about_no_trails().to_owned()),
            Some(None) => {
                (State::NoTrail, format!("account {account} does not have it in Region {region}"))
            }
        }
    }

    /// The Region, if the report says which Regions were read.
    fn region<'r>(&self, region: &'r Region) -> Option<&'r Region> {
        (!self.accounts.is_empty()).then_some(region)
    }

    fn has_trail(&self, account: &AccountId, region: &Region) -> bool {
        self.with_trail.contains(&(account, self.region(region)))
    }

    fn about_no_trails(&self) -> &'static str {
        let no_trails = self.report.parameters.get("noTrails");
        match no_trails.and_then(|value| value.parse().ok()) {
            Some(WhenNoTrails::NonCompliant) => "the account has a trail",
            Some(WhenNoTrails::NotApplicable) | None => "noTrails is not NON_COMPLIANT",
        }
    }
}
