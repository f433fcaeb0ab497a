//! Measures how fast S3 Inventory reports are read, beside DuckDB with the same aggregation and the
//! same number of threads. Prints one line of JSON.
//!
//! `inventory_bench [ROWS] [--runs N] [--threads N] [--python PYTHON]`: by default 10 million rows, the
//! best of 3 runs and 2 threads. PYTHON needs `duckdb`; without `--python` nothing is compared.
//! Each run is a process of its own. A tenth of the rows shows whether the time is linear in rows.

use std::env;
use std::error::Error;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde::Deserialize;
use serde_json::{Value, json};
use trailseal_logs::inventory::{self, LocalFiles, Options};

#[path = "../tests/synthetic/mod.rs"]
mod synthetic;

use synthetic::{Object, Result};

/// Data files of a report.
const FILES: u64 = 8;

/// What a process that read a report prints.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Measured {
    seconds: f64,
    groups: u64,
    files: u64,
    /// Not measured for DuckDB.
    #[serde(default)]
    peak_kib: u64,
}

struct Settings {
    rows: u64,
    runs: u32,
    threads: usize,
    python: Option<PathBuf>,
}

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [word, manifest, threads] = arguments.as_slice()
        && word == "read"
    {
        return read(Path::new(manifest), threads.parse()?);
    }
    let settings = settings(&arguments)?;
    let folder = env::current_exe()?;
    let folder = folder.ancestors().nth(3).ok_or("no target folder")?.join("bench");
    let mut line = serde_json::Map::new();
    line.insert("bench".to_owned(), json!("inventory"));
    line.insert("rows".to_owned(), json!(settings.rows));
    line.insert("threads".to_owned(), json!(settings.threads));
    for format in ["csv", "parquet"] {
        line.insert(format.to_owned(), measure(&folder, format, &settings)?);
    }
    writeln!(io::stdout(), "{}", Value::Object(line))?;
    Ok(())
}

fn settings(arguments: &[String]) -> Result<Settings> {
    let mut settings = Settings { rows: 10_000_000, runs: 3, threads: 2, python: None };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| format!("`{argument}` needs a value"));
        match argument.as_str() {
            "--runs" => settings.runs = value()?.parse()?,
            "--threads" => settings.threads = value()?.parse()?,
            "--python" => settings.python = Some(PathBuf::from(value()?)),
            rows => settings.rows = rows.parse()?,
        }
    }
    Ok(settings)
}

/// Reads a report as the command does, and prints what the process needed.
fn read(manifest: &Path, threads: usize) -> Result<()> {
    let begin = Instant::now();
    let files = LocalFiles::of(manifest);
    let options =
        Options { threads, scope: &|_| true, sample: 0, progress: &|_| {}, stop: &|| false };
    let manifest = inventory::read_manifest(&files)?;
    let outcome = inventory::read(&files, manifest, &options);
    if !outcome.is_complete() {
        return Err(format!("not read: {:?}", outcome.unread).into());
    }
    let rows = outcome.coverage.rows();
    let (groups, files) =
        rows.fold((0, 0), |(groups, files), (.., totals)| (groups + 1, files + totals.files));
    let line = json!({
        "seconds": begin.elapsed().as_secs_f64(),
        "groups": groups,
        "files": files,
        "peakKib": peak_kib(),
    });
    writeln!(io::stdout(), "{line}")?;
    Ok(())
}

/// The peak memory of this process so far on Linux; 0 on other systems.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn measure(folder: &Path, format: &str, settings: &Settings) -> Result<Value> {
    let Settings { rows, runs, threads, python } = settings;
    let (whole, tenth) = (report(folder, format, *rows)?, report(folder, format, rows / 10)?);
    let threads = threads.to_string();
    let ours = |report: &Path| {
        let mut command = Command::new(env::current_exe()?);
        run(command.arg("read").arg(report.join("manifest.json")).arg(&threads))
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/inventory_bench.py");
    let duckdb = |python: &Path| {
        let mut command = Command::new(python);
        run(command.arg(&script).arg(format).arg(whole.join("data")).arg(&threads))
    };
    // The programs take turns, so that a slow moment of the machine slows all of them.
    let (mut trailseal, mut small, mut theirs) = (None, None, None);
    for _ in 0..*runs {
        keep_best(&mut trailseal, ours(&whole)?);
        keep_best(&mut small, ours(&tenth)?);
        if let Some(python) = python {
            keep_best(&mut theirs, duckdb(python)?);
        }
    }
    let (Some(trailseal), Some(small)) = (trailseal, small) else {
        return Err("--runs must be at least 1".into());
    };
    let mut members = json!({
        "seconds": trailseal.seconds,
        "peakMegabytes": trailseal.peak_kib as f64 / 1024.0,
        "ofLinear": trailseal.seconds / small.seconds / 10.0,
    });
    if let (Some(duckdb), Some(members)) = (theirs, members.as_object_mut()) {
        if (duckdb.groups, duckdb.files) != (trailseal.groups, trailseal.files) {
            return Err(format!("{format}: {trailseal:?} differs from DuckDB: {duckdb:?}").into());
        }
        members.insert("duckdbSeconds".to_owned(), json!(duckdb.seconds));
        members.insert("ofDuckdb".to_owned(), json!(trailseal.seconds / duckdb.seconds));
    }
    Ok(members)
}

/// Keeps the fastest run, with the largest memory of all.
fn keep_best(best: &mut Option<Measured>, next: Measured) {
    *best = Some(best.map_or(next, |former| {
        let peak_kib = former.peak_kib.max(next.peak_kib);
        let faster = if former.seconds < next.seconds { former } else { next };
        Measured { peak_kib, ..faster }
    }));
}

fn run(command: &mut Command) -> Result<Measured> {
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("`{:?}` ended with {}", command.get_program(), output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// A report of this many rows; created if absent.
fn report(folder: &Path, format: &str, rows: u64) -> Result<PathBuf> {
    let report = folder.join(format!("inventory-{format}-{rows}"));
    if report.join("manifest.checksum").exists() {
        return Ok(report);
    }
    fs::create_dir_all(report.join("data"))?;
    let extension = if format == "csv" { "csv.gz" } else { "parquet" };
    let names: Vec<String> = (0..FILES).map(|file| format!("{file}.{extension}")).collect();
    for (file, name) in (0..FILES).zip(&names) {
        let path = report.join("data").join(name);
        let objects = (rows * file / FILES..rows * (file + 1) / FILES).map(object);
        if format == "csv" {
            synthetic::csv(&path, objects)?;
        } else {
            synthetic::parquet(&path, objects)?;
        }
    }
    let (name, schema) = match format {
        "csv" => ("CSV", synthetic::COLUMNS),
        _ => ("Parquet", "message s3.inventory { }"),
    };
    synthetic::manifest(&report, name, schema, &names)?;
    Ok(report)
}

/// A file of an organization's trail: 20 accounts and 4 Regions, 144 files a day in each; every tenth
/// is a digest. They come in the order of keys, as S3 lists them. The encryption changes in 2026.
fn object(number: u64) -> Object {
    const REGIONS: [&str; 4] = ["eu-central-1", "eu-west-1", "us-east-1", "us-gov-west-1"];
    const FOLDER_FILES: u64 = 125_000;
    let folder = number / FOLDER_FILES;
    let region = usize::try_from(folder % 4).unwrap_or_default();
    let region = REGIONS.get(region).copied().unwrap_or_default();
    let account = 111_122_220_000 + folder / 4;
    let place = number % FOLDER_FILES;
    let (day, slot) = (place / 144, place % 144);
    let (year, month, day) = (2024 + day / 336, day % 336 / 28 + 1, day % 28 + 1);
    let (hour, minute) = (slot / 6, slot % 6 * 10);
    let root = format!("AWSLogs/o-exampleorg1/{account}");
    let date = format!("{year}/{month:02}/{day:02}");
    let time = format!("{year}{month:02}{day:02}T{hour:02}{minute:02}");
    let unique = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let key = if place.is_multiple_of(10) {
        format!(
            "{root}/CloudTrail-Digest/{region}/{date}/{account}_CloudTrail-Digest_{region}_\
             organization_us-east-1_{time}00Z.json.gz"
        )
    } else {
        format!(
            "{root}/CloudTrail/{region}/{date}/{account}_CloudTrail_{region}_{time}Z_\
             {unique:016x}.json.gz"
        )
    };
    let encryption = if year < 2026 { "SSE-S3" } else { "SSE-KMS" };
    let storage_class = if year < 2025 { "GLACIER_IR" } else { "STANDARD" };
    Object { size: 500 + unique % 50_000, storage_class, ..Object::new(&key, encryption) }
}
