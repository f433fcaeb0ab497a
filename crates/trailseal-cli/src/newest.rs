//! Of each resource, the newest that was seen.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use trailseal_rule::Timestamp;

/// When and where something was seen. What was captured later is newer; of two captures of one
/// instant, the one with the higher state id. Where it stands in the input decides nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sighting {
    /// `configurationItemCaptureTime`; nothing in `DescribeTrails` output.
    pub(crate) captured: Option<Timestamp>,
    /// `configurationStateId`, which orders the captures of one instant.
    pub(crate) state: Option<u64>,
    /// Which of the sources, counted from 0.
    pub(crate) source: usize,
    /// Which piece of the source.
    pub(crate) position: u64,
}

impl Sighting {
    fn moment(&self) -> (Option<Timestamp>, Option<u64>) {
        (self.captured, self.state)
    }
}

/// What is told of a resource.
pub(crate) trait Telling {
    /// Whether both tell the same.
    fn agrees(&self, other: &Self) -> bool;
}

/// A value, and the source of another one of the same moment that tells otherwise.
#[derive(Debug)]
struct Kept<V> {
    sighting: Sighting,
    value: V,
    rival: Option<usize>,
}

/// Keeps the newest value of each key, in whatever order values come.
#[derive(Debug)]
pub(crate) struct Newest<K, V>(HashMap<K, Kept<V>>);

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
                place.insert(new);
            }
            Entry::Occupied(mut place) => {
                let old = place.get_mut();
                match new.sighting.moment().cmp(&old.sighting.moment()) {
                    Ordering::Less => {}
                    Ordering::Greater => *old = new,
                    Ordering::Equal => {
                        if new.value.agrees(&old.value) {
                            old.rival = old.rival.or(new.rival);
                            old.sighting = old.sighting.max(new.sighting);
                        } else {
                            old.rival = old.rival.or(Some(new.sighting.source));
                        }
                    }
                }
            }
        }
    }

    /// Takes the fewer into the more, so that what one large file tells is not held twice.
    pub(crate) fn merge(&mut self, mut other: Self) {
        if other.0.len() > self.0.len() {
            std::mem::swap(&mut self.0, &mut other.0);
        }
        for (key, kept) in other.0 {
            self.keep(key, kept);
        }
    }

    /// Takes out what two sightings of one moment tell differently, with the sources of both.
    pub(crate) fn take_contested(&mut self) -> Vec<(K, [usize; 2])> {
        let contested = self.0.extract_if(|_, kept| kept.rival.is_some());
        let sources = |kept: &Kept<V>| {
            let own = kept.sighting.source;
            [own, kept.rival.unwrap_or(own)]
        };
        contested.map(|(key, kept)| (key, sources(&kept))).collect()
    }
}

impl<K: Eq + Hash, V> Newest<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.0.get(key).map(|kept| &kept.value)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Every value with its key and sighting, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &Sighting, &V)> {
        self.0.iter().map(|(key, kept)| (key, &kept.sighting, &kept.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Telling for &str {
        fn agrees(&self, other: &Self) -> bool {
            self == other
        }
    }

    fn sighting(captured: Option<i64>, state: Option<u64>, source: usize) -> Sighting {
        let captured = captured.map(Timestamp::from_epoch_millis);
        Sighting { captured, state, source, position: 0 }
    }

    /// What remains of sightings, from whichever of them one begins, and what is contested.
    fn all_orders(
        seen: &[(Sighting, &'static str)],
    ) -> Vec<(Option<&'static str>, Vec<[usize; 2]>)> {
        let begun_with = |first: usize| {
            let mut newest = Newest::default();
            for (sighting, value) in seen.iter().cycle().skip(first).take(seen.len()) {
                let mut other = Newest::default();
                other.see("key", *sighting, *value);
                newest.merge(other);
            }
            let contested = newest.take_contested().into_iter().map(|(_, mut sources)| {
                sources.sort_unstable();
                sources
            });
            let contested: Vec<_> = contested.collect();
            (newest.get(&"key").copied(), contested)
        };
        (0..seen.len()).map(begun_with).collect()
    }

    #[test]
    fn the_newest_stays_in_whatever_order_they_come() {
        let seen = [
            (sighting(Some(1), Some(9), 9), "old"),
            (sighting(Some(2), Some(1), 5), "new"),
            (sighting(None, None, 9), "undated"),
            (sighting(Some(2), Some(2), 0), "newest"),
            (sighting(Some(2), None, 9), "without a state"),
            (sighting(Some(2), Some(2), 3), "newest"),
        ];
        for found in all_orders(&seen) {
            assert_eq!(found, (Some("newest"), Vec::new()));
        }
    }

    #[test]
    fn two_that_differ_at_one_moment_are_both_out() {
        for captured in [None, Some(2)] {
            let seen = [
                (sighting(Some(1), None, 0), "older"),
                (sighting(captured, None, 1), "this"),
                (sighting(captured, None, 2), "that"),
            ];
            let seen = if captured.is_none() { &seen[1..] } else { &seen };
            for found in all_orders(seen) {
                assert_eq!(found, (None, vec![[1, 2]]));
            }
        }
        // What is newer settles it.
        let seen = [
            (sighting(None, None, 1), "this"),
            (sighting(None, None, 2), "that"),
            (sighting(Some(1), None, 3), "dated"),
        ];
        for found in all_orders(&seen) {
            assert_eq!(found, (Some("dated"), Vec::new()));
        }
    }
}
