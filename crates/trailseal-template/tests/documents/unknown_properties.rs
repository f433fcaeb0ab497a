//! Properties of a template that only the deployment knows, or that have another type.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use trailseal_rule::{
    AccountId, EvaluationContext, KeyState, Parameters, Profile, Region, Timestamp,
};
use trailseal_template::{JudgedTrail, Place, Planned, Values, read_template};

use crate::verdicts::word_of;

fn template() -> Value {
    let sub = |text: &str| json!({ "Fn::Sub": text });
    json!({"Resources": {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "audit-logs"}},
        "Key": {"Type": "AWS::KMS::Key", "Properties": {
            "Enabled": true, "EnableKeyRotation": true, "RotationPeriodInDays": 365,
            "KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS",
            "KeyPolicy": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "kms:*", "Resource": "*",
                 "Principal": {"AWS": sub("arn:aws:iam::${AWS::AccountId}:root")}},
                {"Effect": "Allow", "Action": "kms:GenerateDataKey*", "Resource": "*",
                 "Principal": {"Service": "cloudtrail.amazonaws.com"},
                 "Condition": {"StringEquals": {"aws:SourceArn":
                    sub("arn:aws:cloudtrail:us-east-1:${AWS::AccountId}:trail/main")}}},
            ]},
        }},
        "Alias": {"Type": "AWS::KMS::Alias",
            "Properties": {"AliasName": "alias/logs", "TargetKeyId": {"Ref": "Key"}}},
        "Trail": {"Type": "AWS::CloudTrail::Trail", "Properties": {
            "TrailName": "main", "IsLogging": true, "IsMultiRegionTrail": true,
            "IsOrganizationTrail": false, "S3BucketName": {"Ref": "Bucket"},
            "KMSKeyId": "alias/logs",
        }},
    }})
}

fn judged(template: &Value) -> JudgedTrail {
    let place = Place {
        account: AccountId::parse("111122223333").unwrap(),
        region: Region::parse("us-east-1").unwrap(),
        scope: String::new(),
    };
    let (text, values) = (template.to_string(), Values::default());
    let preview = read_template("t.json", &text, place, &BTreeMap::new(), &values).unwrap();
    let parameters = Parameters {
        profile: Profile::Strict,
        max_rotation_period_days: Some(365),
        ..Parameters::default()
    };
    let context =
        EvaluationContext { parameters: &parameters, now: Timestamp::from_epoch_millis(0) };
    preview.trails[0].judge(&context, &values.supplied)
}

fn answer(template: &Value) -> &'static str {
    word_of(&judged(template).judgement.verdict)
}

fn state_of_key(template: &Value) -> Planned<KeyState> {
    let judged = judged(template);
    judged.key.unwrap().state.clone()
}

#[test]
fn no_property_is_a_default_if_it_is_not_known() {
    let good = template();
    assert_eq!(answer(&good), "COMPLIANT");
    let mut passing = Vec::new();
    for (resource, stated) in good["Resources"].as_object().unwrap() {
        for name in stated["Properties"].as_object().unwrap().keys() {
            for odd in [
                json!({"Fn::ImportValue": "x"}),
                json!("{{resolve:ssm:x}}"),
                json!({"Fn::GetAtt": ["Bucket", "DomainName"]}),
                json!(["a"]),
                json!({"a": "b"}),
            ] {
                let mut template = good.clone();
                template["Resources"][resource]["Properties"][name] = odd.clone();
                if answer(&template) == "COMPLIANT" {
                    passing.push(format!("{resource}.{name}"));
                }
            }
        }
    }
    passing.dedup();
    let harmless = [
        // The trail refers to the bucket, in the Region of the stack.
        "Trail.IsLogging",
        "Trail.IsMultiRegionTrail",
        "Trail.IsOrganizationTrail",
    ];
    assert_eq!(passing, harmless);
}

/// KMS imports material into a key that exists, so that the deployment cannot make one that is used.
#[test]
fn a_key_of_imported_material_waits_for_it_unless_it_is_disabled() {
    let with = |enabled: Value| {
        let mut template = template();
        let key = &mut template["Resources"]["Key"]["Properties"];
        (key["Origin"], key["Enabled"]) = (json!("EXTERNAL"), enabled);
        state_of_key(&template)
    };
    assert_eq!(with(json!(true)), Planned::Known(KeyState::PendingImport));
    assert_eq!(with(json!(false)), Planned::Known(KeyState::Disabled));
    assert!(matches!(with(json!({"Fn::ImportValue": "x"})), Planned::Unknown(_)));
    assert_eq!(state_of_key(&template()), Planned::Known(KeyState::Enabled));
}

#[test]
fn only_what_is_left_out_has_its_default() {
    for (name, word) in [
        ("Enabled", "COMPLIANT"),
        ("RotationPeriodInDays", "COMPLIANT"),
        ("KeySpec", "COMPLIANT"),
        ("KeyUsage", "COMPLIANT"),
        ("Origin", "COMPLIANT"),
        ("EnableKeyRotation", "NON_COMPLIANT"),
        ("KeyPolicy", "NON_COMPLIANT"),
    ] {
        let mut template = template();
        let key = template["Resources"]["Key"]["Properties"].as_object_mut().unwrap();
        assert!(key.remove(name).is_some());
        assert_eq!(answer(&template), word, "{name}");
    }
    let mut template = template();
    template["Resources"]["Key"]["Properties"]["Origin"] = json!("ELSEWHERE");
    assert_eq!(answer(&template), "unverified");
}
