//! Accounts and their Regions: trails per verdict, failed reads, and Regions without a trail.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::status::{TrailStatus, VerdictCounts};
use super::text::{Count, counted};
use crate::report::{AccountReport, AccountStatus, Kind, Report, TrailReport, TrailState};

/// Keys of a Region that are listed; the others are counted.
const KEYS_MAX: usize = 3;

/// With more accounts than this, a printed page leaves out their Regions.
const PRINTED_MAX: usize = 50;

/// What `noTrails` says of a place.
const NO_TRAIL: &str = "no trail, non-compliant";

const REFUSED: &str = "could not be read";

/// All accounts, the worst first.
pub(super) struct Places<'a> {
    pub(super) accounts: Vec<Account<'a>>,
    /// Every Region, sorted by name.
    pub(super) regions: Vec<&'a str>,
    pub(super) not_read: Vec<NotRead<'a>>,
    /// The number of accounts that have Regions without a trail.
    pub(super) bare: usize,
    /// Whether a printed page shows every Region.
    pub(super) is_printed_whole: bool,
}

#[derive(Default)]
pub(super) struct Account<'a> {
    pub(super) id: &'a str,
    pub(super) name: Option<&'a str>,
    pub(super) problem: Option<&'a str>,
    /// Why the audit skipped it.
    pub(super) skipped: Option<&'a str>,
    /// What became of it in the audit; absent if files were read.
    status: Option<AccountStatus>,
    /// Trails, each once. One that was not evaluated also counts if only a copy of it is here.
    pub(super) tally: VerdictCounts,
    pub(super) regions: Vec<Place<'a>>,
    /// Audited Regions without a visible trail.
    pub(super) bare: Vec<&'a str>,
}

/// A Region of an account.
#[derive(Default)]
pub(super) struct Place<'a> {
    pub(super) region: &'a str,
    /// Trails, and copies whose trail was not evaluated.
    pub(super) tally: VerdictCounts,
    /// The other copies.
    pub(super) copies: usize,
    pub(super) problem: Option<&'a str>,
    pub(super) is_bare: bool,
    /// Whether `noTrails` reports that it has no trail: a result without a trail.
    pub(super) is_finding: bool,
    keys: BTreeSet<&'a str>,
    open: BTreeSet<&'a str>,
}

/// An account or a Region that was not read, and why.
pub(super) struct NotRead<'a> {
    pub(super) account: &'a str,
    pub(super) name: Option<&'a str>,
    /// Absent for the whole account.
    pub(super) region: Option<&'a str>,
    pub(super) what: &'static str,
    pub(super) why: &'a str,
}

impl<'a> Places<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let mut accounts = accounts(report);
        accounts.sort_by_key(|account| {
            (account.rank(), Reverse(account.tally.of(TrailStatus::Failing)))
        });
        let regions: BTreeSet<&str> = accounts
            .iter()
            .flat_map(|account| account.regions.iter().map(|place| place.region))
            .collect();
        Self {
            regions: regions.into_iter().collect(),
            not_read: accounts.iter().flat_map(Account::not_read).collect(),
            bare: accounts.iter().filter(|account| !account.bare.is_empty()).count(),
            is_printed_whole: accounts.len() <= PRINTED_MAX,
            accounts,
        }
    }
}

/// The accounts by their IDs, each with its Regions by their names.
#[derive(Default)]
struct ByAccount<'a>(BTreeMap<&'a str, (Account<'a>, BTreeMap<&'a str, Place<'a>>)>);

/// The accounts, sorted by ID.
fn accounts(report: &Report) -> Vec<Account<'_>> {
    let mut accounts = ByAccount::default();
    report.accounts.iter().for_each(|audited| accounts.add_audited(audited));
    accounts.add_other_results(report);
    accounts.add_trails(report);
    accounts
        .0
        .into_iter()
        .map(|(id, (account, places))| {
            let regions: Vec<Place<'_>> =
                places.into_iter().map(|(region, place)| Place { region, ..place }).collect();
            let bare = regions.iter().filter(|place| place.is_bare).map(|place| place.region);
            Account { id, bare: bare.collect(), regions, ..account }
        })
        .collect()
}

impl<'a> ByAccount<'a> {
    fn add_audited(&mut self, audited: &'a AccountReport) {
        let (account, places) = self.0.entry(&audited.id).or_default();
        account.name = audited.name.as_deref().filter(|name| !name.is_empty());
        account.problem = audited.problem.as_deref();
        account.skipped = audited.left_out.as_deref();
        account.status = Some(audited.status());
        for region in &audited.regions {
            let place = places.entry(&region.region).or_default();
            place.problem = region.problem.as_deref();
            place.is_bare = region.is_without_trail() && audited.problem.is_none();
        }
    }

    /// The account and the Region of a result.
    fn of(&mut self, result: &'a TrailReport) -> (&mut Account<'a>, &mut Place<'a>) {
        let (account, places) = self.0.entry(result.account.as_str()).or_default();
        (account, places.entry(result.region.as_str()).or_default())
    }

    /// Adds the copies of evaluated trails, and the accounts without a trail.
    fn add_other_results(&mut self, report: &'a Report) {
        for result in &report.trails {
            match result.kind() {
                Kind::Copy if result.state() != TrailState::NotEvaluated => {
                    let (_, place) = self.of(result);
                    place.copies += 1;
                    place.is_bare = false;
                }
                Kind::Account => {
                    let (_, place) = self.of(result);
                    place.is_bare = true;
                    place.is_finding |= result.is_non_compliant();
                }
                Kind::Trail | Kind::Copy => {}
            }
        }
    }

    /// Adds each trail where it is, with the result that counts, and each copy whose trail was not
    /// evaluated. Such a trail counts once in each account that has it or a copy of it, and once in
    /// each Region that shows it or, as its home Region, could not be read.
    fn add_trails(&mut self, report: &'a Report) {
        let (mut counted, mut placed) = (BTreeSet::new(), BTreeSet::new());
        let (mut copied, mut copied_here) = (BTreeSet::new(), BTreeSet::new());
        for trail in report.counted_trails() {
            let Some(own) = trail.own else { continue };
            let (in_account, in_region) = (
                (own.account.as_str(), own.home()),
                (own.account.as_str(), own.region.as_str(), own.home()),
            );
            counted.insert(in_account);
            placed.insert(in_region);
            // A copy counts once, in place of all better results of its trail.
            let is_copy = trail.result.kind() == Kind::Copy;
            let is_new = !is_copy || copied.insert(in_account);
            let is_new_here = !is_copy || copied_here.insert(in_region);
            let status = TrailStatus::of(trail.result);
            let (account, place) = self.of(own);
            if is_new {
                account.tally.add(status);
            }
            if is_new_here {
                place.add_trail(own, status);
            }
        }
        for copy in report.open_copies() {
            let (account, place) = self.of(copy);
            if placed.insert((copy.account.as_str(), copy.region.as_str(), copy.home())) {
                place.add_trail(copy, TrailStatus::NotEvaluated);
            }
            if counted.insert((copy.account.as_str(), copy.home())) {
                account.tally.add(TrailStatus::NotEvaluated);
            }
        }
        for copy in report.open_copies() {
            let (owner, region, _) = copy.home();
            let Some((account, places)) = self.0.get_mut(owner.as_str()) else { continue };
            if counted.insert((owner.as_str(), copy.home())) {
                account.tally.add(TrailStatus::NotEvaluated);
            }
            let unread = places.get_mut(region.as_str()).filter(|place| place.problem.is_some());
            if let Some(place) = unread
                && placed.insert((owner.as_str(), region.as_str(), copy.home()))
            {
                place.add_trail(copy, TrailStatus::NotEvaluated);
            }
        }
    }
}

impl<'a> Account<'a> {
    /// The most urgent first: failing, then unverified or not evaluated, then failed reads.
    fn rank(&self) -> u8 {
        match self.tally.worst() {
            _ if self.regions.iter().any(|place| place.is_finding) => 0,
            Some(TrailStatus::Failing) => 0,
            Some(TrailStatus::Unverified | TrailStatus::NotEvaluated) => 1,
            _ if self.has_problem() => 2,
            Some(TrailStatus::Compliant) => 3,
            Some(TrailStatus::NotApplicable) => 4,
            None => 5,
        }
    }

    /// What was found in it, in a few words.
    pub(super) fn words(&self) -> String {
        let copies = self.regions.iter().map(|place| place.copies).sum();
        let bare = self.regions.iter().filter(|place| place.is_finding).count();
        let bare = (bare > 0).then(|| format!("{NO_TRAIL} in {}", counted(bare, "Region")));
        let words = [of_trails(&self.tally, copies), bare.unwrap_or_default()];
        let words =
            words.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join("; ");
        match (words.is_empty(), self.instead()) {
            (true, instead) => instead.unwrap_or("no trail").to_owned(),
            (false, Some(instead)) => format!("{words}; {instead}"),
            (false, None) if self.has_problem() => format!("{words}; some reads failed"),
            (false, None) => words,
        }
    }

    /// What became of it if the audit did not complete it.
    pub(super) fn instead(&self) -> Option<&'static str> {
        match self.status? {
            AccountStatus::Completed => None,
            AccountStatus::Refused => Some(REFUSED),
            AccountStatus::Skipped => Some("skipped"),
            AccountStatus::Interrupted => Some("interrupted"),
        }
    }

    pub(super) fn has_problem(&self) -> bool {
        self.problem.is_some() || self.regions.iter().any(|place| place.problem.is_some())
    }

    /// Regions with a trail, a failed read or a finding.
    pub(super) fn listed(&self) -> impl Iterator<Item = &Place<'a>> {
        self.regions.iter().filter(|place| !place.is_bare || place.is_finding)
    }

    fn not_read(&self) -> Vec<NotRead<'a>> {
        let (account, name) = (self.id, self.name);
        let of_account = self.skipped.or(self.problem).map(|why| {
            let what = self.instead().unwrap_or(REFUSED);
            NotRead { account, name, region: None, what, why }
        });
        let of_regions = self.regions.iter().filter_map(|place| {
            let region = Some(place.region);
            Some(NotRead { account, name, region, what: REFUSED, why: place.problem? })
        });
        of_account.into_iter().chain(of_regions).collect()
    }
}

/// `2 non-compliant, 1 compliant, 3 copies`; empty without trails and copies.
fn of_trails(tally: &VerdictCounts, copies: usize) -> String {
    let copies = match copies {
        0 => String::new(),
        1 => "1 copy".to_owned(),
        more => format!("{} copies", Count(more)),
    };
    let words = [tally.words(), copies];
    words.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(", ")
}

impl<'a> Place<'a> {
    /// Adds a trail, or a copy whose trail was not evaluated.
    fn add_trail(&mut self, result: &'a TrailReport, status: TrailStatus) {
        self.tally.add(status);
        self.is_bare = false;
        self.open.extend(result.open_checks().map(|check| check.id.as_str()));
        if status == TrailStatus::Compliant {
            self.keys.extend(result.key.as_deref());
        }
    }

    /// Adds what was found in another one. `problem` is that of its account.
    pub(super) fn add(&mut self, other: &Self, problem: Option<&'a str>) {
        self.tally.add_all(&other.tally);
        self.copies += other.copies;
        self.is_finding |= other.is_finding;
        self.problem = self.problem.or(other.problem).or(problem);
    }

    /// Whether neither a trail nor a copy is in it.
    pub(super) fn is_empty(&self) -> bool {
        self.tally.trails() + self.copies == 0
    }

    /// The results with a verdict in it: of trails, and that it has no trail.
    pub(super) fn results(&self, status: &TrailStatus) -> usize {
        let is_bare = self.is_finding && *status == TrailStatus::Failing;
        self.tally.of(status) + usize::from(is_bare)
    }

    /// The trails and copies in it, or that it has none.
    pub(super) fn words(&self) -> String {
        match self.is_empty() {
            true if self.is_finding => NO_TRAIL.to_owned(),
            true => "no trail".to_owned(),
            false => of_trails(&self.tally, self.copies),
        }
    }

    /// The verdicts in it, for the page's filters: copies are not applicable.
    pub(super) fn verdicts(&self) -> String {
        let mut all = self.tally.clone();
        if self.copies > 0 {
            all.add(TrailStatus::NotApplicable);
        }
        if self.is_finding {
            all.add(TrailStatus::Failing);
        }
        all.verdicts()
    }

    /// The IDs of the checks that its trails did not pass, for the page's filters.
    pub(super) fn open(&self) -> String {
        self.open.iter().copied().collect::<Vec<_>>().join(" ")
    }

    /// The keys of its compliant trails.
    pub(super) fn keys(&self) -> impl Iterator<Item = &&'a str> {
        self.keys.iter().take(KEYS_MAX)
    }

    pub(super) fn more_keys(&self) -> usize {
        self.keys.len().saturating_sub(KEYS_MAX)
    }
}
