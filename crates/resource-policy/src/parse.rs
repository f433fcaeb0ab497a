//! Parses the text of a policy into statements ("IAM User Guide, Grammar of the IAM JSON policy
//! language").

use crate::conditions::{Condition, parse_conditions};
use crate::elements::{Listed, parse_patterns, parse_principals};
use crate::json::{Json, repeated_name};
use crate::pattern::Variables;
use crate::request::Effect;
use crate::statement::{STATEMENT_MEMBERS, Statement, StatementRef, quotable};

/// What differs between the policies of different services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicyFormat {
    /// The maximum size of a policy in bytes.
    pub bytes_max: usize,
    /// A statement without `Action` and `NotAction`, or without `Resource` and `NotResource`, has no
    /// effect. One with the negated form only may have an effect or none. If false, a missing
    /// element is not understood and may match, and a negated form means what IAM documents.
    pub requires_plain_elements: bool,
}

/// Why a text is not a policy, as a message of one line about the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PolicyError(String);

pub(crate) fn read_statements(
    text: &str,
    format: PolicyFormat,
) -> Result<Vec<Statement>, PolicyError> {
    let (bytes, bytes_max) = (text.len(), format.bytes_max);
    if bytes > bytes_max {
        let message = format!("it has {bytes} bytes, and a policy has at most {bytes_max}");
        return Err(PolicyError(message));
    }
    let json: Json = serde_json::from_str(text)
        .map_err(|error| PolicyError(format!("it is not JSON: {error}")))?;
    let Json::Object(members) = &json else {
        return Err(malformed("the policy", "an object"));
    };
    if let Some(name) = repeated_name(members) {
        return Err(PolicyError(format!("`{}` occurs twice", quotable(name))));
    }
    if let Some((name, _)) =
        members.iter().find(|(name, _)| !["Version", "Id", "Statement"].contains(&name.as_str()))
    {
        let message = format!("`{}` is not a member of a policy", quotable(name));
        return Err(PolicyError(message));
    }
    let variables = match member(members, "Version") {
        None => Variables::Literal,
        Some(Json::Text(version)) if version == "2008-10-17" => Variables::Literal,
        Some(Json::Text(version)) if version == "2012-10-17" => Variables::Supported,
        Some(_) => return Err(malformed("Version", "`2012-10-17` or `2008-10-17`")),
    };
    let statements = match member(members, "Statement") {
        Some(Json::List(statements)) => statements.as_slice(),
        Some(statement @ Json::Object(_)) => std::slice::from_ref(statement),
        _ => return Err(malformed("Statement", "a statement or a list of statements")),
    };
    statements
        .iter()
        .enumerate()
        .map(|(index, statement)| read_statement(index, statement, variables, format))
        .collect()
}

fn read_statement(
    index: usize,
    json: &Json,
    variables: Variables,
    format: PolicyFormat,
) -> Result<Statement, PolicyError> {
    let Json::Object(members) = json else {
        return Err(malformed(&format!("statement {}", index + 1), "an object"));
    };
    let sid = member(members, "Sid").and_then(Json::scalar_text);
    let reference = StatementRef::new(index, sid);
    let effects =
        members.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Effect")).collect::<Vec<_>>();
    let effect = match effects.as_slice() {
        [(name, Json::Text(effect))] if name == "Effect" && effect == "Allow" => Effect::Allow,
        [(name, Json::Text(effect))] if name == "Effect" && effect == "Deny" => Effect::Deny,
        _ => {
            let place = format!("Effect of {reference}").replace('`', "");
            return Err(malformed(&place, "`Allow` or `Deny`"));
        }
    };
    let patterns = |plain: &str, negated: &str, variables: Variables| {
        listed(members, plain, negated, |json| parse_patterns(json, variables))
    };
    let missing =
        if format.requires_plain_elements { missing_elements(members) } else { Vec::new() };
    Ok(Statement {
        reference,
        effect,
        principals: listed(members, "Principal", "NotPrincipal", parse_principals),
        actions: patterns("Action", "NotAction", Variables::Literal),
        resources: patterns("Resource", "NotResource", variables),
        conditions: read_conditions(members, variables),
        missing,
        requires_plain_elements: format.requires_plain_elements,
    })
}

/// The required elements that a statement lacks.
///
/// A member that the policy language does not have may be the missing element under a name that is
/// not known here, so such a statement lacks nothing but is unclear.
fn missing_elements(members: &[(String, Json)]) -> Vec<&'static str> {
    if members.iter().any(|(name, _)| !STATEMENT_MEMBERS.contains(&name.as_str())) {
        return Vec::new();
    }
    let is_given = |wanted: &str| members.iter().any(|(name, _)| name == wanted);
    [("Action", "NotAction"), ("Resource", "NotResource")]
        .into_iter()
        .filter(|(plain, negated)| !is_given(plain) && !is_given(negated))
        .map(|(plain, _)| plain)
        .collect()
}

fn read_conditions(members: &[(String, Json)], variables: Variables) -> Vec<Condition> {
    let given = members.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Condition"));
    // If both are present, neither counts: the repetition below covers them.
    let mut conditions = match given.collect::<Vec<_>>().as_slice() {
        [(name, json)] if name == "Condition" => parse_conditions(json, variables),
        _ => Vec::new(),
    };
    let unknown = members
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| !STATEMENT_MEMBERS.contains(name));
    let repeated = repeated_name(members);
    conditions.extend(unknown.chain(repeated).map(Condition::unclear));
    conditions
}

/// Reads an element that is given either in its plain or in its negated form, and once.
fn listed<T>(
    members: &[(String, Json)],
    plain: &str,
    negated: &str,
    parse: impl Fn(&Json) -> Option<Vec<T>>,
) -> Listed<T> {
    let given: Vec<_> = members
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case(plain) || name.eq_ignore_ascii_case(negated))
        .collect();
    let [(name, json)] = given.as_slice() else {
        return Listed::Unclear;
    };
    match parse(json) {
        Some(entries) if entries.is_empty() => Listed::Unclear,
        Some(entries) if name == plain => Listed::Only(entries),
        Some(entries) if name == negated => Listed::Except(entries),
        Some(_) | None => Listed::Unclear,
    }
}

fn member<'a>(members: &'a [(String, Json)], wanted: &str) -> Option<&'a Json> {
    members.iter().find(|(name, _)| name == wanted).map(|(_, json)| json)
}

fn malformed(place: &str, expected: &str) -> PolicyError {
    PolicyError(format!("`{place}` is not {expected}"))
}
