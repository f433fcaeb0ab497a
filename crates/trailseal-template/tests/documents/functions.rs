//! What functions and names of a template stand for, as a condition compares it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use trailseal_rule::{AccountId, EvaluationContext, Parameters, Region, Timestamp};
use trailseal_template::{Place, Planned, Preview, Values, read_template};

use crate::verdicts::word_of;

fn read(template: &Value, values: &Values) -> Preview {
    let place = Place {
        account: AccountId::parse("111122223333").unwrap(),
        region: Region::parse("us-east-1").unwrap(),
        scope: String::new(),
    };
    read_template("t.json", &template.to_string(), place, &BTreeMap::new(), values).unwrap()
}

/// The answer about the trail in the default profile.
fn answer_with(template: &Value, values: &Values) -> &'static str {
    let parameters = Parameters::default();
    let now = Timestamp::from_epoch_millis(0);
    let context = EvaluationContext { parameters: &parameters, now };
    let preview = read(template, values);
    let trail = preview.trails.iter().find(|one| one.declared.address == "Trail").unwrap();
    word_of(&trail.judge(&context, &values.supplied).judgement.verdict)
}

fn answer(template: &Value) -> &'static str {
    answer_with(template, &Values::default())
}

#[test]
fn a_substitution_has_names_of_its_own_or_none() {
    let sub = |argument: Value| json!({ "Fn::Sub": argument });
    let names = json!({"A": "audit", "Region": "mars-1"});
    is(&sub(json!("${AWS::Region}-${ AWS::AccountId }-${!A}")), "us-east-1-111122223333-${A}");
    is(&sub(json!(["${A}-${AWS::Region}-${Region}", names])), "audit-us-east-1-mars-1");
    for malformed in [json!(["x"]), json!(["x", {}, {}]), json!("${A"), json!({"A": "x"})] {
        assert_eq!(compared(&sub(malformed.clone()), &json!("x")), "unverified", "{malformed}");
    }
}

/// A template with a trail that has this key.
fn template(key: &Value) -> Value {
    let properties = json!({"IsLogging": true, "S3BucketName": {"Ref": "Logs"}, "KMSKeyId": key});
    json!({"Resources": {
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"EnableKeyRotation": true}},
        "Logs": {"Type": "AWS::S3::Bucket"},
        "Trail": {"Type": "AWS::CloudTrail::Trail", "Properties": properties},
    }})
}

/// The answer about a trail that has its key if the two values are equal.
fn compared(one: &Value, other: &Value) -> &'static str {
    let arn = json!({"Fn::GetAtt": ["Key", "Arn"]});
    let key = json!({"Fn::If": ["Same", arn, {"Ref": "AWS::NoValue"}]});
    let mut template = template(&key);
    template["Conditions"] = json!({"Same": {"Fn::Equals": [one, other]}});
    for (id, kind, name) in [
        ("Audits", "AWS::S3::Bucket", "BucketName"),
        ("Nickname", "AWS::KMS::Alias", "AliasName"),
        ("Other", "AWS::CloudTrail::Trail", "TrailName"),
        ("Role", "AWS::IAM::Role", "RoleName"),
        ("User", "AWS::IAM::User", "UserName"),
    ] {
        let name = json!({name: "alias/audit"});
        template["Resources"][id] = json!({"Type": kind, "Properties": name});
    }
    for (id, kind) in [("Admin", "AWS::IAM::Role"), ("Person", "AWS::IAM::User")] {
        let path = json!({"Path": "/team/"});
        template["Resources"][id] = json!({"Type": kind, "Properties": path});
    }
    answer(&template)
}

/// The value is this text, and not another one.
fn is(value: &Value, text: &str) {
    assert_eq!(compared(value, &json!(text)), "COMPLIANT", "{value} is {text}");
    assert_eq!(compared(value, &json!(format!("{text}."))), "NON_COMPLIANT", "{value} is {text}");
}

/// The texts of RFC 4648, section 10, and one with every digit.
#[test]
fn base64_is_that_of_the_standard() {
    for (text, encoded) in [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
        ("\u{ff}\u{3ffff}~", "w7/wv7+/fg=="),
    ] {
        is(&json!({ "Fn::Base64": text }), encoded);
    }
}

#[test]
fn a_resource_stands_for_its_name_and_its_arn() {
    for id in ["Audits", "Nickname", "Other", "Role", "User"] {
        is(&json!({ "Ref": id }), "alias/audit");
    }
    for (id, arn) in [
        ("Audits", "arn:aws:s3:::alias/audit"),
        ("Other", "arn:aws:cloudtrail:us-east-1:111122223333:trail/alias/audit"),
        ("Role", "arn:aws:iam::111122223333:role/alias/audit"),
        ("User", "arn:aws:iam::111122223333:user/alias/audit"),
    ] {
        is(&json!({"Fn::GetAtt": [id, "Arn"]}), arn);
    }
    // The path of a role or a user is part of its ARN.
    for (id, kind) in [("Admin", "role"), ("Person", "user")] {
        let arn = json!({"Fn::Sub": format!("arn:aws:iam::111122223333:{kind}/${{{id}}}")});
        assert_eq!(compared(&json!({"Fn::GetAtt": [id, "Arn"]}), &arn), "unverified");
    }
}

#[test]
fn each_reference_to_a_key_is_that_key() {
    for key in [
        json!({"Ref": "Key"}),
        json!({"Fn::GetAtt": ["Key", "Arn"]}),
        json!({"Fn::GetAtt": "Key.Arn"}),
        json!({"Fn::GetAtt": ["Key", "KeyId"]}),
        json!({"Fn::Sub": "arn:aws:kms:us-east-1:111122223333:key/${Key}"}),
        // The delimiter may be longer than the parts.
        json!({"Fn::Join": [":kms:us-east-1:111122223333:key/", ["arn:aws", {"Ref": "Key"}]]}),
    ] {
        assert_eq!(answer(&template(&key)), "COMPLIANT", "{key}");
    }
}

/// What such a delimiter separates could also be in what the stand-in of the key stands for.
#[test]
fn a_text_that_is_not_known_in_full_is_split_only_where_its_parts_are() {
    let joined = |delimiter: &str| {
        let split = json!({"Fn::Split": [delimiter, {"Fn::GetAtt": ["Key", "Arn"]}]});
        answer(&template(&json!({"Fn::Join": [delimiter, split]})))
    };
    for delimiter in [":", "/", ":key/"] {
        let is_of_parts = delimiter != ":key/";
        let expected = if is_of_parts { "COMPLIANT" } else { "unverified" };
        assert_eq!(joined(delimiter), expected, "{delimiter}");
    }
    for delimiter in ["", "K", "e", "s:"] {
        assert_eq!(joined(delimiter), "unverified", "{delimiter}");
    }
    let known = json!({"Fn::Split": ["bc", "abcd"]});
    is(&json!({"Fn::Join": ["-", known]}), "a-d");
}

#[test]
fn a_mapping_has_texts_and_lists_of_texts() {
    let at = |value: Value| {
        let find = json!({"Fn::FindInMap": ["M", "a", "b"]});
        let key = json!({"Fn::Select": [1, find]});
        let mut template = template(&key);
        template["Mappings"] = json!({"M": {"a": {"b": value}}});
        answer(&template)
    };
    // KMS has no key with the name of the second item.
    assert_eq!(at(json!(["x", "arn:aws:s3:::b"])), "NON_COMPLIANT");
    for value in [json!([]), json!(["x", {"Ref": "Key"}]), json!({"c": "d"}), json!("x")] {
        assert_eq!(at(value.clone()), "unverified", "{value}");
    }
}

#[test]
fn a_parameter_of_a_list_type_is_a_list() {
    let of = |kind: &str, default: &str| {
        let second = json!({"Fn::Select": ["1", {"Ref": "P"}]});
        let mut template =
            template(&json!({"Fn::If": ["Same", {"Ref": "Key"}, {"Ref": "AWS::NoValue"}]}));
        template["Conditions"] = json!({"Same": {"Fn::Equals": [second, "b"]}});
        template["Parameters"] = json!({"P": {"Type": kind, "Default": default}});
        answer(&template)
    };
    for kind in ["CommaDelimitedList", "List<String>", "List<Number>"] {
        assert_eq!(of(kind, "a, b"), "COMPLIANT", "{kind}");
        assert_eq!(of(kind, "b, a"), "NON_COMPLIANT", "{kind}");
    }
    assert_eq!(of("String", "a, b"), "unverified");
}

/// Both conditions hold, or none of them does, only if they ask the same.
#[test]
fn conditions_that_ask_the_same_have_one_answer() {
    let none = json!({"Ref": "AWS::NoValue"});
    let of = |one: &Value, other: &Value| {
        let if_both = json!({"Fn::If": ["Other", {"Ref": "Key"}, none]});
        let if_none = json!({"Fn::If": ["Other", none, {"Ref": "Key"}]});
        let mut template = template(&json!({"Fn::If": ["One", if_both, if_none]}));
        let (one, other) = (json!({"Fn::Equals": one}), json!({"Fn::Equals": other}));
        template["Conditions"] = json!({"One": one, "Other": other});
        template["Parameters"] = json!({"P": {"Type": "String"}, "Q": {"Type": "String"}});
        answer(&template)
    };
    let p = json!({"Ref": "P"});
    let asked = [
        json!([p, "x"]),
        json!([p, "y"]),
        json!([{"Ref": "Q"}, "x"]),
        json!([p, 1]),
        json!([p, 2]),
        json!([p, true]),
        json!([p, false]),
        json!([p, {"Fn::Sub": "z"}]),
        json!([p, {"Fn::Join": ["", ["a", "b"]]}]),
        json!([p, {"Fn::Join": ["", ["a", "c"]]}]),
    ];
    for (index, one) in asked.iter().enumerate() {
        assert_eq!(of(one, one), "COMPLIANT", "{one}");
        for other in asked.iter().skip(index + 1) {
            assert_eq!(of(one, other), "unverified", "{one} {other}");
        }
    }
}

#[test]
fn attributes_of_other_resources_are_not_known() {
    for attribute in ["Arn", "KeyId", "Outputs.Key"] {
        let mut template = template(&json!({"Fn::GetAtt": ["Custom", attribute]}));
        template["Resources"]["Custom"] = json!({"Type": "Custom::Key"});
        let why = format!("`Custom.{attribute}` is known once it is deployed");
        let preview = read(&template, &Values::default());
        assert_eq!(preview.trails[0].declared.key, Planned::Unknown(why));
        assert_eq!(answer(&template), "unverified");
    }
}

#[test]
fn a_text_of_what_only_the_deployment_knows_is_not_encoded() {
    let preview = read(&template(&json!({"Fn::Base64": {"Ref": "Key"}})), &Values::default());
    let why = "it holds what only the deployment knows";
    assert_eq!(preview.trails[0].declared.key, Planned::Unknown(why.to_owned()));
}

#[test]
fn a_bucket_is_found_by_the_name_that_a_dynamic_reference_has() {
    let mut template = template(&json!({"Ref": "Key"}));
    template["Resources"]["Trail"]["Properties"]["S3BucketName"] = json!("logs-x");
    template["Resources"]["Logs"]["Properties"] = json!({"BucketName": "{{resolve:ssm:/logs}}"});
    let named = |name: &str| {
        let values = json!({"references": {"ssm:/logs": name}}).to_string();
        answer_with(&template, &Values::read(&values).unwrap())
    };
    assert_eq!(named("logs-x"), "COMPLIANT");
    assert_eq!(named("logs-y"), "unverified");
    assert_eq!(answer(&template), "unverified");
}

#[test]
fn a_bucket_that_the_template_does_not_make_is_the_one_that_the_user_states() {
    let mut template = template(&json!({"Ref": "Key"}));
    let values = Values::read(r#"{"buckets": {"logs-x": "us-east-1"}}"#).unwrap();
    for (name, answer) in [("logs-x", "COMPLIANT"), ("logs-y", "unverified")] {
        template["Resources"]["Trail"]["Properties"]["S3BucketName"] = json!(name);
        assert_eq!(answer_with(&template, &values), answer, "{name}");
    }
    template["Resources"]["Trail"]["Properties"]["S3BucketName"] = json!({"Fn::Sub": "x-${Logs}"});
    let bucket = &read(&template, &values).trails[0].declared.bucket;
    assert_eq!(*bucket, Planned::Unknown("the bucket name is not known in full".to_owned()));
}

#[test]
fn a_trail_is_not_made_because_of_its_own_condition() {
    let mut template = template(&json!({"Ref": "Key"}));
    template["Parameters"] = json!({"P": {"Type": "String"}});
    template["Conditions"] = json!({
        "No": {"Fn::Equals": ["a", "b"]},
        "Open": {"Fn::Equals": [{"Ref": "P"}, "x"]},
    });
    template["Resources"]["Logs"]["Condition"] = json!("Open");
    template["Resources"]["Trail"]["Condition"] = json!("No");
    assert_eq!(answer(&template), "NOT_APPLICABLE");
    let preview = read(&template, &Values::default());
    assert_eq!(preview.trails[0].why, "condition `No` does not hold");
}

/// Only one bucket of a name exists.
#[test]
fn of_two_buckets_with_one_name_the_one_that_is_made_is_the_trails() {
    let with = |first: &str, second: &str| {
        let mut template = template(&json!({"Ref": "Key"}));
        let (yes, no) = (json!({"Fn::Equals": ["a", "a"]}), json!({"Fn::Equals": ["a", "b"]}));
        template["Conditions"] = json!({"Yes": yes, "No": no});
        let bucket = |condition: &str| {
            let properties = json!({"BucketName": "logs-x"});
            json!({"Type": "AWS::S3::Bucket", "Condition": condition, "Properties": properties})
        };
        template["Resources"]["Logs"] = bucket(first);
        template["Resources"]["More"] = bucket(second);
        template["Resources"]["Trail"]["Properties"]["S3BucketName"] = json!("logs-x");
        answer(&template)
    };
    assert_eq!(with("Yes", "No"), "COMPLIANT");
    assert_eq!(with("No", "Yes"), "COMPLIANT");
    assert_eq!(with("Yes", "Yes"), "unverified");
    assert_eq!(with("No", "No"), "unverified");
}
