//! Judges trails by a source that was made before the run, such as an S3 Inventory.

use trailseal_aws::{Session, TrailDelivery};
use trailseal_logs::live::Mode;
use trailseal_logs::{Coverage, Encryption, FileStatus, KeyName, Unread};
use trailseal_rule::{BucketName, EvaluationContext, Refusal, Timestamp};

use super::arguments::LogsArguments;
use super::confirm::Confirmed;
use super::live::{BucketRead, left_out, limits, note_limits, nothing_found};
use super::place;
use super::query_age::outdated;
use super::report::{BucketLogs, Place, Source, SourceKind};
use super::verdict::{Files, judge_all};
use crate::log_files::{ListedUntil, Missing, missing_unrecognized, statuses_of, unread_files};
use crate::report::Problem;

/// What a source has recorded about a bucket.
pub(super) struct Recorded {
    pub(super) bucket: BucketName,
    pub(super) kind: SourceKind,
    /// The time of the state that it shows, if it says it.
    pub(super) as_of: Option<Timestamp>,
    /// When the query in Athena ran, if the result says it.
    pub(super) queried_at: Option<Timestamp>,
    pub(super) coverage: Coverage,
    /// What S3 says about a sample of the files; absent without `--confirm`.
    pub(super) confirmed: Option<Confirmed>,
    /// Why files may belong to other accounts than the bucket's, so that they prove no trail.
    pub(super) other_owners: Option<Refusal>,
    /// What was not read.
    pub(super) problems: Vec<Problem>,
}

impl Recorded {
    /// Judges trails of the bucket. `session` finds the other trails; it is needed for trails only.
    pub(super) async fn judge(
        self,
        session: Option<&Session>,
        trails: &[TrailDelivery],
        arguments: &LogsArguments,
        context: &EvaluationContext<'_>,
    ) -> BucketRead {
        let names_keys = self.names_keys();
        let Self { bucket, kind, as_of, queried_at, coverage, confirmed, other_owners, .. } = self;
        let mut problems = self.problems;
        let is_whole = problems.is_empty();
        let unread = unread_files(&coverage, |_, why| why != Unread::DeleteMarker);
        problems.extend(unread.map(|message| Problem { source: place(&bucket, ""), message }));
        if is_whole {
            problems.extend(nothing_found(&coverage, true, arguments, place(&bucket, "")));
        }
        problems.extend(confirmed.iter().flat_map(|confirmed| confirmed.problems.clone()));
        let is_complete = problems.is_empty();
        let grounds = Grounds {
            is_whole,
            outdated: match kind {
                SourceKind::Athena => outdated(queried_at, context.now),
                SourceKind::Live | SourceKind::Inventory => None,
            },
            coverage: &coverage,
            confirmed: confirmed.as_ref(),
            other_owners: other_owners.as_ref(),
            arguments,
        };
        let read = Files {
            coverage: &coverage,
            confirmed: confirmed.as_ref(),
            are_all: &|delivery| grounds.are_all(delivery),
            missing: &|delivery| grounds.missing(delivery),
            // An inventory has no such time. It names no key, and proves no trail.
            until: queried_at.map(ListedUntil::Query),
        };
        let mut judged = Vec::new();
        if let Some(session) = session {
            let statuses = statuses_of(session, trails).await;
            let (trails, failures) = judge_all(session, trails, statuses, &read, context).await;
            judged = trails;
            problems.extend(failures);
        }
        note_limits(&mut judged, arguments);
        for (trail, delivery) in judged.iter_mut().zip(trails) {
            trail.notes.extend(confirmed.as_ref().and_then(|it| it.note(delivery)));
        }
        let place = Place {
            bucket,
            region: None,
            prefix: String::new(),
            source: Source {
                kind,
                mode: Mode::All,
                as_of,
                queried_at,
                names_keys,
                limits: limits(arguments),
                resumed: None,
                versions: false,
            },
            owner: None,
            complete: is_complete,
        };
        let mut logs = BucketLogs::of(place, &coverage, trails);
        if let Some(confirmed) = confirmed {
            confirmed.mark(&coverage, &mut logs);
            logs.confirmation = Some(confirmed.report);
        }
        let is_complete = problems.is_empty();
        BucketRead { bucket: Some(logs), trails: judged, problems, is_complete }
    }

    /// Whether each KMS key of the files is named.
    fn names_keys(&self) -> bool {
        let is_named = |status: &FileStatus| {
            !matches!(
                status,
                FileStatus::Read(
                    Encryption::SseKms(KeyName::Unnamed) | Encryption::DsseKms(KeyName::Unnamed)
                )
            )
        };
        let mut rows = self.coverage.rows();
        self.kind != SourceKind::Inventory && rows.all(|(_, _, class, _)| is_named(&class.status))
    }
}

/// What decides whether the files of a source prove a trail.
struct Grounds<'a> {
    /// Whether the whole source was read.
    is_whole: bool,
    /// Why the source is too old, if it is.
    outdated: Option<String>,
    coverage: &'a Coverage,
    confirmed: Option<&'a Confirmed>,
    other_owners: Option<&'a Refusal>,
    arguments: &'a LogsArguments,
}

impl Grounds<'_> {
    /// Whether the source has all files of a trail.
    fn are_all(&self, delivery: &TrailDelivery) -> bool {
        let has_odd = missing_unrecognized(delivery, self.coverage).is_some();
        self.is_whole && !self.arguments.is_limited() && !has_odd
    }

    /// Why the files do not prove a trail, if they do not.
    fn missing(&self, delivery: &TrailDelivery) -> Option<Missing> {
        if !self.is_whole {
            return Some(Missing::newest(part_of_source()));
        }
        if self.arguments.until.is_some() {
            return Some(Missing::newest(left_out()));
        }
        if let Some(why) = &self.outdated {
            let fix = "run the query again, and read its result within 6 hours";
            return Some(Missing::newest(Refusal::LogFiles(why.clone(), fix)));
        }
        self.confirmed
            .and_then(Confirmed::contradiction)
            .or_else(|| missing_unrecognized(delivery, self.coverage))
            .or_else(|| self.arguments.is_limited().then(|| Missing::older(left_out())))
            .or_else(|| self.other_owners.cloned().map(Missing::older))
    }
}

/// A part of the source was not read.
fn part_of_source() -> Refusal {
    Refusal::LogFiles(
        "a part of the source was not read".to_owned(),
        "get the source again, and read it as a whole",
    )
}
