//! Where a journal's records go: each is safe before the change that it announces is made.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use trailseal_plan::{Journal, JournalError, Record, read_journal};

use crate::failure::Failure;
use crate::wait;

/// Takes the records of a journal, in order.
pub trait JournalWriter: Send {
    /// Takes one record, and answers once it is safe.
    ///
    /// # Errors
    ///
    /// It cannot be kept: what it announces must not be done.
    fn write(&mut self, record: &Record) -> io::Result<()>;
}

/// An id for a new journal: the time, so that people can tell journals apart, and 128 random bits,
/// so that nobody can make a key beforehand that carries it.
///
/// # Errors
///
/// [`Failure::NoRandomBits`]: the operating system gives none.
pub fn new_journal_id() -> Result<String, Failure> {
    let mut bits = [0_u8; 16];
    getrandom::getrandom(&mut bits).map_err(|cause| Failure::NoRandomBits(cause.to_string()))?;
    let time = wait::now().to_string().replace([':', '-', '.'], "");
    Ok(format!("{time}-{:032x}", u128::from_le_bytes(bits)))
}

/// A journal in memory, for where there is no disk that outlives the process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InMemoryJournal {
    /// The records so far.
    pub records: Vec<Record>,
}

impl JournalWriter for InMemoryJournal {
    fn write(&mut self, record: &Record) -> io::Result<()> {
        self.records.push(record.clone());
        Ok(())
    }
}

/// A journal on disk, one record a line. No two runs hold it at once.
#[derive(Debug)]
pub struct JournalFile {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl JournalFile {
    /// Makes a new journal; its name is on disk when this answers.
    ///
    /// # Errors
    ///
    /// [`Failure::Journal`]: the file is there already, or cannot be made.
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let unusable = |cause| failure(path, cause);
        let mut options = OpenOptions::new();
        let file = options.read(true).append(true).create_new(true).open(path);
        let journal = Self { path: path.to_owned(), file: file.map_err(unusable)?, bytes: 0 };
        journal.lock()?;
        sync_folder(path).map_err(unusable)?;
        Ok(journal)
    }

    /// Opens a journal that is there, and cuts off a line that a crash has torn. Nothing where
    /// the file has no record at all: then nothing was changed.
    ///
    /// # Errors
    ///
    /// [`Failure::Journal`], [`Failure::JournalInUse`] or [`Failure::NotAJournal`].
    pub fn open(path: &Path) -> Result<(Self, Option<Journal>), Failure> {
        let unusable = |cause| failure(path, cause);
        let file = OpenOptions::new().read(true).append(true).open(path).map_err(unusable)?;
        let mut journal = Self { path: path.to_owned(), file, bytes: 0 };
        journal.lock()?;
        let mut bytes = Vec::new();
        journal.file.read_to_end(&mut bytes).map_err(unusable)?;
        let read = match read_journal(&bytes) {
            Ok(read) => read,
            Err(JournalError::Empty) => {
                journal.cut(0).map_err(unusable)?;
                return Ok((journal, None));
            }
            Err(cause) => {
                let file = path.display().to_string();
                return Err(Failure::NotAJournal { file, cause });
            }
        };
        let whole = u64::try_from(read.whole_bytes).unwrap_or(u64::MAX);
        journal.cut(whole).map_err(unusable)?;
        Ok((journal, Some(read)))
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn lock(&self) -> Result<(), Failure> {
        match self.file.try_lock() {
            Ok(()) => Ok(()),
            Err(TryLockError::WouldBlock) => {
                Err(Failure::JournalInUse(self.path.display().to_string()))
            }
            Err(TryLockError::Error(cause)) => Err(failure(&self.path, cause)),
        }
    }

    fn cut(&mut self, bytes: u64) -> io::Result<()> {
        if self.file.metadata()?.len() > bytes {
            self.file.set_len(bytes)?;
            self.file.sync_all()?;
        }
        self.bytes = bytes;
        Ok(())
    }
}

impl JournalWriter for JournalFile {
    fn write(&mut self, record: &Record) -> io::Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        let written = self.file.write_all(&line).and_then(|()| self.file.sync_all());
        if let Err(error) = written {
            // What was written of the line is no record: it is as if it had been torn.
            let _torn_lines_are_tolerated = self.file.set_len(self.bytes);
            return Err(error);
        }
        self.bytes += u64::try_from(line.len()).unwrap_or_default();
        Ok(())
    }
}

fn failure(path: &Path, cause: io::Error) -> Failure {
    Failure::Journal { file: path.display().to_string(), cause }
}

/// A new file's name is safe once its folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    File::open(folder)?.sync_all()
}
