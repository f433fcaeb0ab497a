//! Reads an S3 Inventory, and judges trails by it.

use std::path::Path;

use trailseal_aws::{Session, TrailDelivery};
use trailseal_logs::FileKey;
use trailseal_logs::inventory::{
    Column, LocalFiles, Manifest, Options, Outcome, read, read_manifest,
};
use trailseal_logs::live::Day;
use trailseal_rule::{BucketName, EvaluationContext};

use super::arguments::LogsArguments;
use super::live::{BucketRead, Stop};
use super::place;
use super::recorded::Recorded;
use super::report::SourceKind;
use crate::console::Failure;
use crate::report::Problem;

/// A report of S3 Inventory whose manifest was read.
pub(super) struct Inventory {
    files: LocalFiles,
    manifest: Manifest,
    /// The bucket whose objects it lists.
    pub(super) bucket: BucketName,
}

impl Inventory {
    /// Reads the manifest.
    ///
    /// # Errors
    ///
    /// It cannot be read, or it is not one of S3 Inventory.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let files = LocalFiles::of(path);
        let wrong = |error: &dyn std::fmt::Display| {
            Failure::NotStarted(vec![format!("--inventory `{}`: {error}", path.display())])
        };
        let manifest = read_manifest(&files).map_err(|error| wrong(&error))?;
        let bucket = BucketName::parse(&manifest.source_bucket).map_err(|error| wrong(&error))?;
        Ok(Self { files, manifest, bucket })
    }

    /// Reads the data files. `session` finds the other trails; it is needed for trails only.
    pub(super) async fn read(
        self,
        session: Option<&Session>,
        trails: &[TrailDelivery],
        arguments: &LogsArguments,
        context: &EvaluationContext<'_>,
        stop: &Stop,
    ) -> BucketRead {
        let Self { files, manifest, bucket } = self;
        let options = Options {
            threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            scope: &|file| is_wanted(file, arguments),
            progress: &|_| {},
            stop: &|| stop.is_stopped(),
        };
        let outcome = tokio::task::block_in_place(|| read(&files, manifest, &options));
        let problems = problems(&bucket, &outcome);
        let recorded = Recorded {
            bucket,
            kind: SourceKind::Inventory,
            as_of: Some(outcome.manifest.created),
            queried_at: None,
            coverage: outcome.coverage,
            problems,
        };
        recorded.judge(session, trails, arguments, context).await
    }
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
