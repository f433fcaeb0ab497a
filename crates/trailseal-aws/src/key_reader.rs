//! Reads a key: its description, rotation and policy.
//!
//! A key of another account is read with a role in that account, if one is set
//! (`keyAccountRoleName`). Without a role, KMS returns the description and the rotation of such a
//! key to callers that its policy allows, and never its policy.

use aws_sdk_kms::types::KeyMetadata;
use futures_util::FutureExt as _;
use trailseal_rule::{
    AccountId, KeyArn, KeyFacts, KeyRef, Reading, Refusal, Region, RoleName, Rotation,
};

use crate::convert::{key_facts, timestamp};
use crate::failure::{AwsError, Read, refused};
use crate::once::Once;
use crate::roles::Aws;
use crate::session::Session;

/// Reads keys of one invocation. It tries to assume a role once for each account.
#[derive(Debug)]
pub struct KeyReader<'a> {
    aws: &'a Aws,
    session: &'a Session,
    roles: Once<AccountId, Result<RoleSession, AwsError>>,
}

/// The session of a role in the account of a key, or its ARN if it cannot be assumed.
type RoleSession = Result<Session, String>;

impl<'a> KeyReader<'a> {
    /// Reads keys as `session`, or as roles that `aws` assumes.
    pub fn new(aws: &'a Aws, session: &'a Session) -> Self {
        Self { aws, session, roles: Once::default() }
    }

    /// The description of a key in `region` (`DescribeKey`).
    ///
    /// Upholds INVARIANT (no-aws-alias-call): a reference that cannot be described is not read.
    ///
    /// # Errors
    ///
    /// [`AwsError`] if KMS or STS fails; a refusal is a [`Reading::Refused`].
    pub async fn describe(
        &self,
        region: &Region,
        key: &KeyRef,
        role: Option<&RoleName>,
    ) -> Read<KeyFacts> {
        if !key.is_describable() {
            return Ok(Reading::Refused(Refusal::NotRead));
        }
        let read = async |session: &Session| describe_key(session, region, key).await;
        self.read_as(key.account(), role, read).await
    }

    /// The rotation of a key (`GetKeyRotationStatus`).
    ///
    /// # Errors
    ///
    /// As for [`KeyReader::describe`].
    pub async fn rotation(&self, key: &KeyArn, role: Option<&RoleName>) -> Read<Rotation> {
        let read = async |session: &Session| read_rotation(session, key).await;
        self.read_as(Some(key.account()), role, read).await
    }

    /// The policy of a key (`GetKeyPolicy`), which KMS never returns to another account.
    ///
    /// # Errors
    ///
    /// As for [`KeyReader::describe`].
    pub async fn policy(&self, key: &KeyArn, role: Option<&RoleName>) -> Read<String> {
        if role.is_none() && key.account() != self.session.account() {
            let (action, account) = ("kms:GetKeyPolicy", key.account().clone());
            return Ok(Reading::Refused(Refusal::OtherAccount { action, account }));
        }
        let read = async |session: &Session| read_policy(session, key).await;
        self.read_as(Some(key.account()), role, read).await
    }

    /// Reads as the role in the key's account if it is another account, otherwise as the session.
    async fn read_as<T>(
        &self,
        account: Option<&AccountId>,
        role: Option<&RoleName>,
        read: impl AsyncFnOnce(&Session) -> Read<T>,
    ) -> Read<T> {
        let other = account.filter(|account| *account != self.session.account());
        let Some((account, role)) = other.zip(role) else {
            return read(self.session).await;
        };
        match self.assume(account, role).await? {
            Ok(session) => Ok(of_role(read(&session).await?, role)),
            Err(role) => Ok(Reading::Refused(Refusal::RoleRefused { role })),
        }
    }

    async fn assume(&self, account: &AccountId, role: &RoleName) -> Result<RoleSession, AwsError> {
        let assume = async {
            match self.aws.assume(role, account).await {
                Ok(session) => Ok(Ok(session)),
                Err(AwsError::Role { role, .. }) => Ok(Err(role)),
                Err(error) => Err(error),
            }
        };
        self.roles.get(account.clone(), assume).await
    }
}

/// Names the role if it was denied the call: it needs the permission, not the rule's role.
fn of_role<T>(reading: Reading<T>, role: &RoleName) -> Reading<T> {
    let Reading::Refused(Refusal::AccessDenied { action }) = reading else {
        return reading;
    };
    Reading::Refused(Refusal::RoleDenied { action, role: role.as_str().to_owned() })
}

async fn describe_key(session: &Session, region: &Region, key: &KeyRef) -> Read<KeyFacts> {
    const ACTION: &str = "kms:DescribeKey";
    let call = session.kms(region).describe_key().key_id(key.as_str());
    let answer = call.send().boxed().await;
    match answer {
        Ok(described) => Ok(described.key_metadata.map_or_else(
            || Reading::Refused(Refusal::Malformed("DescribeKey returned no key".to_owned())),
            |metadata| of_asked_key(&metadata, key),
        )),
        Err(error) => refused(ACTION, region, session.region(), &error),
    }
}

/// A description of another key is not evidence.
fn of_asked_key(metadata: &KeyMetadata, key: &KeyRef) -> Reading<KeyFacts> {
    match key_facts(metadata) {
        Ok(facts) if matches!(key, KeyRef::Key(asked) if *asked != facts.arn) => Reading::Refused(
            Refusal::Malformed(format!("DescribeKey returned another key, {}", facts.arn)),
        ),
        Ok(facts) => Reading::Known(facts),
        Err(what) => Reading::Refused(Refusal::Malformed(what)),
    }
}

async fn read_rotation(session: &Session, key: &KeyArn) -> Read<Rotation> {
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
    refused(ACTION, key.region(), session.region(), &error)
}

async fn read_policy(session: &Session, key: &KeyArn) -> Read<String> {
    const ACTION: &str = "kms:GetKeyPolicy";
    let client = session.kms(key.region());
    let call = client.get_key_policy().key_id(key.as_str()).policy_name("default");
    match call.send().boxed().await {
        Ok(answer) => Ok(answer.policy.map_or_else(
            || Reading::Refused(Refusal::Malformed("GetKeyPolicy returned no policy".to_owned())),
            Reading::Known,
        )),
        Err(error) => refused(ACTION, key.region(), session.region(), &error),
    }
}
