//! Plans that leave something out, and trails that are not read.

use serde_json::{Value, json};

use crate::plan::document::*;

fn problems(plan: &Value) -> String {
    read(plan).unwrap().problems.join("; ")
}

fn notes(plan: &Value) -> String {
    read(plan).unwrap().notes.join("; ")
}

fn whole() -> Value {
    plan(vec![kept_key(&["no-op"]), trail_with(ARN), bucket()], vec![])
}

#[test]
fn no_trail_of_a_partial_plan_passes() {
    assert_eq!(of(&whole()), GOOD);
    for (name, value) in [("complete", json!(false)), ("errored", json!(true))] {
        let mut plan = whole();
        plan[name] = value;
        assert_eq!(of(&plan), OPEN, "{name}");
        plan["resource_changes"][1]["change"]["after"]["kms_key_id"] = Value::Null;
        assert_eq!(of(&plan), ["NON_COMPLIANT"; 3], "{name} without SSE-KMS");
    }
    let policy = change("aws_kms_key_policy.p", &["create"], json!({}), json!({"key_id": true}));
    let mut deferred = whole();
    deferred["deferred_changes"] = json!([{"reason": "x", "resource_change": policy}]);
    assert_eq!(of(&deferred), OPEN);
}

#[test]
fn data_sources_of_a_plan_that_may_be_partial_may_be_old() {
    let data = json!({"address": "data.aws_kms_key.k", "mode": "data", "type": "aws_kms_key",
        "name": "k", "provider_name": PROVIDER, "values": {"arn": ARN, "key_manager": "CUSTOMER",
        "key_state": "Enabled", "key_usage": "ENCRYPT_DECRYPT", "key_spec": "SYMMETRIC_DEFAULT",
        "origin": "AWS_KMS"}});
    let mut all = with_data(plan(vec![trail_with(ARN), bucket()], vec![]), vec![data]);
    assert_eq!(of(&all)[1], "COMPLIANT");
    all.as_object_mut().unwrap().remove("complete");
    assert_eq!(of(&all)[1], "unverified");
}

#[test]
fn stacks_and_products_that_may_make_trails_are_named() {
    let of = |kind: &str, values: Value, unknown: Value| {
        let mut plan = whole();
        let made = change(&format!("{kind}.x"), &["create"], values, unknown);
        plan["resource_changes"].as_array_mut().unwrap().push(made);
        (problems(&plan).contains("makes a trail"), notes(&plan).contains("may make trails"))
    };
    let body = |kind: &str| json!({"template_body": format!("{{\"Type\": \"{kind}\"}}")});
    for kind in ["aws_cloudformation_stack", "aws_cloudformation_stack_set"] {
        assert_eq!(of(kind, body("AWS::CloudTrail::Trail"), json!({})), (true, false));
        assert_eq!(of(kind, body("AWS::S3::Bucket"), json!({})), (false, false));
        assert_eq!(of(kind, body("AWS::CloudFormation::Stack"), json!({})), (false, true));
        assert_eq!(of(kind, json!({}), json!({"template_body": true})), (false, true));
        let by_url = with(body("AWS::S3::Bucket"), json!({"template_url": "https://x"}));
        assert_eq!(of(kind, by_url, json!({})), (false, true));
    }
    for kind in [
        "aws_cloudformation_stack_instances",
        "aws_cloudformation_stack_set_instance",
        "aws_controltower_landing_zone",
        "aws_serverlessapplicationrepository_cloudformation_stack",
        "aws_servicecatalog_provisioned_product",
        "awscc_servicecatalog_cloudformation_provisioned_product",
    ] {
        assert_eq!(of(kind, json!({}), json!({})), (false, true), "{kind}");
    }
}

#[test]
fn an_instance_of_a_stack_set_is_noted_unless_the_plan_has_the_stack_set() {
    let of = |kind: &str, name: Value, unknown: Value, provider: &str| {
        let set = "aws_cloudformation_stack_set.s";
        let instance = format!("{kind}.i");
        let body = json!({"name": "audit", "template_body": "{\"Type\": \"AWS::S3::Bucket\"}"});
        let mut of_instance = config(&instance, json!({}));
        of_instance["provider_config_key"] = json!(provider);
        let changes = vec![
            kept_key(&["no-op"]),
            trail_with(ARN),
            bucket(),
            change(set, &["create"], body, json!({})),
            change(&instance, &["create"], json!({"stack_set_name": name}), unknown),
        ];
        notes(&plan(changes, vec![config(set, json!({})), of_instance]))
    };
    for kind in ["aws_cloudformation_stack_set_instance", "aws_cloudformation_stack_instances"] {
        assert_eq!(of(kind, json!("audit"), json!({}), "aws"), "", "{kind}");
        let note = format!("`{kind}.i` may make trails, which are not read");
        assert_eq!(of(kind, json!("other"), json!({}), "aws"), note);
        assert_eq!(of(kind, json!(null), json!({"stack_set_name": true}), "aws"), note);
        assert_eq!(of(kind, json!("audit"), json!({}), "aws.other"), note);
    }
}

#[test]
fn a_template_with_a_transform_is_noted_as_the_reader_of_templates_does() {
    let noted = |body: &Value| {
        let text = body.to_string();
        let of = |kind: &str, values: Value| {
            let mut plan = whole();
            let made = change(&format!("{kind}.x"), &["create"], values, json!({}));
            plan["resource_changes"].as_array_mut().unwrap().push(made);
            assert_eq!(problems(&plan), "");
            notes(&plan).contains(&format!("`{kind}.x` may make trails"))
        };
        let stack = of("aws_cloudformation_stack", json!({"template_body": text}));
        let state = json!({"TemplateBody": text}).to_string();
        let state = json!({"type_name": "AWS::CloudFormation::Stack", "desired_state": state});
        assert_eq!(of("aws_cloudcontrolapi_resource", state), stack, "{text}");
        stack
    };
    let role = json!({"FirehoseTransformRole": {"Type": "AWS::IAM::Role"}});
    assert!(!noted(&json!({"Resources": role})));
    for transform in [json!("AWS::Serverless-2016-10-31"), json!(["AWS::LanguageExtensions"])] {
        assert!(!noted(&json!({"Transform": transform, "Resources": role})), "{transform}");
    }
    for transform in [json!("AddTrail"), json!(["AWS::LanguageExtensions", "AddTrail"])] {
        assert!(noted(&json!({"Transform": transform, "Resources": role})), "{transform}");
    }
    let include = json!({"Name": "AWS::Include", "Parameters": {"Location": "s3://b/k"}});
    assert!(noted(&json!({"Resources": {"Fn::Transform": include}})));
    assert!(noted(&json!({"Fn::Transform": include, "Resources": role})));
    assert!(noted(&json!({"Resources": {"X": {"Type": {"Fn::Sub": "${Kind}"}}}})));
}

/// The types that the reader of templates notes.
const MAKERS: [&str; 6] = [
    "AWS::CloudFormation::Stack",
    "AWS::CloudFormation::StackSet",
    "AWS::ControlTower::LandingZone",
    "AWS::Serverless::Application",
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct",
    "Acme::Audit::Trails::MODULE",
];

#[test]
fn a_template_with_a_resource_that_may_make_trails_is_noted() {
    let noted = |kind: &str| {
        let body = json!({"Resources": {"X": {"Type": kind}}}).to_string();
        let mut plan = whole();
        let values = json!({"template_body": body});
        let made = change("aws_cloudformation_stack.x", &["create"], values, json!({}));
        plan["resource_changes"].as_array_mut().unwrap().push(made);
        assert_eq!(problems(&plan), "", "{kind}");
        notes(&plan).contains("`aws_cloudformation_stack.x` may make trails")
    };
    for kind in MAKERS {
        assert!(noted(kind), "{kind}");
    }
    for kind in ["AWS::S3::Bucket", "Custom::MODULES"] {
        assert!(!noted(kind), "{kind}");
    }
}

#[test]
fn a_resource_of_the_cloud_control_api_may_make_trails() {
    let of = |values: Value, unknown: Value| {
        let mut plan = whole();
        let made = change("aws_cloudcontrolapi_resource.x", &["create"], values, unknown);
        plan["resource_changes"].as_array_mut().unwrap().push(made);
        (problems(&plan).contains("makes a trail"), notes(&plan).contains("may make trails"))
    };
    let with_state =
        |kind: &str, state: Value| json!({"type_name": kind, "desired_state": state.to_string()});
    let body = |kind: &str| json!({"TemplateBody": json!({"Resources": {"X": {"Type": kind}}}).to_string()});
    for kind in MAKERS {
        let unknown = json!({"desired_state": true});
        assert_eq!(of(json!({"type_name": kind}), unknown), (false, true), "{kind}");
        let state = with_state(kind, body("AWS::CloudTrail::Trail"));
        assert_eq!(of(state, json!({})), (true, false), "{kind}");
        let state = with_state(kind, json!({}));
        assert_eq!(of(state, json!({})), (false, true), "{kind}");
    }
    for kind in ["AWS::CloudFormation::Stack", "AWS::CloudFormation::StackSet"] {
        let state = with_state(kind, body("AWS::S3::Bucket"));
        assert_eq!(of(state, json!({})), (false, false), "{kind}");
        let state = with_state(kind, body("AWS::CloudFormation::Stack"));
        assert_eq!(of(state, json!({})), (false, true), "{kind}");
    }
    assert_eq!(of(with_state("AWS::S3::Bucket", json!({})), json!({})), (false, false));
}

#[test]
fn other_trails_that_have_no_change_are_named() {
    let trail = change("awscc_cloudtrail_trail.x", &["create"], json!({}), json!({}));
    let mut deferred = whole();
    deferred["deferred_changes"] = json!([{"reason": "x", "resource_change": trail}]);
    assert!(problems(&deferred).contains("`awscc_cloudtrail_trail.x` is deferred"));
    let mut unseen = whole();
    unseen["planned_values"] = json!({"root_module": {"resources": [
        {"address": "awscc_cloudtrail_trail.x", "mode": "managed",
         "type": "awscc_cloudtrail_trail", "name": "x"}]}});
    assert!(problems(&unseen).contains("`awscc_cloudtrail_trail.x` has no change"));
}

#[test]
fn a_resource_of_the_cloud_control_api_may_be_a_trail() {
    const KIND: &str = "aws_cloudcontrolapi_resource";
    let trail = || json!({"type_name": "AWS::CloudTrail::Trail"});
    let other = || json!({"type_name": "AWS::S3::Bucket"});
    let made = |actions: &[&str], values: Value, unknown: Value| {
        change(&format!("{KIND}.x"), actions, values, unknown)
    };
    let planned = |change: Value| {
        let mut plan = whole();
        plan["resource_changes"].as_array_mut().unwrap().push(change);
        problems(&plan)
    };
    let names_it = format!("`{KIND}.x` makes a trail that is not read");
    assert_eq!(planned(made(&["create"], trail(), json!({}))), names_it);
    assert_eq!(planned(made(&["create"], json!({}), json!({"type_name": true}))), names_it);
    assert_eq!(planned(made(&["create"], other(), json!({}))), "");
    assert_eq!(planned(made(&["delete"], trail(), json!({}))), "");
    let deferred = |change: Value| {
        let mut plan = whole();
        plan["deferred_changes"] = json!([{"reason": "x", "resource_change": change}]);
        problems(&plan)
    };
    let is_deferred = format!("`{KIND}.x` is deferred to another plan, and is not judged");
    assert_eq!(deferred(made(&["create"], trail(), json!({}))), is_deferred);
    assert_eq!(deferred(made(&["create"], other(), json!({}))), "");
    assert_eq!(deferred(made(&["odd"], other(), json!({}))), is_deferred, "not read");
    let unseen = |values: Value| {
        let mut plan = whole();
        plan["planned_values"] = json!({"root_module": {"resources": [
            {"address": format!("{KIND}.x"), "mode": "managed", "type": KIND, "name": "x",
             "values": values}]}});
        problems(&plan)
    };
    let has_no_change = format!("`{KIND}.x` has no change in the plan, and is not judged");
    assert_eq!(unseen(trail()), has_no_change);
    assert_eq!(unseen(other()), "");
}

#[test]
fn what_is_deferred_or_has_no_change_is_named_only_if_it_makes_a_trail() {
    for (kind, mode) in [("aws_kms_key", "managed"), ("awscc_cloudtrail_trail", "data")] {
        let prefix = if mode == "data" { "data." } else { "" };
        let address = format!("{prefix}{kind}.x");
        let mut plan = whole();
        let deferred = change(&address, &["read"], json!({}), json!({}));
        plan["deferred_changes"] = json!([{"reason": "x", "resource_change": deferred}]);
        plan["planned_values"] = json!({"root_module": {"resources": [
            {"address": address, "mode": mode, "type": kind, "name": "x"}]}});
        assert_eq!(problems(&plan), "", "{address}");
    }
}

#[test]
fn resources_of_other_types_are_not_read() {
    let odd = |address: &str, mode: &str| {
        json!({"address": address, "mode": mode, "type": "x_y", "name": "a", "values": [],
            "change": {"actions": ["odd"]}})
    };
    let mut plan = whole();
    plan["resource_changes"].as_array_mut().unwrap().push(odd("x_y.a[\"<b>\"]", "managed"));
    plan["prior_state"] = json!({"values": {"root_module": {"resources": [
        odd("data.x_y.a[\"<b>\"]", "data")]}}});
    let deferred = odd("x_y.b", "managed");
    plan["deferred_changes"] = json!([{"reason": "x", "resource_change": deferred}]);
    assert_eq!(of(&plan), GOOD);
}

#[test]
fn a_data_source_makes_no_trail() {
    let mut plan = whole();
    let data = |kind: &str| {
        json!({"address": format!("data.{kind}.x"), "mode": "data", "type": kind, "name": "x",
            "values": {"type_name": "AWS::CloudTrail::Trail"}})
    };
    plan["prior_state"] = json!({"values": {"root_module": {"resources": [
        data("awscc_cloudtrail_trail"), data("aws_cloudcontrolapi_resource")]}}});
    assert_eq!(problems(&plan), "");
}

/// Terraform drops a data source from the state when the configuration drops it.
#[test]
fn a_data_source_that_the_configuration_does_not_declare_proves_nothing() {
    let data = |name: &str, kind: &str, values: Value| {
        json!({"address": format!("{name}data.{kind}.x"), "mode": "data", "type": kind,
            "name": "x", "provider_name": PROVIDER, "values": values})
    };
    let key = |manager: &str| {
        json!({"arn": ARN, "key_manager": manager, "key_state": "Enabled", "origin": "AWS_KMS",
            "key_usage": "ENCRYPT_DECRYPT", "key_spec": "SYMMETRIC_DEFAULT"})
    };
    let with_key = || plan(vec![trail_with(ARN), bucket()], vec![]);
    let undeclared = |mut plan: Value, data: Value| {
        plan["prior_state"] = json!({"values": {"root_module": {"resources": [data]}}});
        of(&plan)
    };
    for manager in ["CUSTOMER", "AWS"] {
        let declared = with_data(with_key(), vec![data("", "aws_kms_key", key(manager))]);
        assert_ne!(of(&declared), OPEN, "{manager}");
        for module in ["", "module.m."] {
            let found = undeclared(with_key(), data(module, "aws_kms_key", key(manager)));
            assert_eq!(found, OPEN, "{manager} {module}");
        }
    }
    // The Region of a bucket.
    let in_plan = || plan(vec![kept_key(&["no-op"]), trail_with(ARN)], vec![]);
    let logs = |region: &str| {
        let values = json!({"bucket": "logs", "id": "logs", "bucket_region": region});
        data("", "aws_s3_bucket", values)
    };
    for region in ["eu-central-1", "us-east-1"] {
        assert_ne!(of(&with_data(in_plan(), vec![logs(region)]))[1], "unverified", "{region}");
        assert_eq!(undeclared(in_plan(), logs(region))[1], "unverified", "{region}");
    }
    // The key of an alias.
    let alias = "arn:aws:kms:eu-central-1:111122223333:alias/x";
    let by_alias = || plan(vec![kept_key(&["no-op"]), trail_with(alias), bucket()], vec![]);
    let named = || {
        let values = json!({"name": "alias/x", "arn": alias, "target_key_arn": ARN});
        data("", "aws_kms_alias", values)
    };
    assert_eq!(of(&with_data(by_alias(), vec![named()])), GOOD);
    assert_eq!(undeclared(by_alias(), named()), OPEN);
}

/// JSON and YAML can write a type with escapes.
#[test]
fn an_escape_does_not_hide_a_type_in_a_template() {
    let of = |kind: &str, values: Value| {
        let mut plan = whole();
        let made = change(&format!("{kind}.x"), &["create"], values, json!({}));
        plan["resource_changes"].as_array_mut().unwrap().push(made);
        (problems(&plan).contains("makes a trail"), notes(&plan).contains("may make trails"))
    };
    let is = |body: &str, expected: (bool, bool)| {
        for kind in ["aws_cloudformation_stack", "aws_cloudformation_stack_set"] {
            assert_eq!(of(kind, json!({"template_body": body})), expected, "{kind} {body}");
        }
        let state = json!({"TemplateBody": body}).to_string();
        let state = json!({"type_name": "AWS::CloudFormation::Stack", "desired_state": state});
        assert_eq!(of("aws_cloudcontrolapi_resource", state), expected, "{body}");
    };
    is(r#"{"Resources":{"T":{"Type":"AWS::CloudTrail::Tr\u0061il"}}}"#, (true, false));
    is("Resources:\n  T:\n    Type: \"AWS::CloudTrail::\\\n      Trail\"\n", (true, false));
    is(r#"{"Resources":{"T":{"Type":"AWS::CloudFormation::St\u0061ck"}}}"#, (false, true));
    is(r#"{"Resources":{"T":{"Type":"AWS::S3::B\u0075cket"}}}"#, (false, false));
}
