//! The lines of a file of answers.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use trailseal_rule::{BucketName, Timestamp};

use super::super::s3::Listed;
use super::{AnswersError, DAY_MILLIS, DAYS_MAX, RunId};
use crate::encryption::Encryption;

/// The version of the format.
pub(super) const VERSION: u32 = 1;

/// Bytes of a line, at most. A thousand files with different keys have less.
pub(super) const LINE_BYTES_MAX: usize = 1 << 18;

/// Files of a line, at most.
pub(in super::super) const FILES_MAX: usize = 1000;

/// How the first line starts.
const START: &[u8] = br#"{"format":"trailseal logs --resume","#;

/// The first line.
#[derive(Debug, Serialize)]
pub(super) struct Header<'r> {
    format: &'static str,
    version: u32,
    began: Timestamp,
    run: &'r RunId,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadHeader {
    #[serde(rename = "format")]
    _format: String,
    version: Value,
    began: Timestamp,
    run: Map<String, Value>,
}

/// Whether a text is a first line, or the start of one.
pub(super) fn is_start_of_header(text: &[u8]) -> bool {
    text.starts_with(START) || START.starts_with(text)
}

impl Header<'_> {
    pub(super) fn text(run: &RunId, began: Timestamp) -> serde_json::Result<Vec<u8>> {
        let format = "trailseal logs --resume";
        with_end(&Header { format, version: VERSION, began, run })
    }

    /// The beginning of the first run, if the header is that of this run.
    pub(super) fn check(
        text: &[u8],
        run: &RunId,
        now: Timestamp,
    ) -> Result<Timestamp, AnswersError> {
        let damaged =
            |error: serde_json::Error| AnswersError::Damaged { line: 1, why: error.to_string() };
        let header: ReadHeader = serde_json::from_slice(text).map_err(damaged)?;
        if header.version != VERSION {
            return Err(AnswersError::Version { found: header.version.to_string() });
        }
        let expected = serde_json::to_value(run).map_err(damaged)?;
        let Value::Object(expected) = expected else { return Err(AnswersError::Foreign) };
        for field in expected.keys().chain(header.run.keys()) {
            let (found, expected) = (header.run.get(field), expected.get(field));
            if found != expected {
                let shown =
                    |value: Option<&Value>| value.map_or("nothing".into(), Value::to_string);
                return Err(AnswersError::OtherRun {
                    field: field.clone(),
                    found: shown(found),
                    expected: shown(expected),
                });
            }
        }
        let age = now.epoch_millis().saturating_sub(header.began.epoch_millis());
        if !(0..=DAYS_MAX * DAY_MILLIS).contains(&age) {
            return Err(AnswersError::Expired { began: header.began });
        }
        Ok(header.began)
    }
}

/// What identifies files in order: their bucket, and what S3 lists of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in super::super) struct BlockId(u128, u128);

impl BlockId {
    /// `None` if S3 does not list the ETag and the time of a file.
    pub(in super::super) fn of<'f>(
        bucket: &BucketName,
        files: impl Iterator<Item = &'f Listed>,
    ) -> Option<Self> {
        let mut hash = Sha256::new();
        let mut add = |bytes: &[u8]| {
            hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(bytes);
        };
        add(bucket.as_str().as_bytes());
        for file in files {
            let content = file.content.as_ref()?;
            add(file.key.as_bytes());
            add(content.etag.as_bytes());
            add(&content.modified_millis.to_be_bytes());
            add(&file.bytes.to_be_bytes());
            add(<&str>::from(file.storage).as_bytes());
        }
        let hash: [u8; 32] = hash.finalize().into();
        let (high, low) = hash.split_at_checked(16)?;
        let half = |bytes: &[u8]| bytes.try_into().ok().map(u128::from_be_bytes);
        Some(Self(half(high)?, half(low)?))
    }

    fn read(text: &str) -> Option<Self> {
        let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let (high, low) = text.split_at_checked(32).filter(|_| is_hex && text.len() == 64)?;
        let half = |text: &str| u128::from_str_radix(text, 16).ok();
        Some(Self(half(high)?, half(low)?))
    }
}

impl fmt::Display for BlockId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:032x}{:032x}", self.0, self.1)
    }
}

impl Serialize for BlockId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BlockId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::read(&text).ok_or_else(|| D::Error::custom("`block` is not 64 hexadecimal digits"))
    }
}

/// The answers for up to a thousand files in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    pub(super) block: BlockId,
    read: Vec<Same>,
}

/// Files in sequence with the same answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Same {
    files: usize,
    /// Null if it was not read.
    encryption: Option<Encryption>,
}

impl Line {
    pub(super) fn of(block: BlockId, answers: &[Option<Encryption>]) -> Self {
        let same = answers.chunk_by(|one, next| one == next).filter_map(|chunk| {
            let encryption = chunk.first()?.clone();
            Some(Same { files: chunk.len(), encryption })
        });
        Self { block, read: same.collect() }
    }

    /// # Errors
    ///
    /// What is wrong with the line.
    pub(super) fn read(text: &[u8]) -> Result<Self, String> {
        let line: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        let files = line.read.iter().fold(0_usize, |sum, same| sum.saturating_add(same.files));
        let has_empty = line.read.iter().any(|same| same.files == 0);
        if has_empty || !(1..=FILES_MAX).contains(&files) {
            return Err(format!("it has answers for {files} files, not for 1 to {FILES_MAX}"));
        }
        Ok(line)
    }

    pub(super) fn text(&self) -> serde_json::Result<Vec<u8>> {
        with_end(self)
    }

    /// The answer for each file.
    pub(super) fn answers(&self) -> Vec<Option<Encryption>> {
        let each = |same: &Same| std::iter::repeat_n(same.encryption.clone(), same.files);
        self.read.iter().flat_map(each).collect()
    }
}

fn with_end(line: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    Ok(text)
}
