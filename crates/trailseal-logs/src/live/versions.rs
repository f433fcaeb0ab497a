//! Counts noncurrent versions and deleted files. Their encryption is not read.

use futures_util::FutureExt as _;
use trailseal_aws::AwsError;

use super::every::FOLDERS_AT_A_TIME;
use super::outcome::{Cause, Gap};
use super::place::{Classified, Place};
use super::s3::{ListedVersion, VersionList};
use super::{Run, Step, Unit, drive};
use crate::coverage::{Class, Folder, Owner, Version};
use crate::encryption::{FileStatus, Unread};

impl Run<'_> {
    /// Counts the noncurrent versions and delete markers of the folders.
    pub(super) async fn versions(&self, units: &[Unit]) {
        let mut folders: Vec<Folder> = units.iter().map(|unit| unit.folder.clone()).collect();
        folders.dedup();
        let total = folders.len() as u64;
        let lists = folders.into_iter().map(move |folder| self.versions_of(folder, total).boxed());
        let at_a_time = self.scope.concurrency.clamp(1, FOLDERS_AT_A_TIME);
        self.gather(|gathered| gathered.done = 0);
        drive(Box::new(lists), at_a_time).await;
    }

    async fn versions_of(&self, folder: Folder, total: u64) {
        let place = Place::new(self.objects, &folder, None, &self.scope.range);
        if let Err(error) = self.list_versions(&place).await {
            let gap = Gap { place: place.path().to_owned(), cause: Cause::Versions(error) };
            self.gather(|gathered| gathered.gaps.push(gap));
        }
        self.done(Step::Versions, total);
    }

    async fn list_versions(&self, place: &Place<'_>) -> Result<(), AwsError> {
        let mut list = VersionList::of(place.path(), &place.start());
        while let Some(versions) = self.objects.versions(&mut list).await? {
            let has_passed = !versions.is_empty()
                && versions.iter().all(|version| place.is_after(&version.listed.key));
            for version in versions {
                self.count_version(place, version);
            }
            if has_passed {
                break;
            }
        }
        Ok(())
    }

    fn count_version(&self, place: &Place<'_>, found: ListedVersion) {
        let ListedVersion { listed, version, is_delete_marker } = found;
        let why = match (version, is_delete_marker) {
            // The run has read it.
            (Version::Current, false) => return,
            (Version::Noncurrent, false) => Unread::NotAsked,
            (Version::Current | Version::Noncurrent, true) => Unread::DeleteMarker,
        };
        let (status, storage) = (FileStatus::Unread(why), listed.storage);
        let class = Class { status, storage, version, owner: Owner::NotListed };
        if let Classified::File(file) = place.classify(listed) {
            let bytes = file.listed.bytes;
            let is_current_marker = is_delete_marker && version == Version::Current;
            self.gather(|gathered| {
                // The run has counted the marker of a file that was deleted after it was listed.
                if !(is_current_marker && gathered.deleted.contains(file.key())) {
                    gathered.coverage.count(file.key(), &class, bytes);
                }
            });
        }
    }
}
