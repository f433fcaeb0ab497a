//! `UPDATE_CORPUS=1` rewrites annotations and calls of the corpus, and nothing else.
//!
//! The words of an annotation may change with the rule. What a case is about, its compliance, its
//! resource and its error, is changed by hand only: such a case still fails, and its file stays.

use std::fs;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::case::{Case, Expected, root};

/// Writes the annotations and calls of `answered` into the case's file, and into the case, if the
/// environment asks for that and nothing else differs.
pub(super) fn update_if_asked(case: &mut Case, answered: Expected) {
    if std::env::var("UPDATE_CORPUS").is_err() || case.expected == answered {
        return;
    }
    /// Two tests answer the corpus at the same time.
    static ONE_WRITER: Mutex<()> = Mutex::new(());
    let _writer = ONE_WRITER.lock().unwrap_or_else(PoisonError::into_inner);
    let path = root().join(&case.name).with_extension("json");
    let text = fs::read_to_string(&path).unwrap();
    if let Some(text) = rewritten(&text, &case.expected, &answered) {
        fs::write(&path, text).unwrap();
        case.expected = answered;
    }
}

/// The file's text with the answered annotations and calls; nothing if anything else differs.
fn rewritten(text: &str, expected: &Expected, answered: &Expected) -> Option<String> {
    let facts = |expected: &Expected| -> Vec<_> {
        let evaluations = expected.evaluations.iter();
        evaluations
            .map(|one| (one.resource_type.clone(), one.id.clone(), one.compliance.clone()))
            .collect()
    };
    if facts(expected) != facts(answered) || expected.error != answered.error {
        return None;
    }
    let start = text.find("\n  \"expected\": {")?;
    let (before, after) = text.split_at(start);
    let mut after = after.to_owned();
    for (old, new) in expected.evaluations.iter().zip(&answered.evaluations) {
        let line = |annotation: &str| format!("\"annotation\": {}", Value::from(annotation));
        after = after.replacen(&line(&old.annotation), &line(&new.annotation), 1);
    }
    after = after.replacen(&calls(&expected.calls), &calls(&answered.calls), 1);
    let text = format!("{before}{after}");
    let read: Value = serde_json::from_str(&text).ok()?;
    let read: Expected = serde_json::from_value(read.get("expected")?.clone()).ok()?;
    (read == *answered).then_some(text)
}

/// The member `calls`, written as in a file of the corpus.
fn calls(calls: &[String]) -> String {
    let lines: Vec<String> =
        calls.iter().map(|call| format!("      {}", Value::from(call.as_str()))).collect();
    format!("\"calls\": [\n{}\n    ]", lines.join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::super::case::Wanted;
    use super::*;

    const FILE: &str = r#"{
  "description": "\"annotation\": \"old \\\"words\\\"\" is not touched here.",
  "expected": {
    "evaluations": [
      {
        "type": "AWS::CloudTrail::Trail",
        "id": "sealed",
        "compliance": "COMPLIANT",
        "annotation": "old \"words\""
      }
    ],
    "calls": [
      "config:PutEvaluations us-east-1"
    ]
  }
}
"#;

    fn expected(compliance: &str, annotation: &str, calls: &[&str]) -> Expected {
        Expected {
            evaluations: vec![Wanted {
                resource_type: "AWS::CloudTrail::Trail".to_owned(),
                id: "sealed".to_owned(),
                compliance: compliance.to_owned(),
                annotation: annotation.to_owned(),
            }],
            calls: calls.iter().map(|call| (*call).to_owned()).collect(),
            error: None,
        }
    }

    #[test]
    fn only_annotations_and_calls_are_rewritten() {
        let old = expected("COMPLIANT", "old \"words\"", &["config:PutEvaluations us-east-1"]);
        let calls = ["config:PutEvaluations us-east-1", "s3:HeadBucket"];
        let new = expected("COMPLIANT", "new", &calls);
        let text = rewritten(FILE, &old, &new).unwrap();
        let wanted = FILE
            .replace("\"annotation\": \"old \\\"words\\\"\"\n", "\"annotation\": \"new\"\n")
            .replace("us-east-1\"\n", "us-east-1\",\n      \"s3:HeadBucket\"\n");
        assert_eq!(text, wanted);
        for other in [
            expected("NON_COMPLIANT", "new", &calls),
            Expected { error: Some("x".to_owned()), ..new.clone() },
            Expected { evaluations: Vec::new(), ..new.clone() },
            Expected {
                evaluations: vec![Wanted { id: "other".to_owned(), ..new.evaluations[0].clone() }],
                ..new.clone()
            },
        ] {
            assert_eq!(rewritten(FILE, &old, &other), None);
        }
    }
}
