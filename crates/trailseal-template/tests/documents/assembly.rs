//! A cloud assembly that CDK 2 has synthesized: stacks that import each other's keys, a stage
//! without an environment, and a nested stack.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use trailseal_rule::{AccountId, EvaluationContext, Parameters, Profile, Region, Timestamp};
use trailseal_template::{Place, Preview, Values, read_assembly};

use crate::verdicts::word_of;

/// Reads the assembly, with each file changed by `change`.
fn read(change: impl Fn(&str, String) -> String) -> Preview {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/preview/cdk.out");
    let place = Place {
        account: AccountId::not_known(),
        region: Region::not_known(),
        scope: String::new(),
    };
    let mut file = |name: &str| match fs::read_to_string(folder.join(name)) {
        Ok(text) => Ok(change(name, text)),
        Err(error) => Err(format!("cannot be read: {error}")),
    };
    let values = Values::default();
    read_assembly("cdk.out", &mut file, &place, &BTreeMap::new(), &values).unwrap()
}

fn verdicts(preview: &Preview, profile: Profile) -> Vec<(String, &'static str)> {
    let parameters = Parameters { profile, ..Parameters::default() };
    let context =
        EvaluationContext { parameters: &parameters, now: Timestamp::from_epoch_millis(0) };
    let values = Values::default();
    let trails = preview.trails.iter().map(|trail| {
        let judged = trail.judge(&context, &values.supplied);
        (trail.declared.address.clone(), word_of(&judged.judgement.verdict))
    });
    let mut trails: Vec<_> = trails.collect();
    trails.sort();
    trails
}

const LOGS: &str = "Logs.Trail";
const PLAIN: &str = "Plain.Trail022F0CF2";
const STAGE: &str = "ProdAudit6B7AB28A.Trail";

#[test]
fn trails_of_all_stacks_and_stages_are_judged_with_the_keys_of_other_stacks() {
    let preview = read(|_, text| text);
    assert_eq!(preview.problems, Vec::<String>::new());
    let is = |profile, expected: [&'static str; 3]| {
        let names = [LOGS, PLAIN, STAGE].map(str::to_owned);
        let expected: Vec<_> = names.into_iter().zip(expected).collect();
        assert_eq!(verdicts(&preview, profile), expected, "{profile:?}");
    };
    is(Profile::Cis, ["COMPLIANT"; 3]);
    is(Profile::Effective, ["COMPLIANT"; 3]);
    // The policy of CDK's own Trail does not admit CloudTrail; the stage's key is not rotated.
    is(Profile::Strict, ["COMPLIANT", "NON_COMPLIANT", "NON_COMPLIANT"]);
    let places: Vec<_> = preview.trails.iter().map(|one| &one.declared.place).collect();
    assert_eq!(places.iter().filter(|place| place.account.is_not_known()).count(), 1);
}

#[test]
fn what_cannot_be_read_is_a_problem() {
    for (file, from, to) in [
        ("manifest.json", "Logs.template.json", "Absent.template.json"),
        ("manifest.json", "assembly-Prod\"", "absent\""),
        ("Keys.template.json", "\"Resources\"", "\"Sources\""),
        ("assembly-Prod/ProdAudit6B7AB28A.assets.json", "objectKey", "key"),
        ("assembly-Prod/ProdAudit6B7AB28A.assets.json", "ProdAuditNested", "Absent"),
    ] {
        let preview = read(|name, text| {
            assert!(name != file || text.contains(from), "{file} has no {from}");
            if name == file { text.replace(from, to) } else { text }
        });
        assert!(!preview.problems.is_empty(), "{file}");
    }
    let without_keys = read(|name, text| match name {
        "Keys.template.json" => text.replace("ExportsOutput", "Other"),
        _ => text,
    });
    let found = verdicts(&without_keys, Profile::Cis);
    assert_eq!(found.first(), Some(&(LOGS.to_owned(), "unverified")));
}

/// The manifest may state another value than the default of the template.
#[test]
fn a_parameter_that_the_manifest_states_is_not_its_default() {
    let with = |stated: &str| {
        let preview = read(|name, text| match name {
            "manifest.json" => {
                let from = r#""templateFile": "Logs.template.json""#;
                assert!(text.contains(from), "{text}");
                text.replace(from, &format!("{stated} {from}"))
            }
            "Logs.template.json" => {
                let text = text.replace(
                    r#""Parameters": {"#,
                    r#""Conditions": {"On": {"Fn::Equals": [{"Ref": "Encrypt"}, "true"]}},
                        "Parameters": {"Encrypt": {"Type": "String", "Default": "true"},"#,
                );
                let (before, after) = text.split_once(r#""KMSKeyId": {"#).unwrap();
                let (key, after) = after.split_once('}').unwrap();
                let choice =
                    r#"{"Fn::If": ["On", {"#.to_owned() + key + r#"}, {"Ref": "AWS::NoValue"}]}"#;
                format!(r#"{before}"KMSKeyId": {choice}{after}"#)
            }
            _ => text,
        });
        assert_eq!(preview.problems, Vec::<String>::new());
        let found = verdicts(&preview, Profile::Strict);
        found.into_iter().find(|(name, _)| name == LOGS).unwrap().1
    };
    assert_eq!(with(""), "COMPLIANT");
    assert_eq!(with(r#""parameters": {},"#), "COMPLIANT");
    assert_eq!(with(r#""parameters": {"Encrypt": "false"},"#), "unverified");
}

/// An assembly without the values of its lookups has dummy values in their place.
#[test]
fn no_trail_of_an_assembly_that_is_not_complete_passes() {
    const VERSION: &str = r#""version":"#;
    let lacking = |file: &str, missing: &str| {
        read(|name, text| {
            assert!(name != file || text.contains(VERSION), "{text}");
            let with_missing = format!(r#""missing": {missing}, {VERSION}"#);
            if name == file { text.replacen(VERSION, &with_missing, 1) } else { text }
        })
    };
    for file in ["manifest.json", "assembly-Prod/manifest.json"] {
        for missing in [r#"[{"key": "ssm:x", "provider": "ssm", "props": {}}]"#, "true"] {
            let preview = lacking(file, missing);
            let expected = format!(
                "`{file}` says that the assembly is not complete: values of lookups are missing"
            );
            assert_eq!(preview.problems, [expected], "{missing}");
            let found = verdicts(&preview, Profile::Cis);
            assert!(found.iter().all(|(_, word)| *word == "unverified"), "{found:?}");
        }
        for none in ["[]", "null"] {
            assert_eq!(lacking(file, none).problems, Vec::<String>::new(), "{none}");
        }
    }
}
