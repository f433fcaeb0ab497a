//! The objects in buckets: log files that a rule describes, and objects that are listed.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::read;

/// Files of CloudTrail, described by a rule: the lab computes each one when a request needs it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogFiles {
    pub bucket: String,
    /// The trail's `S3KeyPrefix`.
    pub prefix: Option<String>,
    /// The organization's ID, for an organization trail.
    pub organization: Option<String>,
    /// Each account has a folder of its own.
    pub accounts: Vec<String>,
    /// The folder's name, such as `CloudTrail-Digest`.
    #[serde(default = "log_files")]
    pub kind: String,
    /// Each Region has a folder of its own.
    pub regions: Vec<String>,
    /// The time of the first file, in milliseconds since 1970.
    #[serde(deserialize_with = "read::moment")]
    pub from: i64,
    /// The time before which the last file is delivered, in milliseconds since 1970.
    #[serde(deserialize_with = "read::moment")]
    pub to: i64,
    /// The number of files a day in each folder, at equal intervals.
    pub files_per_day: u32,
    /// The ARN of the trail that delivers the files.
    pub trail: Option<String>,
    /// The size of every file in bytes; `None` means that sizes differ.
    pub size: Option<u64>,
    #[serde(default = "standard")]
    pub storage_class: String,
    /// The `Last-Modified` of every file, if it is not the time in the file's name.
    #[serde(default, deserialize_with = "read::maybe_moment")]
    pub last_modified: Option<i64>,
    /// How the files are encrypted, from the oldest to the newest.
    #[serde(default)]
    pub encryption: Vec<Encryption>,
}

impl LogFiles {
    /// Moves the files by this many milliseconds.
    pub(super) fn move_by(&mut self, milliseconds: i64) {
        let since = self.encryption.iter_mut().filter_map(|encryption| encryption.since.as_mut());
        for moment in since.chain([&mut self.from, &mut self.to]) {
            *moment = moment.saturating_add(milliseconds);
        }
    }
}

fn log_files() -> String {
    "CloudTrail".to_owned()
}

fn standard() -> String {
    "STANDARD".to_owned()
}

/// The encryption of an object, or of the files since a time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Encryption {
    /// The time of the first file that is encrypted so, in milliseconds since 1970.
    #[serde(deserialize_with = "read::maybe_moment")]
    pub since: Option<i64>,
    #[serde(rename = "type")]
    pub kind: EncryptionType,
    /// The key as S3 returns it, usually an ARN.
    pub kms_key_id: Option<String>,
    /// Whether an S3 Bucket Key was used.
    pub bucket_key: bool,
}

/// The kinds of encryption in the words of S3 Inventory; two more in those of `HeadObject`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "each is named after the value of AWS that it stands for")]
pub enum EncryptionType {
    #[default]
    #[serde(rename = "SSE-S3")]
    SseS3,
    #[serde(rename = "SSE-KMS")]
    SseKms,
    #[serde(rename = "DSSE-KMS")]
    DsseKms,
    #[serde(rename = "SSE-C")]
    SseC,
    #[serde(rename = "NOT-SSE")]
    NotSse,
    #[serde(rename = "aws:fsx")]
    Fsx,
    #[serde(rename = "aws:backup")]
    Backup,
}

/// An object that is listed, or one version of it. The last element with a key is the current
/// version; an object replaces a file of [`LogFiles`] that has the same key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Object {
    pub bucket: String,
    pub key: String,
    /// The size in bytes of an object without content of its own.
    #[serde(default)]
    pub size: u64,
    /// The content, in base64.
    #[serde(default, deserialize_with = "content")]
    pub content: Option<Vec<u8>>,
    /// The file whose bytes are the content.
    pub file: Option<String>,
    /// In milliseconds since 1970.
    #[serde(deserialize_with = "read::moment")]
    pub last_modified: i64,
    #[serde(default)]
    pub encryption: Encryption,
    #[serde(default = "standard")]
    pub storage_class: String,
    /// The value of `x-amz-restore`, for an archived object that was restored.
    pub restore: Option<String>,
    /// The account that owns the object, if it is not the bucket's.
    pub owner: Option<String>,
    /// Whether the ACL allows the bucket's account to read an object of another owner.
    #[serde(default)]
    pub bucket_owner_full_control: bool,
    pub version_id: Option<String>,
    /// Whether this version is a delete marker.
    #[serde(default)]
    pub delete_marker: bool,
}

/// The S3 Metadata tables of a bucket, in the managed table bucket of its account and Region.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetadataTables {
    /// The status of the journal table, such as `ACTIVE`.
    pub journal: String,
    /// The status of the live inventory table; `None` if it is not enabled.
    pub inventory: Option<String>,
    /// The namespace, if it is not the one that S3 makes of the bucket's name.
    pub namespace: Option<String>,
}

fn content<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<u8>>, D::Error> {
    let text = String::deserialize(from)?;
    BASE64_STANDARD.decode(text).map(Some).map_err(|_| Error::custom("expected base64"))
}
