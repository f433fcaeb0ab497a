//! Reads the members of a JSON object and collects every fault with its path.

use serde_json::{Map, Value};

use crate::error::{Fault, Faults};
use crate::ids::FromText;
use crate::json;

/// The members of a JSON object, and the path of the object in the event.
///
/// A member may have several names, since AWS writes some members in two spellings. Faults use the
/// first name. A member that is absent, null or blank text has no value.
#[derive(Clone, Copy, Debug)]
pub struct Members<'a> {
    object: &'a Map<String, Value>,
    path: &'a str,
}

impl<'a> Members<'a> {
    /// The members of a value, if it is an object.
    pub fn of(value: &'a Value, path: &'a str, faults: &mut Faults) -> Option<Self> {
        let object = value.as_object();
        if object.is_none() {
            faults.push(Fault::other(path, format!("is {}; expected a JSON object", kind(value))));
        }
        object.map(|object| Self { object, path })
    }

    /// The path of a member.
    pub fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// The first of these members that is present and not null.
    pub fn get(&self, names: &[&str]) -> Option<&'a Value> {
        names.iter().find_map(|name| self.object.get(*name).filter(|value| !value.is_null()))
    }

    /// Optional text.
    pub fn text(&self, names: &[&str], faults: &mut Faults) -> Option<&'a str> {
        let value = self.get(names)?;
        if !value.is_string() {
            self.push(names, faults, |path| {
                Fault::other(path, format!("is {}; expected text", kind(value)))
            });
        }
        value.as_str().filter(|text| !text.trim().is_empty())
    }

    /// Required text.
    pub fn required_text(
        &self,
        names: &[&str],
        expected: &str,
        faults: &mut Faults,
    ) -> Option<&'a str> {
        let text = self.text(names, faults);
        if text.is_none() && self.get(names).is_none_or(Value::is_string) {
            self.push(names, faults, |path| Fault::missing(path, expected));
        }
        text
    }

    /// An optional value that is read from text.
    pub fn value<T: FromText>(&self, names: &[&str], faults: &mut Faults) -> Option<T> {
        let text = self.text(names, faults)?;
        let value = text.parse().ok();
        if value.is_none() {
            self.push(names, faults, |path| Fault::wrong(path, text, T::EXPECTED));
        }
        value
    }

    /// A required value that is read from text.
    pub fn required<T: FromText>(&self, names: &[&str], faults: &mut Faults) -> Option<T> {
        self.required_text(names, T::EXPECTED, faults)?;
        self.value(names, faults)
    }

    /// A boolean; false if it has no value, since AWS leaves out what is not set.
    pub fn flag(&self, names: &[&str], faults: &mut Faults) -> bool {
        let Some(value) = self.get(names) else {
            return false;
        };
        if !value.is_boolean() {
            let message = format!("is {}; expected `true` or `false`", kind(value));
            self.push(names, faults, |path| Fault::other(path, message));
        }
        value.as_bool().unwrap_or_default()
    }

    fn push(&self, names: &[&str], faults: &mut Faults, fault: impl FnOnce(String) -> Fault) {
        faults.push(fault(self.path(names.first().copied().unwrap_or_default())));
    }
}

/// The type of a JSON value in words, without its content.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Parses JSON in which no object has a name twice; a fault names line and column, never the content.
pub fn parse_json(text: &[u8], field: &str, faults: &mut Faults) -> Option<Value> {
    json::read(text).map_err(|error| faults.push(Fault::other(field, json::fault(&error)))).ok()
}
