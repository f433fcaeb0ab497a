//! Files that were listed and whose encryption was not read.

use std::collections::BTreeMap;

use trailseal_logs::{Coverage, FileStatus, Folder, Unread};

use crate::output::counted;

/// A line for each reason: the number of such files that are wanted, and the first of them.
pub(crate) fn unread_files(
    coverage: &Coverage,
    is_wanted: impl Fn(&Folder, Unread) -> bool,
) -> impl Iterator<Item = String> {
    let mut counts = BTreeMap::new();
    for (folder, _, class, totals) in coverage.rows() {
        if let FileStatus::Unread(why) = class.status
            && is_wanted(folder, why)
        {
            let (files, first) = counts.entry(why).or_insert((0_u64, totals.oldest.key.clone()));
            *files = files.saturating_add(totals.files);
            if totals.oldest.key < *first {
                first.clone_from(&totals.oldest.key);
            }
        }
    }
    counts.into_iter().map(|(why, (files, first))| {
        let files = counted(usize::try_from(files).unwrap_or(usize::MAX), "file");
        format!(
            "the encryption of {files} was not read: {}; the first is `{first}`: {}",
            why_unread(why),
            unread_fix(why)
        )
    })
}

/// Why the encryption of a file was not read.
pub(crate) fn why_unread(why: Unread) -> &'static str {
    match why {
        Unread::Denied => "S3 denied it",
        Unread::Missing => "the file is gone",
        Unread::DeleteMarker => "the file was deleted",
        Unread::Rejected => "S3 answered HTTP 400; SSE-C is one possible cause",
        Unread::Throttled => "S3 throttled it",
        Unread::Failed => "S3 failed",
        Unread::NotAsked => "only counted",
        Unread::OddKey => "a part of the key is `.` or `..`, so that S3 was not asked",
        Unread::NotReported => "the source does not say it",
    }
}

/// What the reader can do about it.
pub(super) fn unread_fix(why: Unread) -> &'static str {
    match why {
        Unread::Denied => "allow s3:GetObject on the objects of the bucket",
        Unread::Missing | Unread::DeleteMarker => "run it again",
        Unread::Rejected => "read its properties with `aws s3api head-object`",
        Unread::Throttled => "run it again with a lower --concurrency",
        Unread::NotAsked => "run it without --versions",
        Unread::OddKey => "find out who wrote it: CloudTrail gives no such key",
        Unread::Failed => "run it again; --verbose shows the status of each request",
        Unread::NotReported => "read it without --inventory and --athena-results",
    }
}
