//! AWS Key Management Service: creating and changing keys.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::kms::{admit_policy_name, admit_rotation, find, metadata, not_found, own_arn};
use super::{Request, text};
use crate::policy::{Asker, Question, allows, malformed};
use crate::refusal::Refusal;
use crate::state::{Alias, Key};

/// A key policy has at most 32 KiB (KMS Developer Guide, resource quotas).
const POLICY_BYTES_MAX: usize = 32_768;
/// The maximum number of tags of a resource (KMS Developer Guide, resource quotas).
const TAGS_MAX: usize = 50;

pub(super) fn put_key_policy(request: &mut Request<'_>) -> Result<Value, Refusal> {
    let arn = asked_key(request)?.arn.clone();
    admit_policy_name(request)?;
    let policy = request.text("Policy");
    admit_policy(request, &arn, policy)?;
    let lab_state = &mut *request.lab_state;
    if let Some(key) = lab_state.state.keys.iter_mut().find(|key| key.arn == arn) {
        lab_state.propagation.begin(key);
        key.policy = Some(policy.to_owned());
    }
    Ok(json!({}))
}

/// KMS rejects a policy that is malformed, is too long or locks the caller out.
fn admit_policy(request: &Request<'_>, key: &str, policy: &str) -> Result<(), Refusal> {
    let refuse = |message: &str| Refusal::new("MalformedPolicyDocumentException", message);
    if policy.len() > POLICY_BYTES_MAX {
        let message = format!("The key policy exceeds {POLICY_BYTES_MAX} bytes");
        return Err(Refusal::new("LimitExceededException", message));
    }
    if let Some(message) = malformed(policy) {
        return Err(refuse(message));
    }
    let bypass = request.flag("BypassPolicyLockoutSafetyCheck");
    let arn = &request.caller.identity.arn;
    let question = Question {
        asker: Asker::Identity { account: request.account(), arn },
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

pub(super) fn create_key(request: &mut Request<'_>) -> Result<Value, Refusal> {
    let number = request.lab_state.keys_made.saturating_add(1);
    request.lab_state.keys_made = number;
    let arn = own_arn(request.caller, &format!("key/c0000000-0000-4000-8000-{number:012}"));
    let policy = request.maybe_text("Policy");
    if let Some(policy) = policy {
        admit_policy(request, &arn, policy)?;
    }
    let key = Key {
        arn,
        description: request.text("Description").to_owned(),
        policy: policy.map(str::to_owned),
        tags: tags(request.list("Tags"))?,
        ..Key::default()
    };
    let answer = json!({ "KeyMetadata": metadata(&key) });
    request.lab_state.state.keys.push(key);
    Ok(answer)
}

fn tags(given: &[Value]) -> Result<BTreeMap<String, String>, Refusal> {
    let mut tags = BTreeMap::new();
    for tag in given {
        let (key, value) = (text(tag, "TagKey"), text(tag, "TagValue"));
        if key.starts_with("aws:") {
            let message = "aws: prefixed tag key names are not allowed";
            return Err(Refusal::new("TagException", message));
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

pub(super) fn create_alias(request: &mut Request<'_>) -> Result<Value, Refusal> {
    let name = request.text("AliasName");
    let given = name.strip_prefix("alias/").filter(|rest| !rest.is_empty());
    if given.is_none_or(|rest| rest.starts_with("aws/")) || name.contains(':') {
        let message = format!("Alias name {name} is not valid");
        return Err(Refusal::new("InvalidAliasNameException", message));
    }
    let arn = own_arn(request.caller, name);
    if request.state().alias(&arn).is_some() {
        let message = format!("An alias with the name {arn} already exists");
        return Err(Refusal::new("AlreadyExistsException", message));
    }
    let key = find(request, request.text("TargetKeyId"))?;
    if key.state == "PendingDeletion" {
        return Err(invalid_state(key, "is pending deletion"));
    }
    let target_key_arn = key.arn.clone();
    request.lab_state.state.aliases.push(Alias { arn, target_key_arn });
    Ok(json!({}))
}

pub(super) fn enable_key_rotation(request: &mut Request<'_>) -> Result<Value, Refusal> {
    let days = request.body.get("RotationPeriodInDays").and_then(Value::as_u64);
    let key = asked_key(request)?;
    admit_rotation(key)?;
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

pub(super) fn switch_key(request: &mut Request<'_>, to: &str) -> Result<Value, Refusal> {
    let key = asked_key(request)?;
    if !["Enabled", "Disabled"].contains(&key.state.as_str()) {
        return Err(invalid_state(key, "is not in a state for this request"));
    }
    key.state = to.to_owned();
    Ok(json!({}))
}

/// A key whose deletion is cancelled is disabled (KMS API Reference, `CancelKeyDeletion`).
pub(super) fn cancel_key_deletion(request: &mut Request<'_>) -> Result<Value, Refusal> {
    let key = asked_key(request)?;
    if key.state != "PendingDeletion" {
        return Err(invalid_state(key, "is not pending deletion"));
    }
    key.state = "Disabled".to_owned();
    key.deletion_date = None;
    Ok(json!({ "KeyId": key.arn }))
}

fn asked_key<'a>(request: &'a mut Request<'_>) -> Result<&'a mut Key, Refusal> {
    let key = find(request, request.text("KeyId"))?;
    if key.manager == "AWS" {
        let message = format!("{} is managed by AWS", key.arn);
        return Err(Refusal::new("UnsupportedOperationException", message));
    }
    let arn = key.arn.clone();
    let found = request.lab_state.state.keys.iter_mut().find(|key| key.arn == arn);
    found.ok_or_else(|| not_found(&format!("Key '{arn}' does not exist")))
}

fn invalid_state(key: &Key, what: &str) -> Refusal {
    Refusal::new("KMSInvalidStateException", format!("{} {what}.", key.arn))
}
