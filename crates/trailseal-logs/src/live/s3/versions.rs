//! ListObjectVersions, with the same demands on its answers as for other lists.

use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_sdk_s3::types::EncodingType;
use futures_util::FutureExt as _;
use std::sync::atomic::Ordering;
use trailseal_aws::{AwsError, failed};

use super::{EMPTY_PAGES_MAX, Listed, Objects, PAGE_MAX, content, storage_class};
use crate::coverage::Version;
use crate::encryption::StorageClass;

/// The IAM action of ListObjectVersions.
const LIST_VERSIONS: &str = "s3:ListBucketVersions";

/// A version of an object, or a delete marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct ListedVersion {
    pub(in super::super) listed: Listed,
    pub(in super::super) version: Version,
    pub(in super::super) is_delete_marker: bool,
}

/// A list of all versions below a prefix, page by page.
#[derive(Clone, Debug)]
pub(in super::super) struct VersionList {
    prefix: String,
    /// The last key of the page before, or where the list starts.
    key: String,
    /// The last version of that key in the page before.
    version: Option<String>,
    /// Pages in sequence whose last key is the same.
    same_pages: u32,
    has_ended: bool,
}

impl VersionList {
    /// All versions below a prefix whose keys are greater than `after`.
    pub(in super::super) fn of(prefix: &str, after: &str) -> Self {
        let (prefix, key) = (prefix.to_owned(), after.to_owned());
        Self { prefix, key, version: None, same_pages: 0, has_ended: false }
    }
}

impl Objects {
    /// The next page of a list, first its versions and then its delete markers; `None` after the last
    /// one.
    ///
    /// # Errors
    ///
    /// S3 denied the call, failed, or its answer is not whole.
    pub(in super::super) async fn versions(
        &self,
        list: &mut VersionList,
    ) -> Result<Option<Vec<ListedVersion>>, AwsError> {
        if list.has_ended {
            return Ok(None);
        }
        // The semaphore is never closed.
        let _permit = self.shared.permits.acquire().await;
        self.shared.lists.fetch_add(1, Ordering::Relaxed);
        let call = self
            .client
            .list_object_versions()
            .bucket(self.bucket.as_str())
            .encoding_type(EncodingType::Url)
            .max_keys(PAGE_MAX.into())
            .prefix(&list.prefix)
            .key_marker(&list.key)
            .set_version_id_marker(list.version.clone());
        let answer = call.send().boxed().await;
        let answer = answer.map_err(|error| failed(LIST_VERSIONS, &self.region, &error))?;
        self.read_versions(list, answer).map(Some)
    }

    fn read_versions(
        &self,
        list: &mut VersionList,
        answer: ListObjectVersionsOutput,
    ) -> Result<Vec<ListedVersion>, AwsError> {
        let bad = |what: &str| AwsError::bad_answer(LIST_VERSIONS, &self.region, what);
        let goes_on = answer.is_truncated.ok_or_else(|| {
            bad("the answer does not say whether the list goes on (`IsTruncated`)")
        })?;
        let is_encoded = answer.encoding_type == Some(EncodingType::Url);
        let version_of = |is_latest: Option<bool>| match is_latest {
            Some(true) => Ok(Version::Current),
            Some(false) => Ok(Version::Noncurrent),
            None => Err(bad("a version does not say whether it is the latest (`IsLatest`)")),
        };
        let mut versions = Vec::new();
        for object in answer.versions.unwrap_or_default() {
            let storage = object.storage_class.as_ref().map(|class| class.as_str());
            let listed = Listed {
                key: self.decoded(object.key, is_encoded)?,
                bytes: object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
                storage: storage_class(storage),
                content: content(object.e_tag, object.last_modified),
                owner: None,
            };
            let version = version_of(object.is_latest)?;
            versions.push(ListedVersion { listed, version, is_delete_marker: false });
        }
        let objects = versions.len();
        for marker in answer.delete_markers.unwrap_or_default() {
            let key = self.decoded(marker.key, is_encoded)?;
            let listed = Listed {
                key,
                bytes: 0,
                storage: StorageClass::Standard,
                content: None,
                owner: None,
            };
            let version = version_of(marker.is_latest)?;
            versions.push(ListedVersion { listed, version, is_delete_marker: true });
        }
        let (of_objects, of_markers) = versions.split_at_checked(objects).unwrap_or_default();
        for part in [of_objects, of_markers] {
            let mut last = list.key.as_str();
            for ListedVersion { listed, .. } in part {
                if !listed.key.starts_with(&list.prefix) {
                    return Err(bad(
                        "the list contains a key outside the folder that was asked for",
                    ));
                }
                if listed.key.as_str() < last {
                    return Err(bad("the keys of the list do not increase"));
                }
                last = &listed.key;
            }
        }
        list.has_ended = !goes_on;
        if goes_on {
            let next = self.decoded(answer.next_key_marker, is_encoded)?;
            let version = answer.next_version_id_marker;
            list.same_pages = if next == list.key { list.same_pages + 1 } else { 0 };
            let is_same = next == list.key && version == list.version;
            if is_same || next < list.key || list.same_pages > EMPTY_PAGES_MAX {
                return Err(bad("S3 answers the same list again or without an end"));
            }
            (list.key, list.version) = (next, version);
        }
        Ok(versions)
    }
}
