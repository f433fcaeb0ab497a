//! Why the key of a planned trail is not known, in words.

use serde_json::{Value, json};
use trailseal_rule::KeyManager;
use trailseal_template::{Planned, Preview};

use crate::plan::document::*;
use crate::plan::support::*;

fn why(read: &Preview) -> &str {
    let Planned::Unknown(why) = &read.trails[0].declared.key else {
        panic!("{:?}", read.trails[0].declared.key)
    };
    why
}

/// Why the key is not known that the source gives by this expression.
fn of_source(plan: &Value, expression: &str) -> String {
    let text = source(expression);
    let read = preview_with(&plan.to_string(), &[("", "main.tf", &text)]).unwrap();
    why(&read).to_owned()
}

#[test]
fn what_an_expression_does_not_give_is_said() {
    let at = "`kms_key_id` at main.tf:2: ";
    for (expression, references, expected) in [
        ("upper(aws_kms_key.k.arn)", &BARE[..], "the function `upper` is not resolved here"),
        ("\"${aws_kms_key.k.arn}x\"", &BARE, "a text is put together"),
        ("join(\",\", [aws_kms_key.k.arn, aws_kms_key.k.arn])", &BARE, "a text is put together"),
        ("[aws_kms_key.k.arn]", &BARE, "the expression is not a reference alone"),
        ("[aws_kms_key.k.arn][1]", &BARE, "the list is not certain"),
        ("element([aws_kms_key.k.arn], 1)", &BARE, "the list of `element` is not certain"),
        ("one([aws_kms_key.k.arn, null])", &BARE, "the list of `one` is not certain"),
        ("each.value", &["each.value"], "`each` is not resolved here"),
        ("each.value.arn", &["each.value.arn", "each.value"], "`each` is not resolved here"),
        ("var.x.arn", &["var.x.arn", "var.x"], "`var` is not resolved here"),
        ("local.x", &["local.x"], "`local.x` is not in the source"),
        ("var.on", &["var.on"], "`var.on` is not stated"),
        (
            "aws_kms_key.k[local.x].arn",
            &["aws_kms_key.k", "local.x"],
            "the instance is not certain",
        ),
        (
            "module.m[local.x].arn",
            &["module.m", "local.x"],
            "the instance of a module is not certain",
        ),
    ] {
        let plan = open_plan(vec![new_key("aws_kms_key.k")], references);
        assert_eq!(of_source(&plan, expression), format!("{at}{expected}"), "{expression}");
    }
}

#[test]
fn what_the_source_and_the_plan_do_not_agree_on_is_said() {
    let plan = || open_plan(vec![new_key("aws_kms_key.k")], &BARE);
    for (text, expected) in [
        ("", "`aws_cloudtrail.t` is not in the source"),
        (
            "resource \"aws_cloudtrail\" \"t\" {}",
            "the source does not set `kms_key_id` of `aws_cloudtrail.t`",
        ),
        (
            "resource \"aws_cloudtrail\" \"t\" {\n  kms_key_id = aws_kms_key.x.arn\n}",
            "the source of `kms_key_id` of `aws_cloudtrail.t` refers to other names than the plan",
        ),
    ] {
        let read = preview_with(&plan().to_string(), &[("", "main.tf", text)]).unwrap();
        assert_eq!(why(&read), expected);
    }
    let x = open_plan(vec![], &["aws_kms_key.x.arn", "aws_kms_key.x"]);
    assert_eq!(
        of_source(&x, "aws_kms_key.x.arn"),
        "`aws_kms_key.x.arn` is not in the plan".replace(".arn", "")
    );
    let read = preview(&Case { plan: plan().to_string(), ..Case::default() }).unwrap();
    let after = "`kms_key_id` of `aws_cloudtrail.t` is known after the apply";
    assert_eq!(why(&read), format!("{after}, and --source is not given"));
    let null = of_source(&open_plan(vec![], &["var.on"]), "var.on");
    assert_eq!(null, "`kms_key_id` at main.tf:2: `var.on` is not stated");
}

#[test]
fn what_the_plan_does_to_a_key_is_said() {
    let of = |changes: Vec<Value>, data: Vec<Value>, configs: Vec<Value>| {
        why(&read(&with_data(plan(changes, configs), data)).unwrap()).to_owned()
    };
    let mut sensitive = trail_with(ARN);
    sensitive["change"]["after_sensitive"] = json!({"kms_key_id": true});
    let marked = "`kms_key_id` of `aws_cloudtrail.t` is marked as sensitive";
    assert_eq!(of(vec![sensitive, bucket()], vec![], vec![]), marked);
    let mut moved = kept_key(&["update"]);
    moved["change"]["after"].as_object_mut().unwrap().remove("arn");
    moved["change"]["after_unknown"] = json!({"arn": true});
    let found = of(vec![moved, trail_with(ARN), bucket()], vec![], vec![]);
    assert_eq!(found, "`aws_kms_key.k` changes the key");
    let mut other = change("awscc_kms_key.k", &["update"], json!({"arn": ARN}), json!({}));
    other["provider_name"] = json!("registry.terraform.io/hashicorp/awscc");
    let found = of(vec![other, trail_with(ARN), bucket()], vec![], vec![]);
    assert_eq!(found, "`awscc_kms_key.k` changes the key");
    let mut second = kept_key(&["no-op"]);
    second["address"] = json!("aws_kms_key.other");
    second["name"] = json!("other");
    let found = of(vec![kept_key(&["no-op"]), second, trail_with(ARN), bucket()], vec![], vec![]);
    assert_eq!(found, "two resources of the plan have the ARN of the key");
}

#[test]
fn what_the_source_gives_that_is_no_key_is_said() {
    let unknown = json!({"arn": true, "id": true});
    let logs = change("aws_s3_bucket.n", &["create"], json!({"bucket": "n"}), unknown);
    let mut plan = open_plan(vec![logs], &["aws_s3_bucket.n.arn", "aws_s3_bucket.n"]);
    let own = config("aws_s3_bucket.n", json!({}));
    plan["configuration"]["root_module"]["resources"].as_array_mut().unwrap().push(own);
    let found = of_source(&plan, "aws_s3_bucket.n.arn");
    assert_eq!(found, "`aws_s3_bucket.n.arn` is not the ARN of a key");
    let null =
        of_source(&open_plan(vec![], &["aws_kms_key.other"]), "one(aws_kms_key.other[*].arn)");
    assert_eq!(
        null,
        "the source gives a value for `kms_key_id` of `aws_cloudtrail.t` that the plan would know"
    );
    let data = change("data.aws_kms_key.x", &["read"], json!({}), json!({"arn": true}));
    let names = ["data.aws_kms_key.x.arn", "data.aws_kms_key.x"];
    let mut plan = open_plan(vec![data], &names);
    let own = config("data.aws_kms_key.x", json!({}));
    plan["configuration"]["root_module"]["resources"].as_array_mut().unwrap().push(own);
    let found = of_source(&plan, "data.aws_kms_key.x.arn");
    assert_eq!(found, "`data.aws_kms_key.x` is read during the apply");
    let unknown = json!({"arn": true, "target_key_id": true});
    let alias = change("aws_kms_alias.a", &["update"], json!({"name": "alias/x"}), unknown);
    let plan = open_plan(vec![alias], &["aws_kms_alias.a.arn", "aws_kms_alias.a"]);
    assert_eq!(of_source(&plan, "aws_kms_alias.a.arn"), "which key `aws_kms_alias.a` names");
}

#[test]
fn what_a_data_source_may_have_read_in_an_earlier_run_is_said() {
    let values = json!({"arn": ARN, "key_manager": "CUSTOMER", "key_state": "Enabled"});
    let data = json!({"address": "data.aws_kms_key.k", "mode": "data", "type": "aws_kms_key",
        "name": "k", "provider_name": PROVIDER, "values": values});
    let mut plan = with_data(plan(vec![trail_with(ARN), bucket()], vec![]), vec![data]);
    plan.as_object_mut().unwrap().remove("complete");
    let key = |plan: &Value| {
        let read = read(plan).unwrap();
        read.trails[0].worlds[0].deployment.keys.values().next().unwrap().clone()
    };
    let open = |name: &str| format!("whether `data.aws_kms_key.k` read `{name}` for this plan");
    assert_eq!(key(&plan).manager, Planned::Known(KeyManager::Customer));
    assert_eq!(key(&plan).state, Planned::Unknown(open("valid_to")));
    // The configuration no longer declares it.
    plan["configuration"]["root_module"]["resources"].as_array_mut().unwrap().clear();
    plan["complete"] = json!(true);
    assert_eq!(key(&plan).manager, Planned::Unknown(open("key_manager")));
}

#[test]
fn a_trail_that_terraform_forgets_or_destroys_is_said_to_be() {
    let notes = |actions: &[&str]| {
        let values = with(trail_values(), json!({"kms_key_id": ARN}));
        let trail = change("aws_cloudtrail.t", actions, values, json!({}));
        let read = read(&plan(vec![kept_key(&["no-op"]), trail, bucket()], vec![])).unwrap();
        (read.trails[0].notes.join("; "), read.trails[0].why.clone())
    };
    let forgotten = "the plan leaves it as it is, and Terraform no longer manages it";
    assert_eq!(notes(&["forget"]), (forgotten.to_owned(), String::new()));
    assert_eq!(notes(&["delete"]), (String::new(), "the plan destroys it".to_owned()));
    assert_eq!(notes(&["no-op"]), (String::new(), String::new()));
    assert!(read(&plan(vec![trail_with(ARN)], vec![])).unwrap().trails[0].declared.is_multi_region);
}

#[test]
fn what_may_change_an_alias_is_named() {
    const AWSCC: &str = "registry.terraform.io/hashicorp/awscc";
    let alias = "arn:aws:kms:eu-central-1:111122223333:alias/x";
    let data = json!({"address": "data.aws_kms_alias.a", "mode": "data", "type": "aws_kms_alias",
        "name": "a", "provider_name": PROVIDER,
        "values": {"arn": alias, "name": "alias/x", "target_key_arn": ARN}});
    for (address, provider, expected) in [
        ("aws_kms_alias.b", PROVIDER, "`aws_kms_alias.b` changes the alias"),
        ("awscc_kms_alias.b", AWSCC, "`awscc_kms_alias.b` changes the alias"),
        ("aws_kms_alias.b", AWSCC, "`aws_kms_alias.b` is of another provider"),
    ] {
        let values = json!({"arn": alias, "name": "alias/x", "alias_name": "alias/x"});
        let mut changed = change(address, &["update"], values, json!({}));
        changed["provider_name"] = json!(provider);
        let plan = plan(vec![kept_key(&["no-op"]), changed, trail_with(alias), bucket()], vec![]);
        let read = preview_with(&with_data(plan, vec![data.clone()]).to_string(), &[]).unwrap();
        assert!(why(&read).contains(expected), "{}", why(&read));
    }
}
