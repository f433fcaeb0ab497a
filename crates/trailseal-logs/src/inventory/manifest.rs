//! The manifest of an S3 Inventory report.
//!
//! `manifest.json` names the report's columns and data files, and `manifest.checksum` beside it is
//! its MD5 (S3 User Guide, "Locating your inventory list").

use std::collections::BTreeSet;
use std::fmt;

use md5::{Digest, Md5};
use serde::Deserialize;
use thiserror::Error;
use trailseal_rule::Timestamp;

use super::rows::Column;
use crate::text::shortened;

/// The longest `manifest.json` that is read: some 80,000 data files.
pub(crate) const MANIFEST_BYTES_MAX: usize = 16 << 20;

/// The longest `manifest.checksum` that is read.
pub(crate) const CHECKSUM_BYTES_MAX: usize = 1 << 10;

/// The version of the format that the S3 User Guide describes.
const VERSION: &str = "2016-11-30";

/// Faults that an error shows.
const FAULTS_MAX: usize = 10;

/// A manifest whose checksum was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The bucket whose objects are listed.
    pub source_bucket: String,
    /// The bucket that contains the report, as an ARN or a name.
    pub destination_bucket: String,
    /// When S3 began to list the bucket: the report says nothing about later changes.
    pub created: Timestamp,
    /// The format of the data files.
    pub format: Format,
    /// The columns of CSV data files, in order. Parquet files contain their own schema.
    pub(crate) columns: Vec<String>,
    /// The data files.
    pub files: Vec<DataFile>,
}

/// The format of data files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// CSV without a header, compressed with gzip.
    Csv,
    /// Parquet.
    Parquet,
}

/// A data file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFile {
    /// Its key in the destination bucket.
    pub key: String,
    /// Its bytes.
    pub size: u64,
    /// Its MD5.
    pub(crate) md5: [u8; 16],
}

/// Why a manifest is not usable.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ManifestError {
    /// Its checksum is not that of `manifest.checksum`.
    #[error(
        "the MD5 of `manifest.json` is {actual}, but `manifest.checksum` is {expected}: copy both \
         files of the same report again"
    )]
    Checksum {
        /// The MD5 of the manifest.
        actual: String,
        /// What `manifest.checksum` contains.
        expected: String,
    },
    /// It lists data files in ORC.
    #[error(
        "the inventory's format is ORC, which is not read: set the inventory's output format to \
         Parquet or CSV, or query it with Athena"
    )]
    Orc,
    /// It is not a manifest of S3 Inventory. All faults are named.
    #[error("`manifest.json` is not a manifest of S3 Inventory: {0}")]
    Malformed(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    source_bucket: Option<String>,
    destination_bucket: Option<String>,
    version: Option<String>,
    creation_timestamp: Option<String>,
    file_format: Option<String>,
    file_schema: Option<String>,
    files: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    key: Option<String>,
    size: Option<u64>,
    #[serde(rename = "MD5checksum")]
    md5: Option<String>,
}

impl Manifest {
    /// Reads a manifest and compares it with its checksum.
    ///
    /// # Errors
    ///
    /// [`ManifestError`] if the checksum differs, the format is ORC, or something is missing or
    /// malformed.
    pub fn parse(json: &[u8], checksum: &[u8]) -> Result<Self, ManifestError> {
        verify(json, checksum)?;
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let document: Document = serde_path_to_error::deserialize(&mut deserializer)
            .map_err(|error| ManifestError::Malformed(error.to_string()))?;
        deserializer.end().map_err(|error| ManifestError::Malformed(error.to_string()))?;
        Self::read(document)
    }

    fn read(document: Document) -> Result<Self, ManifestError> {
        let mut faults = Faults::default();
        if document.version.as_deref() != Some(VERSION) {
            faults.add("version", document.version.as_deref(), &format!("`{VERSION}`"));
        }
        let source_bucket = faults.text("sourceBucket", document.source_bucket);
        let destination_bucket = faults.text("destinationBucket", document.destination_bucket);
        let text = document.creation_timestamp;
        let created = text.as_deref().and_then(|text| text.parse::<u64>().ok());
        let created = created.and_then(|millis| i64::try_from(millis).ok());
        if created.is_none() {
            faults.add("creationTimestamp", text.as_deref(), "milliseconds since 1970 as text");
        }
        let format = match document.file_format.as_deref() {
            Some("CSV") => Some(Format::Csv),
            Some("Parquet") => Some(Format::Parquet),
            Some("ORC") => return Err(ManifestError::Orc),
            other => {
                faults.add("fileFormat", other, "`CSV` or `Parquet`");
                None
            }
        };
        let schema = faults.text("fileSchema", document.file_schema);
        let columns = match format {
            Some(Format::Csv) => columns(&schema, &mut faults),
            Some(Format::Parquet) | None => Vec::new(),
        };
        let files = files(document.files, &mut faults);
        match (format, created, faults.into_text()) {
            (Some(format), Some(created), None) => Ok(Self {
                source_bucket,
                destination_bucket,
                created: Timestamp::from_epoch_millis(created),
                format,
                columns,
                files,
            }),
            (.., faults) => Err(ManifestError::Malformed(faults.unwrap_or_default())),
        }
    }

    /// The name of the bucket that contains the report.
    pub fn destination(&self) -> &str {
        let bucket = self.destination_bucket.as_str();
        bucket.rsplit_once(":::").map_or(bucket, |(_, name)| name)
    }

    /// The bytes of all data files. The manifest is not trusted: they can be more than a number holds.
    pub fn bytes(&self) -> u64 {
        self.files.iter().fold(0, |bytes, file| bytes.saturating_add(file.size))
    }

    /// The columns of a CSV report that `fileSchema` does not name.
    pub(crate) fn missing(&self) -> Vec<Column> {
        let is_missing = |column: &Column| !self.columns.iter().any(|name| name == column.name());
        Column::ALL.into_iter().filter(is_missing).collect()
    }
}

/// The faults of a manifest.
#[derive(Default)]
struct Faults {
    texts: Vec<String>,
    count: usize,
}

impl Faults {
    fn add(&mut self, field: &str, value: Option<&str>, expected: &str) {
        let found = match value {
            Some(value) => format!("is `{}`", shortened(value)),
            None => "is missing".to_owned(),
        };
        self.count += 1;
        if self.texts.len() < FAULTS_MAX {
            self.texts.push(format!("`{field}` {found}, expected {expected}"));
        }
    }

    fn text(&mut self, field: &str, value: Option<String>) -> String {
        match value {
            Some(value) if !value.is_empty() => value,
            other => {
                self.add(field, other.as_deref(), "text");
                String::new()
            }
        }
    }

    fn into_text(self) -> Option<String> {
        let more = self.count.saturating_sub(self.texts.len());
        let mut text = self.texts.join("; ");
        if more > 0 {
            text.push_str(&format!("; and {more} more"));
        }
        (self.count > 0).then_some(text)
    }
}

/// Compares the manifest with `manifest.checksum`, which has the MD5 in hexadecimal and may end with
/// white space.
fn verify(json: &[u8], checksum: &[u8]) -> Result<(), ManifestError> {
    let actual: [u8; 16] = Md5::digest(json).into();
    let expected = String::from_utf8_lossy(checksum);
    let expected = expected.trim();
    if md5_of(expected) == Some(actual) {
        return Ok(());
    }
    Err(ManifestError::Checksum {
        actual: hex(actual).to_string(),
        expected: format!("`{}`", shortened(expected)),
    })
}

/// The names in `fileSchema` of a CSV report, which are separated by commas and spaces.
fn columns(schema: &str, faults: &mut Faults) -> Vec<String> {
    let columns: Vec<String> = schema.split(',').map(|name| name.trim().to_owned()).collect();
    let names: BTreeSet<&String> = columns.iter().collect();
    if names.len() < columns.len() || columns.iter().any(String::is_empty) {
        faults.add("fileSchema", Some(schema), "distinct names of columns");
    }
    for column in Column::ALL.into_iter().filter(|column| column.is_required()) {
        if !columns.iter().any(|name| name == column.name()) {
            faults.add("fileSchema", Some(schema), &format!("a column `{}`", column.name()));
        }
    }
    columns
}

fn files(entries: Option<Vec<Entry>>, faults: &mut Faults) -> Vec<DataFile> {
    let Some(entries) = entries else {
        faults.add("files", None, "a list of data files");
        return Vec::new();
    };
    let mut files = Vec::with_capacity(entries.len());
    for (place, entry) in entries.into_iter().enumerate() {
        let key = faults.text(&format!("files[{place}].key"), entry.key);
        if entry.size.is_none() {
            faults.add(&format!("files[{place}].size"), None, "a number of bytes");
        }
        let md5 = entry.md5.as_deref().and_then(md5_of);
        if md5.is_none() {
            let field = format!("files[{place}].MD5checksum");
            faults.add(&field, entry.md5.as_deref(), "32 hexadecimal digits");
        }
        if let (Some(size), Some(md5)) = (entry.size, md5) {
            files.push(DataFile { key, size, md5 });
        }
    }
    let mut keys: Vec<&str> = files.iter().map(|file| file.key.as_str()).collect();
    keys.sort_unstable();
    let repeated = keys.iter().zip(keys.iter().skip(1)).find(|(one, next)| one == next);
    if let Some((key, _)) = repeated {
        faults.add("files", Some(key), "each data file once");
    }
    files
}

fn md5_of(text: &str) -> Option<[u8; 16]> {
    let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = is_hex.then(|| u128::from_str_radix(text, 16).ok()).flatten()?;
    Some(number.to_be_bytes())
}

/// An MD5 as S3 Inventory writes it.
pub(crate) fn hex(md5: [u8; 16]) -> impl fmt::Display {
    struct Hex([u8; 16]);
    impl fmt::Display for Hex {
        fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(out, "{:032x}", u128::from_be_bytes(self.0))
        }
    }
    Hex(md5)
}
