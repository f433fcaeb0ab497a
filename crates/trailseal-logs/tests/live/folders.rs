//! Which folders are found, and which days are read.

use trailseal_logs::live::{Cause, Day, Mode, Range};
use trailseal_rule::{AccountId, Region, Timestamp};

use crate::live::bucket::LISTED_MODIFIED;
use crate::live::support::{bucket, in_root, log, plain, planned, run, scope, sealed, statuses};

const ORGANIZATION: &str = "o-exampleorg1";

#[tokio::test]
async fn prefixes_organizations_and_former_prefixes_are_found_and_other_services_are_not() {
    let minute = "2026-01-01T00:05";
    let keys = [
        log("111122223333", minute),
        in_root("old/prefix/AWSLogs/", "111122223333", minute),
        in_root(&format!("{ORGANIZATION}/AWSLogs/{ORGANIZATION}/"), "444455556666", minute),
        in_root("AWSLogs/inner/AWSLogs/", "111122223333", minute),
        "AWSLogs/111122223333/vpcflowlogs/eu-central-1/2026/01/01/x.log.gz".to_owned(),
        "AWSLogs/111122223333/CloudTrail/".to_owned(),
        "other/2026/x.txt".to_owned(),
    ];
    let bucket = bucket(keys.map(|key| (key, plain()))).await;
    let plan = planned(&bucket, scope(Mode::Sample)).await.unwrap();
    let folders: Vec<String> = plan.folders().map(ToString::to_string).collect();
    assert_eq!(
        folders,
        [
            "AWSLogs/111122223333/CloudTrail/eu-central-1/",
            "AWSLogs/inner/AWSLogs/111122223333/CloudTrail/eu-central-1/",
            "o-exampleorg1/AWSLogs/o-exampleorg1/444455556666/CloudTrail/eu-central-1/",
            "old/prefix/AWSLogs/111122223333/CloudTrail/eu-central-1/",
        ]
    );
    let outcome = plan.run(&|_| (), std::future::pending()).await;
    assert_eq!(statuses(&outcome).iter().map(|row| row.1).sum::<u64>(), 4);
    assert!(!outcome.is_partial());
    assert!(!bucket.calls("ListObjectsV2").iter().any(|prefix| prefix.contains("vpcflowlogs")));
}

#[tokio::test]
async fn accounts_and_regions_limit_the_folders() {
    let keys = ["111122223333", "444455556666"].map(|account| log(account, "2026-01-01T00:05"));
    let bucket = bucket(keys.map(|key| (key, plain()))).await;
    let mut one_account = scope(Mode::Sample);
    one_account.accounts = vec![AccountId::parse("444455556666").unwrap()];
    let plan = planned(&bucket, one_account).await.unwrap();
    let folders: Vec<String> = plan.folders().map(ToString::to_string).collect();
    assert_eq!(folders, ["AWSLogs/444455556666/CloudTrail/eu-central-1/"]);
    let mut other_region = scope(Mode::Sample);
    other_region.regions = vec![Region::parse("us-east-1").unwrap()];
    assert_eq!(planned(&bucket, other_region).await.unwrap().folders().count(), 0);
}

#[tokio::test]
async fn a_deep_known_prefix_is_read_and_an_unknown_one_is_a_gap() {
    let deep = in_root("a/b/c/d/e/f/AWSLogs/", "111122223333", "2026-01-01T00:05");
    let bucket = bucket([(deep.clone(), plain())]).await;
    let outcome = run(&bucket, scope(Mode::Sample)).await;
    assert!(outcome.is_partial());
    assert_eq!(outcome.gaps[0].cause, Cause::NotSearched { folders: 1 });
    assert_eq!(outcome.gaps[0].place, "a/b/c/d/e/");
    let mut known = scope(Mode::Sample);
    known.known_prefixes = vec!["a/b/c/d/e/f".to_owned()];
    let outcome = run(&bucket, known).await;
    assert_eq!(statuses(&outcome).len(), 1);
    let mut below = scope(Mode::Sample);
    below.prefix = "a/b/c/".to_owned();
    let outcome = run(&bucket, below).await;
    assert_eq!(statuses(&outcome).len(), 1);
    assert!(!outcome.is_partial());
}

#[tokio::test]
async fn prefixes_with_empty_names_are_found_or_reported() {
    let minute = "2026-01-01T00:05";
    for (root, known) in [
        ("logs//AWSLogs/", "logs/"),
        ("a//b/AWSLogs/", "a//b"),
        ("a/b///AWSLogs/", "a/b//"),
        ("//AWSLogs/", "/"),
    ] {
        let file = in_root(root, "111122223333", minute);
        let bucket = bucket([(file.clone(), sealed())]).await;
        let mut with_known = scope(Mode::Sample);
        with_known.known_prefixes = vec![known.to_owned()];
        let mut below = scope(Mode::Sample);
        below.prefix = format!("{known}/");
        for scope in [scope(Mode::Sample), with_known, below] {
            let outcome = run(&bucket, scope).await;
            let rows = statuses(&outcome);
            assert_eq!((rows.len(), rows[0].2.as_str()), (1, file.as_str()), "{root}");
            assert!(!outcome.is_partial(), "{root}");
        }
    }
    let bucket = bucket([(in_root("/AWSLogs/", "111122223333", minute), sealed())]).await;
    let outcome = run(&bucket, scope(Mode::Sample)).await;
    assert_eq!(outcome.gaps[0].cause, Cause::NotSearched { folders: 1 });
    assert_eq!(outcome.gaps[0].place, "/AWSLogs/");
    assert_eq!(statuses(&outcome), []);
}

#[tokio::test]
async fn a_place_below_a_region_is_refused() {
    let bucket = bucket([(log("111122223333", "2026-01-01T00:05"), plain())]).await;
    let mut year = scope(Mode::Sample);
    year.prefix = "AWSLogs/111122223333/CloudTrail/eu-central-1/2026".to_owned();
    let outcome = run(&bucket, year).await;
    assert_eq!(outcome.gaps[0].cause, Cause::NoFolder);
    assert!(outcome.is_partial());
}

#[tokio::test]
async fn only_days_of_the_range_are_read() {
    let minutes = [
        "2026-01-31T23:55",
        "2026-02-01T00:05",
        "2026-02-10T12:00",
        "2026-02-28T23:55",
        "2026-03-01T00:05",
        "2026-11-29T15:59",
        "2026-11-29T16:00",
        "2027-01-01T00:05",
    ];
    let bucket = bucket(minutes.map(|minute| (log("111122223333", minute), sealed()))).await;
    let day = |text: &str| Some(Day::parse(text).unwrap());
    let now = Timestamp::parse("2026-11-29T16:00:30Z").unwrap();
    for (since, until, expected) in [
        (day("2026-02-01"), day("2026-02-28"), ["2026-02-01T00:05", "2026-02-28T23:55"]),
        (day("2026-02-02"), day("2026-02-28"), ["2026-02-10T12:00", "2026-02-28T23:55"]),
        (None, day("2026-02-27"), ["2026-01-31T23:55", "2026-02-10T12:00"]),
        (None, day("2026-12-31"), ["2026-01-31T23:55", "2026-11-29T15:59"]),
        (None, None, ["2026-01-31T23:55", "2027-01-01T00:05"]),
        (day("2026-03-01"), None, ["2026-03-01T00:05", "2027-01-01T00:05"]),
    ] {
        for mode in [Mode::Sample, Mode::Monthly, Mode::All] {
            let mut scope = scope(mode);
            scope.range = Range::new(since, until, now);
            let outcome = run(&bucket, scope).await;
            let rows = statuses(&outcome);
            let oldest = rows.iter().map(|row| row.2.clone()).min().unwrap();
            let newest = rows.iter().map(|row| row.3.clone()).max().unwrap();
            let [first, last] = expected.map(|minute| log("111122223333", minute));
            assert_eq!((oldest, newest), (first, last), "{since:?} {until:?} {mode:?}");
        }
    }
}

#[tokio::test]
async fn the_time_in_the_name_counts_and_not_the_day_of_the_folder() {
    let in_folder = |day: &str, minute: &str| {
        let file = log("111122223333", minute);
        let of_name = minute.split_once('T').unwrap().0.replace('-', "/");
        file.replacen(&of_name, day, 1)
    };
    let early = in_folder("2026/01/31", "2026-02-01T00:00");
    let late = in_folder("2026/03/01", "2026-02-28T23:59");
    let mut keys = vec![
        early.clone(),
        log("111122223333", "2026-02-10T12:00"),
        late.clone(),
        in_folder("2026/02/01", "2026-01-31T23:59"),
        in_folder("2026/02/28", "2026-03-01T00:00"),
    ];
    // Days with several pages of files before and after.
    for minute in 0..1300 {
        let time = format!("{:02}:{:02}", minute / 60, minute % 60);
        keys.push(log("111122223333", &format!("2026-01-31T{time}")));
        keys.push(log("111122223333", &format!("2026-03-01T{time}")));
    }
    let day = |text: &str| Some(Day::parse(text).unwrap());
    let now = Timestamp::parse("2026-11-29T16:00:30Z").unwrap();
    for (mode, files) in [(Mode::Sample, 2), (Mode::Monthly, 3), (Mode::All, 3)] {
        let bucket = bucket(keys.iter().map(|key| (key.clone(), sealed()))).await;
        let mut scope = scope(mode);
        scope.range = Range::new(day("2026-02-01"), day("2026-02-28"), now);
        let outcome = run(&bucket, scope).await;
        let rows = statuses(&outcome);
        let oldest = rows.iter().map(|row| &row.2).min().unwrap();
        let newest = rows.iter().map(|row| &row.3).max().unwrap();
        assert_eq!((oldest, newest), (&early, &late), "{mode:?}");
        assert_eq!(rows.iter().map(|row| row.1).sum::<u64>(), files, "{mode:?}");
        assert!(!outcome.is_partial());
    }
}

#[tokio::test]
async fn names_that_are_not_recognized_are_counted_and_folder_objects_are_not() {
    let folder = "AWSLogs/111122223333/CloudTrail/eu-central-1/";
    let keys = [
        log("111122223333", "2026-02-01T00:05"),
        folder.to_owned(),
        format!("{folder}2026/02/01/"),
        format!("{folder}2026/02/01/notes \n\u{202e}+%41.txt"),
        format!("{folder}x.json.gz"),
    ];
    for mode in [Mode::Sample, Mode::All] {
        let bucket = bucket(keys.clone().map(|key| (key, sealed()))).await;
        let outcome = run(&bucket, scope(mode)).await;
        assert_eq!(statuses(&outcome).len(), 1, "{mode:?}");
        assert_eq!(outcome.coverage.unrecognized, 2, "{mode:?}");
        let examples = &outcome.coverage.unrecognized_examples;
        assert!(examples.contains(&keys[3]), "{mode:?}");
        assert_eq!(outcome.coverage.others, 0);
        // It may be a newer file, so that the newest is not known.
        let cause = &outcome.gaps[0].cause;
        assert_eq!(*cause, Cause::MayBeNewer { key: keys[3].clone() });
        let gap = outcome.gaps[0].to_string();
        assert!(gap.contains("notes \\n\\u{202e}+%41.txt` comes after the newest file"), "{gap}");
        assert!(gap.ends_with("it may be a newer log file"), "{gap}");
    }
}

#[tokio::test]
async fn an_unknown_name_is_a_gap_only_where_a_newer_file_would_be() {
    let folder = "AWSLogs/111122223333/CloudTrail/eu-central-1/";
    let newest = log("111122223333", "2026-02-02T00:05");
    for (name, is_gap) in [
        ("2026/02/01/x.json.gz", false),
        ("2026/02/01/sub/x.json.gz", false),
        ("2026/02/02/0", false),
        ("2026/02/02/x.json.gz", true),
        ("2026/02/02/sub/x.json.gz", true),
        ("2026/02/30/x.json.gz", true),
        ("2026/13/x.json.gz", true),
        ("new/2026/02/03/x.json.gz", true),
        ("x.json.gz", true),
        ("2026/02/03/111122223333_CloudTrail_eu-central-1_2026.json.zst", true),
    ] {
        for mode in [Mode::Sample, Mode::Monthly, Mode::All] {
            let keys = [
                log("111122223333", "2026-02-01T00:05"),
                newest.clone(),
                format!("{folder}{name}"),
            ];
            let bucket = bucket(keys.map(|key| (key, sealed()))).await;
            let outcome = run(&bucket, scope(mode)).await;
            assert_eq!(outcome.is_partial(), is_gap, "{name} {mode:?}");
            assert_eq!(statuses(&outcome).len(), 1);
        }
    }
}

#[tokio::test]
async fn an_unknown_name_is_a_gap_if_the_object_was_written_after_the_newest_file() {
    let folder = "AWSLogs/111122223333/CloudTrail/eu-central-1/";
    let written = |time: &str| {
        let mut headers = sealed();
        headers.push((LISTED_MODIFIED, time.to_owned()));
        headers
    };
    let older = "2026-02-02T12:10:00.000Z";
    let newer = "2026-02-02T12:11:00.001Z";
    for name in ["2026/02/02//x.json.gz", "2026/02/02/0", "2026-02-02/x.json.gz", "0"] {
        // A day with several pages of files, and one with a single file.
        for minutes in [1, 1300] {
            let minute = |minute: u32| format!("2026-02-02T{:02}:{:02}", minute / 60, minute % 60);
            let files = (0..minutes).map(|at| (log("111122223333", &minute(at)), written(older)));
            let mut objects: Vec<_> = files.collect();
            objects
                .push((log("111122223333", "2026-02-02T23:50"), written("2026-02-02T12:11:00Z")));
            for (time, is_gap) in [(older, false), (newer, true)] {
                let odd = format!("{folder}{name}");
                let all = objects.iter().cloned().chain([(odd.clone(), written(time))]);
                let bucket = bucket(all).await;
                for mode in [Mode::Sample, Mode::Monthly, Mode::All] {
                    let outcome = run(&bucket, scope(mode)).await;
                    let what = format!("{name} {time} {minutes} {mode:?}");
                    assert_eq!(outcome.is_partial(), is_gap, "{what}");
                    assert_eq!(outcome.coverage.unrecognized, 1, "{what}");
                    if let [gap] = outcome.gaps.as_slice() {
                        assert_eq!(gap.cause, Cause::MayBeNewer { key: odd.clone() }, "{what}");
                    }
                }
            }
        }
    }
}

/// A file of a later month is newer than the object.
#[tokio::test]
async fn an_unknown_name_in_an_old_month_is_no_gap() {
    let folder = "AWSLogs/111122223333/CloudTrail/eu-central-1/2026";
    for (days, is_gap) in
        [(&["08/10"][..], false), (&["08/10", "09/30"], false), (&["11/28"], true)]
    {
        for mode in [Mode::Sample, Mode::Monthly, Mode::All] {
            let files = ["2026-08-10T10:00", "2026-09-10T10:00", "2026-11-28T10:00"];
            let files = files.map(|minute| log("111122223333", minute));
            let odd = days.iter().map(|day| format!("{folder}/{day}/notes.txt"));
            let keys: Vec<String> = files.into_iter().chain(odd).collect();
            let bucket = bucket(keys.into_iter().map(|key| (key, sealed()))).await;
            let outcome = run(&bucket, scope(mode)).await;
            assert_eq!(outcome.is_partial(), is_gap, "{days:?} {mode:?}: {:?}", outcome.gaps);
        }
    }
}
