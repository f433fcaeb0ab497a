//! Attributes that are known only after the apply, sensitive, of another type or left out.

use serde_json::{Value, json};

use crate::plan::document::*;
use crate::plan::support::*;

/// What a plan can do to an attribute so that its value is not known.
const HARMS: [&str; 4] = ["after the apply", "sensitive", "another type", "left out"];

fn harm(change: &mut Value, name: &str, harm: &str) {
    let change = &mut change["change"];
    match harm {
        "after the apply" => {
            change["after"].as_object_mut().unwrap().remove(name);
            change["after_unknown"][name] = json!(true);
        }
        "sensitive" => change["after_sensitive"][name] = json!(true),
        "another type" => change["after"][name] = json!([{"a": 1}]),
        _ => {
            change["after"].as_object_mut().unwrap().remove(name);
        }
    }
}

/// The attributes and harms with which the trail still passes in the profile `strict`.
fn passing(good: &Value, judge: impl Fn(Value) -> [String; 3]) -> Vec<String> {
    assert_eq!(judge(good.clone())[1], "COMPLIANT");
    let names: Vec<String> = good["change"]["after"].as_object().unwrap().keys().cloned().collect();
    let mut passing = Vec::new();
    for name in names {
        for kind in HARMS {
            let mut harmed = good.clone();
            harm(&mut harmed, &name, kind);
            if judge(harmed)[2] == "COMPLIANT" {
                passing.push(format!("{name} {kind}"));
            }
        }
    }
    passing
}

#[test]
fn no_attribute_of_a_key_is_a_default_if_it_is_not_known() {
    let judge = |key: Value| of(&plan(vec![key, trail_with(ARN), bucket()], vec![]));
    let mut key = kept_key(&["no-op"]);
    let all = key["change"]["after"].as_object_mut().unwrap();
    // Its ARN states the Region, and names the key.
    all.remove("region");
    all.remove("key_id");
    assert_eq!(
        passing(&key, judge),
        [
            // The provider made it, so that the key is in the account of the provider.
            "arn sensitive",
            // Null is null. A version of the provider may not have the attribute.
            "custom_key_store_id sensitive",
            "custom_key_store_id left out",
            // Of an argument that the configuration leaves out, KMS's default.
            "rotation_period_in_days after the apply",
            "rotation_period_in_days left out",
            "xks_key_id sensitive",
            "xks_key_id left out",
        ]
    );
}

#[test]
fn an_external_key_store_is_not_known_from_half_of_its_attributes() {
    let judge = |values: Value, unknown: Value| {
        let mut key = kept_key(&["no-op"]);
        key["change"]["after"] = with(key["change"]["after"].clone(), values);
        key["change"]["after_unknown"] = unknown;
        of(&plan(vec![key, trail_with(ARN), bucket()], vec![]))[1].clone()
    };
    let store = || json!({"custom_key_store_id": "cks-1"});
    assert_eq!(judge(store(), json!({})), "COMPLIANT");
    assert_eq!(judge(store(), json!({"xks_key_id": true})), "unverified");
    assert_eq!(judge(json!({}), json!({"xks_key_id": true})), "unverified");
    assert_eq!(judge(json!({"xks_key_id": "x"}), json!({})), "unverified");
    assert_eq!(judge(json!({"is_enabled": false}), json!({"xks_key_id": true})), "NON_COMPLIANT");
}

#[test]
fn a_rotation_period_that_the_provider_does_not_read_is_not_that_of_kms() {
    let found = |key: Value| {
        let plan = plan(vec![key, trail_with(ARN), bucket()], vec![]);
        judged_with(
            &read(&plan).unwrap(),
            &[("profile", "strict"), ("maxRotationPeriodDays", "365")],
        )
    };
    let mut key = kept_key(&["no-op"]);
    assert_eq!(found(key.clone()), "COMPLIANT");
    key["change"]["after"].as_object_mut().unwrap().remove("rotation_period_in_days");
    assert_eq!(found(key.clone()), "unverified");
    key["change"]["after"]["enable_key_rotation"] = json!(false);
    assert_eq!(found(key), "NON_COMPLIANT");
}

#[test]
fn no_attribute_of_a_data_source_is_a_default_if_it_is_not_known() {
    let values = json!({"arn": ARN, "key_manager": "CUSTOMER", "key_state": "Enabled",
        "key_usage": "ENCRYPT_DECRYPT", "key_spec": "SYMMETRIC_DEFAULT", "origin": "AWS_KMS",
        "valid_to": ""});
    let key = change("data.aws_kms_key.k", &["read"], values, json!({}));
    let judge = |key: Value| {
        let mut words = of(&plan(vec![key, trail_with(ARN), bucket()], vec![]));
        // The policy of the key is not known in the profile `strict`.
        words[2] = words[1].clone();
        words
    };
    // KMS leaves it out of a key whose material does not expire.
    assert_eq!(passing(&key, judge), ["valid_to left out"]);
    let mut odd = key.clone();
    odd["change"]["after"]["origin"] = json!("ELSEWHERE");
    assert_eq!(judge(odd)[1], "unverified");
    // A text that is no ARN says nothing about the account.
    let odd = ARN.replace("key/", "odd/");
    let mut misnamed = key;
    misnamed["change"]["after"]["arn"] = json!(odd);
    let found = of(&plan(vec![misnamed, trail_with(&odd), bucket()], vec![]));
    assert!(!found.contains(&"COMPLIANT".to_owned()), "{found:?}");
}

#[test]
fn the_region_of_a_bucket_that_a_data_source_reads_is_not_that_of_the_provider() {
    let judge = |of_bucket: Value| {
        let own = config("data.aws_s3_bucket.b", json!({}));
        of(&plan(vec![kept_key(&["no-op"]), trail_with(ARN), of_bucket], vec![own]))
    };
    let values = json!({"bucket": "logs", "id": "logs", "bucket_region": "eu-central-1"});
    let bucket = change("data.aws_s3_bucket.b", &["read"], values, json!({}));
    assert_eq!(
        passing(&bucket, judge),
        // The other of them names the bucket.
        [
            "bucket after the apply",
            "bucket sensitive",
            "bucket another type",
            "bucket left out",
            "id after the apply",
            "id sensitive",
            "id another type",
            "id left out",
        ]
    );
    let mut looked_up = bucket;
    harm(&mut looked_up, "bucket_region", "after the apply");
    looked_up["change"]["after"]["region"] = json!("eu-central-1");
    assert_eq!(judge(looked_up)[1], "unverified");
}

#[test]
fn no_attribute_of_a_trail_is_a_default_if_it_is_not_known() {
    let judge = |trail: Value| of(&plan(vec![kept_key(&["no-op"]), trail, bucket()], vec![]));
    let mut trail = trail_with(ARN);
    let all = trail["change"]["after"].as_object_mut().unwrap();
    // No planned verdict depends on the first two, and the provider has the Region.
    for name in ["is_multi_region_trail", "is_organization_trail", "region"] {
        all.remove(name);
    }
    assert_eq!(
        passing(&trail, judge),
        // The plan shows the key and the bucket elsewhere.
        ["kms_key_id sensitive", "s3_bucket_name sensitive"]
    );
}

#[test]
fn a_key_policy_that_names_no_key_may_be_that_of_any() {
    let judge = |values: Value| {
        let set = change("aws_kms_key_policy.p", &["create"], values, json!({}));
        of(&plan(vec![kept_key(&["no-op"]), set, trail_with(ARN), bucket()], vec![]))[2].clone()
    };
    assert_eq!(judge(json!({"key_id": ARN, "policy": policy()})), "COMPLIANT");
    assert_eq!(judge(json!({"key_id": 5, "policy": policy()})), "unverified");
    assert_eq!(judge(json!({"policy": policy()})), "unverified");
}

#[test]
fn an_external_key_has_no_default_either() {
    let values = json!({"arn": ARN, "key_state": "Enabled", "enabled": true, "valid_to": "",
        "key_usage": "ENCRYPT_DECRYPT", "key_spec": "SYMMETRIC_DEFAULT"});
    let key = change("aws_kms_external_key.k", &["no-op"], values, json!({}));
    let judge = |key: Value| {
        let own = config("aws_kms_external_key.k", json!({}));
        let mut words = of(&plan(vec![key, trail_with(ARN), bucket()], vec![own]));
        // It is never rotated.
        words[2] = words[1].clone();
        words
    };
    assert_eq!(
        passing(&key, judge),
        [
            "arn sensitive",
            // Of an argument that the configuration leaves out, KMS's default.
            "key_spec after the apply",
            "key_spec left out",
            "key_usage after the apply",
            "key_usage left out",
            "valid_to left out",
        ]
    );
}

#[test]
fn a_policy_that_the_plan_does_not_state_is_not_the_default_policy() {
    let skip = "key-policy-admits-cloudtrail,key-policy-binds-cloudtrail";
    let found = |key: Value| {
        let plan = plan(vec![key, trail_with(ARN), bucket()], vec![]);
        judged_with(&read(&plan).unwrap(), &[("profile", "strict"), ("skipChecks", skip)])
    };
    for kind in HARMS {
        let mut key = kept_key(&["no-op"]);
        harm(&mut key, "policy", kind);
        assert_eq!(found(key), "unverified", "{kind}");
    }
    let mut key = kept_key(&["no-op"]);
    key["change"]["after"]["policy"] = Value::Null;
    assert_eq!(found(key), "COMPLIANT");
}
