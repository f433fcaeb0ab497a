//! Log files that a rule describes, in the order of their names.

use std::borrow::Cow;

use super::{Content, File, whole};
use crate::arn::Arn;
use crate::moments;
use crate::state::{Bucket, Encryption, EncryptionType, LogFiles};

const DAY: i64 = 86_400_000;
const MINUTE: i64 = 60_000;

/// The files of one account, kind and Region, in the order of their times.
#[derive(Debug, Clone)]
pub(super) struct Folder<'a> {
    files: &'a LogFiles,
    /// The folder up to the Region, with a slash at the end.
    root: String,
    /// What the name of each file begins with.
    stem: String,
}

impl<'a> Folder<'a> {
    /// The folders whose names can begin with `prefix`.
    pub(super) fn all(files: &'a LogFiles, prefix: &str) -> Vec<Self> {
        let start = start(files);
        if !overlaps(&start, prefix) {
            return Vec::new();
        }
        let places = files.accounts.iter().filter(|account| {
            let account_folder = format!("{start}{account}/{}/", files.kind);
            overlaps(&account_folder, prefix)
        });
        places
            .flat_map(|account| files.regions.iter().map(move |region| (account, region)))
            .map(|(account, region)| Self::of(files, &start, account, region))
            .filter(|folder| overlaps(&folder.root, prefix))
            .collect()
    }

    /// The folder that `key` is in, if it is one of these files.
    pub(super) fn of_key(files: &'a LogFiles, key: &str) -> Option<Self> {
        let start = start(files);
        let (account, rest) = key.strip_prefix(&start)?.split_once('/')?;
        let (region, _) = rest.strip_prefix(&files.kind)?.strip_prefix('/')?.split_once('/')?;
        let among = |list: &[String], name: &str| list.iter().any(|one| one == name);
        (among(&files.accounts, account) && among(&files.regions, region))
            .then(|| Self::of(files, &start, account, region))
    }

    fn of(files: &'a LogFiles, start: &str, account: &str, region: &str) -> Self {
        let kind = &files.kind;
        let trail = files.trail.as_deref().and_then(|arn| Arn::of(arn, "cloudtrail", "trail"));
        let of_digest = match trail.filter(|_| files.is_digest()) {
            Some((arn, name)) => format!("{name}_{}_", arn.region),
            None => String::new(),
        };
        Self {
            files,
            root: format!("{start}{account}/{kind}/{region}/"),
            stem: format!("{account}_{kind}_{region}_{of_digest}"),
        }
    }

    /// The number of files.
    pub(super) fn count(&self) -> i64 {
        self.first_since(self.files.to)
    }

    /// The time of a file.
    fn moment(&self, index: i64) -> i64 {
        self.files.from + index * DAY / self.a_day()
    }

    /// The first file that is not before `moment`; the number of files if there is none such.
    fn first_since(&self, moment: i64) -> i64 {
        let span = moment.min(self.files.to) - self.files.from;
        // Rounded up: a file is at a whole millisecond.
        ((span * self.a_day()).max(0) + DAY - 1) / DAY
    }

    fn a_day(&self) -> i64 {
        i64::from(self.files.files_per_day.max(1))
    }

    pub(super) fn key(&self, index: i64) -> String {
        let moment = self.moment(index);
        let (day, time) = (moments::to_day_folder(moment), moments::to_signing_time(moment));
        let (root, stem) = (&self.root, &self.stem);
        if self.files.is_digest() {
            return format!("{root}{day}/{stem}{time}.json.gz");
        }
        let minute = time.get(..13).unwrap_or_default();
        let unique = self.unique(moment);
        format!("{root}{day}/{stem}{minute}Z_{unique}.json.gz")
    }

    /// The last part of a name: within a minute, it orders the files by time.
    fn unique(&self, moment: i64) -> String {
        let order = moment.rem_euclid(MINUTE) / 16;
        let many = self.a_day() > DAY / MINUTE;
        let ordered = many.then(|| [letter(order / 62), letter(order % 62)]).into_iter().flatten();
        let trail = self.files.trail.as_deref().unwrap_or_default();
        // Not of the day: a state whose files are moved by whole days keeps these names.
        let mut bits = hash(&format!("{}{trail}{}", self.stem, moment.rem_euclid(DAY)));
        let random = std::iter::repeat_with(|| {
            bits = scattered(bits);
            letter(i64::try_from(bits % 62).unwrap_or(0))
        });
        ordered.chain(random).take(16).collect()
    }

    /// The first file whose key is not before `key`.
    pub(super) fn first_from(&self, key: &[u8]) -> i64 {
        let root = self.root.as_bytes();
        if !key.starts_with(root) {
            return if key < root { 0 } else { self.count() };
        }
        let (mut low, mut high) = (0, self.count());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.key(middle).as_bytes() < key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The file of this key, found by the time in its name.
    pub(super) fn index_of(&self, key: &str) -> Option<i64> {
        let name = key.strip_prefix(&self.root)?.get(11..)?;
        let time = name.strip_prefix(&self.stem)?.get(..13)?;
        let minute = moments::from_minute(time)?;
        let mut index = self.first_since(minute.max(self.files.from));
        while index < self.count() && self.moment(index) < minute.saturating_add(MINUTE) {
            if self.key(index) == key {
                return Some(index);
            }
            index += 1;
        }
        None
    }

    pub(super) fn file(&self, index: i64, bucket: &'a Bucket) -> File<'a> {
        let (key, moment) = (self.key(index), self.moment(index));
        let bits = hash(&key);
        let version_id = bucket.versioned.then(|| Cow::Owned(hex(&key, 2)));
        File {
            size: self.files.size.unwrap_or(900 + bits % 40_000),
            last_modified: self.files.last_modified.unwrap_or(moment),
            encryption: self.files.encryption_at(moment),
            storage_class: &self.files.storage_class,
            restore: None,
            owner: &bucket.account,
            is_readable: true,
            version_id,
            is_delete_marker: false,
            content: Content::LogFile,
            key: Cow::Owned(key),
        }
    }
}

/// The folder of all accounts, with a slash at the end.
fn start(files: &LogFiles) -> String {
    let prefix = files.prefix.as_ref().map(|prefix| format!("{prefix}/"));
    let organization = files.organization.as_ref().map(|organization| format!("{organization}/"));
    let [prefix, organization] = [prefix, organization].map(Option::unwrap_or_default);
    format!("{prefix}AWSLogs/{organization}")
}

/// Whether a key can begin with both.
fn overlaps(one: &str, other: &str) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

impl LogFiles {
    fn is_digest(&self) -> bool {
        self.kind == "CloudTrail-Digest"
    }

    fn encryption_at(&self, moment: i64) -> &Encryption {
        const WITHOUT_A_KEY: &Encryption = &Encryption {
            since: None,
            kind: EncryptionType::SseS3,
            kms_key_id: None,
            bucket_key: false,
        };
        let begun = |encryption: &&Encryption| encryption.since.is_none_or(|at| at <= moment);
        self.encryption.iter().rev().find(begun).unwrap_or(WITHOUT_A_KEY)
    }
}

/// The letters in the order of their bytes.
fn letter(number: i64) -> char {
    let number = u8::try_from(number.rem_euclid(62)).unwrap_or(0);
    char::from(match number {
        0..=9 => b'0' + number,
        10..=35 => b'A' + number - 10,
        _ => b'a' + number - 36,
    })
}

/// A number that depends on the text alone (FNV-1a).
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |bits, byte| {
        (bits ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The next number of a pseudorandom sequence (splitmix64).
fn scattered(bits: u64) -> u64 {
    let mut bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// `words` times sixteen hexadecimal digits that depend on the text alone.
pub(crate) fn hex(text: &str, words: usize) -> String {
    let numbers = std::iter::successors(Some(scattered(hash(text))), |bits| Some(scattered(*bits)));
    numbers.take(words).map(|bits| format!("{bits:016x}")).collect()
}

/// `{"Records":[]}` as gzip of `size` bytes: a comment in its header fills it up, and what does not
/// fit is cut off.
pub(super) fn log_file(size: u64) -> Vec<u8> {
    const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0x10, 0, 0, 0, 0, 0, 0xff];
    const RECORDS: &[u8; 14] = b"{\"Records\":[]}";
    // One stored block (RFC 1951, section 3.2.4), then the CRC and the length of the text.
    const BLOCK: [u8; 5] = [1, 14, 0, 0xf1, 0xff];
    const TRAILER: [u8; 8] = [0x22, 0x0a, 0xe2, 0x96, 14, 0, 0, 0];
    let fixed = HEADER.len() + BLOCK.len() + RECORDS.len() + TRAILER.len() + 1;
    let comment = usize::try_from(size.saturating_sub(whole(fixed))).unwrap_or(0);
    let mut bytes = HEADER.to_vec();
    bytes.extend(std::iter::repeat_n(b' ', comment));
    bytes.push(0);
    bytes.extend(BLOCK);
    bytes.extend(RECORDS);
    bytes.extend(TRAILER);
    bytes.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    bytes
}
