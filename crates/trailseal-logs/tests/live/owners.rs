//! Files that another account than that of the bucket owns.

use trailseal_logs::live::{Cause, Mode, Outcome};
use trailseal_logs::{FileStatus, Owner};

use crate::live::bucket::{Headers, LISTED_OWNER, OWNER, status, text};
use crate::live::support::{bucket, bucket_with, log, run, scope, sealed, with_key};

const MODES: [Mode; 3] = [Mode::Sample, Mode::Monthly, Mode::All];

/// A file that is listed with this owner.
fn file(minute: &str, owner: &str) -> (String, Headers) {
    let mut headers = sealed();
    headers.push((LISTED_OWNER, owner.to_owned()));
    (log("111122223333", &format!("2026-02-03T{minute}")), headers)
}

/// The owner and the encryption of each file, in the order of their times.
fn owners(outcome: &Outcome) -> Vec<(Owner, FileStatus)> {
    let rows = outcome.coverage.rows();
    let mut files: Vec<_> = rows
        .flat_map(|(_, _, class, totals)| {
            let ends = [&totals.oldest, &totals.newest];
            ends.map(|end| (end.time, class.owner, class.status.clone()))
        })
        .collect();
    files.sort_unstable();
    files.dedup();
    files.into_iter().map(|(_, owner, status)| (owner, status)).collect()
}

#[tokio::test]
async fn each_file_has_the_owner_that_the_list_names_beside_its_encryption() {
    for mode in MODES {
        let files = [file("00:05", "a stranger"), file("00:10", OWNER)];
        let bucket = bucket(files).await;
        let outcome = run(&bucket, scope(mode)).await;
        assert!(!outcome.is_partial());
        assert_eq!(outcome.owner.as_deref(), Some(OWNER));
        let expected = [(Owner::Other, with_key()), (Owner::Bucket, with_key())];
        assert_eq!(owners(&outcome), expected, "{mode:?}");
    }
}

#[tokio::test]
async fn an_owner_that_is_not_named_is_not_known() {
    let bucket = bucket([file("00:05", ""), file("00:10", OWNER)]).await;
    let outcome = run(&bucket, scope(Mode::All)).await;
    let expected = [(Owner::Unknown, with_key()), (Owner::Bucket, with_key())];
    assert_eq!(owners(&outcome), expected);
}

#[tokio::test]
async fn without_the_owner_of_the_bucket_the_run_is_partial_and_no_owner_is_known() {
    let nobody = "<AccessControlPolicy><Owner></Owner></AccessControlPolicy>";
    let blank = "<AccessControlPolicy><Owner><ID></ID></Owner></AccessControlPolicy>";
    for (code, body) in
        [(403, ""), (404, ""), (500, ""), (200, "<html>"), (200, nobody), (200, blank)]
    {
        for mode in MODES {
            let files = [file("00:05", "a stranger"), file("00:10", OWNER)];
            let bucket = bucket_with(files, move |operation, _, _| {
                let answer = if body.is_empty() { status(code) } else { text(code, body) };
                (operation == "GetBucketAcl").then_some(answer)
            });
            let bucket = bucket.await;
            let outcome = run(&bucket, scope(mode)).await;
            assert!(outcome.is_partial());
            let [gap] = outcome.gaps.as_slice() else { panic!("{:?}", outcome.gaps) };
            assert!(matches!(gap.cause, Cause::Owner(_)), "{code} {body}: {gap}");
            assert_eq!(outcome.owner, None);
            let unknown = (Owner::Unknown, with_key());
            assert_eq!(owners(&outcome), [unknown.clone(), unknown], "{code} {body} {mode:?}");
        }
    }
}

#[tokio::test]
async fn nothing_asks_for_the_owner_of_a_bucket_without_files() {
    let bucket = bucket([]).await;
    assert!(!run(&bucket, scope(Mode::Sample)).await.is_partial());
    assert_eq!(bucket.calls("GetBucketAcl"), [""; 0]);
}
