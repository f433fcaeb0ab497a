//! Limits the memory of counts: a small file can name a folder of its own in each row.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::coverage::Folder;

/// The memory of all counts, about: some two million with a short prefix. A folder that several
/// threads count at the same time takes the memory of each.
pub(crate) const COUNTS_BYTES_MAX: u64 = 1 << 30;

/// The memory of a count beside its prefixes, about: what else is in a key is short.
const ROW_BYTES: u64 = 512;

/// The memory that the counts of data files take.
#[derive(Debug)]
pub(crate) struct Memory {
    used: AtomicU64,
    max: u64,
}

impl Memory {
    pub(crate) fn new(max: u64) -> Self {
        Self { used: AtomicU64::new(0), max }
    }

    /// Takes memory, and returns whether there was enough. It is taken in any case, and the caller
    /// gives it back.
    pub(crate) fn take(&self, bytes: u64) -> bool {
        let before = self.used.fetch_add(bytes, Ordering::Relaxed);
        before.saturating_add(bytes) <= self.max
    }

    pub(crate) fn give_back(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// The memory of a folder's count of one month and class, about: the folder and the keys of the
/// oldest and the newest file have its prefix.
pub(crate) fn row_bytes(folder: &Folder) -> u64 {
    let prefix = u64::try_from(folder.prefix.len()).unwrap_or(u64::MAX);
    prefix.saturating_mul(3).saturating_add(ROW_BYTES)
}
