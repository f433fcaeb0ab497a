//! What the source of an expression proves, and what it does not.

use serde_json::{Value, json};

use crate::plan::document::*;
use crate::plan::support::*;

#[test]
fn a_value_that_is_only_known_after_the_apply_is_unverified() {
    let keys = || vec![new_key("aws_kms_key.k")];
    assert_eq!(of(&open_plan(keys(), &BARE)), OPEN, "without a source");
    assert_eq!(with_source(&open_plan(keys(), &BARE), "aws_kms_key.k.arn"), GOOD);
    let replaced = r#"replace(aws_kms_key.k.arn, "/key\\/.*/", "alias/aws/s3")"#;
    for expression in [
        replaced,
        "upper(aws_kms_key.k.arn)",
        "\"${aws_kms_key.k.arn}x\"",
        "\"%{ if true }${aws_kms_key.k.arn}%{ endif }\"",
        "aws_kms_key.k.arn == \"x\" ? aws_kms_key.k.arn : null",
        "[for one in [aws_kms_key.k.arn] : one][0]",
        "lookup({ a = aws_kms_key.k.arn }, \"a\")",
        "aws_kms_key.k.policy",
        "aws_kms_key.other.arn",
        "null",
        "\"arn:aws:kms:eu-central-1:111122223333:key/1234\"",
    ] {
        assert_eq!(with_source(&open_plan(keys(), &BARE), expression), OPEN, "{expression}");
    }
    for parent in [json!(true), json!({"kms_key_id": {"a": [true]}}), json!({"kms_key_id": "x"})] {
        let mut plan = open_plan(vec![kept_key(&["no-op"])], &BARE);
        plan["resource_changes"][1]["change"]["after_unknown"] = parent.clone();
        plan["resource_changes"][1]["change"]["after"]["kms_key_id"] = json!(ARN);
        assert_eq!(of(&plan), OPEN, "{parent}");
    }
    // An attribute that the plan does not state at all.
    let mut trail = trail_with(ARN);
    trail["change"]["after"].as_object_mut().unwrap().remove("kms_key_id");
    assert_eq!(of(&plan(vec![kept_key(&["no-op"]), trail, bucket()], vec![])), OPEN);
}

#[test]
fn an_expression_passes_where_it_provably_gives_the_key() {
    let counted = || open_plan(vec![new_key("aws_kms_key.k[0]")], &AT_0);
    let splat = || open_plan(vec![new_key("aws_kms_key.k[0]")], &["aws_kms_key.k"]);
    for expression in [
        "(aws_kms_key.k[0].arn)",
        "\"${aws_kms_key.k[0].arn}\"",
        "coalesce(aws_kms_key.k[0].arn, \"\")",
        "coalesce(null, aws_kms_key.k[0].arn)",
        "try(aws_kms_key.k[0].arn, null)",
        "true ? aws_kms_key.k[0].arn : null",
    ] {
        assert_eq!(with_source(&counted(), expression), GOOD, "{expression}");
    }
    for expression in [
        "one(aws_kms_key.k[*].arn)",
        "element(aws_kms_key.k[*].arn, 0)",
        "join(\"\", aws_kms_key.k.*.arn)",
        "aws_kms_key.k.*.arn[0]",
    ] {
        assert_eq!(with_source(&splat(), expression), GOOD, "{expression}");
    }
    // A full splat takes the index as one of each text.
    assert_eq!(with_source(&splat(), "aws_kms_key.k[*].arn[0]"), OPEN);
    let none = open_plan(vec![], &["aws_kms_key.k"]);
    assert_eq!(with_source(&none, "one(aws_kms_key.k[*].arn)"), OPEN);
    let two = vec![new_key("aws_kms_key.k[0]"), new_key("aws_kms_key.k[1]")];
    let two = open_plan(two, &["aws_kms_key.k"]);
    assert_eq!(with_source(&two, "one(aws_kms_key.k[*].arn)"), OPEN);
    let by_name = open_plan(
        vec![new_key("aws_kms_key.k[\"a\"]")],
        &["aws_kms_key.k[\"a\"].arn", "aws_kms_key.k[\"a\"]", "aws_kms_key.k"],
    );
    assert_eq!(with_source(&by_name, "aws_kms_key.k[\"a\"].arn"), GOOD);
    assert_eq!(with_source(&by_name, "aws_kms_key.k[\"b\"].arn"), OPEN);
    // `try` goes on only where Terraform does.
    let absent = open_plan(
        vec![new_key("aws_kms_key.k")],
        &[
            "aws_kms_key.other[0].arn",
            "aws_kms_key.other[0]",
            "aws_kms_key.other",
            "aws_kms_key.k.arn",
            "aws_kms_key.k",
        ],
    );
    let fallback = "try(aws_kms_key.other[0].arn, aws_kms_key.k.arn)";
    assert_eq!(with_source(&absent, fallback), GOOD);
    let mut targeted = absent.clone();
    targeted["complete"] = json!(false);
    assert_eq!(with_source(&targeted, fallback), OPEN);
    let elsewhere = open_plan(
        vec![new_key("aws_kms_key.k")],
        &["module.m.arn", "module.m", "aws_kms_key.k.arn", "aws_kms_key.k"],
    );
    assert_eq!(with_source(&elsewhere, "try(module.m.arn, aws_kms_key.k.arn)"), OPEN);
}

#[test]
fn an_unknown_condition_counts_both_ways() {
    let references =
        ["terraform_data.p.output", "terraform_data.p", "aws_kms_key.k.arn", "aws_kms_key.k"];
    let maybe = "terraform_data.p.output == \"a\" ? aws_kms_key.k.arn : null";
    let plan = open_plan(vec![new_key("aws_kms_key.k")], &references);
    assert_eq!(with_source(&plan, maybe), OPEN);
    let both = "terraform_data.p.output == \"a\" ? aws_kms_key.k.arn : aws_kms_key.k.arn";
    assert_eq!(with_source(&plan, both), GOOD);
    // Variables of the plan decide; a local value, which no plan states, does not.
    let references = ["var.on", "aws_kms_key.k.arn", "aws_kms_key.k"];
    for (value, expected) in [(json!(true), GOOD), (json!("true"), GOOD), (json!("1"), OPEN)] {
        let mut plan = open_plan(vec![new_key("aws_kms_key.k")], &references);
        plan["variables"] = json!({"on": {"value": value}});
        assert_eq!(with_source(&plan, "var.on ? aws_kms_key.k.arn : null"), expected, "{value}");
    }
    let references = ["local.on", "aws_kms_key.k.arn", "aws_kms_key.k"];
    let plan = open_plan(vec![new_key("aws_kms_key.k")], &references);
    let text = format!("{}locals {{ on = true }}\n", source("local.on ? aws_kms_key.k.arn : null"));
    assert_eq!(words(&preview_with(&plan.to_string(), &[("", "main.tf", &text)]), ""), OPEN);
}

#[test]
fn a_local_value_counts_where_the_plan_names_the_key_as_contributing() {
    let text = format!("{}locals {{ key = aws_kms_key.k.arn }}\n", source("local.key"));
    let mut plan = open_plan(vec![new_key("aws_kms_key.k")], &["local.key"]);
    let answer =
        |plan: &Value| words(&preview_with(&plan.to_string(), &[("", "main.tf", &text)]), "");
    assert_eq!(answer(&plan), OPEN);
    plan["relevant_attributes"] = json!([{"resource": "aws_kms_key.other", "attribute": ["arn"]}]);
    assert_eq!(answer(&plan), OPEN);
    plan["relevant_attributes"] = json!([{"resource": "aws_kms_key.k", "attribute": ["arn"]}]);
    assert_eq!(answer(&plan), GOOD);
}

#[test]
fn a_source_that_is_not_the_plans_counts_for_nothing() {
    let plan = open_plan(vec![new_key("aws_kms_key.k"), new_key("aws_kms_key.other")], &BARE);
    let good = source("aws_kms_key.k.arn");
    let twice = format!("{good}{good}");
    let broken = format!("{good}}}");
    let other = source("aws_kms_key.other.arn");
    let cases: [&[(&str, &str, &str)]; 9] = [
        &[],
        &[("", "main.tf", "")],
        &[("", "main.tf", &twice)],
        &[("", "main.tf", &broken)],
        &[("", "main.tf", &other)],
        &[("", "main.tf", &good), ("", "a_override.tf", "")],
        &[("", "main.tf", &good), ("", "b.tf.json", "")],
        &[("", "main.tf", &good), ("", "main.tofu", "")],
        &[("", "main.tf", &good), ("", "a_override.tofu.json", "")],
    ];
    for files in cases {
        let read = preview_with(&plan.to_string(), files);
        assert_eq!(words(&read, ""), OPEN, "{files:?}");
    }
    let read = preview_with(&plan.to_string(), &[("", "main.tf", &good)]).unwrap();
    let trail = &read.trails[0].declared;
    assert_eq!((trail.location.file.as_str(), trail.location.line), ("main.tf", 1));
    let key = trail.key_location.as_ref().unwrap();
    assert_eq!((key.line, key.column), (2, 3));
}

#[test]
fn an_alias_is_the_key_that_it_names() {
    let alias = |actions: &[&str]| {
        change(
            "aws_kms_alias.a",
            actions,
            json!({"name": "alias/trail"}),
            json!({"arn": true, "target_key_id": true, "target_key_arn": true}),
        )
    };
    let references = ["aws_kms_alias.a.arn", "aws_kms_alias.a"];
    let all = |alias: Value| {
        let mut plan = open_plan(vec![new_key("aws_kms_key.k"), alias], &references);
        let names =
            json!({"target_key_id": {"references": ["aws_kms_key.k.key_id", "aws_kms_key.k"]}});
        plan["configuration"]["root_module"]["resources"]
            .as_array_mut()
            .unwrap()
            .push(config("aws_kms_alias.a", names));
        with_source(&plan, "aws_kms_alias.a.arn")
    };
    assert_eq!(all(alias(&["create"])), GOOD);
    assert_eq!(all(alias(&["update"])), OPEN);
    assert_eq!(all(alias(&["delete", "create"])), OPEN);
    // The ARN of an alias that exists, and of one that the plan points to another key.
    let arn = "arn:aws:kms:eu-central-1:111122223333:alias/trail";
    let existing = |actions: &[&str], target: &str| {
        let values = json!({"arn": arn, "name": "alias/trail", "target_key_arn": target});
        let alias = change("aws_kms_alias.a", actions, values, json!({}));
        of(&plan(vec![kept_key(&["no-op"]), alias, trail_with(arn), bucket()], vec![]))
    };
    assert_eq!(existing(&["no-op"], ARN), GOOD);
    assert_eq!(existing(&["update"], ARN), OPEN);
    assert_ne!(existing(&["no-op"], "arn:aws:kms:eu-central-1:111122223333:key/x")[0], "COMPLIANT");
}
