//! A random sample of keys.

use std::collections::BinaryHeap;
use std::hash::{BuildHasher, RandomState};

/// The keys with the smallest hashes: every key has the same chance, and the order in which keys
/// come, or the threads that read them, make no difference.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    hasher: RandomState,
    keys_max: usize,
    keys: BinaryHeap<(u64, String)>,
}

impl Sample {
    /// An empty sample of at most `keys_max` keys. Only samples with the same hasher can be merged.
    pub(crate) fn new(hasher: RandomState, keys_max: usize) -> Self {
        Self { hasher, keys_max, keys: BinaryHeap::new() }
    }

    pub(crate) fn offer(&mut self, key: &str) {
        if self.keys_max == 0 {
            return;
        }
        let hash = self.hasher.hash_one(key);
        let is_small = self.keys.peek().is_none_or(|(largest, _)| hash < *largest);
        if self.keys.len() < self.keys_max || is_small {
            self.insert(hash, key.to_owned());
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (hash, key) in other.keys {
            self.insert(hash, key);
        }
    }

    fn insert(&mut self, hash: u64, key: String) {
        self.keys.push((hash, key));
        if self.keys.len() > self.keys_max {
            self.keys.pop();
        }
    }

    /// The keys in random order.
    pub(crate) fn into_keys(self) -> impl Iterator<Item = String> {
        self.keys.into_sorted_vec().into_iter().map(|(_, key)| key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_parts_are_the_sample_of_the_whole() {
        let hasher = RandomState::new();
        let keys: Vec<String> = (0..1000).map(|number| format!("key-{number}")).collect();
        let sample = |keys: &mut dyn Iterator<Item = &String>| {
            let mut sample = Sample::new(hasher.clone(), 10);
            keys.for_each(|key| sample.offer(key));
            sample
        };
        let mut parts = sample(&mut keys.iter().skip(500));
        parts.merge(sample(&mut keys.iter().take(500).rev()));
        let whole: Vec<String> = sample(&mut keys.iter()).into_keys().collect();
        assert_eq!(parts.into_keys().collect::<Vec<_>>(), whole);
        assert_eq!(whole.len(), 10);
        assert_eq!(sample(&mut keys.iter().take(3)).into_keys().count(), 3);
        let mut none = Sample::new(hasher.clone(), 0);
        none.offer("key");
        assert_eq!(none.into_keys().count(), 0);
    }
}
