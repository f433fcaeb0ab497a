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
    for (key, kind) in [
        (json!(1), "a number"),
        (json!(true), "a boolean"),
        (json!(["alias/logs"]), "a list"),
        (json!({"Ref": "Key"}), "an object"),
    ] {
        let trail = resolved(&json!({ "KMSKeyId": key }));
        assert_eq!(trail.key, Planned::Unknown(format!("`KMSKeyId` is {kind}, not text")));
    }
    for properties in [json!({}), json!({"KMSKeyId": null})] {
        assert_eq!(resolved(&properties).key, Planned::Absent, "{properties}");
    }
}

/// The owner of the key depends on whose trail it is.
#[test]
fn the_key_of_a_trail_of_an_unknown_owner_is_not_known() {
    let of = |is_organization: Value| {
        resolved(&json!({"KMSKeyId": "alias/logs", "IsOrganizationTrail": is_organization}))
    };
    for (is_organization, why) in [
        (json!(1), "`IsOrganizationTrail` is a number, not `true` or `false`"),
        (json!([true]), "`IsOrganizationTrail` is a list, not `true` or `false`"),
        (json!("yes"), "a value is not a truth value"),
    ] {
        assert_eq!(of(is_organization).key, Planned::Unknown(why.to_owned()));
    }
    for (is_organization, expected) in [(json!(true), true), (json!("False"), false)] {
        let trail = of(is_organization);
        assert_eq!(trail.is_organization, Planned::Known(expected));
        assert_eq!(trail.key, Planned::Known("alias/logs".to_owned()));
    }
}

#[test]
fn flags_are_truth_values_or_their_texts() {
    for (value, expected) in [
        (json!(true), Some(true)),
        (json!("True"), Some(true)),
        (json!(false), Some(false)),
        (json!("FALSE"), Some(false)),
        (json!("1"), None),
        (json!(null), None),
    ] {
        let trail = resolved(&json!({"IsMultiRegionTrail": value, "IsLogging": value}));
        assert_eq!(trail.is_multi_region, expected == Some(true), "{value}");
        assert_eq!(trail.is_logging, expected, "{value}");
    }
}
