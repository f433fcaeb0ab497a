//! Documents whose answer depends on a part that is not resolved: macros, conditions without an
//! answer, what nested stacks get. None of them is COMPLIANT.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trailseal_rule::{AccountId, EvaluationContext, Parameters, Profile, Region, Timestamp};
use trailseal_template::{Place, Preview, Values, read_assembly, read_template};

use crate::verdicts::word_of;

fn place() -> Place {
    Place {
        account: AccountId::parse("111122223333").unwrap(),
        region: Region::parse("us-east-1").unwrap(),
        scope: String::new(),
    }
}

pub(crate) fn template(text: &str) -> Preview {
    let started = Instant::now();
    let values = Values::default();
    let read = read_template("t.yaml", text, place(), &BTreeMap::new(), &values).unwrap();
    assert!(started.elapsed() < Duration::from_secs(20), "took {:?}", started.elapsed());
    read
}

/// Stacks with their environments; and the files of nested stacks.
fn assembly(stacks: &[(&str, &str, &Value)], nested: &[(&str, &Value)]) -> Preview {
    let mut files: BTreeMap<String, String> =
        nested.iter().map(|(name, text)| ((*name).to_owned(), text.to_string())).collect();
    let mut artifacts = serde_json::Map::new();
    for (name, environment, text) in stacks {
        let file = format!("{name}.template.json");
        artifacts.insert(
            (*name).to_owned(),
            json!({
                "type": "aws:cloudformation:stack", "environment": environment,
                "properties": {"templateFile": file},
            }),
        );
        files.insert(file, text.to_string());
    }
    files.insert("manifest.json".to_owned(), json!({"artifacts": artifacts}).to_string());
    let mut read = |name: &str| files.get(name).cloned().ok_or_else(|| "is absent".to_owned());
    let none = BTreeMap::new();
    let unknown = Place { account: AccountId::not_known(), region: Region::not_known(), ..place() };
    read_assembly("cdk.out", &mut read, &unknown, &none, &Values::default()).unwrap()
}

/// The answers about the first trail in every profile.
fn answers(preview: &Preview) -> Vec<&'static str> {
    let trail = preview.trails.first().unwrap();
    let answer = |profile: Profile| {
        let parameters = Parameters { profile, ..Parameters::default() };
        let context =
            EvaluationContext { parameters: &parameters, now: Timestamp::from_epoch_millis(0) };
        word_of(&trail.judge(&context, &Values::default().supplied).judgement.verdict)
    };
    Profile::ALL.into_iter().map(answer).collect()
}

/// The answer in the default profile.
pub(crate) fn answer(preview: &Preview) -> &'static str {
    let position = Profile::ALL.iter().position(|one| *one == Profile::Effective).unwrap();
    answers(preview)[position]
}

/// `strict` can be sure without it: the default policy of a key does not admit CloudTrail.
pub(crate) fn is_unverified(preview: &Preview, what: &str) {
    for (profile, answer) in Profile::ALL.into_iter().zip(answers(preview)) {
        let is_sure = profile == Profile::Strict && answer == "NON_COMPLIANT";
        assert!(is_sure || answer == "unverified", "{what} {profile:?}: {answer}");
    }
}

const ANYWHERE: &str = "aws://unknown-account/unknown-region";
const HERE: &str = "aws://111122223333/us-east-1";

fn key() -> Value {
    json!({"Type": "AWS::KMS::Key", "Properties": {"EnableKeyRotation": true}})
}

fn trail(key: &Value) -> Value {
    let properties = json!({"IsLogging": true, "S3BucketName": {"Ref": "Bucket"}, "KMSKeyId": key});
    json!({"Type": "AWS::CloudTrail::Trail", "Properties": properties})
}

pub(crate) fn whole(key_id: &Value) -> Value {
    json!({"Resources": {
        "Key": key(), "Bucket": {"Type": "AWS::S3::Bucket"}, "Trail": trail(key_id),
    }})
}

pub(crate) fn arn() -> Value {
    json!({"Fn::GetAtt": ["Key", "Arn"]})
}

fn nothing() -> Value {
    json!({"Ref": "AWS::NoValue"})
}

/// A macro where it may change what is beside it.
fn evil() -> Value {
    json!({"Name": "AWS::Include", "Parameters": {"Location": "s3://b/k"}})
}

pub(crate) fn with(mut document: Value, pointer: &str, name: &str, value: Value) -> Value {
    document.pointer_mut(pointer).unwrap()[name] = value;
    document
}

fn nesting(parameters: Value) -> Value {
    json!({"Resources": {"N": {
        "Type": "AWS::CloudFormation::Stack", "Metadata": {"aws:asset:path": "n.json"},
        "Properties": {"TemplateURL": "x", "Parameters": parameters},
    }}})
}

/// A nested stack whose trail has a key if `Encrypt` has the value.
fn child(kind: &str, default: &str) -> Value {
    let key = json!({"Fn::If": ["On", arn(), nothing()]});
    let document = with(
        whole(&key),
        "",
        "Parameters",
        json!({
            "Encrypt": {"Type": kind, "Default": default},
        }),
    );
    let on = json!({"On": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Encrypt"}, "no"]}]}});
    with(document, "", "Conditions", on)
}

fn nested(parent: &Value, child: &Value) -> Preview {
    assembly(&[("P", HERE, parent)], &[("n.json", child)])
}

#[test]
fn controls_are_compliant() {
    assert_eq!(answer(&template(&whole(&arn()).to_string())), "COMPLIANT");
    let nested_stack = nested(&nesting(json!({"Encrypt": "yes"})), &child("String", "no"));
    assert_eq!(answer(&nested_stack), "COMPLIANT");
    let (keys, logs) = exported();
    let both = assembly(&[("Keys", HERE, &keys), ("Logs", HERE, &logs)], &[]);
    assert_eq!(answer(&both), "COMPLIANT");
    assert_eq!(answer(&nested(&with_nested_key(), &nested_key())), "COMPLIANT");
}

#[test]
fn a_nested_stack_gets_what_its_parent_passes() {
    let text = child("String", "yes");
    let choice = json!({"Fn::If": ["A", {"Encrypt": "no"}, {"Encrypt": "yes"}]});
    let parent = with(nesting(choice), "", "Conditions", json!({"A": {"Fn::Equals": ["a", "a"]}}));
    assert_eq!(answer(&nested(&parent, &text)), "NON_COMPLIANT");
    assert_eq!(answer(&nested(&nesting(json!({"Encrypt": "no"})), &text)), "NON_COMPLIANT");
    let omitted = nested(&nesting(json!({"Encrypt": nothing()})), &child("String", "no"));
    assert_eq!(answer(&omitted), "NON_COMPLIANT");
    for parameters in [
        json!({"Fn::Transform": evil()}),
        json!({"Fn::Transform": evil(), "Encrypt": "yes"}),
        json!({"Ref": "X"}),
        json!([]),
    ] {
        is_unverified(&nested(&nesting(parameters.clone()), &text), &parameters.to_string());
    }
    let beside = with(nesting(json!({})), "/Resources/N/Properties", "Fn::Transform", evil());
    is_unverified(&nested(&beside, &text), "beside the parameters");
}

#[test]
fn a_parent_passes_a_list_as_such_or_as_text() {
    let mut text = child("CommaDelimitedList", "no,no");
    let second = json!({"Fn::Select": ["1", {"Ref": "Encrypt"}]});
    text["Conditions"]["On"] = json!({"Fn::Equals": [second, "yes"]});
    let passed = |value: Value| answer(&nested(&nesting(json!({"Encrypt": value})), &text));
    assert_eq!(passed(json!("no,yes")), "COMPLIANT");
    assert_eq!(passed(json!(["no", "yes"])), "COMPLIANT");
    assert_eq!(passed(json!("yes,no")), "NON_COMPLIANT");
    let list = nested(&nesting(json!({"Encrypt": ["yes"]})), &child("String", "no"));
    is_unverified(&list, "a list as text");
}

#[test]
fn a_parameter_of_parameter_store_is_not_its_name() {
    let text = child("AWS::SSM::Parameter::Value<String>", "no");
    is_unverified(&nested(&nesting(json!({"Encrypt": "/trail/mode"})), &text), "name");
}

fn exported() -> (Value, Value) {
    let output = json!({"K": {"Value": arn(), "Export": {"Name": "k"}}});
    let keys = json!({"Resources": {"Key": key()}, "Outputs": output});
    let mut logs = whole(&json!({"Fn::ImportValue": "k"}));
    logs["Resources"].as_object_mut().unwrap().remove("Key");
    (keys, logs)
}

fn nested_key() -> Value {
    json!({"Resources": {"Key": key()}, "Outputs": {"K": {"Value": arn()}}})
}

fn with_nested_key() -> Value {
    let mut parent = nesting(json!({}));
    parent["Resources"]["Trail"] = trail(&json!({"Fn::GetAtt": ["N", "Outputs.K"]}));
    parent["Resources"]["Bucket"] = json!({"Type": "AWS::S3::Bucket"});
    parent
}

#[test]
fn a_macro_on_another_stack_leaves_the_trail_unverified() {
    let (keys, logs) = exported();
    let keys = with(keys, "", "Transform", json!(["Evil"]));
    is_unverified(&assembly(&[("K", HERE, &keys), ("L", HERE, &logs)], &[]), "exporter");
    let changed = with(nested_key(), "", "Transform", json!("Evil"));
    is_unverified(&nested(&with_nested_key(), &changed), "nested key");
    let parent = with(nesting(json!({})), "", "Transform", json!("Evil"));
    is_unverified(&nested(&parent, &child("String", "yes")), "parent");
}

#[test]
fn a_macro_changes_what_is_beside_it() {
    let (keys, logs) = exported();
    let keys = with(keys, "/Outputs", "Fn::Transform", evil());
    is_unverified(&assembly(&[("K", HERE, &keys), ("L", HERE, &logs)], &[]), "outputs");
    let beside = with(whole(&arn()), "/Resources", "Fn::Transform", evil());
    is_unverified(&template(&beside.to_string()), "resources");
    let when = |section: &str, entry: Value, property: &str, value: Value| {
        let document = with(whole(&arn()), "/Resources/Key/Properties", property, value);
        with(document, "", section, entry)
    };
    let find = json!({"Fn::FindInMap": ["M", "a", "k", {"DefaultValue": "true"}]});
    for document in [
        with(
            when(
                "Conditions",
                json!({"C": {"Fn::Equals": ["a", "a"]}, "Fn::Transform": evil()}),
                "Enabled",
                json!(true),
            ),
            "/Resources/Key",
            "Condition",
            json!("C"),
        ),
        when(
            "Mappings",
            json!({"M": {"a": {"k": "true"}}, "Fn::Transform": evil()}),
            "Enabled",
            find.clone(),
        ),
        when(
            "Mappings",
            json!({"M": {"a": {"k": "true"}, "Fn::Transform": evil()}}),
            "Enabled",
            find.clone(),
        ),
        when(
            "Mappings",
            json!({"M": {"a": {"k": "true", "Fn::Transform": evil()}}}),
            "Enabled",
            find.clone(),
        ),
        when("Mappings", json!({"Fn::Transform": evil()}), "Enabled", find.clone()),
        when("Mappings", json!({"M": {"a": {"k": {"Ref": "AWS::NoValue"}}}}), "Enabled", find),
        when(
            "Parameters",
            json!({"P": {"Type": "String", "Default": "true"}, "Fn::Transform": evil()}),
            "Enabled",
            json!({"Ref": "P"}),
        ),
        when(
            "Parameters",
            json!({"P": {"Type": "String", "Default": "true", "Fn::Transform": evil()}}),
            "Enabled",
            json!({"Ref": "P"}),
        ),
        when(
            "Metadata",
            json!({}),
            "Enabled",
            json!({"Fn::Sub": ["${X}", {"X": "true", "Fn::Transform": evil()}]}),
        ),
    ] {
        // Whether the key is enabled matters to all profiles but `cis`.
        assert_eq!(answer(&template(&document.to_string())), "unverified", "{document}");
    }
}

#[test]
fn a_resource_without_a_type_may_be_a_trail() {
    let document = with(whole(&arn()), "/Resources", "X", json!({"Fn::Transform": evil()}));
    assert!(!template(&document.to_string()).problems.is_empty());
}

#[test]
fn a_condition_without_an_answer_does_not_hold() {
    let alias = json!({"Type": "AWS::KMS::Alias", "Condition": "C",
            "Properties": {"AliasName": "alias/t", "TargetKeyId": {"Ref": "Key"}}});
    let bucket = json!({"Type": "AWS::S3::Bucket", "Condition": "C"});
    let conditions = [
        json!({}),
        json!({"C": {"Fn::Transform": evil()}}),
        json!({"C": {"Fn::FindInMap": ["M", "a", "b"]}}),
    ];
    for conditions in conditions {
        let document = with(whole(&json!("alias/t")), "/Resources", "Alias", alias.clone());
        let document = with(document, "", "Conditions", conditions.clone());
        is_unverified(&template(&document.to_string()), "alias");
        let document = with(whole(&nothing()), "/Resources/Trail", "Condition", json!("C"));
        let document = with(document, "", "Conditions", conditions.clone());
        is_unverified(&template(&document.to_string()), "trail");
        let document = with(whole(&arn()), "/Resources/Key", "Condition", json!("C"));
        let document = with(document, "", "Conditions", conditions.clone());
        is_unverified(&template(&document.to_string()), "key");
        let document = with(whole(&arn()), "/Resources", "Bucket", bucket.clone());
        let document = with(document, "", "Conditions", conditions.clone());
        assert_eq!(answer(&template(&document.to_string())), "unverified", "bucket");
        let parent = with(with_nested_key(), "/Resources/N", "Condition", json!("C"));
        let parent = with(parent, "", "Conditions", conditions);
        is_unverified(&nested(&parent, &nested_key()), "nested key");
    }
}

#[test]
fn a_dynamic_reference_of_parts_is_one() {
    let joined = json!({"Fn::Join": ["", ["{{res", "olve:ssm:/a}}"]]});
    let document = with(whole(&arn()), "/Resources/Key/Properties", "Enabled", joined);
    assert_eq!(answer(&template(&document.to_string())), "unverified");
    is_unverified(
        &template(&whole(&json!({"Fn::Join": ["", ["{{resolve", ":ssm:/a}}"]]})).to_string()),
        "key",
    );
}

#[test]
fn a_secret_parameter_is_not_shown() {
    for (no_echo, value) in [
        (json!("True"), json!({"Ref": "S"})),
        (json!(true), json!({"Ref": "S"})),
        (json!(true), json!({"Fn::FindInMap": ["M", {"Ref": "S"}, "k"]})),
        (json!(true), json!({"Fn::Select": [{"Ref": "S"}, ["true"]]})),
        (json!(true), json!({"Fn::Split": [{"Ref": "S"}, {"Fn::GetAtt": ["Bucket", "Arn"]}]})),
    ] {
        let document = with(whole(&arn()), "/Resources/Key/Properties", "Enabled", value);
        let document = with(document, "", "Mappings", json!({"M": {"a": {"k": "true"}}}));
        let secret = json!({"S": {"Type": "String", "NoEcho": no_echo, "Default": "hunter2"}});
        let preview = template(&with(document, "", "Parameters", secret).to_string());
        assert_eq!(answer(&preview), "unverified");
        assert!(!format!("{preview:?}").contains("hunter2"), "{preview:?}");
    }
}

#[test]
fn an_application_of_another_template_is_a_note() {
    let application = json!({"Type": "AWS::Serverless::Application", "Properties": {}});
    let preview = template(&with(whole(&arn()), "/Resources", "App", application).to_string());
    assert_eq!(preview.notes.len(), 1, "{:?}", preview.notes);
}

/// A key whose properties a loop makes.
fn looped(collection: Value, body: Value) -> Value {
    let each = json!(["X", collection, body]);
    let document = with(whole(&arn()), "/Resources/Key/Properties", "Fn::ForEach::E", each);
    let document = with(
        document,
        "",
        "Parameters",
        json!({
            "L": {"Type": "CommaDelimitedList", "Default": "true"}, "P": {"Type": "String"},
        }),
    );
    let document =
        with(document, "", "Conditions", json!({"C": {"Fn::Equals": [{"Ref": "P"}, "x"]}}));
    with(document, "", "Transform", json!("AWS::LanguageExtensions"))
}

#[test]
fn a_loop_over_what_is_not_known_is_not_resolved() {
    let enabled = json!({"Enabled": {"Ref": "X"}});
    let of_default = looped(json!({"Ref": "L"}), enabled.clone());
    let preview = template(&of_default.to_string());
    assert_eq!(answer(&preview), "COMPLIANT");
    let notes = &preview.trails.first().unwrap().notes;
    assert!(notes.iter().any(|note| note.contains("L = true")), "{notes:?}");
    let passed = nested(&nesting(json!({"L": "false"})), &of_default);
    assert_eq!(answer(&passed), "unverified");
    let choice = json!({"Fn::If": ["C", ["true"], ["false"]]});
    for document in [
        looped(choice, enabled.clone()),
        looped(json!(["true", "false"]), enabled),
        looped(json!(["d"]), json!({"Enable${X}": true, "Enabled": true})),
        looped(json!(["d"]), json!({"EnableKeyRotation": true})),
    ] {
        let answer = answer(&template(&document.to_string()));
        assert_eq!(answer, "unverified", "{document}");
    }
}

#[test]
fn an_export_of_two_stacks_is_not_known() {
    let (keys, logs) = exported();
    let disabled = with(keys.clone(), "/Resources/Key/Properties", "Enabled", json!(false));
    for (first, second) in [(&keys, &disabled), (&disabled, &keys)] {
        let stacks = [("K1", ANYWHERE, first), ("K2", ANYWHERE, second), ("L", ANYWHERE, &logs)];
        is_unverified(&assembly(&stacks, &[]), "export");
    }
}

#[test]
fn a_bucket_name_in_two_regions_is_not_known() {
    let bucket = json!({"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "logs-x"}});
    let mut logs =
        with(whole(&arn()), "/Resources/Trail/Properties", "S3BucketName", json!("logs-x"));
    logs["Resources"].as_object_mut().unwrap().remove("Bucket");
    let bucket = json!({"Resources": {"B": bucket}});
    let one = [("A", HERE, &logs), ("B", HERE, &bucket)];
    assert_eq!(answer(&assembly(&one, &[])), "COMPLIANT");
    let elsewhere = "aws://111122223333/eu-west-1";
    let two = [("A", HERE, &logs), ("B", HERE, &bucket), ("C", elsewhere, &bucket)];
    assert_eq!(answer(&assembly(&two, &[])), "unverified");
}

#[test]
fn texts_that_grow_are_bounded() {
    let long = "x".repeat(400_000);
    let lists = vec![json!({"Fn::Split": [",", {"Ref": "P"}]}); 2_000];
    let texts = vec![json!({"Ref": "P"}); 50_000];
    for (text, key) in [
        (long.clone(), json!({"Fn::Join": ["", texts]})),
        (",".repeat(400_000), json!({"Fn::Join": ["", lists]})),
    ] {
        let document =
            with(whole(&key), "", "Parameters", json!({"P": {"Type": "String", "Default": text}}));
        is_unverified(&template(&document.to_string()), "texts");
    }
    let body = json!({"Description": "${X}".repeat(100_000)});
    let document = looped(json!([long]), body);
    assert_eq!(answer(&template(&document.to_string())), "unverified");
}

#[test]
fn a_long_text_that_aliases_repeat_is_refused() {
    let text = "x".repeat(100_000);
    let aliases = vec!["*a"; 1_000].join(", ");
    let text = format!("Metadata: {{A: &a {text}, B: [{aliases}]}}\nResources: {{}}\n");
    let values = Values::default();
    let read = read_template("t.yaml", &text, place(), &BTreeMap::new(), &values);
    assert!(read.unwrap_err().contains("too much text"));
}

/// Each of many trails asks six questions, and each answer takes long.
#[test]
fn long_evaluations_of_many_trails_are_bounded() {
    let mut document = whole(&json!({"Fn::If": ["C0", arn(), arn()]}));
    let trail = document["Resources"]["Trail"].clone();
    for number in 0..30 {
        document["Resources"][format!("Trail{number}")] = trail.clone();
    }
    let names: Vec<String> = (0..6).map(|number| format!("P{number}")).collect();
    let mut parameters: serde_json::Map<String, Value> =
        names.iter().map(|name| (name.clone(), json!({"Type": "String"}))).collect();
    parameters.insert(
        "L".to_owned(),
        json!({"Type": "CommaDelimitedList", "Default": ",".repeat(20_000)}),
    );
    document["Parameters"] = Value::Object(parameters);
    let equals = |name: &String| {
        let lists = vec![json!({"Fn::Length": {"Ref": "L"}}); 50];
        json!({"Fn::Equals": [{"Ref": name}, {"Fn::Join": ["", lists]}]})
    };
    let all: Vec<Value> = names.iter().map(equals).collect();
    document["Conditions"] = json!({"C0": {"Fn::Or": all}});
    let preview = template(&document.to_string());
    assert_eq!(preview.trails.len(), 31);
}

#[test]
fn a_bucket_is_the_trails_only_if_its_name_is_evaluated_to_the_same() {
    let bucket = json!({"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "Name"}}});
    let document = with(whole(&arn()), "/Resources", "Bucket", bucket);
    let document = with(document, "/Resources/Trail/Properties", "S3BucketName", json!("logs"));
    for (name, expected) in [("logs", "COMPLIANT"), ("other-logs", "unverified")] {
        let named = json!({"Name": {"Type": "String", "Default": name}});
        let preview = template(&with(document.clone(), "", "Parameters", named).to_string());
        assert_eq!(answer(&preview), expected, "{name}");
    }
}
