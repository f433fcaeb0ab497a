//! A second reader of key policies, which shares no code with the crate's: it takes one fully known
//! request and the policy as plain JSON, and decides whether KMS would allow it.
//!
//! Where the documentation is silent (an unknown operator, a set operator that is
//! missing or that meets a missing key with a negated operator, a value of the wrong type), the answer
//! is the `quirk` that the caller passes: every certain answer of a set-based reader must hold for
//! either.

use std::collections::BTreeMap;

use serde_json::Value;

#[derive(Debug, Clone)]
pub(crate) struct Concrete {
    pub(crate) caller: Caller,
    pub(crate) action: String,
    pub(crate) key_arn: String,
    /// The values by key in lower case; each entry has at least one.
    pub(crate) context: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Clone)]
pub(crate) enum Caller {
    Service(String),
    Account(String),
}

pub(crate) fn allowed(policy: &Value, request: &Concrete, quirk: bool) -> bool {
    let supports_variables = policy["Version"] == "2012-10-17";
    let matching = |effect: &str| {
        policy["Statement"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|statement| statement["Effect"] == effect)
            .any(|statement| statement_matches(statement, request, supports_variables, quirk))
    };
    matching("Allow") && !matching("Deny")
}

fn statement_matches(
    statement: &Value,
    request: &Concrete,
    supports_variables: bool,
    quirk: bool,
) -> bool {
    // A statement without one of these has no effect.
    let lacks =
        |plain: &str, not: &str| statement.get(plain).is_none() && statement.get(not).is_none();
    if lacks("Action", "NotAction") || lacks("Resource", "NotResource") {
        return false;
    }
    let element = |plain: &str, not: &str, matches: &dyn Fn(&Value) -> bool| match (
        statement.get(plain),
        statement.get(not),
    ) {
        (Some(listed), None) => matches(listed),
        (None, Some(listed)) => !matches(listed),
        _ => quirk,
    };
    let is_caller = |listed: &Value| principal_matches(listed, request, quirk);
    let principal = element("Principal", "NotPrincipal", &is_caller);
    let action = element("Action", "NotAction", &|listed| action_matches(listed, request));
    let names_key =
        |listed: &Value| texts(listed).iter().any(|pattern| glob(pattern, &request.key_arn));
    let resource = element("Resource", "NotResource", &names_key);
    let conditions =
        statement.get("Condition").and_then(Value::as_object).is_none_or(|operators| {
            operators.iter().all(|(operator, keys)| {
                keys.as_object().unwrap().iter().all(|(key, values)| {
                    let values = texts(values);
                    condition_holds(operator, key, &values, request, supports_variables, quirk)
                })
            })
        });
    principal && action && resource && conditions
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            vec![value.to_string()]
        }
    }
}

fn principal_matches(listed: &Value, request: &Concrete, quirk: bool) -> bool {
    let Some(kinds) = listed.as_object() else {
        return listed == "*";
    };
    kinds.iter().any(|(kind, names)| {
        texts(names).iter().any(|name| match (kind.as_str(), &request.caller) {
            ("AWS", _) if name == "*" => true,
            ("AWS", _) if name.contains('*') => quirk,
            ("AWS", Caller::Account(account)) => name.contains(account.as_str()),
            ("Service", Caller::Service(service)) => name == service,
            ("Federated", Caller::Account(_)) => quirk,
            _ => false,
        })
    })
}

fn action_matches(listed: &Value, request: &Concrete) -> bool {
    texts(listed)
        .iter()
        .any(|pattern| glob(&pattern.to_lowercase(), &request.action.to_lowercase()))
}

fn glob(pattern: &str, text: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => text.is_empty(),
        Some('*') => {
            (0..=text.len()).filter_map(|at| text.get(at..)).any(|text| glob(rest.as_str(), text))
        }
        Some(first) => {
            let mut remaining = text.chars();
            remaining.next().is_some_and(|found| {
                (first == '?' || first == found) && glob(rest.as_str(), remaining.as_str())
            })
        }
    }
}

fn condition_holds(
    operator: &str,
    key: &str,
    values: &[String],
    request: &Concrete,
    supports_variables: bool,
    quirk: bool,
) -> bool {
    let present = request.context.get(&key.to_lowercase());
    if operator == "Null" {
        return values.iter().any(|value| match value.as_str() {
            "true" => present.is_none(),
            "false" => present.is_some(),
            _ => quirk,
        });
    }
    let (set, plain) = operator.split_once(':').unwrap_or(("", operator));
    let plain_without = plain.strip_suffix("IfExists");
    let base = plain_without.unwrap_or(plain);
    if !KNOWN.contains(&base) {
        return quirk;
    }
    let negated = base.contains("Not");
    let Some(found) = present else {
        return match (plain_without.is_some(), set, negated) {
            (true, _, _) => true,
            (false, "", negated) => negated,
            (false, "ForAllValues", false) => true,
            (false, "ForAnyValue", false) => false,
            _ => quirk,
        };
    };
    let passes = |value: &String| {
        let matches = values.iter().any(|wanted| {
            let wanted =
                if supports_variables { substitute(wanted, request) } else { Some(wanted.clone()) };
            wanted.is_some_and(|wanted| value_matches(base, value, &wanted, quirk))
        });
        matches != negated
    };
    match (set, found.as_slice()) {
        ("ForAllValues", found) => found.iter().all(passes),
        ("ForAnyValue", found) => found.iter().any(passes),
        ("", [only]) => passes(only),
        _ => quirk,
    }
}

/// The operators that this reader knows, beside `Null`.
pub(crate) const KNOWN: [&str; 15] = [
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "Bool",
    "NumericLessThan",
    "NumericNotEquals",
    "IpAddress",
    "NotIpAddress",
];

fn value_matches(base: &str, value: &str, wanted: &str, quirk: bool) -> bool {
    match base {
        "StringEquals" | "StringNotEquals" => value == wanted,
        "StringEqualsIgnoreCase" | "StringNotEqualsIgnoreCase" => {
            value.to_lowercase() == wanted.to_lowercase()
        }
        "StringLike" | "StringNotLike" => glob(wanted, value),
        "Bool" => match (value.parse::<bool>(), wanted.parse::<bool>()) {
            (Ok(value), Ok(wanted)) => value == wanted,
            _ => quirk,
        },
        "NumericLessThan" | "NumericNotEquals" => {
            match (value.parse::<i64>(), wanted.parse::<i64>()) {
                (Ok(value), Ok(wanted)) if base == "NumericLessThan" => value < wanted,
                (Ok(value), Ok(wanted)) => value == wanted,
                _ => quirk,
            }
        }
        "IpAddress" | "NotIpAddress" => match (value, wanted) {
            ("203.0.113.9", "203.0.113.0/24") => true,
            ("198.51.100.7", "203.0.113.0/24") => false,
            _ => quirk,
        },
        _ => {
            let parts = |text: &str| text.splitn(6, ':').map(str::to_owned).collect::<Vec<_>>();
            let (value, wanted) = (parts(value), parts(wanted));
            if value.len() != 6 || wanted.len() != 6 {
                return quirk;
            }
            wanted.iter().zip(&value).all(|(wanted, value)| glob(wanted, value))
        }
    }
}

/// Only whole values are variables here.
fn substitute(wanted: &str, request: &Concrete) -> Option<String> {
    let Some(name) = wanted.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) else {
        return Some(wanted.to_owned());
    };
    let values = request.context.get(&name.to_lowercase())?;
    values.first().cloned()
}
