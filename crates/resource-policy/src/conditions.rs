//! Whether a statement's `Condition` holds for a set of requests.
//!
//! "IAM User Guide, IAM JSON policy elements: Condition operators" and "IAM User Guide,
//! Single-valued vs. multivalued context keys". All operators and all keys of a block have to hold;
//! of the values of one key, one has to match, or none with a negated operator. A missing key fails
//! a condition, passes a negated one, and passes `…IfExists` in any case.

mod pending;

use crate::address::lies_in;
use crate::context::{Context, ContextValue, Settled};
use crate::json::{Json, repeated_name};
use crate::matching::Match;
use crate::operator::{Missing, Operator, Polarity, Quantifier, Test};
use crate::pattern::{Pattern, Resolved, Variables};
use crate::request::Effect;
use crate::shape::{Fit, LetterCase, Shape, Token, fit, fit_arn, literally, spelled};

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
            test: operator.zip(parse_values(values, variables)),
        })
        .collect()
}

fn parse_values(values: &Json, variables: Variables) -> Option<Vec<Pattern>> {
    let values = values.one_or_many()?;
    // AWS does not document the meaning of an empty list.
    if values.is_empty() {
        return None;
    }
    values.into_iter().map(|value| value.map(|text| Pattern::parse(&text, variables))).collect()
}

impl Condition {
    /// A condition that sometimes holds, for every request.
    pub(crate) fn unclear(place: &str) -> Self {
        Self { key: place.to_owned(), lower_key: String::new(), test: None }
    }

    /// Whether the condition holds for the requests. A caller who can choose a value chooses one that
    /// gives access: an Allow matches, and a Deny does not.
    pub(crate) fn holds(&self, context: &Context, effect: Effect) -> Match {
        let Some((operator, patterns)) = &self.test else {
            return Match::Sometimes;
        };
        let asked = Asked { operator: *operator, patterns, context };
        match asked.tendency(context.value_of_lower(&self.lower_key)) {
            Tendency::Certain(holds) => holds,
            Tendency::ByChoice => Match::from(effect == Effect::Allow),
            Tendency::CanHold if effect == Effect::Allow => Match::Always,
            Tendency::CanHold => Match::Sometimes,
        }
    }
}

/// A condition to evaluate for requests with this context.
struct Asked<'a> {
    operator: Operator,
    patterns: &'a [Pattern],
    context: &'a Context,
}

impl Asked<'_> {
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
        let asked: Option<Vec<bool>> = self.patterns.iter().map(|one| self.boolean(one)).collect();
        let Some(asked) = asked else { return Tendency::Certain(Match::Sometimes) };
        match (asked.contains(&true), asked.contains(&false), missing) {
            (true, false, missing) => missing,
            (false, true, Tendency::Certain(missing)) => Tendency::Certain(!missing),
            (false, true, Tendency::ByChoice | Tendency::CanHold) => Tendency::ByChoice,
            _ => Tendency::Certain(Match::Always),
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
        let each = self.patterns.iter().map(|pattern| self.match_text(value, pattern));
        negate_if(self.operator.polarity, Match::any(each))
    }

    /// Whether a value in the requests matches this one of the policy's.
    fn match_text(&self, value: &str, pattern: &Pattern) -> Match {
        let tokens = match pattern.resolve(self.context) {
            Resolved::Tokens(tokens) => tokens,
            Resolved::NoValue => return Match::Never,
            Resolved::Unknown => return Match::Sometimes,
        };
        let test = self.operator.test;
        let matches = match test {
            Test::Equals | Test::EqualsIgnoreCase | Test::Like | Test::Arn => {
                fit_text(test, &tokens, &Shape::text(value)).map(|fit| fit.always)
            }
            Test::Bool => parse_boolean(&spelled(&tokens))
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
    }

    /// How the policy's values together fit a value that is not known in full.
    fn match_shape(&self, shape: &Shape) -> Option<Fit> {
        let mut together = Fit { always: false, possible: false };
        for pattern in self.patterns {
            let tokens = match pattern.resolve(self.context) {
                Resolved::Tokens(tokens) => tokens,
                Resolved::NoValue => continue,
                Resolved::Unknown => return None,
            };
            let fit = fit_text(self.operator.test, &tokens, shape)?;
            together.always |= fit.always;
            together.possible |= fit.possible;
        }
        Some(together)
    }

    /// The truth value that a policy's value spells.
    fn boolean(&self, pattern: &Pattern) -> Option<bool> {
        match pattern.resolve(self.context) {
            Resolved::Tokens(tokens) => parse_boolean(&spelled(&tokens)),
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

fn fit_text(test: Test, tokens: &[Token], shape: &Shape) -> Option<Fit> {
    match test {
        Test::Equals => Some(fit(&literally(tokens), shape, LetterCase::Sensitive)),
        Test::EqualsIgnoreCase => Some(fit(&literally(tokens), shape, LetterCase::Ignored)),
        Test::Like => Some(fit(tokens, shape, LetterCase::Sensitive)),
        Test::Arn => fit_arn(tokens, shape),
        Test::Bool | Test::Number(_) | Test::Address | Test::Opaque | Test::Null => None,
    }
}

fn parse_boolean(text: &str) -> Option<bool> {
    text.to_ascii_lowercase().parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::parse_conditions;
    use crate::context::{Context, ContextValue, Settled};
    use crate::matching::Match::{self, Always, Never, Sometimes};
    use crate::pattern::Variables;
    use crate::request::Effect;
    use crate::shape::{Hole, Shape};

    fn holds(block: &str, context: &Context, effect: Effect) -> Match {
        let read = serde_json::from_str(block).unwrap();
        let conditions = parse_conditions(&read, Variables::Supported);
        assert_eq!(conditions.len(), 1, "{block}");
        conditions[0].holds(context, effect)
    }

    pub(super) fn check(value: &ContextValue, cases: &[(&str, serde_json::Value, Match)]) {
        let context = Context::default()
            .with("aws:Key", value.clone())
            .with("aws:Missing", ContextValue::Absent);
        for (operator, values, expected) in cases {
            let text = json!({ *operator: { "AWS:key": values } }).to_string();
            let found = holds(&text, &context, Effect::Allow);
            assert_eq!(found, *expected, "{text} of {value:?}");
        }
    }

    #[test]
    fn a_known_value_is_compared() {
        check(
            &ContextValue::known("7"),
            &[
                ("StringEquals", json!(["6", 7]), Always),
                ("StringNotEquals", json!(["6", "7"]), Never),
                ("StringNotEqualsIfExists", json!("6"), Always),
                ("NumericEquals", json!("7.0"), Always),
                ("NumericNotEquals", json!(7), Never),
                ("NumericLessThan", json!(7), Never),
                ("NumericLessThan", json!(8), Always),
                ("NumericLessThanEquals", json!(7), Always),
                ("NumericGreaterThan", json!(7), Never),
                ("NumericGreaterThan", json!(6), Always),
                ("NumericGreaterThanEquals", json!(7), Always),
                ("NumericGreaterThanEquals", json!("seven"), Sometimes),
                ("Null", json!(false), Always),
                ("Null", json!("true"), Never),
                ("Null", json!([true, false]), Always),
                ("Null", json!(["true", true]), Never),
                ("Null", json!(["false", "False"]), Always),
                ("Null", json!([false, "FALSE"]), Always),
                ("Null", json!("perhaps"), Sometimes),
                ("Bool", json!("true"), Sometimes),
                ("DateEquals", json!("7"), Sometimes),
                ("BinaryEquals", json!("Nw=="), Sometimes),
                ("StringEquals", json!({"x": 1}), Sometimes),
                ("ForAnyValue:StringEquals", json!("7"), Always),
            ],
        );
        check(&ContextValue::known("2001:db8::1"), &[("IpAddress", json!("::/0"), Always)]);
        check(&ContextValue::known("TRUE"), &[("Bool", json!(true), Always)]);
    }

    #[test]
    fn a_caller_who_must_send_one_value_may_add_others() {
        let value = ContextValue::ChosenWith { needed: "a", others: &["b", "c"] };
        let context = Context::default().with("aws:Key", value);
        for (operator, values, allow, deny) in [
            ("ForAllValues:StringEquals", json!("a"), Always, Never),
            ("ForAllValues:StringEquals", json!(["a", "b", "c"]), Always, Always),
            ("ForAllValues:StringEquals", json!(["b", "c"]), Never, Never),
            ("ForAllValues:StringEquals", json!(["a", "${aws:x}"]), Sometimes, Sometimes),
            ("ForAnyValue:StringEquals", json!("a"), Always, Always),
            ("ForAnyValue:StringEquals", json!("b"), Always, Never),
            ("ForAnyValue:StringEquals", json!("x"), Never, Never),
            ("StringEquals", json!("a"), Always, Sometimes),
            ("StringEquals", json!("b"), Sometimes, Sometimes),
        ] {
            let text = json!({ operator: { "aws:Key": values } }).to_string();
            assert_eq!(holds(&text, &context, Effect::Allow), allow, "{text}");
            assert_eq!(holds(&text, &context, Effect::Deny), deny, "{text}");
        }
    }

    #[test]
    fn a_missing_key_fails_an_operator_and_passes_a_negated_one() {
        check(
            &ContextValue::Absent,
            &[
                ("StringEquals", json!("*"), Never),
                ("StringNotLike", json!("*"), Always),
                ("DateLessThan", json!("2030-01-01"), Never),
                ("DateNotEquals", json!("2030-01-01"), Always),
                ("NotIpAddress", json!("::/0"), Always),
                ("DateLessThanIfExists", json!("2030-01-01"), Always),
                ("ForAllValues:StringLike", json!("a"), Always),
                ("ForAnyValue:StringLike", json!("*"), Never),
                ("ForAllValues:StringNotLike", json!("a"), Sometimes),
                ("ForAnyValue:StringNotLike", json!("a"), Sometimes),
                ("ForAnyValue:StringLikeIfExists", json!("a"), Always),
                ("Null", json!("true"), Always),
                ("Null", json!("false"), Never),
            ],
        );
    }

    #[test]
    fn several_values_need_a_set_operator() {
        let several = |operator: &'static str, values, known, includes| {
            let two = vec!["a".to_owned(), "b".to_owned()];
            check(&ContextValue::Known(two.clone()), &[(operator, json!(values), known)]);
            check(&ContextValue::Includes(two), &[(operator, json!(values), includes)]);
        };
        several("StringEquals", vec!["a"], Sometimes, Sometimes);
        several("ForAllValues:StringEquals", vec!["a", "b"], Always, Sometimes);
        several("ForAllValues:StringEquals", vec!["a"], Never, Never);
        several("ForAnyValue:StringEquals", vec!["a"], Always, Always);
        several("ForAnyValue:StringEquals", vec!["c"], Never, Sometimes);
        several("ForAllValues:StringNotEquals", vec!["a"], Never, Never);
        several("ForAllValues:StringNotEquals", vec!["c"], Always, Sometimes);
        several("ForAnyValue:StringNotEquals", vec!["a"], Always, Always);
        several("Null", vec!["false"], Always, Always);
    }

    #[test]
    fn the_unknown_part_of_a_value_depends_on_who_chooses_it() {
        let open = |operator: &'static str, values, by_caller, by_nobody| {
            for (settled, expected) in
                [(Settled::ByCaller, by_caller), (Settled::ByNobody, by_nobody)]
            {
                let shape = Shape::text("") + Hole::Unnamed;
                let value = ContextValue::Open { shape, settled };
                check(&value, &[(operator, json!(values), expected)]);
            }
        };
        open("StringEquals", vec!["111122223333"], Never, Never);
        open("StringNotEquals", vec!["111122223333"], Always, Always);
        open("StringLike", vec!["x", "*"], Always, Sometimes);
        open("StringLike", vec!["1*"], Always, Sometimes);
        open("StringNotLike", vec!["*"], Never, Sometimes);
        open("StringEquals", vec!["${aws:userid}"], Sometimes, Sometimes);
        open("StringEqualsIfExists", vec!["111122223333"], Never, Sometimes);
        open("StringEquals", vec!["${aws:Missing}"], Never, Never);
        open("Bool", vec!["true"], Sometimes, Sometimes);
        open("Null", vec!["false"], Always, Sometimes);
    }

    #[test]
    fn a_repeated_condition_holds_sometimes() {
        for text in [
            r#"{"StringEquals": {"aws:Key": "x", "AWS:KEY": "y"}}"#,
            r#"{"StringEquals": {"aws:Key": "x"}, "stringequals": {"aws:Key": "y"}}"#,
        ] {
            assert_eq!(holds(text, &Context::default(), Effect::Allow), Sometimes, "{text}");
        }
    }

    #[test]
    fn a_variable_without_a_value_equals_nothing() {
        check(&ContextValue::known("a"), &[("StringEquals", json!(["${aws:Key}"]), Always)]);
        let context = Context::default()
            .with("aws:Key", ContextValue::known("a"))
            .with("aws:Other", ContextValue::Absent);
        for (operator, expected) in [("StringEquals", Never), ("StringNotEquals", Always)] {
            let text = json!({ operator: { "aws:Key": "${aws:Other}" } }).to_string();
            assert_eq!(holds(&text, &context, Effect::Allow), expected, "{operator}");
        }
    }

    #[test]
    fn the_caller_chooses_values_that_match_an_allow_and_avoid_a_deny() {
        let context = Context::default().with("aws:Key", ContextValue::Chosen);
        for text in [r#"{"StringEquals": {"aws:Key": "x"}}"#, r#"{"Null": {"aws:Key": "false"}}"#] {
            assert_eq!(holds(text, &context, Effect::Allow), Always);
            assert_eq!(holds(text, &context, Effect::Deny), Never);
        }
    }
}
