//! Accounts and their Regions: trails per verdict, failed reads, and Regions without a trail.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::status::{TrailStatus, VerdictCounts};
use crate::report::Report;

/// Keys of a Region that are listed; the others are counted.
const KEYS_MAX: usize = 3;

/// With more accounts than this, a printed page leaves out their Regions.
const PRINTED_MAX: usize = 50;

/// All accounts, the worst first.
pub(super) struct Places<'a> {
    pub(super) accounts: Vec<Account<'a>>,
    /// Every Region, sorted by name.
    pub(super) regions: Vec<&'a str>,
    pub(super) failed_reads: Vec<FailedRead<'a>>,
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
    pub(super) tally: VerdictCounts,
    pub(super) regions: Vec<Place<'a>>,
    /// Audited Regions without a visible trail.
    pub(super) bare: Vec<&'a str>,
}

/// A Region of an account.
#[derive(Default)]
pub(super) struct Place<'a> {
    pub(super) region: &'a str,
    pub(super) tally: VerdictCounts,
    pub(super) problem: Option<&'a str>,
    pub(super) is_bare: bool,
    keys: BTreeSet<&'a str>,
    open: BTreeSet<&'a str>,
}

/// An account or a Region that could not be read, and why.
pub(super) struct FailedRead<'a> {
    pub(super) account: &'a str,
    pub(super) name: Option<&'a str>,
    /// Absent for the whole account.
    pub(super) region: Option<&'a str>,
    pub(super) why: &'a str,
}

impl<'a> Places<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let mut accounts = counted(report);
        accounts.sort_by_key(|account| {
            (account.rank(), Reverse(account.tally.of(TrailStatus::Failing)))
        });
        let regions: BTreeSet<&str> = accounts
            .iter()
            .flat_map(|account| account.regions.iter().map(|place| place.region))
            .collect();
        Self {
            regions: regions.into_iter().collect(),
            failed_reads: accounts.iter().flat_map(Account::failed_reads).collect(),
            bare: accounts.iter().filter(|account| !account.bare.is_empty()).count(),
            is_printed_whole: accounts.len() <= PRINTED_MAX,
            accounts,
        }
    }
}

/// The accounts, sorted by ID.
fn counted(report: &Report) -> Vec<Account<'_>> {
    let mut accounts: BTreeMap<&str, (Account<'_>, BTreeMap<&str, Place<'_>>)> = BTreeMap::new();
    for audited in &report.accounts {
        let (account, places) = accounts.entry(&audited.id).or_default();
        account.name = audited.name.as_deref().filter(|name| !name.is_empty());
        account.problem = audited.problem.as_deref();
        for region in &audited.regions {
            let place = places.entry(&region.region).or_default();
            place.problem = region.problem.as_deref();
            place.is_bare = region.is_without_trail() && audited.problem.is_none();
        }
    }
    for trail in &report.trails {
        let (account, places) = accounts.entry(trail.account.as_str()).or_default();
        let status = TrailStatus::of(trail);
        account.tally.add(status);
        let place = places.entry(trail.region.as_str()).or_default();
        place.tally.add(status);
        place.is_bare = false;
        place.open.extend(trail.open_checks().map(|check| check.id.as_str()));
        if status == TrailStatus::Compliant {
            place.keys.extend(trail.key.as_deref());
        }
    }
    accounts
        .into_iter()
        .map(|(id, (account, places))| {
            let regions: Vec<Place<'_>> =
                places.into_iter().map(|(region, place)| Place { region, ..place }).collect();
            let bare = regions.iter().filter(|place| place.is_bare).map(|place| place.region);
            Account { id, bare: bare.collect(), regions, ..account }
        })
        .collect()
}

impl<'a> Account<'a> {
    /// The most urgent first: failing, then unverified, then failed reads.
    fn rank(&self) -> u8 {
        match self.tally.worst() {
            Some(TrailStatus::Failing) => 0,
            Some(TrailStatus::Unverified) => 1,
            _ if self.has_problem() => 2,
            Some(TrailStatus::Compliant) => 3,
            Some(TrailStatus::NotApplicable) => 4,
            None => 5,
        }
    }

    pub(super) fn has_problem(&self) -> bool {
        self.problem.is_some() || self.regions.iter().any(|place| place.problem.is_some())
    }

    /// Regions with a trail or a failed read.
    pub(super) fn listed(&self) -> impl Iterator<Item = &Place<'a>> {
        self.regions.iter().filter(|place| !place.is_bare)
    }

    fn failed_reads(&self) -> Vec<FailedRead<'a>> {
        let of_account = self.problem.map(|why| (None, why));
        let of_regions = self
            .regions
            .iter()
            .filter_map(|place| place.problem.map(|why| (Some(place.region), why)));
        of_account
            .into_iter()
            .chain(of_regions)
            .map(|(region, why)| FailedRead { account: self.id, name: self.name, region, why })
            .collect()
    }
}

impl<'a> Place<'a> {
    /// For the page's filters.
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
