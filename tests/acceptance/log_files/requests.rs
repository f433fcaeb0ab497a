//! The number of requests of each mode, as `docs/LOGS.md` gives it.

use serde_json::{Value, json};
use trailseal_lab::{Lab, State};
use trailseal_logs::live::Mode;

use super::bucket::{BUCKET, PATIENCE, counted, read, retry_policy};
use crate::acceptance::harness::{ACCOUNT, REGION};

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/11111111-0000-4000-8000-111111111111";

/// The numbers that the formulas depend on.
#[derive(Clone, Copy, Debug)]
struct Size {
    accounts: u64,
    kinds: u64,
    regions: u64,
    years: u64,
    months: u64,
    /// Files of a folder.
    files: u64,
    from: &'static str,
    to: &'static str,
    files_per_day: u64,
}

const SMALL: Size = Size {
    accounts: 1,
    kinds: 1,
    regions: 1,
    years: 1,
    months: 2,
    files: (31 + 28) * 2,
    from: "2026-01-01T00:00:00Z",
    to: "2026-03-01T00:00:00Z",
    files_per_day: 2,
};

const LARGER: Size = Size {
    accounts: 3,
    kinds: 2,
    regions: 2,
    years: 2,
    months: 4,
    files: (30 + 31 + 31 + 28) * 10,
    from: "2025-11-01T00:00:00Z",
    to: "2026-03-01T00:00:00Z",
    files_per_day: 10,
};

impl Size {
    fn folders(self) -> u64 {
        self.accounts * self.kinds * self.regions
    }

    /// The requests that find the folders, and those of a mode: HeadBucket, LIST, HEAD, GetBucketAcl.
    fn requests(self, mode: Mode) -> [u64; 4] {
        let Self { accounts, kinds, years, months, files, .. } = self;
        let folders = self.folders();
        let found = 2 + accounts + accounts * kinds;
        let pages = folders * files.div_ceil(1000);
        match mode {
            Mode::Sample => [1, found + 5 * folders, 2 * folders, 1],
            Mode::Monthly => {
                let list = found + (1 + years) * folders + 3 * months * folders;
                [1, list, 2 * months * folders, 1]
            }
            Mode::All => [1, found + 2 * pages, files * folders, 1],
        }
    }

    fn state(self, encryption: &Value) -> State {
        let number = |count: u64| usize::try_from(count).unwrap();
        let accounts = [ACCOUNT, "444455556666", "777788889999"];
        let regions = [REGION, "eu-west-1"];
        let kinds = ["CloudTrail", "CloudTrail-Insight"];
        let files = kinds.iter().take(number(self.kinds)).map(|kind| {
            json!({
                "bucket": BUCKET,
                "kind": kind,
                "accounts": &accounts[..number(self.accounts)],
                "regions": &regions[..number(self.regions)],
                "from": self.from,
                "to": self.to,
                "filesPerDay": self.files_per_day,
                "encryption": encryption,
            })
        });
        let state = json!({
            "trailsealLab": 1,
            "accounts": [{ "id": ACCOUNT, "regions": [REGION] }],
            "buckets": [{ "name": BUCKET, "account": ACCOUNT, "region": REGION }],
            "logFiles": files.collect::<Vec<_>>(),
        });
        State::from_value("state", &state).unwrap()
    }
}

/// HeadBucket, LIST, HEAD and GetBucketAcl, counted by the lab; and the files that the report counts.
async fn made(state: State, mode: Mode) -> ([u64; 4], u64) {
    let lab = Lab::start(state).await.unwrap();
    let outcome = read(&lab, mode, retry_policy(PATIENCE)).await.unwrap();
    assert!(!outcome.is_partial());
    let mut counts = lab.call_counts();
    let counted_calls = ["s3:HeadBucket", "s3:ListObjectsV2", "s3:HeadObject", "s3:GetBucketAcl"]
        .map(|call| counts.remove(call).unwrap_or_default() as u64);
    assert!(counts.is_empty(), "other calls: {counts:?}");
    assert_eq!(outcome.requests.list, counted_calls[1]);
    assert_eq!(outcome.requests.head, counted_calls[2]);
    (counted_calls, counted(&outcome).iter().map(|(_, _, _, files, ..)| files).sum())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_requests_is_that_of_the_formula() {
    for size in [SMALL, LARGER] {
        for mode in [Mode::Sample, Mode::Monthly, Mode::All] {
            let (made, files) = made(size.state(&json!([{ "type": "SSE-S3" }])), mode).await;
            assert_eq!(made, size.requests(mode), "{mode:?} of {size:?}");
            assert_eq!(files, made[2], "{mode:?}: each HEAD is a file of the report");
        }
    }
}

/// The smallest `n` of which 2 to the power of `n` is not less than `count`.
fn halvings(count: u64) -> u64 {
    count.next_power_of_two().ilog2().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_encryption_adds_at_most_as_many_requests_as_documented() {
    for size in [SMALL, LARGER] {
        let days = size.files / size.files_per_day;
        let mut most = 0;
        for since in ["2026-01-01T12:00:00Z", "2026-01-20T00:00:00Z", "2026-02-28T12:00:00Z"] {
            let sealed = json!({ "since": since, "type": "SSE-KMS", "kmsKeyId": KEY });
            let state = size.state(&json!([{ "type": "SSE-S3" }, sealed]));
            let (made, _) = made(state, Mode::Sample).await;
            let without = size.requests(Mode::Sample);
            let list = halvings(days) + 1;
            let head = halvings(days) + halvings(2 * size.files_per_day) + 1;
            let added = [made[1] - without[1], made[2] - without[2]];
            assert!(added[0] <= list * size.folders(), "{since}: {added:?} in {size:?}");
            assert!(added[1] <= head * size.folders(), "{since}: {added:?} in {size:?}");
            most = most.max(added[1]);
        }
        assert!(most >= 2 * size.folders(), "the change was searched");
    }
}
