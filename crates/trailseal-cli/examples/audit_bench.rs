//! Measures `trailseal audit` of a large organization against AWS on loopback, with a latency for
//! each answer. Prints one line of JSON.
//!
//! ```text
//! cargo build --profile dist -p trailseal-cli --bin trailseal --examples
//! target/dist/examples/audit_bench [ACCOUNTS [REGIONS [LATENCY_MS [CONCURRENCY]]]]
//! ```
//!
//! `ratio` is the time divided by the time of the calls alone: calls × latency ÷ concurrency.
//! `peakMegabytes` is the peak resident memory of the command, which runs as a process.

use std::io::Write as _;
use std::time::Duration;

use trailseal_lab::{Lab, State};

mod measured;

/// The Regions that are enabled by default (AWS Account Management Reference Guide).
const REGIONS: &str = "us-east-1 us-east-2 us-west-1 us-west-2 ap-northeast-1 ap-northeast-2 \
    ap-northeast-3 ap-south-1 ap-southeast-1 ap-southeast-2 ca-central-1 eu-central-1 eu-north-1 \
    eu-west-1 eu-west-2 eu-west-3 sa-east-1";

const ROLE: &str = "Audit";

fn main() -> measured::Result<()> {
    let [accounts, regions, latency, concurrency] = measured::numbers([500, 17, 50, 32])?;
    let (regions, concurrency) = (usize::try_from(regions)?.max(1), concurrency.max(1));
    let latency = Duration::from_millis(latency.into());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let names: Vec<&str> = REGIONS.split(' ').take(regions).collect();
    let state = State::organization(accounts, &names, ROLE);
    let management = state.accounts.first().map(|account| account.id.clone()).unwrap_or_default();
    let lab = runtime.block_on(Lab::start(state))?;
    lab.set_latency(latency);
    let number = concurrency.to_string();
    let arguments = [
        "audit",
        "--accounts",
        "organization",
        "--role-name",
        ROLE,
        "--concurrency",
        &number,
        "--quiet",
        "-o",
        "json",
    ];
    let measured = measured::run(&lab, &management, &arguments)?;
    let bound = measured.bound(latency, concurrency)?;
    let line = serde_json::json!({
        "benchmark": "audit",
        "accounts": accounts,
        "regions": regions,
        "latencyMilliseconds": u64::try_from(latency.as_millis())?,
        "concurrency": concurrency,
        "calls": measured.calls,
        "seconds": measured.seconds,
        "boundSeconds": bound,
        "ratio": measured.seconds / bound,
        "peakMegabytes": measured.peak_megabytes,
        "exit": measured.exit,
    });
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}
