//! Makes plans for the tests.

use serde_json::{Value, json};
use trailseal_template::Preview;

use crate::plan::support::{Case, answers, preview, preview_with, words};

pub(crate) const ARN: &str =
    "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
pub(crate) const PROVIDER: &str = "registry.terraform.io/hashicorp/aws";
pub(crate) const GOOD: [&str; 3] = ["COMPLIANT"; 3];
pub(crate) const OPEN: [&str; 3] = ["unverified"; 3];

pub(crate) fn policy() -> String {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "kms:*", "Resource": "*",
         "Principal": {"AWS": "arn:aws:iam::111122223333:root"}},
        {"Effect": "Allow", "Action": "kms:GenerateDataKey*", "Resource": "*",
         "Principal": {"Service": "cloudtrail.amazonaws.com"},
         "Condition": {"StringEquals": {"aws:SourceArn":
            "arn:aws:cloudtrail:eu-central-1:111122223333:trail/main"}}},
    ]})
    .to_string()
}

/// A change. The type and the name are those of the address.
pub(crate) fn change(address: &str, actions: &[&str], values: Value, unknown: Value) -> Value {
    let (module, own) = match address.rsplit_once("module.") {
        Some((_, rest)) => {
            let (call, own) = rest.split_once('.').unwrap();
            let module = address.strip_suffix(&format!(".{own}")).unwrap();
            assert!(module.ends_with(call));
            (Some(module), own)
        }
        None => (None, address),
    };
    let is_data = own.starts_with("data.");
    let (kind, name) = own.trim_start_matches("data.").split_once('.').unwrap();
    let (name, index) = match name.split_once('[') {
        Some((name, index)) => (name, serde_json::from_str(index.trim_end_matches(']')).unwrap()),
        None => (name, Value::Null),
    };
    let is_gone = matches!(actions, ["delete"] | ["forget"]);
    let before = if actions == ["create"] { Value::Null } else { values.clone() };
    let after = if is_gone { Value::Null } else { values };
    let mut change = json!({
        "address": address, "mode": if is_data { "data" } else { "managed" },
        "type": kind, "name": name, "provider_name": PROVIDER,
        "change": {"actions": actions, "before": before, "after": after,
            "after_unknown": unknown, "before_sensitive": {}, "after_sensitive": {}},
    });
    if let Some(module) = module {
        change["module_address"] = json!(module);
    }
    if !index.is_null() {
        change["index"] = index;
    }
    change
}

pub(crate) fn key_values() -> Value {
    json!({"is_enabled": true, "customer_master_key_spec": "SYMMETRIC_DEFAULT",
        "key_usage": "ENCRYPT_DECRYPT", "enable_key_rotation": true, "region": "eu-central-1",
        "custom_key_store_id": null, "xks_key_id": null, "policy": policy()})
}

pub(crate) fn with(mut values: Value, others: Value) -> Value {
    for (name, value) in others.as_object().unwrap() {
        values[name] = value.clone();
    }
    values
}

pub(crate) fn new_key(address: &str) -> Value {
    let unknown = json!({"arn": true, "id": true, "key_id": true, "rotation_period_in_days": true});
    change(address, &["create"], key_values(), unknown)
}

pub(crate) fn kept_key(actions: &[&str]) -> Value {
    let known = json!({"arn": ARN, "key_id": "1234abcd-12ab-34cd-56ef-1234567890ab",
        "rotation_period_in_days": 365});
    change("aws_kms_key.k", actions, with(key_values(), known), json!({}))
}

pub(crate) fn bucket() -> Value {
    let values = json!({"bucket": "logs", "id": "logs", "region": "eu-central-1"});
    change("aws_s3_bucket.b", &["no-op"], values, json!({}))
}

pub(crate) fn trail_values() -> Value {
    json!({"name": "main", "region": "eu-central-1", "s3_bucket_name": "logs",
        "is_multi_region_trail": true, "is_organization_trail": false})
}

/// A trail whose key is known only after the apply.
pub(crate) fn open_trail() -> Value {
    change(
        "aws_cloudtrail.t",
        &["create"],
        trail_values(),
        json!({"kms_key_id": true, "arn": true}),
    )
}

pub(crate) fn trail_with(key: &str) -> Value {
    let values = with(trail_values(), json!({"kms_key_id": key}));
    change("aws_cloudtrail.t", &["no-op"], values, json!({}))
}

/// The configuration of one resource.
pub(crate) fn config(address: &str, expressions: Value) -> Value {
    let (kind, name) = address.trim_start_matches("data.").split_once('.').unwrap();
    json!({"address": address, "mode": "managed", "type": kind, "name": name,
        "provider_config_key": "aws", "expressions": expressions})
}

/// A plan; what it changes has a configuration even if the test states none.
pub(crate) fn plan(changes: Vec<Value>, mut configs: Vec<Value>) -> Value {
    for address in ["aws_cloudtrail.t", "aws_kms_key.k", "aws_s3_bucket.b"] {
        if configs.iter().all(|config| config["address"] != address) {
            configs.push(config(address, json!({})));
        }
    }
    json!({
        "format_version": "1.2", "terraform_version": "1.11.4",
        "resource_changes": changes,
        "configuration": {
            "provider_config": {"aws": {"name": "aws", "expressions":
                {"region": {"constant_value": "eu-central-1"}}}},
            "root_module": {"resources": configs},
        },
        "complete": true, "errored": false,
    })
}

/// The same plan with what data sources of the root module read, which its configuration declares.
pub(crate) fn with_data(mut plan: Value, data: Vec<Value>) -> Value {
    let configs = plan["configuration"]["root_module"]["resources"].as_array_mut().unwrap();
    for one in &data {
        let address = one["address"].as_str().unwrap();
        if configs.iter().all(|config| config["address"] != address) {
            configs.push(config(address, json!({})));
        }
    }
    plan["prior_state"] = json!({"values": {"root_module": {"resources": data}}});
    plan
}

/// A plan whose trail has an unknown key, which the plan says refers to these names.
pub(crate) fn open_plan(keys: Vec<Value>, references: &[&str]) -> Value {
    let mut changes = keys;
    changes.extend([open_trail(), bucket()]);
    let configs = vec![
        config("aws_cloudtrail.t", json!({"kms_key_id": {"references": references}})),
        config("aws_kms_key.k", json!({"policy": {}})),
        config("aws_kms_key.other", json!({"policy": {}})),
        config("aws_s3_bucket.b", json!({})),
    ];
    plan(changes, configs)
}

pub(crate) const BARE: [&str; 2] = ["aws_kms_key.k.arn", "aws_kms_key.k"];
pub(crate) const AT_0: [&str; 3] = ["aws_kms_key.k[0].arn", "aws_kms_key.k[0]", "aws_kms_key.k"];

pub(crate) fn source(expression: &str) -> String {
    format!(
        "resource \"aws_cloudtrail\" \"t\" {{\n  kms_key_id = {expression}\n}}\n\
         resource \"aws_kms_key\" \"k\" {{}}\nresource \"aws_kms_key\" \"other\" {{}}\n\
         resource \"aws_kms_alias\" \"a\" {{\n  target_key_id = aws_kms_key.k.key_id\n}}\n\
         variable \"on\" {{}}\n"
    )
}

pub(crate) fn of(plan: &Value) -> [String; 3] {
    let plan = plan.to_string();
    answers(&Case { plan, account: "111122223333".to_owned(), ..Case::default() })
}

pub(crate) fn read(plan: &Value) -> Result<Preview, String> {
    let plan = plan.to_string();
    preview(&Case { plan, account: "111122223333".to_owned(), ..Case::default() })
}

pub(crate) fn with_source(plan: &Value, expression: &str) -> [String; 3] {
    let text = source(expression);
    words(&preview_with(&plan.to_string(), &[("", "main.tf", &text)]), "")
}
