//! Reads the current state, live.

use std::collections::BTreeMap;
use std::fmt;

use aws_sdk_cloudtrail::error::SdkError;
use futures_util::future::BoxFuture;
use futures_util::join;
use trailseal_aws::{
    Aws, AwsError, Evidence, KeyReader, Read, RecordedBucket, Session, TrailDelivery,
    describe_delivery, failed, recorded_bucket, trail_tag, trail_tags,
};
use trailseal_plan::{
    CurrentState, KeyReadings, Readers, RecordedPolicy, TargetKey, parameters_for,
};
use trailseal_rule::bucket_policy::readers::{BucketReaders, bucket_readers};
use trailseal_rule::{
    BucketName, EvaluationContext, Facts, Judgement, KeyArn, KeyRef, Reading, Refusal, Region,
    RoleName, Standing, Timestamp, Trail, TrailArn, evaluate, exemption_tag_to_read,
};

use crate::failure::Failure;

/// Reads AWS for one trail.
#[derive(Clone, Copy, Debug)]
pub struct AwsReader<'a> {
    /// Assumes roles.
    pub aws: &'a Aws,
    /// The credentials for reads and changes.
    pub session: &'a Session,
    /// Reads whether the account is CloudTrail's delegated administrator; `None` if only the
    /// account's own trails are changed.
    pub delegation: Option<&'a dyn Delegation>,
    /// The role that reads keys of other accounts (`keyAccountRoleName`).
    pub key_role: Option<&'a RoleName>,
}

/// Reads whether an account is CloudTrail's delegated administrator of its organization.
///
/// A trait, because the remediation function must not call AWS Organizations.
pub trait Delegation: fmt::Debug + Sync {
    /// Whether the session's account is the delegated administrator.
    fn is_delegated<'a>(
        &'a self,
        session: &'a Session,
    ) -> BoxFuture<'a, Result<Reading<bool>, AwsError>>;
}

impl AwsReader<'_> {
    /// The trail with this name or ARN, and where it delivers. An ARN is looked up in its home Region,
    /// a name in the session's Region.
    ///
    /// # Errors
    ///
    /// [`Failure::NoSuchTrail`], [`Failure::NotATrail`], or [`Failure::Aws`].
    pub async fn trail(&self, named: &str) -> Result<TrailDelivery, Failure> {
        let region = match TrailArn::parse(named) {
            Ok(arn) => arn.home_region().clone(),
            Err(_) if named.starts_with("arn:") || named.is_empty() => {
                return Err(Failure::NotATrail(named.to_owned()));
            }
            Err(_) => self.session.region().clone(),
        };
        let trails = describe_delivery(&self.session.in_region(region.clone())).await?;
        let fits = |TrailDelivery { trail, .. }: &TrailDelivery| {
            trail.arn.as_str() == named || trail.arn.name() == named
        };
        let mut fitting: Vec<TrailDelivery> = trails.into_iter().filter(fits).collect();
        // An organization trail can have the name of a trail of the account.
        fitting.sort_by_key(|found| found.trail.standing() != Standing::Own);
        fitting.into_iter().next().ok_or_else(|| Failure::NoSuchTrail {
            named: named.to_owned(),
            account: self.session.account().to_string(),
            region: region.to_string(),
        })
    }

    /// The state that a plan starts from.
    ///
    /// # Errors
    ///
    /// [`AwsError::ServiceFailure`] if AWS does not respond. Denied reads are part of the state, so that
    /// the planner reports all of them at once.
    pub async fn current_state(
        &self,
        context: &EvaluationContext<'_>,
        TrailDelivery { trail, prefix, .. }: &TrailDelivery,
        target_key: &TargetKey,
    ) -> Result<CurrentState, AwsError> {
        let evidence = Evidence::new(self.aws, self.session);
        let (facts, bucket_region, tags) = join!(
            gather(&evidence, context, trail),
            bucket_region(&evidence, trail),
            self.tags(trail)
        );
        let (bucket_region, tags) = (bucket_region?, tags?);
        let exemption_tag = exemption_tag(context, &tags);
        let (candidate, alias, (readers, bucket_policy, bucket_key)) = join!(
            self.candidate(target_key, &bucket_region),
            self.alias(target_key, &bucket_region),
            self.recorded(trail, &bucket_region)
        );
        Ok(CurrentState {
            trail: trail.clone(),
            caller: self.session.account().clone(),
            facts: Facts { exemption_tag, ..facts? },
            bucket_region,
            candidate: candidate?,
            alias: alias?,
            readers,
            bucket_policy,
            prefix: prefix.clone(),
            bucket_key,
            delegated: self.delegated(trail).await?,
            tags,
        })
    }

    /// Whether the caller's account may change an organization trail of another account.
    async fn delegated(&self, trail: &Trail) -> Read<bool> {
        match (trail.standing(), self.delegation) {
            (Standing::MemberCopy, Some(delegation)) => delegation.is_delegated(self.session).await,
            _ => Ok(Reading::Refused(Refusal::NotRead)),
        }
    }

    /// The rule's facts about the trail.
    ///
    /// # Errors
    ///
    /// [`AwsError::ServiceFailure`] if AWS does not respond.
    pub async fn facts(
        &self,
        context: &EvaluationContext<'_>,
        trail: &Trail,
    ) -> Result<Facts, AwsError> {
        let facts = gather(&Evidence::new(self.aws, self.session), context, trail).await?;
        let parameters = parameters_for(context.parameters, trail);
        let context = EvaluationContext { parameters: &parameters, now: context.now };
        let Some(key) = exemption_tag_to_read(&context, trail, &facts) else { return Ok(facts) };
        let exemption_tag = match trail_tag(self.session, trail, key).await {
            Ok(reading) => reading,
            Err(error) => Reading::Refused(error.into_refusal()?),
        };
        Ok(Facts { exemption_tag, ..facts })
    }

    /// The rule's judgement of the trail.
    ///
    /// # Errors
    ///
    /// See [`AwsReader::facts`].
    pub async fn judge(
        &self,
        context: &EvaluationContext<'_>,
        trail: &Trail,
    ) -> Result<Judgement, AwsError> {
        let facts = self.facts(context, trail).await?;
        let parameters = parameters_for(context.parameters, trail);
        let context = EvaluationContext { parameters: &parameters, now: context.now };
        Ok(evaluate(&context, trail, &facts))
    }

    /// The Region of the trail's bucket.
    ///
    /// # Errors
    ///
    /// [`AwsError::ServiceFailure`] if S3 does not respond.
    pub async fn bucket_region(&self, trail: &Trail) -> Result<Reading<Region>, AwsError> {
        bucket_region(&Evidence::new(self.aws, self.session), trail).await
    }

    async fn candidate(
        &self,
        target_key: &TargetKey,
        bucket_region: &Reading<Region>,
    ) -> Result<KeyReadings, AwsError> {
        let TargetKey::Existing(key) = target_key else {
            return Ok(KeyReadings::unread());
        };
        let in_bucket_region = match bucket_region {
            Reading::Known(region) => Some(region),
            Reading::Absent | Reading::Refused(_) => None,
        };
        let region = key.region().or(in_bucket_region);
        let Some(region) = region else { return Ok(KeyReadings::unread()) };
        let reader = KeyReader::new(self.aws, self.session);
        let facts = reader.describe(region, key, self.key_role).await?;
        let arn = match (&facts, key) {
            (Reading::Known(facts), _) => facts.arn.clone(),
            (_, KeyRef::Key(arn)) => arn.clone(),
            _ => return Ok(KeyReadings { key: facts, ..KeyReadings::unread() }),
        };
        let (policy, rotation) =
            join!(reader.policy(&arn, self.key_role), reader.rotation(&arn, self.key_role));
        Ok(KeyReadings { key: facts, policy: policy?, rotation: rotation? })
    }

    async fn alias(&self, target_key: &TargetKey, bucket_region: &Reading<Region>) -> Read<KeyArn> {
        match (target_key, bucket_region) {
            (TargetKey::New(key), Reading::Known(region)) => match &key.alias {
                Some(alias) => self.named_by(alias, region).await,
                None => Ok(Reading::Refused(Refusal::NotRead)),
            },
            _ => Ok(Reading::Refused(Refusal::NotRead)),
        }
    }

    pub(crate) async fn named_by(&self, alias: &str, region: &Region) -> Read<KeyArn> {
        let Some(key) = KeyRef::parse(alias) else {
            return Ok(Reading::Refused(Refusal::NotRead));
        };
        let reader = KeyReader::new(self.aws, self.session);
        Ok(reader.describe(region, &key, None).await?.map(|facts| facts.arn))
    }

    /// The readers that the policy of the trail's bucket allows, that policy, and whether the bucket
    /// has an S3 Bucket Key, as recorded by AWS Config in the caller's account. The planner warns if
    /// they could not be read.
    async fn recorded(
        &self,
        trail: &Trail,
        bucket_region: &Reading<Region>,
    ) -> (Reading<Readers>, Reading<RecordedPolicy>, Reading<bool>) {
        let (Some(bucket), Reading::Known(region)) = (&trail.bucket, bucket_region) else {
            let refusal = Refusal::Needs("the trail's bucket and its Region");
            let refused = Reading::Refused(refusal.clone());
            return (Reading::Refused(refusal.clone()), refused, Reading::Refused(refusal));
        };
        let recorded = recorded_bucket(self.session, region, bucket).await;
        let bucket_key = recorded.clone().and_then(|recorded| recorded.bucket_key);
        let policy = recorded.clone().and_then(|RecordedBucket { policy, captured, .. }| {
            let with_time = |text| Reading::Known(RecordedPolicy { text, recorded: captured });
            policy.and_then(|policy| policy.map_or(Reading::Absent, with_time))
        });
        let readers = recorded.and_then(|RecordedBucket { policy, captured, .. }| {
            policy.and_then(|policy| readers(policy, captured, trail.arn.partition(), bucket))
        });
        (readers, policy, bucket_key)
    }

    async fn tags(&self, trail: &Trail) -> Read<BTreeMap<String, String>> {
        match trail_tags(self.session, trail).await {
            Ok(tags) => Ok(Reading::Known(tags)),
            Err(error) => Ok(Reading::Refused(error.into_refusal()?)),
        }
    }
}

/// The tag that `exemptionTag` names, among all tags of the trail.
fn exemption_tag(
    context: &EvaluationContext<'_>,
    tags: &Reading<BTreeMap<String, String>>,
) -> Reading<String> {
    let Some(key) = &context.parameters.exemption_tag else {
        return Reading::Refused(Refusal::NotRead);
    };
    tags.clone().and_then(|tags| {
        tags.get(key.as_str()).map_or(Reading::Absent, |value| Reading::Known(value.clone()))
    })
}

async fn gather(
    evidence: &Evidence<'_>,
    context: &EvaluationContext<'_>,
    trail: &Trail,
) -> Result<Facts, AwsError> {
    let parameters = parameters_for(context.parameters, trail);
    let context = EvaluationContext { parameters: &parameters, now: context.now };
    evidence.gather(&context, trail).await
}

async fn bucket_region(evidence: &Evidence<'_>, trail: &Trail) -> Read<Region> {
    match &trail.bucket {
        Some(bucket) => evidence.bucket_region(bucket).await,
        None => Ok(Reading::Refused(Refusal::Needs("the name of the trail's bucket"))),
    }
}

fn readers(
    policy: Option<String>,
    recorded: Timestamp,
    partition: &str,
    bucket: &BucketName,
) -> Reading<Readers> {
    match policy.map(|policy| bucket_readers(&policy, partition, bucket)).transpose() {
        Ok(readers) => {
            let BucketReaders { named, others } = readers.unwrap_or_default();
            let (named, others) = (named.into_iter().collect(), others.into_iter().collect());
            Reading::Known(Readers { named, others, recorded })
        }
        Err(error) => {
            let what = format!("the bucket policy is invalid: {error}");
            Reading::Refused(Refusal::Malformed(what))
        }
    }
}

/// Turns a denial into a reading; any other failure stays an error.
pub(crate) fn refused<T, E, R>(
    action: &'static str,
    region: &Region,
    error: &SdkError<E, R>,
) -> Read<T>
where
    E: std::error::Error + aws_sdk_cloudtrail::error::ProvideErrorMetadata + 'static,
    R: std::fmt::Debug,
{
    Ok(Reading::Refused(failed(action, region, error).into_refusal()?))
}
