//! Whether a statement's `Condition` holds for a set of requests.
//!
//! "IAM User Guide, IAM JSON policy elements: Condition operators" and "IAM User Guide,
//! Single-valued vs. multivalued context keys". All operators and all keys of a block have to hold;
//! of the values of one key, one has to match, or none with a negated operator. A missing key fails
//! a condition, passes a negated one, and passes `…IfExists` in any case.

mod pending;
#[cfg(test)]
mod tests;

use crate::address::lies_in;
use crate::context::{Context, ContextValue, Settled};
use crate::fit::{Fit, LetterCase, Steps, fit, fit_arn};
use crate::json::{Json, repeated_name};
use crate::matching::Match;
use crate::operator::{Missing, Operator, Polarity, Quantifier, Test};
use crate::pattern::{Pattern, Resolved, Variables};
use crate::request::Effect;
use crate::shape::{Shape, Token, spelled};

/// The steps of a condition beside those of its comparisons.
const CONDITION_STEPS: u64 = 30;

/// One operator applied to one key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condition {
    /// The key as the policy spells it; if the block is not understood, the part of it to blame.
    pub(crate) key: String,
    lower_key: String,
    test: Option<(Operator, Vec<Pattern>)>,
}

/// The result of a condition before an open choice is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tendency {
    Certain(Match),
    /// The caller can choose whether it holds.
    ByChoice,
    /// The caller can make it hold; it is not known whether the caller can make it fail.
    CanHold,
}

/// Reads a `Condition` element. A part that is not understood becomes a condition that sometimes
/// holds.
pub(crate) fn parse_conditions(json: &Json, variables: Variables) -> Vec<Condition> {
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
            lower_key: key.to_ascii_lowercase(),
            test: operator.and_then(|operator| {
                Some((operator, parse_values(values, variables, operator.test)?))
            }),
        })
        .collect()
}

/// The values of a key; `None` if AWS does not document what they mean: an empty list, a variable in
/// a value of an operator that has none, letters outside of ASCII whose case would not matter, or
/// different truth values ("IAM User Guide, Access Analyzer policy check reference", *Invalid
/// condition multiple Boolean*).
fn parse_values(values: &Json, variables: Variables, test: Test) -> Option<Vec<Pattern>> {
    let values = values.one_or_many()?;
    let first = values.first()?;
    let is_first = |value: &Option<String>| match (value, first) {
        (Some(value), Some(first)) => value.eq_ignore_ascii_case(first),
        (None, _) | (_, None) => false,
    };
    if matches!(test, Test::Bool | Test::Null) && !values.iter().all(is_first) {
        return None;
    }
    let parse = |text: String| {
        let has_variable = variables == Variables::Supported && text.contains("${");
        let is_clear = (test.takes_variables() || !has_variable)
            && (test != Test::EqualsIgnoreCase || text.is_ascii());
        is_clear.then(|| Pattern::parse(&text, variables, test.wildcards()))
    };
    values.into_iter().map(|value| value.and_then(parse)).collect()
}

impl Condition {
    /// A condition that sometimes holds, for every request.
    pub(crate) fn unclear(place: &str) -> Self {
        Self { key: place.to_owned(), lower_key: String::new(), test: None }
    }

    /// The condition keys that decide, in lower case: its own, and those of its variables.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let patterns = self.test.iter().flat_map(|(_, patterns)| patterns);
        patterns.flat_map(Pattern::variables).chain([self.lower_key.as_str()])
    }

    /// Whether the condition holds for the requests. A caller who can choose a value chooses one that
    /// gives access: an Allow matches, and a Deny does not.
    pub(crate) fn holds(&self, context: &Context, effect: Effect, steps: &Steps) -> Match {
        steps.add(CONDITION_STEPS);
        let Some((operator, patterns)) = &self.test else {
            return Match::Sometimes;
        };
        let comparison = Comparison { operator: *operator, patterns, context, steps };
        match comparison.tendency(context.value_of_lower(&self.lower_key)) {
            Tendency::Certain(holds) => holds,
            Tendency::ByChoice => Match::from(effect == Effect::Allow),
            Tendency::CanHold if effect == Effect::Allow => Match::Always,
            Tendency::CanHold => Match::Sometimes,
        }
    }
}

/// A condition to evaluate for requests with this context.
struct Comparison<'a> {
    operator: Operator,
    patterns: &'a [Pattern],
    context: &'a Context,
    steps: &'a Steps,
}

impl Comparison<'_> {
    fn tendency(&self, value: &ContextValue) -> Tendency {
        if self.operator.test == Test::Null {
            return self.null(value);
        }
        match value {
            ContextValue::Absent => Tendency::Certain(absent(self.operator)),
            ContextValue::Unknown => Tendency::Certain(Match::Sometimes),
            ContextValue::Chosen => Tendency::ByChoice,
            ContextValue::Known(values) => Tendency::Certain(self.known(values)),
            ContextValue::Includes(values) => Tendency::Certain(self.includes(values)),
            ContextValue::KnownOrAbsent(value) => {
                let present = self.known(std::slice::from_ref(value));
                let same = present == absent(self.operator);
                Tendency::Certain(if same { present } else { Match::Sometimes })
            }
            ContextValue::ChosenWith { needed, others } => self.chosen_with(needed, others),
            ContextValue::Open { shape, settled } => self.open(shape, *settled),
            ContextValue::Pending { text, shape } => Tendency::Certain(self.pending(text, shape)),
        }
    }

    /// `Null` is true of a missing key: *Condition operator to check existence of condition keys*.
    fn null(&self, value: &ContextValue) -> Tendency {
        let missing = match value {
            ContextValue::Absent => Tendency::Certain(Match::Always),
            ContextValue::Known(_)
            | ContextValue::Includes(_)
            | ContextValue::Pending { .. }
            | ContextValue::ChosenWith { .. } => Tendency::Certain(Match::Never),
            ContextValue::Unknown | ContextValue::KnownOrAbsent(_) => {
                Tendency::Certain(Match::Sometimes)
            }
            ContextValue::Chosen => Tendency::ByChoice,
            ContextValue::Open { settled: Settled::ByCaller, .. } => {
                Tendency::Certain(Match::Never)
            }
            ContextValue::Open { settled: Settled::ByNobody, .. } => {
                Tendency::Certain(Match::Sometimes)
            }
        };
        // All values are the same.
        match (self.patterns.first().and_then(|pattern| self.boolean(pattern)), missing) {
            (Some(true), missing) => missing,
            (Some(false), Tendency::Certain(missing)) => Tendency::Certain(!missing),
            (Some(false), Tendency::ByChoice | Tendency::CanHold) => Tendency::ByChoice,
            (None, _) => Tendency::Certain(Match::Sometimes),
        }
    }

    /// Whether the caller can add values so that the condition holds, and so that it fails.
    fn chosen_with(&self, needed: &str, others: &[&str]) -> Tendency {
        let needed = self.passes(needed);
        let others: Vec<Match> = others.iter().map(|value| self.passes(value)).collect();
        if needed == Match::Sometimes || others.contains(&Match::Sometimes) {
            return Tendency::Certain(Match::Sometimes);
        }
        let needed_passes = needed == Match::Always;
        let (can_hold, can_fail) = match self.operator.quantifier {
            Quantifier::ForAllValues => {
                (needed_passes, !needed_passes || others.contains(&Match::Never))
            }
            Quantifier::ForAnyValue => {
                (needed_passes || others.contains(&Match::Always), !needed_passes)
            }
            // What such an operator makes of several values is not documented; with one value it
            // is plain.
            Quantifier::Single if needed_passes => return Tendency::CanHold,
            Quantifier::Single => return Tendency::Certain(Match::Sometimes),
        };
        match (can_hold, can_fail) {
            (true, true) => Tendency::ByChoice,
            (can_hold, _) => Tendency::Certain(Match::from(can_hold)),
        }
    }

    fn known(&self, values: &[String]) -> Match {
        let mut passes = values.iter().map(|value| self.passes(value));
        match self.operator.quantifier {
            Quantifier::ForAllValues => Match::all(passes),
            Quantifier::ForAnyValue => Match::any(passes),
            Quantifier::Single => match (passes.next(), passes.next()) {
                (Some(only), None) => only,
                // A key with several values, or none, needs a set operator.
                _ => Match::Sometimes,
            },
        }
    }

    fn includes(&self, values: &[String]) -> Match {
        let passes = values.iter().map(|value| self.passes(value));
        match self.operator.quantifier {
            Quantifier::ForAllValues => Match::all(passes).and(Match::Sometimes),
            Quantifier::ForAnyValue => Match::any(passes).or(Match::Sometimes),
            Quantifier::Single => Match::Sometimes,
        }
    }

    fn open(&self, shape: &Shape, settled: Settled) -> Tendency {
        let present = match self.match_shape(shape) {
            Some(Fit { always: true, .. }) => Match::Always,
            Some(Fit { possible: false, .. }) => Match::Never,
            Some(_) if settled == Settled::ByCaller => return Tendency::ByChoice,
            Some(_) | None => Match::Sometimes,
        };
        let present = negate_if(self.operator.polarity, present);
        match settled {
            Settled::ByCaller => Tendency::Certain(present),
            Settled::ByNobody if present == absent(self.operator) => Tendency::Certain(present),
            Settled::ByNobody => Tendency::Certain(Match::Sometimes),
        }
    }

    /// Whether a value in the requests matches one of the policy's, or none with a negated
    /// operator.
    fn passes(&self, value: &str) -> Match {
        self.steps.add_each(value.as_bytes());
        let shape = Shape::text(value);
        let each = self.patterns.iter().map(|pattern| self.match_text(value, &shape, pattern));
        negate_if(self.operator.polarity, Match::any(each))
    }

    /// Whether a value in the requests matches this one of the policy's.
    fn match_text(&self, value: &str, shape: &Shape, pattern: &Pattern) -> Match {
        let tokens = match pattern.resolve(self.context, self.steps) {
            Resolved::Tokens(tokens) => tokens,
            Resolved::NoValue => return Match::Never,
            Resolved::Unknown => return Match::Sometimes,
        };
        let test = self.operator.test;
        let matches = match test {
            Test::Equals | Test::EqualsIgnoreCase | Test::Like | Test::Arn => {
                fit_text(test, &tokens, shape, self.steps).map(|fit| fit.always)
            }
            Test::Bool => parse_boolean(&self.spelled(&tokens))
                .zip(parse_boolean(value))
                .map(|(policy, request)| policy == request),
            Test::Address => lies_in(value, &self.spelled(&tokens)),
            Test::Number | Test::Opaque | Test::Null => None,
        };
        matches.map_or(Match::Sometimes, Match::from)
    }

    /// How the policy's values together fit a value that is not known in full.
    fn match_shape(&self, shape: &Shape) -> Option<Fit> {
        let mut together = Fit { always: false, possible: false };
        for pattern in self.patterns {
            let tokens = match pattern.resolve(self.context, self.steps) {
                Resolved::Tokens(tokens) => tokens,
                Resolved::NoValue => continue,
                Resolved::Unknown => return None,
            };
            let fit = fit_text(self.operator.test, &tokens, shape, self.steps)?;
            together.always |= fit.always;
            together.possible |= fit.possible;
        }
        Some(together)
    }

    fn spelled(&self, tokens: &[Token]) -> String {
        self.steps.add_each(tokens);
        spelled(tokens)
    }

    /// The truth value that a policy's value spells.
    fn boolean(&self, pattern: &Pattern) -> Option<bool> {
        match pattern.resolve(self.context, self.steps) {
            Resolved::Tokens(tokens) => parse_boolean(&self.spelled(&tokens)),
            Resolved::NoValue | Resolved::Unknown => None,
        }
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

fn negate_if(polarity: Polarity, matches: Match) -> Match {
    match polarity {
        Polarity::Matching => matches,
        Polarity::Negated => !matches,
    }
}

fn fit_text(test: Test, tokens: &[Token], shape: &Shape, steps: &Steps) -> Option<Fit> {
    match test {
        Test::Equals | Test::Like => Some(fit(tokens, shape, LetterCase::Sensitive, steps)),
        Test::EqualsIgnoreCase => Some(fit(tokens, shape, LetterCase::Ignored, steps)),
        Test::Arn => fit_arn(tokens, shape, steps),
        Test::Bool | Test::Number | Test::Address | Test::Opaque | Test::Null => None,
    }
}

fn parse_boolean(text: &str) -> Option<bool> {
    text.to_ascii_lowercase().parse().ok()
}
