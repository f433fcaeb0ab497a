//! The patterns of a policy: text with `*`, `?` and policy variables.

use std::borrow::Cow;

use crate::context::{Context, ContextValue};
use crate::fit::Steps;
use crate::shape::Token;

/// Whether `${…}` is a variable ("IAM User Guide, IAM policy elements: Variables and tags": only in
/// version 2012-10-17; in an older one it is ordinary text).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variables {
    Supported,
    Literal,
}

/// Whether `*` and `?` are wildcards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wildcards {
    Supported,
    Literal,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Token(Token),
    /// A condition key in lower case, and the value if the request lacks it.
    Variable {
        key: String,
        default: Option<String>,
    },
    Malformed,
}

/// A value of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    parts: Vec<Part>,
    /// The whole pattern, if it has no variable.
    tokens: Option<Vec<Token>>,
}

/// The steps of a pattern, and of each of its variables, beside those of its characters.
const PATTERN_STEPS: u64 = 15;

/// A pattern with its variables replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resolved<'a> {
    Tokens(Cow<'a, [Token]>),
    /// A variable is missing from these requests: the pattern never matches.
    NoValue,
    Unknown,
}

impl Pattern {
    /// Reads a policy's value. Several `*` in a row are the same as one.
    pub(crate) fn parse(text: &str, variables: Variables, wildcards: Wildcards) -> Self {
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
            let token = match (first, wildcards) {
                ('*', Wildcards::Supported) => Token::AnyRun,
                ('?', Wildcards::Supported) => Token::AnyOne,
                (other, _) => Token::Literal(other),
            };
            if token != Token::AnyRun || parts.last() != Some(&Part::Token(Token::AnyRun)) {
                parts.push(Part::Token(token));
            }
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
        let plain = |part: &Part| if let Part::Token(token) = part { Some(*token) } else { None };
        let tokens = parts.iter().map(plain).collect();
        Self { parts, tokens }
    }

    /// The condition keys of the variables, in lower case.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable { key, .. } => Some(key.as_str()),
            Part::Token(_) | Part::Malformed => None,
        })
    }

    /// Replaces each variable by its value in the requests.
    ///
    /// "IAM User Guide, IAM policy elements: Variables and tags", *Policy variables with no value*
    /// and *Specifying default values*.
    pub(crate) fn resolve(&self, context: &Context, steps: &Steps) -> Resolved<'_> {
        steps.add(PATTERN_STEPS);
        if let Some(tokens) = &self.tokens {
            return Resolved::Tokens(Cow::Borrowed(tokens));
        }
        steps.add_each(&self.parts);
        let mut tokens = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            let (key, default) = match part {
                Part::Token(token) => {
                    tokens.push(*token);
                    continue;
                }
                Part::Malformed => return Resolved::Unknown,
                Part::Variable { key, default } => (key, default),
            };
            let text = match (context.value_of_lower(key), default) {
                (ContextValue::Known(values), _) => match values.as_slice() {
                    [value] if !value.contains(['*', '?']) => value,
                    _ => return Resolved::Unknown,
                },
                (ContextValue::Absent, Some(text)) => text,
                (ContextValue::Absent, None) => return Resolved::NoValue,
                _ => return Resolved::Unknown,
            };
            steps.add(PATTERN_STEPS);
            steps.add_each(text.as_bytes());
            tokens.extend(text.chars().map(Token::Literal));
        }
        Resolved::Tokens(Cow::Owned(tokens))
    }
}

fn variable(name: &str) -> Part {
    if let "*" | "?" | "$" = name {
        return name.chars().next().map_or(Part::Malformed, |one| Part::Token(Token::Literal(one)));
    }
    let pair = name.split_once(',');
    let (key, default) = pair.map_or((name, None), |(key, quoted)| (key, Some(quoted)));
    let text = |quoted: &str| {
        let text = quoted.trim().strip_prefix('\'')?.strip_suffix('\'')?;
        (!text.contains(['*', '?', '$'])).then(|| text.to_owned())
    };
    match (is_key(key), default, default.and_then(text)) {
        (true, None, _) => Part::Variable { key: key.to_ascii_lowercase(), default: None },
        (true, Some(_), Some(text)) => {
            Part::Variable { key: key.to_ascii_lowercase(), default: Some(text) }
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
    use super::{Pattern, Resolved, Variables, Wildcards};
    use crate::context::{Context, ContextValue};
    use crate::fit::Steps;
    use crate::shape::{Token, spelled};

    #[test]
    fn only_the_newer_version_has_variables() {
        let context = Context::default()
            .with("aws:SourceAccount", ContextValue::known("111122223333"))
            .with("aws:PrincipalTag/team", ContextValue::Absent);
        let check = |text: &str, variables: Variables, expected: &str| {
            let tokens = expected.chars().map(Token::Literal).collect();
            let pattern = Pattern::parse(text, variables, Wildcards::Supported);
            assert_eq!(
                pattern.resolve(&context, &Steps::default()),
                Resolved::Tokens(tokens),
                "{text}"
            );
        };
        check("a-${aws:sourceaccount}", Variables::Supported, "a-111122223333");
        check("a-${aws:SourceAccount}", Variables::Literal, "a-${aws:SourceAccount}");
        check("${*}${?}${$}", Variables::Supported, "*?$");
        check("${aws:PrincipalTag/team, 'all'}", Variables::Supported, "all");
        let is = |text: &str, expected: Resolved<'_>| {
            let pattern = Pattern::parse(text, Variables::Supported, Wildcards::Supported);
            assert_eq!(pattern.resolve(&context, &Steps::default()), expected, "{text}");
        };
        is("${aws:PrincipalTag/team}", Resolved::NoValue);
        is("${aws:userid}", Resolved::Unknown);
        is("${aws:SourceAccount", Resolved::Unknown);
        is("${}", Resolved::Unknown);
    }

    #[test]
    fn several_wildcards_in_a_row_are_the_same_as_one() {
        use Token::{AnyOne, AnyRun, Literal};
        let check = |wildcards: Wildcards, expected: &[Token]| {
            let pattern = Pattern::parse("**?***a*", Variables::Supported, wildcards);
            let context = Context::default();
            assert_eq!(
                pattern.resolve(&context, &Steps::default()),
                Resolved::Tokens(expected.to_vec().into())
            );
        };
        check(Wildcards::Supported, &[AnyRun, AnyOne, AnyRun, Literal('a'), AnyRun]);
        check(Wildcards::Literal, &['*', '*', '?', '*', '*', '*', 'a', '*'].map(Literal));
    }

    #[test]
    fn variables_must_be_names_of_condition_keys() {
        for name in
            ["", "team", "a b:c", "a:\tb", "a:$b", "a:{b", "a:'b", "a:*", "a:?", "'a:b'", ":x y"]
        {
            let known = Context::default().with(name, ContextValue::known("x"));
            let plain =
                Pattern::parse(&format!("${{{name}}}"), Variables::Supported, Wildcards::Supported);
            let found = plain.resolve(&known, &Steps::default());
            assert!(!matches!(found, Resolved::Tokens(found) if spelled(&found) == "x"));
            let absent = Context::default().with(name, ContextValue::Absent);
            let default = Pattern::parse(
                &format!("${{{name}, 'x'}}"),
                Variables::Supported,
                Wildcards::Supported,
            );
            assert_eq!(default.resolve(&absent, &Steps::default()), Resolved::Unknown, "`{name}`");
        }
    }

    #[test]
    fn wildcards_in_the_value_of_a_variable_are_in_doubt() {
        let check = |value: ContextValue, text: &str| {
            let context = Context::default().with("aws:userid", value.clone());
            let pattern = Pattern::parse(text, Variables::Supported, Wildcards::Supported);
            assert_eq!(
                pattern.resolve(&context, &Steps::default()),
                Resolved::Unknown,
                "{text} of {value:?}"
            );
        };
        check(ContextValue::known("a*"), "${aws:userid}");
        check(ContextValue::known("a?"), "${aws:userid}");
        check(ContextValue::Known(vec!["a".to_owned(), "b".to_owned()]), "${aws:userid}");
        for default in ["'a*'", "'a?'", "'a$'", "a", "'a", "a'"] {
            check(ContextValue::Absent, &format!("${{aws:userid, {default}}}"));
        }
    }
}
