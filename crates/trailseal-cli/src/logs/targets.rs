//! Which buckets the command line names, and which trails deliver to them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use trailseal_aws::{AwsError, Session, TrailDelivery, describe_delivery};
use trailseal_rule::{AccountId, BucketName, Region, TrailArn};

use super::arguments::Target;

/// A bucket to read.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) bucket: BucketName,
    /// Empty for the whole bucket.
    pub(super) prefix: String,
    /// The trails of the command line that deliver to the bucket.
    pub(super) trails: Vec<TrailDelivery>,
    /// Whether the command line also names the bucket itself, so that all of its files are counted.
    pub(super) is_named: bool,
}

/// What the targets of a command line are.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    pub(super) jobs: Vec<Job>,
    /// The trails whose bucket CloudTrail does not name.
    pub(super) without_bucket: Vec<TrailDelivery>,
}

/// Finds the trails, and the buckets to read. `session` is needed for trails only. A bucket is read
/// as a whole for a trail, since its prefix may have changed.
///
/// # Errors
///
/// A line for each target that was not found or is ambiguous; `explain` words a failure of CloudTrail.
pub(super) async fn jobs(
    session: Option<&Session>,
    targets: &[Target],
    explain: impl Fn(&AwsError) -> String,
) -> Result<Jobs, Vec<String>> {
    let (mut jobs, mut faults) = (Jobs::default(), Vec::new());
    let mut regions: BTreeMap<Region, Result<Vec<TrailDelivery>, AwsError>> = BTreeMap::new();
    for target in targets {
        let (home, name) = match target {
            Target::Bucket(bucket, prefix) => {
                jobs.add(bucket.clone(), prefix.clone(), None);
                continue;
            }
            Target::TrailName(name) => (None, name.as_str()),
            Target::TrailArn(arn) => (Some(arn.home_region()), arn.as_str()),
        };
        let Some(session) = session else {
            faults.push(format!("trail `{name}` is not looked up without credentials"));
            continue;
        };
        let region = home.unwrap_or_else(|| session.region());
        let answer = match regions.entry(region.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                new.insert(describe_delivery(&session.in_region(region.clone())).await)
            }
        };
        let found = match answer {
            Ok(trails) => named(trails, name, session.account(), region),
            Err(error) => Err(format!("trail `{name}`: {}", explain(error))),
        };
        match found {
            Ok(delivery) => jobs.add_trail(delivery),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(jobs) } else { Err(faults) }
}

/// The one trail with a name or an ARN. A Region also shows the trails of other Regions that log it,
/// and those of an organization, so that several can have the same name.
fn named<'a>(
    trails: &'a [TrailDelivery],
    name: &str,
    account: &AccountId,
    region: &Region,
) -> Result<&'a TrailDelivery, String> {
    let mut found: BTreeMap<&TrailArn, &TrailDelivery> = BTreeMap::new();
    for delivery in trails {
        let arn = &delivery.trail.arn;
        if arn.as_str() == name || arn.name() == name {
            found.insert(arn, delivery);
        }
    }
    let arns: Vec<&str> = found.keys().map(|arn| arn.as_str()).collect();
    match (found.values().next(), arns.as_slice()) {
        (Some(delivery), [_]) => Ok(delivery),
        (Some(_), arns) => Err(format!(
            "account {account}, Region {region} has {} trails named `{name}`: give the ARN of one, {}",
            arns.len(),
            arns.join(" or ")
        )),
        (None, _) => Err(format!(
            "trail `{name}` was not found in account {account}, Region {region}: check the name and \
             the Region, or give the trail's ARN"
        )),
    }
}

impl Jobs {
    /// The one bucket that a result of Athena is about.
    ///
    /// # Errors
    ///
    /// There is not exactly one, or it has a prefix.
    pub(super) fn of_athena(&self) -> Result<&Job, String> {
        match self.jobs.as_slice() {
            [job] if job.prefix.is_empty() => Ok(job),
            _ => Err("--athena-results takes one bucket without a prefix, or trails of one bucket"
                .to_owned()),
        }
    }

    /// The trails that deliver to the bucket of an inventory.
    ///
    /// # Errors
    ///
    /// A line for each target that the inventory cannot be about.
    pub(super) fn of_inventory(
        &self,
        bucket: &BucketName,
    ) -> Result<&[TrailDelivery], Vec<String>> {
        let others = self.jobs.iter().filter(|job| job.bucket != *bucket || job.trails.is_empty());
        let faults: Vec<String> = others
            .map(|job| match job.trails.as_slice() {
                [] => "--inventory takes trails only: leave out the bucket".to_owned(),
                trails => {
                    let names: Vec<&str> =
                        trails.iter().map(|one| one.trail.arn.as_str()).collect();
                    format!(
                        "--inventory lists bucket {bucket}, but {} delivers to bucket {}",
                        names.join(", "),
                        job.bucket
                    )
                }
            })
            .collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(self.jobs.first().map_or(&[], |job| job.trails.as_slice()))
    }

    fn add_trail(&mut self, delivery: &TrailDelivery) {
        match &delivery.trail.bucket {
            Some(bucket) => self.add(bucket.clone(), String::new(), Some(delivery)),
            None => self.without_bucket.push(delivery.clone()),
        }
    }

    /// Each bucket and prefix once, with each of its trails once.
    fn add(&mut self, bucket: BucketName, prefix: String, trail: Option<&TrailDelivery>) {
        let known =
            self.jobs.iter_mut().find(|known| known.bucket == bucket && known.prefix == prefix);
        let Some(known) = known else {
            let is_named = trail.is_none();
            let trails = trail.cloned().into_iter().collect();
            return self.jobs.push(Job { bucket, prefix, trails, is_named });
        };
        known.is_named |= trail.is_none();
        let is_new = |trail: &&TrailDelivery| {
            known.trails.iter().all(|known| known.trail.arn != trail.trail.arn)
        };
        if let Some(trail) = trail.filter(is_new) {
            known.trails.push(trail.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::delivery;
    use super::*;

    #[test]
    fn a_name_of_several_trails_is_refused_with_their_arns() {
        let mut shadow = delivery("main");
        let arn = "arn:aws:cloudtrail:us-east-1:999999999999:trail/main";
        shadow.trail.arn = TrailArn::parse(arn).unwrap();
        let (main, other) = (delivery("main"), delivery("other"));
        let find = |trails: &[TrailDelivery], name: &str| {
            let (account, region) = (main.trail.arn.owner(), &main.trail.home_region);
            named(trails, name, account, region).map(|found| found.trail.arn.to_string())
        };
        let own = main.trail.arn.to_string();
        let all = [other.clone(), main.clone(), shadow.clone()];
        assert_eq!(
            find(&all, "main").unwrap_err(),
            format!(
                "account 111122223333, Region eu-central-1 has 2 trails named `main`: give the ARN \
                 of one, {own} or {arn}"
            )
        );
        assert_eq!(find(&all, &own), Ok(own.clone()));
        assert_eq!(find(&all, arn), Ok(arn.to_owned()));
        // The same trail twice.
        assert_eq!(find(&[main.clone(), main.clone()], "main"), Ok(own));
        assert!(find(&[other], "main").unwrap_err().contains("was not found"));
    }
}
