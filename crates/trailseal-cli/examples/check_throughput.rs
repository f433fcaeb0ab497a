//! Measures `trailseal check` on a synthetic Config snapshot against reading the same file, inflating
//! it with zlib-rs, and `jq` if it is installed.
//!
//! `check_throughput [MEGABYTES] [--runs N] [--without-jq]`: by default 500 megabytes and the best of
//! 7 runs. It prints one line of JSON. Build `trailseal` and `synthetic_snapshot` with the same
//! profile; `dist` is the one of releases:
//!
//! ```sh
//! cargo build --profile dist -p trailseal-cli --bin trailseal --examples
//! target/dist/examples/check_throughput
//! ```

use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde_json::json;

/// The size of the reads of `trailseal check`.
const BUFFER_BYTES: usize = 256 << 10;

/// The interval between two reads of a process's memory.
const POLL_INTERVAL: Duration = Duration::from_millis(2);

const OF_TRAILS: &str =
    ".configurationItems[] | select(.resourceType == \"AWS::CloudTrail::Trail\") | .resourceId";

#[derive(Clone, Copy, Debug)]
struct Measured {
    seconds: f64,
    peak_kib: u64,
}

struct Settings {
    megabytes: u64,
    runs: u32,
    with_jq: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let settings = settings(&env::args().skip(1).collect::<Vec<_>>())?;
    let examples = env::current_exe()?;
    let examples = examples.parent().ok_or("no folder of examples")?;
    let profile = examples.parent().ok_or("no folder of the profile")?;
    let folder = profile.parent().ok_or("no target folder")?.join("bench");
    fs::create_dir_all(&folder)?;
    let (plain, zipped) = snapshot(&examples.join("synthetic_snapshot"), &folder, &settings)?;
    let trailseal = profile.join("trailseal");
    let check = |format: &str, file: &Path| {
        command(Command::new(&trailseal).args(["check", "-q", "-o", format]).arg(file))
    };
    let mut best = [None; 5];
    for _ in 0..settings.runs {
        let runs = [
            alone(&plain, |file| Ok(Box::new(file)))?,
            check("csv", &plain)?,
            check("json", &plain)?,
            alone(&zipped, |file| {
                let file = BufReader::with_capacity(BUFFER_BYTES, file);
                Ok(Box::new(MultiGzDecoder::new(file)))
            })?,
            check("csv", &zipped)?,
        ];
        for (best, run) in best.iter_mut().zip(runs) {
            *best = Some(better(*best, run));
        }
    }
    let [Some(read), Some(check), Some(with_digest), Some(inflate), Some(check_zipped)] = best
    else {
        return Err("--runs must be at least 1".into());
    };
    let jq = settings.with_jq.then(|| command(Command::new("jq").arg(OF_TRAILS).arg(&plain)));
    // Without jq, there is nothing to compare with.
    let jq = jq.and_then(Result::ok);
    let rounded = |number: f64| (number * 1000.0).round() / 1000.0;
    let line = json!({
        "bench": "check",
        "bytes": fs::metadata(&plain)?.len(),
        "runs": settings.runs,
        "seconds": {
            "read": rounded(read.seconds),
            "check": rounded(check.seconds),
            "withDigest": rounded(with_digest.seconds),
            "inflate": rounded(inflate.seconds),
            "checkGz": rounded(check_zipped.seconds),
            "jq": jq.map(|jq| rounded(jq.seconds)),
        },
        "withDigest": rounded(with_digest.seconds / check.seconds),
        "ofRead": rounded(read.seconds / check.seconds),
        "timesJq": jq.map(|jq| rounded(jq.seconds / check.seconds)),
        "gzOfInflate": rounded(inflate.seconds / check_zipped.seconds),
        "peakKib": { "check": check.peak_kib, "checkGz": check_zipped.peak_kib },
    });
    writeln!(io::stdout(), "{line}")?;
    Ok(())
}

fn settings(arguments: &[String]) -> Result<Settings, Box<dyn Error>> {
    let mut settings = Settings { megabytes: 500, runs: 7, with_jq: true };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--without-jq" => settings.with_jq = false,
            "--runs" => settings.runs = rest.next().ok_or("--runs needs a number")?.parse()?,
            megabytes => settings.megabytes = megabytes.parse()?,
        }
    }
    Ok(settings)
}

/// The snapshot, plain and as gzip -6; created if absent.
fn snapshot(
    maker: &Path,
    folder: &Path,
    settings: &Settings,
) -> Result<(PathBuf, PathBuf), Box<dyn Error>> {
    let plain = folder.join(format!("snapshot-{}.json", settings.megabytes));
    let zipped = folder.join(format!("snapshot-{}.json.gz", settings.megabytes));
    if plain.exists() && zipped.exists() {
        return Ok((plain, zipped));
    }
    let (new_plain, new_zipped) = (plain.with_extension("new"), zipped.with_extension("new"));
    let made = Command::new(maker)
        .arg(settings.megabytes.to_string())
        .stdout(File::create(&new_plain)?)
        .status()
        .map_err(|error| format!("`{}` cannot be run: {error}", maker.display()))?;
    if !made.success() {
        return Err("failed to create the snapshot".into());
    }
    let zipped_out = BufWriter::new(File::create(&new_zipped)?);
    let mut encoder = GzEncoder::new(zipped_out, Compression::new(6));
    io::copy(&mut File::open(&new_plain)?, &mut encoder)?;
    encoder.finish()?.flush()?;
    fs::rename(new_plain, &plain)?;
    fs::rename(new_zipped, &zipped)?;
    Ok((plain, zipped))
}

/// Reads a file to its end.
fn alone(
    path: &Path,
    open: fn(File) -> io::Result<Box<dyn Read>>,
) -> Result<Measured, Box<dyn Error>> {
    let begin = Instant::now();
    let mut input = open(File::open(path)?)?;
    let mut buffer = vec![0; BUFFER_BYTES];
    while input.read(&mut buffer)? > 0 {}
    Ok(Measured { seconds: begin.elapsed().as_secs_f64(), peak_kib: 0 })
}

/// Runs a command, which may exit with 1, and polls its memory.
fn command(command: &mut Command) -> Result<Measured, Box<dyn Error>> {
    let program = command.get_program().to_string_lossy().into_owned();
    let begin = Instant::now();
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("`{program}` cannot be run: {error}"))?;
    let mut peak_kib = 0;
    let status = loop {
        peak_kib = peak_kib.max(peak(&child));
        match child.try_wait()? {
            Some(status) => break status,
            None => thread::sleep(POLL_INTERVAL),
        }
    };
    match status.code() {
        Some(0 | 1) => Ok(Measured { seconds: begin.elapsed().as_secs_f64(), peak_kib }),
        code => Err(format!("`{program}` ended with {code:?}").into()),
    }
}

/// The peak memory of a process so far on Linux, in KiB; 0 on other systems.
fn peak(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn better(best: Option<Measured>, run: Measured) -> Measured {
    match best {
        Some(best) => Measured {
            seconds: best.seconds.min(run.seconds),
            peak_kib: best.peak_kib.max(run.peak_kib),
        },
        None => run,
    }
}
