//! How much of a source is evaluated, at most.

use serde_json::{Value, json};

use crate::plan::document::*;
use crate::plan::support::*;

/// What is found where each of these local values is the next one, and the last one is the key.
fn of_locals(count: usize, of: impl Fn(&str) -> String) -> [String; 3] {
    let mut plan = open_plan(vec![new_key("aws_kms_key.k")], &["local.a0"]);
    plan["relevant_attributes"] = json!([{"resource": "aws_kms_key.k", "attribute": ["arn"]}]);
    let next = |at: usize| format!("  a{at} = {}\n", of(&format!("local.a{}", at + 1)));
    let locals: String = (0..count).map(next).collect();
    let last = format!("  a{count} = aws_kms_key.k.arn\n");
    let text = source("local.a0") + &format!("locals {{\n{locals}{last}}}\n");
    words(&preview_with(&plan.to_string(), &[("", "main.tf", &text)]), "")
}

#[test]
fn the_depth_of_an_expression_is_bounded() {
    let next = |text: &str| text.to_owned();
    assert_eq!(of_locals(62, next), GOOD);
    assert_eq!(of_locals(63, next), OPEN);
    let in_list = |text: &str| format!("one([{text}])");
    assert_eq!(of_locals(20, in_list), GOOD);
    assert_eq!(of_locals(21, in_list), OPEN);
    assert_eq!(of_locals(2, |_| "local.a0".to_owned()), OPEN, "a circle");
}

#[test]
fn the_work_for_an_argument_is_bounded() {
    fn tree(levels: usize) -> String {
        if levels == 0 {
            return "true".to_owned();
        }
        let one = tree(levels - 1);
        format!("({one} && {one})")
    }
    let plan = open_plan(vec![new_key("aws_kms_key.k")], &BARE);
    let found =
        |levels| with_source(&plan, &format!("{} ? aws_kms_key.k.arn : null", tree(levels)));
    assert_eq!(found(8), GOOD);
    assert_eq!(found(12), OPEN);
    let plan = open_plan(vec![new_key("aws_kms_key.k[0]")], &["aws_kms_key.k"]);
    for item in ["[]", "[one([])]"] {
        let found = |count: usize| {
            let list =
                format!("concat(aws_kms_key.k[*].arn, {}[])", format!("{item}, ").repeat(count));
            with_source(&plan, &format!("{list}[0]"))
        };
        assert_eq!(found(1_000), GOOD, "{item}");
        assert_eq!(found(10_000), OPEN, "{item}");
    }
}

#[test]
fn the_outcomes_of_an_expression_are_bounded() {
    let found = |count: usize| {
        let names: Vec<String> = (0..count).map(|at| format!("aws_kms_key.k[{at}]")).collect();
        let arns: Vec<String> = names.iter().map(|name| format!("{name}.arn")).collect();
        let mut references = vec!["aws_kms_key.k", "terraform_data.p.output", "terraform_data.p"];
        references.extend(names.iter().chain(&arns).map(String::as_str));
        let plan = open_plan(names.iter().map(|name| new_key(name)).collect(), &references);
        let choice = arns.join(" : terraform_data.p.output ? ");
        with_source(&plan, &format!("terraform_data.p.output ? {choice} : {}", arns[0]))
    };
    assert_eq!(found(7), GOOD);
    assert_eq!(found(8), OPEN);
}

#[test]
fn the_depth_of_modules_is_bounded() {
    let found = |depth: usize| {
        let module = "module.m.".repeat(depth);
        let mut trail = open_trail();
        trail["address"] = json!(format!("{module}aws_cloudtrail.t"));
        trail["module_address"] = json!(module.trim_end_matches('.'));
        let key = new_key(&format!("{module}aws_kms_key.k"));
        let mut inner = json!({"resources": [
            config("aws_cloudtrail.t", json!({"kms_key_id": {"references": BARE}})),
            config("aws_kms_key.k", json!({"policy": {}}))]});
        for _ in 0..depth {
            inner = json!({"module_calls": {"m": {"source": "./m", "module": inner}}});
        }
        let mut plan = plan(vec![key, trail, bucket()], vec![]);
        let own = plan["configuration"]["root_module"]["resources"].take();
        inner["resources"] = own;
        plan["configuration"]["root_module"] = inner;
        let folders: Vec<String> =
            (0..=depth).map(|at| "m/".repeat(at).trim_end_matches('/').to_owned()).collect();
        let text = source("aws_kms_key.k.arn") + "module \"m\" {\n  source = \"./m\"\n}\n";
        let files: Vec<(&str, &str, &str)> =
            folders.iter().map(|folder| (folder.as_str(), "main.tf", text.as_str())).collect();
        words(&preview_with(&plan.to_string(), &files), "")
    };
    assert_eq!(found(1), GOOD);
    assert_eq!(found(20), GOOD);
    assert_eq!(found(21), OPEN);
}

/// Each instance of a resource is a step.
#[test]
fn the_instances_of_resources_are_steps() {
    let found = |times: usize| {
        let others = (0..1_000).map(|at| new_key(&format!("aws_kms_key.o[{at}]")));
        let keys = [new_key("aws_kms_key.k[0]")].into_iter().chain(others).collect();
        let mut plan = open_plan(keys, &["aws_kms_key.k", "aws_kms_key.o"]);
        let configs = plan["configuration"]["root_module"]["resources"].as_array_mut().unwrap();
        configs.push(config("aws_kms_key.o", json!({})));
        let others = ", aws_kms_key.o[*].arn".repeat(times);
        let text = source(&format!("concat(aws_kms_key.k[*].arn{others})[0]"))
            + "resource \"aws_kms_key\" \"o\" {\n  count = 1000\n}\n";
        words(&preview_with(&plan.to_string(), &[("", "main.tf", &text)]), "")
    };
    assert_eq!(found(9), GOOD);
    assert_eq!(found(11), OPEN);
}

#[test]
fn the_references_of_an_expression_are_compared_once() {
    // Each name compared with all others, for each trail, takes a minute.
    const NAMES: usize = 20_000;
    const TRAILS: usize = 20;
    let name = |at: usize| format!("aws_kms_key.k{at}.arn");
    let list = (0..NAMES).map(name).collect::<Vec<_>>().join(", ");
    let references: Vec<String> =
        (0..NAMES).flat_map(|at| [name(at), format!("aws_kms_key.k{at}")]).collect();
    let trail = |at: usize| {
        let unknown = json!({"kms_key_id": true, "arn": true});
        change(&format!("aws_cloudtrail.t[{at}]"), &["create"], trail_values(), unknown)
    };
    let own = config("aws_cloudtrail.t", json!({"kms_key_id": {"references": references}}));
    let plan = plan((0..TRAILS).map(trail).collect(), vec![own]).to_string();
    let text =
        format!("resource \"aws_cloudtrail\" \"t\" {{\n  kms_key_id = element([{list}], 0)\n}}\n");
    let start = std::time::Instant::now();
    let read = preview_with(&plan, &[("", "main.tf", &text)]);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    assert_eq!(words(&read, ""), OPEN);
}

#[test]
fn many_key_policies_of_one_key_id_are_several() {
    // Each key compared with all policies takes half a minute.
    const KEYS: usize = 5_000;
    for id in ["x", "mrk-x"] {
        let arn = |at: usize| format!("arn:aws:kms:eu-central-1:111122223333:key/{id}{at}");
        let of = |at: usize| {
            let known = json!({"arn": arn(at), "key_id": id});
            let values = with(key_values(), known);
            let set = json!({"key_id": id, "policy": policy(), "region": "eu-central-1"});
            let trail = with(trail_values(), json!({"kms_key_id": arn(at)}));
            [("aws_kms_key.k", values), ("aws_kms_key_policy.p", set), ("aws_cloudtrail.t", trail)]
                .map(|(name, values)| {
                    change(&format!("{name}[{at}]"), &["no-op"], values, json!({}))
                })
        };
        let own = config("aws_kms_key_policy.p", json!({}));
        let plan = plan((0..KEYS).flat_map(of).collect(), vec![own]);
        let start = std::time::Instant::now();
        let read = read(&plan).unwrap();
        assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
        let keys = &read.trails[0].worlds[0].deployment.keys;
        let policy = &keys.values().next().unwrap().policy;
        assert!(format!("{policy:?}").contains("several resources set the policy"), "{policy:?}");
    }
}

#[test]
fn many_aliases_of_one_name_are_read_in_time() {
    // Each trail with all aliases takes half a minute.
    const ALIASES: usize = 20_000;
    let arn = |at: usize| format!("arn:aws:kms:eu-central-1:{at:012}:alias/x");
    let of = |at: usize| {
        let alias = json!({"name": "alias/x", "arn": arn(at), "target_key_arn": ARN});
        let trail = with(trail_values(), json!({"kms_key_id": arn(at)}));
        [("aws_kms_alias.a", alias), ("aws_cloudtrail.t", trail)]
            .map(|(name, values)| change(&format!("{name}[{at}]"), &["no-op"], values, json!({})))
    };
    let mut changes: Vec<Value> = (0..ALIASES).flat_map(of).collect();
    changes.extend([kept_key(&["no-op"]), bucket()]);
    let plan = plan(changes, vec![config("aws_kms_alias.a", json!({}))]);
    let start = std::time::Instant::now();
    let read = read(&plan).unwrap();
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    assert_eq!(judged_with(&read, &[]), "COMPLIANT");
}
