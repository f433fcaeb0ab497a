//! The patterns of a policy: text with `*`, `?` and policy variables.

use std::borrow::Cow;

use crate::context::{Context, ContextValue};
use crate::token::Token;

/// Whether `${…}` is a variable ("IAM User Guide, IAM policy elements: Variables and tags": only in
/// version 2012-10-17; in an older one it is ordinary text).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variables {
    Supported,
    Literal,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(char),
    AnyOne,
    AnyRun,
    Variable { key: String, default: Option<String> },
    Malformed,
}

/// A value of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    parts: Vec<Part>,
    /// The whole pattern, if it has no variable.
    tokens: Option<Vec<Token>>,
}

/// A pattern with its variables replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resolved<'a> {
    Tokens(Cow<'a, [Token]>),
    /// A variable is missing from these requests: the pattern never matches.
    NoValue,
    Unknown,
}

impl Pattern {
    /// Reads a policy's value.
    pub(crate) fn parse(text: &str, variables: Variables) -> Self {
        let mut parts = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if variables == Variables::Supported
                && let Some(inner) = rest.strip_prefix("${")
            {
                let Some((name, after)) = inner.split_once('}') else {
                    parts.push(Part::Malformed);
                    break;
                };
                parts.push(variable(name));
                rest = after;
                continue;
            }
            parts.push(match first {
                '*' => Part::AnyRun,
                '?' => Part::AnyOne,
                other => Part::Literal(other),
            });
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
        let tokens = parts.iter().map(plain_token).collect();
        Self { parts, tokens }
    }

    /// Replaces each variable by its value in the requests.
    ///
    /// "IAM User Guide, IAM policy elements: Variables and tags", *Policy variables with no value*
    /// and *Specifying default values*.
    pub(crate) fn resolve(&self, context: &Context) -> Resolved<'_> {
        if let Some(tokens) = &self.tokens {
            return Resolved::Tokens(Cow::Borrowed(tokens));
        }
        let mut tokens = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            match part {
                Part::Literal(_) | Part::AnyOne | Part::AnyRun => tokens.extend(plain_token(part)),
                Part::Malformed => return Resolved::Unknown,
                Part::Variable { key, default } => match (context.value(key), default) {
                    (ContextValue::Known(values), _) => match values.as_slice() {
                        [value] if !value.contains(['*', '?']) => {
                            tokens.extend(value.chars().map(Token::Literal));
                        }
                        _ => return Resolved::Unknown,
                    },
                    (ContextValue::Absent, Some(text)) => {
                        tokens.extend(text.chars().map(Token::Literal));
                    }
                    (ContextValue::Absent, None) => return Resolved::NoValue,
                    _ => return Resolved::Unknown,
                },
            }
        }
        Resolved::Tokens(Cow::Owned(tokens))
    }
}

/// The token of a part that is not a variable.
fn plain_token(part: &Part) -> Option<Token> {
    match part {
        Part::Literal(character) => Some(Token::Literal(*character)),
        Part::AnyOne => Some(Token::AnyOne),
        Part::AnyRun => Some(Token::AnyRun),
        Part::Variable { .. } | Part::Malformed => None,
    }
}

fn variable(name: &str) -> Part {
    match name {
        "*" => return Part::Literal('*'),
        "?" => return Part::Literal('?'),
        "$" => return Part::Literal('$'),
        _ => {}
    }
    match name.split_once(',') {
        None if is_key(name) => Part::Variable { key: name.to_owned(), default: None },
        Some((key, quoted)) if is_key(key) => {
            let default = quoted.trim().strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
            match default {
                Some(text) if !text.contains(['*', '?', '$']) => {
                    Part::Variable { key: key.to_owned(), default: Some(text.to_owned()) }
                }
                _ => Part::Malformed,
            }
        }
        _ => Part::Malformed,
    }
}

fn is_key(name: &str) -> bool {
    !name.is_empty()
        && name.contains(':')
        && !name.contains(|c: char| c.is_whitespace() || matches!(c, '$' | '{' | '\'' | '*' | '?'))
}

#[cfg(test)]
mod tests {
    use super::{Pattern, Resolved, Variables};
    use crate::context::{Context, ContextValue};
    use crate::token::spelled;

    #[test]
    fn only_the_newer_version_has_variables() {
        let context = Context::default()
            .with("aws:SourceAccount", ContextValue::known("111122223333"))
            .with("aws:PrincipalTag/team", ContextValue::Absent);
        let check = |text: &str, variables: Variables, expected: Option<&str>| {
            let pattern = Pattern::parse(text, variables);
            match (pattern.resolve(&context), expected) {
                (Resolved::Tokens(tokens), Some(text)) => assert_eq!(spelled(&tokens), text),
                (resolved, expected) => panic!("`{text}` gave {resolved:?}, not {expected:?}"),
            }
        };
        check("a-${aws:sourceaccount}", Variables::Supported, Some("a-111122223333"));
        check("a-${aws:SourceAccount}", Variables::Literal, Some("a-${aws:SourceAccount}"));
        check("${*}${?}${$}", Variables::Supported, Some("*?$"));
        check("${aws:PrincipalTag/team, 'all'}", Variables::Supported, Some("all"));
        let is = |text: &str, expected: Resolved<'_>| {
            let pattern = Pattern::parse(text, Variables::Supported);
            assert_eq!(pattern.resolve(&context), expected, "{text}");
        };
        is("${aws:PrincipalTag/team}", Resolved::NoValue);
        is("${aws:userid}", Resolved::Unknown);
        is("${aws:SourceAccount", Resolved::Unknown);
        is("${}", Resolved::Unknown);
    }
    #[test]
    fn variables_must_be_names_of_condition_keys() {
        for name in
            ["", "team", "a b:c", "a:\tb", "a:$b", "a:{b", "a:'b", "a:*", "a:?", "'a:b'", ":x y"]
        {
            let known = Context::default().with(name, ContextValue::known("x"));
            let plain = Pattern::parse(&format!("${{{name}}}"), Variables::Supported);
            assert!(
                !matches!(plain.resolve(&known), Resolved::Tokens(found) if spelled(&found) == "x")
            );
            let absent = Context::default().with(name, ContextValue::Absent);
            let default = Pattern::parse(&format!("${{{name}, 'x'}}"), Variables::Supported);
            assert_eq!(default.resolve(&absent), Resolved::Unknown, "`{name}`");
        }
    }

    #[test]
    fn wildcards_in_the_value_of_a_variable_are_in_doubt() {
        for value in ["a*", "a?"] {
            let context = Context::default().with("aws:userid", ContextValue::known(value));
            let pattern = Pattern::parse("${aws:userid}", Variables::Supported);
            assert_eq!(pattern.resolve(&context), Resolved::Unknown, "{value}");
        }
        let context = Context::default().with("aws:userid", ContextValue::Absent);
        for default in ["'a*'", "'a?'", "'a$'", "a", "'a", "a'"] {
            let text = format!("${{aws:userid, {default}}}");
            let pattern = Pattern::parse(&text, Variables::Supported);
            assert_eq!(pattern.resolve(&context), Resolved::Unknown, "{text}");
        }
        let several = ContextValue::Known(vec!["a".to_owned(), "b".to_owned()]);
        let context = Context::default().with("aws:userid", several);
        let pattern = Pattern::parse("${aws:userid}", Variables::Supported);
        assert_eq!(pattern.resolve(&context), Resolved::Unknown, "one of several values");
    }
}
