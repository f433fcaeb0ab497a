//! The principals, actions and resources of a statement.

use crate::context::Context;
use crate::fit::{LetterCase, Steps, fit};
use crate::json::{Json, repeated_name};
use crate::matching::Match;
use crate::pattern::{Pattern, Resolved, Variables, Wildcards};
use crate::request::CallerSet;
use crate::shape::{Shape, Token, is_ascii, spelled};

/// An element that is a list, plain (`Principal`) or negated (`NotPrincipal`).
#[derive(Debug, Clone, PartialEq)]
pub enum Listed<T> {
    /// Only these match.
    Only(Vec<T>),
    /// All but these match.
    Except(Vec<T>),
    /// The element is not understood: it matches sometimes.
    Unclear,
}

impl<T> Listed<T> {
    pub(crate) fn matches(&self, entry_matches: impl Fn(&T) -> Match) -> Match {
        match self {
            Self::Only(entries) => Match::any(entries.iter().map(entry_matches)),
            Self::Except(entries) => !Match::any(entries.iter().map(entry_matches)),
            Self::Unclear => Match::Sometimes,
        }
    }

    /// The steps of comparing all entries, given the steps of one.
    pub(crate) fn steps(&self, of_each: u64) -> u64 {
        let entries = match self {
            Self::Only(entries) | Self::Except(entries) => entries.len(),
            Self::Unclear => 0,
        };
        u64::try_from(entries).unwrap_or(u64::MAX).saturating_mul(of_each)
    }
}

/// One entry of `Principal` or `NotPrincipal` ("IAM User Guide, AWS JSON policy elements:
/// Principal").
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// `"*"` or `{"AWS": "*"}`, which the guide calls equivalent. This includes services: the default
    /// policies of Amazon SNS topics and Amazon SQS queues admit services by the second form, with a
    /// condition on the source.
    Everyone,
    /// An account, a user, a role, a session, the ID of a deleted one, or a canonical user; never a
    /// service. An account stands for its users and roles.
    Named(String),
    /// A service, by its service principal.
    Service(String),
    /// A federated principal. The guide defines its meaning for role trust policies only, so it may
    /// match any caller except a service.
    Federated,
    /// Not understood, or a wildcard within a name, which the guide does not allow.
    Unclear,
}

/// Reads `Principal` or `NotPrincipal`.
pub(crate) fn parse_principals(json: &Json) -> Option<Vec<Principal>> {
    if *json == Json::Text("*".to_owned()) {
        return Some(vec![Principal::Everyone]);
    }
    let Json::Object(members) = json else {
        return None;
    };
    if repeated_name(members).is_some() {
        return None;
    }
    let mut principals = Vec::new();
    for (kind, names) in members {
        for name in names.one_or_many()? {
            principals.push(name.map_or(Principal::Unclear, |name| parse_principal(kind, &name)));
        }
    }
    Some(principals)
}

fn parse_principal(kind: &str, name: &str) -> Principal {
    let has_wildcard = name.is_empty() || name.contains(['*', '?', '$']);
    match kind {
        "AWS" if name == "*" => Principal::Everyone,
        "AWS" | "CanonicalUser" if !has_wildcard => Principal::Named(name.to_owned()),
        "Service" if !has_wildcard => Principal::Service(name.to_owned()),
        "Federated" => Principal::Federated,
        _ => Principal::Unclear,
    }
}

impl Principal {
    pub(crate) fn matches(&self, caller: &CallerSet) -> Match {
        match (self, caller) {
            (Self::Everyone, _) => Match::Always,
            (Self::Named(named), CallerSet::Principal(arn)) => same_principal(named, arn),
            (Self::Service(named), CallerSet::Service(service)) => same_service(named, service),
            (
                Self::Named(_),
                CallerSet::Service(_) | CallerSet::AnyService | CallerSet::Stranger,
            )
            | (
                Self::Service(_),
                CallerSet::AnyService | CallerSet::Stranger | CallerSet::Principal(_),
            ) => Match::Never,
            (Self::Federated, CallerSet::Service(_) | CallerSet::AnyService) => Match::Never,
            (Self::Federated, CallerSet::Stranger | CallerSet::Principal(_)) => Match::Sometimes,
            (Self::Unclear, _) => Match::Sometimes,
        }
    }
}

/// Whether a service principal in a policy names this service.
///
/// A service in an opt-in Region calls other Regions under a name that contains its own Region ("IAM
/// User Guide, AWS JSON policy elements: Principal", *AWS service principals in opt-in Regions*), so
/// such a name may match. So may a name in another letter case: the guide writes service principals
/// in lower case and does not say whether case is ignored.
pub fn same_service(named: &str, service: &str) -> Match {
    if named == service {
        return Match::Always;
    }
    if first_label(named).eq_ignore_ascii_case(first_label(service)) {
        return Match::Sometimes;
    }
    Match::Never
}

fn first_label(name: &str) -> &str {
    name.split_once('.').map_or(name, |(first, _)| first)
}

/// An account, by its ID or its root, delegates the decision to IAM ("AWS KMS Developer Guide,
/// Default key policy"), whose policies are not known here. A session belongs to a role. If the
/// caller is an account, each of its users and roles is a part of it.
fn same_principal(named: &str, arn: &str) -> Match {
    let stands_for_many = arn.ends_with(":root");
    if named == arn && !stands_for_many {
        return Match::Always;
    }
    let account = |text: &str| match text.split(':').nth(4) {
        Some(account) if !account.is_empty() => account.to_owned(),
        _ => text.to_owned(),
    };
    let names_account = named.ends_with(":root") || !named.contains(':');
    let names_session = named.contains(":assumed-role/");
    Match::Sometimes.and(Match::from(
        account(named) == account(arn) && (names_account || names_session || stands_for_many),
    ))
}

/// Reads `Action`, `NotAction`, `Resource` or `NotResource`. An entry is `None` if it is not text or
/// is blank, whose meaning KMS does not document, or if it has a variable before its fifth colon:
/// "You can't use a variable to replace parts of the ARN before the fifth colon" ("IAM User Guide,
/// IAM policy elements: Variables and tags").
pub(crate) fn parse_patterns(json: &Json, variables: Variables) -> Option<Vec<Option<Pattern>>> {
    let entries = match json {
        Json::Text(_) => std::slice::from_ref(json),
        Json::List(items) => items.as_slice(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::OtherNumber | Json::Object(_) => {
            return None;
        }
    };
    let pattern = |entry: &Json| {
        let Json::Text(text) = entry else { return None };
        let is_clear = variables == Variables::Literal || !has_early_variable(text);
        (is_clear && !text.trim().is_empty())
            .then(|| Pattern::parse(text, variables, Wildcards::Supported))
    };
    Some(entries.iter().map(pattern).collect())
}

/// Whether a variable begins before the fifth colon.
fn has_early_variable(text: &str) -> bool {
    text.split_once("${").is_some_and(|(before, _)| before.matches(':').count() < 5)
}

impl Listed<Option<Pattern>> {
    /// Which operations a statement is about; their names are compared without regard to letter case
    /// ("IAM User Guide, IAM JSON policy elements: Action"). The name of no operation has characters
    /// outside of ASCII, and what AWS makes of a pattern with them is not documented. Nor is what it
    /// makes of wildcards in the name of the service: an action "consists of a service namespace, a
    /// colon, and the name of an action. Action names can include wildcards" ("IAM User Guide, Grammar
    /// of the IAM JSON policy language").
    pub(crate) fn matches_action(&self, action: &str, context: &Context, steps: &Steps) -> Match {
        let action = Shape::text(action);
        self.matches(|pattern| {
            resolved(pattern.as_ref(), context, steps, |tokens| {
                if tokens == [Token::AnyRun] {
                    return Match::Always;
                }
                steps.add_each(tokens);
                if !is_ascii(tokens) {
                    return Match::Sometimes;
                }
                let fits = fit(tokens, &action, LetterCase::Ignored, steps).always;
                Match::from(fits).and(certain_if(segment(tokens, 0).is_some()))
            })
        })
    }

    /// Which resources a statement is about; in a key policy `*` means the key that carries it ("AWS
    /// KMS Developer Guide, Key policies in AWS KMS").
    ///
    /// A `*` that is the last character of a segment "can expand to match beyond the colon
    /// boundaries" ("IAM User Guide, IAM JSON policy elements: Resource"). The guide does not say so
    /// of one within a segment: if such a one would have to, the resource is in doubt. So it is if
    /// the pattern is not an ARN or has a wildcard in its service: "You can't use a wildcard in the
    /// service segment that identifies the AWS product" (the same page).
    pub(crate) fn matches_resource(
        &self,
        resource: Option<&Shape>,
        context: &Context,
        steps: &Steps,
    ) -> Match {
        self.matches(|pattern| {
            resolved(pattern.as_ref(), context, steps, |tokens| {
                if tokens == [Token::AnyRun] {
                    return Match::Always;
                }
                let Some(resource) = resource else {
                    return Match::Sometimes;
                };
                steps.add_each(tokens);
                if fit(&within_segments(tokens), resource, LetterCase::Sensitive, steps).always {
                    return certain_if(names_service(tokens));
                }
                let expanded = fit(tokens, resource, LetterCase::Sensitive, steps).possible;
                if expanded { Match::Sometimes } else { Match::Never }
            })
        })
    }
}

/// The segment of a pattern with this number, if it ends with a colon and has no wildcards.
fn segment(tokens: &[Token], number: usize) -> Option<&[Token]> {
    let colon = Token::Literal(':');
    let mut segments = tokens.split(|token| *token == colon);
    let segment = segments.nth(number)?;
    segments.next()?;
    segment.iter().all(|token| matches!(token, Token::Literal(_))).then_some(segment)
}

/// Whether the pattern is an ARN whose service is named without wildcards.
fn names_service(tokens: &[Token]) -> bool {
    let is_arn = segment(tokens, 0).is_some_and(|first| spelled(first) == "arn");
    is_arn && segment(tokens, 2).is_some()
}

fn certain_if(is_certain: bool) -> Match {
    if is_certain { Match::Always } else { Match::Sometimes }
}

/// The same pattern, in which only the wildcards at the end of a segment reach over colons.
fn within_segments(tokens: &[Token]) -> Vec<Token> {
    let mut ends_segment = true;
    let mut bounded: Vec<Token> = tokens
        .iter()
        .rev()
        .map(|token| match token {
            Token::AnyRun if ends_segment => Token::AnyRun,
            Token::AnyRun => Token::RunInSegment,
            Token::AnyOne => {
                ends_segment = false;
                Token::OneInSegment
            }
            other @ (Token::Literal(_) | Token::OneInSegment | Token::RunInSegment) => {
                ends_segment = *other == Token::Literal(':');
                *other
            }
        })
        .collect();
    bounded.reverse();
    bounded
}

fn resolved(
    pattern: Option<&Pattern>,
    context: &Context,
    steps: &Steps,
    compare: impl Fn(&[Token]) -> Match,
) -> Match {
    let Some(pattern) = pattern else {
        steps.add(1);
        return Match::Sometimes;
    };
    match pattern.resolve(context, steps) {
        Resolved::Tokens(tokens) => compare(&tokens),
        Resolved::NoValue => Match::Never,
        Resolved::Unknown => Match::Sometimes,
    }
}

#[cfg(test)]
mod tests {
    use super::{CallerSet, Listed, parse_patterns, parse_principals};
    use crate::context::Context;
    use crate::fit::Steps;
    use crate::json::Json;
    use crate::matching::Match::{self, Always, Never, Sometimes};
    use crate::pattern::Variables;
    use crate::shape::Shape;

    fn check(principal: &str, caller: &CallerSet, expected: Match) {
        let read = parse_principals(&serde_json::from_str(principal).unwrap()).unwrap();
        let found = Listed::Only(read).matches(|principal| principal.matches(caller));
        assert_eq!(found, expected, "{principal} for {caller:?}");
    }

    #[test]
    fn a_principal_matches_the_callers_it_names() {
        let cloudtrail = CallerSet::Service("cloudtrail.amazonaws.com".to_owned());
        let reader = CallerSet::Principal("arn:aws:iam::111122223333:role/Reader".to_owned());
        let (any, stranger) = (CallerSet::AnyService, CallerSet::Stranger);
        let each = |principal: &str, expected: [Match; 4]| {
            for (caller, expected) in [&cloudtrail, &any, &stranger, &reader].iter().zip(expected) {
                check(principal, caller, expected);
            }
        };
        each(r#""*""#, [Always, Always, Always, Always]);
        each(r#"{"AWS": "*"}"#, [Always, Always, Always, Always]);
        let role = r#"{"AWS": "arn:aws:iam::111122223333:role/Reader"}"#;
        each(role, [Never, Never, Never, Always]);
        each(r#"{"AWS": "111122223333"}"#, [Never, Never, Never, Sometimes]);
        each(r#"{"CanonicalUser": "79a59df900b949e5"}"#, [Never, Never, Never, Never]);
        each(r#"{"Service": "cloudtrail.amazonaws.com"}"#, [Always, Never, Never, Never]);
        each(r#"{"Service": "CloudTrail.amazonaws.com"}"#, [Sometimes, Never, Never, Never]);
        each(r#"{"Service": "cloudtrail.Amazonaws.com"}"#, [Sometimes, Never, Never, Never]);
        let regional = r#"{"Service": "cloudtrail.af-south-1.amazonaws.com"}"#;
        each(regional, [Sometimes, Never, Never, Never]);
        each(r#"{"Service": "s3.amazonaws.com"}"#, [Never, Never, Never, Never]);
        let federated = r#"{"Federated": "cognito-identity.amazonaws.com"}"#;
        each(federated, [Never, Never, Sometimes, Sometimes]);
        let without_account = CallerSet::Principal("arn:aws:iam:::user/reader".to_owned());
        check(r#"{"AWS": "arn:aws:iam:::root"}"#, &without_account, Never);
    }

    #[test]
    fn every_character_of_an_action_or_a_resource_is_a_step() {
        let read = parse_patterns(&Json::Text("a".repeat(1_000)), Variables::Supported).unwrap();
        let (patterns, context) = (Listed::Only(read), Context::default());
        let steps = Steps::default();
        patterns.matches_action("x", &context, &steps);
        assert!(steps.count() >= 1_000);
        let steps = Steps::default();
        patterns.matches_resource(Some(&Shape::text("x")), &context, &steps);
        assert!(steps.count() >= 1_000);
    }

    #[test]
    fn every_listed_principal_is_counted() {
        let ids = r#"{"AWS": ["111122223333", "444455556666", "777788889999"]}"#;
        let read = || parse_principals(&serde_json::from_str(ids).unwrap()).unwrap();
        assert_eq!(Listed::Only(read()).steps(3), 9);
        assert_eq!(Listed::Except(read()).steps(3), 9);
        assert_eq!(Listed::<()>::Unclear.steps(3), 0);
    }

    #[test]
    fn a_wildcard_in_a_name_or_an_empty_name_is_not_understood() {
        let cloudtrail = CallerSet::Service("cloudtrail.amazonaws.com".to_owned());
        let reader = CallerSet::Principal("arn:aws:iam::111122223333:role/Reader".to_owned());
        for principal in [
            r#"{"AWS": "arn:aws:iam::*:root"}"#,
            r#"{"AWS": "1111?2223333"}"#,
            r#"{"AWS": ""}"#,
            r#"{"CanonicalUser": "*"}"#,
            r#"{"Service": "*.amazonaws.com"}"#,
            r#"{"Service": "${aws:PrincipalServiceName}"}"#,
            r#"{"Service": ""}"#,
            r#"{"Robot": "x"}"#,
            r#"{"AWS": [null]}"#,
        ] {
            for caller in [&cloudtrail, &CallerSet::AnyService, &CallerSet::Stranger, &reader] {
                check(principal, caller, Sometimes);
            }
        }
    }
}
