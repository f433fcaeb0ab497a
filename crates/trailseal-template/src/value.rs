//! Values of a template after its functions.

use serde_json::Map;

/// A value, or why it is not known before deployment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// `AWS::NoValue`: the property is left out.
    Omitted,
    Null,
    Bool(bool),
    /// A number as the document writes it.
    Number(String),
    Text(String),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
    Unknown(String),
}

impl Value {
    pub(crate) fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown(why.into())
    }

    /// A number of a document. YAML reads some numbers as others: `010` as 8, `1.0` as 1.
    pub(crate) fn number(text: &str) -> Self {
        if is_as_written(text) {
            Self::Number(text.to_owned())
        } else {
            Self::Unknown(format!("the number `{text}` is not text: put it in quotes"))
        }
    }

    /// The text of a text, a number or a truth value, as a property of type text takes it.
    ///
    /// # Errors
    ///
    /// Why it is not known, or that it is none of these.
    pub(crate) fn into_text(self) -> Result<String, String> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Bool(is) => Ok(is.to_string()),
            Self::Number(text) => Ok(text),
            Self::Unknown(why) => Err(why),
            Self::Omitted | Self::Null => Err("a text is missing".to_owned()),
            Self::List(_) | Self::Map(_) => {
                Err("a list or map is where a text is needed".to_owned())
            }
        }
    }

    /// The bytes that it takes, without what is below its items and members.
    pub(crate) fn bytes(&self) -> usize {
        const OF_ITEM: usize = size_of::<Value>() + 16;
        match self {
            Self::Text(text) | Self::Number(text) | Self::Unknown(text) => text.len(),
            Self::List(items) => items.len() * OF_ITEM,
            Self::Map(members) => members.iter().map(|(name, _)| name.len() + 2 * OF_ITEM).sum(),
            Self::Omitted | Self::Null | Self::Bool(_) => 0,
        }
    }

    /// The first reason why a part of the value is not known.
    pub(crate) fn why_unknown(&self) -> Option<&str> {
        match self {
            Self::Unknown(why) => Some(why),
            Self::List(items) => items.iter().find_map(Self::why_unknown),
            Self::Map(members) => members.iter().find_map(|(_, value)| value.why_unknown()),
            Self::Omitted | Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => None,
        }
    }

    /// The value as JSON.
    ///
    /// # Errors
    ///
    /// The first reason why a part of it is not known.
    pub(crate) fn to_json(&self) -> Result<serde_json::Value, String> {
        use serde_json::Value as Json;
        Ok(match self {
            Self::Omitted | Self::Null => Json::Null,
            Self::Bool(is) => Json::Bool(*is),
            Self::Number(text) => match text.parse::<u64>() {
                Ok(number) => Json::from(number),
                Err(_) => Json::String(text.clone()),
            },
            Self::Text(text) => Json::String(text.clone()),
            Self::List(items) => {
                Json::Array(items.iter().map(Self::to_json).collect::<Result<_, _>>()?)
            }
            Self::Map(members) => {
                let mut object = Map::new();
                for (name, value) in members {
                    object.insert(name.clone(), value.to_json()?);
                }
                Json::Object(object)
            }
            Self::Unknown(why) => return Err(why.clone()),
        })
    }
}

/// Whether every parser keeps the text of a number: it is in base 10 and has few digits.
pub(crate) fn is_as_written(number: &str) -> bool {
    const DIGITS_MAX: usize = 15;
    let digits = number.strip_prefix('-').unwrap_or(number);
    let (whole, part) = digits.split_once('.').map_or((digits, None), |(a, b)| (a, Some(b)));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|one| one.is_ascii_digit());
    is_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && part.is_none_or(|part| is_digits(part) && !part.ends_with('0'))
        && digits.len() <= DIGITS_MAX
        && number != "-0"
}

/// Whether a text of JSON has the characters of stand-ins as escapes.
pub(crate) fn has_escaped_marks(json: &str) -> bool {
    let json = json.to_ascii_lowercase();
    ["\\u003c", "\\u003e"].iter().any(|escape| json.contains(escape))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_takes_its_text_and_room_for_what_it_holds() {
        let text = |text: &str| Value::Text(text.to_owned());
        let item = size_of::<Value>() + 16;
        let list = Value::List(vec![text("abc"), Value::Null]);
        let map = |name: &str| Value::Map(vec![(name.to_owned(), list.clone())]);
        for (value, bytes) in [
            (text("abc"), 3),
            (Value::unknown("why"), 3),
            (Value::Null, 0),
            (Value::Bool(true), 0),
            (list.clone(), 2 * item),
            (map("name"), 4 + 2 * item),
            (map(""), 2 * item),
        ] {
            assert_eq!(value.bytes(), bytes, "{value:?}");
        }
    }
}
