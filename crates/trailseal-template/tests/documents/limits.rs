//! Documents at the limits of what is read: beyond each, no answer is COMPLIANT.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use trailseal_rule::{AccountId, EvaluationContext, Parameters, Region, Timestamp, Verdict};
use trailseal_template::{Place, Preview, Values, read_assembly, read_template};

fn place() -> Place {
    Place {
        account: AccountId::parse("111122223333").unwrap(),
        region: Region::parse("us-east-1").unwrap(),
        scope: String::new(),
    }
}

fn read(template: &Value) -> Preview {
    let (text, values) = (template.to_string(), Values::default());
    read_template("t.json", &text, place(), &BTreeMap::new(), &values).unwrap()
}

/// The answer about the first trail in the default profile.
fn answer(preview: &Preview) -> &'static str {
    let parameters = Parameters::default();
    let now = Timestamp::from_epoch_millis(0);
    let context = EvaluationContext { parameters: &parameters, now };
    match preview.trails[0].judge(&context, &Values::default().supplied).judgement.verdict {
        Verdict::Sealed(_) => "COMPLIANT",
        Verdict::Broken(_) => "NON_COMPLIANT",
        Verdict::Unverified(_) => "unverified",
        Verdict::NotApplicable(_) => "NOT_APPLICABLE",
    }
}

fn template(key: &Value) -> Value {
    let properties = json!({"IsLogging": true, "S3BucketName": {"Ref": "Logs"}, "KMSKeyId": key});
    json!({
        "Transform": "AWS::LanguageExtensions",
        "Parameters": {},
        "Resources": {
            "Key": {"Type": "AWS::KMS::Key", "Properties": {"EnableKeyRotation": true}},
            "Logs": {"Type": "AWS::S3::Bucket"},
            "Trail": {"Type": "AWS::CloudTrail::Trail", "Properties": properties},
        },
    })
}

/// A key whose properties a loop over these values makes.
fn looped(values: &[&str], body: &Value) -> Preview {
    let mut template = template(&json!({"Ref": "Key"}));
    let each = json!(["X", values, body]);
    template["Resources"]["Key"]["Properties"]["Fn::ForEach::Each"] = each;
    read(&template)
}

#[test]
fn a_loop_with_too_much_text_is_not_expanded() {
    let of =
        |times: usize| looped(&[&"x".repeat(1_000)], &json!({"Description": "${X}".repeat(times)}));
    let preview = of(1_000);
    assert_eq!((answer(&preview), &preview.problems), ("COMPLIANT", &Vec::new()));
    let preview = of(21_000);
    assert_eq!(answer(&preview), "unverified");
    assert!(preview.problems[0].contains("too large"), "{:?}", preview.problems);
}

#[test]
fn a_loop_with_too_many_values_is_not_expanded() {
    let body = json!({"Tags${X}": vec![0; 60_000]});
    let preview = looped(&["a", "b"], &body);
    assert_eq!((answer(&preview), &preview.problems), ("COMPLIANT", &Vec::new()));
    let preview = looped(&["a", "b", "c", "d", "e", "f", "g", "h"], &body);
    assert_eq!(answer(&preview), "unverified");
    assert!(preview.problems[0].contains("too many copies"), "{:?}", preview.problems);
}

/// KMS would take the longer one as the name of no key.
#[test]
fn a_text_that_a_function_makes_too_long_is_not_known() {
    let of = |length: usize| {
        let mut template = template(&json!({"Fn::Base64": {"Ref": "P"}}));
        template["Parameters"]["P"] = json!({"Type": "String", "Default": "x".repeat(length)});
        answer(&read(&template))
    };
    assert_eq!(of(600_000), "NON_COMPLIANT");
    assert_eq!(of(800_000), "unverified");
}

/// A key policy has up to 32 KB.
#[test]
fn a_text_of_common_length_is_within_the_limits() {
    let text = json!("x".repeat(40_000));
    let same = json!({"Fn::Equals": [{"Ref": "P"}, text]});
    let key = json!({"Fn::If": ["Same", {"Ref": "Key"}, {"Ref": "AWS::NoValue"}]});
    let mut template = template(&key);
    template["Conditions"] = json!({"Same": same});
    template["Parameters"]["P"] = json!({"Type": "String", "Default": text});
    assert_eq!(answer(&read(&template)), "COMPLIANT");
}

#[test]
fn stacks_nest_to_ten_levels() {
    let mut template = template(&json!({"Ref": "Key"}));
    // Each stack nests another one of the same template.
    template["Resources"]["Nested"] = json!({
        "Type": "AWS::CloudFormation::Stack", "Metadata": {"aws:asset:path": "t.json"},
        "Properties": {"TemplateURL": "x"},
    });
    let stack =
        json!({"type": "aws:cloudformation:stack", "properties": {"templateFile": "t.json"}});
    let mut read = |name: &str| match name {
        "manifest.json" => Ok(json!({"artifacts": {"A": stack}}).to_string()),
        _ => Ok(template.to_string()),
    };
    let values = Values::default();
    let preview = read_assembly("cdk.out", &mut read, &place(), &BTreeMap::new(), &values).unwrap();
    assert_eq!(preview.trails.len(), 11);
    assert_eq!(preview.problems, ["`t.json` is not read: too many stacks, or another folder"]);
}
