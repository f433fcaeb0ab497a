//! What makes a text a plan, and which of its resources count.

use serde_json::{Value, json};
use trailseal_template::is_plan;

use crate::plan::document::*;

fn problems(plan: &Value) -> Vec<String> {
    read(plan).unwrap().problems
}

fn whole() -> Value {
    plan(vec![kept_key(&["no-op"]), trail_with(ARN), bucket()], vec![])
}

fn adding(mut plan: Value, changes: &[Value]) -> Value {
    plan["resource_changes"].as_array_mut().unwrap().extend(changes.iter().cloned());
    plan
}

fn deposed(mut change: Value, key: Value) -> Value {
    change["deposed"] = key;
    change
}

#[test]
fn a_plan_has_a_format_and_a_part_that_only_plans_have() {
    for name in ["resource_changes", "planned_values", "configuration"] {
        assert!(is_plan(&json!({"format_version": "1.2", name: {}}).to_string()), "{name}");
        assert!(!is_plan(&json!({name: {}}).to_string()), "{name}");
        assert!(!is_plan(&json!({"format_version": "1.2", name: null}).to_string()), "{name}");
    }
    assert!(is_plan(&whole().to_string()));
    // A state, a template and a text that is not JSON.
    assert!(!is_plan(r#"{"format_version": "1.0", "values": {}}"#));
    assert!(!is_plan(r#"{"Resources": {}}"#));
    assert!(!is_plan("format_version: 1.2"));
    assert!(!is_plan(""));
}

#[test]
fn each_part_that_a_plan_leaves_out_is_named() {
    let mut open = whole();
    open["errored"] = json!(true);
    open["complete"] = json!(false);
    let data = change("data.aws_cloudtrail.x", &["read"], json!({}), json!({}));
    open["deferred_changes"] = json!([
        {"reason": "x", "resource_change": open_trail()},
        {"reason": "x", "resource_change": new_key("aws_kms_key.other")},
        {"reason": "x", "resource_change": data},
    ]);
    let resource = |address: &str, mode: &str| {
        let name = address.rsplit_once('.').unwrap().1;
        json!({"address": address, "mode": mode, "type": "aws_cloudtrail", "name": name})
    };
    open["planned_values"] = json!({"root_module": {"resources": [
        resource("aws_cloudtrail.t", "managed"),
        resource("aws_cloudtrail.x", "managed"),
        resource("data.aws_cloudtrail.y", "data"),
    ]}});
    assert_eq!(
        problems(&open),
        [
            "the plan has an error, and ends there",
            "the plan is not complete: another one has to follow it",
            "`aws_cloudtrail.t` is deferred to another plan, and is not judged",
            "`aws_cloudtrail.x` has no change in the plan, and is not judged",
        ]
    );
}

#[test]
fn what_is_left_of_a_trail_is_a_problem_unless_it_is_destroyed() {
    let of = |actions: &[&str]| {
        let rest = change("aws_cloudtrail.t", actions, trail_values(), json!({}));
        problems(&adding(whole(), &[deposed(rest, json!("12345678"))]))
    };
    assert_eq!(of(&["delete"]), Vec::<String>::new());
    let named = ["a deposed object of `aws_cloudtrail.t` is not judged"];
    assert_eq!(of(&["no-op"]), named);
    assert_eq!(of(&["forget"]), named);
}

#[test]
fn an_object_of_a_resource_counts_once() {
    let key = |deposed_key: Value| deposed(kept_key(&["delete"]), deposed_key);
    let error = |changes: &[Value]| read(&adding(whole(), changes)).err();
    let twice = Some("has `aws_kms_key.k` twice".to_owned());
    assert_eq!(error(&[key(json!("1")), key(json!("2"))]), None);
    assert_eq!(error(&[key(json!("1")), key(json!("1"))]), twice);
    assert_eq!(error(&[key(Value::Null)]), twice);
}

/// A data source of this type is not a trail that the plan makes.
#[test]
fn only_a_managed_trail_is_judged() {
    let data = json!({"address": "data.aws_cloudtrail.x", "mode": "data",
        "type": "aws_cloudtrail", "name": "x", "provider_name": PROVIDER, "values": {}});
    let preview = read(&with_data(whole(), vec![data])).unwrap();
    assert_eq!(preview.trails.len(), 1);
    assert_eq!(preview.problems, Vec::<String>::new());
}

#[test]
fn a_resource_of_the_state_counts_only_if_it_is_a_data_source_without_a_change() {
    let state = |address: &str, mode: &str, state: &str| {
        json!({"address": address, "mode": mode, "type": "aws_kms_key", "name": "k",
            "provider_name": PROVIDER, "values": {"arn": ARN, "key_manager": "CUSTOMER",
            "key_state": state, "key_usage": "ENCRYPT_DECRYPT", "key_spec": "SYMMETRIC_DEFAULT",
            "origin": "AWS_KMS"}})
    };
    let data = "data.aws_kms_key.k";
    let bare = || plan(vec![trail_with(ARN), bucket()], vec![]);
    let enabled = with_data(bare(), vec![state(data, "data", "Enabled")]);
    assert_eq!(of(&enabled)[1], "COMPLIANT");
    let disabled = with_data(bare(), vec![state(data, "data", "Disabled")]);
    assert_eq!(of(&disabled)[1], "NON_COMPLIANT");
    // What the plan does with a managed resource is in its changes.
    let managed = with_data(bare(), vec![state("aws_kms_key.k", "managed", "Enabled")]);
    assert_eq!(of(&managed)[1], "unverified");
    // It is read again during the apply, by this plan or by another one.
    let read_later = change(data, &["read"], json!({}), json!({"arn": true}));
    assert_eq!(of(&adding(enabled.clone(), std::slice::from_ref(&read_later)))[1], "unverified");
    let mut deferred = enabled;
    deferred["deferred_changes"] = json!([{"reason": "x", "resource_change": read_later}]);
    assert_eq!(of(&deferred)[1], "unverified");
}
