//! What the user states: values that only the deployment knows, and parameters of a stack.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use trailseal_rule::{AccountId, EvaluationContext, Parameters, Profile, Region, Timestamp};
use trailseal_template::{Given, JudgedTrail, Place, Values, read_stack_parameters, read_template};

use crate::verdicts::word_of;

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const OTHER_KEY: &str =
    "arn:aws:kms:us-east-1:111122223333:key/4321abcd-12ab-34cd-56ef-1234567890ab";

fn policy() -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "kms:*", "Resource": "*",
         "Principal": {"AWS": "arn:aws:iam::111122223333:root"}},
        {"Effect": "Allow", "Action": "kms:GenerateDataKey*", "Resource": "*",
         "Principal": {"Service": "cloudtrail.amazonaws.com"},
         "Condition": {"StringEquals": {"aws:SourceArn":
            "arn:aws:cloudtrail:us-east-1:111122223333:trail/main"}}},
    ]})
}

/// All that a file can state.
fn stated() -> Value {
    json!({
        "imports": {"trail-key": KEY},
        "references": {"ssm:/org/trail-key": KEY},
        "buckets": {"audit-logs": "us-east-1"},
        "keys": {KEY: {
            "KeyManager": "CUSTOMER", "KeyState": "Enabled", "KeyUsage": "ENCRYPT_DECRYPT",
            "KeySpec": "SYMMETRIC_DEFAULT", "Origin": "AWS_KMS", "KeyRotationEnabled": true,
            "RotationPeriodInDays": 365, "Policy": policy(),
        }},
    })
}

fn strict() -> Parameters {
    Parameters { profile: Profile::Strict, ..Parameters::default() }
}

/// The verdict on a trail that does not log, with this key.
fn judged(key: &Value, values: &Value, parameters: &Parameters) -> JudgedTrail {
    let text = json!({"Resources": {"Trail": {"Type": "AWS::CloudTrail::Trail", "Properties": {
        "TrailName": "main", "S3BucketName": "audit-logs", "IsLogging": false, "KMSKeyId": key,
    }}}});
    let place = Place {
        account: AccountId::parse("111122223333").unwrap(),
        region: Region::parse("us-east-1").unwrap(),
        scope: String::new(),
    };
    let values = Values::read(&values.to_string()).unwrap();
    let read = read_template("t.json", &text.to_string(), place, &BTreeMap::new(), &values);
    let context = EvaluationContext { parameters, now: Timestamp::from_epoch_millis(0) };
    read.unwrap().trails[0].judge(&context, &values.supplied)
}

fn word(judged: &JudgedTrail) -> &'static str {
    word_of(&judged.judgement.verdict)
}

/// What the checks that did not pass found.
fn causes(judged: &JudgedTrail) -> Vec<String> {
    let results = judged.judgement.verdict.results().iter();
    results.filter_map(|one| Some(one.outcome.finding()?.cause.clone())).collect()
}

#[test]
fn a_key_and_a_bucket_that_the_user_states_are_judged_and_noted() {
    let parameters = Parameters { max_rotation_period_days: Some(365), ..strict() };
    for (key, source) in [
        (json!(KEY), None),
        (
            json!({"Fn::ImportValue": "trail-key"}),
            Some(format!("supplied: export trail-key = {KEY}")),
        ),
        (
            json!("{{resolve:ssm:/org/trail-key}}"),
            Some(format!("supplied: ssm:/org/trail-key = {KEY}")),
        ),
    ] {
        let judged = judged(&key, &stated(), &parameters);
        assert_eq!(word(&judged), "COMPLIANT", "{key}: {:?}", causes(&judged));
        let mut notes = vec![
            format!(
                "supplied: key {KEY}: CUSTOMER, Enabled, ENCRYPT_DECRYPT, SYMMETRIC_DEFAULT, \
                 rotated, with its policy"
            ),
            "supplied: bucket audit-logs in us-east-1".to_owned(),
        ];
        notes.extend(source);
        assert_eq!(judged.notes, notes);
        assert_eq!(judged.judgement.notes, ["the trail does not log"]);
        assert_eq!(judged.judgement.skipped(), Some("skipped: delivery-unbroken".to_owned()));
        assert_eq!(judged.key, None);
    }
}

#[test]
fn what_the_user_does_not_state_of_a_key_is_not_known() {
    let rotation_within = |days| Parameters { max_rotation_period_days: Some(days), ..strict() };
    for (name, value, parameters, expected) in [
        ("KeyManager", None, strict(), "unverified"),
        ("KeyManager", Some(json!("AWS")), strict(), "NON_COMPLIANT"),
        ("KeyState", None, strict(), "unverified"),
        ("KeyState", Some(json!("Disabled")), strict(), "NON_COMPLIANT"),
        ("KeyUsage", None, strict(), "unverified"),
        ("KeyUsage", Some(json!("SIGN_VERIFY")), strict(), "NON_COMPLIANT"),
        ("KeySpec", None, strict(), "unverified"),
        ("KeySpec", Some(json!("RSA_2048")), strict(), "NON_COMPLIANT"),
        ("Origin", None, strict(), "unverified"),
        ("KeyRotationEnabled", None, strict(), "unverified"),
        ("KeyRotationEnabled", Some(json!(false)), strict(), "NON_COMPLIANT"),
        ("RotationPeriodInDays", None, strict(), "COMPLIANT"),
        ("RotationPeriodInDays", None, rotation_within(365), "unverified"),
        ("RotationPeriodInDays", Some(json!(365)), rotation_within(364), "NON_COMPLIANT"),
        ("Policy", None, strict(), "unverified"),
        ("Policy", Some(json!({"Statement": []})), strict(), "NON_COMPLIANT"),
        ("Policy", Some(json!(policy().to_string())), strict(), "COMPLIANT"),
    ] {
        let mut values = stated();
        let key = values["keys"][KEY].as_object_mut().unwrap();
        match &value {
            Some(value) => key.insert(name.to_owned(), value.clone()),
            None => key.remove(name),
        };
        let judged = judged(&json!(KEY), &values, &parameters);
        assert_eq!(word(&judged), expected, "{name} {value:?}: {:?}", causes(&judged));
    }
}

#[test]
fn a_key_or_bucket_that_the_user_does_not_state_is_named() {
    let without = |member: &str| {
        let mut values = stated();
        values.as_object_mut().unwrap().remove(member);
        values
    };
    let not_known = |what: &str, why: &str| {
        format!("could not verify {what}: not known before deployment: {why}")
    };
    let of_key = |why: &str| {
        let evidence =
            ["manager", "state", "rotation"].map(|what| format!("the {what} of the key"));
        let policy = "the policy of the key".to_owned();
        evidence.into_iter().chain([policy]).map(|what| not_known(&what, why)).collect::<Vec<_>>()
    };

    let other = judged(&json!(OTHER_KEY), &stated(), &strict());
    assert_eq!(word(&other), "unverified");
    let why = format!("key {OTHER_KEY} is not in the document");
    for cause in of_key(&why) {
        assert!(causes(&other).contains(&cause), "{cause}: {:?}", causes(&other));
    }
    assert_eq!(other.notes, ["supplied: bucket audit-logs in us-east-1"]);
    assert_eq!(other.judgement.notes, ["the trail does not log"]);

    let alias = judged(&json!("alias/trail"), &stated(), &strict());
    assert_eq!(word(&alias), "unverified");
    for cause in of_key("`alias/trail` is not in the document") {
        assert!(causes(&alias).contains(&cause), "{cause}: {:?}", causes(&alias));
    }

    let bucket = judged(&json!(KEY), &without("buckets"), &strict());
    assert_eq!(word(&bucket), "unverified");
    let why = "bucket `audit-logs` is not in the document";
    assert_eq!(causes(&bucket), [not_known("the Region of bucket audit-logs", why)]);
    assert_eq!(bucket.notes.len(), 1, "{:?}", bucket.notes);

    // The Region of the key is in its ARN.
    let mut values = stated();
    values["buckets"]["audit-logs"] = json!("eu-west-1");
    assert_eq!(word(&judged(&json!(KEY), &values, &strict())), "NON_COMPLIANT");
    assert_eq!(word(&judged(&json!(OTHER_KEY), &values, &strict())), "NON_COMPLIANT");

    for (member, key) in [
        ("imports", json!({"Fn::ImportValue": "trail-key"})),
        ("references", json!("{{resolve:ssm:/org/trail-key}}")),
    ] {
        assert_eq!(word(&judged(&key, &without(member), &strict())), "unverified", "{member}");
    }
}

#[test]
fn every_value_is_described() {
    let mut stated = stated();
    stated["keys"][OTHER_KEY] = json!({"KeyRotationEnabled": false, "KeyState": "Disabled"});
    assert_eq!(
        Values::read(&stated.to_string()).unwrap().described(),
        [
            format!("export trail-key = {KEY}"),
            format!("ssm:/org/trail-key = {KEY}"),
            "bucket audit-logs in us-east-1".to_owned(),
            format!(
                "key {KEY}: CUSTOMER, Enabled, ENCRYPT_DECRYPT, SYMMETRIC_DEFAULT, rotated, with \
                 its policy"
            ),
            format!("key {OTHER_KEY}: , Disabled, , , not rotated"),
        ]
    );
}

#[test]
fn a_file_of_values_with_faults_is_refused() {
    let of_key = |name: &str, value: Value| json!({"keys": {KEY: {name: value}}});
    for (values, fault) in [
        (json!([]), "is not a JSON object".to_owned()),
        (json!({"imports": []}), "`imports` is not an object".to_owned()),
        (json!({"references": "x"}), "`references` is not an object".to_owned()),
        (json!({"buckets": null}), "`buckets` is not an object".to_owned()),
        (json!({"keys": 1}), "`keys` is not an object".to_owned()),
        (
            json!({"key": {}}),
            "`key` is not one of `imports`, `references`, `buckets` and `keys`".to_owned(),
        ),
        (json!({"imports": {"a": 1}}), "`imports` has no text for `a`".to_owned()),
        (json!({"buckets": {"b": 1}}), "`buckets` has no text for `b`".to_owned()),
        (json!({"buckets": {"b": "here"}}), "`buckets` has no Region for `b`: ".to_owned()),
        (json!({"keys": {"alias/x": {}}}), "`keys` has another key: ".to_owned()),
        (json!({"keys": {KEY: []}}), format!("`keys` `{KEY}` is not an object")),
        (
            of_key("Enabled", json!(true)),
            format!("`keys` `{KEY}` has a member `Enabled`, which is none of KeyManager, "),
        ),
        (of_key("KeyState", json!(true)), format!("`keys` `{KEY}` has no text as `KeyState`")),
        (of_key("Origin", json!(1)), format!("`keys` `{KEY}` has no text as `Origin`")),
        (of_key("Policy", json!([])), format!("`keys` `{KEY}` has no policy document as `Policy`")),
        (
            of_key("RotationPeriodInDays", json!("90")),
            format!("`keys` `{KEY}` has no number of days as `RotationPeriodInDays`"),
        ),
        (
            of_key("KeyRotationEnabled", json!("true")),
            format!("`keys` `{KEY}` has no truth value as `KeyRotationEnabled`"),
        ),
    ] {
        let faults = Values::read(&values.to_string()).unwrap_err();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with(&fault), "{fault}: {faults:?}");
    }
    let faults = Values::read(r#"{"imports": 1, "keys": 1}"#).unwrap_err();
    assert_eq!(faults, ["`imports` is not an object", "`keys` is not an object"]);
    assert!(Values::read("{").unwrap_err()[0].starts_with("is not JSON: "));
    assert_eq!(Values::read("{}").unwrap(), Values::default());
}

#[test]
fn the_parameters_of_a_stack_are_read_in_each_form() {
    let texts = |all: &[(&str, &str)]| -> BTreeMap<String, Given> {
        let given = |text: &str| Given::Text(text.to_owned());
        all.iter().map(|(name, text)| ((*name).to_owned(), given(text))).collect()
    };
    let all = json!({"Text": "a", "Number": 10, "Truth": true, "List": ["a", "b"], "Blank": ""});
    let expected = texts(&[
        ("Text", "a"),
        ("Number", "10"),
        ("Truth", "true"),
        ("List", "a,b"),
        ("Blank", ""),
    ]);
    let entry =
        |(name, value): (&String, &Value)| json!({"ParameterKey": name, "ParameterValue": value});
    let list: Vec<Value> = all.as_object().unwrap().iter().map(entry).collect();
    for form in [all.clone(), json!({"Parameters": all, "Tags": {}}), json!(list)] {
        assert_eq!(read_stack_parameters(&form.to_string()).unwrap(), expected, "{form}");
    }
    let previous = json!([
        {"ParameterKey": "Kept", "UsePreviousValue": true, "ParameterValue": "a"},
        {"ParameterKey": "Set", "UsePreviousValue": false, "ParameterValue": "b"},
    ]);
    let mut expected = texts(&[("Set", "b")]);
    let why = "only its stack has the value of parameter `Kept`".to_owned();
    expected.insert("Kept".to_owned(), Given::Unknown(why));
    assert_eq!(read_stack_parameters(&previous.to_string()).unwrap(), expected);
}

#[test]
fn a_file_of_stack_parameters_with_a_fault_is_refused() {
    let one = json!({"ParameterKey": "A", "ParameterValue": "a"});
    for (form, fault) in [
        (json!("A=a"), "is neither a list nor an object of parameters"),
        (json!([one, one]), "has `A` twice"),
        (json!([{"Key": "A"}]), "has an entry without `ParameterKey`"),
        (json!([{"ParameterKey": "A"}]), "has no `ParameterValue` of `A`"),
        (json!([{"ParameterKey": "A", "ParameterValue": null}]), "has no `ParameterValue` of `A`"),
        (json!({"Parameters": []}), "has a member `Parameters` that is not an object"),
        (json!({"A": null}), "has no text as the value of `A`"),
        (json!({"A": {"B": "b"}}), "has no text as the value of `A`"),
        (json!({"A": ["b", 1]}), "has no text as the value of `A`"),
    ] {
        assert_eq!(read_stack_parameters(&form.to_string()).unwrap_err(), fault, "{form}");
    }
    assert!(read_stack_parameters("A=a").unwrap_err().starts_with("is not JSON: "));
}

/// The key that the second item of a list names, which the user gives as a parameter.
fn of_list(kind: &str, given: &str, references: &Value) -> &'static str {
    let text = json!({"Parameters": {"P": {"Type": kind}}, "Resources": {
        "Trail": {"Type": "AWS::CloudTrail::Trail", "Properties": {"S3BucketName": "audit-logs",
            "KMSKeyId": {"Fn::Select": [1, {"Ref": "P"}]}}}}});
    let place = Place {
        account: AccountId::parse("111122223333").unwrap(),
        region: Region::parse("us-east-1").unwrap(),
        scope: String::new(),
    };
    let mut values = stated();
    values["references"] = references.clone();
    let values = Values::read(&values.to_string()).unwrap();
    let given = BTreeMap::from([("P".to_owned(), Given::Text(given.to_owned()))]);
    let read = read_template("t.json", &text.to_string(), place, &given, &values);
    let parameters = Parameters { profile: Profile::Effective, ..Parameters::default() };
    let context =
        EvaluationContext { parameters: &parameters, now: Timestamp::from_epoch_millis(0) };
    word(&read.unwrap().trails[0].judge(&context, &values.supplied))
}

#[test]
fn a_dynamic_reference_in_a_list_is_what_the_user_supplies() {
    for kind in ["CommaDelimitedList", "List<String>"] {
        let of = |given: &str, references: Value| of_list(kind, given, &references);
        assert_eq!(of(&format!("a,{KEY}"), json!({})), "COMPLIANT");
        assert_eq!(of("a, {{resolve:ssm:/k}}", json!({})), "unverified");
        assert_eq!(of("a, {{resolve:ssm:/k}}", json!({"ssm:/k": KEY})), "COMPLIANT");
        let first = format!("{{{{resolve:ssm:/k}}}},{KEY}");
        assert_eq!(of(&first, json!({})), "COMPLIANT");
        // Whether the list is split before is documented nowhere.
        assert_eq!(of(&first, json!({"ssm:/k": "a,b"})), "unverified");
    }
}
