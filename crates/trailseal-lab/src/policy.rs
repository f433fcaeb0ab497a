//! A naive reader of key policies, for tests that do not trust the rule's own reader.
//!
//! It understands the usual policies for CloudTrail. Anything else (an unusual operator, a
//! `NotPrincipal`) never allows anything and always denies.

use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asker<'a> {
    /// An AWS service, by its principal.
    Service(&'a str),
    /// An identity of an account, by the account's id and the identity's ARN.
    Identity { account: &'a str, arn: &'a str },
}

/// A request for an operation on a key.
#[derive(Debug, Clone)]
pub(crate) struct Question<'a> {
    pub(crate) asker: Asker<'a>,
    pub(crate) action: &'a str,
    pub(crate) key_arn: &'a str,
    /// Condition keys in lower case, with their values.
    pub(crate) context: Vec<(&'a str, &'a str)>,
}

/// Whether a statement matches a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Concern {
    Yes,
    No,
    Unclear,
}

/// KMS's error message if it rejects the policy's text.
///
/// KMS accepts a statement without `Resource` or `Action`, which then has no effect (KMS API
/// Reference, `PutKeyPolicy`, *Policy*).
pub(crate) fn malformed(policy: &str) -> Option<&'static str> {
    let Ok(document) = serde_json::from_str::<Value>(policy) else {
        return Some("Policy contains invalid json");
    };
    let Some(members) = document.as_object() else {
        return Some("Policy must be a JSON object");
    };
    let version = members.get("Version").and_then(Value::as_str);
    if version.is_some_and(|version| !["2012-10-17", "2008-10-17"].contains(&version)) {
        return Some("Policy contains an invalid version");
    }
    let statements = statements(&document);
    if statements.is_empty() {
        return Some("Policy contains no statement");
    }
    let mut sids: Vec<&str> = Vec::new();
    for statement in statements {
        let has = |name: &str| statement.get(name).is_some();
        let effect = statement.get("Effect").and_then(Value::as_str);
        if !matches!(effect, Some("Allow" | "Deny")) {
            return Some("Policy contains a statement without a valid effect");
        }
        if !(has("Principal") || has("NotPrincipal")) {
            return Some("Policy contains a statement with no principal");
        }
        let sid = statement.get("Sid").and_then(Value::as_str);
        if let Some(sid) = sid.filter(|sid| !sid.is_empty()) {
            if sids.contains(&sid) {
                return Some("Statement IDs (SID) in a single policy must be unique");
            }
            sids.push(sid);
        }
    }
    None
}

pub(crate) fn allows(policy: &str, question: &Question<'_>) -> bool {
    let Ok(document) = serde_json::from_str::<Value>(policy) else {
        return false;
    };
    let concern = |effect: &str, at: &[Concern]| {
        statements(&document).into_iter().any(|statement| {
            statement.get("Effect").and_then(Value::as_str) == Some(effect)
                && at.contains(&concerns(statement, question))
        })
    };
    concern("Allow", &[Concern::Yes]) && !concern("Deny", &[Concern::Yes, Concern::Unclear])
}

fn statements(document: &Value) -> Vec<&Value> {
    match document.get("Statement") {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    }
}

fn concerns(statement: &Value, question: &Question<'_>) -> Concern {
    let named = |name: &str| statement.get(name);
    let is_given = |plain: &str, not: &str| named(plain).is_some() || named(not).is_some();
    if !is_given("Action", "NotAction") || !is_given("Resource", "NotResource") {
        return Concern::No;
    }
    if named("NotPrincipal").is_some() || named("NotResource").is_some() {
        return Concern::Unclear;
    }
    let principal = named("Principal").is_some_and(|named| is_among(named, question.asker));
    let action = match (named("Action"), named("NotAction")) {
        (Some(action), _) => names_action(action, question.action),
        (None, Some(not)) => !names_action(not, question.action),
        (None, None) => false,
    };
    let resource = texts(named("Resource")).iter().any(|one| like(one, question.key_arn));
    if !(principal && action && resource) {
        return Concern::No;
    }
    conditions(named("Condition"), question)
}

fn names_action(named: &Value, action: &str) -> bool {
    let action = action.to_ascii_lowercase();
    texts(Some(named)).iter().any(|pattern| like(&pattern.to_ascii_lowercase(), &action))
}

fn is_among(principal: &Value, asker: Asker<'_>) -> bool {
    if principal.as_str() == Some("*") {
        return true;
    }
    let of = |kind: &str| texts(principal.get(kind));
    match asker {
        Asker::Service(service) => of("Service").contains(&service) || of("AWS").contains(&"*"),
        Asker::Identity { account, arn } => of("AWS").iter().any(|named| {
            *named == "*"
                || *named == account
                || *named == arn
                || named.ends_with(&format!(":iam::{account}:root"))
        }),
    }
}

fn conditions(condition: Option<&Value>, question: &Question<'_>) -> Concern {
    let Some(operators) = condition.and_then(Value::as_object) else {
        return Concern::Yes;
    };
    let mut all = Concern::Yes;
    for (operator, tests) in operators {
        for (key, wanted) in tests.as_object().into_iter().flatten() {
            match condition_holds(operator, key, wanted, question) {
                Concern::No => return Concern::No,
                Concern::Unclear => all = Concern::Unclear,
                Concern::Yes => {}
            }
        }
    }
    all
}

fn condition_holds(operator: &str, key: &str, wanted: &Value, asked: &Question<'_>) -> Concern {
    let key = key.to_ascii_lowercase();
    let found = asked.context.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
    let wanted = texts(Some(wanted));
    if operator == "Null" {
        let absent = found.is_none();
        return sure(wanted.iter().all(|word| *word == if absent { "true" } else { "false" }));
    }
    let (plain, if_exists) = match operator.strip_suffix("IfExists") {
        Some(plain) => (plain, true),
        None => (operator, false),
    };
    let negated = plain.contains("Not");
    let Some(found) = found else {
        return sure(if_exists || negated);
    };
    let any = |test: fn(&str, &str) -> bool| wanted.iter().any(|one| test(one, found));
    match plain {
        "StringEquals" => sure(any(|one, found| one == found)),
        "StringNotEquals" => sure(!any(|one, found| one == found)),
        "StringLike" | "ArnLike" | "ArnEquals" => sure(any(like)),
        "StringNotLike" | "ArnNotLike" | "ArnNotEquals" => sure(!any(like)),
        "StringEqualsIgnoreCase" => sure(any(str::eq_ignore_ascii_case)),
        "Bool" => sure(any(str::eq_ignore_ascii_case)),
        _ => Concern::Unclear,
    }
}

fn sure(holds: bool) -> Concern {
    if holds { Concern::Yes } else { Concern::No }
}

/// A text, or the texts of a list; booleans as text.
fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::Array(list)) => list.iter().flat_map(|one| texts(Some(one))).collect(),
        Some(Value::String(text)) => vec![text],
        Some(Value::Bool(true)) => vec!["true"],
        Some(Value::Bool(false)) => vec!["false"],
        Some(Value::Null | Value::Number(_) | Value::Object(_)) | None => Vec::new(),
    }
}

/// Whether `text` matches a pattern in which `*` is any text and `?` any character.
fn like(pattern: &str, text: &str) -> bool {
    let mut letters = pattern.chars();
    match letters.next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = letters.as_str();
            let cuts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            cuts.into_iter().any(|at| text.get(at..).is_some_and(|text| like(rest, text)))
        }
        Some(letter) => {
            let mut found = text.chars();
            let first = found.next();
            first.is_some_and(|first| letter == '?' || letter == first)
                && like(letters.as_str(), found.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/a";
    const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/t";

    fn cloudtrail_may(statements: &Value) -> bool {
        let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        let question = Question {
            asker: Asker::Service("cloudtrail.amazonaws.com"),
            action: "kms:GenerateDataKey",
            key_arn: KEY,
            context: vec![("aws:sourcearn", TRAIL)],
        };
        allows(&policy, &question)
    }

    fn statement(effect: &str, condition: &Value) -> Value {
        json!({
            "Effect": effect,
            "Principal": { "Service": "cloudtrail.amazonaws.com" },
            "Action": "kms:GenerateDataKey*",
            "Resource": "*",
            "Condition": condition,
        })
    }

    #[test]
    fn an_allow_must_match_for_certain_and_a_deny_need_not() {
        let here = json!({ "StringEquals": { "aws:SourceArn": TRAIL } });
        let elsewhere = json!({ "StringEquals": { "AWS:SourceArn": "arn:aws:x" } });
        let odd = json!({ "OddOperator": { "aws:SourceArn": TRAIL } });
        let allow = statement("Allow", &here);
        assert!(cloudtrail_may(&json!([allow])));
        assert!(cloudtrail_may(&allow));
        assert!(!cloudtrail_may(&json!([statement("Allow", &elsewhere)])));
        assert!(!cloudtrail_may(&json!([statement("Allow", &odd)])));
        assert!(cloudtrail_may(&json!([allow, statement("Deny", &elsewhere)])));
        assert!(!cloudtrail_may(&json!([allow, statement("Deny", &odd)])));
        assert!(!cloudtrail_may(&json!([])));
    }

    #[test]
    fn a_statement_without_action_or_resource_is_accepted_and_has_no_effect() {
        let allow = statement("Allow", &json!({}));
        for missing in ["Action", "Resource"] {
            let mut ineffective = allow.clone();
            ineffective.as_object_mut().unwrap().remove(missing).unwrap();
            assert_eq!(malformed(&json!({ "Statement": [ineffective] }).to_string()), None);
            assert!(!cloudtrail_may(&json!([ineffective])));
            ineffective["Effect"] = json!("Deny");
            assert!(cloudtrail_may(&json!([allow, ineffective])));
        }
    }

    #[test]
    fn patterns_match_the_whole_text() {
        for (pattern, text, fits) in [
            ("kms:*", "kms:a", true),
            ("*", "", true),
            ("a?c", "abc", true),
            ("a*c*e", "abcde", true),
            ("a", "ab", false),
            ("a?", "a", false),
        ] {
            assert_eq!(like(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn a_policy_that_kms_rejects_is_malformed() {
        let fine = json!({ "Statement": [statement("Allow", &json!({}))] }).to_string();
        assert_eq!(malformed(&fine), None);
        for wrong in ["{", "[]", "{}", r#"{"Version":"1","Statement":[]}"#] {
            assert!(malformed(wrong).is_some(), "{wrong}");
        }
        let twice = json!({ "Sid": "a", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" });
        let twice = json!({ "Statement": [twice, twice] }).to_string();
        assert!(malformed(&twice).is_some());
    }
}
