//! Keys that the source hands from one module to another.

use serde_json::{Value, json};

use crate::plan::document::*;
use crate::plan::other_source::bad_key;
use crate::plan::support::*;

const BAD: [&str; 3] = ["COMPLIANT", "NON_COMPLIANT", "NON_COMPLIANT"];

/// What is found of a trail whose key is an output of an instance of module `m`.
fn of_output(instances: Vec<Value>, expression: &str, references: &[&str]) -> [String; 3] {
    let mut plan = open_plan(instances, references);
    plan["configuration"]["root_module"]["module_calls"] = json!({"m": {"source": "./m",
        "module": {"resources": [config("aws_kms_key.k", json!({"policy": {}}))],
            "outputs": {"arn": {"expression": {"references": BARE}}}}}});
    let root = source(expression) + "module \"m\" {\n  source = \"./m\"\n}\n";
    let module =
        "resource \"aws_kms_key\" \"k\" {}\noutput \"arn\" {\n  value = aws_kms_key.k.arn\n}\n";
    let files = [("", "main.tf", root.as_str()), ("m", "main.tf", module)];
    words(&preview_with(&plan.to_string(), &files), "")
}

#[test]
fn an_output_is_that_of_the_named_instance_of_the_module() {
    let numbered =
        || vec![new_key("module.m[0].aws_kms_key.k"), bad_key("module.m[1].aws_kms_key.k")];
    let of = |at: usize| {
        let names = [format!("module.m[{at}].arn"), format!("module.m[{at}]")];
        of_output(numbered(), &names[0], &[&names[0], &names[1], "module.m"])
    };
    assert_eq!(of(0), GOOD);
    assert_eq!(of(1), BAD);
    let text = "module.m[\"a\"].arn";
    let named = vec![new_key("module.m[\"a\"].aws_kms_key.k")];
    assert_eq!(of_output(named, text, &[text, "module.m[\"a\"]", "module.m"]), GOOD);
    let computed = "module.m[terraform_data.p.n].arn";
    let references = ["module.m", "terraform_data.p.n", "terraform_data.p"];
    assert_eq!(of_output(numbered(), computed, &references), OPEN);
}

#[test]
fn an_output_of_a_module_without_an_instance_decides_nothing() {
    const CONDITION: &str =
        "try(module.m[0].use, false) ? aws_kms_key.k.arn : aws_kms_key.other.arn";
    let found = |condition: &str, call: &str, keys: &[&str], planned: Value| {
        let mut all = vec![new_key("aws_kms_key.k"), bad_key("aws_kms_key.other")];
        all.extend(keys.iter().map(|address| new_key(address)));
        let at_0 = ["module.m[0].use", "module.m[0]", "module.m"];
        let at = ["module.m.use", "module.m"];
        let module = if condition.contains("[0]") { &at_0[..] } else { &at };
        let others = [&BARE[..], &["aws_kms_key.other.arn", "aws_kms_key.other"]].concat();
        let mut plan = open_plan(all, &[module, &others].concat());
        plan["configuration"]["root_module"]["module_calls"] = json!({"m": {"source": "./m",
            "module": {"resources": [config("aws_kms_key.k", json!({}))],
                "outputs": {"use": {"expression": {"constant_value": true}}}}}});
        plan["planned_values"] = planned;
        let call = format!("module \"m\" {{\n  source = \"./m\"\n{call}}}\n");
        let root = source(condition) + &call;
        let module = "output \"use\" {\n  value = true\n}\n";
        let files = [("", "main.tf", root.as_str()), ("m", "main.tf", module)];
        words(&preview_with(&plan.to_string(), &files), "")[1].clone()
    };
    const COUNT: &str = "  count = var.n\n";
    let none = || json!({"root_module": {}});
    assert_eq!(found(CONDITION, COUNT, &[], none()), "unverified");
    assert_eq!(found(CONDITION, COUNT, &["module.m[1].aws_kms_key.k"], none()), "unverified");
    assert_eq!(found(CONDITION, COUNT, &["module.m[0].aws_kms_key.k"], none()), "COMPLIANT");
    let nested = ["module.m[0].module.n.aws_kms_key.k"];
    assert_eq!(found(CONDITION, COUNT, &nested, none()), "COMPLIANT");
    let planned = |address: &str| json!({"root_module": {"child_modules": [{"address": address}]}});
    assert_eq!(found(CONDITION, COUNT, &[], planned("module.m[0]")), "COMPLIANT");
    assert_eq!(found(CONDITION, COUNT, &[], planned("module.m[1]")), "unverified");
    let plain = CONDITION.replace("[0]", "");
    assert_eq!(found(&plain, "", &[], none()), "COMPLIANT");
    let enabled = "  lifecycle {\n    enabled = var.on\n  }\n";
    assert_eq!(found(&plain, enabled, &[], none()), "unverified", "of OpenTofu");
    assert_eq!(found(&plain, enabled, &["module.m.aws_kms_key.k"], none()), "COMPLIANT");
}

/// What is found of each of these trails, in its order.
fn of_trails(
    trails: [&str; 2],
    keys: Vec<Value>,
    expression: &str,
    references: &[&str],
) -> Vec<String> {
    let mut changes = keys;
    changes.extend(trails.map(|address| {
        let unknown = json!({"kms_key_id": true, "arn": true});
        change(address, &["create"], trail_values(), unknown)
    }));
    changes.push(bucket());
    let own = config("aws_cloudtrail.t", json!({"kms_key_id": {"references": references}}));
    let plan = plan(changes, vec![own, config("aws_kms_key.k", json!({"policy": {}}))]);
    let read = preview_with(&plan.to_string(), &[("", "main.tf", &source(expression))]).unwrap();
    judged(&read, "effective", "").iter().map(|one| word(one).to_owned()).collect()
}

#[test]
fn the_index_of_a_resource_picks_the_key_of_the_same_index() {
    let keys = |indices: [&str; 2]| {
        vec![
            new_key(&format!("aws_kms_key.k[{}]", indices[0])),
            bad_key(&format!("aws_kms_key.k[{}]", indices[1])),
        ]
    };
    let numbers = ["aws_cloudtrail.t[0]", "aws_cloudtrail.t[1]"];
    let texts = ["aws_cloudtrail.t[\"a\"]", "aws_cloudtrail.t[\"b\"]"];
    let by_number = || keys(["0", "1"]);
    let by_text = || keys(["\"a\"", "\"b\""]);
    let count = "aws_kms_key.k[count.index].arn";
    let each = "aws_kms_key.k[each.key].arn";
    let of = |name: &'static str| ["aws_kms_key.k", name];
    let good = ["COMPLIANT", "NON_COMPLIANT"];
    assert_eq!(of_trails(numbers, by_number(), count, &of("count.index")), good);
    assert_eq!(of_trails(texts, by_text(), each, &of("each.key")), good);
    // A resource has one of both, and the value of an instance is not in the plan.
    let open = ["unverified"; 2];
    assert_eq!(of_trails(texts, by_text(), count, &of("count.index")), open);
    assert_eq!(of_trails(numbers, by_number(), each, &of("each.key")), open);
    let value = "aws_kms_key.k[each.value].arn";
    assert_eq!(of_trails(texts, by_text(), value, &of("each.value")), open);
}

/// A trail in each instance of module `m`, which takes its key from the call.
#[test]
fn the_index_of_a_module_picks_the_key_that_its_call_gives() {
    let trail = |address: &str| {
        let unknown = json!({"kms_key_id": true, "arn": true});
        change(address, &["create"], trail_values(), unknown)
    };
    let changes = vec![
        new_key("aws_kms_key.k[\"a\"]"),
        bad_key("aws_kms_key.k[\"b\"]"),
        trail("module.m[\"a\"].aws_cloudtrail.t"),
        trail("module.m[\"b\"].aws_cloudtrail.t"),
        bucket(),
    ];
    let mut plan = plan(changes, vec![config("aws_kms_key.k", json!({"policy": {}}))]);
    let own = config("aws_cloudtrail.t", json!({"kms_key_id": {"references": ["var.key"]}}));
    plan["configuration"]["root_module"]["module_calls"] = json!({"m": {"source": "./m",
        "expressions": {"key": {"references": ["aws_kms_key.k", "each.key"]}},
        "module": {"resources": [own], "variables": {"key": {}}}}});
    let found = |argument: &str, declared: &str| {
        let root = format!("module \"m\" {{\n  source = \"./m\"\n  key = {argument}\n}}\n");
        let inner = source("var.key") + &format!("variable \"key\" {{\n{declared}\n}}\n");
        let files = [("", "main.tf", root.as_str()), ("m", "main.tf", inner.as_str())];
        let read = preview_with(&plan.to_string(), &files).unwrap();
        judged(&read, "effective", "").iter().map(word).collect::<Vec<_>>()
    };
    let argument = "aws_kms_key.k[each.key].arn";
    assert_eq!(found(argument, ""), ["COMPLIANT", "NON_COMPLIANT"]);
    assert_eq!(found(argument, "nullable = false"), ["COMPLIANT", "NON_COMPLIANT"]);
    assert_eq!(found("aws_kms_key.k[\"a\"].arn", ""), ["unverified"; 2], "the plan says each.key");
}

#[test]
fn a_module_of_a_registry_is_read_where_the_manifest_says() {
    let unknown = json!({"kms_key_id": true, "arn": true});
    let trail = change("module.m.aws_cloudtrail.t", &["create"], trail_values(), unknown);
    let mut plan = plan(vec![new_key("module.m.aws_kms_key.k"), trail, bucket()], vec![]);
    let own = config("aws_cloudtrail.t", json!({"kms_key_id": {"references": BARE}}));
    plan["configuration"]["root_module"]["module_calls"] = json!({"m": {"source": "example/m/aws",
        "module": {"resources": [own, config("aws_kms_key.k", json!({"policy": {}}))]}}});
    let text = source("aws_kms_key.k.arn");
    let root = "module \"m\" {\n  source = \"example/m/aws\"\n}\n";
    let files = [("", "main.tf", root), (".terraform/modules/m", "main.tf", text.as_str())];
    let found = |manifest: Option<Value>| {
        let manifest = manifest.map(|text| text.to_string());
        words(&preview_from(&plan.to_string(), &files, &place("111122223333"), manifest), "")
    };
    let manifest = |key: &str, folder: &str| {
        Some(json!({"Modules": [{"Key": "", "Source": "", "Dir": "."},
            {"Key": key, "Source": "registry.terraform.io/example/m/aws", "Dir": folder}]}))
    };
    assert_eq!(found(manifest("m", ".terraform/modules/m")), GOOD);
    assert_eq!(found(manifest("other", ".terraform/modules/m")), OPEN);
    assert_eq!(found(manifest("m", ".terraform/modules/other")), OPEN);
    assert_eq!(found(manifest("m", "../m")), OPEN);
    assert_eq!(found(Some(json!({"Modules": "m"}))), OPEN);
    assert_eq!(found(None), OPEN);
}
