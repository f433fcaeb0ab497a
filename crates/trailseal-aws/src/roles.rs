//! Who asks: the function's own identity, and the roles that it assumes in other accounts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sts::types::Credentials as StsCredentials;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures_util::FutureExt as _;
use tokio::sync::Mutex as AsyncMutex;
use trailseal_rule::{AccountId, Region, RoleName};

use crate::calls::CallLog;
use crate::connection::Connection;
use crate::failure::{AwsError, chain};
use crate::session::Session;

/// What an auditor reads in CloudTrail as the name of an assumed role's session.
const SESSION_NAME: &str = "trailseal";

/// Credentials of a role are renewed this long before they expire.
const RENEWAL_MARGIN: Duration = Duration::from_secs(300);

/// The role that AWS Config uses for itself; only Config can assume it.
const CONFIG_SERVICE_ROLE: &str = "AWSServiceRoleForConfig";

/// The function's own identity.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its account.
    pub account: AccountId,
    /// Its Region: a default, used where an event names none.
    pub region: Region,
    /// Its credentials.
    pub credentials: Credentials,
    /// The external id that the roles it assumes ask for, where they do.
    pub external_id: Option<String>,
}

/// AWS as the function reaches it: what stays warm between two invocations.
#[derive(Debug)]
pub struct Aws {
    own: Session,
    external_id: Option<String>,
    assumed: Mutex<HashMap<String, Arc<AsyncMutex<Option<Assumed>>>>>,
}

#[derive(Debug)]
struct Assumed {
    session: Session,
    renew_at: SystemTime,
}

impl Aws {
    /// Reaches AWS as `identity`.
    #[must_use]
    pub fn new(connection: Connection, identity: Identity) -> Self {
        let Identity { account, region, credentials, external_id } = identity;
        let credentials = SharedCredentialsProvider::new(credentials);
        Self::of(Session::new(connection, account, region, credentials), external_id)
    }

    /// Reaches AWS as whoever the session is of; `external_id` is given where roles are assumed.
    #[must_use]
    pub fn of(own: Session, external_id: Option<String>) -> Self {
        Self { own, external_id, assumed: Mutex::default() }
    }

    /// The session of whoever asks.
    #[must_use]
    pub fn own(&self) -> &Session {
        &self.own
    }

    /// The calls that are made, in whatever session.
    #[must_use]
    pub fn calls(&self) -> &CallLog {
        self.own.connection.calls()
    }

    /// The session in which a rule of `account` and `region` is answered: the function's own, or
    /// that of `role` in the rule's account.
    ///
    /// # Errors
    ///
    /// [`AwsError::NoRole`] where the account is another one and no role is named;
    /// [`AwsError::Role`] where the role cannot be assumed; [`AwsError::ServiceFailure`] where STS
    /// does not answer.
    pub async fn session_of_rule(
        &self,
        account: &AccountId,
        region: Option<&Region>,
        role: Option<&RoleName>,
    ) -> Result<Session, AwsError> {
        let region = region.unwrap_or_else(|| self.own.region()).clone();
        if account == self.own.account() {
            return Ok(self.own.in_region(region));
        }
        let Some(role) = role else {
            let (account, own) = (account.to_string(), self.own.account().to_string());
            return Err(AwsError::NoRole { account, own });
        };
        Ok(self.assume(role, account).await?.in_region(region))
    }

    /// A session of a role in another account. The function's own credentials assume it; they
    /// are kept until shortly before they expire.
    ///
    /// # Errors
    ///
    /// As for [`Aws::session_of_rule`].
    pub async fn assume(&self, role: &RoleName, account: &AccountId) -> Result<Session, AwsError> {
        let arn = role.arn(partition_of(self.own.region()), account);
        let place = {
            let mut assumed = self.assumed.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(assumed.entry(arn.clone()).or_default())
        };
        // Whoever wants the same role waits for it; other roles are assumed meanwhile.
        let mut place = place.lock().await;
        if let Some(kept) = place.as_ref().filter(|kept| SystemTime::now() < kept.renew_at) {
            return Ok(kept.session.clone());
        }
        let (credentials, renew_at) = self.ask_sts(&arn, account).await?;
        let session = Session::new(
            self.own.connection.clone(),
            account.clone(),
            self.own.region().clone(),
            SharedCredentialsProvider::new(credentials),
        );
        *place = Some(Assumed { session: session.clone(), renew_at });
        Ok(session)
    }

    /// Forgets the sessions of all roles: each is assumed anew when it is wanted next.
    pub fn forget_roles(&self) {
        self.assumed.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    async fn ask_sts(
        &self,
        role: &str,
        account: &AccountId,
    ) -> Result<(Credentials, SystemTime), AwsError> {
        let call = self.own.sts().assume_role();
        let call = call.role_arn(role).role_session_name(SESSION_NAME);
        let call = call.set_external_id(self.external_id.clone());
        let answer = call.send().boxed().await;
        let answer = answer.map_err(|error| {
            let refused = error.as_service_error().and_then(ProvideErrorMetadata::code);
            match refused {
                Some("AccessDenied" | "AccessDeniedException") => AwsError::Role {
                    role: role.to_owned(),
                    account: account.to_string(),
                    cause: chain(&error),
                    advice: advice(role),
                },
                _ => AwsError::ServiceFailure {
                    operation: "sts:AssumeRole",
                    region: self.own.region().to_string(),
                    cause: chain(&error),
                },
            }
        })?;
        answer.credentials.filter(is_whole).map(keep).ok_or_else(|| AwsError::ServiceFailure {
            operation: "sts:AssumeRole",
            region: self.own.region().to_string(),
            cause: "the answer holds no credentials".to_owned(),
        })
    }
}

/// A garbled answer is read as credentials that are blank.
fn is_whole(given: &StsCredentials) -> bool {
    [&given.access_key_id, &given.secret_access_key, &given.session_token]
        .iter()
        .all(|part| !part.is_empty())
}

fn keep(given: StsCredentials) -> (Credentials, SystemTime) {
    let expiry = SystemTime::try_from(given.expiration).unwrap_or(SystemTime::UNIX_EPOCH);
    let credentials = Credentials::new(
        given.access_key_id,
        given.secret_access_key,
        Some(given.session_token),
        Some(expiry),
        "sts:AssumeRole",
    );
    (credentials, expiry.checked_sub(RENEWAL_MARGIN).unwrap_or(SystemTime::UNIX_EPOCH))
}

fn advice(role: &str) -> &'static str {
    if role.ends_with(CONFIG_SERVICE_ROLE) {
        "it is the service-linked role of AWS Config, which only Config can assume: name a role \
         of your own"
    } else {
        "see that the role exists, trusts the function's role, and asks for the external id that \
         the function has"
    }
}

/// The partition of a Region, by its name (AWS General Reference, "Amazon Resource Names").
fn partition_of(region: &Region) -> &'static str {
    match region.as_str() {
        name if name.starts_with("cn-") => "aws-cn",
        name if name.starts_with("us-gov-") => "aws-us-gov",
        name if name.starts_with("us-isob-") => "aws-iso-b",
        name if name.starts_with("us-iso-") => "aws-iso",
        name if name.starts_with("eusc-") => "aws-eusc",
        _ => "aws",
    }
}
