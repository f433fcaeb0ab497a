//! How a document is read: what YAML 1.1 takes as a number, the places of names, and the limits.

use std::collections::BTreeMap;

use trailseal_rule::{AccountId, EvaluationContext, Parameters, Profile, Region, Timestamp};
use trailseal_template::{KeyProperty, Place, Preview, Values, read_template};

use crate::verdicts::word_of;

fn read(text: &str) -> Result<Preview, String> {
    let place = Place {
        account: AccountId::parse("111122223333").unwrap(),
        region: Region::parse("us-east-1").unwrap(),
        scope: String::new(),
    };
    read_template("t.yaml", text, place, &BTreeMap::new(), &Values::default())
}

/// The answer about a trail that has a key if a parameter with this default has this value.
fn answer(default: &str, value: &str) -> &'static str {
    let preview = read(&format!(
        "Parameters: {{P: {{Type: String, Default: '{default}'}}}}\n\
         Conditions:\n  HasKey: !Equals\n    - !Ref P\n    - {value}\n\
         Resources:\n  Bucket: {{Type: AWS::S3::Bucket}}\n  Key: {{Type: AWS::KMS::Key}}\n  \
         Trail:\n    Type: AWS::CloudTrail::Trail\n    Properties:\n      \
         S3BucketName: !Ref Bucket\n      \
         KMSKeyId: !If [HasKey, !Ref Key, !Ref AWS::NoValue]\n"
    ));
    let parameters = Parameters { profile: Profile::Effective, ..Parameters::default() };
    let context =
        EvaluationContext { parameters: &parameters, now: Timestamp::from_epoch_millis(0) };
    let values = Values::default();
    word_of(&preview.unwrap().trails[0].judge(&context, &values.supplied).judgement.verdict)
}

#[test]
fn a_text_that_looks_like_a_number_is_one_only_if_a_parser_takes_it_as_one() {
    for text in
        "1.2.3 .. . 1ab :1 ab 1-2 1e 1e+ 1ex e5 0x 0xg 0b2 0o8 0b -a 1.2.3e4 1,000 y nan".split(' ')
    {
        assert_eq!(answer(text, text), "COMPLIANT", "{text}");
        assert_eq!(answer("other", text), "NON_COMPLIANT", "{text}");
    }
    for number in "010 1_000 1.0 1.50 1:30 0x1F 0x1_0 0b1_0 0o17 +5 -0 -010 1e3 1E3 1e+3 .5 5. -.5 \
                   1234567890123456"
        .split(' ')
    {
        assert_eq!(answer(number, number), "unverified", "{number}");
        assert_eq!(answer("other", number), "unverified", "{number}");
        assert_eq!(answer(number, &format!("!!str {number}")), "COMPLIANT", "{number}");
    }
    for number in "0 10 -10 0.5 -0.5 1.25 123456789012345".split(' ') {
        assert_eq!(answer(number, number), "COMPLIANT", "{number}");
        assert_eq!(answer("other", number), "NON_COMPLIANT", "{number}");
    }
}

#[test]
fn a_word_for_a_truth_value_is_one() {
    for (word, text) in [
        ("true", "true"),
        ("Yes", "true"),
        ("ON", "true"),
        ("False", "false"),
        ("no", "false"),
        ("off", "false"),
    ] {
        assert_eq!(answer(text, word), "COMPLIANT", "{word}");
        assert_eq!(answer("other", word), "NON_COMPLIANT", "{word}");
    }
}

#[test]
fn a_name_is_where_it_is_written() {
    let text = "\
Metadata: {Name: &name Trail, Id: &id KMSKeyId}
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Key: {Type: AWS::KMS::Key, Properties: {Enabled: true,  EnableKeyRotation: true}}
  *name :
    Type: AWS::CloudTrail::Trail
    Properties:
      S3BucketName: !Ref Bucket
      *id : !Ref Key
";
    let preview = read(text).unwrap();
    let trail = &preview.trails[0];
    let place = |location: &trailseal_template::Location| (location.line, location.column);
    assert_eq!(trail.declared.address, "Trail");
    assert_eq!(place(&trail.declared.location), (5, 3));
    assert_eq!(trail.declared.key_location.as_ref().map(place), Some((9, 7)));
    let key = &trail.worlds[0].deployment.keys["Key"];
    assert_eq!(place(&key.location), (4, 3));
    assert_eq!(place(&key.locations[&KeyProperty::Enabled]), (4, 43));
    assert_eq!(place(&key.locations[&KeyProperty::Rotation]), (4, 59));
    assert_eq!(key.locations.len(), 2);
}

/// A document with these values in its metadata.
fn with_values(metadata: &str) -> Result<Preview, String> {
    read(&format!("Metadata: {metadata}\nResources: {{}}\n"))
}

const TOO_MANY: &str = "has more than 400000 values, aliases counted as repeated, or too much text";

/// A list of 1,000 values with its anchor is 2,000 values: it is kept to be repeated. An alias of it is
/// 1,001. The document is 5 more: two names, a map in a map, and the list in which these are.
#[test]
fn a_document_has_at_most_400_000_values_and_repetitions() {
    let list = |aliases: usize, others: usize| {
        let items = vec!["x"; 999].join(",");
        let (aliases, others) = ("*a,".repeat(aliases), "x,".repeat(others));
        with_values(&format!("[&a [{items}], {aliases}{others}]"))
    };
    list(397, 598).unwrap();
    assert_eq!(list(397, 599).unwrap_err(), TOO_MANY);
    assert_eq!(list(398, 0).unwrap_err(), TOO_MANY);
}

/// Surrogate pairs are JSON, not YAML.
#[test]
fn a_document_of_json_that_is_not_yaml_has_at_most_400_000_values() {
    let list = |items: usize| {
        let items = vec!["1"; items].join(",");
        read(&format!(
            r#"{{"Description": "\ud83d\ude00", "Metadata": [{items}], "Resources": {{}}}}"#
        ))
    };
    list(399_996).unwrap();
    assert_eq!(list(399_997).unwrap_err(), TOO_MANY);
}

#[test]
fn aliases_repeat_at_most_20_000_000_bytes() {
    let aliases = |anchor: &str, count: usize| {
        with_values(&format!("[&a {anchor}, {}]", "*a,".repeat(count)))
    };
    let text = "x".repeat(100_000);
    // What the anchor keeps is one more.
    aliases(&text, 199).unwrap();
    assert_eq!(aliases(&text, 200).unwrap_err(), TOO_MANY);
    // The names of members are texts, and so are the items of lists.
    let half = "x".repeat(50_000);
    for anchor in [
        format!("{{{half}: {half}}}"),
        format!("{{{half}: {{{half}: ''}}}}"),
        format!("[{half}, {half}]"),
        format!("[{half}, {{{half}: ''}}]"),
    ] {
        aliases(&anchor, 199).unwrap();
        assert_eq!(aliases(&anchor, 200).unwrap_err(), TOO_MANY);
    }
}

/// What has an anchor is kept to be repeated, also below another anchor.
#[test]
fn anchors_keep_at_most_20_000_000_bytes() {
    let nested = |value: &str, anchors: usize| {
        let open: String = (0..anchors).map(|at| format!("&a{at} [")).collect();
        with_values(&format!("{open}{value}{}", "]".repeat(anchors)))
    };
    for one in ["x", "1"] {
        let value = one.repeat(200_000);
        nested(&value, 100).unwrap();
        assert_eq!(nested(&value, 101).unwrap_err(), TOO_MANY, "{one}");
    }
}

/// The document is a level, and so is a function with a tag.
#[test]
fn a_document_has_at_most_200_levels() {
    let nested =
        |levels: usize, inner: &str| format!("{}{inner}{}", "[".repeat(levels), "]".repeat(levels));
    let aliased = |below: &str, levels: usize| {
        with_values(&format!("[&a {below}, {}]", nested(levels, "*a")))
    };
    aliased(&nested(100, "x"), 98).unwrap();
    let error = aliased(&nested(100, "x"), 99).unwrap_err();
    assert_eq!(error, "has more than 200 levels (line 1)");
    aliased(&nested(99, "{a: x}"), 98).unwrap();
    assert_eq!(aliased(&nested(99, "{a: {b: x}}"), 98).unwrap_err(), error);
    assert_eq!(aliased(&nested(100, "!Ref x"), 98).unwrap_err(), error);
    with_values(&nested(199, "x")).unwrap();
    assert!(with_values(&nested(200, "x")).is_err());
}

/// YAML 1.1 ends a line there, and with it a comment; YAML 1.2 and JSON do not.
#[test]
fn a_line_break_of_yaml_1_1_alone_is_refused() {
    for (number, one) in [("0085", '\u{85}'), ("2028", '\u{2028}'), ("2029", '\u{2029}')] {
        let error = format!(
            "has the character U+{number} (line 3), where a line ends in YAML 1.1: remove it, or \
             write the text in double quotes with `\\u{number}`"
        );
        for text in [format!("# a{one}  X: y"), format!("X: a{one}"), format!("X: \"a{one}\"")] {
            let text = format!("Resources: {{}}\nMetadata:\n  {text}\n");
            assert_eq!(read(&text).unwrap_err(), error);
            assert_eq!(read(&text.replace('\n', "\r\n")).unwrap_err(), error);
        }
        read(&format!("Resources: {{}}\nDescription: \"a\\u{number}b\"\n")).unwrap();
        read(&format!("{{\"Resources\": {{}},\n\"Description\": \"a{one}b\"}}")).unwrap();
    }
}
