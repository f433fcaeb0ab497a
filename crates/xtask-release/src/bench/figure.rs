//! A figure, as the measuring programs print it: one line of JSON.

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

/// A measured value: an object with at least `id`, `about`, `value` and `unit`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Figure(pub(crate) Map<String, Value>);

impl Figure {
    pub(crate) fn new(id: &str, about: &str, value: f64, unit: &str) -> Self {
        let [id, about, unit] = [id, about, unit].map(|text| json!(text));
        let members = [("id", id), ("about", about), ("value", json!(value)), ("unit", unit)];
        Self(members.map(|(name, value)| (name.to_owned(), value)).into_iter().collect())
    }

    pub(crate) fn parse(line: &str) -> Result<Self> {
        let figure = serde_json::from_str(line).ok().map(Self).filter(|figure| {
            ["id", "about", "unit"]
                .iter()
                .all(|name| figure.0.get(*name).is_some_and(Value::is_string))
                && figure.0.get("value").is_some_and(Value::is_number)
        });
        figure.with_context(|| format!("a measuring program printed `{line}`, not a figure"))
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn value(&self) -> f64 {
        self.0.get("value").and_then(Value::as_f64).unwrap_or(f64::NAN)
    }
}

/// Every number in a JSON document, with the names that lead to it, joined by periods.
pub(crate) fn numbers(value: &Value) -> Vec<(String, f64)> {
    let mut found = Vec::new();
    for (name, member) in value.as_object().into_iter().flatten() {
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
    fn figures_keep_every_member() {
        let line = r#"{"id":"a.b","about":"x, \"y\": z","value":0.25,"unit":"ms","p10":0.2}"#;
        let figure = Figure::parse(line).unwrap();
        assert_eq!((figure.text("id"), figure.value()), ("a.b", 0.25));
        assert_eq!(figure.text("about"), "x, \"y\": z");
        assert_eq!(figure.0.get("p10"), Some(&json!(0.2)));
        for wrong in ["", "{}", "{\"id\":\"a\"", "{\"id\":\"a\",\"value\":\"x\"}", "running"] {
            let error = Figure::parse(wrong).unwrap_err();
            assert!(error.to_string().starts_with("a measuring program printed `"), "{wrong}");
        }
    }

    #[test]
    fn finds_nested_numbers() {
        let document = json!({"a": 1.5, "b": {"c": "x", "d": {"f": 2}, "e": null}, "l": [3]});
        assert_eq!(numbers(&document), [("a".to_owned(), 1.5), ("b.d.f".to_owned(), 2.0)]);
    }
}
