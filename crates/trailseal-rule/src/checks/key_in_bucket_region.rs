//! The key is in the Region of the trail's S3 bucket.
//!
//! S3 encrypts with a key of the bucket's own Region; which Region the trail is in does not matter
//! (CloudTrail User Guide, "Configure AWS KMS key policies for CloudTrail").
//!
//! a) Same Region: pass, whatever the trail's home Region is.
//! b) Another Region: fail. A multi-Region key counts with the Region of the ARN that the trail
//!    names, since that is the key S3 would be given.
//! c) The bucket does not exist: fail.
//! d) Either Region could not be read: unknown.

use config_rule::Region;

use crate::checks::{Check, CheckId, CheckInput, Outcome, into_outcome, key_of, known};
use crate::facts::Reading;

pub(super) const CHECK: Check = Check {
    id: CheckId::KeyInBucketRegion,
    sentence: "the key is in the Region of the trail's S3 bucket",
    why: "S3 encrypts only with keys of the bucket's own Region: with any other key CloudTrail \
          cannot deliver",
    evidence: "the key's ARN; the bucket's Region by S3 HeadBucket",
    fails_when: "the Regions differ, or the bucket does not exist",
    judge,
};

fn judge(input: &CheckInput<'_>) -> Outcome {
    into_outcome(judge_regions(input))
}

fn judge_regions(input: &CheckInput<'_>) -> Result<Outcome, Outcome> {
    let key = key_of(input)?;
    let bucket_region = bucket_region(input)?;
    let key_region = match key.region() {
        Some(region) => region,
        None => known(&input.facts.key, "the Region", input)?.arn.region(),
    };
    if key_region == bucket_region {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::fail(
        format!("the key is in {key_region}, but the trail's bucket is in {bucket_region}"),
        format!("set kmsKeyId to a key in {bucket_region}, the Region of the bucket"),
    ))
}

fn bucket_region<'a>(input: &CheckInput<'a>) -> Result<&'a Region, Outcome> {
    let Some(bucket) = &input.trail.bucket else {
        return Err(Outcome::unknown(
            "could not verify the Region of the bucket: the trail names no possible bucket",
            "look at the trail's S3BucketName",
        ));
    };
    match &input.facts.bucket_region {
        Reading::Known(region) => Ok(region),
        Reading::Absent => Err(Outcome::fail(
            format!("the trail's bucket {bucket} does not exist"),
            "let the trail deliver to a bucket of yours",
        )
        .because("CloudTrail cannot deliver log files to a bucket that does not exist")),
        Reading::Refused(refusal) => Err(Outcome::unknown(
            format!("could not verify the Region of bucket {bucket}: {refusal}"),
            refusal.advice(),
        )),
    }
}
