//! The parameters that the user gives to a stack.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use trailseal_rule::json;

/// What the user gives as a parameter of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// A value.
    Text(String),
    /// Something else than the default of the template; why its value is not known.
    Unknown(String),
}

/// Reads a file of stack parameters: the list that the AWS CLI takes, with `ParameterKey` and
/// `ParameterValue`; an object with the member `Parameters`, as CodePipeline's template
/// configuration; or an object of names and values.
///
/// # Errors
///
/// In one line: it has none of these forms.
pub fn read_stack_parameters(text: &str) -> Result<BTreeMap<String, Given>, String> {
    let json = json::read(text).map_err(|error| format!("is not JSON: {error}"))?;
    match json {
        Value::Array(list) => {
            let mut parameters = BTreeMap::new();
            for entry in &list {
                let name = entry.get("ParameterKey").and_then(Value::as_str);
                let name = name.ok_or("has an entry without `ParameterKey`")?;
                if parameters.insert(name.to_owned(), of_entry(name, entry)?).is_some() {
                    return Err(format!("has `{name}` twice"));
                }
            }
            Ok(parameters)
        }
        Value::Object(members) => match members.get("Parameters") {
            Some(Value::Object(inner)) => of_object(inner),
            Some(_) => Err("has a member `Parameters` that is not an object".to_owned()),
            None => of_object(&members),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            Err("is neither a list nor an object of parameters".to_owned())
        }
    }
}

fn of_entry(name: &str, entry: &Value) -> Result<Given, String> {
    if entry.get("UsePreviousValue") == Some(&Value::Bool(true)) {
        return Ok(Given::Unknown(format!("only its stack has the value of parameter `{name}`")));
    }
    let value = entry.get("ParameterValue").and_then(scalar);
    value.map(Given::Text).ok_or_else(|| format!("has no `ParameterValue` of `{name}`"))
}

fn of_object(members: &Map<String, Value>) -> Result<BTreeMap<String, Given>, String> {
    let entry = |(name, value): (&String, &Value)| match scalar(value) {
        Some(value) => Ok((name.clone(), Given::Text(value))),
        None => Err(format!("has no text as the value of `{name}`")),
    };
    members.iter().map(entry).collect()
}

/// A text, number or truth value; a list of texts is joined by commas.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is) => Some(is.to_string()),
        Value::Array(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            texts.map(|texts| texts.join(","))
        }
        Value::Null | Value::Object(_) => None,
    }
}
