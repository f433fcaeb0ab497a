//! AWS Key Management Service: reading keys.

use serde_json::{Value, json};

use super::Request;
use crate::arn::{Arn, partition_of};
use crate::caller::{Caller, denied};
use crate::model;
use crate::moments;
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::state::{Alias, Key, KeyName, Rotation};

/// The creation time of every key of the lab: 2026-01-15T09:00:00Z.
const CREATION_DATE: i64 = 1_768_467_600_000;

/// KMS's default number of keys per page.
const KEYS_ON_A_PAGE: usize = 100;
/// KMS's default number of tags per page.
const TAGS_ON_A_PAGE: usize = 50;

pub(super) fn describe_key(request: &mut Request<'_>) -> Result<Value, Refusal> {
    let name = request.text("KeyId");
    if let Some(alias) = missing_aws_alias(request, name) {
        create_aws_managed_key(request, alias);
    }
    Ok(json!({ "KeyMetadata": metadata(find(request, name)?) }))
}

/// The ARN of a predefined AWS alias of the caller that has no key yet.
fn missing_aws_alias(request: &Request<'_>, name: &str) -> Option<String> {
    let arn = match KeyName::parse(name) {
        KeyName::Alias(alias) => own_arn(request.caller, alias),
        KeyName::AliasArn(arn) if request.is_in(arn.account, arn.region) => name.to_owned(),
        KeyName::AliasArn(_) | KeyName::Id(_) | KeyName::Arn(_) | KeyName::Malformed => {
            return None;
        }
    };
    (arn.contains(":alias/aws/") && request.state().alias(&arn).is_none()).then_some(arn)
}

/// Creates an AWS managed key, as KMS does when a predefined alias without a key is described.
fn create_aws_managed_key(request: &mut Request<'_>, alias: String) {
    let lab_state = &mut *request.lab_state;
    let number = lab_state.created_keys.len() + 1;
    let arn = own_arn(request.caller, &format!("key/a0000000-0000-4000-8000-{number:012}"));
    lab_state.state.keys.push(Key {
        manager: "AWS".to_owned(),
        rotation: Rotation { enabled: true, period_days: Some(365), next_rotation_date: None },
        arn: arn.clone(),
        ..Key::default()
    });
    lab_state.created_keys.push(alias.clone());
    lab_state.state.aliases.push(Alias { arn: alias, target_key_arn: arn });
}

pub(super) fn own_arn(caller: &Caller, resource: &str) -> String {
    let partition = partition_of(&caller.region);
    format!("arn:{partition}:kms:{}:{}:{resource}", caller.region, caller.account())
}

/// Finds the named key, or returns KMS's error.
pub(super) fn find<'a>(request: &'a Request<'_>, name: &str) -> Result<&'a Key, Refusal> {
    let takes_aliases = request.operation == Operation::DescribeKey;
    match KeyName::parse(name) {
        KeyName::Malformed => {
            Err(Refusal::new("InvalidArnException", format!("Invalid arn {name}")))
        }
        KeyName::Alias(_) | KeyName::AliasArn(_) if !takes_aliases => {
            Err(not_found(&format!("Invalid keyId {name}")))
        }
        KeyName::Id(id) if !is_key_id(id) => Err(not_found(&format!("Invalid keyId {name}"))),
        KeyName::Id(id) => of_caller(request, &own_arn(request.caller, &format!("key/{id}"))),
        KeyName::Alias(alias) => by_alias(request, &own_arn(request.caller, alias)),
        // KMS finds only keys of the Region that is called; an ARN of another Region is not found.
        KeyName::Arn(arn) | KeyName::AliasArn(arn) if arn.region != request.region() => {
            Err(not_found(&format!("Invalid arn {}", arn.region)))
        }
        KeyName::Arn(arn) => by_arn(request, name, arn),
        KeyName::AliasArn(_) => by_alias(request, name),
    }
}

fn by_alias<'a>(request: &'a Request<'_>, alias: &str) -> Result<&'a Key, Refusal> {
    let target = request.state().alias(alias).map(|alias| alias.target_key_arn.as_str());
    if let Some((target, arn)) = target.and_then(|target| Some((target, Arn::parse(target)?))) {
        return by_arn(request, target, arn);
    }
    Err(if Arn::parse(alias).is_none_or(|arn| arn.account != request.account()) {
        denied(&request.caller.identity.arn, request.operation.iam(), alias)
    } else {
        not_found(&format!("Alias {alias} is not found."))
    })
}

fn by_arn<'a>(request: &'a Request<'_>, name: &str, arn: Arn<'_>) -> Result<&'a Key, Refusal> {
    if arn.account == request.account() {
        return of_caller(request, name);
    }
    // KMS hides from other accounts whether the key exists.
    let (operation, action) = (request.operation, request.operation.iam());
    let across_accounts =
        matches!(operation, Operation::DescribeKey | Operation::GetKeyRotationStatus);
    let readable = request.state().key(name).filter(|key| {
        across_accounts && key.readable_from.iter().any(|account| account == request.account())
    });
    readable.ok_or_else(|| {
        let mut refusal = denied(&request.caller.identity.arn, action, name);
        let why = format!(" because no resource-based policy allows the {action} action");
        refusal.message.push_str(&why);
        refusal
    })
}

fn of_caller<'a>(request: &'a Request<'_>, arn: &str) -> Result<&'a Key, Refusal> {
    request.state().key(arn).ok_or_else(|| not_found(&format!("Key '{arn}' does not exist")))
}

pub(super) fn not_found(message: &str) -> Refusal {
    Refusal::new("NotFoundException", message)
}

/// A key ID is a UUID, or `mrk-` and 32 hexadecimal digits.
fn is_key_id(text: &str) -> bool {
    let hexadecimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(digits) = text.strip_prefix("mrk-") {
        return digits.len() == 32 && hexadecimal(digits);
    }
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.split('-').all(hexadecimal)
}

/// The part of a key's ARN after `key/`.
fn key_id(key: &Key) -> &str {
    key.arn.split_once(":key/").map_or("", |(_, id)| id)
}

pub(super) fn metadata(key: &Key) -> Value {
    let arn = Arn::parse(&key.arn);
    let mut old_specs = model::KEY_SPECS.iter().take(model::OLDER_KEY_SPECS);
    let is_old_spec = old_specs.any(|spec| *spec == key.spec);
    let is_imported = key.origin == "EXTERNAL";
    let expires = if key.valid_to.is_some() { "EXPIRES" } else { "DOES_NOT_EXPIRE" };
    let regions = arn.filter(|_| key.multi_region).map(|arn| {
        let primary = json!({ "Arn": key.arn, "Region": arn.region });
        json!({ "MultiRegionKeyType": "PRIMARY", "PrimaryKey": primary, "ReplicaKeys": [] })
    });
    let deletion_date = key.deletion_date.filter(|_| key.state == "PendingDeletion");
    json!({
        "AWSAccountId": arn.map_or("", |arn| arn.account),
        "KeyId": key_id(key),
        "Arn": key.arn,
        "CreationDate": moments::to_epoch(CREATION_DATE),
        "Enabled": key.state == "Enabled",
        "Description": key.description,
        "KeyUsage": key.usage,
        "KeyState": key.state,
        "Origin": key.origin,
        "KeyManager": key.manager,
        "KeySpec": key.spec,
        "MultiRegion": key.multi_region,
        "CustomerMasterKeySpec": is_old_spec.then_some(&key.spec),
        "EncryptionAlgorithms": (key.spec == "SYMMETRIC_DEFAULT").then_some(["SYMMETRIC_DEFAULT"]),
        "DeletionDate": deletion_date.map(moments::to_epoch),
        "PendingDeletionWindowInDays": (key.state == "PendingReplicaDeletion").then_some(30),
        "ValidTo": key.valid_to.map(moments::to_epoch),
        "ExpirationModel": is_imported.then(|| format!("KEY_MATERIAL_{expires}")),
        "MultiRegionConfiguration": regions,
    })
}

/// A key has only the policy named `default`.
pub(super) fn admit_policy_name(request: &Request<'_>) -> Result<(), Refusal> {
    match request.maybe_text("PolicyName") {
        None | Some("default") => Ok(()),
        Some(_) => Err(not_found("No such policy exists")),
    }
}

pub(super) fn get_key_policy(request: &Request<'_>) -> Result<Value, Refusal> {
    let key = find(request, request.text("KeyId"))?;
    admit_policy_name(request)?;
    Ok(json!({ "Policy": key.policy_text(), "PolicyName": "default" }))
}

/// Only symmetric keys with material generated by KMS rotate automatically.
pub(super) fn admit_rotation(key: &Key) -> Result<(), Refusal> {
    if key.spec == "SYMMETRIC_DEFAULT" && key.origin == "AWS_KMS" {
        return Ok(());
    }
    let message = format!("{} key spec or origin does not support rotation", key.arn);
    Err(Refusal::new("UnsupportedOperationException", message))
}

pub(super) fn get_key_rotation_status(request: &Request<'_>) -> Result<Value, Refusal> {
    let key = find(request, request.text("KeyId"))?;
    admit_rotation(key)?;
    let doomed = key.state == "PendingDeletion";
    let enabled = key.manager == "AWS" || (key.rotation.enabled && !doomed);
    let days = key.rotation.period_days.unwrap_or(365);
    let usual = i64::try_from(days).unwrap_or_default().saturating_mul(86_400_000);
    let next = key.rotation.next_rotation_date.unwrap_or(CREATION_DATE.saturating_add(usual));
    Ok(json!({
        "KeyId": key_id(key),
        "KeyRotationEnabled": enabled,
        "RotationPeriodInDays": enabled.then_some(days),
        "NextRotationDate": enabled.then(|| moments::to_epoch(next)),
    }))
}

pub(super) fn list_keys(request: &Request<'_>) -> Result<Value, Refusal> {
    let own = |arn: Arn<'_>| request.is_in(arn.account, arn.region);
    let keys = request.state().keys.iter().filter(|key| Arn::parse(&key.arn).is_some_and(own));
    let keys = keys.map(|key| json!({ "KeyId": key_id(key), "KeyArn": key.arn })).collect();
    page(request, keys, KEYS_ON_A_PAGE, "Keys")
}

pub(super) fn list_resource_tags(request: &Request<'_>) -> Result<Value, Refusal> {
    let tags = find(request, request.text("KeyId"))?.tags.iter();
    let tags = tags.map(|(key, value)| json!({ "TagKey": key, "TagValue": value })).collect();
    page(request, tags, TAGS_ON_A_PAGE, "Tags")
}

fn page(
    request: &Request<'_>,
    all: Vec<Value>,
    usual: usize,
    name: &str,
) -> Result<Value, Refusal> {
    let (rows, next) = request.page(all, usual, name)?;
    Ok(json!({ name: rows, "Truncated": next.is_some(), "NextMarker": next }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_key_ids_are_accepted_as_key_ids() {
        assert!(is_key_id("11111111-2222-4333-8444-555555555555"));
        assert!(is_key_id("mrk-1234abcd12ab34cd56ef1234567890ab"));
        for wrong in ["", "key", "mrk-1", "11111111-2222-4333-8444-55555555555g", "my-key"] {
            assert!(!is_key_id(wrong), "{wrong}");
        }
    }
}
