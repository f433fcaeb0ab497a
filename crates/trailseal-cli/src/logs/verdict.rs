//! The check `log-files-sealed` for a trail, on the files that were read.

use std::collections::BTreeSet;

use trailseal_aws::{Session, TrailDelivery};
use trailseal_logs::{Coverage, Folder, Owner, Version};
use trailseal_rule::{
    CheckId, ComplianceType, EvaluationContext, Facts, FolderStanding, KeyArn, LogFiles, Outcome,
    Reading, key_arn,
};

use super::confirm::Confirmed;
use super::report::{SharedFolder, TrailLogs};
use crate::audit::failed;
use crate::log_files::{
    ListedUntil, Missing, Status, Writers, log_files, missing_latest, proven, replace_found,
};
use crate::report::{CheckOutcome, CheckReport, Problem};

/// The files of a bucket that were read.
pub(super) struct Files<'a> {
    pub(super) coverage: &'a Coverage,
    /// Whether they are all files of a trail, not a sample.
    pub(super) are_all: &'a dyn Fn(&TrailDelivery) -> bool,
    /// What S3 says about a sample of them, beside the source.
    pub(super) confirmed: Option<&'a Confirmed>,
    /// Why they do not prove a trail, if they do not.
    pub(super) missing: &'a dyn Fn(&TrailDelivery) -> Option<Missing>,
    /// Up to when the source lists files, if that is known.
    pub(super) until: Option<ListedUntil>,
}

/// Judges trails by the files of their bucket, and finds out which other trails deliver to their
/// folders. `statuses` are those of the trails. A failure of CloudTrail is a problem.
pub(super) async fn judge_all(
    session: &Session,
    trails: &[TrailDelivery],
    statuses: Vec<Status>,
    read: &Files<'_>,
    context: &EvaluationContext<'_>,
) -> (Vec<TrailLogs>, Vec<Problem>) {
    let (mut judged, mut problems) = (Vec::new(), Vec::new());
    for (delivery, status) in trails.iter().zip(statuses) {
        let writers = Writers::of(session, delivery, status, read.coverage).await;
        let writers = writers.unwrap_or_else(|error| {
            let source = delivery.trail.arn.to_string();
            problems.push(Problem { source, message: failed(&error, None) });
            Writers::default()
        });
        let files = log_files(delivery, read.coverage, (read.are_all)(delivery), &writers);
        let listed_before = read.until.and_then(ListedUntil::before);
        let files = LogFiles { listed_before, ..files };
        let missing = (read.missing)(delivery);
        judged.push(match read.confirmed {
            Some(confirmed) => judge_confirmed(delivery, files, missing, confirmed, read, context),
            None => {
                let latest = |until| missing_latest(delivery, read.coverage, &writers, until);
                let missing = missing.or_else(|| read.until.and_then(latest));
                judge(delivery, files, missing, read.coverage, context)
            }
        });
    }
    (judged, problems)
}

/// Judges a trail by its files, of which S3 confirmed a sample. A failure without the sample stands;
/// otherwise the sample can only show a failure.
fn judge_confirmed(
    delivery: &TrailDelivery,
    mut files: LogFiles,
    missing: Option<Missing>,
    confirmed: &Confirmed,
    read: &Files<'_>,
    context: &EvaluationContext<'_>,
) -> TrailLogs {
    replace_found(&mut files, &|key| confirmed.gone(key));
    let without = judge(delivery, files.clone(), missing.clone(), read.coverage, context);
    if without.check.outcome == CheckOutcome::Fail {
        return without;
    }
    replace_found(&mut files, &|key| confirmed.found(key));
    let missing = missing.unwrap_or_else(|| confirmed.missing());
    judge(delivery, files, Some(missing), read.coverage, context)
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
    let log_files = proven(trail, files.clone(), missing, &Facts::unread(), context);
    let mut logs = judge_by(delivery, log_files, context);
    if let Some(key) = key_arn(trail, &Facts::unread()) {
        describe(&mut logs, &files, coverage, key, context);
    }
    logs
}

/// A trail by its evidence.
pub(super) fn judge_by(
    delivery: &TrailDelivery,
    log_files: Reading<LogFiles>,
    context: &EvaluationContext<'_>,
) -> TrailLogs {
    let facts = Facts { log_files, ..Facts::unread() };
    let outcome = CheckId::LogFilesSealed.check().evaluate(context, &delivery.trail, &facts);
    blank(delivery, &outcome)
}

fn blank(delivery: &TrailDelivery, outcome: &Outcome) -> TrailLogs {
    let TrailDelivery { trail, prefix, .. } = delivery;
    let check = CheckReport::of(CheckId::LogFilesSealed, outcome);
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
        own_folders: Vec::new(),
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
    let own = files.folders.iter().filter(|own| own.other_writers == Reading::Known(Vec::new()));
    logs.own_folders = own.map(|own| own.name.clone()).collect();
    let own: BTreeSet<&str> = logs.own_folders.iter().map(String::as_str).collect();
    let is_own = |folder: &Folder| own.contains(folder.to_string().as_str());
    let with_key = coverage.rows().filter(|(folder, _, class, _)| {
        class.key() == Some(key)
            && class.version == Version::Current
            && matches!(class.owner, Owner::Bucket | Owner::NotListed)
            && is_own(folder)
    });
    logs.first_encrypted = with_key.map(|(.., totals)| &totals.oldest).min().cloned();
}
