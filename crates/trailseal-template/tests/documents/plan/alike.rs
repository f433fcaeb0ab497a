//! Provider configurations that a plan states alike, and the source does not.

use serde_json::{Value, json};
use trailseal_rule::Region;
use trailseal_template::Place;

use crate::plan::document::*;
use crate::plan::false_keys::of_two_providers;
use crate::plan::support::*;

const REGION: &str = "region = \"eu-central-1\"";

/// The blocks of the default provider, and of another one.
fn blocks(one: &str, two: &str) -> String {
    format!("provider \"aws\" {{\n{one}\n}}\nprovider \"aws\" {{\nalias = \"two\"\n{two}\n}}\n")
}

fn role(expression: &str) -> String {
    format!("{REGION}\nassume_role {{\nrole_arn = {expression}\n}}")
}

fn profile(expression: &str) -> String {
    format!("{REGION}\nprofile = {expression}")
}

/// The answer about a trail whose key another provider makes, with an expression for each.
fn found(stated: &Value, of: fn(&str) -> String, one: &str, two: &str) -> String {
    let text = source("aws_kms_key.k.arn") + &blocks(&of(one), &of(two));
    let plan = of_two_providers(stated.clone(), stated.clone()).to_string();
    words(&preview_with(&plan, &[("", "main.tf", &text)]), "")[1].clone()
}

/// A plan states to what an expression refers, not what it makes of it.
#[test]
fn two_roles_with_the_same_references_may_be_two() {
    let region = || json!({"constant_value": "eu-central-1"});
    let cases = [
        ("lookup(var.roles, \"prod\")", "lookup(var.roles, \"dev\")"),
        ("lookup(var.roles, \"a  b\")", "lookup(var.roles, \"a b\")"),
        ("element(var.roles, 0)", "element(var.roles, 1)"),
        ("split(\",\", var.roles)[0]", "split(\",\", var.roles)[1]"),
        ("var.roles ? \"a\" : \"b\"", "var.roles ? \"b\" : \"a\""),
        ("\"${var.roles}-a\"", "\"${var.roles}-b\""),
        ("<<-X\n  ${var.roles}\n  X", "<<-X\n  ${var.roles}\n   a\n  X"),
    ];
    for open in [json!({"references": ["var.roles"]}), json!({})] {
        let of_role = json!({"region": region(), "assume_role": [{"role_arn": open}]});
        let of_profile = json!({"region": region(), "profile": open});
        for (one, two) in cases {
            assert_eq!(found(&of_role, role, one, two), "unverified", "{open} {one} {two}");
            assert_eq!(found(&of_role, role, one, one), "COMPLIANT", "{open} {one}");
            assert_eq!(found(&of_profile, profile, one, two), "unverified", "{open} {one} {two}");
            assert_eq!(found(&of_profile, profile, two, two), "COMPLIANT", "{open} {two}");
        }
    }
    let open = json!({"region": region(), "profile": {"references": ["var.roles"]}});
    let (one, two) = ("lookup(var.roles, \"a\")", "lookup( var.roles,\"a\" ) # as the other");
    assert_eq!(found(&open, profile, one, two), "COMPLIANT", "white space and comments");
}

/// A function without references is stated as nothing.
#[test]
fn a_block_of_a_role_is_compared_as_a_whole() {
    let open = json!({"references": ["var.roles"]});
    let stated = json!({"region": {"constant_value": "eu-central-1"},
        "assume_role": [{"role_arn": {}, "session_name": open}]});
    let role = |name: &str| {
        format!("{REGION}\nassume_role {{\nrole_arn = file(\"{name}\")\nsession_name = X\n}}")
    };
    let plan = of_two_providers(stated.clone(), stated).to_string();
    let found = |one: &str, two: &str| {
        let text = source("aws_kms_key.k.arn") + &blocks(one, two);
        words(&preview_with(&plan, &[("", "main.tf", &text)]), "")[1].clone()
    };
    assert_eq!(found(&role("a"), &role("a")), "COMPLIANT");
    assert_eq!(found(&role("a"), &role("b")), "unverified");
    let twice = role("a") + "\n" + role("b").trim_start_matches(REGION);
    assert_eq!(found(&role("a"), &twice), "unverified");
}

/// Without a default provider, all are alike or none is.
#[test]
fn providers_without_a_default_one_are_compared_by_their_source_too() {
    let stated = json!({"region": {"constant_value": "eu-central-1"},
        "profile": {"references": ["var.p"]}});
    let mut plan = of_two_providers(stated.clone(), stated);
    let configs = plan["configuration"]["provider_config"].as_object_mut().unwrap();
    let one = configs.remove("aws").unwrap();
    configs.insert("aws.one".to_owned(), one);
    for at in [0, 2, 3] {
        let resources = &mut plan["configuration"]["root_module"]["resources"];
        resources[at]["provider_config_key"] = json!("aws.one");
    }
    let found = |one: &str, two: &str| {
        let one = format!("alias = \"one\"\n{}", profile(one));
        let text = source("aws_kms_key.k.arn") + &blocks(&one, &profile(two));
        words(&preview_with(&plan.to_string(), &[("", "main.tf", &text)]), "")[1].clone()
    };
    assert_eq!(found("lower(var.p)", "lower(var.p)"), "COMPLIANT");
    assert_eq!(found("lower(var.p)", "upper(var.p)"), "unverified");
}

/// A profile also decides the Region, if the provider has no `region`.
#[test]
fn two_profiles_with_the_same_references_may_have_two_regions() {
    let allowed = || json!({"constant_value": ["111122223333"]});
    let given =
        || Place { region: Region::parse("eu-central-1").unwrap(), ..place("111122223333") };
    let of = |stated: Value, files: &[(&str, &str, &str)]| {
        let stated = json!({"profile": stated, "allowed_account_ids": allowed()});
        let plan = of_two_providers(stated.clone(), stated).to_string();
        words(&preview_at(&plan, files, &given()), "")[1].clone()
    };
    let open = || json!({"references": ["var.profiles"]});
    let found = |one: &str, two: &str| {
        let block = |name: &str| format!("profile = lookup(var.profiles, \"{name}\")");
        let text = source("aws_kms_key.k.arn") + &blocks(&block(one), &block(two));
        of(open(), &[("", "main.tf", &text)])
    };
    assert_eq!(found("eu", "eu"), "COMPLIANT");
    assert_eq!(found("eu", "us"), "unverified");
    let text = source("aws_kms_key.k.arn");
    assert_eq!(of(open(), &[("", "main.tf", &text)]), "unverified", "the blocks are not read");
    let constant = json!({"constant_value": "C:\\x"});
    assert_eq!(of(constant, &[("", "main.tf", &text)]), "COMPLIANT");
}

/// The Region that the user states is that of the default provider, with or without a profile.
#[test]
fn the_given_region_is_that_of_the_default_provider_with_any_profile() {
    let stated = json!({"profile": {"references": ["var.p"]}});
    let plan = of_two_providers(stated.clone(), stated).to_string();
    let given = Place { region: Region::parse("eu-central-1").unwrap(), ..place("") };
    let case = preview_at(&plan, &[("", "main.tf", &source("aws_kms_key.k.arn"))], &given).unwrap();
    assert_eq!(case.trails[0].declared.place.region.to_string(), "eu-central-1");
    let key = case.trails[0].worlds[0].deployment.keys.values().next().unwrap().place.clone();
    assert!(key.region.is_not_known());
}
