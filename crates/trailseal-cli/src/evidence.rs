//! What the input tells of keys and buckets, joined to a trail as the rule's facts.
//!
//! *Invariant of absence*: what the input does not tell is [`Refusal::NotRead`], so that leaving a
//! file out never helps a verdict. Only an item that says that a resource was deleted makes it
//! absent.

mod key;

use serde_json::Value;
use trailseal_rule::{
    AccountId, Facts, KeyArn, KeyFacts, KeyQuery, KeyRef, Reading, Refusal, Region, Rotation,
    Setting, Timestamp, Trail, key_arn, needs,
};

use crate::newest::{Difference, Newest, Sighting, Telling};

pub(crate) use key::SeenKey;

/// `AWS::S3::Bucket`, whose items tell the Region of a bucket.
pub(crate) const BUCKET_TYPE: &str = "AWS::S3::Bucket";

/// A key as AWS names it wherever it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct KeyIdentity {
    pub(crate) account: AccountId,
    pub(crate) region: Region,
    pub(crate) id: String,
}

impl KeyIdentity {
    pub(crate) fn of_arn(arn: &KeyArn) -> Self {
        Self {
            account: arn.account().clone(),
            region: arn.region().clone(),
            id: arn.id().to_owned(),
        }
    }
}

/// The keys and buckets of the input.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    pub(crate) keys: Newest<KeyIdentity, SeenKey>,
    pub(crate) buckets: Newest<String, Reading<Region>>,
}

impl Telling for Reading<Region> {
    fn difference(&self, other: &Self) -> Option<Difference> {
        (self != other).then_some(Difference::Content)
    }
}

impl Evidence {
    pub(crate) fn merge(&mut self, other: Self) {
        self.keys.merge(other.keys);
        self.buckets.merge(other.buckets);
    }

    /// What the rule asks to know of a trail, as far as the input tells it.
    pub(crate) fn facts(&self, setting: &Setting<'_>, trail: &Trail) -> Facts {
        let needs = needs(setting, trail);
        let bucket_region = needs.bucket.as_ref().map_or_else(not_read, |bucket| {
            self.buckets.get(&bucket.as_str().to_owned()).cloned().unwrap_or_else(not_read)
        });
        let key = needs
            .key
            .as_ref()
            .map_or_else(not_read, |query| self.key(query, trail, &bucket_region));
        let facts = Facts { key, bucket_region, ..Facts::unread() };
        let seen = key_arn(trail, &facts).and_then(|arn| self.keys.get(&KeyIdentity::of_arn(arn)));
        let rotation = match seen {
            Some(seen) if needs.rotation => rotation(seen, setting),
            Some(_) | None => as_the_key(&facts.key),
        };
        let key_policy = match seen {
            Some(seen) if needs.key_policy => seen.policy.clone(),
            Some(_) | None => as_the_key(&facts.key),
        };
        Facts { rotation, key_policy, ..facts }
    }

    /// Of which days the items of the key and the bucket are that the facts rest on, in words;
    /// nothing where neither was asked for or is in the input.
    pub(crate) fn age(
        &self,
        setting: &Setting<'_>,
        trail: &Trail,
        facts: &Facts,
    ) -> Option<String> {
        let needs = needs(setting, trail);
        let key = key_arn(trail, facts).filter(|_| needs.key.is_some());
        let key = key.and_then(|arn| self.keys.sighting(&KeyIdentity::of_arn(arn)));
        let bucket = needs.bucket.as_ref();
        let bucket = bucket.and_then(|name| self.buckets.sighting(&name.as_str().to_owned()));
        let day =
            |of: &Sighting| of.captured.map_or_else(|| "an untold day".to_owned(), Timestamp::date);
        match (key.map(day), bucket.map(day)) {
            (Some(key), Some(bucket)) => {
                Some(format!("judged by the key's item of {key} and the bucket's of {bucket}"))
            }
            (Some(key), None) => Some(format!("judged by the key's item of {key}")),
            (None, Some(bucket)) => Some(format!("judged by the bucket's item of {bucket}")),
            (None, None) => None,
        }
    }

    /// What the input tells of the key.
    fn key(
        &self,
        query: &KeyQuery,
        trail: &Trail,
        bucket_region: &Reading<Region>,
    ) -> Reading<KeyFacts> {
        let (region, key) = match (query, bucket_region) {
            (KeyQuery::At(region, key), _) => (region, key),
            (KeyQuery::InBucketRegion(key), Reading::Known(region)) => (region, key),
            (KeyQuery::InBucketRegion(_), Reading::Absent | Reading::Refused(_)) => {
                return Reading::Refused(Refusal::Needs("the Region of the bucket"));
            }
        };
        let identity = match key {
            KeyRef::Key(arn) => KeyIdentity::of_arn(arn),
            KeyRef::Id(id) => KeyIdentity {
                account: trail.arn.owner().clone(),
                region: region.clone(),
                id: id.clone(),
            },
            // No item tells which key an alias means.
            KeyRef::AliasArn { .. } | KeyRef::Alias(_) | KeyRef::Unrecognized(_) => {
                return not_read();
            }
        };
        self.keys.get(&identity).map_or_else(not_read, |seen| seen.facts.clone())
    }
}

fn not_read<T>() -> Reading<T> {
    Reading::Refused(Refusal::NotRead)
}

/// What follows for other evidence of the key from what came of reading the key.
fn as_the_key<T>(key: &Reading<KeyFacts>) -> Reading<T> {
    match key {
        Reading::Absent => Reading::Absent,
        Reading::Refused(refusal) => Reading::Refused(refusal.clone()),
        Reading::Known(_) => not_read(),
    }
}

/// An item tells whether the key is rotated, never how often: that is not enough where there is a
/// longest period.
fn rotation(key: &SeenKey, setting: &Setting<'_>) -> Reading<Rotation> {
    let has_no_period =
        matches!(key.rotation, Reading::Known(Rotation::On { period_days: None, .. }));
    if has_no_period && setting.parameters.max_rotation_period_days.is_some() {
        return Reading::Refused(Refusal::Needs(
            "the rotation period, which AWS Config does not record",
        ));
    }
    key.rotation.clone()
}

/// A bucket's item: the recorder's Region is the bucket's.
pub(crate) fn see_bucket(
    evidence: &mut Evidence,
    item: &Value,
    sighting: Sighting,
) -> Result<(), String> {
    let text = |name: &str| item.get(name).and_then(Value::as_str);
    let name = text("resourceName").or_else(|| text("resourceId"));
    let name = name.ok_or("an item of a bucket names no `resourceId`")?;
    let region = match text("configurationItemStatus") {
        Some("OK" | "ResourceDiscovered") => {
            let region = text("awsRegion").unwrap_or_default();
            Region::parse(region).map_or_else(
                |error| Reading::Refused(Refusal::Unintelligible(error.to_string())),
                Reading::Known,
            )
        }
        Some("ResourceDeleted" | "ResourceDeletedNotRecorded") => Reading::Absent,
        _ => not_read(),
    };
    evidence.buckets.see(name.to_owned(), sighting, region);
    Ok(())
}

/// A time as items write it: ISO 8601, or milliseconds since 1970.
fn instant(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(millis) => millis.as_i64().map(Timestamp::from_epoch_millis),
        Value::String(text) => Timestamp::parse(text).ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests;
