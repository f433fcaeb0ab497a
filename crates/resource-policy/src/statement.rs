//! One statement of a policy, and how it matches a set of requests.

use std::fmt;

use crate::conditions::Condition;
use crate::elements::{Listed, Principal};
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
}

/// How each element of a statement matches a set of requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ElementMatches {
    principal: Match,
    action: Match,
    resource: Match,
    /// The conditions that do not always hold, by their keys.
    conditions: Vec<(String, Match)>,
}

impl ElementMatches {
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
        let conditions = self.conditions.iter().map(|(key, holds)| (key.as_str(), *holds));
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

    /// How the principals match.
    pub fn matches_caller(&self, caller: &CallerSet) -> Match {
        self.principals.matches(|principal| principal.matches(caller))
    }

    /// How the principals and actions match, which does not depend on the context.
    pub fn matches_caller_and_action(&self, request: &Request) -> Match {
        let principal = self.matches_caller(&request.caller);
        if principal == Match::Never {
            return principal;
        }
        principal.and(self.actions.matches_action(&request.action, &request.context))
    }

    /// How the actions and resources match, if the principals and conditions do.
    pub fn matches_operation(&self, request: &Request) -> Match {
        let action = self.actions.matches_action(&request.action, &request.context);
        action.and(self.matches_resource(request))
    }

    /// How the statement matches, given the result of [`Statement::matches_caller_and_action`].
    /// Elements that cannot change the result are not compared.
    pub fn matches(&self, caller_and_action: Match, request: &Request) -> Match {
        if caller_and_action == Match::Never {
            return caller_and_action;
        }
        let mut matches = caller_and_action.and(self.matches_resource(request));
        for condition in &self.conditions {
            if matches == Match::Never {
                break;
            }
            matches = matches.and(condition.holds(&request.context, self.effect));
        }
        matches
    }

    /// The elements and condition keys that match only sometimes.
    pub fn elements_in_doubt(&self, request: &Request) -> Vec<String> {
        self.element_matches(request).names_with(Match::Sometimes).map(str::to_owned).collect()
    }

    pub(crate) fn element_matches(&self, request: &Request) -> ElementMatches {
        let mut matches = ElementMatches {
            principal: self.matches_caller(&request.caller),
            action: Match::Never,
            resource: Match::Never,
            conditions: Vec::new(),
        };
        // For a statement about other callers, the other elements need no comparison.
        if matches.principal != Match::Never {
            matches.action = self.actions.matches_action(&request.action, &request.context);
        }
        if matches.caller_and_action() != Match::Never {
            matches.resource = self.matches_resource(request);
            matches.conditions = self
                .conditions
                .iter()
                .map(|condition| {
                    (condition.key.clone(), condition.holds(&request.context, self.effect))
                })
                .filter(|(_, holds)| *holds != Match::Always)
                .collect();
        }
        matches
    }

    fn matches_resource(&self, request: &Request) -> Match {
        self.resources.matches_resource(request.resource.as_ref(), &request.context)
    }
}
