//! Chooses the journal file: a new one, or one to resume.

use std::io;
use std::path::{Path, PathBuf};

use trailseal_plan::{JournalError, Progress, read_journal};
use trailseal_rule::{AccountId, Timestamp, TrailArn};

/// The most journals of one trail, account and day.
const JOURNALS_A_DAY_MAX: u32 = 1000;

/// The journal of a run.
pub(super) enum Chosen {
    New(PathBuf),
    /// An unfinished one, which the user wants to resume.
    Resumed(PathBuf),
}

/// The journal of `--journal`: resumed if the file has a record, otherwise new.
pub(super) fn named(path: &Path) -> Chosen {
    match content(path) {
        Ok(bytes) if read_journal(&bytes) != Err(JournalError::Empty) => {
            Chosen::Resumed(path.to_owned())
        }
        // Opening the file reports why it cannot be read.
        Ok(_) | Err(_) => Chosen::New(path.to_owned()),
    }
}

/// The journal of a trail in the current folder: a new one, or an unfinished one if `resumes`.
///
/// # Errors
///
/// An unfinished journal of the trail exists and `resumes` is false, or a file with the name of a
/// journal is not one.
pub(super) fn in_current_folder(
    trail: &TrailArn,
    account: &AccountId,
    now: Timestamp,
    resumes: bool,
) -> Result<Chosen, String> {
    let stem = format!("trailseal-{account}-{}-", trail.name());
    let mut unfinished = None;
    for (path, read) in journals(&stem) {
        let shown = path.display();
        let progress = match read {
            Ok(Some(progress)) => progress,
            Ok(None) => continue,
            Err(why) => {
                return Err(format!(
                    "`{shown}` has the name of a journal of this trail, but is not one: {why}. \
                     Nothing was changed. Find out who wrote it and move it, or name another file \
                     with --journal"
                ));
            }
        };
        let Progress { remediation, back_out, .. } = progress;
        let is_open = !remediation.is_finished && back_out.is_none();
        if remediation.plan.trail == *trail && is_open {
            unfinished = Some(path);
        }
    }
    match unfinished {
        None => Ok(Chosen::New(new_journal(&format!("{stem}{}", now.date())))),
        Some(path) if resumes => Ok(Chosen::Resumed(path)),
        Some(path) => Err(format!(
            "journal `{}` has an unfinished run of this trail. Nothing was changed. If you started \
             that run, repeat its options with --resume; to start a new run, name another file with \
             --journal",
            path.display()
        )),
    }
}

/// Whether the current folder has a journal of the run, not backed out, or one that cannot be read.
pub(super) fn has_begun(account: &AccountId, is_of_run: impl Fn(&Progress) -> bool) -> bool {
    let found = journals(&format!("trailseal-{account}-"));
    found.into_iter().any(|(_, read)| match read {
        Ok(Some(progress)) => progress.back_out.is_none() && is_of_run(&progress),
        // A run that was killed before it began has changed nothing.
        Ok(None) => false,
        // The run of its trail is refused with the reason.
        Err(_) => true,
    })
}

/// The readable journals of an account in the current folder.
pub(super) fn of_account(account: &AccountId) -> Vec<Progress> {
    let found = journals(&format!("trailseal-{account}-"));
    found.into_iter().filter_map(|(_, read)| read.ok().flatten()).collect()
}

/// The files of the current folder with the name of a journal, and their progress; `None` without a
/// record.
fn journals(stem: &str) -> Vec<(PathBuf, Result<Option<Progress>, String>)> {
    let entries = std::fs::read_dir(".").into_iter().flatten();
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let names = names.filter(|name| {
        let rest = name.strip_prefix(stem).and_then(|rest| rest.strip_suffix(".jsonl"));
        rest.is_some_and(ends_with_date)
    });
    let mut paths: Vec<PathBuf> = names.map(PathBuf::from).collect();
    paths.sort_unstable();
    paths.into_iter().map(|path| (path.clone(), read(&path))).collect()
}

/// Whether this ends with a date, with or without a number after it.
fn ends_with_date(rest: &str) -> bool {
    let is_date = |text: &str| Timestamp::parse(&format!("{text}T00:00:00Z")).is_ok();
    let without_number = match rest.rsplit_once('-') {
        Some((date, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => date,
        Some(_) | None => rest,
    };
    [rest, without_number].iter().any(|text| {
        let start = text.len().saturating_sub(DATE_BYTES);
        text.get(start..).is_some_and(is_date)
    })
}

/// `2026-11-24`.
const DATE_BYTES: usize = 10;

/// The first name without a file, or whose file has no record.
fn new_journal(stem: &str) -> PathBuf {
    let names = (2..JOURNALS_A_DAY_MAX).map(|number| format!("{stem}-{number}.jsonl"));
    let mut names = std::iter::once(format!("{stem}.jsonl")).chain(names).map(PathBuf::from);
    let is_free = |path: &PathBuf| matches!(read(path), Ok(None));
    names.find(is_free).unwrap_or_else(|| stem.into())
}

/// The progress of a journal; `None` without a file or a record.
fn read(path: &Path) -> Result<Option<Progress>, String> {
    let bytes = match content(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    match read_journal(&bytes).and_then(|journal| journal.progress()) {
        Ok(progress) => Ok(Some(progress)),
        Err(JournalError::Empty) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

fn content(path: &Path) -> io::Result<Vec<u8>> {
    let kind = std::fs::metadata(path)?.file_type();
    // Opening a pipe would wait for its other end.
    if !kind.is_file() && !kind.is_dir() {
        return Err(io::Error::other("it is not a regular file"));
    }
    std::fs::read(path)
}

/// Why a file is not a journal; `None` also for a file without a record.
pub(super) fn unusable(path: &Path) -> Option<String> {
    read(path).err()
}

/// The progress of a journal, if it can be read.
pub(super) fn progress_of(path: &Path) -> Option<Progress> {
    read(path).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::ends_with_date;

    #[test]
    fn a_journal_name_ends_with_a_date() {
        for name in ["2026-11-24", "2026-11-24-2", "2026-11-24-17", "audit-2026-11-24"] {
            assert!(ends_with_date(name), "{name}");
        }
        for name in ["", "notes", "2026-13-24", "2026-11-24-x", "2026-11-24-2-3"] {
            assert!(!ends_with_date(name), "{name}");
        }
    }
}
