//! The key is in the Region of the trail's S3 bucket.
//!
//! S3 encrypts with keys of the bucket's Region; the Region of the trail does not matter
//! (CloudTrail User Guide, "Configure AWS KMS key policies for CloudTrail").
//!
//! a) Same Region: pass.
//! b) Another Region: fail. For a multi-Region key, the Region of the ARN that the trail names
//!    counts, since that is the key that S3 would use.
//! c) The bucket does not exist: fail.
//! d) Either Region could not be read: unknown.

use config_rule::Region;

use crate::checks::input::{not_known, refused};
use crate::checks::{Check, CheckId, CheckInput, Evidence, FindingCode, Outcome, Severity};
use crate::facts::Reading;
use crate::parameters::Profile;
use crate::trail::BucketName;

/// The key and the bucket are in different Regions.
pub const WRONG_REGION: FindingCode = FindingCode::new("key-in-wrong-region");
/// The trail's bucket does not exist.
pub const BUCKET_MISSING: FindingCode = FindingCode::new("bucket-missing");
/// The trail does not name a valid bucket.
pub const BUCKET_NOT_NAMED: FindingCode = FindingCode::new("bucket-not-named");

pub(super) const CHECK: Check = Check {
    id: CheckId::KeyInBucketRegion,
    name: "key-in-bucket-region",
    title: "the key is in the Region of the trail's S3 bucket",
    rationale: "S3 encrypts only with keys of the bucket's own Region: with any other key \
                CloudTrail cannot deliver",
    evidence: "the key's ARN; the bucket's Region by S3 HeadBucket",
    fails_when: "the Regions differ, or the bucket does not exist",
    fix: "set kmsKeyId to a key in the Region of the trail's bucket",
    severity: Severity::High,
    profile: Some(Profile::Effective),
    switches: &[],
    reads: &[Evidence::BucketRegion, Evidence::KeyArn],
    can_be_skipped: true,
    ends_evaluation: false,
    judge,
};

fn judge(input: &CheckInput<'_>) -> Result<Outcome, Outcome> {
    let key = input.key()?;
    let bucket_region = bucket_region(input)?;
    let key_region = match key.region() {
        Some(region) => region,
        None => input.known(&input.facts.key, "the Region")?.arn.region(),
    };
    if key_region == bucket_region {
        return Ok(Outcome::Pass);
    }
    if key_region.is_not_known() || bucket_region.is_not_known() {
        return Err(not_known("whether key and bucket are in one Region", "the Region"));
    }
    Ok(Outcome::fail(
        WRONG_REGION,
        format!("the key is in {key_region}, but the trail's bucket is in {bucket_region}"),
        format!("set kmsKeyId to a key in {bucket_region}, the Region of the bucket"),
    ))
}

fn bucket_region<'a>(input: &CheckInput<'a>) -> Result<&'a Region, Outcome> {
    let bucket = named_bucket(input, "the Region of the bucket")?;
    match &input.facts.bucket_region {
        Reading::Known(region) => Ok(region),
        Reading::Absent => Err(bucket_missing(bucket)),
        Reading::Refused(refusal) => {
            Err(refused(&format!("the Region of bucket {bucket}"), refusal))
        }
    }
}

/// The trail's bucket. Evidence about a bucket that is not named is unknown.
pub(super) fn named_bucket<'a>(
    input: &CheckInput<'a>,
    evidence: &str,
) -> Result<&'a BucketName, Outcome> {
    input.trail.bucket.as_ref().ok_or_else(|| {
        Outcome::unknown(
            BUCKET_NOT_NAMED,
            format!("could not verify {evidence}: the trail does not name a valid bucket"),
            "look at the trail's S3BucketName",
        )
    })
}

/// The outcome where the trail's bucket does not exist.
pub(super) fn bucket_missing(bucket: &BucketName) -> Outcome {
    Outcome::fail(
        BUCKET_MISSING,
        format!("the trail's bucket {bucket} does not exist"),
        "let the trail deliver to a bucket of yours",
    )
    .because("CloudTrail cannot deliver log files to a bucket that does not exist")
}
