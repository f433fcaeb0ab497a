//! A run that is killed, and another one with its file of answers.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use trailseal_logs::live::{Answers, Cause, Mode, Outcome, Plan, RunBucket, RunId};
use trailseal_logs::{Encryption, FileStatus};
use trailseal_rule::{AccountId, Region, Timestamp};

use crate::live::bucket::{Bucket, Headers, LISTED_ETAG, status};
use crate::live::support::{
    bucket, bucket_with, in_root, log, plain, planned, run, scope, sealed, with_key, without_key,
};

const ACCOUNT: &str = "111122223333";
pub(crate) const BEGAN: &str = "2026-11-29T16:00:30Z";

pub(crate) fn now() -> Timestamp {
    Timestamp::parse(BEGAN).unwrap()
}

pub(crate) fn run_id(mode: Mode) -> RunId {
    RunId {
        caller: "arn:aws:sts::111122223333:assumed-role/audit".to_owned(),
        account: AccountId::parse(ACCOUNT).unwrap(),
        region: Region::parse("eu-central-1").unwrap(),
        bucket_role: None,
        buckets: vec![RunBucket {
            bucket: scope(mode).bucket,
            prefix: String::new(),
            trail_prefixes: Vec::new(),
        }],
        mode,
        since: None,
        until: None,
        accounts: Vec::new(),
        regions: Vec::new(),
    }
}

/// Folders in which the encryption changes, one that is not encrypted any more, one without the key,
/// and one with files of every third day in turn.
fn files() -> Vec<(String, Headers)> {
    let months = ["2025-12", "2026-01", "2026-02", "2026-03"];
    let day = |number: usize| format!("{}-{:02}T12:00", months[number / 3], 1 + 7 * (number % 3));
    (0..12)
        .flat_map(|number| {
            let minute = day(number);
            let is_third = number % 3 == 0;
            let of = |is_sealed: bool| if is_sealed { sealed() } else { plain() };
            [
                (log(ACCOUNT, &minute), of(number >= 5)),
                (log("444455556666", &minute), of(number < 4)),
                (in_root("old/AWSLogs/", ACCOUNT, &minute), plain()),
                (log("777788889999", &minute), of(!is_third)),
            ]
        })
        .collect()
}

async fn resumed_plan(bucket: &Bucket, mode: Mode, concurrency: usize, path: &Path) -> Plan {
    let answers = Answers::open(path, &run_id(mode), now()).unwrap();
    let mut scope = scope(mode);
    scope.concurrency = concurrency;
    planned(bucket, scope).await.unwrap().with_answers(Arc::new(answers))
}

async fn resumed(bucket: &Bucket, mode: Mode, concurrency: usize, path: &Path) -> Outcome {
    let plan = resumed_plan(bucket, mode, concurrency, path).await;
    plan.run(&|_| (), std::future::pending()).await
}

/// Starts a run whose request of this number is never answered, and kills it then.
async fn killed_at(number: usize, mode: Mode, concurrency: usize, path: &Path) {
    let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
    let (sender, requests) = (Mutex::new(Some(sender)), AtomicUsize::new(0));
    let bucket = bucket_with(files(), move |_, _, _| {
        let is_dead = requests.fetch_add(1, Ordering::Relaxed) + 1 >= number;
        is_dead.then(|| {
            drop(sender.lock().unwrap().take());
            status(500)
        })
    });
    let bucket = bucket.await;
    let answers = Answers::open(path, &run_id(mode), now()).unwrap();
    let mut scope = scope(mode);
    scope.concurrency = concurrency;
    let whole = async {
        if let Ok(plan) = planned(&bucket, scope).await {
            plan.with_answers(Arc::new(answers)).run(&|_| (), std::future::pending()).await;
        }
    };
    tokio::select! {
        biased;
        _ = receiver => {}
        () = whole => {}
    }
}

fn requests(bucket: &Bucket) -> usize {
    ["HeadBucket", "HeadObject", "ListObjectsV2"].map(|name| bucket.calls(name).len()).iter().sum()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test]
async fn a_run_that_is_killed_at_any_request_is_resumed_with_the_same_outcome() {
    let bucket = bucket(files()).await;
    for mode in [Mode::Sample, Mode::Monthly, Mode::All] {
        let before = requests(&bucket);
        let expected = run(&bucket, scope(mode)).await;
        assert!(!expected.is_partial());
        let requests = requests(&bucket) - before;
        let mut earlier = Vec::new();
        for number in 1..=requests {
            let folder = folder();
            let path = folder.path().join("answers");
            killed_at(number, mode, 8, &path).await;
            let outcome = resumed(&bucket, mode, 8, &path).await;
            let what = format!("{mode:?} {number} of {requests}");
            assert_eq!(outcome.coverage, expected.coverage, "{what}");
            assert_eq!(outcome.gaps, expected.gaps, "{what}");
            assert!(!outcome.is_partial(), "{what}");
            earlier.push(outcome.earlier);
        }
        let most = *earlier.last().unwrap();
        // At the last request, at most one block of each of the folders that are listed is not whole.
        let is_used = if mode == Mode::All { most >= 20 } else { most == 0 };
        assert!(is_used, "{mode:?}: {earlier:?}");
    }
}

#[tokio::test]
async fn a_run_can_be_killed_again_and_again() {
    let whole = bucket(files()).await;
    let expected = run(&whole, scope(Mode::All)).await;
    let folder = folder();
    let path = folder.path().join("answers");
    let mut earlier = 0;
    for number in (25..160).step_by(15) {
        killed_at(number, Mode::All, 1, &path).await;
        let copy = folder.path().join("copy");
        fs::copy(&path, &copy).unwrap();
        let outcome = resumed(&whole, Mode::All, 1, &copy).await;
        assert_eq!(outcome.coverage, expected.coverage, "{number}");
        assert!(outcome.earlier >= earlier, "{number}");
        earlier = outcome.earlier;
    }
    assert!(earlier > 20, "{earlier}");
}

#[tokio::test]
async fn only_files_that_decide_are_read_again() {
    let bucket = bucket(files()).await;
    let folder = folder();
    let path = folder.path().join("answers");
    let first = resumed(&bucket, Mode::All, 8, &path).await;
    assert_eq!((first.earlier, first.requests.head), (0, 48));
    let written = fs::read(&path).unwrap();
    let second = resumed(&bucket, Mode::All, 8, &path).await;
    assert_eq!((&second.coverage, second.earlier), (&first.coverage, 48));
    assert!((8..48).contains(&second.requests.head), "{:?}", second.requests);
    assert_eq!(fs::read(&path).unwrap(), written, "nothing new was read");
}

#[tokio::test]
async fn a_file_that_was_written_again_deleted_or_added_is_read() {
    let folder = folder();
    let path = folder.path().join("answers");
    resumed(&*bucket(files()).await, Mode::All, 8, &path).await;
    let mut changed = files();
    let place = changed.iter().position(|(key, _)| *key == log(ACCOUNT, "2026-01-08T12:00"));
    let headers = &mut changed[place.unwrap()].1;
    *headers = sealed();
    headers.push((LISTED_ETAG, "1".to_owned()));
    changed.retain(|(key, _)| *key != log("444455556666", "2026-02-08T12:00"));
    changed.push((log("777788889999", "2026-03-20T12:00"), sealed()));
    let changed = bucket(changed).await;
    let expected = run(&changed, scope(Mode::All)).await;
    let outcome = resumed(&changed, Mode::All, 8, &path).await;
    assert_eq!((outcome.coverage, outcome.gaps), (expected.coverage, Vec::new()));
    // The three months have 3 files each, and one of them two now.
    assert_eq!(outcome.earlier, 48 - 9);
}

#[tokio::test]
async fn an_unread_file_is_not_an_answer() {
    let folder = folder();
    let path = folder.path().join("answers");
    let denied = log(ACCOUNT, "2026-01-08T12:00");
    let closed = bucket_with(files(), move |operation, key, _| {
        (operation == "HeadObject" && key == denied).then(|| status(403))
    });
    let partial = resumed(&*closed.await, Mode::All, 8, &path).await;
    assert!(partial.is_partial());
    let open = bucket(files()).await;
    let outcome = resumed(&open, Mode::All, 8, &path).await;
    assert_eq!(outcome.coverage, run(&open, scope(Mode::All)).await.coverage);
    assert_eq!(outcome.earlier, 47);
    // The line that has the answer is later than that of the same files without it.
    assert_eq!(resumed(&open, Mode::All, 8, &path).await.earlier, 48);
}

#[tokio::test]
async fn a_file_that_was_encrypted_again_in_place_contradicts_its_answer() {
    let folder = folder();
    let path = folder.path().join("answers");
    resumed(&*bucket(files()).await, Mode::All, 8, &path).await;
    let all_sealed = bucket(files().into_iter().map(|(key, _)| (key, sealed()))).await;
    let outcome = resumed(&all_sealed, Mode::All, 8, &path).await;
    assert!(outcome.is_partial());
    let contradicted = |cause: &Cause| matches!(cause, Cause::Contradicted { .. });
    assert!(outcome.gaps.iter().all(|gap| contradicted(&gap.cause)), "{:?}", outcome.gaps);
    assert_eq!(outcome.gaps.len(), 4, "one for each folder");
}

/// The encryption of the newest file of each folder, and the first with the key.
fn decisive(outcome: &Outcome) -> BTreeMap<String, (FileStatus, Option<Timestamp>)> {
    let mut newest: BTreeMap<String, (String, FileStatus)> = BTreeMap::new();
    let mut first: BTreeMap<String, Timestamp> = BTreeMap::new();
    for (folder, _, class, totals) in outcome.coverage.rows() {
        let (key, found) =
            (totals.newest.key.clone(), (totals.newest.key.clone(), class.status.clone()));
        let known = newest.entry(folder.to_string()).or_insert_with(|| found.clone());
        if known.0 < key {
            *known = found;
        }
        if class.status == with_key() {
            let time = first.entry(folder.to_string()).or_insert(totals.oldest.time);
            *time = (*time).min(totals.oldest.time);
        }
    }
    let each = newest.into_iter().map(|(folder, (_, status))| {
        let first = first.get(&folder).copied();
        (folder, (status, first))
    });
    each.collect()
}

/// Writes other answers for the same files.
fn forge(path: &Path, answers: &[usize]) {
    let read = |status| match status {
        FileStatus::Read(encryption) => Some(encryption),
        FileStatus::Unread(_) => None,
    };
    let claims = [read(with_key()), read(without_key()), Some(Encryption::SseC), None];
    let text = fs::read_to_string(path).unwrap();
    let (header, lines) = text.split_once('\n').unwrap();
    let mut forged = format!("{header}\n");
    let mut answers = answers.iter().cycle();
    for line in lines.lines() {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        let files = line["read"].as_array().unwrap().iter();
        let files: u64 = files.map(|same| same["files"].as_u64().unwrap()).sum();
        let read = (0..files).map(|_| {
            let claim = &claims[*answers.next().unwrap()];
            serde_json::json!({ "files": 1, "encryption": claim })
        });
        line["read"] = read.collect();
        forged += &format!("{line}\n");
    }
    fs::write(path, forged).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Each folder is judged by its newest file as S3 describes it, and T is not later than that of
    /// a sample.
    #[test]
    fn forged_answers_excuse_nothing(forged in proptest::collection::vec(0..4_usize, 48)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let bucket = bucket(files()).await;
            let folder = folder();
            let path = folder.path().join("answers");
            let truth = resumed(&bucket, Mode::All, 8, &path).await;
            let sample = decisive(&run(&bucket, scope(Mode::Sample)).await);
            forge(&path, &forged);
            let outcome = resumed(&bucket, Mode::All, 8, &path).await;
            for (folder, (newest, first)) in decisive(&outcome) {
                let (sampled, t) = &sample[&folder];
                assert_eq!(&newest, sampled, "{folder}");
                assert!(t.is_none() || first.is_some_and(|first| Some(first) <= *t), "{folder}");
            }
            // An encryption that no file of the folder has is a contradiction.
            let classes = |outcome: &Outcome| {
                let rows = outcome.coverage.rows();
                rows.map(|(folder, _, class, _)| (folder.clone(), class.clone()))
                    .collect::<std::collections::BTreeSet<_>>()
            };
            assert!(outcome.is_partial() || classes(&outcome).is_subset(&classes(&truth)));
        });
    }
}
