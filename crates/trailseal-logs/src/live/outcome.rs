//! What was read, and what was not.

use std::fmt;

use trailseal_aws::{AwsError, Session};
use trailseal_rule::{BucketName, Reading, Refusal, Region};

use super::Mode;
use super::plan::Requests;
use super::range::Range;
use crate::coverage::Coverage;
use crate::encryption::{FileStatus, Unread};

/// What a reading of a bucket found.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The bucket.
    pub bucket: BucketName,
    /// Its Region.
    pub region: Region,
    /// Which files were read.
    pub mode: Mode,
    /// Whether noncurrent versions and deleted files were counted too.
    pub versions: bool,
    /// The days that were read.
    pub range: Range,
    /// The files that were read, and those that could not be.
    pub coverage: Coverage,
    /// What was not listed or not searched. The files there are not in the coverage.
    pub gaps: Vec<Gap>,
    /// The canonical user ID of the bucket's account, if S3 says it.
    pub owner: Option<String>,
    /// The files whose encryption an earlier run read, by the file of answers.
    pub earlier: u64,
    /// Whether the caller stopped it.
    pub is_stopped: bool,
    /// The requests that were made, without retries.
    pub requests: Requests,
}

impl Outcome {
    /// Whether something is missing: it was stopped, a folder was not listed, or a listed file was
    /// not read. Noncurrent versions and deleted files that were asked for are only counted.
    pub fn is_partial(&self) -> bool {
        let has_unread = self.coverage.rows().any(|(_, _, class, _)| match class.status {
            FileStatus::Read(_) => false,
            FileStatus::Unread(why) => self.lacks(why),
        });
        self.is_stopped || !self.gaps.is_empty() || has_unread
    }

    /// Takes out the gaps that concern no trail whose prefix is in [`Scope::known_prefixes`], as its
    /// folders are listed first: folders that were not searched for other prefixes.
    ///
    /// [`Scope::known_prefixes`]: super::Scope::known_prefixes
    pub fn take_not_searched(&mut self) -> Vec<Gap> {
        let is_search = |gap: &mut Gap| matches!(gap.cause, Cause::NotSearched { .. });
        self.gaps.extract_if(.., is_search).collect()
    }

    /// Whether something is missing because a file was not read for this reason.
    pub fn lacks(&self, why: Unread) -> bool {
        match why {
            Unread::NotAsked => false,
            Unread::DeleteMarker => !self.versions,
            Unread::Denied
            | Unread::Missing
            | Unread::Rejected
            | Unread::Throttled
            | Unread::Failed
            | Unread::OddKey
            | Unread::NotReported => true,
        }
    }
}

/// A place that was not read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The folder, as a part of keys; empty for the whole bucket.
    pub place: String,
    /// Why.
    pub cause: Cause,
}

impl fmt::Display for Gap {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place.as_str() {
            "" => write!(out, "the bucket: {}", self.cause),
            place => write!(out, "`{place}`: {}", self.cause),
        }
    }
}

/// Why a place was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// S3 denied a call, failed, or its answer was not readable.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// Noncurrent versions and deleted files were not counted. They decide nothing that a run without
    /// them does not know.
    #[error("noncurrent versions and deleted files were not counted: {0}")]
    Versions(AwsError),
    /// S3 does not say who owns the bucket, so that the owners of files cannot be compared with it.
    #[error("the files of other accounts are not known: {0}")]
    Owner(AwsError),
    /// S3 does not say in which Region the bucket is.
    #[error("the bucket's Region could not be read: {0}")]
    Region(Refusal),
    /// The bucket does not exist.
    #[error("the bucket does not exist")]
    NoBucket,
    /// The place is not a folder above the date folders of CloudTrail.
    #[error("not a bucket, a prefix or a folder down to a Region; use dates to limit the days")]
    NoFolder,
    /// A folder contains more folders than are read.
    #[error("the folder contains too many folders, so that only the first were searched")]
    TooMany,
    /// Folders that are not CloudTrail's were not searched.
    #[error("{folders} folders, of which this is the first, were not searched for `AWSLogs/`")]
    NotSearched {
        /// How many.
        folders: u64,
    },
    /// A file that decides where the encryption changed could not be read.
    #[error("the encryption changes between two files; the file where it changed was not found")]
    ChangeNotFound,
    /// The newest file is not known: an object of which the name is not CloudTrail's comes after the
    /// newest file that has one, in the order of keys or of the times at which S3 received them.
    #[error(
        "object `{}` comes after the newest file, by its key or its time, and has no name that \
         CloudTrail gives: it may be a newer log file",
        .key.escape_debug()
    )]
    MayBeNewer {
        /// Its key.
        key: String,
    },
    /// The file of answers and S3 name different encryptions of a file.
    #[error(
        "the file of --resume does not say what S3 says about `{key}`: the object was encrypted \
         again since, or the file was edited; start again with a new file"
    )]
    Contradicted {
        /// Its key.
        key: String,
    },
}

impl Cause {
    /// The failure of a call, if that is the cause.
    pub fn aws(&self) -> Option<&AwsError> {
        match self {
            Self::Aws(error) | Self::Versions(error) | Self::Owner(error) => Some(error),
            Self::Region(_)
            | Self::NoBucket
            | Self::NoFolder
            | Self::TooMany
            | Self::NotSearched { .. }
            | Self::ChangeNotFound
            | Self::MayBeNewer { .. }
            | Self::Contradicted { .. } => None,
        }
    }
}

/// The Region of a bucket.
///
/// # Errors
///
/// The bucket does not exist, or S3 does not say where it is.
pub(crate) async fn region_of(session: &Session, bucket: &BucketName) -> Result<Region, Cause> {
    match session.bucket_region(bucket).await? {
        Reading::Known(region) => Ok(region),
        Reading::Absent => Err(Cause::NoBucket),
        Reading::Refused(refusal) => Err(Cause::Region(refusal)),
    }
}
