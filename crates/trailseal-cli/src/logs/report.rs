//! The report on delivered log files: one typed document for every format.
//!
//! INVARIANT (decided elsewhere): the check `log-files-sealed` decides about a trail; nothing here
//! changes its outcome.

use serde::Serialize;
use trailseal_aws::TrailDelivery;
use trailseal_logs::live::{Day, Mode};
use trailseal_logs::{
    Class, Coverage, Encryption, Example, FileStatus, Folder, KeyName, Month, Owner, StorageClass,
    Totals, Unread, Version,
};
use trailseal_rule::{AccountId, BucketName, ComplianceType, KeyArn, Region, Timestamp, TrailArn};

use super::confirmation::{Confirmation, ConfirmedFiles};
use crate::log_files::{delivers, why_unread};
use crate::report::{CheckOutcome, CheckReport, Problem, Run, Tool};

/// The version of the JSON form. A change that could break a reader increments it.
pub(super) const LOGS_VERSION: u32 = 1;

/// The JSON Schema of what `-o json` writes.
pub(crate) const LOGS_SCHEMA: &str = include_str!("../../schema/logs-1.schema.json");

/// What a run of `trailseal logs` found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LogsReport {
    pub(super) version: u32,
    pub(super) tool: Tool,
    pub(super) generated_at: Timestamp,
    pub(super) run: Run,
    /// Whether everything that the run was to read was read.
    pub(super) complete: bool,
    /// The trails that the command line names.
    pub(super) trails: Vec<TrailLogs>,
    pub(super) buckets: Vec<BucketLogs>,
    pub(super) problems: Vec<Problem>,
}

/// A trail and the outcome of `log-files-sealed`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TrailLogs {
    pub(super) arn: TrailArn,
    pub(super) account: AccountId,
    pub(super) region: Region,
    pub(super) bucket: Option<BucketName>,
    /// The trail's `S3KeyPrefix`; empty without one.
    pub(super) prefix: String,
    /// The trail's `KmsKeyId`.
    pub(super) key: Option<String>,
    pub(super) compliance: ComplianceType,
    pub(super) unverified: bool,
    pub(super) check: CheckReport,
    /// The first file that is encrypted with the trail's key, in folders that no other trail writes
    /// to.
    pub(super) first_encrypted: Option<Example>,
    /// Its folders without a file that is later than the first encrypted one.
    pub(super) no_delivery_since: Vec<String>,
    /// Its folders to which another trail also delivers, so that their files cannot be attributed.
    pub(super) shared: Vec<SharedFolder>,
    pub(super) notes: Vec<String>,
    /// The folders to which certainly no other trail delivers; none if the trail has no key.
    #[serde(skip)]
    pub(super) own_folders: Vec<String>,
}

/// A folder of several trails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct SharedFolder {
    pub(super) folder: String,
    /// The other trails.
    pub(super) trails: Vec<TrailArn>,
}

/// What a source read of one bucket.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BucketLogs {
    pub(super) bucket: BucketName,
    /// Its Region, if the source says it.
    pub(super) region: Option<Region>,
    /// The prefix that the run was limited to; empty for the whole bucket.
    pub(super) prefix: String,
    pub(super) source: Source,
    /// The canonical user ID of its account; null if it is not known.
    pub(super) owner: Option<String>,
    /// Whether everything that the source was to read was read.
    pub(super) complete: bool,
    pub(super) folders: Vec<FolderLogs>,
    /// Objects in folders of CloudTrail whose names are not those of CloudTrail's files.
    pub(super) unrecognized: u64,
    /// The first of them.
    pub(super) unrecognized_examples: Vec<String>,
    /// Objects that are not in a folder of CloudTrail.
    pub(super) others: u64,
    /// What S3 says about a sample of the files; absent without `--confirm`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) confirmation: Option<Confirmation>,
}

/// A bucket, and how it was read.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) bucket: BucketName,
    pub(super) region: Option<Region>,
    pub(super) prefix: String,
    pub(super) source: Source,
    /// The canonical user ID of its account, if the source names owners.
    pub(super) owner: Option<String>,
    pub(super) complete: bool,
}

/// Where the files of a bucket were read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Source {
    pub(super) kind: SourceKind,
    /// Which files were read.
    pub(super) mode: Mode,
    /// The time of the state that the source shows.
    pub(super) as_of: Option<Timestamp>,
    /// When the query in Athena ran; absent if the source does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) queried_at: Option<Timestamp>,
    /// Whether the source names the KMS key of each file.
    pub(super) names_keys: bool,
    pub(super) limits: Limits,
    /// What an earlier run read, by the file of `--resume`; absent if nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resumed: Option<Resumed>,
    /// Whether noncurrent versions and deleted files were asked for.
    pub(super) versions: bool,
}

/// What earlier runs with the same file of `--resume` read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Resumed {
    /// The files whose encryption comes from there.
    pub(super) files: u64,
    /// When the first of these runs began.
    pub(super) since: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum SourceKind {
    /// HEAD requests to S3.
    Live,
    /// An S3 Inventory.
    Inventory,
    /// The result of a query in Athena.
    Athena,
}

impl SourceKind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Inventory => "inventory",
            Self::Athena => "athena",
        }
    }
}

impl Source {
    pub(super) fn mode_name(&self) -> &'static str {
        match self.mode {
            Mode::Sample => "sample",
            Mode::Monthly => "monthly",
            Mode::All => "all",
        }
    }

    /// Whether only a part of the files was read.
    pub(super) fn is_sample(&self) -> bool {
        self.mode != Mode::All
    }
}

/// What the user limited the run to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Limits {
    /// The first day.
    pub(super) since: Option<Day>,
    /// The last day.
    pub(super) until: Option<Day>,
    pub(super) accounts: Vec<AccountId>,
    pub(super) regions: Vec<Region>,
}

/// A folder and its files.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FolderLogs {
    /// Its key up to and including the Region.
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) folder: Folder,
    /// Whether it contains digests, which are counted and not judged.
    pub(super) digests: bool,
    /// The trails of the command line that deliver to it.
    pub(super) trails: Vec<TrailArn>,
    /// The owners of its files, if they are not all the bucket's account.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) owners: Vec<OwnerLogs>,
    pub(super) files: Vec<FilesLogs>,
}

/// The files of a folder that one account owns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OwnerLogs {
    /// Its canonical user ID.
    pub(super) owner: String,
    /// Whether it is the account of the bucket; null if that is not known.
    pub(super) of_bucket: Option<bool>,
    pub(super) files: u64,
}

/// The files of a folder in one month that are encrypted and stored in the same way.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FilesLogs {
    pub(super) month: Month,
    /// In the words of S3 Inventory; null if it was not read.
    pub(super) encryption: Option<&'static str>,
    /// The KMS key, if the source names it.
    pub(super) key: Option<KeyArn>,
    /// Why the encryption was not read.
    pub(super) unread: Option<Unread>,
    pub(super) storage_class: StorageClass,
    pub(super) version: Version,
    /// Who owns them.
    pub(super) owner: Owner,
    #[serde(flatten)]
    pub(super) totals: Totals,
    /// Those of them that S3 confirmed; absent without `--confirm`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) confirmed: Option<Vec<ConfirmedFiles>>,
}

impl LogsReport {
    /// The files that were counted.
    pub(super) fn files(&self) -> u64 {
        self.buckets.iter().map(BucketLogs::files).sum()
    }
}

impl BucketLogs {
    /// The report of what a source read; `trails` are those of the command line that deliver to the
    /// bucket.
    pub(super) fn of(place: Place, coverage: &Coverage, trails: &[TrailDelivery]) -> Self {
        let Place { bucket, region, prefix, source, owner, complete } = place;
        let mut folders: Vec<FolderLogs> = Vec::new();
        for (folder, month, class, totals) in coverage.rows() {
            let files = FilesLogs::of(month, class, totals);
            match folders.last_mut().filter(|last| last.folder == *folder) {
                Some(last) => last.files.push(files),
                None => folders.push(FolderLogs {
                    name: folder.to_string(),
                    digests: folder.has_digests(),
                    trails: writers(folder, trails),
                    owners: owners(folder, coverage, owner.as_deref()),
                    folder: folder.clone(),
                    files: vec![files],
                }),
            }
        }
        Self {
            bucket,
            region,
            prefix,
            source,
            owner,
            complete,
            folders,
            unrecognized: coverage.unrecognized,
            unrecognized_examples: coverage.unrecognized_examples.clone(),
            others: coverage.others,
            confirmation: None,
        }
    }

    pub(super) fn files(&self) -> u64 {
        self.all_files().map(|(_, files)| files.totals.files).sum()
    }

    /// The files by folder and month.
    pub(super) fn all_files(&self) -> impl Iterator<Item = (&FolderLogs, &FilesLogs)> {
        self.folders.iter().flat_map(|folder| folder.files.iter().map(move |files| (folder, files)))
    }
}

/// The owners of the files of a folder; nothing if it is the account of the bucket only.
fn owners(folder: &Folder, coverage: &Coverage, of_bucket: Option<&str>) -> Vec<OwnerLogs> {
    let owners = coverage.owners(folder).map(|(owner, files)| OwnerLogs {
        owner: owner.to_owned(),
        of_bucket: of_bucket.map(|of_bucket| owner == of_bucket),
        files,
    });
    let owners: Vec<OwnerLogs> = owners.collect();
    let is_plain = match owners.as_slice() {
        [] => true,
        [one] => one.of_bucket != Some(false),
        _ => false,
    };
    if is_plain { Vec::new() } else { owners }
}

/// The trails that deliver to a folder.
fn writers(folder: &Folder, trails: &[TrailDelivery]) -> Vec<TrailArn> {
    let writing = trails.iter().filter(|delivery| delivers(delivery, folder));
    writing.map(|delivery| delivery.trail.arn.clone()).collect()
}

impl FilesLogs {
    fn of(month: Month, class: &Class, totals: &Totals) -> Self {
        let (encryption, unread) = match &class.status {
            FileStatus::Read(encryption) => (Some(word(encryption)), None),
            FileStatus::Unread(unread) => (None, Some(*unread)),
        };
        Self {
            month,
            encryption,
            key: class.key().cloned(),
            unread,
            storage_class: class.storage,
            version: class.version,
            owner: class.owner,
            totals: totals.clone(),
            confirmed: None,
        }
    }

    /// Whether S3 encrypts the files with a KMS key, named or not.
    pub(super) fn is_with_kms(&self) -> bool {
        self.encryption.is_some_and(|word| word.ends_with("KMS"))
    }

    /// How the files are encrypted, or why that was not read; the key is named apart.
    pub(super) fn status(&self) -> String {
        let status = match (self.encryption, self.unread) {
            (Some(word), _) if self.is_with_kms() && self.key.is_none() => {
                format!("{word}, key not named")
            }
            (Some(word), _) => word.to_owned(),
            (None, Some(why)) => format!("not read: {}", why_unread(why)),
            (None, None) => "not read".to_owned(),
        };
        match self.version {
            Version::Current => status,
            Version::Noncurrent => format!("{status}, noncurrent versions"),
        }
    }

    /// `, other owner`: what follows the status and the key if it is not the bucket's account.
    pub(super) fn owner_note(&self) -> &'static str {
        match self.owner {
            Owner::Bucket | Owner::NotListed => "",
            Owner::Other => ", other owner",
            Owner::Unknown => ", owner not known",
        }
    }
}

/// The word for an encryption that this version does not know.
pub(super) const UNRECOGNIZED: &str = "unrecognized";

/// The words of S3 Inventory (S3 User Guide, "Amazon S3 Inventory list").
pub(super) fn word(encryption: &Encryption) -> &'static str {
    match encryption {
        Encryption::SseS3 => "SSE-S3",
        Encryption::SseKms(KeyName::Arn(_) | KeyName::Unnamed) => "SSE-KMS",
        Encryption::DsseKms(KeyName::Arn(_) | KeyName::Unnamed) => "DSSE-KMS",
        Encryption::SseC => "SSE-C",
        Encryption::NotEncrypted => "NOT-SSE",
        Encryption::Unrecognized => UNRECOGNIZED,
    }
}

impl TrailLogs {
    /// Whether the check failed, or could not be verified.
    pub(super) fn is_open(&self) -> bool {
        self.check.outcome != CheckOutcome::Pass
    }
}
