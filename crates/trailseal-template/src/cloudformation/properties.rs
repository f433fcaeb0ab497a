//! The properties of a trail that a verdict depends on, of a template or as CloudFormation has
//! resolved them.

use serde_json::{Map, Value as Json};
use trailseal_rule::kind;

use crate::model::{BucketTarget, Location, Place, PlannedTrail};
use crate::planned::Planned;
use crate::value::Value;

/// The properties of `AWS::CloudTrail::Trail` (CloudFormation Template Reference).
pub(super) struct TrailProperties {
    /// Absent if AWS generates it.
    pub(super) name: Planned<String>,
    pub(super) bucket: Planned<String>,
    pub(super) key: Planned<String>,
    pub(super) is_multi_region: Planned<bool>,
    pub(super) is_organization: Planned<bool>,
    pub(super) is_logging: Planned<bool>,
}

impl TrailProperties {
    /// Reads them through `property`, which returns the value of the property with a name.
    pub(super) fn read(property: impl Fn(&str) -> Value) -> Self {
        let text = |name: &str| text_property(property(name));
        let flag = |name: &str| flag_property(property(name));
        Self {
            name: text("TrailName").and_then(|name| {
                if name.contains('<') { Planned::Absent } else { Planned::Known(name) }
            }),
            bucket: text("S3BucketName"),
            key: text("KMSKeyId"),
            is_multi_region: flag("IsMultiRegionTrail"),
            is_organization: flag("IsOrganizationTrail"),
            is_logging: flag("IsLogging"),
        }
    }
}

impl PlannedTrail {
    /// A trail from the properties that CloudFormation has resolved, as it sends them to a Hook.
    ///
    /// Only a text is a text here: a number, or an object that should have been resolved, makes the
    /// key of the trail unknown, and so does a truth value of `IsOrganizationTrail` that is none,
    /// because the owner of the key depends on it.
    pub fn resolved(address: &str, place: Place, properties: &Map<String, Json>) -> Self {
        let property = |name: &str| match properties.get(name) {
            None | Some(Json::Null) => Value::Omitted,
            // Marks of stand-ins and of references; a text of AWS that means a key has none.
            Some(Json::String(text)) if name == "KMSKeyId" && text.contains(['<', '{', '$']) => {
                Value::unknown("`KMSKeyId` is not a key ARN, key ID or alias")
            }
            Some(Json::String(text)) => Value::Text(text.clone()),
            Some(Json::Bool(is)) if name.starts_with("Is") => Value::Bool(*is),
            Some(other) if name.starts_with("Is") => {
                Value::unknown(format!("`{name}` is {}, not `true` or `false`", kind(other)))
            }
            Some(other) => Value::unknown(format!("`{name}` is {}, not text", kind(other))),
        };
        let properties = TrailProperties::read(property);
        let key = match &properties.is_organization {
            Planned::Unknown(why) => Planned::Unknown(why.clone()),
            Planned::Known(_) | Planned::Absent => properties.key,
        };
        Self {
            address: address.to_owned(),
            location: Location { file: String::new(), line: 1, column: 1 },
            key_location: None,
            place,
            name: properties.name,
            bucket: properties.bucket.map(BucketTarget::Named),
            key,
            is_multi_region: properties.is_multi_region == Planned::Known(true),
            is_organization: properties.is_organization,
            is_logging: properties.is_logging.known().copied(),
        }
    }
}

/// A property of type text.
pub(super) fn text_property(value: Value) -> Planned<String> {
    if matches!(value, Value::Omitted | Value::Null) {
        return Planned::Absent;
    }
    match value.into_text() {
        Ok(text) => Planned::Known(text),
        Err(why) => Planned::Unknown(why),
    }
}

/// A property of type truth value, which can be text too.
pub(super) fn flag_property(value: Value) -> Planned<bool> {
    match text_property(value) {
        Planned::Known(text) => match text.to_ascii_lowercase().as_str() {
            "true" => Planned::Known(true),
            "false" => Planned::Known(false),
            _ => Planned::Unknown("a value is not a truth value".to_owned()),
        },
        Planned::Absent => Planned::Absent,
        Planned::Unknown(why) => Planned::Unknown(why),
    }
}
