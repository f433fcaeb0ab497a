//! Samples, and the file where the encryption changed.

use std::collections::HashSet;

use trailseal_logs::live::{Mode, Requests};

use crate::live::support::{
    bucket, log, plain, planned, run, scope, sealed, statuses, with_key, without_key,
};

const ACCOUNT: &str = "111122223333";

/// A file at noon of each day of a month.
fn days(month: &str, days: std::ops::RangeInclusive<u32>) -> Vec<String> {
    days.map(|day| log(ACCOUNT, &format!("{month}-{day:02}T12:00"))).collect()
}

#[tokio::test]
async fn the_oldest_and_the_newest_file_are_read_with_the_planned_requests() {
    for accounts in [1, 3] {
        let names: Vec<String> =
            (0..accounts).map(|number| format!("11112222333{number}")).collect();
        let objects = names.iter().flat_map(|account| {
            ["2025-12-30T23:55", "2026-01-01T00:05", "2026-03-02T07:30"]
                .map(|minute| (log(account, minute), sealed()))
        });
        let bucket = bucket(objects).await;
        let plan = planned(&bucket, scope(Mode::Sample)).await.unwrap();
        assert_eq!(plan.counts.folders, accounts);
        let planned = plan.requests();
        assert_eq!(planned, Requests { list: 5 * accounts, head: 2 * accounts });
        // The bucket, `AWSLogs/`, and for each account its kinds and their Regions.
        let found = Requests { list: 2 + 2 * accounts, head: 0 };
        assert_eq!(plan.requests_made(), found);
        let outcome = plan.run(&|_| (), std::future::pending()).await;
        assert_eq!(outcome.requests, found + planned);
        assert!(!outcome.is_partial());
        let heads = bucket.calls("HeadObject");
        for account in &names {
            assert!(heads.contains(&log(account, "2025-12-30T23:55")));
            assert!(heads.contains(&log(account, "2026-03-02T07:30")));
        }
        assert_eq!(heads.len() as u64, planned.head);
    }
}

#[tokio::test]
async fn the_file_where_the_encryption_changed_is_found_wherever_it_is() {
    let keys: Vec<String> = [days("2025-11", 3..=30), days("2026-02", 1..=28)].concat();
    for change in 1..keys.len() {
        let objects = keys
            .iter()
            .enumerate()
            .map(|(number, key)| (key.clone(), if number < change { plain() } else { sealed() }));
        let bucket = bucket(objects).await;
        let outcome = run(&bucket, scope(Mode::Sample)).await;
        let first = statuses(&outcome).into_iter().find(|(status, ..)| *status == with_key());
        assert_eq!(first.unwrap().2, keys[change], "{change}");
        let rows = statuses(&outcome);
        let last = rows.iter().rev().find(|(status, ..)| *status == without_key());
        assert_eq!(last.unwrap().3, keys[change - 1], "{change}");
        assert!(!outcome.is_partial());
        assert!(bucket.calls("HeadObject").len() < 16);
    }
}

/// The names of digests begin with that of their trail, so that their order is not that of their times.
#[tokio::test]
async fn no_digest_is_read_twice() {
    let hours = (1..=6).flat_map(|day| [1, 13].map(|hour| (day, hour)));
    let digests = hours.flat_map(|(day, hour)| {
        ["zoo", "main", "audit"].map(|trail| {
            let folder =
                format!("AWSLogs/{ACCOUNT}/CloudTrail-Digest/eu-central-1/2026/02/{day:02}");
            let name = format!("{ACCOUNT}_CloudTrail-Digest_eu-central-1_{trail}_eu-central-1");
            format!("{folder}/{name}_202602{day:02}T{hour:02}0000Z.json.gz")
        })
    });
    let digests: Vec<String> = digests.collect();
    for change in 1..digests.len() {
        let objects = digests
            .iter()
            .enumerate()
            .map(|(number, key)| (key.clone(), if number < change { plain() } else { sealed() }));
        let bucket = bucket(objects).await;
        run(&bucket, scope(Mode::Sample)).await;
        let read = bucket.calls("HeadObject");
        let each: HashSet<&String> = read.iter().collect();
        assert_eq!(each.len(), read.len(), "{change}: {read:?}");
    }
}

#[tokio::test]
async fn the_change_is_found_within_a_day_of_several_pages() {
    let minutes: Vec<String> = (0..1300)
        .map(|minute| log(ACCOUNT, &format!("2026-02-03T{:02}:{:02}", minute / 60, minute % 60)))
        .collect();
    for change in [1, 700, 998, 999, 1000, 1001, 1002, 1299] {
        let objects = minutes
            .iter()
            .enumerate()
            .map(|(number, key)| (key.clone(), if number < change { plain() } else { sealed() }));
        let bucket = bucket(objects).await;
        let outcome = run(&bucket, scope(Mode::Sample)).await;
        let rows = statuses(&outcome);
        let [sealed, plain] = [with_key(), without_key()]
            .map(|status| rows.iter().find(|row| row.0 == status).unwrap().clone());
        assert_eq!((&sealed.2, &sealed.3), (&minutes[change], &minutes[1299]));
        assert_eq!((&plain.2, &plain.3), (&minutes[0], &minutes[change - 1]));
    }
}

#[tokio::test]
async fn each_month_is_sampled_with_the_planned_requests() {
    let objects = ["2025-12", "2026-01", "2026-02"].map(|month| days(month, 1..=20)).concat();
    let bucket = bucket(objects.into_iter().map(|key| (key, sealed()))).await;
    let plan = planned(&bucket, scope(Mode::Monthly)).await.unwrap();
    assert_eq!(plan.counts.months, 3);
    let (made, planned) = (plan.requests_made(), plan.requests());
    assert_eq!(planned, Requests { list: 9, head: 6 });
    let outcome = plan.run(&|_| (), std::future::pending()).await;
    assert_eq!(outcome.requests, made + planned);
    let rows = statuses(&outcome);
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row.0 == with_key() && row.1 == 2));
}

/// As `docs/LOGS.md` says.
#[tokio::test]
async fn a_folder_without_a_month_takes_two_lists_and_one_for_each_year() {
    let folder = format!("AWSLogs/{ACCOUNT}/CloudTrail/eu-central-1/");
    for years in [&[][..], &["2025"], &["2025", "2026"]] {
        let years_as_keys = years.iter().map(|year| (format!("{folder}{year}/"), plain()));
        let bucket = bucket(years_as_keys.chain([(folder.clone(), plain())])).await;
        let plan = planned(&bucket, scope(Mode::Monthly)).await.unwrap();
        let made = plan.requests_made();
        let outcome = plan.run(&|_| (), std::future::pending()).await;
        let expected = made + Requests { list: 2 + years.len() as u64, head: 0 };
        assert_eq!(outcome.requests, expected, "{years:?}");
        assert!(!outcome.is_partial(), "{years:?}");
    }
}

#[tokio::test]
async fn every_file_is_read_with_the_planned_requests() {
    for minutes in [3, 1439] {
        let objects = (0..minutes).map(|minute| {
            log(ACCOUNT, &format!("2026-02-03T{:02}:{:02}", minute / 60, minute % 60))
        });
        let bucket = bucket(objects.map(|key| (key, sealed()))).await;
        let plan = planned(&bucket, scope(Mode::All)).await.unwrap();
        let (made, planned) = (plan.requests_made(), plan.requests());
        assert_eq!(planned, Requests { list: 1 + minutes / 1000, head: minutes });
        let outcome = plan.run(&|_| (), std::future::pending()).await;
        assert_eq!(outcome.requests, made + planned);
        let rows = statuses(&outcome);
        assert_eq!(rows.len(), 1);
        assert_eq!((&rows[0].0, rows[0].1), (&with_key(), minutes));
        assert!(!outcome.is_partial());
    }
}

#[tokio::test]
async fn one_request_at_a_time_is_enough() {
    for mode in [Mode::Sample, Mode::Monthly, Mode::All] {
        let objects = (0..5).flat_map(|account| {
            ["2026-01-01T00:05", "2026-03-02T07:30"]
                .map(|minute| (log(&format!("11112222333{account}"), minute), sealed()))
        });
        let bucket = bucket(objects).await;
        let mut scope = scope(mode);
        scope.concurrency = 1;
        let outcome = run(&bucket, scope).await;
        let files: u64 = statuses(&outcome).iter().map(|row| row.1).sum();
        assert_eq!(files, 10, "{mode:?}");
    }
}
