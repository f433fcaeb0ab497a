//! Which trails deliver to a folder.

use std::collections::BTreeMap;

use trailseal_aws::{AwsError, Session, TrailDelivery, describe_delivery};
use trailseal_logs::{Coverage, Folder};
use trailseal_rule::{Reading, Refusal, Region, TrailArn};

/// The trails that deliver to a bucket, by the Region that shows them.
#[derive(Debug, Default)]
pub(crate) struct Writers(BTreeMap<Region, Reading<Vec<TrailDelivery>>>);

impl Writers {
    /// Reads the trails of each Region in which the trail has a folder. A trail of another account
    /// than the session's has unknown writers.
    ///
    /// # Errors
    ///
    /// The first failure of CloudTrail; a refusal is no failure.
    pub(crate) async fn of(
        session: &Session,
        delivery: &TrailDelivery,
        coverage: &Coverage,
    ) -> Result<Self, AwsError> {
        let mut writers = Self::default();
        if session.account() != delivery.trail.arn.owner() {
            return Ok(writers);
        }
        for folder in own_folders(delivery, coverage) {
            if writers.0.contains_key(&folder.region) {
                continue;
            }
            let answer = describe_delivery(&session.in_region(folder.region.clone())).await;
            let reading = match answer {
                Ok(trails) => Reading::Known(trails),
                Err(error) => Reading::Refused(error.into_refusal()?),
            };
            writers.0.insert(folder.region.clone(), reading);
        }
        Ok(writers)
    }

    /// The trails of Regions, as if they had been read.
    #[cfg(test)]
    pub(crate) fn known(regions: &[(&Region, &[TrailDelivery])]) -> Self {
        let known = |(region, trails): &(&Region, &[TrailDelivery])| {
            ((*region).clone(), Reading::Known(trails.to_vec()))
        };
        Self(regions.iter().map(known).collect())
    }

    /// The other trails that deliver to a folder of the trail.
    pub(super) fn others(
        &self,
        delivery: &TrailDelivery,
        folder: &Folder,
    ) -> Reading<Vec<TrailArn>> {
        let is_other = |other: &&TrailDelivery| {
            other.trail.arn != delivery.trail.arn
                && other.trail.bucket == delivery.trail.bucket
                && delivers(other, folder)
        };
        match self.0.get(&folder.region) {
            Some(trails) => trails.clone().map(|trails| {
                trails.iter().filter(is_other).map(|other| other.trail.arn.clone()).collect()
            }),
            None => Reading::Refused(Refusal::Needs("the list of the trails of its account")),
        }
    }
}

/// The folders of log files to which a trail delivers, each once.
pub(super) fn own_folders<'a>(
    delivery: &'a TrailDelivery,
    coverage: &'a Coverage,
) -> impl Iterator<Item = &'a Folder> {
    let mut last = None;
    coverage.rows().map(|(folder, ..)| folder).filter(move |folder| {
        let is_new = last.replace(*folder) != Some(*folder);
        is_new && !folder.has_digests() && delivers(delivery, folder)
    })
}

/// The prefixes of the folders of a trail. AWS does not say whether CloudTrail keeps a slash at the
/// end of `S3KeyPrefix`, so that both folders are the trail's.
pub(crate) fn prefixes(prefix: &str) -> impl Iterator<Item = &str> {
    let trimmed = prefix.trim_end_matches('/');
    [Some(prefix), Some(trimmed).filter(|trimmed| *trimmed != prefix)].into_iter().flatten()
}

/// Whether a trail delivers to a folder of its bucket: the prefix is its current one, and account
/// and Region are among those that it logs. An organization trail delivers to folders with the ID of
/// an organization only, and another trail only to folders of its own account without one
/// (CloudTrail User Guide, "Finding your CloudTrail log files").
pub(crate) fn delivers(delivery: &TrailDelivery, folder: &Folder) -> bool {
    let TrailDelivery { trail, prefix, .. } = delivery;
    prefixes(prefix).any(|prefix| folder.prefix == prefix)
        && folder.organization.is_some() == trail.is_organization_trail
        && (trail.is_organization_trail || folder.account == *trail.arn.owner())
        && (trail.is_multi_region_trail || folder.region == trail.home_region)
}
