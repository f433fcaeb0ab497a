//! The counts as comma-separated values: a row for each folder, month and kind of encryption.

use std::io::{self, Write};

use super::confirmation::ConfirmedFiles;
use super::report::{BucketLogs, FilesLogs, FolderLogs, LogsReport};
use crate::output::csv::{account_as_text, guarded};

const HEAD: [&str; 26] = [
    "bucket",
    "account",
    "region",
    "kind",
    "month",
    "encryption",
    "key",
    "not read",
    "storage class",
    "version",
    "files",
    "bytes",
    "oldest",
    "oldest file",
    "newest",
    "newest file",
    "prefix",
    "organization",
    "trails",
    "source",
    "which files",
    "complete",
    "report time",
    "confirmed",
    "confirmed encryption",
    "owner",
];

pub(super) fn write(report: &LogsReport, out: &mut dyn Write) -> io::Result<()> {
    let mut rows = ::csv::Writer::from_writer(out);
    rows.write_record(HEAD)?;
    for bucket in &report.buckets {
        for (folder, files) in bucket.all_files() {
            let row = row(report, bucket, folder, files);
            rows.write_record(row.map(|cell| guarded(&cell)))?;
        }
    }
    rows.flush()
}

fn row(
    report: &LogsReport,
    bucket: &BucketLogs,
    folder: &FolderLogs,
    files: &FilesLogs,
) -> [String; HEAD.len()] {
    let totals = &files.totals;
    let trails: Vec<&str> = folder.trails.iter().map(|arn| arn.as_str()).collect();
    [
        bucket.bucket.to_string(),
        account_as_text(folder.folder.account.as_str()),
        folder.folder.region.to_string(),
        folder.folder.kind.clone(),
        files.month.to_string(),
        files.encryption.unwrap_or_default().to_owned(),
        files.key.as_ref().map(ToString::to_string).unwrap_or_default(),
        files.unread.map(|why| <&str>::from(why).to_owned()).unwrap_or_default(),
        <&str>::from(files.storage_class).to_owned(),
        files.version.as_str().to_owned(),
        totals.files.to_string(),
        totals.bytes.to_string(),
        totals.oldest.time.to_string(),
        totals.oldest.key.clone(),
        totals.newest.time.to_string(),
        totals.newest.key.clone(),
        folder.folder.prefix.clone(),
        folder.folder.organization.clone().unwrap_or_default(),
        trails.join("; "),
        bucket.source.kind.as_str().to_owned(),
        bucket.source.mode_name().to_owned(),
        bucket.complete.to_string(),
        report.generated_at.to_string(),
        files.confirmed.as_deref().map(sum).unwrap_or_default(),
        files.confirmed.as_deref().map(listed).unwrap_or_default(),
        files.owner.as_str().to_owned(),
    ]
}

fn sum(confirmed: &[ConfirmedFiles]) -> String {
    confirmed.iter().map(|one| one.files).fold(0, u64::saturating_add).to_string()
}

/// `SSE-KMS arn:aws:kms:… (2); SSE-S3 (1)`.
fn listed(confirmed: &[ConfirmedFiles]) -> String {
    let parts: Vec<String> =
        confirmed.iter().map(|one| format!("{} ({})", one.name(), one.files)).collect();
    parts.join("; ")
}
