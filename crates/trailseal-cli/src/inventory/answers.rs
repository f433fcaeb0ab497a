//! Answers of KMS and S3, as the AWS CLI prints them.
//!
//! INVARIANT (named): an answer that does not name its key or bucket is evidence only of the one
//! that `--evidence ARN=FILE` names.

use serde_json::Value;
use trailseal_rule::{BucketName, KeyArn, KeyFacts, KeyPolicy, Reading, Refusal, Region, Rotation};

use super::DocumentReader;
use crate::evidence::{KeyIdentity, PolicyReading, capitalized, key_facts};

/// The key or bucket of the answers of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Key(KeyArn),
    Bucket(BucketName),
}

impl Subject {
    /// Parses the ARN of a key or of a bucket.
    pub(crate) fn parse(arn: &str) -> Option<Self> {
        if let Ok(key) = KeyArn::parse(arn) {
            return Some(Self::Key(key));
        }
        let (partition, bucket) = arn.strip_prefix("arn:")?.split_once(":s3:::")?;
        let is_partition = partition.starts_with("aws") && !partition.contains(':');
        BucketName::parse(bucket).ok().filter(|_| is_partition).map(Self::Bucket)
    }
}

/// The answer of one operation.
enum OperationAnswer {
    Key(Result<(KeyIdentity, KeyFacts), String>),
    Rotation(Option<KeyArn>, Reading<Rotation>),
    Policy(String),
    Location(Option<Region>),
}

impl DocumentReader<'_> {
    /// Reads a document that is an answer. Returns whether it is one.
    pub(super) fn answer(&mut self, document: &Value) -> bool {
        let Some(answer) = answer(document) else { return false };
        let result = self.add_answer(answer);
        self.add_problem(result);
        true
    }

    fn add_answer(&mut self, answer: OperationAnswer) -> Result<(), String> {
        let (key, bucket) = match self.options.subject {
            Some(Subject::Key(arn)) => (Some(KeyIdentity::of_arn(arn)), None),
            Some(Subject::Bucket(name)) => (None, Some(name.as_str().to_owned())),
            None => (None, None),
        };
        let (evidence, observation) = (&mut self.inventory.evidence, self.observation);
        match answer {
            OperationAnswer::Key(read) => {
                let (identity, facts) = read?;
                must_be(&identity, key.as_ref())?;
                evidence.keys.add(identity, observation, Reading::Known(facts));
            }
            OperationAnswer::Rotation(arn, rotation) => {
                let own = arn.as_ref().map(KeyIdentity::of_arn);
                own.as_ref().map_or(Ok(()), |own| must_be(own, key.as_ref()))?;
                let key = own.or(key).ok_or_else(|| unnamed("key's rotation", "KEY-ARN"))?;
                evidence.rotations.add(key, observation, rotation);
            }
            OperationAnswer::Policy(text) => {
                let key = key.ok_or_else(|| unnamed("key's policy", "KEY-ARN"))?;
                let policy = PolicyReading(Reading::Known(KeyPolicy::new(text)));
                evidence.policies.add(key, observation, policy);
            }
            OperationAnswer::Location(region) => {
                let name =
                    bucket.ok_or_else(|| unnamed("bucket's location", "arn:aws:s3:::BUCKET"))?;
                let region = region.ok_or("its LocationConstraint is not a Region")?;
                evidence.buckets.add(name, observation, Reading::Known(region));
            }
        }
        Ok(())
    }
}

fn unnamed(what: &str, arn: &str) -> String {
    format!("contains a {what} but not whose it is: give it with --evidence {arn}=FILE")
}

fn must_be(own: &KeyIdentity, given: Option<&KeyIdentity>) -> Result<(), String> {
    match given {
        Some(given) if given != own => {
            Err(format!("is about key `{}`, not about the one that --evidence names", own.id))
        }
        Some(_) | None => Ok(()),
    }
}

/// The answer of KMS `DescribeKey`, `GetKeyRotationStatus` or `GetKeyPolicy`, or of S3
/// `GetBucketLocation`.
fn answer(document: &Value) -> Option<OperationAnswer> {
    if let Some(metadata) = document.get("KeyMetadata").filter(|value| value.is_object()) {
        return Some(OperationAnswer::Key(described(metadata)));
    }
    if let Some(enabled) = document.get("KeyRotationEnabled") {
        let id = document.get("KeyId").and_then(Value::as_str).unwrap_or_default();
        return Some(OperationAnswer::Rotation(
            KeyArn::parse(id).ok(),
            rotation(enabled, document),
        ));
    }
    if let Some(location) = document.get("LocationConstraint") {
        // S3 leaves out the oldest Region, and calls another one by its old name (S3 API
        // Reference, `GetBucketLocation`).
        let name = match location.as_str() {
            None if location.is_null() => "us-east-1",
            Some("EU") => "eu-west-1",
            name => name.unwrap_or_default(),
        };
        return Some(OperationAnswer::Location(Region::parse(name).ok()));
    }
    let is_policy = document.as_object().is_some_and(|members| {
        members.keys().all(|name| ["Policy", "PolicyName"].contains(&name.as_str()))
    });
    let policy = document.get("Policy").filter(|_| is_policy)?.as_str()?;
    Some(OperationAnswer::Policy(policy.to_owned()))
}

fn described(metadata: &Value) -> Result<(KeyIdentity, KeyFacts), String> {
    let arn = metadata.get("Arn").and_then(Value::as_str).unwrap_or_default();
    let arn = KeyArn::parse(arn).map_err(|error| format!("KeyMetadata.Arn: {error}"))?;
    let identity = KeyIdentity::of_arn(&arn);
    Ok((identity, key_facts(arn, &|name| metadata.get(capitalized(name)))))
}

fn rotation(enabled: &Value, document: &Value) -> Reading<Rotation> {
    let period = document.get("RotationPeriodInDays").and_then(Value::as_u64);
    match enabled.as_bool() {
        Some(true) => Reading::Known(Rotation::On {
            period_days: period.and_then(|days| u32::try_from(days).ok()),
            next: None,
        }),
        Some(false) => Reading::Known(Rotation::Off),
        None => Reading::Refused(Refusal::Malformed(
            "KeyRotationEnabled is not true or false".to_owned(),
        )),
    }
}
