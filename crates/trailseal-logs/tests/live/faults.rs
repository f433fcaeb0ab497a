//! What is not read is never counted as encrypted.

use std::time::Duration;

use trailseal_logs::live::{Mode, Step};
use trailseal_logs::{Encryption, FileStatus, KeyName, Unread};

use crate::live::bucket::{Headers, status, text};
use crate::live::support::{
    bucket, bucket_with, log, plain, planned, run, scope, sealed, statuses, with_key,
};

const ACCOUNT: &str = "111122223333";

fn two() -> [(String, Headers); 2] {
    ["2026-01-01T00:05", "2026-03-02T07:30"].map(|minute| (log(ACCOUNT, minute), sealed()))
}

#[tokio::test]
async fn each_answer_to_head_is_a_status_of_its_own() {
    let kms = |mode: &str, key: Option<&str>| {
        let mut headers = vec![("x-amz-server-side-encryption", mode.to_owned())];
        headers
            .extend(key.map(|key| ("x-amz-server-side-encryption-aws-kms-key-id", key.to_owned())));
        headers
    };
    let alias = "arn:aws:kms:eu-central-1:111122223333:alias/logs";
    let unnamed = || FileStatus::Read(Encryption::SseKms(KeyName::Unnamed));
    for (headers, expected) in [
        (sealed(), with_key()),
        (plain(), FileStatus::Read(Encryption::SseS3)),
        (vec![], FileStatus::Read(Encryption::NotEncrypted)),
        (kms("aws:kms", None), unnamed()),
        (kms("aws:kms", Some("1234abcd-12ab-34cd-56ef-1234567890ab")), unnamed()),
        (kms("aws:kms", Some(alias)), unnamed()),
        (kms("aws:kms:dsse", None), FileStatus::Read(Encryption::DsseKms(KeyName::Unnamed))),
        (kms("aws:fsx", None), FileStatus::Read(Encryption::Unrecognized)),
        (kms("AWS:KMS", None), FileStatus::Read(Encryption::Unrecognized)),
        (
            vec![("x-amz-server-side-encryption-customer-algorithm", "AES256".to_owned())],
            FileStatus::Read(Encryption::SseC),
        ),
    ] {
        let bucket = bucket([(log(ACCOUNT, "2026-01-01T00:05"), headers.clone())]).await;
        let outcome = run(&bucket, scope(Mode::Sample)).await;
        assert_eq!(statuses(&outcome)[0].0, expected, "{headers:?}");
        assert!(!outcome.is_partial());
    }
}

#[tokio::test]
async fn each_failure_of_head_is_a_status_and_ends_no_run() {
    for (code, marker, expected) in [
        (403, false, Unread::Denied),
        (404, false, Unread::Missing),
        (404, true, Unread::DeleteMarker),
        (405, true, Unread::DeleteMarker),
        (400, false, Unread::Rejected),
        (503, false, Unread::Throttled),
        (429, false, Unread::Throttled),
        (500, false, Unread::Failed),
        (301, false, Unread::Failed),
        (304, false, Unread::Failed),
        // Without the headers of every object, an answer proves nothing.
        (200, false, Unread::Failed),
    ] {
        for mode in [Mode::Sample, Mode::Monthly, Mode::All] {
            let bucket = bucket_with(two(), move |operation, key, _| {
                let mut answer = status(code);
                if marker {
                    answer.headers_mut().insert("x-amz-delete-marker", "true".parse().unwrap());
                }
                (operation == "HeadObject" && key.contains("2026/03")).then_some(answer)
            });
            let outcome = run(&*bucket.await, scope(mode)).await;
            let rows = statuses(&outcome);
            assert_eq!(rows.len(), 2, "{code} {mode:?}");
            assert_eq!(rows[0].0, with_key(), "{code} {mode:?}");
            assert_eq!(rows[1].0, FileStatus::Unread(expected), "{code} {mode:?}");
            assert!(outcome.is_partial(), "{code} {mode:?}");
        }
    }
}

#[tokio::test]
async fn a_list_that_fails_is_a_gap_wherever_it_fails() {
    let denied = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
    let slow_down = "<Error><Code>SlowDown</Code><Message>slow</Message></Error>";
    let page = |rest: &str| format!("<ListBucketResult>{rest}</ListBucketResult>");
    let answers = [
        (403, denied.to_owned(), "s3:ListBucket in eu-central-1 was denied: AccessDenied"),
        (503, slow_down.to_owned(), "SlowDown"),
        (500, String::new(), "s3:ListBucket in eu-central-1 failed"),
        (200, "<html>".to_owned(), "s3:ListBucket in eu-central-1 failed"),
        (200, String::new(), "s3:ListBucket in eu-central-1 failed"),
        (200, page(""), "IsTruncated"),
        (200, page("<IsTruncated>true</IsTruncated>"), "names no next page"),
        (
            200,
            page(
                "<IsTruncated>false</IsTruncated><Contents><Key>zzz</Key></Contents>\
                  <Contents><Key>zz</Key></Contents>",
            ),
            "the list contains a key outside the folder|do not increase",
        ),
        (
            200,
            page("<IsTruncated>true</IsTruncated><NextContinuationToken>a</NextContinuationToken>"),
            "the same list again",
        ),
        (
            200,
            page(
                "<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>\
                  <Contents><Key>%FF</Key></Contents>",
            ),
            "not UTF-8",
        ),
    ];
    for mode in [Mode::Sample, Mode::Monthly, Mode::All] {
        let complete = bucket(two()).await;
        let outcome = run(&complete, scope(mode)).await;
        assert!(!outcome.is_partial());
        for broken in 1..=complete.calls("ListObjectsV2").len() {
            for (code, body, expected) in answers.clone() {
                let bucket = bucket_with(two(), move |operation, _, number| {
                    // From the broken request on, since it is retried once.
                    let is_broken = operation == "ListObjectsV2" && number >= broken;
                    is_broken.then(|| text(code, &body))
                });
                let bucket = bucket.await;
                let mut one_by_one = scope(mode);
                one_by_one.concurrency = 1;
                let plan = planned(&bucket, one_by_one).await.unwrap();
                let outcome = plan.run(&|_| (), std::future::pending()).await;
                let what = format!("{mode:?} {broken} {code} {expected}: {:?}", outcome.gaps);
                assert!(outcome.is_partial(), "{what}");
                let gap = outcome.gaps[0].to_string();
                assert!(expected.split('|').any(|part| gap.contains(part)), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn a_repeated_page_is_not_a_list() {
    let keys =
        (0..30).map(|minute| (log(ACCOUNT, &format!("2026-01-01T00:{minute:02}")), sealed()));
    let page = "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>a\
                </NextContinuationToken><Contents><Key>KEY</Key></Contents></ListBucketResult>";
    let page = page.replace("KEY", &log(ACCOUNT, "2026-01-01T00:00"));
    let bucket = bucket_with(keys, move |operation, prefix, _| {
        let is_day = operation == "ListObjectsV2" && prefix.contains("CloudTrail/eu-central-1/");
        is_day.then(|| text(200, &page))
    });
    let outcome = run(&*bucket.await, scope(Mode::All)).await;
    assert!(outcome.is_partial());
    assert!(outcome.gaps[0].to_string().contains("do not increase"), "{:?}", outcome.gaps);
}

#[tokio::test]
async fn an_unread_file_ends_the_search_for_the_change() {
    let keys: Vec<String> =
        (1..=20).map(|day| log(ACCOUNT, &format!("2026-01-{day:02}T12:00"))).collect();
    let objects = keys
        .iter()
        .enumerate()
        .map(|(number, key)| (key.clone(), if number < 10 { plain() } else { sealed() }));
    let ends = [keys[0].clone(), keys[19].clone()];
    let bucket = bucket_with(objects.collect::<Vec<_>>(), move |operation, key, _| {
        let is_inner = operation == "HeadObject" && !ends.iter().any(|end| end == key);
        is_inner.then(|| status(403))
    });
    let outcome = run(&*bucket.await, scope(Mode::Sample)).await;
    assert_eq!(outcome.gaps.len(), 1);
    assert!(outcome.gaps[0].to_string().contains("the file where it changed was not found"));
    assert_eq!(statuses(&outcome).len(), 3);
}

#[tokio::test]
async fn a_run_that_is_stopped_has_what_was_read() {
    let keys =
        (0..50).map(|minute| (log(ACCOUNT, &format!("2026-01-01T00:{minute:02}")), sealed()));
    let bucket = bucket(keys).await;
    let mut one_by_one = scope(Mode::All);
    one_by_one.concurrency = 1;
    let plan = planned(&bucket, one_by_one).await.unwrap();
    let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
    let sender = std::sync::Mutex::new(Some(sender));
    let progress = |progress: trailseal_logs::live::Progress| {
        if progress.step == Step::Files && progress.done == 7 {
            drop(sender.lock().unwrap().take());
        }
    };
    let outcome = plan.run(&progress, async { drop(receiver.await) }).await;
    assert!(outcome.is_stopped && outcome.is_partial());
    let rows = statuses(&outcome);
    assert_eq!((rows.len(), &rows[0].0), (1, &with_key()));
    assert!((7..50).contains(&rows[0].1), "{}", rows[0].1);
}

#[tokio::test]
async fn a_bucket_that_does_not_exist_or_has_no_region_is_an_error() {
    for (code, expected) in [(404, "does not exist"), (400, "named no Region"), (500, "failed")] {
        let bucket = bucket_with(two(), move |operation, _, _| {
            (operation == "HeadBucket").then(|| status(code))
        });
        let error = planned(&*bucket.await, scope(Mode::Sample)).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn a_run_can_be_moved_to_another_thread() {
    let bucket = bucket(two()).await;
    let task = tokio::spawn(async move {
        tokio::time::timeout(Duration::from_secs(60), run(&bucket, scope(Mode::All))).await
    });
    assert!(!task.await.unwrap().unwrap().is_partial());
}
