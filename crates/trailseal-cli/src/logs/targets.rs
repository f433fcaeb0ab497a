//! Which buckets the command line names, and which trails deliver to them.

use std::collections::BTreeMap;

use trailseal_aws::{AwsError, Session, TrailDelivery, describe_delivery};
use trailseal_rule::{BucketName, Region};

use super::arguments::Target;

/// A bucket to read.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) bucket: BucketName,
    /// Empty for the whole bucket.
    pub(super) prefix: String,
    /// The trails of the command line that deliver to the bucket.
    pub(super) trails: Vec<TrailDelivery>,
}

/// What the targets of a command line are.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    pub(super) jobs: Vec<Job>,
    /// The trails whose bucket CloudTrail does not name.
    pub(super) without_bucket: Vec<TrailDelivery>,
}

/// Finds the trails, and the buckets to read. `session` is needed for trails only. A bucket is read as a whole for a trail, since its
/// prefix may have changed.
///
/// # Errors
///
/// A line for each target that was not found; `explain` words a failure of CloudTrail.
pub(super) async fn jobs(
    session: Option<&Session>,
    targets: &[Target],
    explain: impl Fn(&AwsError) -> String,
) -> Result<Jobs, Vec<String>> {
    let (mut jobs, mut faults) = (Jobs::default(), Vec::new());
    let mut regions: BTreeMap<Region, Result<Vec<TrailDelivery>, AwsError>> = BTreeMap::new();
    for target in targets {
        let (region, name, session) = match (target, session) {
            (Target::Bucket(bucket, prefix), _) => {
                jobs.add(bucket.clone(), prefix.clone(), None);
                continue;
            }
            (Target::TrailName(name), Some(session)) => {
                (session.region().clone(), name.as_str(), session)
            }
            (Target::TrailArn(arn), Some(session)) => {
                (arn.home_region().clone(), arn.as_str(), session)
            }
            (Target::TrailName(name), None) => {
                faults.push(format!("trail `{name}` is not looked up without credentials"));
                continue;
            }
            (Target::TrailArn(arn), None) => {
                faults.push(format!("trail `{arn}` is not looked up without credentials"));
                continue;
            }
        };
        if !regions.contains_key(&region) {
            let session = session.in_region(region.clone());
            regions.insert(region.clone(), describe_delivery(&session).await);
        }
        match regions.get(&region) {
            Some(Ok(trails)) => match trails.iter().find(|known| is_named(known, name)) {
                Some(delivery) => jobs.add_trail(delivery),
                None => faults.push(format!(
                    "trail `{name}` was not found in account {}, Region {region}: check the name and \
                     the Region, or give the trail's ARN",
                    session.account()
                )),
            },
            Some(Err(error)) => faults.push(format!("trail `{name}`: {}", explain(error))),
            None => {}
        }
    }
    if faults.is_empty() { Ok(jobs) } else { Err(faults) }
}

fn is_named(delivery: &TrailDelivery, name: &str) -> bool {
    let arn = &delivery.trail.arn;
    arn.as_str() == name || arn.name() == name
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
            let trails = trail.cloned().into_iter().collect();
            return self.jobs.push(Job { bucket, prefix, trails });
        };
        let is_new = |trail: &&TrailDelivery| {
            known.trails.iter().all(|known| known.trail.arn != trail.trail.arn)
        };
        if let Some(trail) = trail.filter(is_new) {
            known.trails.push(trail.clone());
        }
    }
}
