//! Reading events, and the errors of those that cannot be read.

#![cfg(test)]
#![expect(clippy::wildcard_enum_match_arm, reason = "any other variant fails the test")]

use serde_json::{Map, Value, json};
use trailseal_rule::{
    AccountId, Change, Invocation, KEY_TYPE, KeyRef, Parameters, Region, RoleName, Standing,
    Timestamp, Trigger,
};

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/11111111-0000-4000-8000-111111111111";
const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/lab";

/// A trail's item in the spelling of rule events.
fn item() -> Value {
    json!({
        "ARN": TRAIL,
        "awsAccountId": "111122223333",
        "awsRegion": "us-east-1",
        "configurationItemCaptureTime": "2026-11-23T10:00:00.123Z",
        "configurationItemStatus": "OK",
        "resourceId": "lab",
        "resourceType": "AWS::CloudTrail::Trail",
        "configuration": {
            "name": "lab", "trailARN": TRAIL, "homeRegion": "us-east-1",
            "s3BucketName": "lab-logs", "kmsKeyId": KEY,
        },
    })
}

/// An event with this `invokingEvent`.
fn event(invoking: &Value) -> Value {
    json!({
        "invokingEvent": invoking.to_string(),
        "ruleParameters": "{}",
        "resultToken": "token",
        "eventLeftScope": false,
        "configRuleName": "trailseal",
        "configRuleArn": "arn:aws:config:us-east-1:111122223333:config-rule/config-rule-1",
        "accountId": "111122223333",
        "version": "1.0",
    })
}

fn change(item: &Value) -> Value {
    event(
        &json!({ "messageType": "ConfigurationItemChangeNotification", "configurationItem": item }),
    )
}

fn oversized(summary: &Value) -> Value {
    event(&json!({
        "messageType": "OversizedConfigurationItemChangeNotification",
        "configurationItemSummary": summary,
    }))
}

fn with(mut value: Value, member: &str, new: Value) -> Value {
    value.as_object_mut().unwrap().insert(member.to_owned(), new);
    value
}

fn without(mut value: Value, member: &str) -> Value {
    value.as_object_mut().unwrap().remove(member).unwrap();
    value
}

/// The trail's item with another member in its configuration.
fn of_trail(member: &str, value: Value) -> Value {
    with(item(), "configuration", with(item()["configuration"].clone(), member, value))
}

fn read(event: &Value) -> Invocation {
    Invocation::parse(event.to_string().as_bytes()).unwrap()
}

fn refusal(event: &Value) -> String {
    Invocation::parse(event.to_string().as_bytes()).unwrap_err().to_string()
}

fn trail_of(event: &Value) -> trailseal_rule::TrailChange {
    match read(event).trigger {
        Trigger::Changed(Change::Trail(change)) => *change,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_change_of_a_trail() {
    let invocation = read(&change(&item()));
    assert_eq!(invocation.rule.account, AccountId::parse("111122223333").unwrap());
    assert_eq!(invocation.rule.name.as_deref(), Some("trailseal"));
    assert_eq!(invocation.rule.region, Some(Region::parse("us-east-1").unwrap()));
    assert_eq!(invocation.token.reveal(), "token");
    assert_eq!(invocation.parameters, Parameters::default());
    let change = trail_of(&change(&item()));
    assert_eq!(change.resource_id.as_str(), "lab");
    assert_eq!(change.captured, Timestamp::parse("2026-11-23T10:00:00.123Z").unwrap());
    assert_eq!(change.trail.arn.as_str(), TRAIL);
    assert_eq!(change.trail.key, KeyRef::parse(KEY));
    assert_eq!(change.trail.bucket.as_ref().unwrap().as_str(), "lab-logs");
    assert_eq!(change.trail.standing(), Standing::Own);
}

#[test]
fn an_item_in_the_spelling_of_the_api_is_the_same_item() {
    let configuration = item()["configuration"].to_string();
    let api = json!({
        "arn": TRAIL, "accountId": "111122223333", "awsRegion": "us-east-1",
        "configurationItemCaptureTime": 1_795_428_000.123,
        "configurationItemStatus": "OK", "resourceId": "lab",
        "resourceType": "AWS::CloudTrail::Trail", "configuration": configuration,
    });
    assert_eq!(trail_of(&change(&api)), trail_of(&change(&item())));
}

#[test]
fn optional_members_may_be_missing() {
    let minimal = json!({
        "invokingEvent": change(&item())["invokingEvent"], "resultToken": "token",
    });
    let invocation = read(&minimal);
    assert_eq!(invocation.rule.account.as_str(), "111122223333", "taken from the item");
    assert_eq!((invocation.rule.name, invocation.rule.region), (None, None));
    for parameters in [Value::Null, json!(""), json!(" "), json!("{}")] {
        let event = with(change(&item()), "ruleParameters", parameters.clone());
        assert_eq!(read(&event).parameters, Parameters::default(), "{parameters}");
    }
    let odd = with(change(&item()), "configRuleArn", json!("nonsense"));
    assert_eq!(read(&odd).rule.region, None);
    let newer = with(change(&item()), "evaluationMode", json!("DETECTIVE"));
    assert!(matches!(read(&newer).trigger, Trigger::Changed(Change::Trail(_))));
}

#[test]
fn without_a_key_id_a_trail_has_no_key() {
    let absent = without(item()["configuration"].clone(), "kmsKeyId");
    let blank = [Value::Null, json!(""), json!("  ")].map(|blank| of_trail("kmsKeyId", blank));
    for item in blank.into_iter().chain([with(item(), "configuration", absent)]) {
        assert_eq!(trail_of(&change(&item)).trail.key, None, "{item}");
    }
}

#[test]
fn a_trail_is_a_multi_region_trail_if_its_item_says_true() {
    for said in [json!(true), json!(false), json!("true"), Value::Null] {
        let item = of_trail("isMultiRegionTrail", said.clone());
        assert_eq!(trail_of(&change(&item)).trail.is_multi_region_trail, said == true, "{said}");
    }
}

#[test]
fn a_copy_is_recognized_by_owner_and_home_region() {
    let check = |members: Value, region: &str, account: &str, expected: Standing| {
        let mut configuration = item()["configuration"].clone();
        for (name, value) in members.as_object().unwrap() {
            configuration = with(configuration, name, value.clone());
        }
        let item = with(item(), "configuration", configuration);
        let item = with(with(item, "awsRegion", json!(region)), "awsAccountId", json!(account));
        let trail = trail_of(&change(&item)).trail;
        assert_eq!(trail.standing(), expected, "{members} {region} {account}");
    };
    let organization = json!({ "isOrganizationTrail": true });
    check(json!({}), "us-east-1", "111122223333", Standing::Own);
    check(json!({}), "eu-west-1", "111122223333", Standing::Shadow);
    check(organization.clone(), "us-east-1", "111122223333", Standing::Own);
    check(organization.clone(), "us-east-1", "444455556666", Standing::MemberCopy);
    check(organization, "eu-west-1", "444455556666", Standing::MemberCopy);
    // Another account in the ARN alone makes no copy: the trail must say what it is.
    check(json!({}), "us-east-1", "444455556666", Standing::Own);
    check(json!({ "isOrganizationTrail": false }), "us-east-1", "444455556666", Standing::Own);
    check(json!({ "homeRegion": null }), "us-east-1", "111122223333", Standing::Own);
}

#[test]
fn a_deleted_trail_needs_no_configuration() {
    let check = |status: &str, left_scope: bool, expected: Option<&str>| {
        let item = with(item(), "configurationItemStatus", json!(status));
        let item = if expected.is_some() { with(item, "configuration", Value::Null) } else { item };
        for event in [change(&item), oversized(&item)] {
            let event = with(event, "eventLeftScope", json!(left_scope));
            let why = match read(&event).trigger {
                Trigger::Changed(Change::TrailGone(gone)) => Some(gone.why),
                Trigger::Changed(Change::Trail(_)) | Trigger::Oversized(_) => None,
                other => panic!("{other:?}"),
            };
            assert_eq!(why, expected, "{status} {left_scope}");
        }
    };
    check("OK", false, None);
    check("ResourceDiscovered", false, None);
    check("OK", true, Some("the trail left the scope of the rule"));
    check("ResourceDeleted", false, Some("the trail was deleted"));
    check("ResourceDeleted", true, Some("the trail was deleted"));
    check("ResourceDeletedNotRecorded", false, Some("the trail was deleted"));
    check("ResourceNotRecorded", false, Some("AWS Config does not record the trail"));
}

#[test]
fn a_change_of_a_key_only_triggers() {
    let key_item = |configuration: Value| {
        let item = with(item(), "resourceType", json!("AWS::KMS::Key"));
        let item = with(item, "resourceId", json!("11111111-0000-4000-8000-111111111111"));
        with(item, "configuration", configuration)
    };
    let check = |configuration: Value, can_seal_trails: bool| match read(&change(&key_item(
        configuration.clone(),
    )))
    .trigger
    {
        Trigger::Changed(Change::Key(change)) => {
            assert_eq!(change.can_seal_trails, can_seal_trails, "{configuration}");
            assert!(change.may_seal(&KeyRef::parse(KEY).unwrap()));
        }
        other => panic!("{other:?}"),
    };
    check(json!({ "keyManager": "CUSTOMER", "keySpec": "SYMMETRIC_DEFAULT" }), true);
    check(json!({ "customerMasterKeySpec": "SYMMETRIC_DEFAULT" }), true);
    check(json!({}), true);
    check(Value::Null, true);
    check(json!({ "keyManager": "AWS", "keySpec": "SYMMETRIC_DEFAULT" }), false);
    check(json!({ "keyManager": "CUSTOMER", "keySpec": "RSA_2048" }), false);
    check(json!({ "customerMasterKeySpec": "HMAC_256" }), false);
    let deleted = with(key_item(Value::Null), "configurationItemStatus", json!("ResourceDeleted"));
    for event in [change(&deleted), oversized(&deleted)] {
        assert!(matches!(read(&event).trigger, Trigger::Changed(Change::Key(_))));
    }
    let large = oversized(&without(key_item(Value::Null), "configuration"));
    match read(&large).trigger {
        Trigger::Oversized(announced) => assert_eq!(announced.summary.resource_type, KEY_TYPE),
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_references_that_may_mean_the_changed_key_match() {
    let id = "mrk-1234";
    let item = with(with(item(), "resourceType", json!("AWS::KMS::Key")), "resourceId", json!(id));
    let Trigger::Changed(Change::Key(change)) = read(&change(&item)).trigger else { panic!() };
    let check = |reference: &str, expected: bool| {
        assert_eq!(change.may_seal(&KeyRef::parse(reference).unwrap()), expected, "{reference}");
    };
    check("arn:aws:kms:us-east-1:111122223333:key/mrk-1234", true);
    check("arn:aws:kms:eu-west-1:111122223333:key/mrk-1234", false);
    check("arn:aws:kms:us-east-1:444455556666:key/mrk-1234", false);
    check("arn:aws:kms:us-east-1:111122223333:key/mrk-9999", false);
    check("mrk-1234", true);
    check("mrk-9999", false);
    check("alias/logs", true);
    check("alias/aws/s3", false);
    check("arn:aws:kms:us-east-1:111122223333:alias/logs", true);
    check("arn:aws:kms:eu-west-1:111122223333:alias/logs", false);
    check("arn:aws:kms:us-east-1:444455556666:alias/logs", false);
    check("arn:aws:kms:us-east-1:111122223333:alias/aws/s3", false);
    check("what is this", false);
}

#[test]
fn an_oversized_change_is_resolved_by_the_announced_item_only() {
    let summary = without(item(), "configuration");
    let Trigger::Oversized(announced) = read(&oversized(&summary)).trigger else { panic!() };
    match Change::resolve(&announced, &item()).unwrap() {
        Change::Trail(change) => assert_eq!(change.trail.key, KeyRef::parse(KEY)),
        other => panic!("{other:?}"),
    }
    let check = |fetched: Value, field: &str| {
        let error = Change::resolve(&announced, &fetched).unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
    };
    let later = json!("2026-11-23T10:00:00.124Z");
    check(with(item(), "configurationItemCaptureTime", later), "configurationItemCaptureTime");
    check(with(item(), "resourceId", json!("other")), "resourceId");
    check(with(item(), "resourceType", json!("AWS::KMS::Key")), "resourceId");
    check(without(item(), "configuration"), "configurationItem.configuration");
    let left = with(oversized(&summary), "eventLeftScope", json!(true));
    assert!(matches!(read(&left).trigger, Trigger::Changed(Change::TrailGone(_))));
}

#[test]
fn a_periodic_evaluation() {
    let notification = json!({
        "awsAccountId": "111122223333", "messageType": "ScheduledNotification",
        "notificationCreationTime": "2026-11-23T10:00:00.000Z", "recordVersion": "1.0",
    });
    let created = Timestamp::parse("2026-11-23T10:00:00Z").unwrap();
    assert_eq!(read(&event(&notification)).trigger, Trigger::Scheduled { created });
    let bare = without(event(&notification), "accountId");
    assert_eq!(read(&bare).rule.account.as_str(), "111122223333");
    let nobody = without(bare, "invokingEvent");
    let nobody =
        with(nobody, "invokingEvent", json!(without(notification, "awsAccountId").to_string()));
    assert_eq!(
        refusal(&nobody),
        "the event cannot be used: `accountId` is missing; expected the account that owns the rule"
    );
    let text = refusal(&with(nobody, "configRuleName", json!(7)));
    assert!(text.contains("`configRuleName` is a number"), "{text}");
    assert!(text.contains("`accountId` is missing"), "{text}");
}

#[test]
fn each_fault_names_its_field() {
    let check = |event: Value, expected: &str| {
        let refusal = refusal(&event);
        let found = refusal.strip_prefix("the event cannot be used: ").unwrap();
        assert!(found.starts_with(expected), "{found}\nnot\n{expected}");
        assert!(!refusal.contains('\n'));
    };
    let good = || change(&item());
    check(json!([]), "`event` is a list; expected the JSON object");
    for member in ["resultToken", "invokingEvent"] {
        check(without(good(), member), &format!("`{member}` is missing"));
    }
    for (member, value, expected) in [
        ("resultToken", json!(""), "is missing"),
        ("resultToken", json!(7), "is a number; expected text"),
        ("invokingEvent", json!("{"), "is not JSON (line 1, column 1)"),
        ("invokingEvent", json!("[]"), "is a list"),
        ("invokingEvent", json!(r#"{"a":{"b":1,"b":2}}"#), "has a name twice in one object"),
        ("ruleParameters", json!("[1]"), "is a list"),
        ("ruleParameters", json!("{"), "is not JSON"),
        ("ruleParameters", json!(r#"{"profile":"strict","profile":"cis"}"#), "has a name twice"),
        ("ruleParameters", json!({}), "is an object; expected text"),
        ("eventLeftScope", json!("no"), "is text; expected `true`"),
        (
            "evaluationMode",
            json!("PROACTIVE"),
            "is `PROACTIVE`; expected `DETECTIVE`, the only mode of this rule: a CloudFormation \
             Hook, `hook` of Trailseal,",
        ),
        ("accountId", json!("1"), "is `1`; expected an account id"),
    ] {
        check(with(good(), member, value), &format!("`{member}` {expected}"));
    }
    let snapshot = "ConfigurationSnapshotDeliveryCompleted";
    let of_type = |message_type: &str| json!({ "messageType": message_type });
    for (invoking, expected) in [
        (json!({}), "messageType` is missing"),
        (of_type(snapshot), &format!("messageType` is `{snapshot}`; expected")),
        (of_type("ConfigurationItemChangeNotification"), "configurationItem` is missing"),
        (
            with(of_type("ScheduledNotification"), "notificationCreationTime", json!("now")),
            "notificationCreationTime` is `now`; expected a time",
        ),
    ] {
        check(event(&invoking), &format!("`invokingEvent.{expected}"));
    }
    for (member, value, expected) in [
        ("resourceType", json!("AWS::S3::Bucket"), "is `AWS::S3::Bucket`; expected"),
        ("resourceId", json!(""), "is missing"),
        ("resourceId", json!("x".repeat(769)), "is `xxx"),
        ("configurationItemCaptureTime", json!("x"), "is `x`"),
        ("configurationItemCaptureTime", json!(1e300), "is `1e"),
        ("configurationItemStatus", json!("Lost"), "is `Lost`"),
        ("awsAccountId", json!("12"), "is `12`"),
        ("awsRegion", json!("Mars"), "is `Mars`"),
        ("configuration", json!(7), "is a number"),
        ("configuration", json!("{"), "is not JSON"),
        ("configuration", json!(r#"{"kmsKeyId":"","kmsKeyId":"alias/logs"}"#), "has a name twice"),
        ("configuration", json!("null"), "is missing"),
    ] {
        let expected = format!("`invokingEvent.configurationItem.{member}` {expected}");
        check(change(&with(item(), member, value)), &expected);
    }
    for (member, value, expected) in [
        ("trailARN", json!("x"), "is `x`; expected"),
        ("homeRegion", json!("x"), "is `x`"),
        ("kmsKeyId", json!(7), "is a number"),
        ("isOrganizationTrail", json!("true"), "is text"),
        ("trailARN", Value::Null, "is missing"),
    ] {
        let expected =
            format!("`invokingEvent.configurationItem.configuration.{member}` {expected}");
        check(change(&without(of_trail(member, value), "ARN")), &expected);
    }
}

#[test]
fn all_faults_are_reported_at_once() {
    let item = with(with(item(), "resourceId", json!("")), "awsRegion", json!("?"));
    let event = with(change(&item), "resultToken", json!(""));
    let event = with(event, "ruleParameters", json!(r#"{"profile":"x","colour":"red"}"#));
    let refusal = refusal(&event);
    for field in ["resultToken", "profile", "colour", "resourceId", "awsRegion"] {
        assert!(refusal.contains(field), "{refusal}");
    }
}

#[test]
fn an_error_never_contains_the_token_or_a_long_value() {
    let event = with(change(&item()), "resultToken", json!(["canary"]));
    assert!(!refusal(&event).contains("canary"));
    let long = with(change(&item()), "evaluationMode", json!("y".repeat(6_000_000)));
    assert!(refusal(&long).len() < 300);
}

#[test]
fn parameters_are_all_accepted_or_rejected() {
    let parse = |text: &str| {
        let raw: Map<String, Value> = serde_json::from_str(text).unwrap();
        Parameters::parse(&raw).map_err(|faults| faults.to_string())
    };
    let all = parse(
        r#"{"profile":" strict ","allowedKmsKeyArns":"arn:aws:kms:*:111122223333:key/*, ",
            "allowedKeyAccounts":"111122223333,444455556666","requireKeyRotation":"true",
            "maxRotationPeriodDays":"90","checkKeyPolicy":"true","checkDelivery":"false",
            "keyAccountRoleName":"path/reader","unverified":"NOT_APPLICABLE",
            "noTrails":"NON_COMPLIANT","replicas":"EVALUATE",
            "exemptTrails":"arn:aws:cloudtrail:*:*:trail/lab@2026-12-31",
            "exemptionTag":"trailseal:exempt-until","executionRoleName":"r"}"#,
    )
    .unwrap();
    insta::assert_debug_snapshot!(all);
    assert_eq!(
        parse(r#"{"profile":"","noTrails":null,"allowedKeyAccounts":"  "}"#),
        Ok(Parameters::default())
    );
    let refused = parse(
        r#"{"profile":"CIS","allowedKmsKeyArns":"*","allowedKeyAccounts":",","requireKeyRotation":"yes",
            "maxRotationPeriodDays":"89","checkKeyPolicy":true,"checkDelivery":"1","keyAccountRoleName":"a//b",
            "unverified":"INSUFFICIENT_DATA","noTrails":"COMPLIANT","replicas":"true",
            "exemptTrails":"lab","exemptionTag":"aws:x","executionRoleName":"*","unknown":"","Profile":"cis"}"#,
    )
    .unwrap_err();
    insta::assert_snapshot!(refused.replace("; `", "\n`"));
}

#[test]
fn the_rotation_period_is_limited_and_requires_its_check() {
    let parse = |days: &str, profile: &str, rotation: &str| {
        let raw = json!({ "maxRotationPeriodDays": days, "profile": profile, "requireKeyRotation": rotation });
        Parameters::parse(raw.as_object().unwrap()).map(|read| read.max_rotation_period_days)
    };
    for (days, read) in [("90", 90), ("365", 365), ("2560", 2560)] {
        assert_eq!(parse(days, "strict", ""), Ok(Some(read)));
        assert_eq!(parse(days, "cis", "true"), Ok(Some(read)));
        assert!(
            parse(days, "effective", "false").unwrap_err().to_string().contains("has no effect")
        );
    }
    for days in ["89", "2561", "0090", "+90", "90.0", "-90", "ninety", "99999999999999999999"] {
        assert!(parse(days, "strict", "").is_err(), "{days}");
    }
}

#[test]
fn a_role_arn_contains_partition_and_path() {
    let role = RoleName::parse("path/to/reader").unwrap();
    let account = AccountId::parse("111122223333").unwrap();
    assert_eq!(role.as_str(), "path/to/reader");
    assert_eq!(role.arn("aws-cn", &account), "arn:aws-cn:iam::111122223333:role/path/to/reader");
    for wrong in ["", "/reader", "reader/", "a b", "r\u{f6}le", &"x".repeat(577)] {
        assert_eq!(RoleName::parse(wrong), None, "{wrong}");
    }
    assert!(RoleName::parse(&"x".repeat(576)).is_some());
}

/// An event contains its account up to three times.
#[test]
fn a_wrong_account_is_reported_once() {
    let refused = |event: &Value| Invocation::parse(event.to_string().as_bytes()).unwrap_err();
    let thirteen = "0123456789012";
    let schedule = json!({
        "awsAccountId": thirteen, "notificationCreationTime": "2026-11-20T10:01:00.000Z",
        "messageType": "ScheduledNotification", "recordVersion": "1.0",
    });
    let once = "the event cannot be used: `accountId` is `0123456789012`; expected an account id";
    for event in [event(&schedule), change(&with(item(), "awsAccountId", json!(thirteen)))] {
        let text = refused(&with(event, "accountId", json!(thirteen))).to_string();
        assert!(text.starts_with(once), "{text}");
        assert_eq!(text.matches('`').count(), 4, "{text}");
    }
    // Two different values are two faults.
    let text = refused(&with(event(&schedule), "accountId", json!("1"))).to_string();
    assert!(text.contains("`accountId` is `1`; expected an account id"), "{text}");
    assert!(text.contains("`invokingEvent.awsAccountId` is `0123456789012`"), "{text}");
    // If only one member contains it, the error names that member.
    let text = refused(&without(event(&schedule), "accountId")).to_string();
    assert_eq!(text.matches("ccountId").count(), 1, "{text}");
    assert!(text.contains("`invokingEvent.awsAccountId` is `0123456789012`"), "{text}");
}
