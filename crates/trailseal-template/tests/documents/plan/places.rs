//! The accounts and Regions of the resources of a plan.

use serde_json::{Value, json};
use trailseal_template::{Place, Preview};

use crate::plan::document::*;
use crate::plan::false_keys::of_two_providers;
use crate::plan::support::*;

/// Account and Region, as far as they are known.
fn words_of(place: &Place) -> [String; 2] {
    let account = if place.account.is_not_known() { "".into() } else { place.account.to_string() };
    let region = if place.region.is_not_known() { "".into() } else { place.region.to_string() };
    [account, region]
}

fn of_trail(read: &Preview) -> [String; 2] {
    words_of(&read.trails[0].declared.place)
}

fn of_key(read: &Preview) -> [String; 2] {
    words_of(&read.trails[0].worlds[0].deployment.keys.values().next().unwrap().place)
}

fn of_bucket(read: &Preview) -> [String; 2] {
    words_of(&read.trails[0].worlds[0].deployment.buckets.values().next().unwrap().place)
}

/// What a plan plans whose user states no account.
fn without_account(plan: &Value) -> Preview {
    preview(&Case { plan: plan.to_string(), ..Case::default() }).unwrap()
}

#[test]
fn an_arn_states_account_and_region() {
    let mut key = kept_key(&["no-op"]);
    key["change"]["after"]["arn"] = json!(ARN.replace("eu-central-1", "us-east-1"));
    let mut trail = trail_with(&ARN.replace("eu-central-1", "us-east-1"));
    trail["change"]["after"]["arn"] = json!("arn:aws:cloudtrail:eu-west-1:111122223333:trail/main");
    let plan =
        |key: &Value, trail: &Value| plan(vec![key.clone(), trail.clone(), bucket()], vec![]);
    let read = without_account(&plan(&key, &trail));
    assert_eq!(of_key(&read), ["111122223333", "us-east-1"]);
    assert_eq!(of_trail(&read), ["111122223333", "eu-west-1"]);
    trail["change"]["after_sensitive"] = json!({"arn": true});
    let read = without_account(&plan(&key, &trail));
    assert_eq!(of_trail(&read), ["", "eu-central-1"], "it is sensitive");
}

#[test]
fn the_region_of_a_bucket_is_its_own() {
    let found = |values: Value, unknown: Value, own: Value| {
        let values = with(json!({"bucket": "logs"}), values);
        let made = change("aws_s3_bucket.b", &["create"], values, unknown);
        let plan = plan(
            vec![kept_key(&["no-op"]), trail_with(ARN), made],
            vec![config("aws_s3_bucket.b", own)],
        );
        of_bucket(&read(&plan).unwrap())[1].clone()
    };
    let open = || json!({"bucket_region": true});
    let own = || json!({"region": {}});
    assert_eq!(found(json!({"region": "us-east-1"}), open(), own()), "us-east-1");
    assert_eq!(found(json!({"region": "us-east-1"}), json!({}), own()), "us-east-1");
    assert_eq!(found(json!({"bucket_region": "us-east-1"}), json!({}), json!({})), "us-east-1");
    assert_eq!(found(json!({}), open(), json!({})), "eu-central-1", "that of the provider");
    assert_eq!(found(json!({}), open(), own()), "", "an argument that is not known");
}

#[test]
fn the_source_resolves_the_region_of_a_provider() {
    let region = |name: &str| json!({"region": {"references": [name]}});
    let found = |name: &str, provider: &str| {
        let mut plan = of_two_providers(region("var.r"), region(name));
        plan["variables"] = json!({"r": {"value": "eu-central-1"}, "s": {"value": "us-east-1"}});
        let text = source("aws_kms_key.k.arn")
            + "provider \"aws\" {\n  region = var.r\n}\nvariable \"r\" {}\nvariable \"s\" {}\n"
            + "locals {\n  r = \"eu-central-1\"\n}\n"
            + provider;
        let read = preview_with(&plan.to_string(), &[("", "main.tf", &text)]).unwrap();
        assert_eq!(of_trail(&read)[1], "eu-central-1");
        of_key(&read)[1].clone()
    };
    let two =
        |region: &str| format!("provider \"aws\" {{\n  alias = \"two\"\n  region = {region}\n}}\n");
    assert_eq!(found("var.r", &two("var.r")), "eu-central-1");
    assert_eq!(found("var.s", &two("var.s")), "us-east-1");
    assert_eq!(found("var.s", &two("var.r")), "", "the plan says another variable");
    assert_eq!(found("local.r", &two("local.r")), "", "no plan states a local value");
    assert_eq!(found("var.r", ""), "", "the source does not declare it");
    // In another module, `var.r` is another variable.
    let mut plan = of_two_providers(region("var.r"), region("var.r"));
    plan["variables"] = json!({"r": {"value": "eu-central-1"}});
    plan["configuration"]["provider_config"]["aws.two"]["module_address"] = json!("module.m");
    let text = source("aws_kms_key.k.arn") + &two("var.r") + "variable \"r\" {}\n";
    let read = preview_with(&plan.to_string(), &[("", "main.tf", &text)]).unwrap();
    assert_eq!(of_key(&read)[1], "");
}

#[test]
fn the_caller_of_a_provider_states_its_account() {
    let role = |name: &str| {
        json!({"assume_role": [{"role_arn": {"references": [name]}}],
            "region": {"constant_value": "eu-central-1"}})
    };
    let caller = |name: &str, account: &str| {
        json!({"address": format!("data.aws_caller_identity.{name}"), "mode": "data",
            "type": "aws_caller_identity", "name": name, "provider_name": PROVIDER,
            "values": {"account_id": account}})
    };
    let found = |callers: &[(&str, &str, &str)], allowed: Value| {
        let mut two = role("var.two");
        if !allowed.is_null() {
            two["allowed_account_ids"] = json!({"constant_value": allowed});
        }
        let mut plan = of_two_providers(role("var.one"), two);
        let data: Vec<Value> = callers.iter().map(|(name, _, of)| caller(name, of)).collect();
        let configs = plan["configuration"]["root_module"]["resources"].as_array_mut().unwrap();
        for (name, key, _) in callers {
            let mut own = config(&format!("data.aws_caller_identity.{name}"), json!({}));
            own["provider_config_key"] = json!(key);
            configs.push(own);
        }
        plan["prior_state"] = json!({"values": {"root_module": {"resources": data}}});
        let text = source("aws_kms_key.k.arn");
        let read = preview_at(&plan.to_string(), &[("", "main.tf", &text)], &place("")).unwrap();
        [of_trail(&read)[0].clone(), of_key(&read)[0].clone()]
    };
    let one = ("one", "aws", "111122223333");
    let two = ("two", "aws.two", "444455556666");
    assert_eq!(found(&[one, two], Value::Null), ["111122223333", "444455556666"]);
    assert_eq!(found(&[two], Value::Null), ["", "444455556666"]);
    assert_eq!(found(&[], json!(["444455556666"])), ["", "444455556666"]);
    assert_eq!(found(&[two], json!(["444455556666"])), ["", "444455556666"]);
    // It has several, or is not one.
    assert_eq!(found(&[two, ("three", "aws.two", "111122223333")], Value::Null), ["", ""]);
    assert_eq!(found(&[two], json!(["111122223333"])), ["", ""]);
    assert_eq!(found(&[], json!(["111122223333", "444455556666"])), ["", ""]);
    assert_eq!(found(&[("two", "aws.two", "x")], Value::Null), ["", ""]);
}

/// A module without a provider block has the default provider, of which the plan says nothing.
#[test]
fn the_given_place_is_that_of_a_provider_without_a_block() {
    let given = Place {
        account: trailseal_rule::AccountId::parse("111122223333").unwrap(),
        region: trailseal_rule::Region::parse("us-east-1").unwrap(),
        scope: String::new(),
    };
    let found = |of_trail_key: &str, of_key_key: &str, providers: Value| {
        let mut plan = open_plan(vec![new_key("aws_kms_key.k")], &BARE);
        plan["configuration"]["provider_config"] = providers;
        let resources = plan["configuration"]["root_module"]["resources"].as_array_mut().unwrap();
        for one in resources {
            let is_key = one["type"] == "aws_kms_key";
            one["provider_config_key"] = json!(if is_key { of_key_key } else { of_trail_key });
        }
        for one in plan["resource_changes"].as_array_mut().unwrap() {
            one["change"]["after"].as_object_mut().unwrap().remove("region");
        }
        let text = source("aws_kms_key.k.arn");
        let read = preview_at(&plan.to_string(), &[("", "main.tf", &text)], &given).unwrap();
        [of_trail(&read), of_key(&read)].map(|place| place.join(" "))
    };
    const GIVEN: &str = "111122223333 us-east-1";
    assert_eq!(found("aws", "aws", json!({})), [GIVEN; 2]);
    let other = json!({"aws.b": {"name": "aws", "expressions": {
        "profile": {"constant_value": "b"}, "region": {"constant_value": "eu-west-1"}}}});
    assert_eq!(found("aws", "aws", other.clone()), [GIVEN; 2]);
    assert_eq!(found("aws", "aws.b", other), [GIVEN, " eu-west-1"]);
    for key in ["aws.c", "module.m:aws", "other"] {
        assert_eq!(found("aws", key, json!({})), [GIVEN, " "], "{key}");
    }
}

/// A plan states a `dynamic` block in no way, so that the source has to.
#[test]
fn the_given_account_is_that_of_a_provider_whose_source_has_no_role() {
    let region = || json!({"region": {"constant_value": "eu-central-1"}});
    let plan = of_two_providers(region(), region());
    let found = |plan: &Value, providers: &str| {
        let text = source("aws_kms_key.k.arn") + providers;
        let read = preview_with(&plan.to_string(), &[("", "main.tf", &text)]);
        let account = of_key(read.as_ref().unwrap())[0].clone();
        (account, words(&read, "")[1].clone())
    };
    let provider = |arguments: &str| format!("provider \"aws\" {{\n{arguments}}}\n");
    let dynamic = |name: &str| {
        format!("  dynamic \"{name}\" {{\n    for_each = [var.on]\n    content {{}}\n  }}\n")
    };
    let two = |arguments: &str| provider(&format!("  alias = \"two\"\n{arguments}"));
    const REGION: &str = "  region = \"eu-central-1\"\n";
    let good = ("111122223333".to_owned(), "COMPLIANT".to_owned());
    let open = (String::new(), "unverified".to_owned());
    assert_eq!(found(&plan, &(provider(REGION) + &two(REGION))), good);
    let tags = dynamic("default_tags") + REGION;
    assert_eq!(found(&plan, &(provider(&tags) + &two(&tags))), good, "tags decide no account");
    for name in ["assume_role", "assume_role_with_web_identity"] {
        let role = dynamic(name) + REGION;
        assert_eq!(found(&plan, &(provider(REGION) + &two(&role))), open, "{name}");
        assert_eq!(found(&plan, &(provider(&role) + &two(REGION))), open, "{name}");
        assert_eq!(found(&plan, &(provider(&role) + &two(&role))), open, "{name}");
    }
    // The source is not that of the plan.
    assert_eq!(found(&plan, &provider(REGION)), open);
    assert_eq!(found(&plan, &two(REGION)), open);
    let profile = "  profile = \"x\"\n";
    assert_eq!(found(&plan, &(provider(REGION) + &two(profile))), open);
    // The default configuration needs no block.
    let mut without_block = plan.clone();
    let configs = without_block["configuration"]["provider_config"].as_object_mut().unwrap();
    configs.remove("aws");
    for one in [0, 1, 2] {
        without_block["resource_changes"][one]["change"]["after"]["region"] = json!("eu-central-1");
    }
    assert_eq!(found(&without_block, &two(REGION)), good);
    assert_eq!(found(&without_block, &two(&(dynamic("assume_role") + REGION))), open);
    // The trail and the key are of one provider; its account does not matter.
    let mut of_one = plan.clone();
    for one in of_one["configuration"]["root_module"]["resources"].as_array_mut().unwrap() {
        one["provider_config_key"] = json!("aws.two");
    }
    let role = dynamic("assume_role") + REGION;
    let found_of_one = found(&of_one, &(provider(REGION) + &two(&role)));
    assert_eq!(found_of_one, (String::new(), "COMPLIANT".to_owned()));
    // OpenTofu makes an instance of the provider for each item.
    let several = format!("  for_each = var.on\n{role}");
    assert_eq!(found(&of_one, &(provider(REGION) + &two(&several))), open);
}

/// OpenTofu makes several instances of such a provider, which no plan states.
#[test]
fn a_provider_whose_source_is_not_read_may_be_several() {
    let region = || json!({"region": {"constant_value": "eu-central-1"}});
    let found = |key: &str, file: &str| {
        let unknown = json!({"kms_key_id": true, "arn": true});
        let trail = change("module.m.aws_cloudtrail.t", &["create"], trail_values(), unknown);
        let mut plan = of_two_providers(region(), region());
        let changes = vec![new_key("module.m.aws_kms_key.k"), trail, bucket()];
        let own = config("aws_cloudtrail.t", json!({"kms_key_id": {"references": BARE}}));
        let mut configs = vec![own, config("aws_kms_key.k", json!({"policy": {}}))];
        for one in &mut configs {
            one["provider_config_key"] = json!(key);
        }
        plan["resource_changes"] = json!(changes);
        plan["configuration"]["root_module"]["module_calls"] =
            json!({"m": {"source": "./m", "module": {"resources": configs}}});
        let module = source("aws_kms_key.k.arn");
        let files = [("", file, "provider \"aws\" {}\n"), ("m", "main.tf", module.as_str())];
        words(&preview_with(&plan.to_string(), &files), "")[1].clone()
    };
    assert_eq!(found("aws.two", "main.tf"), "COMPLIANT");
    assert_eq!(found("aws", "override.tf"), "COMPLIANT");
    assert_eq!(found("aws.two", "override.tf"), "unverified");
}

#[test]
fn the_given_account_is_that_of_the_default_provider_alone_without_the_source() {
    let region = || json!({"region": {"constant_value": "eu-central-1"}});
    let account = |plan: &Value| of_trail(&read(plan).unwrap())[0].clone();
    let mut plan = of_two_providers(region(), region());
    assert_eq!(account(&plan), "111122223333");
    plan["configuration"]["root_module"]["resources"][0]["provider_config_key"] = json!("aws.two");
    assert_eq!(account(&plan), "");
    // The only configuration of the provider of AWS.
    for one in plan["configuration"]["root_module"]["resources"].as_array_mut().unwrap() {
        one["provider_config_key"] = json!("aws.two");
    }
    let configs = plan["configuration"]["provider_config"].as_object_mut().unwrap();
    configs.remove("aws");
    configs.insert("random".to_owned(), json!({"name": "random"}));
    assert_eq!(account(&plan), "111122223333");
}

#[test]
fn many_provider_configurations_are_compared_once() {
    // Each of them compared with all others takes minutes.
    const PROVIDERS: usize = 40_000;
    let mut plan = open_plan(vec![new_key("aws_kms_key.k")], &BARE);
    let config = json!({"name": "aws", "expressions": {"profile": {"constant_value": "x"}}});
    plan["configuration"]["provider_config"] =
        (0..PROVIDERS).map(|at| (format!("aws.p{at}"), config.clone())).collect();
    for one in plan["configuration"]["root_module"]["resources"].as_array_mut().unwrap() {
        one["provider_config_key"] = json!("aws.p0");
    }
    let block = |at| format!("provider \"aws\" {{\n  alias = \"p{at}\"\n  profile = \"x\"\n}}\n");
    let text = (0..PROVIDERS).map(block).collect::<String>();
    let start = std::time::Instant::now();
    let read = preview_with(&plan.to_string(), &[("", "main.tf", &text)]).unwrap();
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    // All providers have the same profile.
    assert_eq!(of_trail(&read)[0], "111122223333");
    let read = crate::plan::document::read(&plan).unwrap();
    assert_eq!(of_trail(&read)[0], "", "without the source");
}
