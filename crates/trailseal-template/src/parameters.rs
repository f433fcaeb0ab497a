//! The parameters that the user gives to a stack.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use trailseal_rule::json;

/// Reads a file of stack parameters: the list that the AWS CLI takes, with `ParameterKey` and
/// `ParameterValue`; an object with the member `Parameters`, as CodePipeline's template
/// configuration; or an object of names and values.
///
/// # Errors
///
/// In one line: it has none of these forms.
pub fn read_stack_parameters(text: &str) -> Result<BTreeMap<String, String>, String> {
    let json = json::read(text).map_err(|error| format!("is not JSON: {error}"))?;
    match json {
        Value::Array(list) => {
            let mut parameters = BTreeMap::new();
            for entry in &list {
                let name = entry.get("ParameterKey").and_then(Value::as_str);
                let name = name.ok_or("has an entry without `ParameterKey`")?;
                // Only the stack knows the previous value.
                if entry.get("UsePreviousValue") == Some(&Value::Bool(true)) {
                    continue;
                }
                let value = entry.get("ParameterValue").and_then(scalar);
                let value = value.ok_or_else(|| format!("has no `ParameterValue` of `{name}`"))?;
                parameters.insert(name.to_owned(), value);
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

fn of_object(members: &Map<String, Value>) -> Result<BTreeMap<String, String>, String> {
    let entry = |(name, value): (&String, &Value)| match scalar(value) {
        Some(value) => Ok((name.clone(), value)),
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
