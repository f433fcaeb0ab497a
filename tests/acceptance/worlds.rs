//! The parts of the decision table: references to keys, the results of each call, and the settings.

use serde_json::{Map, Value, json};

#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// The text; `None` if the member is missing.
    id: Option<&'static str>,
    /// The account and Region of the key that it names; without a Region, the bucket's. `None` if
    /// the text is invalid.
    place: Option<(&'static str, Option<&'static str>)>,
}

const OWN: &str = "111122223333";
const STRANGER: &str = "777788889999";
const ID: &str = "11111111-0000-4000-8000-111111111111";

/// Every kind; the first three are the common ones.
pub(super) fn kinds() -> Vec<Kind> {
    let kind = |id, place| Kind { id: Some(id), place };
    let (own_east, own_west) = (Some((OWN, Some("us-east-1"))), Some((OWN, Some("eu-west-1"))));
    let foreign = Some((STRANGER, Some("us-east-1")));
    vec![
        kind(
            "arn:aws:kms:us-east-1:111122223333:key/11111111-0000-4000-8000-111111111111",
            own_east,
        ),
        kind(
            "arn:aws:kms:us-east-1:777788889999:key/11111111-0000-4000-8000-111111111111",
            foreign,
        ),
        kind("alias/trail", Some((OWN, None))),
        kind(
            "arn:aws:kms:eu-west-1:111122223333:key/11111111-0000-4000-8000-111111111111",
            own_west,
        ),
        kind("arn:aws:kms:us-east-1:111122223333:alias/trail", own_east),
        kind("arn:aws:kms:us-east-1:777788889999:alias/trail", foreign),
        kind(ID, Some((OWN, None))),
        kind("alias/aws/s3", None),
        kind("arn:aws:kms:us-east-1:111122223333:alias/aws/s3", None),
        kind("arn:aws:kms:us-east-1:777788889999:alias/aws/s3", None),
        kind("key with blanks", None),
        kind("arn:aws:s3:::trail-logs", None),
        kind("", None),
        kind("  ", None),
        Kind { id: None, place: None },
    ]
}

/// A trail's item with that key.
pub(super) fn item(kind: &Kind) -> Value {
    let mut item = json!({
        "awsAccountId": OWN,
        "awsRegion": "us-east-1",
        "ARN": "arn:aws:cloudtrail:us-east-1:111122223333:trail/t",
        "resourceType": "AWS::CloudTrail::Trail",
        "resourceId": "t",
        "configurationItemStatus": "OK",
        "configurationItemCaptureTime": "2026-11-23T10:15:30.125Z",
        "configuration": {
            "name": "t",
            "trailARN": "arn:aws:cloudtrail:us-east-1:111122223333:trail/t",
            "homeRegion": "us-east-1",
            "s3BucketName": "trail-logs",
        },
    });
    if let Some(id) = kind.id {
        item["configuration"]["kmsKeyId"] = json!(id);
    }
    item
}

fn refusals() -> [Value; 2] {
    [json!({ "refused": "denied" }), json!({ "refused": "not read" })]
}

/// The key's ARN, if the key can be read at all.
fn arn_of(kind: &Kind, bucket: &Value) -> Option<String> {
    let (account, region) = kind.place?;
    let region = region.or_else(|| bucket["known"].as_str())?;
    Some(format!("arn:aws:kms:{region}:{account}:key/{ID}"))
}

/// All results of DescribeKey, every value combined with every other.
pub(super) fn every_key(kind: &Kind, bucket: &Value) -> Vec<Value> {
    let states = [
        "Enabled",
        "Updating",
        "Creating",
        "Disabled",
        "PendingDeletion",
        "PendingImport",
        "PendingReplicaDeletion",
        "Unavailable",
        "Resting",
    ];
    let mut keys: Vec<Value> = refusals().into();
    let Some(arn) = arn_of(kind, bucket) else {
        return keys;
    };
    keys.push(json!({ "absent": true }));
    for manager in ["CUSTOMER", "AWS", "PARTNER"] {
        for state in states {
            for usage in ["ENCRYPT_DECRYPT", "SIGN_VERIFY"] {
                for spec in ["SYMMETRIC_DEFAULT", "RSA_2048"] {
                    for ends in
                        [Value::Null, json!("2026-11-22T00:00:00Z"), json!("2026-11-24T00:00:00Z")]
                    {
                        let origin = if ends.is_null() { "AWS_KMS" } else { "EXTERNAL" };
                        keys.push(json!({ "known": {
                            "Arn": arn, "KeyManager": manager, "KeyState": state,
                            "KeyUsage": usage, "KeySpec": spec, "Origin": origin, "ValidTo": ends,
                        } }));
                    }
                }
            }
        }
    }
    keys
}

/// One key for each answer that DescribeKey can lead to.
pub(super) fn few_keys(kind: &Kind, bucket: &Value) -> Vec<Value> {
    let mut keys: Vec<Value> = refusals().into();
    let Some(arn) = arn_of(kind, bucket) else {
        return keys;
    };
    keys.push(json!({ "absent": true }));
    for (manager, state, origin) in [
        ("CUSTOMER", "Enabled", "AWS_KMS"),
        ("CUSTOMER", "Enabled", "EXTERNAL_KEY_STORE"),
        ("CUSTOMER", "Enabled", "ELSEWHERE"),
        ("CUSTOMER", "Disabled", "AWS_KMS"),
        ("CUSTOMER", "Resting", "AWS_KMS"),
        ("AWS", "Enabled", "AWS_KMS"),
    ] {
        keys.push(json!({ "known": {
            "Arn": arn, "KeyManager": manager, "KeyState": state, "KeyUsage": "ENCRYPT_DECRYPT",
            "KeySpec": "SYMMETRIC_DEFAULT", "Origin": origin,
        } }));
    }
    keys
}

/// All results of HeadBucket.
pub(super) fn bucket_regions() -> Vec<Value> {
    let [denied, unread] = refusals();
    let known = |region: &str| json!({ "known": region });
    vec![known("us-east-1"), known("eu-west-1"), json!({ "absent": true }), denied, unread]
}

/// All results of GetKeyRotationStatus; the first passes, the second fails.
pub(super) fn rotations() -> Vec<Value> {
    let on = |days: Value| json!({ "known": { "KeyRotationEnabled": true, "RotationPeriodInDays": days } });
    let [denied, unread] = refusals();
    vec![
        on(json!(365)),
        json!({ "known": { "KeyRotationEnabled": false } }),
        on(Value::Null),
        on(json!(180)),
        on(json!(181)),
        json!({ "known": { "NotSupported": true } }),
        json!({ "absent": true }),
        denied,
        unread,
    ]
}

/// All results of GetTrailStatus; the first passes, the second fails.
pub(super) fn deliveries() -> Vec<Value> {
    let status = |error: Value, digest: Value| json!({ "known": { "LatestDeliveryError": error, "LatestDigestDeliveryError": digest } });
    let [denied, unread] = refusals();
    vec![
        status(Value::Null, Value::Null),
        status(json!("KMS.DisabledException"), Value::Null),
        status(json!("SlowDown"), json!("NoSuchBucket")),
        status(json!("AccessDenied"), json!("NoSuchBucket")),
        status(Value::Null, json!("AccessDenied")),
        status(json!("AccessDenied"), json!("KMS.NotFoundException")),
        status(json!(""), json!("")),
        json!({ "known": { "LatestDeliveryTime": "2026-11-23T11:30:00.000Z", "IsLogging": false } }),
        json!({ "known": { "LatestDeliveryTime": "2020-01-01T00:00:00.000Z" } }),
        json!({ "absent": true }),
        denied,
        unread,
    ]
}

/// A policy for each combination of answers; the answers are written by hand.
pub(super) fn policies() -> Vec<Value> {
    let allow = |principal: Value, action: &str, resource: Value, condition: Value| {
        let mut statement = json!({ "Effect": "Allow", "Principal": principal, "Action": action });
        for (name, value) in [("Resource", resource), ("Condition", condition)] {
            if !value.is_null() {
                statement[name] = value;
            }
        }
        statement
    };
    let encrypt = |condition: Value| {
        let service = json!({ "Service": "cloudtrail.amazonaws.com" });
        allow(service, "kms:GenerateDataKey*", json!("*"), condition)
    };
    let open = |action: &str, condition: Value| allow(json!("*"), action, json!("*"), condition);
    let trail = json!({ "aws:SourceArn": "arn:aws:cloudtrail:us-east-1:111122223333:trail/t" });
    let any = json!({ "aws:SourceArn": "*" });
    let own = json!({ "StringResembles": { "kms:CallerAccount": OWN } });
    let root = json!({ "AWS": "arn:aws:iam::111122223333:root" });

    let root = allow(root, "kms:*", json!("*"), Value::Null);
    let bound = encrypt(json!({ "StringEquals": trail }));
    let unbound = encrypt(Value::Null);
    let never = encrypt(json!({ "Null": { "aws:SourceArn": "true" } }));
    let doubtful = encrypt(json!({ "StringResembles": any }));
    let doubtful_and_bound = encrypt(json!({ "StringEquals": trail, "StringResembles": any }));
    let open_to_all = open("kms:*", Value::Null);
    let decrypt = open("kms:Decrypt", Value::Null);
    let doubtful_decrypt = open("kms:Decrypt", own);
    let without_resource = |mut statement: Value| {
        statement.as_object_mut().unwrap().remove("Resource");
        statement
    };
    let ineffective = [unbound.clone(), open_to_all.clone()].map(without_resource);

    let known = |[admits, guards, binds]: [&str; 3], policy: String| {
        let answers =
            json!({ "policy": policy, "admits": admits, "guards": guards, "binds": binds });
        json!({ "known": answers })
    };
    let of = |answers, statements: &[&Value]| {
        known(answers, json!({ "Statement": statements }).to_string())
    };
    vec![
        of(["yes", "yes", "yes"], &[&bound]),
        of(["no", "yes", "yes"], &[&root]),
        of(["yes", "yes", "no"], &[&unbound]),
        of(["yes", "no", "yes"], &[&bound, &decrypt]),
        of(["yes", "no", "no"], &[&open_to_all]),
        of(["yes", "yes", "unknown"], &[&bound, &doubtful]),
        of(["no", "yes", "no"], &[&never]),
        of(["no", "yes", "yes"], &[&ineffective[0], &ineffective[1]]),
        of(["no", "no", "yes"], &[&decrypt]),
        of(["unknown", "yes", "yes"], &[&doubtful_and_bound]),
        of(["yes", "unknown", "yes"], &[&bound, &doubtful_decrypt]),
        of(["no", "unknown", "yes"], &[&doubtful_decrypt]),
        of(["unknown", "no", "yes"], &[&doubtful_and_bound, &decrypt]),
        known(["unknown", "unknown", "unknown"], "no JSON".to_owned()),
    ]
}

/// Every combination of values of these parameters, except settings that the rule rejects because
/// they would have no effect.
pub(super) fn settings(dimensions: &[&str]) -> Vec<Map<String, Value>> {
    let mut settings = vec![Map::new()];
    for dimension in dimensions {
        let values = values(dimension);
        let with = |context: &Map<String, Value>| -> Vec<Map<String, Value>> {
            let extended = values.iter().map(|more| {
                let more = more.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
                context.clone().into_iter().chain(more).collect()
            });
            extended.collect()
        };
        settings = settings.iter().flat_map(with).collect();
    }
    settings.retain(|context| {
        let is = |name: &str, value: &str| context.get(name).is_some_and(|is| is == value);
        let has_days = context.contains_key("maxRotationPeriodDays");
        !has_days || is("profile", "strict") || is("requireKeyRotation", "true")
    });
    settings
}

type Values = &'static [&'static [(&'static str, &'static str)]];

fn values(dimension: &str) -> Values {
    match dimension {
        "profile" => &[&[("profile", "cis")], &[], &[("profile", "strict")]],
        "unverified" => &[&[], &[("unverified", "COMPLIANT")], &[("unverified", "NOT_APPLICABLE")]],
        "allowed" => &[
            &[],
            &[("allowedKmsKeyArns", "arn:aws:kms:*:1111*:key/1*")],
            &[("allowedKeyAccounts", "777788889999")],
            &[
                ("allowedKmsKeyArns", "arn:aws:kms:eu-*:*:key/*"),
                ("allowedKeyAccounts", "777788889999"),
            ],
        ],
        "requireKeyRotation" => &[&[], &[("requireKeyRotation", "true")]],
        "days" => &[&[], &[("maxRotationPeriodDays", "180")]],
        "checkKeyPolicy" => &[&[], &[("checkKeyPolicy", "true")]],
        "checkDelivery" => &[&[], &[("checkDelivery", "true")]],
        "skip" => &[
            &[],
            &[("skipChecks", "key-usable, delivery-unbroken")],
            &[("skipChecks", "key-customer-managed,key-in-bucket-region")],
        ],
        other => panic!("unknown dimension `{other}`"),
    }
}
