//! Runs the command as a process against AWS on loopback, and measures it.

use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use trailseal_lab::Lab;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What a run took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    pub(crate) seconds: f64,
    /// The peak resident memory.
    pub(crate) peak_megabytes: f64,
    pub(crate) exit: i32,
    /// The requests that the lab answered since it started.
    pub(crate) calls: usize,
}

impl Measured {
    /// The time of the calls alone: calls × latency ÷ concurrency.
    pub(crate) fn bound(&self, latency: Duration, concurrency: u32) -> Result<f64> {
        let calls = f64::from(u32::try_from(self.calls)?);
        Ok(calls * latency.as_secs_f64() / f64::from(concurrency))
    }
}

/// The numbers of the command line instead of those given.
pub(crate) fn numbers<const N: usize>(mut usual: [u32; N]) -> Result<[u32; N]> {
    for (place, text) in usual.iter_mut().zip(std::env::args().skip(1)) {
        *place = text.parse()?;
    }
    Ok(usual)
}

/// Runs the command with these arguments as an account of the lab.
pub(crate) fn run(lab: &Lab, account: &str, arguments: &[impl AsRef<OsStr>]) -> Result<Measured> {
    let credentials = lab.credentials(account);
    let begun = Instant::now();
    let mut child = Command::new(program()?)
        .args(arguments)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ENDPOINT_URL", lab.url())
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", credentials.access_key_id)
        .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key)
        .env("AWS_SESSION_TOKEN", credentials.session_token)
        .stdout(Stdio::null())
        .spawn()?;
    let peak = peak_kilobytes(&mut child)?;
    let seconds = begun.elapsed().as_secs_f64();
    Ok(Measured {
        seconds,
        peak_megabytes: f64::from(u32::try_from(peak)?) / 1024.0,
        exit: child.wait()?.code().unwrap_or(-1),
        calls: lab.call_counts().values().sum(),
    })
}

/// `TRAILSEAL`, or the program beside this example.
fn program() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("TRAILSEAL") {
        return Ok(PathBuf::from(path));
    }
    let own = std::env::current_exe()?;
    let folder = own.parent().and_then(|examples| examples.parent());
    Ok(folder.ok_or("the example has no parent folder")?.join("trailseal"))
}

/// Waits for the process and returns its peak memory (`VmHWM` in proc(5)).
fn peak_kilobytes(child: &mut Child) -> Result<u64> {
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
