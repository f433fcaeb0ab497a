//! Which credentials are used, as in the AWS CLI: a named profile must exist; `--profile` overrides
//! the credentials of the environment, but AWS_PROFILE does not.

use super::desk::{Desk, MANAGEMENT, MEMBER, Run, caller, says};

const REGION: &str = "us-east-1";

/// The profile `audit` in a credentials file, with credentials of the member account.
fn section(desk: &Desk) -> String {
    format!("[audit]\n{}", desk.profile(MEMBER))
}

/// Runs the program with the credentials of the management account in the environment.
fn with_environment(desk: &Desk, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    let arguments = [["-o", "json"].as_slice(), arguments].concat();
    Run::of(desk.command(MANAGEMENT, &arguments).envs(variables.iter().copied()))
}

/// Runs the program without credentials in the environment.
fn without_environment(desk: &Desk, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    let mut command = desk.bare(&[["-o", "json"].as_slice(), arguments].concat());
    Run::of(command.env("AWS_REGION", REGION).envs(variables.iter().copied()))
}

/// Asserts an error before any call, with the profile, its source and the fix.
#[track_caller]
fn is_refused(desk: &Desk, run: &Run, name: &str, named_by: &str) {
    let error = run.not_started();
    let line = format!("the profile `{name}` that {named_by} names does not exist");
    assert!(error.starts_with(&line), "{error}");
    assert!(error.contains("`aws configure list-profiles` lists the profiles"), "{error}");
    assert!(!run.err.contains("caller"), "{}", run.err);
    assert_eq!(desk.lab.take_calls().len(), 0);
}

#[track_caller]
fn calls_as(run: &Run, account: &str) {
    assert!(run.err.starts_with(&caller(account, REGION)), "{}", run.err);
    assert_eq!(run.report()["accounts"][0]["id"], account);
}

#[tokio::test(flavor = "multi_thread")]
async fn rejects_a_profile_that_is_missing_or_cannot_be_read() {
    let desk = Desk::open().await;
    for files in ["", "[profile other]\nregion = eu-west-1\n", "[audit]\nregion = eu-west-1\n"] {
        // A section of the configuration file without `profile` is not a profile.
        desk.write(".aws/config", files);
        for variable in ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"] {
            for run in [with_environment, without_environment] {
                is_refused(&desk, &run(&desk, &[], &[(variable, "audit")]), "audit", variable);
            }
        }
        for run in [with_environment, without_environment] {
            is_refused(&desk, &run(&desk, &["--profile", "audit"], &[]), "audit", "--profile");
        }
    }
    desk.write(".aws/config", "[profile audit\nregion");
    let run = with_environment(&desk, &[], &[("AWS_PROFILE", "audit")]);
    says(run.not_started(), &["configuration files cannot be read", "AWS_CONFIG_FILE"]);
    assert_eq!(desk.lab.take_calls().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_profile_needs_a_configuration_file() {
    let desk = Desk::open().await;
    let (hostile, printed) = ("a\u{1b}[2J\u{202e}b\nerror: c", "a?[2J?b?error: c");
    for (name, printed) in
        [("audit", "audit"), ("default", "default"), ("", ""), (hostile, printed)]
    {
        let run = with_environment(&desk, &[], &[("AWS_PROFILE", name)]);
        is_refused(&desk, &run, printed, "AWS_PROFILE");
    }
    desk.write(".aws/config", "[default]\nregion = eu-west-1\n");
    calls_as(&with_environment(&desk, &[], &[("AWS_PROFILE", "default")]), MANAGEMENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_a_profile_in_either_file_at_any_location() {
    let desk = Desk::open().await;
    let path = |name: &str| desk.home().join(name).to_str().unwrap().to_owned();
    desk.write("config", "[profile audit]\nregion = us-east-1\n");
    desk.write("credentials", &section(&desk));
    let (config, credentials) = (path("config"), path("credentials"));
    let of_audit = ("AWS_PROFILE", "audit");
    let config = ("AWS_CONFIG_FILE", config.as_str());
    let credentials = ("AWS_SHARED_CREDENTIALS_FILE", credentials.as_str());
    calls_as(&with_environment(&desk, &[], &[of_audit, config]), MANAGEMENT);
    calls_as(&without_environment(&desk, &[], &[of_audit, credentials]), MEMBER);
    calls_as(&without_environment(&desk, &[], &[of_audit, config, credentials]), MEMBER);
    assert!(!desk.lab.take_calls().is_empty());
    // AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE replace the default files.
    desk.write(".aws/config", "[profile audit]\nregion = us-east-1\n");
    let elsewhere = path("nowhere");
    let nowhere = ("AWS_CONFIG_FILE", elsewhere.as_str());
    let run = with_environment(&desk, &[], &[of_audit, nowhere]);
    is_refused(&desk, &run, "audit", "AWS_PROFILE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_in_a_variable_does_not_override_the_environment() {
    let desk = Desk::open().await;
    desk.write(".aws/credentials", &section(&desk));
    for variable in ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"] {
        let run = with_environment(&desk, &[], &[(variable, "audit")]);
        calls_as(&run, MANAGEMENT);
        let line = format!(
            "note: the credentials are those of AWS_ACCESS_KEY_ID and not those of the profile \
             `audit` that {variable} names, as in the AWS CLI; use --profile audit for those of \
             the profile\n"
        );
        says(&run.err, &[&line]);
        let run = without_environment(&desk, &[], &[(variable, "audit")]);
        calls_as(&run, MEMBER);
        assert!(!run.err.contains("AWS_ACCESS_KEY_ID"), "{}", run.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_profile_option_overrides_the_environment() {
    let desk = Desk::open().await;
    desk.write(".aws/credentials", &section(&desk));
    let option = ["--profile", "audit"];
    calls_as(&with_environment(&desk, &option, &[]), MEMBER);
    let run = with_environment(&desk, &option, &[("AWS_PROFILE", "nosuch")]);
    calls_as(&run, MEMBER);
    assert!(!run.err.contains("note: the credentials"), "{}", run.err);
    // AWS_PROFILE has priority.
    let variables = [("AWS_PROFILE", "audit"), ("AWS_DEFAULT_PROFILE", "nosuch")];
    calls_as(&without_environment(&desk, &[], &variables), MEMBER);
}

#[tokio::test(flavor = "multi_thread")]
async fn uses_a_profile_with_its_region() {
    let desk = Desk::open().await;
    desk.write(".aws/credentials", &section(&desk));
    desk.write(".aws/config", "[profile audit]\nregion = eu-west-1\n");
    let mut command = desk.command(MANAGEMENT, &["--profile", "audit", "-o", "json"]);
    let run = Run::of(command.env_remove("AWS_REGION"));
    assert_eq!(run.report()["accounts"][0]["id"], MEMBER);
    assert!(run.err.starts_with(&caller(MEMBER, "eu-west-1")), "{}", run.err);
    assert_eq!(desk.lab.take_calls()[0].region.as_deref(), Some("eu-west-1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn shows_the_caller_before_any_other_call() {
    let desk = Desk::open().await;
    let run = with_environment(&desk, &[], &[]);
    calls_as(&run, MANAGEMENT);
    let calls = desk.lab.take_calls();
    assert_eq!(calls[0].operation, "sts:GetCallerIdentity");
    assert_eq!(calls.iter().filter(|call| call.operation.starts_with("sts:")).count(), 1);
    // --quiet hides it.
    assert_eq!(with_environment(&desk, &["--quiet"], &[]).err, "");
}
