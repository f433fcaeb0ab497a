//! A bucket of the lab, and what a reading of it counts.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use serde_json::json;
use trailseal_aws::{Connection, RetryPolicy, Session};
use trailseal_lab::{Lab, State};
use trailseal_logs::live::{Cause, Mode, Outcome, Range, Scope, plan};
use trailseal_rule::{AccountId, BucketName, Region, Timestamp};

use crate::acceptance::faults::desk::identity;
use crate::acceptance::harness::{ACCOUNT, NOW, REGION};

pub(super) const BUCKET: &str = "delivered-logs";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/11111111-0000-4000-8000-111111111111";

/// The time for an attempt, longer than a busy machine needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Four days of two Regions, the last two of which are encrypted with a KMS key.
pub(super) fn state() -> State {
    let state = json!({
        "trailsealLab": 1,
        "accounts": [{ "id": ACCOUNT, "regions": [REGION] }],
        "buckets": [{ "name": BUCKET, "account": ACCOUNT, "region": REGION }],
        "logFiles": [{
            "bucket": BUCKET,
            "accounts": [ACCOUNT],
            "regions": [REGION, "eu-west-1"],
            "from": "2026-02-27T00:00:00.000Z",
            "to": "2026-03-03T00:00:00.000Z",
            "filesPerDay": 4,
            "encryption": [
                { "type": "SSE-S3" },
                { "since": "2026-03-01T00:00:00.000Z", "type": "SSE-KMS", "kmsKeyId": KEY },
            ],
        }],
    });
    State::from_value("state", &state).unwrap()
}

/// Whether the lab encrypts the file of this key with the KMS key.
pub(super) fn is_sealed(key: &str) -> bool {
    key.contains("/2026/03/")
}

pub(super) async fn lab() -> Lab {
    Lab::start(state()).await.unwrap()
}

/// Two attempts without a pause.
pub(crate) fn retry_policy(attempt: Duration) -> RetryPolicy {
    RetryPolicy {
        attempts_max: 2,
        backoff_first: Duration::from_millis(1),
        backoff_max: Duration::from_millis(1),
        attempt,
        ..RetryPolicy::default()
    }
}

pub(super) async fn read(lab: &Lab, mode: Mode, retry: RetryPolicy) -> Result<Outcome, Cause> {
    let identity = identity(lab, ACCOUNT, REGION, None);
    read_at(&lab.url(), identity.credentials, mode, retry).await
}

/// The same at any endpoint.
pub(crate) async fn read_at(
    url: &str,
    credentials: Credentials,
    mode: Mode,
    retry: RetryPolicy,
) -> Result<Outcome, Cause> {
    let session = Session::new(
        Connection::at(Some(url.to_owned()).into(), retry),
        AccountId::parse(ACCOUNT).unwrap(),
        Region::parse(REGION).unwrap(),
        SharedCredentialsProvider::new(credentials),
    );
    let scope = Scope {
        bucket: BucketName::parse(BUCKET).unwrap(),
        prefix: String::new(),
        known_prefixes: Vec::new(),
        digests: true,
        accounts: Vec::new(),
        regions: Vec::new(),
        range: Range::new(None, None, Timestamp::parse(NOW).unwrap()),
        mode,
        versions: false,
        concurrency: 64,
    };
    let plan = plan(&session, scope, &|_| ()).await?;
    Ok(plan.run(&|_| (), std::future::pending()).await)
}

/// Files of a folder, month and class: their number, the oldest and the newest.
pub(crate) type ReadFile = (String, String, String, u64, String, String);

/// What was counted.
pub(crate) fn counted(outcome: &Outcome) -> Vec<ReadFile> {
    let rows = outcome.coverage.rows();
    rows.map(|(folder, month, class, totals)| {
        let class = format!("{class:?}");
        let (oldest, newest) = (totals.oldest.key.clone(), totals.newest.key.clone());
        (folder.to_string(), month.to_string(), class, totals.files, oldest, newest)
    })
    .collect()
}

/// What a reading without faults counts.
pub(super) async fn clean(mode: Mode) -> Vec<ReadFile> {
    let outcome = read(&lab().await, mode, retry_policy(PATIENCE)).await.unwrap();
    assert!(!outcome.is_partial());
    counted(&outcome)
}
