//! JSON in which no object has a name twice: of two, each reader would take another one.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Reads JSON.
///
/// # Errors
///
/// The text is not JSON, or an object has a name twice.
pub fn read(text: impl AsRef<[u8]>) -> Result<Value, serde_json::Error> {
    let bytes = text.as_ref();
    // UTF-8 is checked once, not for each string. `from_slice` says where bytes are not UTF-8.
    let read = match std::str::from_utf8(bytes) {
        Ok(text) => serde_json::from_str::<Strict>(text),
        Err(_) => serde_json::from_slice::<Strict>(bytes),
    };
    read.map(|strict| strict.0)
}

/// What is wrong with a text that [`read`] refused: line and column, never the content.
pub fn fault(error: &serde_json::Error) -> String {
    let what = if error.is_data() { "has a name twice in one object" } else { "is not JSON" };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Strict(item)) = access.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Strict(value))) = access.next_entry::<String, Strict>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("an object has a name twice"));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_a_name_that_occurs_twice_at_any_depth() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"[{"b":{"a":1,"\u0061":2}}]"#,
            r#"{"Statement":[{"Condition":{"Bool":{"x":true,"x":false}}}]}"#,
            r#"{"a:\\\"":{"a:\\\"":1},"b":1,"b":":"}"#,
        ] {
            let error = read(text).unwrap_err();
            assert!(fault(&error).starts_with("has a name twice in one object (line 1"), "{text}");
        }
    }

    #[test]
    fn parses_any_other_json() {
        for text in [
            r#"{"a":[1,-1,1.5,true,null,"x"],"b":{"a":{}}}"#,
            r#"{"a:\"\\":":\\","b\\":{"a:":"\":"}}"#,
            "[]",
            "null",
            "18446744073709551615",
        ] {
            assert_eq!(read(text).unwrap(), serde_json::from_str::<Value>(text).unwrap(), "{text}");
        }
        assert_eq!(fault(&read("{").unwrap_err()), "is not JSON (line 1, column 1)");
        assert!(read([b'"', 0xff, b'"']).is_err());
    }
}
