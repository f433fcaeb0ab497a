//! What is true of every data file of an inventory report in Parquet.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use md5::{Digest, Md5};
use trailseal_logs::inventory::{self, Content, Files, Name, Options};

/// How often the reader may ask whether to stop, which it does for each 2,048 rows: a few bytes can
/// stand for any number of rows.
const STOP_AFTER: usize = 200;

/// A file in memory.
struct Memory(Bytes);

impl Content for Memory {
    fn bytes(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, start: u64, bytes: usize) -> io::Result<Bytes> {
        let start = usize::try_from(start).unwrap_or(usize::MAX).min(self.0.len());
        Ok(self.0.slice(start..self.0.len().min(start.saturating_add(bytes))))
    }

    fn read_bytes(&self) -> usize {
        4096
    }
}

/// A report with one data file, whose checksums are right.
struct Report {
    manifest: Bytes,
    data: Bytes,
}

impl Report {
    fn of(data: &[u8]) -> Self {
        let manifest = format!(
            r#"{{"sourceBucket": "trail-logs", "destinationBucket": "arn:aws:s3:::reports",
            "version": "2016-11-30", "creationTimestamp": "1795827600000", "fileFormat": "Parquet",
            "fileSchema": "message s3.inventory {{ }}",
            "files": [{{"key": "0.parquet", "size": {}, "MD5checksum": "{}"}}]}}"#,
            data.len(),
            checksum(data)
        );
        Self { manifest: manifest.into(), data: Bytes::copy_from_slice(data) }
    }
}

impl Files for Report {
    fn open(&self, file: Name<'_>) -> Result<Box<dyn Content>, String> {
        let content = match file {
            Name::Manifest => self.manifest.clone(),
            Name::Checksum => checksum(&self.manifest).into(),
            Name::Data(_) => self.data.clone(),
        };
        Ok(Box::new(Memory(content)))
    }
}

fn checksum(bytes: &[u8]) -> String {
    format!("{:032x}", u128::from_be_bytes(Md5::digest(bytes).into()))
}

/// The reader reads the file to its end, or counts none of its rows and gives a one-line reason.
/// Returns the number of rows of a file that it reads.
pub(crate) fn check(data: &[u8]) -> Option<u64> {
    let report = Report::of(data);
    let asked = AtomicUsize::new(0);
    let options = Options {
        threads: 1,
        scope: &|_| true,
        sample: 2,
        progress: &|_| {},
        stop: &|| asked.fetch_add(1, Ordering::Relaxed) > STOP_AFTER,
    };
    let manifest = match inventory::read_manifest(&report) {
        Ok(manifest) => manifest,
        Err(error) => panic!("{error}"),
    };
    let outcome = inventory::read(&report, manifest, &options);
    if outcome.is_complete() {
        let files: u64 = outcome.coverage.rows().map(|(.., totals)| totals.files).sum();
        assert!(files <= outcome.rows, "{files} files in {} rows", outcome.rows);
        return Some(outcome.rows);
    }
    assert_eq!((outcome.rows, outcome.coverage.rows().count()), (0, 0));
    for file in &outcome.unread {
        assert!(!file.reason.contains('\n'), "{}", file.reason);
    }
    None
}
