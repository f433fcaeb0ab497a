//! The log files that a trail delivered to its bucket, and what they prove about its folders.
//!
//! *T* is the delivery time of the first file, in any folder of the trail, that is encrypted with
//! its current key. Later files must be encrypted with it too. Files of folders to which another
//! trail delivers decide nothing: the name of a log file does not name its trail.

use config_rule::Timestamp;

use crate::arn::{KeyArn, TrailArn};
use crate::facts::{Reading, Refusal};

/// Milliseconds after T until every Region delivers with the key. CloudTrail delivers within about
/// 5 minutes on average (CloudTrail User Guide, "Finding your CloudTrail log files").
const GRACE_MILLIS: i64 = 60 * 60 * 1_000;
/// Milliseconds within which a delivery is recent.
const RECENT_MILLIS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// Milliseconds by which the time in the name of a log file may be in the future: clocks differ. A
/// later one proves nothing.
pub const DELIVERY_SKEW_MILLIS: i64 = 15 * 60 * 1_000;

/// The log files of a trail: current versions only, and no digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFiles {
    /// The folders in which the trail delivers now, each with an account and a Region.
    pub folders: Vec<LogFolder>,
    /// Whether every file of the folders was read, not only a sample.
    pub is_complete: bool,
    /// The end of the list, if it has one. A long run lists files that are later than its start.
    pub listed_before: Option<Timestamp>,
}

/// A folder of log files of one account, kind and Region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFolder {
    /// Its key up to and including the Region.
    pub name: String,
    /// Files that decide, in any order: at least the newest of all, and the oldest and the newest
    /// of each encryption and of each reason for which one was not read. Empty if the folder has no
    /// log files.
    pub files: Vec<LogFile>,
    /// The other trails that deliver to the folder.
    pub other_writers: Reading<Vec<TrailArn>>,
}

/// A log file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    /// The key of the object.
    pub key: String,
    /// When CloudTrail delivered it, to the minute, as its name says.
    pub delivered: Timestamp,
    /// How it is encrypted. Absent if it no longer exists.
    pub encryption: Reading<FileEncryption>,
    /// Why the trail may not have delivered it, so that its encryption with the key proves nothing:
    /// another account than that of the bucket owns it, or its owner is not known.
    pub doubt: Option<Refusal>,
}

/// The server-side encryption of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileEncryption {
    /// With keys that S3 manages.
    SseS3,
    /// With a KMS key; `None` if the source does not name it, as S3 Inventory does not.
    SseKms(Option<KeyArn>),
    /// In two layers, with a KMS key; `None` if the source does not name it.
    DsseKms(Option<KeyArn>),
    /// With a key that the client sends in each request.
    SseC,
    /// Not encrypted by S3.
    NotEncrypted,
    /// A value that this version does not know.
    Unrecognized(String),
}

/// What log files prove about the folders of a trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogAssessment<'a> {
    /// T, if a file is encrypted with the key. Files that could not be read may be older.
    pub since: Option<Timestamp>,
    /// The folders that have files, in order of their names.
    pub folders: Vec<AssessedFolder<'a>>,
}

/// A folder and what its files prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssessedFolder<'a> {
    /// The folder.
    pub folder: &'a LogFolder,
    /// Its newest file.
    pub newest: &'a LogFile,
    /// Whether the newest file was delivered in the last 7 days.
    pub is_recent: bool,
    /// What follows from it.
    pub standing: FolderStanding<'a>,
}

/// What the newest file of a folder proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FolderStanding<'a> {
    /// It is encrypted with the trail's key.
    Sealed,
    /// It is not, although it was delivered more than an hour after T, or in the last 7 days and
    /// there is no T.
    NotSealed,
    /// Nothing: it was delivered at most an hour after T, or there is no T and it is older than
    /// 7 days.
    Idle,
    /// Nothing: another trail may have delivered it.
    Shared,
    /// Its encryption is not known.
    Unread,
    /// Nothing: T may be earlier, since the encryption of this older file is not known.
    UncertainStart(&'a LogFile),
    /// Nothing: it is not known whether another trail delivers to the folder.
    WritersUnknown,
}

/// Whether a file is encrypted with the trail's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Seal {
    Sealed,
    Uncertain,
    NotSealed,
}

/// Which trails write to a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writers {
    Own,
    Shared,
    Unknown,
}

impl LogFiles {
    /// The time of the evaluation, or that of the list if it is later.
    pub(crate) fn now(&self, now: Timestamp) -> Timestamp {
        self.listed_before.map_or(now, |before| before.max(now))
    }

    /// What the files prove about each folder, for the trail's current key.
    pub fn assess<'a>(&'a self, key: &'a KeyArn, now: Timestamp) -> LogAssessment<'a> {
        let bounds = Bounds::of(self, key, self.now(now));
        let mut folders: Vec<_> =
            self.folders.iter().filter_map(|folder| assessed(folder, &bounds)).collect();
        folders.sort_by(|one, other| one.folder.name.cmp(&other.folder.name));
        LogAssessment { since: bounds.start.map(|file| file.delivered), folders }
    }
}

impl FileEncryption {
    /// The encryption for people.
    pub fn name(&self) -> &str {
        match self {
            Self::SseS3 => "SSE-S3",
            Self::SseKms(_) => "SSE-KMS",
            Self::DsseKms(_) => "DSSE-KMS",
            Self::SseC => "SSE-C",
            Self::NotEncrypted => "no encryption",
            Self::Unrecognized(value) => value,
        }
    }

    /// The KMS key, if the file has one and the source names it.
    pub(crate) fn kms_key(&self) -> Option<&KeyArn> {
        match self {
            Self::SseKms(key) | Self::DsseKms(key) => key.as_ref(),
            Self::SseS3 | Self::SseC | Self::NotEncrypted | Self::Unrecognized(_) => None,
        }
    }
}

impl LogFile {
    /// Whether the file was read and is not encrypted with the key.
    pub(crate) fn is_without(&self, key: &KeyArn, now: Timestamp) -> bool {
        self.seal(key, now) == Seal::NotSealed
    }

    /// Whether it is not known if the file is encrypted with the key.
    pub(crate) fn is_uncertain(&self, key: &KeyArn, now: Timestamp) -> bool {
        self.seal(key, now) == Seal::Uncertain
    }

    /// Whether the file claims a delivery in the future, so that its time is not known.
    pub(crate) fn is_in_future(&self, now: Timestamp) -> bool {
        self.delivered > later(now, DELIVERY_SKEW_MILLIS)
    }

    /// Files are in order of their times, then of their keys.
    pub(crate) fn order(&self) -> (Timestamp, &str) {
        (self.delivered, &self.key)
    }

    fn seal(&self, key: &KeyArn, now: Timestamp) -> Seal {
        if self.is_in_future(now) {
            return Seal::Uncertain;
        }
        match &self.encryption {
            Reading::Absent | Reading::Refused(_) => Seal::Uncertain,
            Reading::Known(FileEncryption::Unrecognized(_)) => Seal::Uncertain,
            Reading::Known(FileEncryption::SseKms(named) | FileEncryption::DsseKms(named)) => {
                match named {
                    Some(named) if named == key && self.doubt.is_some() => Seal::Uncertain,
                    Some(named) if named == key => Seal::Sealed,
                    Some(_) => Seal::NotSealed,
                    None => Seal::Uncertain,
                }
            }
            Reading::Known(
                FileEncryption::SseS3 | FileEncryption::SseC | FileEncryption::NotEncrypted,
            ) => Seal::NotSealed,
        }
    }
}

impl LogFolder {
    /// Why it is not known which other trails deliver to the folder.
    pub(crate) fn writers_refusal(&self) -> Option<&Refusal> {
        match &self.other_writers {
            Reading::Refused(refusal) => Some(refusal),
            Reading::Known(_) | Reading::Absent => None,
        }
    }

    /// Whether only the trail delivers to the folder.
    pub(crate) fn is_own(&self) -> bool {
        self.writers() == Writers::Own
    }

    /// Whether another trail delivers to the folder.
    pub(crate) fn is_shared(&self) -> bool {
        self.writers() == Writers::Shared
    }

    fn writers(&self) -> Writers {
        match &self.other_writers {
            Reading::Known(others) if others.is_empty() => Writers::Own,
            Reading::Known(_) => Writers::Shared,
            Reading::Absent | Reading::Refused(_) => Writers::Unknown,
        }
    }
}

/// Between which times T is.
struct Bounds<'a> {
    key: &'a KeyArn,
    now: Timestamp,
    /// The first file with the key: T is not later.
    start: Option<&'a LogFile>,
    /// The first file that has the key or may have it: T is not earlier.
    first_possible: Option<&'a LogFile>,
    /// The last file that may have the key. If no file has it for certain, T is not later.
    last_possible: Option<&'a LogFile>,
}

impl<'a> Bounds<'a> {
    fn of(files: &'a LogFiles, key: &'a KeyArn, now: Timestamp) -> Self {
        let (mut sealed, mut possible) = (Vec::new(), Vec::new());
        for folder in &files.folders {
            let is_own = match folder.writers() {
                Writers::Own => true,
                Writers::Unknown => false,
                Writers::Shared => continue,
            };
            for file in &folder.files {
                match file.seal(key, now) {
                    Seal::Sealed if is_own => sealed.push(file),
                    Seal::Sealed | Seal::Uncertain => possible.push(file),
                    Seal::NotSealed => {}
                }
            }
        }
        let start = sealed.into_iter().min_by_key(|file| file.order());
        let last_possible = possible.iter().copied().max_by_key(|file| file.order());
        possible.extend(start);
        let first_possible = possible.into_iter().min_by_key(|file| file.order());
        Self { key, now, start, first_possible, last_possible }
    }
}

impl LogFile {
    /// Whether the file was delivered more than an hour after the other.
    fn is_well_after(&self, other: &Self) -> bool {
        self.delivered > later(other.delivered, GRACE_MILLIS)
    }
}

/// `None` if the folder has no files.
fn assessed<'a>(folder: &'a LogFolder, bounds: &Bounds<'a>) -> Option<AssessedFolder<'a>> {
    let time = folder.files.iter().map(|file| file.delivered).max()?;
    // Names have minutes: of files of the same minute, the worst counts.
    let newest =
        folder.files.iter().filter(|file| file.delivered == time).max_by(|one, other| {
            let worst = |file: &LogFile| file.seal(bounds.key, bounds.now);
            worst(one).cmp(&worst(other)).then_with(|| one.key.cmp(&other.key))
        })?;
    let is_recent = time >= later(bounds.now, -RECENT_MILLIS) && !newest.is_in_future(bounds.now);
    let standing = standing(folder, newest, is_recent, bounds);
    Some(AssessedFolder { folder, newest, is_recent, standing })
}

fn standing<'a>(
    folder: &LogFolder,
    newest: &LogFile,
    is_recent: bool,
    bounds: &Bounds<'a>,
) -> FolderStanding<'a> {
    // Whether T may be more than an hour earlier.
    let may_be_after = bounds.first_possible.is_none_or(|first| newest.is_well_after(first));
    match (folder.writers(), newest.seal(bounds.key, bounds.now)) {
        (Writers::Shared, _) => FolderStanding::Shared,
        (Writers::Unknown, _) if may_be_after || bounds.start.is_none() => {
            FolderStanding::WritersUnknown
        }
        (Writers::Own, Seal::Sealed) => FolderStanding::Sealed,
        (Writers::Own, Seal::Uncertain) if may_be_after || bounds.start.is_none() => {
            FolderStanding::Unread
        }
        (Writers::Own, Seal::NotSealed) => without_key(newest, is_recent, bounds),
        (Writers::Unknown, _) | (Writers::Own, Seal::Uncertain) => FolderStanding::Idle,
    }
}

/// The standing of a folder whose newest file is not encrypted with the key.
fn without_key<'a>(newest: &LogFile, is_recent: bool, bounds: &Bounds<'a>) -> FolderStanding<'a> {
    let is_not_sealed = match bounds.start {
        Some(start) => newest.is_well_after(start),
        None => is_recent && bounds.last_possible.is_none_or(|last| newest.is_well_after(last)),
    };
    if is_not_sealed {
        return FolderStanding::NotSealed;
    }
    let must_wait = bounds.start.is_none() && is_recent;
    match bounds.first_possible {
        Some(first) if must_wait || newest.is_well_after(first) => {
            FolderStanding::UncertainStart(first)
        }
        Some(_) | None => FolderStanding::Idle,
    }
}

fn later(time: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_epoch_millis(time.epoch_millis().saturating_add(millis))
}
