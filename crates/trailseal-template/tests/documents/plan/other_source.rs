//! Sources that give another key than the plan does.

use serde_json::{Value, json};

use crate::plan::document::*;
use crate::plan::support::*;

/// A key that is switched off.
pub(crate) fn bad_key(address: &str) -> Value {
    let mut key = new_key(address);
    key["change"]["after"]["is_enabled"] = json!(false);
    key
}

/// The references that a plan states for these expressions.
pub(crate) fn with_k<'a>(others: &[&'a str]) -> Vec<&'a str> {
    others.iter().copied().chain(BARE).collect()
}

#[test]
fn try_does_not_pass_over_an_instance_written_with_the_other_index() {
    for (instance, written) in [
        ("aws_kms_key.other[\"0\"]", "aws_kms_key.other[0]"),
        ("aws_kms_key.other[0]", "aws_kms_key.other[\"0\"]"),
    ] {
        let whole = format!("{written}.arn");
        let references = with_k(&[&whole, written, "aws_kms_key.other"]);
        let plan = open_plan(vec![bad_key(instance), new_key("aws_kms_key.k")], &references);
        let expression = format!("try({whole}, aws_kms_key.k.arn)");
        assert_eq!(with_source(&plan, &expression), OPEN, "{expression}");
    }
}

#[test]
fn an_instance_of_a_module_written_with_the_other_index_is_not_certain() {
    for (value, references, expression) in [
        (
            "one(aws_kms_key.bad[*].arn)",
            json!(["aws_kms_key.bad"]),
            "coalesce(module.m[0].arn, aws_kms_key.k.arn)",
        ),
        (
            "aws_kms_key.bad[0].arn",
            json!(["aws_kms_key.bad[0].arn", "aws_kms_key.bad[0]", "aws_kms_key.bad"]),
            "try(module.m[0].arn, aws_kms_key.k.arn)",
        ),
    ] {
        let keys = vec![bad_key("module.m[\"0\"].aws_kms_key.bad[0]"), new_key("aws_kms_key.k")];
        let mut plan = open_plan(keys, &with_k(&["module.m[0].arn", "module.m[0]"]));
        plan["configuration"]["root_module"]["module_calls"] = json!({"m": {"source": "./m",
            "module": {"resources": [config("aws_kms_key.bad", json!({}))],
                "outputs": {"arn": {"expression": {"references": references}}}}}});
        let root = source(expression)
            + "module \"m\" {\n  source = \"./m\"\n  for_each = { \"0\" = \"x\" }\n}\n";
        let module = format!(
            "resource \"aws_kms_key\" \"bad\" {{\n  count = 1\n}}\noutput \"arn\" {{\n  value = {value}\n}}\n"
        );
        let files = [("", "main.tf", root.as_str()), ("m", "main.tf", module.as_str())];
        let read = preview_with(&plan.to_string(), &files);
        assert_eq!(words(&read, ""), OPEN, "{expression}");
    }
}

#[test]
fn try_does_not_pass_over_a_coalesce_that_may_give_a_key() {
    let references = with_k(&[
        "terraform_data.p.id",
        "terraform_data.p",
        "aws_kms_key.other.arn",
        "aws_kms_key.other",
    ]);
    let keys = vec![bad_key("aws_kms_key.other"), new_key("aws_kms_key.k")];
    let plan = open_plan(keys, &references);
    let maybe = "coalesce(terraform_data.p.id == \"a\" ? aws_kms_key.other.arn : null, null)";
    assert_eq!(with_source(&plan, &format!("try({maybe}, aws_kms_key.k.arn)")), OPEN);
}

/// The answers about a trail in a module whose variable `on` picks one of two keys: the
/// good one if it is true.
fn with_variable(argument: Value, default: Value, call: &str, declared: &str) -> [String; 3] {
    let keys = ["k", "other"].map(|name| format!("module.m.aws_kms_key.{name}"));
    let mut trail = change(
        "module.m.aws_cloudtrail.t",
        &["create"],
        trail_values(),
        json!({"kms_key_id": true, "arn": true}),
    );
    trail["module_address"] = json!("module.m");
    let references = with_k(&["var.on", "aws_kms_key.other.arn", "aws_kms_key.other"]);
    let mut plan = plan(vec![new_key(&keys[0]), bad_key(&keys[1]), trail, bucket()], vec![]);
    plan["configuration"]["root_module"]["module_calls"] = json!({"m": {"source": "./m",
        "expressions": argument,
        "module": {"variables": {"on": default}, "resources": [
            config("aws_cloudtrail.t", json!({"kms_key_id": {"references": references}})),
            config("aws_kms_key.k", json!({"policy": {}})),
            config("aws_kms_key.other", json!({"policy": {}}))]}}});
    let root = format!("module \"m\" {{\n  source = \"./m\"\n{call}\n}}\n");
    let inner = source("var.on ? aws_kms_key.k.arn : aws_kms_key.other.arn")
        .replace("variable \"on\" {}", &format!("variable \"on\" {{\n{declared}\n}}"));
    let files = [("", "main.tf", root.as_str()), ("m", "main.tf", inner.as_str())];
    words(&preview_with(&plan.to_string(), &files), "")
}

#[test]
fn the_plans_constants_count_and_not_those_of_the_source() {
    const BAD: [&str; 3] = ["COMPLIANT", "NON_COMPLIANT", "NON_COMPLIANT"];
    const EITHER: [&str; 3] = ["COMPLIANT", "unverified", "unverified"];
    let constant = |value: bool| json!({"on": {"constant_value": value}});
    let none = || json!({});
    assert_eq!(with_variable(constant(true), none(), "on = true", ""), GOOD);
    assert_eq!(with_variable(constant(false), none(), "on = true", ""), BAD);
    assert_eq!(with_variable(json!({"on": {}}), none(), "on = true", ""), EITHER);
    let default = |value: Value| json!({"default": value});
    assert_eq!(with_variable(none(), default(json!(true)), "", "default = true"), GOOD);
    assert_eq!(with_variable(none(), default(json!(false)), "", "default = true"), BAD);
    assert_eq!(with_variable(none(), none(), "", "default = true"), EITHER);
}

#[test]
fn the_source_refers_to_no_less_than_the_plan() {
    let of = |references: &[&str], expression: &str| {
        let mut keys = vec![new_key("aws_kms_key.k[0]"), new_key("aws_kms_key.k[1]")];
        keys[1]["change"]["after"]["is_enabled"] = json!(false);
        with_source(&open_plan(keys, references), expression)
    };
    let first = "element(aws_kms_key.k[*].arn, 0)";
    assert_eq!(of(&["aws_kms_key.k"], first), GOOD);
    assert_eq!(of(&["aws_kms_key.k[1].arn", "aws_kms_key.k[1]", "aws_kms_key.k"], first), OPEN);
    assert_eq!(of(&AT_0, "aws_kms_key.k.0.arn"), GOOD);
}

#[test]
fn an_ephemeral_variable_does_not_decide() {
    let references = with_k(&["var.on", "aws_kms_key.other.arn", "aws_kms_key.other"]);
    let keys = vec![new_key("aws_kms_key.k"), bad_key("aws_kms_key.other")];
    let mut plan = open_plan(keys, &references);
    plan["variables"] = json!({"on": {"value": true}});
    let text = source("var.on ? aws_kms_key.k.arn : aws_kms_key.other.arn");
    let answer = |text: &str| words(&preview_with(&plan.to_string(), &[("", "main.tf", text)]), "");
    assert_eq!(answer(&text), GOOD);
    let declared = "variable \"on\" {}";
    let ephemeral = text.replace(declared, "variable \"on\" {\n  ephemeral = true\n}");
    assert_ne!(answer(&ephemeral)[1], "COMPLIANT");
    assert_eq!(answer(&text.replace(declared, "")), answer(&ephemeral), "it is not declared");
}

#[test]
fn texts_that_are_not_ascii_are_not_certain() {
    let references = with_k(&["var.on", "aws_kms_key.other.arn", "aws_kms_key.other"]);
    let keys = vec![new_key("aws_kms_key.k"), bad_key("aws_kms_key.other")];
    let mut plan = open_plan(keys, &references);
    plan["variables"] = json!({"on": {"value": "\u{e9}"}});
    let differs = "var.on == \"e\u{301}\" ? aws_kms_key.other.arn : aws_kms_key.k.arn";
    assert_ne!(with_source(&plan, differs)[1], "COMPLIANT");
    let written = "aws_kms_key.other[\"e\u{301}\"]";
    let whole = format!("{written}.arn");
    let references = with_k(&[&whole, written, "aws_kms_key.other"]);
    let keys = vec![new_key("aws_kms_key.k"), bad_key("aws_kms_key.other[\"\u{e9}\"]")];
    let tried = format!("try({whole}, aws_kms_key.k.arn)");
    assert_eq!(with_source(&open_plan(keys, &references), &tried), OPEN);
}
