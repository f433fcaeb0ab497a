//! Whether a statement's `Condition` holds for a set of requests.
//!
//! "IAM User Guide, IAM JSON policy elements: Condition operators" and "IAM User Guide,
//! Single-valued vs. multivalued context keys". All operators and all keys of a block have to hold;
//! of the values of one key, one has to match, or none with a negated operator. A missing key fails
//! a condition, passes a negated one, and passes `…IfExists` in any case.

use super::address::lies_in;
use super::context::{Context, ContextValue, OpenValue, Settled};
use super::document::Effect;
use super::json::{Json, repeated_name};
use super::matching::Match;
use super::operator::{Missing, Operator, Polarity, Quantifier, Test};
use super::pattern::{Pattern, Resolved, Token, Variables, literally, spelled};
use super::shape::{Case, Fit, Shape, fit, fit_arn};

/// One operator applied to one key.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Condition {
    /// The key as the policy spells it, or what stands in its place where the block is not
    /// understood.
    pub(super) key: String,
    test: Option<(Operator, Vec<Pattern>)>,
}

/// What a condition comes to before it is settled who decides what is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tendency {
    Certain(Match),
    /// The caller can make it hold and can make it fail.
    ByChoice,
}

/// Reads a `Condition` element. What is not understood becomes a condition that may hold.
pub(super) fn parse_conditions(json: &Json, variables: Variables) -> Vec<Condition> {
    let Json::Object(operators) = json else {
        return vec![Condition::unclear("Condition")];
    };
    if let Some(name) = repeated_name(operators) {
        return vec![Condition::unclear(name)];
    }
    operators.iter().flat_map(|(name, keys)| parse_operator(name, keys, variables)).collect()
}

fn parse_operator(name: &str, keys: &Json, variables: Variables) -> Vec<Condition> {
    let Json::Object(keys) = keys else {
        return vec![Condition::unclear(name)];
    };
    if let Some(key) = repeated_name(keys) {
        return vec![Condition::unclear(key)];
    }
    let operator = Operator::parse(name);
    keys.iter()
        .map(|(key, values)| Condition {
            key: key.clone(),
            test: operator.zip(parse_values(values, variables)),
        })
        .collect()
}

fn parse_values(values: &Json, variables: Variables) -> Option<Vec<Pattern>> {
    let values = values.one_or_many()?;
    // What an empty list means is nowhere said.
    if values.is_empty() {
        return None;
    }
    values.into_iter().map(|value| value.map(|text| Pattern::parse(&text, variables))).collect()
}

impl Condition {
    /// A condition that may hold, whatever the request.
    pub(super) fn unclear(place: &str) -> Self {
        Self { key: place.to_owned(), test: None }
    }

    /// Whether the condition holds for the requests. What the caller may choose is chosen to reach
    /// the key: so that an Allow matches, and so that a Deny does not.
    pub(super) fn holds(&self, context: &Context, effect: Effect) -> Match {
        let Some((operator, patterns)) = &self.test else {
            return Match::Sometimes;
        };
        match tendency(*operator, context.value(&self.key), patterns, context) {
            Tendency::Certain(holds) => holds,
            Tendency::ByChoice => Match::from(effect == Effect::Allow),
        }
    }
}

fn tendency(
    operator: Operator,
    value: &ContextValue,
    patterns: &[Pattern],
    context: &Context,
) -> Tendency {
    if operator.test == Test::Null {
        return null(value, patterns, context);
    }
    match value {
        ContextValue::Absent => Tendency::Certain(absent(operator)),
        ContextValue::Unknown => Tendency::Certain(Match::Sometimes),
        ContextValue::Chosen => Tendency::ByChoice,
        ContextValue::Known(values) => {
            Tendency::Certain(known(operator, values, patterns, context))
        }
        ContextValue::Includes(values) => {
            Tendency::Certain(includes(operator, values, patterns, context))
        }
        ContextValue::Open(value) => open(operator, value, patterns, context),
    }
}

/// A key that is in none of the requests.
///
/// Of a negated operator with a set operator the guide says both that it passes, because it is
/// negated, and that it does not, because `ForAnyValue` finds no value; so nothing is certain.
fn absent(operator: Operator) -> Match {
    if operator.missing == Missing::Holds {
        return Match::Always;
    }
    match (operator.quantifier, operator.polarity) {
        (Quantifier::Single, polarity) => Match::from(polarity == Polarity::Negated),
        (Quantifier::ForAllValues, Polarity::Matching) => Match::Always,
        (Quantifier::ForAnyValue, Polarity::Matching) => Match::Never,
        (Quantifier::ForAllValues | Quantifier::ForAnyValue, Polarity::Negated) => Match::Sometimes,
    }
}

/// `Null` is true of a missing key: *Condition operator to check existence of condition keys*.
fn null(value: &ContextValue, patterns: &[Pattern], context: &Context) -> Tendency {
    let missing = match value {
        ContextValue::Absent => Tendency::Certain(Match::Always),
        ContextValue::Known(_) | ContextValue::Includes(_) => Tendency::Certain(Match::Never),
        ContextValue::Unknown => Tendency::Certain(Match::Sometimes),
        ContextValue::Chosen => Tendency::ByChoice,
        ContextValue::Open(open) => Tendency::Certain(match open.settled {
            Settled::ByCaller => Match::Never,
            Settled::ByNobody => Match::Sometimes,
        }),
    };
    let mut asked: Vec<bool> = Vec::new();
    for pattern in patterns {
        match boolean(pattern, context) {
            Some(value) if asked.contains(&value) => {}
            Some(value) => asked.push(value),
            None => return Tendency::Certain(Match::Sometimes),
        }
    }
    match (asked.as_slice(), missing) {
        ([true], missing) => missing,
        ([false], Tendency::Certain(missing)) => Tendency::Certain(!missing),
        ([false], Tendency::ByChoice) => Tendency::ByChoice,
        _ => Tendency::Certain(Match::Always),
    }
}

fn known(operator: Operator, values: &[String], patterns: &[Pattern], context: &Context) -> Match {
    let mut passes = values.iter().map(|value| {
        let matches = match_text(operator.test, value, patterns, context);
        negate_if(operator.polarity, matches)
    });
    match operator.quantifier {
        Quantifier::ForAllValues => Match::all(passes),
        Quantifier::ForAnyValue => Match::any(passes),
        Quantifier::Single => match (passes.next(), passes.next()) {
            (Some(only), None) => only,
            // A key with several values, or none, needs a set operator.
            _ => Match::Sometimes,
        },
    }
}

fn includes(
    operator: Operator,
    values: &[String],
    patterns: &[Pattern],
    context: &Context,
) -> Match {
    let passes = values.iter().map(|value| {
        let matches = match_text(operator.test, value, patterns, context);
        negate_if(operator.polarity, matches)
    });
    match operator.quantifier {
        Quantifier::ForAllValues => Match::all(passes).and(Match::Sometimes),
        Quantifier::ForAnyValue => Match::any(passes).or(Match::Sometimes),
        Quantifier::Single => Match::Sometimes,
    }
}

fn open(
    operator: Operator,
    value: &OpenValue,
    patterns: &[Pattern],
    context: &Context,
) -> Tendency {
    let present = match match_shape(operator.test, &value.shape, patterns, context) {
        Some(Fit { always: true, .. }) => Match::Always,
        Some(Fit { possible: false, .. }) => Match::Never,
        Some(_) if value.settled == Settled::ByCaller => return Tendency::ByChoice,
        Some(_) | None => Match::Sometimes,
    };
    let present = negate_if(operator.polarity, present);
    match value.settled {
        Settled::ByCaller => Tendency::Certain(present),
        Settled::ByNobody if present == absent(operator) => Tendency::Certain(present),
        Settled::ByNobody => Tendency::Certain(Match::Sometimes),
    }
}

fn negate_if(polarity: Polarity, matches: Match) -> Match {
    match polarity {
        Polarity::Matching => matches,
        Polarity::Negated => !matches,
    }
}

/// Whether a value in the requests matches one of the policy's.
fn match_text(test: Test, value: &str, patterns: &[Pattern], context: &Context) -> Match {
    Match::any(patterns.iter().map(|pattern| {
        let tokens = match pattern.resolve(context) {
            Resolved::Tokens(tokens) => tokens,
            Resolved::NoValue => return Match::Never,
            Resolved::Unknown => return Match::Sometimes,
        };
        let matches = match test {
            Test::Equals | Test::EqualsIgnoreCase | Test::Like | Test::Arn => {
                fit_text(test, &tokens, &Shape::text(value)).map(|fit| fit.always)
            }
            Test::Bool => boolean(pattern, context)
                .zip(parse_boolean(value))
                .map(|(policy, request)| policy == request),
            Test::Number(order) => value
                .parse()
                .ok()
                .zip(spelled(&tokens).parse().ok())
                .map(|(request, policy)| order.holds(request, policy)),
            Test::Address => lies_in(value, &spelled(&tokens)),
            Test::Opaque | Test::Null => None,
        };
        matches.map_or(Match::Sometimes, Match::from)
    }))
}

/// How the policy's values together fit a value that is not known in full.
fn match_shape(test: Test, shape: &Shape, patterns: &[Pattern], context: &Context) -> Option<Fit> {
    let mut together = Fit { always: false, possible: false };
    for pattern in patterns {
        let tokens = match pattern.resolve(context) {
            Resolved::Tokens(tokens) => tokens,
            Resolved::NoValue => continue,
            Resolved::Unknown => return None,
        };
        let fit = fit_text(test, &tokens, shape)?;
        together.always |= fit.always;
        together.possible |= fit.possible;
    }
    Some(together)
}

fn fit_text(test: Test, tokens: &[Token], shape: &Shape) -> Option<Fit> {
    match test {
        Test::Equals => Some(fit(&literally(tokens), shape, Case::Sensitive)),
        Test::EqualsIgnoreCase => Some(fit(&literally(tokens), shape, Case::Ignored)),
        Test::Like => Some(fit(tokens, shape, Case::Sensitive)),
        Test::Arn => fit_arn(tokens, shape, Case::Sensitive),
        Test::Bool | Test::Number(_) | Test::Address | Test::Opaque | Test::Null => None,
    }
}

/// The truth value that a policy's value spells. Variables have no place in it.
fn boolean(pattern: &Pattern, context: &Context) -> Option<bool> {
    match pattern.resolve(context) {
        Resolved::Tokens(tokens) => parse_boolean(&spelled(&tokens)),
        Resolved::NoValue | Resolved::Unknown => None,
    }
}

fn parse_boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}
