//! Compares files of an inventory with S3, by a HEAD request for each.

use std::future::Future;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{Either, select};
use trailseal_aws::Session;
use trailseal_rule::{BucketName, Region};

use super::outcome::{Cause, region_of};
use super::s3::Objects;
use super::{Progress, Step, drive};
use crate::encryption::{Encryption, FileStatus, Unread};
use crate::inventory::InventoryFile;

/// Files of an inventory and what S3 says about them.
#[derive(Clone, Debug)]
pub struct Confirmation {
    /// The Region of the bucket.
    pub region: Region,
    /// The files that S3 was asked about, in order of their keys.
    pub files: Vec<ComparedFile>,
    /// Whether the caller stopped the run before the last file.
    pub is_stopped: bool,
}

/// A file of an inventory and what S3 says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparedFile {
    /// The file, as the inventory lists it.
    pub listed: InventoryFile,
    /// What S3 says now.
    pub found: FileStatus,
}

/// What a comparison shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// S3 names the encryption that the inventory names, or the inventory names none.
    Confirmed,
    /// S3 names another encryption, or the file is gone.
    Contradicted,
    /// S3 did not say how the file is encrypted.
    Unread,
}

impl ComparedFile {
    /// What the comparison shows. A KMS key is not compared: an inventory names none.
    pub fn comparison(&self) -> Comparison {
        match (&self.listed.class.status, &self.found) {
            (_, FileStatus::Unread(Unread::Missing | Unread::DeleteMarker)) => {
                Comparison::Contradicted
            }
            (_, FileStatus::Unread(_)) => Comparison::Unread,
            (FileStatus::Unread(_), FileStatus::Read(_)) => Comparison::Confirmed,
            (FileStatus::Read(listed), FileStatus::Read(found)) if is_same(listed, found) => {
                Comparison::Confirmed
            }
            (FileStatus::Read(_), FileStatus::Read(_)) => Comparison::Contradicted,
        }
    }
}

fn is_same(listed: &Encryption, found: &Encryption) -> bool {
    std::mem::discriminant(listed) == std::mem::discriminant(found)
}

/// Asks S3 about files of an inventory. The session's credentials read the bucket.
///
/// # Errors
///
/// The bucket does not exist, or S3 does not say in which Region it is.
pub async fn confirm(
    session: &Session,
    bucket: &BucketName,
    sample: &[InventoryFile],
    concurrency: usize,
    progress: &(dyn Fn(Progress) + Sync),
    stop: impl Future<Output = ()> + Send,
) -> Result<Confirmation, Cause> {
    let region = region_of(session, bucket).await?;
    let objects = Objects::new(session, bucket, &region, concurrency);
    let compared = Mutex::new(Vec::with_capacity(sample.len()));
    let (objects, files, total) = (&objects, &compared, sample.len() as u64);
    let heads = sample.iter().map(move |listed| {
        async move {
            let found = match is_plain(&listed.key) {
                true => objects.head(&listed.key).await,
                false => FileStatus::Unread(Unread::OddKey),
            };
            let mut files = files.lock().unwrap_or_else(PoisonError::into_inner);
            files.push(ComparedFile { listed: listed.clone(), found });
            progress(Progress { step: Step::Files, done: files.len() as u64, total: Some(total) });
        }
        .boxed()
    });
    let is_stopped = {
        let work = pin!(drive(Box::new(heads), concurrency));
        matches!(select(work, pin!(stop)).await, Either::Right(_))
    };
    let mut files = compared.into_inner().unwrap_or_else(PoisonError::into_inner);
    files.sort_unstable_by(|one, other| one.listed.key.cmp(&other.listed.key));
    Ok(Confirmation { region, files, is_stopped })
}

/// Whether the path of a request for the key stays in the bucket. An inventory is not trusted.
fn is_plain(key: &str) -> bool {
    !key.split('/').any(|part| part == "." || part == "..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::{Class, Owner, Version};
    use crate::encryption::{KeyName, StorageClass};
    use trailseal_rule::KeyArn;

    #[test]
    fn only_the_same_encryption_confirms_a_file() {
        let arn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        let kms = Encryption::SseKms(KeyName::Arn(KeyArn::parse(arn).unwrap()));
        let listed_kms = FileStatus::Read(Encryption::SseKms(KeyName::Unnamed));
        let silent = FileStatus::Unread(Unread::NotReported);
        let read = FileStatus::Read;
        for (listed, found, expected) in [
            (listed_kms.clone(), read(kms.clone()), Comparison::Confirmed),
            (listed_kms.clone(), read(Encryption::SseS3), Comparison::Contradicted),
            (listed_kms.clone(), read(Encryption::NotEncrypted), Comparison::Contradicted),
            (
                listed_kms.clone(),
                read(Encryption::DsseKms(KeyName::Unnamed)),
                Comparison::Contradicted,
            ),
            (read(Encryption::SseS3), read(Encryption::SseS3), Comparison::Confirmed),
            (read(Encryption::SseS3), read(kms.clone()), Comparison::Contradicted),
            (silent.clone(), read(kms), Comparison::Confirmed),
            (silent, FileStatus::Unread(Unread::Missing), Comparison::Contradicted),
            (
                listed_kms.clone(),
                FileStatus::Unread(Unread::DeleteMarker),
                Comparison::Contradicted,
            ),
            (listed_kms.clone(), FileStatus::Unread(Unread::Denied), Comparison::Unread),
            (listed_kms.clone(), FileStatus::Unread(Unread::Rejected), Comparison::Unread),
            (listed_kms, FileStatus::Unread(Unread::OddKey), Comparison::Unread),
        ] {
            let class = Class {
                status: listed,
                storage: StorageClass::Standard,
                version: Version::Current,
                owner: Owner::NotListed,
            };
            let listed = InventoryFile { key: "a".to_owned(), class };
            let file = ComparedFile { listed, found };
            assert_eq!(file.comparison(), expected, "{file:?}");
        }
    }

    #[test]
    fn a_path_that_leaves_the_bucket_is_not_asked_for() {
        for wrong in ["../a", "a/../b", "./a", "a/.", ".."] {
            assert!(!is_plain(wrong), "{wrong}");
        }
        for right in ["a/b", "a/..b/c", "a b%2F+\n", ".a"] {
            assert!(is_plain(right), "{right}");
        }
    }
}
