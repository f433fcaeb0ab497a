//! The accounts of the judged input, for `noTrails`: an account without a trail is reported once.

use std::collections::{BTreeMap, BTreeSet};

use trailseal_rule::{AccountId, Region};

/// The accounts that items and rule events name.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    seen: BTreeMap<AccountId, SeenAccount>,
    /// Sources with an empty list of trails, which names no account.
    pub(crate) empty_lists: BTreeSet<usize>,
}

/// What is known of an account beside its trails.
#[derive(Clone, Debug)]
pub(crate) struct SeenAccount {
    /// The first of its Regions in the input.
    pub(crate) region: Option<Region>,
    /// The first source that names it.
    pub(crate) source: usize,
    /// Whether a rule event of the account sets `noTrails=NON_COMPLIANT`.
    pub(crate) is_asked: bool,
    /// Whether something of a trail is there that cannot be used.
    pub(crate) may_have_a_trail: bool,
}

impl Accounts {
    /// Adds an account; text that is not an account ID is left alone.
    pub(super) fn see(&mut self, account: Option<&str>, region: Option<&str>, source: usize) {
        let Some(account) = account.and_then(|text| AccountId::parse(text).ok()) else { return };
        let region = region.and_then(|text| Region::parse(text).ok());
        let is_new = SeenAccount { region, source, is_asked: false, may_have_a_trail: false };
        self.add(account, is_new);
    }

    fn add(&mut self, account: AccountId, new: SeenAccount) {
        match self.seen.get_mut(&account) {
            None => {
                self.seen.insert(account, new);
            }
            Some(old) => {
                old.region = match (old.region.take(), new.region) {
                    (Some(one), Some(other)) => Some(one.min(other)),
                    (one, other) => one.or(other),
                };
                old.source = old.source.min(new.source);
                old.is_asked |= new.is_asked;
                old.may_have_a_trail |= new.may_have_a_trail;
            }
        }
    }

    /// A rule event of the account asks for a finding where there is no trail.
    pub(super) fn ask(&mut self, account: &str) {
        if let Some(seen) = AccountId::parse(account).ok().and_then(|id| self.seen.get_mut(&id)) {
            seen.is_asked = true;
        }
    }

    /// Something of a trail is there that cannot be used.
    pub(super) fn may_have_a_trail(&mut self, account: Option<&str>) {
        let account = account.and_then(|text| AccountId::parse(text).ok());
        if let Some(seen) = account.and_then(|id| self.seen.get_mut(&id)) {
            seen.may_have_a_trail = true;
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (account, seen) in other.seen {
            self.add(account, seen);
        }
        self.empty_lists.extend(other.empty_lists);
    }

    /// Each account, in the order of the IDs.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (&AccountId, &SeenAccount)> {
        self.seen.iter()
    }
}
