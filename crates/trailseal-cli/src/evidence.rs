//! What the input tells of keys and buckets, joined to a trail as the rule's facts.
//!
//! *Invariant of absence*: what the input does not tell is [`Refusal::NotRead`], so that leaving a
//! file out never helps a verdict. Only an item that says that a resource was deleted makes it
//! absent.

mod alias;
mod key;

use std::collections::BTreeMap;

use serde_json::Value;
use trailseal_rule::{
    AccountId, Answer, EvaluationContext, EvidenceSource, Facts, Gathering, KeyArn, KeyFacts,
    KeyRef, Query, Reading, Refusal, Region, Rotation, Timestamp, Trail, key_arn, needs,
};

use crate::newest::{Contest, Difference, Newest, Sighting, Telling};

pub(crate) use alias::{ALIAS_TYPE, AliasIdentity, SeenAlias, see_alias};
pub(crate) use key::{SeenKey, SeenPolicy, key_facts};

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

/// The keys, aliases and buckets of the input.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    pub(crate) keys: Newest<KeyIdentity, Reading<KeyFacts>>,
    pub(crate) rotations: Newest<KeyIdentity, Reading<Rotation>>,
    pub(crate) policies: Newest<KeyIdentity, SeenPolicy>,
    pub(crate) aliases: Newest<AliasIdentity, SeenAlias>,
    pub(crate) buckets: Newest<String, Reading<Region>>,
}

/// What was not read contradicts nothing.
impl<T: PartialEq> Telling for Reading<T> {
    fn difference(&self, other: &Self) -> Option<Difference> {
        let is_alike = self == other || self.is_silent() || other.is_silent();
        (!is_alike).then_some(Difference::Content)
    }

    fn is_silent(&self) -> bool {
        matches!(self, Self::Refused(Refusal::NotRead))
    }
}

impl Evidence {
    pub(crate) fn merge(&mut self, other: Self) {
        self.keys.merge(other.keys);
        self.rotations.merge(other.rotations);
        self.policies.merge(other.policies);
        self.aliases.merge(other.aliases);
        self.buckets.merge(other.buckets);
    }

    /// Takes all that an item tells of a key.
    pub(crate) fn see_key(&mut self, identity: KeyIdentity, sighting: Sighting, key: SeenKey) {
        self.rotations.see(identity.clone(), sighting, key.rotation);
        self.policies.see(identity.clone(), sighting, SeenPolicy(key.policy));
        self.keys.see(identity, sighting, key.facts);
    }

    /// Takes out what is told differently by two of which neither is known to be newer, with the
    /// names of the resources, in no order.
    pub(crate) fn take_contested(&mut self) -> Vec<(Contest, String)> {
        let mut all = Vec::new();
        let name = |what: &str, id: &str| format!("{what} `{id}`");
        for (key, contest) in self.keys.take_contested() {
            all.push((contest, name("key", &key.id)));
        }
        for (key, contest) in self.rotations.take_contested() {
            all.push((contest, name("the rotation of key", &key.id)));
        }
        for (key, contest) in self.policies.take_contested() {
            all.push((contest, name("the policy of key", &key.id)));
        }
        for (alias, contest) in self.aliases.take_contested() {
            all.push((contest, name("alias", &alias.name)));
        }
        for (bucket, contest) in self.buckets.take_contested() {
            all.push((contest, name("bucket", &bucket)));
        }
        all
    }

    /// What the rule needs to know of a trail, as far as the input has it.
    pub(crate) fn facts(&self, context: &EvaluationContext<'_>, trail: &Trail) -> Facts {
        let mut gathering = Gathering::new(context, trail, EvidenceSource::Items);
        loop {
            let queries = gathering.next_queries();
            if queries.is_empty() {
                return gathering.into_facts();
            }
            for query in queries {
                gathering.answer(self.read(query, context, trail));
            }
        }
    }

    fn read(&self, query: Query, context: &EvaluationContext<'_>, trail: &Trail) -> Answer {
        match query {
            Query::Key(region, key) => Answer::Key(self.key(&region, &key, trail)),
            Query::BucketRegion(bucket) => {
                let region = self.buckets.get(&bucket.as_str().to_owned());
                Answer::BucketRegion(region.cloned().unwrap_or_else(not_read))
            }
            Query::Rotation(key) => {
                let seen = self.rotations.get(&KeyIdentity::of_arn(&key));
                Answer::Rotation(seen.map_or_else(not_read, |seen| rotation(seen, context)))
            }
            Query::KeyPolicy(key) => {
                let seen = self.policies.get(&KeyIdentity::of_arn(&key));
                Answer::KeyPolicy(seen.map_or_else(not_read, |seen| seen.0.clone()))
            }
            Query::Delivery => Answer::Delivery(not_read()),
            Query::DeliveryElsewhere => Answer::DeliveryElsewhere(Reading::Known(BTreeMap::new())),
        }
    }

    /// Of which days the items of the key and the bucket are that the facts rest on, in words;
    /// nothing where neither was asked for or is in the input.
    pub(crate) fn age(
        &self,
        context: &EvaluationContext<'_>,
        trail: &Trail,
        facts: &Facts,
    ) -> Option<String> {
        let needs = needs(context, trail);
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

    /// What the input has of the key.
    fn key(&self, region: &Region, key: &KeyRef, trail: &Trail) -> Reading<KeyFacts> {
        let owner = trail.arn.owner();
        let here = |id: &str| KeyIdentity {
            account: owner.clone(),
            region: region.clone(),
            id: id.to_owned(),
        };
        let identity = match key {
            KeyRef::Key(arn) => Some(KeyIdentity::of_arn(arn)),
            KeyRef::Id(id) => Some(here(id)),
            KeyRef::AliasArn { account, alias, .. } => match self.target(account, region, alias) {
                Ok(identity) => identity,
                Err(reading) => return reading,
            },
            KeyRef::Alias(alias) => match self.target(owner, region, alias) {
                Ok(identity) => identity,
                Err(reading) => return reading,
            },
            KeyRef::Unrecognized(_) => None,
        };
        let seen = identity.and_then(|identity| self.keys.get(&identity));
        seen.cloned().unwrap_or_else(not_read)
    }

    /// The key that an alias names; an alias that was deleted names none.
    #[expect(clippy::result_large_err, reason = "the answer is used at once, not passed up")]
    fn target(
        &self,
        account: &AccountId,
        region: &Region,
        alias: &str,
    ) -> Result<Option<KeyIdentity>, Reading<KeyFacts>> {
        let (account, region) = (account.clone(), region.clone());
        let alias = AliasIdentity { account, region, name: alias.to_owned() };
        match self.aliases.get(&alias) {
            Some(Reading::Known(key)) => Ok(Some(key.clone())),
            Some(Reading::Absent) => Err(Reading::Absent),
            Some(Reading::Refused(why)) => Err(Reading::Refused(why.clone())),
            None => Ok(None),
        }
    }
}

fn not_read<T>() -> Reading<T> {
    Reading::Refused(Refusal::NotRead)
}

/// An item says whether the key is rotated, but not how often, which `maxRotationPeriodDays` is
/// about; `aws kms get-key-rotation-status` says both.
fn rotation(rotation: &Reading<Rotation>, context: &EvaluationContext<'_>) -> Reading<Rotation> {
    let has_no_period = matches!(rotation, Reading::Known(Rotation::On { period_days: None, .. }));
    if has_no_period && context.parameters.max_rotation_period_days.is_some() {
        return Reading::Refused(Refusal::Needs("the rotation period"));
    }
    rotation.clone()
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
                |error| Reading::Refused(Refusal::Malformed(error.to_string())),
                Reading::Known,
            )
        }
        Some("ResourceDeleted" | "ResourceDeletedNotRecorded") => Reading::Absent,
        _ => not_read(),
    };
    evidence.buckets.see(name.to_owned(), sighting, region);
    Ok(())
}

/// A time as items and answers write it: ISO 8601, or a number since 1970, of milliseconds in
/// items and of seconds in answers. As milliseconds, every number of seconds before the year 5138
/// would be before March 1973, which KMS did not see.
fn instant(value: &Value) -> Option<Timestamp> {
    const SECONDS_MAX: f64 = 1e11;
    match value {
        Value::Number(number) => {
            let number = number.as_f64()?;
            let seconds = if number.abs() < SECONDS_MAX { number } else { number / 1000.0 };
            Timestamp::from_epoch_seconds(seconds)
        }
        Value::String(text) => Timestamp::parse(text).ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests;
