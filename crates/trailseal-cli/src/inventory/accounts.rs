//! The accounts of the input, for `noTrails`: an account without a trail is reported once.

use std::collections::{BTreeMap, BTreeSet};

use trailseal_rule::{AccountId, Region};

/// The accounts that items and rule events name.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    known: BTreeMap<AccountId, InputAccount>,
    /// Sources with an empty list of trails, which names no account.
    pub(crate) empty_lists: BTreeSet<usize>,
    /// Whether no account is known to have no trail: an answer of the evaluated input lacks a part,
    /// or the parameters of no rule are known.
    pub(crate) may_have_more_trails: bool,
}

/// What the input shows of an account besides its trails.
#[derive(Clone, Debug)]
pub(crate) struct InputAccount {
    /// The first of its Regions in the input, in alphabetical order.
    pub(crate) region: Option<Region>,
    /// The first source that names it.
    pub(crate) source: usize,
    /// Whether the input contains unusable data about a trail.
    pub(crate) may_have_a_trail: bool,
}

impl Accounts {
    /// Adds an account; text that is not an account ID is ignored.
    pub(super) fn add(&mut self, account: Option<&str>, region: Option<&str>, source: usize) {
        let Some(account) = account.and_then(|text| AccountId::parse(text).ok()) else { return };
        let region = region.and_then(|text| Region::parse(text).ok());
        self.add_known(account, InputAccount { region, source, may_have_a_trail: false });
    }

    fn add_known(&mut self, account: AccountId, new: InputAccount) {
        let known = self.known.entry(account).or_insert_with(|| new.clone());
        known.region = known.region.take().into_iter().chain(new.region).min();
        known.source = known.source.min(new.source);
        known.may_have_a_trail |= new.may_have_a_trail;
    }

    fn get_mut(&mut self, account: Option<&str>) -> Option<&mut InputAccount> {
        self.known.get_mut(&AccountId::parse(account?).ok()?)
    }

    /// Marks that the input contains unusable data about a trail.
    pub(super) fn may_have_a_trail(&mut self, account: Option<&str>) {
        if let Some(known) = self.get_mut(account) {
            known.may_have_a_trail = true;
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (account, known) in other.known {
            self.add_known(account, known);
        }
        self.empty_lists.extend(other.empty_lists);
        self.may_have_more_trails |= other.may_have_more_trails;
    }

    /// The accounts, in the order of their IDs.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (&AccountId, &InputAccount)> {
        self.known.iter()
    }
}
