//! Reads what the rule needs of a trail, each key and bucket once per invocation.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Debug;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures_util::FutureExt as _;
use futures_util::future::{join, try_join_all};
use futures_util::join;
use trailseal_rule::{
    BucketName, Delivery, EvaluationContext, Facts, KeyArn, KeyFacts, KeyPolicy, KeyQuery, KeyRef,
    Needs, Reading, Refusal, Region, RoleName, Rotation, Trail, TrailArn, key_arn, needs,
};

use crate::bucket::bucket_region;
use crate::convert::timestamp;
use crate::failure::{AwsError, Refused, chain, refusal};
use crate::key_reader::KeyReader;
use crate::once::Once;
use crate::roles::Aws;
use crate::session::Session;

/// What came of reading something: what AWS told, or that it did not answer.
pub(crate) type Read<T> = Result<Reading<T>, AwsError>;

/// The evidence of one invocation. It is dropped with it: a fact of yesterday is no evidence.
#[derive(Debug)]
pub struct Evidence<'a> {
    session: &'a Session,
    reader: KeyReader<'a>,
    keys: Once<(Region, KeyRef), Read<KeyFacts>>,
    buckets: Once<BucketName, Read<Region>>,
    rotations: Once<KeyArn, Read<Rotation>>,
    policies: Once<KeyArn, Read<KeyPolicy>>,
    deliveries: Once<(TrailArn, Region), Read<Delivery>>,
    /// The Regions in which a multi-Region trail delivers, besides its home Region.
    regions: Reading<Vec<Region>>,
}

impl<'a> Evidence<'a> {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(aws: &'a Aws, session: &'a Session) -> Self {
        Self {
            session,
            reader: KeyReader::new(aws, session),
            keys: Once::default(),
            buckets: Once::default(),
            rotations: Once::default(),
            policies: Once::default(),
            deliveries: Once::default(),
            regions: Reading::Known(Vec::new()),
        }
    }

    /// Also reads the deliveries of multi-Region trails in these Regions, which are those that are
    /// enabled in the account: each Region has a status of its own.
    #[must_use]
    pub fn in_regions(self, regions: Reading<Vec<Region>>) -> Self {
        Self { regions, ..self }
    }

    /// Reads what the checks that are asked for need to know of this trail, and no more.
    ///
    /// # Errors
    ///
    /// [`AwsError::ServiceFailure`] where AWS does not answer, which says nothing of the trail. A
    /// refusal is no error but a [`Reading::Refused`].
    pub async fn gather(
        &self,
        context: &EvaluationContext<'_>,
        trail: &Trail,
    ) -> Result<Facts, AwsError> {
        let needs = needs(context, trail);
        let role = context.parameters.key_account_role_name.as_ref();
        let (key, bucket_region) = self.key_and_bucket(&needs, trail, role).await;
        let mut facts = Facts { key: key?, bucket_region: bucket_region?, ..Facts::unread() };
        let asked_key = key_arn(trail, &facts).cloned();
        let (rotation, policy, delivery, elsewhere) = join!(
            self.rotation(&needs, asked_key.as_ref(), role, &facts),
            self.key_policy(&needs, asked_key.as_ref(), role, &facts),
            self.delivery(&needs, trail, &facts),
            self.delivery_elsewhere(&needs, trail),
        );
        facts.rotation = rotation?;
        facts.key_policy = policy?;
        facts.delivery = delivery?;
        facts.delivery_elsewhere = elsewhere?;
        Ok(facts)
    }

    /// Both at once, unless the key must be looked for where the bucket is.
    async fn key_and_bucket(
        &self,
        needs: &Needs,
        trail: &Trail,
        role: Option<&RoleName>,
    ) -> (Read<KeyFacts>, Read<Region>) {
        match &needs.key {
            Some(KeyQuery::At(region, key)) => {
                join(self.key(region, key, role), self.bucket(needs.bucket.as_ref())).await
            }
            // KMS takes an alias or a bare id for one of the caller's account.
            Some(KeyQuery::InBucketRegion(_)) if trail.arn.owner() != self.session.account() => {
                let bucket = self.bucket(needs.bucket.as_ref()).await;
                (Ok(Reading::Refused(Refusal::NamesNoAccount)), bucket)
            }
            Some(KeyQuery::InBucketRegion(key)) => {
                let bucket = self.bucket(needs.bucket.as_ref()).await;
                let found = match &bucket {
                    Ok(Reading::Known(region)) => self.key(region, key, role).await,
                    Ok(Reading::Absent | Reading::Refused(_)) => {
                        Ok(Reading::Refused(Refusal::Needs("the Region of the bucket")))
                    }
                    Err(error) => Err(error.clone()),
                };
                (found, bucket)
            }
            None => (unread(), self.bucket(needs.bucket.as_ref()).await),
        }
    }

    async fn key(&self, region: &Region, key: &KeyRef, role: Option<&RoleName>) -> Read<KeyFacts> {
        let read = self.reader.describe(region, key, role);
        self.keys.get((region.clone(), key.clone()), read).await
    }

    async fn bucket(&self, bucket: Option<&BucketName>) -> Read<Region> {
        match bucket {
            Some(name) => self.buckets.get(name.clone(), bucket_region(self.session, name)).await,
            None => unread(),
        }
    }

    async fn rotation(
        &self,
        needs: &Needs,
        key: Option<&KeyArn>,
        role: Option<&RoleName>,
        facts: &Facts,
    ) -> Read<Rotation> {
        match (needs.rotation, key) {
            (true, Some(key)) if matches!(facts.key, Reading::Known(_)) => {
                self.rotations.get(key.clone(), self.reader.rotation(key, role)).await
            }
            (true, _) => Ok(as_the_key(&facts.key)),
            (false, _) => unread(),
        }
    }

    async fn key_policy(
        &self,
        needs: &Needs,
        key: Option<&KeyArn>,
        role: Option<&RoleName>,
        facts: &Facts,
    ) -> Read<KeyPolicy> {
        match (needs.key_policy, key) {
            (true, Some(key)) if !matches!(facts.key, Reading::Absent) => {
                let read = async { Ok(self.reader.policy(key, role).await?.map(KeyPolicy::new)) };
                self.policies.get(key.clone(), read).await
            }
            (true, _) => Ok(as_the_key(&facts.key)),
            (false, _) => unread(),
        }
    }

    async fn delivery(&self, needs: &Needs, trail: &Trail, facts: &Facts) -> Read<Delivery> {
        if needs.wants_delivery(&facts.key) {
            self.delivery_in(&trail.home_region, trail).await
        } else {
            unread()
        }
    }

    async fn delivery_in(&self, region: &Region, trail: &Trail) -> Read<Delivery> {
        let read = read_delivery(self.session, region, trail);
        self.deliveries.get((trail.arn.clone(), region.clone()), read).await
    }

    /// The deliveries in the other Regions of a multi-Region trail.
    async fn delivery_elsewhere(
        &self,
        needs: &Needs,
        trail: &Trail,
    ) -> Read<BTreeMap<Region, Reading<Delivery>>> {
        if !needs.delivery || !trail.is_multi_region_trail {
            return Ok(Reading::Known(BTreeMap::new()));
        }
        let regions = match &self.regions {
            Reading::Known(regions) => regions,
            Reading::Absent => return Ok(Reading::Absent),
            Reading::Refused(refusal) => return Ok(Reading::Refused(refusal.clone())),
        };
        let others = regions.iter().filter(|region| **region != trail.home_region);
        let reads = others.map(async |region| {
            self.delivery_in(region, trail).await.map(|read| (region.clone(), read))
        });
        Ok(Reading::Known(try_join_all(reads).await?.into_iter().collect()))
    }
}

fn unread<T>() -> Read<T> {
    Ok(Reading::Refused(Refusal::NotRead))
}

/// What is not asked for because of what came of asking for the key.
fn as_the_key<T>(key: &Reading<KeyFacts>) -> Reading<T> {
    match key {
        Reading::Absent => Reading::Absent,
        Reading::Refused(refusal) => Reading::Refused(refusal.clone()),
        Reading::Known(_) => Reading::Refused(Refusal::NotRead),
    }
}

/// Asked by ARN, which CloudTrail requires for a trail of another Region or account. The answer is
/// about this one Region (CloudTrail API Reference, `GetTrailStatus`).
async fn read_delivery(session: &Session, region: &Region, trail: &Trail) -> Read<Delivery> {
    const ACTION: &str = "cloudtrail:GetTrailStatus";
    let client = session.cloudtrail(region);
    let call = client.get_trail_status().name(trail.arn.as_str());
    match call.send().boxed().await {
        Ok(status) => Ok(Reading::Known(Delivery {
            error: status.latest_delivery_error,
            digest_error: status.latest_digest_delivery_error,
            delivered: status.latest_delivery_time.as_ref().and_then(timestamp),
            is_logging: status.is_logging,
        })),
        Err(error) => refused(ACTION, session, region, &error),
    }
}

/// AWS's no is a fact; anything else says nothing of the resource.
///
/// Credentials that another Region does not know are those of an account in which it is not
/// enabled: were they good for nothing, nothing could be reported either.
pub(crate) fn refused<T, E, R>(
    action: &'static str,
    session: &Session,
    region: &Region,
    error: &SdkError<E, R>,
) -> Read<T>
where
    E: Error + ProvideErrorMetadata + 'static,
    R: Debug,
{
    match refusal(error) {
        Refused::Denied(None) => Ok(Reading::Refused(Refusal::AccessDenied { action })),
        Refused::Denied(Some(denial)) => {
            Ok(Reading::Refused(Refusal::DeniedByPolicy { action, denial }))
        }
        Refused::NotFound => Ok(Reading::Absent),
        Refused::Invalid(code) | Refused::ForGood { code, .. } => {
            let what = format!("{action} answered {code}");
            Ok(Reading::Refused(Refusal::Malformed(what)))
        }
        Refused::Unrecognized if region != session.region() => {
            Ok(Reading::Refused(Refusal::RegionNotEnabled(region.clone())))
        }
        Refused::Unrecognized | Refused::No => Err(AwsError::ServiceFailure {
            operation: action,
            region: region.to_string(),
            cause: chain(error),
        }),
    }
}
