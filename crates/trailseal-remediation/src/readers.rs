//! Who reads the log files, according to the bucket policy.

use trailseal_aws::recorded_bucket;
use trailseal_plan::Readers;
use trailseal_rule::key_policy::bucket::bucket_readers;
use trailseal_rule::{BucketName, Reading, Refusal, Region, Timestamp, Trail};

use crate::read::AwsReader;

impl AwsReader<'_> {
    /// The readers that the policy of the trail's bucket allows, and whether the bucket has an S3
    /// Bucket Key, as recorded by AWS Config in the caller's account. The planner warns if they could
    /// not be read.
    pub(crate) async fn recorded(
        &self,
        trail: &Trail,
        bucket_region: &Reading<Region>,
    ) -> (Reading<Readers>, Reading<bool>) {
        let (Some(bucket), Reading::Known(region)) = (&trail.bucket, bucket_region) else {
            let refusal = Refusal::Needs("the trail's bucket and its Region");
            return (Reading::Refused(refusal.clone()), Reading::Refused(refusal));
        };
        match recorded_bucket(self.session, region, bucket).await {
            Reading::Known(recorded) => {
                let (policy, captured) = (recorded.policy, recorded.captured);
                let readers = match policy {
                    Reading::Known(policy) => {
                        named_by(policy.as_deref(), captured, trail.arn.partition(), bucket)
                    }
                    Reading::Absent => Reading::Absent,
                    Reading::Refused(refusal) => Reading::Refused(refusal),
                };
                (readers, recorded.bucket_key)
            }
            Reading::Absent => (Reading::Absent, Reading::Absent),
            Reading::Refused(refusal) => {
                (Reading::Refused(refusal.clone()), Reading::Refused(refusal))
            }
        }
    }
}

fn named_by(
    policy: Option<&str>,
    recorded: Timestamp,
    partition: &str,
    bucket: &BucketName,
) -> Reading<Readers> {
    let readers = policy.map(|policy| bucket_readers(policy, partition, bucket)).transpose();
    let readers = match readers {
        Ok(readers) => readers.unwrap_or_default(),
        Err(error) => {
            let what = format!("the bucket policy is invalid: {error}");
            return Reading::Refused(Refusal::Malformed(what));
        }
    };
    Reading::Known(Readers {
        named: readers.named.into_iter().collect(),
        others: readers.others.into_iter().collect(),
        recorded,
    })
}
