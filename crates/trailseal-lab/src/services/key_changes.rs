//! AWS Key Management Service: making and changing keys.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::kms::{find, metadata, not_found, own_arn};
use super::text;
use crate::caller::Caller;
use crate::lab_state::LabState;
use crate::operation::Operation;
use crate::policy::{Asker, Question, allows, malformed};
use crate::refusal::Refusal;
use crate::state::{Alias, Key};

/// A key policy has at most 32 KiB (KMS Developer Guide, resource quotas).
const POLICY_BYTES_MAX: usize = 32_768;
/// The maximum number of tags of a resource (KMS Developer Guide, resource quotas).
const TAGS_MAX: usize = 50;

pub(super) fn put_key_policy(
    lab_state: &mut LabState,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    let arn = asked_key(lab_state, caller, body, Operation::PutKeyPolicy)?.arn.clone();
    let name = body.get("PolicyName").and_then(Value::as_str).unwrap_or("default");
    if name != "default" {
        return Err(not_found("No such policy exists"));
    }
    let policy = text(body, "Policy");
    admit_policy(caller, &arn, policy, body)?;
    let LabState { state, propagation, .. } = lab_state;
    if let Some(key) = state.keys.iter_mut().find(|key| key.arn == arn) {
        propagation.begin(key);
        key.policy = Some(policy.to_owned());
    }
    Ok(json!({}))
}

/// KMS takes no policy that it cannot read, that is too long, or that locks the caller out.
fn admit_policy(caller: &Caller, key: &str, policy: &str, body: &Value) -> Result<(), Refusal> {
    let refuse = |message: &str| Refusal::new("MalformedPolicyDocumentException", message);
    if policy.len() > POLICY_BYTES_MAX {
        let message = format!("The key policy exceeds {POLICY_BYTES_MAX} bytes");
        return Err(Refusal::new("LimitExceededException", message));
    }
    if let Some(message) = malformed(policy) {
        return Err(refuse(message));
    }
    let bypass = body.get("BypassPolicyLockoutSafetyCheck").and_then(Value::as_bool);
    let question = Question {
        asker: Asker::Identity { account: caller.account(), arn: &caller.identity.arn },
        action: "kms:PutKeyPolicy",
        key_arn: key,
        context: Vec::new(),
    };
    if bypass != Some(true) && !allows(policy, &question) {
        return Err(refuse(
            "The new key policy will not allow you to update the key policy in the future.",
        ));
    }
    Ok(())
}

pub(super) fn create_key(
    lab_state: &mut LabState,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    lab_state.keys_made = lab_state.keys_made.saturating_add(1);
    let arn = own_arn(caller, &format!("key/c0000000-0000-4000-8000-{:012}", lab_state.keys_made));
    let policy = body.get("Policy").and_then(Value::as_str);
    if let Some(policy) = policy {
        admit_policy(caller, &arn, policy, body)?;
    }
    let key = Key {
        arn,
        manager: "CUSTOMER".to_owned(),
        state: "Enabled".to_owned(),
        usage: "ENCRYPT_DECRYPT".to_owned(),
        spec: "SYMMETRIC_DEFAULT".to_owned(),
        origin: "AWS_KMS".to_owned(),
        description: text(body, "Description").to_owned(),
        policy: policy.map(str::to_owned),
        tags: tags(body)?,
        ..Key::default()
    };
    let answer = json!({ "KeyMetadata": metadata(&key) });
    lab_state.state.keys.push(key);
    Ok(answer)
}

fn tags(body: &Value) -> Result<BTreeMap<String, String>, Refusal> {
    let mut tags = BTreeMap::new();
    for tag in body.get("Tags").and_then(Value::as_array).into_iter().flatten() {
        let (key, value) = (text(tag, "TagKey"), text(tag, "TagValue"));
        if key.starts_with("aws:") {
            return Err(Refusal::new(
                "TagException",
                "aws: prefixed tag key names are not allowed",
            ));
        }
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(Refusal::new("TagException", "Duplicate tag keys"));
        }
    }
    if tags.len() > TAGS_MAX {
        return Err(Refusal::new("TagException", "Too many tags"));
    }
    Ok(tags)
}

pub(super) fn create_alias(
    lab_state: &mut LabState,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    let name = text(body, "AliasName");
    let given = name.strip_prefix("alias/").filter(|rest| !rest.is_empty());
    if given.is_none_or(|rest| rest.starts_with("aws/")) || name.contains(':') {
        let message = format!("Alias name {name} is not valid");
        return Err(Refusal::new("InvalidAliasNameException", message));
    }
    let arn = own_arn(caller, name);
    if lab_state.state.alias(&arn).is_some() {
        let message = format!("An alias with the name {arn} already exists");
        return Err(Refusal::new("AlreadyExistsException", message));
    }
    let target = text(body, "TargetKeyId");
    let key = find(&lab_state.state, caller, target, Operation::CreateAlias)?;
    if key.state == "PendingDeletion" {
        return Err(invalid_state(key, "is pending deletion"));
    }
    let target_key_arn = key.arn.clone();
    lab_state.state.aliases.push(Alias { arn, target_key_arn });
    Ok(json!({}))
}

pub(super) fn enable_key_rotation(
    lab_state: &mut LabState,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    let days = body.get("RotationPeriodInDays").and_then(Value::as_u64);
    let key = asked_key(lab_state, caller, body, Operation::EnableKeyRotation)?;
    if key.spec != "SYMMETRIC_DEFAULT" || key.origin != "AWS_KMS" {
        let message = format!("{} key spec or origin does not support rotation", key.arn);
        return Err(Refusal::new("UnsupportedOperationException", message));
    }
    match key.state.as_str() {
        "Enabled" => {
            key.rotation.enabled = true;
            key.rotation.period_days = days.or(key.rotation.period_days);
            Ok(json!({}))
        }
        "Disabled" => Err(Refusal::new("DisabledException", format!("{} is disabled.", key.arn))),
        _ => Err(invalid_state(key, "is not in a state for this request")),
    }
}

pub(super) fn enable_key(
    lab_state: &mut LabState,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    switch(lab_state, caller, body, Operation::EnableKey, "Enabled")
}

pub(super) fn disable_key(
    lab_state: &mut LabState,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    switch(lab_state, caller, body, Operation::DisableKey, "Disabled")
}

fn switch(
    lab_state: &mut LabState,
    caller: &Caller,
    body: &Value,
    operation: Operation,
    to: &str,
) -> Result<Value, Refusal> {
    let key = asked_key(lab_state, caller, body, operation)?;
    if !["Enabled", "Disabled"].contains(&key.state.as_str()) {
        return Err(invalid_state(key, "is not in a state for this request"));
    }
    key.state = to.to_owned();
    Ok(json!({}))
}

/// A key whose deletion is cancelled is disabled (KMS API Reference, `CancelKeyDeletion`).
pub(super) fn cancel_key_deletion(
    lab_state: &mut LabState,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    let key = asked_key(lab_state, caller, body, Operation::CancelKeyDeletion)?;
    if key.state != "PendingDeletion" {
        return Err(invalid_state(key, "is not pending deletion"));
    }
    key.state = "Disabled".to_owned();
    key.deletion_date = None;
    Ok(json!({ "KeyId": key.arn }))
}

fn asked_key<'a>(
    lab_state: &'a mut LabState,
    caller: &Caller,
    body: &Value,
    operation: Operation,
) -> Result<&'a mut Key, Refusal> {
    let key = find(&lab_state.state, caller, text(body, "KeyId"), operation)?;
    if key.manager == "AWS" {
        let message = format!("{} is managed by AWS", key.arn);
        return Err(Refusal::new("UnsupportedOperationException", message));
    }
    let arn = key.arn.clone();
    let found = lab_state.state.keys.iter_mut().find(|key| key.arn == arn);
    found.ok_or_else(|| not_found(&format!("Key '{arn}' does not exist")))
}

fn invalid_state(key: &Key, what: &str) -> Refusal {
    Refusal::new("KMSInvalidStateException", format!("{} {what}.", key.arn))
}
