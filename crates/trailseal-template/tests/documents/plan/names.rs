//! What names a key or a bucket of the plan, and what only looks like it.

use serde_json::{Value, json};

use crate::plan::document::*;
use crate::plan::support::*;

const ALIAS: &str = "arn:aws:kms:eu-central-1:111122223333:alias/x";

/// What a data source of the root module read.
fn data(kind: &str, name: &str, values: Value) -> Value {
    json!({"address": format!("data.{kind}.{name}"), "mode": "data", "type": kind, "name": name,
        "provider_name": PROVIDER, "values": values})
}

#[test]
fn an_alias_of_the_same_name_in_another_region_is_another_one() {
    let found = |alias: Value| {
        let plan = plan(vec![kept_key(&["no-op"]), trail_with(ALIAS), bucket()], vec![]);
        of(&with_data(plan, vec![alias]))
    };
    let named = |arn: &str| {
        let values = json!({"name": "alias/x", "arn": arn, "target_key_arn": ARN});
        data("aws_kms_alias", "a", values)
    };
    assert_eq!(found(named(ALIAS)), GOOD);
    assert_eq!(found(named(&ALIAS.replace("eu-central-1", "us-east-1"))), OPEN);
    assert_eq!(found(named(&ALIAS.replace("111122223333", "444455556666"))), OPEN);
}

#[test]
fn an_alias_that_the_plan_changes_is_not_what_a_data_source_read() {
    let values = json!({"name": "alias/x", "arn": ALIAS, "target_key_arn": ARN});
    let read = data("aws_kms_alias", "a", values.clone());
    let found = |actions: &[&str]| {
        let other =
            with(values.clone(), json!({"target_key_arn": ARN.replace("1234abcd", "5678abcd")}));
        let changed = change("aws_kms_alias.b", actions, other, json!({}));
        let changes = vec![kept_key(&["no-op"]), changed, trail_with(ALIAS), bucket()];
        let plan = plan(changes, vec![config("aws_kms_alias.b", json!({}))]);
        of(&with_data(plan, vec![read.clone()]))
    };
    for actions in [&["update"][..], &["delete"], &["create"], &["delete", "create"]] {
        assert_eq!(found(actions), OPEN, "{actions:?}");
    }
    // Two aliases that both stay as they are.
    assert_eq!(found(&["no-op"]), OPEN);
}

/// What is found of a trail whose key is a new alias, with this source of the alias's key.
fn of_new_alias(alias: Value, target: &str, references: &[&str]) -> [String; 3] {
    let names = ["aws_kms_alias.a.arn", "aws_kms_alias.a"];
    let unknown = json!({"arn": true, "id": true});
    let logs = change("aws_s3_bucket.n", &["create"], json!({"bucket": "n"}), unknown);
    let mut plan = open_plan(vec![new_key("aws_kms_key.k"), alias, logs], &names);
    let own = json!({"target_key_id": {"references": references}});
    let configs = plan["configuration"]["root_module"]["resources"].as_array_mut().unwrap();
    configs.extend([config("aws_kms_alias.a", own), config("aws_s3_bucket.n", json!({}))]);
    let text = source("aws_kms_alias.a.arn")
        .replace("target_key_id = aws_kms_key.k.key_id", &format!("target_key_id = {target}"));
    words(&preview_with(&plan.to_string(), &[("", "main.tf", &text)]), "")
}

#[test]
fn a_new_alias_names_the_key_that_its_source_gives() {
    let alias = |values: Value, unknown: Value| {
        let unknown = with(json!({"arn": true, "target_key_arn": true}), unknown);
        change("aws_kms_alias.a", &["create"], values, unknown)
    };
    let open = || alias(json!({"name": "alias/x"}), json!({"target_key_id": true}));
    let of = |alias: Value, target: &str, resource: &str| {
        of_new_alias(alias, target, &[target, resource])
    };
    for name in ["key_id", "id", "arn"] {
        assert_eq!(of(open(), &format!("aws_kms_key.k.{name}"), "aws_kms_key.k"), GOOD, "{name}");
    }
    assert_eq!(of(open(), "aws_kms_key.k.description", "aws_kms_key.k"), OPEN);
    assert_eq!(of(open(), "aws_s3_bucket.n.id", "aws_s3_bucket.n"), OPEN);
    assert_eq!(of(open(), "aws_s3_bucket.n.arn", "aws_s3_bucket.n"), OPEN);
    // The plan would know it, or knows another one.
    let known = alias(json!({"name": "alias/x", "target_key_id": "1234"}), json!({}));
    assert_eq!(of(known, "aws_kms_key.k.key_id", "aws_kms_key.k"), OPEN);
    let of_aws = alias(json!({"name": "alias/aws/x"}), json!({"target_key_id": true}));
    assert_eq!(of(of_aws, "aws_kms_key.k.key_id", "aws_kms_key.k"), OPEN);
    let mut fork = open();
    fork["provider_name"] = json!("registry.terraform.io/example/aws");
    assert_eq!(of(fork, "aws_kms_key.k.key_id", "aws_kms_key.k"), OPEN);
}

#[test]
fn the_arn_or_id_of_another_resource_is_no_key() {
    for name in ["arn", "id", "key_id", "target_key_arn"] {
        let unknown = json!({"arn": true, "id": true, "key_id": true, "target_key_arn": true});
        let logs = change("aws_s3_bucket.n", &["create"], json!({"bucket": "n"}), unknown);
        let text = format!("aws_s3_bucket.n.{name}");
        let mut plan = open_plan(vec![logs], &[&text, "aws_s3_bucket.n"]);
        plan["configuration"]["root_module"]["resources"]
            .as_array_mut()
            .unwrap()
            .push(config("aws_s3_bucket.n", json!({})));
        assert_eq!(with_source(&plan, &text), OPEN, "{name}");
    }
}

#[test]
fn a_key_that_the_plan_forgets_is_not_in_it_by_its_address() {
    let mut key = new_key("aws_kms_key.k");
    key["change"]["before"] = key["change"]["after"].take();
    key["change"]["actions"] = json!(["forget"]);
    assert_eq!(with_source(&open_plan(vec![key], &BARE), "aws_kms_key.k.arn"), OPEN);
}

#[test]
fn two_resources_of_one_arn_are_no_key() {
    let mut second = kept_key(&["no-op"]);
    second["address"] = json!("aws_kms_key.other");
    second["name"] = json!("other");
    let changes = vec![kept_key(&["no-op"]), second, trail_with(ARN), bucket()];
    assert_eq!(of(&plan(changes, vec![])), OPEN);
}

/// The effective answer about a trail whose bucket these resources name.
fn of_buckets(buckets: Vec<Value>, data: Vec<Value>) -> String {
    let mut changes = vec![kept_key(&["no-op"]), trail_with(ARN)];
    changes.extend(buckets);
    of(&with_data(plan(changes, vec![]), data))[1].clone()
}

#[test]
fn resources_that_name_one_bucket_agree_on_its_region() {
    let read = |name: &str, region: Value| {
        let values = json!({"bucket": "logs", "id": "logs", "bucket_region": region});
        data("aws_s3_bucket", name, values)
    };
    let here = |name: &str| read(name, json!("eu-central-1"));
    let there = |name: &str| read(name, json!("us-east-1"));
    let open = |name: &str| read(name, Value::Null);
    assert_eq!(of_buckets(vec![], vec![here("a")]), "COMPLIANT");
    assert_eq!(of_buckets(vec![], vec![here("a"), here("b")]), "COMPLIANT");
    assert_eq!(of_buckets(vec![bucket()], vec![here("a")]), "COMPLIANT");
    assert_eq!(of_buckets(vec![], vec![there("a"), there("b")]), "NON_COMPLIANT");
    assert_eq!(of_buckets(vec![], vec![here("a"), there("b")]), "unverified");
    assert_eq!(of_buckets(vec![], vec![there("a"), here("b")]), "unverified");
    assert_eq!(of_buckets(vec![], vec![here("a"), open("b")]), "unverified");
    assert_eq!(of_buckets(vec![], vec![open("a"), open("b")]), "unverified");
    let mut gone = bucket();
    gone["change"]["actions"] = json!(["delete"]);
    gone["change"]["after"] = Value::Null;
    assert_eq!(of_buckets(vec![gone], vec![here("a")]), "unverified");
    let mut fork = here("b");
    fork["provider_name"] = json!("registry.terraform.io/example/aws");
    assert_eq!(of_buckets(vec![], vec![fork]), "unverified");
    let values = json!({"bucket": "other", "id": "other", "bucket_region": "eu-central-1"});
    assert_eq!(of_buckets(vec![], vec![data("aws_s3_bucket", "a", values)]), "unverified");
}

#[test]
fn the_source_names_a_bucket_that_is_made() {
    let found = |text: &str, resource: &str| {
        let unknown = json!({"id": true, "bucket": true, "arn": true});
        let values = json!({"region": "eu-central-1"});
        let logs = change("aws_s3_bucket.n", &["create"], values, unknown);
        let values = with(trail_values(), json!({"kms_key_id": ARN, "s3_bucket_name": null}));
        let unknown = json!({"s3_bucket_name": true});
        let trail = change("aws_cloudtrail.t", &["create"], values, unknown);
        let own = json!({"s3_bucket_name": {"references": [text, resource]}});
        let configs = vec![config("aws_cloudtrail.t", own), config("aws_s3_bucket.n", json!({}))];
        let plan = plan(vec![kept_key(&["no-op"]), trail, logs], configs);
        let text = format!("resource \"aws_cloudtrail\" \"t\" {{\n  s3_bucket_name = {text}\n}}\n");
        words(&preview_with(&plan.to_string(), &[("", "main.tf", &text)]), "")[1].clone()
    };
    assert_eq!(found("aws_s3_bucket.n.id", "aws_s3_bucket.n"), "COMPLIANT");
    assert_eq!(found("aws_s3_bucket.n.bucket", "aws_s3_bucket.n"), "COMPLIANT");
    assert_eq!(found("aws_s3_bucket.n.arn", "aws_s3_bucket.n"), "unverified");
    assert_eq!(found("aws_s3_bucket.x.id", "aws_s3_bucket.x"), "unverified");
    assert_eq!(found("aws_kms_key.k.id", "aws_kms_key.k"), "unverified");
}

#[test]
fn an_index_of_odd_characters_is_not_certain() {
    for index in ["\u{e9}", "a$b", "a%b"] {
        let name = format!("aws_kms_key.k[\"{index}\"]");
        let whole = format!("{name}.arn");
        let plan = open_plan(vec![new_key(&name)], &[&whole, &name, "aws_kms_key.k"]);
        assert_eq!(with_source(&plan, &whole), OPEN, "{index}");
    }
}

#[test]
fn try_passes_over_nothing_but_a_resource_without_any_instance() {
    let keys = || vec![new_key("aws_kms_key.k")];
    let found = |expression: &str, resource: &str| {
        let mut references = vec![expression, resource];
        references.extend(BARE);
        let mut plan = open_plan(keys(), &references);
        let configs = plan["configuration"]["root_module"]["resources"].as_array_mut().unwrap();
        configs.push(config("data.aws_kms_key.x", json!({})));
        configs.push(config("terraform_data.p", json!({})));
        with_source(&plan, &format!("try({expression}, aws_kms_key.k.arn)"))
    };
    assert_eq!(found("aws_kms_key.other[0].arn", "aws_kms_key.other[0]"), GOOD);
    for (expression, resource) in [
        ("aws_kms_key.other.arn", "aws_kms_key.other"),
        ("aws_kms_key.x[0].arn", "aws_kms_key.x[0]"),
        ("aws_kms_key.x.arn", "aws_kms_key.x"),
        ("data.aws_kms_key.x[0].arn", "data.aws_kms_key.x[0]"),
        // Resources of this type are not read.
        ("terraform_data.p[0].output", "terraform_data.p[0]"),
        ("terraform_data.p.output", "terraform_data.p"),
    ] {
        assert_eq!(found(expression, resource), OPEN, "{expression}");
    }
}

/// `target_key_id` can be the ID of a key, which is of the alias's account and Region.
#[test]
fn a_new_alias_names_a_key_by_its_id() {
    let found = |target: &str, region: &str, key: Value| {
        let values = json!({"name": "alias/x", "target_key_id": target, "region": region});
        let unknown = json!({"arn": true, "id": true, "target_key_arn": true});
        let alias = change("aws_kms_alias.a", &["create"], values, unknown);
        let names = ["aws_kms_alias.a.arn", "aws_kms_alias.a"];
        let mut plan = open_plan(vec![key, alias], &names);
        let configs = plan["configuration"]["root_module"]["resources"].as_array_mut().unwrap();
        configs.push(config("aws_kms_alias.a", json!({"target_key_id": {}, "region": {}})));
        with_source(&plan, "aws_kms_alias.a.arn")
    };
    let kept = || kept_key(&["no-op"]);
    let (here, id) = ("eu-central-1", "1234abcd-12ab-34cd-56ef-1234567890ab");
    assert_eq!(found(ARN, here, kept()), GOOD);
    assert_eq!(found(id, here, kept()), GOOD);
    assert_eq!(found(id, here, kept_key(&["delete"]))[1], "NON_COMPLIANT");
    // The key of the plan is not that of another Region, and no key at all has such an ID.
    assert_ne!(found(id, "us-east-1", kept())[1], "COMPLIANT");
    for odd in ["", "key/x", "alias/aws/s3", "x y", "a:b"] {
        assert_eq!(found(odd, here, kept()), OPEN, "{odd}");
    }
}

#[test]
fn a_resource_and_a_data_source_of_one_alias_name_one_key() {
    let found = |of_data: &str| {
        let values = json!({"name": "alias/x", "arn": ALIAS, "target_key_arn": ARN});
        let read = with(values.clone(), json!({"target_key_arn": of_data}));
        let alias = change("aws_kms_alias.b", &["no-op"], values, json!({}));
        let changes = vec![kept_key(&["no-op"]), alias, trail_with(ALIAS), bucket()];
        let plan = plan(changes, vec![config("aws_kms_alias.b", json!({}))]);
        of(&with_data(plan, vec![data("aws_kms_alias", "a", read)]))
    };
    assert_eq!(found(ARN), GOOD);
    assert_eq!(found(&ARN.replace("1234abcd", "5678abcd")), OPEN);
}
