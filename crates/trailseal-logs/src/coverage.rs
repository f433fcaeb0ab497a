//! Counts of files by folder, month and class.
//!
//! Memory grows with the number of folders, months and classes, not with that of files.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use trailseal_rule::{AccountId, Region, Timestamp};

use crate::encryption::{FileStatus, StorageClass};
use crate::key::{FileKey, Kind, Parsed, parse, root};
use crate::month::Month;

/// Keys that are kept as examples of those that were set aside.
const EXAMPLES_MAX: usize = 10;

/// Owners of the files of one folder that are counted apart.
const OWNERS_MAX: usize = 100;

/// Where the files of further owners are counted.
const OTHER_OWNERS: &str = "others";

/// Files of CloudTrail by folder, month and class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    rows: BTreeMap<(Folder, Month, Class), Totals>,
    /// Files of each folder and owner, where the source names it.
    owners: BTreeMap<Folder, BTreeMap<String, u64>>,
    /// Objects in folders of CloudTrail whose names are not those of CloudTrail's files.
    pub unrecognized: u64,
    /// The first of them, in order.
    pub unrecognized_examples: Vec<String>,
    /// Objects that are not in a folder of CloudTrail.
    pub others: u64,
}

/// A folder in which CloudTrail delivers files of one account, kind and Region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Folder {
    /// The trail's `s3KeyPrefix`; empty if there is none.
    pub prefix: String,
    /// The ID of the organization.
    pub organization: Option<String>,
    /// The account whose activity was logged.
    pub account: AccountId,
    /// The kind of files, as the folder's name says.
    pub kind: String,
    /// The Region whose activity was logged.
    pub region: Region,
}

/// What files are counted by, beside folder and month.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Class {
    /// How the files are encrypted.
    pub status: FileStatus,
    /// Where S3 stores them.
    pub storage: StorageClass,
    /// Which version of the object it is.
    pub version: Version,
    /// Who owns them.
    pub owner: Owner,
}

/// The account that owns a file, compared with that of the bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// The account of the bucket.
    Bucket,
    /// Another one.
    Other,
    /// S3 did not say who owns the file or the bucket.
    Unknown,
    /// The source does not name owners, or it was not asked for them.
    NotListed,
}

/// A version of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Version {
    /// The one that a reader gets.
    Current,
    /// One that a later version replaced. CloudTrail writes each file once.
    Noncurrent,
}

/// The files of one folder, month and class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// How many they are.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The oldest by the time in its name.
    pub oldest: Example,
    /// The newest by the time in its name.
    pub newest: Example,
}

/// A file, as evidence. Files are in order of their times, then of their keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Example {
    /// The time in its name.
    pub time: Timestamp,
    /// Its key.
    pub key: String,
}

/// A count with its folder, month and class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Where the files are.
    pub folder: Folder,
    /// When they were published.
    pub month: Month,
    /// How they are encrypted.
    pub class: Class,
    /// How many they are.
    pub totals: Totals,
}

impl Coverage {
    /// Counts an object by its key.
    pub fn count(&mut self, key: &str, class: &Class, bytes: u64) {
        match parse(key) {
            Parsed::File(file) => self.count_file(&file, class, bytes),
            Parsed::Other => self.others += 1,
            Parsed::Unrecognized => self.set_aside(key),
        }
    }

    /// Counts a file.
    fn count_file(&mut self, file: &FileKey<'_>, class: &Class, bytes: u64) {
        let example = Example { time: file.time, key: file.key.to_owned() };
        let totals = Totals { files: 1, bytes, oldest: example.clone(), newest: example };
        if let Some(folder) = Folder::of(file) {
            self.add(Row { folder, month: file.month, class: class.clone(), totals });
        } else {
            self.set_aside(file.key);
        }
    }

    /// Counts the owner of a file, by its canonical user ID.
    pub fn count_owner(&mut self, key: &str, owner: &str) {
        if let Parsed::File(file) = parse(key)
            && let Some(folder) = Folder::of(&file)
        {
            self.add_owner(folder, owner, 1);
        }
    }

    fn add_owner(&mut self, folder: Folder, owner: &str, files: u64) {
        let owners = self.owners.entry(folder).or_default();
        // The other owners of a folder are counted together.
        let is_kept = owners.len() < OWNERS_MAX || owners.contains_key(owner);
        let owner = if is_kept { owner } else { OTHER_OWNERS };
        let count = owners.entry(owner.to_owned()).or_default();
        *count = count.saturating_add(files);
    }

    /// The owners of the files of a folder, and how many each has.
    pub fn owners(&self, folder: &Folder) -> impl Iterator<Item = (&str, u64)> {
        let owners = self.owners.get(folder).into_iter().flatten();
        owners.map(|(owner, files)| (owner.as_str(), *files))
    }

    /// Counts an object whose name is not one of CloudTrail's.
    pub fn set_aside(&mut self, key: &str) {
        self.unrecognized += 1;
        self.keep_example(key.to_owned());
    }

    /// Adds files that were counted before.
    pub fn add(&mut self, row: Row) {
        self.insert(row, &mut |_| ());
    }

    /// Adds a row. If there is one already, its folder is passed to `known`.
    fn insert(&mut self, row: Row, known: &mut dyn FnMut(&Folder)) {
        let Row { folder, month, class, totals } = row;
        match self.rows.entry((folder, month, class)) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(totals);
            }
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                known(&entry.key().0);
                entry.get_mut().add(totals);
            }
        }
    }

    /// Adds everything that another coverage has counted.
    pub fn merge(&mut self, other: Self) {
        self.merge_rows(other, &mut |_| ());
    }

    /// The same. The folder of each row that is there already is passed to `known`.
    pub(crate) fn merge_rows(&mut self, other: Self, known: &mut dyn FnMut(&Folder)) {
        let Self { rows, owners, unrecognized, unrecognized_examples, others } = other;
        for ((folder, month, class), totals) in rows {
            self.insert(Row { folder, month, class, totals }, known);
        }
        for (folder, owners) in owners {
            for (owner, files) in owners {
                self.add_owner(folder.clone(), &owner, files);
            }
        }
        self.unrecognized += unrecognized;
        self.others += others;
        for key in unrecognized_examples {
            self.keep_example(key);
        }
    }

    /// The counts, by folder, month and class.
    pub fn rows(&self) -> impl Iterator<Item = (&Folder, Month, &Class, &Totals)> {
        self.rows.iter().map(|((folder, month, class), totals)| (folder, *month, class, totals))
    }

    /// The smallest keys are kept, so that the order of counting makes no difference.
    fn keep_example(&mut self, key: String) {
        if let Err(place) = self.unrecognized_examples.binary_search(&key) {
            self.unrecognized_examples.insert(place, key);
            self.unrecognized_examples.truncate(EXAMPLES_MAX);
        }
    }
}

impl Folder {
    /// The folder of a file; `None` if its account or Region is not one.
    pub fn of(file: &FileKey<'_>) -> Option<Self> {
        Some(Self {
            prefix: file.prefix.to_owned(),
            organization: file.organization.map(str::to_owned),
            account: AccountId::parse(file.account).ok()?,
            kind: file.kind.as_str().to_owned(),
            region: Region::parse(file.region).ok()?,
        })
    }

    /// The folder above the accounts: `PREFIX/AWSLogs/ORGANIZATION/`.
    pub fn root(&self) -> String {
        let root = root(&self.prefix);
        self.organization
            .as_ref()
            .map_or(root.clone(), |organization| format!("{root}{organization}/"))
    }

    /// Whether it contains digests, which prove the integrity of log files.
    pub fn has_digests(&self) -> bool {
        Kind::parse(&self.kind).is_some_and(Kind::is_digest)
    }
}

impl fmt::Display for Folder {
    /// Its key, with a slash at its end.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}/{}/{}/", self.root(), self.account, self.kind, self.region)
    }
}

impl Class {
    /// Whether the encryption of its files was not read.
    pub fn is_unread(&self) -> bool {
        matches!(self.status, FileStatus::Unread(_))
    }

    /// The ARN of the KMS key with which files of the class are encrypted, if it is known.
    pub fn key(&self) -> Option<&trailseal_rule::KeyArn> {
        self.status.key()
    }
}

impl Owner {
    /// The owner of a file, by the canonical user IDs of both owners.
    pub(crate) fn of(file: Option<&str>, bucket: Option<&str>) -> Self {
        match (file, bucket) {
            (Some(file), Some(bucket)) if file == bucket => Self::Bucket,
            (Some(_), Some(_)) => Self::Other,
            (_, None) | (None, _) => Self::Unknown,
        }
    }

    /// `bucket`, `other`, `unknown` or `not-listed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bucket => "bucket",
            Self::Other => "other",
            Self::Unknown => "unknown",
            Self::NotListed => "not-listed",
        }
    }
}

impl Totals {
    fn add(&mut self, other: Self) {
        self.files = self.files.saturating_add(other.files);
        self.bytes = self.bytes.saturating_add(other.bytes);
        if other.oldest < self.oldest {
            self.oldest = other.oldest;
        }
        if other.newest > self.newest {
            self.newest = other.newest;
        }
    }
}

impl Version {
    /// `current` or `noncurrent`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Noncurrent => "noncurrent",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encryption::Encryption;

    fn key(day: u32, minute: u32) -> String {
        format!(
            "AWSLogs/111122223333/CloudTrail/eu-central-1/2026/01/{day:02}/111122223333_CloudTrail_\
             eu-central-1_202601{day:02}T00{minute:02}Z_Ab3dEf6hIj9kLm2n.json.gz"
        )
    }

    fn class(encryption: Encryption) -> Class {
        Class {
            status: FileStatus::Read(encryption),
            storage: StorageClass::Standard,
            version: Version::Current,
            owner: Owner::Bucket,
        }
    }

    #[test]
    fn files_are_counted_by_class_in_any_order() {
        let files = [
            (key(3, 5), Encryption::SseS3),
            (key(1, 0), Encryption::SseS3),
            (key(2, 0), Encryption::SseC),
            (key(1, 5), Encryption::SseS3),
        ];
        let mut forward = Coverage::default();
        let mut backward = Coverage::default();
        for (key, encryption) in &files {
            forward.count(key, &class(encryption.clone()), 10);
        }
        for (key, encryption) in files.iter().rev() {
            let mut one = Coverage::default();
            one.count(key, &class(encryption.clone()), 10);
            backward.merge(one);
        }
        assert_eq!(forward, backward);
        let rows: Vec<_> = forward.rows().collect();
        assert_eq!(rows.len(), 2);
        let (folder, month, _, totals) = rows[0];
        assert_eq!(folder.to_string(), "AWSLogs/111122223333/CloudTrail/eu-central-1/");
        assert_eq!((month.to_string().as_str(), totals.files, totals.bytes), ("2026-01", 3, 30));
        assert_eq!((&totals.oldest.key, &totals.newest.key), (&key(1, 0), &key(3, 5)));
    }

    #[test]
    fn unknown_names_are_counted_with_examples() {
        let mut coverage = Coverage::default();
        for number in (0..20).rev() {
            let name =
                format!("AWSLogs/111122223333/CloudTrail/eu-central-1/2026/01/01/{number:02}");
            coverage.count(&name, &class(Encryption::SseS3), 1);
        }
        coverage.count("other", &class(Encryption::SseS3), 1);
        assert_eq!((coverage.unrecognized, coverage.others), (20, 1));
        assert_eq!(coverage.unrecognized_examples.len(), EXAMPLES_MAX);
        assert!(coverage.unrecognized_examples[0].ends_with("/00"));
        assert_eq!(coverage.rows().count(), 0);
    }
}
