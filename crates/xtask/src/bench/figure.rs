//! A figure, as the measuring programs write it: one line of JSON.

use crate::failure::Failure;

/// A figure.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Figure {
    pub(crate) id: String,
    pub(crate) about: String,
    pub(crate) value: f64,
    pub(crate) unit: String,
    /// The whole line, with all that the program said.
    pub(crate) line: String,
}

impl Figure {
    pub(crate) fn once(id: &str, about: &str, value: f64, unit: &str) -> Self {
        let line = format!(
            "{{\"id\":{},\"about\":{},\"value\":{value},\"unit\":{}}}",
            quoted(id),
            quoted(about),
            quoted(unit)
        );
        let [id, about, unit] = [id, about, unit].map(str::to_owned);
        Self { id, about, value, unit, line }
    }

    /// Reads a flat object with at least `id`, `about`, `value` and `unit`.
    pub(crate) fn parse(line: &str) -> Result<Self, Failure> {
        let wrong = || Failure::task(format!("a measuring program said `{line}`"));
        let members = leaves(line).ok_or_else(wrong)?;
        let find = |name: &str| {
            members.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        Ok(Self {
            id: find("id").ok_or_else(wrong)?,
            about: find("about").ok_or_else(wrong)?,
            value: find("value").and_then(|value| value.parse().ok()).ok_or_else(wrong)?,
            unit: find("unit").ok_or_else(wrong)?,
            line: line.trim().to_owned(),
        })
    }
}

/// A string of JSON.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control < ' ' => quoted.push(' '),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// The texts, numbers and words of an object, each with the names that lead to it, joined by
/// periods; lists are not read.
pub(crate) fn leaves(text: &str) -> Option<Vec<(String, String)>> {
    let mut leaves = Vec::new();
    let rest = object(text.trim(), "", &mut leaves)?;
    rest.trim().is_empty().then_some(leaves)
}

/// An object at the beginning, and what follows it.
fn object<'t>(text: &'t str, at: &str, leaves: &mut Vec<(String, String)>) -> Option<&'t str> {
    let mut rest = text.strip_prefix('{')?.trim_start();
    loop {
        if let Some(after) = rest.strip_prefix('}') {
            return Some(after);
        }
        let (name, after) = string(rest)?;
        let name = if at.is_empty() { name } else { format!("{at}.{name}") };
        let value = after.trim_start().strip_prefix(':')?.trim_start();
        let after = if value.starts_with('{') {
            object(value, &name, leaves)?
        } else if value.starts_with('"') {
            let (value, after) = string(value)?;
            leaves.push((name, value));
            after
        } else {
            let end = value.find([',', '}'])?;
            let (value, after) = value.split_at_checked(end)?;
            leaves.push((name, value.trim().to_owned()));
            after
        };
        let after = after.trim_start();
        rest = after.strip_prefix(',').unwrap_or(after).trim_start();
    }
}

/// A string at the beginning, and what follows it.
fn string(text: &str) -> Option<(String, &str)> {
    let mut read = String::new();
    let mut characters = text.strip_prefix('"')?.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return Some((read, characters.as_str())),
            '\\' => read.push(characters.next()?),
            other => read.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_and_written_alike() {
        let line = r#"{"id":"a.b","about":"x, \"y\": z","value":0.25,"unit":"ms","p10":0.2}"#;
        let figure = Figure::parse(line).unwrap();
        assert_eq!((figure.id.as_str(), figure.value), ("a.b", 0.25));
        assert_eq!(figure.about, "x, \"y\": z");
        let written = Figure::once(&figure.id, &figure.about, figure.value, &figure.unit);
        assert_eq!(Figure::parse(&written.line).unwrap(), written);
    }

    #[test]
    fn what_lies_deeper_is_found() {
        let leaves = leaves(r#"{"a": 1.5, "b": {"c": "x", "d": {}, "e": null}, "f": true}"#);
        let found = leaves.unwrap();
        let found: Vec<(&str, &str)> =
            found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(found, [("a", "1.5"), ("b.c", "x"), ("b.e", "null"), ("f", "true")]);
    }

    #[test]
    fn what_is_no_figure_is_told() {
        for wrong in ["", "{}", "{\"id\":\"a\"", "{\"id\":\"a\",\"value\":\"x\"}", "running"] {
            let failure = Figure::parse(wrong).unwrap_err();
            assert!(failure.message().unwrap().starts_with("a measuring program said"), "{wrong}");
        }
    }
}
