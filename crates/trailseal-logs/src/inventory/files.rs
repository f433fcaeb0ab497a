//! Where the files of an inventory report are read from, and their checksums.

use std::fs::{self, File};
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

use bytes::{Buf, Bytes};
use md5::{Digest, Md5};

use super::manifest::{DataFile, hex};

/// The size of reads of files on this machine.
const READ_BYTES: usize = 128 << 10;

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
    fn open(&self, file: Name<'_>) -> Result<Box<dyn Content>, String>;
}

/// The content of a file of a report.
pub trait Content: Send + Sync {
    /// Its bytes.
    fn bytes(&self) -> u64;

    /// Reads this many bytes from this place on, or all to the end if there are fewer.
    ///
    /// # Errors
    ///
    /// They cannot be read, or the file was replaced after it was opened.
    fn read_at(&self, start: u64, bytes: usize) -> io::Result<Bytes>;

    /// The size of reads that are not slowed down by their number.
    fn read_bytes(&self) -> usize;
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

    /// Where a file of the report is.
    ///
    /// # Errors
    ///
    /// A data file that is not found, or whose key is not a path.
    pub fn path(&self, file: Name<'_>) -> Result<PathBuf, String> {
        match file {
            Name::Manifest => Ok(self.manifest.clone()),
            Name::Checksum => Ok(self.manifest.with_file_name("manifest.checksum")),
            Name::Data(key) => self.data(key),
        }
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
    fn open(&self, file: Name<'_>) -> Result<Box<dyn Content>, String> {
        let path = self.path(file)?;
        let opened = fs::metadata(&path).and_then(|found| {
            if !found.is_file() {
                // Opening a pipe would wait for its other end.
                return Err(io::Error::other("it is not a regular file"));
            }
            let file = File::open(&path)?;
            let bytes = file.metadata()?.len();
            Ok(LocalContent { file, bytes })
        });
        Ok(Box::new(opened.map_err(|error| error.to_string())?))
    }
}

struct LocalContent {
    file: File,
    bytes: u64,
}

impl Content for LocalContent {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn read_at(&self, start: u64, bytes: usize) -> io::Result<Bytes> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(start))?;
        let mut read = Vec::with_capacity(bytes);
        file.take(u64::try_from(bytes).unwrap_or(u64::MAX)).read_to_end(&mut read)?;
        Ok(Bytes::from(read))
    }

    fn read_bytes(&self) -> usize {
        READ_BYTES
    }
}

/// Reads a file and computes its MD5.
pub(crate) struct HashingReader<'a> {
    content: Box<dyn Content>,
    /// No more is read when it returns `true`.
    stop: &'a dyn Fn() -> bool,
    md5: Md5,
    read: u64,
    size: u64,
    pending: Bytes,
}

impl<'a> HashingReader<'a> {
    pub(crate) fn new(
        content: Box<dyn Content>,
        file: &DataFile,
        stop: &'a dyn Fn() -> bool,
    ) -> Self {
        Self { content, stop, md5: Md5::new(), read: 0, size: file.size, pending: Bytes::new() }
    }

    /// Reads the rest and compares size and MD5 with the manifest's.
    pub(crate) fn finish(mut self, file: &DataFile) -> Result<Box<dyn Content>, String> {
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
            return Ok(self.content);
        }
        let (md5, expected) = (hex(md5), hex(file.md5));
        Err(format!("its MD5 is {md5}, but the manifest says {expected}"))
    }
}

impl Read for HashingReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?.read(out)?;
        self.consume(bytes);
        Ok(bytes)
    }
}

impl BufRead for HashingReader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.pending.is_empty() {
            if (self.stop)() {
                return Err(io::Error::other("the run was ended before it was read"));
            }
            self.pending = self.content.read_at(self.read, self.content.read_bytes())?;
            let bytes = u64::try_from(self.pending.len()).unwrap_or(u64::MAX);
            self.read = self.read.saturating_add(bytes);
            if self.read > self.size {
                let text = format!("it has more than the {} bytes of the manifest", self.size);
                return Err(io::Error::new(io::ErrorKind::InvalidData, text));
            }
            self.md5.update(&self.pending);
        }
        Ok(&self.pending)
    }

    fn consume(&mut self, bytes: usize) {
        self.pending.advance(bytes.min(self.pending.len()));
    }
}

/// A file whose size and checksum were verified.
pub(crate) fn verified(
    content: Box<dyn Content>,
    file: &DataFile,
    stop: &dyn Fn() -> bool,
) -> Result<Box<dyn Content>, String> {
    HashingReader::new(content, file, stop).finish(file)
}
