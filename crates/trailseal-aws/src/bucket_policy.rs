//! The policy of an S3 bucket, as AWS Config has recorded it.
//!
//! So that a plan can tell who reads the log files, without a grant for S3. The form of the item is
//! not documented: it is known from items that others have recorded, where `BucketPolicy` of
//! `supplementaryConfiguration` is a JSON text with `policyText`, which is the policy as a text, or
//! null where there is none. Any other form is taken for unreadable, never for "no policy".

use aws_sdk_config::types::{
    BaseConfigurationItem, ConfigurationItemStatus, ResourceKey, ResourceType,
};
use futures_util::FutureExt as _;
use serde_json::Value;
use trailseal_rule::{BucketName, Reading, Refusal, Region, Timestamp};

use crate::convert::timestamp;
use crate::failure::{AwsError, failed};
use crate::session::Session;

const ACTION: &str = "config:BatchGetResourceConfig";

/// The policy of a bucket at a time in the past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedPolicy {
    /// The policy; nothing where the bucket had none.
    pub policy: Option<String>,
    /// When AWS Config captured it.
    pub captured: Timestamp,
}

/// The policy of a bucket of the session's account, in the bucket's Region.
///
/// Whatever keeps it from being read is a refusal, also a breakdown: nothing is decided by it.
pub async fn recorded_bucket_policy(
    session: &Session,
    region: &Region,
    bucket: &BucketName,
) -> Reading<RecordedPolicy> {
    match ask(session, region, bucket).await {
        Ok(policy) => Reading::Known(policy),
        Err(refusal) => Reading::Refused(refusal),
    }
}

async fn ask(
    session: &Session,
    region: &Region,
    bucket: &BucketName,
) -> Result<RecordedPolicy, Refusal> {
    let key = ResourceKey::builder()
        .resource_type(ResourceType::Bucket)
        .resource_id(bucket.as_str())
        .build()
        .map_err(|error| Refusal::Unintelligible(error.to_string()))?;
    let client = session.in_region(region.clone()).config();
    let call = client.batch_get_resource_config().resource_keys(key);
    let answer = call.send().boxed().await;
    let answer = answer.map_err(|error| {
        let failed = failed(ACTION, region.as_str(), &error);
        if matches!(failed, AwsError::Denied { .. }) {
            return Refusal::AccessDenied { action: ACTION };
        }
        Refusal::Unintelligible(failed.to_string())
    })?;
    match answer.base_configuration_items() {
        [item] => read(item, session, region, bucket).map_err(|what| {
            let what = format!("AWS Config's item of the bucket is not understood: {what}");
            Refusal::Unintelligible(what)
        }),
        [] if !answer.unprocessed_resource_keys().is_empty() => {
            Err(Refusal::Unintelligible("AWS Config did not look the bucket up".to_owned()))
        }
        [] => Err(Refusal::Unintelligible(format!(
            "AWS Config has recorded no bucket {bucket} of account {} in {region}",
            session.account()
        ))),
        _ => Err(Refusal::Unintelligible("AWS Config shows several items of it".to_owned())),
    }
}

/// Nothing is left to a guess: the item is of the bucket, is no deletion, and has the policy in the
/// known form.
fn read(
    item: &BaseConfigurationItem,
    session: &Session,
    region: &Region,
    bucket: &BucketName,
) -> Result<RecordedPolicy, String> {
    let is_of_the_bucket = item.resource_type() == Some(&ResourceType::Bucket)
        && item.resource_id() == Some(bucket.as_str())
        && item.account_id() == Some(session.account().as_str())
        && item.aws_region() == Some(region.as_str());
    if !is_of_the_bucket {
        return Err("it is of another resource".to_owned());
    }
    match item.configuration_item_status() {
        Some(ConfigurationItemStatus::Ok | ConfigurationItemStatus::ResourceDiscovered) => {}
        Some(other) => return Err(format!("its status is {other}")),
        None => return Err("it has no status".to_owned()),
    }
    let captured = item.configuration_item_capture_time().and_then(timestamp);
    let captured = captured.ok_or("it has no capture time")?;
    let supplementary = item.supplementary_configuration();
    let text = supplementary.and_then(|members| members.get("BucketPolicy"));
    let policy = policy_text(text.ok_or("it has no BucketPolicy")?)?;
    Ok(RecordedPolicy { policy, captured })
}

fn policy_text(text: &str) -> Result<Option<String>, String> {
    const FORM: &str = "BucketPolicy is not a JSON object with `policyText` alone";
    let value: Value = serde_json::from_str(text).map_err(|_| FORM)?;
    let members = value.as_object().filter(|members| members.len() == 1).ok_or(FORM)?;
    match members.get("policyText") {
        Some(Value::Null) => Ok(None),
        Some(Value::String(policy)) => Ok(Some(policy.clone())),
        Some(_) => Err("`policyText` is neither a text nor null".to_owned()),
        None => Err(FORM.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::policy_text;

    #[test]
    fn no_policy_is_null_and_nothing_else() {
        assert_eq!(policy_text(r#"{"policyText":null}"#), Ok(None));
        assert_eq!(policy_text(r#"{"policyText":"{}"}"#), Ok(Some("{}".to_owned())));
        for other in [
            "",
            "null",
            "{}",
            "[]",
            r#""{}""#,
            r#"{"policyText":{}}"#,
            r#"{"policyText":7}"#,
            r#"{"PolicyText":null}"#,
            r#"{"policyText":null,"more":1}"#,
        ] {
            assert!(policy_text(other).is_err(), "{other}");
        }
    }
}
