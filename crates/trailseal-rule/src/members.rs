//! Reading the members of a JSON object, noting every fault with its path.

use serde_json::{Map, Value};

use crate::error::{Fault, Faults};

/// The members of one JSON object, and where that object stands in the event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Members<'a> {
    object: &'a Map<String, Value>,
    path: &'a str,
}

impl<'a> Members<'a> {
    pub(crate) fn of(value: &'a Value, path: &'a str, faults: &mut Faults) -> Option<Self> {
        match value.as_object() {
            Some(object) => Some(Self { object, path }),
            None => {
                faults.push(Fault::other(
                    path,
                    format!("is {}; expected a JSON object", kind(value)),
                ));
                None
            }
        }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// The member, unless it is absent or null.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    /// The first of these members that is there: AWS writes some under two names.
    pub(crate) fn get_either(&self, names: [&str; 2]) -> Option<&'a Value> {
        names.iter().find_map(|name| self.get(name))
    }

    /// Text, or nothing where the member is absent, null or blank.
    pub(crate) fn text(&self, names: [&str; 2], faults: &mut Faults) -> Option<&'a str> {
        let [name, _] = names;
        let value = self.get_either(names)?;
        if !value.is_string() {
            let message = format!("is {}; expected text", kind(value));
            faults.push(Fault::other(self.path(name), message));
        }
        value.as_str().filter(|text| !text.trim().is_empty())
    }

    /// Text that must be there.
    pub(crate) fn needed_text(
        &self,
        names: [&str; 2],
        expected: &str,
        faults: &mut Faults,
    ) -> Option<&'a str> {
        let [name, _] = names;
        let before = faults.iter().count();
        let text = self.text(names, faults);
        if text.is_none() && faults.iter().count() == before {
            faults.push(Fault::missing(self.path(name), expected));
        }
        text
    }

    /// A boolean; absent and null are false, as AWS leaves out what is not set.
    pub(crate) fn flag(&self, names: [&str; 2], faults: &mut Faults) -> bool {
        let [name, _] = names;
        let Some(value) = self.get_either(names) else {
            return false;
        };
        if !value.is_boolean() {
            let message = format!("is {}; expected `true` or `false`", kind(value));
            faults.push(Fault::other(self.path(name), message));
        }
        value.as_bool().unwrap_or_default()
    }
}

/// What a JSON value is, in words, without its content.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Parses JSON; the fault tells the place, never the content.
pub(crate) fn parse_json(text: &[u8], field: &str, faults: &mut Faults) -> Option<Value> {
    match serde_json::from_slice(text) {
        Ok(value) => Some(value),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            let message = format!("is not JSON (line {line}, column {column})");
            faults.push(Fault::other(field, message));
            None
        }
    }
}
