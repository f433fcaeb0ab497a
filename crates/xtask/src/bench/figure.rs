//! A figure, as the measuring programs print it: one line of JSON.

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

/// A measured value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Figure {
    pub(crate) id: String,
    pub(crate) about: String,
    pub(crate) value: f64,
    pub(crate) unit: String,
    /// Every member that the program printed, these four included.
    pub(crate) members: Map<String, Value>,
}

impl Figure {
    pub(crate) fn new(id: &str, about: &str, value: f64, unit: &str) -> Self {
        let members = [
            ("id", json!(id)),
            ("about", json!(about)),
            ("value", json!(value)),
            ("unit", json!(unit)),
        ];
        let members = members.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
        let [id, about, unit] = [id, about, unit].map(str::to_owned);
        Self { id, about, value, unit, members }
    }

    /// Reads an object with at least `id`, `about`, `value` and `unit`.
    pub(crate) fn parse(line: &str) -> Result<Self> {
        let read = || {
            let members: Map<String, Value> = serde_json::from_str(line).ok()?;
            let text = |name| members.get(name).and_then(Value::as_str).map(str::to_owned);
            let value = members.get("value").and_then(Value::as_f64)?;
            let (id, about, unit) = (text("id")?, text("about")?, text("unit")?);
            Some(Self { id, about, value, unit, members })
        };
        read().with_context(|| format!("a measuring program printed `{line}`, not a figure"))
    }
}

/// Every number in a JSON document, with the names that lead to it, joined by periods.
pub(crate) fn numbers(value: &Value) -> Vec<(String, f64)> {
    let Value::Object(members) = value else { return Vec::new() };
    let mut found = Vec::new();
    for (name, member) in members {
        found.extend(member.as_f64().map(|number| (name.clone(), number)));
        let deeper = numbers(member).into_iter();
        found.extend(deeper.map(|(rest, number)| (format!("{name}.{rest}"), number)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_as_they_are_written() {
        let line = r#"{"id":"a.b","about":"x, \"y\": z","value":0.25,"unit":"ms","p10":0.2}"#;
        let figure = Figure::parse(line).unwrap();
        assert_eq!((figure.id.as_str(), figure.value), ("a.b", 0.25));
        assert_eq!(figure.about, "x, \"y\": z");
        assert_eq!(figure.members.get("p10"), Some(&json!(0.2)));
        let written = Figure::new(&figure.id, &figure.about, figure.value, &figure.unit);
        let line = Value::Object(written.members.clone()).to_string();
        assert_eq!(Figure::parse(&line).unwrap(), written);
    }

    #[test]
    fn nested_numbers_are_found() {
        let document = json!({"a": 1.5, "b": {"c": "x", "d": {"f": 2}, "e": null}, "l": [3]});
        assert_eq!(numbers(&document), [("a".to_owned(), 1.5), ("b.d.f".to_owned(), 2.0)]);
    }

    #[test]
    fn other_lines_are_errors() {
        for wrong in ["", "{}", "{\"id\":\"a\"", "{\"id\":\"a\",\"value\":\"x\"}", "running"] {
            let error = Figure::parse(wrong).unwrap_err();
            assert!(error.to_string().starts_with("a measuring program printed `"), "{wrong}");
        }
    }
}
