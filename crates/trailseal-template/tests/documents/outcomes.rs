//! Trails whose verdict depends on conditions that the document does not decide, and the notes about
//! what it may make besides.

use std::collections::BTreeMap;

use trailseal_rule::{
    AccountId, CheckId, EvaluationContext, Parameters, Profile, Region, Timestamp, Verdict,
};
use trailseal_template::{JudgedTrail, Place, Preview, Values, read_assembly, read_template};

use crate::verdicts::word_of;

fn read(text: &str) -> Preview {
    let place = Place {
        account: AccountId::parse("111122223333").unwrap(),
        region: Region::parse("us-east-1").unwrap(),
        scope: String::new(),
    };
    read_template("t.yaml", text, place, &BTreeMap::new(), &Values::default()).unwrap()
}

fn judged_with(preview: &Preview, parameters: &Parameters) -> JudgedTrail {
    let context = EvaluationContext { parameters, now: Timestamp::from_epoch_millis(0) };
    preview.trails[0].judge(&context, &Values::default().supplied)
}

fn judged(preview: &Preview) -> JudgedTrail {
    judged_with(preview, &Parameters { profile: Profile::Effective, ..Parameters::default() })
}

fn word(judged: &JudgedTrail) -> &'static str {
    word_of(&judged.judgement.verdict)
}

/// A template with parameters and conditions, whose trail has these members and properties.
fn template(sections: &str, members: &str, properties: &str) -> String {
    format!(
        "{sections}Resources:\n  Bucket: {{Type: AWS::S3::Bucket}}\n  Key: {{Type: AWS::KMS::Key}}\n  \
         Trail:\n    Type: AWS::CloudTrail::Trail\n{members}    Properties:\n      \
         S3BucketName: !Ref Bucket\n{properties}"
    )
}

const WITH_KEY: &str = "      KMSKeyId: !Ref Key\n";
const OPEN: &str = "Parameters: {P: {Type: String}}\nConditions: {C: !Equals [!Ref P, x], Never: !Equals [a, b]}\n";
const WHY_OPEN: &str = "parameter `P` has no value";

#[test]
fn a_trail_under_an_open_condition_is_judged_as_if_it_were_made() {
    for (members, notes) in [
        ("", vec![]),
        ("    Condition: C\n", vec![format!("judged as if it were made: {WHY_OPEN}")]),
    ] {
        let found = judged(&read(&template(OPEN, members, WITH_KEY)));
        assert_eq!((word(&found), found.notes), ("COMPLIANT", notes.clone()), "{members}");
        let found = judged(&read(&template(OPEN, members, "")));
        assert_eq!((word(&found), found.notes), ("NON_COMPLIANT", notes), "{members}");
    }
}

#[test]
fn a_trail_that_is_not_made_is_not_applicable() {
    let found = judged(&read(&template(OPEN, "    Condition: Never\n", WITH_KEY)));
    let why = "the trail is not made: condition `Never` does not hold".to_owned();
    assert_eq!(found.judgement.verdict, Verdict::NotApplicable(why));
    assert_eq!(found.notes, Vec::<String>::new());
}

#[test]
fn outcomes_that_differ_are_unverified_and_say_why() {
    let choice = |then: &str, otherwise: &str| {
        let properties = format!("      KMSKeyId: !If [C, {then}, {otherwise}]\n");
        judged(&read(&template(OPEN, "", &properties)))
    };
    for (then, otherwise, expected) in [
        ("!Ref Key", "!GetAtt Key.Arn", "COMPLIANT"),
        ("!Ref Key", "!Ref AWS::NoValue", "unverified"),
        ("!Ref AWS::NoValue", "!Ref Key", "unverified"),
        ("!Ref AWS::NoValue", "!Ref AWS::NoValue", "NON_COMPLIANT"),
        ("!Ref Key", "alias/other", "unverified"),
        ("alias/aws/cloudtrail", "alias/other", "unverified"),
    ] {
        let found = choice(then, otherwise);
        assert_eq!(word(&found), expected, "{then} {otherwise}");
        let says_why = format!("{:?}", found.judgement).contains(WHY_OPEN);
        assert_eq!(says_why, expected == "unverified", "{then} {otherwise}");
    }
}

/// AWS does not document what `Fn::Equals` compares then.
#[test]
fn a_comparison_of_what_is_not_text_is_followed_both_ways() {
    let found = |one: &str, other: &str| {
        let sections = format!("Conditions: {{C: !Equals [{one}, {other}]}}\n");
        let key = "      KMSKeyId: !If [C, !Ref AWS::NoValue, !Ref Key]\n";
        word(&judged(&read(&template(&sections, "", key))))
    };
    for open in ["!Ref AWS::NoValue", "null", "{a: b}"] {
        for other in ["\"\"", "Omitted", "!Ref AWS::NoValue", "x"] {
            assert_eq!(found(open, other), "unverified", "{open} {other}");
            assert_eq!(found(other, open), "unverified", "{open} {other}");
        }
    }
    assert_eq!(found("x", "y"), "COMPLIANT");
    assert_eq!(found("x", "x"), "NON_COMPLIANT");
}

#[test]
fn the_owner_of_an_organization_trail_is_noted() {
    let owner = "evaluated as an organization trail of 111122223333";
    for (stated, notes) in [
        ("true", vec![owner.to_owned()]),
        ("false", vec![]),
        ("!Ref AWS::NoValue", vec![]),
        ("!If [C, true, false]", vec![owner.to_owned()]),
        ("!If [C, false, true]", vec![owner.to_owned()]),
        ("!If [C, !Ref AWS::NoValue, false]", vec![]),
        ("!Ref P", vec![format!("may be an organization trail ({WHY_OPEN}): {owner}")]),
        (
            "!If [C, false, !Ref P]",
            vec![format!("may be an organization trail ({WHY_OPEN}): {owner}")],
        ),
    ] {
        let properties = format!("{WITH_KEY}      IsOrganizationTrail: {stated}\n");
        let found = judged(&read(&template(OPEN, "", &properties)));
        assert_eq!((word(&found), found.notes), ("COMPLIANT", notes), "{stated}");
    }
}

/// No document shows what was delivered.
#[test]
fn the_delivery_is_not_judged() {
    let preview = read(&template(OPEN, "", WITH_KEY));
    let strict = Parameters { profile: Profile::Strict, ..Parameters::default() };
    let skipping =
        |checks: &[CheckId]| Parameters { skip_checks: checks.to_vec(), ..strict.clone() };
    for (parameters, skipped) in [
        (strict.clone(), "skipped: delivery-unbroken"),
        (skipping(&[CheckId::DeliveryUnbroken]), "skipped: delivery-unbroken"),
        (skipping(&[CheckId::KeyRotated]), "skipped: key-rotated, delivery-unbroken"),
    ] {
        let found = judged_with(&preview, &parameters);
        assert_eq!(found.judgement.skipped().as_deref(), Some(skipped));
        assert_eq!(word(&found), "NON_COMPLIANT");
    }
}

/// Each parameter has no value, and each outcome has the key.
#[test]
fn at_most_64_outcomes_are_followed() {
    let with_conditions = |count: usize| {
        let all = |of: &dyn Fn(usize) -> String| (0..count).map(of).collect::<String>();
        let parameters = all(&|n| format!("  P{n}: {{Type: String}}\n"));
        let conditions = all(&|n| format!("  C{n}: !Equals [!Ref P{n}, x]\n"));
        let choices = all(&|n| format!(", !If [C{n}, '', '']"));
        let sections = format!("Parameters:\n{parameters}Conditions:\n{conditions}");
        let key = format!("      KMSKeyId: !Join ['', [!Ref Key{choices}]]\n");
        read(&template(&sections, "", &key))
    };
    let preview = with_conditions(6);
    assert_eq!((word(&judged(&preview)), preview.trails[0].worlds.len()), ("COMPLIANT", 64));
    let preview = with_conditions(7);
    let found = judged(&preview);
    assert_eq!((word(&found), preview.trails[0].worlds.len()), ("unverified", 1));
    let why = "more than 64 outcomes of conditions";
    assert!(format!("{:?}", found.judgement).contains(why), "{:?}", found.judgement);
}

#[test]
fn what_may_make_trails_and_is_not_read_is_noted() {
    let notes = |kind: &str| {
        let text = format!("Resources: {{X: {{Type: '{kind}'}}}}\n");
        let Preview { trails, problems, notes, .. } = read(&text);
        assert_eq!((trails.len(), problems), (0, vec![]), "{kind}");
        notes
    };
    for kind in ["AWS::CloudFormation::Stack", "AWS::Serverless::Application"] {
        let note = "t.yaml: nested stack `X` is a template of its own, and is not read here";
        assert_eq!(notes(kind), [note], "{kind}");
    }
    for kind in [
        "AWS::CloudFormation::StackSet",
        "AWS::ControlTower::LandingZone",
        "AWS::ServiceCatalog::CloudFormationProvisionedProduct",
        "Acme::Audit::Trails::MODULE",
    ] {
        let note = format!("t.yaml: `X` ({kind}) may make trails, which are not read");
        assert_eq!(notes(kind), [note], "{kind}");
    }
    for kind in ["AWS::S3::Bucket", "AWS::CloudFormation::WaitCondition", "Custom::MODULES"] {
        assert_eq!(notes(kind), Vec::<String>::new(), "{kind}");
    }
}

/// Only a macro can give a resource its type.
#[test]
fn a_resource_that_may_be_a_trail_is_a_problem() {
    let include = "{Name: AWS::Include, Parameters: {Location: s3://b/k}}";
    let problems = |resource: &str| read(&format!("Resources:\n  {resource}\n")).problems;
    for resource in [
        "X: {}",
        "X: {Properties: {}}",
        "X: {Type: AWS::S3::Bucket}",
        &format!("X: {{Type: AWS::S3::Bucket, Fn::Transform: {include}}}"),
    ] {
        assert_eq!(problems(resource), Vec::<String>::new(), "{resource}");
    }
    for (resource, name) in [
        (format!("X: {{Fn::Transform: {include}}}"), "X"),
        (format!("Fn::Transform: {include}"), "Fn::Transform"),
        ("Fn::ForEach::Trails: [Name, !Ref Names, {}]".to_owned(), "Fn::ForEach::Trails"),
    ] {
        let problem =
            format!("`{name}` (line 2) is not resolved, so that trails in it are not seen");
        assert!(problems(&resource).contains(&problem), "{resource}: {:?}", problems(&resource));
    }
}

#[test]
fn a_resource_whose_type_is_no_text_is_a_problem() {
    for kind in ["!Sub 'AWS::CloudTrail::Trail'", "!Ref Kind", "[AWS::CloudTrail::Trail]", "7"] {
        let preview = read(&format!("Resources:\n  X: {{Type: {kind}}}\n"));
        let problem = "`X` (line 2) is not resolved, so that trails in it are not seen";
        assert_eq!(preview.problems, [problem], "{kind}");
    }
}

#[test]
fn a_nested_stack_that_is_read_is_not_noted() {
    let file = |name: &str| {
        let text = match name {
            "manifest.json" => {
                r#"{"artifacts": {"A": {"type": "aws:cloudformation:stack",
                    "environment": "aws://111122223333/us-east-1",
                    "properties": {"templateFile": "a.json"}}}}"#
            }
            "a.json" => {
                r#"{"Resources": {
                    "Read": {"Type": "AWS::CloudFormation::Stack",
                        "Metadata": {"aws:asset:path": "n.json"}},
                    "Other": {"Type": "AWS::Serverless::Application"}}}"#
            }
            _ => r#"{"Resources": {}}"#,
        };
        Ok(text.to_owned())
    };
    let place = Place {
        account: AccountId::not_known(),
        region: Region::not_known(),
        scope: String::new(),
    };
    let (none, values) = (BTreeMap::new(), Values::default());
    let preview = read_assembly("cdk.out", &mut { file }, &place, &none, &values).unwrap();
    assert_eq!(preview.problems, Vec::<String>::new());
    assert_eq!(
        preview.notes,
        ["cdk.out/a.json: nested stack `A.Other` is a template of its own, and is not read here"]
    );
}

/// A macro gets the whole template.
#[test]
fn a_macro_that_may_add_a_trail_is_a_problem() {
    let problems = |head: &str| {
        read(&format!("{head}\nResources: {{X: {{Type: AWS::S3::Bucket}}}}\n")).problems
    };
    let include = "{Name: AWS::Include, Parameters: {Location: s3://b/k}}";
    for (head, name) in [
        ("Transform: Org::AddTrail".to_owned(), "Org::AddTrail"),
        ("Transform: [AWS::Serverless-2016-10-31, AddTrail]".to_owned(), "AddTrail"),
        (format!("Transform: {include}"), "AWS::Include"),
        (format!("Transform: [{include}]"), "AWS::Include"),
        ("Transform: {A: b}".to_owned(), "of another form"),
    ] {
        let problem =
            format!("transform `{name}` (line 1) is not applied: trails that it adds are not seen");
        assert_eq!(problems(&head), [problem], "{head}");
    }
    let problem = "`Fn::Transform` (line 1) is not applied: trails that it adds are not seen";
    assert_eq!(problems(&format!("Fn::Transform: {include}")), [problem]);
    for name in [
        "AWS::Serverless-2016-10-31",
        "AWS::LanguageExtensions",
        "AWS::CodeDeployBlueGreen",
        "AWS::SecretsManager-2020-07-23",
        "AWS::SecretsManager-2024-09-16",
        "AWS::ServiceCatalog",
    ] {
        assert_eq!(problems(&format!("Transform: {name}")), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn a_deployment_has_the_key_that_its_trail_names_and_no_other() {
    for key in ["!Ref Key", "!Ref Alias", "alias/a"] {
        let preview = read(&format!(
            "Resources:\n  Key: {{Type: AWS::KMS::Key}}\n  Other: {{Type: AWS::KMS::Key}}\n  \
             Alias: {{Type: AWS::KMS::Alias, Properties: {{AliasName: alias/a, TargetKeyId: !Ref Key}}}}\n  \
             Else: {{Type: AWS::KMS::Alias, Properties: {{AliasName: alias/b, TargetKeyId: !Ref Other}}}}\n  \
             Trail: {{Type: AWS::CloudTrail::Trail, Properties: {{KMSKeyId: {key}}}}}\n"
        ));
        let deployment = &preview.trails[0].worlds[0].deployment;
        assert_eq!(deployment.keys.keys().collect::<Vec<_>>(), ["Key"], "{key}");
        assert_eq!(deployment.aliases.len(), usize::from(key != "!Ref Key"), "{key}");
    }
}

#[test]
fn outcomes_and_trails_with_an_equal_key_share_it() {
    let key = "      KMSKeyId: !If [C, !Ref Key, !GetAtt Key.Arn]\n";
    let text = template(OPEN, "", key);
    let other = text.split_once("  Trail:\n").unwrap().1.to_owned();
    let read = read(&format!("{text}  Other:\n{other}"));
    let worlds = read.trails.iter().flat_map(|trail| &trail.worlds);
    let keys: Vec<_> = worlds.map(|world| &world.deployment.keys["Key"]).collect();
    assert_eq!(keys.len(), 4);
    assert!(keys.iter().all(|key| std::sync::Arc::ptr_eq(key, keys[0])));
}
