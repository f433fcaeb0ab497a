//! The input of `check`: finds the sources and reads their content.

mod find;
mod read;
mod utf16;

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use trailseal_rule::error_chain;

use crate::inventory::{EventParameters, Inventory, Role, ScanOptions, Subject};
use crate::report::Problem;

pub(crate) use find::{no_file_in, why_skipped};
pub(crate) use read::decoded;

/// A file or standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) origin: Origin,
    pub(crate) role: Role,
    /// Whether the command line names it; otherwise it was found in a folder.
    pub(crate) is_named: bool,
    /// The key or bucket of its answers, if the user names one.
    pub(crate) subject: Option<Subject>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    File(PathBuf),
    StandardInput,
}

impl Origin {
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::StandardInput => None,
        }
    }

    pub(crate) fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::StandardInput => "(standard input)".to_owned(),
        }
    }
}

/// The sources in the paths of the command line.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(crate) list: Vec<Source>,
    /// Files whose names show other content, and links to folders.
    pub(crate) skipped: Vec<PathBuf>,
    /// The folders of the command line.
    folders: Vec<PathBuf>,
    /// Folders of the command line without a file to read.
    pub(crate) unread: Vec<Problem>,
    /// Paths that cannot be opened.
    pub(crate) errors: Vec<Problem>,
}

#[derive(Debug, Default)]
pub(crate) struct Content {
    pub(crate) inventory: Inventory,
    /// The number of files in folders that contain JSON of other kinds.
    pub(crate) files_of_other_kinds: usize,
    /// In the order of the sources.
    pub(crate) counts: Vec<Counts>,
    /// The SHA-256, if they are wanted, of the sources that were read to their end, by their index.
    pub(crate) digests: BTreeMap<usize, String>,
}

/// The number of resources in a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Counts {
    source: usize,
    pub(crate) trails: usize,
    pub(crate) keys: usize,
    pub(crate) buckets: usize,
}

impl Counts {
    fn of(source: usize, inventory: &Inventory) -> Self {
        Self {
            source,
            trails: inventory.trails.len(),
            keys: inventory.evidence.keys.len(),
            buckets: inventory.evidence.buckets.len(),
        }
    }
}

/// Reads the sources concurrently; the result does not depend on the number of threads.
pub(crate) fn read_all(
    sources: &Sources,
    event_parameters: EventParameters,
    digests_wanted: bool,
) -> Content {
    let next = AtomicUsize::new(0);
    let all = Mutex::new(Content::default());
    let work = || {
        let mut buffer = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(source) = sources.list.get(index) else {
                return;
            };
            let one = read_one(index, source, event_parameters, digests_wanted, &mut buffer);
            let counts = Counts::of(index, &one.inventory);
            let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
            all.counts.push(counts);
            all.files_of_other_kinds += one.files_of_other_kinds;
            all.inventory.merge(one.inventory);
            all.digests.extend(one.digests);
        }
    };
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(sources.list.len());
    thread::scope(|scope| {
        for _ in 1..workers {
            scope.spawn(work);
        }
        work();
    });
    let mut content = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    content.inventory.drop_conflicts();
    content.counts.sort_unstable();
    content.inventory.problems.sort_by_key(|problem| problem.source);
    content
}

/// Reads one source. INVARIANT (whole or not at all): a source that cannot be read to its end has
/// no content, since its end could contradict its beginning.
fn read_one(
    index: usize,
    source: &Source,
    event_parameters: EventParameters,
    digest_wanted: bool,
    buffer: &mut Vec<u8>,
) -> Content {
    let mut inventory = Inventory::default();
    let options =
        ScanOptions { role: source.role, event_parameters, subject: source.subject.as_ref() };
    let mut position = 0;
    let read = read::read(&source.origin, buffer, digest_wanted, &mut |document| {
        inventory.read(document, options, index, position);
        position += 1;
    });
    let digests = match read {
        Ok(digest) => digest.map(|digest| (index, digest)).into_iter().collect(),
        Err(error) => {
            return Content {
                inventory: problem(index, error_chain(&error)),
                ..Content::default()
            };
        }
    };
    if inventory.untyped_items > 0 {
        let items = counted(inventory.untyped_items, "item");
        let message = format!("contains {items} without a `resourceType`, which cannot be read");
        inventory.add_problem(index, message);
    }
    let has_unknown = inventory.unknown_documents > 0;
    if has_unknown && source.is_named && inventory.known_documents > 0 {
        let documents = counted(inventory.unknown_documents, "document");
        inventory.add_problem(index, format!("also contains {documents} of another kind, ignored"));
    }
    let is_empty = inventory.known_documents == 0 && inventory.problems.is_empty();
    if is_empty && source.is_named {
        let what = if inventory.reports > 0 { A_REPORT } else { NOTHING_KNOWN };
        return Content { inventory: problem(index, what), digests, ..Content::default() };
    }
    if source.subject.is_some() && inventory.problems.is_empty() && inventory.evidence.is_empty() {
        inventory.add_problem(index, "has nothing about the key or bucket that --evidence names");
    }
    Content { inventory, files_of_other_kinds: has_unknown.into(), digests, ..Content::default() }
}

const NOTHING_KNOWN: &str = "contains nothing that can be judged: no rule event, configuration \
    item, Config snapshot or history, and no trail, key or bucket as the AWS CLI prints them; \
    `trailseal preview` reads templates and plans";

const A_REPORT: &str = "is a report of trailseal, which `check` does not judge again: give the files \
    that it was made from, or show a report of `check`, `audit` or `preview` with `trailseal render`";

fn counted(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn problem(source: usize, message: impl Into<String>) -> Inventory {
    let mut inventory = Inventory::default();
    inventory.add_problem(source, message);
    inventory
}

#[cfg(test)]
mod tests;
