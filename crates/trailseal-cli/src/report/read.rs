//! Reads a report back, or says everything that keeps it from being one.

use serde::Deserialize;
use serde_json::error::Category;
use serde_json::{Map, Value};
use trailseal_rule::{AccountId, ComplianceType, Timestamp};

use super::{REPORT_SCHEMA, REPORT_VERSION, Report};

/// Faults that are told; of more, only their number is.
const FAULTS_SHOWN_MAX: usize = 20;

/// Characters of a wrong value that are repeated.
const QUOTED_CHARS_MAX: usize = 40;

/// What tells a report of another version, whatever else it holds.
#[derive(Deserialize)]
struct Head {
    version: Option<Value>,
}

/// Takes a report of this version; members that are not known are passed over.
///
/// # Errors
///
/// The text is no JSON, of another version, or lacks something; each fault names its place.
pub(crate) fn read_report(text: &[u8]) -> Result<Report, Vec<String>> {
    let no_report = |error: &serde_json::Error| vec![format!("is no report: {error}")];
    let head: Head = serde_json::from_slice(text).map_err(|error| match error.classify() {
        Category::Data => vec!["is no report: it is no JSON object".to_owned()],
        Category::Io | Category::Syntax | Category::Eof => no_report(&error),
    })?;
    match head.version {
        Some(version) if version == REPORT_VERSION => {}
        None => return Err(vec!["is no report: it has no `version`".to_owned()]),
        Some(other) => {
            let other = quoted(&other);
            return Err(vec![format!(
                "is a report of version {other}; this is trailseal {}, which reads version \
                 {REPORT_VERSION}",
                env!("CARGO_PKG_VERSION")
            )]);
        }
    }
    match serde_json::from_slice::<Report>(text) {
        Ok(report) if has_its_forms(&report) => Ok(report),
        Ok(_) => Err(faults(text).unwrap_or_else(|| vec!["is no report".to_owned()])),
        Err(error) => Err(faults(text).unwrap_or_else(|| no_report(&error))),
    }
}

/// What the schema says of texts, and Rust's types do not.
fn has_its_forms(report: &Report) -> bool {
    let words = [
        ComplianceType::Compliant.as_str(),
        ComplianceType::NonCompliant.as_str(),
        ComplianceType::NotApplicable.as_str(),
    ];
    is_time(&report.generated_at)
        && report.trails.iter().all(|trail| {
            AccountId::parse(&trail.account).is_ok()
                && words.contains(&trail.compliance.as_str())
                && trail.captured.as_deref().is_none_or(is_time)
        })
}

fn is_time(text: &str) -> bool {
    Timestamp::parse(text).is_ok_and(|time| time.to_string() == text)
}

/// Everything that the published schema finds wrong; nothing where it finds nothing.
fn faults(text: &[u8]) -> Option<Vec<String>> {
    let schema: Value = serde_json::from_str(REPORT_SCHEMA).ok()?;
    let value: Value = serde_json::from_slice(text).ok()?;
    let mut found = Vec::new();
    Checker { root: &schema, found: &mut found }.check(&schema, &value, "");
    let more = found.len().saturating_sub(FAULTS_SHOWN_MAX);
    found.truncate(FAULTS_SHOWN_MAX);
    if more > 0 {
        found.push(format!("and {more} more"));
    }
    (!found.is_empty()).then_some(found)
}

/// Holds a value against the report's own schema. INVARIANT (our words only): it knows the keywords
/// which that schema uses; a test holds the schema to them.
struct Checker<'a> {
    root: &'a Value,
    found: &'a mut Vec<String>,
}

/// The keywords that are checked here, and those that say nothing of a value.
#[cfg(test)]
const KEYWORDS: [&str; 15] = [
    "$schema",
    "$id",
    "$defs",
    "title",
    "description",
    "$ref",
    "type",
    "const",
    "enum",
    "minimum",
    "pattern",
    "anyOf",
    "required",
    "properties",
    "items",
];

impl Checker<'_> {
    fn check(&mut self, schema: &Value, value: &Value, path: &str) {
        if let Some(named) = schema.get("$ref").and_then(Value::as_str) {
            let named = named.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            if let Some(named) = named {
                self.check(named, value, path);
            }
            return;
        }
        if let Some(ways) = schema.get("anyOf").and_then(Value::as_array) {
            return self.check_any(ways, value, path);
        }
        if let Some(expected) = expected(schema, value) {
            self.found.push(format!("{} is {}; expected {expected}", at(path), quoted(value)));
            return;
        }
        self.check_members(schema, value, path);
        if let (Some(schema), Some(elements)) = (schema.get("items"), value.as_array()) {
            for (index, element) in elements.iter().enumerate() {
                self.check(schema, element, &format!("{path}[{index}]"));
            }
        }
    }

    fn check_members(&mut self, schema: &Value, value: &Value, path: &str) {
        let Some(members) = value.as_object() else {
            return;
        };
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        for name in required.filter_map(Value::as_str).filter(|name| !members.contains_key(*name)) {
            self.found.push(format!("{} is missing", at(&below(path, name))));
        }
        let known = schema.get("properties").and_then(Value::as_object);
        for (name, member) in members {
            match known.and_then(|known| known.get(name)) {
                Some(schema) => self.check(schema, member, &below(path, name)),
                None => self.check_other(schema, name, member, path),
            }
        }
    }

    /// A member that is not named: within a version, those that are not known are passed over.
    fn check_other(&mut self, schema: &Value, name: &str, member: &Value, path: &str) {
        if let Some(schema) = schema.get("additionalProperties").filter(|rule| rule.is_object()) {
            self.check(schema, member, &below(path, name));
        }
    }

    /// One of several ways must fit; what is told is how it misses the one that it comes nearest.
    fn check_any(&mut self, ways: &[Value], value: &Value, path: &str) {
        let mut nearest: Option<Vec<String>> = None;
        for way in ways {
            let mut found = Vec::new();
            Checker { root: self.root, found: &mut found }.check(way, value, path);
            if found.is_empty() {
                return;
            }
            // What misses as a whole says less than what misses within.
            let is_within =
                |found: &[String]| found.iter().all(|fault| !fault.starts_with(&at(path)));
            let is_nearer = nearest.as_ref().is_none_or(|nearest| {
                is_within(&found) && (!is_within(nearest) || found.len() <= nearest.len())
            });
            if is_nearer {
                nearest = Some(found);
            }
        }
        self.found.extend(nearest.unwrap_or_default());
    }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn at(path: &str) -> String {
    if path.is_empty() { "the report".to_owned() } else { format!("`{path}`") }
}

/// What a value itself should be, where it is something else.
fn expected(schema: &Value, value: &Value) -> Option<String> {
    let kinds: Vec<&str> = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(kind)) => vec![kind],
        Some(_) | None => Vec::new(),
    };
    if !kinds.is_empty() && !kinds.iter().any(|kind| is_of(value, kind)) {
        return Some(kinds.join(" or "));
    }
    if let Some(wanted) = schema.get("const").filter(|wanted| *wanted != value) {
        return Some(quoted(wanted));
    }
    if let Some(wanted) = schema.get("enum").and_then(Value::as_array)
        && !wanted.contains(value)
    {
        let words: Vec<String> = wanted.iter().map(quoted).collect();
        return Some(format!("one of {}", words.join(", ")));
    }
    if let (Some(pattern), Some(text)) = (schema.get("pattern"), value.as_str()) {
        return expected_form(pattern.as_str().unwrap_or_default(), text).map(str::to_owned);
    }
    None
}

fn is_of(value: &Value, kind: &str) -> bool {
    match value {
        Value::Null => kind == "null",
        Value::Bool(_) => kind == "boolean",
        // The only numbers of a report are counts.
        Value::Number(number) => kind == "integer" && number.as_u64().is_some(),
        Value::String(_) => kind == "string",
        Value::Array(_) => kind == "array",
        Value::Object(_) => kind == "object",
    }
}

/// The schema's two patterns, by what they stand for.
fn expected_form(pattern: &str, text: &str) -> Option<&'static str> {
    if pattern.ends_with("{12}$") {
        return AccountId::parse(text).is_err().then_some("the 12 digits of an account");
    }
    (!is_time(text)).then_some("a time such as `2026-11-23T12:00:00.000Z`")
}

/// A value in a message, cut where it is long.
fn quoted(value: &Value) -> String {
    let text = match value {
        Value::Array(_) => return "a list".to_owned(),
        Value::Object(members) => return of_members(members),
        Value::String(text) => crate::output::clean(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    };
    let mut cut: String = text.chars().take(QUOTED_CHARS_MAX).collect();
    if cut.len() < text.len() {
        cut.push_str("...");
    }
    format!("`{cut}`")
}

fn of_members(members: &Map<String, Value>) -> String {
    if members.is_empty() { "an empty object".to_owned() } else { "an object".to_owned() }
}

#[cfg(test)]
mod tests;
