//! Sources that give another key than the plan does.

use serde_json::{Value, json};

use crate::document::*;
use crate::support::*;

/// A key that is switched off.
fn bad_key(address: &str) -> Value {
    let mut key = new_key(address);
    key["change"]["after"]["is_enabled"] = json!(false);
    key
}

/// The references that a plan states for these expressions.
fn with_k<'a>(others: &[&'a str]) -> Vec<&'a str> {
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
