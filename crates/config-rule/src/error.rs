//! Collects all faults of an input, each with its field, and formats errors as one line.

use std::error::Error as StdError;
use std::fmt;
use std::iter::successors;

use thiserror::Error;

/// Characters of a rejected value that an error repeats.
const QUOTED_CHARS_MAX: usize = 80;

/// One fault: a field, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    field: String,
    message: String,
}

impl Fault {
    /// A required field is missing or blank.
    pub fn missing(field: impl Into<String>, expected: &str) -> Self {
        Self::other(field, format!("is missing; expected {expected}"))
    }

    /// The field has a value that is not valid.
    pub fn wrong(field: impl Into<String>, value: &str, expected: &str) -> Self {
        Self::other(field, format!("is `{}`; expected {expected}", quote(value)))
    }

    /// Any other fault; the message follows the field's name and begins with a verb.
    pub fn other(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }

    /// The path of the field, such as `invokingEvent.configurationItem.resourceId`.
    pub fn field(&self) -> &str {
        &self.field
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "`{}` {}", self.field, self.message)
    }
}

/// The faults found so far; as an error, one or more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// The faults in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }

    /// Adds a fault.
    pub fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// The value of a result; its faults are added.
    pub fn collect<T>(&mut self, result: Result<T, Self>) -> Option<T> {
        result.map_err(|faults| self.0.extend(faults.0)).ok()
    }

    /// Removes faults that repeat the fault of `field` for other fields with the last name `name`:
    /// an event contains the same account several times.
    pub(crate) fn drop_repeats(&mut self, field: &str, name: &str) {
        let Some(first) = self.0.iter().find(|fault| fault.field == field).cloned() else {
            return;
        };
        let is_called = |fault: &Fault| fault.field.rsplit('.').next() == Some(name);
        self.0
            .retain(|fault| *fault == first || fault.message != first.message || !is_called(fault));
    }

    /// The value, if there are no faults.
    ///
    /// # Errors
    ///
    /// There are faults, or the value is `None`.
    pub fn unless_any<T>(mut self, value: Option<T>) -> Result<T, Self> {
        if value.is_none() && self.0.is_empty() {
            self.push(Fault::other("event", "lacks a required value"));
        }
        value.filter(|_| self.0.is_empty()).ok_or(self)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        out.write_str(&faults.join("; "))
    }
}

/// An event that the rule cannot evaluate; nothing is reported for it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the event cannot be used: {0}")]
pub struct EventError(pub Faults);

/// The value in one line, without control characters and at most 80 characters long.
pub fn quote(value: &str) -> String {
    let mut quoted: String = one_line(value).chars().take(QUOTED_CHARS_MAX).collect();
    if value.chars().nth(QUOTED_CHARS_MAX).is_some() {
        quoted.push_str("...");
    }
    quoted
}

/// The error and its causes, joined by `: `, with control characters as spaces.
pub fn error_chain(error: &dyn StdError) -> String {
    let errors = successors(Some(error), |error| (*error).source());
    let messages: Vec<String> = errors.map(ToString::to_string).collect();
    one_line(messages.join(": "))
}

/// The text in one line: control characters, which include line breaks and what starts an escape
/// sequence of a terminal, as spaces.
pub fn one_line(text: impl fmt::Display) -> String {
    text.to_string().replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Error)]
    #[error("the file\ncannot be read")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn causes_follow_the_error_in_one_line() {
        let error = Outer(std::io::Error::other("is a directory"));
        assert_eq!(error_chain(&error), "the file cannot be read: is a directory");
    }

    #[test]
    fn faults_are_one_line() {
        let mut faults = Faults::default();
        faults.push(Fault::missing("resultToken", "the token that Config sent"));
        faults.push(Fault::wrong("ruleParameters.profile", "a\nb", "`cis`"));
        let fields: Vec<&str> = faults.iter().map(Fault::field).collect();
        assert_eq!(fields, ["resultToken", "ruleParameters.profile"]);
        assert_eq!(
            EventError(faults).to_string(),
            "the event cannot be used: `resultToken` is missing; expected the token that Config \
             sent; `ruleParameters.profile` is `a b`; expected `cis`"
        );
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        let quoted = quote(&"\u{fc}".repeat(200));
        assert_eq!(quoted, format!("{}...", "\u{fc}".repeat(80)));
        assert_eq!(quote(&"x".repeat(80)), "x".repeat(80));
    }
}
