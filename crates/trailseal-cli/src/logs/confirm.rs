//! `--confirm N`: compares a sample of an inventory with S3, and reports what S3 says.
//!
//! INVARIANT (a sample): what S3 says about these files never proves a trail. An inventory does not
//! have the files that were delivered after it.

use std::collections::BTreeMap;

use trailseal_aws::{Session, TrailDelivery};
use trailseal_logs::inventory::InventoryFile;
use trailseal_logs::live::{self, ComparedFile, Comparison, Progress, Requests};
use trailseal_logs::{Class, Coverage, FileStatus, Folder, Month, Parsed, parse};
use trailseal_rule::{BucketName, Facts, Refusal, key_arn};

use super::arguments::LogsArguments;
use super::confirmation::{Confirmation, ConfirmedFiles, Contradiction, UnreadFile};
use super::progress::{Stop, bar, words};
use super::report::{BucketLogs, word};
use super::{cause, place};
use crate::console::Console;
use crate::log_files::{Missing, delivers, why_unread};
use crate::output::{clean, counted};
use crate::report::Problem;

/// What came of `--confirm`.
#[derive(Debug)]
pub(super) struct Confirmed {
    /// The files that S3 was asked about.
    files: Vec<ComparedFile>,
    pub(super) report: Confirmation,
    pub(super) problems: Vec<Problem>,
}

/// Asks S3 about the sample of an inventory, after the requests were printed.
pub(super) async fn confirm(
    of_bucket: &Session,
    bucket: &BucketName,
    sample: &[InventoryFile],
    arguments: &LogsArguments,
    stop: &Stop,
    console: &mut Console<'_>,
) -> Confirmed {
    let asked = arguments.confirm.map_or(0, usize::from);
    if sample.is_empty() || stop.is_stopped() {
        return Confirmed::of(asked, sample.len(), bucket, Vec::new(), stop.is_stopped());
    }
    if !arguments.report.quiet {
        console.print_line(&announcement(bucket, sample));
    }
    let bar = bar(arguments);
    let show = |progress: Progress| bar.set_message(words(progress));
    let concurrency = usize::from(arguments.concurrency);
    let read = live::confirm(of_bucket, bucket, sample, concurrency, &show, stop.stopped()).await;
    bar.finish_and_clear();
    match read {
        Ok(read) => Confirmed::of(asked, sample.len(), bucket, read.files, read.is_stopped),
        Err(why) => {
            let message = format!("no file of the inventory was confirmed: {}", cause(&why));
            let mut confirmed = Confirmed::of(asked, sample.len(), bucket, Vec::new(), false);
            confirmed.problems = vec![Problem { source: place(bucket, ""), message }];
            confirmed
        }
    }
}

fn announcement(bucket: &BucketName, sample: &[InventoryFile]) -> String {
    let files = sample.len();
    let requests = Requests { list: 0, head: (files as u64).saturating_add(1) };
    clean(&format!(
        "requests: confirm {} of bucket {bucket}: {files} HEAD, and one of the bucket; {}",
        counted(files, "file"),
        requests.price()
    ))
}

impl Confirmed {
    /// What S3 says about files of a sample of this size.
    pub(super) fn of(
        asked: usize,
        sample: usize,
        bucket: &BucketName,
        files: Vec<ComparedFile>,
        is_stopped: bool,
    ) -> Self {
        let mut report = Confirmation { asked, sample, ..Confirmation::default() };
        let mut statuses: BTreeMap<&FileStatus, u64> = BTreeMap::new();
        for file in &files {
            let ComparedFile { listed, found } = file;
            let (key, name) = (found.key().cloned(), listed.key.clone());
            match (file.comparison(), found) {
                (Comparison::Confirmed, _) => {
                    report.confirmed += 1;
                    *statuses.entry(found).or_default() += 1;
                }
                (Comparison::Contradicted, _) => report.contradictions.push(Contradiction {
                    file: name,
                    listed: word_of(&listed.class.status),
                    found: word_of(found),
                    key,
                }),
                (Comparison::Unread, FileStatus::Unread(unread)) => {
                    report.unread.push(UnreadFile { file: name, unread: *unread });
                }
                (Comparison::Unread, FileStatus::Read(_)) => {}
            }
        }
        report.encryption = confirmed_files(statuses);
        let messages = messages(&report, is_stopped);
        let problem = |message| Problem { source: place(bucket, ""), message };
        Self { files, report, problems: messages.into_iter().map(problem).collect() }
    }

    /// What S3 says about a file, if it was asked and answered.
    pub(super) fn found(&self, key: &str) -> Option<FileStatus> {
        let place = self.files.binary_search_by(|file| file.listed.key.as_str().cmp(key)).ok()?;
        let file = self.files.get(place)?;
        (file.comparison() != Comparison::Unread).then(|| file.found.clone())
    }

    /// The same of a file that is gone.
    pub(super) fn gone(&self, key: &str) -> Option<FileStatus> {
        self.found(key).filter(|found| matches!(found, FileStatus::Unread(_)))
    }

    /// Why nothing of the inventory is certain: S3 names another encryption for one of its files.
    pub(super) fn contradiction(&self) -> Option<Missing> {
        let differs = |one: &Contradiction| one.found.is_some();
        let is_contradicted = self.report.contradictions.iter().any(differs);
        is_contradicted.then(|| {
            Missing::newest(Refusal::LogFiles(
                "S3 contradicts the inventory".to_owned(),
                "read the next inventory, or the files without --inventory",
            ))
        })
    }

    /// Why not even a confirmed sample proves a trail.
    pub(super) fn missing(&self) -> Missing {
        Missing::older(Refusal::LogFiles(
            "an inventory does not list what was delivered after it".to_owned(),
            "read the files without --inventory",
        ))
    }

    /// Adds to the counts of an inventory how many of the files S3 confirmed.
    pub(super) fn mark(&self, coverage: &Coverage, logs: &mut BucketLogs) {
        let mut rows: BTreeMap<(Folder, Month, &Class), BTreeMap<&FileStatus, u64>> =
            BTreeMap::new();
        for file in self.files.iter().filter(|it| it.comparison() == Comparison::Confirmed) {
            let Parsed::File(parsed) = parse(&file.listed.key) else { continue };
            let Some(folder) = Folder::of(&parsed) else { continue };
            let row = rows.entry((folder, parsed.month, &file.listed.class)).or_default();
            *row.entry(&file.found).or_default() += 1;
        }
        // The report has the rows of the counts, in their order.
        let all = logs.folders.iter_mut().flat_map(|folder| &mut folder.files);
        for ((folder, month, class, _), files) in coverage.rows().zip(all) {
            let confirmed = rows.remove(&(folder.clone(), month, class));
            files.confirmed = Some(confirmed_files(confirmed.unwrap_or_default()));
        }
    }

    /// A note on a trail: how S3 encrypts those of its files that were asked about.
    pub(super) fn note(&self, delivery: &TrailDelivery) -> Option<String> {
        let facts = Facts::unread();
        let own = key_arn(&delivery.trail, &facts)?;
        let (mut with_key, mut without) = (0, 0);
        for file in &self.files {
            let Parsed::File(parsed) = parse(&file.listed.key) else { continue };
            let folder = Folder::of(&parsed).filter(|folder| !folder.has_digests());
            let is_of = folder.is_some_and(|folder| delivers(delivery, &folder));
            if !is_of || matches!(file.found, FileStatus::Unread(_)) {
                continue;
            }
            if file.found.key() == Some(own) { with_key += 1 } else { without += 1 }
        }
        (with_key + without > 0).then(|| {
            format!(
                "S3 was asked about {} of a sample of the inventory in folders of the trail: \
                 {with_key} with the trail's key, {without} without it; they do not prove the trail, \
                 since an inventory does not list what was delivered after it",
                counted(with_key + without, "log file")
            )
        })
    }
}

fn confirmed_files(statuses: BTreeMap<&FileStatus, u64>) -> Vec<ConfirmedFiles> {
    let files = statuses.into_iter().filter_map(|(status, files)| {
        let encryption = word_of(status)?;
        Some(ConfirmedFiles { encryption, key: status.key().cloned(), files })
    });
    files.collect()
}

/// The word for an encryption; nothing if it was not read.
fn word_of(status: &FileStatus) -> Option<&'static str> {
    match status {
        FileStatus::Read(encryption) => Some(word(encryption)),
        FileStatus::Unread(_) => None,
    }
}

/// A line for each kind of contradiction, and for each reason for which a file was not read.
fn messages(report: &Confirmation, is_stopped: bool) -> Vec<String> {
    let contradictions =
        report.contradictions.iter().map(|one| ((one.listed, one.found), one.file.as_str()));
    let contradictions = grouped(contradictions).into_iter().map(|((listed, found), (files, first))| {
        let listed = listed.unwrap_or("without an encryption");
        let (found, why) = match found {
            Some(found) => (found, "encrypted again or replaced"),
            None => ("gone", "deleted"),
        };
        format!(
            "S3 contradicts the inventory on {}: {listed} in the inventory, {found} now; the first is \
             `{first}`: it was {why} since, or the inventory is wrong",
            counted(files, "file")
        )
    });
    let unread = report.unread.iter().map(|one| (one.unread, one.file.as_str()));
    let unread = grouped(unread).into_iter().map(|(why, (files, first))| {
        let why = why_unread(why);
        format!(
            "{} of the sample not confirmed: {why}; the first is `{first}`",
            counted(files, "file")
        )
    });
    let mut messages: Vec<String> = contradictions.chain(unread).collect();
    if is_stopped {
        messages.push("the run was interrupted before the sample was confirmed".to_owned());
    }
    messages
}

/// The files of each kind: how many, and the first.
fn grouped<'f, K: Ord>(files: impl Iterator<Item = (K, &'f str)>) -> BTreeMap<K, (usize, &'f str)> {
    let mut kinds = BTreeMap::new();
    for (kind, file) in files {
        let (count, _) = kinds.entry(kind).or_insert((0, file));
        *count += 1;
    }
    kinds
}
