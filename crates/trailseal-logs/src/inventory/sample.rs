//! Chooses the files of an inventory that are compared with S3.
//!
//! The choice depends on the files only, not on the order in which they are read. The newest file of
//! each folder comes first, then the oldest of each, then the newest and the oldest of each month and
//! class, then others, spread evenly over all files.
//!
//! INVARIANT (bounded): `Spread` keeps no more files than are asked for. `choose` also looks at two
//! files of each row of the counts.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::hash::{DefaultHasher, Hasher as _};

use crate::coverage::{Class, Coverage, Example, Folder, Version};
use crate::encryption::{FileStatus, Unread};

/// A file of an inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventoryFile {
    /// Its key.
    pub key: String,
    /// What the inventory says about it.
    pub class: Class,
}

/// Files that are spread evenly over all that were offered: those whose keys have the smallest hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spread {
    size: usize,
    kept: BTreeMap<(u64, String), Class>,
}

impl Spread {
    pub(crate) fn new(size: usize) -> Self {
        Self { size, kept: BTreeMap::new() }
    }

    pub(crate) fn offer(&mut self, key: &str, class: &Class) {
        if self.size == 0 || !can_be_read(class) {
            return;
        }
        let hash = hash(key);
        let is_full = self.kept.len() >= self.size;
        let last = self.kept.last_key_value().filter(|_| is_full);
        if last.is_none_or(|((greatest, last), _)| (hash, key) <= (*greatest, last.as_str())) {
            self.keep((hash, key.to_owned()), class.clone());
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.size = self.size.max(other.size);
        for (place, class) in other.kept {
            self.keep(place, class);
        }
    }

    /// A key that is there twice is kept once.
    fn keep(&mut self, place: (u64, String), class: Class) {
        match self.kept.entry(place) {
            Entry::Vacant(free) => {
                free.insert(class);
            }
            Entry::Occupied(mut known) if class < *known.get() => {
                known.insert(class);
            }
            Entry::Occupied(_) => {}
        }
        if self.kept.len() > self.size {
            self.kept.pop_last();
        }
    }
}

/// The same for a key in each run of a release; another release can have another.
fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(key.as_bytes());
    hasher.finish()
}

/// Whether a HEAD request can read the file: a current version that was not deleted.
fn can_be_read(class: &Class) -> bool {
    class.version == Version::Current && class.status != FileStatus::Unread(Unread::DeleteMarker)
}

/// Chooses at most as many files as `spread` is for, in order of their keys.
pub(crate) fn choose(coverage: &Coverage, spread: Spread) -> Vec<InventoryFile> {
    let Spread { size, kept } = spread;
    if size == 0 {
        return Vec::new();
    }
    let (mut newest, mut oldest) = (BTreeMap::new(), BTreeMap::new());
    let mut ends: Vec<(u64, &Example, &Class)> = Vec::new();
    for (folder, _, class, totals) in coverage.rows().filter(|(_, _, class, _)| can_be_read(class))
    {
        replace(&mut newest, folder, (&totals.newest, class), |new, known| new > known);
        replace(&mut oldest, folder, (&totals.oldest, class), |new, known| new < known);
        for end in [&totals.newest, &totals.oldest] {
            ends.push((hash(&end.key), end, class));
        }
    }
    ends.sort_unstable();
    let of_folders = newest.into_values().chain(oldest.into_values());
    let ends = of_folders.chain(ends.into_iter().map(|(_, end, class)| (end, class)));
    let ends = ends.map(|(end, class)| (end.key.clone(), class.clone()));
    let spread = kept.into_iter().map(|((_, key), class)| (key, class));
    let mut chosen = BTreeMap::new();
    for (key, class) in ends.chain(spread) {
        if chosen.len() == size {
            break;
        }
        chosen.entry(key).or_insert(class);
    }
    chosen.into_iter().map(|(key, class)| InventoryFile { key, class }).collect()
}

type End<'a> = (&'a Example, &'a Class);

fn replace<'a>(
    ends: &mut BTreeMap<&'a Folder, End<'a>>,
    folder: &'a Folder,
    new: End<'a>,
    is_better: impl Fn(&Example, &Example) -> bool,
) {
    let known = ends.entry(folder).or_insert(new);
    if is_better(new.0, known.0) {
        *known = new;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::Owner;
    use crate::encryption::{Encryption, KeyName, StorageClass};

    fn key(region: &str, number: u32) -> String {
        let (day, minute) = (1 + number / 60, number % 60);
        format!(
            "AWSLogs/111122223333/CloudTrail/{region}/2026/01/{day:02}/111122223333_CloudTrail_\
             {region}_202601{day:02}T00{minute:02}Z_Ab3dEf6hIj9kLm2n.json.gz"
        )
    }

    fn class(status: FileStatus) -> Class {
        Class {
            status,
            storage: StorageClass::Standard,
            version: Version::Current,
            owner: Owner::NotListed,
        }
    }

    fn kms() -> Class {
        class(FileStatus::Read(Encryption::SseKms(KeyName::Unnamed)))
    }

    fn chosen(files: &[(String, Class)], size: usize) -> Vec<String> {
        let (mut coverage, mut spread) = (Coverage::default(), Spread::new(size));
        for (key, class) in files {
            coverage.count(key, class, 1);
            spread.offer(key, class);
        }
        choose(&coverage, spread).into_iter().map(|file| file.key).collect()
    }

    fn files() -> Vec<(String, Class)> {
        let regions = ["eu-central-1", "us-east-1"];
        let of = |region: &'static str| (0..600).map(move |number| (key(region, number), kms()));
        regions.into_iter().flat_map(of).collect()
    }

    #[test]
    fn the_ends_of_each_folder_come_first() {
        let files = files();
        let ends = |number: u32| ["eu-central-1", "us-east-1"].map(|region| key(region, number));
        assert_eq!(chosen(&files, 0), [""; 0]);
        assert_eq!(chosen(&files, 1), [key("eu-central-1", 599)]);
        assert_eq!(chosen(&files, 2), ends(599));
        let [first, second] = ends(0);
        let [third, fourth] = ends(599);
        assert_eq!(chosen(&files, 4), [first, third, second, fourth]);
    }

    #[test]
    fn the_choice_does_not_depend_on_the_order_or_on_parts() {
        let files = files();
        let whole = chosen(&files, 50);
        assert_eq!(whole.len(), 50);
        // Spread: both Regions, and half of the days at least.
        let days = |region: &str| {
            let own = whole.iter().filter(|key| key.contains(region));
            let mut days: Vec<_> = own.filter_map(|key| key.split('/').nth(6)).collect();
            days.dedup();
            days.len()
        };
        assert!(days("eu-central-1") >= 5 && days("us-east-1") >= 5, "{whole:?}");
        let mut backward = files.clone();
        backward.reverse();
        assert_eq!(chosen(&backward, 50), whole);
        let (mut coverage, mut spread) = (Coverage::default(), Spread::default());
        for part in files.chunks(7) {
            let mut of_part = Spread::new(50);
            for (key, class) in part {
                coverage.count(key, class, 1);
                of_part.offer(key, class);
            }
            spread.merge(of_part);
        }
        let parts = choose(&coverage, spread).into_iter().map(|file| file.key);
        assert_eq!(parts.collect::<Vec<_>>(), whole);
    }

    #[test]
    fn each_file_is_chosen_once_and_deleted_or_noncurrent_ones_are_not() {
        let marker = class(FileStatus::Unread(Unread::DeleteMarker));
        let noncurrent = Class { version: Version::Noncurrent, ..kms() };
        let files = [
            (key("eu-central-1", 0), kms()),
            (key("eu-central-1", 1), kms()),
            (key("eu-central-1", 1), kms()),
            (key("eu-central-1", 2), noncurrent),
            (key("eu-central-1", 3), marker),
        ];
        let expected = [key("eu-central-1", 0), key("eu-central-1", 1)];
        assert_eq!(chosen(&files, 1000), expected);
    }
}
