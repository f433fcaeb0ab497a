//! How an object is encrypted, or why that was not read.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use trailseal_rule::KeyArn;

/// The server-side encryption of an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encryption {
    /// With keys that S3 manages (`AES256`).
    SseS3,
    /// With a KMS key.
    SseKms(KeyName),
    /// In two layers, with a KMS key.
    DsseKms(KeyName),
    /// With a key that the client sends in each request.
    SseC,
    /// Not encrypted by S3.
    NotEncrypted,
    /// A value that this version does not know, or one of another service.
    Unrecognized,
}

/// The KMS key of an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyName {
    /// Its ARN.
    Arn(KeyArn),
    /// The source does not name it, as S3 Inventory does not.
    Unnamed,
}

/// What is known about the encryption of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileStatus {
    /// It was read.
    Read(Encryption),
    /// It was not read. Such a file never counts as encrypted.
    Unread(Unread),
}

impl FileStatus {
    /// The ARN of the KMS key, if it is known.
    pub fn key(&self) -> Option<&KeyArn> {
        match self {
            Self::Read(
                Encryption::SseKms(KeyName::Arn(arn)) | Encryption::DsseKms(KeyName::Arn(arn)),
            ) => Some(arn),
            Self::Read(_) | Self::Unread(_) => None,
        }
    }
}

/// Why the encryption of a listed file was not read.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Unread {
    /// S3 denied it (403).
    Denied,
    /// It is gone since it was listed (404).
    Missing,
    /// Its current version is a delete marker.
    DeleteMarker,
    /// S3 rejected the request (400). A key that the client must send (SSE-C) is one possible cause.
    Rejected,
    /// S3 throttled every attempt (503).
    Throttled,
    /// S3 failed, or its answer was not readable.
    Failed,
    /// It is a noncurrent version, which is only counted.
    NotAsked,
    /// A part of its key is `.` or `..`, so that the path of a request could leave the bucket.
    OddKey,
    /// The source does not say it: an inventory without the column, or without a value in it.
    NotReported,
}

/// The storage class of an object (S3 API Reference, `StorageClass`).
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    EnumString,
    IntoStaticStr,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "each is named after the value of S3")]
pub enum StorageClass {
    /// S3 also means it where it names no class.
    #[default]
    Standard,
    StandardIa,
    OnezoneIa,
    IntelligentTiering,
    GlacierIr,
    /// Must be restored before it can be read; its encryption can be read at once.
    Glacier,
    /// Must be restored before it can be read; its encryption can be read at once.
    DeepArchive,
    ReducedRedundancy,
    /// A value that this version does not know.
    Unrecognized,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_with_a_named_key_has_one() {
        let arn = KeyArn::parse("arn:aws:kms:us-east-1:111122223333:key/k-1").unwrap();
        for encrypt in [Encryption::SseKms, Encryption::DsseKms] {
            let named = FileStatus::Read(encrypt(KeyName::Arn(arn.clone())));
            assert_eq!(named.key(), Some(&arn));
            assert_eq!(FileStatus::Read(encrypt(KeyName::Unnamed)).key(), None);
        }
        assert_eq!(FileStatus::Read(Encryption::SseS3).key(), None);
        assert_eq!(FileStatus::Unread(Unread::Failed).key(), None);
    }
}
