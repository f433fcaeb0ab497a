//! Holding a request to its model: members, types, lengths, ranges and words.

use serde_json::Value;

use crate::moments;
use crate::refusal::Refusal;

/// What a member of a request may be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// A string of this many characters, all from the alphabet.
    Text { min: usize, max: usize, of: Alphabet },
    /// One of these words.
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
    /// A member that AWS takes and the lab does not serve.
    NotServed,
}

/// The characters of a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alphabet {
    /// Any character.
    Any,
    /// `\w`, that is ASCII letters, digits and the underscore.
    Word,
    /// `[\w-]`, as in names of aggregators.
    DashedWord,
    /// `[0-9]`, as in account ids.
    Digits,
    /// `[\w+=,.@-]`, as in names of role sessions.
    SessionName,
    /// `[\w+=,.@:/-]`, as in external ids.
    ExternalId,
    /// `[a-zA-Z0-9:/_-]`, as in names of aliases.
    AliasName,
    /// Tab, line feed, carriage return and `\u0020` to `\u00FF`, as in key policies.
    Policy,
    /// `\u0020` to `\u00FF`, as in what asks for the next page.
    Marker,
}

impl Alphabet {
    const fn pattern(self) -> &'static str {
        match self {
            Self::Any => ".*",
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

    fn has(self, character: char) -> bool {
        let word = character.is_ascii_alphanumeric() || character == '_';
        match self {
            Self::Any => true,
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

/// A member of a structure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) shape: Shape,
}

/// A member that must be there.
pub(crate) const fn required(name: &'static str, shape: Shape) -> Member {
    Member { name, required: true, shape }
}

/// A member that may be left out.
pub(crate) const fn optional(name: &'static str, shape: Shape) -> Member {
    Member { name, required: false, shape }
}

/// Any string.
pub(crate) const TEXT: Shape = Shape::Text { min: 0, max: usize::MAX, of: Alphabet::Any };

/// A string of this many characters.
pub(crate) const fn text(min: usize, max: usize) -> Shape {
    Shape::Text { min, max, of: Alphabet::Any }
}

/// What a request breaks.
#[derive(Debug, Default)]
struct Breaches {
    /// The request could not be read at all.
    unreadable: Vec<String>,
    /// The request breaks constraints; the words are those of AWS.
    constraints: Vec<String>,
}

/// Refuses a request that its model does not admit.
///
/// AWS itself overlooks members that it does not know; the lab refuses them, because a misspelled
/// member is a mistake that only AWS would ever show.
pub(crate) fn admit(body: &Value, members: &'static [Member]) -> Result<(), Refusal> {
    let mut breaches = Breaches::default();
    look(body, &Shape::Structure(members), "", &mut breaches);
    if !breaches.unreadable.is_empty() {
        return Err(Refusal::new("SerializationException", breaches.unreadable.join("; ")));
    }
    let number = breaches.constraints.len();
    if number > 0 {
        let plural = if number == 1 { "" } else { "s" };
        let message = format!(
            "{number} validation error{plural} detected: {}",
            breaches.constraints.join("; ")
        );
        return Err(Refusal::new("ValidationException", message));
    }
    Ok(())
}

fn look(value: &Value, shape: &Shape, at: &str, breaches: &mut Breaches) {
    match shape {
        Shape::Text { min, max, of } => look_at_text(value, (*min, *max), *of, at, breaches),
        Shape::Word(words) => look_at_word(value, words, at, breaches),
        Shape::Whole { min, max } => look_at_whole(value, *min, *max, at, breaches),
        Shape::Flag if value.is_boolean() => {}
        Shape::Moment if moments::from_epoch(value).is_some() => {}
        Shape::Flag => unreadable(value, "a boolean", at, breaches),
        Shape::Moment => unreadable(value, "a timestamp in epoch seconds", at, breaches),
        Shape::List { min, max, each } => look_at_list(value, (*min, *max), each, at, breaches),
        Shape::Structure(members) => look_at_structure(value, members, at, breaches),
        Shape::NotServed => {
            breaches.constraints.push(format!("`{at}` is not served by the lab"));
        }
    }
}

fn unreadable(value: &Value, expected: &str, at: &str, breaches: &mut Breaches) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    breaches.unreadable.push(format!("`{at}` is {kind} and must be {expected}"));
}

fn constraint(shown: &str, at: &str, must: &str, breaches: &mut Breaches) {
    breaches
        .constraints
        .push(format!("Value {shown} at '{at}' failed to satisfy constraint: Member must {must}"));
}

fn look_at_text(
    value: &Value,
    (min, max): (usize, usize),
    of: Alphabet,
    at: &str,
    breaches: &mut Breaches,
) {
    let Some(text) = value.as_str() else {
        return unreadable(value, "a string", at, breaches);
    };
    let shown = format!("'{text}'");
    let characters = text.chars().count();
    if characters < min {
        let must = format!("have length greater than or equal to {min}");
        constraint(&shown, at, &must, breaches);
    }
    if characters > max {
        let must = format!("have length less than or equal to {max}");
        constraint(&shown, at, &must, breaches);
    }
    if !text.chars().all(|character| of.has(character)) {
        let must = format!("satisfy regular expression pattern: {}", of.pattern());
        constraint(&shown, at, &must, breaches);
    }
}

fn look_at_word(value: &Value, words: &[&str], at: &str, breaches: &mut Breaches) {
    match value.as_str() {
        Some(text) if words.contains(&text) => {}
        Some(text) => {
            let must = format!("satisfy enum value set: [{}]", words.join(", "));
            constraint(&format!("'{text}'"), at, &must, breaches);
        }
        None => unreadable(value, "a string", at, breaches),
    }
}

fn look_at_whole(value: &Value, min: i64, max: i64, at: &str, breaches: &mut Breaches) {
    let Some(number) = value.as_i64() else {
        return unreadable(value, "a whole number", at, breaches);
    };
    let shown = format!("'{number}'");
    if number < min {
        let must = format!("have value greater than or equal to {min}");
        constraint(&shown, at, &must, breaches);
    }
    if number > max {
        let must = format!("have value less than or equal to {max}");
        constraint(&shown, at, &must, breaches);
    }
}

fn look_at_list(
    value: &Value,
    (min, max): (usize, usize),
    each: &Shape,
    at: &str,
    breaches: &mut Breaches,
) {
    let Some(list) = value.as_array() else {
        return unreadable(value, "a list", at, breaches);
    };
    if list.len() < min {
        let must = format!("have length greater than or equal to {min}");
        constraint("'[]'", at, &must, breaches);
    }
    if list.len() > max {
        let must = format!("have length less than or equal to {max}");
        constraint(&format!("of {} members", list.len()), at, &must, breaches);
    }
    for (index, value) in list.iter().enumerate() {
        look(value, each, &format!("{at}.{}.member", index + 1), breaches);
    }
}

fn look_at_structure(value: &Value, members: &[Member], at: &str, breaches: &mut Breaches) {
    let Some(object) = value.as_object() else {
        return unreadable(value, "an object", at, breaches);
    };
    for name in object.keys() {
        if !members.iter().any(|member| member.name == name) {
            let path = join(at, name);
            breaches.unreadable.push(format!("`{path}` is not a member of the request"));
        }
    }
    for member in members {
        let path = join(at, member.name);
        match object.get(member.name).filter(|value| !value.is_null()) {
            Some(value) => look(value, &member.shape, &path, breaches),
            None if member.required => constraint("null", &path, "not be null", breaches),
            None => {}
        }
    }
}

/// A member's place as AWS writes it: with a small first letter, after a dot.
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
    fn what_the_model_admits_passes() {
        let body = json!({"Name": "a_1", "Kind": "B", "Many": [0, 9], "When": 1.5, "On": true});
        assert_eq!(admit(&body, MEMBERS), Ok(()));
        assert_eq!(admit(&json!({"Name": "a", "Kind": null}), MEMBERS), Ok(()));
    }

    #[test]
    fn what_cannot_be_read_is_told_apart_from_what_breaks_a_constraint() {
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
