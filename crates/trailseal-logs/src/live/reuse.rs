//! Uses the answers of earlier runs for files that were listed again.
//!
//! The file of answers is not trusted. In each folder, the files that a sample reads are read again,
//! and so is the first file with each encryption; if an answer contradicts S3, that is a [`Gap`].
//! So a trail is judged by its newest files as S3 describes them, and T is not later than in a
//! sample. Answers of the file are counted, but they never excuse a folder.
//!
//! Answers are kept for blocks: up to a thousand files of one folder and month in the order of their
//! keys. A new file changes the last block only.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::answers::{Answers, BlockId, FILES_MAX};
use super::outcome::{Cause, Gap};
use super::place::{File, Place};
use super::{Gathered, Run, Unit};
use crate::encryption::{Encryption, FileStatus};
use crate::month::Month;

/// Files in order whose answers are kept together.
#[derive(Debug, Default)]
pub(super) struct Batch(Vec<File>);

impl Batch {
    /// Adds a file, and returns the files before it if it starts a new block.
    pub(super) fn add(&mut self, file: File) -> Option<Vec<File>> {
        let month = |file: &File| -> Option<Month> { file.day.month() };
        let starts = self.0.len() >= FILES_MAX
            || self.0.last().is_some_and(|last| month(last) != month(&file));
        let before = starts.then(|| self.end());
        self.0.push(file);
        before
    }

    pub(super) fn end(&mut self) -> Vec<File> {
        std::mem::take(&mut self.0)
    }
}

/// What was read again in a folder.
#[derive(Debug)]
pub(super) struct ReadAgain {
    /// The files of a sample.
    sample: BTreeMap<String, FileStatus>,
    /// The encryptions that S3 has confirmed for one file each.
    confirmed: BTreeSet<Encryption>,
}

/// The answers of a block, which is written when all of them are there.
#[derive(Debug)]
pub(super) struct Block {
    id: BlockId,
    state: Mutex<BlockState>,
}

#[derive(Debug)]
struct BlockState {
    answers: Vec<Option<Encryption>>,
    /// Files that are not read yet.
    waiting: usize,
}

impl Block {
    /// Takes the answer for a file, and writes the block after the last one.
    pub(super) fn answered(&self, place: usize, status: &FileStatus, answers: &Answers) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let (FileStatus::Read(read), Some(answer)) = (status, state.answers.get_mut(place)) {
            *answer = Some(read.clone());
        }
        state.waiting = state.waiting.saturating_sub(1);
        if state.waiting == 0 && state.answers.iter().any(Option::is_some) {
            answers.write(self.id, &state.answers);
        }
    }
}

/// A file that must be read, and its place in its block.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) file: File,
    pub(super) block: Option<(Arc<Block>, usize)>,
}

impl Run<'_> {
    /// Reads a sample of a folder again, if there are answers of earlier runs. If it cannot be read,
    /// none of them is used in the folder.
    pub(super) async fn read_again(&self, unit: &Unit) -> Option<ReadAgain> {
        self.answers.filter(|answers| !answers.is_empty())?;
        let apart = Run { gathered: Mutex::new(Gathered::default()), progress: &|_| (), ..*self };
        let place = Place::new(self.objects, &unit.folder, None, &self.scope.range);
        apart.read_ends(&place).await.ok()?;
        let gathered = apart.gathered.into_inner().unwrap_or_else(PoisonError::into_inner);
        if gathered.newest.into_values().any(|newest| newest.may_be_older().is_some()) {
            return None;
        }
        let mut sample = BTreeMap::new();
        for (_, _, class, totals) in gathered.coverage.rows() {
            for file in [&totals.oldest, &totals.newest] {
                sample.insert(file.key.clone(), class.status.clone());
            }
        }
        Some(ReadAgain { sample, confirmed: BTreeSet::new() })
    }

    /// Counts the files of a block that need not be read, and returns the others.
    pub(super) async fn split(
        &self,
        place: &Place<'_>,
        files: Vec<File>,
        again: &mut Option<ReadAgain>,
        total: u64,
    ) -> Vec<Waiting> {
        let id = BlockId::of(&self.scope.bucket, files.iter().map(|file| &file.listed));
        let of_earlier = |answers: &Answers| answers.of(id.as_ref()?, files.len());
        let mut answers = None;
        if let (Some(known), Some(found)) = (again.as_mut(), self.answers.and_then(of_earlier)) {
            match self.confirm(&files, found, known).await {
                Ok(confirmed) => answers = Some(confirmed),
                Err(cause) => {
                    let gap = Gap { place: place.path().to_owned(), cause };
                    self.gather(|gathered| gathered.gaps.push(gap));
                    *again = None;
                }
            }
        }
        let answers = answers.unwrap_or_else(|| vec![None; files.len()]);
        let waiting = answers.iter().filter(|answer| answer.is_none()).count();
        let state = BlockState { answers: answers.clone(), waiting };
        let block = id.map(|id| Arc::new(Block { id, state: Mutex::new(state) }));
        let mut unread = Vec::with_capacity(waiting);
        for (number, (file, answer)) in files.into_iter().zip(answers).enumerate() {
            match answer {
                Some(encryption) => self.count_earlier(&file, encryption, total),
                None => {
                    let block = block.as_ref().map(|block| (Arc::clone(block), number));
                    unread.push(Waiting { file, block });
                }
            }
        }
        unread
    }

    /// The answers of earlier runs for the files of a block, without those that must be read again.
    ///
    /// # Errors
    ///
    /// [`Cause::Contradicted`].
    async fn confirm(
        &self,
        files: &[File],
        mut answers: Vec<Option<Encryption>>,
        again: &mut ReadAgain,
    ) -> Result<Vec<Option<Encryption>>, Cause> {
        for (file, answer) in files.iter().zip(&mut answers) {
            let Some(earlier) = answer.as_ref() else { continue };
            let now = match again.sample.get(file.key()) {
                Some(status) => status.clone(),
                None if again.confirmed.contains(earlier) => continue,
                None => self.objects.head(file.key()).await,
            };
            match now {
                FileStatus::Read(now) if now == *earlier => {
                    again.confirmed.insert(now);
                }
                FileStatus::Read(_) => {
                    return Err(Cause::Contradicted { key: file.key().to_owned() });
                }
                FileStatus::Unread(_) => *answer = None,
            }
        }
        Ok(answers)
    }

    fn count_earlier(&self, file: &File, encryption: Encryption, total: u64) {
        self.count(&file.listed, FileStatus::Read(encryption));
        self.gather(|gathered| gathered.earlier += 1);
        self.done(super::Step::Files, total);
    }
}
