//! Reads what the rule needs of a trail, each key and bucket once per invocation.

use std::error::Error;
use std::fmt::Debug;

use aws_sdk_kms::types::KeyMetadata;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures_util::FutureExt as _;
use futures_util::future::join;
use futures_util::join;
use trailseal_rule::{
    BucketName, Delivery, Facts, KeyArn, KeyFacts, KeyQuery, KeyRef, Needs, Reading, Refusal,
    Region, RoleName, Rotation, Setting, Trail, key_arn, needs,
};

use crate::bucket::bucket_region;
use crate::convert::{key_facts, timestamp};
use crate::failure::{AwsError, Refused, chain, refusal};
use crate::once::Once;
use crate::roles::Aws;
use crate::session::Session;

/// What came of reading something: what AWS told, or that it did not answer.
pub(crate) type Read<T> = Result<Reading<T>, AwsError>;

/// The evidence of one invocation. It is dropped with it: a fact of yesterday is no evidence.
#[derive(Debug)]
pub struct Evidence<'a> {
    aws: &'a Aws,
    session: &'a Session,
    keys: Once<(Region, KeyRef), Read<KeyFacts>>,
    buckets: Once<BucketName, Read<Region>>,
    rotations: Once<KeyArn, Read<Rotation>>,
    policies: Once<KeyArn, Read<String>>,
}

impl<'a> Evidence<'a> {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(aws: &'a Aws, session: &'a Session) -> Self {
        Self {
            aws,
            session,
            keys: Once::default(),
            buckets: Once::default(),
            rotations: Once::default(),
            policies: Once::default(),
        }
    }

    /// Reads what the checks that are asked for need to know of this trail, and no more.
    ///
    /// # Errors
    ///
    /// [`AwsError::Breakdown`] where AWS does not answer, which says nothing of the trail. A
    /// refusal is no error but a [`Reading::Refused`].
    pub async fn gather(&self, setting: &Setting<'_>, trail: &Trail) -> Result<Facts, AwsError> {
        let needs = needs(setting, trail);
        let (key, bucket_region) = self.key_and_bucket(&needs, trail).await;
        let mut facts = Facts { key: key?, bucket_region: bucket_region?, ..Facts::unread() };
        let asked_key = key_arn(trail, &facts).cloned();
        let role = setting.parameters.key_account_role_name.as_ref();
        let (rotation, policy, delivery) = join!(
            self.rotation(&needs, asked_key.as_ref(), &facts),
            self.key_policy(&needs, asked_key.as_ref(), role, &facts),
            self.delivery(&needs, trail),
        );
        facts.rotation = rotation?;
        facts.key_policy = policy?;
        facts.delivery = delivery?;
        Ok(facts)
    }

    /// Both at once, unless the key must be looked for where the bucket is.
    async fn key_and_bucket(&self, needs: &Needs, trail: &Trail) -> (Read<KeyFacts>, Read<Region>) {
        match &needs.key {
            Some(KeyQuery::At(region, key)) => {
                join(self.key(region, key), self.bucket(needs.bucket.as_ref())).await
            }
            // KMS takes an alias or a bare id for one of the caller's account.
            Some(KeyQuery::InBucketRegion(_)) if trail.arn.owner() != self.session.account() => {
                let bucket = self.bucket(needs.bucket.as_ref()).await;
                (Ok(Reading::Refused(Refusal::NamesNoAccount)), bucket)
            }
            Some(KeyQuery::InBucketRegion(key)) => {
                let bucket = self.bucket(needs.bucket.as_ref()).await;
                let found = match &bucket {
                    Ok(Reading::Known(region)) => self.key(region, key).await,
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

    async fn key(&self, region: &Region, key: &KeyRef) -> Read<KeyFacts> {
        let read = describe_key(self.session, region, key);
        self.keys.get((region.clone(), key.clone()), read).await
    }

    async fn bucket(&self, bucket: Option<&BucketName>) -> Read<Region> {
        match bucket {
            Some(name) => self.buckets.get(name.clone(), bucket_region(self.session, name)).await,
            None => unread(),
        }
    }

    async fn rotation(&self, needs: &Needs, key: Option<&KeyArn>, facts: &Facts) -> Read<Rotation> {
        match (needs.rotation, key) {
            (true, Some(key)) if matches!(facts.key, Reading::Known(_)) => {
                self.rotations.get(key.clone(), read_rotation(self.session, key)).await
            }
            (true, _) => Ok(as_the_key(&facts.key)),
            (false, _) => unread(),
        }
    }

    /// KMS never shows a policy across accounts: another account's is read with a role there.
    async fn key_policy(
        &self,
        needs: &Needs,
        key: Option<&KeyArn>,
        role: Option<&RoleName>,
        facts: &Facts,
    ) -> Read<String> {
        match (needs.key_policy, key) {
            (true, Some(key)) if !matches!(facts.key, Reading::Absent) => {
                self.policies.get(key.clone(), self.read_policy(key, role)).await
            }
            (true, _) => Ok(as_the_key(&facts.key)),
            (false, _) => unread(),
        }
    }

    async fn read_policy(&self, key: &KeyArn, role: Option<&RoleName>) -> Read<String> {
        const ACTION: &str = "kms:GetKeyPolicy";
        if key.account() == self.session.account() {
            return read_policy(self.session, key).await;
        }
        let Some(role) = role else {
            let account = key.account().clone();
            return Ok(Reading::Refused(Refusal::OtherAccount { action: ACTION, account }));
        };
        match self.aws.assume(role, key.account()).await {
            Ok(session) => read_policy(&session, key).await,
            Err(AwsError::Role { role, .. }) => Ok(Reading::Refused(Refusal::RoleRefused { role })),
            Err(error) => Err(error),
        }
    }

    async fn delivery(&self, needs: &Needs, trail: &Trail) -> Read<Delivery> {
        if needs.delivery { read_delivery(self.session, trail).await } else { unread() }
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

/// What KMS tells of a key (`DescribeKey`), asked in `region`.
///
/// Relies on INVARIANT (no-aws-alias-call): `needs` never names such an alias, and whoever else
/// asks must not either.
///
/// # Errors
///
/// [`AwsError::Breakdown`] where KMS does not answer; a refusal is a [`Reading::Refused`].
pub async fn describe_key(session: &Session, region: &Region, key: &KeyRef) -> Read<KeyFacts> {
    const ACTION: &str = "kms:DescribeKey";
    let call = session.kms(region).describe_key().key_id(key.as_str());
    let answer = call.send().boxed().await;
    match answer {
        Ok(described) => Ok(described.key_metadata.map_or_else(
            || Reading::Refused(Refusal::Unintelligible("DescribeKey told nothing".to_owned())),
            |metadata| of_asked_key(&metadata, key),
        )),
        Err(error) => refused(ACTION, session, region, &error),
    }
}

/// An answer about another key than the asked one is no evidence.
fn of_asked_key(metadata: &KeyMetadata, key: &KeyRef) -> Reading<KeyFacts> {
    let asked = match key {
        KeyRef::Key(arn) => Some(arn),
        KeyRef::AliasArn { .. } | KeyRef::Alias(_) | KeyRef::Id(_) | KeyRef::Unrecognized(_) => {
            None
        }
    };
    match key_facts(metadata) {
        Ok(facts) if asked.is_some_and(|asked| *asked != facts.arn) => Reading::Refused(
            Refusal::Unintelligible(format!("DescribeKey told of another key, {}", facts.arn)),
        ),
        Ok(facts) => Reading::Known(facts),
        Err(what) => Reading::Refused(Refusal::Unintelligible(what)),
    }
}

/// How KMS rotates a key (`GetKeyRotationStatus`).
///
/// # Errors
///
/// As for [`describe_key`].
pub async fn read_rotation(session: &Session, key: &KeyArn) -> Read<Rotation> {
    const ACTION: &str = "kms:GetKeyRotationStatus";
    let client = session.kms(key.region());
    let call = client.get_key_rotation_status().key_id(key.as_str());
    let error = match call.send().boxed().await {
        Ok(status) if status.key_rotation_enabled => {
            let period_days = status.rotation_period_in_days.and_then(|days| days.try_into().ok());
            let next = status.next_rotation_date.as_ref().and_then(timestamp);
            return Ok(Reading::Known(Rotation::On { period_days, next }));
        }
        Ok(_) => return Ok(Reading::Known(Rotation::Off)),
        Err(error) => error,
    };
    if error.as_service_error().is_some_and(|error| error.is_unsupported_operation_exception()) {
        return Ok(Reading::Known(Rotation::NotSupported));
    }
    refused(ACTION, session, key.region(), &error)
}

/// A key's policy document (`GetKeyPolicy`), which KMS never shows across accounts.
///
/// # Errors
///
/// As for [`describe_key`].
pub async fn read_policy(session: &Session, key: &KeyArn) -> Read<String> {
    const ACTION: &str = "kms:GetKeyPolicy";
    let client = session.kms(key.region());
    let call = client.get_key_policy().key_id(key.as_str()).policy_name("default");
    match call.send().boxed().await {
        Ok(answer) => Ok(answer.policy.map_or_else(
            || Reading::Refused(Refusal::Unintelligible("GetKeyPolicy told nothing".to_owned())),
            Reading::Known,
        )),
        Err(error) => refused(ACTION, session, key.region(), &error),
    }
}

/// Asked by ARN in the trail's home Region, where its deliveries are counted.
async fn read_delivery(session: &Session, trail: &Trail) -> Read<Delivery> {
    const ACTION: &str = "cloudtrail:GetTrailStatus";
    let client = session.cloudtrail(&trail.home_region);
    let call = client.get_trail_status().name(trail.arn.as_str());
    match call.send().boxed().await {
        Ok(status) => Ok(Reading::Known(Delivery {
            error: status.latest_delivery_error,
            digest_error: status.latest_digest_delivery_error,
        })),
        Err(error) => refused(ACTION, session, &trail.home_region, &error),
    }
}

/// AWS's no is a fact; anything else says nothing of the resource.
///
/// Credentials that another Region does not know are those of an account in which it is not
/// enabled: were they good for nothing, nothing could be reported either.
fn refused<T, E, R>(
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
        Refused::Denied => Ok(Reading::Refused(Refusal::AccessDenied { action })),
        Refused::NotFound => Ok(Reading::Absent),
        Refused::Invalid(code) => {
            let what = format!("{action} answered {code}");
            Ok(Reading::Refused(Refusal::Unintelligible(what)))
        }
        Refused::Unrecognized if region != session.region() => {
            Ok(Reading::Refused(Refusal::RegionNotEnabled(region.clone())))
        }
        Refused::Unrecognized | Refused::No => Err(AwsError::Breakdown {
            operation: action,
            region: region.to_string(),
            cause: chain(error),
        }),
    }
}
