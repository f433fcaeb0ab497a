//! JSON as written: members in order, including repeated ones.
//!
//! `serde_json::Value` silently keeps the last of two members with the same name. In a policy this
//! would hide a part of the text, so all members are kept.

use std::collections::HashSet;
use std::fmt;
use std::iter;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// An integer of at most 64 bits.
    Number(String),
    /// Any other number. AWS does not document as which text a policy compares it.
    OtherNumber,
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The scalar as a policy compares it: `true` and `"true"` are the same condition value.
    pub(crate) fn scalar_text(&self) -> Option<String> {
        match self {
            Self::Bool(value) => Some(value.to_string()),
            Self::Number(text) | Self::Text(text) => Some(text.clone()),
            Self::Null | Self::OtherNumber | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// A single value or a list of values, which mean the same in a policy. `None` if the value is
    /// null or an object; `None` in the list for an entry that is not a scalar with a known text.
    pub(crate) fn one_or_many(&self) -> Option<Vec<Option<String>>> {
        match self {
            Self::Null | Self::Object(_) => None,
            Self::List(items) => Some(items.iter().map(Self::scalar_text).collect()),
            Self::Bool(_) | Self::Number(_) | Self::OtherNumber | Self::Text(_) => {
                Some(vec![self.scalar_text()])
            }
        }
    }
}

/// The first name that occurs twice, ignoring letter case.
pub(crate) fn repeated_name(members: &[(String, Json)]) -> Option<&str> {
    let mut seen = HashSet::new();
    members
        .iter()
        .map(|(name, _)| name.as_str())
        .find(|name| !seen.insert(name.to_ascii_lowercase()))
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::OtherNumber)
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        Ok(Json::List(
            iter::from_fn(|| access.next_element().transpose()).collect::<Result<_, _>>()?,
        ))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        Ok(Json::Object(
            iter::from_fn(|| access.next_entry().transpose()).collect::<Result<_, _>>()?,
        ))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde::de::value::{BytesDeserializer, Error};

    use super::{Json, repeated_name};

    #[test]
    fn members_keep_their_order_and_their_repetitions() {
        let json: Json = serde_json::from_str(r#"{"b":1,"a":[true,null,1.5],"B":"x"}"#).unwrap();
        let Json::Object(members) = json else {
            panic!("an object was read as something else");
        };
        assert_eq!(members[0], ("b".to_owned(), Json::Number("1".to_owned())));
        assert_eq!(members[1].1.one_or_many(), Some(vec![Some("true".to_owned()), None, None]));
        assert_eq!(repeated_name(&members), Some("B"));
        assert_eq!(repeated_name(&members[..2]), None);
    }

    #[test]
    fn nesting_depth_is_limited() {
        let deep = "[".repeat(200) + &"]".repeat(200);
        assert!(serde_json::from_str::<Json>(&deep).is_err());
    }
    #[test]
    fn bytes_are_not_a_json_value() {
        let refusal = Json::deserialize(BytesDeserializer::<Error>::new(b"x")).unwrap_err();
        assert_eq!(refusal.to_string(), "invalid type: byte array, expected any JSON value");
    }
}
