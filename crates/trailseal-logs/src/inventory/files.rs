//! Where the files of an inventory report are read from, and their checksums.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::{Component, Path, PathBuf};

use md5::{Digest, Md5};

use super::manifest::{DataFile, hex};

/// The size of reads.
const BUFFER_BYTES: usize = 128 << 10;

/// Folders above the manifest in which data files are looked for.
const ANCESTORS_MAX: usize = 12;

/// Where the files of a report are read from.
pub trait Files: Sync {
    /// Opens `manifest.json` or `manifest.checksum`, or a data file by its key in the destination
    /// bucket.
    ///
    /// # Errors
    ///
    /// A text that says what is missing or denied.
    fn open(&self, file: Name<'_>) -> Result<File, String>;
}

/// A file of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name<'a> {
    /// `manifest.json`.
    Manifest,
    /// `manifest.checksum`.
    Checksum,
    /// A data file with this key.
    Data(&'a str),
}

/// A report in a folder of this machine.
///
/// A data file is looked for beside the manifest, in `data` beside it or beside its folder, and
/// under its whole key in each folder above: wherever `aws s3 cp` or `aws s3 sync` puts it.
#[derive(Clone, Debug)]
pub struct LocalFiles {
    manifest: PathBuf,
}

impl LocalFiles {
    /// The report of this `manifest.json`.
    pub fn of(manifest: &Path) -> Self {
        Self { manifest: manifest.to_owned() }
    }

    fn data(&self, key: &str) -> Result<PathBuf, String> {
        let key = Path::new(key);
        let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
        let name = key.file_name().filter(|_| key.components().all(is_plain));
        let Some(name) = name else {
            return Err("its key is not a path below a folder".to_owned());
        };
        let mut candidates = Vec::new();
        for folder in self.manifest.ancestors().skip(1).take(ANCESTORS_MAX) {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            if candidates.is_empty() {
                candidates.push(folder.join(name));
            }
            if candidates.len() < 5 {
                candidates.push(folder.join("data").join(name));
            }
            candidates.push(folder.join(key));
        }
        candidates.into_iter().find(|path| path.is_file()).ok_or_else(|| {
            "not found: copy it beside `manifest.json`, or into `data` beside its folder".to_owned()
        })
    }
}

impl Files for LocalFiles {
    fn open(&self, file: Name<'_>) -> Result<File, String> {
        let path = match file {
            Name::Manifest => self.manifest.clone(),
            Name::Checksum => self.manifest.with_file_name("manifest.checksum"),
            Name::Data(key) => self.data(key)?,
        };
        File::open(path).map_err(|error| error.to_string())
    }
}

/// Reads a file and computes its MD5.
pub(crate) struct HashingReader {
    input: File,
    md5: Md5,
    read: u64,
    size: u64,
    buffer: Box<[u8]>,
    pending: std::ops::Range<usize>,
}

impl HashingReader {
    pub(crate) fn new(input: File, file: &DataFile) -> Self {
        let buffer = vec![0; BUFFER_BYTES].into_boxed_slice();
        Self { input, md5: Md5::new(), read: 0, size: file.size, buffer, pending: 0..0 }
    }

    /// Reads the rest and compares size and MD5 with the manifest's.
    pub(crate) fn finish(mut self, file: &DataFile) -> Result<(), String> {
        loop {
            let bytes = self.fill_buf().map_err(|error| error.to_string())?.len();
            if bytes == 0 {
                break;
            }
            self.consume(bytes);
        }
        if self.read != file.size {
            let (read, size) = (self.read, file.size);
            return Err(format!("it has {read} bytes, but the manifest says {size}"));
        }
        let md5: [u8; 16] = self.md5.finalize().into();
        if md5 == file.md5 {
            return Ok(());
        }
        let (md5, expected) = (hex(md5), hex(file.md5));
        Err(format!("its MD5 is {md5}, but the manifest says {expected}"))
    }
}

impl Read for HashingReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?.read(out)?;
        self.consume(bytes);
        Ok(bytes)
    }
}

impl BufRead for HashingReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.pending.is_empty() {
            let bytes = loop {
                match self.input.read(&mut self.buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => break other?,
                }
            };
            self.read = self.read.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
            if self.read > self.size {
                let text = format!("it has more than the {} bytes of the manifest", self.size);
                return Err(io::Error::new(io::ErrorKind::InvalidData, text));
            }
            self.md5.update(self.buffer.get(..bytes).unwrap_or_default());
            self.pending = 0..bytes;
        }
        Ok(self.buffer.get(self.pending.clone()).unwrap_or_default())
    }

    fn consume(&mut self, bytes: usize) {
        self.pending.start = self.pending.end.min(self.pending.start.saturating_add(bytes));
    }
}

/// A file whose size and checksum were verified.
pub(crate) fn verified(input: File, file: &DataFile) -> Result<File, String> {
    let verified = input.try_clone().map_err(|error| error.to_string())?;
    HashingReader::new(input, file).finish(file)?;
    Ok(verified)
}
