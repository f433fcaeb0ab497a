//! Writes journals. Each record is durable before the change that it announces.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use trailseal_plan::{Journal, JournalError, Record, read_journal};

use crate::failure::Failure;

/// Writes the records of a journal, in order.
pub trait JournalWriter: Send {
    /// Writes a record durably.
    ///
    /// # Errors
    ///
    /// The record could not be written: the change that it announces must not be made.
    fn write(&mut self, record: &Record) -> io::Result<()>;
}

/// An ID for a new journal: the time, for people, and 128 random bits, so that nobody can tag a key
/// with the ID in advance.
///
/// # Errors
///
/// [`Failure::NoRandomBits`].
pub fn new_journal_id() -> Result<String, Failure> {
    let mut bits = [0_u8; 16];
    getrandom::getrandom(&mut bits).map_err(|cause| Failure::NoRandomBits(cause.to_string()))?;
    let time = trailseal_aws::now().to_string().replace([':', '-', '.'], "");
    Ok(format!("{time}-{:032x}", u128::from_le_bytes(bits)))
}

/// A journal file, locked for one run.
#[derive(Debug)]
pub struct JournalFile {
    path: PathBuf,
    file: File,
    /// Bytes of the complete records.
    bytes: u64,
}

impl JournalFile {
    /// Creates a journal, durably, or takes a file without a record: it remains from a run that was
    /// killed before it began.
    ///
    /// # Errors
    ///
    /// [`Failure::JournalHasBegun`], or those of [`JournalFile::open`].
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let new = OpenOptions::new().read(true).append(true).create_new(true).open(path);
        let (journal, read) = match new {
            Ok(file) => Self::lock_and_read(path, file)?,
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Self::open(path)?,
            Err(cause) => return Err(failure(path, cause)),
        };
        if read.is_some() {
            return Err(Failure::JournalHasBegun(path.display().to_string()));
        }
        sync_folder(path).map_err(|cause| failure(path, cause))?;
        Ok(journal)
    }

    /// Opens an existing journal, without its content if it has no record, in which case nothing was
    /// changed. The first record that is written replaces a partial last line; until then, the file
    /// stays as it is.
    ///
    /// # Errors
    ///
    /// [`Failure::Journal`], [`Failure::JournalInUse`] or [`Failure::NotAJournal`].
    pub fn open(path: &Path) -> Result<(Self, Option<Journal>), Failure> {
        let file = OpenOptions::new().read(true).append(true).open(path);
        Self::lock_and_read(path, file.map_err(|cause| failure(path, cause))?)
    }

    /// Locks the file before it is read, so that no other run writes after that.
    fn lock_and_read(path: &Path, file: File) -> Result<(Self, Option<Journal>), Failure> {
        let mut journal = Self { path: path.to_owned(), file, bytes: 0 };
        journal.lock()?;
        let mut bytes = Vec::new();
        journal.file.read_to_end(&mut bytes).map_err(|cause| failure(path, cause))?;
        let read = match read_journal(&bytes) {
            Ok(read) => read,
            Err(JournalError::Empty) => return Ok((journal, None)),
            Err(cause) => {
                let file = path.display().to_string();
                return Err(Failure::NotAJournal { file, cause });
            }
        };
        journal.bytes = u64::try_from(read.whole_bytes).unwrap_or(u64::MAX);
        Ok((journal, Some(read)))
    }

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

    /// Removes what follows the complete records.
    fn cut(&self) -> io::Result<()> {
        if self.file.metadata()?.len() > self.bytes {
            self.file.set_len(self.bytes)?;
            self.file.sync_all()?;
        }
        Ok(())
    }
}

impl JournalWriter for JournalFile {
    fn write(&mut self, record: &Record) -> io::Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        self.cut()?;
        let written = self.file.write_all(&line).and_then(|()| self.file.sync_all());
        if let Err(error) = written {
            // If this fails as well, readers ignore the partial line.
            let _ = self.file.set_len(self.bytes);
            return Err(error);
        }
        self.bytes += u64::try_from(line.len()).unwrap_or_default();
        Ok(())
    }
}

fn failure(path: &Path, cause: io::Error) -> Failure {
    Failure::Journal { file: path.display().to_string(), cause }
}

/// Makes the name of a new file durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    File::open(folder)?.sync_all()
}
