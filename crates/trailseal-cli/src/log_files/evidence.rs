//! The evidence for the check `log-files-sealed`, from the files that were read.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use trailseal_aws::{AwsError, TrailDelivery};
use trailseal_logs::live::{self, Cause, Gap, Mode};
use trailseal_logs::{
    Class, Coverage, Encryption, Example, FileStatus, Folder, KeyName, Owner, Unread, Version,
};
use trailseal_rule::checks::log_files_sealed::{NOT_SEALED, OLDER_NOT_SEALED};
use trailseal_rule::{
    CheckId, EvaluationContext, Facts, FileEncryption, LogFile, LogFiles, LogFolder, Outcome,
    Reading, Refusal, Trail,
};

use super::history::History;
use super::unread::{unread_fix, why_unread};
use super::writers::{Writers, delivers, may_have_log_files, own_folders, several_organizations};

/// Why the files that were read do not prove the trail, although they may show a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    refusal: Refusal,
    /// The places, as parts of keys, in which the newest file may not have been read, so that not
    /// even a failure is certain there. An empty text is the whole bucket.
    without_newest: BTreeSet<String>,
    /// Whether only a pass is in doubt, and every other outcome stands.
    is_of_pass: bool,
}

impl Missing {
    /// Older files were not read.
    pub(crate) fn older(refusal: Refusal) -> Self {
        Self { refusal, without_newest: BTreeSet::new(), is_of_pass: false }
    }

    /// The newest file of any folder may not have been read.
    pub(crate) fn newest(refusal: Refusal) -> Self {
        Self { without_newest: BTreeSet::from([String::new()]), ..Self::older(refusal) }
    }

    /// Files that do not pass decide as they are.
    pub(super) fn of_pass(refusal: Refusal) -> Self {
        Self { is_of_pass: true, ..Self::older(refusal) }
    }

    /// Whether the newest file of a folder may not have been read.
    fn lacks_newest_of(&self, folder: &LogFolder) -> bool {
        overlaps(&self.without_newest, &folder.name)
    }
}

/// Whether a folder contains one of the places, or is in one. There can be as many as folders.
fn overlaps(places: &BTreeSet<String>, folder: &str) -> bool {
    let first = places.range::<str, _>((Bound::Included(folder), Bound::Unbounded)).next();
    let ends = folder.char_indices().map(|(end, _)| end);
    first.is_some_and(|place| place.starts_with(folder))
        || ends.filter_map(|end| folder.get(..end)).any(|start| places.contains(start))
}

/// The files that decide about a trail.
pub(crate) fn log_files(
    delivery: &TrailDelivery,
    coverage: &Coverage,
    is_complete: bool,
    writers: &Writers,
) -> LogFiles {
    let unread = |folder: &Folder| LogFolder {
        name: folder.to_string(),
        files: Vec::new(),
        other_writers: writers.others(delivery, folder),
    };
    let mut folders: BTreeMap<&Folder, LogFolder> =
        own_folders(delivery, coverage).map(|folder| (folder, unread(folder))).collect();
    for (folder, _, class, totals) in coverage.rows() {
        let own = folders.get_mut(folder);
        let Some(own) = own.filter(|_| class.version == Version::Current) else { continue };
        let is_one = totals.oldest == totals.newest;
        let ends = [Some(&totals.oldest), Some(&totals.newest).filter(|_| !is_one)];
        own.files.extend(ends.into_iter().flatten().map(|file| log_file(file, class)));
    }
    let foreign = several_organizations(delivery, coverage);
    for (place, folder) in &mut folders {
        drop_deleted(&mut folder.files);
        let newest = folder.files.iter().map(|file| file.delivered).max();
        let not_by = || writers.not_by(&delivery.trail, place, newest?);
        let not_own = foreign.clone().or_else(not_by);
        if let Some(refusal) = not_own
            && folder.other_writers == Reading::Known(Vec::new())
        {
            folder.other_writers = Reading::Refused(refusal);
        }
    }
    LogFiles { folders: folders.into_values().collect(), is_complete, listed_before: None }
}

/// A deleted file decides only if it is newer than every file that exists.
fn drop_deleted(files: &mut Vec<LogFile>) {
    let existing = files.iter().filter(|file| file.encryption != Reading::Absent);
    if let Some(newest) = existing.map(|file| file.delivered).max() {
        files.retain(|file| file.encryption != Reading::Absent || file.delivered > newest);
    }
}

/// Replaces what a source says about files by what HEAD requests read.
pub(crate) fn replace_found(files: &mut LogFiles, found: &dyn Fn(&str) -> Option<FileStatus>) {
    for folder in &mut files.folders {
        for file in &mut folder.files {
            if let Some(status) = found(&file.key) {
                file.encryption = encryption(&status);
            }
        }
        drop_deleted(&mut folder.files);
    }
}

fn log_file(file: &Example, class: &Class) -> LogFile {
    LogFile {
        key: file.key.clone(),
        delivered: file.time,
        encryption: encryption(&class.status),
        doubt: doubt(class.owner),
    }
}

/// Why a file with this owner may not be one that CloudTrail delivered. A source without owners does
/// not raise the question here.
fn doubt(owner: Owner) -> Option<Refusal> {
    match owner {
        Owner::Bucket | Owner::NotListed => None,
        Owner::Other => Some(Refusal::LogFiles(
            "another account than the bucket's owns it".to_owned(),
            OTHER_OWNER,
        )),
        Owner::Unknown => Some(Refusal::LogFiles(
            "it is not known whether the bucket's account owns it".to_owned(),
            "allow s3:GetBucketAcl on the bucket",
        )),
    }
}

/// What to do about a file of another owner. The files of CloudTrail can be such files in a bucket
/// with ACLs.
const OTHER_OWNER: &str = "find out who wrote it; if it was CloudTrail, set the bucket's Object \
                           Ownership to BucketOwnerEnforced";

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
        FileStatus::Unread(
            why @ (Unread::Rejected
            | Unread::Throttled
            | Unread::Failed
            | Unread::NotAsked
            | Unread::OddKey
            | Unread::NotReported),
        ) => Reading::Refused(Refusal::LogFiles(why_unread(*why).to_owned(), unread_fix(*why))),
    }
}

/// Whether every log file of the trail was read.
pub(crate) fn are_all(delivery: &TrailDelivery, outcome: &live::Outcome) -> bool {
    let has_unread = outcome.coverage.rows().any(|(folder, _, class, _)| match class.status {
        FileStatus::Read(_) => false,
        FileStatus::Unread(why) => {
            outcome.lacks(why) && !folder.has_digests() && delivers(delivery, folder)
        }
    });
    outcome.mode == Mode::All
        && !outcome.is_stopped
        && !has_unread
        && missing_part(delivery, &outcome.gaps).is_none()
        && missing_unrecognized(delivery, &outcome.coverage).is_none()
}

/// Why gaps of a reading keep it from proving a trail; nothing if they concern other folders only.
/// A file of answers that S3 contradicts is not believed in any folder.
pub(crate) fn missing_part(delivery: &TrailDelivery, gaps: &[Gap]) -> Option<Missing> {
    let is_own = |gap: &&Gap| match gap.cause {
        Cause::Contradicted { .. } => true,
        Cause::Versions(_) => false,
        // Each file then has an unknown owner.
        Cause::Owner(_) => false,
        Cause::Aws(_)
        | Cause::Region(_)
        | Cause::NoBucket
        | Cause::NoFolder
        | Cause::TooMany
        | Cause::NotSearched { .. }
        | Cause::ChangeNotFound
        | Cause::MayBeNewer { .. } => may_have_log_files(delivery, &gap.place),
    };
    let own: Vec<&Gap> = gaps.iter().filter(is_own).collect();
    let refusal = refusal(own.first()?.cause.clone());
    let without_newest = own.into_iter().filter(|gap| gap.cause != Cause::ChangeNotFound);
    let without_newest = without_newest.map(|gap| gap.place.clone()).collect();
    Some(Missing { without_newest, ..Missing::older(refusal) })
}

/// Why objects with unrecognized names keep the files from proving a trail: they may be log files
/// with names of a newer form. Nothing if all of them are elsewhere.
pub(crate) fn missing_unrecognized(
    delivery: &TrailDelivery,
    coverage: &Coverage,
) -> Option<Missing> {
    let Coverage { unrecognized, unrecognized_examples: examples, .. } = coverage;
    let is_own = |key: &&String| may_have_log_files(delivery, key);
    let are_known = usize::try_from(*unrecognized).is_ok_and(|count| count == examples.len());
    let own = examples.iter().find(is_own);
    let example = own.or_else(|| examples.first().filter(|_| !are_known))?;
    Some(Missing::newest(Refusal::LogFiles(
        format!(
            "objects such as `{example}` have no name that CloudTrail gives, and may be log files"
        ),
        ODD_OBJECT,
    )))
}

/// Why a live reading does not prove a trail, if it does not. With `--history fail` each file decides,
/// and so does an object with an unrecognized name, which may be one.
pub(crate) fn missing_live(
    delivery: &TrailDelivery,
    outcome: &live::Outcome,
    history: History,
) -> Option<Missing> {
    let each_decides = history == History::Fail && outcome.mode == Mode::All;
    let odd = || missing_unrecognized(delivery, &outcome.coverage).filter(|_| each_decides);
    // A gap says if such an object may be the newest file.
    missing_part(delivery, &outcome.gaps).or_else(|| odd().map(|odd| Missing::older(odd.refusal)))
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
    let Some(missing) = missing else { return Reading::Known(files) };
    // A later T would only excuse more files, so that a failure without the other folders is one with
    // them.
    let mut certain = files;
    certain.folders.retain(|folder| !missing.lacks_newest_of(folder));
    let facts = Facts { log_files: Reading::Known(certain), ..facts.clone() };
    match CheckId::LogFilesSealed.check().evaluate(context, trail, &facts) {
        Outcome::Fail(_) | Outcome::Unknown(_) if missing.is_of_pass => facts.log_files,
        certain @ Outcome::Fail(_) if stays_true(&certain) => facts.log_files,
        Outcome::Pass | Outcome::Fail(_) | Outcome::Unknown(_) => Reading::Refused(missing.refusal),
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
    if cause == Cause::NoBucket { Reading::Absent } else { Reading::Refused(refusal(cause)) }
}

/// What to do about an object whose name is not one of CloudTrail's.
const ODD_OBJECT: &str = "look at the object: move it out of the folder if it is not a log file, and \
                          install a later release of Trailseal otherwise";

/// Why a place was not read, and what to do about it.
pub(crate) fn refusal(cause: Cause) -> Refusal {
    let why = cause.to_string();
    let fix = match cause {
        Cause::Aws(error) | Cause::Versions(error) | Cause::Owner(error) => {
            match error.into_refusal() {
                Ok(refusal) => return refusal,
                Err(_) => "run it again, with a lower --concurrency if S3 throttles it",
            }
        }
        Cause::Region(refusal) => return refusal,
        Cause::NoBucket => "set the trail's bucket to one that exists",
        Cause::NoFolder => "name a bucket, a prefix or a folder down to a Region",
        Cause::TooMany => "move the folders that are not CloudTrail's to another place",
        Cause::NotSearched { .. } => "read the prefix by itself, as `s3://BUCKET/PREFIX`",
        Cause::ChangeNotFound => "read every file with `trailseal logs --all`",
        Cause::MayBeNewer { .. } => ODD_OBJECT,
        Cause::Contradicted { .. } => "read the files again with a new file of --resume",
    };
    Refusal::LogFiles(why, fix)
}

/// Why a place was not read, for people; `explain` words a failure of AWS.
pub(crate) fn why_missing(cause: &Cause, explain: impl Fn(&AwsError) -> String) -> String {
    match (cause, cause.aws()) {
        (Cause::Owner(_), Some(error)) => {
            format!("the files of other accounts are not known: {}", explain(error))
        }
        (_, Some(error)) => explain(error),
        (_, None) => cause.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_overlaps_what_it_contains_and_what_contains_it() {
        let folder = "a/AWSLogs/1/";
        let overlaps = |places: &[&str]| {
            overlaps(&places.iter().map(|place| (*place).to_owned()).collect(), folder)
        };
        for place in
            ["", "a", "a/", "a/AWSLogs/", "a/AWSLogs/1/", "a/AWSLogs/1/2026/", "a/AWSLogs/1/x"]
        {
            assert!(overlaps(&[place]), "{place}");
            assert!(overlaps(&["0", place, "b"]), "{place}");
        }
        for place in ["a/AWSLogs/10/", "a/AWSLogs/0/", "b", "a/AWSLogs/2/", "A", "aa"] {
            assert!(!overlaps(&[place]), "{place}");
        }
        assert!(!overlaps(&[]));
    }
}
