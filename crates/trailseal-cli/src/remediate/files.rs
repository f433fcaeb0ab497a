//! Journals on disk: their names, and what they say.

use std::path::{Path, PathBuf};

use trailseal_plan::{Progress, read_journal};
use trailseal_rule::{AccountId, Timestamp, TrailArn};

/// Journals of one trail, account and day, at most.
const JOURNALS_A_DAY_MAX: u32 = 1000;

/// The journal of a trail: one in the current folder that is not finished, of whatever day, or a new
/// one of today.
pub(super) fn journal_of(trail: &TrailArn, account: &AccountId, now: Timestamp) -> PathBuf {
    let stem = format!("trailseal-{account}-{}-", trail.name());
    unfinished(trail, &stem).unwrap_or_else(|| new_journal(&format!("{stem}{}", now.date())))
}

/// Trails of different Regions may share a name: what counts is whose journal it says it is.
fn unfinished(trail: &TrailArn, stem: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(".").ok()?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let names = names.filter(|name| name.starts_with(stem) && name.ends_with(".jsonl"));
    let mut paths: Vec<PathBuf> = names.map(PathBuf::from).collect();
    paths.sort_unstable();
    paths.into_iter().rev().find(|path| {
        progress_of(path).is_some_and(|progress| {
            let Progress { seal, back_out, .. } = progress;
            seal.plan.trail == *trail && !seal.is_finished && back_out.is_none()
        })
    })
}

/// The first name that is free, or of a file that holds nothing: nothing was done then. Where it
/// holds what is no journal, whoever opens it tells.
fn new_journal(stem: &str) -> PathBuf {
    let names = (2..JOURNALS_A_DAY_MAX).map(|number| format!("{stem}-{number}.jsonl"));
    let mut names = std::iter::once(format!("{stem}.jsonl")).chain(names).map(PathBuf::from);
    names.find(|path| progress_of(path).is_none()).unwrap_or_else(|| stem.into())
}

/// Where things stand by a journal, if it can be read.
pub(super) fn progress_of(path: &Path) -> Option<Progress> {
    let bytes = std::fs::read(path).ok()?;
    read_journal(&bytes).ok()?.progress().ok()
}
