//! The keys, aliases and buckets of the input, as the facts of a trail.
//!
//! *Invariant of absence*: evidence that the input lacks is [`Refusal::NotRead`], so leaving out a
//! file never improves a verdict. A resource is absent only if an item shows its deletion.

mod key;

use std::sync::Arc;

use serde_json::Value;
use trailseal_rule::{
    AccountId, Answer, Arn, EvaluationContext, EvidenceSource, Facts, Gathering, KeyArn, KeyFacts,
    KeyRef, Partition, Query, Reading, Refusal, Region, Rotation, Timestamp, Trail, json, key_arn,
    needs_in_items,
};

use crate::newest::{Conflict, Newest, Observation, Observed};

pub(crate) use key::{KeyItem, PolicyReading, capitalized, key_facts};

/// `AWS::S3::Bucket`, whose items show the Region of a bucket.
pub(crate) const BUCKET_TYPE: &str = "AWS::S3::Bucket";

/// `AWS::KMS::Alias`, whose items show the key of an alias.
pub(crate) const ALIAS_TYPE: &str = "AWS::KMS::Alias";

/// The partition, account, Region and ID of a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct KeyIdentity {
    pub(crate) partition: Box<str>,
    pub(crate) account: AccountId,
    pub(crate) region: Region,
    pub(crate) id: String,
}

impl KeyIdentity {
    pub(crate) fn of_arn(arn: &KeyArn) -> Self {
        Self {
            partition: arn.partition().into(),
            account: arn.account().clone(),
            region: arn.region().clone(),
            id: arn.id().to_owned(),
        }
    }

    /// The key with this ID where the partition is that of the Region.
    pub(crate) fn in_region(account: AccountId, region: Region, id: &str) -> Self {
        let partition = Partition::of(&region).name.into();
        Self { partition, account, region, id: id.to_owned() }
    }
}

/// An alias of an account and Region; `name` is `alias/…`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AliasIdentity {
    pub(crate) account: AccountId,
    pub(crate) region: Region,
    pub(crate) name: String,
}

/// The keys, aliases and buckets of the input.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    pub(crate) keys: Newest<Arc<KeyIdentity>, Reading<KeyFacts>>,
    pub(crate) rotations: Newest<Arc<KeyIdentity>, Reading<Rotation>>,
    pub(crate) policies: Newest<Arc<KeyIdentity>, PolicyReading>,
    pub(crate) aliases: Newest<AliasIdentity, Reading<KeyIdentity>>,
    pub(crate) buckets: Newest<Box<str>, Reading<Region>>,
}

impl Evidence {
    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        let Self { keys, rotations, policies, aliases, buckets } = self;
        [keys.len(), rotations.len(), policies.len(), aliases.len(), buckets.len()] == [0; 5]
    }
}

/// A reading that was not read does not differ from any other.
impl<T: PartialEq> Observed for Reading<T> {
    fn differs_from(&self, other: &Self) -> bool {
        self != other && !self.is_unread() && !other.is_unread()
    }

    fn is_unread(&self) -> bool {
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

    pub(crate) fn add_key(&mut self, identity: KeyIdentity, seen: Observation, key: KeyItem) {
        let identity = Arc::new(identity);
        self.rotations.add(Arc::clone(&identity), seen, key.rotation);
        self.policies.add(Arc::clone(&identity), seen, PolicyReading(key.policy));
        self.keys.add(identity, seen, key.facts);
    }

    /// Removes resources that conflict and returns them with their names, in no particular order.
    pub(crate) fn drop_conflicts(&mut self) -> Vec<(Conflict, String)> {
        let name = |what: &str, id: &str| format!("{what} `{id}`");
        let keys = self.keys.drop_conflicts().map(|(key, of)| (of, name("key", &key.id)));
        let rotations = self.rotations.drop_conflicts();
        let rotations = rotations.map(|(key, of)| (of, name("the rotation of key", &key.id)));
        let policies = self.policies.drop_conflicts();
        let policies = policies.map(|(key, of)| (of, name("the policy of key", &key.id)));
        let aliases = self.aliases.drop_conflicts();
        let aliases = aliases.map(|(alias, of)| (of, name("alias", &alias.name)));
        let buckets = self.buckets.drop_conflicts();
        let buckets = buckets.map(|(bucket, of)| (of, name("bucket", &bucket)));
        keys.chain(rotations).chain(policies).chain(aliases).chain(buckets).collect()
    }

    /// The facts of a trail, where the input contains them.
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
                let region = self.buckets.get(bucket.as_str());
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
            Query::DeliveryElsewhere => Answer::DeliveryElsewhere(None),
        }
    }

    /// A note with the capture dates of the items of the key and bucket that provided the facts;
    /// `None` if neither is needed or in the input.
    pub(crate) fn age(
        &self,
        context: &EvaluationContext<'_>,
        trail: &Trail,
        facts: &Facts,
    ) -> Option<String> {
        let needs = needs_in_items(context, trail);
        let key = key_arn(trail, facts).filter(|_| needs.key.is_some());
        let key = key.and_then(|arn| self.keys.observation(&KeyIdentity::of_arn(arn)));
        let bucket = needs.bucket.as_ref();
        let bucket = bucket.and_then(|name| self.buckets.observation(name.as_str()));
        let day = |seen: &Observation| {
            seen.captured.map_or_else(|| "an unknown day".to_owned(), Timestamp::date)
        };
        match (key.map(day), bucket.map(day)) {
            (Some(key), Some(bucket)) => {
                Some(format!("judged by the key's item of {key} and the bucket's of {bucket}"))
            }
            (Some(key), None) => Some(format!("judged by the key's item of {key}")),
            (None, Some(bucket)) => Some(format!("judged by the bucket's item of {bucket}")),
            (None, None) => None,
        }
    }

    /// The evidence of the key in the input; the alias of a deleted key names no key.
    fn key(&self, region: &Region, key: &KeyRef, trail: &Trail) -> Reading<KeyFacts> {
        let known = |key: &KeyIdentity| self.keys.get(key).cloned().unwrap_or_else(not_read);
        let owner = trail.arn.owner();
        let of_region = Partition::of(region).name;
        let is_of_region = trail.arn.partition() == of_region;
        let (account, alias) = match key {
            KeyRef::Key(arn) => return known(&KeyIdentity::of_arn(arn)),
            KeyRef::Id(id) if is_of_region => {
                return known(&KeyIdentity::in_region(owner.clone(), region.clone(), id));
            }
            KeyRef::AliasArn { arn, account, alias, .. }
                if Arn::split(arn).is_some_and(|parts| parts.partition == of_region) =>
            {
                (account, alias)
            }
            KeyRef::Alias(alias) if is_of_region => (owner, alias),
            KeyRef::Id(_)
            | KeyRef::AliasArn { .. }
            | KeyRef::Alias(_)
            | KeyRef::Unrecognized(_)
            | KeyRef::NotKnown(_) => return not_read(),
        };
        let (account, region) = (account.clone(), region.clone());
        match self.aliases.get(&AliasIdentity { account, region, name: alias.clone() }) {
            Some(Reading::Known(key)) => known(key),
            Some(Reading::Absent) => Reading::Absent,
            Some(Reading::Refused(why)) => Reading::Refused(why.clone()),
            None => not_read(),
        }
    }
}

fn not_read<T>() -> Reading<T> {
    Reading::Refused(Refusal::NotRead)
}

/// An item shows whether the key is rotated, but not the rotation period, which
/// `maxRotationPeriodDays` needs; `aws kms get-key-rotation-status` shows both.
fn rotation(rotation: &Reading<Rotation>, context: &EvaluationContext<'_>) -> Reading<Rotation> {
    match rotation {
        Reading::Known(rotation) if context.parameters.needs_period_of(rotation) => {
            Reading::Refused(Refusal::Needs("the rotation period"))
        }
        Reading::Known(_) | Reading::Absent | Reading::Refused(_) => rotation.clone(),
    }
}

/// Reads an item of a bucket; the Region of its recorder is the bucket's.
pub(crate) fn read_bucket(
    evidence: &mut Evidence,
    item: &Value,
    observation: Observation,
) -> Result<(), String> {
    let name = text(item, "resourceName").or_else(|| text(item, "resourceId"));
    let name = name.ok_or("an item of a bucket has no `resourceId`")?;
    let region = match text(item, "configurationItemStatus") {
        Some("OK" | "ResourceDiscovered") => {
            let region = text(item, "awsRegion").unwrap_or_default();
            Region::parse(region).map_or_else(
                |error| Reading::Refused(Refusal::Malformed(error.to_string())),
                Reading::Known,
            )
        }
        Some("ResourceDeleted" | "ResourceDeletedNotRecorded") => Reading::Absent,
        _ => not_read(),
    };
    evidence.buckets.add(name.into(), observation, region);
    Ok(())
}

/// Reads an item of an alias, in either spelling.
pub(crate) fn read_alias(
    evidence: &mut Evidence,
    item: &Value,
    observation: Observation,
) -> Result<(), String> {
    let configuration = unfold(item.get("configuration"));
    let own = |names: [&str; 2]| names.iter().find_map(|name| configuration.get(name)?.as_str());
    let name = own(["AliasName", "aliasName"]).or_else(|| text(item, "resourceName"));
    let name = name.or_else(|| text(item, "resourceId")).unwrap_or_default();
    // The name may be the ARN of the alias.
    let name = name.find(":alias/").map_or(name, |at| name.get(at + 1..).unwrap_or_default());
    if !name.starts_with("alias/") {
        return Err("an item of an alias has no `AliasName`".to_owned());
    }
    let unusable = |error| format!("the item of `{name}` cannot be used: {error}");
    let account = AccountId::parse(account(item).unwrap_or_default()).map_err(unusable)?;
    let region = Region::parse(text(item, "awsRegion").unwrap_or_default()).map_err(unusable)?;
    let target = match text(item, "configurationItemStatus") {
        Some("ResourceDeleted" | "ResourceDeletedNotRecorded") => Reading::Absent,
        Some("ResourceNotRecorded") => not_read(),
        _ => match own(["TargetKeyId", "targetKeyId"]) {
            Some(target) => Reading::Known(KeyArn::parse(target).map_or_else(
                |_| KeyIdentity::in_region(account.clone(), region.clone(), target),
                |arn| KeyIdentity::of_arn(&arn),
            )),
            None => Reading::Refused(Refusal::Malformed(
                "the item of the alias has no TargetKeyId".to_owned(),
            )),
        },
    };
    let identity = AliasIdentity { account, region, name: name.to_owned() };
    evidence.aliases.add(identity, observation, target);
    Ok(())
}

/// A time in items and API responses: ISO 8601, or the milliseconds (in items) or seconds (in
/// responses) since 1970. Numbers below 10¹¹ are seconds: as milliseconds, they would be before
/// 1973, long before KMS existed.
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

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

pub(crate) fn account(item: &Value) -> Option<&str> {
    text(item, "awsAccountId").or_else(|| text(item, "accountId"))
}

/// The value, or the JSON in it if it is text; null if there is none.
pub(crate) fn unfold(value: Option<&Value>) -> Value {
    match value {
        Some(Value::String(text)) => json::read(text).unwrap_or_default(),
        Some(value) => value.clone(),
        None => Value::Null,
    }
}

#[cfg(test)]
mod tests;
