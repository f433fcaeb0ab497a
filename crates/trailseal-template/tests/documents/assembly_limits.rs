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
