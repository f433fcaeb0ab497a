//! Of each resource, the newest that was seen.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use trailseal_rule::Timestamp;

/// When and where something was seen; of two that tell the same, the greater one is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sighting {
    /// `configurationItemCaptureTime`; nothing in `DescribeTrails` output.
    pub(crate) captured: Option<Timestamp>,
    /// Whether a rule event brought parameters, which those without leave as they are.
    pub(crate) has_parameters: bool,
    /// `configurationStateId`, which orders the captures of one instant.
    pub(crate) state: Option<u64>,
    /// Which of the sources, counted from 0.
    pub(crate) source: usize,
    /// Which piece of the source.
    pub(crate) position: u64,
}

impl Sighting {
    /// Which is newer. What was captured later is; of two captures of one instant, the one with
    /// the higher state id. Nothing where one of two does not say: the place in the input, and
    /// what only one of them says, decide nothing.
    fn compare_age(&self, other: &Self) -> Option<Ordering> {
        let by_time = compare_known(self.captured, other.captured)?;
        if by_time.is_ne() { Some(by_time) } else { compare_known(self.state, other.state) }
    }
}

/// Two that are both unknown are alike.
fn compare_known<T: Ord>(one: Option<T>, other: Option<T>) -> Option<Ordering> {
    (one.is_some() == other.is_some()).then(|| one.cmp(&other))
}

/// In what two tell of one resource differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Difference {
    /// The parameters under which it is to be judged.
    Parameters,
    /// What it is like.
    Content,
}

/// What is told of a resource.
pub(crate) trait Telling {
    /// Nothing where both tell the same.
    fn difference(&self, other: &Self) -> Option<Difference>;

    /// Whether it says nothing of the resource, so that one that says something is shown instead.
    fn is_silent(&self) -> bool {
        false
    }
}

/// Two that are told of one resource, of which neither is known to be newer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Contest {
    /// The sources of both, the lower one first.
    pub(crate) sources: [usize; 2],
    pub(crate) difference: Difference,
}

/// Another one that tells otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rival {
    sighting: Sighting,
    difference: Difference,
}

/// The greatest sighting of one age, and the greatest one of that age that tells otherwise.
#[derive(Debug)]
struct Kept<V> {
    sighting: Sighting,
    value: V,
    rival: Option<Rival>,
}

impl<V: Telling> Kept<V> {
    /// What says something is shown before what is silent.
    fn rank(&self) -> (bool, Sighting) {
        (!self.value.is_silent(), self.sighting)
    }

    /// How another one of the same age, or of an age that does not compare, tells otherwise.
    fn rival_in(&self, other: &Self) -> Option<Rival> {
        match self.value.difference(&other.value) {
            Some(difference) => Some(Rival { sighting: other.sighting, difference }),
            None => other.rival,
        }
    }

    /// Takes in another one of the same age; which of them comes first decides nothing.
    fn join(&mut self, mut other: Self) {
        if other.rank() > self.rank() {
            std::mem::swap(self, &mut other);
        }
        self.rival = self.rival.max(self.rival_in(&other));
    }
}

/// Keeps the newest value of each key, in whatever order values come.
///
/// INVARIANT (none is newer): of what is kept of one key, none is newer than another, and no two
/// are of one age. There is mostly one, and there are four at most: with a time or without, and
/// with a state id or without.
#[derive(Debug)]
pub(crate) struct Newest<K, V>(HashMap<K, Vec<Kept<V>>>);

impl<K, V> Default for Newest<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash, V: Telling> Newest<K, V> {
    /// Keeps the value, unless a newer one is there.
    pub(crate) fn see(&mut self, key: K, sighting: Sighting, value: V) {
        self.keep(key, Kept { sighting, value, rival: None });
    }

    fn keep(&mut self, key: K, new: Kept<V>) {
        match self.0.entry(key) {
            Entry::Vacant(place) => {
                place.insert(vec![new]);
            }
            Entry::Occupied(mut place) => keep_newest(place.get_mut(), new),
        }
    }

    /// Takes the fewer into the more, so that what one large file tells is not held twice.
    pub(crate) fn merge(&mut self, mut other: Self) {
        if other.0.len() > self.0.len() {
            std::mem::swap(&mut self.0, &mut other.0);
        }
        for (key, all) in other.0 {
            match self.0.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(all);
                }
                Entry::Occupied(mut place) => {
                    for one in all {
                        keep_newest(place.get_mut(), one);
                    }
                }
            }
        }
    }

    /// Takes out what is told differently by two of which neither is known to be newer, in no
    /// order.
    pub(crate) fn take_contested(&mut self) -> Vec<(K, Contest)> {
        let contested = self.0.extract_if(|_, all| contest(all).is_some());
        contested.filter_map(|(key, all)| Some((key, contest(&all)?))).collect()
    }
}

fn keep_newest<V: Telling>(all: &mut Vec<Kept<V>>, new: Kept<V>) {
    let age_of = |old: &Kept<V>| old.sighting.compare_age(&new.sighting);
    if all.iter().any(|old| age_of(old) == Some(Ordering::Greater)) {
        return;
    }
    all.retain(|old| age_of(old) != Some(Ordering::Less));
    let same = all.iter().position(|old| age_of(old) == Some(Ordering::Equal));
    match same.and_then(|place| all.get_mut(place)) {
        Some(old) => old.join(new),
        None => all.push(new),
    }
}

fn shown<V: Telling>(all: &[Kept<V>]) -> Option<&Kept<V>> {
    all.iter().max_by_key(|kept| kept.rank())
}

fn contest<V: Telling>(all: &[Kept<V>]) -> Option<Contest> {
    let shown = shown(all)?;
    let rival = all.iter().filter_map(|kept| shown.rival_in(kept)).max()?;
    let mut sources = [shown.sighting.source, rival.sighting.source];
    sources.sort_unstable();
    Some(Contest { sources, difference: rival.difference })
}

impl<K: Eq + Hash, V: Telling> Newest<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.0.get(key).and_then(|all| shown(all)).map(|kept| &kept.value)
    }

    pub(crate) fn sighting(&self, key: &K) -> Option<&Sighting> {
        self.0.get(key).and_then(|all| shown(all)).map(|kept| &kept.sighting)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Every value with its key and sighting, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &Sighting, &V)> {
        let all = self.0.iter().filter_map(|(key, all)| Some((key, shown(all)?)));
        all.map(|(key, kept)| (key, &kept.sighting, &kept.value))
    }
}

#[cfg(test)]
mod tests;
