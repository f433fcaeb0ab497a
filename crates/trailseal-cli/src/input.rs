//! The input: which files there are, and what each of them tells.

mod find;
mod read;
mod utf16;

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use trailseal_rule::error_chain;

use crate::inventory::{Complaint, EventParameters, Inventory, Role, ScanOptions, Subject};

pub(crate) use find::{FindError, find};

/// Something to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) origin: Origin,
    pub(crate) role: Role,
    /// Whether the user named it, or it was found in a folder.
    pub(crate) is_named: bool,
    /// The key or bucket that its answers are about, where the user names one.
    pub(crate) subject: Option<Subject>,
}

/// Where text comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    File(PathBuf),
    StandardInput,
}

impl Origin {
    /// Nothing where it is no file.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::StandardInput => None,
        }
    }

    /// How people are told of it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::StandardInput => "(standard input)".to_owned(),
        }
    }
}

/// What there is to read.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(crate) list: Vec<Source>,
    /// Files left unopened, since their name says that they hold nothing of use, and links to
    /// folders.
    pub(crate) skipped: Vec<PathBuf>,
    /// Folders of the command line of which nothing is read.
    pub(crate) unread: Vec<Unread>,
}

/// A folder of the command line that holds no file that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unread {
    pub(crate) folder: PathBuf,
    /// What was left unopened there.
    pub(crate) skipped: Vec<PathBuf>,
}

/// What reading came to.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) seen: Inventory,
    /// Files in folders that hold JSON of other kinds.
    pub(crate) of_no_use: usize,
    /// What each source held, in the order of the sources.
    pub(crate) counts: Vec<Counts>,
}

/// How many resources of use a source held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Counts {
    source: usize,
    pub(crate) trails: usize,
    pub(crate) keys: usize,
    pub(crate) buckets: usize,
}

impl Counts {
    fn of(source: usize, seen: &Inventory) -> Self {
        Self {
            source,
            trails: seen.trails.len(),
            keys: seen.evidence.keys.len(),
            buckets: seen.evidence.buckets.len(),
        }
    }
}

/// Reads every source, several at a time; what comes of it does not depend on how many.
pub(crate) fn read_all(sources: &Sources, event_parameters: EventParameters) -> Reading {
    let next = AtomicUsize::new(0);
    let all = Mutex::new(Reading::default());
    let work = || {
        let mut buffer = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(source) = sources.list.get(index) else {
                return;
            };
            let one = read_one(index, source, event_parameters, &mut buffer);
            let counts = Counts::of(index, &one.seen);
            let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
            all.counts.push(counts);
            all.of_no_use += one.of_no_use;
            all.seen.merge(one.seen);
        }
    };
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(sources.list.len());
    thread::scope(|scope| {
        for _ in 1..workers {
            scope.spawn(work);
        }
        work();
    });
    let mut reading = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    reading.seen.settle();
    reading.counts.sort_unstable();
    reading.seen.complaints.sort_by_key(|complaint| complaint.source);
    reading
}

/// Reads one source. INVARIANT (whole or not at all): what cannot be read to its end tells nothing,
/// since its end could have told the opposite.
fn read_one(
    index: usize,
    source: &Source,
    event_parameters: EventParameters,
    buffer: &mut Vec<u8>,
) -> Reading {
    let mut seen = Inventory::default();
    let options =
        ScanOptions { role: source.role, event_parameters, subject: source.subject.as_ref() };
    let mut position = 0;
    let read = read::read(&source.origin, buffer, &mut |piece| {
        seen.take(piece, options, index, position);
        position += 1;
    });
    if let Err(error) = read {
        let message = error_chain(&error);
        return Reading { seen: complaining(index, message), ..Reading::default() };
    }
    if seen.untyped_items > 0 {
        let items = counted(seen.untyped_items, "item");
        let message = format!("holds {items} without a `resourceType`, which cannot be read");
        seen.complaints.push(Complaint { source: index, message });
    }
    let has_unknown = seen.unknown_documents > 0;
    if has_unknown && source.is_named && seen.known_pieces > 0 {
        let documents = counted(seen.unknown_documents, "document");
        let message = format!("holds JSON of other kinds, too, which was left alone: {documents}");
        seen.complaints.push(Complaint { source: index, message });
    }
    let is_empty = seen.known_pieces == 0 && seen.complaints.is_empty();
    if is_empty && source.is_named {
        let message = "holds nothing that is read here: no rule event, configuration item, Config \
            snapshot or history, and no trail, key or bucket as the AWS CLI shows them";
        return Reading { seen: complaining(index, message.to_owned()), ..Reading::default() };
    }
    Reading { seen, of_no_use: usize::from(has_unknown), ..Reading::default() }
}

fn counted(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn complaining(source: usize, message: String) -> Inventory {
    let mut seen = Inventory::default();
    seen.complaints.push(Complaint { source, message });
    seen
}

#[cfg(test)]
mod tests;
