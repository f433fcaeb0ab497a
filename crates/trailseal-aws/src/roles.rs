//! The caller's own identity and the roles that it assumes in other accounts.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sts::types::Credentials as StsCredentials;
use futures_util::FutureExt as _;
use tokio::sync::Mutex as AsyncMutex;
use trailseal_rule::{AccountId, Partition, Region, RoleName};

use crate::calls::{CallLog, Calls};
use crate::connection::Connection;
use crate::failure::{AwsError, cause, failed};
use crate::session::Session;

/// The session name of assumed roles, as CloudTrail records it.
const SESSION_NAME: &str = "trailseal";

/// Credentials of a role are renewed this long before they expire.
const RENEWAL_MARGIN: Duration = Duration::from_secs(300);

/// The caller's own identity.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its account.
    pub account: AccountId,
    /// Its home Region.
    pub region: Region,
    /// Its credentials.
    pub credentials: Credentials,
    /// The external ID for assuming roles, if they require one.
    pub external_id: Option<String>,
}

/// The caller's session and the sessions of the roles that it assumed. It can be kept between
/// invocations.
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
    /// Calls AWS as `identity`.
    pub fn new(connection: Connection, identity: Identity) -> Self {
        let Identity { account, region, credentials, external_id } = identity;
        let credentials = SharedCredentialsProvider::new(credentials);
        Self::of(Session::new(connection, account, region, credentials), external_id)
    }

    /// Calls AWS with this session; `external_id` is used to assume roles.
    pub fn of(own: Session, external_id: Option<String>) -> Self {
        Self { own, external_id, assumed: Mutex::default() }
    }

    /// The caller's own session.
    pub fn own(&self) -> &Session {
        &self.own
    }

    /// The calls made in all sessions.
    pub fn calls(&self) -> &CallLog {
        self.own.connection.calls()
    }

    /// A session of a role in another account, assumed with the caller's own credentials. It is
    /// kept until shortly before its credentials expire.
    ///
    /// # Errors
    ///
    /// [`AwsError::Role`] if STS denies it; [`AwsError::ServiceFailure`] if STS fails.
    pub async fn assume(&self, role: &RoleName, account: &AccountId) -> Result<Session, AwsError> {
        let arn = role.arn(Partition::of(self.own.region()).name, account);
        let place = {
            let mut assumed = self.assumed.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(assumed.entry(arn.clone()).or_default())
        };
        // Only callers that need the same role wait.
        let mut place = place.lock().await;
        if let Some(kept) = place.as_ref().filter(|kept| SystemTime::now() < kept.renew_at) {
            return Ok(kept.session.clone());
        }
        let (credentials, renew_at) = self.ask_sts(&arn).await?;
        let session = Session::new(
            self.own.connection.clone(),
            account.clone(),
            self.own.region().clone(),
            SharedCredentialsProvider::new(credentials),
        );
        *place = Some(Assumed { session: session.clone(), renew_at });
        Ok(session)
    }

    /// Does a piece of work: its result, and the calls that it made.
    ///
    /// Calls of earlier work that was aborted do not count. If the credentials of a role expired early,
    /// the next work assumes all roles again.
    pub async fn count_calls<T>(
        &self,
        work: impl Future<Output = T>,
    ) -> (T, BTreeMap<String, Calls>) {
        drop(self.calls().take());
        let result = work.await;
        let calls = self.calls().take();
        if calls.values().any(|calls| calls.expired > 0) {
            self.forget_roles();
        }
        (result, calls)
    }

    /// Drops the sessions of all roles; each is assumed again when it is needed.
    fn forget_roles(&self) {
        self.assumed.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    async fn ask_sts(&self, role: &str) -> Result<(Credentials, SystemTime), AwsError> {
        const OPERATION: &str = "sts:AssumeRole";
        let call = self.own.sts().assume_role();
        let call = call.role_arn(role).role_session_name(SESSION_NAME);
        let call = call.set_external_id(self.external_id.clone());
        let answer = call.send().boxed().await;
        let answer = answer.map_err(|error| {
            let failed = failed(OPERATION, self.own.region(), &error);
            if matches!(failed, AwsError::Denied { .. }) {
                AwsError::Role { role: role.to_owned(), cause: cause(&error) }
            } else {
                failed
            }
        })?;
        answer.credentials.filter(is_whole).map(keep).ok_or_else(|| {
            AwsError::bad_answer(OPERATION, self.own.region(), "the answer has no credentials")
        })
    }
}

/// The SDK reads a malformed answer as blank credentials.
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
