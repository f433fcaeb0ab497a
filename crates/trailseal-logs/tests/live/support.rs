//! Files and runs.

use std::sync::Arc;

use trailseal_logs::live::{Cause, Mode, Outcome, Plan, Range, Scope, plan};
use trailseal_logs::{Encryption, FileStatus, KeyName};
use trailseal_rule::{BucketName, KeyArn, Timestamp};

use crate::live::bucket::{Answer, Bucket, Headers};

pub(crate) const KEY: &str =
    "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// The key of a log file of an account, `2026-01-31T23:59`.
pub(crate) fn log(account: &str, minute: &str) -> String {
    in_root("AWSLogs/", account, minute)
}

pub(crate) fn in_root(root: &str, account: &str, minute: &str) -> String {
    let (day, time) = minute.split_once('T').unwrap();
    format!(
        "{root}{account}/CloudTrail/eu-central-1/{}/{account}_CloudTrail_eu-central-1_{}T{}Z_\
         Ab3dEf6hIj9kLm2n.json.gz",
        day.replace('-', "/"),
        day.replace('-', ""),
        time.replace(':', ""),
    )
}

pub(crate) fn plain() -> Headers {
    vec![("x-amz-server-side-encryption", "AES256".to_owned())]
}

pub(crate) fn sealed() -> Headers {
    vec![
        ("x-amz-server-side-encryption", "aws:kms".to_owned()),
        ("x-amz-server-side-encryption-aws-kms-key-id", KEY.to_owned()),
    ]
}

pub(crate) fn with_key() -> FileStatus {
    FileStatus::Read(Encryption::SseKms(KeyName::Arn(KeyArn::parse(KEY).unwrap())))
}

pub(crate) fn without_key() -> FileStatus {
    FileStatus::Read(Encryption::SseS3)
}

pub(crate) fn scope(mode: Mode) -> Scope {
    Scope {
        bucket: BucketName::parse("logs").unwrap(),
        prefix: String::new(),
        known_prefixes: Vec::new(),
        accounts: Vec::new(),
        regions: Vec::new(),
        digests: true,
        range: Range::new(None, None, Timestamp::parse("2026-11-29T16:00:30Z").unwrap()),
        mode,
        versions: false,
        concurrency: 8,
    }
}

pub(crate) async fn planned(bucket: &Bucket, scope: Scope) -> Result<Plan, Cause> {
    plan(&bucket.session(), scope, &|_| ()).await
}

pub(crate) async fn run(bucket: &Bucket, scope: Scope) -> Outcome {
    planned(bucket, scope).await.unwrap().run(&|_| (), std::future::pending()).await
}

/// A bucket that answers as S3 does.
pub(crate) async fn bucket(objects: impl IntoIterator<Item = (String, Headers)>) -> Arc<Bucket> {
    Bucket::start(objects, 1000, |_, _, _| None).await
}

pub(crate) async fn bucket_with(
    objects: impl IntoIterator<Item = (String, Headers)>,
    intercept: impl Fn(&str, &str, usize) -> Option<Answer> + Send + Sync + 'static,
) -> Arc<Bucket> {
    Bucket::start(objects, 1000, intercept).await
}

/// The number of files of each status, and the keys of the oldest and the newest.
pub(crate) fn statuses(outcome: &Outcome) -> Vec<(FileStatus, u64, String, String)> {
    let rows = outcome.coverage.rows();
    rows.map(|(_, _, class, totals)| {
        let (oldest, newest) = (totals.oldest.key.clone(), totals.newest.key.clone());
        (class.status.clone(), totals.files, oldest, newest)
    })
    .collect()
}
