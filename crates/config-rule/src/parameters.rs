//! Rule parameters: one table gives validation, JSON Schema and documentation.

use serde_json::{Map, Value, json};

use crate::error::{Fault, Faults, quote};
use crate::members::kind;

/// One parameter of a rule with the settings `S`.
#[derive(Debug)]
pub struct ParameterSpec<S> {
    /// Its name.
    pub name: &'static str,
    /// What it is for, in one sentence.
    pub about: &'static str,
    /// Its possible values.
    pub values: Values,
    /// The meaning of an empty value; `None` if there is no default.
    pub default: Option<&'static str>,
    /// Sets the value from text without surrounding spaces. Returns the rejected parts of the text.
    pub set: fn(&mut S, &str) -> Result<(), Vec<String>>,
}

/// The possible values of a parameter.
#[derive(Clone, Copy, Debug)]
pub enum Values {
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Some of these words, separated by commas.
    SomeOf {
        /// What the words are, in the plural.
        plural: &'static str,
        /// The words.
        words: fn() -> Vec<&'static str>,
    },
    /// Text in a certain form.
    Text {
        /// The form as a regular expression (ECMA 262).
        pattern: &'static str,
        /// The form in words.
        words: &'static str,
    },
}

impl<S> ParameterSpec<S> {
    /// The possible values, in words.
    pub fn expected(&self) -> String {
        match self.values {
            Values::OneOf(words) => format!("one of `{}`", words.join("`, `")),
            Values::SomeOf { plural, words } => {
                format!("{plural}, separated by commas, of {}", words().join(", "))
            }
            Values::Text { words, .. } => words.to_owned(),
        }
    }

    fn schema(&self) -> Value {
        let mut schema = json!({ "type": "string", "description": self.about });
        let (name, value) = match self.values {
            Values::OneOf(words) => ("enum", json!(words)),
            Values::SomeOf { words, .. } => {
                let one = format!("({})", words().join("|"));
                ("pattern", json!(format!(r"^\s*{one}\s*(,\s*{one}\s*)*$")))
            }
            Values::Text { pattern, .. } => ("pattern", json!(pattern)),
        };
        if let Some(members) = schema.as_object_mut() {
            members.insert(name.to_owned(), value);
            members.insert("x-expected".to_owned(), json!(self.expected()));
            members.extend(self.default.map(|default| ("default".to_owned(), json!(default))));
        }
        schema
    }
}

/// The parameters' JSON Schema (draft 2020-12); every value is the text that AWS Config passes.
pub fn parameters_schema<S>(specs: &[ParameterSpec<S>], id: &str, title: &str) -> Value {
    let properties: Map<String, Value> =
        specs.iter().map(|spec| (spec.name.to_owned(), spec.schema())).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": id,
        "title": title,
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    })
}

/// Reads the parameters that AWS Config passes.
///
/// An empty value means the default, since conformance packs pass `""` for parameters that are not
/// set. Faults: unknown names, and values that a parameter cannot have.
pub fn read_parameters<S: Default>(
    specs: &[ParameterSpec<S>],
    raw: &Map<String, Value>,
    faults: &mut Faults,
) -> S {
    let mut settings = S::default();
    for (name, value) in raw {
        let field = parameter_field(name);
        let Some(spec) = specs.iter().find(|spec| spec.name == name) else {
            let names: Vec<&str> = specs.iter().map(|spec| spec.name).collect();
            let message = format!("is not a parameter of this rule; it has {}", names.join(", "));
            faults.push(Fault::other(field, message));
            continue;
        };
        match value {
            Value::Null => {}
            Value::String(text) if text.trim().is_empty() => {}
            Value::String(text) => {
                for rejected in (spec.set)(&mut settings, text.trim()).err().unwrap_or_default() {
                    faults.push(Fault::wrong(field.clone(), &rejected, &spec.expected()));
                }
            }
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                faults.push(Fault::other(field, format!("is {}; expected text", kind(value))));
            }
        }
    }
    settings
}

/// The path of a parameter in an event, for faults.
pub fn parameter_field(name: &str) -> String {
    format!("ruleParameters.{}", quote(name))
}

/// Sets one value; for [`ParameterSpec::set`].
///
/// # Errors
///
/// There is no value: the text is rejected.
pub fn set_value<T>(target: &mut T, value: Option<T>, text: &str) -> Result<(), Vec<String>> {
    *target = value.ok_or_else(|| vec![text.to_owned()])?;
    Ok(())
}

/// Sets a list of values that are separated by commas; for [`ParameterSpec::set`].
///
/// Empty entries, such as the one after a trailing comma, are ignored.
///
/// # Errors
///
/// The entries that cannot be read. A text with commas only is rejected as a whole: it would
/// silently set an empty list.
pub fn set_list<T>(
    target: &mut Vec<T>,
    text: &str,
    read: fn(&str) -> Option<T>,
) -> Result<(), Vec<String>> {
    let mut rejected = Vec::new();
    for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        match read(entry) {
            Some(value) => target.push(value),
            None => rejected.push(entry.to_owned()),
        }
    }
    if target.is_empty() && rejected.is_empty() {
        rejected.push(text.to_owned());
    }
    if rejected.is_empty() { Ok(()) } else { Err(rejected) }
}
