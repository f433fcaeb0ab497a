//! Journals on disk: their names, and what they say.

use std::path::{Path, PathBuf};

use trailseal_plan::{Progress, read_journal};
use trailseal_rule::{AccountId, Timestamp, TrailArn};

/// Journals of one trail, account and day, at most.
const JOURNALS_A_DAY_MAX: u32 = 1000;

/// The journal of a trail: the first of the day that is not finished, or a new one.
pub(super) fn journal_of(trail: &TrailArn, account: &AccountId, now: Timestamp) -> PathBuf {
    let stem = format!("trailseal-{account}-{}-{}", trail.name(), now.date());
    let names = (2..JOURNALS_A_DAY_MAX).map(|number| format!("{stem}-{number}.jsonl"));
    let mut names = std::iter::once(format!("{stem}.jsonl")).chain(names).map(PathBuf::from);
    names.find(|path| !path.exists() || is_unfinished(path)).unwrap_or_else(|| stem.into())
}

fn is_unfinished(path: &Path) -> bool {
    match progress_of(path) {
        Some(progress) => !progress.seal.is_finished && progress.back_out.is_none(),
        // Empty: nothing was done. Or no journal at all, which whoever opens it tells.
        None => true,
    }
}

/// Where things stand by a journal, if it can be read.
pub(super) fn progress_of(path: &Path) -> Option<Progress> {
    let bytes = std::fs::read(path).ok()?;
    read_journal(&bytes).ok()?.progress().ok()
}
