//! Key policies that the apply moves to another key, or removes after it sets them.

use serde_json::{Value, json};

use crate::plan::document::*;
use crate::plan::support::{preview_with, words};

const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
const OTHER: &str = "9999abcd-12ab-34cd-56ef-1234567890ab";

/// The verdict on the trail of the key `ID`, in profile `strict`, with a policy resource that is
/// changed from one key to another; `None` is a key that is known after the apply.
fn strict(actions: &[&str], before: Option<&str>, after: Option<&str>) -> String {
    let values = json!({"key_id": after, "policy": policy()});
    let unknown = json!({"id": true, "key_id": after.is_none()});
    let mut set = change("aws_kms_key_policy.p", actions, values, unknown);
    set["change"]["before"]["key_id"] = json!(before);
    verdict(set)
}

fn verdict(set: Value) -> String {
    let own = config("aws_kms_key_policy.p", json!({"key_id": {}, "policy": {}}));
    let plan = plan(vec![kept_key(&["no-op"]), set, trail_with(ARN), bucket()], vec![own]);
    let [.., strict] = of(&plan);
    strict
}

#[test]
fn a_policy_that_the_apply_removes_from_its_key_proves_nothing() {
    let (replaced, replaced_before) = (["delete", "create"], ["create", "delete"]);
    // The provider gives the key its default policy when it deletes the resource.
    assert_eq!(strict(&replaced, Some(ID), Some(ID)), "COMPLIANT");
    assert_eq!(strict(&replaced_before, Some(ID), Some(ID)), "unverified");
    assert_eq!(strict(&replaced_before, Some(ARN), Some(ID)), "unverified");
    for actions in [replaced, replaced_before] {
        assert_eq!(strict(&actions, Some(ID), Some(OTHER)), "unverified", "{actions:?}");
        assert_eq!(strict(&actions, Some(ID), None), "unverified", "{actions:?}");
        assert_eq!(strict(&actions, Some(OTHER), Some(ID)), "COMPLIANT", "{actions:?}");
        // It may have been that of any key.
        assert_eq!(strict(&actions, None, Some(OTHER)), "unverified", "{actions:?}");
    }
}

#[test]
fn an_update_leaves_no_policy_on_another_key() {
    assert_eq!(strict(&["update"], Some(ID), Some(ID)), "COMPLIANT");
    // The provider writes the ID of the key to the state, also if the configuration has its ARN.
    assert_eq!(strict(&["update"], Some(ID), Some(ARN)), "COMPLIANT");
    // It writes the policy to the key of the state, and only if the policy is changed.
    assert_eq!(strict(&["update"], Some(OTHER), Some(ID)), "unverified");
    assert_eq!(strict(&["update"], Some(ID), Some(OTHER)), "unverified");
    assert_eq!(strict(&["update"], None, Some(ID)), "unverified");
    assert_eq!(strict(&["update"], Some(ID), None), "unverified");
}

#[test]
fn a_new_key_gets_no_policy_by_an_update() {
    let found = |actions: &[&str], before: &str| {
        let unknown = json!({"key_id": true, "id": true});
        let values = json!({"key_id": before, "policy": policy()});
        let mut set = change("aws_kms_key_policy.p", actions, values, unknown);
        set["change"]["after"]["key_id"] = Value::Null;
        let mut plan = open_plan(vec![new_key("aws_kms_key.k"), set], &BARE);
        let references = json!({"references": ["aws_kms_key.k.id", "aws_kms_key.k"]});
        let configs = plan["configuration"]["root_module"]["resources"].as_array_mut().unwrap();
        configs.push(config("aws_kms_key_policy.p", json!({"key_id": references, "policy": {}})));
        configs.iter_mut().find(|one| one["address"] == "aws_kms_key.k").unwrap()["expressions"] =
            json!({});
        let own = "resource \"aws_kms_key_policy\" \"p\" {\n  key_id = aws_kms_key.k.id\n}\n";
        let text = source("aws_kms_key.k.arn") + own;
        let files = [("", "main.tf", text.as_str())];
        words(&preview_with(&plan.to_string(), &files), "")[2].clone()
    };
    assert_eq!(found(&["update"], OTHER), "unverified");
    assert_eq!(found(&["delete", "create"], OTHER), "COMPLIANT");
    assert_eq!(found(&["create", "delete"], OTHER), "COMPLIANT");
}

/// The keys of a multi-Region key have one ID.
#[test]
fn a_policy_that_moves_to_another_region_leaves_the_key_with_its_id() {
    const MRK: &str = "mrk-1234abcd12ab34cd56ef1234567890ab";
    let arn = format!("arn:aws:kms:eu-central-1:111122223333:key/{MRK}");
    let mut key = kept_key(&["no-op"]);
    let known = json!({"arn": arn, "key_id": MRK});
    key["change"]["after"] = with(key["change"]["after"].clone(), known);
    let values = json!({"key_id": MRK, "policy": policy(), "region": "us-east-1"});
    let mut set = change("aws_kms_key_policy.p", &["delete", "create"], values, json!({}));
    set["change"]["before"]["region"] = json!("eu-central-1");
    let plan = plan(vec![key, set, trail_with(&arn), bucket()], vec![]);
    assert_eq!(of(&plan)[2], "unverified");
}
