//! Reads the oldest and the newest file of a folder or of one of its months and, where they differ,
//! finds the file where the encryption changed.

use std::collections::BTreeSet;

use futures_util::FutureExt as _;
use futures_util::future::{OptionFuture, join};
use futures_util::stream::{self, StreamExt as _};

use super::outcome::{Cause, Gap};
use super::place::{File, Place, Unrecognized, Written};
use super::s3::{List, Objects, PAGE_MAX};
use super::{Gathered, Progress, Run, Scope, Step, Unit, drive};
use crate::coverage::Folder;
use crate::encryption::FileStatus;

/// A file and its encryption.
#[derive(Clone, Debug)]
struct ReadFile {
    file: File,
    status: FileStatus,
}

/// The newest file of a folder, of all its months that were read.
#[derive(Debug, Default)]
pub(super) struct Newest {
    key: Option<String>,
    /// When S3 received it, in milliseconds since 1970, if the list says it.
    written_millis: Option<i64>,
    /// The objects without a name of CloudTrail that were seen.
    objects: BTreeSet<String>,
    /// The one of them that was written last.
    last_written: Option<Written>,
    /// Whether the newest file of a month could not be listed, which is a gap of its own.
    is_unknown: bool,
}

impl Newest {
    /// Adds the newest file of the folder, or of a month, if it could be listed, and the objects
    /// without a name of CloudTrail that were seen there. Those that are new are returned.
    pub(super) fn add(&mut self, newest: Option<Option<&File>>, seen: Unrecognized) -> Vec<String> {
        match newest {
            None => self.is_unknown = true,
            Some(newest) => {
                let key = newest.map(File::key);
                if key > self.key.as_deref() {
                    self.key = key.map(str::to_owned);
                    self.written_millis = newest.and_then(File::written_millis);
                }
            }
        }
        let Unrecognized { keys, last_written } = seen;
        self.last_written = self.last_written.take().max(last_written);
        // Several months can have seen an object.
        keys.into_iter().filter(|key| self.objects.insert(key.clone())).collect()
    }

    /// Why this may not be the newest file of the folder.
    pub(super) fn may_be_older(self) -> Option<Cause> {
        let Self { key: newest, written_millis, objects, last_written, is_unknown } = self;
        let is_later = |(time, _): &Written| written_millis.is_none_or(|newest| *time > newest);
        let later = last_written.filter(is_later).map(|(_, key)| key);
        let key = objects.into_iter().find(|key| Some(key) > newest.as_ref()).or(later)?;
        (!is_unknown).then_some(Cause::MayBeNewer { key })
    }
}

/// The months of folders. A folder without a month is read as a whole, because objects in it may be
/// log files. Such objects are gathered if these lists show them, and so are the folders whose
/// months could not be listed.
pub(super) async fn months(
    objects: &Objects,
    scope: &Scope,
    folders: BTreeSet<Folder>,
    gathered: &mut Gathered,
    progress: &(dyn Fn(Progress) + Sync),
) -> Vec<Unit> {
    let list = |folder| async move {
        let place = Place::new(objects, &folder, None, &scope.range);
        let months = place.months().await;
        let seen = place.take_unrecognized();
        (folder, months, seen)
    };
    let mut answers = stream::iter(folders).map(list).buffered(scope.concurrency.max(1));
    let mut units = Vec::new();
    while let Some((folder, months, seen)) = answers.next().await {
        gathered.add(&folder.to_string(), months.is_ok().then_some(None), seen);
        let unit = |month| Unit { folder: folder.clone(), month };
        match months {
            Ok(months) if months.is_empty() => units.push(unit(None)),
            Ok(months) => units.extend(months.into_iter().map(|month| unit(Some(month)))),
            Err(error) => {
                gathered.gaps.push(Gap { place: folder.to_string(), cause: error.into() });
            }
        }
        progress(Progress { step: Step::Folders, done: objects.requests().list, total: None });
    }
    units
}

impl Gathered {
    /// Adds what was listed of a folder, or of one of its months: the newest file, if it could be
    /// listed, and the objects that are not of CloudTrail, each once.
    fn add(&mut self, path: &str, newest: Option<Option<&File>>, seen: Unrecognized) {
        let of_folder = self.newest.entry(path.to_owned()).or_default();
        for key in of_folder.add(newest, seen) {
            self.coverage.set_aside(&key);
        }
    }
}

impl Run<'_> {
    /// Reads a sample of each folder or month.
    pub(super) async fn samples(&self, units: &[Unit]) {
        let total = units.len() as u64;
        let folders = units.iter().cloned();
        let samples = folders.map(move |unit| self.sample(unit, total).boxed());
        drive(Box::new(samples), self.scope.concurrency).await;
        self.gather(|gathered| {
            for (place, newest) in std::mem::take(&mut gathered.newest) {
                let cause = newest.may_be_older();
                gathered.gaps.extend(cause.map(|cause| Gap { place, cause }));
            }
        });
    }

    async fn sample(&self, unit: Unit, total: u64) {
        let place = Place::new(self.objects, &unit.folder, unit.month, &self.scope.range);
        let failed = self.read_ends(&place).await.err();
        let gap = failed.map(|cause| Gap { place: place.path().to_owned(), cause });
        self.gather(|gathered| gathered.gaps.extend(gap));
        self.done(Step::Samples, total);
    }

    pub(super) async fn read_ends(&self, place: &Place<'_>) -> Result<(), Cause> {
        let (oldest, newest) = join(place.oldest(), place.newest()).await;
        // What was found is read even if the other was not.
        let first = oldest.as_ref().ok().and_then(Option::as_ref);
        let last = newest.as_ref().ok().and_then(Option::as_ref);
        let last = last.filter(|last| first.is_none_or(|first| first.key() != last.key()));
        let first = OptionFuture::from(first.map(|file| self.read_file(file)));
        let last = OptionFuture::from(last.map(|file| self.read_file(file)));
        let (first, last) = join(first, last).await;
        let searched = match (first, last) {
            (Some(first), Some(last)) => self.find_change(place, first, last).await,
            _ => Ok(()),
        };
        let of_place = newest.as_ref().ok().map(Option::as_ref);
        self.gather(|gathered| gathered.add(place.path(), of_place, place.take_unrecognized()));
        oldest?;
        newest?;
        searched
    }

    /// Finds the first file that is encrypted as the newest one and whose predecessor is not. If the
    /// encryption changed more than once, this is one of the changes.
    async fn find_change(
        &self,
        place: &Place<'_>,
        mut low: ReadFile,
        mut high: ReadFile,
    ) -> Result<(), Cause> {
        if low.status == high.status || low.is_unread() || high.is_unread() {
            return Ok(());
        }
        let (mut first, mut last) = (low.file.day, high.file.day);
        while first.days_to(last) > 1 {
            let middle = first.plus(first.days_to(last) / 2);
            let from = middle.folder(place.path());
            let Some(file) = place.first_between(&from, high.file.key()).await? else {
                last = middle;
                continue;
            };
            let read = self.decisive(&file).await?;
            if read.status == high.status {
                (last, high) = (middle, read);
            } else {
                (first, low) = (read.file.day, read);
            }
        }
        self.find_change_in_days(place, low, high).await
    }

    async fn find_change_in_days(
        &self,
        place: &Place<'_>,
        low: ReadFile,
        high: ReadFile,
    ) -> Result<(), Cause> {
        let end = high.file.key().to_owned();
        let mut list = List::objects(place.path(), low.file.key(), PAGE_MAX);
        while let Some(page) = self.objects.next(&mut list).await? {
            let is_last = page.objects.last().is_none_or(|object| object.key >= end);
            let objects = page.objects.into_iter().filter(|object| object.key < end);
            let mut files: Vec<File> = objects.filter_map(|object| place.file(object)).collect();
            if !is_last && let Some(last) = files.pop() {
                let last = self.decisive(&last).await?;
                if last.status != high.status {
                    continue;
                }
                return self.halve(&files, &high.status).await;
            }
            if is_last {
                return self.halve(&files, &high.status).await;
            }
        }
        Ok(())
    }

    /// Finds the first file with this status among files in order, the last of which precede a file
    /// with this status.
    async fn halve(&self, files: &[File], status: &FileStatus) -> Result<(), Cause> {
        let (mut low, mut high) = (0, files.len());
        while low < high {
            let middle = low.midpoint(high);
            let Some(file) = files.get(middle) else { break };
            if self.decisive(file).await?.status == *status {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Ok(())
    }

    /// Reads a file that decides in which direction the search goes on.
    async fn decisive(&self, file: &File) -> Result<ReadFile, Cause> {
        let read = self.read_file(file).await;
        if read.is_unread() { Err(Cause::ChangeNotFound) } else { Ok(read) }
    }

    async fn read_file(&self, file: &File) -> ReadFile {
        ReadFile { file: file.clone(), status: self.file(&file.listed).await }
    }
}

impl ReadFile {
    fn is_unread(&self) -> bool {
        matches!(self.status, FileStatus::Unread(_))
    }
}
