//! The elements of a statement that say who, what and on which key.

use super::context::Context;
use super::json::{Json, repeated_name};
use super::matching::Match;
use super::pattern::{Pattern, Resolved, Token, Variables};
use super::question::arn_part;
use super::request::{CallerSet, Request};
use super::shape::{Case, Fit, Shape, fit};

/// A list that is meant, or a list of what is not meant (`NotPrincipal`, `NotAction`,
/// `NotResource`).
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Listed<T> {
    Only(Vec<T>),
    Except(Vec<T>),
    /// Not understood: it may match.
    Unclear,
}

impl<T> Listed<T> {
    fn matches(&self, entry_matches: impl Fn(&T) -> Match) -> Match {
        match self {
            Self::Only(entries) => Match::any(entries.iter().map(entry_matches)),
            Self::Except(entries) => !Match::any(entries.iter().map(entry_matches)),
            Self::Unclear => Match::Sometimes,
        }
    }
}

/// Someone whom a statement names ("IAM User Guide, AWS JSON policy elements: Principal").
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Principal {
    /// `"*"` or `{"AWS": "*"}`, which the guide calls equivalent. Services are among them: the
    /// policies that Amazon SNS and Amazon SQS give to topics and queues let services in by the
    /// second form, with a condition on the source.
    Everyone,
    /// An account, a user, a role, a session, the id of one that was deleted, or a canonical user:
    /// somebody in particular, and never a service. An account stands for its users and roles.
    Named(String),
    Service(String),
    /// A federated principal means nothing outside role trust policies, says the guide; nothing is
    /// concluded from one, but that it is no service.
    Federated,
    /// Not understood, or a wildcard within a name, which the guide says there cannot be.
    Unclear,
}

/// Reads `Principal` or `NotPrincipal`.
pub(super) fn parse_principals(json: &Json) -> Option<Vec<Principal>> {
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
    fn matches(&self, caller: &CallerSet) -> Match {
        match (self, caller) {
            (Self::Everyone, _) => Match::Always,
            (Self::Named(named), CallerSet::Principal(arn)) => same_principal(named, arn),
            (
                Self::Named(_),
                CallerSet::Service(_) | CallerSet::AnyService | CallerSet::Stranger,
            ) => Match::Never,
            (
                Self::Service(_),
                CallerSet::AnyService | CallerSet::Stranger | CallerSet::Principal(_),
            ) => Match::Never,
            (Self::Service(named), CallerSet::Service(service)) => same_service(named, service),
            (Self::Federated, CallerSet::Service(_) | CallerSet::AnyService) => Match::Never,
            (Self::Federated, CallerSet::Stranger | CallerSet::Principal(_)) => Match::Sometimes,
            (Self::Unclear, _) => Match::Sometimes,
        }
    }
}

/// A service in a Region that has to be opted into calls other Regions under a name with its own
/// Region in it ("IAM User Guide, AWS JSON policy elements: Principal", *AWS service principals in
/// opt-in Regions*), so such a name may be the one that is asked about. So may one in another letter
/// case: the guide spells service principals in lower case and does not say that case is ignored.
pub(super) fn same_service(named: &str, service: &str) -> Match {
    if named == service {
        return Match::Always;
    }
    let first_label = |name: &str| name.split('.').next().map(str::to_ascii_lowercase);
    if first_label(named) == first_label(service) {
        return Match::Sometimes;
    }
    Match::Never
}

/// An account, by its id or its root, hands the decision to IAM ("AWS KMS Developer Guide, Default
/// key policy"): its policies may or may not say yes to somebody of it. A session is a role's.
/// Where an account is asked about, whoever of it is named is some of it.
fn same_principal(named: &str, arn: &str) -> Match {
    let stands_for_many = arn.ends_with(":root");
    if named == arn && !stands_for_many {
        return Match::Always;
    }
    let account = |text: &str| match arn_part(text, 4) {
        Some(account) => account.to_owned(),
        None => text.to_owned(),
    };
    let names_account = named.ends_with(":root") || !named.contains(':');
    let names_session = named.contains(":assumed-role/");
    Match::Sometimes.and(Match::from(
        account(named) == account(arn) && (names_account || names_session || stands_for_many),
    ))
}

/// The services that are left out of everyone by `NotPrincipal`.
pub(super) fn services_left_out(principals: &Listed<Principal>) -> impl Iterator<Item = &str> {
    let left_out = match principals {
        Listed::Except(principals) => principals.as_slice(),
        Listed::Only(_) | Listed::Unclear => &[],
    };
    left_out.iter().filter_map(|principal| match principal {
        Principal::Service(name) => Some(name.as_str()),
        Principal::Everyone | Principal::Named(_) | Principal::Federated | Principal::Unclear => {
            None
        }
    })
}

/// Who a statement is about.
pub(super) fn principals_match(principals: &Listed<Principal>, request: &Request) -> Match {
    principals.matches(|principal| principal.matches(&request.caller))
}

/// Reads `Action`, `NotAction`, `Resource` or `NotResource`; an entry that is not text, or that is
/// blank, is `None`. What KMS makes of those is not documented.
pub(super) fn parse_patterns(json: &Json, variables: Variables) -> Option<Vec<Option<Pattern>>> {
    let entries = match json {
        Json::Text(_) => std::slice::from_ref(json),
        Json::List(items) => items.as_slice(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => return None,
    };
    let patterns = entries.iter().map(|entry| match entry {
        Json::Text(text) if !text.trim().is_empty() => Some(Pattern::parse(text, variables)),
        Json::Text(_)
        | Json::Null
        | Json::Bool(_)
        | Json::Number(_)
        | Json::List(_)
        | Json::Object(_) => None,
    });
    Some(patterns.collect())
}

/// Which operations a statement is about; their names are compared without regard to letter case
/// ("IAM User Guide, IAM JSON policy elements: Action").
pub(super) fn actions_match(actions: &Listed<Option<Pattern>>, request: &Request) -> Match {
    let action = Shape::text(&request.action);
    actions.matches(|pattern| {
        resolved(pattern.as_ref(), &request.context, |tokens| {
            Match::from(tokens == [Token::AnyRun] || fit(tokens, &action, Case::Ignored).always)
        })
    })
}

/// Which keys a statement is about; in a key policy `*` means the key that carries it ("AWS KMS
/// Developer Guide, Key policies in AWS KMS").
///
/// A `*` that is the last character of a segment "can expand to match beyond the colon boundaries"
/// ("IAM User Guide, IAM JSON policy elements: Resource"). Of one within a segment that is not said:
/// where it would have to, nothing is certain.
pub(super) fn resources_match(resources: &Listed<Option<Pattern>>, request: &Request) -> Match {
    resources.matches(|pattern| {
        resolved(pattern.as_ref(), &request.context, |tokens| {
            if tokens == [Token::AnyRun] {
                return Match::Always;
            }
            let Some(key_arn) = &request.key_arn else {
                return Match::Sometimes;
            };
            let key = Shape::text(key_arn);
            if fit(&within_segments(tokens), &key, Case::Sensitive).always {
                return Match::Always;
            }
            let expanded = fit(tokens, &key, Case::Sensitive).always;
            if expanded { Match::Sometimes } else { Match::Never }
        })
    })
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

/// Which objects of a bucket a statement of the bucket's policy is about: some, where the pattern
/// fits some. A wildcard may reach over the colons of an ARN, which leaves no object out.
pub(super) fn objects_match(
    resources: &Listed<Option<Pattern>>,
    context: &Context,
    objects: &Shape,
) -> Match {
    resources.matches(|pattern| {
        resolved(pattern.as_ref(), context, |tokens| {
            let Fit { always, possible } = fit(tokens, objects, Case::Sensitive);
            match (always, possible) {
                (true, _) => Match::Always,
                (false, true) => Match::Sometimes,
                (false, false) => Match::Never,
            }
        })
    })
}

fn resolved(
    pattern: Option<&Pattern>,
    context: &Context,
    compare: impl Fn(&[Token]) -> Match,
) -> Match {
    match pattern.map(|pattern| pattern.resolve(context)) {
        Some(Resolved::Tokens(tokens)) => compare(&tokens),
        Some(Resolved::NoValue) => Match::Never,
        Some(Resolved::Unknown) | None => Match::Sometimes,
    }
}

#[cfg(test)]
mod tests {
    use super::super::matching::Match::{self, Always, Never, Sometimes};
    use super::{CallerSet, Listed, parse_principals, principals_match};
    use crate::key_policy::context::Context;
    use crate::key_policy::request::Request;

    fn check(principal: &str, caller: &CallerSet, expected: Match) {
        let read = parse_principals(&serde_json::from_str(principal).unwrap()).unwrap();
        let request = Request {
            caller: caller.clone(),
            action: "kms:Decrypt".to_owned(),
            key_arn: None,
            context: Context::default(),
        };
        let found = principals_match(&Listed::Only(read), &request);
        assert_eq!(found, expected, "{principal} for {caller:?}");
    }

    #[test]
    fn a_principal_matches_those_whom_it_means() {
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
    }

    #[test]
    fn a_wildcard_or_nothing_within_a_name_is_not_understood() {
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
