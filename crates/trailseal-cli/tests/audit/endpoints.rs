//! The endpoint of each service, from the variables and profile settings that all AWS tools read.

use std::process::Command;

use super::desk::{AS_MEMBER, Desk, MANAGEMENT, MEMBER, Run, says};

/// A port without a listener.
const NOWHERE: &str = "http://127.0.0.1:9";

/// The services that the audit of an organization calls, each with an operation.
const SERVICES: [(&str, &str); 6] = [
    ("ACCOUNT", "account:ListRegions"),
    ("CLOUDTRAIL", "cloudtrail:DescribeTrails"),
    ("KMS", "kms:DescribeKey"),
    ("ORGANIZATIONS", "organizations:ListAccounts"),
    ("S3", "s3:HeadBucket"),
    ("STS", "sts:GetCallerIdentity"),
];

fn organization(desk: &Desk) -> Command {
    let arguments = ["--accounts", "organization", "-o", "json"];
    let mut command = desk.command(MANAGEMENT, &[arguments, AS_MEMBER].concat());
    command.env("AWS_MAX_ATTEMPTS", "1");
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn the_variable_of_a_service_overrides_the_general_one() {
    let desk = Desk::open().await;
    let mut command = organization(&desk);
    command.env("AWS_ENDPOINT_URL", NOWHERE);
    for (service, _) in SERVICES {
        command.env(format!("AWS_ENDPOINT_URL_{service}"), desk.lab.url());
    }
    let each = Run::of(&mut command);
    let one = Run::of(&mut organization(&desk));
    assert_eq!(each.code, one.code, "{}", each.err);
    assert_eq!(each.verdicts(), one.verdicts());
    assert!(each.verdicts().len() > 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_service_uses_the_endpoint_of_its_variable() {
    let desk = Desk::open().await;
    for (service, operation) in SERVICES {
        let mut command = organization(&desk);
        command.env(format!("AWS_ENDPOINT_URL_{service}"), NOWHERE);
        // Without an answer of STS the audit cannot start.
        let code = if service == "STS" { 3 } else { 2 };
        says(&Run::of(&mut command).exits(code).err, &[operation]);
        let calls = desk.lab.take_calls();
        assert!(calls.iter().all(|call| call.operation != operation), "{service}");
    }
    // The aggregator uses AWS Config.
    let mut command = desk.command(MANAGEMENT, &["--aggregator", "all"]);
    command.env("AWS_MAX_ATTEMPTS", "1").env("AWS_ENDPOINT_URL_CONFIG_SERVICE", NOWHERE);
    says(Run::of(&mut command).error(), &["config:SelectAggregateResourceConfig"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_sets_endpoints_that_the_environment_does_not_set() {
    let desk = Desk::open().await;
    let keys = desk.profile(MEMBER);
    let lab = desk.lab.url();
    let config = format!(
        "[profile all]\nregion = us-east-1\nendpoint_url = {lab}\n{keys}\
         [profile one]\nregion = us-east-1\nendpoint_url = {NOWHERE}\nservices = lab\n{keys}\
         [services lab]\n{}",
        ["account", "cloudtrail", "kms", "s3", "sts"]
            .map(|service| format!("{service} =\n  endpoint_url = {lab}\n"))
            .concat()
    );
    desk.write(".aws/config", &config);
    let as_profile = |name: &str, variables: &[(&str, &str)]| {
        let mut command = desk.bare(&["--profile", name, "-o", "json"]);
        command.env_remove("AWS_ENDPOINT_URL").env("AWS_MAX_ATTEMPTS", "1");
        Run::of(command.envs(variables.iter().copied()))
    };
    for name in ["all", "one"] {
        let run = as_profile(name, &[]);
        assert_eq!(run.report()["accounts"][0]["id"], MEMBER, "{}", run.err);
    }
    // The environment overrides the profile; AWS_ENDPOINT_URL overrides even a service setting.
    for variable in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"] {
        let run = as_profile("one", &[(variable, NOWHERE)]);
        says(run.not_started(), &["sts:GetCallerIdentity"]);
    }
}
