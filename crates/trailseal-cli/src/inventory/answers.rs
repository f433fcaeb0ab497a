//! Responses of KMS and S3, as the AWS CLI prints them.
//!
//! INVARIANT (named): a response that does not name its key or bucket is evidence only of the one
//! that `--evidence ARN=FILE` names.

use serde_json::Value;
use trailseal_rule::{BucketName, KeyArn, KeyPolicy, Reading, Refusal, Region, Rotation};

use super::DocumentReader;
use crate::evidence::{KeyIdentity, PolicyReading, capitalized, key_facts, text};

/// The key or bucket of the responses in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Key(KeyArn),
    Bucket(BucketName),
}

impl Subject {
    pub(crate) fn parse(arn: &str) -> Option<Self> {
        if let Ok(key) = KeyArn::parse(arn) {
            return Some(Self::Key(key));
        }
        let (partition, bucket) = arn.strip_prefix("arn:")?.split_once(":s3:::")?;
        let is_partition = partition.starts_with("aws") && !partition.contains(':');
        BucketName::parse(bucket).ok().filter(|_| is_partition).map(Self::Bucket)
    }
}

impl DocumentReader<'_> {
    /// Reads a document that is a response of KMS `DescribeKey`, `GetKeyRotationStatus` or
    /// `GetKeyPolicy`, or of S3 `GetBucketLocation`. Returns whether it is one.
    pub(super) fn answer(&mut self, document: &Value) -> bool {
        let result =
            if let Some(metadata) = document.get("KeyMetadata").filter(|value| value.is_object()) {
                self.key_metadata(metadata)
            } else if let Some(enabled) = document.get("KeyRotationEnabled") {
                self.rotation(enabled, document)
            } else if let Some(location) = document.get("LocationConstraint") {
                self.location(location)
            } else if let Some(policy) = key_policy(document) {
                self.policy(policy)
            } else {
                return false;
            };
        self.add_problem(result);
        true
    }

    fn key_metadata(&mut self, metadata: &Value) -> Result<(), String> {
        let arn = text(metadata, "Arn").unwrap_or_default();
        let arn = KeyArn::parse(arn).map_err(|error| format!("KeyMetadata.Arn: {error}"))?;
        let key = self.key(Some(&arn), "key")?;
        let facts = key_facts(arn, &|name| metadata.get(capitalized(name)));
        self.inventory.evidence.keys.add(key.into(), self.observation, Reading::Known(facts));
        Ok(())
    }

    fn rotation(&mut self, enabled: &Value, document: &Value) -> Result<(), String> {
        let arn = text(document, "KeyId").and_then(|id| KeyArn::parse(id).ok());
        let key = self.key(arn.as_ref(), "key's rotation")?;
        let period = document.get("RotationPeriodInDays").and_then(Value::as_u64);
        let rotation = match enabled.as_bool() {
            Some(true) => Reading::Known(Rotation::On {
                period_days: period.and_then(|days| u32::try_from(days).ok()),
                next: None,
            }),
            Some(false) => Reading::Known(Rotation::Off),
            None => Reading::Refused(Refusal::Malformed(
                "KeyRotationEnabled is not true or false".to_owned(),
            )),
        };
        self.inventory.evidence.rotations.add(key.into(), self.observation, rotation);
        Ok(())
    }

    fn policy(&mut self, policy: &str) -> Result<(), String> {
        let key = self.key(None, "key's policy")?;
        let policy = PolicyReading(Reading::Known(KeyPolicy::new(policy)));
        self.inventory.evidence.policies.add(key.into(), self.observation, policy);
        Ok(())
    }

    fn location(&mut self, location: &Value) -> Result<(), String> {
        let Some(Subject::Bucket(bucket)) = self.options.subject else {
            return Err(unnamed("bucket's location", "arn:aws:s3:::BUCKET"));
        };
        // S3 omits the oldest Region, and returns another one by its old name (S3 API Reference,
        // `GetBucketLocation`).
        let name = match location.as_str() {
            None if location.is_null() => "us-east-1",
            Some("EU") => "eu-west-1",
            name => name.unwrap_or_default(),
        };
        let region = Region::parse(name).map_err(|_| "its LocationConstraint is not a Region")?;
        let name = bucket.as_str().into();
        self.inventory.evidence.buckets.add(name, self.observation, Reading::Known(region));
        Ok(())
    }

    /// The key of a response: the one that it names, or otherwise the one that `--evidence` names.
    /// If both name one, they must be equal.
    fn key(&self, own: Option<&KeyArn>, what: &str) -> Result<KeyIdentity, String> {
        let given = match self.options.subject {
            Some(Subject::Key(arn)) => Some(KeyIdentity::of_arn(arn)),
            Some(Subject::Bucket(_)) | None => None,
        };
        match (own.map(KeyIdentity::of_arn), given) {
            (Some(own), Some(given)) if own != given => {
                Err(format!("is about key `{}`, not about the one that --evidence names", own.id))
            }
            (Some(key), _) | (None, Some(key)) => Ok(key),
            (None, None) => Err(unnamed(what, "KEY-ARN")),
        }
    }
}

fn unnamed(what: &str, arn: &str) -> String {
    format!("contains a {what} but not whose it is: give it with --evidence {arn}=FILE")
}

/// The text of a key policy, if the document contains nothing else.
fn key_policy(document: &Value) -> Option<&str> {
    let mut names = document.as_object()?.keys();
    let is_answer = names.all(|name| ["Policy", "PolicyName"].contains(&name.as_str()));
    text(document, "Policy").filter(|_| is_answer)
}
