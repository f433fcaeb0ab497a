//! Reads an S3 Inventory, and judges trails by it.

use std::path::{Path, PathBuf};

use trailseal_aws::{Session, TrailDelivery};
use trailseal_logs::FileKey;
use trailseal_logs::inventory::{
    Column, DataFile, Files, Format, InventoryError, LocalFiles, Manifest, Name, Options, Outcome,
    S3Files, read, read_manifest,
};
use trailseal_logs::live::{Day, Requests};
use trailseal_rule::{BucketName, EvaluationContext};

use super::arguments::LogsArguments;
use super::confirm::confirm;
use super::live::BucketRead;
use super::progress::{Stop, bar};
use super::recorded::Recorded;
use super::report::SourceKind;
use super::{cause, place};
use crate::console::{Console, Failure};
use crate::output::{Output, clean, refuse_to_overwrite};
use crate::report::Problem;

/// How many data files in S3 are read at a time, so that 64 MiB of memory are enough.
const REMOTE_FILES_MAX: usize = 2;

/// What reads AWS beside the report.
#[derive(Clone, Copy)]
pub(super) struct Sessions<'a> {
    /// Finds the other trails; needed for trails only.
    pub(super) caller: Option<&'a Session>,
    /// Reads the bucket that the inventory lists, for `--confirm`.
    pub(super) of_bucket: Option<&'a Session>,
}

/// A report of S3 Inventory whose manifest was read.
pub(super) struct Inventory {
    files: Box<dyn Files>,
    manifest: Manifest,
    /// The bucket whose objects it lists.
    pub(super) bucket: BucketName,
    /// Whether its files are read in S3.
    is_remote: bool,
}

impl Inventory {
    /// Reads the manifest on this machine.
    ///
    /// # Errors
    ///
    /// It cannot be read, it is not one of S3 Inventory, or an output would overwrite a file of the
    /// report.
    pub(super) fn open(path: &Path, outputs: &[Output]) -> Result<Self, Failure> {
        let files = Box::new(LocalFiles::of(path));
        let place = path.display().to_string();
        if path.is_dir() {
            return Err(wrong(&place, &"is a folder: name its `manifest.json`"));
        }
        if !path.exists() {
            return Err(wrong(&place, &"does not exist"));
        }
        let manifest = read_manifest(&*files).map_err(|error| wrong(&place, &error))?;
        let data = manifest.files.iter().map(|file| Name::Data(&file.key));
        let names = [Name::Manifest, Name::Checksum].into_iter().chain(data);
        let inputs: Vec<PathBuf> = names.filter_map(|name| files.path(name).ok()).collect();
        refuse_to_overwrite(inputs.iter().map(PathBuf::as_path), outputs)?;
        Self::of(&place, files, manifest, false)
    }

    /// Reads the manifest in its bucket.
    ///
    /// # Errors
    ///
    /// It cannot be read, it is not one of S3 Inventory, or it is that of a report in another bucket.
    pub(super) async fn open_in(
        session: &Session,
        bucket: &BucketName,
        key: &str,
    ) -> Result<Self, Failure> {
        let place = place(bucket, key);
        let failed = |reason: &str| Failure::failed(format!("--inventory `{place}`: {reason}"));
        let files = S3Files::of(session, bucket, key).await;
        let files = Box::new(files.map_err(|why| failed(&cause(&why)))?);
        let manifest = tokio::task::block_in_place(|| read_manifest(&*files));
        let manifest = manifest.map_err(|error| match error {
            InventoryError::Unread { .. } => failed(&error.to_string()),
            InventoryError::Manifest(_) => wrong(&place, &error),
        })?;
        if manifest.destination() != bucket.as_str() {
            let line = format!(
                "its report is in bucket {}: read it there, or copy it to this machine",
                manifest.destination()
            );
            return Err(wrong(&place, &line));
        }
        Self::of(&place, files, manifest, true)
    }

    fn of(
        place: &str,
        files: Box<dyn Files>,
        manifest: Manifest,
        is_remote: bool,
    ) -> Result<Self, Failure> {
        let bucket = BucketName::parse(&manifest.source_bucket);
        let bucket = bucket.map_err(|error| wrong(place, &error))?;
        Ok(Self { files, manifest, bucket, is_remote })
    }

    /// Reads the data files, and compares a sample with S3.
    pub(super) async fn read(
        self,
        sessions: Sessions<'_>,
        trails: &[TrailDelivery],
        arguments: &LogsArguments,
        context: &EvaluationContext<'_>,
        stop: &Stop,
        console: &mut Console<'_>,
    ) -> BucketRead {
        if self.is_remote && !arguments.report.quiet {
            console.print_line(&self.announcement());
        }
        let threads = self.threads();
        let Self { files, manifest, bucket, .. } = self;
        let bar = bar(arguments);
        let data_files = manifest.files.len();
        let show = |read: usize| {
            bar.set_message(format!("reading the inventory: {read} of {data_files} data files"));
        };
        show(0);
        let options = Options {
            threads,
            scope: &|file| is_wanted(file, arguments),
            sample: arguments.confirm.map_or(0, usize::from),
            progress: &show,
            stop: &|| stop.is_stopped(),
        };
        let outcome = tokio::task::block_in_place(|| read(&*files, manifest, &options));
        bar.finish_and_clear();
        let problems = problems(&bucket, &outcome);
        let confirmed = match sessions.of_bucket {
            Some(session) => {
                let sample = &outcome.sample;
                Some(confirm(session, &bucket, sample, arguments, stop, console).await)
            }
            None => None,
        };
        let recorded = Recorded {
            bucket,
            kind: SourceKind::Inventory,
            as_of: Some(outcome.manifest.created),
            queried_at: None,
            coverage: outcome.coverage,
            confirmed,
            // An inventory proves no trail, since it names no key.
            other_owners: None,
            problems,
        };
        recorded.judge(sessions.caller, trails, arguments, context).await
    }

    /// How many data files are read at a time. Each takes about 8 MiB of memory in S3: a part of each
    /// column.
    fn threads(&self) -> usize {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        if self.is_remote { threads.min(REMOTE_FILES_MAX) } else { threads }
    }

    /// The requests for the data files, before the first one.
    fn announcement(&self) -> String {
        let Manifest { files, format, .. } = &self.manifest;
        let times = match format {
            Format::Csv => 1,
            // Once for its checksum.
            Format::Parquet => 2,
        };
        let of_file = |file: &DataFile| times * S3Files::requests(file.size);
        let get = files.iter().fold(0_u64, |get, file| get.saturating_add(of_file(file)));
        // S3 has one price for HEAD and GET.
        let price = Requests { list: 0, head: get }.price();
        let (count, mib) = (files.len(), self.manifest.bytes().div_ceil(1 << 20));
        let plural = if count == 1 { "" } else { "s" };
        clean(&format!(
            "requests: inventory of bucket {}: about {get} GET for {count} data file{plural} of {mib} \
             MiB; {price}, and the transfer of the data",
            self.bucket
        ))
    }
}

/// The manifest is not usable.
fn wrong(place: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::NotStarted(vec![format!("--inventory `{place}`: {error}")])
}

/// Whether the options of the run leave the file in.
fn is_wanted(file: &FileKey<'_>, arguments: &LogsArguments) -> bool {
    let LogsArguments { accounts, regions, since, until, .. } = arguments;
    let day = Day::containing(file.time);
    (accounts.is_empty() || accounts.iter().any(|account| account.as_str() == file.account))
        && (regions.is_empty() || regions.iter().any(|region| region.as_str() == file.region))
        && since.is_none_or(|since| day.is_some_and(|day| since <= day))
        && until.is_none_or(|until| day.is_some_and(|day| day <= until))
}

fn problems(bucket: &BucketName, outcome: &Outcome) -> Vec<Problem> {
    let unread = outcome.unread.iter().map(|file| Problem {
        source: format!("{}/{}", outcome.manifest.destination_bucket, file.key),
        message: file.reason.clone(),
    });
    let mut problems: Vec<Problem> = unread.collect();
    if outcome.missing.contains(&Column::EncryptionStatus) {
        problems.push(Problem {
            source: place(bucket, ""),
            message:
                "the inventory has no column `EncryptionStatus`, so that no file's encryption is \
                      known: add it to the optional fields of the inventory"
                    .to_owned(),
        });
    }
    if outcome.is_interrupted {
        problems.push(Problem {
            source: place(bucket, ""),
            message: "the run was interrupted before the inventory was read to its end".to_owned(),
        });
    }
    problems
}
