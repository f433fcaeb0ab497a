//! Answers of KMS and S3 as the AWS CLI prints them: evidence, once it is known of what.
//!
//! INVARIANT (never of another): an answer that does not name its key or bucket counts only for the
//! one that `--evidence ARN=FILE` names.

use serde_json::Value;
use trailseal_rule::{BucketName, KeyArn, KeyFacts, KeyPolicy, Reading, Refusal, Region, Rotation};

use super::{Complaint, Inventory, ScanOptions};
use crate::evidence::{KeyIdentity, SeenPolicy, key_facts};
use crate::newest::Sighting;

/// What the answers of a source are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Key(KeyArn),
    Bucket(BucketName),
}

impl Subject {
    /// Reads the ARN of a key or of a bucket.
    pub(crate) fn parse(arn: &str) -> Option<Self> {
        if let Ok(key) = KeyArn::parse(arn) {
            return Some(Self::Key(key));
        }
        let mut parts = arn.splitn(6, ':');
        let is_s3 = parts.next() == Some("arn")
            && parts.next().is_some_and(|partition| partition.starts_with("aws"))
            && parts.next() == Some("s3")
            && parts.next() == Some("")
            && parts.next() == Some("");
        let bucket = parts.next().filter(|_| is_s3)?;
        BucketName::parse(bucket).ok().map(Self::Bucket)
    }
}

/// One answer of one operation.
enum Answer {
    Key(Result<(KeyIdentity, KeyFacts), String>),
    Rotation(Option<KeyArn>, Reading<Rotation>),
    Policy(String),
    Location(Option<Region>),
}

impl Inventory {
    /// Takes the answer that a document is; says whether it is one.
    pub(super) fn take_answers_of(
        &mut self,
        document: &Value,
        options: ScanOptions<'_>,
        sighting: Sighting,
    ) -> bool {
        let Some(answer) = answer(document) else { return false };
        if let Err(message) = self.attach(answer, options.subject, sighting) {
            self.complaints.push(Complaint { source: sighting.source, message });
        }
        true
    }

    fn attach(
        &mut self,
        answer: Answer,
        subject: Option<&Subject>,
        sighting: Sighting,
    ) -> Result<(), String> {
        let key = match subject {
            Some(Subject::Key(arn)) => Some(KeyIdentity::of_arn(arn)),
            Some(Subject::Bucket(_)) | None => None,
        };
        match (answer, key, subject) {
            (Answer::Key(read), key, _) => {
                let (identity, facts) = read?;
                agree(&identity, key.as_ref())?;
                self.evidence.keys.see(identity, sighting, Reading::Known(facts));
            }
            (Answer::Rotation(Some(own), rotation), key, _) => {
                let own = KeyIdentity::of_arn(&own);
                agree(&own, key.as_ref())?;
                self.evidence.rotations.see(own, sighting, rotation);
            }
            (Answer::Rotation(None, rotation), Some(key), _) => {
                self.evidence.rotations.see(key, sighting, rotation);
            }
            (Answer::Policy(text), Some(key), _) => {
                let policy = SeenPolicy(Reading::Known(KeyPolicy::new(text)));
                self.evidence.policies.see(key, sighting, policy);
            }
            (Answer::Location(region), _, Some(Subject::Bucket(name))) => {
                let region = region.ok_or("its LocationConstraint is not a Region")?;
                let name = name.as_str().to_owned();
                self.evidence.buckets.see(name, sighting, Reading::Known(region));
            }
            (Answer::Rotation(None, _), None, _) => return Err(unattached("key's rotation", KEY)),
            (Answer::Policy(_), None, _) => return Err(unattached("key's policy", KEY)),
            (Answer::Location(_), _, _) => {
                return Err(unattached("bucket's location", "arn:aws:s3:::BUCKET"));
            }
        }
        Ok(())
    }
}

const KEY: &str = "KEY-ARN";

fn unattached(what: &str, arn: &str) -> String {
    format!("holds a {what} and does not say whose: give it by --evidence {arn}=FILE")
}

fn agree(own: &KeyIdentity, given: Option<&KeyIdentity>) -> Result<(), String> {
    match given {
        Some(given) if given != own => {
            Err(format!("is about key `{}`, not about the one that --evidence names", own.id))
        }
        Some(_) | None => Ok(()),
    }
}

/// The answer of KMS `DescribeKey`, `GetKeyRotationStatus` or `GetKeyPolicy`, or of S3
/// `GetBucketLocation`.
fn answer(document: &Value) -> Option<Answer> {
    if let Some(metadata) = document.get("KeyMetadata").filter(|value| value.is_object()) {
        return Some(Answer::Key(described(metadata)));
    }
    if let Some(enabled) = document.get("KeyRotationEnabled") {
        let id = document.get("KeyId").and_then(Value::as_str).unwrap_or_default();
        return Some(Answer::Rotation(KeyArn::parse(id).ok(), rotation(enabled, document)));
    }
    let location = document.get("LocationConstraint");
    if let Some(location) = location {
        return Some(Answer::Location(match location {
            // S3 leaves out the oldest Region, and calls another one by its old name (S3 API
            // Reference, `GetBucketLocation`).
            Value::Null => Region::parse("us-east-1").ok(),
            Value::String(name) if name == "EU" => Region::parse("eu-west-1").ok(),
            other @ (Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_)) => Region::parse(other.as_str().unwrap_or_default()).ok(),
        }));
    }
    let is_policy = document.as_object().is_some_and(|members| {
        members.keys().all(|name| ["Policy", "PolicyName"].contains(&name.as_str()))
    });
    let policy = document.get("Policy").filter(|_| is_policy)?.as_str()?;
    Some(Answer::Policy(policy.to_owned()))
}

fn described(metadata: &Value) -> Result<(KeyIdentity, KeyFacts), String> {
    let arn = metadata.get("Arn").and_then(Value::as_str).unwrap_or_default();
    let arn = KeyArn::parse(arn).map_err(|error| format!("KeyMetadata.Arn: {error}"))?;
    let identity = KeyIdentity::of_arn(&arn);
    let member = |name: &str| {
        let mut name = name.to_owned();
        if let Some(first) = name.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        metadata.get(&name)
    };
    Ok((identity, key_facts(arn, &member)))
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
