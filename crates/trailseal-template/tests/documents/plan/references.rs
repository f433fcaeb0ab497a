//! The names in the source that must be those of the plan.

use serde_json::json;

use crate::plan::document::*;
use crate::plan::other_source::with_k;

/// The outcome of `coalesce(KEY, rest)`. It is the key for any `rest`.
fn with_rest(rest: &str, others: &[&str]) -> [String; 3] {
    let plan = open_plan(vec![new_key("aws_kms_key.k")], &with_k(others));
    with_source(&plan, &format!("coalesce(aws_kms_key.k.arn, {rest})"))
}

#[test]
fn every_name_in_an_expression_counts() {
    let other = ["aws_kms_key.other.arn", "aws_kms_key.other"];
    for rest in [
        "aws_kms_key.other.arn",
        "upper(aws_kms_key.other.arn)",
        "\"${aws_kms_key.other.arn}x\"",
        "[aws_kms_key.other.arn][0]",
        "{ a = aws_kms_key.other.arn }.a",
        "{ (aws_kms_key.other.arn) = \"x\" }.a",
        "true ? \"x\" : aws_kms_key.other.arn",
    ] {
        assert_eq!(with_rest(rest, &other), GOOD, "{rest}");
        assert_eq!(with_rest(rest, &[]), OPEN, "{rest}");
    }
    // A bare key is no reference.
    assert_eq!(with_rest("{ a = \"x\" }.a", &[]), GOOD);
    assert_eq!(with_rest("\"x\"", &other), OPEN, "the plan says more");
}

#[test]
fn a_plan_names_what_is_before_an_index_that_is_computed() {
    let index = "terraform_data.p.n";
    let names = ["aws_kms_key.other", index, "terraform_data.p"];
    for rest in [".arn", ".tags.0", ".tags[0]", "[0].arn", ".*.arn", ""] {
        let rest = format!("aws_kms_key.other[{index}]{rest}");
        assert_eq!(with_rest(&rest, &names), GOOD, "{rest}");
        assert_eq!(with_rest(&rest, &names[..1]), OPEN, "{rest}");
        assert_eq!(with_rest(&rest, &names[1..]), OPEN, "{rest}");
    }
    for (rest, name) in [
        ("aws_kms_key.other[0].arn", "aws_kms_key.other[0].arn"),
        ("aws_kms_key.other.0.arn", "aws_kms_key.other[0].arn"),
        ("aws_kms_key.other[\"a\"].arn", "aws_kms_key.other[\"a\"].arn"),
    ] {
        let start = name.trim_end_matches(".arn");
        assert_eq!(with_rest(rest, &[name, start, "aws_kms_key.other"]), GOOD, "{rest}");
        assert_eq!(with_rest(rest, &["aws_kms_key.other"]), OPEN, "{rest}");
    }
    // The plan names another thing that starts with the same characters.
    assert_eq!(with_rest("aws_kms_key.other.arn", &["aws_kms_key.other.ar"]), OPEN);
}

#[test]
fn an_expression_that_declares_names_is_not_compared() {
    for rest in [
        "[for one in [\"\"] : \"x\"][0]",
        "[for one in [\"\"] : one][0]",
        "\"%{ if true }x%{ endif }\"",
        "other",
    ] {
        assert_eq!(with_rest(rest, &[]), OPEN, "{rest}");
    }
}

#[test]
fn an_expression_with_a_value_in_the_plan_is_not_that_of_the_source() {
    let mut plan = open_plan(vec![new_key("aws_kms_key.k")], &BARE);
    assert_eq!(with_source(&plan, "aws_kms_key.k.arn"), GOOD);
    plan["configuration"]["root_module"]["resources"][0]["expressions"]["kms_key_id"]["constant_value"] =
        json!("x");
    assert_eq!(with_source(&plan, "aws_kms_key.k.arn"), OPEN);
}
