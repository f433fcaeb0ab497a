//! Reads the evidence that the rule needs, each key and bucket once per invocation.

use aws_sdk_cloudtrail::error::SdkError;
use aws_sdk_cloudtrail::operation::get_trail_status::GetTrailStatusError;
use futures_util::FutureExt as _;
use futures_util::future::{join_all, try_join_all};
use trailseal_rule::{
    Answer, BucketName, Delivery, DeliveryElsewhere, EvaluationContext, EvidenceSource, Facts,
    Gathering, KeyArn, KeyFacts, KeyPolicy, KeyRef, Query, Reading, Region, RoleName, Rotation,
    Trail, TrailArn,
};

use crate::convert::timestamp;
use crate::failure::{AwsError, Read, failed, refused};
use crate::key_reader::KeyReader;
use crate::once::Once;
use crate::read_times::{ReadTimes, Timed, timed};
use crate::roles::Aws;
use crate::session::Session;

/// The evidence of one invocation. It must not outlive it: AWS may have changed since.
#[derive(Debug)]
pub struct Evidence<'a> {
    session: &'a Session,
    reader: KeyReader<'a>,
    keys: Once<(Region, KeyRef), Timed<Read<KeyFacts>>>,
    buckets: Once<BucketName, Timed<Read<Region>>>,
    rotations: Once<KeyArn, Timed<Read<Rotation>>>,
    policies: Once<KeyArn, Timed<Read<KeyPolicy>>>,
    deliveries: Once<(TrailArn, Region), Timed<Read<Delivery>>>,
    regions: Option<Reading<Vec<Region>>>,
}

impl<'a> Evidence<'a> {
    /// Nothing is read yet.
    pub fn new(aws: &'a Aws, session: &'a Session) -> Self {
        Self {
            session,
            reader: KeyReader::new(aws, session),
            keys: Once::default(),
            buckets: Once::default(),
            rotations: Once::default(),
            policies: Once::default(),
            deliveries: Once::default(),
            regions: None,
        }
    }

    /// Also reads the deliveries of multi-Region trails in these Regions, the enabled ones of the
    /// account. CloudTrail has a separate status for each Region.
    #[must_use]
    pub fn in_regions(self, regions: Reading<Vec<Region>>) -> Self {
        Self { regions: Some(regions), ..self }
    }

    /// Reads what the enabled checks need to know of this trail, and no more.
    ///
    /// # Errors
    ///
    /// [`AwsError`] if AWS fails, which says nothing of the trail. A refusal is not an error but a
    /// [`Reading::Refused`].
    pub async fn gather(
        &self,
        context: &EvaluationContext<'_>,
        trail: &Trail,
    ) -> Result<Facts, AwsError> {
        Ok(self.gather_with_times(context, trail).await?.0)
    }

    /// Reads the same, except what is given: it is known without AWS, or cannot be asked about, as
    /// of a trail that does not exist yet.
    ///
    /// # Errors
    ///
    /// As for [`Evidence::gather`].
    pub async fn gather_beside(
        &self,
        context: &EvaluationContext<'_>,
        trail: &Trail,
        given: Vec<Answer>,
    ) -> Result<Facts, AwsError> {
        Ok(self.gather_rest(context, trail, given).await?.0)
    }

    /// As [`Evidence::gather`], with the time at which AWS answered about each fact.
    ///
    /// # Errors
    ///
    /// As for [`Evidence::gather`].
    pub async fn gather_with_times(
        &self,
        context: &EvaluationContext<'_>,
        trail: &Trail,
    ) -> Result<(Facts, ReadTimes), AwsError> {
        self.gather_rest(context, trail, Vec::new()).await
    }

    async fn gather_rest(
        &self,
        context: &EvaluationContext<'_>,
        trail: &Trail,
        given: Vec<Answer>,
    ) -> Result<(Facts, ReadTimes), AwsError> {
        let source = EvidenceSource::Aws(self.session.account());
        let role = context.parameters.key_account_role_name.as_ref();
        let mut gathering = Gathering::new(context, trail, source);
        given.into_iter().for_each(|answer| gathering.answer(answer));
        let mut times = ReadTimes::default();
        loop {
            let queries = gathering.next_queries();
            if queries.is_empty() {
                return Ok((gathering.into_facts(), times));
            }
            let reads = queries.into_iter().map(|query| self.read(query, trail, role));
            for answer in join_all(reads).await {
                let (answer, read_at) = answer?;
                times.set(&answer, read_at);
                gathering.answer(answer);
            }
        }
    }

    async fn read(
        &self,
        query: Query,
        trail: &Trail,
        role: Option<&RoleName>,
    ) -> Result<Timed<Answer>, AwsError> {
        let reader = &self.reader;
        Ok(match query {
            Query::Key(region, key) => {
                let read = timed(reader.describe(&region, &key, role));
                let (answer, at) = self.keys.get((region.clone(), key.clone()), read).await;
                (Answer::Key(answer?), at)
            }
            Query::BucketRegion(bucket) => {
                let read = timed(self.session.bucket_region(&bucket));
                let (answer, at) = self.buckets.get(bucket.clone(), read).await;
                (Answer::BucketRegion(answer?), at)
            }
            Query::Rotation(key) => {
                let read = timed(reader.rotation(&key, role));
                let (answer, at) = self.rotations.get(key.clone(), read).await;
                (Answer::Rotation(answer?), at)
            }
            Query::KeyPolicy(key) => {
                let read = async { Ok(reader.policy(&key, role).await?.map(KeyPolicy::new)) };
                let (answer, at) = self.policies.get(key.clone(), timed(read)).await;
                (Answer::KeyPolicy(answer?), at)
            }
            Query::Delivery => {
                let (answer, at) = self.delivery(&trail.home_region, trail).await;
                (Answer::Delivery(answer?), at)
            }
            Query::DeliveryElsewhere => {
                let (answer, at) = timed(self.delivery_elsewhere(trail)).await;
                (Answer::DeliveryElsewhere(answer?), at)
            }
        })
    }

    /// The Region of a bucket, as S3 names it.
    ///
    /// # Errors
    ///
    /// [`AwsError::ServiceFailure`] if S3 fails.
    pub async fn bucket_region(&self, bucket: &BucketName) -> Result<Reading<Region>, AwsError> {
        self.buckets.get(bucket.clone(), timed(self.session.bucket_region(bucket))).await.0
    }

    async fn delivery(&self, region: &Region, trail: &Trail) -> Timed<Read<Delivery>> {
        let read = timed(latest_delivery_in(self.session, region, trail));
        self.deliveries.get((trail.arn.clone(), region.clone()), read).await
    }

    async fn delivery_elsewhere(&self, trail: &Trail) -> Result<DeliveryElsewhere, AwsError> {
        let regions = match &self.regions {
            None => return Ok(None),
            Some(Reading::Known(regions)) => regions,
            Some(Reading::Absent) => return Ok(Some(Reading::Absent)),
            Some(Reading::Refused(refusal)) => return Ok(Some(Reading::Refused(refusal.clone()))),
        };
        let others = regions.iter().filter(|region| **region != trail.home_region);
        let reads = others.map(async |region| {
            self.delivery(region, trail).await.0.map(|read| (region.clone(), read))
        });
        Ok(Some(Reading::Known(try_join_all(reads).await?.into_iter().collect())))
    }
}

/// The latest delivery of a trail in its home Region.
///
/// # Errors
///
/// [`AwsError::Denied`] or [`AwsError::ServiceFailure`].
pub async fn latest_delivery(session: &Session, trail: &Trail) -> Result<Delivery, AwsError> {
    let region = &trail.home_region;
    status(session, region, trail).await.map_err(|error| failed(GET_TRAIL_STATUS, region, &error))
}

/// As [`latest_delivery`], in another Region, which may not be enabled in the account.
///
/// # Errors
///
/// [`AwsError::ServiceFailure`].
pub async fn latest_delivery_in(
    session: &Session,
    region: &Region,
    trail: &Trail,
) -> Read<Delivery> {
    match status(session, region, trail).await {
        Ok(delivery) => Ok(Reading::Known(delivery)),
        Err(error) => refused(GET_TRAIL_STATUS, region, session.region(), &error),
    }
}

const GET_TRAIL_STATUS: &str = "cloudtrail:GetTrailStatus";

/// CloudTrail requires the ARN of a trail of another Region or account. The status is that of this
/// one Region (CloudTrail API Reference, `GetTrailStatus`).
async fn status(
    session: &Session,
    region: &Region,
    trail: &Trail,
) -> Result<Delivery, SdkError<GetTrailStatusError>> {
    let call = session.cloudtrail(region).get_trail_status().name(trail.arn.as_str());
    let status = call.send().boxed().await?;
    Ok(Delivery {
        error: status.latest_delivery_error,
        digest_error: status.latest_digest_delivery_error,
        delivered: status.latest_delivery_time.as_ref().and_then(timestamp),
        is_logging: status.is_logging,
    })
}
