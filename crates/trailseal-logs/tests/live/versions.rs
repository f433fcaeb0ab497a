//! Noncurrent versions and deleted files.

use trailseal_logs::live::{Cause, Mode, Outcome};
use trailseal_logs::{FileStatus, Unread, Version};

use crate::live::bucket::{status, text};
use crate::live::support::{bucket, bucket_with, log, run, scope, sealed, with_key};

fn file(minute: &str) -> String {
    log("111122223333", &format!("2026-02-03T{minute}"))
}

fn entry(kind: &str, key: &str, is_latest: bool) -> String {
    format!(
        "<{kind}><Key>{key}</Key><VersionId>1</VersionId><IsLatest>{is_latest}</IsLatest>\
         <Size>7</Size></{kind}>"
    )
}

fn page(rest: &str) -> String {
    format!("<ListVersionsResult>{rest}</ListVersionsResult>")
}

/// The outcome of a run, with these pages of versions.
async fn with_pages(mode: Mode, pages: Vec<(u16, String)>) -> Outcome {
    let files = ["00:05", "00:10"].map(|minute| (file(minute), sealed()));
    let bucket = bucket_with(files, move |operation, _, number| {
        let (code, page) = pages.get(number - 1).or(pages.last())?;
        (operation == "ListObjectVersions").then(|| text(*code, page))
    });
    let bucket = bucket.await;
    let mut scope = scope(mode);
    scope.versions = true;
    let outcome = run(&bucket, scope).await;
    assert!(
        bucket.calls("ListObjectVersions").iter().all(|prefix| prefix.ends_with("eu-central-1/"))
    );
    outcome
}

fn rows(outcome: &Outcome) -> Vec<(FileStatus, Version, u64)> {
    let rows = outcome.coverage.rows();
    rows.map(|(_, _, class, totals)| (class.status.clone(), class.version, totals.files)).collect()
}

#[tokio::test]
async fn versions_and_deleted_files_are_counted_apart_and_nothing_is_missing() {
    let first = entry("Version", &file("00:05"), true)
        + &entry("Version", &file("00:05"), false)
        + &entry("DeleteMarker", &file("00:07"), true)
        + "<IsTruncated>true</IsTruncated><NextKeyMarker>"
        + &file("00:07")
        + "</NextKeyMarker><NextVersionIdMarker>1</NextVersionIdMarker>";
    let second = entry("Version", &file("00:07"), false)
        + &entry("Version", &file("00:10"), true)
        + &entry("DeleteMarker", &file("00:10"), false)
        + &entry("Version", "AWSLogs/111122223333/CloudTrail/eu-central-1/x", false)
        + "<IsTruncated>false</IsTruncated>";
    for mode in [Mode::Sample, Mode::Monthly, Mode::All] {
        let pages = vec![(200, page(&first)), (200, page(&second))];
        let outcome = with_pages(mode, pages).await;
        assert_eq!(outcome.gaps, [], "{mode:?}");
        assert!(!outcome.is_partial());
        let mut expected = vec![
            (with_key(), Version::Current, 2),
            (FileStatus::Unread(Unread::NotAsked), Version::Noncurrent, 2),
            (FileStatus::Unread(Unread::DeleteMarker), Version::Current, 1),
            (FileStatus::Unread(Unread::DeleteMarker), Version::Noncurrent, 1),
        ];
        expected.sort();
        assert_eq!(rows(&outcome), expected, "{mode:?}");
    }
}

/// HEAD answers that the file has a delete marker by now, and the list of versions shows the marker.
#[tokio::test]
async fn a_file_that_is_deleted_during_the_run_is_counted_once() {
    let files = ["00:05", "00:07", "00:10"].map(|minute| (file(minute), sealed()));
    let versions = entry("Version", &file("00:05"), true)
        + &entry("Version", &file("00:07"), false)
        + &entry("Version", &file("00:10"), true)
        + &entry("DeleteMarker", &file("00:03"), true)
        + &entry("DeleteMarker", &file("00:07"), true)
        + &entry("DeleteMarker", &file("00:07"), false)
        + "<IsTruncated>false</IsTruncated>";
    let bucket = bucket_with(files, move |operation, key, _| match operation {
        "ListObjectVersions" => Some(text(200, &page(&versions))),
        "HeadObject" if key == file("00:07") => {
            let mut deleted = status(404);
            deleted.headers_mut().insert("x-amz-delete-marker", "true".parse().unwrap());
            Some(deleted)
        }
        _ => None,
    });
    let bucket = bucket.await;
    let mut scope = scope(Mode::All);
    scope.versions = true;
    let mut expected = vec![
        (with_key(), Version::Current, 2),
        (FileStatus::Unread(Unread::NotAsked), Version::Noncurrent, 1),
        (FileStatus::Unread(Unread::DeleteMarker), Version::Current, 2),
        (FileStatus::Unread(Unread::DeleteMarker), Version::Noncurrent, 1),
    ];
    expected.sort();
    assert_eq!(rows(&run(&bucket, scope).await), expected);
}

#[tokio::test]
async fn without_the_option_no_versions_are_listed() {
    let bucket = bucket([(file("00:05"), sealed())]).await;
    run(&bucket, scope(Mode::All)).await;
    assert_eq!(bucket.calls("ListObjectVersions"), [""; 0]);
}

#[tokio::test]
async fn a_list_of_versions_that_is_not_whole_is_a_gap() {
    let denied = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>".to_owned();
    let ends = "<IsTruncated>false</IsTruncated>";
    let same =
        format!("<IsTruncated>true</IsTruncated><NextKeyMarker>{}</NextKeyMarker>", file("00:05"));
    let two = entry("Version", &file("00:10"), true) + &entry("Version", &file("00:05"), true);
    let unknown = entry("Version", &file("00:05"), true).replace("true", "");
    for (code, body, expected) in [
        (403, denied, "s3:ListBucketVersions in eu-central-1 was denied"),
        (200, page(""), "IsTruncated"),
        (200, page("<IsTruncated>true</IsTruncated>"), "without a key"),
        (200, page(&same), "the same list again"),
        (200, page(&(two + ends)), "do not increase"),
        (200, page(&(entry("DeleteMarker", "zzz", true) + ends)), "outside the folder"),
        (200, page(&(unknown.replace("<IsLatest></IsLatest>", "") + ends)), "IsLatest"),
    ] {
        let outcome = with_pages(Mode::Sample, vec![(code, body)]).await;
        assert!(outcome.is_partial(), "{expected}");
        assert!(matches!(outcome.gaps[0].cause, Cause::Versions(_)), "{expected}");
        let gap = outcome.gaps[0].to_string();
        assert!(gap.contains(expected), "{expected}: {gap}");
        assert_eq!(rows(&outcome), [(with_key(), Version::Current, 2)]);
    }
}
