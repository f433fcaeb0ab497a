//! The lines of a template that a report names.

use std::collections::BTreeMap;

use trailseal_rule::{AccountId, EvaluationContext, Parameters, Region, Timestamp};
use trailseal_template::{KeyProperty, Location, Place, Values, read_template};

#[test]
fn a_trail_and_its_key_are_where_their_names_are() {
    let text = "
Resources:
  Logs: {Type: AWS::S3::Bucket}
  Trail:
    Type: AWS::CloudTrail::Trail
    Properties:
      S3BucketName: !Ref Logs
      KMSKeyId: !Ref Key
  Key:
    Type: AWS::KMS::Key
    Properties:
      Enabled: true
      EnableKeyRotation: true
      KeyPolicy: {}
      KeySpec: SYMMETRIC_DEFAULT
      KeyUsage: ENCRYPT_DECRYPT
      Origin: AWS_KMS
";
    let place = Place {
        account: AccountId::parse("111122223333").unwrap(),
        region: Region::parse("us-east-1").unwrap(),
        scope: String::new(),
    };
    let values = Values::default();
    let preview = read_template("t.yaml", text, place, &BTreeMap::new(), &values).unwrap();
    let at = |line: usize, column: usize| Location { file: "t.yaml".to_owned(), line, column };
    let trail = &preview.trails[0];
    assert_eq!(trail.declared.location, at(4, 3));
    assert_eq!(trail.declared.key_location, Some(at(8, 7)));
    let parameters = Parameters::default();
    let now = Timestamp::from_epoch_millis(0);
    let context = EvaluationContext { parameters: &parameters, now };
    let key = trail.judge(&context, &values.supplied).key.unwrap();
    assert_eq!(key.location, at(9, 3));
    let properties = [
        (KeyProperty::Enabled, 12),
        (KeyProperty::Rotation, 13),
        (KeyProperty::Policy, 14),
        (KeyProperty::Spec, 15),
        (KeyProperty::Usage, 16),
        (KeyProperty::Origin, 17),
    ];
    let expected = properties.map(|(property, line)| (property, at(line, 7)));
    assert_eq!(key.locations, BTreeMap::from(expected));
}

#[test]
fn a_trail_has_the_flags_that_its_template_states() {
    for (stated, expected) in
        [("true", true), ("'True'", true), ("false", false), ("!Ref X", false)]
    {
        let text = format!(
            "Resources: {{T: {{Type: AWS::CloudTrail::Trail, Properties: {{IsMultiRegionTrail: \
             {stated}}}}}}}\n"
        );
        let place = Place {
            account: AccountId::not_known(),
            region: Region::not_known(),
            scope: String::new(),
        };
        let values = Values::default();
        let preview = read_template("t.yaml", &text, place, &BTreeMap::new(), &values).unwrap();
        assert_eq!(preview.trails[0].declared.is_multi_region, expected, "{stated}");
    }
}
