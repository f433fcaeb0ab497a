//! Accounts and their Regions: how many trails stand how, what could not be asked, and where no
//! trail is.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::standing::{Standing, VerdictCounts, open_checks};
use crate::report::Report;

/// Different keys of a Region that are named; of more, only their number is told.
const KEYS_MAX: usize = 3;

/// Accounts whose Regions are all printed on paper.
const PRINTED_MAX: usize = 50;

/// All accounts, the worst first.
pub(super) struct Places<'a> {
    pub(super) accounts: Vec<Account<'a>>,
    /// Every Region, in the order of its name.
    pub(super) regions: Vec<&'a str>,
    /// Accounts and Regions where something could not be asked.
    pub(super) refusals: Vec<Refused<'a>>,
    /// Accounts with Regions in which no trail is visible.
    pub(super) bare: usize,
    /// Whether paper shows every Region.
    pub(super) is_printed_whole: bool,
}

/// An account.
#[derive(Default)]
pub(super) struct Account<'a> {
    pub(super) id: &'a str,
    pub(super) name: Option<&'a str>,
    pub(super) problem: Option<&'a str>,
    pub(super) tally: VerdictCounts,
    pub(super) regions: Vec<Place<'a>>,
    /// Regions that were asked and where no trail is visible.
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

/// Where something could not be asked, and why.
pub(super) struct Refused<'a> {
    pub(super) account: &'a str,
    pub(super) name: Option<&'a str>,
    /// Nothing where it is the whole account.
    pub(super) region: Option<&'a str>,
    pub(super) why: &'a str,
}

impl<'a> Places<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let mut accounts = counted(report);
        accounts.sort_by_key(|account| (account.rank(), Reverse(account.tally.failing)));
        let regions: BTreeSet<&str> = accounts
            .iter()
            .flat_map(|account| account.regions.iter().map(|place| place.region))
            .collect();
        Self {
            regions: regions.into_iter().collect(),
            refusals: accounts.iter().flat_map(Account::refusals).collect(),
            bare: accounts.iter().filter(|account| !account.bare.is_empty()).count(),
            is_printed_whole: accounts.len() <= PRINTED_MAX,
            accounts,
        }
    }
}

/// The accounts in the order of their ids.
fn counted(report: &Report) -> Vec<Account<'_>> {
    let mut accounts: BTreeMap<&str, (Account<'_>, BTreeMap<&str, Place<'_>>)> = BTreeMap::new();
    for asked in &report.accounts {
        let (account, places) = accounts.entry(&asked.id).or_default();
        account.name = asked.name.as_deref().filter(|name| !name.is_empty());
        account.problem = asked.problem.as_deref();
        for told in &asked.regions {
            let place = places.entry(&told.region).or_default();
            place.problem = told.problem.as_deref();
            place.is_bare = told.trails == 0 && told.problem.is_none() && asked.problem.is_none();
        }
    }
    for trail in &report.trails {
        let (account, places) = accounts.entry(&trail.account).or_default();
        let standing = Standing::of(trail);
        account.tally.add(standing);
        let place = places.entry(&trail.region).or_default();
        place.tally.add(standing);
        place.is_bare = false;
        place.open.extend(open_checks(trail));
        if standing == Standing::Compliant {
            place.keys.extend(trail.key.as_deref());
        }
    }
    let whole = |(id, (account, places))| {
        let regions: Vec<Place<'_>> =
            places_of(places).map(|(region, place)| Place { region, ..place }).collect();
        let bare = regions.iter().filter(|place| place.is_bare).map(|place| place.region);
        Account { id, bare: bare.collect(), regions, ..account }
    };
    accounts.into_iter().map(whole).collect()
}

fn places_of<'a>(
    places: BTreeMap<&'a str, Place<'a>>,
) -> impl Iterator<Item = (&'a str, Place<'a>)> {
    places.into_iter()
}

impl<'a> Account<'a> {
    /// What must be looked at first: faults, then what could not be seen, then the rest.
    fn rank(&self) -> u8 {
        match self.tally.worst() {
            Some(Standing::Failing) => 0,
            Some(Standing::Unverified) => 1,
            _ if self.has_problem() => 2,
            Some(Standing::Compliant) => 3,
            Some(Standing::NotApplicable) => 4,
            None => 5,
        }
    }

    pub(super) fn has_problem(&self) -> bool {
        self.problem.is_some() || self.regions.iter().any(|place| place.problem.is_some())
    }

    /// Regions in which there is something to tell beyond "no trail".
    pub(super) fn told(&self) -> impl Iterator<Item = &Place<'a>> {
        self.regions.iter().filter(|place| !place.is_bare)
    }

    fn refusals(&self) -> impl Iterator<Item = Refused<'a>> {
        let (account, name) = (self.id, self.name);
        let refused = move |region, why| Refused { account, name, region, why };
        let whole = self.problem.map(|why| refused(None, why));
        let parts = self
            .regions
            .iter()
            .filter_map(move |place| place.problem.map(|why| refused(Some(place.region), why)));
        whole.into_iter().chain(parts.collect::<Vec<_>>())
    }
}

impl<'a> Place<'a> {
    /// For the page's filters.
    pub(super) fn open(&self) -> String {
        self.open.iter().copied().collect::<Vec<_>>().join(" ")
    }

    /// The keys that seal its trails.
    pub(super) fn keys(&self) -> impl Iterator<Item = &&'a str> {
        self.keys.iter().take(KEYS_MAX)
    }

    pub(super) fn more_keys(&self) -> usize {
        self.keys.len().saturating_sub(KEYS_MAX)
    }
}
