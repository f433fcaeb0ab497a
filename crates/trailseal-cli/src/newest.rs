//! Of each resource, the newest that was seen.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use trailseal_rule::Timestamp;

/// When and where something was seen. What was captured later is newer; of two captures of one
/// instant, the one that stands later in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sighting {
    /// `configurationItemCaptureTime`; nothing in `DescribeTrails` output.
    pub(crate) captured: Option<Timestamp>,
    /// Which of the sources, counted from 0.
    pub(crate) source: usize,
    /// Which piece of the source.
    pub(crate) position: u64,
}

/// Keeps the newest value of each key, in whatever order values come.
#[derive(Debug)]
pub(crate) struct Newest<K, V>(HashMap<K, (Sighting, V)>);

impl<K, V> Default for Newest<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash, V> Newest<K, V> {
    /// Keeps the value, unless a newer one is there.
    pub(crate) fn see(&mut self, key: K, sighting: Sighting, value: V) {
        match self.0.entry(key) {
            Entry::Vacant(place) => {
                place.insert((sighting, value));
            }
            Entry::Occupied(mut place) => {
                if sighting > place.get().0 {
                    place.insert((sighting, value));
                }
            }
        }
    }

    /// Takes the fewer into the more, so that what one large file tells is not held twice.
    pub(crate) fn merge(&mut self, mut other: Self) {
        if other.0.len() > self.0.len() {
            std::mem::swap(&mut self.0, &mut other.0);
        }
        for (key, (sighting, value)) in other.0 {
            self.see(key, sighting, value);
        }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.0.get(key).map(|(_, value)| value)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Every value with its key and sighting, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &Sighting, &V)> {
        self.0.iter().map(|(key, (sighting, value))| (key, sighting, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sighting(captured: Option<i64>, source: usize, position: u64) -> Sighting {
        Sighting { captured: captured.map(Timestamp::from_epoch_millis), source, position }
    }

    #[test]
    fn the_newest_stays_in_whatever_order_they_come() {
        let seen = [
            (sighting(Some(1), 9, 9), "old"),
            (sighting(Some(2), 0, 0), "new"),
            (sighting(None, 9, 9), "undated"),
            (sighting(Some(2), 0, 1), "newest"),
        ];
        for first in 0..seen.len() {
            let mut newest = Newest::default();
            for (sighting, value) in seen.iter().cycle().skip(first).take(seen.len()) {
                let mut other = Newest::default();
                other.see("key", *sighting, *value);
                newest.merge(other);
            }
            assert_eq!(newest.get(&"key"), Some(&"newest"));
            assert_eq!(newest.iter().count(), 1);
        }
    }
}
