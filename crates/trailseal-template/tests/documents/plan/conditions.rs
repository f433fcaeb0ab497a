//! Conditions in the source that the variables of a plan decide, or do not.

use serde_json::{Value, json};

use crate::plan::document::*;
use crate::plan::other_source::{bad_key, with_k};

/// The effective answer if a condition picks a good key where it holds, and a bad one otherwise.
fn picked(on: &Value, condition: &str) -> String {
    let mut references = with_k(&["aws_kms_key.other.arn", "aws_kms_key.other"]);
    if condition.contains("var.on") {
        references.push("var.on");
    }
    let keys = vec![new_key("aws_kms_key.k"), bad_key("aws_kms_key.other")];
    let mut plan = open_plan(keys, &references);
    plan["variables"] = json!({"on": {"value": on}});
    let expression = format!("{condition} ? aws_kms_key.k.arn : aws_kms_key.other.arn");
    with_source(&plan, &expression)[1].clone()
}

#[test]
fn a_condition_that_the_plan_decides_picks_one_key() {
    for (on, condition) in [
        (json!(true), "var.on"),
        (json!("true"), "var.on"),
        (json!(true), "(var.on)"),
        (json!(false), "!var.on"),
        (json!(true), "!(!var.on)"),
        (json!(true), "var.on && true"),
        (json!(true), "var.on || false"),
        (json!(false), "var.on || true"),
        (json!("a"), "var.on == \"a\""),
        (json!("a"), "var.on != \"b\""),
        (json!("a"), "var.on != null"),
        (json!("a"), "null != var.on"),
        (json!(null), "var.on == null"),
        (json!(null), "null == var.on"),
    ] {
        assert_eq!(picked(&on, condition), "COMPLIANT", "{on}: {condition}");
    }
    for (on, condition) in [
        (json!(false), "var.on"),
        (json!("false"), "var.on"),
        (json!(true), "!var.on"),
        (json!(true), "var.on && false"),
        (json!(false), "var.on && true"),
        (json!(false), "var.on || false"),
        (json!("a"), "var.on == \"b\""),
        (json!("a"), "var.on != \"a\""),
        (json!("a"), "var.on == null"),
        (json!("a"), "null == var.on"),
        (json!(null), "var.on != null"),
        (json!(null), "null != var.on"),
    ] {
        assert_eq!(picked(&on, condition), "NON_COMPLIANT", "{on}: {condition}");
    }
}

#[test]
fn a_condition_that_is_not_certain_picks_no_key() {
    for (on, condition) in [
        (json!("1"), "var.on"),
        (json!("x"), "var.on"),
        (json!(1), "var.on"),
        (json!(null), "var.on"),
        (json!([true]), "var.on"),
        (json!("x"), "var.on && true"),
        (json!("x"), "true && var.on"),
        (json!("x"), "var.on || true"),
        (json!("x"), "false || var.on"),
        (json!("x"), "!var.on"),
        (json!(2), "var.on > 1"),
        // Terraform compares types as well, which the plan does not state.
        (json!(true), "var.on == \"true\""),
        (json!(false), "var.on == \"false\""),
        (json!(1), "var.on == \"1\""),
        (json!("1"), "var.on == \"1\""),
        (json!(true), "var.on == \"a\""),
        (json!("a"), "var.on == \"true\""),
        (json!("a"), "var.on == \"1\""),
        (json!("a"), "var.on != \"1\""),
        (json!("a"), "var.on == upper(\"a\")"),
        (json!(["a"]), "var.on == \"a\""),
        (json!(["a"]), "var.on == null"),
    ] {
        assert_eq!(picked(&on, condition), "unverified", "{on}: {condition}");
    }
}

#[test]
fn a_side_of_an_unknown_condition_that_gives_nothing_does_not_pass() {
    let references =
        with_k(&["terraform_data.p.id", "terraform_data.p", "aws_kms_key.x.arn", "aws_kms_key.x"]);
    let plan = open_plan(vec![new_key("aws_kms_key.k")], &references);
    for (one, other) in [("k", "x"), ("x", "k")] {
        let expression = format!(
            "terraform_data.p.id == \"a\" ? aws_kms_key.{one}.arn : aws_kms_key.{other}.arn"
        );
        assert_eq!(with_source(&plan, &expression)[1], "unverified", "{expression}");
    }
}

#[test]
fn sides_of_an_unknown_condition_that_both_give_no_key_are_a_finding() {
    let references = ["terraform_data.p.id", "terraform_data.p"];
    let plan = open_plan(vec![], &references);
    let expression = "terraform_data.p.id == \"a\" ? null : \"\"";
    assert_eq!(with_source(&plan, expression), ["NON_COMPLIANT"; 3]);
}
