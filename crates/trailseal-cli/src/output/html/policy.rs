//! A readable key policy, statement by statement.

use resource_policy::STATEMENT_MEMBERS;
use serde_json::{Map, Value};

/// Values of a list that a summary names.
const VALUES_MAX: usize = 3;

pub(super) struct KeyPolicy {
    pub(super) statements: Vec<Statement>,
    /// The text itself if it is not a policy with statements.
    pub(super) text: Option<String>,
}

/// A statement of a key policy.
pub(super) struct Statement {
    pub(super) effect: String,
    pub(super) sid: Option<String>,
    pub(super) principals: String,
    pub(super) actions: String,
    pub(super) json: String,
}

impl KeyPolicy {
    pub(super) fn read(text: &str) -> Self {
        let unread = || Self { statements: Vec::new(), text: Some(text.to_owned()) };
        let Ok(Value::Object(document)) = serde_json::from_str(text) else {
            return unread();
        };
        let statements = match document.get("Statement") {
            Some(Value::Array(statements)) => statements.iter().map(Value::as_object).collect(),
            Some(Value::Object(statement)) => Some(vec![statement]),
            Some(_) | None => None,
        };
        let Some(statements): Option<Vec<&Map<String, Value>>> = statements else {
            return unread();
        };
        Self { statements: statements.into_iter().map(statement).collect(), text: None }
    }
}

fn statement(members: &Map<String, Value>) -> Statement {
    let either = |yes: &str, no: &str| {
        let list = |name: &str| members.get(name).map(listed);
        list(yes).or_else(|| list(no).map(|values| format!("all but {values}"))).unwrap_or_default()
    };
    let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
    Statement {
        effect: text("Effect").unwrap_or_else(|| "no effect".to_owned()),
        sid: text("Sid").filter(|sid| !sid.is_empty()),
        principals: either("Principal", "NotPrincipal"),
        actions: either("Action", "NotAction"),
        json: ordered(members),
    }
}

/// The texts in a value, without member names: `cloudtrail.amazonaws.com`.
fn listed(value: &Value) -> String {
    let mut values = Vec::new();
    collect(value, &mut values);
    let more = values.len().saturating_sub(VALUES_MAX);
    values.truncate(VALUES_MAX);
    let listed = values.join(", ");
    if more > 0 { format!("{listed} and {more} more") } else { listed }
}

fn collect<'a>(value: &'a Value, values: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => values.push(text),
        Value::Array(items) => items.iter().for_each(|item| collect(item, values)),
        Value::Object(members) => members.values().for_each(|value| collect(value, values)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The statement as indented JSON, its members in the usual order.
fn ordered(members: &Map<String, Value>) -> String {
    let usual = STATEMENT_MEMBERS.iter().filter_map(|name| members.get_key_value(*name));
    let others = members.iter().filter(|(name, _)| !STATEMENT_MEMBERS.contains(&name.as_str()));
    let lines = usual.chain(others).map(|(name, value)| {
        let value = format!("{value:#}").replace('\n', "\n  ");
        format!("  {}: {value}", Value::from(name.as_str()))
    });
    format!("{{\n{}\n}}", lines.collect::<Vec<_>>().join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_summarized_and_its_members_are_in_the_usual_order() {
        let policy = KeyPolicy::read(
            r#"{"Version":"2012-10-17","Statement":{"Condition":{"StringEquals":{"a":"b"}},
            "Action":["kms:a","kms:b","kms:c","kms:d","kms:e"],"Other":1,"Effect":"Allow",
            "NotPrincipal":{"AWS":["one"],"Service":"two"}}}"#,
        );
        assert_eq!(policy.text, None);
        let [statement] = policy.statements.as_slice() else { panic!("one statement") };
        assert_eq!(statement.effect, "Allow");
        assert_eq!(statement.sid, None);
        assert_eq!(statement.principals, "all but one, two");
        assert_eq!(statement.actions, "kms:a, kms:b, kms:c and 2 more");
        let names: Vec<&str> = statement
            .json
            .lines()
            .filter(|line| line.starts_with("  \""))
            .filter_map(|line| line.split('"').nth(1))
            .collect();
        assert_eq!(names, ["Effect", "NotPrincipal", "Action", "Condition", "Other"]);
        let read: Value = serde_json::from_str(&statement.json).unwrap();
        assert_eq!(read["Condition"]["StringEquals"]["a"], "b");
    }

    #[test]
    fn text_that_is_not_a_policy_is_shown_unchanged() {
        for text in ["", "{", "[]", "{}", r#"{"Statement":7}"#, r#"{"Statement":[1]}"#] {
            let policy = KeyPolicy::read(text);
            assert_eq!(policy.text.as_deref(), Some(text));
            assert!(policy.statements.is_empty());
        }
    }
}
