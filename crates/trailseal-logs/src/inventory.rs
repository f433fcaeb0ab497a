//! Reads an S3 Inventory report.
//!
//! A report lists the objects of a bucket as they were when S3 began to list them, with their
//! encryption but without the name of a KMS key: it proves SSE-KMS, and never which key. S3 calls it
//! eventually consistent: an object can be missing (S3 User Guide, "Amazon S3 Inventory").
//!
//! INVARIANT (bounded): memory grows with folders, months and threads, not with rows or files.
//! INVARIANT (whole files): a data file counts only if all its rows were read and its checksum is that
//! of the manifest; otherwise it is listed as unread.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use thiserror::Error;

use crate::coverage::Coverage;
use crate::text::reason;

mod csv;
mod files;
mod format;
mod manifest;
mod pages;
mod parquet;
mod rows;
mod s3;
mod sample;
mod thrift;

pub use files::{Content, Files, LocalFiles, Name};
pub use manifest::{DataFile, Format, Manifest, ManifestError};
pub use rows::Column;
pub use s3::S3Files;
pub use sample::InventoryFile;

pub(crate) use rows::Record;

use manifest::{CHECKSUM_BYTES_MAX, MANIFEST_BYTES_MAX};
use rows::{Counted, Counter, Scope};
use sample::choose;

/// How a report is read.
pub struct Options<'a> {
    /// How many data files are read at a time.
    pub threads: usize,
    /// Which files count; others are ignored.
    pub scope: &'a Scope<'a>,
    /// How many files are chosen for a comparison with S3; none if it is 0.
    pub sample: usize,
    /// Is called with the data files that were read so far.
    pub progress: &'a (dyn Fn(usize) + Sync),
    /// Ends the run when it returns `true`.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

impl std::fmt::Debug for Options<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Options").field("threads", &self.threads).finish_non_exhaustive()
    }
}

/// What a report says.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The files of CloudTrail. No KMS key is named.
    pub coverage: Coverage,
    /// The report's manifest; its `created` is the time that the coverage is of.
    pub manifest: Manifest,
    /// The files that were chosen, in order of their keys.
    pub sample: Vec<InventoryFile>,
    /// Rows that were counted or ignored.
    pub rows: u64,
    /// Columns that the inventory does not list, or that a data file lacks. Without
    /// [`Column::EncryptionStatus`] no file's encryption is known.
    pub missing: Vec<Column>,
    /// Data files that were not read, with the reason. None of their rows is counted.
    pub unread: Vec<UnreadFile>,
    /// Whether the caller ended the run.
    pub is_interrupted: bool,
}

/// A data file that was not read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnreadFile {
    /// Its key.
    pub key: String,
    /// Why it was not read.
    pub reason: String,
}

/// Why a report was not read at all.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum InventoryError {
    /// A file was not read.
    #[error("`{name}`: {reason}")]
    Unread {
        /// Its name.
        name: &'static str,
        /// Why it was not read.
        reason: String,
    },
    /// The manifest is not usable.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

/// Reads the manifest of a report and verifies its checksum.
///
/// # Errors
///
/// [`InventoryError`] if a file is missing or the manifest is not usable.
pub fn read_manifest(files: &dyn Files) -> Result<Manifest, InventoryError> {
    let read = |file: Name<'_>, name: &'static str, bytes_max: usize| {
        let unread = |reason: String| InventoryError::Unread { name, reason };
        let opened = files.open(file).map_err(unread)?;
        let bytes = usize::try_from(opened.bytes()).unwrap_or(usize::MAX).min(bytes_max + 1);
        let content = opened.read_at(0, bytes);
        let content = content.map_err(|error| unread(error.to_string()))?;
        if content.len() > bytes_max {
            return Err(unread(format!("it is longer than {} KiB", bytes_max >> 10)));
        }
        Ok(content)
    };
    let manifest = read(Name::Manifest, "manifest.json", MANIFEST_BYTES_MAX)?;
    let checksum = read(Name::Checksum, "manifest.checksum", CHECKSUM_BYTES_MAX)?;
    Ok(Manifest::parse(&manifest, &checksum)?)
}

/// Reads the data files of a report.
pub fn read(files: &dyn Files, manifest: Manifest, options: &Options<'_>) -> Outcome {
    let run = Run { files, manifest: &manifest, options, next: AtomicUsize::new(0) };
    let total = Mutex::new(Total::default());
    let threads = options.threads.clamp(1, manifest.files.len().max(1));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| run.work(&total));
        }
    });
    // A panic would have ended the process or the scope.
    let total = total.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let Total { counted, missing, mut unread, .. } = total;
    unread.sort_unstable();
    Outcome {
        sample: choose(&counted.coverage, counted.spread),
        coverage: counted.coverage,
        rows: counted.rows,
        missing: missing.into_iter().collect(),
        unread,
        is_interrupted: (options.stop)(),
        manifest,
    }
}

impl Outcome {
    /// Whether every row of the report was read.
    pub fn is_complete(&self) -> bool {
        self.unread.is_empty() && !self.is_interrupted
    }
}

struct Run<'a> {
    files: &'a dyn Files,
    manifest: &'a Manifest,
    options: &'a Options<'a>,
    next: AtomicUsize,
}

#[derive(Default)]
struct Total {
    counted: Counted,
    missing: BTreeSet<Column>,
    unread: Vec<UnreadFile>,
    read: usize,
}

impl Run<'_> {
    /// Reads one data file after another.
    fn work(&self, total: &Mutex<Total>) {
        while let Some(file) = self.manifest.files.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            let counted = self.count(file);
            let mut total = total.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            match counted {
                _ if (self.options.stop)() => {
                    let reason = "the run was ended before it was read".to_owned();
                    total.unread.push(UnreadFile { key: file.key.clone(), reason });
                    continue;
                }
                Ok((counted, missing)) => {
                    total.counted.rows += counted.rows;
                    total.counted.coverage.merge(counted.coverage);
                    total.counted.spread.merge(counted.spread);
                    total.missing.extend(missing);
                }
                Err(why) => {
                    let reason = reason(&why);
                    total.unread.push(UnreadFile { key: file.key.clone(), reason });
                }
            }
            total.read += 1;
            (self.options.progress)(total.read);
        }
    }

    fn count(&self, file: &DataFile) -> Result<(Counted, Vec<Column>), String> {
        let stop = self.options.stop;
        if stop() {
            return Err(String::new());
        }
        let opened = self.files.open(Name::Data(&file.key))?;
        let bucket = &self.manifest.source_bucket;
        let mut counter = Counter::new(bucket, self.options.scope, self.options.sample);
        let missing = match self.manifest.format {
            Format::Csv => {
                csv::count(opened, file, &self.manifest.columns, &mut counter, &stop)?;
                self.manifest.missing()
            }
            Format::Parquet => parquet::count(opened, file, &mut counter, &stop)?,
        };
        Ok((counter.finish(), missing))
    }
}
