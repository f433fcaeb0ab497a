//! Reduced forms of what public templates have.

use std::collections::BTreeMap;

use trailseal_rule::{
    AccountId, EvaluationContext, Judgement, Parameters, Profile, Region, Timestamp, Verdict,
};
use trailseal_template::{Place, Preview, Values, read_template};

fn preview(text: &str, values: &Values) -> Preview {
    let place = Place {
        account: AccountId::parse("111122223333").unwrap(),
        region: Region::parse("us-east-1").unwrap(),
        scope: String::new(),
    };
    read_template("t.yaml", text, place, &BTreeMap::new(), values).unwrap()
}

fn judged(text: &str, values: &Values) -> (Judgement, Vec<String>) {
    let parameters = Parameters { profile: Profile::Strict, ..Parameters::default() };
    let context =
        EvaluationContext { parameters: &parameters, now: Timestamp::from_epoch_millis(0) };
    let judged = preview(text, values).trails[0].judge(&context, &values.supplied);
    (judged.judgement, judged.notes)
}

fn is_sealed(judgement: &Judgement) -> bool {
    matches!(judgement.verdict, Verdict::Sealed(_))
}

/// The unverified results, as text.
fn open(text: &str) -> String {
    let (judgement, _) = judged(text, &Values::default());
    assert!(matches!(judgement.verdict, Verdict::Unverified(_)), "{judgement:?}");
    format!("{judgement:?}")
}

/// A trail with the given lines, and a key whose policy admits the trail of this name.
fn template(trail_name: &str, lines: &str) -> String {
    format!(
        r#"
Resources:
  Bucket: {{Type: AWS::S3::Bucket}}
  Key:
    Type: AWS::KMS::Key
    Properties:
      EnableKeyRotation: true
      KeyPolicy:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal: {{AWS: !Sub 'arn:aws:iam::${{AWS::AccountId}}:root'}}
            Action: kms:*
            Resource: '*'
          - Effect: Allow
            Principal: {{Service: cloudtrail.amazonaws.com}}
            Action: kms:GenerateDataKey*
            Resource: '*'
            Condition:
              StringEquals:
                aws:SourceArn: !Sub 'arn:aws:cloudtrail:${{AWS::Region}}:${{AWS::AccountId}}:trail/{trail_name}'
              StringLike:
                kms:EncryptionContext:aws:cloudtrail:arn: !Sub 'arn:aws:cloudtrail:*:${{AWS::AccountId}}:trail/*'
  Trail:
    Type: AWS::CloudTrail::Trail
    Properties:
      TrailName: !Sub '{trail_name}'
      IsLogging: true
      S3BucketName: !Ref Bucket
{lines}
"#
    )
}

const OF_KEY: &str = "      KMSKeyId: !GetAtt Key.Arn";

#[test]
fn the_name_of_the_stack_can_be_supplied() {
    let text = template("${AWS::StackName}-audit", OF_KEY);
    assert!(open(&text).contains("`AWS::StackName` is known once it is deployed"));
    let read = |name: &str| {
        Values::read(&format!(r#"{{"references": {{"AWS::StackName": "{name}"}}}}"#)).unwrap()
    };
    let (judgement, notes) = judged(&text, &read("logs"));
    assert!(is_sealed(&judgement), "{judgement:?}");
    assert!(notes.contains(&"supplied: AWS::StackName = logs".to_owned()), "{notes:?}");
    // A name of another stack is admitted by none of its statements.
    let other = text.replace("TrailName: !Sub '${AWS::StackName}-audit'", "TrailName: other");
    let (judgement, _) = judged(&other, &read("logs"));
    assert!(matches!(judgement.verdict, Verdict::Broken(_)), "{judgement:?}");
    // Marks of stand-ins are none.
    let (judgement, _) = judged(&text, &read("<name>"));
    assert!(!is_sealed(&judgement), "{judgement:?}");
}

#[test]
fn a_nested_stack_does_not_have_the_supplied_name() {
    let values = Values::read(r#"{"references": {"AWS::StackName": "logs"}}"#).unwrap();
    let files: BTreeMap<&str, String> = BTreeMap::from([
        (
            "manifest.json",
            r#"{"artifacts": {"Parent": {"type": "aws:cloudformation:stack",
                    "environment": "aws://111122223333/us-east-1",
                    "properties": {"templateFile": "parent.json"}}}}"#
                .to_owned(),
        ),
        (
            "parent.json",
            r#"{"Resources": {"Nested": {"Type": "AWS::CloudFormation::Stack",
                    "Properties": {"TemplateURL": "https://x"},
                    "Metadata": {"aws:asset:path": "nested.yaml"}}}}"#
                .to_owned(),
        ),
        ("nested.yaml", template("${AWS::StackName}-audit", OF_KEY)),
    ]);
    let mut read = |name: &str| files.get(name).cloned().ok_or_else(|| "is absent".to_owned());
    let place = Place {
        account: AccountId::not_known(),
        region: Region::not_known(),
        scope: String::new(),
    };
    let none = BTreeMap::new();
    let preview =
        trailseal_template::read_assembly("cdk.out", &mut read, &place, &none, &values).unwrap();
    let parameters = Parameters { profile: Profile::Strict, ..Parameters::default() };
    let context =
        EvaluationContext { parameters: &parameters, now: Timestamp::from_epoch_millis(0) };
    let judged = preview.trails[0].judge(&context, &values.supplied);
    assert!(matches!(judged.judgement.verdict, Verdict::Unverified(_)), "{judged:?}");
}

#[test]
fn the_advice_about_a_planned_key_does_not_speak_of_kms() {
    let text = template("audit", OF_KEY)
        .replace("    Type: AWS::KMS::Key", "    Type: AWS::KMS::Key\n    Condition: Yes");
    let found = open(&text);
    assert!(found.contains("the condition (line"), "{found}");
    assert!(found.contains("is not the name of one"), "{found}");
    assert!(!found.contains("install a later release"), "{found}");
    assert!(found.contains("supply it to `trailseal preview`"), "{found}");
}

#[test]
fn a_key_that_is_not_in_the_template_is_named() {
    let found = open(&template("audit", "      KMSKeyId: alias/of-another-stack"));
    assert!(found.contains("`alias/of-another-stack` is not in the document"), "{found}");
}

#[test]
fn stack_sets_and_products_that_make_trails_are_named() {
    let of = |kind: &str, properties: &str| {
        let text = format!("Resources: {{X: {{Type: '{kind}', Properties: {properties}}}}}");
        let preview = preview(&text, &Values::default());
        assert!(preview.trails.is_empty());
        (preview.problems.join(" "), preview.notes.join(" "))
    };
    let stack_set = "AWS::CloudFormation::StackSet";
    let with_trail = "{TemplateBody: '{\"Type\": \"AWS::CloudTrail::Trail\"}'}";
    assert_eq!(of(stack_set, with_trail), ("`X` makes a trail that is not read".into(), "".into()));
    for body in [
        "!Sub 'Resources: {T: {Type: AWS::CloudTrail::Trail, Properties: {TrailName: ${X}}}}'",
        "!Sub ['{\"Type\": \"AWS::CloudTrail::Trail\"}', {A: b}]",
        "!Join ['', ['{\"T\": {\"Type\": \"', 'AWS::CloudTrail::Trail', '\"}}']]",
        "!If [C, 'Type: AWS::CloudTrail::Trail', !Ref AWS::NoValue]",
        "{Resources: {T: {Type: AWS::CloudTrail::Trail}}}",
        // The text of the template has an escape.
        r#"'{"Resources": {"T": {"Type": "AWS::CloudTrail::Tr\u0061il"}}}'"#,
        r#"!Sub ['{"Resources": {"T": {"Type": "AWS::CloudTrail::Tr\u0061il"}}}', {A: b}]"#,
        // JSON that is not YAML.
        r#"'{"Description": "\ud83d\ude00", "T": {"Type": "AWS::CloudTrail::Tr\u0061il"}}'"#,
    ] {
        let (problems, notes) = of(stack_set, &format!("{{TemplateBody: {body}}}"));
        assert_eq!(problems, "`X` makes a trail that is not read", "{body}");
        assert_eq!(notes, "", "{body}");
    }
    for (kind, properties) in [
        (stack_set, "{TemplateBody: !Ref Body}"),
        (stack_set, "{TemplateBody: !Sub 'Type: AWS::S3::Bucket'}"),
        (stack_set, "{TemplateURL: 'https://x'}"),
        ("AWS::ControlTower::LandingZone", "{}"),
        ("AWS::ServiceCatalog::CloudFormationProvisionedProduct", "{}"),
    ] {
        let (problems, notes) = of(kind, properties);
        assert_eq!(problems, "", "{kind}");
        assert!(notes.contains("may make trails"), "{kind}: {notes}");
    }
    assert_eq!(of("AWS::S3::Bucket", "{}"), (String::new(), String::new()));
}

/// The aliases of a text are followed, those in the text are not: it takes seconds, not hours.
#[test]
fn a_stack_set_whose_template_is_many_texts_with_aliases_is_read_in_time() {
    let level = |own: char, below: &str| format!("&{own} [{}]", [below; 9].join(", "));
    let levels = [('a', "x"), ('b', "*a"), ('c', "*b"), ('d', "*c"), ('e', "*d")];
    let levels = levels.map(|(own, below)| level(own, below)).join(", ");
    let body = format!("&t '[{levels}]'{}", ", *t".repeat(20_000));
    let text = format!(
        "Resources: {{X: {{Type: 'AWS::CloudFormation::StackSet', \
         Properties: {{TemplateBody: [{body}]}}}}}}"
    );
    let start = std::time::Instant::now();
    let Preview { problems, notes, .. } = preview(&text, &Values::default());
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    assert_eq!(problems, Vec::<String>::new());
    assert!(notes.join(" ").contains("may make trails"), "{notes:?}");
}

#[test]
fn a_stack_set_counts_unless_its_condition_is_false() {
    for (condition, is_made) in [
        ("!Equals [a, a]", true),
        ("!Equals [!Ref Given, a]", true),
        ("!Not [!Equals [!Ref Given, a]]", true),
        ("!Equals [!Ref Default, other]", false),
        ("!Equals [a, b]", false),
    ] {
        let text = format!(
            "Parameters: {{Given: {{Type: String}}, Default: {{Type: String, Default: none}}}}\n\
                 Conditions: {{C: {condition}}}\n\
                 Resources:\n  X:\n    Type: AWS::CloudFormation::StackSet\n    Condition: C\n    \
                 Properties: {{TemplateBody: 'Type: AWS::CloudTrail::Trail'}}\n"
        );
        let Preview { problems, notes, .. } = preview(&text, &Values::default());
        assert_eq!(problems.len(), usize::from(is_made), "{condition}: {problems:?}");
        let says_why = notes.iter().any(|note| {
            let kind = "AWS::CloudFormation::StackSet";
            note.starts_with(&format!("t.yaml: `X` ({kind}) is not made: condition `C` does"))
        });
        assert_eq!(says_why, !is_made, "{condition}: {notes:?}");
        let assumed = notes.join(" ").contains("default assumed: Default = none");
        assert_eq!(assumed, condition.contains("Default"), "{condition}: {notes:?}");
    }
}
