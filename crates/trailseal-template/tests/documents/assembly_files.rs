//! Cloud assemblies that name files outside of their folder, or resources of another place.

use std::collections::BTreeMap;

use trailseal_rule::{
    AccountId, EvaluationContext, Parameters, Profile, Region, Timestamp, Verdict,
};
use trailseal_template::{Place, Planned, Preview, Values, read_assembly};

use crate::verdicts::word_of;

/// The assembly of these files, and the names of the files that were read.
fn read(files: &[(&str, String)]) -> (Preview, Vec<String>) {
    let place = Place {
        account: AccountId::not_known(),
        region: Region::not_known(),
        scope: String::new(),
    };
    let mut asked = Vec::new();
    let mut file = |name: &str| {
        asked.push(name.to_owned());
        let found = files.iter().find(|(one, _)| *one == name);
        found.map(|(_, text)| text.clone()).ok_or_else(|| "cannot be read".to_owned())
    };
    let values = Values::default();
    let preview = read_assembly("cdk.out", &mut file, &place, &BTreeMap::new(), &values);
    (preview.unwrap(), asked)
}

const ENVIRONMENT: &str = "aws://111122223333/unknown-region";

fn stack(file: &str) -> String {
    format!(
        r#"{{"type":"aws:cloudformation:stack","environment":"{ENVIRONMENT}","properties":{{"templateFile":"{file}"}}}}"#
    )
}

fn stage(folder: &str) -> String {
    format!(r#"{{"type":"cdk:cloud-assembly","properties":{{"directoryName":"{folder}"}}}}"#)
}

fn manifest(artifacts: &[(&str, String)]) -> String {
    let artifacts: Vec<_> =
        artifacts.iter().map(|(id, artifact)| format!(r#""{id}":{artifact}"#)).collect();
    format!(r#"{{"artifacts":{{{}}}}}"#, artifacts.join(","))
}

#[test]
fn no_file_outside_of_the_folder_is_read() {
    for path in ["/tmp/x", "../x", "a/../../x", ".", "./x", "a//x", "", "C:\\\\x", "C:/x"] {
        let asset = format!(r#"{{"type":"cdk:asset-manifest","properties":{{"file":"{path}"}}}}"#);
        for artifact in [stack(path), stage(path), asset] {
            let files = [("manifest.json", manifest(&[("A", artifact.clone())]))];
            let (preview, asked) = read(&files);
            assert_eq!(asked, ["manifest.json"], "{artifact}");
            let is_asset = artifact.contains("asset-manifest");
            assert!(is_asset || !preview.problems.is_empty(), "{artifact}");
            let is_stack = artifact == stack(path);
            let why = "is not read: it is outside of the folder";
            assert!(!is_stack || preview.problems[0].contains(why), "{:?}", preview.problems);
        }
    }
}

#[test]
fn a_stage_is_read_once() {
    let files = [
        ("manifest.json", manifest(&[("A", stage("s")), ("B", stage("s"))])),
        ("s/manifest.json", manifest(&[])),
    ];
    let (preview, asked) = read(&files);
    assert_eq!(asked, ["manifest.json", "s/manifest.json"]);
    assert_eq!(preview.problems.len(), 1);
}

/// The key of a nested stack is not that of a stack with the same name.
#[test]
fn stacks_with_one_name_are_told_apart() {
    let template = |enabled: bool| {
        format!(
            r#"{{"Resources":{{"Bucket":{{"Type":"AWS::S3::Bucket"}},"Key":{{"Type":"AWS::KMS::Key","Properties":{{"Enabled":{enabled}}}}},"Trail":{{"Type":"AWS::CloudTrail::Trail","Properties":{{"S3BucketName":{{"Ref":"Bucket"}},"KMSKeyId":{{"Ref":"Key"}}}}}}}}}}"#
        )
    };
    let outer = r#"{"Resources":{"B":{"Type":"AWS::CloudFormation::Stack","Metadata":{"aws:asset:path":"n.json"}}}}"#;
    let (preview, _) = read(&[
        ("manifest.json", manifest(&[("0", stage("s")), ("A", stack("a.json"))])),
        ("s/manifest.json", manifest(&[("A.B", stack("x.json"))])),
        ("s/x.json", template(false)),
        ("a.json", outer.to_owned()),
        ("n.json", template(true)),
    ]);
    assert_eq!(preview.problems, Vec::<String>::new());
    assert_eq!(words(&preview), ["NON_COMPLIANT", "COMPLIANT"]);
}

/// A stack and the stacks that it nests have names that no other stack has.
#[test]
fn a_nested_stack_whose_name_is_taken_gets_a_number() {
    let template = r#"{"Resources":{"T":{"Type":"AWS::CloudTrail::Trail"}}}"#;
    let outer = r#"{"Resources":{"B":{"Type":"AWS::CloudFormation::Stack","Metadata":{"aws:asset:path":"t.json"}}}}"#;
    let taken = ["A.B", "A.B-3"].map(|name| (name, stack("t.json")));
    let (preview, _) = read(&[
        ("manifest.json", manifest(&[("0", stage("s")), ("A", stack("a.json"))])),
        ("s/manifest.json", manifest(&taken)),
        ("s/t.json", template.to_owned()),
        ("a.json", outer.to_owned()),
        ("t.json", template.to_owned()),
    ]);
    let addresses: Vec<_> =
        preview.trails.iter().map(|trail| trail.declared.address.as_str()).collect();
    assert_eq!(addresses, ["A.B.T", "A.B-3.T", "A.B-4.T"]);
    assert_eq!(preview.problems, Vec::<String>::new());
}

#[test]
fn a_bucket_of_this_name_may_be_in_another_region_than_the_trail() {
    let bucket = |properties: &str| {
        format!(r#""Bucket":{{"Type":"AWS::S3::Bucket","Properties":{{{properties}}}}}"#)
    };
    let of = |others: &str, own: &str, name: &str| {
        let trail = format!(
            r#""Key":{{"Type":"AWS::KMS::Key"}},"Trail":{{"Type":"AWS::CloudTrail::Trail","Properties":{{"S3BucketName":{name},"KMSKeyId":{{"Ref":"Key"}}}}}}"#
        );
        let outputs = r#""Outputs":{"B":{"Value":{"Ref":"Bucket"},"Export":{"Name":"b"}}}"#;
        let (preview, _) = read(&[
            ("manifest.json", manifest(&[("B", stack("b.json")), ("L", stack("l.json"))])),
            ("b.json", format!(r#"{{"Resources":{{{others}}},{outputs}}}"#)),
            ("l.json", format!(r#"{{"Resources":{{{trail}{own}}}}}"#)),
        ]);
        assert_eq!(preview.problems, Vec::<String>::new());
        words(&preview)
    };
    let named = bucket(r#""BucketName":"logs-x""#);
    let elsewhere = of(&named, "", r#""logs-x""#);
    assert_eq!(elsewhere, ["unverified"]);
    // Each Region can have its own.
    let both = of(&named, &format!(",{named}"), r#""logs-x""#);
    assert_eq!(both, ["COMPLIANT"]);
    // An export is of the Region of the stack that imports it.
    let imported = of(&bucket(""), "", r#"{"Fn::ImportValue":"b"}"#);
    assert_eq!(imported, ["COMPLIANT"]);
}

#[test]
fn the_key_of_an_asset_is_the_whole_name_of_the_object() {
    let outer = r#"{"Resources":{"B":{"Type":"AWS::CloudFormation::Stack","Metadata":{"aws:asset:path":"STATED"},"Properties":{"TemplateURL":"https://s3.us-east-1.amazonaws.com/assets/abc.json"}}}}"#;
    for (key, stated, problems) in [
        ("abc.json", None, 0),
        ("bc.json", None, 1),
        (".json", None, 1),
        ("abc.json", Some("n.json"), 0),
        // What is deployed is at the URL.
        ("abc.json", Some("m.json"), 1),
    ] {
        let outer = match stated {
            Some(path) => outer.replace("STATED", path),
            None => outer.replace(r#""aws:asset:path":"STATED""#, ""),
        };
        let assets = format!(
            r#"{{"files":{{"f":{{"source":{{"path":"n.json"}},"destinations":{{"d":{{"objectKey":"{key}"}}}}}}}}}}"#
        );
        let asset = r#"{"type":"cdk:asset-manifest","properties":{"file":"assets.json"}}"#;
        let (preview, _) = read(&[
            ("manifest.json", manifest(&[("A", stack("a.json")), ("M", asset.to_owned())])),
            ("assets.json", assets),
            ("a.json", outer),
            ("m.json", r#"{"Resources":{}}"#.to_owned()),
            ("n.json", r#"{"Resources":{}}"#.to_owned()),
        ]);
        assert_eq!(preview.problems.len(), problems, "{key}: {:?}", preview.problems);
    }
}

/// The verdicts on a trail of stage `s`, in profile `cis`, with a key of this stage.
fn with_key_of(keys_stage: &str) -> Vec<&'static str> {
    let key = r#""Key":{"Type":"AWS::KMS::Key"},"Alias":{"Type":"AWS::KMS::Alias","Properties":{"AliasName":"alias/t","TargetKeyId":{"Ref":"Key"}}}"#;
    let trail = r#""Bucket":{"Type":"AWS::S3::Bucket"},"Trail":{"Type":"AWS::CloudTrail::Trail","Properties":{"S3BucketName":{"Ref":"Bucket"},"KMSKeyId":{"Fn::Sub":"arn:aws:kms:${AWS::Region}:111122223333:alias/t"}}}"#;
    let resources = |text: &str| format!(r#"{{"Resources":{{{text}}}}}"#);
    let keys = format!("{keys_stage}/keys.json");
    let stages = if keys_stage == "s" {
        vec![("s/manifest.json", manifest(&[("K", stack("keys.json")), ("L", stack("logs.json"))]))]
    } else {
        vec![
            ("s/manifest.json", manifest(&[("L", stack("logs.json"))])),
            ("r/manifest.json", manifest(&[("K", stack("keys.json"))])),
        ]
    };
    let outer = if keys_stage == "s" {
        manifest(&[("S", stage("s"))])
    } else {
        manifest(&[("R", stage("r")), ("S", stage("s"))])
    };
    let mut files = vec![
        ("manifest.json", outer),
        (keys.as_str(), resources(key)),
        ("s/logs.json", resources(trail)),
    ];
    files.extend(stages);
    let (preview, _) = read(&files);
    assert_eq!(preview.problems, Vec::<String>::new());
    words_in(Profile::Cis, &preview)
}

/// The stages may be deployed to different Regions, and so may two stacks of one stage.
#[test]
fn an_alias_of_another_stage_is_not_one_of_the_region_of_the_trail() {
    for stage in ["s", "r"] {
        assert_eq!(with_key_of(stage), ["unverified"], "{stage}");
    }
}

/// The verdicts on the trails of a stack `A` and a stack `B` of this environment.
fn of_two(environment: &str, a: &str, b: &str) -> Vec<&'static str> {
    words(&read_two(environment, a, b))
}

fn read_two(environment: &str, a: &str, b: &str) -> Preview {
    let at = |file: &str| stack(file).replace(ENVIRONMENT, environment);
    let resources = |text: &str| format!(r#"{{"Resources":{{{text}}}}}"#);
    let (preview, _) = read(&[
        ("manifest.json", manifest(&[("A", at("a.json")), ("B", at("b.json"))])),
        ("a.json", resources(a)),
        ("b.json", resources(b)),
    ]);
    assert_eq!(preview.problems, Vec::<String>::new());
    preview
}

/// The verdicts on the trails in profile `effective`.
fn words(preview: &Preview) -> Vec<&'static str> {
    words_in(Profile::Effective, preview)
}

fn words_in(profile: Profile, preview: &Preview) -> Vec<&'static str> {
    verdicts_in(profile, preview).iter().map(word_of).collect()
}

fn verdicts_in(profile: Profile, preview: &Preview) -> Vec<Verdict> {
    let parameters = Parameters { profile, ..Parameters::default() };
    let context =
        EvaluationContext { parameters: &parameters, now: Timestamp::from_epoch_millis(0) };
    let values = Values::default();
    let judged = preview.trails.iter().map(|trail| trail.judge(&context, &values.supplied));
    judged.map(|judged| judged.judgement.verdict).collect()
}

fn key_with_alias(is_enabled: bool) -> String {
    format!(
        r#""Key":{{"Type":"AWS::KMS::Key","Properties":{{"Enabled":{is_enabled}}}}},"Alias":{{"Type":"AWS::KMS::Alias","Properties":{{"AliasName":"alias/audit","TargetKeyId":{{"Fn::GetAtt":["Key","Arn"]}}}}}}"#
    )
}

fn trail_with(key: &str) -> String {
    format!(
        r#""Logs":{{"Type":"AWS::S3::Bucket"}},"Trail":{{"Type":"AWS::CloudTrail::Trail","Properties":{{"S3BucketName":{{"Ref":"Logs"}},"KMSKeyId":{key}}}}}"#
    )
}

const ALIAS_KEYS: [&str; 3] = [
    r#"{"Ref":"Alias"}"#,
    r#""alias/audit""#,
    r#"{"Fn::Sub":"arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:alias/audit"}"#,
];

/// CDK gives an alias in two stacks the same name, for two accounts.
#[test]
fn the_alias_of_a_trail_is_that_of_its_own_stack() {
    for environment in ["aws://unknown-account/unknown-region", ENVIRONMENT] {
        for key in ALIAS_KEYS {
            let whole = |enabled: bool| format!("{},{}", key_with_alias(enabled), trail_with(key));
            let (on, off) = (whole(true), whole(false));
            let found = of_two(environment, &on, &off);
            assert_eq!(found, ["COMPLIANT", "NON_COMPLIANT"], "{environment} {key}");
            let found = of_two(environment, &off, &on);
            assert_eq!(found, ["NON_COMPLIANT", "COMPLIANT"], "{environment} {key}");
        }
    }
}

#[test]
fn an_alias_of_another_stack_counts_only_in_a_known_account_and_region() {
    for key in &ALIAS_KEYS[1..] {
        for (environment, verdict) in [
            ("aws://unknown-account/unknown-region", "unverified"),
            ("aws://unknown-account/us-east-1", "unverified"),
            (ENVIRONMENT, "unverified"),
            ("aws://111122223333/us-east-1", "COMPLIANT"),
        ] {
            let found = of_two(environment, &key_with_alias(true), &trail_with(key));
            assert_eq!(found, [verdict], "{environment} {key}");
        }
    }
}

#[test]
fn one_of_several_aliases_of_a_name_is_not_known() {
    let other = key_with_alias(false).replace("Key\"", "Key2\"").replace("\"Alias\"", "\"Alias2\"");
    let keys = format!("{},{other}", key_with_alias(true));
    let own = format!("{keys},{}", trail_with(ALIAS_KEYS[1]));
    let environment = "aws://111122223333/us-east-1";
    assert_eq!(of_two(environment, &own, ""), ["unverified"]);
    let preview = read_two(environment, &own, "");
    let verdicts = format!("{:?}", verdicts_in(Profile::Effective, &preview));
    assert!(verdicts.contains("several aliases are `alias/audit`"), "{verdicts}");
    assert_eq!(of_two(environment, &keys, &trail_with(ALIAS_KEYS[1])), ["unverified"]);
}

/// A nested stack is in the account and Region of the stack that nests it.
#[test]
fn the_alias_of_a_nested_stack_is_one_of_the_trails_own() {
    let template = |text: &str| format!(r#"{{"Resources":{{{text}}}}}"#);
    let nested =
        r#""N":{"Type":"AWS::CloudFormation::Stack","Metadata":{"aws:asset:path":"n.json"}}"#;
    let (preview, _) = read(&[
        ("manifest.json", manifest(&[("A", stack("a.json"))])),
        ("a.json", template(&format!("{},{nested}", trail_with(ALIAS_KEYS[1])))),
        ("n.json", template(&key_with_alias(true))),
    ]);
    assert_eq!(words(&preview), ["COMPLIANT"]);
}

/// CDK synthesizes the stacks of a pipeline in stages.
#[test]
fn an_alias_of_another_stage_counts_in_the_same_known_account_and_region() {
    let template = |text: &str| format!(r#"{{"Resources":{{{text}}}}}"#);
    let of = |environment: &str, key: &str| {
        let at = |file: &str| stack(file).replace(ENVIRONMENT, environment);
        let (preview, _) = read(&[
            ("manifest.json", manifest(&[("K", stage("k")), ("L", stage("l"))])),
            ("k/manifest.json", manifest(&[("A", at("a.json"))])),
            ("l/manifest.json", manifest(&[("B", at("b.json"))])),
            ("k/a.json", template(&key_with_alias(true))),
            ("l/b.json", template(&trail_with(key))),
        ]);
        words(&preview)[0]
    };
    for key in &ALIAS_KEYS[1..] {
        assert_eq!(of("aws://111122223333/us-east-1", key), "COMPLIANT", "{key}");
        assert_eq!(of(ENVIRONMENT, key), "unverified", "{key}");
    }
}

/// A nested stack is in the account and Region of the stack that nests it.
#[test]
fn a_bucket_of_a_nested_stack_is_found_by_its_name() {
    let template = |text: &str| format!(r#"{{"Resources":{{{text}}}}}"#);
    let nested =
        r#""N":{"Type":"AWS::CloudFormation::Stack","Metadata":{"aws:asset:path":"n.json"}}"#;
    let bucket =
        r#""Bucket":{"Type":"AWS::S3::Bucket","Properties":{"BucketName":"audit-logs-x"}}"#;
    let trail = trail_with(r#"{"Ref":"Key"}"#).replace(r#"{"Ref":"Logs"}"#, r#""audit-logs-x""#);
    let trail = format!(r#""Key":{{"Type":"AWS::KMS::Key"}},{trail}"#);
    for (outer, inner) in [(trail.as_str(), bucket), (bucket, trail.as_str())] {
        let (preview, _) = read(&[
            ("manifest.json", manifest(&[("A", stack("a.json"))])),
            ("a.json", template(&format!("{outer},{nested}"))),
            ("n.json", template(inner)),
        ]);
        assert_eq!(preview.problems, Vec::<String>::new());
        assert_eq!(words(&preview)[0], "COMPLIANT", "{outer}");
    }
}

#[test]
fn an_alias_of_another_stack_is_named_with_what_is_not_given() {
    let resources = |text: &str| format!(r#"{{"Resources":{{{text}}}}}"#);
    let (preview, _) = read(&[
        ("manifest.json", manifest(&[("A", stack("a.json")), ("B", stack("b.json"))])),
        ("a.json", resources(&key_with_alias(true))),
        ("b.json", resources(&trail_with(ALIAS_KEYS[1]))),
    ]);
    let why = "`alias/audit` is in another stack, which may be deployed to another account or \
               Region unless --account and --region are given";
    assert_eq!(preview.trails[0].declared.key, Planned::Unknown(why.to_owned()));
}

/// CDK names an asset after the hash of its content.
#[test]
fn two_nested_templates_with_the_same_content_are_one_asset() {
    let outer = |path: &str| {
        format!(
            r#"{{"Resources":{{"N":{{"Type":"AWS::CloudFormation::Stack","Properties":{{"TemplateURL":"https://s3.us-east-1.amazonaws.com/assets/abc.json"}}{path}}}}}}}"#
        )
    };
    let stated = |path: &str| outer(&format!(r#","Metadata":{{"aws:asset:path":"{path}"}}"#));
    let assets = |path: &str| {
        format!(
            r#"{{"files":{{"f":{{"source":{{"path":"{path}"}},"destinations":{{"d":{{"objectKey":"abc.json"}}}}}}}}}}"#
        )
    };
    let asset =
        |file: &str| format!(r#"{{"type":"cdk:asset-manifest","properties":{{"file":"{file}"}}}}"#);
    let trail = r#"{"Resources":{"T":{"Type":"AWS::CloudTrail::Trail"}}}"#.to_owned();
    let other = r#"{"Resources":{}}"#.to_owned();
    let of = |a: String, b: String, nested: [&String; 2]| {
        let (preview, _) = read(&[
            (
                "manifest.json",
                manifest(&[
                    ("A", stack("a.json")),
                    ("A.assets", asset("a.assets.json")),
                    ("B", stack("b.json")),
                    ("B.assets", asset("b.assets.json")),
                ]),
            ),
            ("a.json", a),
            ("b.json", b),
            ("a.assets.json", assets("an.json")),
            ("b.assets.json", assets("bn.json")),
            ("an.json", nested[0].clone()),
            ("bn.json", nested[1].clone()),
        ]);
        (preview.trails.len(), preview.problems.len())
    };
    assert_eq!(of(stated("an.json"), stated("bn.json"), [&trail, &trail]), (2, 0));
    assert_eq!(of(outer(""), outer(""), [&trail, &trail]), (2, 0));
    // Which one is deployed is not known.
    assert_eq!(of(stated("an.json"), stated("bn.json"), [&trail, &other]), (0, 2));
    assert_eq!(of(stated("cn.json"), stated("bn.json"), [&trail, &trail]), (1, 1));
}

#[test]
fn the_files_of_an_asset_are_compared_once() {
    let nested = |id: usize| {
        format!(
            r#""N{id}":{{"Type":"AWS::CloudFormation::Stack","Properties":{{"TemplateURL":"https://s3.us-east-1.amazonaws.com/assets/abc.json"}}}}"#
        )
    };
    let file = |id: usize| {
        format!(
            r#""f{id}":{{"source":{{"path":"n{id}.json"}},"destinations":{{"d":{{"objectKey":"abc.json"}}}}}}"#
        )
    };
    let all = |one: &dyn Fn(usize) -> String| (0..20).map(one).collect::<Vec<_>>().join(",");
    let names: Vec<_> = (0..20).map(|id| format!("n{id}.json")).collect();
    let asset = r#"{"type":"cdk:asset-manifest","properties":{"file":"assets.json"}}"#;
    let mut files = vec![
        ("manifest.json", manifest(&[("A", stack("a.json")), ("M", asset.to_owned())])),
        ("assets.json", format!(r#"{{"files":{{{}}}}}"#, all(&file))),
        ("a.json", format!(r#"{{"Resources":{{{}}}}}"#, all(&nested))),
    ];
    files.extend(names.iter().map(|name| (name.as_str(), r#"{"Resources":{}}"#.to_owned())));
    let (preview, asked) = read(&files);
    assert_eq!(preview.problems, Vec::<String>::new());
    // Each to compare it, and one again for each nested stack.
    assert_eq!(asked.iter().filter(|name| name.starts_with('n')).count(), 40);
}
