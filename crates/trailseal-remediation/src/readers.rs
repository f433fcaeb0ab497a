//! Who reads the log files, as far as the bucket's policy tells.

use trailseal_aws::{RecordedPolicy, recorded_bucket_policy};
use trailseal_plan::{Reader, Readers};
use trailseal_rule::key_policy::bucket::bucket_readers;
use trailseal_rule::key_policy::document::PolicyDocument;
use trailseal_rule::{BucketName, Reading, Refusal, Region, Trail};

use crate::look::Reach;

impl Reach<'_> {
    /// Whom the policy of the trail's bucket lets read, by what AWS Config has recorded in the
    /// caller's account. Only warnings come of it, so that nothing that keeps it from being read is
    /// an error.
    pub(crate) async fn readers(
        &self,
        trail: &Trail,
        bucket_region: &Reading<Region>,
    ) -> Reading<Readers> {
        let (Some(bucket), Reading::Known(region)) = (&trail.bucket, bucket_region) else {
            return Reading::Refused(Refusal::Needs("the trail's bucket and its Region"));
        };
        match recorded_bucket_policy(self.session, region, bucket).await {
            Reading::Known(recorded) => named_by(&recorded, trail.arn.partition(), bucket),
            Reading::Absent => Reading::Absent,
            Reading::Refused(refusal) => Reading::Refused(refusal),
        }
    }
}

fn named_by(recorded: &RecordedPolicy, partition: &str, bucket: &BucketName) -> Reading<Readers> {
    let readers = match recorded.policy.as_deref().map(PolicyDocument::parse).transpose() {
        Ok(policy) => policy.map(|policy| bucket_readers(&policy, partition, bucket)),
        Err(error) => {
            let what = format!("the bucket's policy is not understood: {error}");
            return Reading::Refused(Refusal::Unintelligible(what));
        }
    };
    let readers = readers.unwrap_or_default();
    Reading::Known(Readers {
        named: readers.named.into_iter().map(|principal| Reader { principal }).collect(),
        others: readers.others.into_iter().collect(),
        recorded: recorded.captured,
    })
}
