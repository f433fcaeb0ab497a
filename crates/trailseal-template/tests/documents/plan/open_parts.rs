//! Plans that try to get a COMPLIANT without proof.

use serde_json::{Value, json};

use crate::plan::document::*;
use crate::plan::support::*;

#[test]
fn a_kept_key_by_its_arn_passes_and_a_broken_one_does_not() {
    let all = |key: Value| plan(vec![key, trail_with(ARN), bucket()], vec![]);
    assert_eq!(of(&all(kept_key(&["no-op"]))), GOOD);
    assert_eq!(of(&all(kept_key(&["update"]))), GOOD);
    assert_eq!(of(&all(kept_key(&["forget"]))), GOOD);
    let broken = ["COMPLIANT", "NON_COMPLIANT", "NON_COMPLIANT"];
    // The key that the same plan destroys.
    assert_eq!(of(&all(kept_key(&["delete"]))), broken);
    let mut replaced = kept_key(&["delete", "create"]);
    replaced["change"]["after"].as_object_mut().unwrap().remove("arn");
    replaced["change"]["after_unknown"] = json!({"arn": true, "key_id": true});
    assert_eq!(of(&all(replaced)), broken);
    let mut deposed = kept_key(&["delete"]);
    deposed["deposed"] = json!("12345678");
    let mut changes = vec![deposed, new_key("aws_kms_key.k"), trail_with(ARN), bucket()];
    assert_eq!(of(&plan(changes.clone(), vec![])), broken);
    changes.swap(0, 1);
    assert_eq!(of(&plan(changes, vec![])), broken);
    let mut disabled = kept_key(&["update"]);
    disabled["change"]["after"]["is_enabled"] = json!(false);
    assert_eq!(of(&all(disabled.clone())), broken);
    // What happened outside of Terraform is not what the apply leaves.
    let mut drifted = all(kept_key(&["no-op"]));
    drifted["resource_drift"] = json!([disabled]);
    assert_eq!(of(&drifted), GOOD);
}

#[test]
fn the_resource_of_a_key_policy_counts() {
    let set = |text: &str| {
        let values = json!({"key_id": ARN, "policy": text});
        change("aws_kms_key_policy.p", &["create"], values, json!({}))
    };
    let configs = |sets: bool| {
        vec![config("aws_kms_key.k", if sets { json!({"policy": {}}) } else { json!({}) })]
    };
    let all = |others: Vec<Value>, sets: bool| {
        let mut changes = vec![kept_key(&["no-op"]), trail_with(ARN), bucket()];
        changes.extend(others);
        of(&plan(changes, configs(sets)))[2].clone()
    };
    let deny = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "Action": "kms:*", "Resource": "*", "Principal": "*"}]})
    .to_string();
    assert_eq!(all(vec![], true), "COMPLIANT");
    assert_eq!(all(vec![set(&policy())], false), "COMPLIANT");
    assert_eq!(all(vec![set(&deny)], false), "NON_COMPLIANT");
    assert_eq!(all(vec![set(&deny)], true), "unverified", "two resources set it");
    let mut second = set(&policy());
    second["address"] = json!("aws_kms_key_policy.q");
    second["name"] = json!("q");
    assert_eq!(all(vec![set(&policy()), second], false), "unverified");
    let gone = change(
        "aws_kms_key_policy.p",
        &["delete"],
        json!({"key_id": ARN, "policy": policy()}),
        json!({}),
    );
    assert_eq!(all(vec![gone], false), "unverified");
    // It may be that of any key.
    let open = change(
        "aws_kms_key_policy.p",
        &["create"],
        json!({"policy": deny}),
        json!({"key_id": true}),
    );
    assert_eq!(all(vec![open], false), "unverified");
    let escaped = policy().replace("main", "\\u003cname\\u003e");
    assert_eq!(all(vec![set(&escaped)], false), "unverified");
}

#[test]
fn data_sources_count_only_as_they_were_read() {
    let data = |manager: &str, state: &str| {
        json!({"address": "data.aws_kms_key.k", "mode": "data", "type": "aws_kms_key",
            "name": "k", "provider_name": PROVIDER, "values": {"arn": ARN,
            "key_manager": manager, "key_state": state, "key_usage": "ENCRYPT_DECRYPT",
            "key_spec": "SYMMETRIC_DEFAULT", "origin": "AWS_KMS"}})
    };
    let all = |data: Vec<Value>, mut changes: Vec<Value>| {
        changes.extend([trail_with(ARN), bucket()]);
        of(&with_data(plan(changes, vec![]), data))
    };
    let read = ["COMPLIANT", "COMPLIANT", "unverified"];
    assert_eq!(all(vec![data("CUSTOMER", "Enabled")], vec![]), read);
    assert_eq!(all(vec![data("AWS", "Enabled")], vec![]), ["NON_COMPLIANT"; 3]);
    let off = all(vec![data("CUSTOMER", "PendingDeletion")], vec![]);
    assert_eq!(off, ["COMPLIANT", "NON_COMPLIANT", "NON_COMPLIANT"]);
    // What the plan does with the key counts, not what was read before.
    let destroyed = all(vec![data("CUSTOMER", "Enabled")], vec![kept_key(&["delete"])]);
    assert_eq!(destroyed[1], "NON_COMPLIANT");
    assert_eq!(all(vec![data("AWS", "Enabled")], vec![kept_key(&["no-op"])]), OPEN);
    // A data source that is read during the apply has no values yet.
    let again =
        change("data.aws_kms_key.k", &["read"], json!({}), json!({"arn": true, "key_state": true}));
    assert_eq!(all(vec![data("CUSTOMER", "Enabled")], vec![again]), OPEN);
    let mut foreign = data("CUSTOMER", "Enabled");
    foreign["provider_name"] = json!("registry.terraform.io/example/aws");
    assert_eq!(all(vec![foreign], vec![]), OPEN);
    let mut other = data("AWS", "Enabled");
    other["address"] = json!("data.aws_kms_key.other");
    other["name"] = json!("other");
    assert_eq!(all(vec![data("CUSTOMER", "Enabled"), other], vec![]), OPEN);
}

#[test]
fn keys_of_other_providers_or_places_do_not_pass() {
    let mut foreign = new_key("aws_kms_key.k");
    foreign["provider_name"] = json!("registry.terraform.io/example/aws");
    assert_eq!(with_source(&open_plan(vec![foreign], &BARE), "aws_kms_key.k.arn"), OPEN);
    // Two configurations of the provider whose Regions are not known.
    let mut apart = open_plan(vec![new_key("aws_kms_key.k")], &BARE);
    for at in [0, 1, 2] {
        apart["resource_changes"][at]["change"]["after"].as_object_mut().unwrap().remove("region");
    }
    let region = json!({"region": {"references": ["var.region"]}});
    apart["configuration"]["provider_config"] = json!({
        "aws": {"name": "aws", "expressions": region},
        "aws.other": {"name": "aws", "alias": "other", "expressions": region},
    });
    assert_eq!(with_source(&apart, "aws_kms_key.k.arn")[1], "COMPLIANT");
    let key = |plan: &mut Value, key: &str| {
        plan["configuration"]["root_module"]["resources"][1]["provider_config_key"] = json!(key);
    };
    key(&mut apart, "aws.other");
    assert_eq!(with_source(&apart, "aws_kms_key.k.arn")[1], "unverified");
    key(&mut apart, "aws.unheard-of");
    assert_eq!(with_source(&apart, "aws_kms_key.k.arn")[1], "unverified");
    key(&mut apart, "aws");
    let several = json!({"region": {"references": ["each.value"]}});
    apart["configuration"]["provider_config"]["aws"]["expressions"] = several;
    assert_eq!(with_source(&apart, "aws_kms_key.k.arn")[1], "unverified");
    // The Region of the key alone is known only after the apply.
    let mut moved = open_plan(vec![new_key("aws_kms_key.k")], &BARE);
    moved["resource_changes"][0]["change"]["after"].as_object_mut().unwrap().remove("region");
    moved["resource_changes"][0]["change"]["after_unknown"]["region"] = json!(true);
    moved["configuration"]["root_module"]["resources"][1]["expressions"]["region"] = json!({});
    assert_eq!(with_source(&moved, "aws_kms_key.k.arn")[1], "unverified");
}

#[test]
fn forged_names_are_not_those_of_the_model() {
    for text in [
        "arn:aws:kms:<region>:<account>:key/<aws_kms_key.k>",
        "arn:aws:kms:eu-central-1:111122223333:key/<aws_kms_key.k>",
        "<aws_kms_key.k>",
    ] {
        let found = of(&plan(vec![new_key("aws_kms_key.k"), trail_with(text), bucket()], vec![]));
        assert!(found.iter().all(|word| word != "COMPLIANT"), "{text}: {found:?}");
    }
    let mut odd = new_key("aws_kms_key.k[\"<a>\"]");
    odd["name"] = json!("k");
    let all = |changes: Vec<Value>| read(&plan(changes, vec![])).unwrap_err();
    assert!(all(vec![odd]).contains("`<` or `>`"));
    let mut misplaced = new_key("module.m.aws_kms_key.k");
    misplaced["module_address"] = json!("module.other");
    let misplaced_data = {
        let mut key = new_key("aws_kms_key.k");
        key["mode"] = json!("data");
        key
    };
    let mut renamed = new_key("aws_kms_key.k");
    renamed["name"] = json!("other");
    let mut numbered = new_key("aws_kms_key.k[0]");
    numbered["index"] = json!(1);
    for odd in [misplaced, misplaced_data, renamed, numbered] {
        assert!(all(vec![odd.clone()]).contains("whose address is not what"), "{odd}");
    }
    let twice = all(vec![new_key("aws_kms_key.k"), new_key("aws_kms_key.k")]);
    assert!(twice.contains("twice"), "{twice}");
    let odd = change("aws_kms_key.k", &["create", "delete", "create"], key_values(), json!({}));
    assert!(all(vec![odd]).contains("has an action"));
}

#[test]
fn what_a_plan_leaves_out_is_a_problem() {
    let problems = |plan: &Value| read(plan).unwrap().problems.join("; ");
    let whole = plan(vec![kept_key(&["no-op"]), trail_with(ARN), bucket()], vec![]);
    assert_eq!(problems(&whole), "");
    let mut open = whole.clone();
    open["errored"] = json!(true);
    assert!(problems(&open).contains("has an error"));
    open["complete"] = json!(false);
    assert!(problems(&open).contains("not complete"));
    let mut deferred = whole.clone();
    deferred["deferred_changes"] = json!([{"reason": "x", "resource_change": open_trail()}]);
    assert!(problems(&deferred).contains("deferred"));
    let mut unseen = whole.clone();
    unseen["planned_values"] = json!({"root_module": {"child_modules": [{"resources": [
        {"address": "module.m.aws_cloudtrail.x", "mode": "managed", "type": "aws_cloudtrail",
         "name": "x"}]}]}});
    assert!(problems(&unseen).contains("has no change in the plan"));
    let mut other = whole.clone();
    let made = change("awscc_cloudtrail_trail.x", &["create"], json!({}), json!({}));
    other["resource_changes"].as_array_mut().unwrap().push(made);
    assert!(problems(&other).contains("makes a trail"));
    let mut deposed = whole;
    let mut rest = trail_with(ARN);
    rest["deposed"] = json!("12345678");
    deposed["resource_changes"].as_array_mut().unwrap().push(rest);
    assert!(problems(&deposed).contains("deposed"));
}

#[test]
fn trails_that_the_plan_destroys_or_forgets() {
    let trail = |actions: &[&str]| {
        let values = with(trail_values(), json!({"kms_key_id": ARN}));
        let trail = change("aws_cloudtrail.t", actions, values, json!({}));
        of(&plan(vec![kept_key(&["delete"]), trail, bucket()], vec![]))
    };
    assert_eq!(trail(&["delete"]), ["NOT_APPLICABLE"; 3]);
    assert_eq!(trail(&["forget"])[1], "NON_COMPLIANT");
}

#[test]
fn the_object_that_a_replacement_forgets_is_a_problem() {
    let found = |address: &str, actions: &[&str]| {
        let values = with(trail_values(), json!({"kms_key_id": ARN}));
        let mut made = change(address, actions, values, json!({}));
        made["change"]["before"]["kms_key_id"] = Value::Null;
        read(&plan(vec![kept_key(&["no-op"]), made, bucket()], vec![])).unwrap()
    };
    for actions in [["create", "forget"], ["forget", "create"]] {
        let of_trail = found("aws_cloudtrail.t", &actions);
        let why = "the object of `aws_cloudtrail.t` before the plan stays, and is not judged";
        assert_eq!(of_trail.problems, [why]);
        assert_eq!(judged_with(&of_trail, &[]), "COMPLIANT", "the new one");
        let note = found("aws_cloudformation_stack.s", &actions).notes.join("\n");
        assert!(note.contains("`aws_cloudformation_stack.s` before the plan stays"), "{note}");
    }
    for actions in [["create", "delete"], ["delete", "create"]] {
        assert_eq!(found("aws_cloudtrail.t", &actions).problems, Vec::<String>::new());
    }
}

#[test]
fn secrets_are_not_shown() {
    const SECRET: &str =
        "arn:aws:kms:eu-central-1:111122223333:key/5ec2e700-5ec2-e700-5ec2-5ec2e7005ec2";
    let mut plan = plan(vec![trail_with(SECRET), bucket()], vec![]);
    for marks in [json!({"kms_key_id": true}), json!(true)] {
        plan["resource_changes"][0]["change"]["after_sensitive"] = marks;
        assert_eq!(of(&plan), OPEN);
        let read = read(&plan).unwrap();
        let shown = format!("{:?} {read:?}", judged(&read, "strict", ""));
        assert!(!shown.contains("5ec2e700"), "{shown}");
    }
    // The plan shows the ARN of this key elsewhere, so it is not a secret.
    let mut known = self::plan(vec![kept_key(&["no-op"]), trail_with(ARN), bucket()], vec![]);
    known["resource_changes"][1]["change"]["after_sensitive"] = json!({"kms_key_id": true});
    assert_eq!(of(&known), GOOD);
    // Neither does an error repeat what is there.
    for (at, text) in [
        ("/format_version", json!(["5ec2e7"])),
        ("/resource_changes", json!("5ec2e7")),
        ("/resource_changes/0/type", json!({"a": "5ec2e7"})),
        ("/resource_changes/0/change", json!("5ec2e7")),
        ("/resource_changes/0/change/actions", json!("5ec2e7")),
    ] {
        let mut plan = self::plan(vec![trail_with(ARN)], vec![]);
        *plan.pointer_mut(at).unwrap() = text;
        let error = read(&plan).unwrap_err();
        assert!(!error.contains("5ec2e7") && !error.contains('\n'), "{at}: {error}");
    }
}

#[test]
fn other_formats_are_refused() {
    let mut plan = plan(vec![trail_with(ARN)], vec![]);
    for version in ["2.0", "", "x", "10.1"] {
        plan["format_version"] = json!(version);
        assert!(read(&plan).unwrap_err().contains("in format"), "{version}");
    }
    for version in ["0.1", "1.0", "1.99"] {
        plan["format_version"] = json!(version);
        assert!(read(&plan).is_ok(), "{version}");
    }
    let doubled =
        plan.to_string().replacen("\"kms_key_id\"", "\"kms_key_id\":null,\"kms_key_id\"", 1);
    let case = Case { plan: doubled, ..Case::default() };
    assert!(preview(&case).unwrap_err().contains("is not a plan"));
}

#[test]
fn deep_and_wide_documents_are_bounded() {
    let deep = format!("{}1{}", "[".repeat(400), "]".repeat(400));
    let wide = format!("[{}0]", "0,".repeat(1_000_000));
    let plan = plan(vec![kept_key(&["no-op"]), trail_with(ARN), bucket()], vec![]).to_string();
    for odd in [deep, wide] {
        // In what is not read it counts for nothing.
        let text = plan.replacen("{", &format!("{{\"checks\":{odd},"), 1);
        let case = Case { plan: text, account: "111122223333".to_owned(), ..Case::default() };
        assert_eq!(answers(&case), GOOD);
        for name in ["variables", "resource_changes", "configuration", "prior_state"] {
            let text = format!("{{\"format_version\":\"1.2\",\"{name}\":{odd}}}");
            let case = Case { plan: text, ..Case::default() };
            let _ = preview(&case);
        }
    }
    let modules =
        format!("{}{{}}{}", "{\"module_calls\":{\"m\":{\"module\":".repeat(400), "}}}".repeat(400));
    let text = format!(
        "{{\"format_version\":\"1.2\",\"resource_changes\":[],\"configuration\":{{\"root_module\":{modules}}}}}"
    );
    assert!(preview(&Case { plan: text, ..Case::default() }).is_err());
    let expression = format!("{}aws_kms_key.k.arn{}", "(".repeat(400), ")".repeat(400));
    let plan = open_plan(vec![new_key("aws_kms_key.k")], &BARE);
    assert_eq!(with_source(&plan, &expression), OPEN);
    let choice = format!("{}null", "terraform_data.p.output ? aws_kms_key.k.arn : ".repeat(60));
    let references =
        ["terraform_data.p.output", "terraform_data.p", "aws_kms_key.k.arn", "aws_kms_key.k"];
    let plan = open_plan(vec![new_key("aws_kms_key.k")], &references);
    assert_eq!(with_source(&plan, &choice), OPEN);
}
