//! A key policy, read.

use std::fmt;

use super::conditions::Condition;
use super::elements::{Listed, Principal, actions_match, principals_match, resources_match};
use super::matching::Match;
use super::pattern::Pattern;
use super::reading::read_statements;
use super::request::{Answer, Reply, Request};

/// Bytes of a key policy, at most ("AWS KMS Developer Guide, Creating a key policy", *Key policy
/// format*: 32,768 bytes). A longer text did not come from KMS.
pub const POLICY_BYTES_MAX: usize = 32_768;

/// The members that a statement may have, in the order in which AWS's documentation writes them
/// ("IAM User Guide, Grammar of the IAM JSON policy language").
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

/// Why a text cannot be read as a key policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The text is longer than any key policy.
    #[error("it has {bytes} bytes, and a key policy has at most {POLICY_BYTES_MAX}")]
    TooLong {
        /// The bytes of the text.
        bytes: usize,
    },
    /// The text is not JSON, or is nested too deep.
    #[error("it is not JSON: {message}")]
    NotJson {
        /// What the JSON reader said.
        message: String,
    },
    /// A part of the document is not of the form that a policy has.
    #[error("`{place}` is not {expected}")]
    Malformed {
        /// Where: a member, or a statement.
        place: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// The same member occurs twice, so either of them may be the one that counts.
    #[error("`{name}` occurs twice")]
    Repeated {
        /// The member.
        name: String,
    },
    /// A member that the policy language does not have.
    #[error("`{name}` is not a member of a policy")]
    UnknownMember {
        /// The member.
        name: String,
    },
}

/// What a statement does where it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It grants.
    Allow,
    /// It refuses, whatever grants.
    Deny,
}

/// A statement as people find it again: by its `Sid`, else by its place in the document.
///
/// It is shown as ``statement `Sid` `` or, counted from one, as `statement 3`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatementRef {
    index: usize,
    sid: Option<String>,
}

impl StatementRef {
    pub(super) fn new(index: usize, sid: Option<String>) -> Self {
        let sid = sid.filter(|sid| !sid.trim().is_empty());
        Self { index, sid }
    }

    /// The place of the statement in the document, counted from zero.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The statement's `Sid`, where it has one that is not blank.
    #[must_use]
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }
}

impl fmt::Display for StatementRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(sid) = &self.sid else {
            return write!(formatter, "statement {}", self.index + 1);
        };
        write!(formatter, "statement `{}`", quotable(sid))
    }
}

/// In one line, and without a backtick that would end the quotation.
pub(super) fn quotable(text: &str) -> String {
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
pub(super) struct Statement {
    pub(super) reference: StatementRef,
    pub(super) effect: Effect,
    pub(super) principals: Listed<Principal>,
    pub(super) actions: Listed<Option<Pattern>>,
    pub(super) resources: Listed<Option<Pattern>>,
    pub(super) conditions: Vec<Condition>,
    /// The required elements that are missing, so that the statement neither allows nor denies.
    pub(super) missing: Vec<&'static str>,
}

/// How the elements of one statement match the requests of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reach {
    pub(super) principal: Match,
    pub(super) action: Match,
    pub(super) resource: Match,
    /// The conditions that do not hold for certain, by their keys.
    pub(super) open_conditions: Vec<(String, Match)>,
}

impl Reach {
    /// How the statement matches.
    pub(super) fn whole(&self) -> Match {
        self.addressed()
            .and(self.resource)
            .and(Match::all(self.open_conditions.iter().map(|(_, holds)| *holds)))
    }

    /// The elements and condition keys that match so.
    pub(super) fn elements_at(&self, at: Match) -> impl Iterator<Item = &str> {
        let named =
            [("Principal", self.principal), ("Action", self.action), ("Resource", self.resource)];
        let conditions = self.open_conditions.iter().map(|(key, holds)| (key.as_str(), *holds));
        named.into_iter().chain(conditions).filter(move |(_, is)| *is == at).map(|(name, _)| name)
    }

    /// How the statement would match if it were for its principals and actions alone.
    pub(super) fn addressed(&self) -> Match {
        self.principal.and(self.action)
    }
}

impl Statement {
    /// Whether the principals and actions match, which does not depend on what the request carries.
    pub(super) fn addressed(&self, request: &Request) -> Match {
        let principal = principals_match(&self.principals, request);
        if principal == Match::Never {
            return principal;
        }
        principal.and(actions_match(&self.actions, request))
    }

    /// How the statement matches, given what [`Statement::addressed`] says: [`Reach::whole`] without
    /// the work for what cannot change it.
    pub(super) fn matches(&self, addressed: Match, request: &Request) -> Match {
        if addressed == Match::Never {
            return addressed;
        }
        let mut matches = addressed.and(resources_match(&self.resources, request));
        for condition in &self.conditions {
            if matches == Match::Never {
                break;
            }
            matches = matches.and(condition.holds(&request.context, self.effect));
        }
        matches
    }

    pub(super) fn reach(&self, request: &Request) -> Reach {
        let mut reach = Reach {
            principal: principals_match(&self.principals, request),
            action: Match::Never,
            resource: Match::Never,
            open_conditions: Vec::new(),
        };
        // A statement about others costs no comparison of its other elements.
        if reach.principal != Match::Never {
            reach.action = actions_match(&self.actions, request);
        }
        if reach.addressed() != Match::Never {
            reach.resource = resources_match(&self.resources, request);
            reach.open_conditions = self
                .conditions
                .iter()
                .map(|condition| {
                    let holds = condition.holds(&request.context, self.effect);
                    (condition.key.clone(), holds)
                })
                .filter(|(_, holds)| *holds != Match::Always)
                .collect();
        }
        reach
    }
}

/// A key policy that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyDocument {
    pub(super) statements: Vec<Statement>,
}

impl PolicyDocument {
    /// Reads a key policy.
    ///
    /// # Errors
    ///
    /// - the text is longer than [`POLICY_BYTES_MAX`], is not JSON, or is nested too deep
    /// - the document is no object, has a repeated member or one that is none of `Version`, `Id` and
    ///   `Statement`, has a `Version` other than 2008-10-17 and 2012-10-17, or has no `Statement`
    /// - a statement is no object, or its `Effect` is missing, repeated or neither `Allow` nor `Deny`
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let statements = read_statements(text)?;
        Ok(Self { statements })
    }

    /// The statements that have an effect.
    pub(super) fn statements_of(&self, effect: Effect) -> impl Iterator<Item = &Statement> {
        self.statements
            .iter()
            .filter(move |statement| statement.effect == effect && statement.missing.is_empty())
    }

    /// The Allow statements without an effect that would concern the request if they had what they
    /// lack.
    pub(super) fn ineffective(&self, request: &Request) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(|statement| {
            let is_missing = |name: &str| statement.missing.contains(&name);
            if statement.effect != Effect::Allow || statement.missing.is_empty() {
                return false;
            }
            let reach = statement.reach(request);
            let conditions = reach.open_conditions.iter().map(|(_, holds)| *holds);
            reach.principal != Match::Never
                && (is_missing("Action") || reach.action != Match::Never)
                && (is_missing("Resource") || reach.resource != Match::Never)
                && Match::all(conditions) != Match::Never
        })
    }

    /// Whether the policy allows the requests: a Deny beats every Allow, and what nothing allows is
    /// refused ("IAM User Guide, Policy evaluation logic").
    ///
    /// [`Answer::Yes`] means every request of the set, [`Answer::No`] none of them. Where the caller
    /// chooses ([`ContextValue::Chosen`](super::context::ContextValue::Chosen) and open values
    /// settled by the caller), [`Answer::Yes`] means that the caller can choose so that the request
    /// is allowed; that choices for different statements do not exclude each other is assumed.
    #[must_use]
    pub fn allows(&self, request: &Request) -> Reply {
        let reached = |effect: Effect, at: Match| -> Vec<StatementRef> {
            self.statements_of(effect)
                .filter(|statement| statement.reach(request).whole() == at)
                .map(|statement| statement.reference.clone())
                .collect()
        };
        let denying = reached(Effect::Deny, Match::Always);
        if !denying.is_empty() {
            return Reply::new(Answer::No, denying);
        }
        let allowing = reached(Effect::Allow, Match::Always);
        let maybe_denying = reached(Effect::Deny, Match::Sometimes);
        if !allowing.is_empty() && maybe_denying.is_empty() {
            return Reply::new(Answer::Yes, allowing);
        }
        let maybe_allowing = reached(Effect::Allow, Match::Sometimes);
        if allowing.is_empty() && maybe_allowing.is_empty() {
            return Reply::new(Answer::No, Vec::new());
        }
        if allowing.is_empty() {
            return Reply::new(Answer::Unknown, [maybe_allowing, maybe_denying].concat());
        }
        Reply::new(Answer::Unknown, maybe_denying)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::key_policy::context::ContextValue;
    use crate::key_policy::request::CallerSet;

    /// A statement that allows CloudTrail to encrypt; members of it can be replaced or taken away.
    fn statement(changes: &[(&str, Value)]) -> Value {
        let mut statement = json!({
            "Effect": "Allow",
            "Principal": { "Service": "cloudtrail.amazonaws.com" },
            "Action": "kms:GenerateDataKey",
            "Resource": "*",
        });
        let members = statement.as_object_mut().unwrap();
        for (name, value) in changes {
            if value.is_null() {
                members.remove(*name);
            } else {
                members.insert((*name).to_owned(), value.clone());
            }
        }
        statement
    }

    fn ask(statements: Value) -> Reply {
        let text = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        let trail = "arn:aws:cloudtrail:us-east-1:111122223333:trail/all";
        PolicyDocument::parse(&text).unwrap().allows(&Request {
            caller: CallerSet::Service("cloudtrail.amazonaws.com".to_owned()),
            action: "kms:GenerateDataKey".to_owned(),
            key_arn: None,
            context: super::super::context::Context::default()
                .with("aws:SourceArn", ContextValue::known(trail)),
        })
    }

    #[test]
    fn a_statement_is_found_again_by_its_place_and_its_sid() {
        let named = statement(&[("Sid", json!("trail"))]);
        let Reply { answer, deciding } =
            ask(json!([statement(&[("Sid", json!(" "))]), named, statement(&[])]));
        assert_eq!(answer, Answer::Yes);
        let found: Vec<_> = deciding.iter().map(|one| (one.index(), one.sid())).collect();
        assert_eq!(found, [(0, None), (1, Some("trail")), (2, None)]);
        let shown: Vec<_> = deciding.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["statement 1", "statement `trail`", "statement 3"]);
    }

    #[test]
    fn a_refusal_is_one_line_whatever_a_member_is_called() {
        let refusal = |text: &str| PolicyDocument::parse(text).unwrap_err().to_string();
        assert_eq!(refusal(r#"{"\n`t":[]}"#), "` 't` is not a member of a policy");
        assert_eq!(refusal(r#"{"a\rb":1,"a\rb":2}"#), "`a b` occurs twice");
        let named = json!({ "Statement": { "Sid": "a\n`b" } }).to_string();
        assert_eq!(refusal(&named), "`Effect of statement a 'b` is not `Allow` or `Deny`");
    }

    #[test]
    fn a_member_in_another_case_is_neither_taken_nor_ignored() {
        let other = json!({ "StringEquals": { "aws:SourceArn": "arn:aws:cloudtrail:x" } });
        assert_eq!(ask(statement(&[("Condition", other.clone())])).answer, Answer::No);
        assert_eq!(ask(statement(&[("condition", other)])).answer, Answer::Unknown);
        let action = [("Action", Value::Null), ("action", json!("kms:GenerateDataKey"))];
        assert_eq!(ask(statement(&action)).answer, Answer::Unknown);
        let action = [("Action", Value::Null), ("notAction", json!("kms:GenerateDataKey"))];
        assert_eq!(ask(statement(&action)).answer, Answer::Unknown);
        let principal = [("Principal", Value::Null), ("principal", json!("*"))];
        assert_eq!(ask(statement(&principal)).answer, Answer::Unknown);
    }

    #[test]
    fn a_policy_may_be_as_long_as_kms_says_and_no_longer() {
        let text = json!({ "Statement": [] }).to_string();
        let padded = |bytes: usize| format!("{text}{}", " ".repeat(bytes - text.len()));
        assert!(PolicyDocument::parse(&padded(POLICY_BYTES_MAX)).is_ok());
        for bytes in [POLICY_BYTES_MAX + 1, POLICY_BYTES_MAX * 2] {
            let refusal = PolicyDocument::parse(&padded(bytes)).unwrap_err();
            assert_eq!(refusal, PolicyError::TooLong { bytes });
        }
    }
}
