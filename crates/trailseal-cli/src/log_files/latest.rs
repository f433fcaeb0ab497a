//! Whether the files that a source lists can include the latest delivery of a trail.
//!
//! A source that lacks the newest files shows older ones as the newest. A metadata table is no longer
//! updated after its configuration was deleted (S3 User Guide, "Deleting metadata table
//! configurations"), and a list lacks deleted files.

use std::collections::BTreeMap;

use trailseal_aws::TrailDelivery;
use trailseal_logs::{Coverage, Folder, Version};
use trailseal_rule::{Reading, Refusal, Region, Timestamp};

use super::evidence::Missing;
use super::writers::{LATE_MILLIS, Status, Writers, delivers};

/// How much older than a delivery the newest file of a table may be: S3 updates a metadata table
/// within about an hour, and a file has an earlier time than its delivery.
const SLACK_MILLIS: i64 = 2 * LATE_MILLIS;

/// Up to when a source lists the files of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListedUntil {
    /// S3 lists the files before this time, after the latest delivery was read; see
    /// [`listed_before`].
    Live(Timestamp),
    /// A query of this time, over a table that S3 updates.
    Query(Timestamp),
}

impl ListedUntil {
    /// The time before which files are listed.
    pub(crate) fn before(self) -> Option<Timestamp> {
        match self {
            Self::Live(before) => Some(before),
            Self::Query(_) => None,
        }
    }

    /// The earliest time of the newest file, in milliseconds. CloudTrail does not say when it delivered
    /// before its latest delivery: after one that followed the query, one before it is expected.
    fn newest_from(self, delivered: Timestamp) -> i64 {
        let delivered = delivered.epoch_millis();
        match self {
            Self::Live(_) => delivered.saturating_sub(LATE_MILLIS),
            Self::Query(time) => delivered.min(time.epoch_millis()).saturating_sub(SLACK_MILLIS),
        }
    }

    fn fix(self) -> &'static str {
        match self {
            Self::Live(_) => {
                "find out where the later files are; `trailseal logs --versions` counts deleted files"
            }
            Self::Query(_) => "run the query again later, or check that S3 still updates the table",
        }
    }
}

/// The time before which a run from `now` on lists files, so that it lists the deliveries that were
/// read before: the names of files have whole minutes.
pub(crate) fn listed_before(now: Timestamp, statuses: &[Status]) -> Timestamp {
    const MINUTE_MILLIS: i64 = 60_000;
    let read = statuses.iter().filter_map(|status| status.as_ref().ok()?.delivered);
    let after = |time: Timestamp| {
        Timestamp::from_epoch_millis(time.epoch_millis().saturating_add(MINUTE_MILLIS))
    };
    read.map(after).fold(now, Timestamp::max)
}

/// Why the files do not prove a trail, if they lack its latest delivery. CloudTrail says when that was
/// in the home Region only, in the folders of any account there.
///
/// Of a trail that logs and has no delivery there, the newest file of each Region must be of a
/// delivery that CloudTrail names for that Region.
pub(crate) fn missing_latest(
    delivery: &TrailDelivery,
    coverage: &Coverage,
    writers: &Writers,
    listed: ListedUntil,
) -> Option<Missing> {
    let Some(delivered) = writers.latest_delivery() else {
        return never_delivered(delivery, coverage, writers, listed);
    };
    let home = &delivery.trail.home_region;
    let of_home = newest_files(delivery, coverage).filter(|(folder, _)| folder.region == *home);
    let newest = of_home.map(|(_, time)| time).max();
    let from = listed.newest_from(delivered);
    if newest.is_some_and(|newest| newest.epoch_millis() >= from) {
        return None;
    }
    let listed_there = match newest {
        Some(newest) => {
            format!("the newest file listed for its home Region {home} is of {}", newest.minute())
        }
        None => format!("no file is listed for its home Region {home}"),
    };
    let why = format!("the trail delivered at {}, but {listed_there}", delivered.minute());
    Some(Missing::of_pass(Refusal::LogFiles(why, listed.fix())))
}

/// The times of the newest files, of each encryption, in the folders of log files of a trail.
fn newest_files<'a>(
    delivery: &'a TrailDelivery,
    coverage: &'a Coverage,
) -> impl Iterator<Item = (&'a Folder, Timestamp)> {
    let of_trail = coverage.rows().filter(|(folder, _, class, _)| {
        class.version == Version::Current && !folder.has_digests() && delivers(delivery, folder)
    });
    of_trail.map(|(folder, .., totals)| (folder, totals.newest.time))
}

/// A former trail may have written the files: S3 refuses those of this one, for example. Folders that
/// are shared decide nothing.
fn never_delivered(
    delivery: &TrailDelivery,
    coverage: &Coverage,
    writers: &Writers,
    listed: ListedUntil,
) -> Option<Missing> {
    if !writers.is_logging() {
        return None;
    }
    let mut newest = BTreeMap::new();
    for (folder, time) in newest_files(delivery, coverage) {
        let others = writers.others(delivery, folder);
        let is_shared = matches!(&others, Reading::Known(others) if !others.is_empty());
        if !is_shared {
            let there = newest.entry(&folder.region).or_insert(time);
            *there = time.max(*there);
        }
    }
    let is_of_delivery = |region: &Region, newest: Timestamp| {
        writers.delivery_elsewhere(region).is_some_and(|delivered| {
            // The status was read after the list.
            let listed_last = listed.before().map_or(delivered, |before| before.min(delivered));
            let latest = delivered.epoch_millis().saturating_add(LATE_MILLIS);
            (listed.newest_from(listed_last)..=latest).contains(&newest.epoch_millis())
        })
    };
    let (region, newest) =
        newest.into_iter().find(|(region, newest)| !is_of_delivery(region, *newest))?;
    let later = writers.delivery_elsewhere(region).filter(|delivered| newest < *delivered);
    let (why, fix) = match later {
        Some(delivered) => (
            format!(
                "the trail delivered at {} in {region}, but the newest file listed there is of {}",
                delivered.minute(),
                newest.minute()
            ),
            listed.fix(),
        ),
        None => (
            format!(
                "the trail logs, but CloudTrail names no delivery in {region} at the time of the \
                 newest file there, so that another trail may have written it"
            ),
            "find out why the trail does not deliver, and which trail wrote the file",
        ),
    };
    Some(Missing::of_pass(Refusal::LogFiles(why, fix)))
}
