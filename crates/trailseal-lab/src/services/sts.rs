//! AWS Security Token Service: the caller's identity and assumed roles.

use serde_json::{Value, json};

use super::Request;
use crate::arn::Arn;
use crate::caller::{Caller, denied};
use crate::moments;
use crate::refusal::Refusal;

/// The default duration of a session, and the maximum for a caller that is itself a
/// session of a role, as a function always is (IAM User Guide, role chaining).
const SESSION_SECONDS: i64 = 3600;

pub(super) fn assume_role(request: &mut Request<'_>) -> Result<Value, Refusal> {
    let arn = request.text("RoleArn");
    let Some((parts, path)) = Arn::of(arn, "iam", "role") else {
        return Err(Refusal::new("ValidationError", format!("{arn} is invalid")));
    };
    let seconds = request.body.get("DurationSeconds").and_then(Value::as_i64);
    let seconds = seconds.unwrap_or(SESSION_SECONDS);
    if seconds > SESSION_SECONDS {
        let message = "The requested DurationSeconds exceeds the 1 hour session limit for roles \
                       assumed by role chaining";
        return Err(Refusal::new("ValidationError", message));
    }
    let external_id = request.maybe_text("ExternalId");
    let trusted = request.state().role(arn).is_some_and(|role| {
        role.trusted_accounts.iter().any(|account| account == request.account())
            && role.external_id.as_deref().is_none_or(|demanded| external_id == Some(demanded))
    });
    if !trusted || request.state().account(parts.account).is_none() {
        return Err(denied(&request.caller.identity.arn, "sts:AssumeRole", arn));
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    let session = request.text("RoleSessionName");
    let assumed =
        format!("arn:{}:sts::{}:assumed-role/{name}/{session}", parts.partition, parts.account);
    let lab_state = &mut *request.lab_state;
    // STS counts whole seconds.
    let expires = (moments::now() / 1000 + lab_state.session_seconds.unwrap_or(seconds)) * 1000;
    let credentials = lab_state.sessions.begin(parts.account, assumed.clone(), expires);
    Ok(json!({
        "Credentials": {
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key,
            "SessionToken": credentials.session_token,
            "Expiration": moments::to_iso(expires).replace(".000Z", "Z"),
        },
        "AssumedRoleUser": {
            "AssumedRoleId": format!("AROALABROLE0000000000:{session}"),
            "Arn": assumed,
        },
    }))
}

pub(super) fn get_caller_identity(caller: &Caller) -> Value {
    json!({
        "UserId": "AROALABROLE0000000000:trailseal",
        "Account": caller.account(),
        "Arn": caller.identity.arn,
    })
}
