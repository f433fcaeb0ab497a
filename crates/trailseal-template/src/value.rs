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

    /// The text of a text, a number or a truth value, as a property of type text takes it.
    ///
    /// # Errors
    ///
    /// Why it is not known, or that it is none of these.
    pub(crate) fn into_text(self) -> Result<String, String> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Bool(is) => Ok(is.to_string()),
            // YAML 1.1 reads such a number in another base, so that its text is not the one written.
            Self::Number(text) if text.len() > 1 && text.starts_with('0') || text.contains('_') => {
                Err(format!("the number `{text}` is not text: put it in quotes"))
            }
            Self::Number(text) => Ok(text),
            Self::Unknown(why) => Err(why),
            Self::Omitted | Self::Null => Err("a text is missing".to_owned()),
            Self::List(_) | Self::Map(_) => {
                Err("a list or map is where a text is needed".to_owned())
            }
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
                Ok(number) if number.to_string() == *text => Json::from(number),
                Ok(_) | Err(_) => Json::String(text.clone()),
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
