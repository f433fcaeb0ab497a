//! The answers of earlier runs, in a file, so that a run that was killed need not read them again.
//!
//! The file is not trusted. Its answers are used only for files that S3 still lists with the same
//! ETag, time and size, and never for those that decide about a trail: see `reuse`.

mod line;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use trailseal_rule::{AccountId, BucketName, Region, Timestamp};

use self::line::{Header, LINE_BYTES_MAX, Line, is_start_of_header};
use super::{Day, Mode};
use crate::encryption::Encryption;

pub(super) use self::line::{BlockId, FILES_MAX};

/// Days after which the answers of a file are not used any more. S3 can encrypt an object again
/// without changing its ETag or its time.
const DAYS_MAX: i64 = 7;

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// The run to which the answers of a file belong. A run uses no file of another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunId {
    /// The ARN of the caller, for an assumed role without the name of the session.
    pub caller: String,
    /// The caller's account.
    pub account: AccountId,
    /// The caller's Region.
    pub region: Region,
    /// The role that reads the bucket, if it is not the caller.
    pub bucket_role: Option<String>,
    /// The buckets.
    pub buckets: Vec<RunBucket>,
    /// Which files are read.
    pub mode: Mode,
    /// The first day.
    pub since: Option<Day>,
    /// The last day.
    pub until: Option<Day>,
    /// Only these accounts; all if empty.
    pub accounts: Vec<AccountId>,
    /// Only these Regions; all if empty.
    pub regions: Vec<Region>,
}

/// A bucket of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunBucket {
    /// Its name.
    pub bucket: BucketName,
    /// The prefix that the run is limited to.
    pub prefix: String,
    /// The prefixes of the trails that deliver to it.
    pub trail_prefixes: Vec<String>,
}

/// A file of answers, locked for one run.
#[derive(Debug)]
pub struct Answers {
    began: Timestamp,
    /// Where the lines of earlier runs are in the file.
    lines: HashMap<BlockId, Span>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: File,
    /// Why a line could not be written. None is written after it, since it may be there in part.
    failure: Option<io::Error>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    start: u64,
    bytes: usize,
}

/// Why a file of answers cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AnswersError {
    /// It cannot be opened, read or written.
    #[error("cannot be used: {0}")]
    Unusable(#[from] io::Error),
    /// It is a folder, a pipe or a device.
    #[error("is not a regular file")]
    NotAFile,
    /// Another run has locked it.
    #[error("is used by another run")]
    InUse,
    /// Its first line is not that of such a file. It is left as it is.
    #[error("was not written by --resume: it is left as it is")]
    Foreign,
    /// Another release wrote it.
    #[error("has version {found}, but this release reads version {}", line::VERSION)]
    Version {
        /// What the file says.
        found: String,
    },
    /// It belongs to another run.
    #[error("belongs to another run: its `{field}` is {found}, but this run has {expected}")]
    OtherRun {
        /// The member that differs.
        field: String,
        /// What the file says.
        found: String,
        /// What it must say.
        expected: String,
    },
    /// Its first run began too long ago, or in the future.
    #[error(
        "is of a run that began at {began}, but answers are used for {DAYS_MAX} days only: start \
         again with a new file"
    )]
    Expired {
        /// When the first run began.
        began: Timestamp,
    },
    /// A line is not one that a run writes.
    #[error("line {line} is damaged: {why}; start again with a new file")]
    Damaged {
        /// Its number, from 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
}

impl Answers {
    /// Opens a file of answers, or creates it. A partial last line, which a crash leaves, is removed.
    ///
    /// # Errors
    ///
    /// The file cannot be used, belongs to another run, or is damaged. It is then left as it is.
    pub fn open(path: &Path, run: &RunId, now: Timestamp) -> Result<Self, AnswersError> {
        // Opening a pipe would wait for its other end.
        if path.exists() && !path.is_file() {
            return Err(AnswersError::NotAFile);
        }
        let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(AnswersError::InUse),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let read = Contents::read(&file, run, now)?;
        if file.metadata()?.len() > read.bytes {
            file.set_len(read.bytes)?;
        }
        let answers = Self {
            began: read.began.unwrap_or(now),
            lines: read.lines,
            state: Mutex::new(State { file, failure: None }),
        };
        if read.began.is_none() {
            let header = Header::text(run, now).map_err(io::Error::from)?;
            answers.state().file.write_all(&header)?;
        }
        Ok(answers)
    }

    /// When its first run began.
    pub fn began(&self) -> Timestamp {
        self.began
    }

    /// Whether earlier runs wrote no answers.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Why answers of this run are missing in the file, if they are.
    pub fn failure(&self) -> Option<String> {
        self.state().failure.as_ref().map(ToString::to_string)
    }

    /// The answers of earlier runs for files in order; none for a file that was not read. `None` if
    /// the file does not have them, or has changed since it was opened.
    pub(super) fn of(&self, block: &BlockId, files: usize) -> Option<Vec<Option<Encryption>>> {
        let span = self.lines.get(block)?;
        let text = read_span(&self.state().file, *span).ok()?;
        let line = Line::read(&text).ok().filter(|line| line.block == *block)?;
        let answers = line.answers();
        (answers.len() == files).then_some(answers)
    }

    /// Writes the answers for files in order.
    pub(super) fn write(&self, block: BlockId, answers: &[Option<Encryption>]) {
        let mut state = self.state();
        if state.failure.is_none() {
            let text = Line::of(block, answers).text().map_err(io::Error::from);
            // A longer line would be refused later.
            let text = text.map(|text| if text.len() > LINE_BYTES_MAX { Vec::new() } else { text });
            state.failure = text.and_then(|text| state.file.write_all(&text)).err();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read_span(mut file: &File, span: Span) -> io::Result<Vec<u8>> {
    let mut text = vec![0; span.bytes];
    file.seek(SeekFrom::Start(span.start))?;
    file.read_exact(&mut text)?;
    Ok(text)
}

/// What a file contains.
#[derive(Debug, Default)]
struct Contents {
    /// Absent without a header.
    began: Option<Timestamp>,
    lines: HashMap<BlockId, Span>,
    /// The bytes of the whole lines.
    bytes: u64,
}

impl Contents {
    /// Memory grows with the number of lines, each of which has up to 1,000 files; the answers stay
    /// in the file.
    fn read(file: &File, run: &RunId, now: Timestamp) -> Result<Self, AnswersError> {
        let mut contents = Self::default();
        let mut reader = BufReader::new(file.try_clone()?);
        let mut text = Vec::new();
        for number in 1_u64.. {
            text.clear();
            let limit = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
            reader.by_ref().take(limit).read_until(b'\n', &mut text)?;
            let damaged = |why: String| AnswersError::Damaged { line: number, why };
            if number == 1 && !is_start_of_header(&text) {
                return Err(AnswersError::Foreign);
            }
            if text.len() > LINE_BYTES_MAX {
                return Err(damaged(format!("it is longer than {LINE_BYTES_MAX} bytes")));
            }
            if !text.ends_with(b"\n") {
                break;
            }
            if number == 1 {
                contents.began = Some(Header::check(&text, run, now)?);
            } else {
                let line = Line::read(&text).map_err(damaged)?;
                contents.add(file, line, text.len()).map_err(damaged)?;
            }
            contents.bytes += u64::try_from(text.len()).unwrap_or_default();
        }
        Ok(contents)
    }

    /// Adds a line. Of two lines for the same files, the later one has more answers.
    fn add(&mut self, file: &File, line: Line, bytes: usize) -> Result<(), String> {
        let span = Span { start: self.bytes, bytes };
        match self.lines.entry(line.block) {
            Entry::Vacant(entry) => {
                entry.insert(span);
            }
            Entry::Occupied(mut entry) => {
                let earlier = read_again(file, *entry.get())?;
                let (earlier, later) = (earlier.answers(), line.answers());
                let agree = earlier.iter().zip(&later).all(|pair| match pair {
                    (Some(one), Some(other)) => one == other,
                    (None, _) | (_, None) => true,
                });
                if !agree || earlier.len() != later.len() {
                    return Err("it contradicts an earlier line on the same files".to_owned());
                }
                entry.insert(span);
            }
        }
        Ok(())
    }
}

/// Reads a line that was read before, and leaves the position of the file as it is.
fn read_again(mut file: &File, span: Span) -> Result<Line, String> {
    let position = file.stream_position().map_err(|error| error.to_string())?;
    let text = read_span(file, span).map_err(|error| error.to_string())?;
    file.seek(SeekFrom::Start(position)).map_err(|error| error.to_string())?;
    Line::read(&text)
}
