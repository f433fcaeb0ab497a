//! `--confirm N`: compares a sample of an inventory with S3, and reports what S3 says.
//!
//! INVARIANT (a sample): what S3 says about these files never proves a trail. An inventory does not
//! have the files that were delivered after it.

use std::collections::BTreeMap;

use serde::Serialize;
use trailseal_aws::{Session, TrailDelivery};
use trailseal_logs::inventory::InventoryFile;
use trailseal_logs::live::{self, ComparedFile, Comparison, Progress, Requests};
use trailseal_logs::{FileStatus, Folder, Parsed, Unread, parse};
use trailseal_rule::{BucketName, KeyArn, Refusal};

use super::arguments::LogsArguments;
use super::live::{Stop, bar, cause, words};
use super::place;
use super::report::{FilesLogs, word};
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

/// What the report says about the sample.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Confirmation {
    /// `N` of `--confirm N`.
    pub(super) asked: usize,
    /// The files of the sample.
    pub(super) sample: usize,
    /// The files about which S3 agrees with the inventory.
    pub(super) confirmed: usize,
    /// How S3 encrypts them.
    pub(super) encryption: Vec<ConfirmedFiles>,
    /// The files about which S3 contradicts the inventory.
    pub(super) contradictions: Vec<Contradiction>,
    /// The files that S3 did not answer for.
    pub(super) unread: Vec<UnreadFile>,
}

/// Confirmed files with the same encryption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct ConfirmedFiles {
    pub(super) encryption: &'static str,
    /// The KMS key, if S3 names it by its ARN.
    pub(super) key: Option<KeyArn>,
    pub(super) files: u64,
}

/// A file about which S3 contradicts the inventory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Contradiction {
    /// The object.
    pub(super) file: String,
    /// What the inventory says; null if it says nothing.
    pub(super) listed: Option<&'static str>,
    /// What S3 says; null if the file is gone.
    pub(super) found: Option<&'static str>,
    /// The KMS key that S3 names.
    pub(super) key: Option<KeyArn>,
}

/// A file that S3 did not answer for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct UnreadFile {
    pub(super) file: String,
    pub(super) unread: Unread,
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
    if !arguments.report.quiet {
        console.print_line(&announcement(bucket, sample));
    }
    let bar = bar(arguments);
    let show = |progress: Progress| bar.set_message(words(progress));
    let concurrency = usize::from(arguments.concurrency);
    let read =
        live::confirm(of_bucket, bucket, sample, concurrency, &show, stop.stopped()).await;
    bar.finish_and_clear();
    let asked = arguments.confirm.map_or(0, usize::from);
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
        "requests: confirm {} of bucket {bucket}: {files} HEAD, and one of the bucket; about ${:.6} at \
         the prices of us-east-1",
        counted(files, "file"),
        requests.usd()
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
        let encryption = statuses.into_iter().filter_map(|(status, files)| {
            let encryption = word_of(status)?;
            Some(ConfirmedFiles { encryption, key: status.key().cloned(), files })
        });
        report.encryption = encryption.collect();
        let messages = messages(&report, is_stopped);
        let problem = |message| Problem { source: place(bucket, ""), message };
        Self { files, report, problems: messages.into_iter().map(problem).collect() }
    }

    /// What S3 says about a file, if it was asked and answered.
    pub(super) fn found(&self, key: &str) -> Option<&FileStatus> {
        let place = self.files.binary_search_by(|file| file.listed.key.as_str().cmp(key)).ok()?;
        let file = self.files.get(place)?;
        (file.comparison() != Comparison::Unread).then_some(&file.found)
    }

    /// Why files of an inventory do not prove a trail, although S3 was asked about some of them.
    pub(super) fn missing(&self) -> Missing {
        let differs = |one: &Contradiction| one.found.is_some();
        if self.report.contradictions.iter().any(differs) {
            return Missing::newest(Refusal::Needs("an inventory that S3 does not contradict"));
        }
        Missing::older(Refusal::Needs("the files that were delivered after the inventory"))
    }

    /// Adds to the counts of a folder's files how many of them S3 confirmed.
    pub(super) fn mark(&self, folder: &Folder, files: &mut FilesLogs) {
        let mut keys: BTreeMap<Option<&KeyArn>, u64> = BTreeMap::new();
        for file in self.files.iter().filter(|it| it.comparison() == Comparison::Confirmed) {
            let Parsed::File(parsed) = parse(&file.listed.key) else { continue };
            let is_of = Folder::of(&parsed).as_ref() == Some(folder);
            if is_of && files.are_of(parsed.month, &file.listed.class) {
                *keys.entry(file.found.key()).or_default() += 1;
            }
        }
    }

    /// A note on a trail: how S3 encrypts those of its files that were asked about.
    pub(super) fn note(&self, delivery: &TrailDelivery) -> Option<String> {
        let own = delivery.trail.key.as_ref().map(ToString::to_string);
        let (mut with_key, mut without) = (0, 0);
        for file in &self.files {
            let Parsed::File(parsed) = parse(&file.listed.key) else { continue };
            let folder = Folder::of(&parsed).filter(|folder| !folder.has_digests());
            let is_of = folder.is_some_and(|folder| delivers(delivery, &folder));
            if !is_of || matches!(file.found, FileStatus::Unread(_)) {
                continue;
            }
            let key = file.found.key().map(KeyArn::as_str);
            *if key.is_some() && key == own.as_deref() { &mut with_key } else { &mut without } += 1;
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

/// The word for an encryption; nothing if it was not read.
fn word_of(status: &FileStatus) -> Option<&'static str> {
    match status {
        FileStatus::Read(encryption) => Some(word(encryption)),
        FileStatus::Unread(_) => None,
    }
}

/// A line for each kind of contradiction, and for each reason for which a file was not read.
fn messages(report: &Confirmation, is_stopped: bool) -> Vec<String> {
    let mut kinds: BTreeMap<(Option<&str>, Option<&str>), (usize, &str)> = BTreeMap::new();
    for one in &report.contradictions {
        kinds.entry((one.listed, one.found)).or_insert((0, &one.file)).0 += 1;
    }
    let contradictions = kinds.into_iter().map(|((listed, found), (files, first))| {
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
    let mut reasons: BTreeMap<Unread, (usize, &str)> = BTreeMap::new();
    for one in &report.unread {
        reasons.entry(one.unread).or_insert((0, &one.file)).0 += 1;
    }
    let unread = reasons.into_iter().map(|(why, (files, first))| {
        let why = match why {
            Unread::NotAsked => "a part of the key is `.` or `..`, so that S3 was not asked",
            other => why_unread(other),
        };
        format!("{} of the sample not confirmed: {why}; the first is `{first}`", counted(files, "file"))
    });
    let mut messages: Vec<String> = contradictions.chain(unread).collect();
    if is_stopped {
        messages.push("the run was interrupted before the sample was confirmed".to_owned());
    }
    messages
}
