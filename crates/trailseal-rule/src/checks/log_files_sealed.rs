//! The newest log files are encrypted with the trail's key.
//!
//! Every other check reads the configuration. This one reads what the trail delivered: CloudTrail
//! names the encryption in each upload, so a bucket's default encryption does not encrypt the log
//! files of a trail without a key (CloudTrail User Guide, "Encrypting CloudTrail log files").
//!
//! [`LogFiles::assess`] defines T and compares each folder's newest file with it.
//!
//! a) The newest file of a folder was delivered more than an hour after T and is not encrypted with
//!    the trail's key: fail.
//! b) No file is encrypted with the key, and a folder has a delivery of the last 7 days: fail.
//! c) With [`LogFileScope::All`]: any older file is not encrypted with the key: fail.
//! d) The encryption of a newest file, or of one that may be before T, is not known, or it has the
//!    key and another account than the bucket's owns it; or it is not known which trails deliver to
//!    a folder; or other trails deliver to every folder: unknown.
//! e) No file of the last 7 days is encrypted with the key: unknown.
//! f) The bucket does not exist: fail.
//!
//! Folders without a delivery since T, and folders to which another trail delivers, decide nothing.

use crate::arn::KeyArn;
use crate::checks::input::refused;
use crate::checks::key_in_bucket_region::{bucket_missing, named_bucket};
use crate::checks::{Check, CheckId, CheckInput, Evidence, FindingCode, Outcome, Severity, Switch};
use crate::facts::{
    AssessedFolder, FileEncryption, FolderStanding, LogAssessment, LogFile, LogFiles, LogFolder,
    Reading, Refusal,
};
use crate::key_ref::KeyRef;
use crate::parameters::{LogFileScope, Parameters};

/// The newest log file of a folder is not encrypted with the trail's key.
pub const NOT_SEALED: FindingCode = FindingCode::new("log-file-not-sealed");
/// No log file is encrypted with the trail's key.
pub const NONE_SEALED: FindingCode = FindingCode::new("no-log-file-sealed");
/// An older log file is not encrypted with the trail's key.
pub const OLDER_NOT_SEALED: FindingCode = FindingCode::new("older-log-file-not-sealed");
/// It is not known whether a log file is encrypted with the trail's key.
pub const UNVERIFIED: FindingCode = FindingCode::new("log-file-unverified");
/// Only a sample of the older log files was read.
pub const SAMPLED: FindingCode = FindingCode::new("log-files-sampled");
/// Another trail delivers to every folder of the trail.
pub const SHARED: FindingCode = FindingCode::new("log-files-shared");
/// No recent log file is encrypted with the trail's key, and none proves the contrary.
pub const NO_RECENT: FindingCode = FindingCode::new("no-recent-log-file");

const FIX: &str = "find out which trail delivers to the folder, and set its kmsKeyId";

/// Both commands set the same parameter.
const READS_LOG_FILES: fn(&Parameters) -> bool = |parameters| parameters.log_files.is_some();

pub(super) const CHECK: Check = Check {
    id: CheckId::LogFilesSealed,
    name: "log-files-sealed",
    title: "the newest log files are encrypted with the trail's key",
    rationale: "the control is about log files: the trail's configuration does not show how they \
                are encrypted",
    evidence: "S3 ListObjectsV2, HeadObject and GetBucketAcl, or S3 Inventory, or a result of \
               Athena; CloudTrail DescribeTrails and GetTrailStatus; in an audit KMS DescribeKey if \
               the trail names an alias or a bare ID",
    fails_when: "the newest log file of a folder was delivered more than an hour after the first \
                 one with the trail's key and is not encrypted with it; or no log file is, although \
                 there were deliveries in the last 7 days; with `--history fail`, also if an older \
                 one is not",
    fix: FIX,
    severity: Severity::Medium,
    profile: None,
    switches: &[
        Switch { text: "trailseal logs", is_on: READS_LOG_FILES },
        Switch { text: "trailseal audit --log-files", is_on: READS_LOG_FILES },
    ],
    reads: &[Evidence::KeyArn, Evidence::LogFiles],
    can_be_skipped: false,
    ends_evaluation: false,
    judge,
};

fn judge(input: &CheckInput<'_>) -> Result<Outcome, Outcome> {
    let key = match input.key()? {
        KeyRef::Key(arn) => arn,
        KeyRef::AliasArn { .. }
        | KeyRef::Alias(_)
        | KeyRef::Id(_)
        | KeyRef::Unrecognized(_)
        | KeyRef::NotKnown(_) => &input.known(&input.facts.key, "the ARN")?.arn,
    };
    let files = log_files(input)?;
    let input = &CheckInput { now: files.now(input.now), ..*input };
    let assessment = files.assess(key, input.now);
    fail_of_newest(&assessment)?;
    let judges_all = input.parameters.log_files == Some(LogFileScope::All);
    if judges_all {
        fail_of_older(files, key, input)?;
    }
    unknown_of_newest(&assessment, input)?;
    if judges_all {
        unknown_of_older(files, key, input)?;
    }
    Ok(Outcome::Pass)
}

fn log_files<'a>(input: &CheckInput<'a>) -> Result<&'a LogFiles, Outcome> {
    let bucket = named_bucket(input, "the log files")?;
    match &input.facts.log_files {
        Reading::Known(files) => Ok(files),
        Reading::Absent => Err(bucket_missing(bucket)),
        Reading::Refused(refusal) => {
            Err(refused(&format!("the log files in bucket {bucket}"), refusal))
        }
    }
}

fn fail_of_newest(assessment: &LogAssessment<'_>) -> Result<(), Outcome> {
    let is_failed = |one: &&AssessedFolder<'_>| one.standing == FolderStanding::NotSealed;
    let failed: Vec<&LogFile> =
        assessment.folders.iter().filter(is_failed).map(|one| one.newest).collect();
    let Some(worst) = failed.iter().max_by_key(|file| file.order()) else {
        return Ok(());
    };
    let (file, encryption) = (&worst.key, encryption(worst));
    let Some(since) = assessment.since else {
        let cause = format!(
            "no log file is encrypted with the trail's key, although there were deliveries in the \
             last 7 days: the newest, `{file}`, has {encryption}"
        );
        let fix = "make sure that the key works for CloudTrail; if it is new, list the files again \
                   after a delivery";
        return Err(Outcome::fail(NONE_SEALED, cause, fix));
    };
    let cause = format!(
        "`{file}`, the newest log file of its folder, has {encryption}, not the trail's \
         key, which encrypts log files since {}{}",
        since.minute(),
        match failed.len() {
            1 => String::new(),
            count => format!("; {count} folders have such a file"),
        }
    );
    Err(Outcome::fail(NOT_SEALED, cause, FIX))
}

fn fail_of_older(files: &LogFiles, key: &KeyArn, input: &CheckInput<'_>) -> Result<(), Outcome> {
    let own = files.folders.iter().filter(|folder| folder.is_own());
    let unsealed =
        own.flat_map(|folder| &folder.files).filter(|file| file.is_without(key, input.now));
    let Some(oldest) = unsealed.min_by_key(|file| file.order()) else {
        return Ok(());
    };
    let cause = format!(
        "`{}`, an older log file, has {}, not the trail's key",
        oldest.key,
        encryption(oldest)
    );
    let fix = "encrypt the older log files with the key by S3 Batch Operations \
               (S3UpdateObjectEncryption)";
    Err(Outcome::fail(OLDER_NOT_SEALED, cause, fix))
}

fn unknown_of_newest(
    assessment: &LogAssessment<'_>,
    input: &CheckInput<'_>,
) -> Result<(), Outcome> {
    for AssessedFolder { folder, newest, standing, .. } in &assessment.folders {
        match standing {
            FolderStanding::Unread => return Err(unverified(newest, input)),
            FolderStanding::UncertainStart(first) => return Err(unverified(first, input)),
            FolderStanding::WritersUnknown => return Err(writers_unknown(folder)),
            FolderStanding::Sealed
            | FolderStanding::NotSealed
            | FolderStanding::Idle
            | FolderStanding::Shared => {}
        }
    }
    let has =
        |standing| assessment.folders.iter().any(|one| one.is_recent && one.standing == standing);
    if has(FolderStanding::Sealed) {
        return Ok(());
    }
    let is_shared = |one: &AssessedFolder<'_>| one.standing == FolderStanding::Shared;
    let what = "could not verify that log files are encrypted with the trail's key";
    Err(
        if let Some(shared) = assessment.folders.iter().find(|one| is_shared(one))
            && assessment.folders.iter().all(is_shared)
        {
            let others = writers(shared.folder);
            let cause = format!("{what}: {others} also delivers to each of the trail's folders");
            Outcome::unknown(SHARED, cause, "let each trail deliver to a prefix of its own")
        } else if has(FolderStanding::Idle) {
            let cause = format!(
                "{what}: since the first one with the key, no other was delivered after more than an hour"
            );
            Outcome::unknown(NO_RECENT, cause, "wait for the next deliveries")
        } else {
            let cause = format!("{what}: none was delivered in the last 7 days");
            Outcome::unknown(NO_RECENT, cause, "make sure that the trail logs and delivers")
        },
    )
}

/// Older files of which it is not known whether they are encrypted with the key.
fn unknown_of_older(files: &LogFiles, key: &KeyArn, input: &CheckInput<'_>) -> Result<(), Outcome> {
    for folder in &files.folders {
        if folder.is_shared() {
            continue;
        }
        if !folder.is_own() {
            return Err(writers_unknown(folder));
        }
        let mut uncertain = folder.files.iter().filter(|file| file.is_uncertain(key, input.now));
        if let Some(file) = uncertain.next() {
            return Err(unverified(file, input));
        }
    }
    if files.is_complete {
        return Ok(());
    }
    Err(Outcome::unknown(
        SAMPLED,
        "could not verify the older log files: only a sample of them was read",
        "read every file with `trailseal logs --all --history fail`",
    ))
}

/// The outcome where it is not known whether a file is encrypted with the trail's key.
fn unverified(file: &LogFile, input: &CheckInput<'_>) -> Outcome {
    let name = &file.key;
    let (why, fix) = match &file.encryption {
        _ if file.is_in_future(input.now) => (
            "its name has a time in the future".to_owned(),
            "set the clock, or find out who wrote the file",
        ),
        Reading::Refused(refusal) => {
            return refused(&format!("the encryption of log file `{name}`"), refusal);
        }
        Reading::Absent => ("it does not exist any more".to_owned(), "read the log files again"),
        Reading::Known(FileEncryption::Unrecognized(value)) => (
            format!("S3 says `{value}`"),
            "look it up in AWS, and install a later release of Trailseal",
        ),
        Reading::Known(_) if let Some(doubt) = &file.doubt => {
            return refused(&format!("who delivered log file `{name}`"), doubt);
        }
        Reading::Known(encryption) if encryption.kms_key().is_some() => (
            "it is not known which trails deliver to its folder".to_owned(),
            "allow cloudtrail:DescribeTrails in the Region of the folder",
        ),
        Reading::Known(_) => (
            "its KMS key is not named".to_owned(),
            "read the file with `trailseal logs` without `--inventory` and `--athena-results`",
        ),
    };
    let cause = format!("could not verify the encryption of log file `{name}`: {why}");
    Outcome::unknown(UNVERIFIED, cause, fix)
}

fn writers_unknown(folder: &LogFolder) -> Outcome {
    let not_read = Refusal::NotRead;
    let refusal = folder.writers_refusal().unwrap_or(&not_read);
    refused(&format!("which trails deliver to folder `{}`", folder.name), refusal)
}

/// The other trails that deliver to a folder: the first, and how many more.
fn writers(folder: &LogFolder) -> String {
    match &folder.other_writers {
        Reading::Known(others) => match others.as_slice() {
            [] => String::new(),
            [one] => format!("trail {one}"),
            [first, ..] => format!("trail {first} (and {} more)", others.len() - 1),
        },
        Reading::Absent | Reading::Refused(_) => String::new(),
    }
}

/// How a file that was read is encrypted.
fn encryption(file: &LogFile) -> String {
    match &file.encryption {
        Reading::Known(encryption) => match encryption.kms_key() {
            Some(key) => format!("{} with key {key}", encryption.name()),
            None => encryption.name().to_owned(),
        },
        Reading::Absent | Reading::Refused(_) => "an unknown method".to_owned(),
    }
}
