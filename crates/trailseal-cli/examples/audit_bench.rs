//! Measures `trailseal audit` of a large organization against AWS on loopback, with a latency for
//! each answer. Prints one line of JSON.
//!
//! ```text
//! cargo build --release --workspace --bins --examples
//! target/release/examples/audit_bench [ACCOUNTS [REGIONS [LATENCY_MS [CONCURRENCY]]]]
//! ```
//!
//! `ratio` is the time divided by the time of the calls alone: calls × latency ÷ concurrency.
//! `peakMegabytes` is the peak resident memory of the command, which runs as a process.

use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use trailseal_lab::{Lab, State};

/// The Regions that are enabled by default (AWS Account Management Reference Guide).
const REGIONS: &str = "us-east-1 us-east-2 us-west-1 us-west-2 ap-northeast-1 ap-northeast-2 \
    ap-northeast-3 ap-south-1 ap-southeast-1 ap-southeast-2 ca-central-1 eu-central-1 eu-north-1 \
    eu-west-1 eu-west-2 eu-west-3 sa-east-1";

const ROLE: &str = "Audit";

struct Size {
    accounts: u32,
    regions: usize,
    latency: Duration,
    concurrency: u32,
}

impl Size {
    fn from_arguments() -> Result<Self, Box<dyn Error>> {
        let mut numbers = [500, 17, 50, 32];
        for (place, text) in numbers.iter_mut().zip(std::env::args().skip(1)) {
            *place = text.parse::<u32>()?;
        }
        let [accounts, regions, latency, concurrency] = numbers;
        Ok(Self {
            accounts,
            regions: usize::try_from(regions)?.max(1),
            latency: Duration::from_millis(latency.into()),
            concurrency: concurrency.max(1),
        })
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let size = Size::from_arguments()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let regions: Vec<&str> = REGIONS.split(' ').take(size.regions).collect();
    let state = State::organization(size.accounts, &regions, ROLE);
    let management = state.accounts.first().map(|account| account.id.clone()).unwrap_or_default();
    let lab = runtime.block_on(Lab::start(state))?;
    lab.set_latency(size.latency);
    let begun = Instant::now();
    let mut child = start(&lab, &management, &size)?;
    let peak = peak_kilobytes(&mut child)?;
    let seconds = begun.elapsed().as_secs_f64();
    let exit = child.wait()?.code().unwrap_or(-1);
    let calls = lab.call_counts().values().sum::<usize>();
    let calls_count = f64::from(u32::try_from(calls)?);
    let bound = calls_count * size.latency.as_secs_f64() / f64::from(size.concurrency);
    let line = serde_json::json!({
        "benchmark": "audit",
        "accounts": size.accounts,
        "regions": size.regions,
        "latencyMilliseconds": u64::try_from(size.latency.as_millis())?,
        "concurrency": size.concurrency,
        "calls": calls,
        "seconds": seconds,
        "boundSeconds": bound,
        "ratio": seconds / bound,
        "peakMegabytes": f64::from(u32::try_from(peak)?) / 1024.0,
        "exit": exit,
    });
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

fn start(lab: &Lab, account: &str, size: &Size) -> Result<Child, Box<dyn Error>> {
    let credentials = lab.credentials(account);
    let concurrency = size.concurrency.to_string();
    let child = Command::new(program()?)
        .args(["audit", "--accounts", "organization", "--role-name", ROLE])
        .args(["--concurrency", &concurrency, "--quiet", "-o", "json"])
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ENDPOINT_URL", lab.url())
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", credentials.access_key_id)
        .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key)
        .env("AWS_SESSION_TOKEN", credentials.session_token)
        .stdout(Stdio::null())
        .spawn()?;
    Ok(child)
}

/// `TRAILSEAL`, or the program beside this example.
fn program() -> Result<PathBuf, Box<dyn Error>> {
    if let Some(path) = std::env::var_os("TRAILSEAL") {
        return Ok(PathBuf::from(path));
    }
    let own = std::env::current_exe()?;
    let folder = own.parent().and_then(|examples| examples.parent());
    Ok(folder.ok_or("the example has no parent folder")?.join("trailseal"))
}

/// Waits for the process and returns its peak memory (`VmHWM` in proc(5)).
fn peak_kilobytes(child: &mut Child) -> Result<u64, Box<dyn Error>> {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait()?.is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak = peak.max(number.unwrap_or_default());
        sleep(Duration::from_millis(10));
    }
    Ok(peak)
}
