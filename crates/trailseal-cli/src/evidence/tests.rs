use serde_json::{Map, json};
use trailseal_rule::{
    ConfigurationItem, KeyManager, KeyOrigin, KeyPolicy, KeySpec, KeyState, KeyUsage, Parameters,
    Timestamp,
};

use super::*;
use crate::testing::{KEY, item, trail_item, with};

fn key_item(status: &str, configuration: &Value, supplement: &Value) -> Value {
    let item = item("AWS::KMS::Key", "1234abcd", configuration);
    let item = with(item, "configurationItemStatus", json!(status));
    with(item, "supplementaryConfiguration", supplement.clone())
}

fn metadata() -> Value {
    json!({
        "keyId": "1234abcd", "arn": KEY, "creationDate": 1_621_024_924_302_u64, "enabled": true,
        "keyUsage": "ENCRYPT_DECRYPT", "keyState": "Enabled", "origin": "AWS_KMS",
        "keyManager": "CUSTOMER", "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
    })
}

fn read(item: &Value) -> KeyItem {
    let (identity, seen) = KeyItem::read(&ConfigurationItem::parse(item).unwrap(), item);
    assert_eq!(identity, KeyIdentity::of_arn(&KeyArn::parse(KEY).unwrap()));
    seen
}

/// The facts and the rotation of a key that is rotated.
fn known(configuration: &Value) -> (KeyFacts, Reading<Rotation>) {
    let seen = read(&key_item("OK", configuration, &json!({ "KeyRotationStatus": true })));
    let Reading::Known(facts) = seen.facts else { panic!("{seen:?}") };
    (facts, seen.rotation)
}

fn facts(
    key: Option<&Value>,
    bucket: Option<&Value>,
    key_id: &str,
    parameters: &[(&str, &str)],
) -> Facts {
    let mut evidence = Evidence::default();
    if let Some(item) = key {
        let (identity, seen) = KeyItem::read(&ConfigurationItem::parse(item).unwrap(), item);
        evidence.add_key(identity, Observation::default(), seen);
    }
    if let Some(item) = bucket {
        read_bucket(&mut evidence, item, Observation::default()).unwrap();
    }
    let given: Map<String, Value> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    let parameters = Parameters::parse(&given).unwrap();
    let context =
        EvaluationContext { parameters: &parameters, now: Timestamp::from_epoch_millis(0) };
    let trail = ConfigurationItem::parse(&trail_item(Some(key_id))).unwrap();
    evidence.facts(&context, &Trail::from_item(&trail).unwrap())
}

fn bucket_item(status: &str) -> Value {
    let item = with(item("AWS::S3::Bucket", "trail-logs", &json!({})), "resourceName", Value::Null);
    with(item, "configurationItemStatus", json!(status))
}

#[test]
fn an_item_of_a_key_is_read_in_either_spelling() {
    let policy = "{\"Statement\":[]}";
    let of_event =
        key_item("OK", &metadata(), &json!({ "KeyRotationStatus": true, "Policy": policy }));
    let wrapped = json!({ "KeyRotationStatus": "true", "Policy": json!(policy).to_string() });
    let configuration = json!(metadata().to_string());
    let of_api = key_item("ResourceDiscovered", &configuration, &wrapped);
    for item in [of_event, of_api] {
        let seen = read(&item);
        let Reading::Known(facts) = &seen.facts else { panic!("{seen:?}") };
        assert_eq!(facts.arn.as_str(), KEY);
        assert_eq!((&facts.manager, &facts.state), (&KeyManager::Customer, &KeyState::Enabled));
        assert_eq!(seen.rotation, Reading::Known(Rotation::On { period_days: None, next: None }));
        assert_eq!(seen.policy, Reading::Known(KeyPolicy::new(policy)));
    }
}

#[test]
fn times_are_text_or_milliseconds() {
    let date = Timestamp::parse("2026-12-24T00:00:00Z").unwrap();
    for value in [json!("2026-12-24T00:00:00.000Z"), json!(date.epoch_millis())] {
        let (facts, _) = known(&with(metadata(), "deletionDate", value));
        assert_eq!(facts.deletion_date, Some(date));
    }
}

#[test]
fn missing_members_are_unknown() {
    let seen = read(&key_item("OK", &metadata(), &Value::Null));
    assert_eq!((seen.rotation, seen.policy), (not_read(), not_read()));
    // A member that cannot be read does not affect the others.
    for (name, value) in [
        ("keyUsage", Value::Null),
        ("customerMasterKeySpec", json!(7)),
        ("validTo", json!("soon")),
        ("deletionDate", json!({})),
    ] {
        let configuration = with(metadata(), "keyManager", json!("AWS"));
        let (facts, rotation) = known(&with(configuration, name, value));
        assert_eq!(facts.manager, KeyManager::Aws, "{name}");
        assert!(matches!(rotation, Reading::Known(Rotation::On { .. })), "{name}");
        assert_eq!(facts.state == KeyState::Enabled, name != "validTo", "{name}");
    }
    let (facts, _) = known(&with(metadata(), "keyState", Value::Null));
    assert_eq!(facts.state, KeyState::Unrecognized("".into()));
    for odd in [Value::Null, json!(7), json!("ELSEWHERE")] {
        let (facts, _) = known(&with(metadata(), "origin", odd));
        assert_eq!(facts.origin, KeyOrigin::Unrecognized);
    }
    // The former name of the member counts only where the present one is left out.
    let (facts, _) = known(&with(metadata(), "keySpec", json!(7)));
    assert_eq!(facts.spec, KeySpec::Other("".into()));
}

#[test]
fn each_fact_of_an_unsuitable_key_is_read() {
    let date = Timestamp::parse("2026-12-24T00:00:00Z").unwrap();
    let (facts, _) = known(&with(metadata(), "validTo", json!("2026-12-24T00:00:00.000Z")));
    assert_eq!(facts.valid_to, Some(date));
    for usage in ["SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"] {
        let (facts, _) = known(&with(metadata(), "keyUsage", json!(usage)));
        assert_eq!(facts.usage, KeyUsage::from_kms(usage));
        assert_ne!(facts.usage, KeyUsage::EncryptDecrypt);
    }
    for name in ["keySpec", "customerMasterKeySpec"] {
        let (facts, _) = known(&with(metadata(), name, json!("RSA_2048")));
        assert_eq!(facts.spec, KeySpec::from_kms("RSA_2048"), "{name}");
        assert_ne!(facts.spec, KeySpec::SymmetricDefault, "{name}");
    }
}

#[test]
fn the_rotation_depends_on_the_status_and_the_origin() {
    let rotation = |origin: &str, supplement: &Value| {
        read(&key_item("OK", &with(metadata(), "origin", json!(origin)), supplement)).rotation
    };
    for off in [json!(false), json!("false")] {
        let off = json!({ "KeyRotationStatus": off });
        assert_eq!(rotation("AWS_KMS", &off), Reading::Known(Rotation::Off));
    }
    for origin in ["EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"] {
        for status in [json!({}), json!({ "KeyRotationStatus": false })] {
            let not_supported = Reading::Known(Rotation::NotSupported);
            assert_eq!(rotation(origin, &status), not_supported, "{origin} {status}");
        }
    }
}

#[test]
fn a_deleted_key_is_absent_and_an_unrecorded_one_is_not_read() {
    for (status, all) in [
        ("ResourceDeleted", Reading::Absent),
        ("ResourceDeletedNotRecorded", Reading::Absent),
        ("ResourceNotRecorded", not_read()),
    ] {
        let seen = read(&key_item(status, &Value::Null, &json!({})));
        assert_eq!(seen.facts, all, "{status}");
    }
    let deleted = key_item("ResourceDeleted", &Value::Null, &json!({}));
    let strict = [("profile", "strict")];
    let facts = facts(Some(&deleted), None, KEY, &strict);
    assert_eq!((facts.key, facts.rotation), (Reading::Absent, Reading::Absent));
    assert_eq!(facts.key_policy, Reading::Absent);
}

#[test]
fn a_bucket_is_in_the_region_of_its_recorder() {
    let region = Region::parse("eu-central-1").unwrap();
    for (status, wanted) in [
        ("OK", Reading::Known(region)),
        ("ResourceDeleted", Reading::Absent),
        ("ResourceNotRecorded", not_read()),
        ("SomethingNew", not_read()),
    ] {
        let facts = facts(None, Some(&bucket_item(status)), KEY, &[]);
        assert_eq!(facts.bucket_region, wanted, "{status}");
    }
}

#[test]
fn missing_evidence_is_not_read() {
    let nothing = facts(None, None, KEY, &[("profile", "strict")]);
    assert_eq!(nothing, Facts::unread());
}

#[test]
fn a_key_of_another_partition_is_another_one() {
    let item = key_item("OK", &metadata(), &json!({}));
    let bucket = bucket_item("OK");
    assert!(matches!(facts(Some(&item), Some(&bucket), KEY, &[]).key, Reading::Known(_)));
    let elsewhere = KEY.replace("arn:aws:", "arn:aws-cn:");
    assert_eq!(facts(Some(&item), Some(&bucket), &elsewhere, &[]).key, not_read());
    let without_arn =
        with(key_item("OK", &with(metadata(), "arn", Value::Null), &json!({})), "ARN", Value::Null);
    assert!(matches!(facts(Some(&without_arn), Some(&bucket), KEY, &[]).key, Reading::Known(_)));
    assert_eq!(facts(Some(&without_arn), Some(&bucket), &elsewhere, &[]).key, not_read());
}

#[test]
fn an_alias_of_another_partition_is_another_one() {
    let alias = "arn:aws:kms:eu-central-1:111122223333:alias/logs";
    let target = |of: &str| {
        let mut evidence = Evidence::default();
        let configuration = json!({ "AliasName": "alias/logs", "TargetKeyId": KEY });
        let item_of_alias = item("AWS::KMS::Alias", "alias/logs", &configuration);
        read_alias(&mut evidence, &item_of_alias, Observation::default()).unwrap();
        let item = key_item("OK", &metadata(), &json!({}));
        let (identity, seen) = KeyItem::read(&ConfigurationItem::parse(&item).unwrap(), &item);
        evidence.add_key(identity, Observation::default(), seen);
        let trail = ConfigurationItem::parse(&trail_item(Some(of))).unwrap();
        let region = Region::parse("eu-central-1").unwrap();
        evidence.key(&region, &KeyRef::parse(of).unwrap(), &Trail::from_item(&trail).unwrap())
    };
    assert!(matches!(target(alias), Reading::Known(_)));
    assert!(matches!(target("alias/logs"), Reading::Known(_)));
    assert_eq!(target(&alias.replace("arn:aws:", "arn:aws-cn:")), not_read());
}

/// No check of `cis` reads a key of another account from AWS, but an item of it costs no call.
#[test]
fn an_item_of_a_key_of_another_account_counts_in_every_profile() {
    let foreign = KEY.replace("111122223333", "777788889999");
    let of_key = |configuration: Value, status: &str| {
        let item = with(
            key_item(status, &configuration, &json!({})),
            "awsAccountId",
            json!("777788889999"),
        );
        facts(Some(&with(item, "ARN", json!(foreign))), None, &foreign, &[("profile", "cis")]).key
    };
    let managed = with(with(metadata(), "arn", json!(foreign)), "keyManager", json!("AWS"));
    let Reading::Known(key) = of_key(managed, "OK") else { panic!("the item was not read") };
    assert_eq!(key.manager, KeyManager::Aws);
    assert_eq!(of_key(Value::Null, "ResourceDeleted"), Reading::Absent);
    let nothing = facts(None, None, &foreign, &[("profile", "cis")]);
    assert_eq!(nothing, Facts::unread());
}

#[test]
fn a_key_id_is_in_the_region_of_the_bucket() {
    let item = key_item("OK", &metadata(), &json!({}));
    let found = facts(Some(&item), Some(&bucket_item("OK")), "1234abcd", &[]);
    assert!(matches!(found.key, Reading::Known(_)), "{found:?}");
    let lost = facts(Some(&item), None, "1234abcd", &[]);
    assert_eq!(lost.key, Reading::Refused(Refusal::Needs("the Region of the bucket")));
}

#[test]
fn an_alias_without_an_item_is_not_read() {
    let item = key_item("OK", &metadata(), &json!({}));
    for alias in ["alias/logs", "arn:aws:kms:eu-central-1:111122223333:alias/logs"] {
        let facts = facts(Some(&item), Some(&bucket_item("OK")), alias, &[]);
        assert_eq!(facts.key, not_read(), "{alias}");
    }
}

#[test]
fn a_maximum_period_needs_the_rotation_period() {
    let item = key_item("OK", &metadata(), &json!({ "KeyRotationStatus": true }));
    let rotated = facts(Some(&item), None, KEY, &[("requireKeyRotation", "true")]);
    assert!(matches!(rotated.rotation, Reading::Known(Rotation::On { .. })));
    let bounded = [("requireKeyRotation", "true"), ("maxRotationPeriodDays", "400")];
    let unknown = facts(Some(&item), None, KEY, &bounded);
    assert!(matches!(unknown.rotation, Reading::Refused(Refusal::Needs(_))));
}

/// KMS never says such a thing, but a file can.
#[test]
fn a_key_that_contradicts_itself_is_in_no_state_that_encrypts() {
    let external = with(metadata(), "origin", json!("EXTERNAL"));
    let expires = with(external.clone(), "expirationModel", json!("KEY_MATERIAL_EXPIRES"));
    let never = with(external, "expirationModel", json!("KEY_MATERIAL_DOES_NOT_EXPIRE"));
    let date = json!("2026-12-31T00:00:00Z");
    for (metadata, what) in [
        (with(metadata(), "enabled", json!(false)), "Enabled with `enabled` that is false"),
        (with(metadata(), "enabled", json!("false")), "Enabled with `enabled` that is false"),
        (with(metadata(), "deletionDate", date.clone()), "Enabled with a deletion date"),
        (expires.clone(), "Enabled without the time until which its material is valid"),
    ] {
        let (facts, _) = known(&metadata);
        assert_eq!(facts.state, KeyState::Unrecognized(what.into()), "{metadata}");
    }
    // A key in the state Updating is not enabled (KMS API Reference, `KeyMetadata`).
    let updating = with(with(metadata(), "keyState", json!("Updating")), "enabled", json!(false));
    assert_eq!(known(&updating).0.state, KeyState::Updating);
    for metadata in
        [never, with(expires, "validTo", date), with(metadata(), "deletionDate", Value::Null)]
    {
        assert_eq!(known(&metadata).0.state, KeyState::Enabled, "{metadata}");
    }
}
