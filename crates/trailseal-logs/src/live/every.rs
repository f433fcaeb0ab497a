//! Reads every file.
//!
//! Folders are listed while files are read: what was listed waits in a channel of bounded size.

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join};
use futures_util::stream::{self, FuturesUnordered, StreamExt as _};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use trailseal_aws::AwsError;

use super::outcome::{Cause, Gap};
use super::place::{Classified, File, Place};
use super::plan::Counts;
use super::reuse::{Batch, ReadAgain, Waiting};
use super::s3::{List, Objects, PAGE_MAX};
use super::sample::Newest;
use super::{Progress, Run, Scope, Step, Unit, drive};
use crate::coverage::Folder;

/// Folders that are listed at a time, which bounds the memory for their pages.
pub(super) const FOLDERS_AT_A_TIME: usize = 16;

/// Files that were listed and are not read yet, at most.
const WAITING_MAX: usize = 1000;

/// Counts the folders, their files and pages. A folder that cannot be listed adds nothing here; if
/// it still cannot be listed when its files are read, that is a gap.
pub(super) async fn count(
    objects: &Objects,
    scope: &Scope,
    units: &[Unit],
    progress: &(dyn Fn(Progress) + Sync),
) -> Counts {
    let count = |folder| async move {
        count_folder(objects, &Place::new(objects, &folder, None, &scope.range)).await
    };
    let at_a_time = scope.concurrency.clamp(1, FOLDERS_AT_A_TIME);
    let folders: Vec<Folder> = units.iter().map(|unit| unit.folder.clone()).collect();
    let mut answers = stream::iter(folders).map(count).buffer_unordered(at_a_time);
    let mut counts = Counts { folders: units.len() as u64, ..Counts::default() };
    while let Some(counted) = answers.next().await {
        let counted = counted.unwrap_or_default();
        counts.files += counted.files;
        counts.pages += counted.pages;
        progress(Progress { step: Step::Counting, done: counts.files, total: None });
    }
    counts
}

async fn count_folder(objects: &Objects, place: &Place<'_>) -> Result<Counts, AwsError> {
    let mut counts = Counts::default();
    let mut list = List::objects(place.path(), &place.start(), PAGE_MAX);
    while let Some(page) = objects.next(&mut list).await? {
        counts.pages += 1;
        let is_end = page.objects.last().is_none_or(|last| place.is_after(&last.key));
        let is_file = |object: &Classified| matches!(object, Classified::File(_));
        let files = page.objects.into_iter().map(|object| place.classify(object)).filter(is_file);
        counts.files += files.count() as u64;
        if is_end {
            break;
        }
    }
    Ok(counts)
}

impl Run<'_> {
    /// Reads every file of the folders, of which there are about `total`.
    pub(super) async fn every_file(&self, units: &[Unit], total: u64) {
        let (sender, receiver) = channel(WAITING_MAX);
        let at_a_time = self.scope.concurrency.clamp(1, FOLDERS_AT_A_TIME);
        let folders = units.iter().cloned();
        // The files end when every copy of the sender is dropped.
        let lists = folders.map(move |unit| self.list_folder(unit, sender.clone(), total).boxed());
        join(drive(Box::new(lists), at_a_time), self.read_listed(receiver, total)).await;
    }

    async fn read_listed(&self, mut files: Receiver<Waiting>, total: u64) {
        let mut active: FuturesUnordered<BoxFuture<'_, ()>> = FuturesUnordered::new();
        loop {
            let has_room = active.len() < self.scope.concurrency.max(1);
            tokio::select! {
                file = files.recv(), if has_room => match file {
                    Some(file) => active.push(self.read_one(file, total).boxed()),
                    None => break,
                },
                Some(()) = active.next() => {}
            }
        }
        while active.next().await.is_some() {}
    }

    async fn read_one(&self, waiting: Waiting, total: u64) {
        let Waiting { file, block } = waiting;
        let status = self.file(&file.listed).await;
        if let (Some((block, place)), Some(answers)) = (block, self.answers) {
            block.answered(place, &status, answers);
        }
        self.done(Step::Files, total);
    }

    async fn list_folder(&self, unit: Unit, sender: Sender<Waiting>, total: u64) {
        let again = self.read_again(&unit).await;
        let place = Place::new(self.objects, &unit.folder, None, &self.scope.range);
        let mut lister =
            Lister { run: self, place: &place, batch: Batch::default(), again, sender, total };
        if let Err(cause) = lister.list().await {
            let gap = Gap { place: place.path().to_owned(), cause };
            self.gather(|gathered| gathered.gaps.push(gap));
        }
    }
}

/// A folder whose files are listed.
struct Lister<'l, 'r> {
    run: &'l Run<'r>,
    place: &'l Place<'l>,
    batch: Batch,
    again: Option<ReadAgain>,
    sender: Sender<Waiting>,
    total: u64,
}

impl Lister<'_, '_> {
    async fn list(&mut self) -> Result<(), Cause> {
        let (run, place) = (self.run, self.place);
        let mut newest = None;
        let mut list = List::objects(place.path(), &place.start(), PAGE_MAX);
        let mut listed = Ok(());
        loop {
            let page = match run.objects.next(&mut list).await {
                Ok(Some(page)) => page,
                Ok(None) => break,
                Err(error) => {
                    listed = Err(error);
                    break;
                }
            };
            let is_end = page.objects.last().is_none_or(|last| place.is_after(&last.key));
            for object in page.objects {
                match place.classify(object) {
                    Classified::File(file) => {
                        newest = Some(file.clone());
                        self.add(file).await;
                    }
                    Classified::Unrecognized(object) => {
                        run.gather(|gathered| gathered.coverage.set_aside(&object.key));
                        place.keep_unrecognized(object);
                    }
                    Classified::Outside | Classified::FolderObject => {}
                }
            }
            if is_end {
                break;
            }
        }
        let rest = self.batch.end();
        self.send(rest).await;
        listed?;
        let mut of_folder = Newest::default();
        of_folder.add(Some(newest.as_ref()), place.take_unrecognized());
        of_folder.may_be_older().map_or(Ok(()), Err)
    }

    /// Without a file of answers, a file is read as soon as it is listed.
    async fn add(&mut self, file: File) {
        if self.run.answers.is_none() {
            self.wait(Waiting { file, block: None }).await;
        } else if let Some(files) = self.batch.add(file) {
            self.send(files).await;
        }
    }

    async fn send(&mut self, files: Vec<File>) {
        let unread = self.run.split(self.place, files, &mut self.again, self.total).await;
        for waiting in unread {
            self.wait(waiting).await;
        }
    }

    async fn wait(&self, waiting: Waiting) {
        // The files are read to their end, so the channel is open.
        let _is_closed = self.sender.send(waiting).await;
    }
}
