//! The accounts of the soak, the events that reach their rules, and what each is to end as.

use std::error::Error;

use serde_json::{Map, Value, json};
use trailseal_lab::{RuleEvent, State};

/// The account of the function, and of a rule beside it.
pub(crate) const OWN: &str = "111122223333";
/// An account whose rule a central function answers.
const MEMBER: &str = "444455556666";
/// Where everything is.
pub(crate) const REGION: &str = "us-east-1";
const RULE: &str = "cloudtrail-encrypted";
const MEMBER_ROLE: &str = "trailseal-member";
const CAPTURED: &str = "2026-11-23T10:00:00.125Z";

const COMPLIANT: &str = "COMPLIANT";
const NON_COMPLIANT: &str = "NON_COMPLIANT";
const NOT_APPLICABLE: &str = "NOT_APPLICABLE";

/// The trails: owner, name, the number of the key if there is one, verdict.
const TRAILS: [(&str, &str, Option<u32>, &str); 8] = [
    (OWN, "sealed-one", Some(1), COMPLIANT),
    (OWN, "sealed-two", Some(2), COMPLIANT),
    (OWN, "sealed-too", Some(2), COMPLIANT),
    (OWN, "unsealed", None, NON_COMPLIANT),
    (OWN, "disabled", Some(3), NON_COMPLIANT),
    (OWN, "doomed", Some(4), NON_COMPLIANT),
    (OWN, "orphaned", Some(5), NON_COMPLIANT),
    (MEMBER, "member", Some(6), COMPLIANT),
];

/// The keys that there are: owner, number, state. Key 5 is gone, key 7 seals nothing.
const KEYS: [(&str, u32, &str); 6] = [
    (OWN, 1, "Enabled"),
    (OWN, 2, "Enabled"),
    (OWN, 3, "Disabled"),
    (OWN, 4, "PendingDeletion"),
    (MEMBER, 6, "Enabled"),
    (OWN, 7, "Enabled"),
];

/// An event, and what is to be put of which trails where nothing goes wrong.
#[derive(Debug)]
pub(crate) struct SoakCase {
    pub(crate) event: RuleEvent,
    pub(crate) expected: Vec<(&'static str, &'static str)>,
}

/// The verdict of a trail; `None` for a resource that is not one of these trails.
pub(crate) fn verdict(name: &str) -> Option<&'static str> {
    let trail = TRAILS.iter().find(|(_, of, _, _)| *of == name);
    trail.map(|(.., verdict)| *verdict).or((name == "former").then_some(NOT_APPLICABLE))
}

/// What the lab answers from.
pub(crate) fn state() -> Result<State, Box<dyn Error>> {
    let trails: Vec<Value> =
        TRAILS.iter().map(|(owner, name, key, _)| trail(owner, name, *key)).collect();
    let keys: Vec<Value> =
        KEYS.iter().map(|(owner, number, state)| key(owner, *number, state)).collect();
    let histories: Vec<Value> = TRAILS
        .iter()
        .map(|(owner, name, key, _)| trail_item(owner, name, *key))
        .chain(KEYS.iter().map(|(owner, number, _)| key_item(owner, *number, "CUSTOMER")))
        .map(|item| {
            json!({"account": item.get("awsAccountId"), "region": REGION, "emptyPages": 1,
                   "items": [item]})
        })
        .collect();
    let document = json!({
        "trailsealLab": 1,
        "accounts": [
            {"id": OWN, "organization": "management", "regions": [REGION]},
            {"id": MEMBER, "organization": "member", "regions": [REGION]},
        ],
        "trails": trails,
        "keys": keys,
        "buckets": [{"name": "logs", "account": OWN, "region": REGION}],
        "roles": [{"arn": format!("arn:aws:iam::{MEMBER}:role/{MEMBER_ROLE}"),
                   "trustedAccounts": [OWN]}],
        "configRules": [
            {"account": OWN, "region": REGION, "name": RULE},
            {"account": MEMBER, "region": REGION, "name": RULE},
        ],
        "history": histories,
    });
    Ok(State::from_value("the soak's state", &document)?)
}

/// Every event of the mix, each under the default profile and the strict one.
pub(crate) fn cases() -> Vec<SoakCase> {
    let mut all = Vec::new();
    for profile in ["effective", "strict"] {
        for (owner, name, key, verdict) in TRAILS {
            let item = trail_item(owner, name, key);
            let expected = || vec![(name, verdict)];
            all.push(case(change(owner, &item), profile, expected()));
            all.push(case(oversized(owner, &item), profile, expected()));
        }
        for (owner, number, _) in KEYS {
            let item = key_item(owner, number, "CUSTOMER");
            all.push(case(change(owner, &item), profile, sealed_with(number)));
            all.push(case(oversized(owner, &item), profile, sealed_with(number)));
        }
        let managed = key_item(OWN, 8, "AWS");
        all.push(case(change(OWN, &managed), profile, Vec::new()));
        let mut former = trail_item(OWN, "former", Some(1));
        set(&mut former, "configurationItemStatus", json!("ResourceDeleted"));
        set(&mut former, "configuration", Value::Null);
        all.push(case(change(OWN, &former), profile, vec![("former", NOT_APPLICABLE)]));
        for owner in [OWN, MEMBER] {
            let of_owner = TRAILS.iter().filter(|(of, ..)| *of == owner);
            let expected = of_owner.map(|(_, name, _, verdict)| (*name, *verdict)).collect();
            all.push(case(schedule(owner), profile, expected));
        }
    }
    all
}

fn sealed_with(number: u32) -> Vec<(&'static str, &'static str)> {
    let sealed = TRAILS.iter().filter(|(_, _, key, _)| *key == Some(number));
    sealed.map(|(_, name, _, verdict)| (*name, *verdict)).collect()
}

fn case(
    mut event: RuleEvent,
    profile: &str,
    expected: Vec<(&'static str, &'static str)>,
) -> SoakCase {
    event.parameters = Map::from_iter([
        ("profile".to_owned(), Value::from(profile)),
        ("executionRoleName".to_owned(), Value::from(MEMBER_ROLE)),
    ]);
    SoakCase { event, expected }
}

fn trail_arn(owner: &str, name: &str) -> String {
    format!("arn:aws:cloudtrail:{REGION}:{owner}:trail/{name}")
}

fn key_id(number: u32) -> String {
    format!("{number:08}-0000-4000-8000-000000000000")
}

fn key_arn(owner: &str, number: u32) -> String {
    format!("arn:aws:kms:{REGION}:{owner}:key/{}", key_id(number))
}

fn trail(owner: &str, name: &str, key: Option<u32>) -> Value {
    let key = key.map(|number| key_arn(owner, number));
    json!({"arn": trail_arn(owner, name), "s3BucketName": "logs", "kmsKeyId": key,
           "isMultiRegionTrail": false})
}

fn key(owner: &str, number: u32, state: &str) -> Value {
    let sealed: Vec<String> =
        sealed_with(number).iter().map(|(name, _)| trail_arn(owner, name)).collect();
    let context = format!("arn:aws:cloudtrail:*:{owner}:trail/*");
    json!({
        "arn": key_arn(owner, number),
        "state": state,
        "deletionDate": (state == "PendingDeletion").then_some("2026-12-14T10:00:00Z"),
        "rotation": {"enabled": true},
        "policy": {"Version": "2012-10-17", "Statement": [
            {"Sid": "Root", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
             "Principal": {"AWS": format!("arn:aws:iam::{owner}:root")}},
            {"Sid": "CloudTrail", "Effect": "Allow", "Resource": "*",
             "Action": "kms:GenerateDataKey*",
             "Principal": {"Service": "cloudtrail.amazonaws.com"},
             "Condition": {
                "StringEquals": {"aws:SourceArn": sealed},
                "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": context}}},
        ]},
    })
}

fn trail_item(owner: &str, name: &str, key: Option<u32>) -> Value {
    let mut configuration = json!({
        "name": name, "s3BucketName": "logs", "isMultiRegionTrail": false, "homeRegion": REGION,
        "trailARN": trail_arn(owner, name),
    });
    if let Some(number) = key {
        set(&mut configuration, "kmsKeyId", json!(key_arn(owner, number)));
    }
    item("AWS::CloudTrail::Trail", owner, name, configuration)
}

fn key_item(owner: &str, number: u32, manager: &str) -> Value {
    let configuration = json!({
        "keyId": key_id(number), "arn": key_arn(owner, number), "keyManager": manager,
        "keySpec": "SYMMETRIC_DEFAULT", "keyUsage": "ENCRYPT_DECRYPT",
    });
    item("AWS::KMS::Key", owner, &key_id(number), configuration)
}

fn item(resource_type: &str, owner: &str, id: &str, configuration: Value) -> Value {
    json!({
        "configurationItemVersion": "1.3", "awsAccountId": owner, "awsRegion": REGION,
        "configurationItemCaptureTime": CAPTURED, "configurationItemStatus": "OK",
        "configurationStateId": "1795428000125", "resourceType": resource_type, "resourceId": id,
        "availabilityZone": "Regional", "tags": {}, "relationships": [],
        "configuration": configuration, "supplementaryConfiguration": {},
    })
}

fn change(owner: &str, item: &Value) -> RuleEvent {
    RuleEvent::of_item(owner, REGION, RULE, item)
}

fn oversized(owner: &str, item: &Value) -> RuleEvent {
    let mut summary = item.clone();
    if let Some(members) = summary.as_object_mut() {
        for name in ["configuration", "supplementaryConfiguration", "tags", "relationships"] {
            members.remove(name);
        }
    }
    let invoking_event = json!({
        "configurationItemSummary": summary,
        "messageType": "OversizedConfigurationItemChangeNotification",
    });
    RuleEvent { invoking_event, ..change(owner, item) }
}

fn schedule(owner: &str) -> RuleEvent {
    let invoking_event = json!({
        "awsAccountId": owner, "notificationCreationTime": CAPTURED,
        "messageType": "ScheduledNotification", "recordVersion": "1.0",
    });
    RuleEvent { invoking_event, ..change(owner, &Value::Null) }
}

fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}
