//! The parameters of rule events: a rule evaluates every trail of its account with them.

use std::collections::BTreeMap;

use trailseal_rule::{AccountId, Parameters};

use crate::newest::Observation;

/// The parameters of the rule events of each account.
///
/// INVARIANT (bounded): of each account, at most two are kept: the first in the input, and the first
/// that differ from them.
#[derive(Debug, Default)]
pub(crate) struct RuleParameters(BTreeMap<AccountId, Vec<Given>>);

/// The parameters of one event.
#[derive(Clone, Debug)]
struct Given {
    source: usize,
    /// The index of the document in its source.
    position: u64,
    parameters: Parameters,
}

impl RuleParameters {
    pub(super) fn add(&mut self, account: &AccountId, place: Observation, parameters: &Parameters) {
        let Observation { source, position, .. } = place;
        let given = Given { source, position, parameters: parameters.clone() };
        keep(self.0.entry(account.clone()).or_default(), given);
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (account, all) in other.0 {
            let kept = self.0.entry(account).or_default();
            all.into_iter().for_each(|given| keep(kept, given));
        }
    }

    /// The parameters of the account's rule events, if there are any.
    pub(crate) fn of(&self, account: &AccountId) -> Option<&Parameters> {
        self.0.get(account)?.first().map(|given| &given.parameters)
    }

    /// The accounts whose rule events have different parameters, with the sources of two of them.
    pub(super) fn conflicts(&self) -> impl Iterator<Item = (&AccountId, [usize; 2])> {
        self.0.iter().filter_map(|(account, all)| match all.as_slice() {
            [one, other, ..] => Some((account, [one.source, other.source])),
            [_] | [] => None,
        })
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
                        all.add(&account, place, &parameters);
                    }
                    all
                });
                all.merge(second);
                assert_eq!(all.of(&account).unwrap().profile, Profile::Strict, "{order:?}");
                let conflicts: Vec<_> = all.conflicts().collect();
                assert_eq!(conflicts, [(&account, [0, 2])], "{order:?}");
            }
        }
    }
}
