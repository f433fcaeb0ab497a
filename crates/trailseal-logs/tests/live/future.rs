//! Files and folders of days after the start of a run, which is at 16:00:30 on 2026-11-29.

use trailseal_logs::live::{Cause, Mode, Requests};

use crate::live::bucket::{Bucket, Headers, LISTED_MODIFIED};
use crate::live::support::{
    bucket, log, plain, planned, run, scope, sealed, statuses, with_key, without_key,
};

const ACCOUNT: &str = "111122223333";

const MODES: [Mode; 3] = [Mode::Sample, Mode::Monthly, Mode::All];

/// A file in the folder of another day than that of its name.
fn in_folder(day: &str, minute: &str) -> String {
    let of_name = minute.split_once('T').unwrap().0.replace('-', "/");
    log(ACCOUNT, minute).replacen(&of_name, day, 1)
}

fn written(time: &str, mut headers: Headers) -> Headers {
    headers.push((LISTED_MODIFIED, format!("{time}:30.000Z")));
    headers
}

/// Two files with the key, and another object.
fn beside(key: &str, headers: Headers) -> Vec<(String, Headers)> {
    let own =
        ["2026-11-28T10:00", "2026-11-29T10:00"].map(|minute| (log(ACCOUNT, minute), sealed()));
    own.into_iter().chain([(key.to_owned(), headers)]).collect()
}

#[tokio::test]
async fn a_newer_file_in_the_folder_of_the_next_day_is_read() {
    let newest = in_folder("2026/11/30", "2026-11-29T12:00");
    for mode in MODES {
        let bucket = bucket(beside(&newest, plain())).await;
        let outcome = run(&bucket, scope(mode)).await;
        let rows = statuses(&outcome);
        let without = rows.iter().find(|row| row.0 == without_key());
        assert_eq!(without.map(|row| &row.3), Some(&newest), "{mode:?}");
        assert!(!outcome.is_partial(), "{mode:?}");
    }
}

/// The check then says that its time is in the future.
#[tokio::test]
async fn a_file_with_a_time_in_the_future_is_read() {
    for minute in ["2026-11-29T16:16", "2026-12-24T10:00", "2099-01-01T00:00"] {
        for mode in MODES {
            let bucket = bucket(beside(&log(ACCOUNT, minute), plain())).await;
            let outcome = run(&bucket, scope(mode)).await;
            let rows = statuses(&outcome);
            let without = rows.iter().find(|row| row.0 == without_key());
            let newest = log(ACCOUNT, minute);
            assert_eq!(without.map(|row| &row.3), Some(&newest), "{minute} {mode:?}");
        }
    }
}

/// It makes no difference how long a run takes.
#[tokio::test]
async fn a_file_that_is_delivered_during_the_run_is_left_for_the_next_one() {
    for (minute, modified) in [
        ("2026-11-29T16:00", "2015-10-21T07:28"),
        ("2026-11-29T16:15", "2015-10-21T07:28"),
        ("2026-11-29T16:16", "2026-11-29T16:16"),
        ("2026-11-29T19:20", "2026-11-29T19:21"),
        ("2026-11-30T00:05", "2026-11-29T23:50"),
        ("2026-12-01T00:05", "2026-12-01T00:06"),
    ] {
        for mode in MODES {
            let file = (log(ACCOUNT, minute), written(modified, plain()));
            let bucket = bucket(beside(&file.0, file.1)).await;
            let outcome = run(&bucket, scope(mode)).await;
            let rows = statuses(&outcome);
            assert_eq!(rows.len(), 1, "{minute} {mode:?}");
            assert_eq!((&rows[0].0, rows[0].1), (&with_key(), 2), "{minute} {mode:?}");
            assert!(!outcome.is_partial(), "{minute} {mode:?}");
        }
    }
}

#[tokio::test]
async fn an_unknown_name_in_the_folder_of_a_later_day_is_a_gap() {
    let folder = format!("AWSLogs/{ACCOUNT}/CloudTrail/eu-central-1");
    for day in ["2026/11/30", "2026/12/02", "2031/01/01"] {
        let odd = format!("{folder}/{day}/odd.json.gz");
        for mode in MODES {
            let bucket = bucket(beside(&odd, plain())).await;
            let outcome = run(&bucket, scope(mode)).await;
            let causes: Vec<_> = outcome.gaps.iter().map(|gap| &gap.cause).collect();
            assert_eq!(causes, [&Cause::MayBeNewer { key: odd.clone() }], "{mode:?}");
            assert_eq!(outcome.coverage.unrecognized, 1, "{mode:?}");
        }
    }
}

/// As `docs/LOGS.md` says.
#[tokio::test]
async fn a_run_that_goes_on_past_midnight_lists_one_more_day() {
    let file = written("2026-11-30T00:05", sealed());
    let bucket = bucket(beside(&log(ACCOUNT, "2026-11-30T00:05"), file)).await;
    let plan = planned(&bucket, scope(Mode::Sample)).await.unwrap();
    let (made, planned) = (plan.requests_made(), plan.requests());
    let outcome = plan.run(&|_| (), std::future::pending()).await;
    assert_eq!(outcome.requests, made + planned + Requests { list: 1, head: 0 });
}

/// The LIST requests of a run. The first days of December have a number of objects that the S3
/// console creates for folders, and no files. An answer to LIST has 10 objects.
async fn lists(mode: Mode, days: usize, objects_of_day: usize) -> usize {
    let folder = format!("AWSLogs/{ACCOUNT}/CloudTrail/eu-central-1/2026/12");
    let mut objects = beside(&log(ACCOUNT, "2026-11-29T11:00"), sealed());
    for day in 1..=days {
        let names = (0..objects_of_day).map(|number| format!("{folder}/{day:02}/x{number:02}/"));
        objects.extend(names.map(|key| (key, plain())));
    }
    let bucket = Bucket::start(objects, 10, |_, _, _| None).await;
    let outcome = run(&bucket, scope(mode)).await;
    assert!(!outcome.is_partial(), "{mode:?} {days}");
    assert_eq!(statuses(&outcome)[0].3, log(ACCOUNT, "2026-11-29T11:00"), "{mode:?} {days}");
    bucket.calls("ListObjectsV2").len()
}

/// Whoever can write to the bucket can make many folders of days.
#[tokio::test]
async fn the_lists_grow_with_the_days_without_files_and_not_with_their_square() {
    // A day with more objects than an answer is searched by its hours.
    for (objects_of_day, most_of_day) in [(1, 1), (2, 1), (15, 12)] {
        for mode in [Mode::Sample, Mode::Monthly] {
            let [ten, twenty, thirty] = [
                lists(mode, 10, objects_of_day).await,
                lists(mode, 20, objects_of_day).await,
                lists(mode, 30, objects_of_day).await,
            ];
            let what = format!("{objects_of_day} {mode:?}: {ten} {twenty} {thirty}");
            assert_eq!(twenty - ten, thirty - twenty, "{what}");
            // Ten days have one answer with their names. `--monthly` lists the objects once more.
            assert!(twenty - ten <= 10 * most_of_day + 1 + objects_of_day, "{what}");
        }
    }
}
