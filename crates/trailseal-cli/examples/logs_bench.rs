//! Measures `trailseal logs --all` of a bucket on loopback, with a latency for each answer. Prints
//! one line of JSON.
//!
//! ```text
//! cargo build --profile dist -p trailseal-cli --bin trailseal --example logs_bench
//! target/dist/examples/logs_bench [FILES_PER_FOLDER [LATENCY_MS [CONCURRENCY]]]
//! ```
//!
//! The bucket has 20 folders: five accounts of an organization in four Regions.
//! `ratio` is the time divided by the time of the requests alone: requests × latency ÷ concurrency.
//! `peakMegabytes` is the peak resident memory of the command, which runs as a process.

use std::io::Write as _;
use std::time::Duration;

use serde_json::json;
use trailseal_lab::{Lab, State};

mod measured;

const ACCOUNT: &str = "111122223333";
const REGIONS: [&str; 4] = ["us-east-1", "us-west-2", "eu-central-1", "eu-west-1"];
const FILES_PER_DAY: u32 = 100;

fn main() -> measured::Result<()> {
    let [files, latency, concurrency] = measured::numbers([1000, 50, 64])?;
    let concurrency = concurrency.max(1);
    let latency = Duration::from_millis(latency.into());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let lab = runtime.block_on(Lab::start(state(files)?))?;
    lab.set_latency(latency);
    let number = concurrency.to_string();
    let arguments =
        ["logs", "s3://trail-logs", "--all", "--concurrency", &number, "--quiet", "-o", "json"];
    let measured = measured::run(&lab, ACCOUNT, &arguments)?;
    let bound = measured.bound(latency, concurrency)?;
    let counts = lab.call_counts();
    let line = json!({
        "benchmark": "logs",
        "heads": counts.get("s3:HeadObject"),
        "lists": counts.get("s3:ListObjectsV2"),
        "requests": measured.calls,
        "latencyMilliseconds": u64::try_from(latency.as_millis())?,
        "concurrency": concurrency,
        "seconds": measured.seconds,
        "boundSeconds": bound,
        "ratio": measured.seconds / bound,
        "peakMegabytes": measured.peak_megabytes,
        "exit": measured.exit,
    });
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

/// A bucket with this many files in each folder, at least those of a day.
fn state(files: u32) -> measured::Result<State> {
    let accounts = ["111122223333", "222233334444", "333344445555", "444455556666", "555566667777"];
    let days = (files / FILES_PER_DAY).clamp(1, 28);
    let key = format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-0000-4000-8000-111111111111");
    let state = json!({
        "trailsealLab": 1,
        "accounts": [{ "id": ACCOUNT, "regions": REGIONS }],
        "buckets": [{ "name": "trail-logs", "account": ACCOUNT, "region": "us-east-1" }],
        "logFiles": [{
            "bucket": "trail-logs",
            "organization": "o-exampleorgid",
            "accounts": accounts,
            "regions": REGIONS,
            "from": "2026-01-01T00:00:00Z",
            "to": format!("2026-01-{:02}T00:00:00Z", days + 1),
            "filesPerDay": FILES_PER_DAY,
            "encryption": [
                { "type": "SSE-S3" },
                { "since": "2026-01-05T00:00:00Z", "type": "SSE-KMS", "kmsKeyId": key },
            ],
        }],
    });
    Ok(State::from_value("state", &state)?)
}
