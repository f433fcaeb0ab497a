//! The questions about the policy of a trail's bucket.
//!
//! Who can read the log files ([`readers`])? Does it deny their delivery with a key
//! ([`deliveries`])? `resource_policy` evaluates the policy; this module builds the requests of S3.

use resource_policy::{PolicyDocument, PolicyError, PolicyFormat, Shape};

use crate::trail::BucketName;

pub mod deliveries;
pub mod readers;

/// The maximum size of a policy in bytes. Amazon S3 allows less.
const POLICY_BYTES_MAX: usize = 32_768;

fn parse(policy: &str) -> Result<PolicyDocument, PolicyError> {
    // Only for key policies does AWS document that a statement without `Resource` has no effect.
    let format = PolicyFormat { bytes_max: POLICY_BYTES_MAX, requires_plain_elements: false };
    PolicyDocument::parse(policy, format)
}

fn bucket_arn(partition: &str, bucket: &BucketName) -> Shape {
    Shape::text(&format!("arn:{partition}:s3:::{bucket}/"))
}
