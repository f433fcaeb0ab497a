//! The calls to S3: ListObjectsV2, HeadObject and GetBucketAcl, and what their answers say.
//!
//! An answer is used only if it is whole: a list must say whether it goes on, its keys must lie in
//! the folder that was asked for and increase, and a HEAD must have the headers of every object. A
//! key comes percent-encoded, because XML cannot contain every character of a key.

mod versions;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::head_object::{HeadObjectError, HeadObjectOutput};
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::{EncodingType, ServerSideEncryption};
use futures_util::FutureExt as _;
use percent_encoding::percent_decode_str;
use tokio::sync::Semaphore;
use trailseal_aws::{AwsError, Session, failed};
use trailseal_rule::{BucketName, KeyArn, Region};

use super::plan::Requests;
use crate::client::client;
use crate::encryption::{Encryption, FileStatus, KeyName, StorageClass, Unread};

pub(super) use self::versions::{ListedVersion, VersionList};

/// The IAM action of ListObjectsV2.
pub(super) const LIST: &str = "s3:ListBucket";

/// The IAM action of GetBucketAcl.
const OWNER: &str = "s3:GetBucketAcl";

/// Keys in one answer, at most (S3 API Reference, `ListObjectsV2`).
pub(super) const PAGE_MAX: u16 = 1000;

/// Pages without a key or folder in sequence, at most. S3 may skip much before it finds the next.
const EMPTY_PAGES_MAX: u32 = 1000;

/// The objects of one bucket.
#[derive(Clone, Debug)]
pub(super) struct Objects {
    client: Client,
    bucket: BucketName,
    region: Region,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// One for each concurrent request. The attempt's timeout starts with the request, so that no
    /// request waits for others within it.
    permits: Semaphore,
    lists: AtomicU64,
    heads: AtomicU64,
}

/// An object in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) key: String,
    pub(super) bytes: u64,
    pub(super) storage: StorageClass,
    /// Absent if the list does not say it.
    pub(super) content: Option<Content>,
    /// The canonical user ID of the account that owns it; absent if the list does not say it.
    pub(super) owner: Option<String>,
}

/// What changes when an object is written again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) etag: String,
    /// `LastModified`, in milliseconds since 1970.
    pub(super) modified_millis: i64,
}

/// One answer of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) objects: Vec<Listed>,
    /// The folders below the prefix, each with a slash at its end, if the list has a delimiter.
    pub(super) folders: Vec<String>,
    /// Whether there is more.
    pub(super) goes_on: bool,
    token: Option<String>,
}

/// A list of objects or folders, page by page.
#[derive(Clone, Debug)]
pub(super) struct List {
    prefix: String,
    by_folder: bool,
    /// The last key or folder that was returned, or where the list starts.
    after: String,
    token: Option<String>,
    page_size: u16,
    empty_pages: u32,
    has_ended: bool,
}

impl List {
    /// All objects below a prefix whose keys are greater than `after`; all if it is empty.
    pub(super) fn objects(prefix: &str, after: &str, page_size: u16) -> Self {
        Self {
            prefix: prefix.to_owned(),
            by_folder: false,
            after: after.to_owned(),
            token: None,
            page_size: page_size.clamp(1, PAGE_MAX),
            empty_pages: 0,
            has_ended: false,
        }
    }

    /// The folders and objects directly below a prefix.
    pub(super) fn folders(prefix: &str) -> Self {
        Self { by_folder: true, ..Self::objects(prefix, "", PAGE_MAX) }
    }

    /// Asks for larger pages from now on.
    pub(super) fn enlarge(&mut self) {
        self.page_size = PAGE_MAX;
    }
}

impl Objects {
    /// The objects of a bucket in this Region, with at most this many requests at a time.
    pub(super) fn new(
        session: &Session,
        bucket: &BucketName,
        region: &Region,
        concurrency: usize,
    ) -> Self {
        let shared = Shared {
            permits: Semaphore::new(concurrency.max(1)),
            lists: AtomicU64::new(0),
            heads: AtomicU64::new(0),
        };
        let client = client(session, region);
        let (bucket, region) = (bucket.clone(), region.clone());
        Self { client, bucket, region, shared: Arc::new(shared) }
    }

    /// The canonical user ID of the bucket's account. S3 also answers if ACLs are disabled (S3 API
    /// Reference, `GetBucketAcl`).
    ///
    /// # Errors
    ///
    /// S3 denied the call, failed, or does not name the owner.
    pub(super) async fn owner(&self) -> Result<String, AwsError> {
        // The semaphore is never closed.
        let _permit = self.shared.permits.acquire().await;
        let call = self.client.get_bucket_acl().bucket(self.bucket.as_str());
        let answer = call.send().boxed().await;
        let answer = answer.map_err(|error| failed(OWNER, &self.region, &error))?;
        let id = answer.owner.and_then(|owner| owner.id).filter(|id| !id.is_empty());
        id.ok_or_else(|| AwsError::bad_answer(OWNER, &self.region, "the answer names no owner"))
    }

    /// The requests made so far, without retries.
    pub(super) fn requests(&self) -> Requests {
        Requests {
            list: self.shared.lists.load(Ordering::Relaxed),
            head: self.shared.heads.load(Ordering::Relaxed),
        }
    }

    /// The next page of a list; `None` after the last one.
    ///
    /// # Errors
    ///
    /// S3 denied the call, failed, or its answer is not whole.
    pub(super) async fn next(&self, list: &mut List) -> Result<Option<Page>, AwsError> {
        while !list.has_ended {
            let page = self.page(list).await?;
            list.has_ended = !page.goes_on;
            let last = page.objects.last().map(|object| &object.key).max(page.folders.last());
            match last {
                Some(last) => {
                    list.after.clone_from(last);
                    list.token.clone_from(&page.token);
                    list.empty_pages = 0;
                    return Ok(Some(page));
                }
                None if page.goes_on => {
                    list.empty_pages += 1;
                    let is_same = page.token == list.token;
                    if is_same || list.empty_pages > EMPTY_PAGES_MAX {
                        return Err(self.bad("S3 answers the same list again or without an end"));
                    }
                    list.token.clone_from(&page.token);
                }
                None => {}
            }
        }
        Ok(None)
    }

    async fn page(&self, list: &List) -> Result<Page, AwsError> {
        // The semaphore is never closed.
        let _permit = self.shared.permits.acquire().await;
        self.shared.lists.fetch_add(1, Ordering::Relaxed);
        let mut call = self
            .client
            .list_objects_v2()
            .bucket(self.bucket.as_str())
            .encoding_type(EncodingType::Url)
            .fetch_owner(!list.by_folder)
            .max_keys(list.page_size.into());
        if !list.prefix.is_empty() {
            call = call.prefix(&list.prefix);
        }
        if list.by_folder {
            call = call.delimiter("/");
        }
        call = match &list.token {
            Some(token) => call.continuation_token(token),
            None if list.after.is_empty() => call,
            None => call.start_after(&list.after),
        };
        let answer = call.send().boxed().await;
        let answer = answer.map_err(|error| failed(LIST, &self.region, &error))?;
        self.read_page(list, answer)
    }

    fn read_page(&self, list: &List, answer: ListObjectsV2Output) -> Result<Page, AwsError> {
        let goes_on = answer.is_truncated.ok_or_else(|| {
            self.bad("the answer does not say whether the list goes on (`IsTruncated`)")
        })?;
        if goes_on && answer.next_continuation_token.as_deref().is_none_or(str::is_empty) {
            return Err(self.bad("the list goes on and names no next page"));
        }
        let is_encoded = answer.encoding_type == Some(EncodingType::Url);
        let mut page = Page { goes_on, token: answer.next_continuation_token, ..Page::default() };
        for object in answer.contents.unwrap_or_default() {
            let key = self.decoded(object.key, is_encoded)?;
            let storage = object.storage_class.as_ref().map(|class| class.as_str());
            page.objects.push(Listed {
                key,
                bytes: object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
                storage: storage_class(storage),
                content: content(object.e_tag, object.last_modified),
                owner: object.owner.and_then(|owner| owner.id),
            });
        }
        for folder in answer.common_prefixes.unwrap_or_default() {
            page.folders.push(self.decoded(folder.prefix, is_encoded)?);
        }
        self.check_order(list, page.objects.iter().map(|object| object.key.as_str()))?;
        self.check_order(list, page.folders.iter().map(String::as_str))?;
        Ok(page)
    }

    /// S3 encodes a space as `+` and every other character by percent signs.
    fn decoded(&self, text: Option<String>, is_encoded: bool) -> Result<String, AwsError> {
        let text = text.ok_or_else(|| self.bad("an object without a key"))?;
        if !is_encoded {
            return Ok(text);
        }
        let spaced = text.replace('+', " ");
        let decoded = percent_decode_str(&spaced).decode_utf8();
        decoded.map(String::from).map_err(|_| self.bad("a key that is not UTF-8"))
    }

    /// Keys lie below the prefix, after the last one, in increasing order: a server that repeats a
    /// page or ignores a parameter must not look like a list.
    fn check_order<'k>(
        &self,
        list: &List,
        keys: impl Iterator<Item = &'k str>,
    ) -> Result<(), AwsError> {
        let mut last = list.after.as_str();
        for key in keys {
            if !key.starts_with(&list.prefix) {
                return Err(
                    self.bad("the list contains a key outside the folder that was asked for")
                );
            }
            if key <= last {
                return Err(self.bad("the keys of the list do not increase"));
            }
            last = key;
        }
        Ok(())
    }

    /// Reads how an object is encrypted. Every failure is a status.
    pub(super) async fn head(&self, key: &str) -> FileStatus {
        // The semaphore is never closed.
        let _permit = self.shared.permits.acquire().await;
        self.shared.heads.fetch_add(1, Ordering::Relaxed);
        let call = self.client.head_object().bucket(self.bucket.as_str()).key(key);
        match call.send().boxed().await {
            Ok(answer) => encryption(&answer),
            Err(error) => FileStatus::Unread(unread(&error)),
        }
    }

    pub(super) fn bad(&self, what: &str) -> AwsError {
        AwsError::bad_answer(LIST, &self.region, what)
    }
}

fn content(etag: Option<String>, modified: Option<DateTime>) -> Option<Content> {
    Some(Content { etag: etag?, modified_millis: modified?.to_millis().ok()? })
}

fn storage_class(name: Option<&str>) -> StorageClass {
    name.map_or(StorageClass::Standard, |name| name.parse().unwrap_or(StorageClass::Unrecognized))
}

/// What the headers of an answer say (S3 API Reference, `HeadObject`).
fn encryption(answer: &HeadObjectOutput) -> FileStatus {
    // Every object has both; without them, a missing header of encryption proves nothing.
    if answer.e_tag.is_none() || answer.last_modified.is_none() {
        return FileStatus::Unread(Unread::Failed);
    }
    if answer.delete_marker == Some(true) {
        return FileStatus::Unread(Unread::DeleteMarker);
    }
    if answer.sse_customer_algorithm.is_some() {
        return FileStatus::Read(Encryption::SseC);
    }
    // An alias, or an ID without its account, does not name one key.
    let name = || {
        let arn = answer.ssekms_key_id.as_deref().and_then(|text| KeyArn::parse(text).ok());
        arn.map_or(KeyName::Unnamed, KeyName::Arn)
    };
    FileStatus::Read(match &answer.server_side_encryption {
        None => Encryption::NotEncrypted,
        Some(ServerSideEncryption::Aes256) => Encryption::SseS3,
        Some(ServerSideEncryption::AwsKms) => Encryption::SseKms(name()),
        Some(ServerSideEncryption::AwsKmsDsse) => Encryption::DsseKms(name()),
        Some(_) => Encryption::Unrecognized,
    })
}

/// An error of HEAD has no body, so the status says what happened.
fn unread(error: &SdkError<HeadObjectError>) -> Unread {
    let Some(response) = error.raw_response() else { return Unread::Failed };
    let has_marker = response.headers().get("x-amz-delete-marker") == Some("true");
    match response.status().as_u16() {
        404 | 405 if has_marker => Unread::DeleteMarker,
        404 => Unread::Missing,
        403 => Unread::Denied,
        400 => Unread::Rejected,
        429 | 503 => Unread::Throttled,
        _ => Unread::Failed,
    }
}
