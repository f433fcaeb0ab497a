//! The parameters of rule events: a rule evaluates every trail of its account with them.

use std::collections::BTreeMap;

use trailseal_rule::{AccountId, Parameters};

use crate::newest::Observation;

/// The parameters of the rule events of each account.
///
/// INVARIANT (bounded): of each account, at most two are kept: the first in the input, and the first
/// that differ from them.
#[derive(Debug, Default)]
pub(crate) struct RuleParameters {
    of_accounts: BTreeMap<AccountId, Vec<Given>>,
    /// The first source with an event that cannot be read and names no account.
    unread_of_any: Option<usize>,
}

/// The parameters of one event.
#[derive(Clone, Debug)]
struct Given {
    source: usize,
    /// The index of the document in its source.
    position: u64,
    /// Absent if the event cannot be read.
    parameters: Option<Parameters>,
}

/// Why the parameters of an account's rule are not known, with the sources of the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotKnown {
    /// Two events have different ones.
    Different([usize; 2]),
    /// An event cannot be read.
    Unread(usize),
}

impl RuleParameters {
    /// `parameters` are absent if the event cannot be read.
    pub(super) fn add(
        &mut self,
        account: &AccountId,
        place: Observation,
        parameters: Option<&Parameters>,
    ) {
        let Observation { source, position, .. } = place;
        let given = Given { source, position, parameters: parameters.cloned() };
        keep(self.of_accounts.entry(account.clone()).or_default(), given);
    }

    /// Adds an event that cannot be read and names no account.
    pub(super) fn add_unread(&mut self, place: Observation) {
        self.unread_of_any = self.unread_of_any.into_iter().chain([place.source]).min();
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (account, all) in other.of_accounts {
            let kept = self.of_accounts.entry(account).or_default();
            all.into_iter().for_each(|given| keep(kept, given));
        }
        self.unread_of_any = self.unread_of_any.into_iter().chain(other.unread_of_any).min();
    }

    /// The parameters of the account's rule events, if there are any.
    pub(crate) fn of(&self, account: &AccountId) -> Option<&Parameters> {
        self.of_accounts.get(account)?.first()?.parameters.as_ref()
    }

    /// The accounts whose rule has parameters that are not known.
    pub(super) fn not_known(&self) -> impl Iterator<Item = (&AccountId, NotKnown)> {
        self.of_accounts.iter().filter_map(|(account, all)| {
            let unread = all.iter().find(|given| given.parameters.is_none());
            let why = match (unread, all.as_slice()) {
                (Some(unread), _) => NotKnown::Unread(unread.source),
                (None, [one, other, ..]) => NotKnown::Different([one.source, other.source]),
                (None, [_] | []) => return None,
            };
            Some((account, why))
        })
    }

    /// The first source with an event that cannot be read and names no account.
    pub(super) fn unread_of_any(&self) -> Option<usize> {
        self.unread_of_any
    }
}

fn keep(kept: &mut Vec<Given>, new: Given) {
    kept.push(new);
    kept.sort_by_key(|given| (given.source, given.position));
    let mut all = std::mem::take(kept).into_iter();
    let Some(first) = all.next() else { return };
    let other = all.find(|given| given.parameters != first.parameters);
    *kept = [first].into_iter().chain(other).collect();
}

#[cfg(test)]
mod tests {
    use trailseal_rule::Profile;

    use super::*;

    #[test]
    fn the_first_and_the_first_that_differ_are_kept_in_every_order() {
        let account = AccountId::parse("111122223333").unwrap();
        let given = [
            (0, Profile::Strict),
            (1, Profile::Strict),
            (2, Profile::Cis),
            (3, Profile::Effective),
        ];
        for turn in 0..given.len() {
            for cut in 0..=given.len() {
                let mut order = given;
                order.rotate_left(turn);
                let (one, other) = order.split_at(cut);
                let [mut all, second] = [one, other].map(|part| {
                    let mut all = RuleParameters::default();
                    for (source, profile) in part {
                        let place = Observation { source: *source, ..Observation::default() };
                        let parameters = Parameters { profile: *profile, ..Parameters::default() };
                        all.add(&account, place, Some(&parameters));
                    }
                    all
                });
                all.merge(second);
                assert_eq!(all.of(&account).unwrap().profile, Profile::Strict, "{order:?}");
                let not_known: Vec<_> = all.not_known().collect();
                let expected = [(&account, NotKnown::Different([0, 2]))];
                assert_eq!(not_known, expected, "{order:?}");
            }
        }
    }
}
