//! A policy and its decisions.

use std::collections::HashSet;

use crate::fit::Steps;
use crate::matching::Match;
use crate::parse::{PolicyError, PolicyFormat, read_statements};
use crate::request::{Effect, Request};
use crate::statement::{ElementMatches, Statement, StatementRef};

/// A parsed policy.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyDocument {
    statements: Vec<Statement>,
}

/// Whether a policy allows a set of requests, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whether all of the requests are allowed, none, or some; *sometimes* also if it is not known
    /// which.
    pub allowed: Match,
    /// Why.
    pub reason: Reason,
    /// The statements that decide.
    pub statements: Vec<StatementRef>,
    /// The elements of these statements that exclude the requests or are in doubt: condition keys as
    /// the policy spells them, `Principal`, `Action` or `Resource`; each once.
    pub elements: Vec<String>,
    /// Those of the deciding statements that are Deny statements.
    pub denying: Vec<StatementRef>,
    /// Whether an Allow always matches, regardless of Deny statements.
    pub is_granted: bool,
}

/// Why a policy allows a set of requests, or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Always: the deciding statements allow it, and no statement can deny it.
    Allowed,
    /// Never: the deciding statements deny it.
    Denied,
    /// Never: no statement allows this caller the operation.
    NotGranted,
    /// Never: the deciding statements would allow it, but have no effect, because they lack the
    /// elements.
    Ineffective,
    /// Never: the deciding statements allow this caller the operation, but not these requests,
    /// because of the elements.
    GrantedForOthers,
    /// Sometimes: the elements of the deciding statements may or may not match.
    Undecided,
}

impl PolicyDocument {
    /// Reads a policy.
    ///
    /// # Errors
    ///
    /// - the text is longer than the format allows, is not JSON, or is nested too deep
    /// - the document is not an object, has a repeated member or one other than `Version`, `Id` and
    ///   `Statement`, has a `Version` other than 2008-10-17 and 2012-10-17, or has no `Statement`
    /// - a statement is not an object, or its `Effect` is missing, repeated or neither `Allow` nor
    ///   `Deny`
    pub fn parse(text: &str, format: PolicyFormat) -> Result<Self, PolicyError> {
        let statements = read_statements(text, format)?;
        Ok(Self { statements })
    }

    /// The statements that have an effect, in the order of the document.
    pub fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(|statement| statement.missing.is_empty())
    }

    /// Whether the policy allows the requests. A Deny overrides every Allow, and a request that no
    /// statement allows is denied ("IAM User Guide, Policy evaluation logic").
    ///
    /// If the caller chooses a value ([`ContextValue::Chosen`](crate::ContextValue::Chosen) and
    /// [`Settled::ByCaller`](crate::Settled::ByCaller)), [`Match::Always`] means that the caller can
    /// choose a value with which the request is allowed. It is assumed that choices for different
    /// statements do not exclude each other.
    pub fn decide(&self, request: &Request) -> Decision {
        let statements = Matched(
            self.statements()
                .map(|one| (one, one.element_matches(request, &Steps::default())))
                .collect(),
        );
        let denying = statements.with(Effect::Deny, Match::Always);
        let allowing = statements.with(Effect::Allow, Match::Always);
        let decision = Decision {
            allowed: Match::Never,
            reason: Reason::NotGranted,
            statements: Vec::new(),
            elements: Vec::new(),
            denying: Vec::new(),
            is_granted: !allowing.is_empty(),
        };
        if !denying.is_empty() {
            let statements = denying.clone();
            return Decision { reason: Reason::Denied, statements, denying, ..decision };
        }
        let denying = statements.with(Effect::Deny, Match::Sometimes);
        if !allowing.is_empty() && denying.is_empty() {
            let (allowed, reason) = (Match::Always, Reason::Allowed);
            return Decision { allowed, reason, statements: allowing, ..decision };
        }
        let mut doubtful = Vec::new();
        if allowing.is_empty() {
            doubtful = statements.with(Effect::Allow, Match::Sometimes);
            if doubtful.is_empty() {
                return self.not_granted(request, &statements, decision);
            }
        }
        doubtful.extend(denying.iter().cloned());
        Decision {
            allowed: Match::Sometimes,
            reason: Reason::Undecided,
            elements: statements.elements_with(Match::Sometimes, &doubtful),
            statements: doubtful,
            denying,
            ..decision
        }
    }

    fn not_granted(
        &self,
        request: &Request,
        statements: &Matched<'_>,
        decision: Decision,
    ) -> Decision {
        let ineffective = self.statements.iter().filter(|statement| {
            statement.effect == Effect::Allow
                && !statement.missing.is_empty()
                && statement.element_matches(request, &Steps::default()).whole() != Match::Never
        });
        let ineffective: Vec<&Statement> = ineffective.collect();
        if let Some(first) = ineffective.first() {
            // Only those that lack the same elements: one fix must suit all of them.
            let alike = ineffective.iter().filter(|one| one.missing == first.missing);
            return Decision {
                reason: Reason::Ineffective,
                statements: alike.map(|one| one.reference.clone()).collect(),
                elements: first.missing.iter().map(|&element| element.to_owned()).collect(),
                ..decision
            };
        }
        let near = statements.0.iter().filter(|(statement, matches)| {
            statement.effect == Effect::Allow && matches.caller_and_action() != Match::Never
        });
        let near: Vec<StatementRef> = near.map(|(one, _)| one.reference.clone()).collect();
        if near.is_empty() {
            return decision;
        }
        Decision {
            reason: Reason::GrantedForOthers,
            elements: statements.elements_with(Match::Never, &near),
            statements: near,
            ..decision
        }
    }
}

/// The statements of a policy that have an effect, with how they match a request.
struct Matched<'a>(Vec<(&'a Statement, ElementMatches<'a>)>);

impl Matched<'_> {
    fn with(&self, effect: Effect, result: Match) -> Vec<StatementRef> {
        self.0
            .iter()
            .filter(|(one, matches)| one.effect == effect && matches.whole() == result)
            .map(|(one, _)| one.reference.clone())
            .collect()
    }

    /// The names of the elements of these statements that match so.
    fn elements_with(&self, result: Match, of: &[StatementRef]) -> Vec<String> {
        let statements = self.0.iter().filter(|(one, _)| of.contains(&one.reference));
        each_once(statements.flat_map(|(_, matches)| matches.names_with(result)))
    }
}

fn each_once<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen = HashSet::new();
    names.filter(|name| seen.insert(*name)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::context::{Context, ContextValue};
    use crate::request::CallerSet;

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

    const FORMAT: PolicyFormat = PolicyFormat { bytes_max: 32_768, requires_plain_elements: true };

    fn parse(text: &str) -> Result<PolicyDocument, PolicyError> {
        PolicyDocument::parse(text, FORMAT)
    }

    fn decide(statements: Value) -> Decision {
        let text = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        let trail = "arn:aws:cloudtrail:us-east-1:111122223333:trail/all";
        parse(&text).unwrap().decide(&Request {
            caller: CallerSet::Service("cloudtrail.amazonaws.com".to_owned()),
            action: "kms:GenerateDataKey".to_owned(),
            resource: None,
            context: Context::default().with("aws:SourceArn", ContextValue::known(trail)),
        })
    }

    #[test]
    fn statements_are_referenced_by_sid_or_position() {
        let named = statement(&[("Sid", json!("trail"))]);
        let decision = decide(json!([statement(&[("Sid", json!(" "))]), named, statement(&[])]));
        assert_eq!(decision.allowed, Match::Always);
        let statements = decision.statements;
        let shown: Vec<_> = statements.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["statement 1", "statement `trail`", "statement 3"]);
    }

    #[test]
    fn errors_have_one_line_for_any_member_name() {
        let refusal = |text: &str| parse(text).unwrap_err().to_string();
        assert_eq!(refusal(r#"{"\n`t":[]}"#), "` 't` is not a member of a policy");
        assert_eq!(refusal(r#"{"a\rb":1,"a\rb":2}"#), "`a b` occurs twice");
        let named = json!({ "Statement": { "Sid": "a\n`b" } }).to_string();
        assert_eq!(refusal(&named), "`Effect of statement a 'b` is not `Allow` or `Deny`");
    }

    #[test]
    fn members_in_another_letter_case_are_in_doubt() {
        let other = json!({ "StringEquals": { "aws:SourceArn": "arn:aws:cloudtrail:x" } });
        let without = |member: &'static str, other: &'static str, value: Value| {
            statement(&[(member, Value::Null), (other, value)])
        };
        let action = || json!("kms:GenerateDataKey");
        for (statement, expected) in [
            (statement(&[("Condition", other.clone())]), Match::Never),
            (statement(&[("condition", other)]), Match::Sometimes),
            (without("Action", "action", action()), Match::Sometimes),
            (without("Action", "notAction", action()), Match::Sometimes),
            (without("Principal", "principal", json!("*")), Match::Sometimes),
        ] {
            assert_eq!(decide(statement.clone()).allowed, expected, "{statement}");
        }
    }

    #[test]
    fn a_doubtful_deny_is_not_a_grant_without_effect() {
        let doubtful = ("condition", json!({}));
        let decision = decide(json!([statement(&[("Effect", json!("Deny")), doubtful])]));
        assert_eq!((decision.allowed, decision.reason), (Match::Never, Reason::NotGranted));
    }

    #[test]
    fn the_format_limits_the_length_of_a_policy() {
        let text = json!({ "Statement": [] }).to_string();
        let padded = |bytes: usize| format!("{text}{}", " ".repeat(bytes - text.len()));
        let bytes_max = FORMAT.bytes_max;
        assert!(parse(&padded(bytes_max)).is_ok());
        for bytes in [bytes_max + 1, bytes_max * 2] {
            let error = parse(&padded(bytes)).unwrap_err();
            let expected = format!("it has {bytes} bytes, and a policy has at most {bytes_max}");
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn the_format_says_whether_incomplete_statements_have_an_effect() {
        let policy = json!({ "Statement": statement(&[("Resource", Value::Null)]) }).to_string();
        for requires_plain_elements in [true, false] {
            let format = PolicyFormat { requires_plain_elements, ..FORMAT };
            let policy = PolicyDocument::parse(&policy, format).unwrap();
            let expected = usize::from(!requires_plain_elements);
            assert_eq!(policy.statements().count(), expected);
        }
    }
}
