//! Counts the rows of a data file, in any format.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::str;

use thiserror::Error;

use crate::coverage::{Class, Coverage, Example, Folder, Owner, Row, Totals, Version};
use crate::encryption::{Encryption, FileStatus, KeyName, StorageClass, Unread};
use crate::key::{FileKey, Parsed, parse};
use crate::month::Month;
use crate::text::shortened;

use super::memory::{Memory, row_bytes};
use super::sample::Spread;

/// The longest text of a row that is read, in bytes: that of a key (S3 User Guide, "Naming Amazon S3
/// objects"). The other columns have short words.
const TEXT_BYTES_MAX: usize = 1024;

/// A column that is read. Other columns are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// The bucket, in each row.
    Bucket,
    /// The object's key.
    Key,
    /// Whether it is the current version. Absent if the inventory lists current versions only.
    IsLatest,
    /// Whether it is a delete marker. Absent if the inventory lists current versions only.
    IsDeleteMarker,
    /// Its bytes. Optional.
    Size,
    /// Its storage class. Optional.
    StorageClass,
    /// Its encryption. Optional, and without it nothing is known.
    EncryptionStatus,
}

impl Column {
    /// All of them.
    pub(crate) const ALL: [Self; 7] = [
        Self::Bucket,
        Self::Key,
        Self::IsLatest,
        Self::IsDeleteMarker,
        Self::Size,
        Self::StorageClass,
        Self::EncryptionStatus,
    ];

    /// Its name in `fileSchema` of a CSV report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bucket => "Bucket",
            Self::Key => "Key",
            Self::IsLatest => "IsLatest",
            Self::IsDeleteMarker => "IsDeleteMarker",
            Self::Size => "Size",
            Self::StorageClass => "StorageClass",
            Self::EncryptionStatus => "EncryptionStatus",
        }
    }

    /// Its name in Parquet files.
    pub(crate) fn parquet_name(self) -> &'static str {
        match self {
            Self::Bucket => "bucket",
            Self::Key => "key",
            Self::IsLatest => "is_latest",
            Self::IsDeleteMarker => "is_delete_marker",
            Self::Size => "size",
            Self::StorageClass => "storage_class",
            Self::EncryptionStatus => "encryption_status",
        }
    }

    /// Whether every report has it.
    pub(crate) fn is_required(self) -> bool {
        matches!(self, Self::Bucket | Self::Key)
    }
}

/// A row, as a format gives it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Record<'a> {
    pub(crate) bucket: &'a [u8],
    /// Decoded.
    pub(crate) key: &'a [u8],
    /// `None` if the report lacks the column.
    pub(crate) is_latest: Option<bool>,
    /// `None` if the report lacks the column.
    pub(crate) is_delete_marker: Option<bool>,
    /// `None` if the report lacks the column, or for a delete marker.
    pub(crate) size: Option<u64>,
    /// Empty if the report lacks the column or the value.
    pub(crate) storage_class: &'a [u8],
    /// Empty if the report lacks the column, or for a delete marker.
    pub(crate) encryption: &'a [u8],
}

/// Why a row is not one of the report.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum RowFault {
    #[error("`Bucket` is `{0}`, expected the manifest's `sourceBucket`")]
    Bucket(String),
    #[error("`{column}` is `{value}`, expected {expected}")]
    Value { column: &'static str, value: String, expected: &'static str },
    #[error(
        "the folders and months of the inventory take more than 1 GiB of memory: read it with \
         --account, --region, --since or --until, or with Athena"
    )]
    Memory,
}

impl RowFault {
    pub(crate) fn value(column: Column, value: &[u8], expected: &'static str) -> Self {
        let value = shortened(&String::from_utf8_lossy(value));
        Self::Value { column: column.name(), value, expected }
    }
}

/// What is counted of the rows of one data file.
pub(crate) struct Counter<'a> {
    bucket: &'a str,
    scope: &'a Scope<'a>,
    rows: u64,
    /// What has no folder of CloudTrail.
    coverage: Coverage,
    groups: Vec<Group>,
    /// The group of the last row: rows come mostly in the order of keys.
    last: usize,
    places: HashMap<u64, Vec<usize>>,
    hasher: RandomState,
    spread: Spread,
    memory: &'a Memory,
    /// The memory that was taken.
    taken: u64,
}

/// Which files are counted.
pub(crate) type Scope<'a> = dyn Fn(&FileKey<'_>) -> bool + Sync + 'a;

/// The files of a folder and month.
struct Group {
    folder: Folder,
    month: Month,
    classes: Vec<(Class, Totals)>,
}

/// The result of one data file.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    pub(crate) rows: u64,
    pub(crate) coverage: Coverage,
    /// Files for a comparison with S3.
    pub(crate) spread: Spread,
}

impl<'a> Counter<'a> {
    /// `sample` is how many files are chosen for a comparison with S3.
    pub(crate) fn new(
        bucket: &'a str,
        scope: &'a Scope<'a>,
        sample: usize,
        memory: &'a Memory,
    ) -> Self {
        Self {
            bucket,
            scope,
            rows: 0,
            coverage: Coverage::default(),
            groups: Vec::new(),
            last: 0,
            places: HashMap::new(),
            hasher: RandomState::new(),
            spread: Spread::new(sample),
            memory,
            taken: 0,
        }
    }

    pub(crate) fn count(&mut self, record: &Record<'_>) -> Result<(), RowFault> {
        if record.bucket != self.bucket.as_bytes() {
            let name = String::from_utf8_lossy(record.bucket);
            return Err(RowFault::Bucket(shortened(&name)));
        }
        record.check_texts()?;
        let key = str::from_utf8(record.key)
            .map_err(|_| RowFault::value(Column::Key, record.key, "UTF-8"))?;
        self.rows += 1;
        match parse(key) {
            Parsed::File(file) if (self.scope)(&file) => self.count_file(&file, record)?,
            Parsed::File(_) => {}
            Parsed::Other => self.coverage.others += 1,
            Parsed::Unrecognized => self.coverage.set_aside(key),
        }
        Ok(())
    }

    fn count_file(&mut self, file: &FileKey<'_>, record: &Record<'_>) -> Result<(), RowFault> {
        // S3 Inventory names no key.
        let class = record.class(KeyName::Unnamed);
        let bytes = record.size.unwrap_or_default();
        self.spread.offer(file.key, &class);
        let Some(group) = self.group(file) else {
            self.coverage.set_aside(file.key);
            return Ok(());
        };
        let new = group.count(file, class, bytes).then(|| row_bytes(&group.folder));
        let Some(new) = new else { return Ok(()) };
        self.taken = self.taken.saturating_add(new);
        if self.memory.take(new) { Ok(()) } else { Err(RowFault::Memory) }
    }

    /// Gives back the memory of a file that was not read to its end.
    pub(crate) fn discard(self) {
        self.memory.give_back(self.taken);
    }

    fn group(&mut self, file: &FileKey<'_>) -> Option<&mut Group> {
        if self.groups.get(self.last).is_none_or(|group| !group.contains(file)) {
            let organization = file.organization.unwrap_or_default();
            let folder = (file.prefix, organization, file.account, file.kind.as_str(), file.region);
            let hash = self.hasher.hash_one((folder, file.month));
            let places = self.places.entry(hash).or_default();
            let is_group =
                |place: &&usize| self.groups.get(**place).is_some_and(|it| it.contains(file));
            self.last = match places.iter().find(is_group) {
                Some(place) => *place,
                None => {
                    let folder = Folder::of(file)?;
                    self.groups.push(Group { folder, month: file.month, classes: Vec::new() });
                    places.push(self.groups.len() - 1);
                    self.groups.len() - 1
                }
            };
        }
        self.groups.get_mut(self.last)
    }

    pub(crate) fn finish(self) -> Counted {
        let mut coverage = self.coverage;
        for Group { folder, month, classes } in self.groups {
            for (class, totals) in classes {
                coverage.add(Row { folder: folder.clone(), month, class, totals });
            }
        }
        Counted { rows: self.rows, coverage, spread: self.spread }
    }
}

impl Group {
    fn contains(&self, file: &FileKey<'_>) -> bool {
        let folder = &self.folder;
        self.month == file.month
            && folder.region.as_str() == file.region
            && folder.account.as_str() == file.account
            && folder.kind == file.kind.as_str()
            && folder.organization.as_deref() == file.organization
            && folder.prefix == file.prefix
    }

    /// Counts a file. Returns whether it is the first of its class.
    fn count(&mut self, file: &FileKey<'_>, class: Class, bytes: u64) -> bool {
        let Some((_, totals)) = self.classes.iter_mut().find(|(known, _)| *known == class) else {
            let example = Example { time: file.time, key: file.key.to_owned() };
            let totals = Totals { files: 1, bytes, oldest: example.clone(), newest: example };
            self.classes.push((class, totals));
            return true;
        };
        totals.files += 1;
        totals.bytes = totals.bytes.saturating_add(bytes);
        let is_before =
            |example: &Example| (file.time, file.key) < (example.time, example.key.as_str());
        if is_before(&totals.oldest) {
            replace(&mut totals.oldest, file);
        }
        if !is_before(&totals.newest) {
            replace(&mut totals.newest, file);
        }
        false
    }
}

/// Keeps the allocation.
fn replace(example: &mut Example, file: &FileKey<'_>) {
    example.time = file.time;
    example.key.clear();
    example.key.push_str(file.key);
}

impl Record<'_> {
    /// Refuses a text that S3 does not write, before it is read: a file of a few bytes can repeat a
    /// long one in each row.
    fn check_texts(&self) -> Result<(), RowFault> {
        let texts = [
            (Column::Key, self.key),
            (Column::StorageClass, self.storage_class),
            (Column::EncryptionStatus, self.encryption),
        ];
        match texts.into_iter().find(|(_, text)| text.len() > TEXT_BYTES_MAX) {
            Some((column, text)) => Err(RowFault::value(column, text, "at most 1,024 bytes")),
            None => Ok(()),
        }
    }

    /// What the file is counted by. `key` is the KMS key, if it is encrypted with one.
    pub(crate) fn class(&self, key: KeyName) -> Class {
        let status = match self.encryption {
            _ if self.is_delete_marker == Some(true) => FileStatus::Unread(Unread::DeleteMarker),
            b"SSE-S3" => FileStatus::Read(Encryption::SseS3),
            b"SSE-KMS" => FileStatus::Read(Encryption::SseKms(key)),
            b"DSSE-KMS" => FileStatus::Read(Encryption::DsseKms(key)),
            b"SSE-C" => FileStatus::Read(Encryption::SseC),
            b"NOT-SSE" => FileStatus::Read(Encryption::NotEncrypted),
            b"" => FileStatus::Unread(Unread::NotReported),
            _ => FileStatus::Read(Encryption::Unrecognized),
        };
        let storage = match self.storage_class {
            b"" => StorageClass::Standard,
            name => str::from_utf8(name)
                .ok()
                .and_then(|name| name.parse().ok())
                .unwrap_or(StorageClass::Unrecognized),
        };
        let is_current = self.is_latest != Some(false);
        let version = if is_current { Version::Current } else { Version::Noncurrent };
        // An inventory has an optional column for it, which is not read.
        Class { status, storage, version, owner: Owner::NotListed }
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::COUNTS_BYTES_MAX;
    use super::*;

    #[test]
    fn a_folder_and_month_is_one_group() {
        let memory = Memory::new(COUNTS_BYTES_MAX);
        let mut counter = Counter::new("logs", &|_| true, 0, &memory);
        for region in ["us-east-1", "us-east-1", "us-west-2", "us-east-1"] {
            let key = format!(
                "AWSLogs/111122223333/CloudTrail/{region}/2026/01/31/\
                 111122223333_CloudTrail_{region}_20260131T2355Z_Ab3dEf6hIj9kLm2n.json.gz"
            );
            let record = Record { bucket: b"logs", key: key.as_bytes(), ..Record::default() };
            counter.count(&record).unwrap();
        }
        assert_eq!(counter.groups.len(), 2);
    }

    #[test]
    fn a_text_that_is_longer_than_any_key_is_a_fault() {
        let fault = |key: &str, storage_class: &str, encryption: &str| {
            let [key, storage_class, encryption] =
                [key, storage_class, encryption].map(str::as_bytes);
            let record =
                Record { bucket: b"logs", key, storage_class, encryption, ..Record::default() };
            let memory = Memory::new(COUNTS_BYTES_MAX);
            Counter::new("logs", &|_| true, 0, &memory).count(&record).err()
        };
        let longest = "x".repeat(1024);
        let long = longest.clone() + "x";
        assert_eq!(fault(&longest, &longest, &longest), None);
        for (fault, column) in [
            (fault(&long, "", ""), Column::Key),
            (fault("x", &long, ""), Column::StorageClass),
            (fault("x", "", &long), Column::EncryptionStatus),
        ] {
            let expected = RowFault::value(column, long.as_bytes(), "at most 1,024 bytes");
            assert_eq!(fault, Some(expected));
        }
    }
}
