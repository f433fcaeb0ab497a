//! The names of condition operators.
//!
//! "IAM User Guide, IAM JSON policy elements: Condition operators"; set operators in "IAM User
//! Guide, Single-valued vs. multivalued context keys". The guide does not say that letter case is
//! ignored, so a name in another case is not known.

use crate::pattern::Wildcards;

/// The parts of a condition operator's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operator {
    pub(crate) test: Test,
    pub(crate) polarity: Polarity,
    pub(crate) quantifier: Quantifier,
    pub(crate) missing: Missing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Test {
    /// The whole text.
    Equals,
    /// The whole text, letter case aside.
    EqualsIgnoreCase,
    /// Text with `*` and `?`.
    Like,
    /// The six parts of an ARN, each with `*` and `?`; `ArnEquals` and `ArnLike` are the same.
    Arn,
    Bool,
    /// Numbers, which are not compared: the crate does not know which keys have numbers, and IAM
    /// Access Analyzer reports a numeric operator on a string key as a type mismatch.
    Number,
    Address,
    /// Dates and binary values, which are not compared: the crate has no clock.
    Opaque,
    /// Whether the key is missing.
    Null,
}

/// Whether a value must match, or must not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Polarity {
    Matching,
    Negated,
}

/// How many values of a key must pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantifier {
    /// The key has one value.
    Single,
    ForAllValues,
    ForAnyValue,
}

/// What a missing key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The operator decides.
    AsUsual,
    /// `…IfExists`: the condition holds.
    Holds,
}

impl Operator {
    /// Parses an operator's name; `None` for an unknown name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (quantifier, rest) = if let Some(rest) = name.strip_prefix("ForAllValues:") {
            (Quantifier::ForAllValues, rest)
        } else if let Some(rest) = name.strip_prefix("ForAnyValue:") {
            (Quantifier::ForAnyValue, rest)
        } else {
            (Quantifier::Single, name)
        };
        let (missing, base) = match rest.strip_suffix("IfExists") {
            Some(base) => (Missing::Holds, base),
            None => (Missing::AsUsual, rest),
        };
        let (test, polarity) = test_of(base)?;
        // `Null` asks whether the key is there, so it takes neither.
        if test == Test::Null && (missing, quantifier) != (Missing::AsUsual, Quantifier::Single) {
            return None;
        }
        Some(Self { test, polarity, quantifier, missing })
    }
}

impl Test {
    /// Whether `*` and `?` in a policy's value are wildcards.
    pub(crate) fn wildcards(self) -> Wildcards {
        match self {
            Self::Like | Self::Arn => Wildcards::Supported,
            Self::Equals
            | Self::EqualsIgnoreCase
            | Self::Bool
            | Self::Number
            | Self::Address
            | Self::Opaque
            | Self::Null => Wildcards::Literal,
        }
    }

    /// Whether a policy's value can have variables: "You can't use a policy variable with other
    /// operators, such as Numeric, Date, Boolean, Binary, IP Address, or Null operators" ("IAM User
    /// Guide, IAM policy elements: Variables and tags").
    pub(crate) fn takes_variables(self) -> bool {
        match self {
            Self::Equals | Self::EqualsIgnoreCase | Self::Like | Self::Arn => true,
            Self::Bool | Self::Number | Self::Address | Self::Opaque | Self::Null => false,
        }
    }
}

fn test_of(base: &str) -> Option<(Test, Polarity)> {
    use Polarity::{Matching, Negated};
    Some(match base {
        "StringEquals" => (Test::Equals, Matching),
        "StringNotEquals" => (Test::Equals, Negated),
        "StringEqualsIgnoreCase" => (Test::EqualsIgnoreCase, Matching),
        "StringNotEqualsIgnoreCase" => (Test::EqualsIgnoreCase, Negated),
        "StringLike" => (Test::Like, Matching),
        "StringNotLike" => (Test::Like, Negated),
        "ArnEquals" | "ArnLike" => (Test::Arn, Matching),
        "ArnNotEquals" | "ArnNotLike" => (Test::Arn, Negated),
        "Bool" => (Test::Bool, Matching),
        "Null" => (Test::Null, Matching),
        "NumericEquals"
        | "NumericLessThan"
        | "NumericLessThanEquals"
        | "NumericGreaterThan"
        | "NumericGreaterThanEquals" => (Test::Number, Matching),
        "NumericNotEquals" => (Test::Number, Negated),
        "IpAddress" => (Test::Address, Matching),
        "NotIpAddress" => (Test::Address, Negated),
        "DateNotEquals" => (Test::Opaque, Negated),
        "DateEquals"
        | "DateLessThan"
        | "DateLessThanEquals"
        | "DateGreaterThan"
        | "DateGreaterThanEquals"
        | "BinaryEquals" => (Test::Opaque, Matching),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Missing, Operator, Polarity, Quantifier, Test};

    #[test]
    fn a_name_has_a_quantifier_an_operator_and_a_suffix() {
        let (test, polarity, missing) = (Test::Like, Polarity::Negated, Missing::Holds);
        let some = Operator { test, polarity, quantifier: Quantifier::ForAnyValue, missing };
        assert_eq!(Operator::parse("ForAnyValue:StringNotLikeIfExists"), Some(some));
        let (test, polarity, missing) = (Test::Arn, Polarity::Matching, Missing::AsUsual);
        let all = Operator { test, polarity, quantifier: Quantifier::ForAllValues, missing };
        assert_eq!(Operator::parse("ForAllValues:ArnEquals"), Some(all));
    }

    #[test]
    fn unknown_names_are_not_operators() {
        for name in [
            "",
            "IfExists",
            "StringEqual",
            "StringMatches",
            "ForSomeValues:StringEquals",
            "ForAnyValue:",
            "NullIfExists",
            "ForAnyValue:Null",
            "StringEqualsIfExistsIfExists",
            " StringEquals",
            "stringEquals",
            "STRINGEQUALS",
            "foranyvalue:StringEquals",
            "StringEqualsifexists",
        ] {
            assert_eq!(Operator::parse(name), None, "{name}");
        }
    }

    #[test]
    fn every_documented_name_is_known() {
        use Polarity::{Matching, Negated};
        for (names, test, polarity) in [
            ("StringEquals", Test::Equals, Matching),
            ("StringNotEquals", Test::Equals, Negated),
            ("StringEqualsIgnoreCase", Test::EqualsIgnoreCase, Matching),
            ("StringNotEqualsIgnoreCase", Test::EqualsIgnoreCase, Negated),
            ("StringLike", Test::Like, Matching),
            ("StringNotLike", Test::Like, Negated),
            ("ArnEquals ArnLike", Test::Arn, Matching),
            ("ArnNotEquals ArnNotLike", Test::Arn, Negated),
            ("Bool", Test::Bool, Matching),
            ("Null", Test::Null, Matching),
            ("NumericEquals", Test::Number, Matching),
            ("NumericNotEquals", Test::Number, Negated),
            ("NumericLessThan", Test::Number, Matching),
            ("NumericLessThanEquals", Test::Number, Matching),
            ("NumericGreaterThan", Test::Number, Matching),
            ("NumericGreaterThanEquals", Test::Number, Matching),
            ("IpAddress", Test::Address, Matching),
            ("NotIpAddress", Test::Address, Negated),
            ("DateEquals DateLessThan DateLessThanEquals", Test::Opaque, Matching),
            ("DateGreaterThan DateGreaterThanEquals BinaryEquals", Test::Opaque, Matching),
            ("DateNotEquals", Test::Opaque, Negated),
        ] {
            for name in names.split(' ') {
                let operator = Operator::parse(name).map(|found| (found.test, found.polarity));
                assert_eq!(operator, Some((test, polarity)), "{name}");
            }
        }
    }
}
