//! One statement of a policy, and how it matches a set of requests.

use std::fmt;

use crate::conditions::Condition;
use crate::context::Context;
use crate::elements::{Listed, Principal};
use crate::fit::Steps;
use crate::matching::Match;
use crate::pattern::Pattern;
use crate::request::{CallerSet, Effect, Request};

/// The members of a statement, in the order of AWS's documentation ("IAM User Guide, Grammar of the
/// IAM JSON policy language").
pub const STATEMENT_MEMBERS: [&str; 9] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

/// The name of a statement: its `Sid`, or its position in the document.
///
/// It is displayed as ``statement `Sid` `` or, counted from one, as `statement 3`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatementRef {
    index: usize,
    sid: Option<String>,
}

impl StatementRef {
    pub(crate) fn new(index: usize, sid: Option<String>) -> Self {
        let sid = sid.filter(|sid| !sid.trim().is_empty());
        Self { index, sid }
    }

    /// The steps of copying or comparing the characters of the name.
    pub fn steps(&self) -> u64 {
        let bytes = self.sid.as_ref().map_or(0, String::len);
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    /// The names in one line.
    pub fn listed(references: &[Self]) -> String {
        references.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for StatementRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.sid {
            Some(sid) => write!(formatter, "statement `{}`", quotable(sid)),
            None => write!(formatter, "statement {}", self.index + 1),
        }
    }
}

/// The text in one line, without a backtick that would end the quotation.
pub(crate) fn quotable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '`' => '\'',
            other if other.is_control() => ' ',
            other => other,
        })
        .collect()
}

/// The steps of comparing a principal.
const PRINCIPAL_STEPS: u64 = 3;

/// One statement of a policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Its name in messages.
    pub reference: StatementRef,
    /// Whether it allows or denies.
    pub effect: Effect,
    /// The principals that it names.
    pub principals: Listed<Principal>,
    pub(crate) actions: Listed<Option<Pattern>>,
    pub(crate) resources: Listed<Option<Pattern>>,
    pub(crate) conditions: Vec<Condition>,
    /// The required elements that are missing, so that the statement has no effect.
    pub(crate) missing: Vec<&'static str>,
    /// Whether `NotAction` and `NotResource` may have no effect.
    pub(crate) requires_plain_elements: bool,
}

/// How each element of a statement matches a set of requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ElementMatches<'a> {
    principal: Match,
    action: Match,
    resource: Match,
    /// The conditions that do not always hold, by their keys.
    conditions: Vec<(&'a str, Match)>,
}

impl ElementMatches<'_> {
    /// How the whole statement matches.
    pub(crate) fn whole(&self) -> Match {
        let conditions = Match::all(self.conditions.iter().map(|(_, holds)| *holds));
        self.caller_and_action().and(self.resource).and(conditions)
    }

    /// How the principals and actions alone match.
    pub(crate) fn caller_and_action(&self) -> Match {
        self.principal.and(self.action)
    }

    /// The names of the elements and condition keys with this result.
    pub(crate) fn names_with(&self, result: Match) -> impl Iterator<Item = &str> {
        let elements =
            [("Principal", self.principal), ("Action", self.action), ("Resource", self.resource)];
        let conditions = self.conditions.iter().map(|(key, holds)| (*key, *holds));
        elements
            .into_iter()
            .chain(conditions)
            .filter(move |(_, found)| *found == result)
            .map(|(name, _)| name)
    }
}

impl Statement {
    /// Whether the statement has conditions.
    pub fn is_conditional(&self) -> bool {
        !self.conditions.is_empty()
    }

    /// How the principals match. Of an Allow with `NotPrincipal` the most is assumed: those whom it
    /// does not name match, and those whom it names may.
    pub fn matches_caller(&self, caller: &CallerSet, steps: &Steps) -> Match {
        steps.add(self.principals.steps(PRINCIPAL_STEPS));
        let matches = self.principals.matches(|principal| principal.matches(caller));
        let least = if self.has_unsupported_principals() { Match::Sometimes } else { Match::Never };
        matches.or(least)
    }

    /// `NotPrincipal` "must be used with `"Effect":"Deny"`. Using it with `"Effect":"Allow"` is not
    /// supported" ("IAM User Guide, AWS JSON policy elements: `NotPrincipal`"), so whom such an Allow
    /// admits is not known.
    fn has_unsupported_principals(&self) -> bool {
        matches!((self.effect, &self.principals), (Effect::Allow, Listed::Except(_)))
    }

    /// How the actions match.
    pub fn matches_action(&self, action: &str, steps: &Steps) -> Match {
        // An action has no variables.
        self.actions.matches_action(action, &Context::default(), steps)
    }

    /// The condition keys, in lower case, whose values decide whether the statement matches.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let of_resources = match &self.resources {
            Listed::Only(patterns) | Listed::Except(patterns) => patterns.as_slice(),
            Listed::Unclear => &[],
        };
        let of_resources = of_resources.iter().flatten().flat_map(Pattern::variables);
        self.conditions.iter().flat_map(Condition::keys).chain(of_resources)
    }

    /// How the actions and resources match, if the principals and conditions do.
    pub fn matches_operation(&self, request: &Request) -> Match {
        let steps = Steps::default();
        self.matches_action(&request.action, &steps).and(self.matches_resource(request, &steps))
    }

    /// The most that is certain of an element: where the service requires the plain form, it is not
    /// documented that the negated one has an effect.
    fn at_most<T>(&self, element: &Listed<T>) -> Match {
        let is_plain = !matches!(element, Listed::Except(_));
        if is_plain || !self.requires_plain_elements { Match::Always } else { Match::Sometimes }
    }

    /// How the statement matches, given how [its principals](Self::matches_caller) and
    /// [its actions](Self::matches_action) do. Elements that cannot change the result are not
    /// compared. Of an Allow with `NotAction` or `NotResource` the most is assumed, of a Deny not.
    pub fn matches(&self, caller_and_action: Match, request: &Request, steps: &Steps) -> Match {
        if caller_and_action == Match::Never {
            return caller_and_action;
        }
        let mut matches = caller_and_action.and(self.matches_resource(request, steps));
        if self.effect == Effect::Deny {
            matches = matches.and(self.at_most(&self.actions)).and(self.at_most(&self.resources));
        }
        for condition in &self.conditions {
            if matches == Match::Never {
                break;
            }
            matches = matches.and(condition.holds(&request.context, self.effect, steps));
        }
        matches
    }

    /// The elements and condition keys that match only sometimes.
    pub fn elements_in_doubt(&self, request: &Request, steps: &Steps) -> Vec<String> {
        self.element_matches(request, steps)
            .names_with(Match::Sometimes)
            .map(str::to_owned)
            .collect()
    }

    pub(crate) fn element_matches(&self, request: &Request, steps: &Steps) -> ElementMatches<'_> {
        let most = if self.has_unsupported_principals() { Match::Sometimes } else { Match::Always };
        let mut matches = ElementMatches {
            principal: self.matches_caller(&request.caller, steps).and(most),
            action: Match::Never,
            resource: Match::Never,
            conditions: Vec::new(),
        };
        // For a statement about other callers, the other elements need no comparison.
        if matches.principal != Match::Never {
            matches.action =
                self.matches_action(&request.action, steps).and(self.at_most(&self.actions));
        }
        if matches.caller_and_action() != Match::Never {
            matches.resource =
                self.matches_resource(request, steps).and(self.at_most(&self.resources));
            matches.conditions = self
                .conditions
                .iter()
                .map(|condition| {
                    let holds = condition.holds(&request.context, self.effect, steps);
                    (condition.key.as_str(), holds)
                })
                .filter(|(_, holds)| *holds != Match::Always)
                .collect();
        }
        matches
    }

    fn matches_resource(&self, request: &Request, steps: &Steps) -> Match {
        self.resources.matches_resource(request.resource.as_ref(), &request.context, steps)
    }
}

#[cfg(test)]
mod tests {
    use super::StatementRef;

    #[test]
    fn every_byte_of_a_name_is_a_step() {
        assert_eq!(StatementRef::new(0, Some("Bücher".to_owned())).steps(), 7);
        assert_eq!(StatementRef::new(0, None).steps(), 0);
    }
}
