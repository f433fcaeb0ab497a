//! Whether the account of a bucket owns every object in it.

use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::types::ObjectOwnership;
use futures_util::FutureExt as _;
use trailseal_aws::{Session, failed};
use trailseal_rule::BucketName;

use crate::client::client;
use crate::live::{Cause, region_of};

/// The IAM action of GetBucketOwnershipControls.
const CONTROLS: &str = "s3:GetBucketOwnershipControls";

/// What S3 answers for a bucket without the setting, in which the writer owns an object.
const NO_CONTROLS: &str = "OwnershipControlsNotFoundError";

/// Whether the bucket has the Object Ownership `BucketOwnerEnforced`: its account then owns every
/// object, also one that another account wrote before (S3 User Guide, "Controlling ownership of
/// objects and disabling ACLs for your bucket").
///
/// # Errors
///
/// The bucket does not exist, or S3 denied the call or failed.
pub async fn enforces_owner(session: &Session, bucket: &BucketName) -> Result<bool, Cause> {
    let region = region_of(session, bucket).await?;
    let client = client(session, &region);
    let call = client.get_bucket_ownership_controls().bucket(bucket.as_str());
    match call.send().boxed().await {
        Ok(answer) => {
            let rules = answer.ownership_controls.map(|controls| controls.rules);
            let rules = rules.unwrap_or_default();
            let enforced = ObjectOwnership::BucketOwnerEnforced;
            Ok(!rules.is_empty() && rules.iter().all(|rule| rule.object_ownership == enforced))
        }
        Err(error) if error.code() == Some(NO_CONTROLS) => Ok(false),
        Err(error) => Err(failed(CONTROLS, &region, &error).into()),
    }
}
