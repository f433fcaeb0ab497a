//! Documents that are meant to exhaust the reader, or to make it say COMPLIANT.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use trailseal_rule::{
    AccountId, EvaluationContext, Parameters, Profile, Region, Timestamp, Verdict,
};
use trailseal_template::{Place, Preview, Values, read_template};

fn read(text: &str) -> Result<Preview, String> {
    let place = Place {
        account: AccountId::parse("111122223333").unwrap(),
        region: Region::parse("us-east-1").unwrap(),
        scope: String::new(),
    };
    let started = Instant::now();
    let read = read_template("t.yaml", text, place, &BTreeMap::new(), &Values::default());
    assert!(started.elapsed() < Duration::from_secs(20), "took {:?}", started.elapsed());
    read
}

/// The verdicts on the trails in a profile.
fn verdicts(text: &str, profile: Profile) -> Vec<Verdict> {
    let parameters = Parameters { profile, ..Parameters::default() };
    let context =
        EvaluationContext { parameters: &parameters, now: Timestamp::from_epoch_millis(0) };
    let preview = read(text).unwrap();
    let values = Values::default();
    let judged = preview.trails.iter().map(|trail| trail.judge(&context, &values.supplied));
    judged.map(|judged| judged.judgement.verdict).collect()
}

fn is_unverified(text: &str) {
    for profile in Profile::ALL {
        for verdict in verdicts(text, profile) {
            assert!(matches!(verdict, Verdict::Unverified(_)), "{profile:?}: {verdict:?}");
        }
    }
}

const TRAIL: &str = "
  Bucket: {Type: AWS::S3::Bucket}
  Key: {Type: AWS::KMS::Key}
  Trail:
    Type: AWS::CloudTrail::Trail
    Properties:
      TrailName: main
      S3BucketName: !Ref Bucket
";

fn with_key(key: &str) -> String {
    format!("Resources:{TRAIL}      KMSKeyId: {key}\n")
}

#[test]
fn a_text_that_looks_like_a_planned_key_is_not_one() {
    for key in [
        "<Key>",
        "'<Key>'",
        "arn:aws:kms:us-east-1:111122223333:key/<Key>",
        "!Sub 'arn:aws:kms:us-east-1:111122223333:key/<Key>'",
        "!Sub ['${A}', {A: '<Key>'}]",
        "\"\\uE000Key\\uE001\"",
        "!Sub \"\\uE000Key\\uE001\"",
        "!Join ['', ['<', 'Key', '>']]",
        "\"\\uFF1CKey\\uFF1E\"",
    ] {
        for profile in Profile::ALL {
            for verdict in verdicts(&with_key(key), profile) {
                assert!(!matches!(verdict, Verdict::Sealed(_)), "{key} {profile:?}");
            }
        }
    }
    assert!(matches!(verdicts(&with_key("!Ref Key"), Profile::Effective)[0], Verdict::Sealed(_)));
}

#[test]
fn what_is_not_known_is_unverified() {
    for key in [
        "!ImportValue key",
        "'{{resolve:ssm:/key}}'",
        "!Sub '{{resolve:secretsmanager:${AWS::Region}}}'",
        "!GetAtt Custom.KeyArn",
        "!Ref Missing",
        "!Ref Custom",
        "!FindInMap [A, B, C]",
        "!Transform {Name: AWS::Include, Parameters: {Location: s3://b/k}}",
        "!Unheard [of]",
        "!If [Missing, !Ref Key, !Ref Key]",
        "!Select [7, [!Ref Key]]",
        "!Split ['', !Ref Key]",
        "!Sub '${Key'",
        "!Ref AWS::StackId",
        "[!Ref Key]",
        "{a: !Ref Key}",
        "!Sub 'arn:aws:kms:eu-west-1:111122223333:key/${Key}'",
        "!Sub 'arn:aws:kms:us-east-1:444455556666:key/${Key}'",
        "!Sub '${Key}x'",
        "!Ref Bucket",
        "!Sub 'arn:aws:kms:us-east-1:111122223333:key/${Bucket}'",
    ] {
        is_unverified(&format!(
            "Resources:{TRAIL}      KMSKeyId: {key}\n  Custom: {{Type: Custom::Key}}\n"
        ));
    }
    for extra in ["      <<: {KMSKeyId: alias/x}\n", "      Fn::Transform: {Name: x}\n"] {
        is_unverified(&format!("Resources:{TRAIL}{extra}"));
    }
}

#[test]
fn a_key_that_the_deployment_does_not_make_is_a_failure() {
    let text = format!(
        "Conditions: {{Never: !Equals [a, b]}}\nResources:{}      KMSKeyId: !GetAtt Key.Arn\n",
        TRAIL.replace("AWS::KMS::Key}", "AWS::KMS::Key, Condition: Never}")
    );
    for profile in Profile::ALL {
        assert!(matches!(verdicts(&text, profile)[0], Verdict::Broken(_)), "{profile:?}");
    }
}

#[test]
fn documents_that_are_not_one_template_are_refused() {
    for (text, words) in [
        ("", "is empty"),
        ("a: 1\n---\nb: 2\n", "several YAML documents"),
        ("Resources: {a: 1, a: 2}\n", "key twice"),
        ("{\"Resources\": {\"a\": 1, \"a\": 2}}", "key twice"),
        ("Resources: [", "is not YAML or JSON"),
        ("Resources: &r {a: *r}\n", "is not YAML or JSON"),
        ("Resources: []\n", "no `Resources`"),
        ("apiVersion: v1\nResources: {}\n", "`apiVersion`"),
        ("? [a, b]\n: c\n", "key that is not text"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.contains(words) || error.contains("alias"), "{text:?}: {error}");
        assert!(!error.contains('\n'), "{error}");
    }
}

#[test]
fn bombs_are_bounded() {
    let mut bomb = "Metadata:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = level - 1;
        let items = vec![format!("*a{below}"); 10].join(", ");
        writeln!(bomb, "  a{level}: &a{level} [{items}]").unwrap();
    }
    let error = read(&format!("{bomb}Resources: {{}}\n")).unwrap_err();
    assert!(error.contains("aliases counted as repeated"), "{error}");

    for (open, close) in [("[", "]"), ("{a: ", "}")] {
        let deep = format!("Metadata: {}x{}\n", open.repeat(400), close.repeat(400));
        read(&format!("{deep}Resources: {{}}\n")).unwrap_err();
    }
    let mut deep = "Metadata:\n".to_owned();
    for level in 1..400 {
        writeln!(deep, "{}a:", " ".repeat(level)).unwrap();
    }
    read(&format!("{deep}Resources: {{}}\n")).unwrap_err();
}

#[test]
fn references_in_circles_are_unverified() {
    let conditions = (0..60).map(|level| {
        let below = level + 1;
        format!("  C{level}: !And [{{Condition: C{below}}}, {{Condition: C{below}}}]\n")
    });
    let conditions: String = conditions.collect();
    is_unverified(&format!(
        "Conditions:\n{conditions}  C60: {{Condition: C0}}\nResources:{TRAIL}      KMSKeyId: \
             !If [C0, !Ref Key, !Ref AWS::NoValue]\n"
    ));
    is_unverified(&format!(
        "Parameters: {{P: {{Type: String, Default: !Ref P}}}}\nResources:{TRAIL}      KMSKeyId: \
             !Ref P\n"
    ));
}

#[test]
fn many_undecided_conditions_are_unverified() {
    for count in [40, 100] {
        undecided_conditions(count);
    }
}

fn undecided_conditions(count: usize) {
    let mut text = "Parameters:\n".to_owned();
    for number in 0..count {
        writeln!(text, "  P{number}: {{Type: String}}").unwrap();
    }
    text.push_str("Conditions:\n");
    for number in 0..count {
        writeln!(text, "  C{number}: !Equals [!Ref P{number}, x]").unwrap();
    }
    let nested = (0..count).fold("!Ref Key".to_owned(), |inner, number| {
        format!("!If [C{number}, {inner}, !Ref AWS::NoValue]")
    });
    let text = format!("{text}Resources:{TRAIL}      KMSKeyId: {nested}\n");
    let verdict = &verdicts(&text, Profile::Effective)[0];
    assert!(matches!(verdict, Verdict::Unverified(_)), "{verdict:?}");
}

/// Both branches have a working key, so that the answer does not depend on the parameter.
#[test]
fn outcomes_that_agree_are_an_answer() {
    let text = format!(
        "Parameters: {{P: {{Type: String}}}}\nConditions: {{C: !Equals [!Ref P, x]}}\n\
             Resources:{TRAIL}      KMSKeyId: !If [C, !Ref Key, !GetAtt Key.Arn]\n"
    );
    assert!(matches!(verdicts(&text, Profile::Effective)[0], Verdict::Sealed(_)));
}

#[test]
fn a_template_of_one_megabyte_is_read_in_time() {
    let mut text = with_key("!Ref Key");
    let mut number = 0;
    while text.len() < 1_000_000 {
        number += 1;
        writeln!(text, "  Topic{number}:\n    Type: AWS::SNS::Topic\n    Properties: {{TopicName: !Sub 'topic-${{AWS::Region}}-{number}'}}").unwrap();
    }
    assert!(matches!(verdicts(&text, Profile::Effective)[0], Verdict::Sealed(_)));
}

/// An item takes more room than the comma before it.
#[test]
fn lists_that_grow_are_bounded() {
    let many = |count: usize| {
        let lists = "!Split [',', !Ref P], ".repeat(count);
        let parameter = format!("P: {{Type: String, Default: '{}'}}", ",".repeat(10_000));
        let key = with_key(&format!("!Select [0, [!Ref Key, {lists}]]"));
        verdicts(&format!("Parameters: {{{parameter}}}\n{key}"), Profile::Effective).remove(0)
    };
    assert!(matches!(many(100), Verdict::Sealed(_)));
    let grown = many(1_000);
    let why = "too large to evaluate";
    assert!(matches!(grown, Verdict::Unverified(_)), "{grown:?}");
    assert!(format!("{grown:?}").contains(why), "{grown:?}");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "(?s).{0,200}") {
        let _read = read(&text);
        let _read = read(&with_key(&text.replace('\n', " ")));
    }

    /// Whatever is cut out of a template, the reader neither panics nor invents a key.
    #[test]
    fn a_template_with_a_hole_does_not_become_compliant_without_its_key(
        start in 0_usize..400, length in 1_usize..60,
    ) {
        let whole = with_key("!Ref Key");
        let end = (start + length).min(whole.len());
        if let (Some(head), Some(tail)) = (whole.get(..start), whole.get(end..)) {
            let text = format!("{head}{tail}");
            if let Ok(preview) = read(&text) {
                let has_key = text.contains("KMSKeyId") && text.contains("!Ref Key")
                    && text.contains("AWS::KMS::Key");
                let parameters = Parameters::default();
                let context = EvaluationContext {
                    parameters: &parameters, now: Timestamp::from_epoch_millis(0),
                };
                for trail in &preview.trails {
                    let judged = trail.judge(&context, &Values::default().supplied);
                    let is_sealed = matches!(judged.judgement.verdict, Verdict::Sealed(_));
                    prop_assert!(!is_sealed || has_key, "{text}");
                }
            }
        }
    }
}
