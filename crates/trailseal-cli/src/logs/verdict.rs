//! The check `log-files-sealed` for a trail, on the files that were read.

use std::collections::BTreeMap;

use trailseal_aws::{AwsError, Session, TrailDelivery, describe_delivery};
use trailseal_logs::live::{Cause, Gap};
use trailseal_logs::{
    Class, Coverage, Encryption, Example, FileStatus, Folder, KeyName, Unread, Version,
};
use trailseal_rule::checks::log_files_sealed::{NOT_SEALED, OLDER_NOT_SEALED};
use trailseal_rule::{
    CheckId, ComplianceType, EvaluationContext, Facts, FileEncryption, FolderStanding, KeyArn,
    KeyRef, LogFile, LogFiles, LogFolder, Outcome, Reading, Refusal, Region, Trail, TrailArn,
};

use super::report::{SharedFolder, TrailLogs, delivers};
use crate::audit::failed;
use crate::report::{CheckOutcome, Problem, check_report};

/// Why the files that were read do not prove the trail, although they may show a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// A part of the bucket was not read.
    Part(Refusal),
    /// The newest files were not asked for, so that not even a failure is certain.
    Newest,
}

/// The trails that deliver to a bucket, by the Region that shows them.
#[derive(Debug, Default)]
pub(super) struct Writers(BTreeMap<Region, Reading<Vec<TrailDelivery>>>);

impl Writers {
    /// Reads the trails of each Region in which the trail has a folder. A trail of another account
    /// than the session's has unknown writers.
    ///
    /// # Errors
    ///
    /// The first failure of CloudTrail; a refusal is no failure.
    pub(super) async fn of(
        session: &Session,
        delivery: &TrailDelivery,
        coverage: &Coverage,
    ) -> Result<Self, AwsError> {
        let mut writers = Self::default();
        if session.account() != delivery.trail.arn.owner() {
            return Ok(writers);
        }
        for folder in own_folders(delivery, coverage) {
            if writers.0.contains_key(&folder.region) {
                continue;
            }
            let answer = describe_delivery(&session.in_region(folder.region.clone())).await;
            let reading = match answer {
                Ok(trails) => Reading::Known(trails),
                Err(error) => Reading::Refused(error.into_refusal()?),
            };
            writers.0.insert(folder.region.clone(), reading);
        }
        Ok(writers)
    }

    /// The trails of Regions, as if they had been read.
    #[cfg(test)]
    pub(super) fn known(regions: &[(&Region, &[TrailDelivery])]) -> Self {
        let known = |(region, trails): &(&Region, &[TrailDelivery])| {
            ((*region).clone(), Reading::Known(trails.to_vec()))
        };
        Self(regions.iter().map(known).collect())
    }

    /// The other trails that deliver to a folder of the trail.
    fn others(&self, delivery: &TrailDelivery, folder: &Folder) -> Reading<Vec<TrailArn>> {
        let is_other = |other: &&TrailDelivery| {
            other.trail.arn != delivery.trail.arn
                && other.trail.bucket == delivery.trail.bucket
                && delivers(other, folder)
        };
        match self.0.get(&folder.region) {
            Some(trails) => trails.clone().map(|trails| {
                trails.iter().filter(is_other).map(|other| other.trail.arn.clone()).collect()
            }),
            None => Reading::Refused(Refusal::Needs("the list of the trails of its account")),
        }
    }
}

/// The folders of log files to which a trail delivers, each once.
fn own_folders<'a>(
    delivery: &'a TrailDelivery,
    coverage: &'a Coverage,
) -> impl Iterator<Item = &'a Folder> {
    let mut last = None;
    coverage.rows().map(|(folder, ..)| folder).filter(move |folder| {
        let is_new = last.replace(*folder) != Some(*folder);
        is_new && !folder.has_digests() && delivers(delivery, folder)
    })
}

/// The files that decide about a trail.
pub(super) fn log_files(
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
pub(super) fn missing_part(delivery: &TrailDelivery, gaps: &[Gap]) -> Option<Missing> {
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

/// The files of a bucket that were read.
pub(super) struct Files<'a> {
    pub(super) coverage: &'a Coverage,
    /// Whether they are all files, not a sample.
    pub(super) are_all: bool,
    /// Why they do not prove a trail, if they do not.
    pub(super) missing: &'a dyn Fn(&TrailDelivery) -> Option<Missing>,
}

/// Judges trails by the files of their bucket, and finds out which other trails deliver to their
/// folders. A failure of CloudTrail is a problem.
pub(super) async fn judge_all(
    session: &Session,
    trails: &[TrailDelivery],
    read: &Files<'_>,
    context: &EvaluationContext<'_>,
) -> (Vec<TrailLogs>, Vec<Problem>) {
    let (mut judged, mut problems) = (Vec::new(), Vec::new());
    for delivery in trails {
        let writers = Writers::of(session, delivery, read.coverage).await;
        let writers = writers.unwrap_or_else(|error| {
            let source = delivery.trail.arn.to_string();
            problems.push(Problem { source, message: failed(&error, None) });
            Writers::default()
        });
        let files = log_files(delivery, read.coverage, read.are_all, &writers);
        judged.push(judge(delivery, files, (read.missing)(delivery), read.coverage, context));
    }
    (judged, problems)
}

/// Judges a trail by its files.
pub(super) fn judge(
    delivery: &TrailDelivery,
    files: LogFiles,
    missing: Option<Missing>,
    coverage: &Coverage,
    context: &EvaluationContext<'_>,
) -> TrailLogs {
    let trail = &delivery.trail;
    let check = CheckId::LogFilesSealed.check();
    let evaluate =
        |log_files| check.evaluate(context, trail, &Facts { log_files, ..Facts::unread() });
    let read = || evaluate(Reading::Known(files.clone()));
    let outcome = match missing {
        None => read(),
        Some(Missing::Newest) => evaluate(Reading::Refused(Refusal::NotRead)),
        Some(Missing::Part(refusal)) => match read() {
            certain @ Outcome::Fail(_) if stays_true(&certain) => certain,
            Outcome::Pass | Outcome::Fail(_) | Outcome::Unknown(_) => {
                evaluate(Reading::Refused(refusal))
            }
        },
    };
    let mut logs = blank(delivery, &outcome);
    if let Some(key) = key(trail) {
        describe(&mut logs, &files, coverage, key, context);
    }
    logs
}

/// A trail whose bucket was not read.
pub(super) fn judge_unread(
    delivery: &TrailDelivery,
    log_files: Reading<LogFiles>,
    context: &EvaluationContext<'_>,
) -> TrailLogs {
    let facts = Facts { log_files, ..Facts::unread() };
    let outcome = CheckId::LogFilesSealed.check().evaluate(context, &delivery.trail, &facts);
    blank(delivery, &outcome)
}

/// Whether files that were not read cannot turn the failure into another outcome: a file that must
/// be encrypted with the key is not.
fn stays_true(outcome: &Outcome) -> bool {
    let code = outcome.finding().map(|finding| finding.code);
    code.is_some_and(|code| [NOT_SEALED, OLDER_NOT_SEALED].contains(&code))
}

fn key(trail: &Trail) -> Option<&KeyArn> {
    match &trail.key {
        Some(KeyRef::Key(arn)) => Some(arn),
        Some(
            KeyRef::AliasArn { .. } | KeyRef::Alias(_) | KeyRef::Id(_) | KeyRef::Unrecognized(_),
        )
        | None => None,
    }
}

fn blank(delivery: &TrailDelivery, outcome: &Outcome) -> TrailLogs {
    let TrailDelivery { trail, prefix, .. } = delivery;
    let check = check_report(CheckId::LogFilesSealed, outcome);
    TrailLogs {
        arn: trail.arn.clone(),
        account: trail.arn.owner().clone(),
        region: trail.home_region.clone(),
        bucket: trail.bucket.clone(),
        prefix: prefix.clone(),
        key: trail.key.as_ref().map(ToString::to_string),
        compliance: match check.outcome {
            CheckOutcome::Pass => ComplianceType::Compliant,
            CheckOutcome::Fail | CheckOutcome::Unknown => ComplianceType::NonCompliant,
        },
        unverified: check.outcome == CheckOutcome::Unknown,
        check,
        first_encrypted: None,
        no_delivery_since: Vec::new(),
        shared: Vec::new(),
        notes: Vec::new(),
    }
}

/// Adds what the files say beside the outcome.
fn describe(
    logs: &mut TrailLogs,
    files: &LogFiles,
    coverage: &Coverage,
    key: &KeyArn,
    context: &EvaluationContext<'_>,
) {
    let assessment = files.assess(key, context.now);
    for assessed in &assessment.folders {
        let folder = assessed.folder;
        match assessed.standing {
            FolderStanding::Idle => logs.no_delivery_since.push(folder.name.clone()),
            FolderStanding::Shared => {
                let Reading::Known(trails) = &folder.other_writers else { continue };
                let shared = SharedFolder { folder: folder.name.clone(), trails: trails.clone() };
                logs.shared.push(shared);
            }
            FolderStanding::Sealed
            | FolderStanding::NotSealed
            | FolderStanding::Unread
            | FolderStanding::UncertainStart(_)
            | FolderStanding::WritersUnknown => {}
        }
    }
    let is_own = |folder: &Folder| {
        let name = folder.to_string();
        let own = files.folders.iter().find(|own| own.name == name);
        own.is_some_and(|own| own.other_writers == Reading::Known(Vec::new()))
    };
    let with_key = coverage.rows().filter(|(folder, _, class, _)| {
        class.key() == Some(key) && class.version == Version::Current && is_own(folder)
    });
    logs.first_encrypted = with_key.map(|(.., totals)| &totals.oldest).min().cloned();
}
