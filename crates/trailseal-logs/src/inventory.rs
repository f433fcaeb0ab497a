//! Reads an S3 Inventory report.
//!
//! A report lists the objects of a bucket as they were when S3 began to list them, with their
//! encryption but without the name of a KMS key: it proves SSE-KMS, and never which key. S3 calls it
//! eventually consistent: an object can be missing (S3 User Guide, "Amazon S3 Inventory").
//!
//! INVARIANT (bounded): memory grows with folders, months and threads, not with rows or files, and up
//! to a limit.
//! INVARIANT (whole files): a data file counts only if all its rows were read and its checksum is that
//! of the manifest; otherwise it is listed as unread.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use thiserror::Error;

use crate::coverage::{Coverage, Folder};
use crate::text::reason;

mod csv;
mod files;
mod format;
mod manifest;
mod memory;
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
use memory::{COUNTS_BYTES_MAX, Memory, row_bytes};
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
    read_within(COUNTS_BYTES_MAX, files, manifest, options)
}

fn read_within(
    bytes_max: u64,
    files: &dyn Files,
    manifest: Manifest,
    options: &Options<'_>,
) -> Outcome {
    let (next, memory) = (AtomicUsize::new(0), Memory::new(bytes_max));
    let run = Run { files, manifest: &manifest, options, next, memory };
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
    memory: Memory,
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
                    let mut known = |folder: &Folder| self.memory.give_back(row_bytes(folder));
                    total.counted.coverage.merge_rows(counted.coverage, &mut known);
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
        let Options { scope, sample, .. } = self.options;
        let mut counter = Counter::new(bucket, *scope, *sample, &self.memory);
        let missing = match self.manifest.format {
            Format::Csv => csv::count(opened, file, &self.manifest.columns, &mut counter, &stop)
                .map(|()| self.manifest.missing()),
            Format::Parquet => parquet::count(opened, file, &mut counter, &stop),
        };
        match missing {
            Ok(missing) => Ok((counter.finish(), missing)),
            Err(why) => {
                counter.discard();
                Err(why)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::{self, Write as _};

    use bytes::Bytes;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use md5::{Digest as _, Md5};
    use trailseal_rule::Timestamp;

    use super::*;

    /// Data files in memory.
    struct InMemory(BTreeMap<String, Bytes>);

    impl Files for InMemory {
        fn open(&self, file: Name<'_>) -> Result<Box<dyn Content>, String> {
            let Name::Data(key) = file else { return Err("not there".to_owned()) };
            Ok(Box::new(OneFile(self.0[key].clone())))
        }
    }

    struct OneFile(Bytes);

    impl Content for OneFile {
        fn bytes(&self) -> u64 {
            self.0.len() as u64
        }

        fn read_at(&self, start: u64, bytes: usize) -> io::Result<Bytes> {
            let start = usize::try_from(start).unwrap().min(self.0.len());
            Ok(self.0.slice(start..(start + bytes).min(self.0.len())))
        }

        fn read_bytes(&self) -> usize {
            1 << 10
        }
    }

    /// A data file with a log file below each prefix.
    fn data(prefixes: &[&str]) -> Bytes {
        let mut text = GzEncoder::new(Vec::new(), Compression::fast());
        for prefix in prefixes {
            let row = format!(
                "\"logs\",\"{prefix}/AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/31/\
                 111122223333_CloudTrail_us-east-1_20260131T2355Z_Ab3dEf6hIj9kLm2n.json.gz\",\
                 \"SSE-KMS\"\n"
            );
            text.write_all(row.as_bytes()).unwrap();
        }
        text.finish().unwrap().into()
    }

    /// The data files that are not read, and the files that are counted, within the memory of five
    /// rows with a prefix of one letter.
    fn unread(files: &[&[&str]]) -> (Vec<String>, u64) {
        let files: Vec<Bytes> = files.iter().map(|prefixes| data(prefixes)).collect();
        let named = files.iter().enumerate();
        let named: BTreeMap<String, Bytes> =
            named.map(|(place, data)| (place.to_string(), data.clone())).collect();
        let described = named.iter().map(|(key, data)| DataFile {
            key: key.clone(),
            size: data.len() as u64,
            md5: Md5::digest(data).into(),
        });
        let manifest = Manifest {
            source_bucket: "logs".to_owned(),
            destination_bucket: "reports".to_owned(),
            created: Timestamp::parse("2026-02-01T00:00:00Z").unwrap(),
            format: Format::Csv,
            columns: ["Bucket", "Key", "EncryptionStatus"].map(str::to_owned).to_vec(),
            files: described.collect(),
        };
        let options =
            Options { threads: 1, scope: &|_| true, sample: 0, progress: &|_| {}, stop: &|| false };
        let outcome = read_within(5 * (512 + 3), &InMemory(named), manifest, &options);
        let files = outcome.coverage.rows().map(|(.., totals)| totals.files).sum();
        let reasons =
            outcome.unread.into_iter().map(|file| format!("{}: {}", file.key, file.reason));
        (reasons.collect(), files)
    }

    #[test]
    fn a_data_file_with_too_many_folders_is_not_read() {
        let none: [String; 0] = [];
        assert_eq!(unread(&[&["a", "b", "c", "a", "b", "c"]]), (none.to_vec(), 6));
        // The same folders in several files take the memory of one, and so does a file that was given
        // up.
        let same: &[&str] = &["a", "b"];
        assert_eq!(unread(&[&["c"], same, &["a"], &["b", "c"]]), (none.to_vec(), 6));
        let (reasons, files) = unread(&[&["a"], &["b", "c", "d", "e", "f"], &["d", "e"]]);
        assert_eq!((reasons.len(), files), (1, 3), "{reasons:?}");
        assert!(
            reasons[0].starts_with("1: row 5: the folders and months of the inventory take more"),
            "{reasons:?}"
        );
        // A long prefix takes more.
        assert_eq!(unread(&[&["a", "b", &"c".repeat(500)]]).0.len(), 1);
    }
}
