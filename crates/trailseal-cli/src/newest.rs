//! The newest observation of each resource.

use std::borrow::Borrow;
use std::cmp::{Ordering, Reverse};
use std::collections::HashMap;
use std::hash::Hash;

use trailseal_rule::Timestamp;

/// When and where a resource was observed. Of equally old observations, the greater one is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Observation {
    /// `configurationItemCaptureTime`; `DescribeTrails` output has none.
    pub(crate) captured: Option<Timestamp>,
    /// `configurationStateId`, which orders captures of the same time.
    pub(crate) state: Option<u64>,
    pub(crate) source: usize,
    /// The index of the document in its source.
    pub(crate) position: u64,
}

impl Observation {
    /// Compares the capture times, then the state IDs. Two observations are incomparable if only
    /// one of them has a time or an ID; their place in the input does not matter.
    fn compare_age(&self, other: &Self) -> Option<Ordering> {
        let by_time = compare_known(self.captured, other.captured)?;
        if by_time.is_ne() { Some(by_time) } else { compare_known(self.state, other.state) }
    }
}

fn compare_known<T: Ord>(one: Option<T>, other: Option<T>) -> Option<Ordering> {
    (one.is_some() == other.is_some()).then(|| one.cmp(&other))
}

/// The observed state of a resource.
pub(crate) trait Observed {
    fn differs_from(&self, other: &Self) -> bool;

    /// Whether it has no information, so that another observation of the same age is used.
    fn is_unread(&self) -> bool {
        false
    }
}

/// Two different observations of one resource, neither of which is known to be newer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Conflict {
    /// The sources of both, in ascending order.
    pub(crate) sources: [usize; 2],
}

type Entry<V> = (Observation, V);

/// Keeps the newest value of each key; the order of insertion does not matter.
///
/// INVARIANT (bounded): no kept value of a key is newer than another one. Of each age, at most two
/// are kept: the one to use, and one that differs from it.
#[derive(Debug)]
pub(crate) struct Newest<K, V>(HashMap<K, Box<[Entry<V>]>>);

impl<K, V> Default for Newest<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash, V: Observed> Newest<K, V> {
    /// Adds a value, unless a newer one is known.
    pub(crate) fn add(&mut self, key: K, observation: Observation, value: V) {
        keep(self.0.entry(key).or_default(), (observation, value));
    }

    /// Adds the values of the smaller map to the larger one.
    pub(crate) fn merge(&mut self, mut other: Self) {
        if other.0.len() > self.0.len() {
            std::mem::swap(&mut self.0, &mut other.0);
        }
        for (key, entries) in other.0 {
            let kept = self.0.entry(key).or_default();
            entries.into_iter().for_each(|entry| keep(kept, entry));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Removes these keys.
    pub(crate) fn remove_if(&mut self, is_removed: impl Fn(&K) -> bool) {
        self.0.retain(|key, _| !is_removed(key));
    }

    /// Removes the keys whose values conflict, in no particular order.
    pub(crate) fn drop_conflicts(&mut self) -> impl Iterator<Item = (K, Conflict)> {
        let conflicts = self.0.extract_if(|_, entries| conflict(entries).is_some());
        conflicts.filter_map(|(key, entries)| Some((key, conflict(&entries)?)))
    }

    pub(crate) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0.get(key).and_then(|entries| used(entries)).map(|(_, value)| value)
    }

    pub(crate) fn observation<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&Observation>
    where
        K: Borrow<Q>,
    {
        self.0.get(key).and_then(|entries| used(entries)).map(|(observation, _)| observation)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Every key with its observation and value, in no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &Observation, &V)> {
        self.0.iter().filter_map(|(key, entries)| {
            let (observation, value) = used(entries)?;
            Some((key, observation, value))
        })
    }
}

/// A slice, because most resources are observed once: a vector would keep room for more values.
fn keep<V: Observed>(entries: &mut Box<[Entry<V>]>, new: Entry<V>) {
    let observation = new.0;
    let age = |old: &Entry<V>| old.0.compare_age(&observation);
    if entries.iter().any(|old| age(old) == Some(Ordering::Greater)) {
        return;
    }
    let mut kept = std::mem::take(entries).into_vec();
    kept.retain(|old| age(old) != Some(Ordering::Less));
    let mut same_age: Vec<_> =
        kept.extract_if(.., |old| age(old) == Some(Ordering::Equal)).chain([new]).collect();
    same_age.sort_by_key(|entry| Reverse(rank(entry)));
    let mut same_age = same_age.into_iter();
    let first = same_age.next();
    let conflicting =
        first.as_ref().and_then(|first| same_age.find(|other| first.1.differs_from(&other.1)));
    *entries = kept.into_iter().chain(first).chain(conflicting).collect();
}

fn rank<V: Observed>((observation, value): &Entry<V>) -> (bool, Observation) {
    (!value.is_unread(), *observation)
}

fn used<V: Observed>(entries: &[Entry<V>]) -> Option<&Entry<V>> {
    entries.iter().max_by_key(|entry| rank(entry))
}

fn conflict<V: Observed>(entries: &[Entry<V>]) -> Option<Conflict> {
    let (observation, value) = used(entries)?;
    let others = entries.iter().filter(|(_, other)| value.differs_from(other));
    let other = others.map(|(place, _)| place).max()?;
    let mut sources = [observation.source, other.source];
    sources.sort_unstable();
    Some(Conflict { sources })
}

#[cfg(test)]
mod tests;
