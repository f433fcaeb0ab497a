//! Trails whose properties CloudFormation has resolved.

use serde_json::{Value, json};
use trailseal_rule::{AccountId, Region};
use trailseal_template::{BucketTarget, Place, Planned, PlannedTrail};

fn resolved(properties: &Value) -> PlannedTrail {
    let place = Place {
        account: AccountId::parse("111122223333").unwrap(),
        region: Region::parse("us-east-1").unwrap(),
        scope: String::new(),
    };
    PlannedTrail::resolved("Trail", place, properties.as_object().unwrap())
}

#[test]
fn a_key_with_marks_of_what_is_not_resolved_is_not_known() {
    for key in ["<Key>", "{{resolve:ssm:/key}}", "${Key}", "alias/<x"] {
        let trail = resolved(&json!({"KMSKeyId": key, "S3BucketName": key}));
        assert!(matches!(trail.key, Planned::Unknown(_)), "{key}: {:?}", trail.key);
        // Only the key decides the verdict.
        assert_eq!(trail.bucket, Planned::Known(BucketTarget::Named(key.to_owned())));
    }
    let trail = resolved(&json!({"KMSKeyId": "alias/logs"}));
    assert_eq!(trail.key, Planned::Known("alias/logs".to_owned()));
}

#[test]
fn only_a_text_is_a_key() {
    for key in [json!(1), json!(true), json!(["alias/logs"]), json!({"Ref": "Key"})] {
        let trail = resolved(&json!({ "KMSKeyId": key }));
        assert!(matches!(trail.key, Planned::Unknown(_)), "{key}: {:?}", trail.key);
    }
    for properties in [json!({}), json!({"KMSKeyId": null})] {
        assert_eq!(resolved(&properties).key, Planned::Absent, "{properties}");
    }
}

/// The owner of the key depends on whose trail it is.
#[test]
fn the_key_of_a_trail_of_an_unknown_owner_is_not_known() {
    for is_organization in [json!(1), json!("yes"), json!([true])] {
        let properties = json!({"KMSKeyId": "alias/logs", "IsOrganizationTrail": is_organization});
        let trail = resolved(&properties);
        assert!(matches!(trail.key, Planned::Unknown(_)), "{properties}: {:?}", trail.key);
    }
    for (is_organization, expected) in [(json!(true), true), (json!("False"), false)] {
        let properties = json!({"KMSKeyId": "alias/logs", "IsOrganizationTrail": is_organization});
        let trail = resolved(&properties);
        assert_eq!(trail.is_organization, Planned::Known(expected));
        assert_eq!(trail.key, Planned::Known("alias/logs".to_owned()));
    }
}
