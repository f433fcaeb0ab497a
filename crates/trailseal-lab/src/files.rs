//! The objects of a bucket: those that the state lists, and the log files that it describes, which
//! are computed when a request needs them.

mod generated;
mod listing;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fs;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;

use crate::state::{Bucket, Encryption, LogFiles, Object, ObjectOwnership, State};
use generated::{Folder, log_file};

pub(crate) use generated::hex;
pub(crate) use listing::Ask;

/// One version of an object, or a delete marker.
#[derive(Debug, Clone)]
pub(crate) struct File<'a> {
    pub(crate) key: Cow<'a, str>,
    pub(crate) size: u64,
    /// In milliseconds since 1970.
    pub(crate) last_modified: i64,
    pub(crate) encryption: &'a Encryption,
    pub(crate) storage_class: &'a str,
    pub(crate) restore: Option<&'a str>,
    /// The account that owns it.
    pub(crate) owner: &'a str,
    /// Whether identities of the bucket's account can read it.
    pub(crate) is_readable: bool,
    pub(crate) version_id: Option<Cow<'a, str>>,
    pub(crate) is_delete_marker: bool,
    content: Content<'a>,
}

#[derive(Debug, Clone)]
enum Content<'a> {
    /// A log file without records.
    LogFile,
    Zeros,
    Bytes(&'a [u8]),
    /// The content of a file on this machine.
    At(&'a str),
}

impl<'a> File<'a> {
    fn listed(object: &'a Object, bucket: &'a Bucket) -> Self {
        let (content, size) = match (&object.content, &object.file) {
            (Some(bytes), _) => (Content::Bytes(bytes), whole(bytes.len())),
            (None, Some(path)) => {
                (Content::At(path), fs::metadata(path).map_or(object.size, |file| file.len()))
            }
            (None, None) => (Content::Zeros, object.size),
        };
        let may_differ = bucket.object_ownership != ObjectOwnership::BucketOwnerEnforced;
        let owner = object.owner.as_deref().filter(|_| may_differ).unwrap_or(&bucket.account);
        Self {
            key: Cow::Borrowed(&object.key),
            size,
            last_modified: object.last_modified,
            encryption: &object.encryption,
            storage_class: &object.storage_class,
            restore: object.restore.as_deref(),
            owner,
            is_readable: owner == bucket.account || object.bucket_owner_full_control,
            version_id: object.version_id.as_deref().map(Cow::Borrowed),
            is_delete_marker: object.delete_marker,
            content,
        }
    }

    /// The version ID; `null` for an object of a bucket without versioning.
    pub(crate) fn version_id(&self) -> &str {
        self.version_id.as_deref().unwrap_or("null")
    }

    /// The entity tag, in quotation marks: not the MD5 of the content, as for objects with SSE-KMS.
    pub(crate) fn etag(&self) -> String {
        let seed = format!("{} {} {}", self.key, self.version_id(), self.last_modified);
        format!("\"{}\"", hex(&seed, 2))
    }

    /// A part of the content.
    ///
    /// # Errors
    ///
    /// The file on this machine cannot be read.
    pub(crate) fn content(&self, part: Range<u64>) -> io::Result<Vec<u8>> {
        let length = usize::try_from(part.end.saturating_sub(part.start)).unwrap_or(0);
        let whole: Cow<'_, [u8]> = match self.content {
            Content::LogFile => Cow::Owned(log_file(self.size)),
            Content::Zeros => return Ok(vec![0; length]),
            Content::Bytes(bytes) => Cow::Borrowed(bytes),
            Content::At(path) => {
                let mut file = fs::File::open(path)?;
                file.seek(SeekFrom::Start(part.start))?;
                let mut content = Vec::new();
                file.take(part.end.saturating_sub(part.start)).read_to_end(&mut content)?;
                return Ok(content);
            }
        };
        let start = usize::try_from(part.start).unwrap_or(usize::MAX);
        Ok(whole.iter().skip(start).take(length).copied().collect())
    }
}

fn whole(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// The objects of one bucket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Objects<'a> {
    pub(crate) bucket: &'a Bucket,
    listed: &'a [Object],
    generated: &'a [LogFiles],
}

impl<'a> Objects<'a> {
    pub(crate) fn of(state: &'a State, bucket: &'a Bucket) -> Self {
        Self { bucket, listed: &state.objects, generated: &state.log_files }
    }

    fn listed(self) -> impl Iterator<Item = &'a Object> {
        self.listed.iter().filter(move |object| object.bucket == self.bucket.name)
    }

    fn generated(self) -> impl Iterator<Item = &'a LogFiles> {
        self.generated.iter().filter(move |files| files.bucket == self.bucket.name)
    }

    /// The versions of a key, the current one first.
    pub(crate) fn versions(self, key: &str) -> Vec<File<'a>> {
        let listed = self.listed().filter(|object| object.key == key);
        let listed: Vec<&Object> = listed.collect();
        let mut generated = self.generated().filter_map(|files| {
            let folder = Folder::of_key(files, key)?;
            Some(folder.file(folder.index_of(key)?, self.bucket))
        });
        self.history(&listed, generated.next())
    }

    /// The versions of a key: the listed ones, and the generated one before them. Without
    /// versioning, there is only the latest.
    fn history(self, listed: &[&'a Object], generated: Option<File<'a>>) -> Vec<File<'a>> {
        let newest = listed.iter().rev().map(|object| File::listed(object, self.bucket));
        let mut versions: Vec<File<'a>> = newest.chain(generated).collect();
        if !self.bucket.versioned {
            versions.truncate(1);
        }
        versions
    }
}
