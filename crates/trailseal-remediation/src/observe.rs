//! Reads only the state that conditions depend on.

use std::collections::BTreeMap;

use trailseal_aws::{AwsError, KeyReader};
use trailseal_plan::{Condition, KeyReadings, Present, Progress, TrailBucket};
use trailseal_rule::{BucketName, KeyArn, KeyRef, Reading, Refusal, Region, TrailArn};

use crate::clients;
use crate::read::{AwsReader, refused};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RequiredReads {
    trail: Option<TrailArn>,
    /// Whether the Region of the trail's bucket is read.
    bucket: bool,
    keys: BTreeMap<KeyArn, Aspects>,
    alias: Option<(Region, String)>,
}

/// What to read of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Aspects {
    facts: bool,
    policy: bool,
    rotation: bool,
}

/// A trail as `GetTrail` describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct TrailNow {
    key: Option<KeyRef>,
    bucket: Option<BucketName>,
}

impl RequiredReads {
    /// The reads that these conditions need.
    pub(crate) fn by<'a>(conditions: impl IntoIterator<Item = &'a Condition>) -> Self {
        let mut reads = Self::default();
        conditions.into_iter().for_each(|condition| reads.add(condition));
        reads
    }

    fn add(&mut self, condition: &Condition) {
        let mut key = |mark: fn(&mut Aspects)| {
            if let Some(arn) = condition.key() {
                mark(self.keys.entry(arn.clone()).or_default());
            }
        };
        match condition {
            Condition::TrailHasKey { trail, .. } | Condition::TrailUses { trail, .. } => {
                self.trail = Some(trail.clone());
            }
            Condition::KeyUsable { .. } | Condition::KeyHasState { .. } => {
                key(|aspects| aspects.facts = true);
            }
            Condition::KeyInRegion { .. } => {}
            Condition::PolicyIs { .. } | Condition::PolicyAdmitsCloudTrail { .. } => {
                key(|aspects| aspects.policy = true);
            }
            Condition::RotationIsOn { .. } => key(|aspects| aspects.rotation = true),
            Condition::AliasIsFree { region, alias }
            | Condition::AliasNames { region, alias, .. } => {
                self.alias = Some((region.clone(), alias.clone()));
            }
        }
    }

    /// All reads that a back-out needs.
    pub(crate) fn of_back_out(progress: &Progress) -> Self {
        let all = Aspects { facts: true, policy: true, rotation: true };
        Self {
            trail: Some(progress.remediation.plan.trail.clone()),
            bucket: progress.remediation.plan.former_key.is_some(),
            keys: progress.keys().into_iter().map(|arn| (arn, all)).collect(),
            alias: None,
        }
    }
}

impl AwsReader<'_> {
    /// Reads this state.
    pub(crate) async fn present(&self, reads: &RequiredReads) -> Result<Present, AwsError> {
        let trail = match &reads.trail {
            Some(arn) => self.trail_now(arn).await?,
            None => Reading::Refused(Refusal::NotRead),
        };
        let bucket = match &trail {
            Reading::Known(trail) if reads.bucket => self.bucket_of(trail).await?,
            Reading::Known(_) | Reading::Absent | Reading::Refused(_) => {
                Reading::Refused(Refusal::NotRead)
            }
        };
        let mut keys = BTreeMap::new();
        for (arn, aspects) in &reads.keys {
            keys.insert(arn.clone(), self.key(arn, *aspects).await?);
        }
        let alias = match &reads.alias {
            Some((region, alias)) => self.named_by(alias, region).await?,
            None => Reading::Refused(Refusal::NotRead),
        };
        Ok(Present { trail_key: trail.map(|trail| trail.key), bucket, keys, alias })
    }

    async fn bucket_of(&self, trail: &TrailNow) -> Result<Reading<TrailBucket>, AwsError> {
        let Some(name) = trail.bucket.clone() else {
            return Ok(Reading::Refused(Refusal::Needs("the name of the trail's bucket")));
        };
        let region = self.session.bucket_region(&name).await?;
        Ok(region.map(|region| TrailBucket { name, region }))
    }

    async fn key(&self, arn: &KeyArn, aspects: Aspects) -> Result<KeyReadings, AwsError> {
        let mut readings = KeyReadings::unread();
        let reader = KeyReader::new(self.aws, self.session);
        if aspects.facts {
            let key = KeyRef::Key(arn.clone());
            readings.key = reader.describe(arn.region(), &key, self.key_role).await?;
        }
        if aspects.policy {
            readings.policy = reader.policy(arn, self.key_role).await?;
        }
        if aspects.rotation {
            readings.rotation = reader.rotation(arn, self.key_role).await?;
        }
        Ok(readings)
    }

    /// The trail, read in its home Region.
    async fn trail_now(&self, arn: &TrailArn) -> Result<Reading<TrailNow>, AwsError> {
        const ACTION: &str = "cloudtrail:GetTrail";
        let region = arn.home_region();
        let client = clients::cloudtrail(self.session, region);
        let error = match client.get_trail().name(arn.as_str()).send().await {
            Ok(answer) => {
                let Some(trail) = answer.trail else {
                    let what = "GetTrail returned no trail".to_owned();
                    return Ok(Reading::Refused(Refusal::Malformed(what)));
                };
                let bucket = trail.s3_bucket_name().and_then(|name| BucketName::parse(name).ok());
                let key = trail.kms_key_id().and_then(KeyRef::parse);
                return Ok(Reading::Known(TrailNow { key, bucket }));
            }
            Err(error) => error,
        };
        if error.as_service_error().is_some_and(|error| error.is_trail_not_found_exception()) {
            return Ok(Reading::Absent);
        }
        refused(ACTION, region, &error)
    }
}
