//! AWS Key Management Service: what it tells about keys.

use serde_json::{Map, Value, json};

use super::text;
use crate::arn::{Arn, partition_of};
use crate::caller::{Caller, denied};
use crate::lab_state::LabState;
use crate::model;
use crate::moments;
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::state::{Key, KeyName, Rotation, State};

/// The moment at which every key of the lab was made: 2026-01-15T09:00:00Z.
const CREATION_DATE: i64 = 1_768_467_600_000;

pub(super) fn describe_key(
    lab_state: &mut LabState,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    let name = text(body, "KeyId");
    if let Some(alias) = missing_aws_alias(&lab_state.state, caller, name) {
        create_aws_managed_key(lab_state, caller, &alias);
    }
    let key = find(&lab_state.state, caller, name, Operation::DescribeKey)?;
    Ok(json!({ "KeyMetadata": metadata(key) }))
}

/// The ARN of a predefined AWS alias of the caller that has no key yet.
fn missing_aws_alias(state: &State, caller: &Caller, name: &str) -> Option<String> {
    let arn = match KeyName::parse(name) {
        KeyName::Alias(alias) => own_arn(caller, alias),
        KeyName::AliasArn(arn)
            if arn.account == caller.account() && arn.region == caller.region =>
        {
            name.to_owned()
        }
        KeyName::AliasArn(_) | KeyName::Id(_) | KeyName::Arn(_) | KeyName::Malformed => {
            return None;
        }
    };
    (arn.contains(":alias/aws/") && state.alias(&arn).is_none()).then_some(arn)
}

/// What KMS does when a predefined alias without a key is described: it makes an AWS managed key.
fn create_aws_managed_key(lab_state: &mut LabState, caller: &Caller, alias: &str) {
    let number = lab_state.created_keys.len() + 1;
    let arn = own_arn(caller, &format!("key/a0000000-0000-4000-8000-{number:012}"));
    lab_state.state.keys.push(Key {
        arn: arn.clone(),
        manager: "AWS".to_owned(),
        state: "Enabled".to_owned(),
        usage: "ENCRYPT_DECRYPT".to_owned(),
        spec: "SYMMETRIC_DEFAULT".to_owned(),
        origin: "AWS_KMS".to_owned(),
        rotation: Rotation { enabled: true, period_days: Some(365), next_rotation_date: None },
        ..Key::default()
    });
    let alias = crate::state::Alias { arn: alias.to_owned(), target_key_arn: arn };
    lab_state.created_keys.push(alias.arn.clone());
    lab_state.state.aliases.push(alias);
}

pub(super) fn own_arn(caller: &Caller, resource: &str) -> String {
    let partition = partition_of(&caller.region);
    format!("arn:{partition}:kms:{}:{}:{resource}", caller.region, caller.account())
}

/// Finds the key that a request names, or refuses as KMS does.
pub(super) fn find<'a>(
    state: &'a State,
    caller: &Caller,
    name: &str,
    operation: Operation,
) -> Result<&'a Key, Refusal> {
    let takes_aliases = operation == Operation::DescribeKey;
    match KeyName::parse(name) {
        KeyName::Malformed => {
            Err(Refusal::new("InvalidArnException", format!("Invalid arn {name}")))
        }
        KeyName::Alias(_) | KeyName::AliasArn(_) if !takes_aliases => {
            Err(not_found(&format!("Invalid keyId {name}")))
        }
        KeyName::Id(id) if !is_key_id(id) => Err(not_found(&format!("Invalid keyId {name}"))),
        KeyName::Id(id) => of_caller(state, &own_arn(caller, &format!("key/{id}"))),
        KeyName::Alias(alias) => by_alias(state, caller, &own_arn(caller, alias), operation),
        KeyName::Arn(arn) => {
            in_region(arn, caller)?;
            by_arn(state, caller, name, arn, operation)
        }
        KeyName::AliasArn(arn) => {
            in_region(arn, caller)?;
            by_alias(state, caller, name, operation)
        }
    }
}

/// KMS answers for the Region that it is asked in; another Region's ARN is unknown to it.
fn in_region(arn: Arn<'_>, caller: &Caller) -> Result<(), Refusal> {
    if arn.region == caller.region {
        return Ok(());
    }
    Err(not_found(&format!("Invalid arn {}", arn.region)))
}

fn by_alias<'a>(
    state: &'a State,
    caller: &Caller,
    alias: &str,
    operation: Operation,
) -> Result<&'a Key, Refusal> {
    let foreign = Arn::parse(alias).is_none_or(|arn| arn.account != caller.account());
    let Some(target) = state.alias(alias).map(|alias| alias.target_key_arn.as_str()) else {
        return Err(if foreign {
            denied(&caller.identity.arn, operation.iam(), alias)
        } else {
            not_found(&format!("Alias {alias} is not found."))
        });
    };
    match Arn::parse(target) {
        Some(arn) => by_arn(state, caller, target, arn, operation),
        None => Err(not_found(&format!("Alias {alias} is not found."))),
    }
}

fn by_arn<'a>(
    state: &'a State,
    caller: &Caller,
    name: &str,
    arn: Arn<'_>,
    operation: Operation,
) -> Result<&'a Key, Refusal> {
    if arn.account == caller.account() {
        return of_caller(state, name);
    }
    // KMS does not tell a stranger whether the key exists.
    let across_accounts =
        matches!(operation, Operation::DescribeKey | Operation::GetKeyRotationStatus);
    let readable = state.key(name).filter(|key| {
        across_accounts && key.readable_from.iter().any(|account| account == caller.account())
    });
    readable.ok_or_else(|| {
        let mut refusal = denied(&caller.identity.arn, operation.iam(), name);
        refusal.message.push_str(&format!(
            " because no resource-based policy allows the {} action",
            operation.iam()
        ));
        refusal
    })
}

fn of_caller<'a>(state: &'a State, arn: &str) -> Result<&'a Key, Refusal> {
    state.key(arn).ok_or_else(|| not_found(&format!("Key '{arn}' does not exist")))
}

pub(super) fn not_found(message: &str) -> Refusal {
    Refusal::new("NotFoundException", message)
}

/// A key id is a UUID, or `mrk-` and 32 hexadecimal digits.
fn is_key_id(text: &str) -> bool {
    let hexadecimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(digits) = text.strip_prefix("mrk-") {
        return digits.len() == 32 && hexadecimal(digits);
    }
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.split('-').all(hexadecimal)
}

pub(super) fn metadata(key: &Key) -> Value {
    let arn = Arn::parse(&key.arn);
    let id = arn.and_then(|arn| arn.resource.strip_prefix("key/")).unwrap_or_default();
    let mut shown = Map::new();
    let mut put = |name: &str, value: Value| {
        shown.insert(name.to_owned(), value);
    };
    put("AWSAccountId", Value::from(arn.map_or("", |arn| arn.account)));
    put("KeyId", Value::from(id));
    put("Arn", Value::from(key.arn.as_str()));
    put("CreationDate", moments::to_epoch(CREATION_DATE));
    put("Enabled", Value::from(key.state == "Enabled"));
    put("Description", Value::from(key.description.as_str()));
    put("KeyUsage", Value::from(key.usage.as_str()));
    put("KeyState", Value::from(key.state.as_str()));
    put("Origin", Value::from(key.origin.as_str()));
    put("KeyManager", Value::from(key.manager.as_str()));
    put("KeySpec", Value::from(key.spec.as_str()));
    put("MultiRegion", Value::from(key.multi_region));
    if !model::KEY_SPECS_SINCE_RENAMING.contains(&key.spec.as_str()) {
        put("CustomerMasterKeySpec", Value::from(key.spec.as_str()));
    }
    if key.spec == "SYMMETRIC_DEFAULT" {
        put("EncryptionAlgorithms", json!(["SYMMETRIC_DEFAULT"]));
    }
    if let Some(date) = key.deletion_date.filter(|_| key.state == "PendingDeletion") {
        put("DeletionDate", moments::to_epoch(date));
    }
    if key.state == "PendingReplicaDeletion" {
        put("PendingDeletionWindowInDays", Value::from(30));
    }
    if let Some(date) = key.valid_to {
        put("ValidTo", moments::to_epoch(date));
    }
    if key.origin == "EXTERNAL" {
        let expires = if key.valid_to.is_some() { "EXPIRES" } else { "DOES_NOT_EXPIRE" };
        put("ExpirationModel", Value::from(format!("KEY_MATERIAL_{expires}")));
    }
    if let (true, Some(arn)) = (key.multi_region, arn) {
        let primary = json!({ "Arn": key.arn, "Region": arn.region });
        put(
            "MultiRegionConfiguration",
            json!({ "MultiRegionKeyType": "PRIMARY", "PrimaryKey": primary, "ReplicaKeys": [] }),
        );
    }
    Value::Object(shown)
}

pub(super) fn get_key_policy(
    lab_state: &LabState,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    let key = find(&lab_state.state, caller, text(body, "KeyId"), Operation::GetKeyPolicy)?;
    let name = body.get("PolicyName").and_then(Value::as_str).unwrap_or("default");
    if name != "default" {
        return Err(not_found("No such policy exists"));
    }
    Ok(json!({ "Policy": key.policy_text(), "PolicyName": name }))
}

pub(super) fn get_key_rotation_status(
    lab_state: &LabState,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    let operation = Operation::GetKeyRotationStatus;
    let key = find(&lab_state.state, caller, text(body, "KeyId"), operation)?;
    if key.spec != "SYMMETRIC_DEFAULT" || key.origin != "AWS_KMS" {
        let message = format!("{} key spec or origin does not support rotation", key.arn);
        return Err(Refusal::new("UnsupportedOperationException", message));
    }
    let managed_by_aws = key.manager == "AWS";
    let doomed = key.state == "PendingDeletion";
    let enabled = managed_by_aws || (key.rotation.enabled && !doomed);
    let id = key.arn.split_once(":key/").map_or("", |(_, id)| id);
    let mut status = Map::new();
    status.insert("KeyId".to_owned(), Value::from(id));
    status.insert("KeyRotationEnabled".to_owned(), Value::from(enabled));
    if enabled {
        let days = key.rotation.period_days.unwrap_or(365);
        let next = CREATION_DATE
            .saturating_add(i64::try_from(days).unwrap_or_default().saturating_mul(86_400_000));
        let next = key.rotation.next_rotation_date.unwrap_or(next);
        status.insert("RotationPeriodInDays".to_owned(), Value::from(days));
        status.insert("NextRotationDate".to_owned(), moments::to_epoch(next));
    }
    Ok(Value::Object(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_ids_are_told_from_other_words() {
        assert!(is_key_id("11111111-2222-4333-8444-555555555555"));
        assert!(is_key_id("mrk-1234abcd12ab34cd56ef1234567890ab"));
        for wrong in ["", "key", "mrk-1", "11111111-2222-4333-8444-55555555555g", "my-key"] {
            assert!(!is_key_id(wrong), "{wrong}");
        }
    }
}
