//! The accounts of the acceptance tests and the soak test: resources that pass every check of the
//! strict profile, their configuration items, and the events of a rule.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "only tests call these functions"
)]

use serde_json::{Map, Value, json};
use trailseal_lab::{
    Account, Bucket, ConfigRule, Denial, Encryption, FunctionSettings, History, Key, Membership,
    Object, Role, Rotation, RuleEvent, StandingResult, State, Trail,
};

/// The account of the rule and of the function.
pub const ACCOUNT: &str = "111122223333";
/// The Region of the rule and of the function.
pub const REGION: &str = "us-east-1";
/// The rule's name.
pub const RULE: &str = "cloudtrail-encrypted";
/// A member account of the organization; a central function evaluates its rules.
pub const MEMBER: &str = "444455556666";
/// An account that holds keys for others.
pub const KEY_ACCOUNT: &str = "777788889999";
/// The role that a central function assumes in a member account.
pub const MEMBER_ROLE: &str = "trailseal-member";
/// The role that reads key policies in the account of the keys.
pub const KEY_ROLE: &str = "trailseal-key-reader";
/// The time of the changes and schedules.
pub const CAPTURED: &str = "2026-11-23T10:00:00.125Z";
/// One hour earlier, the time of existing results: 2026-11-23T09:00:00Z.
pub const EARLIER_MILLIS: i64 = 1_795_424_400_000;

/// The parameters under which the function uses every operation.
pub const STRICT: [(&str, &str); 3] =
    [("profile", "strict"), ("allowedKeyAccounts", KEY_ACCOUNT), ("keyAccountRoleName", KEY_ROLE)];

/// The value of `exemptionsFrom`: the object that [`add_exemptions`] adds.
pub const EXEMPTIONS: &str = "s3://exemptions/trails.json";

/// The value of `exemptionTag`.
pub const EXEMPTION_TAG: &str = "trailseal:exempt-until";

/// Adds the document [`EXEMPTIONS`] with this content, in a bucket of [`ACCOUNT`] and [`REGION`].
pub fn add_exemptions(state: &mut State, content: &[u8]) {
    state.buckets.push(bucket("exemptions", ACCOUNT, REGION));
    state.objects.push(Object {
        bucket: "exemptions".to_owned(),
        key: "trails.json".to_owned(),
        size: 0,
        content: Some(content.to_vec()),
        file: None,
        last_modified: EARLIER_MILLIS,
        encryption: Encryption::default(),
        storage_class: "STANDARD".to_owned(),
        restore: None,
        owner: None,
        bucket_owner_full_control: false,
        version_id: None,
        delete_marker: false,
    });
}

/// Settings of a function with short pauses and this timeout of an attempt.
pub fn impatient(account: &str, region: &str, attempt_milliseconds: &str) -> FunctionSettings {
    let environment = [
        ("TRAILSEAL_BACKOFF_MILLISECONDS", "1"),
        ("TRAILSEAL_ATTEMPT_TIMEOUT_MILLISECONDS", attempt_milliseconds),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    FunctionSettings { environment, ..FunctionSettings::new(account, region) }
}

/// The partition of a Region.
pub fn partition(region: &str) -> &'static str {
    match region {
        china if china.starts_with("cn-") => "aws-cn",
        government if government.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// The ARN of a trail.
pub fn trail_arn(account: &str, region: &str, name: &str) -> String {
    format!("arn:{}:cloudtrail:{region}:{account}:trail/{name}", partition(region))
}

/// The ARN of the key with this number.
pub fn key_arn(account: &str, region: &str, number: usize) -> String {
    let partition = partition(region);
    format!("arn:{partition}:kms:{region}:{account}:key/{number:08}-0000-4000-8000-000000000000")
}

/// The ARN of a role.
pub fn role_arn(region: &str, account: &str, name: &str) -> String {
    format!("arn:{}:iam::{account}:role/{name}", partition(region))
}

/// The account in an ARN.
pub fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap()
}

fn region_of(arn: &str) -> &str {
    arn.split(':').nth(3).unwrap()
}

fn name_of(arn: &str) -> &str {
    arn.split_once("trail/").unwrap().1
}

/// A trail that only its home Region shows.
pub fn trail(arn: &str, bucket: &str, key: Option<&str>) -> Trail {
    Trail {
        arn: arn.to_owned(),
        s3_bucket_name: bucket.to_owned(),
        kms_key_id: key.map(str::to_owned),
        is_logging: true,
        log_file_validation_enabled: true,
        ..Trail::default()
    }
}

/// An enabled, rotated key whose policy admits only these trails.
pub fn key_of_trails(arn: &str, trails: &[&str]) -> Key {
    let owner = trails.first().map_or(ACCOUNT, |trail| account_of(trail));
    let partition = partition(region_of(arn));
    let context = format!("arn:{partition}:cloudtrail:*:{owner}:trail/*");
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": {"AWS": format!("arn:{partition}:iam::{}:root", account_of(arn))},
            "Action": "kms:*",
            "Resource": "*"
        },
        {
            "Sid": "Allow CloudTrail to encrypt logs",
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "kms:GenerateDataKey*",
            "Resource": "*",
            "Condition": {
                "StringEquals": {"aws:SourceArn": trails},
                "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": context}
            }
        }
    ]});
    Key {
        arn: arn.to_owned(),
        policy: Some(policy.to_string()),
        rotation: Rotation { enabled: true, period_days: Some(365), ..Rotation::default() },
        readable_from: vec![owner.to_owned()],
        ..Key::default()
    }
}

/// A bucket for logs.
pub fn bucket(name: &str, account: &str, region: &str) -> Bucket {
    let (name, account, region) = (name.to_owned(), account.to_owned(), region.to_owned());
    Bucket { name, account, region, ..Bucket::default() }
}

/// An account with these Regions enabled.
pub fn account(id: &str, membership: Membership, regions: &[&str]) -> Account {
    let regions = regions.iter().map(|region| (*region).to_owned()).collect();
    Account { id: id.to_owned(), membership, regions }
}

/// A role that the function's account may assume.
pub fn role(arn: &str, external_id: Option<&str>) -> Role {
    Role {
        arn: arn.to_owned(),
        trusted_accounts: vec![ACCOUNT.to_owned()],
        external_id: external_id.map(str::to_owned),
    }
}

/// A rule with existing results.
pub fn rule(account: &str, region: &str, results: Vec<StandingResult>) -> ConfigRule {
    let (account, region, name) = (account.to_owned(), region.to_owned(), RULE.to_owned());
    ConfigRule { account, region, name, results, ..ConfigRule::default() }
}

/// A result that is one hour old.
pub fn standing(resource_type: &str, id: &str, compliance: &str) -> StandingResult {
    StandingResult {
        resource_type: resource_type.to_owned(),
        resource_id: id.to_owned(),
        compliance_type: compliance.to_owned(),
        annotation: None,
        ordering_timestamp: EARLIER_MILLIS,
    }
}

/// Denies an operation to the account of the function.
pub fn denial(operation: &str) -> Denial {
    Denial { account: ACCOUNT.to_owned(), operation: operation.to_owned(), ..Denial::default() }
}

/// A standalone account with trails `t0`, `t1` …, one for each pair of the number of its key and
/// the number of its bucket.
pub fn account_with_trails(keys_and_buckets: &[(usize, usize)]) -> State {
    let arns: Vec<String> =
        (0..keys_and_buckets.len()).map(|n| trail_arn(ACCOUNT, REGION, &format!("t{n}"))).collect();
    let mut state = State {
        accounts: vec![account(ACCOUNT, Membership::Outside, &[REGION])],
        config_rules: vec![rule(ACCOUNT, REGION, Vec::new())],
        ..State::default()
    };
    for (arn, (key, bucket_number)) in arns.iter().zip(keys_and_buckets) {
        let key = key_arn(ACCOUNT, REGION, *key);
        let name = format!("logs-{bucket_number}");
        state.trails.push(trail(arn, &name, Some(&key)));
        if !state.buckets.iter().any(|there| there.name == name) {
            state.buckets.push(bucket(&name, ACCOUNT, REGION));
        }
        if !state.keys.iter().any(|there| there.arn == key) {
            let sealed: Vec<&str> = arns
                .iter()
                .zip(keys_and_buckets)
                .filter(|(_, (number, _))| key_arn(ACCOUNT, REGION, *number) == key)
                .map(|(arn, _)| arn.as_str())
                .collect();
            state.keys.push(key_of_trails(&key, &sealed));
        }
    }
    state
}

/// The configuration item of a trail, in the spelling of events.
pub fn trail_item(trail: &Trail, account: &str, region: &str) -> Value {
    let name = name_of(&trail.arn);
    let mut configuration = json!({
        "name": name,
        "s3BucketName": trail.s3_bucket_name,
        "includeGlobalServiceEvents": true,
        "isMultiRegionTrail": trail.is_multi_region_trail,
        "isOrganizationTrail": trail.is_organization_trail,
        "homeRegion": region_of(&trail.arn),
        "logFileValidationEnabled": trail.log_file_validation_enabled,
        "trailARN": trail.arn,
    });
    if let Some(key) = &trail.kms_key_id {
        configuration["kmsKeyId"] = Value::from(key.as_str());
    }
    let mut item = item("AWS::CloudTrail::Trail", name, account, region);
    item["ARN"] = Value::from(trail.arn.as_str());
    item["configuration"] = configuration;
    item
}

/// The configuration item of a key, in the spelling of events.
pub fn key_item(key: &Key) -> Value {
    let id = key.arn.split_once(":key/").unwrap().1;
    let mut item = item("AWS::KMS::Key", id, account_of(&key.arn), region_of(&key.arn));
    item["ARN"] = Value::from(key.arn.as_str());
    item["configuration"] = json!({
        "arn": key.arn,
        "keyId": id,
        "keyManager": key.manager,
        "keyState": key.state,
        "keyUsage": key.usage,
        "keySpec": key.spec,
        "customerMasterKeySpec": key.spec,
    });
    item
}

fn item(resource_type: &str, id: &str, account: &str, region: &str) -> Value {
    json!({
        "configurationItemVersion": "1.3",
        "awsAccountId": account,
        "configurationItemCaptureTime": CAPTURED,
        "configurationItemStatus": "OK",
        "configurationStateId": "1795428000125",
        "configurationStateMd5Hash": "",
        "resourceType": resource_type,
        "resourceId": id,
        "awsRegion": region,
        "availabilityZone": "Regional",
        "tags": {},
        "relatedEvents": [],
        "relationships": [],
        "supplementaryConfiguration": {},
    })
}

/// The same item after the resource was deleted, without its configuration.
pub fn deleted(mut item: Value) -> Value {
    item["configurationItemStatus"] = Value::from("ResourceDeleted");
    item["configuration"] = Value::Null;
    item
}

/// The same item with another capture time.
pub fn captured_at(mut item: Value, time: &str) -> Value {
    item["configurationItemCaptureTime"] = Value::from(time);
    item
}

/// The items that AWS Config recorded of one resource.
pub fn history(empty_pages: u64, items: Vec<Value>) -> History {
    let of = |name: &str| items[0][name].as_str().unwrap().to_owned();
    History { account: of("awsAccountId"), region: of("awsRegion"), empty_pages, items }
}

/// The event of a change.
pub fn change(item: &Value) -> RuleEvent {
    let of = |name: &str| item[name].as_str().unwrap();
    RuleEvent::of_item(of("awsAccountId"), of("awsRegion"), RULE, item)
}

/// The event of a change whose item is too large: it contains only a summary.
pub fn oversized(item: &Value) -> RuleEvent {
    let mut summary = Map::new();
    for name in [
        "configurationItemVersion",
        "configurationItemCaptureTime",
        "configurationStateId",
        "awsAccountId",
        "configurationItemStatus",
        "resourceType",
        "resourceId",
        "ARN",
        "awsRegion",
        "availabilityZone",
        "configurationStateMd5Hash",
    ] {
        summary.insert(name.to_owned(), item[name].clone());
    }
    summary.insert("changeType".to_owned(), Value::from("UPDATE"));
    summary.insert("resourceName".to_owned(), Value::Null);
    let invoking_event = json!({
        "configurationItemSummary": summary,
        "messageType": "OversizedConfigurationItemChangeNotification",
    });
    RuleEvent { invoking_event, ..change(item) }
}

/// The event of a schedule.
pub fn schedule(account: &str, region: &str) -> RuleEvent {
    schedule_at(account, region, CAPTURED)
}

/// The event of a schedule with this time.
pub fn schedule_at(account: &str, region: &str, time: &str) -> RuleEvent {
    RuleEvent {
        account: account.to_owned(),
        region: region.to_owned(),
        rule: RULE.to_owned(),
        parameters: Map::new(),
        invoking_event: json!({
            "awsAccountId": account,
            "notificationCreationTime": time,
            "messageType": "ScheduledNotification",
            "recordVersion": "1.0",
        }),
        left_scope: false,
    }
}

/// Adds parameters to the rule of an event.
pub fn with(mut event: RuleEvent, parameters: &[(&str, &str)]) -> RuleEvent {
    for (name, value) in parameters {
        event.parameters.insert((*name).to_owned(), Value::from(*value));
    }
    event
}
