//! Documents that look, to this reader only, as if they had the right key policy or key.

use std::collections::BTreeMap;

use trailseal_rule::{
    AccountId, EvaluationContext, Parameters, Profile, Region, Timestamp, Verdict,
};
use trailseal_template::{Place, Preview, Values, read_template};

fn read(text: &str, account: Option<&str>, values: &Values) -> Result<Preview, String> {
    let account = account.map(|id| AccountId::parse(id).unwrap());
    let place = Place {
        region: account
            .as_ref()
            .map_or_else(Region::not_known, |_| Region::parse("us-east-1").unwrap()),
        account: account.unwrap_or_else(AccountId::not_known),
        scope: String::new(),
    };
    read_template("t.yaml", text, place, &BTreeMap::new(), values)
}

fn verdict(text: &str, account: Option<&str>, values: &Values) -> Verdict {
    let parameters = Parameters { profile: Profile::Strict, ..Parameters::default() };
    let context =
        EvaluationContext { parameters: &parameters, now: Timestamp::from_epoch_millis(0) };
    let preview = read(text, account, values).unwrap();
    preview.trails[0].judge(&context, &values.supplied).judgement.verdict
}

fn is_compliant(text: &str, account: Option<&str>) -> bool {
    matches!(verdict(text, account, &Values::default()), Verdict::Sealed(_))
}

/// A template with a rotated key that lets CloudTrail in under a condition.
fn template(bucket: &str, trail: &str, condition: &str) -> String {
    format!(
        "
Resources:
  {bucket}: {{Type: AWS::S3::Bucket}}
  Trail:
    Type: AWS::CloudTrail::Trail
    Properties: {{{trail}S3BucketName: !Ref {bucket}, KMSKeyId: !Ref Key}}
  Key:
    Type: AWS::KMS::Key
    Properties:
      EnableKeyRotation: true
      KeyPolicy:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Principal: {{AWS: !Sub 'arn:aws:iam::${{AWS::AccountId}}:root'}}
            Action: kms:*
            Resource: '*'
          - Effect: Allow
            Principal: {{Service: cloudtrail.amazonaws.com}}
            Action: [kms:GenerateDataKey*, kms:DescribeKey]
            Resource: '*'
            Condition: {{StringEquals: {{{condition}}}}}
"
    )
}

const NAMED: &str = "TrailName: main, ";

#[test]
fn a_number_that_yaml_reads_as_another_one_is_not_an_account() {
    let right = |account: &str| template("Logs", NAMED, &format!("'aws:SourceAccount': {account}"));
    assert!(is_compliant(&right("'012345670123'"), Some("012345670123")));
    assert!(is_compliant(&right("111122223333"), Some("111122223333")));
    for number in ["012345670123", "0_12345670123"] {
        assert!(!is_compliant(&right(number), Some("012345670123")), "{number}");
    }
}

#[test]
fn a_number_that_yaml_reads_as_another_one_decides_no_condition() {
    let with = |number: &str, default: &str| {
        let text = template("Logs", NAMED, "'aws:SourceAccount': !Ref AWS::AccountId");
        let text = text.replace("!Ref Key", "!If [C, !Ref Key, !Ref AWS::NoValue]");
        format!(
            "Parameters: {{P: {{Type: String, Default: '{default}'}}}}\n\
                 Conditions: {{C: !Equals [!Ref P, {number}]}}\n{text}"
        )
    };
    assert!(is_compliant(&with("10", "10"), Some("111122223333")));
    for number in ["010", "1_0", "1.0", "1:30", "0x10", "0b1", "+5", "1e3", "-0"] {
        let verdict = verdict(&with(number, number), Some("111122223333"), &Values::default());
        assert!(matches!(verdict, Verdict::Unverified(_)), "{number}: {verdict:?}");
    }
}

#[test]
fn a_number_that_yaml_reads_as_another_one_is_no_key() {
    let text = "Mappings: {M: {012345670123: {a: b}}}\nResources: {}\n";
    let error = read(text, None, &Values::default()).unwrap_err();
    assert!(error.contains("012345670123"), "{error}");
    read(&text.replace("012345670123", "'012345670123'"), None, &Values::default()).unwrap();
}

/// No trail has the name of a bucket or of a key that does not exist yet.
#[test]
fn a_resource_does_not_stand_for_what_is_not_known_of_the_trail() {
    let own = "'aws:SourceArn': !Sub 'arn:aws:cloudtrail:${AWS::Region}:${AWS::AccountId}:trail/";
    assert!(is_compliant(&template("Logs", NAMED, &format!("{own}main'")), None));
    assert!(!is_compliant(&template("name", "", &format!("{own}${{name}}'")), None));
    let any_case = template("NAME", "", &format!("{own}${{NAME}}'"));
    let any_case = any_case.replace("StringEquals", "StringEqualsIgnoreCase");
    assert!(!is_compliant(&any_case, None));
    let account = "'aws:SourceArn': !Sub 'arn:aws:cloudtrail:${AWS::Region}:${account}:trail/main'";
    assert!(!is_compliant(&template("account", NAMED, account), None));
    let region =
        "'aws:SourceArn': !Sub 'arn:aws:cloudtrail:${region}:${AWS::AccountId}:trail/main'";
    assert!(!is_compliant(&template("region", NAMED, region), None));
}

#[test]
fn an_account_that_is_not_given_is_none_that_a_condition_names() {
    let with = |one: &str, other: &str, key: &str| {
        let text = template("Logs", NAMED, "'aws:SourceAccount': !Ref AWS::AccountId");
        let text = text.replace("!Ref Key", key);
        verdict(
            &format!("Conditions: {{C: !Equals [{one}, {other}]}}\n{text}"),
            None,
            &Values::default(),
        )
    };
    let (account, none) = ("!Ref AWS::AccountId", "!Ref AWS::NoValue");
    for (one, other) in [(account, "'444455556666'"), ("'444455556666'", account)] {
        for key in [format!("!If [C, {none}, !Ref Key]"), format!("!If [C, !Ref Key, {none}]")] {
            let verdict = with(one, other, &key);
            assert!(matches!(verdict, Verdict::Unverified(_)), "{one} {key}: {verdict:?}");
        }
    }
    let verdict = with(account, account, &format!("!If [C, !Ref Key, {none}]"));
    assert!(matches!(verdict, Verdict::Sealed(_)), "{verdict:?}");
}

#[test]
fn a_logical_id_has_letters_and_digits() {
    for id in ["'na<me'", "'account:'", "'a.b'", "a-b", "'<name>'"] {
        let text = format!("Resources: {{{id}: {{Type: AWS::S3::Bucket}}}}\n");
        let error = read(&text, None, &Values::default()).unwrap_err();
        assert!(error.contains("letters and digits"), "{id}: {error}");
    }
}

fn policy_text(condition: &str) -> String {
    let statement = |principal: &str, action: &str, more: &str| {
        format!(
            r#"{{"Effect":"Allow","Principal":{principal},"Action":"{action}","Resource":"*"{more}}}"#
        )
    };
    let root = statement(r#"{"AWS":"arn:aws:iam::${AWS::AccountId}:root"}"#, "kms:*", "");
    let trail = statement(
        r#"{"Service":"cloudtrail.amazonaws.com"}"#,
        "kms:*",
        &format!(r#","Condition":{{"StringEquals":{{"aws:SourceArn":"{condition}"}}}}"#),
    );
    format!(r#"{{"Version":"2012-10-17","Statement":[{root},{trail}]}}"#)
}

fn with_policy_text(trail: &str, condition: &str) -> String {
    let text = template("Logs", trail, "a: b");
    let (start, _) = text.split_once("KeyPolicy:").unwrap();
    format!("{start}KeyPolicy: !Sub '{}'\n", policy_text(condition))
}

#[test]
fn escapes_in_the_text_of_a_policy_are_no_stand_ins() {
    let right = "arn:aws:cloudtrail:${AWS::Region}:${AWS::AccountId}:trail/main";
    assert!(is_compliant(&with_policy_text(NAMED, right), None));
    for (trail, arn) in [
        (NAMED, r"arn:aws:cloudtrail:${AWS::Region}:\u003caccount\u003e:trail/main"),
        (NAMED, r"arn:aws:cloudtrail:\u003Cregion\u003E:${AWS::AccountId}:trail/main"),
        ("", r"arn:aws:cloudtrail:${AWS::Region}:${AWS::AccountId}:trail/\u003cname\u003e"),
    ] {
        let text = with_policy_text(trail, arn);
        let verdict = verdict(&text, None, &Values::default());
        assert!(matches!(verdict, Verdict::Unverified(_)), "{arn}: {verdict:?}");
    }
}

#[test]
fn characters_of_stand_ins_are_not_taken_from_the_document() {
    let hidden: String =
        "<name>".chars().filter_map(|one| char::from_u32(0xF_0000 + u32::from(one))).collect();
    let escaped: String = hidden.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    let start = "arn:aws:cloudtrail:${AWS::Region}:${AWS::AccountId}:trail/";
    let condition = format!("'aws:SourceArn': !Sub '{start}{hidden}'");
    assert!(!is_compliant(&template("Logs", "", &condition), None));
    assert!(!is_compliant(&with_policy_text("", &format!("{start}{escaped}")), None));
}

#[test]
fn names_of_members_are_no_stand_ins() {
    let made = "!Select [1, !Split [':', !Fn::ToJsonString {'x:<account>:y': 1}]]";
    let made = made.replace("!Fn::ToJsonString", "!ToJsonString");
    let condition = format!(
        "'aws:SourceArn': !Sub ['arn:aws:cloudtrail:${{AWS::Region}}:${{A}}:trail/main', {{A: {made}}}]"
    );
    let text = template("Logs", NAMED, &condition);
    assert!(!is_compliant(&format!("Transform: AWS::LanguageExtensions\n{text}"), None));
}

#[test]
fn values_of_the_user_have_no_stand_ins() {
    let key = "arn:aws:kms:us-east-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    for policy in [
        r#"{"Statement":[{"Sid":"<account>"}]}"#,
        r#""{\"Statement\":[{\"Sid\":\"<account>\"}]}""#,
        r#""{\"Statement\":[{\"Sid\":\"\\u003caccount\\u003e\"}]}""#,
        r#"{"Statement":[{"Sid":"\u003caccount\u003e"}]}"#,
    ] {
        let text = format!(r#"{{"keys":{{"{key}":{{"Policy":{policy}}}}}}}"#);
        let faults = Values::read(&text).unwrap_err();
        assert!(faults[0].contains("`Policy`"), "{faults:?}");
    }
    let twice = r#"{"imports":{"a":"b","a":"c"}}"#;
    assert!(Values::read(twice).unwrap_err()[0].contains("twice"));
}

/// Of two members with one name, one reader takes the first and another one the last.
#[test]
fn a_name_twice_is_refused_in_json_that_is_not_yaml() {
    let resources = r#""Resources":{"Key":{"Type":"AWS::KMS::Key","Properties":{"Enabled":false,"Enabled":true}}}"#;
    let long = format!(r#""Metadata":{{"{}":1}}"#, "k".repeat(110_000));
    let surrogates = r#""Description":"\ud83d\ude00""#.to_owned();
    for start in [long, surrogates] {
        let text = format!("{{{start},{resources}}}");
        read(&text, None, &Values::default()).unwrap_err();
        let once = text.replace(r#""Enabled":false,"#, "");
        read(&once, None, &Values::default()).unwrap();
    }
}

/// A parser that knows these tags reads no key, or another account.
#[test]
fn tags_of_yaml_are_refused() {
    for value in ["!!null alias/x", "!!int '012345670123'", "! 010", "!!binary eA==", "!<x> y"] {
        let text = format!("Resources: {{A: {{Type: B, Properties: {{C: {value}}}}}}}\n");
        let error = read(&text, None, &Values::default()).unwrap_err();
        assert!(error.contains("tag"), "{value}: {error}");
    }
    for value in ["!!str 010", "!!seq [a]", "!!map {a: b}", "!Ref A", "!Sub x"] {
        let text = format!("Resources: {{A: {{Type: B, Properties: {{C: {value}}}}}}}\n");
        read(&text, None, &Values::default()).unwrap();
    }
}

#[test]
fn aliases_do_not_nest_without_end() {
    let mut text = "Metadata:\n  a0: &a0 x\n".to_owned();
    for level in 1..5 {
        let (open, close) = ("[".repeat(180), "]".repeat(180));
        text += &format!("  a{level}: &a{level} {open}*a{}{close}\n", level - 1);
    }
    let error = read(&format!("{text}Resources: {{}}\n"), None, &Values::default());
    assert!(error.unwrap_err().contains("levels"));
}

#[test]
fn anchors_count_as_what_they_keep() {
    let anchors: String = (0..150).map(|level| format!("&a{level} [")).collect();
    let items = vec!["x"; 10_000].join(",");
    let text = format!("Metadata: {anchors}{items}{}\nResources: {{}}\n", "]".repeat(150));
    let error = read(&text, None, &Values::default());
    assert!(error.unwrap_err().contains("values"));
}
