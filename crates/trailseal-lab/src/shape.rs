//! Validates requests against their model: members, types, lengths, ranges and enum values.

use std::fmt::Display;

use serde_json::{Map, Value};

use crate::moments;
use crate::refusal::Refusal;

/// The valid values of a member.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// A string of this many characters, all from the alphabet.
    Text { min: usize, max: usize, of: Alphabet },
    /// One of these values.
    Word(&'static [&'static str]),
    /// A whole number in a range.
    Whole { min: i64, max: i64 },
    /// `true` or `false`.
    Flag,
    /// Seconds since 1970, with a fraction.
    Moment,
    /// A list of this many elements.
    List { min: usize, max: usize, each: &'static Shape },
    /// A structure with these members and no other.
    Structure(&'static [Member]),
    /// An object whose members are strings that are not blank.
    Texts,
    /// A member that AWS accepts and the lab does not support.
    NotServed,
}

/// The characters of a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alphabet {
    Any,
    /// `.*\S.*`: at least one character is not white space.
    NotBlank,
    /// `\w`, that is ASCII letters, digits and the underscore.
    Word,
    /// `[\w-]`, as in names of aggregators.
    DashedWord,
    /// `[0-9]`, as in account IDs.
    Digits,
    /// `[\w+=,.@-]`, as in names of role sessions.
    SessionName,
    /// `[\w+=,.@:/-]`, as in external IDs.
    ExternalId,
    /// `[a-zA-Z0-9:/_-]`, as in names of aliases.
    AliasName,
    /// Tab, line feed, carriage return and `\u0020` to `\u00FF`, as in key policies.
    Policy,
    /// `\u0020` to `\u00FF`, as in tokens of pages.
    Marker,
}

impl Alphabet {
    const fn pattern(self) -> &'static str {
        match self {
            Self::Any => ".*",
            Self::NotBlank => ".*\\S.*",
            Self::Word => "[\\w]+",
            Self::DashedWord => "[\\w\\-]+",
            Self::Digits => "\\d{12}",
            Self::SessionName => "[\\w+=,.@-]*",
            Self::ExternalId => "[\\w+=,.@:\\/-]*",
            Self::AliasName => "^[a-zA-Z0-9:/_-]+$",
            Self::Policy => "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+",
            Self::Marker => "[\\u0020-\\u00FF]*",
        }
    }

    /// Whether the whole text is of this alphabet.
    fn admits(self, text: &str) -> bool {
        if self == Self::NotBlank {
            return !text.trim().is_empty();
        }
        text.chars().all(|character| self.has(character))
    }

    fn has(self, character: char) -> bool {
        let word = character.is_ascii_alphanumeric() || character == '_';
        match self {
            Self::Any | Self::NotBlank => true,
            Self::Word => word,
            Self::DashedWord => word || character == '-',
            Self::Digits => character.is_ascii_digit(),
            Self::SessionName => word || "+=,.@-".contains(character),
            Self::ExternalId => word || "+=,.@:/-".contains(character),
            Self::AliasName => word || ":/-".contains(character),
            Self::Policy => {
                "\t\n\r".contains(character) || ('\u{20}'..='\u{ff}').contains(&character)
            }
            Self::Marker => ('\u{20}'..='\u{ff}').contains(&character),
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) shape: Shape,
}

pub(crate) const fn required(name: &'static str, shape: Shape) -> Member {
    Member { name, required: true, shape }
}

pub(crate) const fn optional(name: &'static str, shape: Shape) -> Member {
    Member { name, required: false, shape }
}

pub(crate) const TEXT: Shape = Shape::Text { min: 0, max: usize::MAX, of: Alphabet::Any };

/// A string of this many characters.
pub(crate) const fn text(min: usize, max: usize) -> Shape {
    Shape::Text { min, max, of: Alphabet::Any }
}

/// Why a request is invalid.
#[derive(Debug, Default)]
struct Breaches {
    /// The request could not be read at all.
    unreadable: Vec<String>,
    /// The request breaks constraints; the message is AWS's.
    constraints: Vec<String>,
}

/// Refuses a request that is invalid under its model.
///
/// AWS ignores unknown members; the lab refuses them, because otherwise a misspelled
/// member would go unnoticed until a call to AWS.
pub(crate) fn admit(body: &Value, members: &'static [Member]) -> Result<(), Refusal> {
    let mut breaches = Breaches::default();
    breaches.look(body, &Shape::Structure(members), "");
    let Breaches { unreadable, constraints } = breaches;
    if !unreadable.is_empty() {
        return Err(Refusal::new("SerializationException", unreadable.join("; ")));
    }
    let (number, all) = (constraints.len(), constraints.join("; "));
    let message = match number {
        0 => return Ok(()),
        1 => format!("1 validation error detected: {all}"),
        _ => format!("{number} validation errors detected: {all}"),
    };
    Err(Refusal::new("ValidationException", message))
}

impl Breaches {
    fn look(&mut self, value: &Value, shape: &Shape, at: &str) {
        match (shape, value) {
            (Shape::Text { min, max, of }, Value::String(text)) => {
                let shown = format!("'{text}'");
                self.range(text.chars().count(), (*min, *max), "length", &shown, at);
                if !of.admits(text) {
                    let must = format!("satisfy regular expression pattern: {}", of.pattern());
                    self.constraint(&shown, at, &must);
                }
            }
            (Shape::Word(words), Value::String(text)) => {
                if !words.contains(&text.as_str()) {
                    let must = format!("satisfy enum value set: [{}]", words.join(", "));
                    self.constraint(&format!("'{text}'"), at, &must);
                }
            }
            (Shape::Whole { min, max }, Value::Number(number)) if number.is_i64() => {
                let number = number.as_i64().unwrap_or_default();
                self.range(number, (*min, *max), "value", &format!("'{number}'"), at);
            }
            (Shape::List { min, max, each }, Value::Array(list)) => {
                let shown = format!("of {} members", list.len());
                self.range(list.len(), (*min, *max), "length", &shown, at);
                for (index, value) in list.iter().enumerate() {
                    self.look(value, each, &format!("{at}.{}.member", index + 1));
                }
            }
            (Shape::Structure(members), Value::Object(object)) => {
                self.look_at_members(object, members, at);
            }
            (Shape::Texts, Value::Object(object)) => {
                let each = Shape::Text { min: 0, max: usize::MAX, of: Alphabet::NotBlank };
                object.iter().for_each(|(name, value)| self.look(value, &each, &join(at, name)));
            }
            (Shape::Flag, Value::Bool(_)) => {}
            (Shape::Moment, value) if moments::from_epoch(value).is_some() => {}
            (Shape::NotServed, _) => {
                self.constraints.push(format!("`{at}` is not served by the lab"));
            }
            (Shape::Text { .. } | Shape::Word(_), _) => self.unreadable(value, "a string", at),
            (Shape::Whole { .. }, _) => self.unreadable(value, "a whole number", at),
            (Shape::List { .. }, _) => self.unreadable(value, "a list", at),
            (Shape::Structure(_) | Shape::Texts, _) => self.unreadable(value, "an object", at),
            (Shape::Flag, _) => self.unreadable(value, "a boolean", at),
            (Shape::Moment, _) => self.unreadable(value, "a timestamp in epoch seconds", at),
        }
    }

    fn look_at_members(&mut self, object: &Map<String, Value>, members: &[Member], at: &str) {
        for name in object.keys() {
            if !members.iter().any(|member| member.name == name) {
                let path = join(at, name);
                self.unreadable.push(format!("`{path}` is not a member of the request"));
            }
        }
        for member in members {
            let path = join(at, member.name);
            match object.get(member.name).filter(|value| !value.is_null()) {
                Some(value) => self.look(value, &member.shape, &path),
                None if member.required => self.constraint("null", &path, "not be null"),
                None => {}
            }
        }
    }

    fn unreadable(&mut self, value: &Value, expected: &str, at: &str) {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        self.unreadable.push(format!("`{at}` is {kind} and must be {expected}"));
    }

    fn constraint(&mut self, shown: &str, at: &str, must: &str) {
        let must = format!("failed to satisfy constraint: Member must {must}");
        self.constraints.push(format!("Value {shown} at '{at}' {must}"));
    }

    fn range<N: PartialOrd + Display>(
        &mut self,
        number: N,
        (min, max): (N, N),
        what: &str,
        shown: &str,
        at: &str,
    ) {
        if number < min {
            self.constraint(shown, at, &format!("have {what} greater than or equal to {min}"));
        }
        if number > max {
            self.constraint(shown, at, &format!("have {what} less than or equal to {max}"));
        }
    }
}

/// A member's path as AWS writes it: with a lower-case first letter, after a dot.
fn join(at: &str, name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    let small: String = first.into_iter().chain(letters).collect();
    if at.is_empty() { small } else { format!("{at}.{small}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MEMBERS: &[Member] = &[
        required("Name", Shape::Text { min: 1, max: 3, of: Alphabet::Word }),
        optional("Kind", Shape::Word(&["A", "B"])),
        optional("Many", Shape::List { min: 1, max: 2, each: &Shape::Whole { min: 0, max: 9 } }),
        optional("When", Shape::Moment),
        optional("On", Shape::Flag),
    ];

    fn refused(body: &Value) -> String {
        let refusal = admit(body, MEMBERS).unwrap_err();
        format!("{} {}", refusal.code, refusal.message)
    }

    #[test]
    fn valid_requests_are_accepted() {
        let body = json!({"Name": "a_1", "Kind": "B", "Many": [0, 9], "When": 1.5, "On": true});
        assert_eq!(admit(&body, MEMBERS), Ok(()));
        assert_eq!(admit(&json!({"Name": "a", "Kind": null}), MEMBERS), Ok(()));
    }

    #[test]
    fn unreadable_requests_and_broken_constraints_are_different_errors() {
        let unreadable = [
            (json!([]), "`` is a list and must be an object"),
            (json!({"Name": "a", "Nmae": 1}), "`nmae` is not a member of the request"),
            (json!({"Name": 1}), "`name` is a number and must be a string"),
            (json!({"Name": "a", "When": "2026"}), "`when` is a string and must be a timestamp"),
            (json!({"Name": "a", "On": "true"}), "`on` is a string and must be a boolean"),
            (json!({"Name": "a", "Many": [1.5]}), "`many.1.member` is a number and must be"),
        ];
        for (body, words) in unreadable {
            let refused = refused(&body);
            assert!(refused.starts_with("SerializationException"), "{refused}");
            assert!(refused.contains(words), "{refused}");
        }
        let broken = [
            (
                json!({}),
                "Value null at 'name' failed to satisfy constraint: Member must not be null",
            ),
            (json!({"Name": ""}), "greater than or equal to 1"),
            (json!({"Name": "abcd"}), "less than or equal to 3"),
            (json!({"Name": "a-b"}), "regular expression"),
            (json!({"Name": "a", "Kind": "C"}), "enum value set: [A, B]"),
            (json!({"Name": "a", "Many": []}), "greater than or equal to 1"),
            (json!({"Name": "a", "Many": [1, 2, 3]}), "less than or equal to 2"),
            (json!({"Name": "a", "Many": [10]}), "'many.1.member'"),
        ];
        for (body, words) in broken {
            let refused = refused(&body);
            assert!(refused.starts_with("ValidationException 1 validation error"), "{refused}");
            assert!(refused.contains(words), "{refused}");
        }
    }
}
