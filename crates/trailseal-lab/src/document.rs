//! Reading JSON documents that people write: every fault at once, each with its place.

use std::cell::RefCell;

use serde_json::{Map, Value};

use crate::moments;

/// What is wrong with a document, each with the place and what was expected.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    found: RefCell<Vec<String>>,
}

impl Faults {
    pub(crate) fn into_found(self) -> Vec<String> {
        self.found.into_inner()
    }
}

/// A value in a document, with its place, such as `keys[2].arn`.
#[derive(Debug, Clone)]
pub(crate) struct Place<'a> {
    path: String,
    value: &'a Value,
    faults: &'a Faults,
}

impl<'a> Place<'a> {
    /// The whole document.
    pub(crate) fn root(value: &'a Value, faults: &'a Faults) -> Self {
        Self { path: String::new(), value, faults }
    }

    /// The value without conversion.
    pub(crate) fn value(&self) -> &'a Value {
        self.value
    }

    /// Notes that another thing was expected here.
    pub(crate) fn fault(&self, expected: &str) {
        let place = if self.path.is_empty() { "the document" } else { &self.path };
        self.faults.found.borrow_mut().push(format!("`{place}`: expected {expected}"));
    }

    /// An object that has no other members than these.
    pub(crate) fn object(&self, members: &[&str]) -> Members<'a> {
        let Some(object) = self.value.as_object() else {
            self.fault("an object");
            return Members { at: self.clone(), object: None };
        };
        for name in object.keys().filter(|name| !members.contains(&name.as_str())) {
            self.at(name, self.value)
                .fault(&format!("no such member, only {}", in_backticks(members)));
        }
        Members { at: self.clone(), object: Some(object) }
    }

    /// A list, place by place.
    pub(crate) fn list(&self) -> Vec<Place<'a>> {
        let Some(list) = self.value.as_array() else {
            self.fault("a list");
            return Vec::new();
        };
        let places = list.iter().enumerate();
        places
            .map(|(index, value)| Place {
                path: format!("{}[{index}]", self.path),
                ..self.with(value)
            })
            .collect()
    }

    /// A string that satisfies `right`.
    pub(crate) fn text_that(&self, expected: &str, right: impl Fn(&str) -> bool) -> String {
        match self.value.as_str() {
            Some(text) if right(text) => text.to_owned(),
            Some(_) | None => {
                self.fault(expected);
                String::new()
            }
        }
    }

    /// A string that is not empty.
    pub(crate) fn text(&self) -> String {
        self.text_that("a string that is not empty", |text| !text.is_empty())
    }

    /// One of these words.
    pub(crate) fn word(&self, words: &[&str]) -> String {
        self.text_that(&format!("one of {}", in_backticks(words)), |text| words.contains(&text))
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self) -> bool {
        self.value.as_bool().unwrap_or_else(|| {
            self.fault("`true` or `false`");
            false
        })
    }

    /// A whole number in a range.
    pub(crate) fn whole(&self, least: u64, most: u64) -> u64 {
        let number = self.value.as_u64().filter(|number| (least..=most).contains(number));
        number.unwrap_or_else(|| {
            self.fault(&format!("a whole number from {least} to {most}"));
            least
        })
    }

    /// A time such as `2026-11-23T10:15:30Z`, in milliseconds since 1970.
    pub(crate) fn moment(&self) -> i64 {
        self.value.as_str().and_then(moments::from_iso).unwrap_or_else(|| {
            self.fault("a time such as `2026-11-23T10:15:30.000Z`");
            0
        })
    }

    fn with(&self, value: &'a Value) -> Self {
        Self { path: self.path.clone(), value, faults: self.faults }
    }

    fn at(&self, name: &str, value: &'a Value) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        Self { path: format!("{}{dot}{name}", self.path), ..self.with(value) }
    }
}

/// The members of an object in a document.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    at: Place<'a>,
    object: Option<&'a Map<String, Value>>,
}

impl<'a> Members<'a> {
    /// A member that may be left out; `null` is the same as left out.
    pub(crate) fn maybe(&self, name: &str) -> Option<Place<'a>> {
        let value = self.object?.get(name).filter(|value| !value.is_null())?;
        Some(self.at.at(name, value))
    }

    /// A member that must be there, read by `read`.
    pub(crate) fn need<T: Default>(&self, name: &str, read: impl Fn(&Place<'a>) -> T) -> T {
        if let Some(place) = self.maybe(name) {
            return read(&place);
        }
        if self.object.is_some() {
            self.at.fault(&format!("a member `{name}`"));
        }
        T::default()
    }

    /// A list that may be left out, read place by place.
    pub(crate) fn each<T>(&self, name: &str, read: impl Fn(&Place<'a>) -> T) -> Vec<T> {
        let Some(place) = self.maybe(name) else {
            return Vec::new();
        };
        place.list().iter().map(read).collect()
    }

    /// A flag that may be left out.
    pub(crate) fn flag_or(&self, name: &str, otherwise: bool) -> bool {
        self.maybe(name).map_or(otherwise, |place| place.flag())
    }

    /// A word that may be left out.
    pub(crate) fn word_or(&self, name: &str, words: &[&str], otherwise: &str) -> String {
        self.maybe(name).map_or_else(|| otherwise.to_owned(), |place| place.word(words))
    }

    /// The object's own place.
    pub(crate) fn place(&self) -> &Place<'a> {
        &self.at
    }
}

/// The words, each in backticks, with commas between.
pub(crate) fn in_backticks(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_faults_are_found_at_once_with_their_places() {
        let value = json!({"keys": [{"arn": 7, "stat": "x"}, {"on": "yes"}], "when": "soon"});
        let faults = Faults::default();
        let root = Place::root(&value, &faults).object(&["keys", "when", "need"]);
        root.each("keys", |key| {
            let key = key.object(&["arn", "on"]);
            (key.need("arn", Place::text), key.flag_or("on", true))
        });
        root.need("when", Place::moment);
        root.need("need", Place::flag);
        assert_eq!(
            faults.into_found(),
            [
                "`keys[0].stat`: expected no such member, only `arn`, `on`",
                "`keys[0].arn`: expected a string that is not empty",
                "`keys[1]`: expected a member `arn`",
                "`keys[1].on`: expected `true` or `false`",
                "`when`: expected a time such as `2026-11-23T10:15:30.000Z`",
                "`the document`: expected a member `need`",
            ]
        );
    }
}
