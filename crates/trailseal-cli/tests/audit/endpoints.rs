//! The endpoint of each service: the variables and profile settings that all AWS tools read.

use std::process::Command;

use super::desk::{Desk, MANAGEMENT, MEMBER, ROLE, Run};

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

const ORGANIZATION: [&str; 8] = [
    "--accounts",
    "organization",
    "--role-name",
    ROLE,
    "--external-id",
    "trailseal-central",
    "-o",
    "json",
];

fn organization(desk: &Desk) -> Command {
    let mut command = desk.command(MANAGEMENT, &ORGANIZATION);
    command.env("AWS_MAX_ATTEMPTS", "1");
    command
}

fn run(command: &mut Command) -> Run {
    Run::of(command.output().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_variable_of_a_service_wins_over_that_of_all() {
    let desk = Desk::open().await;
    let mut command = organization(&desk);
    command.env("AWS_ENDPOINT_URL", NOWHERE);
    for (service, _) in SERVICES {
        command.env(format!("AWS_ENDPOINT_URL_{service}"), desk.lab.url());
    }
    let each = run(&mut command);
    let one = run(&mut organization(&desk));
    assert_eq!(each.code, one.code, "{}", each.err);
    assert_eq!(each.verdicts(), one.verdicts());
    assert!(each.verdicts().len() > 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_service_uses_the_endpoint_of_its_variable() {
    let desk = Desk::open().await;
    for (service, operation) in SERVICES {
        let mut command = organization(&desk);
        let run = run(command.env(format!("AWS_ENDPOINT_URL_{service}"), NOWHERE));
        assert_eq!(run.code, 2, "{service}: {}", run.err);
        assert!(run.err.contains(operation), "{service}: {}", run.err);
        let calls = desk.lab.take_calls();
        assert!(calls.iter().all(|call| call.operation != operation), "{service}");
    }
    // The aggregator uses AWS Config.
    let mut command = desk.command(MANAGEMENT, &["--aggregator", "all"]);
    command.env("AWS_MAX_ATTEMPTS", "1").env("AWS_ENDPOINT_URL_CONFIG_SERVICE", NOWHERE);
    let run = run(&mut command);
    assert!(run.error().contains("config:SelectAggregateResourceConfig"), "{}", run.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_sets_endpoints_that_the_environment_does_not_set() {
    let desk = Desk::open().await;
    let credentials = desk.lab.credentials(MEMBER);
    let keys = format!(
        "aws_access_key_id = {}\naws_secret_access_key = {}\naws_session_token = {}\n",
        credentials.access_key_id, credentials.secret_access_key, credentials.session_token
    );
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
        run(command.envs(variables.iter().copied()))
    };
    for name in ["all", "one"] {
        let run = as_profile(name, &[]);
        assert_eq!(run.report()["accounts"][0]["id"], MEMBER, "{}", run.err);
    }
    // The environment overrides the profile, even AWS_ENDPOINT_URL the setting of one service.
    for variable in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"] {
        let run = as_profile("one", &[(variable, NOWHERE)]);
        assert!(run.error().contains("sts:GetCallerIdentity"), "{}", run.err);
    }
}
