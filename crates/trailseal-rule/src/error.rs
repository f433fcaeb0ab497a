//! What is wrong with what we were given: all faults at once, each with its field.

use std::fmt;

use thiserror::Error;

/// Characters of a refused value that an error repeats.
const QUOTED_CHARS_MAX: usize = 80;

/// One thing that is wrong: where, and what was expected there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    field: String,
    message: String,
}

impl Fault {
    /// The field has no value, or a blank one, where it needs one.
    #[must_use]
    pub fn missing(field: impl Into<String>, expected: &str) -> Self {
        Self { field: field.into(), message: format!("is missing; expected {expected}") }
    }

    /// The field has a value that it cannot have.
    #[must_use]
    pub fn wrong(field: impl Into<String>, value: &str, expected: &str) -> Self {
        let quoted = quote(value);
        Self { field: field.into(), message: format!("is `{quoted}`; expected {expected}") }
    }

    /// Anything else that is wrong with the field; the message begins with a verb.
    #[must_use]
    pub fn other(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }

    /// The path of the field, such as `invokingEvent.configurationItem.resourceId`.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "`{}` {}", self.field, self.message)
    }
}

/// One fault or more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Every fault, in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }

    pub(crate) fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Removes the faults of other fields called `name` that say the same as the fault of `field`:
    /// the account, which an event repeats.
    pub(crate) fn drop_repeats(&mut self, field: &str, name: &str) {
        let Some(first) = self.0.iter().find(|fault| fault.field == field).cloned() else {
            return;
        };
        let is_called = |fault: &Fault| fault.field.rsplit('.').next() == Some(name);
        self.0
            .retain(|fault| *fault == first || fault.message != first.message || !is_called(fault));
    }

    /// Gives the value back if there was no fault and there is a value.
    ///
    /// Whoever leaves the value out has pushed a fault that says why; if not, this does.
    pub(crate) fn unless_any<T>(mut self, value: Option<T>) -> Result<T, Self> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            Some(_) => Err(self),
            None => {
                if self.0.is_empty() {
                    self.push(Fault::other("event", "lacks a needed value"));
                }
                Err(self)
            }
        }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            write!(out, "{}{fault}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

/// An event that this rule cannot answer: nothing was evaluated and nothing is reported.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the event cannot be used: {0}")]
pub struct EventError(pub Faults);

/// The value in one printable line, cut where it grows long.
pub(crate) fn quote(value: &str) -> String {
    let clean = |character: char| {
        if character.is_control() { ' ' } else { character }
    };
    let mut quoted: String = value.chars().take(QUOTED_CHARS_MAX).map(clean).collect();
    if value.chars().nth(QUOTED_CHARS_MAX).is_some() {
        quoted.push_str("...");
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

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
