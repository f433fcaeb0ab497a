//! The evidence for the check `log-files-sealed`, from the files that were read.

use trailseal_aws::TrailDelivery;
use trailseal_logs::live::{Cause, Gap};
use trailseal_logs::{Class, Coverage, Encryption, Example, FileStatus, KeyName, Unread, Version};
use trailseal_rule::checks::log_files_sealed::{NOT_SEALED, OLDER_NOT_SEALED};
use trailseal_rule::{
    CheckId, EvaluationContext, Facts, FileEncryption, LogFile, LogFiles, LogFolder, Outcome,
    Reading, Refusal, Trail,
};

use super::writers::{Writers, own_folders};

/// Why the files that were read do not prove the trail, although they may show a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// A part of the bucket was not read.
    Part(Refusal),
    /// The newest files were not asked for, so that not even a failure is certain.
    Newest,
}

/// The files that decide about a trail.
pub(crate) fn log_files(
    delivery: &TrailDelivery,
    coverage: &Coverage,
    is_complete: bool,
    writers: &Writers,
) -> LogFiles {
    let mut folders: Vec<LogFolder> = own_folders(delivery, coverage)
        .map(|folder| LogFolder {
            name: folder.to_string(),
            files: Vec::new(),
            other_writers: writers.others(delivery, folder),
        })
        .collect();
    for (folder, _, class, totals) in coverage.rows() {
        let name = folder.to_string();
        let own = folders.iter_mut().find(|own| own.name == name);
        let Some(own) = own.filter(|_| class.version == Version::Current) else { continue };
        let is_one = totals.oldest == totals.newest;
        let ends = [Some(&totals.oldest), Some(&totals.newest).filter(|_| !is_one)];
        own.files.extend(ends.into_iter().flatten().map(|file| log_file(file, class)));
    }
    LogFiles { folders, is_complete }
}

fn log_file(file: &Example, class: &Class) -> LogFile {
    LogFile { key: file.key.clone(), delivered: file.time, encryption: encryption(&class.status) }
}

fn encryption(status: &FileStatus) -> Reading<FileEncryption> {
    let named = |name: &KeyName| match name {
        KeyName::Arn(arn) => Some(arn.clone()),
        KeyName::Unnamed => None,
    };
    match status {
        FileStatus::Read(read) => Reading::Known(match read {
            Encryption::SseS3 => FileEncryption::SseS3,
            Encryption::SseKms(key) => FileEncryption::SseKms(named(key)),
            Encryption::DsseKms(key) => FileEncryption::DsseKms(named(key)),
            Encryption::SseC => FileEncryption::SseC,
            Encryption::NotEncrypted => FileEncryption::NotEncrypted,
            Encryption::Unrecognized => {
                FileEncryption::Unrecognized("an encryption that this version does not know".into())
            }
        }),
        FileStatus::Unread(Unread::Missing | Unread::DeleteMarker) => Reading::Absent,
        FileStatus::Unread(Unread::Denied) => {
            Reading::Refused(Refusal::AccessDenied { action: "s3:GetObject" })
        }
        FileStatus::Unread(Unread::Rejected) => {
            Reading::Refused(Refusal::Malformed("S3 rejected the request (400)".to_owned()))
        }
        FileStatus::Unread(Unread::Throttled | Unread::Failed | Unread::NotReported) => {
            Reading::Refused(Refusal::NotRead)
        }
    }
}

/// Why gaps of a reading keep it from proving a trail; nothing if they concern other folders only.
pub(crate) fn missing_part(delivery: &TrailDelivery, gaps: &[Gap]) -> Option<Missing> {
    let prefix = match delivery.prefix.as_str() {
        "" => String::new(),
        prefix => format!("{prefix}/"),
    };
    let root = format!("{prefix}AWSLogs/");
    let concerns = |gap: &&Gap| root.starts_with(&gap.place) || gap.place.starts_with(&root);
    let gap = gaps.iter().find(concerns)?;
    let refusal = match gap.cause.clone() {
        Cause::Aws(error) => error.into_refusal().unwrap_or(Refusal::NotRead),
        Cause::Region(refusal) => refusal,
        cause @ (Cause::NoBucket
        | Cause::NoFolder
        | Cause::TooMany
        | Cause::NotSearched { .. }
        | Cause::ChangeNotFound) => Refusal::Malformed(cause.to_string()),
    };
    Some(Missing::Part(refusal))
}

/// The evidence on the log files of a trail, of which a part may be missing. `facts` has the other
/// evidence.
pub(crate) fn proven(
    trail: &Trail,
    files: LogFiles,
    missing: Option<Missing>,
    facts: &Facts,
    context: &EvaluationContext<'_>,
) -> Reading<LogFiles> {
    let read = Reading::Known(files);
    match missing {
        None => read,
        Some(Missing::Newest) => Reading::Refused(Refusal::NotRead),
        Some(Missing::Part(refusal)) => {
            let facts = Facts { log_files: read, ..facts.clone() };
            match CheckId::LogFilesSealed.check().evaluate(context, trail, &facts) {
                certain @ Outcome::Fail(_) if stays_true(&certain) => facts.log_files,
                Outcome::Pass | Outcome::Fail(_) | Outcome::Unknown(_) => Reading::Refused(refusal),
            }
        }
    }
}

/// Whether files that were not read cannot turn the failure into another outcome: a file that must
/// be encrypted with the key is not.
fn stays_true(outcome: &Outcome) -> bool {
    let code = outcome.finding().map(|finding| finding.code);
    code.is_some_and(|code| [NOT_SEALED, OLDER_NOT_SEALED].contains(&code))
}

/// Why nothing of a bucket was read, as evidence.
pub(crate) fn unread(cause: Cause) -> Reading<LogFiles> {
    Reading::Refused(match cause {
        Cause::NoBucket => return Reading::Absent,
        Cause::Region(refusal) => refusal,
        Cause::Aws(error) => error.into_refusal().unwrap_or(Refusal::NotRead),
        Cause::NoFolder | Cause::TooMany | Cause::NotSearched { .. } | Cause::ChangeNotFound => {
            Refusal::NotRead
        }
    })
}
