//! The functions of the transform `AWS::LanguageExtensions`, as far as they decide a verdict.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use trailseal_rule::{AccountId, EvaluationContext, Parameters, Region, Timestamp};
use trailseal_template::{Place, Values, read_template};

use crate::verdicts::word_of;

/// The answers about all trails in a profile, by address.
fn answers(template: &Value, profile: &str) -> BTreeMap<String, &'static str> {
    let place = Place {
        account: AccountId::parse("111122223333").unwrap(),
        region: Region::parse("us-east-1").unwrap(),
        scope: String::new(),
    };
    let values = Values::default();
    let text = template.to_string();
    let preview = read_template("t.json", &text, place, &BTreeMap::new(), &values).unwrap();
    let given = [("profile".to_owned(), Value::from(profile))].into_iter().collect();
    let parameters = Parameters::parse(&given).unwrap();
    let now = Timestamp::from_epoch_millis(0);
    let context = EvaluationContext { parameters: &parameters, now };
    let answer = |trail: &trailseal_template::PreviewedTrail| {
        word_of(&trail.judge(&context, &values.supplied).judgement.verdict)
    };
    preview.trails.iter().map(|one| (one.declared.address.clone(), answer(one))).collect()
}

fn template(resources: Value, others: Value) -> Value {
    let mut template = json!({
        "Transform": "AWS::LanguageExtensions",
        "Resources": {
            "Key": {"Type": "AWS::KMS::Key", "Properties": {"EnableKeyRotation": true}},
            "Bucket": {"Type": "AWS::S3::Bucket"},
        },
    });
    for (name, resource) in resources.as_object().unwrap() {
        template["Resources"][name] = resource.clone();
    }
    for (name, section) in others.as_object().unwrap() {
        template[name] = section.clone();
    }
    template
}

fn trail(key: Value) -> Value {
    json!({"Type": "AWS::CloudTrail::Trail", "Properties": {
            "IsLogging": true, "S3BucketName": {"Ref": "Bucket"}, "KMSKeyId": key}})
}

fn arn() -> Value {
    json!({"Fn::GetAtt": ["Key", "Arn"]})
}

#[test]
fn for_each_makes_a_trail_of_each_name() {
    let body = json!({"Trail${Name}": trail(arn())});
    let each = json!({"Fn::ForEach::Trails": ["Name", ["One", "Two"], body]});
    let found = answers(&template(each, json!({})), "effective");
    let expected = [("TrailOne", "COMPLIANT"), ("TrailTwo", "COMPLIANT")];
    assert_eq!(found, expected.map(|(name, word)| (name.to_owned(), word)).into());
    let body = json!({"Trail${Name}": trail(json!({"Ref": "AWS::NoValue"}))});
    let each = json!({"Fn::ForEach::Trails": ["Name", ["One"], body]});
    let found = answers(&template(each, json!({})), "effective");
    assert_eq!(found["TrailOne"], "NON_COMPLIANT");
}

#[test]
fn for_each_is_resolved_where_the_transform_is_named() {
    let of = |transform: &Value| {
        let body = json!({"Trail${Name}": trail(arn())});
        let each = json!({"Fn::ForEach::Trails": ["Name", ["One"], body]});
        answers(&template(each, json!({ "Transform": transform })), "effective").len()
    };
    let (extensions, serverless) = ("AWS::LanguageExtensions", "AWS::Serverless-2016-10-31");
    for transform in [json!(extensions), json!([extensions]), json!([serverless, extensions])] {
        assert_eq!(of(&transform), 1, "{transform}");
    }
    for transform in [json!(serverless), json!([serverless])] {
        assert_eq!(of(&transform), 0, "{transform}");
    }
}

/// The answer about a trail whose key depends on a condition.
fn conditional(condition: Value, others: Value) -> &'static str {
    let mut others = others;
    others["Conditions"] = json!({"HasKey": condition});
    let key = json!({"Fn::If": ["HasKey", arn(), {"Ref": "AWS::NoValue"}]});
    answers(&template(json!({"Trail": trail(key)}), others), "effective")["Trail"]
}

#[test]
fn length_decides_a_condition() {
    let equals = |length: &str| json!({"Fn::Equals": [{"Fn::Length": ["a", "b"]}, length]});
    assert_eq!(conditional(equals("2"), json!({})), "COMPLIANT");
    assert_eq!(conditional(equals("3"), json!({})), "NON_COMPLIANT");
}

#[test]
fn json_text_has_the_values_of_a_map() {
    let map = json!({"a": 10, "b": "10", "c": true, "d": [-1], "e": {"Ref": "AWS::NoValue"}});
    let equals = |text: &str| json!({"Fn::Equals": [{"Fn::ToJsonString": map}, text]});
    let text = r#"{"a":10,"b":"10","c":true,"d":["-1"]}"#;
    assert_eq!(conditional(equals(text), json!({})), "COMPLIANT");
    let other = text.replacen("10", "\"10\"", 1);
    assert_eq!(conditional(equals(&other), json!({})), "NON_COMPLIANT");
}

#[test]
fn a_default_value_counts_where_the_map_has_no_entry() {
    let map = json!({"Mappings": {"M": {"a": {"on": "true"}}}});
    let find = |name: &str, default: &str| {
        let find = json!(["M", "a", name, {"DefaultValue": default}]);
        json!({"Fn::Equals": [{"Fn::FindInMap": find}, "true"]})
    };
    assert_eq!(conditional(find("off", "true"), map.clone()), "COMPLIANT");
    assert_eq!(conditional(find("off", "false"), map.clone()), "NON_COMPLIANT");
    assert_eq!(conditional(find("on", "false"), map), "COMPLIANT");
}

#[test]
fn a_policy_as_json_text_is_read() {
    let policy = |principal: Value| {
        json!({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "kms:*", "Resource": "*",
                 "Principal": {"AWS": "arn:aws:iam::111122223333:root"}},
                {"Effect": "Allow", "Action": "kms:GenerateDataKey*", "Resource": "*",
                 "Principal": principal, "Condition": {"StringEquals": {"aws:SourceArn":
                    "arn:aws:cloudtrail:us-east-1:111122223333:trail/main"}}}]})
    };
    let of = |principal: Value| {
        let key = json!({"Type": "AWS::KMS::Key", "Properties": {"EnableKeyRotation": true,
                "KeyPolicy": {"Fn::ToJsonString": policy(principal)}}});
        let mut trail = trail(arn());
        trail["Properties"]["TrailName"] = json!("main");
        let resources = json!({"Key": key, "Trail": trail});
        answers(&template(resources, json!({})), "strict")["Trail"]
    };
    assert_eq!(of(json!({"Service": "cloudtrail.amazonaws.com"})), "COMPLIANT");
    assert_eq!(of(json!({"Service": "s3.amazonaws.com"})), "NON_COMPLIANT");
}
