//! The short form of a macro in a section or resource.

use serde_json::json;

use crate::open_parts::{answer, arn, is_unverified, template, whole, with};

/// CloudFormation documents `Transform` as a short form of `Fn::Transform`.
#[test]
fn the_short_form_of_a_transform_changes_what_is_beside_it() {
    let include = || json!({"Name": "AWS::Include", "Parameters": {"Location": "s3://b/k"}});
    let named = || json!({"Name": "Org::Rewrite"});
    for short in [include(), named(), json!([named()])] {
        let beside = with(whole(&arn()), "/Resources", "Transform", short.clone());
        is_unverified(&template(&beside.to_string()), "resources");
        assert!(!template(&beside.to_string()).problems.is_empty(), "{short}");
        for place in ["/Resources/Trail", "/Resources/Trail/Properties", "/Resources/Key"] {
            let inside = with(whole(&arn()), place, "Transform", short.clone());
            assert_eq!(answer(&template(&inside.to_string())), "unverified", "{place} {short}");
        }
    }
    for untyped in [json!({}), json!("AWS::Include"), json!({"Properties": {}})] {
        let beside = with(whole(&arn()), "/Resources", "Transform", untyped);
        assert!(!template(&beside.to_string()).problems.is_empty(), "{beside}");
    }
    // Others have the name of their own.
    let bucket = json!({"Type": "AWS::S3::Bucket"});
    let resource = template(&with(whole(&arn()), "/Resources", "Transform", bucket).to_string());
    assert_eq!((resource.problems.len(), answer(&resource)), (0, "COMPLIANT"));
}
