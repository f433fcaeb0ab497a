//! Which evidence of a trail can be read next, given what was read before.
//!
//! Every adapter (AWS, files) gathers in the same way: it answers all queries of
//! [`Gathering::next_queries`], concurrently where that helps, until there are none left.

use config_rule::{AccountId, Region};

use crate::arn::KeyArn;
use crate::evaluate::{KeyQuery, Needs, needs, needs_in_items};
use crate::facts::{
    Delivery, DeliveryElsewhere, Facts, KeyFacts, Reading, Refusal, Rotation, arn_of,
};
use crate::key_policy::parsed::KeyPolicy;
use crate::key_ref::KeyRef;
use crate::parameters::EvaluationContext;
use crate::trail::{BucketName, Trail};

/// Where evidence is read.
#[derive(Clone, Copy, Debug)]
pub enum EvidenceSource<'a> {
    /// From AWS, as this account. KMS looks up an alias or a key ID in the caller's account, so a
    /// trail of another account must name its key by ARN. The rotation of a key is read only if
    /// the key was.
    Aws(&'a AccountId),
    /// From recorded items of any account.
    Items,
}

/// One piece of evidence to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// The key, in this Region.
    Key(Region, KeyRef),
    /// The Region of the bucket.
    BucketRegion(BucketName),
    /// The rotation of the key.
    Rotation(KeyArn),
    /// The policy of the key.
    KeyPolicy(KeyArn),
    /// The trail's latest delivery in its home Region.
    Delivery,
    /// The latest deliveries of the multi-Region trail in the other Regions.
    DeliveryElsewhere,
}

/// The answer to the [`Query`] of the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is described by the query of the same name")]
pub enum Answer {
    Key(Reading<KeyFacts>),
    BucketRegion(Reading<Region>),
    Rotation(Reading<Rotation>),
    KeyPolicy(Reading<KeyPolicy>),
    Delivery(Reading<Delivery>),
    DeliveryElsewhere(DeliveryElsewhere),
}

/// The evidence of one trail while it is read.
#[derive(Clone, Debug)]
pub struct Gathering<'a> {
    trail: &'a Trail,
    source: EvidenceSource<'a>,
    needs: Needs,
    key: Option<Reading<KeyFacts>>,
    bucket_region: Option<Reading<Region>>,
    rotation: Option<Reading<Rotation>>,
    key_policy: Option<Reading<KeyPolicy>>,
    delivery: Option<Reading<Delivery>>,
    delivery_elsewhere: DeliveryElsewhere,
    has_asked_elsewhere: bool,
}

impl<'a> Gathering<'a> {
    /// Nothing is read yet. Only evidence that an enabled check needs will be.
    pub fn new(
        context: &EvaluationContext<'_>,
        trail: &'a Trail,
        source: EvidenceSource<'a>,
    ) -> Self {
        let mut gathering = Self {
            trail,
            source,
            needs: match source {
                EvidenceSource::Aws(_) => needs(context, trail),
                EvidenceSource::Items => needs_in_items(context, trail),
            },
            key: None,
            bucket_region: None,
            rotation: None,
            key_policy: None,
            delivery: None,
            delivery_elsewhere: None,
            has_asked_elsewhere: false,
        };
        if gathering.needs.bucket.is_none() {
            gathering.bucket_region = Some(not_read());
        }
        gathering.conclude_key();
        gathering
    }

    /// All queries that are possible now, each of which must be answered before the next call.
    pub fn next_queries(&self) -> Vec<Query> {
        let queries = [
            self.key_query(),
            self.bucket_query(),
            self.rotation_query(),
            self.key_policy_query(),
            self.delivery_query(),
            self.delivery_elsewhere_query(),
        ];
        queries.into_iter().flatten().collect()
    }

    /// Takes the answer to a query.
    pub fn answer(&mut self, answer: Answer) {
        match answer {
            Answer::Key(reading) => self.key = Some(reading),
            Answer::BucketRegion(reading) => self.bucket_region = Some(reading),
            Answer::Rotation(reading) => self.rotation = Some(reading),
            Answer::KeyPolicy(reading) => self.key_policy = Some(reading),
            Answer::Delivery(reading) => self.delivery = Some(reading),
            Answer::DeliveryElsewhere(read) => {
                (self.delivery_elsewhere, self.has_asked_elsewhere) = (read, true);
            }
        }
        self.conclude_key();
    }

    /// What was read; log files and tags are not read here. If the rotation or the policy of the
    /// key was not read, the reason is that of the key.
    pub fn into_facts(self) -> Facts {
        let key = self.key.unwrap_or_else(not_read);
        Facts {
            rotation: or_as_the_key(self.rotation, &key, self.needs.rotation),
            key_policy: or_as_the_key(self.key_policy, &key, self.needs.key_policy),
            key,
            bucket_region: self.bucket_region.unwrap_or_else(not_read),
            delivery: self.delivery.unwrap_or_else(not_read),
            delivery_elsewhere: self.delivery_elsewhere,
            log_files: not_read(),
            exemption_tag: not_read(),
        }
    }

    /// Sets the result for the key if it cannot be read.
    fn conclude_key(&mut self) {
        if self.key.is_some() {
            return;
        }
        self.key = match (&self.needs.key, &self.bucket_region) {
            (None, _) => Some(not_read()),
            (Some(KeyQuery::At(..)), _) => None,
            (Some(KeyQuery::InBucketRegion(_)), _) if !self.is_name_known() => {
                Some(Reading::Refused(Refusal::NamesNoAccount))
            }
            (Some(KeyQuery::InBucketRegion(_)), None | Some(Reading::Known(_))) => None,
            (Some(KeyQuery::InBucketRegion(_)), Some(Reading::Absent | Reading::Refused(_))) => {
                Some(Reading::Refused(Refusal::Needs("the Region of the bucket")))
            }
        };
    }

    /// Whether an alias or key ID of the trail names the same key at the source.
    fn is_name_known(&self) -> bool {
        match self.source {
            EvidenceSource::Aws(caller) => caller == self.trail.arn.owner(),
            EvidenceSource::Items => true,
        }
    }

    fn key_query(&self) -> Option<Query> {
        let (None, Some(query)) = (&self.key, &self.needs.key) else { return None };
        match (query, &self.bucket_region) {
            (KeyQuery::At(region, key), _)
            | (KeyQuery::InBucketRegion(key), Some(Reading::Known(region))) => {
                Some(Query::Key(region.clone(), key.clone()))
            }
            (KeyQuery::InBucketRegion(_), _) => None,
        }
    }

    fn bucket_query(&self) -> Option<Query> {
        let bucket = self.needs.bucket.as_ref().filter(|_| self.bucket_region.is_none());
        bucket.cloned().map(Query::BucketRegion)
    }

    fn rotation_query(&self) -> Option<Query> {
        let is_possible = match &self.key {
            Some(Reading::Known(_)) => true,
            Some(Reading::Refused(_)) => matches!(self.source, EvidenceSource::Items),
            Some(Reading::Absent) | None => false,
        };
        let is_open = self.needs.rotation && self.rotation.is_none() && is_possible;
        self.key_arn().filter(|_| is_open).cloned().map(Query::Rotation)
    }

    fn key_policy_query(&self) -> Option<Query> {
        let is_possible = matches!(&self.key, Some(Reading::Known(_) | Reading::Refused(_)));
        let is_open = self.needs.key_policy && self.key_policy.is_none() && is_possible;
        self.key_arn().filter(|_| is_open).cloned().map(Query::KeyPolicy)
    }

    fn delivery_query(&self) -> Option<Query> {
        let is_needed = self.needs.delivery
            || self.key.as_ref().is_some_and(|key| self.needs.wants_delivery(key));
        (is_needed && self.delivery.is_none()).then_some(Query::Delivery)
    }

    fn delivery_elsewhere_query(&self) -> Option<Query> {
        let is_needed = self.needs.delivery && self.trail.is_multi_region_trail;
        (is_needed && !self.has_asked_elsewhere).then_some(Query::DeliveryElsewhere)
    }

    fn key_arn(&self) -> Option<&KeyArn> {
        arn_of(self.trail, self.key.as_ref())
    }
}

fn not_read<T>() -> Reading<T> {
    Reading::Refused(Refusal::NotRead)
}

fn or_as_the_key<T>(
    reading: Option<Reading<T>>,
    key: &Reading<KeyFacts>,
    is_needed: bool,
) -> Reading<T> {
    match (reading, key) {
        (None | Some(Reading::Refused(Refusal::NotRead)), Reading::Absent) if is_needed => {
            Reading::Absent
        }
        (None | Some(Reading::Refused(Refusal::NotRead)), Reading::Refused(refusal))
            if is_needed =>
        {
            Reading::Refused(refusal.clone())
        }
        (reading, _) => reading.unwrap_or_else(not_read),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::parameters::Parameters;
    use config_rule::{ConfigurationItem, Timestamp};

    const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234";

    fn trail(key: &str, owner: &str) -> Trail {
        let item = json!({
            "resourceType": "AWS::CloudTrail::Trail", "resourceId": "all",
            "awsAccountId": "111122223333", "awsRegion": "us-east-1",
            "configurationItemStatus": "OK",
            "configurationItemCaptureTime": "2026-11-20T10:00:00.000Z",
            "configuration": {
                "trailARN": format!("arn:aws:cloudtrail:us-east-1:{owner}:trail/all"),
                "s3BucketName": "logs", "kmsKeyId": key, "isMultiRegionTrail": true,
            },
        });
        Trail::from_item(&ConfigurationItem::parse(&item).unwrap()).unwrap()
    }

    fn gathering<'a>(profile: &str, trail: &'a Trail, source: EvidenceSource<'a>) -> Gathering<'a> {
        let parameters = json!({"profile": profile, "replicas": "EVALUATE"});
        let parameters = Parameters::parse(parameters.as_object().unwrap()).unwrap();
        let now = Timestamp::from_epoch_millis(0);
        Gathering::new(&EvaluationContext { parameters: &parameters, now }, trail, source)
    }

    /// The names of the queries of each round, where every answer is this one or "not read".
    fn rounds(trail: &Trail, source: EvidenceSource<'_>, answers: &[Answer]) -> Vec<Vec<String>> {
        let mut gathering = gathering("strict", trail, source);
        let mut rounds = Vec::new();
        loop {
            let queries = gathering.next_queries();
            if queries.is_empty() {
                return rounds;
            }
            let name = |query: &dyn std::fmt::Debug| {
                let text = format!("{query:?}");
                text.split(['(', ' ']).next().unwrap_or_default().to_owned()
            };
            rounds.push(queries.iter().map(|query| name(query)).collect());
            for query in &queries {
                let given = answers.iter().find(|answer| name(answer) == name(query));
                gathering.answer(given.cloned().unwrap_or_else(|| match query {
                    Query::Key(..) => Answer::Key(not_read()),
                    Query::BucketRegion(_) => Answer::BucketRegion(not_read()),
                    Query::Rotation(_) => Answer::Rotation(not_read()),
                    Query::KeyPolicy(_) => Answer::KeyPolicy(not_read()),
                    Query::Delivery => Answer::Delivery(not_read()),
                    Query::DeliveryElsewhere => Answer::DeliveryElsewhere(None),
                }));
            }
        }
    }

    #[test]
    fn each_round_has_all_queries_that_are_possible() {
        let own = AccountId::parse("111122223333").unwrap();
        let aws = EvidenceSource::Aws(&own);
        let bucket = || Answer::BucketRegion(Reading::Known(Region::parse("eu-west-1").unwrap()));
        let absent = || Answer::Key(Reading::Absent);
        let first = ["BucketRegion", "Delivery", "DeliveryElsewhere"];
        let with_key = ["Key", "BucketRegion", "Delivery", "DeliveryElsewhere"];
        let check = |key, owner, source, answers: &[Answer], expected: &[&[&str]]| {
            assert_eq!(rounds(&trail(key, owner), source, answers), expected, "{key} {owner}");
        };
        // The rotation of a key that AWS did not describe is not read; a recorded one is.
        check(KEY, "111122223333", aws, &[], &[&with_key, &["KeyPolicy"]]);
        let items = EvidenceSource::Items;
        check(KEY, "111122223333", items, &[], &[&with_key, &["Rotation", "KeyPolicy"]]);
        check(KEY, "111122223333", aws, &[absent()], &[&with_key]);
        // An alias is looked up in the Region of the bucket, in AWS by its own account only.
        let alias = "alias/logs";
        check(alias, "111122223333", aws, &[bucket()], &[&first, &["Key"]]);
        check(alias, "111122223333", aws, &[], &[&first]);
        check(alias, "444455556666", aws, &[bucket()], &[&first]);
        check(alias, "444455556666", items, &[bucket()], &[&first, &["Key"]]);
        // The ARN of a key that KMS described is known, so its rotation and policy are read.
        let answers = [bucket(), Answer::Key(Reading::Known(described_key()))];
        let expected: [&[&str]; 3] = [&first, &["Key"], &["Rotation", "KeyPolicy"]];
        check(alias, "111122223333", aws, &answers, &expected);
    }

    fn described_key() -> KeyFacts {
        KeyFacts::symmetric(KeyArn::parse(KEY).unwrap())
    }

    #[test]
    fn deliveries_of_other_regions_are_read_for_multi_region_trails_in_strict_only() {
        let own = AccountId::parse("111122223333").unwrap();
        for (profile, is_multi_region_trail, expected) in
            [("strict", true, true), ("strict", false, false), ("effective", true, false)]
        {
            let trail = Trail { is_multi_region_trail, ..trail(KEY, own.as_str()) };
            let queries = gathering(profile, &trail, EvidenceSource::Aws(&own)).next_queries();
            let is_read = queries.iter().any(|query| matches!(query, Query::DeliveryElsewhere));
            assert_eq!(is_read, expected, "{profile} {is_multi_region_trail}");
        }
    }

    /// Only evidence that is needed takes the reason of the key; the rest stays not read.
    #[test]
    fn needed_evidence_that_was_not_read_has_the_reason_of_the_key() {
        let trail = trail(KEY, "111122223333");
        let refused = || Refusal::Malformed("KeyState".to_owned());
        let facts = |profile, key: Reading<KeyFacts>| {
            let mut gathering = gathering(profile, &trail, EvidenceSource::Items);
            gathering.answer(Answer::Key(key));
            gathering.into_facts()
        };
        let strict = facts("strict", Reading::Absent);
        assert_eq!((strict.rotation, strict.key_policy), (Reading::Absent, Reading::Absent));
        let strict = facts("strict", Reading::Refused(refused()));
        assert_eq!(strict.rotation, Reading::Refused(refused()));
        assert_eq!(strict.key_policy, Reading::Refused(refused()));
        for key in [Reading::Absent, Reading::Refused(refused())] {
            let cis = facts("cis", key);
            assert_eq!((cis.rotation, cis.key_policy), (not_read(), not_read()));
        }
    }
}
