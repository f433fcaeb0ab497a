//! `UPDATE_CORPUS=1` rewrites annotations, error texts and calls of the corpus, and nothing else.
//!
//! The text of an annotation or error may change with the rule. The description, compliance and
//! resource of a case, and whether it is an error, change only by hand: otherwise the case fails,
//! and its file stays unchanged.

use std::fs;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::case::{Case, Expected, root};

/// Writes the texts and calls of `answered` into the case and its file, if the environment asks for
/// it and nothing else differs.
pub(super) fn update_if_asked(case: &mut Case, answered: Expected) {
    if std::env::var("UPDATE_CORPUS").is_err() || case.expected == answered {
        return;
    }
    /// Two tests run the corpus at the same time.
    static ONE_WRITER: Mutex<()> = Mutex::new(());
    let _writer = ONE_WRITER.lock().unwrap_or_else(PoisonError::into_inner);
    let path = root().join(&case.name).with_extension("json");
    let text = fs::read_to_string(&path).unwrap();
    if let Some(text) = rewritten(&text, &case.expected, &answered) {
        fs::write(&path, text).unwrap();
        case.expected = answered;
    }
}

/// The file's content with the new texts and calls; `None` if anything else differs.
fn rewritten(text: &str, expected: &Expected, answered: &Expected) -> Option<String> {
    let facts = |expected: &Expected| -> Vec<_> {
        let evaluations = expected.evaluations.iter();
        evaluations
            .map(|one| (one.resource_type.clone(), one.id.clone(), one.compliance.clone()))
            .collect()
    };
    let is_error = |expected: &Expected| expected.error.is_some();
    if facts(expected) != facts(answered) || is_error(expected) != is_error(answered) {
        return None;
    }
    let start = text.find("\n  \"expected\": {")?;
    let (before, after) = text.split_at(start);
    let mut after = after.to_owned();
    let member = |name: &str, text: &str| format!("\"{name}\": {}", Value::from(text));
    for (old, new) in expected.evaluations.iter().zip(&answered.evaluations) {
        let annotation = |text: &str| member("annotation", text);
        after = after.replacen(&annotation(&old.annotation), &annotation(&new.annotation), 1);
    }
    if let (Some(old), Some(new)) = (&expected.error, &answered.error) {
        after = after.replacen(&member("error", old), &member("error", new), 1);
    }
    after = after.replacen(&calls(&expected.calls), &calls(&answered.calls), 1);
    let text = format!("{before}{after}");
    let read: Value = serde_json::from_str(&text).ok()?;
    let read: Expected = serde_json::from_value(read.get("expected")?.clone()).ok()?;
    (read == *answered).then_some(text)
}

/// The member `calls`, formatted as in a file of the corpus.
fn calls(calls: &[String]) -> String {
    let lines: Vec<String> =
        calls.iter().map(|call| format!("      {}", Value::from(call.as_str()))).collect();
    format!("\"calls\": [\n{}\n    ]", lines.join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::super::case::CaseEvaluation;
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
            evaluations: vec![CaseEvaluation {
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
    fn the_text_of_an_error_is_rewritten() {
        let error = |text: &str| Expected {
            evaluations: Vec::new(),
            calls: Vec::new(),
            error: Some(text.to_owned()),
        };
        let file = r#"{
  "expected": { "evaluations": [], "calls": [], "error": "old" }
}"#;
        let text = rewritten(file, &error("old"), &error("new"));
        assert_eq!(text, Some(file.replace("old", "new")));
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
                evaluations: vec![CaseEvaluation {
                    id: "other".to_owned(),
                    ..new.evaluations[0].clone()
                }],
                ..new.clone()
            },
        ] {
            assert_eq!(rewritten(FILE, &old, &other), None);
        }
    }
}
