//! What of the stacks of a cloud assembly is read, and how much.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use trailseal_rule::{AccountId, Region};
use trailseal_template::{Place, Preview, Values, read_assembly};

/// The assembly of a manifest whose templates are all the same, and how often one was read.
fn read(manifest: &Value, template: &Value) -> (Preview, usize) {
    let place = Place {
        account: AccountId::parse("111122223333").unwrap(),
        region: Region::parse("us-east-1").unwrap(),
        scope: String::new(),
    };
    let (manifest, template) = (manifest.to_string(), template.to_string());
    let mut count = 0;
    let mut file = |name: &str| {
        count += usize::from(name != "manifest.json");
        Ok(if name == "manifest.json" { manifest.clone() } else { template.clone() })
    };
    let values = Values::default();
    let preview = read_assembly("cdk.out", &mut file, &place, &BTreeMap::new(), &values);
    (preview.unwrap(), count)
}

fn stack(properties: Value) -> Value {
    json!({"type": "aws:cloudformation:stack", "properties": properties})
}

/// A manifest with this many stacks of one template.
fn of_one_template(stacks: usize) -> Value {
    let one = |at| (format!("S{at}"), stack(json!({"templateFile": "t.json"})));
    json!({"artifacts": (0..stacks).map(one).collect::<serde_json::Map<_, _>>()})
}

const TOO_LARGE: &str = "are not read: the assembly is too large (at most 5000 stacks, 4 million \
    values and 200 MB)";

#[test]
fn a_loop_over_a_parameter_with_a_value_in_the_manifest_is_not_expanded() {
    let find = json!({"Fn::FindInMap": ["Keys", {"Ref": "N"}, "Id"]});
    let trail = json!({"Type": "AWS::CloudTrail::Trail",
        "Properties": {"IsLogging": true, "S3BucketName": "logs", "KMSKeyId": find}});
    let each = json!(["N", {"Ref": "Names"}, {"Trail${N}": trail}]);
    let template = json!({
        "Transform": "AWS::LanguageExtensions",
        "Parameters": {"Names": {"Type": "CommaDelimitedList", "Default": "Sealed"}},
        "Mappings": {"Keys": {"Sealed": {"Id": "alias/a"}, "Open": {"Id": "alias/b"}}},
        "Resources": {"Fn::ForEach::T": each},
    });
    let found =
        |properties: Value| read(&json!({"artifacts": {"S": stack(properties)}}), &template).0;
    let without = found(json!({"templateFile": "t.json"}));
    assert_eq!((without.trails.len(), without.problems.len()), (1, 0));
    let parameters = json!({"Names": "Sealed,Open"});
    let stated = found(json!({"templateFile": "t.json", "parameters": parameters}));
    assert_eq!(stated.trails.len(), 0);
    assert!(stated.problems[0].contains("its collection is not known"), "{:?}", stated.problems);
}

#[test]
fn the_templates_of_an_assembly_have_a_limit_together() {
    // Five stacks of the same template in each of them.
    let nested = json!({"Type": "AWS::CloudFormation::Stack",
        "Metadata": {"aws:asset:path": "t.json"}, "Properties": {"TemplateURL": "x"}});
    let resources: serde_json::Map<_, _> =
        (0..5).map(|at| (format!("N{at}"), nested.clone())).collect();
    let values: Vec<usize> = (0..1_000).collect();
    let template = json!({"Resources": resources, "Metadata": {"Values": values}});
    let (preview, count) = read(&of_one_template(1), &template);
    assert!((3_500..4_000).contains(&count), "{count}");
    let [only] =
        preview.problems.iter().filter(|one| one.contains(TOO_LARGE)).collect::<Vec<_>>()[..]
    else {
        panic!("{:?}", preview.problems);
    };
    assert!(only.contains("`t.json` and the templates after it"), "{only}");
}

#[test]
fn the_texts_of_the_templates_of_an_assembly_have_a_limit_together() {
    let template = json!({"Resources": {}, "Description": "x".repeat(1_000_000)});
    let (preview, count) = read(&of_one_template(1_000), &template);
    assert!((199..202).contains(&count), "{count}");
    assert_eq!(preview.problems.len(), 1);
}

#[test]
fn templates_that_are_refused_have_a_limit_together() {
    let (preview, count) = read(&of_one_template(1_000), &json!({"Resources": []}));
    assert!((199..203).contains(&count), "{count}");
    assert_eq!(preview.problems.len(), count + 1);
    assert!(preview.problems[count].contains(TOO_LARGE));
}

#[test]
fn an_assembly_has_up_to_5000_stacks() {
    let (preview, count) = read(&of_one_template(5_000), &json!({"Resources": {}}));
    assert_eq!((count, preview.problems.len()), (5_000, 0));
    let (preview, count) = read(&of_one_template(5_100), &json!({"Resources": {}}));
    assert_eq!((count, preview.problems.len()), (5_000, 1));
    assert!(preview.problems[0].contains(TOO_LARGE), "{}", preview.problems[0]);
}
