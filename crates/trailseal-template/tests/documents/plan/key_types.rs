//! The attributes of keys of each type.

use serde_json::{Value, json};
use trailseal_rule::{KeyOrigin, KeySpec, KeyState, KeyUsage, Rotation};
use trailseal_template::{KeyProperty, Planned, PlannedKey, Preview};

use crate::plan::document::*;
use crate::plan::support::*;

/// The key of the first trail.
fn key_of(read: &Preview) -> PlannedKey {
    PlannedKey::clone(read.trails[0].worlds[0].deployment.keys.values().next().unwrap())
}

fn why<T: std::fmt::Debug>(value: &Planned<T>) -> &str {
    let Planned::Unknown(why) = value else { panic!("{value:?} is known") };
    why
}

/// What is found of a replica that exists.
fn of_replica(kind: &str, others: Value, unknown: Value) -> (PlannedKey, [String; 3]) {
    let values = json!({"arn": ARN, "enabled": true, "key_usage": "ENCRYPT_DECRYPT",
        "key_spec": "SYMMETRIC_DEFAULT", "key_rotation_enabled": true, "policy": policy(),
        "region": "eu-central-1"});
    let address = format!("{kind}.k");
    let key = change(&address, &["no-op"], with(values, others), unknown);
    let plan = plan(vec![key, trail_with(ARN), bucket()], vec![config(&address, json!({}))]);
    (key_of(&read(&plan).unwrap()), of(&plan))
}

#[test]
fn a_replica_has_what_its_primary_key_has() {
    const KIND: &str = "aws_kms_replica_key";
    let (key, words) = of_replica(KIND, json!({}), json!({}));
    assert_eq!(words, ["COMPLIANT", "unverified", "unverified"]);
    assert!(key.is_replica);
    assert_eq!(key.state, Planned::Known(KeyState::Enabled));
    assert_eq!(key.usage, Planned::Known(KeyUsage::EncryptDecrypt));
    assert_eq!(key.spec, Planned::Known(KeySpec::SymmetricDefault));
    assert_eq!(why(&key.origin), "a replica has the origin of its primary key");
    assert_eq!(why(&key.rotation), "a replica has the rotation of its primary key");
    for none in
        [json!({"key_usage": null, "key_spec": null, "key_rotation_enabled": null}), json!({})]
    {
        let unknown = json!({"key_usage": true, "key_spec": true, "key_rotation_enabled": true});
        let (key, _) = of_replica(KIND, none, unknown);
        let both = "a replica has the key spec and the rotation of its primary key";
        assert_eq!([why(&key.usage), why(&key.spec), why(&key.rotation)], [both; 3]);
    }
    let (key, words) = of_replica(KIND, json!({"enabled": false}), json!({}));
    assert_eq!(key.state, Planned::Known(KeyState::Disabled));
    assert_eq!(words[1], "NON_COMPLIANT");
    let (key, _) = of_replica(KIND, json!({"enabled": null}), json!({}));
    assert_eq!(why(&key.state), "whether `aws_kms_replica_key.k` is enabled");
    let (key, _) = of_replica(KIND, json!({}), json!({"enabled": true}));
    assert_eq!(why(&key.state), "`enabled` of `aws_kms_replica_key.k` is known after the apply");
}

#[test]
fn a_replica_with_imported_material_depends_on_its_material() {
    let of = |others: Value| of_replica("aws_kms_replica_external_key", others, json!({}));
    let (key, words) = of(json!({"key_state": "Enabled"}));
    assert_eq!(words[1], "COMPLIANT");
    assert!(key.is_replica);
    assert_eq!(key.origin, Planned::Known(KeyOrigin::External));
    assert_eq!(why(&key.rotation), "a replica has the rotation of its primary key");
    let (key, _) = of(json!({"key_state": "PendingImport"}));
    assert_eq!(key.state, Planned::Known(KeyState::PendingImport));
    let (key, _) = of(json!({"key_state": "Enabled", "valid_to": "2030-01-01T00:00:00Z"}));
    assert_eq!(why(&key.state), "its key material expires");
}

#[test]
fn an_argument_that_the_configuration_sets_has_no_default() {
    for (name, usual) in [("key_spec", "SYMMETRIC_DEFAULT"), ("key_usage", "ENCRYPT_DECRYPT")] {
        let found = |own: Value| {
            let values = json!({"arn": ARN, "key_state": "Enabled", "enabled": true,
                "key_usage": "ENCRYPT_DECRYPT", "key_spec": "SYMMETRIC_DEFAULT"});
            assert_eq!(values[name], usual);
            let unknown = json!({name: true});
            let key = change("aws_kms_external_key.k", &["no-op"], values, unknown);
            let own = config("aws_kms_external_key.k", own);
            of(&plan(vec![key, trail_with(ARN), bucket()], vec![own]))[1].clone()
        };
        assert_eq!(found(json!({})), "COMPLIANT", "{name}");
        assert_eq!(found(json!({name: {}})), "unverified", "{name}");
    }
    let found = |own: Value| {
        let mut plan = open_plan(vec![new_key("aws_kms_key.k")], &BARE);
        plan["configuration"]["root_module"]["resources"][1]["expressions"] = own;
        let read =
            preview_with(&plan.to_string(), &[("", "main.tf", &source("aws_kms_key.k.arn"))]);
        let limits = [("profile", "strict"), ("maxRotationPeriodDays", "365")];
        judged_with(&read.unwrap(), &limits)
    };
    assert_eq!(found(json!({"policy": {}})), "COMPLIANT");
    assert_eq!(found(json!({"policy": {}, "rotation_period_in_days": {}})), "unverified");
}

#[test]
fn a_blank_policy_is_the_default_policy() {
    for text in ["", " "] {
        let mut key = kept_key(&["no-op"]);
        key["change"]["after"]["policy"] = json!(text);
        let plan = plan(vec![key, trail_with(ARN), bucket()], vec![]);
        assert_eq!(key_of(&read(&plan).unwrap()).policy, Planned::Absent, "`{text}`");
    }
}

#[test]
fn what_another_provider_does_with_a_key_says_nothing_about_it() {
    let values = json!({"arn": ARN, "key_id": "1234abcd-12ab-34cd-56ef-1234567890ab"});
    let mut key = change("awscc_kms_key.k", &["delete"], values, json!({}));
    key["provider_name"] = json!("registry.terraform.io/hashicorp/awscc");
    let plan = plan(vec![key, trail_with(ARN), bucket()], vec![]);
    let key = key_of(&read(&plan).unwrap());
    assert_eq!(key.state, Planned::Known(KeyState::PendingDeletion));
    let other = "`awscc_kms_key.k` is of another provider";
    assert_eq!(why(&key.manager), other);
    assert_eq!(why(&key.usage), other);
    assert_eq!(why(&key.spec), other);
    assert_eq!(why(&key.rotation), other);
    assert_eq!(why(&key.policy), other);
}

#[test]
fn a_data_source_states_whether_a_key_is_a_replica() {
    let found = |configuration: Value| {
        let values = json!({"arn": ARN, "key_manager": "CUSTOMER", "key_state": "Enabled",
            "multi_region_configuration": configuration});
        let data = change("data.aws_kms_key.k", &["read"], values, json!({}));
        key_of(&read(&plan(vec![data, trail_with(ARN), bucket()], vec![])).unwrap()).is_replica
    };
    assert!(found(json!([{"multi_region_key_type": "REPLICA"}])));
    assert!(!found(json!([{"multi_region_key_type": "PRIMARY"}])));
    assert!(!found(json!([])));
}

#[test]
fn a_destroyed_key_keeps_its_arn() {
    let plan = plan(vec![kept_key(&["delete"]), trail_with(ARN), bucket()], vec![]);
    let read = read(&plan).unwrap();
    assert_eq!(key_of(&read).existing.unwrap().as_str(), ARN);
    assert_eq!(read.trails[0].declared.key, Planned::Known(ARN.to_owned()));
}

#[test]
fn a_key_is_shown_where_the_source_declares_each_property() {
    let own =
        "resource \"aws_kms_key\" \"k\" {\n  enable_key_rotation = true\n    is_enabled = true\n}";
    let text = source("aws_kms_key.k.arn").replace("resource \"aws_kms_key\" \"k\" {}", own);
    let plan = open_plan(vec![new_key("aws_kms_key.k")], &BARE);
    let read = preview_with(&plan.to_string(), &[("", "main.tf", &text)]).unwrap();
    let key = key_of(&read);
    let place = |of: &trailseal_template::Location| (of.file.clone(), of.line, of.column);
    assert_eq!(place(&key.location), ("main.tf".to_owned(), 4, 1));
    let found: Vec<_> = key.locations.iter().map(|(of, at)| (*of, at.line, at.column)).collect();
    assert_eq!(found, [(KeyProperty::Enabled, 6, 5), (KeyProperty::Rotation, 5, 3)]);
    assert!(matches!(key.rotation, Planned::Known(Rotation::On { .. })), "{:?}", key.rotation);
}

#[test]
fn a_key_whose_arn_is_not_known_may_be_any_key() {
    let values = json!({"arn": ARN, "key_manager": "CUSTOMER", "key_state": "Enabled",
        "key_usage": "ENCRYPT_DECRYPT", "key_spec": "SYMMETRIC_DEFAULT", "origin": "AWS_KMS"});
    let mut data = change("data.aws_kms_key.k", &["read"], values, json!({}));
    data["change"]["after_sensitive"] = json!({"arn": true});
    assert_eq!(of(&plan(vec![data, trail_with(ARN), bucket()], vec![])), OPEN);
    let odd = ARN.replace("key/", "odd/");
    let mut key = kept_key(&["no-op"]);
    key["change"]["after"]["arn"] = json!(odd);
    assert_eq!(of(&plan(vec![key, trail_with(&odd), bucket()], vec![])), OPEN);
}
