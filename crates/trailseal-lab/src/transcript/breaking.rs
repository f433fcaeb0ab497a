//! Requests that each break one constraint of their shape.

use serde::Serialize;
use serde_json::{Value, json};

use crate::services::with;
use crate::shape::{Alphabet, Member, Shape};

/// A constraint that a request breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Breach {
    /// The member, such as `Evaluations[].Annotation`; empty for the request itself.
    pub path: String,
    /// `required`, `type`, `min`, `max`, `enum`, `pattern` or `unknown`.
    pub constraint: &'static str,
}

pub(super) fn right(shape: &Shape) -> Value {
    match shape {
        Shape::Text { min, .. } => Value::from("a".repeat((*min).max(1))),
        Shape::Word(words) => Value::from(words.first().copied().unwrap_or_default()),
        Shape::Whole { min, max } => Value::from(*max.min(&(min + 100))),
        Shape::Flag => Value::from(true),
        Shape::Texts => json!({ "name": "a" }),
        Shape::Moment => Value::from(1_468_446_600.373_f64),
        Shape::List { each, .. } => json!([right(each)]),
        Shape::Structure(members) => members
            .iter()
            .filter(|member| member.required)
            .map(|member| (member.name.to_owned(), right(&member.shape)))
            .collect(),
        Shape::NotServed => Value::from("a"),
    }
}

/// Every request that breaks one constraint, derived from a valid request.
pub(super) fn wrong(members: &'static [Member], base: &Value) -> Vec<(Breach, Value)> {
    wrong_structure(members, base, "")
}

fn wrong_values(shape: &Shape, base: Option<&Value>, path: &str) -> Vec<(Breach, Value)> {
    let of = |constraint, value| (breach(path, constraint), value);
    match shape {
        Shape::Text { min, max, of: alphabet } => {
            let text = |length: usize| Value::from("a".repeat(length));
            let mut all = vec![of("type", json!(7))];
            all.extend((*min > 0).then(|| of("min", text(min - 1))));
            all.extend((*max < usize::MAX).then(|| of("max", text(max + 1))));
            // None of the alphabets has letters beyond Latin.
            let blank = *alphabet == Alphabet::NotBlank;
            let bad = if blank { " ".repeat((*min).max(1)) } else { "a".repeat(*min) + "\u{101}" };
            let other = || of("pattern", Value::from(bad));
            all.extend((*alphabet != Alphabet::Any).then(other));
            all
        }
        Shape::Word(_) => vec![of("type", json!(7)), of("enum", json!("no-such-word"))],
        Shape::Whole { min, max } => {
            vec![of("type", json!("seven")), of("min", json!(min - 1)), of("max", json!(max + 1))]
        }
        Shape::Flag => vec![of("type", json!("true"))],
        Shape::Texts => vec![of("type", json!([]))],
        Shape::Moment => vec![of("type", json!("2016-07-13T21:50:00.373Z"))],
        Shape::List { min, max, each } => {
            let mut all = vec![of("type", json!({}))];
            all.extend((*min > 0).then(|| of("min", json!([]))));
            let long = || of("max", Value::from(vec![right(each); max + 1]));
            all.extend((*max < usize::MAX).then(long));
            let first = base.and_then(|list| list.get(0));
            let elements = wrong_values(each, first, &format!("{path}[]"));
            all.extend(elements.into_iter().map(|(breach, value)| (breach, json!([value]))));
            all
        }
        Shape::Structure(members) => {
            let base = base.cloned().unwrap_or_else(|| right(shape));
            let mut all = vec![of("type", json!([]))];
            all.extend(wrong_structure(members, &base, path));
            all
        }
        Shape::NotServed => Vec::new(),
    }
}

fn breach(path: &str, constraint: &'static str) -> Breach {
    Breach { path: path.to_owned(), constraint }
}

fn wrong_structure(members: &[Member], base: &Value, path: &str) -> Vec<(Breach, Value)> {
    let at = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let mut all =
        vec![(breach(&at("NoSuchMember"), "unknown"), with(base, "NoSuchMember", json!("a")))];
    for member in members {
        let path = at(member.name);
        if member.required {
            let mut without = base.clone();
            if let Some(object) = without.as_object_mut() {
                object.remove(member.name);
            }
            all.push((breach(&path, "required"), without));
        }
        let wrong = wrong_values(&member.shape, base.get(member.name), &path);
        all.extend(
            wrong.into_iter().map(|(breach, value)| (breach, with(base, member.name, value))),
        );
    }
    all
}
