//! What to say about files that were delivered before the trail had its key.

use std::collections::BTreeSet;

use trailseal_logs::{Owner, Version};
use trailseal_rule::KeyArn;

use super::report::{BucketLogs, FilesLogs, FolderLogs, LogsReport, TrailLogs, UNRECOGNIZED};

/// How to encrypt them, in a few sentences; `docs/LOGS.md` has the commands.
pub(super) const FIRST_STEPS: &str = "S3 Batch Operations can encrypt them with that key (S3UpdateObjectEncryption); `docs/LOGS.md`, \
     \"Encrypt the history\", has the commands. The key must work, and belong to the account of the \
     bucket. It cannot be undone. Readers whose grants depend on \
     `kms:EncryptionContext:aws:cloudtrail:arn` cannot read the files afterwards";

/// What the encryption of files is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seal {
    /// With the key of each trail of the command line that delivers to the folder; where none does,
    /// with any KMS key.
    Sealed,
    /// With another key, or with none.
    Other,
    /// It was not read, the key of the file or of the trail is not known, or the file may be one of
    /// another account.
    Unknown,
}

/// What the encryption of files is worth for the trails that deliver them.
pub(super) fn seal(trails: &[TrailLogs], folder: &FolderLogs, files: &FilesLogs) -> Seal {
    if files.encryption.is_none_or(|word| word == UNRECOGNIZED) {
        return Seal::Unknown;
    }
    if !files.is_with_kms() {
        return Seal::Other;
    }
    let Some(key) = &files.key else { return Seal::Unknown };
    let mut worst = match files.owner {
        Owner::Bucket | Owner::NotListed => Seal::Sealed,
        Owner::Other | Owner::Unknown => Seal::Unknown,
    };
    for arn in &folder.trails {
        let trail = trails.iter().find(|trail| trail.arn == *arn);
        match trail.map(|trail| trail.key.as_deref().map(KeyArn::parse)) {
            Some(Some(Ok(own))) if own == *key => {}
            // The trail has another key, or none.
            Some(Some(Ok(_)) | None) => return Seal::Other,
            Some(Some(Err(_))) | None => worst = Seal::Unknown,
        }
    }
    worst
}

/// The log files of the trails that are not encrypted with the key of their trail:
/// `3 of 5 log files that were read are not encrypted with the key of their trail`.
///
/// Only files that are certainly a trail's are counted: to encrypt a file cannot be undone.
pub(super) fn unencrypted(report: &LogsReport) -> Option<String> {
    let own: BTreeSet<(&str, &str)> = report.trails.iter().flat_map(own_folders).collect();
    let has_owner = |folder: &FolderLogs| {
        folder.trails.iter().any(|trail| own.contains(&(trail.as_str(), folder.name.as_str())))
    };
    let all = report.buckets.iter().flat_map(BucketLogs::all_files);
    let of_trails = all.filter(|(folder, files)| {
        !folder.digests
            && files.version == Version::Current
            && matches!(files.owner, Owner::Bucket | Owner::NotListed)
            && has_owner(folder)
    });
    let (mut read, mut without) = (0_u64, 0_u64);
    for (folder, files) in of_trails.filter(|(_, files)| files.encryption.is_some()) {
        read = read.saturating_add(files.totals.files);
        if seal(&report.trails, folder, files) == Seal::Other {
            without = without.saturating_add(files.totals.files);
        }
    }
    (without > 0).then(|| {
        let verb = if without == 1 { "is" } else { "are" };
        format!(
            "{without} of {read} log files that were read {verb} not encrypted with the key of their \
             trail"
        )
    })
}

/// The ARN of a trail with each of its own folders.
fn own_folders(trail: &TrailLogs) -> impl Iterator<Item = (&str, &str)> {
    trail.own_folders.iter().map(|folder| (trail.arn.as_str(), folder.as_str()))
}
