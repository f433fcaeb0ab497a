//! Plans whose key only looks as if it passed.

use serde_json::{Value, json};

use crate::plan::document::*;
use crate::plan::support::*;

const DISABLED: [&str; 3] = ["COMPLIANT", "NON_COMPLIANT", "NON_COMPLIANT"];
const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

fn deny() -> String {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "Action": "kms:*", "Resource": "*", "Principal": "*"}]})
    .to_string()
}

/// A key whose material the customer imports, with other values than the usual ones.
fn external(actions: &[&str], others: Value, unknown: Value) -> Value {
    let values = json!({"enabled": true, "region": "eu-central-1", "policy": policy(),
        "key_material_base64": "c2VjcmV0", "valid_to": null});
    change("aws_kms_external_key.k", actions, with(values, others), unknown)
}

/// What is found of a trail with a new external key, by its source.
fn with_new_external(others: Value, mut unknown: Value) -> [String; 3] {
    for name in ["arn", "id", "key_state", "key_usage", "key_spec"] {
        unknown[name] = json!(true);
    }
    let references = ["aws_kms_external_key.k.arn", "aws_kms_external_key.k"];
    let mut plan = open_plan(vec![external(&["create"], others, unknown)], &references);
    let own = config("aws_kms_external_key.k", json!({"policy": {}, "key_material_base64": {}}));
    plan["configuration"]["root_module"]["resources"].as_array_mut().unwrap().push(own);
    let text = "resource \"aws_cloudtrail\" \"t\" {\n  kms_key_id = aws_kms_external_key.k.arn\n}\n\
        resource \"aws_kms_external_key\" \"k\" {}\n";
    words(&preview_with(&plan.to_string(), &[("", "main.tf", text)]), "")
}

#[test]
fn blank_key_material_is_no_material() {
    assert_eq!(with_new_external(json!({}), json!({}))[1], "COMPLIANT");
    for none in [json!(""), Value::Null] {
        let found = with_new_external(json!({"key_material_base64": none}), json!({}));
        assert_eq!(found[1], "NON_COMPLIANT");
    }
}

#[test]
fn an_existing_external_key_stays_without_its_material() {
    let known = |state: &str| {
        json!({"arn": ARN, "id": ID, "key_state": state, "key_usage": "ENCRYPT_DECRYPT",
            "key_spec": "SYMMETRIC_DEFAULT"})
    };
    let found = |actions: &[&str], values: Value, unknown: Value| {
        of(&plan(vec![external(actions, values, unknown), trail_with(ARN), bucket()], vec![]))
    };
    for actions in [["no-op"], ["update"]] {
        for state in ["PendingImport", "PendingDeletion"] {
            assert_eq!(found(&actions, known(state), json!({}))[1], "NON_COMPLIANT", "{state}");
        }
        for state in ["Enabled", "Disabled"] {
            assert_eq!(found(&actions, known(state), json!({}))[1], "COMPLIANT", "{state}");
            let off = with(known(state), json!({"enabled": false}));
            assert_eq!(found(&actions, off, json!({}))[1], "NON_COMPLIANT", "{state}");
        }
        // Material in the state proves nothing: it may have been deleted since.
        let open = found(&actions, known("Enabled"), json!({"key_state": true}));
        assert_eq!(open[1], "unverified");
    }
}

#[test]
fn a_key_policy_that_a_data_source_places_may_be_that_of_any_key() {
    let unknown = json!({"arn": true, "id": true, "key_state": true, "key_manager": true});
    let data = change("data.aws_kms_key.x", &["read"], json!({"key_id": "alias/x"}), unknown);
    let unknown = json!({"key_id": true, "id": true});
    let set = change("aws_kms_key_policy.p", &["create"], json!({"policy": deny()}), unknown);
    let mut plan = open_plan(vec![new_key("aws_kms_key.k"), data, set], &BARE);
    let found = |plan: &Value, key: &str| {
        let own = format!("resource \"aws_kms_key_policy\" \"p\" {{\n  key_id = {key}\n}}\n");
        let text = source("aws_kms_key.k.arn") + &own + "data \"aws_kms_key\" \"x\" {}\n";
        words(&preview_with(&plan.to_string(), &[("", "main.tf", &text)]), "")
    };
    let configs = plan["configuration"]["root_module"]["resources"].as_array_mut().unwrap();
    let references = json!({"references": ["data.aws_kms_key.x.id", "data.aws_kms_key.x"]});
    configs.push(config("data.aws_kms_key.x", json!({"key_id": {}})));
    configs.push(config("aws_kms_key_policy.p", json!({"key_id": references, "policy": {}})));
    let read = ["COMPLIANT", "COMPLIANT", "unverified"];
    assert_eq!(found(&plan, "data.aws_kms_key.x.id"), read);
    // Of a key that the plan makes, it is known whose it is.
    let references = json!({"references": ["aws_kms_key.k.id", "aws_kms_key.k"]});
    let configs = plan["configuration"]["root_module"]["resources"].as_array_mut().unwrap();
    configs.last_mut().unwrap()["expressions"]["key_id"] = references;
    configs.iter_mut().find(|one| one["address"] == "aws_kms_key.k").unwrap()["expressions"] =
        json!({});
    assert_eq!(found(&plan, "aws_kms_key.k.id")[2], "NON_COMPLIANT");
}

#[test]
fn resources_of_a_fork_of_the_provider_prove_nothing() {
    const FORK: &str = "registry.terraform.io/example/aws";
    let values = json!({"key_id": ARN, "policy": policy()});
    let mut set = change("aws_kms_key_policy.p", &["create"], values, json!({}));
    let mut key = kept_key(&["no-op"]);
    key["change"]["after"]["policy"] = json!(deny());
    let strict = |set: &Value| {
        of(&plan(vec![key.clone(), set.clone(), trail_with(ARN), bucket()], vec![]))[2].clone()
    };
    assert_eq!(strict(&set), "COMPLIANT");
    set["provider_name"] = json!(FORK);
    assert_eq!(strict(&set), "unverified");

    let alias = "arn:aws:kms:eu-central-1:111122223333:alias/x";
    let with_alias = |provider: &str| {
        let plan = plan(vec![kept_key(&["no-op"]), trail_with(alias), bucket()], vec![]);
        let data = json!({"address": "data.aws_kms_alias.a", "mode": "data",
            "type": "aws_kms_alias", "name": "a", "provider_name": provider,
            "values": {"arn": alias, "name": "alias/x", "target_key_arn": ARN,
            "target_key_id": ID}});
        of(&with_data(plan, vec![data]))
    };
    assert_eq!(with_alias(PROVIDER), GOOD);
    assert_eq!(with_alias(FORK), OPEN);

    let caller = |provider: &str| {
        let references = json!({"assume_role": [{"role_arn": {"references": ["var.role"]}}]});
        let mut plan = open_plan(vec![new_key("aws_kms_key.k")], &BARE);
        let configs = plan["configuration"]["root_module"]["resources"].as_array_mut().unwrap();
        configs[1]["provider_config_key"] = json!("aws.two");
        let mut data = config("data.aws_caller_identity.c", json!({}));
        data["provider_config_key"] = json!("aws.two");
        configs.push(data);
        plan["configuration"]["provider_config"]["aws.two"] =
            json!({"name": "aws", "alias": "two", "expressions": references});
        plan["prior_state"] = json!({"values": {"root_module": {"resources": [
            {"address": "data.aws_caller_identity.c", "mode": "data",
             "type": "aws_caller_identity", "name": "c", "provider_name": provider,
             "values": {"account_id": "111122223333"}}]}}});
        with_source(&plan, "aws_kms_key.k.arn")[1].clone()
    };
    assert_eq!(caller(PROVIDER), "COMPLIANT");
    assert_eq!(caller(FORK), "unverified");
}

/// A plan whose key is of the provider configuration `aws.two`, without Regions of resources.
pub(crate) fn of_two_providers(one: Value, two: Value) -> Value {
    let mut plan = open_plan(vec![new_key("aws_kms_key.k")], &BARE);
    for at in [0, 1, 2] {
        plan["resource_changes"][at]["change"]["after"].as_object_mut().unwrap().remove("region");
    }
    let configs = plan["configuration"]["root_module"]["resources"].as_array_mut().unwrap();
    configs[1]["provider_config_key"] = json!("aws.two");
    plan["configuration"]["provider_config"] = json!({
        "aws": {"name": "aws", "expressions": one},
        "aws.two": {"name": "aws", "alias": "two", "expressions": two},
    });
    plan
}

#[test]
fn a_provider_of_another_module_has_other_variables() {
    let role = |role: Value| json!({"assume_role": [{"role_arn": role}], "region": {"constant_value": "eu-central-1"}});
    let open = role(json!({"references": ["var.role"]}));
    let mut plan = of_two_providers(open.clone(), open);
    const PROVIDER: &str = "provider \"aws\" {\n  assume_role {\n    role_arn = ROLE\n  }\n}\n";
    const TWO: &str = "provider \"aws\" {\n  alias = \"two\"\n  assume_role {\n    \
        role_arn = ROLE\n  }\n}\n";
    let read = |plan: &Value| {
        let text = source("aws_kms_key.k.arn") + PROVIDER + TWO;
        let files = [("", "main.tf", text.as_str()), ("m", "main.tf", TWO)];
        preview_with(&plan.to_string(), &files)
    };
    let in_module = |plan: &mut Value| {
        plan["configuration"]["provider_config"]["aws.two"]["module_address"] = json!("module.m");
        plan["configuration"]["root_module"]["module_calls"] = json!({"m": {"source": "./m"}});
    };
    let place = |plan: &Value| {
        let read = read(plan).unwrap();
        let world = read.trails[0].worlds[0].deployment.clone();
        world.keys.values().next().unwrap().place.account.to_string()
    };
    assert_eq!(place(&plan), "111122223333");
    assert_eq!(words(&read(&plan), "")[1], "COMPLIANT");
    in_module(&mut plan);
    assert_ne!(place(&plan), "111122223333");
    assert_eq!(words(&read(&plan), "")[1], "unverified");
    // A constant is the same in each module.
    let constant = role(json!({"constant_value": "arn:aws:iam::111122223333:role/x"}));
    let mut plan = of_two_providers(constant.clone(), constant);
    in_module(&mut plan);
    assert_eq!(words(&read(&plan), "")[1], "COMPLIANT");
}

#[test]
fn a_profile_may_decide_the_region() {
    let profile = |name: &str| {
        json!({"profile": {"constant_value": name},
            "allowed_account_ids": {"constant_value": ["111122223333"]}})
    };
    let found = |one: &str, two: &str| {
        let plan = of_two_providers(profile(one), profile(two)).to_string();
        let mut given = place("111122223333");
        given.region = trailseal_rule::Region::parse("eu-central-1").unwrap();
        let text = source("aws_kms_key.k.arn");
        words(&preview_at(&plan, &[("", "main.tf", &text)], &given), "")[1].clone()
    };
    assert_eq!(found("eu", "eu"), "COMPLIANT");
    assert_eq!(found("eu", "us"), "unverified");
}

#[test]
fn a_key_that_another_provider_destroys_or_changes_does_not_pass() {
    let data = || {
        json!({"address": "data.aws_kms_key.k", "mode": "data", "type": "aws_kms_key",
            "name": "k", "provider_name": PROVIDER, "values": {"arn": ARN,
            "key_manager": "CUSTOMER", "key_state": "Enabled", "key_usage": "ENCRYPT_DECRYPT",
            "key_spec": "SYMMETRIC_DEFAULT", "origin": "AWS_KMS"}})
    };
    let found = |change: Value| {
        of(&with_data(plan(vec![change, trail_with(ARN), bucket()], vec![]), vec![data()]))
    };
    let other = |actions: &[&str], unknown: Value| {
        let values = json!({"arn": ARN, "key_id": ID, "enabled": true});
        let mut change = change("awscc_kms_key.k", actions, values, unknown);
        change["provider_name"] = json!("registry.terraform.io/hashicorp/awscc");
        change
    };
    assert_eq!(found(other(&["no-op"], json!({})))[1], "COMPLIANT");
    assert_eq!(found(other(&["delete"], json!({})))[1], "NON_COMPLIANT");
    for actions in [["delete", "create"], ["create", "delete"]] {
        assert_eq!(found(other(&actions, json!({"arn": true})))[1], "NON_COMPLIANT");
    }
    assert_eq!(found(other(&["update"], json!({}))), OPEN);
    assert_eq!(found(other(&["update"], json!({"arn": true}))), OPEN);

    let replica = |actions: &[&str]| {
        let values = json!({"arn": ARN, "key_id": ID, "enabled": true});
        change("awscc_kms_replica_key.k", actions, values, json!({}))
    };
    assert_eq!(found(replica(&["no-op"]))[1], "COMPLIANT");
    assert_eq!(found(replica(&["delete"]))[1], "NON_COMPLIANT");
    assert_eq!(found(replica(&["update"])), OPEN);
    let nameless = |actions: &[&str]| change("awscc_kms_key.k", actions, json!({}), json!({}));
    assert_eq!(found(nameless(&["no-op"]))[1], "COMPLIANT");
    assert_eq!(found(nameless(&["update"])), OPEN);

    let by_cloud_control = |actions: &[&str], values: Value| {
        found(change("aws_cloudcontrolapi_resource.x", actions, values, json!({})))
    };
    for kind in ["AWS::KMS::Key", "AWS::KMS::ReplicaKey"] {
        let state = json!({"type_name": kind, "desired_state": "{\"Enabled\":false}"});
        assert_eq!(by_cloud_control(&["no-op"], state.clone())[1], "COMPLIANT", "{kind}");
        assert_eq!(by_cloud_control(&["create"], state.clone())[1], "COMPLIANT", "{kind}");
        for actions in [&["update"][..], &["delete"], &["delete", "create"]] {
            assert_eq!(by_cloud_control(actions, state.clone()), OPEN, "{kind} {actions:?}");
        }
    }
    assert_eq!(by_cloud_control(&["delete"], json!({})), OPEN, "its type is not known");
    for kind in ["AWS::KMS::Alias", "AWS::S3::Bucket"] {
        assert_eq!(by_cloud_control(&["delete"], json!({"type_name": kind}))[1], "COMPLIANT");
    }

    let mut disabled = kept_key(&["update"]);
    disabled["change"]["after"]["is_enabled"] = json!(false);
    assert_eq!(found(disabled.clone()), DISABLED);
    disabled["change"]["after"].as_object_mut().unwrap().remove("arn");
    disabled["change"]["after_unknown"] = json!({"arn": true});
    assert_eq!(found(disabled), OPEN);
}

#[test]
fn an_alias_that_another_provider_changes_does_not_pass() {
    let alias = "arn:aws:kms:eu-central-1:111122223333:alias/x";
    let found = |address: &str, actions: &[&str], values: Value| {
        let change = change(address, actions, values, json!({}));
        let plan = plan(vec![kept_key(&["no-op"]), change, trail_with(alias), bucket()], vec![]);
        let data = json!({"address": "data.aws_kms_alias.a", "mode": "data",
            "type": "aws_kms_alias", "name": "a", "provider_name": PROVIDER,
            "values": {"arn": alias, "name": "alias/x", "target_key_arn": ARN}});
        of(&with_data(plan, vec![data]))
    };
    let named = |name: &str| json!({"alias_name": name, "target_key_id": "other"});
    let other = |actions: &[&str], values: Value| found("awscc_kms_alias.a", actions, values);
    assert_eq!(other(&["no-op"], named("alias/x")), GOOD);
    for actions in [&["update"][..], &["delete"], &["delete", "create"]] {
        assert_eq!(other(actions, named("alias/x")), OPEN, "{actions:?}");
        assert_eq!(other(actions, named("alias/y")), GOOD, "{actions:?}");
        assert_eq!(other(actions, json!({})), OPEN, "{actions:?}");
    }
    let by_cloud_control = |actions: &[&str], kind: &str| {
        found("aws_cloudcontrolapi_resource.a", actions, json!({"type_name": kind}))
    };
    assert_eq!(by_cloud_control(&["no-op"], "AWS::KMS::Alias"), GOOD);
    for actions in [&["update"][..], &["delete"], &["delete", "create"]] {
        assert_eq!(by_cloud_control(actions, "AWS::KMS::Alias"), OPEN, "{actions:?}");
        // The plan has the key of the alias.
        assert_eq!(by_cloud_control(actions, "AWS::KMS::Key"), GOOD, "{actions:?}");
    }
}

#[test]
fn whether_a_new_external_key_is_enabled_is_no_default() {
    let left_out = with_new_external(json!({"enabled": null}), json!({"enabled": true}));
    assert_eq!(left_out[1], "unverified");
    assert_eq!(with_new_external(json!({"enabled": null}), json!({}))[1], "unverified");
    assert_eq!(with_new_external(json!({"enabled": false}), json!({}))[1], "NON_COMPLIANT");
}

#[test]
fn the_id_of_a_multi_region_key_names_one_key_in_each_region() {
    const MRK: &str = "mrk-1234abcd12ab34cd56ef1234567890ab";
    let arn = format!("arn:aws:kms:eu-central-1:111122223333:key/{MRK}");
    let mut key = kept_key(&["no-op"]);
    let known = json!({"arn": arn, "key_id": MRK, "policy": deny()});
    key["change"]["after"] = with(key["change"]["after"].clone(), known);
    let strict = |region: Option<&str>, text: &str| {
        let values = json!({"key_id": text, "policy": policy(), "region": region});
        let mut set = change("aws_kms_key_policy.p", &["no-op"], values, json!({}));
        let own = config("aws_kms_key_policy.p", json!({"region": {"references": ["var.r"]}}));
        if region.is_none() {
            set["change"]["after_unknown"]["region"] = json!(true);
        }
        of(&plan(vec![key.clone(), set, trail_with(&arn), bucket()], vec![own]))[2].clone()
    };
    assert_eq!(strict(Some("eu-central-1"), MRK), "COMPLIANT");
    assert_eq!(strict(Some("us-east-1"), MRK), "NON_COMPLIANT", "the policy of a replica");
    assert_eq!(strict(None, MRK), "unverified");
    assert_eq!(strict(None, &arn), "COMPLIANT");
}

#[test]
fn sensitive_names_of_keys_are_not_shown() {
    const SECRET: &str =
        "arn:aws:kms:eu-central-1:111122223333:key/5ec2e700-5ec2-e700-5ec2-5ec2e7005ec2";
    let hides = |read: Result<trailseal_template::Preview, String>, case: &str| {
        let read = read.unwrap();
        let shown = format!("{:?} {read:?}", judged(&read, "strict", ""));
        assert!(!shown.contains("5ec2e7"), "{case}: {shown}");
    };
    let main = |text: &str| text.to_owned();
    // A variable.
    let references = ["terraform_data.p.id", "terraform_data.p", "var.a", "var.b"];
    let mut open = open_plan(vec![], &references);
    open["resource_changes"][0]["change"]["after_sensitive"] = json!({"kms_key_id": true});
    open["variables"] =
        json!({"a": {"value": SECRET}, "b": {"value": SECRET.replace("eu-", "us-")}});
    let text = source("terraform_data.p.id == \"x\" ? var.a : var.b")
        + "variable \"a\" {}\nvariable \"b\" {}\n";
    hides(preview_with(&open.to_string(), &[("", "main.tf", &text)]), "variable");
    // An alias that the plan makes.
    let values = json!({"name": "alias/x", "target_key_id": SECRET});
    let unknown = json!({"arn": true, "target_key_arn": true});
    let mut alias = change("aws_kms_alias.a", &["create"], values, unknown);
    alias["change"]["after_sensitive"] = json!({"target_key_id": true});
    let of_alias = open_plan(vec![alias], &["aws_kms_alias.a.arn", "aws_kms_alias.a"]);
    let text = main("resource \"aws_cloudtrail\" \"t\" {\n  kms_key_id = aws_kms_alias.a.arn\n}\n")
        + "resource \"aws_kms_alias\" \"a\" {}\n";
    hides(preview_with(&of_alias.to_string(), &[("", "main.tf", &text)]), "new alias");
    // An alias that exists.
    let arn = "arn:aws:kms:eu-central-1:111122223333:alias/x";
    let values = json!({"name": "alias/x", "arn": arn, "target_key_arn": SECRET,
        "target_key_id": "5ec2e700-5ec2-e700-5ec2-5ec2e7005ec2"});
    let mut alias = change("aws_kms_alias.a", &["no-op"], values, json!({}));
    alias["change"]["after_sensitive"] = json!({"target_key_arn": true, "target_key_id": true});
    hides(read(&plan(vec![alias, trail_with(arn), bucket()], vec![])), "existing alias");
    // A key that the plan destroys.
    let mut trail = trail_with(SECRET);
    trail["change"]["after_sensitive"] = json!({"kms_key_id": true});
    for actions in [&["delete"][..], &["delete", "create"]] {
        let mut key = kept_key(actions);
        key["change"]["before"]["arn"] = json!(SECRET);
        key["change"]["before_sensitive"] = json!({"arn": true});
        if actions.len() > 1 {
            key["change"]["after_unknown"] = json!({"arn": true});
        }
        let plan = plan(vec![key, trail.clone(), bucket()], vec![]);
        hides(read(&plan), "destroyed key");
        assert_eq!(of(&plan)[1], "NON_COMPLIANT");
    }
}

#[test]
fn one_key_that_many_modules_read_is_read_once() {
    const MODULES: usize = 3_000;
    let alias = "arn:aws:kms:eu-central-1:111122223333:alias/x";
    let in_module = |at: usize, address: &str, values: Value| {
        let (kind, name) = address.trim_start_matches("data.").split_once('.').unwrap();
        json!({"address": format!("module.m[{at}].{address}"), "mode": "data", "type": kind,
            "name": name, "provider_name": PROVIDER, "values": values})
    };
    let key = json!({"arn": ARN, "key_manager": "CUSTOMER", "key_state": "Enabled",
        "key_usage": "ENCRYPT_DECRYPT", "key_spec": "SYMMETRIC_DEFAULT", "origin": "AWS_KMS"});
    let log = json!({"bucket": "logs", "id": "logs", "bucket_region": "eu-central-1"});
    let named = json!({"name": "alias/x", "arn": alias, "target_key_arn": ARN});
    let data = |at: usize| {
        [
            in_module(at, "data.aws_kms_key.k", key.clone()),
            in_module(at, "data.aws_s3_bucket.b", log.clone()),
            in_module(at, "data.aws_kms_alias.a", named.clone()),
        ]
    };
    let trail = |at: usize| {
        let text = if at.is_multiple_of(2) { ARN } else { alias };
        let values = with(trail_values(), json!({"kms_key_id": text}));
        let address = format!("module.m[{at}].aws_cloudtrail.t");
        change(&address, &["no-op"], values, json!({}))
    };
    let mut plan = plan((0..MODULES).map(trail).collect(), vec![]);
    let data: Vec<Value> = (0..MODULES).flat_map(data).collect();
    plan["prior_state"] = json!({"values": {"root_module": {"resources": data}}});
    let kinds =
        ["data.aws_kms_key.k", "data.aws_s3_bucket.b", "data.aws_kms_alias.a", "aws_cloudtrail.t"];
    let configs = kinds.map(|address| config(address, json!({})));
    plan["configuration"]["root_module"]["module_calls"] =
        json!({"m": {"source": "./m", "module": {"resources": configs}}});
    let start = std::time::Instant::now();
    let found = of(&plan);
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    assert_eq!(found[1], "COMPLIANT");
}
