//! Reads the files of a bucket live: lists them, and reads the encryption of each by HEAD.
//!
//! [`plan`] finds the folders and counts the requests, and [`Plan::run`] makes them. Both only read.
//! Nothing that S3 answers ends a run: a file that could not be read is counted with a status of its
//! own, and a folder that could not be listed is a [`Gap`].

mod answers;
mod confirm;
mod discover;
mod every;
mod outcome;
mod place;
mod plan;
mod range;
mod reuse;
mod s3;
mod sample;
mod versions;

use std::collections::{BTreeMap, HashSet};
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::{BoxFuture, Either, select};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use serde::Serialize;
use trailseal_aws::Session;
use trailseal_rule::{AccountId, BucketName, Region};

use self::place::MonthPart;
use self::s3::{Listed, Objects};
use self::sample::Newest;
use crate::coverage::{Class, Coverage, Folder, Owner, Version};
use crate::encryption::{FileStatus, Unread};

pub use self::answers::{Answers, AnswersError, RunBucket, RunId};
pub use self::confirm::{ComparedFile, Comparison, Confirmation, confirm};
pub use self::outcome::{Cause, Gap, Outcome};
pub use self::plan::{Counts, Requests};
pub use self::range::{Day, Range};

pub(crate) use self::outcome::region_of;

/// Which files are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// The oldest and the newest file of each folder and, where they differ, those around the file
    /// where the encryption changed. The files between were not read.
    #[default]
    Sample,
    /// The same in each month.
    Monthly,
    /// Every file.
    All,
}

/// What is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The bucket.
    pub bucket: BucketName,
    /// Only what is below this folder, with or without the slash at its end; empty for the whole
    /// bucket.
    pub prefix: String,
    /// Prefixes (`s3KeyPrefix`) of trails that deliver here, empty for none: they are read even if
    /// the search would not reach them.
    pub known_prefixes: Vec<String>,
    /// Only these accounts; all if empty.
    pub accounts: Vec<AccountId>,
    /// Only these Regions; all if empty.
    pub regions: Vec<Region>,
    /// Whether digests are read too.
    pub digests: bool,
    /// The days.
    pub range: Range,
    /// Which files of them.
    pub mode: Mode,
    /// Whether noncurrent versions and deleted files are counted too. Their encryption is not read.
    pub versions: bool,
    /// Concurrent requests, at most; at least one.
    pub concurrency: usize,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is done now.
    pub step: Step,
    /// How much of it: requests for `Folders`, folders or months for `Samples`, folders
    /// for `Versions`, files otherwise.
    pub done: u64,
    /// How much there is, if it is known.
    pub total: Option<u64>,
}

/// A part of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Folders are found.
    Folders,
    /// Files are counted.
    Counting,
    /// Samples of folders or months are read.
    Samples,
    /// Every file is read.
    Files,
    /// Noncurrent versions and deleted files are counted.
    Versions,
}

/// The folders that were found, and what reading them takes.
#[derive(Debug)]
pub struct Plan {
    scope: Scope,
    region: Region,
    objects: Objects,
    units: Vec<Unit>,
    /// What finding the folders has shown.
    gathered: Gathered,
    /// The canonical user ID of the bucket's account, if S3 says it.
    owner: Option<String>,
    answers: Option<Arc<Answers>>,
    /// What the number of requests depends on.
    pub counts: Counts,
}

/// A folder of which a sample is read, or one of its months.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Unit {
    folder: Folder,
    month: Option<MonthPart>,
}

/// Finds the folders and counts the requests. The session's credentials read the bucket.
///
/// # Errors
///
/// Why nothing can be read: the bucket does not exist, or S3 does not say where it is. A bucket that
/// cannot be listed is a [`Gap`] of the plan.
pub async fn plan(
    session: &Session,
    scope: Scope,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Plan, Cause> {
    let region = region_of(session, &scope.bucket).await?;
    let objects = Objects::new(session, &scope.bucket, &region, scope.concurrency);
    let found = discover::find(&objects, &scope, progress).await;
    let mut counts = Counts { folders: found.folders.len() as u64, ..Counts::default() };
    let mut gathered = Gathered { gaps: found.gaps, ..Gathered::default() };
    let mut owner = None;
    if counts.folders > 0 {
        match objects.owner().await {
            Ok(id) => owner = Some(id),
            Err(error) => {
                let cause = Cause::Owner(error);
                gathered.gaps.push(Gap { place: scope.prefix.clone(), cause });
            }
        }
    }
    let whole = |folder| Unit { folder, month: None };
    let units = match scope.mode {
        Mode::Sample => found.folders.into_iter().map(whole).collect(),
        Mode::All => {
            let units: Vec<Unit> = found.folders.into_iter().map(whole).collect();
            counts = every::count(&objects, &scope, &units, progress).await;
            units
        }
        Mode::Monthly => {
            let folders = found.folders;
            let units = sample::months(&objects, &scope, folders, &mut gathered, progress).await;
            counts.months = units.len() as u64;
            units
        }
    };
    Ok(Plan { scope, region, objects, units, gathered, owner, answers: None, counts })
}

impl Plan {
    /// The requests that were made to find the folders.
    pub fn requests_made(&self) -> Requests {
        self.objects.requests()
    }

    /// The requests that [`Plan::run`] makes, about.
    pub fn requests(&self) -> Requests {
        self.counts.requests(self.scope.mode)
    }

    /// The folders that are read.
    pub fn folders(&self) -> impl Iterator<Item = &Folder> {
        self.units.iter().map(|unit| &unit.folder)
    }

    /// With `Mode::All`, uses the answers of earlier runs for files that have not changed, and adds
    /// those of this run. Samples are small and read again.
    #[must_use]
    pub fn with_answers(self, answers: Arc<Answers>) -> Self {
        Self { answers: Some(answers), ..self }
    }

    /// Reads the files. If `stop` is ready first, the outcome has what was read until then.
    pub async fn run(
        self,
        progress: &(dyn Fn(Progress) + Sync),
        stop: impl Future<Output = ()> + Send,
    ) -> Outcome {
        let run = Run {
            objects: &self.objects,
            scope: &self.scope,
            answers: self.answers.as_deref(),
            owner: self.owner.as_deref(),
            gathered: Mutex::new(self.gathered),
            progress,
        };
        let is_stopped = {
            let work = pin!(run.read(&self.units, self.counts));
            matches!(select(work, pin!(stop)).await, Either::Right(_))
        };
        let gathered = run.gathered.into_inner().unwrap_or_else(PoisonError::into_inner);
        Outcome {
            bucket: self.scope.bucket.clone(),
            region: self.region,
            mode: self.scope.mode,
            versions: self.scope.versions,
            range: self.scope.range,
            coverage: gathered.coverage,
            gaps: gathered.gaps,
            owner: self.owner,
            earlier: gathered.earlier,
            is_stopped,
            requests: self.objects.requests(),
        }
    }
}

/// Drives futures, at most this many at a time. They are boxed, and so is their iterator, so that
/// the compiler can see that a run may move between threads.
async fn drive<'r>(
    mut waiting: Box<dyn Iterator<Item = BoxFuture<'r, ()>> + Send + 'r>,
    at_a_time: usize,
) {
    let mut active = FuturesUnordered::new();
    loop {
        while active.len() < at_a_time.max(1)
            && let Some(next) = waiting.next()
        {
            active.push(next);
        }
        if active.next().await.is_none() {
            return;
        }
    }
}

/// A run under way.
struct Run<'r> {
    objects: &'r Objects,
    scope: &'r Scope,
    answers: Option<&'r Answers>,
    /// The canonical user ID of the bucket's account.
    owner: Option<&'r str>,
    gathered: Mutex<Gathered>,
    progress: &'r (dyn Fn(Progress) + Sync),
}

#[derive(Debug, Default)]
struct Gathered {
    coverage: Coverage,
    gaps: Vec<Gap>,
    /// The keys of listed files that had a delete marker when they were read, if versions are
    /// counted too.
    deleted: HashSet<String>,
    /// The newest file of each folder of which a sample is read.
    newest: BTreeMap<String, Newest>,
    /// Files whose answers are those of earlier runs.
    earlier: u64,
    done: u64,
}

impl Run<'_> {
    async fn read(&self, units: &[Unit], counts: Counts) {
        match self.scope.mode {
            Mode::Sample | Mode::Monthly => self.samples(units).await,
            Mode::All => self.every_file(units, counts.files).await,
        }
        if self.scope.versions {
            self.versions(units).await;
        }
    }

    /// Changes what was gathered, which is whole between two changes.
    fn gather<T>(&self, change: impl FnOnce(&mut Gathered) -> T) -> T {
        change(&mut self.gathered.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads and counts a file.
    async fn file(&self, listed: &Listed) -> FileStatus {
        let status = self.objects.head(&listed.key).await;
        self.count(listed, status.clone());
        status
    }

    fn count(&self, listed: &Listed, status: FileStatus) {
        let is_deleted = status == FileStatus::Unread(Unread::DeleteMarker);
        // A delete marker is not the object that was listed.
        let owner = match is_deleted {
            true => Owner::NotListed,
            false => Owner::of(listed.owner.as_deref(), self.owner),
        };
        let class = Class { status, storage: listed.storage, version: Version::Current, owner };
        self.gather(|gathered| {
            gathered.coverage.count(&listed.key, &class, listed.bytes);
            if let Some(owner) = &listed.owner {
                gathered.coverage.count_owner(&listed.key, owner);
            }
            if is_deleted && self.scope.versions {
                gathered.deleted.insert(listed.key.clone());
            }
        });
    }

    fn done(&self, step: Step, total: u64) {
        let done = self.gather(|gathered| {
            gathered.done += 1;
            gathered.done
        });
        (self.progress)(Progress { step, done, total: Some(total) });
    }
}
