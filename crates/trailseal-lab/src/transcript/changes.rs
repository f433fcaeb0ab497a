//! Requests that change keys and trails, and those that come with them.

use serde_json::{Value, json};

use super::with;
use crate::operation::Operation;

const SEALED: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/sealed";
const ENABLED: &str = "arn:aws:kms:us-east-1:111122223333:key/11111111-0000-4000-8000-111111111111";
const DISABLED: &str =
    "arn:aws:kms:us-east-1:111122223333:key/22222222-0000-4000-8000-222222222222";
const DOOMED: &str = "arn:aws:kms:us-east-1:111122223333:key/33333333-0000-4000-8000-333333333333";
const GONE: &str = "arn:aws:kms:us-east-1:111122223333:key/44444444-0000-4000-8000-444444444444";
const STRANGERS: &str = "arn:aws:kms:us-east-1:777788889999:key/a";

/// A request that is fine and gets an answer: most are about a key alone.
pub(super) fn base(operation: Operation) -> Value {
    let others = [
        (Operation::UpdateTrail, json!({ "Name": "sealed", "KmsKeyId": ENABLED })),
        (Operation::ListTags, json!({ "ResourceIdList": [SEALED] })),
        (Operation::PutKeyPolicy, json!({ "KeyId": ENABLED, "Policy": policy("root") })),
        (
            Operation::CreateKey,
            json!({
                "Policy": policy("root"),
                "Description": "seals a trail",
                "Tags": [{ "TagKey": "owner", "TagValue": "security" }],
            }),
        ),
        (Operation::CreateAlias, json!({ "AliasName": "alias/another", "TargetKeyId": ENABLED })),
        (Operation::EnableKey, json!({ "KeyId": DISABLED })),
        (Operation::CancelKeyDeletion, json!({ "KeyId": DOOMED })),
        (Operation::ListKeys, json!({})),
    ];
    let found = others.into_iter().find(|(other, _)| *other == operation);
    found.map_or_else(|| json!({ "KeyId": ENABLED }), |(_, request)| request)
}

fn policy(identity: &str) -> String {
    let statement = json!({
        "Effect": "Allow",
        "Principal": { "AWS": format!("arn:aws:iam::111122223333:{identity}") },
        "Action": "kms:*",
        "Resource": "*",
    });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

/// Requests beyond the models; those about a key alone are refused alike.
pub(super) fn further(operation: Operation, base: &Value) -> Vec<(&'static str, Value)> {
    let key = |name: &str| with(base, "KeyId", json!(name));
    let own = [
        (Operation::UpdateTrail, update_trail(base)),
        (
            Operation::ListTags,
            vec![
                ("bad ARN", json!({ "ResourceIdList": ["sealed"] })),
                ("missing", json!({ "ResourceIdList": [SEALED.replace("sealed", "missing")] })),
            ],
        ),
        (Operation::PutKeyPolicy, put_key_policy(base)),
        (
            Operation::CreateKey,
            vec![
                ("no policy", with(base, "Policy", json!("{"))),
                ("tag of AWS", with(base, "Tags", json!([{ "TagKey": "aws:a", "TagValue": "" }]))),
            ],
        ),
        (
            Operation::CreateAlias,
            vec![
                ("there already", base.clone()),
                ("of AWS", with(base, "AliasName", json!("alias/aws/mine"))),
                ("no alias", with(base, "AliasName", json!("mine"))),
                ("gone", json!({ "AliasName": "alias/of-nothing", "TargetKeyId": GONE })),
            ],
        ),
        (Operation::CancelKeyDeletion, vec![("not pending", key(ENABLED)), ("gone", key(GONE))]),
        (
            Operation::ListKeys,
            vec![
                ("one a page", json!({ "Limit": 1 })),
                ("next page", json!({ "Limit": 1, "Marker": "Keys#1" })),
                ("forged", json!({ "Marker": "forged" })),
            ],
        ),
    ];
    let own = own.into_iter().find(|(other, _)| *other == operation);
    let of_a_key = || {
        vec![
            ("gone", key(GONE)),
            ("bad ARN", key("arn:aws:kms:us-east-1")),
            ("pending deletion", key(DOOMED)),
        ]
    };
    own.map_or_else(of_a_key, |(_, cases)| cases)
}

fn put_key_policy(base: &Value) -> Vec<(&'static str, Value)> {
    let key = |name: &str| with(base, "KeyId", json!(name));
    let policy_of = |policy: String| with(base, "Policy", Value::from(policy));
    vec![
        ("gone", key(GONE)),
        ("bad ARN", key("arn:aws:kms:us-east-1")),
        ("a stranger's", key(STRANGERS)),
        ("no policy", policy_of("{".to_owned())),
        ("locked out", policy_of(policy("role/another"))),
        ("too long", policy_of(format!("{}{}", policy("root"), " ".repeat(32_768)))),
    ]
}

fn update_trail(base: &Value) -> Vec<(&'static str, Value)> {
    let key = |key: &str| with(base, "KmsKeyId", json!(key));
    let named = |name: &str| with(base, "Name", json!(name));
    vec![
        ("turned off", key("")),
        ("nothing changes", json!({ "Name": SEALED })),
        ("missing", named("missing")),
        ("bad name", named("a b")),
        ("bad ARN", named("arn:aws:s3:::bucket")),
        ("another home", named("arn:aws:cloudtrail:eu-west-1:111122223333:trail/ireland")),
        ("bad key", key("arn:aws:s3:::bucket")),
        ("key gone", key(GONE)),
        ("key disabled", key(DISABLED)),
        ("key elsewhere", with(&named("key-elsewhere"), "KmsKeyId", json!(ENABLED))),
        ("not admitted", named("unencrypted")),
    ]
}
