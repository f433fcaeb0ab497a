//! Which trails deliver to a folder.

use std::collections::{BTreeMap, BTreeSet};

use trailseal_aws::{
    AwsError, Session, TrailDelivery, delivery_in, latest_delivery, latest_delivery_in,
};
use trailseal_logs::key::{is_organization, root};
use trailseal_logs::{Coverage, Folder, Kind};
use trailseal_rule::{AccountId, Delivery, Reading, Refusal, Region, Timestamp, Trail, TrailArn};

/// What a delivery may be late: the name of a file has an earlier time than its delivery.
pub(super) const LATE_MILLIS: i64 = 3_600_000;

/// What CloudTrail says about the deliveries of a trail in its home Region.
pub(crate) type Status = Result<Delivery, AwsError>;

/// The status of a trail. It is unknown with credentials of another account than the trail's.
pub(crate) async fn status_of(session: &Session, delivery: &TrailDelivery) -> Status {
    match session.account() == delivery.trail.arn.owner() {
        true => latest_delivery(session, &delivery.trail).await,
        false => Ok(Delivery::default()),
    }
}

/// The status of each trail.
pub(crate) async fn statuses_of(session: &Session, trails: &[TrailDelivery]) -> Vec<Status> {
    let mut statuses = Vec::new();
    for delivery in trails {
        statuses.push(status_of(session, delivery).await);
    }
    statuses
}

/// Which trails deliver to a bucket.
#[derive(Debug, Default)]
pub(crate) struct Writers {
    /// The trails of an account, by the Region that shows them.
    trails: BTreeMap<Region, Reading<Vec<TrailDelivery>>>,
    /// The latest delivery of the trail itself, in its home Region.
    delivery: Delivery,
    /// The same in the other Regions in which it has a folder, unless it logs and has delivered.
    elsewhere: BTreeMap<Region, Reading<Delivery>>,
}

impl Writers {
    /// Reads the trails of each Region in which the trail has a folder. `status` was read before the
    /// files, so that its delivery is among them. A trail of another account than the session's has
    /// unknown writers.
    ///
    /// # Errors
    ///
    /// The first failure of CloudTrail, or that of the status. Refused trails of a Region
    /// are unknown. So are those of a Region that is not enabled: trails that were there before it was
    /// disabled can still deliver (CloudTrail User Guide, "Receiving CloudTrail log files from multiple
    /// Regions"), and an organization trail has folders of the Regions of its members.
    pub(crate) async fn of(
        session: &Session,
        delivery: &TrailDelivery,
        status: Status,
        coverage: &Coverage,
    ) -> Result<Self, AwsError> {
        let mut writers = Self::default();
        if session.account() != delivery.trail.arn.owner() {
            return Ok(writers);
        }
        for folder in own_folders(delivery, coverage) {
            if writers.trails.contains_key(&folder.region) {
                continue;
            }
            let trails = delivery_in(session, &folder.region).await?;
            writers.trails.insert(folder.region.clone(), trails);
        }
        writers.delivery = status?;
        if !writers.is_logging() || writers.delivery.delivered.is_none() {
            let home = &delivery.trail.home_region;
            for region in writers.trails.keys().filter(|region| *region != home) {
                let there = latest_delivery_in(session, region, &delivery.trail).await?;
                writers.elsewhere.insert(region.clone(), there);
            }
        }
        Ok(writers)
    }

    /// The trails of Regions, as if they had been read, of a trail that logs and has delivered.
    #[cfg(test)]
    pub(crate) fn known(regions: &[(&Region, &[TrailDelivery])]) -> Self {
        let known = |(region, trails): &(&Region, &[TrailDelivery])| {
            ((*region).clone(), Reading::Known(trails.to_vec()))
        };
        let delivered = Some(Timestamp::from_epoch_millis(0));
        let delivery = Delivery { is_logging: Some(true), delivered, ..Delivery::default() };
        Self { trails: regions.iter().map(known).collect(), delivery, ..Self::default() }
    }

    /// As if the trail logged, and had last delivered then.
    #[cfg(test)]
    pub(crate) fn delivered(mut self, time: Timestamp) -> Self {
        self.delivery.delivered = Some(time);
        self
    }

    /// As if the trail logged, and had not delivered in its home Region.
    #[cfg(test)]
    pub(crate) fn never_delivered(mut self) -> Self {
        self.delivery.delivered = None;
        self
    }

    /// As if the trail had last delivered then, and not logged since.
    #[cfg(test)]
    pub(crate) fn stopped(self, delivered: Option<Timestamp>) -> Self {
        let delivery = Delivery { is_logging: Some(false), delivered, ..Delivery::default() };
        Self { delivery, ..self }
    }

    /// As if CloudTrail had said when the trail last delivered in another Region.
    #[cfg(test)]
    pub(crate) fn delivered_in(mut self, region: &Region, delivered: Reading<Timestamp>) -> Self {
        let known = |time| Delivery { delivered: Some(time), ..Delivery::default() };
        self.elsewhere.insert(region.clone(), delivered.map(known));
        self
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
        match self.trails.get(&folder.region) {
            Some(trails) => trails.clone().map(|trails| {
                trails.iter().filter(is_other).map(|other| other.trail.arn.clone()).collect()
            }),
            None => Reading::Refused(Refusal::Needs("the list of the trails of its account")),
        }
    }

    /// Whether CloudTrail says that the trail logs.
    pub(super) fn is_logging(&self) -> bool {
        self.delivery.is_logging == Some(true)
    }

    /// When a trail without a delivery in its home Region last delivered in another one, if CloudTrail
    /// says it.
    pub(super) fn delivery_elsewhere(&self, region: &Region) -> Option<Timestamp> {
        match self.elsewhere.get(region)? {
            Reading::Known(there) => there.delivered,
            Reading::Absent | Reading::Refused(_) => None,
        }
    }

    /// When the trail last delivered in its home Region, if CloudTrail says it.
    pub(super) fn latest_delivery(&self) -> Option<Timestamp> {
        self.delivery.delivered
    }

    /// Why the trail did not write the newest file of a folder, or may not have. Only the trails of
    /// today are known: after the trail stopped, a trail that has been deleted since wrote the file.
    /// CloudTrail says when the trail last delivered in a Region, in its own account (CloudTrail API
    /// Reference, `GetTrailStatus`).
    pub(super) fn not_by(
        &self,
        trail: &Trail,
        folder: &Folder,
        newest: Timestamp,
    ) -> Option<Refusal> {
        if self.is_logging() {
            return None;
        }
        let there = match self.elsewhere.get(&folder.region) {
            Some(Reading::Known(there)) => Some(there),
            Some(Reading::Absent | Reading::Refused(_)) => None,
            None => Some(&self.delivery).filter(|_| folder.region == trail.home_region),
        };
        let delivered = there.unwrap_or(&self.delivery).delivered;
        let limit = delivered.map(|time| time.epoch_millis().saturating_add(LATE_MILLIS));
        if limit.is_some_and(|limit| newest.epoch_millis() <= limit) {
            return None;
        }
        let region = &folder.region;
        let is_of_account = there.is_some() && folder.account == *trail.arn.owner();
        let why = match delivered {
            _ if !is_of_account => format!(
                "the trail does not log, and it is not known when it last delivered in {region} for \
                 account {}, so that another trail may have written the newest file",
                folder.account
            ),
            Some(time) => format!(
                "the trail does not log, and its latest delivery in {region} was at {}, so that \
                 another trail wrote the newest file",
                time.minute()
            ),
            None => {
                format!("the trail does not log and has not delivered any file in {region}")
            }
        };
        let fix = "start the logging of the trail, or find out which trail wrote the file";
        Some(Refusal::LogFiles(why, fix))
    }
}

/// Why the folders of an organization trail may be those of another one: below its prefix are folders
/// of several organizations, and CloudTrail does not say to which of them the trail belongs.
pub(super) fn several_organizations(
    delivery: &TrailDelivery,
    coverage: &Coverage,
) -> Option<Refusal> {
    let folders = own_folders(delivery, coverage);
    let ids: BTreeSet<&str> = folders.filter_map(|folder| folder.organization.as_deref()).collect();
    let mut ids = ids.into_iter();
    let (first, second) = (ids.next()?, ids.next()?);
    Some(Refusal::LogFiles(
        format!(
            "organizations {first} and {second} have folders below the trail's prefix, and \
             CloudTrail does not say which one is the trail's"
        ),
        "let the trail deliver to a prefix of its own",
    ))
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

/// Whether a place, which is the beginning of a key, contains folders to which the trail delivers
/// log files, or lies in one of them. What follows its last slash can be the beginning of a name.
pub(super) fn may_have_log_files(delivery: &TrailDelivery, place: &str) -> bool {
    prefixes(&delivery.prefix).any(|prefix| {
        let root = root(prefix);
        let inner = place.strip_prefix(&root);
        root.starts_with(place) || inner.is_some_and(|inner| names_own(&delivery.trail, inner))
    })
}

/// Whether the folders below `AWSLogs/` are those of the trail, as far as they are named.
fn names_own(trail: &Trail, inner: &str) -> bool {
    let mut names = inner.rsplit_once('/').into_iter().flat_map(|(folders, _)| folders.split('/'));
    let is_of_organization =
        !trail.is_organization_trail || names.next().is_none_or(is_organization);
    is_of_organization
        && names.next().is_none_or(|account| match trail.is_organization_trail {
            true => AccountId::parse(account).is_ok(),
            false => account == trail.arn.owner().as_str(),
        })
        && names.next().is_none_or(|kind| Kind::parse(kind).is_some_and(|kind| !kind.is_digest()))
        && names.next().is_none_or(|region| {
            trail.is_multi_region_trail || region == trail.home_region.as_str()
        })
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
