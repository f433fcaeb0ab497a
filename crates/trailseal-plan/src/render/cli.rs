//! A plan as AWS CLI commands, and its permissions as an IAM policy.

use std::collections::BTreeMap;

use serde_json::json;

use crate::call::{Call, KeyTarget};
use crate::plan_data::{Permission, Plan};

/// The shell variable with the ARN of the created key.
const CREATED: &str = "\"$KEY_ARN\"";

/// The calls of a plan as commands for a POSIX shell, in order. They verify nothing: read back each
/// change before the next command.
pub fn aws_cli(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| command(plan, &step.call)).collect()
}

fn command(plan: &Plan, call: &Call) -> String {
    let kms = |operation: &str, key: &KeyTarget| {
        let region = key.arn().map_or(&plan.bucket_region, |arn| arn.region());
        format!("aws kms {operation} --region {region} --key-id {}", named(key))
    };
    match call {
        Call::CreateKey { region, description, tags, policy } => {
            let tags: Vec<_> = tags
                .iter()
                .map(|tag| json!({ "TagKey": tag.key, "TagValue": tag.value }))
                .collect();
            let tags = if tags.is_empty() {
                String::new()
            } else {
                format!(" --tags {}", json_word(&json!(tags).to_string()))
            };
            format!(
                "KEY_ARN=$(aws kms create-key --region {region} --description {}{tags} --policy {} \
                 --query KeyMetadata.Arn --output text)",
                shell_word(description),
                json_word(policy)
            )
        }
        Call::CreateAlias { key, region, alias } => format!(
            "aws kms create-alias --region {region} --alias-name {} --target-key-id {}",
            shell_word(alias),
            named(key)
        ),
        Call::CancelKeyDeletion { key } => kms("cancel-key-deletion", key),
        Call::EnableKey { key } => kms("enable-key", key),
        Call::DisableKey { key } => kms("disable-key", key),
        Call::PutKeyPolicy { key, policy } => format!(
            "{} --policy-name default --policy {}",
            kms("put-key-policy", key),
            json_word(policy)
        ),
        Call::EnableKeyRotation { key, period_days } => {
            let period = period_days.map(|days| format!(" --rotation-period-in-days {days}"));
            format!("{}{}", kms("enable-key-rotation", key), period.unwrap_or_default())
        }
        Call::UpdateTrail { trail, region, key } => format!(
            "aws cloudtrail update-trail --region {region} --name {} --kms-key-id {}",
            shell_word(trail.as_str()),
            key.as_ref().map_or_else(|| "''".to_owned(), named)
        ),
    }
}

fn named(key: &KeyTarget) -> String {
    key.arn().map_or_else(|| CREATED.to_owned(), |arn| shell_word(arn.as_str()))
}

/// A JSON document as one word of a POSIX shell, without white space between its tokens. Characters
/// outside of printable ASCII are escaped: an output that replaced invisible ones would change the
/// document.
fn json_word(json: &str) -> String {
    let (mut out, mut is_in_string, mut is_escaped) = (String::new(), false, false);
    for character in json.chars() {
        match character {
            ' ' if is_in_string => out.push(character),
            '\t' | '\n' | '\r' | ' ' if !is_in_string => {}
            _ if character.is_ascii_graphic() => out.push(character),
            _ => {
                let units = character.encode_utf16(&mut [0; 2]).to_vec();
                out.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
            }
        }
        is_in_string ^= character == '"' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
    }
    shell_word(&out)
}

/// Quotes a text as one word of a POSIX shell.
pub fn shell_word(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Permissions as an IAM policy that can be attached as it is.
pub fn iam_policy(permissions: &[Permission]) -> String {
    let mut by_resource: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for permission in permissions {
        by_resource.entry(&permission.resource).or_default().push(&permission.action);
    }
    let statements: Vec<_> = by_resource
        .into_iter()
        .map(|(resource, actions)| {
            json!({ "Effect": "Allow", "Action": actions, "Resource": resource })
        })
        .collect();
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}
