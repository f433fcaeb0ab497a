//! Objects that may be newer than the newest file, wherever they are in the folder of a Region.

use trailseal_logs::live::{Cause, Gap, Mode};

use crate::live::bucket::{Bucket, Headers, LISTED_MODIFIED};
use crate::live::support::{bucket, in_root, log, plain, run, scope, sealed};

const ACCOUNT: &str = "111122223333";

const FOLDER: &str = "AWSLogs/111122223333/CloudTrail/eu-central-1/";

const MODES: [Mode; 3] = [Mode::Sample, Mode::Monthly, Mode::All];

const FILES_WRITTEN: &str = "2026-09-30T12:00:00.000Z";

const LATER: &str = "2026-09-30T12:00:00.001Z";

fn written(mut headers: Headers, time: &str) -> Headers {
    headers.push((LISTED_MODIFIED, time.to_owned()));
    headers
}

/// A file for each hour of some days of each month, which end on 2026-09-30.
fn history(months: &[&str]) -> Vec<(String, Headers)> {
    let days = months.iter().flat_map(|month| [1, 15, 30].map(|day| format!("{month}-{day:02}")));
    let hours =
        days.flat_map(|day| (0..12).map(move |hour| log(ACCOUNT, &format!("{day}T{hour:02}:00"))));
    hours.map(|key| (key, written(sealed(), FILES_WRITTEN))).collect()
}

fn may_be_newer(place: &str, key: &str) -> Vec<Gap> {
    vec![Gap { place: place.to_owned(), cause: Cause::MayBeNewer { key: key.to_owned() } }]
}

#[tokio::test]
async fn an_object_beside_the_years_or_months_is_a_gap_if_it_was_written_after_the_newest_file() {
    for name in ["0", "2026/0", "2025-09-30/x.json.gz", "2025/1/31/x.json.gz"] {
        for months in [&["2026-09"][..], &["2025-11", "2026-08", "2026-09"]] {
            for (time, is_gap) in [(FILES_WRITTEN, false), (LATER, true)] {
                let odd = format!("{FOLDER}{name}");
                let mut objects = history(months);
                objects.push((odd.clone(), written(sealed(), time)));
                let bucket = bucket(objects).await;
                for mode in MODES {
                    let outcome = run(&bucket, scope(mode)).await;
                    let expected = may_be_newer(FOLDER, &odd);
                    let expected = if is_gap { expected } else { Vec::new() };
                    assert_eq!(outcome.gaps, expected, "{name} {months:?} {time} {mode:?}");
                    assert_eq!(outcome.coverage.unrecognized, 1, "{name} {months:?} {mode:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn an_object_in_a_folder_without_months_is_a_gap() {
    let empty = FOLDER.replace("eu-central-1", "eu-west-1");
    for name in ["x.json.gz", "2026/x.json.gz", "2026/1/31/x.json.gz", "2026-01-31/x.json.gz"] {
        let odd = format!("{empty}{name}");
        let mut objects = history(&["2026-08", "2026-09"]);
        objects.push((odd.clone(), written(sealed(), FILES_WRITTEN)));
        let bucket = bucket(objects).await;
        for mode in MODES {
            let outcome = run(&bucket, scope(mode)).await;
            assert_eq!(outcome.gaps, may_be_newer(&empty, &odd), "{name} {mode:?}");
            assert_eq!(outcome.coverage.unrecognized, 1, "{name} {mode:?}");
        }
    }
}

/// Its key comes after those of September, since `1` is greater than `09`.
#[tokio::test]
async fn a_date_in_another_spelling_is_a_gap_where_its_key_comes_after_the_newest_file() {
    let file = log(ACCOUNT, "2026-01-31T10:00");
    let of_january = file.rsplit('/').next().unwrap();
    for name in [
        "2026/1/31/x.json.gz",
        &format!("2026/1/31/{of_january}"),
        &format!("2026/09/30/0/2026/01/31/{of_january}"),
        "2026/9/30/x.json.gz",
        "2026/09/3/x.json.gz",
        "2026/009/30/x.json.gz",
    ] {
        let odd = format!("{FOLDER}{name}");
        let mut objects = history(&["2026-09"]);
        let is_gap = objects.last().is_some_and(|(newest, _)| odd > *newest);
        objects.push((odd.clone(), written(sealed(), FILES_WRITTEN)));
        let bucket = bucket(objects).await;
        for mode in MODES {
            let outcome = run(&bucket, scope(mode)).await;
            let expected = may_be_newer(FOLDER, &odd);
            assert_eq!(outcome.gaps, if is_gap { expected } else { vec![] }, "{name} {mode:?}");
        }
    }
}

/// Neither the objects that the S3 console creates for folders nor a later month without files hide
/// it.
#[tokio::test]
async fn an_object_far_behind_the_newest_month_is_a_gap() {
    let odd = format!("{FOLDER}2027/1/31/x.json.gz");
    for later in [None, Some("2099/01/"), Some("2099/01/01/"), Some("2099/1/1/")] {
        let mut objects = history(&["2026-08", "2026-09"]);
        let folders = (0..50).map(|number| format!("{FOLDER}2027/1/30/{number:02}/"));
        objects.extend(folders.map(|key| (key, plain())));
        objects.extend(later.map(|name| (format!("{FOLDER}{name}"), plain())));
        objects.push((odd.clone(), written(sealed(), FILES_WRITTEN)));
        let bucket = Bucket::start(objects, 10, |_, _, _| None).await;
        for mode in MODES {
            let outcome = run(&bucket, scope(mode)).await;
            assert_eq!(outcome.gaps, may_be_newer(FOLDER, &odd), "{later:?} {mode:?}");
            assert_eq!(outcome.coverage.unrecognized, 1, "{later:?} {mode:?}");
        }
    }
}

/// The search for the file where the encryption changed lists days between the oldest and the
/// newest file.
#[tokio::test]
async fn an_object_that_the_search_for_a_change_lists_is_a_gap_if_it_was_written_last() {
    let odd = format!("{FOLDER}2026/09/15/0.json.gz");
    for (time, is_gap) in [(FILES_WRITTEN, false), (LATER, true)] {
        let files = history(&["2026-09"]).into_iter().enumerate();
        let files = files.map(|(number, (key, headers))| match number {
            0..20 => (key, written(plain(), FILES_WRITTEN)),
            _ => (key, headers),
        });
        let mut objects: Vec<_> = files.collect();
        objects.push((odd.clone(), written(sealed(), time)));
        let bucket = bucket(objects).await;
        for mode in MODES {
            let outcome = run(&bucket, scope(mode)).await;
            let expected = may_be_newer(FOLDER, &odd);
            assert_eq!(outcome.gaps, if is_gap { expected } else { vec![] }, "{time} {mode:?}");
            assert_eq!(outcome.coverage.unrecognized, 1, "{time} {mode:?}");
        }
    }
}

#[tokio::test]
async fn an_object_is_a_gap_in_its_own_folder_only() {
    let other = in_root("AWSLogs/", "444455556666", "2026-09-01T10:00");
    let odd = "AWSLogs/444455556666/CloudTrail/eu-central-1/0";
    let mut objects = history(&["2026-09"]);
    objects.push((other, written(sealed(), FILES_WRITTEN)));
    objects.push((odd.to_owned(), written(sealed(), LATER)));
    let bucket = bucket(objects).await;
    for mode in MODES {
        let outcome = run(&bucket, scope(mode)).await;
        let place = odd.strip_suffix('0').unwrap();
        assert_eq!(outcome.gaps, may_be_newer(place, odd), "{mode:?}");
    }
}
