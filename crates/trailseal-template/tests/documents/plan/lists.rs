//! Lists that functions make, and variables that are null.

use serde_json::{Value, json};

use crate::plan::document::*;
use crate::plan::other_source::{bad_key, with_k};
use crate::plan::support::*;

#[test]
fn an_item_of_a_list_passes_where_every_item_is_certain() {
    let plan = open_plan(vec![new_key("aws_kms_key.k[0]")], &["aws_kms_key.k"]);
    for expression in [
        "concat(aws_kms_key.k.*.arn, [\"\"])[0]",
        "concat([\"\"], aws_kms_key.k[*].arn)[1]",
        "element(concat(aws_kms_key.k.*.arn, list(\"\")), 0)",
        "(concat(aws_kms_key.k[*].arn))[0]",
        "[one(aws_kms_key.k[*].arn)][0]",
        "compact([\"\", one(aws_kms_key.k[*].arn)])[0]",
        "one(compact([null, one(aws_kms_key.k[*].arn)]))",
        "sensitive(one(aws_kms_key.k[*].arn))",
        "nonsensitive(one(aws_kms_key.k[*].arn))",
        "tostring(one(aws_kms_key.k[*].arn))",
        "compact(concat([\"\"], aws_kms_key.k[*].arn))[0]",
    ] {
        assert_eq!(with_source(&plan, expression), GOOD, "{expression}");
    }
    for expression in [
        "concat([\"\"], aws_kms_key.k[*].arn)[0]",
        "concat(aws_kms_key.k[*].arn)[1]",
        "concat(aws_kms_key.k[*].arn)[-1]",
        "concat(aws_kms_key.k[*].arn)[\"0\"]",
        "concat(aws_kms_key.k[*].arn)[*]",
        "concat([aws_kms_key.k[*].arn]...)[0]",
        "concat([upper(\"x\")], aws_kms_key.k[*].arn)[1]",
        "compact([one(aws_kms_key.k[*].description), one(aws_kms_key.k[*].arn)])[0]",
        "reverse(aws_kms_key.k[*].arn)[0]",
        "provider::x::concat(aws_kms_key.k[*].arn)[0]",
        "provider::x::one(aws_kms_key.k[*].arn)",
        "one(aws_kms_key.k[*].arn...)",
    ] {
        assert_eq!(with_source(&plan, expression), OPEN, "{expression}");
    }
}

#[test]
fn the_item_of_a_list_is_the_one_that_terraform_takes() {
    let keys = || vec![new_key("aws_kms_key.k[0]"), bad_key("aws_kms_key.other[0]")];
    let of = |keys: Vec<Value>, expression: &str| {
        with_source(&open_plan(keys, &["aws_kms_key.k", "aws_kms_key.other"]), expression)
    };
    let both = "concat(aws_kms_key.k[*].arn, aws_kms_key.other[*].arn)";
    assert_eq!(of(keys(), &format!("{both}[0]")), GOOD);
    assert_eq!(of(keys(), &format!("{both}[1]"))[1], "NON_COMPLIANT");
    assert_eq!(of(keys(), &format!("one({both})")), OPEN);
    // Without an instance of the first resource the other key moves up.
    let other = vec![bad_key("aws_kms_key.other[0]")];
    assert_eq!(of(other, &format!("{both}[0]"))[1], "NON_COMPLIANT");
    // Several instances, in the order of their indices.
    let several = vec![bad_key("aws_kms_key.k[1]"), new_key("aws_kms_key.k[0]")];
    let several = open_plan(several, &["aws_kms_key.k"]);
    assert_eq!(with_source(&several, "concat(aws_kms_key.k[*].arn)[0]"), GOOD);
    assert_eq!(with_source(&several, "concat(aws_kms_key.k[*].arn)[1]")[1], "NON_COMPLIANT");
}

#[test]
fn a_list_has_the_instances_of_one_resource() {
    let mut keys = vec![
        new_key("aws_kms_key.k[0]"),
        bad_key("aws_kms_key.other[0]"),
        bad_key("module.m.aws_kms_key.k[0]"),
        change("data.aws_kms_key.k", &["read"], json!({}), json!({"arn": true})),
    ];
    keys.push(change("aws_s3_bucket.k", &["create"], json!({}), json!({"arn": true})));
    let plan = open_plan(keys, &["aws_kms_key.k"]);
    assert_eq!(with_source(&plan, "one(aws_kms_key.k[*].arn)"), GOOD);
}

#[test]
fn a_list_without_instances_is_certain_only_in_a_whole_plan() {
    let references = ["terraform_data.p.id", "terraform_data.p", "aws_kms_key.other"];
    let plan = open_plan(vec![], &references);
    let text = source("terraform_data.p.id == \"a\" ? one(aws_kms_key.other[*].arn) : \"\"");
    let found = |plan: &Value, text: &str| {
        words(&preview_with(&plan.to_string(), &[("", "main.tf", text)]), "")
    };
    assert_eq!(found(&plan, &text), ["NON_COMPLIANT"; 3]);
    let mut partial = plan.clone();
    partial["complete"] = json!(false);
    assert_eq!(found(&partial, &text), OPEN);
    // Of a map of instances, Terraform takes no such list.
    let bare = "resource \"aws_kms_key\" \"other\" {}";
    let for_each = "resource \"aws_kms_key\" \"other\" {\n  for_each = {}\n}";
    assert!(text.contains(bare));
    assert_eq!(found(&plan, &text.replace(bare, for_each)), OPEN);
}

/// Terraform states null of a variable that has another value, if the variable does not take null.
#[test]
fn a_variable_that_is_null_is_left_out() {
    let mut plan = open_plan(vec![new_key("aws_kms_key.k")], &with_k(&["var.on"]));
    plan["variables"] = json!({"on": {"value": null}});
    let text = source("coalesce(var.on, aws_kms_key.k.arn)");
    let answer = |plan: &Value, body: &str| {
        let text = text.replace("variable \"on\" {}", &format!("variable \"on\" {{\n{body}\n}}"));
        words(&preview_with(&plan.to_string(), &[("", "main.tf", &text)]), "")
    };
    for body in ["", "default = null", "default = null\nnullable = true"] {
        assert_eq!(answer(&plan, body), GOOD, "{body}");
    }
    for body in [
        "default = \"x\"",
        "nullable = false",
        "default = null\nnullable = false",
        "default = null\nnullable = 1 == 1",
        "default = null\nephemeral = true",
    ] {
        assert_eq!(answer(&plan, body), OPEN, "{body}");
    }
    plan["variables"] = json!({"on": {}});
    assert_eq!(answer(&plan, "default = null"), OPEN, "the plan does not state it");
    plan["variables"] = json!({});
    assert_eq!(answer(&plan, "default = null"), OPEN, "the plan does not state it");
}
