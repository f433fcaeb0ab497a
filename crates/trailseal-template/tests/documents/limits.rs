//! Documents at the limits of what is read: beyond each, no answer is COMPLIANT.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use trailseal_rule::{AccountId, EvaluationContext, Parameters, Region, Timestamp};
use trailseal_template::{Place, Preview, Values, read_assembly, read_template};

use crate::verdicts::word_of;

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
    word_of(&preview.trails[0].judge(&context, &Values::default().supplied).judgement.verdict)
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

#[test]
fn loops_make_up_to_2000_copies() {
    let of = |copies: usize| {
        let names: Vec<String> = (0..copies).map(|number| format!("n{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        answer(&looped(&names, &json!({"Tag${X}": "x"})))
    };
    assert_eq!(of(2_000), "COMPLIANT");
    assert_eq!(of(2_001), "unverified");
}

#[test]
fn loops_nest_to_five_levels() {
    let of = |levels: usize| {
        let body = (1..levels).fold(json!({"Description": "x"}), |body, level| {
            let each = json!([format!("Y{level}"), ["a"], body]);
            json!({format!("Fn::ForEach::L{level}"): each})
        });
        answer(&looped(&["a"], &body))
    };
    assert_eq!(of(5), "COMPLIANT");
    assert_eq!(of(6), "unverified");
}

/// KMS has no key with such a name.
#[test]
fn a_text_of_a_function_has_up_to_a_million_bytes() {
    let of = |function: &Value, length: usize| {
        let mut template = template(function);
        template["Parameters"]["P"] = json!({"Type": "String", "Default": "x".repeat(length)});
        answer(&read(&template))
    };
    for function in [
        json!({"Fn::Sub": "${P}"}),
        json!({"Fn::Join": [",", [{"Ref": "P"}]]}),
        json!({"Fn::Select": [0, [{"Ref": "P"}]]}),
    ] {
        assert_eq!(of(&function, 1_000_000), "NON_COMPLIANT", "{function}");
        assert_eq!(of(&function, 1_000_001), "unverified", "{function}");
    }
    // Encoded, it has four thirds of the bytes.
    let encoded = json!({"Fn::Base64": {"Ref": "P"}});
    assert_eq!(of(&encoded, 750_000), "NON_COMPLIANT");
    assert_eq!(of(&encoded, 750_001), "unverified");
}

#[test]
fn references_go_a_hundred_levels_deep() {
    let of = |conditions: usize| {
        let key = json!({"Fn::If": ["C0", {"Ref": "Key"}, {"Ref": "AWS::NoValue"}]});
        let mut template = template(&key);
        template["Conditions"] = json!({});
        for number in 0..conditions {
            let next = json!({"Condition": format!("C{}", number + 1)});
            template["Conditions"][format!("C{number}")] = next;
        }
        let last = json!({"Fn::Equals": ["a", "a"]});
        template["Conditions"][format!("C{conditions}")] = last;
        answer(&read(&template))
    };
    assert_eq!(of(97), "COMPLIANT");
    assert_eq!(of(98), "unverified");
}

/// Trails whose key depends on `texts` long texts. Each text takes 570,000 steps.
fn with_long_texts(trails: usize, texts: usize) -> Preview {
    let text = (0..60).fold(json!({"Ref": "P"}), |text, _| json!({"Fn::If": ["Yes", text, ""]}));
    let length = json!({"Fn::Length": vec![text; texts]});
    let key = json!({"Fn::If": ["Same", {"Ref": "Key"}, {"Ref": "AWS::NoValue"}]});
    let mut template = template(&key);
    template["Conditions"] = json!({
        "Same": {"Fn::Equals": [length, texts.to_string()]},
        "Yes": {"Fn::Equals": ["a", "a"]},
    });
    template["Parameters"]["P"] = json!({"Type": "String", "Default": "x".repeat(900_000)});
    let trail = template["Resources"]["Trail"].clone();
    for number in 1..trails {
        template["Resources"][format!("Trail{number}")] = trail.clone();
    }
    read(&template)
}

#[test]
fn an_evaluation_takes_up_to_two_million_steps() {
    assert_eq!(answer(&with_long_texts(1, 3)), "COMPLIANT");
    assert_eq!(answer(&with_long_texts(1, 4)), "unverified");
}

#[test]
fn all_evaluations_take_up_to_twenty_million_steps() {
    let of = |trails: usize| {
        let mut preview = with_long_texts(trails, 3);
        let first = answer(&preview);
        preview.trails.reverse();
        (first, answer(&preview))
    };
    assert_eq!(of(11), ("COMPLIANT", "COMPLIANT"));
    assert_eq!(of(13), ("COMPLIANT", "unverified"));
}

/// Outcomes of conditions that are not decided: twice as many with each question.
#[test]
fn a_trail_has_up_to_64_outcomes() {
    let of = |questions: usize| {
        let key = json!({"Fn::If": ["Any", {"Ref": "Key"}, {"Fn::GetAtt": ["Key", "Arn"]}]});
        let mut template = template(&key);
        let mut all = Vec::new();
        for name in (0..questions).map(|number| format!("P{number}")) {
            template["Parameters"][&name] = json!({"Type": "String"});
            all.push(json!({"Fn::Equals": [{"Ref": name}, "x"]}));
        }
        template["Conditions"] = json!({"Any": {"Fn::Or": all}});
        answer(&read(&template))
    };
    assert_eq!(of(6), "COMPLIANT");
    assert_eq!(of(7), "unverified");
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
    assert_eq!(preview.problems, ["`t.json` is not read: it is nested too deeply"]);
    // Of the stacks that nest another one, the last says that it is not read.
    let last = format!("A{}", ".Nested".repeat(11));
    let note = format!("nested stack `{last}` is a template of its own, and is not read here");
    assert_eq!(preview.notes, [format!("cdk.out/t.json: {note}")]);
}

#[test]
fn stages_nest_to_ten_levels() {
    let stage = json!({"type": "cdk:cloud-assembly", "properties": {"directoryName": "s"}});
    let mut asked = 0;
    let mut read = |_: &str| {
        asked += 1;
        Ok(json!({"artifacts": {"S": stage}}).to_string())
    };
    let values = Values::default();
    let preview = read_assembly("cdk.out", &mut read, &place(), &BTreeMap::new(), &values).unwrap();
    assert_eq!(asked, 11);
    assert_eq!(preview.problems, ["stage `S` could not be read"]);
}

/// A search among 20,000 members is 2,500 steps.
#[test]
fn the_search_for_names_is_bounded() {
    let many = |entry: Value| -> serde_json::Map<String, Value> {
        (0..20_000).map(|at| (format!("N{at}"), entry.clone())).collect()
    };
    let text = "${N0}";
    let set = |pointer: &str, value: Value| {
        let mut document = template(&json!({"Ref": "Key"}));
        *document.pointer_mut(pointer).unwrap() = value;
        document
    };
    let parameters = || {
        let parameters = many(json!({"Type": "String", "Default": ""}));
        (set("/Parameters", Value::Object(parameters)), json!(null))
    };
    let names = || (set("/Parameters", json!({})), Value::Object(many(json!(""))));
    let properties = || {
        let properties = many(json!(1));
        let topic = json!({"Type": "AWS::IAM::Role", "Properties": properties});
        let mut document = template(&json!({"Ref": "Key"}));
        document["Resources"]["N0"] = topic;
        (document, json!(null))
    };
    for (what, case) in [
        ("parameters", &parameters as &dyn Fn() -> (Value, Value)),
        ("names", &names),
        ("properties", &properties),
    ] {
        let of = |times: usize| {
            let (mut document, names) = case();
            let text = json!(text.repeat(times));
            let sub = if names.is_null() { text } else { json!([text, names]) };
            document["Conditions"] = json!({"C": {"Fn::Equals": [{"Fn::Sub": sub}, "x"]}});
            let choice = json!({"Fn::If": ["C", {"Ref": "Key"}, {"Ref": "Key"}]});
            document["Resources"]["Trail"]["Properties"]["KMSKeyId"] = choice;
            answer(&read(&document))
        };
        assert_eq!(of(1), "COMPLIANT", "{what}");
        assert_eq!(of(810), "unverified", "{what}");
    }
}

#[test]
fn the_search_in_mappings_is_bounded() {
    let of = |times: usize| {
        let mut document = template(&json!({"Ref": "Key"}));
        let values: serde_json::Map<String, Value> =
            (0..20_000).map(|at| (format!("N{at}"), json!(""))).collect();
        document["Mappings"] = json!({"M": {"A": values}});
        let find = json!({"Fn::FindInMap": ["M", "A", "N0"]});
        let all = json!({"Fn::Join": ["", vec![find; times]]});
        document["Conditions"] = json!({"C": {"Fn::Equals": [all, "x"]}});
        let choice = json!({"Fn::If": ["C", {"Ref": "Key"}, {"Ref": "Key"}]});
        document["Resources"]["Trail"]["Properties"]["KMSKeyId"] = choice;
        answer(&read(&document))
    };
    assert_eq!(of(1), "COMPLIANT");
    assert_eq!(of(810), "unverified");
}

/// Each outcome of each trail looks for keys, buckets and aliases in all stacks.
#[test]
fn the_search_in_stacks_is_bounded() {
    let mut template = template(&json!({"Ref": "Key"}));
    let mut all = Vec::new();
    for name in (0..6).map(|number| format!("P{number}")) {
        template["Parameters"][&name] = json!({"Type": "String"});
        all.push(json!({"Fn::Equals": [{"Ref": name}, "x"]}));
    }
    template["Conditions"] = json!({"Any": {"Fn::Or": all}});
    let key = json!({"Fn::If": ["Any", {"Ref": "Key"}, {"Fn::GetAtt": ["Key", "Arn"]}]});
    template["Resources"]["Trail"]["Properties"]["KMSKeyId"] = key;
    let of = |stacks: usize| {
        let stack =
            json!({"type": "aws:cloudformation:stack", "properties": {"templateFile": "t.json"}});
        let artifacts: serde_json::Map<String, Value> =
            (0..stacks).map(|at| (format!("S{at}"), stack.clone())).collect();
        let mut read = |name: &str| match name {
            "manifest.json" => Ok(json!({"artifacts": artifacts}).to_string()),
            _ => Ok(template.to_string()),
        };
        let values = Values::default();
        let read = read_assembly("cdk.out", &mut read, &place(), &BTreeMap::new(), &values);
        let mut preview = read.unwrap();
        assert_eq!(preview.trails.len(), stacks);
        let first = answer(&preview);
        preview.trails.reverse();
        (first, answer(&preview))
    };
    assert_eq!(of(100), ("COMPLIANT", "COMPLIANT"));
    assert_eq!(of(700), ("COMPLIANT", "unverified"));
}
