//! Writes a synthetic Config snapshot to standard output, for benchmarks.
//!
//! `synthetic_snapshot [MEGABYTES] [pretty]`: by default 500 megabytes. The same size always gives
//! the same bytes. Of nine resource types, a few items are trails, keys and buckets, and some others
//! name them in their relationships.

use std::io::{self, BufWriter, Write};

use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-central-1";
const TYPES: [&str; 6] = [
    "AWS::EC2::Instance",
    "AWS::EC2::NetworkInterface",
    "AWS::IAM::Role",
    "AWS::Lambda::Function",
    "AWS::CloudFormation::Stack",
    "AWS::SSM::ManagedInstanceInventory",
];

/// Trails of a snapshot, spread evenly.
const TRAILS: u64 = 8;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let megabytes: u64 = arguments.first().and_then(|text| text.parse().ok()).unwrap_or(500);
    let is_pretty = arguments.iter().any(|argument| argument == "pretty");
    let mut out = BufWriter::new(io::stdout().lock());
    let start = r#"{"fileVersion":"1.0","configSnapshotId":"00000000-0000-4000-8000-000000000000","configurationItems":["#;
    out.write_all(start.as_bytes())?;
    let mut bytes = start.len() as u64;
    let wanted = megabytes * 1_000_000;
    let mut number = 0;
    let mut trails = 0;
    while bytes < wanted {
        if number > 0 {
            out.write_all(b",")?;
            bytes += 1;
        }
        let is_trail = trails < TRAILS && bytes >= wanted / TRAILS * trails;
        let item = if is_trail { trail(trails) } else { item(number) };
        trails += u64::from(is_trail);
        let text = if is_pretty { format!("{item:#}") } else { item.to_string() };
        out.write_all(text.as_bytes())?;
        bytes += text.len() as u64;
        number += 1;
    }
    out.write_all(b"]}")?;
    out.flush()
}

/// A pseudorandom number (SplitMix64).
fn scramble(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

fn id(number: u64) -> String {
    let (high, low) = (scramble(number), scramble(!number));
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xFFFF,
        high & 0xFFF,
        low >> 52,
        low & 0xFFFF_FFFF_FFFF
    )
}

fn header(kind: &str, resource: &str, arn: &str) -> Value {
    json!({
        "configurationItemVersion": "1.3",
        "configurationItemCaptureTime": "2026-11-20T08:15:30.123Z",
        "configurationStateId": 1_763_626_530_123_u64,
        "awsAccountId": ACCOUNT,
        "configurationItemStatus": "OK",
        "resourceType": kind,
        "resourceId": resource,
        "resourceName": resource,
        "ARN": arn,
        "awsRegion": REGION,
        "availabilityZone": "Regional",
        "configurationStateMd5Hash": "",
        "resourceCreationTime": "2024-03-01T10:00:00.000Z",
        "tags": { "team": "payments", "cost-center": "4711", "environment": "production" },
        "relatedEvents": [],
    })
}

fn with(mut item: Value, members: Value) -> Value {
    if let (Some(item), Value::Object(members)) = (item.as_object_mut(), members) {
        item.extend(members);
    }
    item
}

fn trail(number: u64) -> Value {
    let name = format!("trail-{number}");
    let arn = format!("arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{name}");
    let key = format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{}", id(number));
    let item = header("AWS::CloudTrail::Trail", &name, &arn);
    with(
        item,
        json!({ "relationships": [], "supplementaryConfiguration": {}, "configuration": {
            "name": name, "s3BucketName": format!("bucket-{number}"), "trailARN": arn,
            "homeRegion": REGION, "isMultiRegionTrail": true, "kmsKeyId": key,
        } }),
    )
}

/// One item in 500 is a key, one in 200 a bucket, and one in 100 names a bucket.
fn item(number: u64) -> Value {
    if number % 500 == 1 {
        return key(number / 500);
    }
    if number % 200 == 2 {
        let name = format!("bucket-{}", number / 200);
        let item = header("AWS::S3::Bucket", &name, &format!("arn:aws:s3:::{name}"));
        let owner = json!({ "id": id(number), "displayName": null });
        return with(
            item,
            json!({ "relationships": [], "configuration": { "name": name, "owner": owner } }),
        );
    }
    let kinds = TYPES.len() as u64;
    let kind = TYPES.into_iter().nth((scramble(number) % kinds) as usize).unwrap_or_default();
    let other = id(number);
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": { "Service": "ec2.amazonaws.com" }, "Action": "sts:AssumeRole" },
        { "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:role/{other}") }, "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*" },
    ] });
    let related = if number % 100 == 3 { "AWS::S3::Bucket" } else { "AWS::EC2::Subnet" };
    let groups: Vec<Value> = (0..4 + scramble(!number) % 12)
        .map(|group| {
            json!({
                "groupId": format!("sg-{:017x}", scramble(number * 16 + group)),
                "groupName": format!("service-{group}"), "ipProtocol": "tcp", "fromPort": 443,
                "toPort": 443, "cidrIp": "10.0.0.0/8", "description": "\"inner\" traffic",
            })
        })
        .collect();
    with(
        header(kind, &other, &format!("arn:aws:service:{REGION}:{ACCOUNT}:thing/{other}")),
        json!({
            "relationships": [{ "resourceId": id(number + 1), "resourceType": related, "name": "Is contained in" }],
            "configuration": {
                "assumeRolePolicyDocument": policy.to_string(), "vpcId": format!("vpc-{:017x}", scramble(number)),
                "privateIpAddress": "10.1.2.3", "monitoring": { "state": "disabled" },
                "securityGroups": groups, "ebsOptimized": false, "launchTime": "2026-01-02T03:04:05.000Z",
            },
            "supplementaryConfiguration": { "Tags": [{ "key": "team", "value": "payments" }] },
        }),
    )
}

fn key(number: u64) -> Value {
    let name = id(number);
    let arn = format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{name}");
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Sid": "Enable IAM policies", "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") }, "Action": "kms:*", "Resource": "*" },
    ] });
    with(
        header("AWS::KMS::Key", &name, &arn),
        json!({
            "relationships": [],
            "configuration": {
                "keyId": name, "arn": arn, "creationDate": 1_621_024_924_302_u64, "enabled": true,
                "keyUsage": "ENCRYPT_DECRYPT", "keyState": "Enabled", "origin": "AWS_KMS",
                "keyManager": "CUSTOMER", "keySpec": "SYMMETRIC_DEFAULT", "multiRegion": false,
                "awsaccountId": ACCOUNT,
            },
            "supplementaryConfiguration": { "KeyRotationStatus": true, "Policy": policy.to_string() },
        }),
    )
}
