//! The caller of a request: the credentials that the lab issues and recognizes.
//!
//! The lab reads the account and the Region from a request's `Authorization` header.
//! It does not verify the signature: that would test the SDK, not its user.

use std::collections::HashMap;

use hyper::HeaderMap;

use crate::model;
use crate::moments;
use crate::operation::Service;
use crate::refusal::Refusal;
use crate::state::{Denial, State};

/// Credentials that the lab issues.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The access key ID, by which the lab recognizes the caller.
    pub access_key_id: String,
    /// The secret, a fixed text that is easy to search logs for.
    pub secret_access_key: String,
    /// The session token, which the lab requires.
    pub session_token: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// The identity that an access key belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) account: String,
    /// The identity's ARN, as error messages name it.
    pub(crate) arn: String,
    pub(crate) session_token: String,
    /// When the credentials expire, in milliseconds since 1970.
    pub(crate) expires: Option<i64>,
}

/// An identity that calls a Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) identity: Identity,
    pub(crate) region: String,
}

impl Caller {
    pub(crate) fn account(&self) -> &str {
        &self.identity.account
    }
}

/// The name of the function's execution role in each account.
const FUNCTION_ROLE: &str = "trailseal-function";

pub(crate) fn credentials_of(account: &str) -> Credentials {
    Credentials {
        access_key_id: format!("ASIALAB0{account}"),
        secret_access_key: format!("LabSecretAccessKeyNeverSeen0{account}"),
        session_token: format!("LabSessionTokenNeverSeen0{account}"),
    }
}

/// The access keys of the sessions of assumed roles.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    by_key: HashMap<String, Identity>,
    begun: u64,
}

impl Sessions {
    /// Starts a session of a role and returns its credentials.
    pub(crate) fn begin(&mut self, account: &str, arn: String, expires: i64) -> Credentials {
        self.begun = self.begun.saturating_add(1);
        let number = self.begun;
        let credentials = Credentials {
            access_key_id: format!("ASIALABS{number:012}"),
            secret_access_key: format!("LabSecretAccessKeyNeverSeenS{number:012}"),
            session_token: format!("LabSessionTokenNeverSeenS{number:012}"),
        };
        let identity = Identity {
            account: account.to_owned(),
            arn,
            session_token: credentials.session_token.clone(),
            expires: Some(expires),
        };
        self.by_key.insert(credentials.access_key_id.clone(), identity);
        credentials
    }

    /// Ends every session, as if it had expired.
    pub(crate) fn expire(&mut self) {
        for identity in self.by_key.values_mut() {
            identity.expires = Some(0);
        }
    }

    fn identity(&self, access_key_id: &str, state: &State) -> Option<Identity> {
        if let Some(identity) = self.by_key.get(access_key_id) {
            return Some(identity.clone());
        }
        let account = access_key_id.strip_prefix("ASIALAB0")?;
        let partition = state
            .account(account)?
            .regions
            .first()
            .map_or("aws", |region| crate::arn::partition_of(region));
        Some(Identity {
            account: account.to_owned(),
            arn: format!("arn:{partition}:sts::{account}:assumed-role/{FUNCTION_ROLE}/trailseal"),
            session_token: credentials_of(account).session_token,
            expires: None,
        })
    }
}

/// Reads the access key id, Region and service of a request that is signed with signature version 4.
fn scope(headers: &HeaderMap) -> Option<(&str, &str, &str)> {
    let header = headers.get("authorization")?.to_str().ok()?;
    let (_, rest) = header.strip_prefix("AWS4-HMAC-SHA256 ")?.split_once("Credential=")?;
    let scope: Vec<&str> = rest.split([',', ' ']).next()?.split('/').collect();
    let [access_key_id, _date, region, service, "aws4_request", ..] = scope.as_slice() else {
        return None;
    };
    Some((access_key_id, region, service))
}

/// Identifies the caller of a service, or returns an error of the JSON protocol.
pub(crate) fn recognise(
    headers: &HeaderMap,
    service: Service,
    sessions: &Sessions,
    state: &State,
) -> Result<Caller, Refusal> {
    let (access_key_id, region, named) = scope(headers).ok_or_else(|| {
        Refusal::new("MissingAuthenticationTokenException", "Missing Authentication Token")
    })?;
    let right = service.signing_name();
    if named != right {
        let message = format!("Credential should be scoped to correct service: '{right}'.");
        return Err(Refusal::new("InvalidSignatureException", message));
    }
    let unrecognised = || {
        Refusal::new(
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        )
    };
    let identity = sessions.identity(access_key_id, state).ok_or_else(unrecognised)?;
    let token = headers.get("x-amz-security-token").and_then(|token| token.to_str().ok());
    if token != Some(identity.session_token.as_str()) {
        return Err(unrecognised());
    }
    if identity.expires.is_some_and(|expires| expires <= moments::now()) {
        return Err(expired());
    }
    let account = state.account(&identity.account);
    if !account.is_some_and(|account| account.regions.iter().any(|enabled| enabled == region)) {
        return Err(unrecognised());
    }
    Ok(Caller { identity, region: region.to_owned() })
}

/// The error for expired credentials.
pub(crate) fn expired() -> Refusal {
    Refusal::new("ExpiredTokenException", "The security token included in the request is expired")
}

/// The error for a caller whose own policies do not allow the call.
pub(crate) fn denied(caller_arn: &str, action: &str, resource: &str) -> Refusal {
    let why = format!("because no identity-based policy allows the {action} action");
    not_authorized(caller_arn, action, resource, &why)
}

/// The wording of AWS (IAM User Guide, "Troubleshoot access denied error messages").
fn not_authorized(caller_arn: &str, action: &str, resource: &str, why: &str) -> Refusal {
    let on = if resource.is_empty() { String::new() } else { format!(" on resource: {resource}") };
    let message = format!("User: {caller_arn} is not authorized to perform: {action}{on} {why}");
    Refusal::new("AccessDeniedException", message)
}

impl Denial {
    /// The error for a denied call.
    pub(crate) fn refusal(&self, caller_arn: &str, action: &str, resource: &str) -> Refusal {
        if let Some(code) = &self.error {
            let message = "The operation cannot be carried out for this caller.";
            return Refusal::new(model::cloudtrail_error(code), message);
        }
        let policy = self.policy.as_deref().unwrap_or("service control policy");
        if policy == "none" {
            return denied(caller_arn, action, resource);
        }
        let article = if policy.starts_with('i') { "an" } else { "a" };
        let why = format!("with an explicit deny in {article} {policy}");
        not_authorized(caller_arn, action, resource, &why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_show_no_secret_in_debug() {
        assert!(!format!("{:?}", credentials_of("111122223333")).contains("NeverSeen"));
    }
}
