//! The policy of an S3 bucket and its S3 Bucket Key, as AWS Config has recorded them.
//!
//! A plan uses them to show who reads the log files and whether CloudTrail needs `kms:Decrypt`,
//! without permissions for S3. The format of the item is not documented. In published examples two
//! members of `supplementaryConfiguration` are JSON text: `BucketPolicy` has `policyText`, the
//! policy as text or null, and `ServerSideEncryptionConfiguration` has `rules` with
//! `bucketKeyEnabled`. Any other format is unreadable, never "no policy" or "no Bucket Key".

use aws_sdk_config::types::{
    BaseConfigurationItem, ConfigurationItemStatus, ResourceKey, ResourceType,
};
use futures_util::FutureExt as _;
use serde_json::Value;
use trailseal_rule::{BucketName, Reading, Refusal, Region, Timestamp};

use crate::convert::timestamp;
use crate::failure::failed;
use crate::session::Session;

const ACTION: &str = "config:BatchGetResourceConfig";

/// A bucket as AWS Config captured it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedBucket {
    /// The policy, if the bucket had one.
    pub policy: Reading<Option<String>>,
    /// Whether the bucket had an S3 Bucket Key.
    pub bucket_key: Reading<bool>,
    /// The capture time.
    pub captured: Timestamp,
}

/// Reads a bucket of the session's account from the Region of the bucket.
///
/// A failure of AWS is a refusal too, because no verdict depends on the bucket's item.
pub async fn recorded_bucket(
    session: &Session,
    region: &Region,
    bucket: &BucketName,
) -> Reading<RecordedBucket> {
    ask(session, region, bucket).await.map_or_else(Reading::Refused, Reading::Known)
}

async fn ask(
    session: &Session,
    region: &Region,
    bucket: &BucketName,
) -> Result<RecordedBucket, Refusal> {
    let key = ResourceKey::builder()
        .resource_type(ResourceType::Bucket)
        .resource_id(bucket.as_str())
        .build()
        .map_err(|error| Refusal::Malformed(error.to_string()))?;
    let client = session.in_region(region.clone()).config();
    let call = client.batch_get_resource_config().resource_keys(key);
    let answer = call.send().boxed().await;
    let answer = answer.map_err(|error| {
        let refusal = failed(ACTION, region, &error).into_refusal();
        refusal.unwrap_or_else(|failed| Refusal::Malformed(failed.to_string()))
    })?;
    match answer.base_configuration_items() {
        [item] => read(item, session, region, bucket).map_err(not_understood),
        [] if !answer.unprocessed_resource_keys().is_empty() => {
            Err(Refusal::Malformed("AWS Config did not look the bucket up".to_owned()))
        }
        [] => Err(Refusal::Malformed(format!(
            "AWS Config has recorded no bucket {bucket} of account {} in {region}",
            session.account()
        ))),
        _ => Err(Refusal::Malformed("AWS Config shows several items of it".to_owned())),
    }
}

/// Accepts only an item of this bucket that is not a deletion.
fn read(
    item: &BaseConfigurationItem,
    session: &Session,
    region: &Region,
    bucket: &BucketName,
) -> Result<RecordedBucket, String> {
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
    let member = |name: &'static str| -> Result<&String, String> {
        let text = supplementary.and_then(|members| members.get(name));
        text.ok_or_else(|| format!("it has no {name}"))
    };
    let policy = member("BucketPolicy").and_then(|text| policy_text(text));
    let bucket_key = member("ServerSideEncryptionConfiguration").and_then(|text| bucket_key(text));
    Ok(RecordedBucket { policy: reading(policy), bucket_key: reading(bucket_key), captured })
}

fn not_understood(what: String) -> Refusal {
    Refusal::Malformed(format!("AWS Config's item of the bucket is not understood: {what}"))
}

fn reading<T>(read: Result<T, String>) -> Reading<T> {
    read.map_or_else(|what| Reading::Refused(not_understood(what)), Reading::Known)
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

/// A bucket has one rule. If there are several, one with a Bucket Key is enough.
fn bucket_key(text: &str) -> Result<bool, String> {
    const FORM: &str = "ServerSideEncryptionConfiguration does not have `rules` that each say \
        `bucketKeyEnabled`";
    let value: Value = serde_json::from_str(text).map_err(|_| FORM)?;
    let rules = value.get("rules").and_then(Value::as_array).filter(|rules| !rules.is_empty());
    let enabled = |rule: &Value| rule.get("bucketKeyEnabled").and_then(Value::as_bool).ok_or(FORM);
    let enabled: Vec<bool> = rules.ok_or(FORM)?.iter().map(enabled).collect::<Result<_, _>>()?;
    Ok(enabled.contains(&true))
}

#[cfg(test)]
mod tests {
    use super::{bucket_key, policy_text};

    #[test]
    fn only_null_means_no_policy() {
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

    #[test]
    fn a_bucket_key_is_on_off_or_unknown() {
        let rules = |rules: &str| bucket_key(&format!(r#"{{"rules":[{rules}]}}"#));
        let rule = |enabled: &str| {
            format!(
                r#"{{"applyServerSideEncryptionByDefault":{{"sseAlgorithm":"aws:kms"}},"bucketKeyEnabled":{enabled}}}"#
            )
        };
        assert_eq!(rules(&rule("true")), Ok(true));
        assert_eq!(rules(&rule("false")), Ok(false));
        assert_eq!(rules(&format!("{},{}", rule("false"), rule("true"))), Ok(true));
        for other in ["", "{}", "7", &rule("null"), &rule(r#""true""#)] {
            assert!(rules(other).is_err(), "{other}");
        }
        for other in ["", "{", "[]", "{}", r#"{"rules":{}}"#, r#"{"Rules":[]}"#] {
            assert!(bucket_key(other).is_err(), "{other}");
        }
    }
}
